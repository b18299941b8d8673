/* memory.c -- memory beyond the caches: latency, bandwidth of one core, prefetching.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/parts.h"

enum { STRIDE_MOST = 8192, PAGE = 4096, PAGES_USUAL = 32, STRIDES = 8 };

/* A walk is prefetched if a load takes less than this share of one at random. */
static const double PREFETCHED = 0.5;
/* A neighbour comes with a line if it saves this share of a load. */
static const double ADJACENT = 0.4;

/* Huge pages keep all translations at hand; a hypervisor's pages may be ordinary, whatever ours
 * are.  Then the chase is done with as many pages as the first TLB surely holds before it goes on,
 * and leaves every other line out, lest a neighbour be fetched with it. */
static struct measurement put_latency(struct calibration *c, struct field *field,
                                      struct route *route, size_t line, double seconds)
{
    struct measurement ns;
    if (field->huge && !c->system.is_virtual) {
        route_random(route, field->bytes, line, c->rng);
        ns = chase_measure_far(field, route, seconds);
        calibration_measured(c, FIGURE_memory_latency_ns, ns,
                             "random chase over all lines of %zu MB (huge pages)",
                             field->bytes >> 20);
        return ns;
    }
    size_t entries = (size_t)calibration_value(c, FIGURE_tlb_entries), pages = 1;
    while (2 * pages <= (entries > 0 ? entries / 2 : PAGES_USUAL))
        pages *= 2;
    route_blocks(route, field->bytes, pages * PAGE, 2 * line, c->rng);
    ns = chase_measure_far(field, route, seconds);
    calibration_measured(
        c, FIGURE_memory_latency_ns, ns,
        "chase over every other line of %zu MB, %zu KB after %zu KB at random, and "
        "at random within, so that translations are at hand",
        field->bytes >> 20, pages * PAGE / 1024, pages * PAGE / 1024);
    return ns;
}

static void put_page_latency(struct calibration *c, struct field *field, struct route *route,
                             size_t line, double seconds)
{
    route_blocks(route, field->bytes, PAGE, line, c->rng);
    calibration_measured(c, FIGURE_memory_page_ns, chase_measure_far(field, route, seconds),
                         "chase over all lines of %zu MB, page after page of 4 KB at random, and "
                         "at random within; what the prefetchers make of it is in it",
                         field->bytes >> 20);
}

/* The greatest stride up to which all are prefetched. */
static void put_prefetch(struct calibration *c, struct field *field, struct route *route,
                         size_t line, double random_ns, double seconds)
{
    uint32_t reach = 0, tried = 0;
    struct measurement at = MEASURED_NOT;
    bool all = true;
    for (size_t stride = line; stride <= STRIDE_MOST && all; stride *= 2) {
        route_sweeps(route, field->bytes, stride, line, c->rng);
        struct measurement m = walk_measure_far(field, route, seconds / STRIDES);
        tried += m.count;
        if (stride == 2 * line && m.value < PREFETCHED * random_ns)
            calibration_measured(c, FIGURE_memory_stride_ns, m,
                                 "ascending walk over every other line");
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
                         "walk takes less than half the random latency: %.1f ns a load",
                         STRIDE_MOST, at.value);
}

/* ns for two lines of a page, page after page at random: the second is the first one's neighbour,
 * or else half a page away.  Each lap over the pages takes other lines. */
static double pair_ns(struct calibration *c, struct field *field, struct route *route, size_t line,
                      bool neighbour, double seconds)
{
    struct route pages;
    size_t pairs = PAGE / line / 2;
    route_init(&pages, (uint32_t)(field->bytes / PAGE));
    route_random(&pages, field->bytes, PAGE, c->rng);
    route_clear(route);
    for (size_t lap = 0; lap < pairs / 2; lap++)
        for (uint32_t i = 0; i < pages.count; i++) {
            size_t page = (size_t)pages.place[i] * CHASE_UNIT_BYTES;
            size_t upper = i % 3 % 2; /* sometimes the upper of the pair comes first */
            size_t pair = (i + lap) % pairs, other = neighbour ? pair : (pair + pairs / 2) % pairs;
            route_add(route, page + (2 * pair + upper) * line);
            route_add(route, page + (2 * other + (neighbour ? 1 - upper : upper)) * line);
        }
    route_fini(&pages);
    return 2 * chase_measure_far(field, route, seconds).value;
}

static void put_adjacent(struct calibration *c, struct field *field, struct route *route,
                         size_t line, double latency_ns, double seconds)
{
    double near_ns = pair_ns(c, field, route, line, true, seconds / 2);
    double far_ns = pair_ns(c, field, route, line, false, seconds / 2);
    calibration_derived(c, FIGURE_adjacent_line, far_ns - near_ns > ADJACENT * latency_ns,
                        "measured on this host: two lines of a page take %.1f ns if they are "
                        "neighbours, %.1f if not",
                        near_ns, far_ns);
}

void calibrate_memory(struct calibration *c, struct field *field, double seconds)
{
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    struct route route;
    route_init(&route, (uint32_t)(field->bytes / line));
    double latency_ns = put_latency(c, field, &route, line, seconds * 0.25).value;
    put_page_latency(c, field, &route, line, seconds * 0.25);
    put_prefetch(c, field, &route, line, latency_ns, seconds * 0.2);
    put_adjacent(c, field, &route, line, latency_ns, seconds * 0.1);
    route_fini(&route);
    struct measurement ns = stream_measure(field, field->bytes, line, seconds * 0.2);
    struct measurement mb_s = { (double)line / ns.value * 1000, ns.spread, ns.count };
    calibration_measured(c, FIGURE_memory_read_mb_s, mb_s,
                         "one word of each line of %zu MB in ascending order", field->bytes >> 20);
}
