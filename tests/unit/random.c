/* random.c -- the random number generator.
 *
 * Goal: the numbers are Philox's, and streams are independent of one another's use.
 * Method: Random123's known answers for Philox 4x32-10; seeking back and forth.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/random.h"

#include <math.h>

#include "tests/support/suite.h"

START_TEST(known_answers)
{
    static const uint32_t zeros[] = { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 };
    static const uint32_t ones[] = { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 0, 0, 0, 0, 0);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(gsl_rng_get(rng), zeros[i]);
    random_seek(rng, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(random_bits32(rng), ones[i]);
    gsl_rng_free(rng);
}
END_TEST

/* An entity's numbers do not depend on what was drawn for others in between. */
START_TEST(streams_are_apart)
{
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 7, 1, 2, 3, 0);
    uint32_t first = random_bits32(rng), draw = random_tell(rng);
    ck_assert_uint_gt(draw, 0);
    uint32_t second = 0;
    for (int others = 0; others < 3; others++) {
        random_seek(rng, 7, 1, 2, 4, 0);
        for (int i = 0; i < 5 * others; i++)
            random_bits32(rng);
        random_seek(rng, 7, 1, 2, 3, draw);
        uint32_t again = random_bits32(rng);
        ck_assert(others == 0 || again == second);
        second = again;
    }
    ck_assert_uint_ne(first, second);
    static const uint32_t others[4][4] = {
        { 8, 1, 2, 3 }, { 7, 2, 2, 3 }, { 7, 1, 3, 3 }, { 7, 1, 2, 4 }
    };
    for (int i = 0; i < 4; i++) {
        random_seek(rng, others[i][0], others[i][1], others[i][2], others[i][3], 0);
        ck_assert_uint_ne(random_bits32(rng), first);
    }
    gsl_rng_free(rng);
}
END_TEST

/* Whoever goes on at a place, gets what is left of the block, two words at most, and then the next
 * block. */
START_TEST(places_lead_on)
{
    static const uint32_t kept[] = { 0, 2, 2, 1, 0 }; /* after so many words of a block */
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    uint32_t words[12];
    random_seek(rng, 7, 1, 2, 3, 0);
    for (int i = 0; i < 12; i++)
        words[i] = random_bits32(rng);
    for (uint32_t used = 1; used <= 8; used++) {
        uint32_t in_block = (used - 1) % 4 + 1, end = used - in_block + 4, left = kept[in_block];
        random_seek(rng, 7, 1, 2, 3, 0);
        for (uint32_t i = 0; i < used; i++)
            random_bits32(rng);
        struct random_place place = random_place(rng);
        random_seek(rng, 8, 2, 3, 4, 5);
        random_bits32(rng);
        random_resume(rng, 7, 1, 2, 3, place);
        for (uint32_t i = end - left; i < 12; i++)
            ck_assert_uint_eq(random_bits32(rng), words[i]);
    }
    random_resume(rng, 7, 1, 2, 3, (struct random_place){ 0 });
    ck_assert_uint_eq(random_bits32(rng), words[0]);
    gsl_rng_free(rng);
}
END_TEST

/* As often as it should, within five standard deviations of the binomial distribution, also where
 * several bytes must decide. */
START_TEST(chances_come_true)
{
    static const uint32_t chances[] = { 0,          1,          0x00800000, 0x01000000,
                                        0x40000000, 0x7FFF8000, 0xFF000000, 0xFFFFFF00 };
    enum { DRAWS = 1 << 20 };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++) {
        random_seek(rng, 7, 0, RANDOM_MEMORY, (uint32_t)i, 0);
        double p = chances[i] * 0x1p-32;
        uint32_t came = 0;
        for (int draw = 0; draw < DRAWS; draw++)
            came += random_chance(rng, chances[i]);
        ck_assert_double_le(fabs(came - p * DRAWS), 5 * sqrt(DRAWS * p * (1 - p)) + 1);
    }
    gsl_rng_free(rng);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("random");
    tcase_add_test(tests, known_answers);
    tcase_add_test(tests, streams_are_apart);
    tcase_add_test(tests, places_lead_on);
    tcase_add_test(tests, chances_come_true);
    return suite_run("random", tests);
}
