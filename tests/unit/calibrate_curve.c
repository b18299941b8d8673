/* calibrate_curve.c -- caches are read off curves as they were put in.
 *
 * Goal: sizes, latencies and ways of known machines come out of curves of a random chase, in one
 * piece of memory and with pages at random, under noise that only adds and with spikes; awkward
 * machines included (3 MB in 12 ways, exclusive caches, no third level, none at all but the first).
 * Method: a cycle under least-recently-used replacement hits in a cache exactly in the sets that
 * hold no more lines than ways, so a curve is computed by counting; pages take random colours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include "sim/base/random.h"
#include "sim/calibrate/curve.h"
#include "tests/support/suite.h"

enum { LINE = 64, PAGE_LINES = 64, LEVELS = 3, SEEDS = 8 };

struct known_cache {
    double kb;
    uint32_t ways;
    double ns;
    double adds_kb; /* exclusive: what the nearer caches hold besides */
};

struct known_machine {
    const char *name;
    struct known_cache cache[LEVELS];
    uint32_t caches;
    double memory_ns;
};

static const struct known_machine machines[] = {
    { "Pentium III Xeon", { { 16, 4, 4.3, 0 }, { 2048, 8, 25, 0 } }, 2, 140 },
    { "Core 2, 3 MB", { { 32, 8, 1.2, 0 }, { 3072, 12, 6, 0 } }, 2, 85 },
    { "Athlon 64", { { 64, 2, 1.5, 0 }, { 512, 16, 7, 64 } }, 2, 60 },
    { "Zen 4", { { 32, 8, 1.1, 0 }, { 1024, 8, 3.8, 0 }, { 32768, 16, 13, 1024 } }, 3, 110 },
    { "Skylake-X", { { 32, 8, 1.1, 0 }, { 1024, 16, 3.9, 0 }, { 11264, 11, 19, 0 } }, 3, 90 },
    { "Alder Lake", { { 48, 12, 1, 0 }, { 1280, 10, 3, 0 }, { 30720, 12, 14, 0 } }, 3, 95 },
    { "Raspberry Pi 3", { { 32, 4, 2.5, 0 }, { 512, 16, 12, 0 } }, 2, 150 },
    { "one cache", { { 8, 4, 30, 0 } }, 1, 200 },
};

enum { MACHINES = sizeof machines / sizeof machines[0] };

/* ---- Curves ------------------------------------------------------------------------------- */

/* Share of the lines that hit: those in sets with no more lines than ways. */
static double hit_share(const struct known_cache *cache, uint32_t lines, bool one_piece,
                        gsl_rng *rng)
{
    double grown = (cache->kb + cache->adds_kb) / cache->kb;
    uint32_t ways = (uint32_t)lround(cache->ways * grown);
    uint32_t sets = (uint32_t)(cache->kb * 1024 / LINE / cache->ways);
    if (one_piece || sets <= PAGE_LINES) { /* a page covers all sets of a small cache */
        uint32_t load = lines / sets, more = lines % sets;
        double hits = (load + 1 <= ways ? (double)more * (load + 1) : 0) +
                      (load <= ways ? (double)(sets - more) * load : 0);
        return hits / lines;
    }
    static uint32_t load[1 << 16];
    uint32_t colours = sets / PAGE_LINES, hits = 0;
    uint32_t pages = lines / PAGE_LINES > 0 ? lines / PAGE_LINES : 1;
    memset(load, 0, colours * sizeof load[0]);
    for (uint32_t i = 0; i < pages; i++)
        load[gsl_rng_uniform_int(rng, colours)]++;
    for (uint32_t i = 0; i < colours; i++)
        hits += load[i] <= ways ? load[i] : 0;
    return (double)hits / pages;
}

static double noise(gsl_rng *rng)
{
    double factor = 1 + fabs(gsl_ran_gaussian(rng, 0.02));
    return gsl_rng_uniform(rng) < 0.15 ? factor * (1.2 + 2 * gsl_rng_uniform(rng)) : factor;
}

static uint32_t curve_of(const struct known_machine *machine, bool one_piece, bool noisy,
                         gsl_rng *rng, struct curve_point *points)
{
    uint32_t count = 0;
    double last_kb = machine->cache[machine->caches - 1].kb;
    for (double kb = 4; kb <= fmax(4 * last_kb, 65536); kb *= exp2(kb < 4096 ? 1 / 6. : 1 / 4.)) {
        uint32_t lines = (uint32_t)(kb * 1024 / LINE);
        double ns = machine->memory_ns;
        for (uint32_t k = machine->caches; k-- > 0;) {
            /* The first level is indexed by virtual addresses, which are in one piece. */
            double share = hit_share(&machine->cache[k], lines, one_piece || k == 0, rng);
            ns = share * machine->cache[k].ns + (1 - share) * ns;
        }
        if (noisy)
            ns *= fmin(noise(rng), noise(rng)); /* two passes are made, and the less taken */
        points[count++] = (struct curve_point){ lines * (double)LINE, ns };
    }
    return count;
}

static gsl_rng *rng_of(uint32_t seed)
{
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, seed, 0, RANDOM_MEMORY, 0, 0);
    return rng;
}

static void check_machine(const struct known_machine *machine, bool one_piece, bool noisy,
                          uint32_t seed)
{
    struct curve_point points[CURVE_POINTS_MAX];
    struct curve_level level[LEVELS + 1];
    gsl_rng *rng = rng_of(seed);
    uint32_t count = curve_of(machine, one_piece, noisy, rng, points);
    uint32_t levels = curve_levels(points, count, LEVELS + 1, 0.5, level);
    ck_assert_msg(levels == machine->caches + 1, "%s, one piece %d, seed %u: %u levels, not %u",
                  machine->name, one_piece, seed, levels, machine->caches + 1);
    for (uint32_t k = 0; k < machine->caches; k++) {
        const struct known_cache *cache = &machine->cache[k];
        bool whole = one_piece || k == 0;
        double kb = curve_round_size(level[k].size / 1024, cache->ways, whole);
        double off = kb / (cache->kb + cache->adds_kb);
        ck_assert_msg(off > (whole ? 0.83 : 0.75) && off < 1.25,
                      "%s, one piece %d, seed %u: cache %u of %g KB, %g", machine->name, one_piece,
                      seed, k + 1, cache->kb, kb);
        ck_assert_msg(fabs(level[k].value / cache->ns - 1) < 0.15,
                      "%s, one piece %d, seed %u: cache %u of %g ns, %g", machine->name, one_piece,
                      seed, k + 1, cache->ns, level[k].value);
    }
    ck_assert_double_eq_tol(level[levels - 1].value / machine->memory_ns, 1, 0.15);
    ck_assert_double_eq(level[levels - 1].size, 0);
    gsl_rng_free(rng);
}

START_TEST(caches_are_found)
{
    const struct known_machine *machine = &machines[_i];
    check_machine(machine, true, false, 1);
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        check_machine(machine, true, true, seed);
        check_machine(machine, false, true, seed);
    }
}
END_TEST

/* ---- Sizes that are stated ------------------------------------------------------------------ */

static uint32_t read_stated(const struct known_machine *machine, const double *kb, uint32_t stated,
                            struct curve_level *level)
{
    struct curve_point points[CURVE_POINTS_MAX];
    double bytes[LEVELS];
    gsl_rng *rng = rng_of(5);
    uint32_t count = curve_of(machine, false, true, rng, points);
    gsl_rng_free(rng);
    for (uint32_t k = 0; k < stated; k++)
        bytes[k] = kb[k] * 1024;
    return curve_levels_stated(points, count, bytes, stated, 0.5, level);
}

START_TEST(true_statements_are_believed)
{
    const struct known_machine *machine = &machines[_i];
    struct curve_level level[LEVELS + 1];
    double kb[LEVELS] = { 0 };
    for (uint32_t k = 0; k < machine->caches; k++)
        kb[k] = machine->cache[k].kb;
    ck_assert_uint_eq(read_stated(machine, kb, machine->caches, level), machine->caches + 1);
    for (uint32_t k = 0; k < machine->caches; k++) {
        ck_assert(curve_fits(level[k].size / 1024, kb[k]));
        ck_assert_double_eq_tol(level[k].value / machine->cache[k].ns, 1, 0.2);
    }
}
END_TEST

START_TEST(false_statements_are_not)
{
    const struct known_machine *zen4 = &machines[3];
    struct curve_level level[LEVELS + 1];
    static const double bad[][LEVELS] = { { 32, 4096, 32768 }, /* what some hypervisors say */
                                          { 32, 256, 32768 },
                                          { 64, 1024, 32768 },
                                          { 32, 1024, 16384 } };
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(read_stated(zen4, bad[i], 3, level), 0);
    ck_assert_uint_eq(read_stated(zen4, (double[]){ 32, 1024 }, 2, level), 0);
    ck_assert_uint_eq(read_stated(&machines[0], (double[]){ 16, 2048, 8192 }, 3, level), 0);
}
END_TEST

/* Others use most of the last cache: no flat stretch is left, but its latency is seen. */
START_TEST(a_last_cache_that_others_use_is_seen)
{
    struct known_machine zen4 = machines[3];
    struct curve_level level[LEVELS + 1];
    zen4.cache[2] = (struct known_cache){ 3072, 16, 13, 1024 };
    ck_assert_uint_eq(read_stated(&zen4, (double[]){ 32, 1024, 32768 }, 3, level), 4);
    ck_assert_double_eq_tol(level[2].value / 13, 1, 0.35);
    ck_assert(level[2].size > 3000 * 1024 && level[2].size < 5000 * 1024);
}
END_TEST

/* ---- Ways, sizes ---------------------------------------------------------------------------- */

START_TEST(ways_are_the_last_that_stay)
{
    struct curve_point points[40];
    for (uint32_t ways = 2; ways <= 24; ways++) {
        gsl_rng *rng = rng_of(ways);
        uint32_t count = 0;
        for (uint32_t lines = 2; lines < 40; lines++) {
            /* One line too many misses now and then, if replacement is not quite in order. */
            double ns = lines <= ways ? 4 : lines == ways + 1 ? 6 : 14;
            ns *= 1 + 0.01 * gsl_rng_uniform(rng);
            points[count++] = (struct curve_point){ lines, lines == ways / 2 ? 3 * ns : ns };
        }
        ck_assert_double_eq(curve_last_below(points, count, 4, 14, 0.12), ways);
        gsl_rng_free(rng);
    }
    for (uint32_t i = 0; i < 38; i++)
        points[i] = (struct curve_point){ i + 2, 4 };
    ck_assert_double_eq(curve_last_below(points, 38, 4, 14, 0.12), 0); /* no step */
    ck_assert_double_eq(curve_last_below(points, 0, 4, 14, 0.12), 0);
}
END_TEST

START_TEST(sizes_are_rounded)
{
    ck_assert_double_eq(curve_round_size(1024 * 1.0625, 8, true), 1024);
    ck_assert_double_eq(curve_round_size(3072 * 1.04, 12, true), 3072);
    ck_assert_double_eq(curve_round_size(64 * 1.25, 2, true), 64);
    ck_assert_double_eq(curve_round_size(48, 12, false), 48);
    ck_assert_double_eq(curve_round_size(1990, 0, false), 2048);
    ck_assert_double_eq(curve_round_size(1210, 0, false), 1280);
}
END_TEST

START_TEST(poor_curves_give_little)
{
    struct curve_level level[CURVE_LEVELS_MAX];
    struct curve_point flat[] = { { 1, 5 }, { 2, 5 }, { 4, 5.1 }, { 8, 5.1 } };
    struct curve_point steep[] = { { 1, 1 }, { 2, 4 }, { 4, 16 }, { 8, 64 } };
    ck_assert_uint_eq(curve_levels(flat, 0, 4, 0.5, level), 0);
    ck_assert_uint_eq(curve_levels(flat, 1, 4, 0.5, level), 0);
    ck_assert_uint_eq(curve_levels(flat, 4, 4, 0.5, level), 1);
    ck_assert_double_eq(level[0].size, 0);
    ck_assert_uint_eq(curve_levels(steep, 4, 4, 0.5, level), 1); /* what it reached */
    ck_assert_double_eq(level[0].value, 64);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("calibrate_curve");
    tcase_add_loop_test(tests, caches_are_found, 0, MACHINES);
    tcase_add_loop_test(tests, true_statements_are_believed, 0, MACHINES);
    tcase_add_test(tests, false_statements_are_not);
    tcase_add_test(tests, a_last_cache_that_others_use_is_seen);
    tcase_add_test(tests, ways_are_the_last_that_stay);
    tcase_add_test(tests, sizes_are_rounded);
    tcase_add_test(tests, poor_curves_give_little);
    return suite_run("calibrate_curve", tests);
}
