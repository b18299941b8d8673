/* bootstrap.c -- see bootstrap.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/bootstrap.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/base/random.h"

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    CHECK(memory != NULL);
    return memory;
}

/* Fills values[value][resample].  Each resample has random numbers of its own, so that the first
 * ones are equal whatever their number. */
static void resample(const struct bootstrap *b, uint32_t *rows, double *row, double *values)
{
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    CHECK(rng != NULL);
    for (uint32_t r = 0; r < b->resamples; r++) {
        random_seek(rng, b->seed, 0, RANDOM_BOOTSTRAP, r, 0);
        for (uint32_t i = 0; i < b->row_count; i++)
            rows[i] = (uint32_t)gsl_rng_uniform_int(rng, b->row_count);
        b->statistic(b->context, rows, b->row_count, row);
        for (uint32_t v = 0; v < b->value_count; v++)
            values[(size_t)v * b->resamples + r] = row[v];
    }
    gsl_rng_free(rng);
}

/* Fills left_out[value][row]: the statistic without that row. */
static void jackknife(const struct bootstrap *b, uint32_t *rows, double *row, double *left_out)
{
    for (uint32_t out = 0; out < b->row_count; out++) {
        for (uint32_t i = 0; i + 1 < b->row_count; i++)
            rows[i] = i + (i >= out);
        b->statistic(b->context, rows, b->row_count - 1, row);
        for (uint32_t v = 0; v < b->value_count; v++)
            left_out[(size_t)v * b->row_count + out] = row[v];
    }
}

static double acceleration(const double *left_out, uint32_t count)
{
    double sum = 0, squares = 0, cubes = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += left_out[i];
    for (uint32_t i = 0; i < count; i++) {
        double d = sum / count - left_out[i];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : isnan(squares) ? NAN : 0;
}

/* The quantile q of sorted values. */
static double quantile(const double *sorted, uint32_t count, double q)
{
    double at = fmax(1, fmin(count, (count + 1.0) * q));
    uint32_t below = (uint32_t)at;
    double rest = at - below;
    return rest > 0 ? sorted[below - 1] + rest * (sorted[below] - sorted[below - 1])
                    : sorted[below - 1];
}

/* The share of the resamples below which the bound lies that BCa puts in the place of q. */
static double corrected(double q, double bias, double acceleration)
{
    double z = bias + gsl_cdf_ugaussian_Pinv(q);
    return gsl_cdf_ugaussian_P(bias + z / (1 - acceleration * z));
}

/* values are sorted in place; left_out is NULL for percentiles. */
static struct bounds bounds_of(const struct bootstrap *b, double estimate, double *values,
                               const double *left_out)
{
    struct bounds bounds = { estimate, NAN, NAN };
    double low = (1 - b->confidence) / 2, high = (1 + b->confidence) / 2, below = 0;
    uint32_t count = 0;
    for (uint32_t r = 0; r < b->resamples; r++) {
        if (isnan(values[r]))
            continue;
        below += values[r] < estimate ? 1 : values[r] > estimate ? 0 : 0.5;
        values[count++] = values[r];
    }
    if (isnan(estimate) || b->row_count < 2 || 2 * count <= b->resamples)
        return bounds;
    gsl_sort(values, 1, count);
    if (left_out != NULL) {
        double a = acceleration(left_out, b->row_count);
        double share = fmax(0.5 / count, fmin(1 - 0.5 / count, below / count));
        double bias = gsl_cdf_ugaussian_Pinv(share);
        if (isnan(a))
            return bounds;
        low = corrected(low, bias, a);
        high = corrected(high, bias, a);
    }
    bounds.low = quantile(values, count, low);
    bounds.high = quantile(values, count, high);
    return bounds;
}

void bootstrap_bounds(const struct bootstrap *b, struct bounds *bounds)
{
    CHECK(b->row_count > 0 && b->resamples > 0 && b->confidence > 0 && b->confidence < 1);
    uint32_t *rows = allocate(b->row_count, sizeof *rows);
    double *estimates = allocate(b->value_count, sizeof(double));
    double *row = allocate(b->value_count, sizeof(double));
    double *values = allocate((size_t)b->value_count * b->resamples, sizeof(double));
    double *left_out = NULL;
    for (uint32_t i = 0; i < b->row_count; i++)
        rows[i] = i;
    b->statistic(b->context, rows, b->row_count, estimates);
    resample(b, rows, row, values);
    if (b->kind == BOOTSTRAP_BCA && b->row_count > 1) {
        left_out = allocate((size_t)b->value_count * b->row_count, sizeof(double));
        jackknife(b, rows, row, left_out);
    }
    for (uint32_t v = 0; v < b->value_count; v++)
        bounds[v] = bounds_of(b, estimates[v], values + (size_t)v * b->resamples,
                              left_out != NULL ? left_out + (size_t)v * b->row_count : NULL);
    free(rows);
    free(estimates);
    free(row);
    free(values);
    free(left_out);
}

static void mean_of(void *context, const uint32_t *rows, uint32_t count, double *mean)
{
    const double *values = context;
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += values[rows[i]];
    *mean = sum / count;
}

struct bounds bootstrap_mean(const double *values, uint32_t count, double confidence,
                             enum bootstrap_kind kind, uint64_t seed)
{
    struct bounds bounds = { NAN, NAN, NAN };
    const struct bootstrap bootstrap = {
        .row_count = count,
        .resamples = BOOTSTRAP_RESAMPLES,
        .confidence = confidence,
        .kind = kind,
        .seed = seed,
        .value_count = 1,
        .statistic = mean_of,
        .context = (void *)(uintptr_t)values,
    };
    if (count > 0)
        bootstrap_bounds(&bootstrap, &bounds);
    return bounds;
}
