/* growth.c -- see growth.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/growth.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <string.h>

#include "sim/input/json.h"
#include "sim/output/line.h"

static size_t count_different(const double *x, size_t count)
{
    size_t different = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && x[j] != x[i];
        different += is_new;
    }
    return different;
}

bool growth_fit(const double *x, const double *y, size_t count, struct interval *slope)
{
    struct arena arena = ARENA_EMPTY;
    double *log_x = arena_alloc(&arena, count, sizeof *log_x);
    double *log_y = arena_alloc(&arena, count, sizeof *log_y);
    double intercept, squares, covariance[3];
    *slope = (struct interval){ NAN, NAN, 0 };
    for (size_t i = 0; i < count; i++) {
        if (!(x[i] > 0 && y[i] > 0))
            continue;
        log_x[slope->n] = log(x[i]);
        log_y[slope->n++] = log(y[i]);
    }
    bool fine = count_different(log_x, slope->n) >= 3;
    if (fine) {
        gsl_fit_linear(log_x, 1, log_y, 1, slope->n, &intercept, &slope->mean, &covariance[0],
                       &covariance[1], &covariance[2], &squares);
        slope->half_width = gsl_cdf_tdist_Pinv(0.975, slope->n - 2) * sqrt(covariance[2]);
    }
    arena_free(&arena);
    return fine;
}

/* What scheduling costs; prices by operation as well. */
static bool is_cost(const char *metric)
{
    static const char *const names[] = { "sched_overhead_percent", "total_overhead_percent",
                                         "context_switch_ns_mean", "sched_call_ns_mean",
                                         "lock_wait_us_mean" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(metric, names[i]) == 0)
            return true;
    return strncmp(metric, "sched_call_ns_mean.", strlen("sched_call_ns_mean.")) == 0;
}

/* A series over one axis. */
struct line {
    uint32_t *points, count;
    double *x, *y;
};

static bool line_find(struct line *line, const struct experiment *experiment, uint32_t p,
                      uint32_t axis)
{
    const struct point *points = experiment->points;
    const char *pointer = points[p].sweep[axis].pointer;
    line->count = 0;
    for (uint32_t q = 0; q < experiment->point_count; q++) {
        if (!line_has_both(&points[p], &points[q], pointer))
            continue;
        if (q < p || isnan(points[q].sweep[axis].number))
            return false;
        line->points[line->count] = q;
        line->x[line->count++] = points[q].sweep[axis].number;
    }
    return count_different(line->x, line->count) >= 3;
}

static void put_slopes(FILE *to, const struct results *results, uint32_t p, const struct line *line)
{
    const struct scenario *scenario = &results->experiment->points[p].scenario;
    const char *before = "";
    char mean[32], half[32];
    for (uint32_t m = 0; m < metric_name_count(scenario); m++) {
        struct arena arena = ARENA_EMPTY;
        struct interval slope;
        const char *name = metric_name(scenario, m, &arena);
        for (uint32_t i = 0; is_cost(name) && i < line->count; i++)
            line->y[i] = results_metric(results, line->points[i], name).mean;
        if (is_cost(name) && growth_fit(line->x, line->y, line->count, &slope)) {
            json_number(slope.mean, mean);
            json_number(slope.half_width, half);
            fprintf(to, "%s\n        \"%s\": { \"slope\": %s, \"ci95\": %s, \"n\": %u }", before,
                    name, mean, half, slope.n);
            before = ",";
        }
        arena_free(&arena);
    }
}

void growth_put(FILE *to, const struct results *results)
{
    const struct experiment *experiment = results->experiment;
    struct arena arena = ARENA_EMPTY;
    uint32_t count = experiment->point_count;
    struct line line = { .points = arena_alloc(&arena, count, sizeof *line.points),
                         .x = arena_alloc(&arena, count, sizeof *line.x),
                         .y = arena_alloc(&arena, count, sizeof *line.y) };
    const char *before = "  \"growth\": [\n";
    for (uint32_t axis = 0; axis < experiment->points[0].sweep_count; axis++)
        for (uint32_t p = 0; p < count; p++) {
            const struct point *point = &experiment->points[p];
            const char *pointer = point->sweep[axis].pointer;
            if (!line_find(&line, experiment, p, axis))
                continue;
            fprintf(to, "%s    {\n      \"over\": \"%s\", ", before, pointer);
            line_put(to, point, pointer);
            fprintf(to, ", \"metrics\": {");
            put_slopes(to, results, p, &line);
            fprintf(to, "\n      }\n    }");
            before = ",\n";
        }
    if (*before == ',')
        fprintf(to, "\n  ],\n");
    arena_free(&arena);
}
