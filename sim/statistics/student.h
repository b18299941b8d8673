/* student.h -- what replications say together: mean and 95 % confidence interval.
 *
 * mean +- t(n - 1, 0.975) s / sqrt(n), with s the sample standard deviation.
 * Source: Student (W. Gosset), "The probable error of a mean", Biometrika 6, 1908; GSL's
 * gsl_cdf_tdist_Pinv.  tests/unit/statistics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_STUDENT_H
#define SIM_STATISTICS_STUDENT_H

#include <stdint.h>

struct interval {
    double mean;       /* NaN when n is 0 */
    double half_width; /* NaN when n is below 2 */
    uint32_t n;        /* defined values */
};

/* NaN values are undefined ones, and left out.  Folds in the order given. */
struct interval statistics_interval(const double *values, uint32_t count);

#endif
