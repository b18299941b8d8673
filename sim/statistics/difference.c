/* difference.c -- see difference.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/difference.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stddef.h>

/* Mean and variance of defined values b[i] - a[i], or of b alone where a is NULL; folded in the
 * order given. */
struct moments {
    double mean, variance;
    uint32_t count;
};

static struct moments moments_of(const double *a, const double *b, uint32_t count)
{
    struct moments moments = { NAN, NAN, 0 };
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        double value = a == NULL ? b[i] : b[i] - a[i];
        if (isnan(value))
            continue;
        sum += value;
        moments.count++;
    }
    if (moments.count == 0)
        return moments;
    moments.mean = sum / moments.count;
    for (uint32_t i = 0; i < count; i++) {
        double value = a == NULL ? b[i] : b[i] - a[i];
        if (!isnan(value))
            squares += (value - moments.mean) * (value - moments.mean);
    }
    if (moments.count > 1)
        moments.variance = squares / (moments.count - 1);
    return moments;
}

struct difference difference_paired(const double *a, const double *b, uint32_t count)
{
    struct moments moments = moments_of(a, b, count);
    struct difference difference = { NAN, NAN,           moments.mean,  NAN,
                                     NAN, moments.count, moments.count, true };
    double sum_a = 0, sum_b = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (isnan(b[i] - a[i]))
            continue;
        sum_a += a[i];
        sum_b += b[i];
    }
    if (moments.count > 0) {
        difference.mean_a = sum_a / moments.count;
        difference.mean_b = sum_b / moments.count;
    }
    if (moments.count > 1) {
        difference.standard_error = sqrt(moments.variance / moments.count);
        difference.degrees = moments.count - 1;
    }
    return difference;
}

struct difference difference_independent(const double *a, uint32_t count_a, const double *b,
                                         uint32_t count_b)
{
    struct moments of_a = moments_of(NULL, a, count_a), of_b = moments_of(NULL, b, count_b);
    struct difference difference = { of_a.mean,  of_b.mean, of_b.mean - of_a.mean,
                                     NAN,        NAN,       of_a.count,
                                     of_b.count, false };
    if (of_a.count < 2 || of_b.count < 2)
        return difference;
    double share_a = of_a.variance / of_a.count, share_b = of_b.variance / of_b.count;
    double both = share_a + share_b;
    difference.standard_error = sqrt(both);
    difference.degrees =
        both > 0 ? both * both /
                       (share_a * share_a / (of_a.count - 1) + share_b * share_b / (of_b.count - 1))
                 : of_a.count + of_b.count - 2;
    return difference;
}

double difference_half_width(const struct difference *difference, double confidence)
{
    if (isnan(difference->standard_error))
        return NAN;
    return difference->standard_error *
           gsl_cdf_tdist_Pinv((1 + confidence) / 2, difference->degrees);
}

double difference_p_above(const struct difference *difference, double bound)
{
    double above = difference->estimate - bound;
    if (isnan(difference->standard_error))
        return NAN;
    if (difference->standard_error > 0)
        return gsl_cdf_tdist_Q(above / difference->standard_error, difference->degrees);
    return above > 0 ? 0 : 1;
}

double difference_p_below(const struct difference *difference, double bound)
{
    struct difference mirrored = *difference;
    mirrored.estimate = -difference->estimate;
    return difference_p_above(&mirrored, -bound);
}
