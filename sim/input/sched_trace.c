/* sched_trace.c -- see sched_trace.h.
 *
 * First the whole file becomes a list of events; then they are sorted, if need be, and followed.
 * Tested by tests/unit/sched_trace.c and tests/trace/import.py.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE /* tdestroy() */
#include "sim/input/sched_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "sim/base/check.h"
#include "sim/input/sched_line.h"

enum { LINE_BYTES = 4096, COMM_BYTES = 64, CPUS_MAX = SCHED_CPU_MAX + 1 };

/* As text by nature of fields: who, and for a switch, next. */
struct event {
    uint64_t ns;
    uint64_t count; /* of lines before it; RUNTIME: ns */
    uint32_t pid, next_pid;
    const char *comm, *next_comm;
    int16_t prio, next_prio;
    uint16_t cpu;
    uint8_t kind;
    char state;
};

enum life { UNSEEN, READY, RUNNING, SLEEPING, GONE };

struct life_of_process {
    struct sched_process process; /* first */
    struct life_of_process *next; /* of all */
    uint64_t since_ns;            /* RUNNING, SLEEPING */
    uint64_t part_ns;             /* run since it last slept */
    uint64_t told_ns;             /* by sched_stat_runtime, since it came onto a cpu */
    uint32_t capacity, cpu;
    enum life life;
};

/* A pid may be used again. */
struct pid {
    uint32_t pid;
    bool has_runtime;
    struct life_of_process *now; /* NULL: none yet, or gone */
};

/* Who is on a cpu. */
struct cpu {
    uint64_t since_ns;
    uint32_t pid;
    bool is_known, has_events;
};

struct reading {
    struct sched_trace *trace;
    struct arena *arena;
    struct event *events;
    size_t count, capacity;
    bool in_order;
    void *comms, *pids; /* tsearch() trees */
    struct cpu *cpus;   /* [CPUS_MAX] */
    uint64_t begin_ns, end_ns;
    struct life_of_process *first, **last;
    uint64_t lines, fault_line;
    const char *fault; /* the first, sched_line_fault() */
};

/* ---- The file ----------------------------------------------------------------------------- */

static int compare_comms(const void *a, const void *b)
{
    return strcmp(a, b);
}

static const char *keep_comm(struct reading *reading, const struct sched_who *who)
{
    char comm[COMM_BYTES];
    size_t length = who->length < COMM_BYTES ? who->length : COMM_BYTES - 1;
    memcpy(comm, who->comm, length);
    comm[length] = '\0';
    const char *const *found = tfind(comm, &reading->comms, compare_comms);
    if (found != NULL)
        return *found;
    char *copy = strdup(comm);
    CHECK(copy != NULL && tsearch(copy, &reading->comms, compare_comms) != NULL);
    return copy;
}

static void add_event(struct reading *reading, const struct sched_line *line,
                      enum sched_line_kind kind)
{
    if (reading->count == reading->capacity) {
        reading->capacity = reading->capacity > 0 ? 2 * reading->capacity : 4096;
        reading->events = realloc(reading->events, reading->capacity * sizeof *reading->events);
        CHECK(reading->events != NULL);
    }
    struct event *event = &reading->events[reading->count];
    *event = (struct event){ .ns = line->ns,
                             .count = kind == SCHED_RUNTIME ? line->count : 0,
                             .pid = line->who.pid,
                             .comm = keep_comm(reading, &line->who),
                             .prio = line->who.has_prio ? line->who.prio : INT16_MAX,
                             .cpu = (uint16_t)line->cpu,
                             .kind = (uint8_t)kind,
                             .state = line->state };
    if (kind == SCHED_SWITCH) {
        event->next_pid = line->next.pid;
        event->next_comm = keep_comm(reading, &line->next);
        event->next_prio = line->next.prio;
    }
    if (reading->count > 0 && event->ns < event[-1].ns)
        reading->in_order = false;
    reading->count++;
    reading->trace->is_fine |= line->ns % 1000 != 0;
}

static void read_line(struct reading *reading, const char *text)
{
    struct sched_trace *trace = reading->trace;
    struct sched_line line;
    enum sched_line_kind kind = sched_line_read(&line, text);
    switch (kind) {
    case SCHED_EMPTY:
        break;
    case SCHED_UNKNOWN:
        trace->unknown_lines++;
        if (reading->fault == NULL) {
            reading->fault = sched_line_fault(text);
            reading->fault_line = reading->lines;
        }
        break;
    case SCHED_TWOFOLD:
        trace->twofold_lines++;
        break;
    case SCHED_OTHER:
        trace->other_lines++;
        break;
    case SCHED_LOST:
        if (line.count == SCHED_UNCOUNTED)
            trace->losses_uncounted++;
        else
            trace->lost += line.count;
        break;
    case SCHED_CPUS:
        trace->cpus_named = (uint32_t)line.count;
        break;
    case SCHED_SWITCH:
    case SCHED_WAKING:
    case SCHED_RUNTIME:
        trace->switches += kind == SCHED_SWITCH;
        trace->has_wakings |= kind == SCHED_WAKING && line.wakes;
        add_event(reading, &line, kind);
    }
}

static bool read_lines(struct reading *reading, gzFile file, const char *path, struct error *err)
{
    char text[LINE_BYTES];
    bool goes_on = false; /* the line began before */
    int number;
    while (gzgets(file, text, sizeof text) != NULL) {
        size_t length = strlen(text);
        bool ends = length > 0 && text[length - 1] == '\n';
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
            text[--length] = '\0';
        if (!goes_on) {
            reading->lines++;
            read_line(reading, text);
        }
        goes_on = !ends;
    }
    const char *reason = gzerror(file, &number);
    if (number == Z_ERRNO)
        return error_set(err, path, "cannot be read: %s", strerror(errno));
    if (number != Z_OK && number != Z_STREAM_END)
        return error_set(err, path, "cannot be decompressed, is it whole? (%s)", reason);
    return true;
}

/* ---- Lives -------------------------------------------------------------------------------- */

static void push(struct life_of_process *life, uint64_t ns)
{
    struct sched_process *process = &life->process;
    if (process->count == life->capacity) {
        life->capacity = life->capacity > 0 ? 2 * life->capacity : 8;
        process->ns = realloc(process->ns, life->capacity * sizeof *process->ns);
        CHECK(process->ns != NULL);
    }
    process->ns[process->count++] = ns;
}

/* It stops running of its own will.  The last of its list is then a run while it sleeps or is gone,
 * and at other times a sleep. */
static void push_run(struct life_of_process *life)
{
    CHECK(life->process.count % 2 == 0);
    push(life, life->part_ns);
    life->process.run_ns += life->part_ns;
    life->part_ns = 0;
}

static void push_sleep(struct life_of_process *life, uint64_t now_ns)
{
    CHECK(life->process.count % 2 == 1);
    push(life, now_ns - life->since_ns);
}

static int compare_pids(const void *a, const void *b)
{
    const struct pid *one = a, *other = b;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

static struct pid *find_pid(struct reading *reading, uint32_t number)
{
    struct pid wanted = { .pid = number }, *const * found;
    found = tfind(&wanted, &reading->pids, compare_pids);
    if (found != NULL)
        return *found;
    struct pid *pid = malloc(sizeof *pid);
    CHECK(pid != NULL);
    *pid = wanted;
    CHECK(tsearch(pid, &reading->pids, compare_pids) != NULL);
    return pid;
}

static struct life_of_process *find_life(struct reading *reading, struct pid *pid, const char *comm,
                                         int prio)
{
    struct life_of_process *life = pid->now;
    if (life == NULL) {
        life = arena_alloc(reading->arena, 1, sizeof *life);
        *life = (struct life_of_process){ .process = { .pid = pid->pid, .prio = 120 } };
        pid->now = *reading->last = life;
        reading->last = &life->next;
    }
    if (*comm != '\0')
        life->process.comm = comm;
    if (prio != INT16_MAX)
        life->process.prio = prio;
    return life;
}

/* How long it has been on its cpu. */
static uint64_t ran_ns(const struct pid *pid, uint64_t now_ns)
{
    return pid->has_runtime ? pid->now->told_ns : now_ns - pid->now->since_ns;
}

static void leave(struct pid *pid, const struct event *event)
{
    struct life_of_process *life = pid->now;
    life->part_ns += ran_ns(pid, event->ns);
    life->told_ns = 0;
    life->since_ns = event->ns;
    if (event->state == 'R') {
        life->life = READY;
        return;
    }
    push_run(life);
    life->life = SLEEPING;
    if (event->state == 'X' || event->state == 'Z' || event->state == 'x') {
        life->process.exits = true;
        life->life = GONE;
        pid->now = NULL;
    }
}

/* Somebody leaves the cpu, and is seen to have been there. */
static void switch_out(struct reading *reading, const struct event *event)
{
    struct cpu *cpu = &reading->cpus[event->cpu];
    struct pid *pid = find_pid(reading, event->pid);
    struct life_of_process *life = find_life(reading, pid, event->comm, event->prio);
    if (life->life == UNSEEN && !cpu->is_known) {
        life->process.start_ns = cpu->since_ns - reading->begin_ns;
        life->since_ns = cpu->since_ns;
    } else if (life->life != RUNNING || life->cpu != event->cpu) {
        if (life->life == SLEEPING)
            push_sleep(life, event->ns);
        if (life->life == UNSEEN)
            life->process.start_ns = event->ns - reading->begin_ns;
        life->since_ns = event->ns;
        reading->trace->cut_stretches++;
    }
    leave(pid, event);
}

/* Somebody was on the cpu, and is not there any more. */
static void lose(struct reading *reading, uint32_t number)
{
    struct pid *pid = find_pid(reading, number);
    struct life_of_process *life = pid->now;
    if (life == NULL || life->life != RUNNING)
        return;
    life->part_ns += life->told_ns;
    life->told_ns = 0;
    life->life = READY;
    reading->trace->cut_stretches++;
}

static void switch_in(struct reading *reading, const struct event *event)
{
    struct pid *pid = find_pid(reading, event->next_pid);
    if (pid->now != NULL && pid->now->life == RUNNING)
        lose(reading, event->next_pid);
    struct life_of_process *life = find_life(reading, pid, event->next_comm, event->next_prio);
    if (life->life == UNSEEN)
        life->process.start_ns = reading->trace->has_wakings ? 0 : event->ns - reading->begin_ns;
    else if (life->life == SLEEPING)
        push_sleep(life, event->ns);
    life->life = RUNNING;
    life->since_ns = event->ns;
    life->told_ns = 0;
    life->cpu = event->cpu;
}

static void follow_switch(struct reading *reading, const struct event *event)
{
    struct cpu *cpu = &reading->cpus[event->cpu];
    if (cpu->is_known && cpu->pid != event->pid && cpu->pid != 0)
        lose(reading, cpu->pid);
    if (event->pid != 0)
        switch_out(reading, event);
    if (event->next_pid != 0)
        switch_in(reading, event);
    cpu->is_known = true;
    cpu->pid = event->next_pid;
    cpu->since_ns = event->ns;
}

static void follow_waking(struct reading *reading, const struct event *event)
{
    if (event->pid == 0)
        return;
    struct pid *pid = find_pid(reading, event->pid);
    struct life_of_process *life = find_life(reading, pid, event->comm, event->prio);
    if (life->life == UNSEEN)
        life->process.start_ns = event->ns - reading->begin_ns;
    else if (life->life == SLEEPING)
        push_sleep(life, event->ns);
    if (life->life == UNSEEN || life->life == SLEEPING) {
        life->life = READY;
        life->told_ns = 0;
    }
}

static void follow(struct reading *reading, const struct event *event)
{
    if (event->kind == SCHED_SWITCH)
        follow_switch(reading, event);
    else if (event->kind == SCHED_WAKING)
        follow_waking(reading, event);
    else if (event->pid != 0)
        find_life(reading, find_pid(reading, event->pid), event->comm, event->prio)->told_ns +=
            event->count;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static int compare_events(const void *a, const void *b)
{
    const struct event *one = *(const struct event *const *)a,
                       *other = *(const struct event *const *)b;
    if (one->ns != other->ns)
        return one->ns < other->ns ? -1 : 1;
    return (one > other) - (one < other);
}

static void follow_all(struct reading *reading)
{
    const struct event **order = malloc((reading->count + 1) * sizeof *order);
    CHECK(order != NULL);
    for (size_t i = 0; i < reading->count; i++) {
        const struct event *event = order[i] = &reading->events[i];
        if (event->kind == SCHED_RUNTIME)
            find_pid(reading, event->pid)->has_runtime = true;
        reading->trace->cpus += !reading->cpus[event->cpu].has_events;
        reading->cpus[event->cpu].has_events = true;
    }
    if (!reading->in_order)
        qsort(order, reading->count, sizeof *order, compare_events);
    reading->begin_ns = order[0]->ns;
    reading->end_ns = order[reading->count - 1]->ns;
    for (uint32_t c = 0; c < CPUS_MAX; c++)
        reading->cpus[c].since_ns = reading->begin_ns;
    for (size_t i = 0; i < reading->count; i++)
        follow(reading, order[i]);
    free(order);
}

static int compare_processes(const void *a, const void *b)
{
    const struct sched_process *one = *(struct sched_process *const *)a,
                               *other = *(struct sched_process *const *)b;
    if (one->pid != other->pid)
        return one->pid < other->pid ? -1 : 1;
    return (one->start_ns > other->start_ns) - (one->start_ns < other->start_ns);
}

/* Those who are on a cpu run to the end; those who never ran are left out. */
static void finish(struct reading *reading)
{
    struct sched_trace *trace = reading->trace;
    size_t count = 0;
    for (struct life_of_process *life = reading->first; life != NULL; life = life->next)
        count++;
    trace->processes = arena_alloc(reading->arena, count + 1, sizeof(void *));
    for (struct life_of_process *life = reading->first; life != NULL; life = life->next) {
        if (life->life == RUNNING)
            life->part_ns += ran_ns(find_pid(reading, life->process.pid), reading->end_ns);
        if (life->part_ns > 0)
            push_run(life);
        life->process.sleeps = life->life == SLEEPING;
        if (life->process.sleeps)
            life->process.slept_ns = reading->end_ns - life->since_ns;
        if (life->process.run_ns > 0) {
            if (life->process.comm == NULL)
                life->process.comm = "";
            life->process.comm = arena_string(reading->arena, life->process.comm);
            trace->processes[trace->process_count++] = &life->process;
        } else {
            free(life->process.ns);
        }
    }
    qsort(trace->processes, trace->process_count, sizeof(void *), compare_processes);
    if (trace->cpus < trace->cpus_named)
        trace->cpus = trace->cpus_named;
    trace->duration_ns = reading->end_ns - reading->begin_ns;
}

/* A regular file, never waiting for what may not come. */
static gzFile open_trace(const char *path, struct error *err)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        error_set(err, path, "cannot be opened: %s", strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        error_set(err, path, "is no regular file; write the trace to one");
    } else {
        gzFile opened = gzdopen(file, "rb");
        CHECK(opened != NULL);
        return opened;
    }
    if (file >= 0)
        close(file);
    return NULL;
}

static bool read_file(struct reading *reading, const char *path, struct error *err)
{
    static const uint64_t longest_ns = UINT64_C(100000000000000); /* 10^8 ms, of a scenario */
    gzFile file = open_trace(path, err);
    if (file == NULL)
        return false;
    (void)gzbuffer(file, 1 << 17);
    bool fine = read_lines(reading, file, path, err);
    gzclose(file);
    if (!fine)
        return false;
    if (reading->trace->switches == 0 && reading->fault != NULL)
        return error_set(err, path,
                         "has no sched_switch event that can be read; of that in line %ju %s",
                         (uintmax_t)reading->fault_line, reading->fault);
    if (reading->trace->switches == 0)
        return error_set(err, path,
                         "has no sched_switch event that can be read; the text of ftrace's file "
                         "\"trace\", or of perf script or trace-cmd report, is wanted, with times "
                         "in seconds%s",
                         strstr(path, ".pftrace") != NULL
                             ? ", not Perfetto's .pftrace; `run --trace FILE.ftrace` writes such"
                             : "");
    follow_all(reading);
    finish(reading);
    if (reading->trace->duration_ns > longest_ns)
        return error_set(err, path,
                         "lasts for %.0f s from its first time to its last; at most "
                         "100000 s",
                         (double)reading->trace->duration_ns / 1e9);
    return reading->trace->process_count > 0 ||
           error_set(err, path, "has no process that runs for any time");
}

bool sched_trace_read(struct sched_trace *trace, const char *path, struct arena *arena,
                      struct error *err)
{
    struct reading reading = { .trace = trace, .arena = arena, .in_order = true };
    *trace = (struct sched_trace){ 0 };
    reading.last = &reading.first;
    reading.cpus = calloc(CPUS_MAX, sizeof *reading.cpus);
    CHECK(reading.cpus != NULL);
    bool fine = read_file(&reading, path, err);
    free(reading.cpus);
    free(reading.events);
    tdestroy(reading.comms, free);
    tdestroy(reading.pids, free);
    return fine;
}

static const char *note(const char *so_far, uint64_t count, const char *what, struct arena *arena)
{
    if (count == 0)
        return so_far;
    return arena_printf(arena, "%s%s%ju %s", so_far, *so_far != '\0' ? ", " : "", (uintmax_t)count,
                        what);
}

const char *sched_trace_notes(const struct sched_trace *trace, struct arena *arena)
{
    const char *text = note("", trace->lost, "events were lost in recording", arena);
    text =
        note(text, trace->losses_uncounted, "times events were lost, nobody knows how many", arena);
    text = note(text, trace->cut_stretches,
                "stretches on a cpu lack an end and count as sched_stat_runtime says, or nothing",
                arena);
    text = note(text, trace->unknown_lines, "lines were not understood and skipped", arena);
    text = note(text, trace->twofold_lines,
                "switches could be read in several ways, as a name looks like their form, and were "
                "skipped",
                arena);
    return note(text, trace->other_lines, "lines of other events were skipped", arena);
}

void sched_trace_free(struct sched_trace *trace)
{
    for (uint32_t i = 0; i < trace->process_count; i++)
        free(trace->processes[i]->ns);
    trace->process_count = 0;
}
