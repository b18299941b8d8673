/* sweep.h -- what "sweep" of a scenario spans: which values each swept parameter takes.
 *
 * Each key of "sweep" is a dimension, and all combinations of their steps are run, the last
 * fastest:
 *
 *     "/machine/cores": [1, 2, 4]                                     a list
 *     "/machine/cores": { "from": 1, "to": 64, "count": 7, "scale": "log", "round": true }
 *     "/workload/0/instances": { "from": 100, "to": 1000, "step": 100 }
 *     "paired": [ { "/a": [1, 2], "/b": [10, 20] }, ... ]             each a dimension: 1 and 10,
 *                                                                     then 2 and 20
 *     "sample": { "points": 50, "seed": 1,
 *                 "latin_hypercube": { "/a": { "from": 0, "to": 1 }, "/b": { ... } } }
 *
 * A range of count values has both ends, evenly apart, or of even ratios ("scale": "log").  One of
 * a step goes up to its end, or as near as steps come.  Rounded values ("round") are whole; equal
 * ones are there once.
 *
 * A Latin hypercube of n points cuts each range into n strata (of equal widths, or ratios); in each
 * of them every parameter has exactly one value, at a random place of the stratum, and the strata
 * are matched at random.  It has a seed of its own, so that an experiment with another seed has the
 * same points.  Source: M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21, 1979.
 *
 * Values that are made are rounded to 12 digits, so that all hosts make the same.
 * tests/unit/sweep.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_SWEEP_H
#define SIM_INPUT_SWEEP_H

#include "sim/input/document.h"

/* Where each is found again by its name or number, in a time that grows as the square. */
enum { POINTS_MAX = 100000, VALUES_MAX = 10000 };

/* One swept parameter. */
struct sweep_axis {
    const char *pointer;
    const cJSON *values; /* an array, one for each step of its dimension */
    const char *place;   /* where they stand in the scenario: "/sweep/~1machine~1cores" */
    bool is_list;        /* each stands there, at place/i */
    uint32_t dimension;
};

struct sweep {
    uint32_t axis_count, dimension_count;
    struct sweep_axis *axes; /* by dimension */
    uint32_t *steps;         /* [dimension_count] */
    uint64_t combinations;   /* 1 without any */
    cJSON *made;             /* owned: what stands nowhere */
};

/* Reads "sweep" of the merged scenario; sweep_free() frees it, whether it was read or not. */
bool sweep_read(struct sweep *sweep, const struct node *root, struct error *err);

void sweep_free(struct sweep *sweep);

/* Which of its values the axis has in that combination. */
int sweep_value_index(const struct sweep *sweep, uint32_t combination, uint32_t axis);

#endif
