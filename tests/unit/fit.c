/* fit.c -- distributions fitted to durations.
 *
 * Goal: durations are found to be of the distribution that they were drawn from, with its
 * parameters and a Kolmogorov-Smirnov distance that is no accident; what is fitted to others shows
 * that it does not fit.
 * Method: 4000 draws of each kind with a fixed seed; parameters within 15 %; the likelihood at the
 * fitted parameters is greatest among ones near by; distance and likelihood of three numbers, and
 * the probability of a distance, against values calculated by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/fit.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

enum { DRAWS = 4000 };

static const struct known {
    enum distribution_kind kind;
    double parameter[PARAMETER_COUNT];
} knowns[] = {
    { DISTRIBUTION_UNIFORM, { [PARAMETER_MIN] = 100, [PARAMETER_MAX] = 350 } },
    { DISTRIBUTION_EXPONENTIAL, { [PARAMETER_MEAN] = 238.5 } },
    { DISTRIBUTION_LOGNORMAL, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 1.5 } },
    { DISTRIBUTION_GAMMA, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 0.25 } },
    { DISTRIBUTION_GAMMA, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 3 } },
    { DISTRIBUTION_PARETO, { [PARAMETER_MIN] = 100, [PARAMETER_SHAPE] = 2.5 } },
    { DISTRIBUTION_BOUNDED_PARETO,
      { [PARAMETER_MIN] = 10, [PARAMETER_MAX] = 1000, [PARAMETER_SHAPE] = 0.9 } },
    { DISTRIBUTION_HYPEREXPONENTIAL, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 9 } },
};

static void draw(const struct distribution *distribution, double us[DRAWS])
{
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    for (uint32_t i = 0; i < DRAWS; i++) {
        random_seek(rng, 7, 0, RANDOM_PHASES, i, 0);
        us[i] = (double)distribution_draw_ps(distribution, rng) / 1e6;
    }
    gsl_rng_free(rng);
}

/* The distribution that is known, and draws from it. */
static struct distribution drawn_of(const struct known *known, double *us)
{
    struct distribution distribution = { .kind = known->kind };
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        distribution.parameter[p] = known->parameter[p];
    ck_assert_ptr_null(distribution_prepare(&distribution));
    draw(&distribution, us);
    return distribution;
}

START_TEST(what_was_drawn_is_found)
{
    const struct known *known = &knowns[_i];
    static double us[DRAWS];
    struct distribution distribution = drawn_of(known, us);
    struct fit fit = fit_durations(us, DRAWS, 1e-6);
    if (fit.distribution.kind != DISTRIBUTION_BOUNDED_PARETO || known->kind != DISTRIBUTION_PARETO)
        ck_assert_str_eq(distribution_descriptions[fit.distribution.kind].name,
                         distribution_descriptions[known->kind].name);
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        if (known->parameter[p] > 0)
            ck_assert_double_eq_tol(fit.distribution.parameter[p] / known->parameter[p], 1, 0.15);
    ck_assert_double_gt(fit.p, 0.01);
    ck_assert_double_lt(fit.distance, 0.03);
    ck_assert_double_le(fit_log_likelihood(&distribution, us, DRAWS), fit.log_likelihood + 1e-6);
}
END_TEST

START_TEST(no_parameters_near_by_are_likelier)
{
    const struct known *known = &knowns[_i];
    static double us[DRAWS];
    drawn_of(known, us);
    struct fit fit = fit_durations(us, DRAWS, 1e-6);
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        for (int sign = -1; sign <= 1; sign += 2) {
            struct distribution other = fit.distribution;
            other.parameter[p] *= 1 + 0.02 * sign;
            bool covers = (p != PARAMETER_MIN || sign < 0) && (p != PARAMETER_MAX || sign > 0);
            if (known->parameter[p] == 0 || !covers)
                continue;
            ck_assert_ptr_null(distribution_prepare(&other));
            ck_assert_double_lt(fit_log_likelihood(&other, us, DRAWS), fit.log_likelihood);
        }
}
END_TEST

/* Of 1, 2, 6 an exponential has the mean 3: ln L = -3 ln 3 - 9/3, AIC = 2 + 6 ln 3 + 6 = 14.59.  A
 * uniform has ln L = -3 ln 5, AIC = 2 * 2 + 6 ln 5 = 13.66; a Pareto's is 13.84.  So that is a
 * uniform, with D at 2: 2/3 - 1/5. */
START_TEST(three_numbers)
{
    double us[] = { 6, 1, 2 };
    struct distribution exponential = { .kind = DISTRIBUTION_EXPONENTIAL };
    exponential.parameter[PARAMETER_MEAN] = 3;
    ck_assert_ptr_null(distribution_prepare(&exponential));
    ck_assert_double_eq_tol(fit_log_likelihood(&exponential, us, 3), -3 * log(3) - 3, 1e-12);
    ck_assert_double_eq_tol(fit_cumulative(&exponential, 2), 1 - exp(-2.0 / 3), 1e-12);
    struct fit fit = fit_durations(us, 3, 1e-3);
    ck_assert_double_eq(us[0], 1); /* sorted */
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_UNIFORM);
    ck_assert_double_eq_tol(fit.aic, 2 * 2 + 6 * log(5), 1e-12);
    ck_assert_double_eq_tol(fit.distance, 2.0 / 3 - 0.2, 1e-12);
}
END_TEST

/* Once 20 trials were as far there are no more, and p is their share (Besag, Clifford 1991). */
START_TEST(enough_trials)
{
    double us[] = { 1, 1.2, 7, 8 };
    struct fit fit = fit_durations(us, 4, 1e-3);
    double trials = FIT_TRIALS_ENOUGH / fit.p;
    ck_assert_double_lt(trials, FIT_TRIALS);
    ck_assert_double_gt(trials, 2 * FIT_TRIALS_ENOUGH);
    ck_assert_double_eq_tol(trials, round(trials), 1e-9);
}
END_TEST

/* Of 1, 5, 6 a uniform is the likeliest, too: 13.66 again, beside 16.32 of an exponential and 18.01
 * of a lognormal.  F is above the steps here: D is 4/5 - 1/3, just before 5. */
START_TEST(steps_below)
{
    double us[] = { 1, 5, 6 };
    struct fit fit = fit_durations(us, 3, 1e-3);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_UNIFORM);
    ck_assert_double_eq_tol(fit.distance, 0.8 - 1.0 / 3, 1e-12);
}
END_TEST

/* What cuts a distribution into so many equal parts, at the middle of each. */
enum { PARTS = 2000 };

/* Where such a gamma of scale 1 has that share below; by halves, as gsl_cdf_gamma_Pinv() does not
 * come to an end for the least shapes. */
static double gamma_quantile(double share, double shape)
{
    double low = -700, high = 10; /* of the logarithm */
    for (uint32_t i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        *(gsl_cdf_gamma_P(exp(middle), shape, 1) < share ? &low : &high) = middle;
    }
    return exp(low);
}

/* Between the least and the most that are found: a shape of 0.08 and one of 2000. */
START_TEST(gammas_of_all_shapes)
{
    static double us[PARTS];
    static const double shapes[] = { 0.08, 2000 };
    double shape = shapes[_i];
    for (uint32_t i = 0; i < PARTS; i++)
        us[i] = gamma_quantile((i + 0.5) / PARTS, shape) * 238.5 / shape;
    struct fit fit = fit_durations(us, PARTS, 1e-100);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_GAMMA);
    ck_assert_double_eq_tol(fit.distribution.parameter[PARAMETER_CV2] * shape, 1, 0.02);
    ck_assert_double_eq_tol(fit.distribution.parameter[PARAMETER_MEAN], 238.5, 0.5);
    ck_assert_double_lt(fit.distance, 0.005);
}
END_TEST

/* A Pareto of shape 0.8 has no mean: what is like one gets bounds. */
START_TEST(no_pareto_without_a_mean)
{
    static double us[PARTS];
    for (uint32_t i = 0; i < PARTS; i++)
        us[i] = gsl_cdf_pareto_Pinv((i + 0.5) / PARTS, 0.8, 100);
    struct fit fit = fit_durations(us, PARTS, 1e-3);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_BOUNDED_PARETO);
    for (uint32_t i = 0; i < PARTS; i++)
        us[i] = gsl_cdf_pareto_Pinv((i + 0.5) / PARTS, 1.25, 100);
    fit = fit_durations(us, PARTS, 1e-3);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_PARETO);
    ck_assert_double_eq_tol(fit.distribution.parameter[PARAMETER_SHAPE], 1.25, 0.01);
}
END_TEST

/* Half of the durations are 1, half 1000: nothing fits.  0.1, 0.2, ..., 2 is as uniform as may
 * be. */
START_TEST(what_does_not_fit_shows)
{
    static double us[DRAWS];
    for (uint32_t i = 0; i < DRAWS; i++)
        us[i] = i % 2 == 0 ? 1 : 1000;
    struct fit fit = fit_durations(us, DRAWS, 1e-3);
    ck_assert_double_ge(fit.distance, 0.2);
    ck_assert_double_eq_tol(fit.p, 1.0 / (FIT_TRIALS + 1), 1e-12); /* none was as far */
    /* Bounded Paretos of shapes so near 0 that one cannot be fitted to half of what they draw: that
     * is not as far for that. */
    for (uint32_t times = 10; times <= 100; times += 10) {
        for (uint32_t i = 0; i < DRAWS; i++)
            us[i] = i % 2 == 0 || i == 1 ? 10 : 10 * times;
        fit = fit_durations(us, DRAWS, 1e-3);
        ck_assert_double_ge(fit.distance, 0.45);
        ck_assert_double_eq_tol(fit.p, 1.0 / (FIT_TRIALS + 1), 1e-12);
    }
    for (uint32_t i = 0; i < 20; i++)
        us[i] = 0.1 * (i + 1);
    fit = fit_durations(us, 20, 1e-3);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_UNIFORM);
    ck_assert_double_eq_tol(fit.distance, 0.05, 1e-9); /* F is i/19, the steps are of 1/20 */
    ck_assert_double_eq_tol(fit.p, 1, 1e-6);
}
END_TEST

START_TEST(what_hardly_varies_is_constant)
{
    double us[] = { 250, 250, 251, 249 }, none[] = { 0, 0, 0 };
    struct fit fit = fit_durations(us, 4, 1e-3);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_CONSTANT);
    ck_assert_double_eq(fit.distribution.parameter[PARAMETER_VALUE], 250);
    /* One of three is off by b: the standard deviation is b / sqrt(3). */
    double within[] = { 100, 100, 101.7 }, beyond[] = { 100, 100, 101.8 };
    ck_assert_int_eq(fit_durations(within, 3, 1e-3).distribution.kind, DISTRIBUTION_CONSTANT);
    ck_assert_int_ne(fit_durations(beyond, 3, 1e-3).distribution.kind, DISTRIBUTION_CONSTANT);
    fit = fit_durations(none, 3, 0.5);
    ck_assert_int_eq(fit.distribution.kind, DISTRIBUTION_CONSTANT);
    ck_assert_double_eq(fit.distribution.parameter[PARAMETER_VALUE], 0.5);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fit");
    tcase_add_loop_test(tests, what_was_drawn_is_found, 0, sizeof knowns / sizeof knowns[0]);
    tcase_add_loop_test(tests, no_parameters_near_by_are_likelier, 0,
                        sizeof knowns / sizeof knowns[0]);
    tcase_add_test(tests, three_numbers);
    tcase_add_test(tests, enough_trials);
    tcase_add_test(tests, steps_below);
    tcase_add_loop_test(tests, gammas_of_all_shapes, 0, 2);
    tcase_add_test(tests, no_pareto_without_a_mean);
    tcase_add_test(tests, what_does_not_fit_shows);
    tcase_add_test(tests, what_hardly_varies_is_constant);
    return suite_run("fit", tests);
}
