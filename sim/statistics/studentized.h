/* studentized.h -- the interval of a difference without a normal distribution: bootstrap-t.
 *
 * Student's t is right where means of replications are nearly normal.  Those of few skewed values
 * (a p99, a time in overload) are not, and its intervals then cover too little.  Here the
 * distribution of t is taken from the values themselves: replications are drawn with replacement,
 * of pairs their differences, of independent samples each by itself, and
 *     t* = (estimate* - estimate) / standard error*
 * is worked out of each resample.  The interval of a confidence is
 *     estimate - t*((1 + confidence) / 2) se  to  estimate - t*((1 - confidence) / 2) se,
 * t*(q) the q quantile of all t*, and p values are shares of them; so both are asymmetric as the
 * values are.  A resample of one value over and over has no t* and is left out.
 * Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, section 12.5;
 * P. Hall, "Theoretical comparison of bootstrap confidence intervals", Annals of Statistics 16,
 * 1988.  tests/unit/studentized.c has what it covers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_STUDENTIZED_H
#define SIM_STATISTICS_STUDENTIZED_H

#include "sim/statistics/difference.h"

/* The first: p is at least 2 / (resamples + 1), which Holm's correction must have room for.  The
 * second: of fewer values of A or B there are too few resamples that differ. */
enum { STUDENTIZED_RESAMPLES = 9999, STUDENTIZED_VALUES_MIN = 8 };

/* The differences of difference.h, whose interval and p values are of resamples: of these t* are
 * put into space[resamples], which must live as long as the difference does.  With fewer values
 * than STUDENTIZED_VALUES_MIN they are unknown.  Where no values differ it is as without resamples.
 * Equal seeds, equal results.  O(resamples (count + log resamples)). */
struct difference studentized_paired(const double *a, const double *b, uint32_t count,
                                     uint64_t seed, double *space, uint32_t resamples);
struct difference studentized_independent(const double *a, uint32_t count_a, const double *b,
                                          uint32_t count_b, uint64_t seed, double *space,
                                          uint32_t resamples);

#endif
