/* growth.c -- the slope of logarithms: what is linear, what is constant, and what is neither.
 *
 * Goal: powers are found with their exponents, the interval covers the true slope as often as it
 * says, and what is undefined is left out.  Method: powers by formula, with errors that are drawn.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/growth.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

enum { SIZES = 6 };

static const double sizes[SIZES] = { 10, 32, 100, 300, 1000, 10000 };

START_TEST(powers_are_found_again)
{
    static const double exponents[] = { 1, 0, 2, -0.385, 0.5 };
    double y[SIZES];
    struct interval slope;
    for (size_t e = 0; e < sizeof exponents / sizeof exponents[0]; e++) {
        for (int i = 0; i < SIZES; i++)
            y[i] = 2.385 * pow(sizes[i], exponents[e]);
        ck_assert(growth_fit(sizes, y, SIZES, &slope));
        ck_assert_double_eq_tol(slope.mean, exponents[e], 1e-12);
        ck_assert_double_le(slope.half_width, 1e-7);
        ck_assert_uint_eq(slope.n, SIZES);
    }
}
END_TEST

/* By hand: logarithms to base 10 of x are 1, 2, 3, of y 0, 1, 1: slope 1/2, residuals -1/6, 1/3,
 * -1/6, squares 1/6, s_b = sqrt(1/6 / 2), t(1, 0.975) = 12.7062. */
START_TEST(an_interval_by_hand)
{
    static const double x[] = { 10, 100, 1000 }, y[] = { 1, 10, 10 };
    struct interval slope;
    ck_assert(growth_fit(x, y, 3, &slope));
    ck_assert_double_eq_tol(slope.mean, 0.5, 1e-12);
    ck_assert_double_eq_tol(slope.half_width, 12.706205 * sqrt(1.0 / 12), 1e-5);
}
END_TEST

/* Of 1000; 95 % +- 4 standard deviations are 922 to 978. */
START_TEST(intervals_cover_what_they_should)
{
    int covered = 0;
    double y[SIZES];
    struct interval slope;
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 385, 0, 0, 0, 0);
    for (int e = 0; e < 1000; e++) {
        for (int i = 0; i < SIZES; i++)
            y[i] = pow(sizes[i], 0.3) * exp(gsl_ran_gaussian(rng, 0.1));
        ck_assert(growth_fit(sizes, y, SIZES, &slope));
        covered += fabs(slope.mean - 0.3) <= slope.half_width;
    }
    gsl_rng_free(rng);
    ck_assert_int_ge(covered, 922);
    ck_assert_int_le(covered, 978);
}
END_TEST

START_TEST(what_is_undefined_is_left_out)
{
    static const double x[] = { 0, 1, 2, 4, 8, 8 };
    double y[] = { 1, 1, 2, (double)NAN, 8, 8 };
    struct interval slope;
    ck_assert(growth_fit(x, y, 6, &slope));
    ck_assert_uint_eq(slope.n, 4);
    ck_assert_double_eq_tol(slope.mean, 1, 1e-12);
    y[1] = 0;
    ck_assert(!growth_fit(x, y, 6, &slope)); /* 2 and 8 are left */
    ck_assert_double_nan(slope.mean);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("growth");
    tcase_add_test(tests, powers_are_found_again);
    tcase_add_test(tests, an_interval_by_hand);
    tcase_add_test(tests, intervals_cover_what_they_should);
    tcase_add_test(tests, what_is_undefined_is_left_out);
    return suite_run("growth", tests);
}
