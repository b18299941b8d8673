/* scaling.c -- see scaling.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/scaling.h"

#include <gsl/gsl_multifit.h>
#include <math.h>
#include <string.h>

#include "sim/base/check.h"

enum { PARAMETERS = 3 };

/* To 9 decimals, and never -0. */
static double rounded(double value)
{
    return round(value * 1e9) / 1e9 + 0.0;
}

bool scaling_fit(const double *cores, const double *throughput, size_t count, double *sigma,
                 double *kappa)
{
    double chi_squared;
    if (count < PARAMETERS)
        return false;
    gsl_matrix *x = gsl_matrix_alloc(count, PARAMETERS);
    gsl_matrix *covariance = gsl_matrix_alloc(PARAMETERS, PARAMETERS);
    gsl_vector *y = gsl_vector_alloc(count), *weight = gsl_vector_alloc(count);
    gsl_vector *fitted = gsl_vector_alloc(PARAMETERS);
    gsl_multifit_linear_workspace *workspace = gsl_multifit_linear_alloc(count, PARAMETERS);
    for (size_t i = 0; i < count; i++) {
        double n = cores[i], inverse = n / throughput[i];
        gsl_matrix_set(x, i, 0, 1);
        gsl_matrix_set(x, i, 1, n - 1);
        gsl_matrix_set(x, i, 2, n * (n - 1));
        gsl_vector_set(y, i, inverse);
        gsl_vector_set(weight, i, 1 / (inverse * inverse));
    }
    CHECK(gsl_multifit_wlinear(x, weight, y, fitted, covariance, &chi_squared, workspace) == 0);
    *sigma = rounded(gsl_vector_get(fitted, 1) / gsl_vector_get(fitted, 0));
    *kappa = rounded(gsl_vector_get(fitted, 2) / gsl_vector_get(fitted, 0));
    gsl_multifit_linear_free(workspace);
    gsl_vector_free(fitted);
    gsl_vector_free(weight);
    gsl_vector_free(y);
    gsl_matrix_free(covariance);
    gsl_matrix_free(x);
    return true;
}

/* Do two points differ in nothing but their cores? */
static bool is_series(const struct point *a, const struct point *b)
{
    if ((a->variant != NULL) != (b->variant != NULL) ||
        (a->variant != NULL && strcmp(a->variant, b->variant) != 0))
        return false;
    for (uint32_t i = 0; i < a->sweep_count; i++)
        if (strcmp(a->sweep[i].pointer, SCALING_POINTER) != 0 &&
            strcmp(a->sweep[i].text, b->sweep[i].text) != 0)
            return false;
    return true;
}

/* The points of one series, with one replication of each. */
struct series {
    const struct run_result **runs;
    double *cores,
        *throughput; /* of those that are defined and above 0, each number of cores once */
    size_t run_count, count;
};

static void series_add(struct series *series, double cores, const struct run_result *run)
{
    double throughput = run->metrics[METRIC_throughput_per_s];
    series->runs[series->run_count++] = run;
    for (size_t i = 0; i < series->count; i++)
        if (series->cores[i] == cores)
            return; /* swept twice */
    if (!(throughput > 0))
        return;
    series->cores[series->count] = cores;
    series->throughput[series->count++] = throughput;
}

/* Every run of a scenario that sweeps cores ends with these metrics. */
static void series_fill(const struct series *series, const struct experiment *experiment)
{
    size_t first = 0;
    double sigma = NAN, kappa = NAN;
    for (size_t i = 1; i < series->count; i++)
        if (series->cores[i] < series->cores[first])
            first = i;
    scaling_fit(series->cores, series->throughput, series->count, &sigma, &kappa);
    for (size_t i = 0; i < series->run_count; i++) {
        const struct run_result *run = series->runs[i];
        double *scaling = run->metrics + run->metric_count - SCALING_COUNT;
        double cores = experiment->points[run->point].scenario.cores, speedup = NAN;
        if (series->count > 0)
            speedup = run->metrics[METRIC_throughput_per_s] / series->throughput[first] *
                      series->cores[first];
        scaling[SCALING_speedup] = speedup;
        scaling[SCALING_efficiency] = speedup / cores;
        scaling[SCALING_usl_sigma] = sigma;
        scaling[SCALING_usl_kappa] = kappa;
    }
}

/* How many replications all points have that are of a series with point p. */
static uint32_t series_replications(const struct results *results, uint32_t p)
{
    const struct point *points = results->experiment->points;
    uint32_t least = results->count[p];
    for (uint32_t q = 0; q < results->experiment->point_count; q++)
        if (is_series(&points[p], &points[q]) && results->count[q] < least)
            least = results->count[q];
    return least;
}

static void leave_undefined(const struct run_result *run)
{
    for (uint32_t i = 0; i < SCALING_COUNT; i++)
        run->metrics[run->metric_count - SCALING_COUNT + i] = NAN;
}

static void fill_from(const struct results *results, uint32_t p, struct series *series, bool *done)
{
    const struct experiment *experiment = results->experiment;
    const struct point *point = &experiment->points[p];
    uint32_t replications = series_replications(results, p);
    for (uint32_t q = p; q < experiment->point_count; q++) {
        if (!is_series(point, &experiment->points[q]))
            continue;
        done[q] = true;
        for (uint32_t r = replications; r < results->count[q]; r++)
            leave_undefined(&results->runs[results->first[q] + r]);
    }
    for (uint32_t r = 0; r < replications; r++) {
        series->run_count = series->count = 0;
        for (uint32_t q = p; q < experiment->point_count; q++)
            if (is_series(point, &experiment->points[q]))
                series_add(series, experiment->points[q].scenario.cores,
                           &results->runs[results->first[q] + r]);
        series_fill(series, experiment);
    }
}

void scaling_fill(const struct results *results)
{
    struct arena arena = ARENA_EMPTY;
    uint32_t count = results->experiment->point_count;
    bool *done = arena_alloc(&arena, count, sizeof *done);
    struct series series = { .runs = arena_alloc(&arena, count, sizeof *series.runs),
                             .cores = arena_alloc(&arena, count, sizeof(double)),
                             .throughput = arena_alloc(&arena, count, sizeof(double)) };
    for (uint32_t p = 0; p < count; p++)
        if (!done[p] && results->experiment->points[p].scenario.sweeps_cores)
            fill_from(results, p, &series, done);
    arena_free(&arena);
}
