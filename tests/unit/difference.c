/* difference.c -- tests sim/statistics/difference.h.
 *
 * Goal: paired and independent differences, their intervals and probabilities are those of the t
 * tests of others.  Method: the soporific data of Student's paper of 1908 (hours of sleep gained by
 * ten patients from each of two drugs), of which R's manual prints t.test(extra ~ group) and the
 * paired one; the probabilities were worked out once more by integrating the density of t
 * numerically.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/difference.h"

#include <math.h>

#include "tests/support/suite.h"

static const double first[] = { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0 };
static const double second[] = { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4 };

/* t = 4.0621, 9 degrees, p = 0.002833, 0.7001142 to 2.4598858. */
START_TEST(paired)
{
    struct difference d = difference_paired(first, second, 10);
    ck_assert(d.paired);
    ck_assert_uint_eq(d.count_a, 10);
    ck_assert_double_eq_tol(d.mean_a, 0.75, 1e-12);
    ck_assert_double_eq_tol(d.mean_b, 2.33, 1e-12);
    ck_assert_double_eq_tol(d.estimate, 1.58, 1e-12);
    ck_assert_double_eq_tol(d.estimate / d.standard_error, 4.0621277, 1e-6);
    ck_assert_double_eq(d.degrees, 9);
    ck_assert_double_eq_tol(d.estimate - difference_half_width(&d, 0.95), 0.7001142, 1e-6);
    ck_assert_double_eq_tol(d.estimate + difference_half_width(&d, 0.95), 2.4598858, 1e-6);
    ck_assert_double_eq_tol(2 * difference_p_above(&d, 0), 0.00283289, 1e-7);
    ck_assert_double_eq_tol(difference_p_below(&d, 0), 1 - 0.00283289 / 2, 1e-7);
}
END_TEST

/* t = 1.8608, 17.776 degrees, p = 0.07939, -0.2054832 to 3.3654832. */
START_TEST(independent)
{
    struct difference d = difference_independent(first, 10, second, 10);
    ck_assert(!d.paired);
    ck_assert_double_eq_tol(d.estimate, 1.58, 1e-12);
    ck_assert_double_eq_tol(d.estimate / d.standard_error, 1.8608135, 1e-6);
    ck_assert_double_eq_tol(d.degrees, 17.7764735, 1e-6);
    ck_assert_double_eq_tol(d.estimate - difference_half_width(&d, 0.95), -0.2054832, 1e-6);
    ck_assert_double_eq_tol(d.estimate + difference_half_width(&d, 0.95), 3.3654832, 1e-6);
    ck_assert_double_eq_tol(2 * difference_p_above(&d, 0), 0.07939414, 1e-7);
    struct difference other = difference_independent(second, 10, first, 10);
    ck_assert_double_eq(other.estimate, -d.estimate);
    ck_assert_double_eq(difference_p_below(&other, 0), difference_p_above(&d, 0));
}
END_TEST

/* Variances 1 and 2: (1 / 3 + 1)^2 / ((1 / 3)^2 / 2 + 1) = 32 / 19 degrees. */
START_TEST(unequal_counts)
{
    const double a[] = { 1, NAN, 2, 3 }, b[] = { 4, 6, NAN };
    struct difference d = difference_independent(a, 4, b, 3);
    ck_assert_uint_eq(d.count_a, 3);
    ck_assert_uint_eq(d.count_b, 2);
    ck_assert_double_eq(d.estimate, 3);
    ck_assert_double_eq_tol(d.standard_error, sqrt(1.0 / 3 + 1), 1e-12);
    ck_assert_double_eq_tol(d.degrees, 32.0 / 19, 1e-12);
}
END_TEST

START_TEST(pairs_that_are_not_defined)
{
    const double a[] = { 1, NAN, 2, 3, 5 }, b[] = { 2, 5, NAN, 5, 9 };
    struct difference d = difference_paired(a, b, 5);
    ck_assert_uint_eq(d.count_a, 3);
    ck_assert_uint_eq(d.count_b, 3);
    ck_assert_double_eq(d.mean_a, 3);
    ck_assert_double_eq_tol(d.estimate, 7.0 / 3, 1e-12);
}
END_TEST

START_TEST(too_few)
{
    const double one[] = { 1 }, two[] = { 2, 3 };
    struct difference all[] = { difference_paired(one, two, 1),
                                difference_independent(one, 1, two, 2),
                                difference_independent(two, 2, one, 1),
                                difference_independent(one, 0, two, 2) };
    for (int i = 0; i < 4; i++) {
        ck_assert_double_nan(all[i].standard_error);
        ck_assert_double_nan(difference_half_width(&all[i], 0.95));
        ck_assert_double_nan(difference_p_above(&all[i], 0));
    }
    ck_assert_double_eq(all[0].estimate, 1);
    ck_assert_double_nan(all[3].estimate);
}
END_TEST

START_TEST(no_variance)
{
    const double a[] = { 1, 1 }, b[] = { 2, 2 };
    struct difference all[] = { difference_paired(a, b, 2), difference_independent(a, 2, b, 2) };
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq(difference_half_width(&all[i], 0.95), 0);
        ck_assert_double_eq(difference_p_above(&all[i], 0.5), 0);
        ck_assert_double_eq(difference_p_above(&all[i], 1), 1);
        ck_assert_double_eq(difference_p_below(&all[i], 1.5), 0);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("difference");
    tcase_add_test(tests, paired);
    tcase_add_test(tests, independent);
    tcase_add_test(tests, unequal_counts);
    tcase_add_test(tests, pairs_that_are_not_defined);
    tcase_add_test(tests, too_few);
    tcase_add_test(tests, no_variance);
    return suite_run("difference", tests);
}
