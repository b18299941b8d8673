/* fit_again.c -- known distributions come back, whatever the seed.
 *
 * Goal: of what a known distribution drew, the fit finds the kind, the parameters and the load, and
 * its goodness of fit refutes a true kind no more often than it says.
 * Method: SEEDS samples of DRAWS each of every kind, with several parameters.  The kind found is
 * the one drawn, or one that contains it and is likelier by more than AIC asks for its parameter.
 * Where it is the one drawn: the true mean, cv2 and shape are within 4 standard errors (by the
 * curvature of the likelihood at the fit), and beyond the fitted ends the true distribution has no
 * more than 16 of DRAWS (e^-16 by chance).  The likelihood is at least that of the truth.  The mean
 * is as near to that of the samples as stands with each case.  p is below 0.05 in a quarter of a
 * case's samples at most, and in 1 to 8 % of all, at or below 0.01 in 2.5 % at most, 0.4 to 0.6 in
 * the mean.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/fit.h"

#include <gsl/gsl_math.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

enum { SEEDS = 16, DRAWS = 2000 };

static const struct known {
    enum distribution_kind kind;
    double parameter[PARAMETER_COUNT];
    double load; /* how far the fit's mean may be from the samples' */
} knowns[] = {
    { DISTRIBUTION_UNIFORM, { [PARAMETER_MIN] = 100, [PARAMETER_MAX] = 350 }, 0.03 },
    { DISTRIBUTION_UNIFORM, { [PARAMETER_MIN] = 0.5, [PARAMETER_MAX] = 350 }, 0.04 },
    { DISTRIBUTION_EXPONENTIAL, { [PARAMETER_MEAN] = 238.5 }, 0.001 },
    { DISTRIBUTION_EXPONENTIAL, { [PARAMETER_MEAN] = 5e5 }, 0.001 },
    { DISTRIBUTION_LOGNORMAL, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 0.4 }, 0.01 },
    { DISTRIBUTION_LOGNORMAL, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 1.5 }, 0.03 },
    { DISTRIBUTION_LOGNORMAL, { [PARAMETER_MEAN] = 3000, [PARAMETER_CV2] = 20 }, 0.3 },
    { DISTRIBUTION_GAMMA, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 0.6 }, 0.001 },
    { DISTRIBUTION_GAMMA, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 0.25 }, 0.001 },
    { DISTRIBUTION_GAMMA, { [PARAMETER_MEAN] = 12, [PARAMETER_CV2] = 3 }, 0.001 },
    { DISTRIBUTION_PARETO, { [PARAMETER_MIN] = 100, [PARAMETER_SHAPE] = 2.5 }, 0.05 },
    { DISTRIBUTION_PARETO, { [PARAMETER_MIN] = 10, [PARAMETER_SHAPE] = 5 }, 0.02 },
    { DISTRIBUTION_BOUNDED_PARETO,
      { [PARAMETER_MIN] = 10, [PARAMETER_MAX] = 1000, [PARAMETER_SHAPE] = 0.5 },
      0.05 },
    { DISTRIBUTION_BOUNDED_PARETO,
      { [PARAMETER_MIN] = 100, [PARAMETER_MAX] = 10000, [PARAMETER_SHAPE] = 1.1 },
      0.1 },
    { DISTRIBUTION_BOUNDED_PARETO,
      { [PARAMETER_MIN] = 100, [PARAMETER_MAX] = 300, [PARAMETER_SHAPE] = 2.5 },
      0.02 },
    { DISTRIBUTION_HYPEREXPONENTIAL, { [PARAMETER_MEAN] = 238.5, [PARAMETER_CV2] = 3 }, 0.1 },
    { DISTRIBUTION_HYPEREXPONENTIAL, { [PARAMETER_MEAN] = 1000, [PARAMETER_CV2] = 20 }, 0.3 },
};

enum { CASES = sizeof knowns / sizeof knowns[0] };

static void draw(const struct distribution *distribution, uint32_t which, uint32_t seed,
                 double us[DRAWS])
{
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 1000 + seed, 0, RANDOM_PHASES, which, 0);
    for (uint32_t i = 0; i < DRAWS; i++)
        us[i] = (double)distribution_draw_ps(distribution, rng) / 1e6;
    gsl_rng_free(rng);
}

static double mean_of(const double us[DRAWS])
{
    double sum = 0;
    for (uint32_t i = 0; i < DRAWS; i++)
        sum += us[i];
    return sum / DRAWS;
}

/* Whether `found` has all that `drawn` is among what it can be. */
static bool contains(enum distribution_kind found, enum distribution_kind drawn)
{
    return found == drawn ||
           (drawn == DISTRIBUTION_EXPONENTIAL &&
            (found == DISTRIBUTION_GAMMA || found == DISTRIBUTION_HYPEREXPONENTIAL)) ||
           (drawn == DISTRIBUTION_PARETO && found == DISTRIBUTION_BOUNDED_PARETO);
}

/* ---- Standard errors ---------------------------------------------------------------------- */

/* The likelihood where the logarithms of two parameters are off by so much. */
static double likelihood_at(const struct fit *fit, const double us[DRAWS], uint32_t a, double by_a,
                            uint32_t b, double by_b)
{
    struct distribution near = fit->distribution;
    near.parameter[a] *= exp(by_a);
    near.parameter[b] *= exp(by_b);
    ck_assert_ptr_null(distribution_prepare(&near));
    return fit_log_likelihood(&near, us, DRAWS);
}

/* Minus the second derivative. */
static double curvature(const struct fit *fit, const double us[DRAWS], uint32_t a, uint32_t b)
{
    const double h = 1e-3;
    return -(likelihood_at(fit, us, a, h, b, h) - likelihood_at(fit, us, a, h, b, -h) -
             likelihood_at(fit, us, a, -h, b, h) + likelihood_at(fit, us, a, -h, b, -h)) /
           (4 * h * h);
}

/* The mean, cv2 or shape. */
static bool is_regular(const struct known *known, uint32_t p)
{
    return known->parameter[p] > 0 &&
           (p == PARAMETER_MEAN || p == PARAMETER_CV2 || p == PARAMETER_SHAPE);
}

/* Of the logarithm of a parameter, where no, or one, other one is unknown, too. */
static double standard_error(const struct known *known, const struct fit *fit,
                             const double us[DRAWS], uint32_t p)
{
    double own = curvature(fit, us, p, p);
    for (uint32_t other = 0; other < PARAMETER_COUNT; other++)
        if (other != p && is_regular(known, other))
            own -= gsl_pow_2(curvature(fit, us, p, other)) / curvature(fit, us, other, other);
    return 1 / sqrt(own);
}

static void check_parameters(const struct known *known, const struct distribution *truth,
                             const struct fit *fit, const double us[DRAWS])
{
    const double *found = fit->distribution.parameter;
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        if (is_regular(known, p))
            ck_assert_double_lt(
                fabs(log(found[p] / known->parameter[p])) / standard_error(known, fit, us, p), 4);
    if (known->parameter[PARAMETER_MIN] > 0) {
        ck_assert_double_ge(found[PARAMETER_MIN], known->parameter[PARAMETER_MIN]);
        ck_assert_double_le(fit_cumulative(truth, found[PARAMETER_MIN]) * DRAWS, 16);
    }
    if (known->parameter[PARAMETER_MAX] > 0) {
        ck_assert_double_le(found[PARAMETER_MAX], known->parameter[PARAMETER_MAX]);
        ck_assert_double_le((1 - fit_cumulative(truth, found[PARAMETER_MAX])) * DRAWS, 16);
    }
}

/* ---- Tests -------------------------------------------------------------------------------- */

static struct {
    uint32_t fits, below_5, below_1;
    double p;
} all;

START_TEST(what_was_drawn_comes_back)
{
    const struct known *known = &knowns[_i];
    struct distribution truth = { .kind = known->kind };
    static double us[DRAWS];
    uint32_t same = 0, below_5 = 0;
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        truth.parameter[p] = known->parameter[p];
    ck_assert_ptr_null(distribution_prepare(&truth));
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        draw(&truth, (uint32_t)_i, seed, us);
        double mean_us = mean_of(us);
        struct fit fit = fit_durations(us, DRAWS, 1e-6);
        ck_assert(contains(fit.distribution.kind, known->kind));
        if (fit.distribution.kind == known->kind) {
            same++;
            check_parameters(known, &truth, &fit, us);
        }
        ck_assert_double_ge(fit.log_likelihood, fit_log_likelihood(&truth, us, DRAWS) - 1e-6);
        ck_assert_double_le(fabs(distribution_mean_us(&fit.distribution) / mean_us - 1),
                            known->load);
        below_5 += fit.p < 0.05;
        all.below_1 += fit.p <= 0.01;
        all.p += fit.p;
        all.fits++;
    }
    ck_assert_uint_ge(2 * same, SEEDS);
    ck_assert_uint_le(4 * below_5, SEEDS);
    all.below_5 += below_5;
}
END_TEST

START_TEST(p_is_what_it_says)
{
    ck_assert_uint_eq(all.fits, SEEDS * CASES);
    printf("p: %.3f in the mean, below 0.05 %u, below 0.01 %u of %u\n", all.p / all.fits,
           all.below_5, all.below_1, all.fits);
    ck_assert_double_eq_tol(all.p / all.fits, 0.5, 0.1);
    ck_assert_double_ge(all.below_5, 0.01 * all.fits);
    ck_assert_double_le(all.below_5, 0.08 * all.fits);
    ck_assert_double_le(all.below_1, 0.025 * all.fits);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fit_again");
    tcase_add_loop_test(tests, what_was_drawn_comes_back, 0, CASES);
    tcase_add_test(tests, p_is_what_it_says);
    return suite_run("fit_again", tests);
}
