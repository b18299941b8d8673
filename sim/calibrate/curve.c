/* curve.c -- see curve.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/curve.h"

#include <math.h>
#include <string.h>

#include "sim/base/check.h"

static const double CURVE_FLAT = 0.18;   /* of the value, per octave, */
static const double CURVE_UNEVEN = 0.10; /* and however narrow the stretch is */
static const double CURVE_WIDTH = 0.75;  /* octaves */
static const double CURVE_PAST = 1.3; /* so many times its size, a cache holds no more of a cycle */
static const double CURVE_FITS = 1.45;  /* a stated size explains a step off by this factor */
static const double CURVE_APART = 1.25; /* levels differ by at least this factor */

/* A flat stretch: points from .. to, both included. */
struct stretch {
    uint32_t from, to;
    double value;
};

/* Lowers every point to the least of those from it on. */
static void lower(const struct curve_point *points, uint32_t count, double *lowered)
{
    double least = INFINITY;
    for (uint32_t i = count; i-- > 0;) {
        least = fmin(least, points[i].value);
        lowered[i] = least;
    }
}

static double octaves(const struct curve_point *points, uint32_t from, uint32_t to)
{
    return log2(points[to].at / points[from].at);
}

/* The points ascend, so the middle one is the median. */
static struct stretch stretch_of(const double *lowered, uint32_t from, uint32_t to)
{
    return (struct stretch){ from, to, lowered[(from + to) / 2] };
}

/* How far from `from` a level may reach: no point of it lies above any earlier one by more than
 * CURVE_UNEVEN and CURVE_FLAT per octave. */
static uint32_t flat_until(const struct curve_point *points, const double *lowered, uint32_t from,
                           uint32_t to)
{
    double least = INFINITY;
    for (uint32_t i = from; i <= to; i++) {
        double above = log(lowered[i]) - CURVE_FLAT * octaves(points, from, i);
        if (above > least + CURVE_UNEVEN)
            return i - 1;
        least = fmin(least, above);
    }
    return to;
}

/* The widest flat stretch within from .. to, if it is wide enough, and those on both sides of it,
 * in order.  O(count^2) for each. */
static uint32_t find_stretches(const struct curve_point *points, const double *lowered,
                               uint32_t from, uint32_t to, struct stretch *found)
{
    uint32_t best_from = from, best_to = from, count = 0;
    for (uint32_t i = from; i <= to; i++) {
        uint32_t until = flat_until(points, lowered, i, to);
        if (octaves(points, i, until) > octaves(points, best_from, best_to)) {
            best_from = i;
            best_to = until;
        }
    }
    if (best_to == best_from || octaves(points, best_from, best_to) < CURVE_WIDTH)
        return 0;
    if (best_from > from)
        count = find_stretches(points, lowered, from, best_from - 1, found);
    found[count++] = stretch_of(lowered, best_from, best_to);
    if (best_to < to)
        count += find_stretches(points, lowered, best_to + 1, to, found + count);
    return count;
}

/* Takes stretch k and the one after it together; the wider one gives the value. */
static void join(const struct curve_point *points, struct stretch *stretch, uint32_t *count,
                 uint32_t k)
{
    struct stretch *a = &stretch[k], *b = &stretch[k + 1];
    if (octaves(points, b->from, b->to) > octaves(points, a->from, a->to))
        a->value = b->value;
    a->to = b->to;
    memmove(b, b + 1, (*count - k - 2) * sizeof *b);
    --*count;
}

/* Joins what differs least until the levels are apart and few enough. */
static uint32_t thin(const struct curve_point *points, struct stretch *stretch, uint32_t count,
                     uint32_t most)
{
    while (count > 1) {
        uint32_t closest = 0;
        for (uint32_t k = 1; k + 1 < count; k++)
            if (stretch[k + 1].value / stretch[k].value <
                stretch[closest + 1].value / stretch[closest].value)
                closest = k;
        if (count <= most && stretch[closest + 1].value / stretch[closest].value >= CURVE_APART)
            break;
        join(points, stretch, &count, closest);
    }
    return count;
}

static double between(double low, double high, double share)
{
    return low + share * (high - low);
}

/* Where lowered crosses value for good, between two points on a logarithmic scale. */
static double crossing(const struct curve_point *points, const double *lowered, uint32_t count,
                       double value)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < count; i++)
        if (lowered[i] <= value)
            last = i;
    if (last + 1 >= count)
        return points[count - 1].at;
    double part = (value - lowered[last]) / (lowered[last + 1] - lowered[last]);
    part = fmin(fmax(part, 0), 1);
    return points[last].at * exp2(part * octaves(points, last, last + 1));
}

uint32_t curve_levels(const struct curve_point *points, uint32_t count, uint32_t most, double share,
                      struct curve_level *levels)
{
    double lowered[CURVE_POINTS_MAX];
    struct stretch stretch[CURVE_POINTS_MAX];
    CHECK(count <= CURVE_POINTS_MAX && most >= 1 && most <= CURVE_LEVELS_MAX);
    if (count < 2)
        return 0;
    lower(points, count, lowered);
    uint32_t stretches = find_stretches(points, lowered, 0, count - 1, stretch);
    uint32_t end = stretches > 0 ? stretch[stretches - 1].to : 0;
    /* The last point alone may be noise, which no later one lowers. */
    if (stretches == 0 || lowered[count - 2] > CURVE_APART * stretch[stretches - 1].value)
        stretch[stretches++] =
            (struct stretch){ end < count - 1 ? end + 1 : end, count - 1, lowered[count - 1] };
    stretches = thin(points, stretch, stretches, most);
    for (uint32_t k = 0; k < stretches; k++) {
        levels[k] = (struct curve_level){ 0, stretch[k].value };
        if (k + 1 < stretches)
            levels[k].size = crossing(points, lowered, count,
                                      between(stretch[k].value, stretch[k + 1].value, share));
    }
    return stretches;
}

bool curve_fits(double step, double size)
{
    return size > 0 && fabs(log(step / size)) < log(CURVE_FITS);
}

/* The first point from `at` on; the last one if there is none. */
static uint32_t first_from(const struct curve_point *points, uint32_t count, double at)
{
    uint32_t i = 0;
    while (i + 1 < count && points[i].at < at)
        i++;
    return i;
}

/* Value and step of each level, the value taken `past` times the nearer cache's size on, or a
 * smaller multiple where the level ends soon after. */
static void read_stated(const struct curve_point *points, const double *lowered, uint32_t count,
                        const double *sizes, uint32_t size_count, double past, double share,
                        struct curve_level *levels)
{
    for (uint32_t k = 0; k < size_count; k++) {
        double from = k == 0 ? sizes[0] / 4 : sizes[k - 1] * past;
        if (k > 0 && levels[k].size > 0 && levels[k].size < 2 * from)
            from = sizes[k - 1] * CURVE_PAST;
        levels[k].value = lowered[first_from(points, count, from)];
    }
    uint32_t beyond = first_from(points, count, CURVE_PAST * sizes[size_count - 1]);
    levels[size_count] = (struct curve_level){ 0, lowered[(beyond + count - 1) / 2] };
    for (uint32_t k = 0; k < size_count; k++)
        levels[k].size =
            crossing(points, lowered, count, between(levels[k].value, levels[k + 1].value, share));
}

uint32_t curve_levels_stated(const struct curve_point *points, uint32_t count, const double *sizes,
                             uint32_t size_count, double share, struct curve_level *levels)
{
    double lowered[CURVE_POINTS_MAX];
    CHECK(count <= CURVE_POINTS_MAX && size_count < CURVE_LEVELS_MAX);
    if (size_count == 0 || count < 2 || points[count - 1].at < CURVE_PAST * sizes[size_count - 1])
        return 0;
    lower(points, count, lowered);
    memset(levels, 0, size_count * sizeof *levels);
    read_stated(points, lowered, count, sizes, size_count, CURVE_PAST, share, levels);
    read_stated(points, lowered, count, sizes, size_count, 2, share, levels);
    for (uint32_t k = 0; k < size_count; k++) {
        bool too_soon = k + 1 == size_count && levels[k].size < sizes[k];
        if (levels[k + 1].value < CURVE_APART * levels[k].value ||
            (!too_soon && !curve_fits(levels[k].size, sizes[k])))
            return 0;
    }
    /* No cache more than stated. */
    double beyond = lowered[first_from(points, count, 2 * sizes[size_count - 1])];
    return lowered[count - 2] > 2 * beyond ? 0 : size_count + 1;
}

double curve_last_below(const struct curve_point *points, uint32_t count, double low, double high,
                        double share)
{
    double lowered[CURVE_POINTS_MAX];
    CHECK(count <= CURVE_POINTS_MAX);
    lower(points, count, lowered);
    double limit = between(low, high, share), last = 0;
    for (uint32_t i = 0; i < count; i++)
        if (lowered[i] <= limit)
            last = points[i].at;
    return count > 0 && last < points[count - 1].at ? last : 0;
}

double curve_round_size(double step, uint32_t ways, bool one_piece)
{
    if (one_piece && ways > 0)
        step /= 1 + 0.5 / ways;
    double power = exp2(floor(log2(step))), nearest = power;
    for (int quarter = 4; quarter <= 8; quarter++) {
        double size = power * quarter / 4;
        if (fabs(log(size / step)) < fabs(log(nearest / step)))
            nearest = size;
    }
    return nearest;
}
