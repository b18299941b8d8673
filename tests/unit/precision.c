/* precision.c -- tests sim/statistics/precision.h.
 *
 * Goal: replications are added until every interval is tight, no more than are missing or than half
 * of those that there are, and never above the most.  Method: intervals whose missing replications
 * are known by hand; tests/theory/coverage.c has what stopping does to coverage.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/precision.h"

#include <math.h>

#include "tests/support/suite.h"

START_TEST(known)
{
    static const struct {
        double mean, half_width, percent;
        uint32_t replications, most, more;
    } cases[] = {
        { 100, 2, 2, 10, 1000, 0 },       { 100, 2.1, 2, 10, 1000, 2 }, /* 11.025 wanted */
        { 100, 2.4, 2, 10, 1000, 5 },                                   /* 14.4 wanted */
        { 100, 4, 2, 10, 1000, 5 },                                     /* 40 wanted: half of 10 */
        { 100, 4, 2, 5, 1000, 3 },                                      /* half of 5, rounded up */
        { -100, 2.1, 2, 10, 1000, 2 },    { 100, 4, 2, 10, 12, 2 },
        { 100, 4, 2, 12, 12, 0 },         { 100, 4, 2, 13, 12, 0 },
        { 0, 0, 2, 10, 1000, 0 },         { 0, 1, 2, 10, 1000, 5 },
        { 100, NAN, 2, 10, 1000, 0 },     { NAN, NAN, 2, 10, 1000, 0 },
        { 100, 2.0000001, 2, 10, 20, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct interval interval = { cases[i].mean, cases[i].half_width, cases[i].replications };
        uint32_t more =
            precision_more(&interval, 1, cases[i].percent, cases[i].replications, cases[i].most);
        ck_assert_msg(more == cases[i].more, "case %zu: %u", i, more);
    }
}
END_TEST

START_TEST(the_widest_counts)
{
    const struct interval intervals[] = {
        { 100, 1, 10 }, { 1, 0.024, 10 }, { NAN, NAN, 0 }, { 100, 2.1, 10 }
    };
    ck_assert_uint_eq(precision_more(intervals, 4, 2, 10, 1000), 5);
    ck_assert_uint_eq(precision_more(intervals, 1, 2, 10, 1000), 0);
    ck_assert_uint_eq(precision_more(intervals, 0, 2, 10, 1000), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("precision");
    tcase_add_test(tests, known);
    tcase_add_test(tests, the_widest_counts);
    return suite_run("precision", tests);
}
