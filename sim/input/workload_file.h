/* workload_file.h -- reads the entries of a scenario's "workload", and distributions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_WORKLOAD_FILE_H
#define SIM_INPUT_WORKLOAD_FILE_H

#include "sim/input/document.h"
#include "sim/input/reference.h"
#include "sim/input/scenario.h"
#include "workloads/workload.h"

enum {
    WORKLOAD_INSTANCES_MAX = 1 << 24,
    MEMRUN_KB = 4096 /* working set of an entry that says none: rt-app's mem_buffer_size */
};

/* Why an endless program of nothing that takes time is refused. */
#define NO_TIME_PASSES                                                                             \
    "no phase takes any time, so the clock would stand still; add a run or a sleep above 0"

/* A number of us, or an object { "dist": ... } as workloads/distribution.h describes. */
bool distribution_read(const struct node *node, struct distribution *distribution,
                       struct error *err);

/* A number of bytes, or such an object with "_bytes" where others have "_us": becomes the time that
 * they take at mb_s, in 10^6 B/s. */
bool distribution_read_bytes(const struct node *node, double mb_s,
                             struct distribution *distribution, struct error *err);

/* "loop" of node: so many turns, or -1: for ever; or an object with "value",
 * "min", "max" and "mean" where others have "_us", of which a us is a turn: *drawn, whose kind is
 * DISTRIBUTION_KINDS else. */
bool loop_read(const struct node *node, double *turns, struct distribution *drawn,
               struct error *err);

/* The array, with all that its references stand for, and before it the "resources" of root.  What
 * else they need of the scenario has been read. */
bool workloads_read(const struct node *node, const struct node *root, struct scenario *scenario,
                    struct reference_cache *cache, struct error *err);

#endif
