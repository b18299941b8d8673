/* timed.c -- see timed.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "tests/bench/timed.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "sim/base/check.h"
#include "sim/calibrate/timing.h"
#include "sim/input/profile_file.h"
#include "sim/input/scenario.h"

enum {
    /* Left out of memory in each pass more than in the one before: pages, and a part of one. */
    GAP_PAGES = 3,
    GAP_BYTES = 10 * PROCESS_HOT_BYTES,
    SAMPLES_MAX = 1 << 14,
    ROW_BATCHES = 16, /* batches in a row, whose mean is taken, */
    ROWS_LEAST = 16,  /* if there are so many of them */
    PAGE_BYTES = 4096
};

/* Batches are repeated for as long. */
#define PLAIN_SECONDS 0.02

double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Enough for uneven run times; O(n) picks of many processes would take minutes of it. */
static uint32_t rounds_of(uint32_t queued)
{
    return queued > 10000 ? 8 : 64;
}

/* What does not depend on the queue is done often in a batch, as far as there are processes. */
uint32_t batch_of(const struct operation *operation)
{
    uint32_t most = operation->queued - 2;
    if (!operation->kind->any_queue)
        return operation->kind->batch;
    return most < RIG_BATCH_MAX ? most : RIG_BATCH_MAX;
}

static void *pages_map(struct pages *pages, size_t bytes, uint32_t pass)
{
    *pages = (struct pages){ .gap = (size_t)pass * (GAP_PAGES * PAGE_BYTES + GAP_BYTES) };
    pages->bytes = pages->gap + bytes;
    pages->from =
        mmap(NULL, pages->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages->from != MAP_FAILED);
    madvise(pages->from, pages->bytes, MADV_NOHUGEPAGE);
    memset(pages->from, 1, pages->gap);
    return pages->from + pages->gap;
}

static void pages_unmap(struct pages *pages)
{
    munmap(pages->from, pages->bytes);
}

/* Makes the state in which a batch begins, without scans: while they went on, other guests of the
 * host would drive what else is cached out.  The scans share the queue of the first policy that
 * begins it as they do. */
void prepare(struct rig *rig, const struct scheduler_module *module)
{
    const struct policy *policy = rig->operation->policy;
    const struct policy *const *first = module->policies;
    while ((*first)->init != policy->init)
        first++;
    rig->torus[rig->own]->policy = rig->torus[rig->other]->policy = *first;
    rig->operation->kind->prepare(rig);
    rig->torus[rig->own]->policy = rig->torus[rig->other]->policy = policy;
}

const struct operation_kind *kind_named(const char *name)
{
    const struct operation_kind *kind = operation_kinds;
    while (strcmp(kind->name, name) != 0)
        kind++;
    return kind;
}

/* ---- Timing ------------------------------------------------------------------------------- */

/* Eight in a row without a branch, whose misprediction would count as the scheduler's. */
void run_batch(struct rig *rig, void (*run)(struct rig *rig, uint32_t turn))
{
    uint32_t turn = 0;
    for (; turn + 8 <= rig->batch; turn += 8) {
        run(rig, turn), run(rig, turn + 1), run(rig, turn + 2), run(rig, turn + 3);
        run(rig, turn + 4), run(rig, turn + 5), run(rig, turn + 6), run(rig, turn + 7);
    }
    for (; turn < rig->batch; turn++)
        run(rig, turn);
}

static double timed_batch_ns(struct rig *rig, void (*run)(struct rig *rig, uint32_t turn))
{
    uint64_t from = ticks_start();
    if (run != NULL)
        run_batch(rig, run);
    return (double)(ticks_now() - from) / ticks_per_ns();
}

/* The mean of the middle half of means of so many in a row: interruptions are at one end, and means
 * are finer than the clock. */
double middle(double *values, size_t count)
{
    size_t in_row = count >= ROW_BATCHES * ROWS_LEAST ? ROW_BATCHES : 1, rows = count / in_row;
    for (size_t i = 0; i < rows; i++)
        values[i] = gsl_stats_mean(values + i * in_row, 1, in_row);
    gsl_sort(values, 1, rows);
    return gsl_stats_mean(values + rows / 4, 1, rows - 2 * (rows / 4));
}

uint32_t batches_within(const struct operation *operation, const struct scheduler *plain,
                        double seconds)
{
    struct rig rig;
    struct pages pages;
    void *memory = pages_map(&pages, rig_bytes(operation, plain->torus), 0);
    rig_init(&rig, memory, operation, plain->torus, rounds_of(operation->queued));
    rig.batch = batch_of(operation);
    uint32_t batches = 0;
    for (double from = now_ns(); now_ns() - from < seconds * 1e9 && batches < BATCHES_MAX;
         batches++) {
        prepare(&rig, plain->modules[0]);
        run_batch(&rig, operation->kind->run);
    }
    pages_unmap(&pages);
    return batches > BATCHES_LEAST ? batches : BATCHES_LEAST;
}

/* The usual time of a batch, in ns, when there are so many of them from the beginning; again and
 * again from the beginning until there has been time for a good mean. */
double timed_ns(const struct operation *operation, const struct scheduler *plain,
                void (*run)(struct rig *rig, uint32_t turn), uint32_t batches, uint32_t pass)
{
    static double batch_ns[SAMPLES_MAX];
    struct rig rig;
    size_t count = 0, bytes = rig_bytes(operation, plain->torus);
    double from = now_ns();
    do {
        struct pages pages;
        void *memory = pages_map(&pages, bytes, pass);
        rig_init(&rig, memory, operation, plain->torus, rounds_of(operation->queued));
        rig.batch = batch_of(operation);
        for (uint32_t i = 0; i < WARM_BATCHES + batches; i++) {
            prepare(&rig, plain->modules[0]);
            double ns = timed_batch_ns(&rig, run);
            if (i >= WARM_BATCHES)
                batch_ns[count++] = ns;
        }
        pages_unmap(&pages);
    } while (count + batches <= SAMPLES_MAX && now_ns() - from < PLAIN_SECONDS * 1e9);
    return middle(batch_ns, count);
}

/* ---- Watching -----------------------------------------------------------------------------*/

/* They are what a rig's memory ends with. */
static struct tracer_processes rig_processes(const struct operation *operation,
                                             const struct torus_operations *ops)
{
    uint32_t count = operation->queued * (operation->kind->tori > 1 ? 2 : 1);
    uint64_t from = rig_bytes(operation, ops) - (uint64_t)count * sizeof(struct process);
    return (struct tracer_processes){ from, sizeof(struct process), count };
}

void watch_begin(struct watched *watched)
{
    tracer_begin(&watched->tracer, 0, TRACER_PACE, watched->now_ps, &watched->escape);
}

/* The price in fs. */
uint64_t watch_end(struct watched *watched)
{
    uint64_t wait_fs, price_fs = tracer_end(&watched->tracer, &wait_fs);
    watched->now_ps += price_fs / 1000;
    watched->counts = watched->tracer.counts;
    return price_fs;
}

void watched_init(struct watched *watched, const struct bench *bench,
                  const struct operation *operation)
{
    const struct scheduler *traced = &bench->traced;
    size_t bytes = rig_bytes(operation, traced->torus);
    watched->arena = ARENA_EMPTY;
    watched->now_ps = 0;
    void *memory = pages_map(&watched->pages, bytes, 0);
    random_seek(bench->rng, 1, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&watched->memory,
                &(struct memory_setup){ .cpu = &bench->cpu,
                                        .core_count = 1,
                                        .page_bytes = PAGE_BYTES,
                                        .bytes = bytes + traced->mapped[0].bytes,
                                        .stride = sizeof(struct process),
                                        .stride_real = sizeof(struct process),
                                        .rng = bench->rng },
                &watched->arena);
    tracer_init(&watched->tracer,
                &(struct tracer_setup){ .cpu = &bench->cpu,
                                        .memory = &watched->memory,
                                        .core_count = 1,
                                        .scheduler_memory = memory,
                                        .scheduler_bytes = bytes,
                                        .processes = rig_processes(operation, traced->torus),
                                        .module = { traced->mapped[0] } },
                &watched->arena);
    watch_begin(watched);
    rig_init(&watched->rig, memory, operation, traced->torus, rounds_of(operation->queued));
    watched->rig.batch = batch_of(operation);
    watch_end(watched);
}

void watched_fini(struct watched *watched)
{
    pages_unmap(&watched->pages);
    arena_free(&watched->arena);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool profile_load(struct bench *bench, const char *profile, struct error *err)
{
    char data[4000];
    return data_directory(data, sizeof data, err) &&
           profile_read(&bench->cpu, profile_path(profile, "", data, &bench->arena), data,
                        &bench->arena, err);
}

void time_the_timer(struct bench *bench)
{
    struct operation tick;
    char name[OPERATION_NAME];
    operation_make(&tick, kind_named("tick"), bench->plain.modules[0],
                   bench->plain.modules[0]->policies[0], 0, 10, name);
    bench->timer_ns =
        fmin(bench->timer_ns, timed_ns(&tick, &bench->plain, NULL, BATCHES_MAX, 0));
}

bool bench_init(struct bench *bench, const char *profile)
{
    struct error err;
    bench->arena = ARENA_EMPTY;
    if ((profile != NULL && !profile_load(bench, profile, &err)) ||
        !scheduler_load(&bench->plain, NULL, false, &err) ||
        !scheduler_load(&bench->traced, NULL, true, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return false;
    }
    bench->rng = gsl_rng_alloc(random_philox);
    bench->timer_ns = INFINITY;
    time_the_timer(bench);
    return true;
}

void bench_fini(struct bench *bench)
{
    gsl_rng_free(bench->rng);
    arena_free(&bench->arena);
}
