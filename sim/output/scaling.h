/* scaling.h -- how throughput grows with cores, where a scenario sweeps "/machine/cores".
 *
 * Over the points that differ in nothing else, run by run, X(N) being the throughput with N cores
 * and N0 the fewest of them:
 *
 *     speedup     N0 X(N) / X(N0)
 *     efficiency  speedup / N
 *     usl         X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))
 *
 * sigma (contention) and kappa (coherence) are those that fit best: N / X(N) is linear in
 * 1 / lambda, sigma / lambda and kappa / lambda, so it is a linear fit by least squares, of
 * relative errors.  It needs three numbers of cores.  Nothing keeps sigma and kappa above 0: below
 * it, throughput grows faster than cores do.  They are rounded to 9 decimals, so that versions of
 * GSL agree.
 * Source: N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapters 5 and 6; GSL's
 * gsl_multifit_wlinear().  With lambda 100, sigma 0.05, kappa 0.001: X(1) = 100, X(8) = 568.99.
 * tests/unit/scaling.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_SCALING_H
#define SIM_OUTPUT_SCALING_H

#include "sim/output/results.h"

/* Fills in what no run knows alone.  A replication that not all points of a series have leaves
 * these metrics undefined.  O(points^2). */
void scaling_fill(const struct results *results);

/* Of count numbers of cores, all different, and throughputs above 0; false when they are too
 * few. */
bool scaling_fit(const double *cores, const double *throughput, size_t count, double *sigma,
                 double *kappa);

#endif
