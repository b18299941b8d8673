/* caches.c -- caches of this host, from what chases and streams through them take.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "sim/calibrate/curve.h"
#include "sim/calibrate/parts.h"

enum {
    LEVELS = 3,
    LEAST_BYTES = 4096,
    DENSE_BYTES = 4 << 20, /* up to here the curve is dense: few lines, quickly walked */
    COARSE_S = 1,          /* less time than this for a pass makes a coarse curve */
    HELD_BYTES = 1 << 20,  /* the least that is tried as held */
    HELD_PER_OCTAVE = 4,
    WAYS_MOST = 40,
    ORDERS = 3, /* in which the lines of a set are visited; the best counts */
    ASSUMED_LINE_BYTES = 64
};

static const enum profile_figure size_figures[LEVELS] = { FIGURE_l1_kb, FIGURE_l2_kb,
                                                          FIGURE_l3_kb };
static const enum profile_figure way_figures[LEVELS] = { FIGURE_l1_ways, FIGURE_l2_ways,
                                                         FIGURE_l3_ways };
static const enum profile_figure latency_figures[LEVELS] = { FIGURE_l1_latency_cycles,
                                                             FIGURE_l2_latency_cycles,
                                                             FIGURE_l3_latency_cycles };

/* So much of what was read just before is still there, in a cache that it fits: lines at random
 * leave some sets too small. */
static const double HELD = 0.85;

/* What the chase found of one cache. */
struct found {
    double step_kb; /* where its step is */
    double ns, beyond_ns;
    uint32_t points; /* of the curve */
    bool held;       /* step_kb is what is still there of what was read just before */
};

/* ---- The line ----------------------------------------------------------------------------- */

/* Blocks of a footprint that only the second level holds, at random; in each, the word at `apart`,
 * then the one at 0.  ns for both. */
static double pair_ns(struct calibration *c, struct field *field, size_t apart, double seconds)
{
    enum { BLOCK = 512, BYTES = 128 << 10 };
    struct route blocks, route;
    route_init(&blocks, BYTES / BLOCK);
    route_init(&route, 2 * BYTES / BLOCK);
    route_random(&blocks, BYTES, BLOCK, c->rng);
    for (uint32_t i = 0; i < blocks.count; i++) {
        route_add(&route, (size_t)blocks.place[i] * CHASE_UNIT_BYTES + apart);
        route_add(&route, (size_t)blocks.place[i] * CHASE_UNIT_BYTES);
    }
    double ns = 2 * chase_measure(field, &route, seconds).value;
    route_fini(&blocks);
    route_fini(&route);
    return ns;
}

/* The least distance at which the second word is no longer in the first one's line. */
static void find_line(struct calibration *c, struct field *field, double seconds)
{
    const struct system_cache *said = system_cache(&c->system, 1);
    double together = pair_ns(c, field, 16, seconds / 5),
           apart = pair_ns(c, field, 256, seconds / 5);
    uint32_t found = 0;
    for (uint32_t bytes = 32; bytes <= 128 && found == 0; bytes *= 2)
        if (pair_ns(c, field, bytes, seconds / 5) > (together + apart) / 2)
            found = bytes;
    bool clear = apart > 1.3 * together && found != 0;
    if (said != NULL && said->line_bytes >= 16 && (!clear || found != said->line_bytes)) {
        calibration_derived(c, FIGURE_line_bytes, said->line_bytes,
                            "as the kernel says; pairs of words seemed to share lines of %u bytes",
                            found);
    } else if (clear) {
        calibration_measured(c, FIGURE_line_bytes, (struct measurement){ found, 0, 5 },
                             "the least distance at which two words are not fetched together: "
                             "%.2f ns for a pair within a line, %.2f beyond",
                             together, apart);
    } else {
        calibration_assumed(c, FIGURE_line_bytes, ASSUMED_LINE_BYTES,
                            "pairs of words show no lines, and the kernel says nothing");
    }
}

/* ---- The curve ---------------------------------------------------------------------------- */

static void begin_curves(struct calibration *c, struct field *field, bool coarse,
                         struct cache_curves *curves)
{
    double line = calibration_value(c, FIGURE_line_bytes);
    curves->chase_count = curves->held_count = 0;
    for (double bytes = LEAST_BYTES;
         bytes <= (double)field->bytes && curves->chase_count < CURVE_POINTS_MAX;) {
        curves->chase[curves->chase_count++] =
            (struct curve_point){ floor(bytes / line) * line, INFINITY };
        double per_octave = bytes < DENSE_BYTES ? (coarse ? 4 : 6) : (coarse ? 2 : 4);
        bytes *= exp2(1 / per_octave);
    }
    for (double bytes = HELD_BYTES;
         bytes <= (double)field->bytes / 2 && curves->held_count < CURVE_POINTS_MAX;
         bytes *= exp2(1.0 / HELD_PER_OCTAVE))
        curves->held[curves->held_count++] =
            (struct curve_point){ floor(bytes / line) * line, INFINITY };
}

/* Another pass over the curves, of which the less of each counts: others are not always in the
 * way.  Long chases, where nothing is held, are made once only. */
static void walk_curves(struct calibration *c, struct field *field, double seconds,
                        struct cache_curves *curves)
{
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    struct route route;
    route_init(&route, (uint32_t)(field->bytes / line));
    for (uint32_t i = 0; i < curves->chase_count; i++) {
        struct curve_point *point = &curves->chase[i];
        if (curves->passes > 0 && point->at > DENSE_BYTES)
            break;
        route_random(&route, (size_t)point->at, line, c->rng);
        double ns = chase_measure(field, &route, seconds / 4 / curves->chase_count).value;
        point->value = fmin(point->value, ns);
    }
    for (uint32_t i = 0; i < curves->held_count; i++) {
        struct curve_point *point = &curves->held[i];
        size_t bytes = (size_t)point->at;
        route_random(&route, bytes, line, c->rng);
        double ns =
            chase_measure_held(field, &route, bytes, line, seconds / 4 / curves->held_count).value;
        point->value = fmin(point->value, ns);
    }
    route_fini(&route);
}

/* Lines a cache's size apart lie in one set: how many of them stay near?  0: it does not show. */
static uint32_t find_ways(struct calibration *c, struct field *field, const struct found *found,
                          double size_kb, double seconds)
{
    struct curve_point points[WAYS_MOST];
    struct route route;
    size_t stride = 4096;
    uint32_t count = 0;
    while ((double)stride < size_kb * 1024)
        stride *= 2;
    if (size_kb * 1024 == floor(size_kb) * 1024 && (size_t)size_kb * 1024 % 4096 == 0)
        stride = (size_t)size_kb * 1024;
    route_init(&route, WAYS_MOST);
    for (uint32_t lines = 2; lines < WAYS_MOST && lines * stride <= field->bytes; lines++) {
        double best_ns = INFINITY;
        for (int order = 0; order < ORDERS; order++) {
            route_random(&route, lines * stride, stride, c->rng);
            best_ns =
                fmin(best_ns, chase_measure(field, &route, seconds / (WAYS_MOST * ORDERS)).value);
        }
        points[count++] = (struct curve_point){ lines, best_ns };
    }
    route_fini(&route);
    return (uint32_t)curve_last_below(points, count, found->ns, found->beyond_ns, 0.12);
}

/* ---- Figures ------------------------------------------------------------------------------ */

/* A chase alone finds less of the last cache than there is to be had, where it is shared. */
static void find_held(const struct calibration *c, const struct cache_curves *curves,
                      const struct system_cache *said, struct found *found)
{
    double held_kb =
        curve_last_below(curves->held, curves->held_count, found->ns, found->beyond_ns, 1 - HELD) /
        1024;
    bool shared = c->system.is_virtual || said == NULL || said->cpus > 1;
    if (!shared || held_kb <= found->step_kb)
        return;
    found->step_kb = held_kb;
    found->held = true;
}

/* Is what the kernel states of a cache borne out by the step?  Where others share it, all of it but
 * the distance of two points must be to be had. */
static bool is_borne_out(const struct system_cache *said, const struct found *found)
{
    if (said == NULL || !curve_fits(found->step_kb, said->kb))
        return false;
    return !found->held || found->step_kb * exp2(1.0 / HELD_PER_OCTAVE) >= said->kb;
}

static double put_ways(struct calibration *c, uint32_t level, uint32_t measured,
                       const struct system_cache *said, bool borne_out)
{
    enum profile_figure figure = way_figures[level];
    uint32_t stated = said != NULL ? said->ways : 0;
    if (measured > 0 && (level == 0 || stated == 0 || !borne_out || stated == measured))
        calibration_measured(c, figure, (struct measurement){ measured, 0, WAYS_MOST },
                             "so many lines a cache's size apart stay in it, and no more");
    else if (stated > 0)
        calibration_derived(c, figure, stated,
                            measured > 0 ? "as the kernel says; lines a cache's size apart seemed "
                                           "to fit %u times, by a hashed index or more levels"
                                         : "as the kernel says; %u lines a cache's size apart "
                                           "showed no step",
                            measured > 0 ? measured : WAYS_MOST);
    else
        calibration_assumed(c, figure, 8,
                            "lines a cache's size apart show no step, and the kernel says nothing");
    return calibration_value(c, figure);
}

static void put_size(struct calibration *c, uint32_t level, bool last, const struct found *found,
                     const struct system_cache *said, const struct field *field, double ways)
{
    struct measurement m = { 0, 0, found->points };
    enum profile_figure figure = size_figures[level];
    bool one_piece = field->huge && !c->system.is_virtual;
    /* The first level is indexed by virtual addresses, which are in one piece. */
    double rounded = curve_round_size(found->step_kb, (uint32_t)ways, one_piece || level == 0);
    const char *pages = one_piece     ? "huge pages"
                        : field->huge ? "huge pages of a virtual machine"
                                      : "ordinary pages";
    const char *step = found->held ? "of lines read in order just before, a random chase finds the "
                                     "most up to"
                                   : "latency of a random chase is half-way up its step at";
    if (is_borne_out(said, found)) {
        bool whole = fmod(said->kb, ways) == 0; /* sets must be, even if ways are mistaken */
        m.value = whole ? said->kb : ways * fmax(1, round(said->kb / ways));
        calibration_measured(c, figure, m,
                             "%s %.0f KB (%s), as the %u KB that the kernel states have it", step,
                             found->step_kb, pages, said->kb);
    } else if (last && said != NULL && found->step_kb < said->kb) {
        m.value = ways * fmax(1, round(found->step_kb / ways));
        calibration_measured(c, figure, m,
                             "%s %.0f KB (%s); the kernel states %u KB, of which others use the "
                             "rest",
                             step, found->step_kb, pages, said->kb);
        calibration_note(c,
                         "l%u_kb: only %.0f KB of the %u KB that the kernel states are to be "
                         "had; others use the rest, or it is not so",
                         level + 1, found->step_kb, said->kb);
    } else {
        m.value = ways * fmax(1, round(rounded / ways));
        calibration_measured(c, figure, m, "%s %.0f KB (%s)", step, found->step_kb, pages);
        if (said != NULL && said->kb > 0)
            calibration_note(c, "l%u_kb: the kernel states %u KB, a chase finds %.0f", level + 1,
                             said->kb, m.value);
    }
}

static void put_sharing(struct calibration *c, enum profile_figure figure, double otherwise,
                        const struct system_cache *said)
{
    uint32_t threads = c->system.threads > 0 ? c->system.threads : 1;
    if (said != NULL && said->cpus > 0)
        calibration_derived(c, figure, fmax(1, said->cpus / threads),
                            "as the kernel says: %u CPUs share it, %u a core%s", said->cpus,
                            threads,
                            c->system.is_virtual ? "; the hypervisor may make that up" : "");
    else
        calibration_assumed(c, figure, fmax(1, otherwise),
                            "the kernel does not say who shares this cache");
}

/* Does the processor say that what this cache evicts leaves the nearer ones too? */
static bool is_inclusive(uint32_t level)
{
#if defined(__x86_64__) || defined(__i386__)
    static const unsigned leaves[] = { 4, 0x8000001d }; /* Intel's and AMD's, alike */
    for (int i = 0; i < 2; i++)
        for (unsigned index = 0; index < 8; index++) {
            unsigned a = 0, b = 0, c = 0, d = 0;
            if (!__get_cpuid_count(leaves[i], index, &a, &b, &c, &d) || (a & 31) == 0)
                break;
            if ((a >> 5 & 7) == level && (a & 31) != 2) /* 2: of instructions */
                return (d & 2) != 0;
        }
#else
    (void)level;
#endif
    return false;
}

static void put_level(struct calibration *c, struct field *field, uint32_t level, bool last,
                      const struct found *found, double seconds)
{
    const struct system_cache *said = system_cache(&c->system, level + 1);
    bool borne_out = is_borne_out(said, found);
    bool one_piece = field->huge && !c->system.is_virtual; /* the hypervisor's may be ordinary */
    double probe_kb =
        borne_out ? said->kb : curve_round_size(found->step_kb, 8, one_piece || level == 0);
    /* Ordinary pages keep only the address bits within a page, enough for the first level. */
    bool can_align = field->huge || level == 0;
    uint32_t ways = level < 2 && can_align ? find_ways(c, field, found, probe_kb, seconds) : 0;
    double final_ways = put_ways(c, level, ways, said, borne_out);
    put_size(c, level, last, found, said, field, final_ways);
    struct measurement ns = { found->ns, 0, found->points };
    calibration_measured(c, latency_figures[level], calibration_cycles(c, ns),
                         "random chase over footprints that this cache holds and the nearer ones "
                         "do not, %.2f ns",
                         found->ns);
}

/* A walk in ascending order by stride, over what a level holds and the nearer one does not. */
static void put_walk(struct calibration *c, struct field *field, double kb, size_t stride,
                     enum profile_figure figure, double seconds)
{
    struct route route;
    size_t bytes = (size_t)kb * 1024;
    route_init(&route, (uint32_t)(bytes / stride + 1));
    route_stride(&route, bytes, stride);
    calibration_measured(c, figure, calibration_cycles(c, walk_measure(field, &route, seconds)),
                         "walk over every %zu bytes of %.0f KB in ascending order", stride, kb);
    route_fini(&route);
}

/* In order, all lines and every other one. */
static void put_stream(struct calibration *c, struct field *field, uint32_t level, double seconds)
{
    static const enum profile_figure figures[LEVELS] = { FIGURE_COUNT, FIGURE_l2_stream_cycles,
                                                         FIGURE_l3_stream_cycles };
    static const enum profile_figure strides[LEVELS] = { FIGURE_COUNT, FIGURE_l2_stride_cycles,
                                                         FIGURE_l3_stride_cycles };
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    double near = calibration_value(c, size_figures[level - 1]);
    double far = calibration_value(c, size_figures[level]);
    double kb = fmin(fmax(far / 2, sqrt(near * far)), (double)(field->bytes / 1024));
    put_walk(c, field, kb, line, figures[level], seconds / 2);
    put_walk(c, field, kb, 2 * line, strides[level], seconds / 2);
}

static void put_instruction_cache(struct calibration *c)
{
    const struct system_cache *said = system_instruction_cache(&c->system);
    if (said == NULL || said->kb == 0 || said->ways == 0 || said->kb % said->ways != 0) {
        calibration_note(c, "l1i_kb: not measured, and the kernel says nothing; left out");
        return;
    }
    calibration_derived(c, FIGURE_l1i_kb, said->kb, "as the kernel says; not measured");
    calibration_derived(c, FIGURE_l1i_ways, said->ways, "as the kernel says; not measured");
}

/* As the kernel states the caches, if the curve bears that out, without the last one if need be;
 * else what the curve says alone. */
static uint32_t read_curve(struct calibration *c, const struct curve_point *points, uint32_t count,
                           struct curve_level *level)
{
    double sizes[LEVELS];
    uint32_t stated = 0, levels;
    while (stated < LEVELS && system_cache(&c->system, stated + 1) != NULL &&
           system_cache(&c->system, stated + 1)->kb > 0) {
        sizes[stated] = system_cache(&c->system, stated + 1)->kb * 1024.0;
        stated++;
    }
    for (uint32_t use = stated; use > 0 && use + 1 >= stated; use--) {
        levels = curve_levels_stated(points, count, sizes, use, 0.5, level);
        if (levels > 0 && use < stated)
            calibration_note(c,
                             "l%u: nothing is to be had of the %.0f KB that the kernel states; "
                             "left out",
                             stated, sizes[stated - 1] / 1024);
        if (levels > 0)
            return levels;
    }
    levels = curve_levels(points, count, LEVELS + 1, 0.5, level);
    if (stated > 0)
        calibration_note(c, "caches: what a chase finds, %u, is not what the kernel states, %u",
                         levels - 1, stated);
    return levels;
}

void calibrate_caches(struct calibration *c, struct field *field, struct cache_curves *curves,
                      double seconds)
{
    struct curve_level level[LEVELS + 1];
    struct found found[LEVELS] = { 0 };
    find_line(c, field, seconds * 0.04);
    if (curves->passes == 0)
        begin_curves(c, field, seconds < COARSE_S, curves);
    walk_curves(c, field, seconds * 0.76, curves);
    curves->passes++;
    uint32_t count = curves->chase_count;
    uint32_t levels = read_curve(c, curves->chase, count, level) - 1;
    for (uint32_t k = 0; k < levels; k++)
        found[k] = (struct found){ level[k].size / 1024, level[k].value, level[k + 1].value, count,
                                   false };
    if (levels > 1 && system_cache(&c->system, levels + 1) == NULL)
        find_held(c, curves, system_cache(&c->system, levels), &found[levels - 1]);
    for (uint32_t k = 0; k < levels; k++)
        put_level(c, field, k, k + 1 == levels, &found[k], seconds * 0.07);
    double cores = c->system.cores;
    if (levels > 1)
        put_sharing(c, FIGURE_l2_cores, levels == 2 ? cores : 1, system_cache(&c->system, 2));
    if (levels > 2)
        put_sharing(c, FIGURE_l3_cores, cores, system_cache(&c->system, 3));
    for (uint32_t k = 1; k < levels; k++) {
        put_stream(c, field, k, seconds * 0.03);
        if (is_inclusive(k + 1))
            calibration_derived(c, k == 1 ? FIGURE_l2_inclusive : FIGURE_l3_inclusive, 1,
                                "the processor says so (cpuid)");
    }
    put_instruction_cache(c);
}
