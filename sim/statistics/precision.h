/* precision.h -- how many replications are still missing for intervals as tight as wanted.
 *
 * An interval mean +- h is tight when h <= percent / 100 |mean|.  h falls with the root of the
 * number of replications n, so n (h / (percent / 100 |mean|))^2 of them are wanted; at most n / 2,
 * rounded up, are added at once, since a variance from few replications says little.
 *
 * Stopping when the interval happens to be tight favours samples whose variance is small by chance,
 * so such intervals cover a little less than they claim, the less so the more replications come
 * first; the least number of these is chosen so that 95 % are 94 %: docs/MODEL.md section 15,
 * tests/theory/coverage.c.
 * Source: A. M. Law, "Simulation Modeling and Analysis", 4th ed. 2007, section 9.4.1, sequential
 * procedure for relative error; Y. S. Chow, H. Robbins, Annals of Mathematical Statistics 36, 1965.
 * tests/unit/precision.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_PRECISION_H
#define SIM_STATISTICS_PRECISION_H

#include "sim/statistics/student.h"

enum { PRECISION_REPLICATIONS_MIN = 15, PRECISION_REPLICATIONS_MAX = 1000 };

/* So many more replications for all points of a group, which has had replications of each; 0: all
 * intervals are tight, or there are max_replications.  An interval without a width (fewer than two
 * defined values) asks for nothing: its metric may never be defined.  Where the mean is 0, only a
 * width of 0 is tight. */
uint32_t precision_more(const struct interval *intervals, uint32_t count, double percent,
                        uint32_t replications, uint32_t max_replications);

#endif
