/* studentized.c -- see studentized.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/studentized.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/base/random.h"

struct sample {
    double *values; /* that are defined */
    uint32_t count;
};

static struct sample sample_of(const double *a, const double *b, uint32_t count)
{
    struct sample sample = { calloc((size_t)count + 1, sizeof(double)), 0 };
    CHECK(sample.values != NULL);
    for (uint32_t i = 0; i < count; i++) {
        double value = a == NULL ? b[i] : b[i] - a[i];
        if (!isnan(value))
            sample.values[sample.count++] = value;
    }
    return sample;
}

/* Mean and squared standard error of a resample. */
static void draw(gsl_rng *rng, const struct sample *sample, double *mean, double *error)
{
    double sum = 0, squares = 0, n = sample->count;
    double origin = sample->values[0]; /* which large values are taken off, that squares be exact */
    for (uint32_t i = 0; i < sample->count; i++) {
        double value = sample->values[gsl_rng_uniform_int(rng, sample->count)] - origin;
        sum += value;
        squares += value * value;
    }
    *mean = sum / n + origin;
    *error = fmax(0, squares - sum * sum / n) / (n - 1) / n;
}

/* Of one sample (paired), or of two, b over a. */
static void resample(struct difference *difference, const struct sample *a, const struct sample *b,
                     uint64_t seed, double *space, uint32_t resamples)
{
    uint32_t count = 0;
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    CHECK(rng != NULL);
    double least = difference->standard_error * 1e-6; /* less is none, but for rounding */
    for (uint32_t r = 0; r < resamples; r++) {
        double mean_a = 0, mean_b, error_a = 0, error_b;
        random_seek(rng, seed, 0, RANDOM_BOOTSTRAP, r, 0);
        if (a != NULL)
            draw(rng, a, &mean_a, &error_a);
        draw(rng, b, &mean_b, &error_b);
        double error = sqrt(error_a + error_b);
        if (error > least)
            space[count++] = (mean_b - mean_a - difference->estimate) / error;
    }
    gsl_rng_free(rng);
    gsl_sort(space, 1, count);
    difference->studentized = space;
    difference->studentized_count = count;
}

/* Are there resamples to be made? */
static bool prepare(struct difference *difference)
{
    uint32_t least =
        difference->count_a < difference->count_b ? difference->count_a : difference->count_b;
    if (least < STUDENTIZED_VALUES_MIN && difference->standard_error > 0)
        difference->standard_error = difference->degrees = NAN;
    return difference->standard_error > 0;
}

struct difference studentized_paired(const double *a, const double *b, uint32_t count,
                                     uint64_t seed, double *space, uint32_t resamples)
{
    struct difference difference = difference_paired(a, b, count);
    struct sample sample = sample_of(a, b, count);
    if (prepare(&difference))
        resample(&difference, NULL, &sample, seed, space, resamples);
    free(sample.values);
    return difference;
}

struct difference studentized_independent(const double *a, uint32_t count_a, const double *b,
                                          uint32_t count_b, uint64_t seed, double *space,
                                          uint32_t resamples)
{
    struct difference difference = difference_independent(a, count_a, b, count_b);
    struct sample of_a = sample_of(NULL, a, count_a), of_b = sample_of(NULL, b, count_b);
    if (prepare(&difference))
        resample(&difference, &of_a, &of_b, seed, space, resamples);
    free(of_a.values);
    free(of_b.values);
    return difference;
}
