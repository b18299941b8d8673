/* workers.c -- see workers.h.
 *
 * Each run is one child, which writes its result to a pipe and exits.  Which child ends first
 * depends on the machine; where a result goes does not.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/commands/workers.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/output/trace.h"

struct worker {
    pid_t pid;
    int pipe;
    uint32_t run;
    char *bytes; /* what it has written so far */
    size_t size, capacity;
};

/* ---- In the child ------------------------------------------------------------------------- */

static void write_all(int pipe, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(pipe, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(EXIT_BUG); /* the parent is gone */
        at += written;
        size -= (size_t)written;
    }
}

static uint64_t trace_ps(double ms, uint64_t otherwise_ps)
{
    return isnan(ms) || ms * 1e9 >= (double)otherwise_ps ? otherwise_ps
                                                         : (uint64_t)llround(ms * 1e9);
}

/* Runs it, and writes what is wanted of it; the error is for the parent then. */
static bool child_run(const struct work *work, uint32_t run, struct run_result *result,
                      struct arena *arena, struct error *err)
{
    const struct experiment *experiment = work->experiment;
    const struct scenario *scenario = &experiment->points[result->point].scenario;
    const struct scheduler *scheduler = scenario->cost == COST_TRACED ? work->traced : work->plain;
    const struct trace_request *wanted = &work->trace;
    uint32_t replication = run % experiment->replications;
    if (wanted->path == NULL) {
        host_run(scenario, scheduler, replication, result, arena);
        return true;
    }
    struct recording recording = { .to_ps = trace_ps(wanted->to_ms, scenario->duration_ps),
                                   .detail = trace_shows_all(wanted->path) ? wanted->detail
                                                                           : RECORDING_SCHED,
                                   .work = trace_shows_work(wanted->path) };
    recording.from_ps = isnan(wanted->from_ms) ? scenario->warmup_ps
                                               : trace_ps(wanted->from_ms, scenario->duration_ps);
    host_run_recorded(scenario, scheduler, replication, &recording, result, arena);
    const char *path =
        trace_path(wanted->path, work->run_count > 1, result->point, replication, arena);
    return trace_write(&recording, scenario, path, err);
}

__attribute__((noreturn)) static void child_main(const struct work *work, uint32_t run, int pipe)
{
    const struct experiment *experiment = work->experiment;
    struct run_result result = { .point = run / experiment->replications };
    struct arena arena = ARENA_EMPTY;
    struct error err;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody would read the result */
    bool fine = child_run(work, run, &result, &arena, &err);
    write_all(pipe, &result, sizeof result);
    write_all(pipe, result.metrics, result.metric_count * sizeof *result.metrics);
    write_all(pipe, result.core_accounts_ps,
              result.core_count * ACCOUNT_COUNT * sizeof *result.core_accounts_ps);
    write_all(pipe, result.processes, result.process_count * sizeof *result.processes);
    if (!fine)
        write_all(pipe, &err, sizeof err);
    _exit(EXIT_FINE);
}

/* ---- In the parent ------------------------------------------------------------------------ */

static void worker_start(const struct work *work, struct worker *worker, uint32_t run)
{
    int ends[2];
    fflush(NULL);
    CHECK(pipe(ends) == 0);
    worker->run = run;
    worker->size = 0;
    worker->pipe = ends[0];
    worker->pid = fork();
    CHECK(worker->pid >= 0);
    if (worker->pid == 0) {
        close(ends[0]);
        child_main(work, run, ends[1]);
    }
    close(ends[1]);
}

/* Reads what there is; false at the end. */
static bool worker_read(struct worker *worker)
{
    if (worker->capacity - worker->size < 65536) {
        worker->capacity = 2 * worker->capacity + 65536;
        worker->bytes = realloc(worker->bytes, worker->capacity);
        CHECK(worker->bytes != NULL);
    }
    ssize_t got = read(worker->pipe, worker->bytes + worker->size, worker->capacity - worker->size);
    if (got < 0)
        return errno == EINTR;
    worker->size += (size_t)got;
    return got > 0;
}

/* Copies count elements from the worker's bytes. */
static void *take(struct worker *worker, size_t *at, size_t count, size_t size, struct arena *arena)
{
    void *copy = arena_alloc(arena, count, size);
    CHECK(*at + count * size <= worker->size);
    memcpy(copy, worker->bytes + *at, count * size);
    *at += count * size;
    return copy;
}

__attribute__((noreturn)) static void worker_died(const struct work *work,
                                                  const struct worker *worker, int status)
{
    const struct scheduler *scheduler = work->plain != NULL ? work->plain : work->traced;
    bool foreign = scheduler->modules[1] != NULL; /* one over ours */
    if (foreign && WIFEXITED(status) && WEXITSTATUS(status) != EXIT_BUG) {
        fprintf(stderr, "%s: the scheduler broke its contract: it %s (status %d)\nin run %u: %s\n",
                work->experiment->path,
                WEXITSTATUS(status) == EXIT_FAULT ? "crashed, and left nothing of the stack"
                                                  : "ended the program",
                WEXITSTATUS(status), worker->run, scheduler->files[0].path);
        fflush(NULL);
        _exit(EXIT_FAULT);
    }
    fprintf(stderr, "braidsim: bug: the worker of run %u died (%s %d)\n", worker->run,
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (foreign)
        fprintf(stderr,
                "%s ran in that process too: if it wrote to memory that is not its own, that is "
                "why, and --cost traced tells where\n",
                scheduler->files[0].path);
    fflush(NULL);
    _exit(EXIT_BUG);
}

/* False, with err set: it could not write its trace. */
static bool worker_finish(const struct work *work, struct worker *worker,
                          struct run_result *results, struct arena *arena, struct error *err)
{
    int status;
    close(worker->pipe);
    CHECK(waitpid(worker->pid, &status, 0) == worker->pid);
    struct run_result *result = &results[worker->run];
    size_t at = sizeof *result;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_FINE || worker->size < at)
        worker_died(work, worker, status);
    memcpy(result, worker->bytes, sizeof *result);
    result->metrics = take(worker, &at, result->metric_count, sizeof *result->metrics, arena);
    result->core_accounts_ps = take(worker, &at, (size_t)result->core_count * ACCOUNT_COUNT,
                                    sizeof *result->core_accounts_ps, arena);
    result->processes = take(worker, &at, result->process_count, sizeof *result->processes, arena);
    size_t plain = at;
    if (at < worker->size)
        *err = *(struct error *)take(worker, &at, 1, sizeof *err, arena);
    CHECK(at == worker->size);
    return at == plain;
}

static bool result_is_bad(const struct run_result *result)
{
    return result->fault.kind != FAULT_NONE || result->overrun.happened;
}

uint32_t workers_run(const struct work *work, struct run_result *results, struct arena *arena,
                     struct error *err)
{
    struct worker *workers = arena_alloc(arena, work->jobs, sizeof *workers);
    struct pollfd *polls = arena_alloc(arena, work->jobs, sizeof *polls);
    uint32_t active = 0, next = 0, done = 0, end = work->run_count;
    while (active > 0 || next < end) {
        while (active < work->jobs && next < end)
            worker_start(work, &workers[active++], next++);
        for (uint32_t i = 0; i < active; i++)
            polls[i] = (struct pollfd){ .fd = workers[i].pipe, .events = POLLIN };
        if (poll(polls, active, -1) < 0)
            continue;
        for (uint32_t i = active; i-- > 0;) {
            if (polls[i].revents == 0 || worker_read(&workers[i]))
                continue;
            uint32_t run = workers[i].run;
            bool fine = worker_finish(work, &workers[i], results, arena, err);
            struct worker last = workers[--active];
            workers[active] = workers[i]; /* its buffer is used again */
            workers[i] = last;
            if (!fine)
                end = 0; /* nothing is wanted any more */
            else if (result_is_bad(&results[run]) && run < end)
                end = run + 1; /* nothing after it is wanted */
            done++;
            if (work->progress != NULL)
                work->progress(work->progress_context, done, end);
        }
    }
    for (uint32_t i = 0; i < work->jobs; i++)
        free(workers[i].bytes);
    return end;
}
