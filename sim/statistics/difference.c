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
    struct difference difference = { .mean_a = NAN,
                                     .mean_b = NAN,
                                     .estimate = moments.mean,
                                     .standard_error = NAN,
                                     .degrees = NAN,
                                     .count_a = moments.count,
                                     .count_b = moments.count,
                                     .paired = true };
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
    struct difference difference = { .mean_a = of_a.mean,
                                     .mean_b = of_b.mean,
                                     .estimate = of_b.mean - of_a.mean,
                                     .standard_error = NAN,
                                     .degrees = NAN,
                                     .count_a = of_a.count,
                                     .count_b = of_b.count };
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

/* ---- Intervals and p values --------------------------------------------------------------- */

double difference_half_width(const struct difference *difference, double confidence)
{
    if (isnan(difference->standard_error))
        return NAN;
    return difference->standard_error *
           gsl_cdf_tdist_Pinv((1 + confidence) / 2, difference->degrees);
}

/* The q quantile of t of resamples: the (count + 1) q-th, linearly between two. */
static double studentized_quantile(const struct difference *difference, double q)
{
    const double *t = difference->studentized;
    double at =
        fmax(1, fmin(difference->studentized_count, (difference->studentized_count + 1) * q));
    uint32_t below = (uint32_t)at;
    double rest = at - below;
    return rest > 0 ? t[below - 1] + rest * (t[below] - t[below - 1]) : t[below - 1];
}

void difference_bounds(const struct difference *difference, double confidence, double *low,
                       double *high)
{
    double half = difference_half_width(difference, confidence);
    *low = difference->estimate - half;
    *high = difference->estimate + half;
    if (difference->studentized == NULL)
        return;
    double q = (1 + confidence) / 2, error = difference->standard_error;
    *low = difference->estimate - studentized_quantile(difference, q) * error;
    *high = difference->estimate - studentized_quantile(difference, 1 - q) * error;
}

/* Share of t of resamples that are such or more: the value itself counts as one of them. */
static double studentized_share(const struct difference *difference, double t, bool above)
{
    uint32_t count = 1;
    for (uint32_t i = 0; i < difference->studentized_count; i++)
        count += above ? difference->studentized[i] >= t : difference->studentized[i] <= t;
    return count / (difference->studentized_count + 1.0);
}

/* The probability of a t as that of the estimate over bound, or of one farther up or down. */
static double p_of(const struct difference *difference, double bound, bool above)
{
    double over = difference->estimate - bound, error = difference->standard_error;
    if (isnan(error))
        return NAN;
    if (!(error > 0))
        return (above ? over > 0 : over < 0) ? 0 : 1;
    if (difference->studentized != NULL)
        return studentized_share(difference, over / error, above);
    return above ? gsl_cdf_tdist_Q(over / error, difference->degrees)
                 : gsl_cdf_tdist_P(over / error, difference->degrees);
}

double difference_p_above(const struct difference *difference, double bound)
{
    return p_of(difference, bound, true);
}

double difference_p_below(const struct difference *difference, double bound)
{
    return p_of(difference, bound, false);
}
