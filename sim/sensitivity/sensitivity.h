/* sensitivity.h -- which assumed figure of a CPU matters most to a metric of a scenario.
 *
 * A scenario is run as it is, and with each assumed figure of its profiles changed: halved and
 * doubled, or turned over (figure_change.h).  Replication r has the same random numbers in all of
 * these, so that they are compared run by run: with b[r] and c[r] a metric of a point as it is and
 * changed, the effect is the mean of c[r] - b[r], in percent of |mean b|, with Student's interval
 * of these differences (sim/statistics/difference.h).  b itself is taken for exact in that ratio.
 * A figure ranks by its greatest effect, of either sign, at any point.  Whether an effect can be
 * told from none is judged of all effects on a metric as one family, by Holm's correction.
 *
 * One figure is changed at a time: what two do together is not seen.
 * tests/unit/sensitivity.c, tests/sensitivity
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_SENSITIVITY_SENSITIVITY_H
#define SIM_SENSITIVITY_SENSITIVITY_H

#include "sim/input/figure_change.h"
#include "sim/output/results.h"

#define SENSITIVITY_CONFIDENCE 0.95

/* What the runs of a study have yielded of the metrics that are asked for. */
struct sensitivity_runs {
    uint32_t *count;  /* [point] */
    double ***values; /* [metric][point][replication]; NaN: undefined */
};

struct sensitivity_change {
    struct figure_change change;
    bool clipped;        /* at some point it is not half or twice of what it was */
    bool idle;           /* nowhere it is another value than before: nothing to run */
    const char *refusal; /* why it could not be run; else NULL */
    struct sensitivity_runs runs;
};

struct sensitivity {
    const struct experiment *experiment; /* as it is */
    uint32_t metric_count;
    const char *const *metrics;
    struct sensitivity_runs base;
    uint32_t change_count;
    struct sensitivity_change *changes; /* those of one figure one after the other */
    uint32_t absent_count;
    enum profile_figure *absent; /* assumed to be 0 wherever they are assumed */
    struct arena *arena;
};

/* At one point, in percent of |mean|; NaN: undefined, or the figure is not assumed there. */
struct sensitivity_effect {
    double base, changed; /* means of the metric over the replications that both have */
    double percent, half; /* half: of the 95 % interval; NaN with one replication */
    double p;             /* of no effect, Holm's adjusted; NaN likewise */
};

struct sensitivity_ranked {
    enum profile_figure figure;
    uint32_t first, count; /* its changes */
    uint32_t point;        /* where it matters most, and */
    double percent;        /* by how much, without a sign; 0: nowhere defined */
    bool told;             /* some effect of it can be told from none */
};

struct sensitivity_ranking {
    uint32_t figure_count;
    struct sensitivity_ranked *figures;  /* that were run in some way, the greatest effect first */
    struct sensitivity_effect **effects; /* [change][point] */
};

/* Finds the changes of an experiment: of all assumed figures of any of its points, by name; or of
 * wanted (ending with NULL) alone, unless NULL.  False when there is none. */
bool sensitivity_init(struct sensitivity *sensitivity, const struct experiment *experiment,
                      const char *const *metrics, uint32_t metric_count, const char *const *wanted,
                      struct arena *arena, struct error *err);

/* Keeps what a study of it yielded.  False, with err set, when no point has one of the metrics. */
bool sensitivity_take(const struct sensitivity *sensitivity, struct sensitivity_runs *runs,
                      const struct results *results, struct error *err);

/* The value of the figure at a point, and *given what it becomes; NaN: not assumed there. */
double sensitivity_value(const struct sensitivity *sensitivity, uint32_t change, uint32_t point,
                         double *given);

/* By the metric of that index, when all changes were run or refused. */
void sensitivity_rank(const struct sensitivity *sensitivity, uint32_t metric,
                      struct sensitivity_ranking *ranking);

#endif
