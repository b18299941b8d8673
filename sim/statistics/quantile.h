/* quantile.h -- intervals of a quantile from ranks alone, whatever the distribution.
 *
 * Of n independent values, sorted, x(1) to x(n), as many lie below the p quantile of what they were
 * drawn from as Binomial(n, p) says; so it lies from x(l) to x(u) with probability at least
 * B(u - 1; n, p) - B(l - 1; n, p), B the binomial distribution function.  l is the greatest with
 * B(l - 1) <= (1 - confidence) / 2, u the least with 1 - B(u - 1) <= (1 - confidence) / 2: equal
 * tails.
 *
 * The values must be independent, as those of replications are; those of one run, one after the
 * other, are not.
 * Source: W. J. Conover, "Practical Nonparametric Statistics", 3rd ed. 1999, section 3.2;
 * gsl_cdf_binomial_P.  tests/unit/quantile.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_QUANTILE_H
#define SIM_STATISTICS_QUANTILE_H

#include <stdbool.h>

#include "sim/statistics/bootstrap.h"

/* 1-based ranks of both ends; false, and both 0, when so few values (below 6 for a median at 0.95)
 * bound no such interval on both sides.  share is p: above 0, below 1.  O(count). */
bool quantile_ranks(uint32_t count, double share, double confidence, uint32_t *low, uint32_t *high);

/* estimate is x(ceil(p n)); values that are NaN are left out, and there is no need to sort them. */
struct bounds quantile_bounds(const double *values, uint32_t count, double share,
                              double confidence);

#endif
