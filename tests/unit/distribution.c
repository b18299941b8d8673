/* distribution.c -- random durations.
 *
 * Goal: every distribution has the mean and the variation that its parameters say, and the right
 * shape; wrong parameters are refused.
 * Method: 400,000 draws with a fixed seed; mean and squared coefficient of variation within five
 * standard errors, or, where the variance of the variance is large, within 5 %; the exponential's
 * distribution function at ten points.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/distribution.h"

#include <math.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

enum { DRAWS = 400000 };

static const struct known {
    enum distribution_kind kind;
    double value, min, max, mean, cv2, shape;
    double known_mean, known_cv2; /* infinite: not compared */
} knowns[] = {
    { .kind = DISTRIBUTION_CONSTANT, .value = 2.385, .known_mean = 2.385, .known_cv2 = 0 },
    { .kind = DISTRIBUTION_UNIFORM, .min = 1, .max = 4, .known_mean = 2.5, .known_cv2 = 0.12 },
    { .kind = DISTRIBUTION_EXPONENTIAL, .mean = 2.385, .known_mean = 2.385, .known_cv2 = 1 },
    { .kind = DISTRIBUTION_LOGNORMAL, .mean = 7, .cv2 = 0.5, .known_mean = 7, .known_cv2 = 0.5 },
    { .kind = DISTRIBUTION_GAMMA, .mean = 7, .cv2 = 0.25, .known_mean = 7, .known_cv2 = 0.25 },
    { .kind = DISTRIBUTION_GAMMA, .mean = 7, .cv2 = 4, .known_mean = 7, .known_cv2 = 4 },
    { .kind = DISTRIBUTION_PARETO, .min = 2, .shape = 5, .known_mean = 2.5, .known_cv2 = 1.0 / 15 },
    { .kind = DISTRIBUTION_BOUNDED_PARETO,
      .min = 1,
      .max = 100,
      .shape = 1.5,
      .known_mean = 3 * (1 - 0.1) / (1 - 0.001),
      .known_cv2 = INFINITY },
    { .kind = DISTRIBUTION_HYPEREXPONENTIAL,
      .mean = 7,
      .cv2 = 16,
      .known_mean = 7,
      .known_cv2 = 16 },
};

static struct distribution prepared(const struct known *k)
{
    struct distribution d = { .kind = k->kind };
    d.parameter[PARAMETER_VALUE] = k->value;
    d.parameter[PARAMETER_MIN] = k->min;
    d.parameter[PARAMETER_MAX] = k->max;
    d.parameter[PARAMETER_MEAN] = k->mean;
    d.parameter[PARAMETER_CV2] = k->cv2;
    d.parameter[PARAMETER_SHAPE] = k->shape;
    ck_assert_ptr_null(distribution_prepare(&d));
    return d;
}

START_TEST(moments_are_as_asked)
{
    const struct known *known = &knowns[_i];
    struct distribution d = prepared(known);
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    double sum = 0, squares = 0;
    random_seek(rng, 20261124, 0, 0, (uint32_t)_i, 0);
    ck_assert_double_eq_tol(distribution_mean_us(&d), known->known_mean, known->known_mean * 1e-12);
    for (int i = 0; i < DRAWS; i++) {
        double us = (double)distribution_draw_ps(&d, rng) / 1e6;
        sum += us;
        squares += us * us;
    }
    gsl_rng_free(rng);
    double mean = sum / DRAWS, cv2 = squares / DRAWS / (mean * mean) - 1;
    double error = sqrt((isinf(known->known_cv2) ? cv2 : known->known_cv2) / DRAWS) * mean;
    ck_assert_double_eq_tol(mean, known->known_mean, 5 * error + 1e-6);
    if (!isinf(known->known_cv2))
        ck_assert_double_eq_tol(cv2, known->known_cv2, 0.05 * known->known_cv2 + 1e-9);
}
END_TEST

START_TEST(the_ziggurat_is_exponential)
{
    struct distribution d = prepared(&knowns[2]);
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    double counts[10] = { 0 };
    random_seek(rng, 4711, 0, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        double x = (double)distribution_draw_ps(&d, rng) / 1e6 / 2.385;
        for (int j = 0; j < 10; j++)
            counts[j] += x < 0.01 * pow(2.2, j); /* .01 to 12, the tail included */
    }
    gsl_rng_free(rng);
    for (int j = 0; j < 10; j++) {
        double p = -expm1(-0.01 * pow(2.2, j));
        ck_assert_double_eq_tol(counts[j] / DRAWS, p, 5 * sqrt(p * (1 - p) / DRAWS) + 1e-6);
    }
}
END_TEST

START_TEST(wrong_parameters_are_refused)
{
    static const struct known wrong[] = {
        { .kind = DISTRIBUTION_CONSTANT, .value = -1 },
        { .kind = DISTRIBUTION_CONSTANT, .value = NAN },
        { .kind = DISTRIBUTION_UNIFORM, .min = 2, .max = 1 },
        { .kind = DISTRIBUTION_LOGNORMAL, .mean = 1, .cv2 = 0 },
        { .kind = DISTRIBUTION_LOGNORMAL, .mean = 0, .cv2 = 1 },
        { .kind = DISTRIBUTION_PARETO, .min = 0, .shape = 2 },
        { .kind = DISTRIBUTION_PARETO, .min = 1, .shape = 0 },
        { .kind = DISTRIBUTION_HYPEREXPONENTIAL, .mean = 1, .cv2 = 0.5 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct distribution d = { .kind = wrong[i].kind };
        d.parameter[PARAMETER_VALUE] = wrong[i].value;
        d.parameter[PARAMETER_MIN] = wrong[i].min;
        d.parameter[PARAMETER_MAX] = wrong[i].max;
        d.parameter[PARAMETER_MEAN] = wrong[i].mean;
        d.parameter[PARAMETER_CV2] = wrong[i].cv2;
        d.parameter[PARAMETER_SHAPE] = wrong[i].shape;
        ck_assert_msg(distribution_prepare(&d) != NULL, "number %zu was accepted", i);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("distribution");
    tcase_add_loop_test(tests, moments_are_as_asked, 0, sizeof knowns / sizeof knowns[0]);
    tcase_add_test(tests, the_ziggurat_is_exponential);
    tcase_add_test(tests, wrong_parameters_are_refused);
    return suite_run("distribution", tests);
}
