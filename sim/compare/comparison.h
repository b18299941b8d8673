/* comparison.h -- two records against each other: a verdict for each point and metric.
 *
 * Equal seeds: replication r of both had the same random numbers, and differences are taken run by
 * run.  Other seeds: the samples are independent, and Welch's interval is taken.  See
 * sim/statistics/verdict.h for what a verdict is; the margin of a metric is so many percent of its
 * mean in A, or what nobody minds near zero (struct metric_description), whichever is more.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMPARE_COMPARISON_H
#define SIM_COMPARE_COMPARISON_H

#include "sim/compare/comparable.h"
#include "sim/host/result.h"

#define COMPARISON_CONFIDENCE     0.95
#define COMPARISON_MARGIN_PERCENT 2.0

/* What is gated. */
struct gate {
    const char *metric;
    double margin_percent;
};

struct comparison_item {
    struct judgement judgement;
    const char *metric;
    double margin_percent;
    const struct record_point *a, *b;
};

struct comparison {
    const struct record *a, *b;
    const char *variant_a, *variant_b; /* NULL: points are matched by variant too */
    uint32_t gate_count;
    const struct gate *gates;
    bool paired;
    bool bootstrap;       /* intervals of resamples (studentized.h), else Student's */
    uint32_t point_count; /* matched */
    uint32_t missing_a_count, missing_b_count;
    const struct record_point **missing_a, **missing_b; /* only in the other */
    struct comparable_notes notes;
    uint32_t item_count;
    struct comparison_item *items; /* the most severe first */
    uint32_t undefined_count;      /* metrics of points that neither has */
    uint32_t verdict_count[VERDICTS];
    enum verdict verdict; /* the most severe of all */
};

/* The metrics that are gated when nothing else is said: what a user of a machine notices, what the
 * scheduler takes of it, and whether it is just.  Few, as with each that is added all need clearer
 * evidence. */
#define COMPARISON_DEFAULTS(X)                                                                     \
    X(sched_overhead_percent)                                                                      \
    X(total_overhead_percent)                                                                      \
    X(throughput_per_s)                                                                            \
    X(wakeup_latency_us_mean)                                                                      \
    X(wakeup_latency_us_p99)                                                                       \
    X(response_us_mean)                                                                            \
    X(response_us_p99)                                                                             \
    X(slowdown_mean)                                                                               \
    X(sched_call_ns_mean)                                                                          \
    X(jain)                                                                                        \
    X(starved)                                                                                     \
    X(wasted_percent)                                                                              \
    X(migrations_per_s)

/* Reads "NAME,NAME=PERCENT,..."; margin where a metric has none of its own. */
bool comparison_gates(struct comparison *comparison, const char *text, double margin_percent,
                      struct arena *arena, struct error *err);

/* Gates what is usual: the metrics of a baseline, A or else B, with its margins (or the one given,
 * unless NaN), else COMPARISON_DEFAULTS. */
void comparison_usual_gates(struct comparison *comparison, double margin_percent,
                            struct arena *arena);

/* Fills in the rest.  a, b, variants, gates and bootstrap are set before. */
bool comparison_make(struct comparison *comparison, struct arena *arena, struct error *err);

#endif
