/* scaling.h -- how throughput grows with cores, where a scenario sweeps "/machine/cores".
 *
 * Over the points that differ in nothing else, run by run, X(N) being the throughput with N cores
 * and N0 the fewest of them:
 *
 *     speedup     N0 X(N) / X(N0)
 *     efficiency  speedup / N
 *     usl_sigma, usl_kappa  the Universal Scalability Law, fitted to the run's X(N) (usl.h)
 *
 * summary.json has, as "scaling", the law fitted to the means of each series, with intervals, the
 * cores of the greatest throughput and a test of lack of fit.  It needs three numbers of cores.
 * tests/unit/scaling.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_SCALING_H
#define SIM_OUTPUT_SCALING_H

#include <stdio.h>

#include "sim/output/results.h"

/* Fills in what no run knows alone.  A replication that not all points of a series have leaves
 * these metrics undefined.  O(points^2). */
void scaling_fill(const struct results *results);

/* What the law says of each series, as a member of summary.json that a comma follows; nothing where
 * no cores are swept. */
void scaling_put(FILE *to, const struct results *results);

/* The same for people, a line a series. */
void scaling_print(FILE *to, const struct results *results);

#endif
