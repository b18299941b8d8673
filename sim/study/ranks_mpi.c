/* ranks_mpi.c -- see ranks.h.
 *
 * Messages are short, so that Open MPI sends them eagerly and nobody waits for somebody who is
 * dead: a result goes in pieces.  Nobody blocks in MPI, where waiting would take a processor.
 * After a death there is no MPI_Finalize(), which may wait for the dead: with --enable-recovery
 * mpirun takes a process that just ends for what it is.  Source: measured with Open MPI 4.1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/study/ranks_mpi.h"

#include <errno.h>
#include <mpi.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/study/ranks.h"

enum tag { TAG_HELLO = 1, TAG_ALIVE, TAG_PIECE, TAG_ORDER, TAG_END };

enum { PIECE_BYTES = 3000, DEPTH = 2, POLL_MS = 1 };

/* What a rank, and its server, is told to run. */
struct job {
    uint32_t study, many;
    struct run_order order;
};

/* What comes back: behind it size bytes of a result, or a struct error. */
struct answer {
    struct job job;
    int32_t status; /* of workers_run() */
    uint32_t size;
};

/* Bytes that come in pieces. */
struct buffer {
    char *bytes;
    size_t size, capacity;
};

/* What rank 0 knows of another. */
struct other {
    enum { OTHER_UNKNOWN, OTHER_READY, OTHER_DEAD, OTHER_FOREIGN } state;
    double heard_s;
    uint32_t job_count;
    struct job jobs[DEPTH]; /* that it has */
    struct buffer answer;
};

static struct {
    struct study *studies;
    uint32_t count;
    uint64_t hash; /* of the studies that were read; 0: none */
    double silence_s;
    int rank, size;
    struct other *others; /* [size]; rank 0 */
    bool died;            /* some rank has */
    int server;           /* socket to it; other ranks */
} mpi;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->capacity - buffer->size < size) {
        buffer->capacity = 2 * (buffer->size + size);
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        CHECK(buffer->bytes != NULL);
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

/* Is there a whole answer in front? */
static bool buffer_has(const struct buffer *buffer, struct answer *answer)
{
    if (buffer->size < sizeof *answer)
        return false;
    memcpy(answer, buffer->bytes, sizeof *answer);
    return buffer->size >= sizeof *answer + answer->size;
}

static void buffer_drop(struct buffer *buffer, size_t size)
{
    buffer->size -= size;
    memmove(buffer->bytes, buffer->bytes + size, buffer->size);
}

static void leave(bool died, int status) __attribute__((noreturn));

static void leave(bool died, int status)
{
    if (!died)
        MPI_Finalize();
    fflush(NULL);
    _exit(status);
}

/* Rank 0 may end while others are still telling it something. */
static void leave_if_ended(void)
{
    int there = 0;
    char died = 1;
    MPI_Iprobe(0, TAG_END, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
    if (!there)
        return;
    MPI_Recv(&died, 1, MPI_BYTE, 0, TAG_END, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    leave(died != 0, EXIT_FINE);
}

/* Sends, and waits until that is done or as long as somebody may be silent: not in MPI_Send(),
 * which waits for the dead for ever. */
static void tell(int to, enum tag tag, const void *bytes, size_t size)
{
    const struct timespec pause = { 0, POLL_MS * 100000 };
    static const char nothing;
    MPI_Request request;
    int sent = 0;
    char *copy = malloc(size + 1);
    CHECK(copy != NULL);
    memcpy(copy, size > 0 ? bytes : &nothing, size);
    MPI_Isend(copy, (int)size, MPI_BYTE, to, (int)tag, MPI_COMM_WORLD, &request);
    for (double began_s = now_s(); now_s() - began_s <= mpi.silence_s; nanosleep(&pause, NULL)) {
        MPI_Test(&request, &sent, MPI_STATUS_IGNORE);
        if (sent) {
            free(copy);
            return;
        }
        if (mpi.rank > 0)
            leave_if_ended();
    }
    mpi.died = true; /* the copy stays, as MPI may still read it */
    if (mpi.rank > 0) {
        fprintf(stderr, "braidsim: rank %d cannot reach rank 0, and ends\n", mpi.rank);
        leave(true, EXIT_BUG);
    }
}

/* Takes a message, if there is one: its tag, else 0. */
static int hear(int *from, char bytes[PIECE_BYTES], int *size)
{
    int there = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status) != MPI_SUCCESS ||
        !there)
        return 0;
    *from = status.MPI_SOURCE;
    MPI_Get_count(&status, MPI_BYTE, size);
    CHECK(*size <= PIECE_BYTES);
    if (MPI_Recv(bytes, *size, MPI_BYTE, *from, status.MPI_TAG, MPI_COMM_WORLD, &status) !=
        MPI_SUCCESS)
        return 0;
    return status.MPI_TAG;
}

/* ---- The server: runs, and knows nothing of MPI -------------------------------------------- */

static bool read_all(int file, void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t got = read(file, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

struct serving {
    struct job job;
    bool taken;
};

static bool serve_next(void *context, struct run_order *order)
{
    struct serving *serving = context;
    if (serving->taken)
        return false;
    serving->taken = true;
    *order = serving->job.order;
    return true;
}

static bool serve_finished(void *context, const struct run_order *order, const void *bytes,
                           size_t size, struct error *err)
{
    const struct serving *serving = context;
    struct answer answer = { .job = serving->job, .status = EXIT_FINE, .size = (uint32_t)size };
    (void)order, (void)err;
    workers_write(mpi.server, &answer, sizeof answer);
    workers_write(mpi.server, bytes, size);
    return true;
}

__attribute__((noreturn)) static void server_main(void)
{
    struct serving serving;
    struct work_source source = { &serving, serve_next, serve_finished, NULL };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read_all(mpi.server, &serving.job, sizeof serving.job)) {
        struct work work = study_work(&mpi.studies[serving.job.study]);
        struct error err;
        work.jobs = 1;
        work.trace.many = serving.job.many != 0;
        serving.taken = false;
        int status = workers_run(&work, &source, &err);
        if (status == EXIT_FINE)
            continue;
        struct answer answer = { .job = serving.job, .status = status, .size = sizeof err };
        workers_write(mpi.server, &answer, sizeof answer);
        workers_write(mpi.server, &err, sizeof err);
    }
    _exit(EXIT_FINE);
}

static void server_start(void)
{
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    mpi.server = ends[child == 0];
    close(ends[child != 0]);
    if (child == 0)
        server_main();
}

/* ---- Beginning and ending ------------------------------------------------------------------ */

static void mpi_begin(struct study *studies, uint32_t count, double silence_s)
{
    mpi.studies = studies;
    mpi.count = count;
    mpi.silence_s = silence_s;
    for (uint32_t i = 0; i < count; i++)
        mpi.hash = 31 * mpi.hash + studies[i].results.study;
    if (ranks->rank > 0)
        server_start();
    CHECK(MPI_Init(NULL, NULL) == MPI_SUCCESS);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &mpi.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &mpi.size);
    CHECK(mpi.rank == ranks->rank);
    mpi.others = calloc((size_t)mpi.size, sizeof *mpi.others);
    CHECK(mpi.others != NULL);
    for (int i = 0; i < mpi.size; i++)
        mpi.others[i].heard_s = now_s();
}

__attribute__((noreturn)) static void mpi_end(int status)
{
    char died = mpi.died;
    for (int i = 1; i < mpi.size; i++) /* the dead too: they may only be asleep */
        tell(i, TAG_END, &died, 1);
    leave(mpi.died, status);
}

/* ---- Rank 0 --------------------------------------------------------------------------------- */

static void hand_out(const struct work *work, const struct work_source *source)
{
    for (uint32_t depth = 1; depth <= DEPTH; depth++)
        for (int i = 1; i < mpi.size; i++) {
            struct other *other = &mpi.others[i];
            struct job job;
            memset(&job, 0, sizeof job);
            if (other->state != OTHER_READY || other->job_count >= depth ||
                !source->next(source->context, &job.order))
                continue;
            job.study = work->index;
            job.many = work->trace.many;
            other->jobs[other->job_count++] = job;
            tell(i, TAG_ORDER, &job, sizeof job);
        }
}

static void give_back(struct other *other, const struct work_source *source)
{
    while (other->job_count > 0)
        source->again(source->context, &other->jobs[--other->job_count].order);
}

static bool is_same(const struct run_order *a, const struct run_order *b)
{
    return a->point == b->point && a->replication == b->replication && a->pilot == b->pilot;
}

static void forget_job(struct other *other, const struct job *job)
{
    for (uint32_t i = 0; i < other->job_count; i++)
        if (other->jobs[i].study == job->study && is_same(&other->jobs[i].order, &job->order)) {
            other->jobs[i] = other->jobs[--other->job_count];
            return;
        }
}

static int take_answers(struct other *other, const struct work *work,
                        const struct work_source *source, struct error *err)
{
    struct answer answer;
    int status = EXIT_FINE;
    while (status == EXIT_FINE && buffer_has(&other->answer, &answer)) {
        const char *bytes = other->answer.bytes + sizeof answer;
        forget_job(other, &answer.job);
        if (answer.job.study != work->index) {
            /* Late: that study is over. */
        } else if (answer.status != EXIT_FINE) {
            CHECK(answer.size == sizeof *err);
            memcpy(err, bytes, sizeof *err);
            status = answer.status;
        } else if (!source->finished(source->context, &answer.job.order, bytes, answer.size, err)) {
            status = EXIT_BAD_INPUT;
        }
        buffer_drop(&other->answer, sizeof answer + answer.size);
    }
    return status;
}

static void note_hello(int from, const char *bytes)
{
    uint64_t hash;
    memcpy(&hash, bytes, sizeof hash);
    mpi.others[from].state = hash == mpi.hash ? OTHER_READY : OTHER_FOREIGN;
    if (hash != mpi.hash)
        fprintf(stderr,
                "braidsim: note: rank %d gets no runs: it has read another scenario, has another "
                "scheduler, or is another build or kind of machine than rank 0\n",
                from);
}

/* One message; false when there is none. */
static bool handle(const struct work *work, const struct work_source *source, int *result,
                   struct error *err)
{
    char bytes[PIECE_BYTES];
    int from, size, tag = hear(&from, bytes, &size);
    if (tag == 0)
        return false;
    struct other *other = &mpi.others[from];
    if (other->state == OTHER_DEAD) { /* it was asleep; what it had has been given to others */
        fprintf(stderr, "braidsim: note: rank %d is there again\n", from);
        other->state = OTHER_READY;
    }
    other->heard_s = now_s();
    if (tag == TAG_HELLO) {
        note_hello(from, bytes);
    } else if (tag == TAG_ALIVE) {
        tell(from, TAG_ALIVE, NULL, 0);
    } else {
        CHECK(tag == TAG_PIECE);
        buffer_add(&other->answer, bytes, (size_t)size);
        *result = take_answers(other, work, source, err);
    }
    return true;
}

/* Who is silent is dead.  How many are not? */
static int count_living(const struct work_source *source)
{
    int living = 0;
    for (int i = 1; i < mpi.size; i++) {
        struct other *other = &mpi.others[i];
        if (other->state != OTHER_DEAD && now_s() - other->heard_s > mpi.silence_s) {
            fprintf(stderr,
                    "braidsim: note: rank %d has been silent for %g s: others do its runs\n", i,
                    mpi.silence_s);
            other->state = OTHER_DEAD;
            mpi.died = true;
            give_back(other, source);
        }
        living += other->state == OTHER_READY || other->state == OTHER_UNKNOWN;
    }
    return living;
}

static uint32_t count_jobs(void)
{
    uint32_t jobs = 0;
    for (int i = 1; i < mpi.size; i++)
        jobs += mpi.others[i].job_count;
    return jobs;
}

static int mpi_run(const struct work *work, const struct work_source *source, struct error *err)
{
    const struct timespec pause = { 0, POLL_MS * 200000 };
    int result = EXIT_FINE;
    for (int i = 1; i < mpi.size; i++) /* nobody listened between two studies */
        mpi.others[i].heard_s = now_s();
    while (result == EXIT_FINE) {
        hand_out(work, source);
        if (handle(work, source, &result, err))
            continue;
        int living = count_living(source);
        struct run_order order;
        if (count_jobs() == 0 && living > 0) {
            bool more = source->next(source->context, &order);
            if (!more)
                break;
            source->again(source->context, &order);
        } else if (living == 0) {
            bool more = count_jobs() > 0 || source->next(source->context, &order);
            if (!more)
                break;
            error_set(err, "braidsim", "no rank is left; --resume goes on from what is finished");
            return EXIT_BUG;
        }
        nanosleep(&pause, NULL);
    }
    for (int i = 1; i < mpi.size; i++) /* what is still under way is not wanted */
        mpi.others[i].job_count = 0;
    return result;
}

/* ---- The other ranks ------------------------------------------------------------------------ */

/* What the server has said goes on to rank 0. */
static void pass_on(struct buffer *buffer)
{
    char bytes[65536];
    struct answer answer;
    ssize_t got = read(mpi.server, bytes, sizeof bytes);
    if (got <= 0) {
        fprintf(stderr, "braidsim: the server of rank %d is gone\n", mpi.rank);
        leave(true, EXIT_BUG);
    }
    buffer_add(buffer, bytes, (size_t)got);
    while (buffer_has(buffer, &answer)) {
        size_t size = sizeof answer + answer.size;
        for (size_t at = 0; at < size; at += PIECE_BYTES)
            tell(0, TAG_PIECE, buffer->bytes + at,
                 size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
        buffer_drop(buffer, size);
    }
}

static void mpi_serve(void)
{
    struct buffer buffer = { NULL, 0, 0 };
    char bytes[PIECE_BYTES];
    double heard_s = now_s(), told_s = now_s(), every_s = mpi.silence_s / 8;
    int from, size, tag;
    tell(0, TAG_HELLO, &mpi.hash, sizeof mpi.hash);
    for (;;) {
        while ((tag = hear(&from, bytes, &size)) != 0) {
            heard_s = now_s();
            if (tag == TAG_END)
                leave(bytes[0] != 0, EXIT_FINE);
            if (tag == TAG_ORDER)
                workers_write(mpi.server, bytes, sizeof(struct job));
        }
        struct pollfd server = { .fd = mpi.server, .events = POLLIN };
        if (poll(&server, 1, POLL_MS) > 0)
            pass_on(&buffer);
        if (now_s() - told_s > every_s) {
            tell(0, TAG_ALIVE, NULL, 0);
            told_s = now_s();
        }
        if (now_s() - heard_s > 20 * mpi.silence_s) {
            fprintf(stderr, "braidsim: rank %d hears nothing from rank 0, and ends\n", mpi.rank);
            leave(true, EXIT_BUG);
        }
    }
}

/* ---- Is there any? -------------------------------------------------------------------------- */

static struct ranks all = {
    .begin = mpi_begin, .run = mpi_run, .serve = mpi_serve, .end = mpi_end
};

void ranks_mpi_find(void)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    ranks_about = "with Open MPI, for mpirun";
    if (size == NULL || rank == NULL || strtol(size, NULL, 10) < 2)
        return;
    all.rank = (int)strtol(rank, NULL, 10);
    ranks = &all;
}
