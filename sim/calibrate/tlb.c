/* tlb.c -- translations: how many are kept, and what the others cost.
 *
 * One line of each page is visited, in random order, over more and more pages; the same number of
 * lines close together is what that costs without translation.  The difference, added to the
 * latency of the first level, is a curve with a step at each TLB.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "sim/calibrate/curve.h"
#include "sim/calibrate/parts.h"

enum {
    PAGES_LEAST = 8,
    PAGES_MOST = 16384,
    WAYS_MOST = 24,
    ORDERS = 2,
    FULL_MOST = 256,
    WAYS_ASSUMED = 8
};

/* Processors' statements are right, or of other pages: a step this far off is another thing. */
static const double ENTRIES_FIT = 1.6;

/* Beyond the second TLB walks grow dearer with their number, so half of the climb is far beyond its
 * end: a step is where this share is done. */
static const double STEP_SHARE = 0.2;

/* 0: nothing is stated. */
struct stated_tlb {
    uint32_t entries, ways;
};

/* Of the level's TLB for 4-KB pages of data. */
static struct stated_tlb stated_tlb(uint32_t level)
{
    struct stated_tlb stated = { 0, 0 };
#if defined(__x86_64__) || defined(__i386__)
    /* AMD: L1TlbAndCache and L2TlbAndCache; ways of the second level are a code. */
    static const uint8_t coded[16] = { 0, 1, 2, 3, 4, 6, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0 };
    unsigned a, b = 0, c, d = 0;
    if (__get_cpuid(level == 1 ? 0x80000005 : 0x80000006, &a, &b, &c, &d) && b >> 16 != 0) {
        stated.entries = level == 1 ? b >> 16 & 0xff : b >> 16 & 0xfff;
        stated.ways = level == 1 ? b >> 24 : coded[b >> 28];
        if (level == 1 && stated.ways == 0xff) /* fully associative */
            stated.ways = stated.entries;
    }
    /* Intel: deterministic address translation; types 1 to 4 serve loads. */
    for (unsigned index = 0; stated.entries == 0 && index < 32; index++)
        if (__get_cpuid_count(0x18, index, &a, &b, &c, &d) && (b & 1) != 0 &&
            (d >> 5 & 7) == level && ((d & 31) == 1 || (d & 31) == 3 || (d & 31) == 4))
            stated = (struct stated_tlb){ (b >> 16) * c, b >> 16 };
    if (stated.ways == 0 || stated.entries % stated.ways != 0)
        stated.ways = 0;
#else
    (void)level;
#endif
    return stated;
}

/* Page i of pages, each page step pages on, and never the same line of the page. */
static size_t place_in(uint32_t i, size_t page, size_t line, uint32_t step)
{
    return (size_t)i * step * page + i * line % page;
}

/* ns that translation adds to a load when so many pages, step apart, are visited in turn. */
static double translation_ns(struct calibration *c, struct field *field, struct route *route,
                             uint32_t pages, uint32_t step, double seconds)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    double spread_ns = INFINITY, dense_ns = INFINITY;
    for (int order = 0; order < ORDERS; order++) {
        route_clear(route);
        for (uint32_t i = 0; i < pages; i++)
            route_add(route, place_in(i, page, line, step));
        route_shuffle(route, c->rng);
        spread_ns = fmin(spread_ns, chase_measure(field, route, seconds / (2 * ORDERS)).value);
        route_random(route, pages * line, line, c->rng);
        dense_ns = fmin(dense_ns, chase_measure(field, route, seconds / (2 * ORDERS)).value);
    }
    return spread_ns - dense_ns;
}

static uint32_t walk_curve(struct calibration *c, struct field *field, struct route *route,
                           double base_ns, double seconds, struct curve_point *points)
{
    uint32_t count = 0, most = PAGES_MOST, before = 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    while ((most + 1) * page > field->bytes)
        most /= 2;
    for (double pages = PAGES_LEAST; pages <= most; pages *= exp2(0.25)) {
        uint32_t whole = (uint32_t)pages;
        if (whole == before)
            continue;
        before = whole;
        double added_ns = translation_ns(c, field, route, whole, 1, seconds / 45);
        points[count++] = (struct curve_point){ whole, base_ns + fmax(added_ns, 0) };
    }
    return count;
}

/* Whole and, where a small count of entries is near a usual one, that. */
static double round_entries(double step)
{
    double power = exp2(floor(log2(step)));
    for (int eighth = 8; eighth <= 16; eighth++)
        if (fabs(step / (power * eighth / 8) - 1) <= 0.0625)
            return round(power * eighth / 8);
    return round(step);
}

/* Pages `entries` apart fall into one set of any TLB of no more sets: how many stay? */
static uint32_t find_ways(struct calibration *c, struct field *field, struct route *route,
                          uint32_t entries, double low_ns, double high_ns, double seconds)
{
    struct curve_point points[WAYS_MOST];
    uint32_t count = 0, step = 1;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    while (step < entries)
        step *= 2;
    for (uint32_t pages = 2; pages <= WAYS_MOST && (pages + 1) * step * page < field->bytes;
         pages++)
        points[count++] = (struct curve_point){
            pages,
            low_ns + fmax(0, translation_ns(c, field, route, pages, step, seconds / WAYS_MOST))
        };
    return (uint32_t)curve_last_below(points, count, low_ns, high_ns, 0.25);
}

/* A whole number of sets. */
static double whole_sets(double entries, double ways)
{
    return ways * fmax(1, round(entries / ways));
}

/* What the processor states, borne out by a step not too far off, or what the step says. */
static double put_entries(struct calibration *c, enum profile_figure figure, double step,
                          struct stated_tlb stated, double ways, uint32_t points)
{
    bool borne_out = stated.entries > 0 && fabs(log(step / stated.entries)) < log(ENTRIES_FIT);
    double entries = borne_out ? stated.entries : round_entries(step);
    struct measurement m = { ways > 0 ? whole_sets(entries, ways) : entries, 0, points };
    calibration_measured(c, figure, m,
                         "a chase over one line of each of so many pages climbs its step at %.0f "
                         "pages%s",
                         step, borne_out ? ", as the processor's statement (cpuid) has it" : "");
    if (stated.entries > 0 && !borne_out)
        calibration_note(c, "%s: the processor states %u, a chase finds %.0f",
                         figure_descriptions[figure].name, stated.entries, m.value);
    return m.value;
}

static void put_first(struct calibration *c, struct field *field, struct route *route,
                      const struct curve_level *levels, uint32_t points, double seconds)
{
    struct stated_tlb stated = stated_tlb(1);
    uint32_t ways = find_ways(c, field, route, (uint32_t)round_entries(levels[0].size),
                              levels[0].value, levels[1].value, seconds);
    bool full = ways == 0 && levels[0].size <= FULL_MOST;
    double whole = ways > 0 ? ways : full ? 0 : WAYS_ASSUMED;
    double entries = put_entries(c, FIGURE_tlb_entries, levels[0].size, stated, whole, points);
    if (ways > 0)
        calibration_measured(c, FIGURE_tlb_ways, (struct measurement){ ways, 0, WAYS_MOST },
                             "so many pages of one set stay in it, and no more");
    else if (full)
        calibration_derived(c, FIGURE_tlb_ways, entries,
                            "measured on this host: %d pages that would share a set do not drive "
                            "one another out, so it is taken as fully associative",
                            WAYS_MOST);
    else
        calibration_assumed(c, FIGURE_tlb_ways, WAYS_ASSUMED,
                            "pages that would share a set do not drive one another out, and it is "
                            "too large to be fully associative; 4 to 16 is usual");
}

static void put_second(struct calibration *c, const struct curve_level *levels, uint32_t points)
{
    struct stated_tlb stated = stated_tlb(2);
    struct measurement cost = { levels[1].value - levels[0].value, 0, points };
    if (!calibration_measured(c, FIGURE_tlb2_cycles, calibration_cycles(c, cost),
                              "what a chase over one line of a page takes more when its pages fit "
                              "the second TLB alone"))
        return;
    double ways = stated.ways > 0 ? stated.ways : WAYS_ASSUMED;
    put_entries(c, FIGURE_tlb2_entries, levels[1].size, stated, ways, points);
    if (stated.ways > 0)
        calibration_derived(c, FIGURE_tlb2_ways, ways, "as the processor states (cpuid)");
    else
        calibration_assumed(c, FIGURE_tlb2_ways, WAYS_ASSUMED,
                            "sets of second-level TLBs are hashed, so a chase cannot see them; 4 "
                            "to 16 is usual");
}

/* As the processor states them, if the curve bears that out; else what it says alone. */
static uint32_t read_curve(const struct curve_point *points, uint32_t count,
                           struct curve_level *levels)
{
    double sizes[2] = { stated_tlb(1).entries, stated_tlb(2).entries };
    uint32_t stated = sizes[0] == 0 ? 0 : sizes[1] == 0 ? 1 : 2;
    uint32_t found = curve_levels_stated(points, count, sizes, stated, STEP_SHARE, levels);
    return found > 0 ? found : curve_levels(points, count, 3, STEP_SHARE, levels);
}

static void put_page_figures(struct calibration *c)
{
    calibration_derived(c, FIGURE_page_kb, (double)sysconf(_SC_PAGESIZE) / 1024,
                        "the page size that the kernel states");
    if (c->system.kernel_page_kb > 0)
        calibration_derived(c, FIGURE_kernel_page_kb, c->system.kernel_page_kb,
                            "the page size that maps most of memory for the kernel itself "
                            "(/proc/meminfo, DirectMap)");
    else
        calibration_note(c,
                         "kernel_page_kb: the kernel does not say how it maps its own memory; "
                         "left at %g",
                         figure_descriptions[FIGURE_kernel_page_kb].fallback);
    if (c->system.has_tagged_tlb)
        calibration_derived(c, FIGURE_tlb_tagged, 1,
                            "the processor has process-context identifiers (pcid)");
}

void calibrate_tlb(struct calibration *c, double seconds)
{
    struct curve_point points[CURVE_POINTS_MAX];
    struct curve_level levels[3];
    struct field field;
    struct route route;
    put_page_figures(c);
    if (!field_map(&field, (size_t)(PAGES_MOST + 1) * (size_t)sysconf(_SC_PAGESIZE), false,
                   c->rng)) {
        calibration_note(c, "tlb_entries: there is no memory to look for it; translation is free");
        return;
    }
    route_init(&route, PAGES_MOST);
    double base_ns = calibration_value(c, FIGURE_l1_latency_cycles) / c->cycles_per_ns;
    uint32_t count = walk_curve(c, &field, &route, base_ns, seconds * 0.8, points);
    uint32_t found = read_curve(points, count, levels);
    struct measurement walk = { found > 1 ? levels[found - 1].value - levels[0].value : 0, 0,
                                count };
    if (found > 1 &&
        calibration_measured(c, FIGURE_page_walk_cycles, calibration_cycles(c, walk),
                             "what a chase over one line of a page takes more over %d pages than "
                             "over few%s",
                             (int)points[count - 1].at,
                             c->system.is_virtual ? "; a walk through two sets of page tables, "
                                                    "since a hypervisor is there"
                                                  : "")) {
        put_first(c, &field, &route, levels, count, seconds * 0.2);
        if (found > 2)
            put_second(c, levels, count);
    } else {
        calibration_note(c, "tlb_entries: a chase over pages shows no step; translation is free");
    }
    route_fini(&route);
    field_unmap(&field);
}
