/* studentized.c -- bootstrap-t intervals of differences.
 *
 * Goal: they cover what they claim where values are skewed and Student's do not; of values that
 * are not, they agree with Student's; p values and bounds say the same.
 * Method: many samples of known means, seeded; the shares that are covered; and an interval that
 * is looked for by its p values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "sim/base/random.h"
#include "sim/statistics/studentized.h"
#include "tests/support/suite.h"

enum { EXPERIMENTS = 1000, COUNT = 15, RESAMPLES = 999 };

static gsl_rng *rng;
static double space[STUDENTIZED_RESAMPLES];

struct covered {
    double student, bootstrap;
};

static double lognormal(void)
{
    return gsl_ran_lognormal(rng, 0, 1);
}

static double normal(void)
{
    return gsl_ran_gaussian(rng, 1);
}

/* Shares of intervals of mean b - mean a that have truth in them. */
static struct covered coverage(double (*draw_a)(void), double (*draw_b)(void), double truth,
                               bool paired)
{
    struct covered covered = { 0, 0 };
    for (uint32_t e = 0; e < EXPERIMENTS; e++) {
        double a[COUNT], b[COUNT], low, high;
        for (int i = 0; i < COUNT; i++) {
            a[i] = draw_a();
            b[i] = paired ? a[i] + draw_b() : draw_b();
        }
        struct difference d =
            paired ? studentized_paired(a, b, COUNT, e, space, RESAMPLES)
                   : studentized_independent(a, COUNT, b, COUNT, e, space, RESAMPLES);
        double half = difference_half_width(&d, 0.95);
        difference_bounds(&d, 0.95, &low, &high);
        covered.student += fabs(d.estimate - truth) <= half ? 1.0 / EXPERIMENTS : 0;
        covered.bootstrap += low <= truth && truth <= high ? 1.0 / EXPERIMENTS : 0;
    }
    printf("of 95 %%, Student covers %.1f, bootstrap-t %.1f\n", 100 * covered.student,
           100 * covered.bootstrap);
    return covered;
}

START_TEST(skewed_values_are_covered)
{
    random_seek(rng, 7, 0, RANDOM_SAMPLE, 0, 0);
    struct covered covered = coverage(normal, lognormal, exp(0.5), true);
    ck_assert_double_lt(covered.student, 0.88);
    ck_assert_double_gt(covered.bootstrap, 0.90);
    ck_assert_double_gt(covered.bootstrap, covered.student + 0.04);
}
END_TEST

START_TEST(others_as_by_student)
{
    random_seek(rng, 8, 0, RANDOM_SAMPLE, 0, 0);
    struct covered pairs = coverage(normal, normal, 0, true);
    struct covered apart = coverage(normal, normal, 0, false);
    ck_assert(pairs.bootstrap > 0.93 && pairs.bootstrap < 0.97);
    ck_assert(apart.bootstrap > 0.93 && apart.bootstrap < 0.975);
}
END_TEST

START_TEST(bounds_and_p_values_agree)
{
    double a[COUNT], b[COUNT], low, high;
    random_seek(rng, 9, 0, RANDOM_SAMPLE, 0, 0);
    for (int i = 0; i < COUNT; i++) {
        a[i] = normal();
        b[i] = lognormal();
    }
    struct difference d =
        studentized_independent(a, COUNT, b, COUNT, 3, space, STUDENTIZED_RESAMPLES);
    difference_bounds(&d, 0.9, &low, &high);
    ck_assert_double_eq_tol(difference_p_above(&d, low), 0.05, 2e-4);
    ck_assert_double_eq_tol(difference_p_below(&d, high), 0.05, 2e-4);
    ck_assert_double_gt(high - d.estimate, 1.2 * (d.estimate - low)); /* as lognormal values are */
    ck_assert_double_eq_tol(difference_p_above(&d, -1e6), 1e-4, 1e-9);
    struct difference again =
        studentized_independent(a, COUNT, b, COUNT, 3, space, STUDENTIZED_RESAMPLES);
    double low_again, high_again;
    difference_bounds(&again, 0.9, &low_again, &high_again);
    ck_assert(low == low_again && high == high_again);
}
END_TEST

START_TEST(few_or_equal_values)
{
    const double a[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, more[] = { 3, 4, 5, 6, 7, 8, 9, 10 };
    const double other[] = { 9, 5, 7, 2, 8, 2, 6, 1 };
    double low, high;
    struct difference few = studentized_paired(a, other, 7, 1, space, RESAMPLES);
    difference_bounds(&few, 0.95, &low, &high);
    ck_assert(isnan(low) && isnan(high) && isnan(difference_p_above(&few, 0)));
    struct difference enough = studentized_paired(a, other, 8, 1, space, RESAMPLES);
    difference_bounds(&enough, 0.95, &low, &high);
    ck_assert(low < enough.estimate && enough.estimate < high);
    struct difference equal = studentized_paired(a, more, 3, 1, space, RESAMPLES);
    difference_bounds(&equal, 0.95, &low, &high);
    ck_assert(low == 2 && high == 2);
    ck_assert_double_eq(difference_p_above(&equal, 1), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("studentized");
    tcase_set_timeout(tests, 0);
    rng = gsl_rng_alloc(random_philox);
    tcase_add_test(tests, skewed_values_are_covered);
    tcase_add_test(tests, others_as_by_student);
    tcase_add_test(tests, bounds_and_p_values_agree);
    tcase_add_test(tests, few_or_equal_values);
    int status = suite_run("studentized", tests);
    gsl_rng_free(rng);
    return status;
}
