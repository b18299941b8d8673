/* workers.c -- see workers.h.
 *
 * Each run is one child, which writes its result to a pipe and exits.  Which child ends first
 * depends on the machine; where a result goes does not.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/study/workers.h"

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
#include "sim/host/result_io.h"
#include "sim/output/trace.h"

struct worker {
    pid_t pid;
    int pipe;
    struct run_order order;
    char *bytes; /* what it has written so far */
    size_t size, capacity;
};

/* ---- In the child ------------------------------------------------------------------------- */

void workers_write(int pipe, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(pipe, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(EXIT_BUG); /* who reads is gone */
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
static bool child_run(const struct work *work, const struct run_order *order,
                      struct run_result *result, struct arena *arena, struct error *err)
{
    struct scenario own = work->experiment->points[order->point].scenario;
    const struct scenario *scenario = &own;
    const struct scheduler *scheduler = scenario->cost == COST_TRACED ? work->traced : work->plain;
    const struct trace_request *wanted = &work->trace;
    own.warmup_ps = order->warmup_ps;
    own.series = order->pilot;
    if (wanted->path == NULL || order->pilot) {
        host_run(scenario, scheduler, order->replication, result, arena);
        return true;
    }
    struct recording recording = { .to_ps = trace_ps(wanted->to_ms, scenario->duration_ps),
                                   .detail = trace_shows_all(wanted->path) ? wanted->detail
                                                                           : RECORDING_SCHED,
                                   .work = trace_shows_work(wanted->path) };
    recording.from_ps = isnan(wanted->from_ms) ? scenario->warmup_ps
                                               : trace_ps(wanted->from_ms, scenario->duration_ps);
    host_run_recorded(scenario, scheduler, order->replication, &recording, result, arena);
    const char *path =
        trace_path(wanted->path, wanted->many, order->point, order->replication, arena);
    return trace_write(&recording, scenario, path, err);
}

__attribute__((noreturn)) static void child_main(const struct work *work,
                                                 const struct run_order *order, int pipe)
{
    struct run_result result = { .point = order->point };
    struct arena arena = ARENA_EMPTY;
    struct error err;
    size_t size;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody would read the result */
    bool fine = child_run(work, order, &result, &arena, &err);
    const void *bytes = result_pack(&result, &size, &arena);
    workers_write(pipe, &fine, sizeof fine);
    if (fine)
        workers_write(pipe, bytes, size);
    else
        workers_write(pipe, &err, sizeof err);
    _exit(EXIT_FINE);
}

/* ---- In the parent ------------------------------------------------------------------------ */

static void worker_start(const struct work *work, struct worker *worker,
                         const struct run_order *order)
{
    int ends[2];
    fflush(NULL);
    CHECK(pipe(ends) == 0);
    worker->order = *order;
    worker->size = 0;
    worker->pipe = ends[0];
    worker->pid = fork();
    CHECK(worker->pid >= 0);
    if (worker->pid == 0) {
        close(ends[0]);
        child_main(work, order, ends[1]);
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

static int worker_died(const struct work *work, const struct worker *worker, int status,
                       struct error *err)
{
    const struct scheduler *scheduler = work->plain != NULL ? work->plain : work->traced;
    bool foreign = scheduler->modules[1] != NULL; /* one over ours */
    uint32_t point = worker->order.point, replication = worker->order.replication;
    const char *path = scheduler->files[0].path;
    if (foreign && WIFEXITED(status) && WEXITSTATUS(status) != EXIT_BUG) {
        error_set(err, work->experiment->path,
                  "the scheduler broke its contract: it %s (status %d) in replication %u of point "
                  "%u: %s",
                  WEXITSTATUS(status) == EXIT_FAULT ? "crashed, and left nothing of the stack"
                                                    : "ended the program",
                  WEXITSTATUS(status), replication, point, path);
        return EXIT_FAULT;
    }
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    error_set(
        err, "braidsim",
        "%s: the worker of replication %u of point %u %s (%s %d)%s%s%s; --resume goes on from "
        "what is finished",
        killed ? "killed" : "bug", replication, point, killed ? "was killed" : "died",
        WIFSIGNALED(status) ? "signal" : "status",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
        killed ? ", for want of memory perhaps" : "", foreign && !killed ? "; " : "",
        foreign && !killed
            ? "the module ran in that process too: if it wrote to memory that is not its "
              "own, that is why, and --cost traced tells where"
            : "");
    return EXIT_BUG;
}

static int worker_finish(const struct work *work, struct worker *worker,
                         const struct work_source *source, struct error *err)
{
    int status;
    bool fine;
    close(worker->pipe);
    CHECK(waitpid(worker->pid, &status, 0) == worker->pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_FINE || worker->size < sizeof fine)
        return worker_died(work, worker, status, err);
    memcpy(&fine, worker->bytes, sizeof fine);
    const char *rest = worker->bytes + sizeof fine;
    size_t size = worker->size - sizeof fine;
    if (!fine) {
        CHECK(size == sizeof *err);
        memcpy(err, rest, size);
        return EXIT_BAD_INPUT;
    }
    return source->finished(source->context, &worker->order, rest, size, err) ? EXIT_FINE
                                                                              : EXIT_BAD_INPUT;
}

/* Ends those that are under way. */
static void workers_stop(struct worker *workers, uint32_t active)
{
    for (uint32_t i = 0; i < active; i++) {
        int status;
        kill(workers[i].pid, SIGTERM);
        close(workers[i].pipe);
        waitpid(workers[i].pid, &status, 0);
    }
}

int workers_run(const struct work *work, const struct work_source *source, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct worker *workers = arena_alloc(&arena, work->jobs, sizeof *workers);
    struct pollfd *polls = arena_alloc(&arena, work->jobs, sizeof *polls);
    struct run_order order;
    uint32_t active = 0;
    int result = EXIT_FINE;
    while (result == EXIT_FINE) {
        while (active < work->jobs && source->next(source->context, &order))
            worker_start(work, &workers[active++], &order);
        if (active == 0)
            break;
        for (uint32_t i = 0; i < active; i++)
            polls[i] = (struct pollfd){ .fd = workers[i].pipe, .events = POLLIN };
        if (poll(polls, active, -1) < 0)
            continue;
        for (uint32_t i = active; i-- > 0 && result == EXIT_FINE;) {
            if (polls[i].revents == 0 || worker_read(&workers[i]))
                continue;
            result = worker_finish(work, &workers[i], source, err);
            struct worker last = workers[--active];
            workers[active] = workers[i]; /* its buffer is used again */
            workers[i] = last;
        }
    }
    workers_stop(workers, active);
    for (uint32_t i = 0; i < work->jobs; i++)
        free(workers[i].bytes);
    arena_free(&arena);
    return result;
}
