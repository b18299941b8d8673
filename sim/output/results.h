/* results.h -- the results directory: what `braidsim run` leaves behind.
 *
 *     scenario.json   the scenario as resolved, which can be run again from anywhere
 *     manifest.json   what made it: version, seed, compilers, schedulers, CPU profiles, libc, CPU
 *                     class, host
 *     summary.json    per point: mean, 95 % interval and n of each metric; what swept pointers are
 *                     in words, and the labels of values that are long
 *     runs.csv        one row per run
 *     processes.csv   totals per closed process and run
 *     cores.csv       accounts per core and run, in ps
 *     engine.csv      what the simulation itself took
 *
 * All but manifest.json and engine.csv are equal to the byte for equal inputs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_RESULTS_H
#define SIM_OUTPUT_RESULTS_H

#include "sim/host/result.h"
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
    uint32_t scheduler_count;
    const struct results_scheduler *schedulers;
};

/* May they be put there?  To be asked before anything runs. */
bool results_prepare(const char *directory, struct error *err);

bool results_write(const struct results *results, const char *directory, struct error *err);

/* A metric of one point, over its replications; n is 0 when the point has no such metric. */
struct interval results_metric(const struct results *results, uint32_t point, const char *name,
                               struct arena *arena);

/* What a swept value is called in a row: the last steps of its pointer that tell it from the others
 * of the point, from a name on: "cores"; of two workloads, "workload/0/instances". */
const char *results_sweep_title(const struct point *point, uint32_t i);

/* "tori, cores = 4", by the labels of the values; "" when there is but one point. */
const char *results_point_title(const struct point *point, struct arena *arena);

#endif
