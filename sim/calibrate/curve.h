/* curve.h -- reads caches off a curve: latency of a chase against what it grows over.
 *
 * Pure functions of the points.  A curve climbs a step where the footprint outgrows a cache; it is
 * flat between.  Noise only adds, and latency never falls as the footprint grows, so each point is
 * first lowered to the least of those after it.  A level is a stretch of at least CURVE_WIDTH
 * octaves that climbs by less than CURVE_FLAT per octave and CURVE_UNEVEN in all; the widest is
 * taken first.  The size of a cache is where the curve
 * is half-way between its level and the next: with a random cycle under least-recently-used
 * replacement, half the lines then lie in sets that hold too many.  In one piece of physical
 * memory all sets fill at once, and half-way is 1/(2 ways) beyond the size; with pages at random it
 * is at the size, within some per cent.
 *
 * Check: curves computed from known machines (tests/unit/calibrate_curve.c).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_CURVE_H
#define SIM_CALIBRATE_CURVE_H

#include <stdbool.h>
#include <stdint.h>

enum { CURVE_POINTS_MAX = 256, CURVE_LEVELS_MAX = 8 };

struct curve_point {
    double at;    /* footprint, or number of lines; > 0 and ascending */
    double value; /* latency, in any unit; > 0 */
};

struct curve_level {
    double size;  /* where its step is; 0: the last level */
    double value; /* latency: the median over the flat stretch */
};

/* The levels of a curve, nearest first; a step is where share of its climb is done, a half for
 * caches; at most `most` of them: those that differ least are taken
 * together.  A curve still climbing at its end gives a last level of what it reached.  Returns how
 * many there are. */
uint32_t curve_levels(const struct curve_point *points, uint32_t count, uint32_t most, double share,
                      struct curve_level *levels);

/* The same for a machine that is said to have caches of these sizes, ascending: the level of each
 * is where the curve is past the nearer cache, however narrow that is, as when others use most of
 * the last cache.  0: the curve does not bear that out: two levels are alike, there is one more, a
 * step is not where it should be, or the last one, which may come too soon, comes too late. */
uint32_t curve_levels_stated(const struct curve_point *points, uint32_t count, const double *sizes,
                             uint32_t size_count, double share, struct curve_level *levels);

/* Does a step explain a stated size? */
bool curve_fits(double step, double size);

/* The greatest `at` before the curve climbs for good above low + share * (high - low); 0: it never
 * does, or begins above. */
double curve_last_below(const struct curve_point *points, uint32_t count, double low, double high,
                        double share);

/* The size of a cache whose step is at `step`: the nearest of 1, 1 1/4, 1 1/2, 1 3/4 times a power
 * of two.  one_piece: its lines lay in one piece of physical memory.  ways 0: not known. */
double curve_round_size(double step, uint32_t ways, bool one_piece);

#endif
