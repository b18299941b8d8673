/* mser5.h -- how much of a series is warm-up: MSER-5.
 *
 * Of a series, means Y(1) to Y(m) of batches of five values are taken; those that are left over at
 * the end are not.  The cut is the d that makes
 *     MSER(d) = sum over i > d of (Y(i) - mean of Y(d + 1) to Y(m))^2 / (m - d)^2
 * least: the squared standard error of the mean of what is left, as if batches were independent.
 * Where the series is still on its way at the end, that is least near the end, and no cut is found:
 * the least must lie in the first half.  The last five batches are no candidates: the variance of
 * so few is small by chance.  (Linear in the length.)
 *
 * A cut made for each replication by itself is drawn to where that replication happens to be calm,
 * which makes intervals too short; so the series is averaged over replications first, and all have
 * one cut.  docs/MODEL.md section 15 has what either covers.
 *
 * Source: K. P. White Jr., "An effective truncation heuristic for bias reduction in simulation
 * output", Simulation 69:6, 1997; K. P. White Jr., M. J. Cobb, S. C. Spratt, "A comparison of five
 * steady-state truncation heuristics for simulation", Winter Simulation Conference 2000.
 * tests/unit/mser5.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_MSER5_H
#define SIM_STATISTICS_MSER5_H

#include <stdbool.h>
#include <stdint.h>

enum { MSER_BATCH = 5 };

/* *cut values are warm-up, a multiple of 5.  False when none is found: the series is too short for
 * its transient, or shorter than 50; then *cut is about its half, count / 10 * 5, the most that is
 * ever cut off. */
bool mser5_cut(const double *series, uint32_t count, uint32_t *cut);

/* The warm-up of runs of duration_ps that start empty, one for all: series_count series (of a run's
 * user time, say, then of its waiting processes), each of length equal slices of the run from time
 * 0, one after the other in each of pilots[pilot_count].  Each series is averaged over the pilots,
 * and the greatest of their cuts is taken.  False when one has no cut: the run is too short. */
bool mser5_warmup(const double *const *pilots, uint32_t pilot_count, uint32_t series_count,
                  uint32_t length, uint64_t duration_ps, uint64_t *warmup_ps);

#endif
