/* cache.c -- one cache of the machine model: exact tags, and survival of what others bring in.
 *
 * Goal: the least recently used line of a set goes first; an old version is a miss; lines survive
 * insertions by others as often as the formula says.
 * Method: GSL's Poisson distribution, and counting over many lines.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/cache.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "tests/support/suite.h"

static struct cache cache;
static struct arena arena;
static gsl_rng *rng;
static struct cache_way out;

static void cache_make(uint32_t lines, uint32_t ways)
{
    arena_free(&arena);
    random_seek(rng, 7, 0, RANDOM_MEMORY, 0, 0);
    cache_init(&cache, lines, ways, 4, &arena);
}

static struct cache_line line_at(uint32_t line, uint32_t version)
{
    return (struct cache_line){ line, version, line };
}

START_TEST(the_least_recently_used_goes_first)
{
    cache_make(8, 2); /* four sets */
    ck_assert(!cache_touch(&cache, line_at(1, 0), rng, &out));
    ck_assert(!cache_touch(&cache, line_at(5, 0), rng, &out));
    ck_assert_uint_eq(out.line, CACHE_NO_LINE);
    ck_assert(cache_touch(&cache, line_at(1, 0), rng, &out));
    ck_assert(!cache_touch(&cache, line_at(9, 0), rng, &out));
    ck_assert_uint_eq(out.line, 5);
    ck_assert(cache_holds(&cache, line_at(1, 0), rng));
    ck_assert(!cache_holds(&cache, line_at(5, 0), rng));
    ck_assert(!cache_holds(&cache, line_at(2, 0), rng));
}
END_TEST

START_TEST(versions_and_removal)
{
    cache_make(12, 3); /* not a power of two of sets */
    cache_touch(&cache, line_at(7, 3), rng, &out);
    ck_assert(!cache_holds(&cache, line_at(7, 4), rng));
    cache_update(&cache, line_at(7, 2), 9);
    ck_assert(cache_holds(&cache, line_at(7, 3), rng)); /* another version: untouched */
    cache_update(&cache, line_at(7, 3), 4);
    ck_assert(cache_holds(&cache, line_at(7, 4), rng));
    ck_assert(!cache_touch(&cache, line_at(7, 5), rng, &out)); /* replaced in its place */
    ck_assert_uint_eq(out.line, CACHE_NO_LINE);
    ck_assert(cache_take(&cache, line_at(7, 5), rng));
    ck_assert(!cache_take(&cache, line_at(7, 5), rng));
}
END_TEST

START_TEST(survival_is_poisson)
{
    cache_make(1, 1); /* fills the table */
    ck_assert_double_eq_tol(cache_survival(0, 1), 1, 1e-6);
    ck_assert_double_eq_tol(cache_survival(1, 1), exp(-1), 1e-3);
    ck_assert_double_eq_tol(cache_survival(2.385, 2), exp(-2.385) * 3.385, 1e-3);
    ck_assert_double_eq(cache_survival(2.385, 0), 0);
    ck_assert_double_eq(cache_survival(1000, 8), 0);
    for (double rate = 0.03; rate < 200; rate *= 1.3)
        for (unsigned ways = 1; ways <= 64; ways *= 2)
            ck_assert_double_eq_tol(cache_survival(rate, ways), gsl_cdf_poisson_P(ways - 1, rate),
                                    1e-3);
}
END_TEST

/* In one set it is the least recently used that goes, and never by chance. */
START_TEST(one_set_keeps_what_it_holds)
{
    enum { WAYS = 32, MINE = 10 };
    cache_make(WAYS, WAYS);
    for (uint32_t others = 0; others <= WAYS + 1; others++) {
        for (uint32_t i = 0; i < MINE; i++)
            cache_touch(&cache, line_at(i, 0), rng, &out);
        cache_use(&cache, 0, others);
        uint32_t held = 0;
        double outlive = 0;
        for (uint32_t i = 0; i < MINE; i++) {
            held += cache_holds(&cache, line_at(i, 0), rng);
            outlive += cache_outlives(&cache, i, others);
        }
        uint32_t room = others < WAYS ? WAYS - others : 0;
        ck_assert_uint_eq(held, room < MINE ? room : MINE);
        ck_assert_double_eq(outlive, held);
    }
}
END_TEST

/* What a user used counts once, where he last did; what is too long ago is forgotten, and counts as
 * before everything that is kept. */
START_TEST(uses_count_once)
{
    cache_make(8, 2);
    uint32_t mine = cache_use(&cache, 0, 7), a = 0, b = 0;
    ck_assert_uint_eq(cache_used_since(&cache, mine), 0);
    for (int round = 0; round < 5000; round++) { /* beyond what is kept */
        a = cache_use(&cache, a, 100);
        b = cache_use(&cache, b, 20);
        ck_assert_uint_eq(cache_used_since(&cache, mine), 120);
        ck_assert_uint_eq(cache_used_since(&cache, a), 20);
    }
    ck_assert_uint_eq(cache_used_since(&cache, 0), 120);
    mine = cache_use(&cache, mine, 5);
    a = cache_use(&cache, a, 3);
    ck_assert_uint_eq(cache_used_since(&cache, b), 8);
}
END_TEST

/* Against a sum by hand, over blocks and round the end of what is kept: with few users where sums
 * are cut short, and with so many that stamps reach back to all that is kept where none is. */
static void check_sums(uint32_t users)
{
    enum { USERS_MAX = 900 };
    uint32_t stamp[USERS_MAX] = { 0 }, lines[USERS_MAX] = { 0 }, random = 1;
    for (uint32_t round = 0; round < 20000; round++) {
        random = random * 1664525 + 1013904223; /* Knuth and Lewis */
        uint32_t user = (random >> 8) % users, known = 0, since = stamp[round % users];
        lines[user] = random >> 22;
        stamp[user] = cache_use(&cache, stamp[user], lines[user]);
        if (cache.uses.now - since > cache.uses.mask || user == round % users)
            continue; /* forgotten, or another by now */
        for (uint32_t other = 0; other < users; other++)
            known += stamp[other] > since ? lines[other] : 0;
        uint32_t found = cache_used_since(&cache, since);
        if (found < cache.enough)
            ck_assert_uint_eq(found, known);
        else
            ck_assert_uint_ge(known, cache.enough); /* it need not go on */
    }
}

START_TEST(uses_add_up)
{
    cache_make(4096, 4);
    check_sums(40);
    cache_make(1 << 18, 16);
    check_sums(900);
}
END_TEST

/* 512 lines in as many sets of 4 ways; 1221 insertions by others: at depth 0, a line is lost with
 * P[Poisson(2.385) >= 4] = .221. */
START_TEST(others_evict_as_often_as_they_should)
{
    enum { SETS = 512 };
    uint32_t kept = 0;
    cache_make(4 * SETS, 4);
    for (uint32_t line = 0; line < SETS; line++)
        cache_touch(&cache, line_at(line, 0), rng, &out);
    cache_use(&cache, 0, 1221);
    for (uint32_t line = 0; line < SETS; line++)
        kept += cache_touch(&cache, line_at(line, 0), rng, &out);
    double p = gsl_cdf_poisson_P(3, 1221.0 / SETS), sd = sqrt(p * (1 - p) * SETS);
    ck_assert_double_eq_tol(kept, p * SETS, 4 * sd);
    for (uint32_t line = 0; line < SETS; line++) /* all are back */
        ck_assert(cache_holds(&cache, line_at(line, 0), rng));
}
END_TEST

/* Behind so many uses that nothing survives, the older ones need no count; the later ones do. */
START_TEST(what_is_dead_stays_dead)
{
    cache_make(1024, 4); /* 256 sets */
    for (uint32_t i = 0; i < 64; i++)
        cache_touch(&cache, line_at(i, 0), rng, &out);
    for (uint32_t user = 0; user < 32; user++)
        cache_use(&cache, 0, cache.enough / 16);
    for (uint32_t i = 64; i < 128; i++)
        cache_touch(&cache, line_at(i, 0), rng, &out);
    cache_use(&cache, 0, 1);
    for (uint32_t i = 0; i < 32; i++)
        ck_assert(!cache_holds(&cache, line_at(i, 0), rng));
    for (uint32_t i = 32; i < 64; i++)
        ck_assert(!cache_touch(&cache, line_at(i, 0), rng, &out));
    uint32_t there = 0;
    for (uint32_t i = 64; i < 128; i++)
        there += cache_touch(&cache, line_at(i, 0), rng, &out);
    ck_assert_uint_ge(there, 63); /* one line of others: 1/256 of them may go */
    for (uint32_t i = 32; i < 64; i++)
        ck_assert(cache_touch(&cache, line_at(i, 0), rng, &out)); /* it came back */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("cache");
    rng = gsl_rng_alloc(random_philox);
    tcase_add_test(tests, the_least_recently_used_goes_first);
    tcase_add_test(tests, versions_and_removal);
    tcase_add_test(tests, survival_is_poisson);
    tcase_add_test(tests, one_set_keeps_what_it_holds);
    tcase_add_test(tests, uses_count_once);
    tcase_add_test(tests, uses_add_up);
    tcase_add_test(tests, others_evict_as_often_as_they_should);
    tcase_add_test(tests, what_is_dead_stays_dead);
    int status = suite_run("cache", tests);
    gsl_rng_free(rng);
    return status;
}
