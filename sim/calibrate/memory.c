/* memory.c -- memory beyond the caches: latency, bandwidth of one core, prefetching.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/parts.h"

enum { STRIDE_LEAST = 64, STRIDE_MOST = 8192, PAGE = 4096, STRIDES = 8 };

/* A walk is prefetched if a load takes less than this share of one at random. */
static const double PREFETCHED = 0.5;

static const char *pages_of(const struct field *field)
{
    return field->huge ? "huge pages" : "ordinary pages, so walks of page tables are in it";
}

static struct measurement put_latencies(struct calibration *c, struct field *field,
                                        struct route *route, size_t line, double seconds)
{
    size_t bytes = field->bytes;
    route_random(route, bytes, line, c->rng);
    struct measurement random = chase_measure(field, route, seconds / 2);
    calibration_measured(c, FIGURE_memory_latency_ns, random,
                         "random chase over all lines of %zu MB (%s)", bytes >> 20,
                         pages_of(field));
    route_blocks(route, bytes, PAGE, line, c->rng);
    struct measurement page = chase_measure(field, route, seconds / 2);
    calibration_measured(
        c, FIGURE_memory_page_ns, page,
        "chase over all lines of %zu MB, page after page of 4 KB at random, and at "
        "random within; what the prefetchers make of it is in it",
        bytes >> 20);
    return random;
}

/* The greatest stride up to which all are prefetched. */
static void put_prefetch(struct calibration *c, struct field *field, struct route *route,
                         double random_ns, double seconds)
{
    uint32_t reach = 0, tried = 0;
    struct measurement at = MEASURED_NOT;
    bool all = true;
    for (size_t stride = STRIDE_LEAST; stride <= STRIDE_MOST && all; stride *= 2) {
        route_stride(route, field->bytes, stride);
        struct measurement m = chase_measure(field, route, seconds / STRIDES);
        tried += m.count;
        all = m.value < PREFETCHED * random_ns;
        if (all) {
            reach = (uint32_t)stride;
            at = m;
        }
    }
    if (reach == 0) {
        calibration_derived(c, FIGURE_prefetch_stride_bytes, 0,
                            "measured on this host: no ascending walk is faster than half the "
                            "random latency");
        return;
    }
    struct measurement m = { reach, at.spread, tried };
    calibration_measured(c, FIGURE_prefetch_stride_bytes, m,
                         "the greatest stride (of powers of two up to %d) at which an ascending "
                         "chase takes less than half the random latency: %.1f ns a load",
                         STRIDE_MOST, at.value);
}

/* Pairs of lines at random, sometimes the lower first, sometimes the upper. */
static void put_adjacent(struct calibration *c, struct field *field, struct route *route,
                         size_t line, double random_ns, double seconds)
{
    struct route pairs;
    size_t bytes = field->bytes;
    route_init(&pairs, (uint32_t)(bytes / (2 * line)));
    route_random(&pairs, bytes, 2 * line, c->rng);
    route_clear(route);
    for (uint32_t i = 0; i < pairs.count; i++) {
        size_t upper_first = gsl_rng_uniform_int(c->rng, 2);
        size_t at = (size_t)pairs.place[i] * CHASE_UNIT_BYTES;
        route_add(route, at + upper_first * line);
        route_add(route, at + (1 - upper_first) * line);
    }
    route_fini(&pairs);
    double second_ns = 2 * chase_measure(field, route, seconds).value - random_ns;
    calibration_derived(c, FIGURE_adjacent_line, second_ns < PREFETCHED * random_ns,
                        "measured on this host: of two neighbouring lines visited at random, the "
                        "second takes %.1f ns, one at random %.1f",
                        second_ns, random_ns);
}

void calibrate_memory(struct calibration *c, struct field *field, double seconds)
{
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    struct route route;
    route_init(&route, (uint32_t)(field->bytes / line));
    struct measurement random = put_latencies(c, field, &route, line, seconds * 0.5);
    put_prefetch(c, field, &route, random.value, seconds * 0.2);
    put_adjacent(c, field, &route, line, random.value, seconds * 0.1);
    route_fini(&route);
    struct measurement ns = stream_measure(field, field->bytes, line, seconds * 0.2);
    struct measurement mb_s = { (double)line / ns.value * 1000, ns.spread, ns.count };
    calibration_measured(c, FIGURE_memory_read_mb_s, mb_s,
                         "one word of each line of %zu MB in ascending order", field->bytes >> 20);
}
