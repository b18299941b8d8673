/* timed.h -- what the benchmarks of the scheduler's operations share: the same calls on two rigs,
 * one timed and one watched by the tracer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_BENCH_TIMED_H
#define TESTS_BENCH_TIMED_H

#include <setjmp.h>
#include <stddef.h>

#include "models/machine/tracer.h"
#include "sim/host/loader.h"
#include "tests/instructions/operations.h"

enum { BATCHES_LEAST = 9, BATCHES_MAX = 256, WARM_BATCHES = 4 };

struct bench {
    struct scheduler plain, traced;
    struct profile cpu;
    struct arena arena;
    gsl_rng *rng;
    double timer_ns; /* of no batch at all: the clock's own part */
};

/* Zeroed memory in small pages, as the model is told. */
struct pages {
    char *from;
    size_t bytes, gap; /* touched, and left out, so that addresses are others */
};

/* A rig, watched. */
struct watched {
    struct arena arena;
    struct memory memory;
    struct tracer tracer;
    struct rig rig;
    sigjmp_buf escape;
    struct pages pages;
    uint64_t now_ps;
    struct tracer_counts counts; /* of what was watched last */
};

typedef void rig_function(struct rig *rig, uint32_t turn);

/* profile: a name in configs/cpus, or a file; NULL: cpu is the caller's to fill in.  False: it has
 * said why on standard error. */
bool bench_init(struct bench *bench, const char *profile);
void bench_fini(struct bench *bench);

/* Once more: the least counts. */
void time_the_timer(struct bench *bench);

double now_ns(void);

/* How often the operation is done in a batch. */
uint32_t batch_of(const struct operation *operation);

const struct operation_kind *kind_named(const char *name);

/* Makes the state in which a batch begins, without scans. */
void prepare(struct rig *rig, const struct scheduler_module *module);
void run_batch(struct rig *rig, rig_function *run);

/* The mean of the middle half of so many values, which it sorts. */
double middle(double *values, size_t count);

/* How many batches of the plain rig take so long, their starts included; within BATCHES_LEAST and
 * BATCHES_MAX. */
uint32_t batches_within(const struct operation *operation, const struct scheduler *plain,
                        double seconds);

/* The usual time of a batch of the plain rig, in ns, when there are so many of them from the
 * beginning; run NULL: of none.  Each pass lies elsewhere in memory. */
double timed_ns(const struct operation *operation, const struct scheduler *plain, rig_function *run,
                uint32_t batches, uint32_t pass);

void watched_init(struct watched *watched, const struct bench *bench,
                  const struct operation *operation);
void watched_fini(struct watched *watched);
void watch_begin(struct watched *watched);
uint64_t watch_end(struct watched *watched); /* the price in fs */

#endif
