/* results.h -- the results directory: what `braidsim run` leaves behind.
 *
 *     scenario.json   the scenario as resolved, which can be run again from anywhere
 *     manifest.json   what made it: version, seed, compilers, schedulers, CPU profiles, libc, CPU
 *                     class, host
 *     summary.json    per point: mean, 95 % interval and n of each metric; what swept pointers are
 *                     in words, and the labels of values that are long; "scaling" (scaling.h) and
 *                     "growth" (growth.h) where cores or numbers are swept
 *     runs.csv        one row per run
 *     processes.csv   totals per closed process and run
 *     cores.csv       accounts per core and run, in ps
 *     latency.csv     how latencies are distributed, per point (latency.h)
 *     engine.csv      what the simulation itself took
 *
 * All but manifest.json and engine.csv are equal to the byte for equal inputs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_RESULTS_H
#define SIM_OUTPUT_RESULTS_H

#include "sim/host/result.h"
#include "sim/statistics/quantile.h"
#include "sim/statistics/student.h"

/* A file of a scheduler that took part: the user's module, or ours beneath it. */
struct results_scheduler {
    const char *cost; /* "traced" or "flat": of which points */
    const char *path, *compiler;
    uint64_t hash;
};

struct results {
    const struct experiment *experiment;
    const struct run_result *runs; /* by point, replications fastest */
    uint32_t run_count;
    const uint32_t *first, *count; /* [point]: which of the runs are its */
    uint32_t scheduler_count;
    const struct results_scheduler *schedulers;
    /* Runs are read again, arrays and all, into arena; NULL: runs have their arrays. */
    void (*load)(const void *context, uint32_t run, struct run_result *result, struct arena *arena);
    const void *load_context;
    uint64_t study;            /* a number that equal studies share; 0: none */
    bool met;                  /* every expectation */
    uint32_t shard, shards;    /* all of them 0: it is whole */
    const uint64_t *warmup_ps; /* [point]: as it was measured; NULL: as the scenario says */
};

/* A run with all that it has yielded; what is not in memory is put into space and arena. */
const struct run_result *results_load(const struct results *results, uint32_t run,
                                      struct run_result *space, struct arena *arena);

/* May they be put there?  To be asked before anything runs. */
bool results_prepare(const char *directory, struct error *err);

bool results_write(const struct results *results, const char *directory, struct error *err);

/* Writes what a shard leaves: scenario.json, manifest.json, and its journal. */
bool results_write_shard(const struct results *results, const char *directory, const char *journal,
                         struct error *err);

/* Sets run_count, and first and count for as many runs of every point as the experiment says. */
void results_evenly(struct results *results, struct arena *arena);

/* The fewest and the most runs that a point has. */
void results_counts(const struct results *results, uint32_t *fewest, uint32_t *most);

/* A metric of one point, over its replications; n is 0 when the point has no such metric. */
struct interval results_metric(const struct results *results, uint32_t point, const char *name);

/* The median of its replications (of an even number the lower one in the middle), between bounds
 * that hold with 95 % whatever the distribution (quantile.h): NaN with fewer than 6.  Quantiles and
 * maxima of runs are skewed, and few of their means are normal. */
struct bounds results_median(const struct results *results, uint32_t point, const char *name);

/* The same of the metric of that index of the point's. */
struct interval results_metric_at(const struct results *results, uint32_t point, uint32_t index);
struct bounds results_median_at(const struct results *results, uint32_t point, uint32_t index);

/* What a swept value is called in a row: the last steps of its pointer that tell it from the others
 * of the point, from a name on: "cores"; of two workloads, "workload/0/instances". */
const char *results_sweep_title(const struct point *point, uint32_t i);

/* "tori, cores = 4", by the labels of the values; "" when there is but one point. */
const char *results_point_title(const struct point *point, struct arena *arena);

#endif
