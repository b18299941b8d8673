/* replications.c -- what the runs of a point say together of a metric; see results.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "sim/output/results.h"

void results_evenly(struct results *results, struct arena *arena)
{
    const struct experiment *experiment = results->experiment;
    uint32_t *first = arena_alloc(arena, experiment->point_count, sizeof *first);
    uint32_t *count = arena_alloc(arena, experiment->point_count, sizeof *count);
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        first[p] = p * experiment->replications;
        count[p] = experiment->replications;
    }
    results->first = first;
    results->count = count;
    results->run_count = experiment->point_count * experiment->replications;
}

void results_counts(const struct results *results, uint32_t *fewest, uint32_t *most)
{
    *fewest = *most = results->count[0];
    for (uint32_t p = 1; p < results->experiment->point_count; p++) {
        *fewest = results->count[p] < *fewest ? results->count[p] : *fewest;
        *most = results->count[p] > *most ? results->count[p] : *most;
    }
}

/* Values of all runs of the point. */
static double *metric_values(const struct results *results, uint32_t point, uint32_t index,
                             struct arena *arena)
{
    const struct run_result *runs = &results->runs[results->first[point]];
    double *values = arena_alloc(arena, results->count[point], sizeof *values);
    for (uint32_t r = 0; r < results->count[point]; r++)
        values[r] = runs[r].metrics[index];
    return values;
}

struct interval results_metric_at(const struct results *results, uint32_t point, uint32_t index)
{
    struct arena arena = ARENA_EMPTY;
    struct interval interval =
        statistics_interval(metric_values(results, point, index, &arena), results->count[point]);
    arena_free(&arena);
    return interval;
}

struct bounds results_median_at(const struct results *results, uint32_t point, uint32_t index)
{
    struct arena arena = ARENA_EMPTY;
    struct bounds bounds = quantile_bounds(metric_values(results, point, index, &arena),
                                           results->count[point], 0.5, 0.95);
    arena_free(&arena);
    return bounds;
}

struct interval results_metric(const struct results *results, uint32_t point, const char *name)
{
    uint32_t index = metric_index(&results->experiment->points[point].scenario, name);
    return index != UINT32_MAX ? results_metric_at(results, point, index)
                               : (struct interval){ NAN, NAN, 0 };
}

struct bounds results_median(const struct results *results, uint32_t point, const char *name)
{
    uint32_t index = metric_index(&results->experiment->points[point].scenario, name);
    return index != UINT32_MAX ? results_median_at(results, point, index)
                               : (struct bounds){ NAN, NAN, NAN };
}
