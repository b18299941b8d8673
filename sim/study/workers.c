/* workers.c -- see workers.h.
 *
 * A child reads an order from its socket, makes that run, writes its result there, and waits for
 * the next order, until it is ended.  Which child is done first depends on the machine; where a
 * result goes does not.
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/host/result_io.h"
#include "sim/output/results.h"
#include "sim/output/trace.h"

/* What goes before a result, or an error. */
struct answer {
    size_t size;
    bool fine; /* a result; else a struct error */
    bool last; /* the worker ends now: its process is not fit for another run */
};

struct worker {
    pid_t pid;
    int socket;
    bool busy; /* an order is under way */
    struct run_order order;
    char *bytes; /* what it has written of its answer so far */
    size_t size, capacity;
};

/* ---- In the child ------------------------------------------------------------------------- */

void workers_write(int to, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(to, at, size);
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

/* A module of a user's may leave something in its own memory, and who has broken its contract may
 * have left anything: such a run has a process to itself. */
static bool is_last(const struct work *work, const struct run_order *order,
                    const struct run_result *result)
{
    bool traced = work->experiment->points[order->point].scenario.cost == COST_TRACED;
    const struct scheduler *scheduler = traced ? work->traced : work->plain;
    return scheduler->modules[1] != NULL || result->fault.kind != FAULT_NONE ||
           result->overrun.happened;
}

__attribute__((noreturn)) static void child_main(const struct work *work, int socket)
{
    struct run_order order;
    struct answer answer = { .last = false };
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody would read the result */
    while (!answer.last && read(socket, &order, sizeof order) == sizeof order) {
        struct run_result result = { .point = order.point };
        struct arena arena = ARENA_EMPTY;
        struct error err;
        answer.fine = child_run(work, &order, &result, &arena, &err);
        answer.last = is_last(work, &order, &result);
        const void *bytes = result_pack(&result, &answer.size, &arena);
        if (!answer.fine) {
            bytes = &err;
            answer.size = sizeof err;
        }
        workers_write(socket, &answer, sizeof answer);
        workers_write(socket, bytes, answer.size);
        arena_free(&arena);
    }
    _exit(EXIT_FINE);
}

/* ---- In the parent ------------------------------------------------------------------------ */

static void worker_start(const struct work *work, struct worker *worker)
{
    int ends[2];
    fflush(NULL);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    worker->socket = ends[0];
    worker->pid = fork();
    CHECK(worker->pid >= 0);
    if (worker->pid == 0) {
        close(ends[0]);
        child_main(work, ends[1]);
    }
    close(ends[1]);
}

/* To a worker that is gone nothing is sent; it is found out when its answer is read. */
static void worker_order(struct worker *worker, const struct run_order *order)
{
    worker->order = *order;
    worker->size = 0;
    worker->busy = true;
    (void)send(worker->socket, order, sizeof *order, MSG_NOSIGNAL);
}

/* Reads what there is; false at the end. */
static bool worker_read(struct worker *worker)
{
    if (worker->capacity - worker->size < 65536) {
        worker->capacity = 2 * worker->capacity + 65536;
        worker->bytes = realloc(worker->bytes, worker->capacity);
        CHECK(worker->bytes != NULL);
    }
    ssize_t got =
        read(worker->socket, worker->bytes + worker->size, worker->capacity - worker->size);
    if (got < 0)
        return errno == EINTR;
    worker->size += (size_t)got;
    return got > 0;
}

/* Its answer, when it is whole. */
static bool worker_answered(const struct worker *worker, struct answer *answer)
{
    if (worker->size < sizeof *answer)
        return false;
    memcpy(answer, worker->bytes, sizeof *answer);
    return worker->size == sizeof *answer + answer->size;
}

/* How it ended, when it has ended or is about to; it is none then. */
static int worker_end(struct worker *worker)
{
    int status;
    close(worker->socket);
    CHECK(waitpid(worker->pid, &status, 0) == worker->pid);
    worker->pid = 0;
    worker->busy = false;
    return status;
}

static int worker_died(const struct work *work, const struct worker *worker, int status,
                       struct error *err)
{
    const struct scheduler *scheduler = work->plain != NULL ? work->plain : work->traced;
    bool foreign = scheduler->modules[1] != NULL; /* one over ours */
    uint32_t point = worker->order.point, replication = worker->order.replication;
    struct arena arena = ARENA_EMPTY;
    const char *title = results_point_title(&work->experiment->points[point], &arena);
    const char *run = arena_printf(&arena, "replication %u of point %u%s%s%s", replication, point,
                                   *title != '\0' ? " (" : "", title, *title != '\0' ? ")" : "");
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (foreign && WIFEXITED(status) && WEXITSTATUS(status) != EXIT_BUG) {
        error_set(err, work->experiment->path,
                  "the scheduler broke its contract: it %s (status %d) in %s: scheduler %s",
                  WEXITSTATUS(status) == EXIT_FAULT ? "crashed, and left nothing of the stack"
                                                    : "ended the program",
                  WEXITSTATUS(status), run, scheduler->files[0].path);
        arena_free(&arena);
        return EXIT_FAULT;
    }
    error_set(err, "braidsim",
              "%s: the worker of %s %s (%s %d)%s%s%s; --resume goes on from what is finished",
              killed ? "killed" : "bug", run, killed ? "was killed" : "died",
              WIFSIGNALED(status) ? "signal" : "status",
              WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
              killed ? ", for want of memory perhaps" : "", foreign && !killed ? "; " : "",
              foreign && !killed
                  ? "the module ran in that process too: if it wrote to memory that is not its "
                    "own, that is why, and --cost traced tells where"
                  : "");
    arena_free(&arena);
    return EXIT_BUG;
}

static int worker_finish(const struct work *work, struct worker *worker,
                         const struct work_source *source, struct error *err)
{
    struct answer answer;
    if (!worker_answered(worker, &answer))
        return worker_died(work, worker, worker_end(worker), err);
    const char *rest = worker->bytes + sizeof answer;
    worker->busy = false;
    if (answer.last)
        worker_end(worker);
    if (!answer.fine) {
        CHECK(answer.size == sizeof *err);
        memcpy(err, rest, answer.size);
        return EXIT_BAD_INPUT;
    }
    return source->finished(source->context, &worker->order, rest, answer.size, err)
               ? EXIT_FINE
               : EXIT_BAD_INPUT;
}

/* Gives orders to who has none; false when nothing is under way. */
static bool workers_order(const struct work *work, const struct work_source *source,
                          struct worker *workers)
{
    struct run_order order;
    bool any = false, more = true;
    for (uint32_t i = 0; i < work->jobs; i++) {
        struct worker *worker = &workers[i];
        more = more && (worker->busy || source->next(source->context, &order));
        if (more && !worker->busy) {
            if (worker->pid == 0)
                worker_start(work, worker);
            worker_order(worker, &order);
        }
        any = any || worker->busy;
    }
    return any;
}

/* Ends those that there are, whatever they do. */
static void workers_stop(struct worker *workers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (workers[i].pid > 0) {
            kill(workers[i].pid, SIGTERM);
            worker_end(&workers[i]);
        }
        free(workers[i].bytes);
    }
}

int workers_run(const struct work *work, const struct work_source *source, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct worker *workers = arena_alloc(&arena, work->jobs, sizeof *workers);
    struct pollfd *polls = arena_alloc(&arena, work->jobs, sizeof *polls);
    int result = EXIT_FINE;
    while (result == EXIT_FINE && workers_order(work, source, workers)) {
        for (uint32_t i = 0; i < work->jobs; i++)
            polls[i] =
                (struct pollfd){ .fd = workers[i].busy ? workers[i].socket : -1, .events = POLLIN };
        if (poll(polls, work->jobs, -1) < 0)
            continue;
        for (uint32_t i = 0; i < work->jobs && result == EXIT_FINE; i++) {
            struct answer answer;
            if (polls[i].revents != 0 &&
                (!worker_read(&workers[i]) || worker_answered(&workers[i], &answer)))
                result = worker_finish(work, &workers[i], source, err);
        }
    }
    workers_stop(workers, work->jobs);
    arena_free(&arena);
    return result;
}
