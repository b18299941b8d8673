/* growth.h -- how a metric grows with a swept number: the slope of its logarithm over the number's.
 *
 *     y = a x^b,   log y = log a + b log x
 *
 * b is 1 for what is linear, 0 for what does not depend on x.  By least squares over the means of
 * points, unweighted, with the 95 % interval b +- t(m - 2, 0.975) s_b: what deviates from a power
 * law widens it just as noise does.  It needs three different x; x and y above 0.
 * Source: GSL's gsl_fit_linear(); N. R. Draper and H. Smith, "Applied Regression Analysis", Wiley
 * 1998, section 1.4.  tests/unit/growth.c
 *
 * summary.json has, as "growth", the slopes of what scheduling costs over each swept number.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_GROWTH_H
#define SIM_OUTPUT_GROWTH_H

#include <stdio.h>

#include "sim/output/results.h"

/* slope->mean +- slope->half_width, of slope->n points, those with x and y above 0; false when they
 * have fewer than three different x. */
bool growth_fit(const double *x, const double *y, size_t count, struct interval *slope);

/* As a member of summary.json that a comma follows; nothing where no numbers are swept. */
void growth_put(FILE *to, const struct results *results);

#endif
