/* statistics.c -- tests sim/statistics/student.h.
 *
 * Goal: the mean and the 95 % interval are Student's.  Method: samples whose mean and deviation are
 * round numbers, so that the half-width is a quantile t(n - 1, 0.975) of the printed tables times a
 * known factor; undefined values anywhere in the sample; samples too small for an interval.
 *
 * Source of the quantiles: M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 1964,
 * table 26.10; more digits from R's qt().
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/student.h"

#include <math.h>

#include "tests/support/suite.h"

enum { SAMPLE_MAX = 120 };

/* A sample of n, one half 4 and the other half 6 (and a 5 when n is odd): mean 5, sum of squares
 * n - n % 2. */
START_TEST(student_quantiles)
{
    static const struct {
        uint32_t n;
        double t; /* t(n - 1, 0.975) */
    } known[] = {
        { 2, 12.70620474 }, { 3, 4.30265273 },  { 5, 2.77644511 },  { 10, 2.26215716 },
        { 11, 2.22813885 }, { 31, 2.04227246 }, { 61, 2.00029782 }, { 120, 1.98009988 },
    };
    const uint32_t i = (uint32_t)_i;
    const uint32_t n = known[i].n;
    double values[SAMPLE_MAX];
    for (uint32_t k = 0; k < n; k++)
        values[k] = k < n / 2 ? 4 : k >= n - n / 2 ? 6 : 5;
    struct interval interval = statistics_interval(values, n);
    double variance = (n - n % 2) / (n - 1.0);
    ck_assert_uint_eq(interval.n, n);
    ck_assert_double_eq_tol(interval.mean, 5, 1e-14);
    ck_assert_double_eq_tol(interval.half_width, known[i].t * sqrt(variance / n), 1e-8);
}
END_TEST

START_TEST(undefined_values_are_left_out)
{
    const double with[] = { NAN, 1, NAN, 2, 3, NAN };
    const double without[] = { 1, 2, 3 };
    struct interval a = statistics_interval(with, 6), b = statistics_interval(without, 3);
    ck_assert_uint_eq(a.n, 3);
    ck_assert_uint_eq(b.n, 3);
    ck_assert_double_eq(a.mean, 2);
    ck_assert_double_eq(a.half_width, b.half_width);
    ck_assert_double_eq_tol(a.half_width, 4.30265273 / sqrt(3), 1e-8);
}
END_TEST

START_TEST(one_value_has_no_interval)
{
    const double values[] = { NAN, 7.5, NAN };
    struct interval interval = statistics_interval(values, 3);
    ck_assert_uint_eq(interval.n, 1);
    ck_assert_double_eq(interval.mean, 7.5);
    ck_assert_double_nan(interval.half_width);
}
END_TEST

START_TEST(no_value_has_no_mean)
{
    const double values[] = { NAN, NAN };
    for (uint32_t count = 0; count <= 2; count++) {
        struct interval interval = statistics_interval(values, count);
        ck_assert_uint_eq(interval.n, 0);
        ck_assert_double_nan(interval.mean);
        ck_assert_double_nan(interval.half_width);
    }
}
END_TEST

START_TEST(equal_values_have_width_zero)
{
    const double values[] = { 0.1, 0.1, 0.1, 0.1 };
    struct interval interval = statistics_interval(values, 4);
    ck_assert_uint_eq(interval.n, 4);
    ck_assert_double_eq(interval.mean, 0.1);
    ck_assert_double_eq(interval.half_width, 0);
}
END_TEST

/* Numbers that differ in their last places only: the squares are of differences. */
START_TEST(large_mean_keeps_the_deviation)
{
    const double values[] = { 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 };
    struct interval interval = statistics_interval(values, 4);
    ck_assert_double_eq(interval.mean, 1e9 + 10);
    ck_assert_double_eq_tol(interval.half_width, 3.18244631 * sqrt(30.0 / 4), 1e-7);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("statistics");
    tcase_add_loop_test(tests, student_quantiles, 0, 8);
    tcase_add_test(tests, undefined_values_are_left_out);
    tcase_add_test(tests, one_value_has_no_interval);
    tcase_add_test(tests, no_value_has_no_mean);
    tcase_add_test(tests, equal_values_have_width_zero);
    tcase_add_test(tests, large_mean_keeps_the_deviation);
    return suite_run("statistics", tests);
}
