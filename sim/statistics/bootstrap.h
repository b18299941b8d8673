/* bootstrap.h -- intervals of anything that is worked out from replications, by resampling them.
 *
 * Of n rows (replications), n are drawn with replacement, and the statistic worked out from these;
 * that many times over, B.  With theta the statistic of all rows as they are, theta* those of the
 * resamples, Phi the normal distribution and q = (1 -+ confidence) / 2:
 *   percentile: the q quantiles of theta*;
 *   BCa (bias-corrected, accelerated): the quantiles Phi(z0 + (z0 + z_q) / (1 - a (z0 + z_q))) of
 *     theta*, with z_q = Phi^-1(q), z0 = Phi^-1(share of theta* below theta, ties count half),
 *     a = sum d_i^3 / (6 (sum d_i^2)^1.5), d_i = mean of theta_(j) over j - theta_(i), and
 *     theta_(i) the statistic of all rows but the i-th.
 * The quantile q of B sorted values is the (B + 1) q-th, linearly between two.
 *
 * With few rows all such intervals are too short: of 10, nominal 95 % cover about 90 %.
 * Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 14.
 * tests/unit/bootstrap.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_BOOTSTRAP_H
#define SIM_STATISTICS_BOOTSTRAP_H

#include <stdint.h>

enum bootstrap_kind { BOOTSTRAP_PERCENTILE, BOOTSTRAP_BCA };

enum { BOOTSTRAP_RESAMPLES = 2000 }; /* a usual choice */

/* Low and high are NaN when unknown. */
struct bounds {
    double estimate, low, high;
};

struct bootstrap {
    uint32_t row_count, resamples;
    double confidence; /* as 0.95 */
    enum bootstrap_kind kind;
    uint64_t seed; /* equal seeds, equal intervals */
    /* Works value_count values out from rows, which are numbers below row_count in no order, count
     * of them: row_count, or one less.  A value that is undefined for them is NaN. */
    uint32_t value_count;
    void (*statistic)(void *context, const uint32_t *rows, uint32_t count, double *values);
    void *context;
};

/* bounds[value_count].  Resamples without a value are left out; unknown when half of them are,
 * when the estimate is NaN, or when rows are fewer than 2. */
void bootstrap_bounds(const struct bootstrap *bootstrap, struct bounds *bounds);

/* Of the mean of values, which are defined. */
struct bounds bootstrap_mean(const double *values, uint32_t count, double confidence,
                             enum bootstrap_kind kind, uint64_t seed);

#endif
