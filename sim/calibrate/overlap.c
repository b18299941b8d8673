/* overlap.c -- how much a core has under way at once: misses, instructions, stores.
 *
 * Misses: loads of lines at random, in an order known beforehand, take a latency divided by how
 * many are under way.  Instructions and stores: two chases through memory take turns, with so many
 * of these in between; as long as they fit behind a miss, the two misses overlap, and beyond that
 * they follow one another (H. Wong, "Measuring reorder buffer capacity", 2013, on
 * blog.stuffedcow.net).  Compiled with optimisation and without sanitizers in every preset.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "sim/calibrate/parts.h"

enum { TURNS = 256, LOADS = 1024, PAGE = 4096, BLOCK = 32 * PAGE, STEP = 8, FILL_MOST = 1024 };

/* Two chases that take turns, and what is between them. */
struct turns {
    void **a, **b;
    uint64_t fill, store;
};

#define ADD                                                                                        \
    __asm__ volatile("" : "+r"(w), "+r"(x), "+r"(y), "+r"(z));                                     \
    w++, x++, y++, z++;
#define STORES *(volatile uint64_t *)&turns->store = i;

#define EIGHT_ADDS   ADD ADD
#define EIGHT_STORES STORES STORES STORES STORES STORES STORES STORES STORES

static uint64_t turns_with_adds(void *context)
{
    struct turns *turns = context;
    uint64_t w = 0, x = 0, y = 0, z = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        turns->a = *turns->a;
        for (uint64_t i = 0; i < turns->fill; i += STEP) {
            EIGHT_ADDS
        }
        turns->b = *turns->b;
        for (uint64_t i = 0; i < turns->fill; i += STEP) {
            EIGHT_ADDS
        }
    }
    __asm__ volatile("" : : "r"(w), "r"(x), "r"(y), "r"(z));
    return TURNS;
}

static uint64_t turns_with_stores(void *context)
{
    struct turns *turns = context;
    for (int turn = 0; turn < TURNS; turn++) {
        turns->a = *turns->a;
        for (uint64_t i = 0; i < turns->fill; i += STEP) {
            EIGHT_STORES
        }
        turns->b = *turns->b;
        for (uint64_t i = 0; i < turns->fill; i += STEP) {
            EIGHT_STORES
        }
    }
    return TURNS;
}

/* The most of them that leave the two misses overlapped; 0: they never are. */
static uint32_t fill_that_fits(uint64_t (*work)(void *context), struct turns *turns,
                               double latency_ns, double seconds)
{
    uint32_t fits = 0, beyond = FILL_MOST / STEP;
    while (beyond - fits > 1) {
        uint32_t middle = (fits + beyond) / 2;
        turns->fill = middle * STEP;
        double ns = timing_measure(work, turns, seconds / 8).value;
        if (ns < 1.5 * latency_ns)
            fits = middle;
        else
            beyond = middle;
    }
    return fits * STEP;
}

/* Loads of a route's lines, none of which needs another. */
struct loads {
    const char *memory;
    const struct route *route;
    uint32_t at;
};

static uint64_t independent_loads(void *context)
{
    struct loads *loads = context;
    const uint32_t *place = &loads->route->place[loads->at];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < LOADS; i++)
        sum +=
            *(const uint64_t *)(const void *)(loads->memory + (size_t)place[i] * CHASE_UNIT_BYTES);
    __asm__ volatile("" : : "r"(sum));
    loads->at = loads->at + 2 * LOADS <= loads->route->count ? loads->at + LOADS : 0;
    return LOADS;
}

/* Every other line of half the field, as memory_latency_ns is measured. */
static void route_half(struct route *route, const struct field *field, size_t from, size_t line,
                       gsl_rng *rng)
{
    route_blocks(route, field->bytes / 2, BLOCK, 2 * line, rng);
    for (uint32_t i = 0; i < route->count; i++)
        route->place[i] += (uint32_t)(from / CHASE_UNIT_BYTES);
}

static void put_misses(struct calibration *c, struct field *field, struct route *route, size_t line,
                       double seconds)
{
    route_blocks(route, field->bytes, BLOCK, 2 * line, c->rng);
    struct loads loads = { field->memory, route, 0 };
    struct measurement ns = timing_measure(independent_loads, &loads, seconds);
    double latency_ns = calibration_value(c, FIGURE_memory_latency_ns);
    struct measurement misses = { round(latency_ns / ns.value), ns.spread, ns.count };
    calibration_measured(c, FIGURE_outstanding_misses, misses,
                         "loads of lines at random that need not one another take %.1f ns each, "
                         "and one after the other %.1f",
                         ns.value, latency_ns);
}

void calibrate_overlap(struct calibration *c, struct field *field, double seconds)
{
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    struct route first, second;
    struct turns turns = { 0 };
    route_init(&first, (uint32_t)(field->bytes / line));
    route_init(&second, (uint32_t)(field->bytes / line));
    put_misses(c, field, &first, line, seconds * 0.2);
    route_half(&first, field, 0, line, c->rng);
    route_half(&second, field, field->bytes / 2 / BLOCK * BLOCK, line, c->rng);
    turns.a = route_link(&first, field);
    turns.b = route_link(&second, field);
    struct measurement none = timing_measure(turns_with_adds, &turns, seconds * 0.1);
    double alone_ns = calibration_value(c, FIGURE_memory_latency_ns);
    if (none.value > 1.5 * alone_ns) {
        calibration_derived(c, FIGURE_window_instructions, 0,
                            "measured on this host: two misses do not overlap, %.1f ns instead of "
                            "%.1f",
                            none.value, alone_ns);
    } else {
        struct measurement fits = {
            fill_that_fits(turns_with_adds, &turns, none.value, seconds * 0.35), 0, none.count
        };
        calibration_measured(c, FIGURE_window_instructions, fits,
                             "the most additions between two misses that leave them overlapped");
        fits.value = fill_that_fits(turns_with_stores, &turns, none.value, seconds * 0.35);
        calibration_measured(c, FIGURE_store_buffer, fits,
                             "the most stores between two misses that leave them overlapped");
    }
    route_fini(&first);
    route_fini(&second);
}
