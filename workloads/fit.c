/* fit.c -- see fit.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/fit.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_min.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdbool.h>

#include "sim/base/check.h"

enum { ITERATIONS_MAX = 100 };

#define CONSTANT_CV 0.01

struct sample {
    const double *us; /* sorted */
    size_t count;
    double mean, mean_log, sd_log;
};

/* ---- Distributions ------------------------------------------------------------------------ */

double fit_cumulative(const struct distribution *d, double us)
{
    const double *p = d->parameter, *q = d->derived;
    switch (d->kind) {
    case DISTRIBUTION_UNIFORM:
        return gsl_cdf_flat_P(us, p[PARAMETER_MIN], p[PARAMETER_MAX]);
    case DISTRIBUTION_EXPONENTIAL:
        return gsl_cdf_exponential_P(us, p[PARAMETER_MEAN]);
    case DISTRIBUTION_LOGNORMAL:
        return gsl_cdf_lognormal_P(us, q[0], q[1]);
    case DISTRIBUTION_GAMMA:
        return gsl_cdf_gamma_P(us, q[0], q[1]);
    case DISTRIBUTION_PARETO:
        return gsl_cdf_pareto_P(us, p[PARAMETER_SHAPE], p[PARAMETER_MIN]);
    case DISTRIBUTION_HYPEREXPONENTIAL:
        return q[0] * gsl_cdf_exponential_P(us, q[1]) +
               (1 - q[0]) * gsl_cdf_exponential_P(us, q[2]);
    default:
        return us >= p[PARAMETER_VALUE];
    }
}

static double log_density(const struct distribution *d, double us)
{
    const double *p = d->parameter, *q = d->derived;
    switch (d->kind) {
    case DISTRIBUTION_UNIFORM:
        return -log(p[PARAMETER_MAX] - p[PARAMETER_MIN]);
    case DISTRIBUTION_EXPONENTIAL:
        return -log(p[PARAMETER_MEAN]) - us / p[PARAMETER_MEAN];
    case DISTRIBUTION_LOGNORMAL:
        return -log(us * q[1]) - M_LNPI / 2 - M_LN2 / 2 - gsl_pow_2((log(us) - q[0]) / q[1]) / 2;
    case DISTRIBUTION_GAMMA:
        return (q[0] - 1) * log(us / q[1]) - us / q[1] - log(q[1]) - gsl_sf_lngamma(q[0]);
    case DISTRIBUTION_PARETO:
        return log(p[PARAMETER_SHAPE] / p[PARAMETER_MIN]) -
               (p[PARAMETER_SHAPE] + 1) * log(us / p[PARAMETER_MIN]);
    default: /* hyperexponential, of which the first term may vanish */
        return log(q[0] / q[1] * exp(-us / q[1]) + (1 - q[0]) / q[2] * exp(-us / q[2]));
    }
}

double fit_log_likelihood(const struct distribution *distribution, const double *us, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log_density(distribution, us[i]);
    return sum;
}

/* ---- Maximum likelihood ------------------------------------------------------------------- */

/* Of shape k, with the best scale, mean / k: 0 where the likelihood is greatest. */
static double gamma_slope(double shape, void *context)
{
    const struct sample *sample = context;
    return log(shape) - gsl_sf_psi(shape) - (log(sample->mean) - sample->mean_log);
}

/* False: there is no shape in a range that makes sense. */
static bool fit_gamma(const struct sample *sample, struct distribution *d)
{
    gsl_function slope = { gamma_slope, (void *)(uintptr_t)sample };
    double low = 1e-3, high = 1e6;
    if (gamma_slope(low, slope.params) < 0 || gamma_slope(high, slope.params) > 0)
        return false;
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    CHECK(solver != NULL && gsl_root_fsolver_set(solver, &slope, low, high) == GSL_SUCCESS);
    int status = GSL_CONTINUE;
    for (int i = 0; i < ITERATIONS_MAX && status == GSL_CONTINUE; i++) {
        CHECK(gsl_root_fsolver_iterate(solver) == GSL_SUCCESS);
        status = gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                        gsl_root_fsolver_x_upper(solver), 0, 1e-9);
    }
    d->parameter[PARAMETER_MEAN] = sample->mean;
    d->parameter[PARAMETER_CV2] = 1 / gsl_root_fsolver_root(solver);
    gsl_root_fsolver_free(solver);
    return true;
}

static struct distribution hyperexponential(const struct sample *sample, double log_excess)
{
    struct distribution d = { .kind = DISTRIBUTION_HYPEREXPONENTIAL };
    d.parameter[PARAMETER_MEAN] = sample->mean;
    d.parameter[PARAMETER_CV2] = 1 + exp(log_excess);
    CHECK(distribution_prepare(&d) == NULL);
    return d;
}

/* Of log(cv2 - 1), at the mean of the samples. */
static double hyperexponential_unlikelihood(double log_excess, void *context)
{
    const struct sample *sample = context;
    struct distribution d = hyperexponential(sample, log_excess);
    return -fit_log_likelihood(&d, sample->us, sample->count);
}

/* False: it does no better than an exponential. */
static bool fit_hyperexponential(const struct sample *sample, struct distribution *d)
{
    enum { TRIED = 24 };
    gsl_function function = { hyperexponential_unlikelihood, (void *)(uintptr_t)sample };
    double from = log(1e-3), to = log(1e4), step = (to - from) / TRIED, best = 0, least = INFINITY;
    for (int i = 1; i < TRIED; i++) {
        double value = hyperexponential_unlikelihood(from + i * step, function.params);
        if (value < least) {
            least = value;
            best = from + i * step;
        }
    }
    if (!(least < hyperexponential_unlikelihood(best - step, function.params)) ||
        !(least < hyperexponential_unlikelihood(best + step, function.params)))
        return false;
    gsl_min_fminimizer *minimizer = gsl_min_fminimizer_alloc(gsl_min_fminimizer_brent);
    CHECK(minimizer != NULL && gsl_min_fminimizer_set(minimizer, &function, best, best - step,
                                                      best + step) == GSL_SUCCESS);
    int status = GSL_CONTINUE;
    for (int i = 0; i < ITERATIONS_MAX && status == GSL_CONTINUE; i++) {
        CHECK(gsl_min_fminimizer_iterate(minimizer) == GSL_SUCCESS);
        status = gsl_min_test_interval(gsl_min_fminimizer_x_lower(minimizer),
                                       gsl_min_fminimizer_x_upper(minimizer), 1e-6, 0);
    }
    *d = hyperexponential(sample, gsl_min_fminimizer_x_minimum(minimizer));
    gsl_min_fminimizer_free(minimizer);
    return true;
}

/* False: there is no best one. */
static bool fit_kind(const struct sample *sample, struct distribution *d)
{
    double *p = d->parameter, least = sample->us[0], most = sample->us[sample->count - 1];
    double variance = gsl_pow_2(sample->sd_log);
    switch (d->kind) {
    case DISTRIBUTION_UNIFORM:
        p[PARAMETER_MIN] = least;
        p[PARAMETER_MAX] = most;
        return true;
    case DISTRIBUTION_EXPONENTIAL:
        p[PARAMETER_MEAN] = sample->mean;
        return true;
    case DISTRIBUTION_LOGNORMAL:
        p[PARAMETER_MEAN] = exp(sample->mean_log + variance / 2);
        p[PARAMETER_CV2] = expm1(variance);
        return true;
    case DISTRIBUTION_GAMMA:
        return fit_gamma(sample, d);
    case DISTRIBUTION_PARETO:
        p[PARAMETER_MIN] = least;
        p[PARAMETER_SHAPE] = 1 / (sample->mean_log - log(least));
        return p[PARAMETER_SHAPE] > 1; /* else it has no mean, and could last for any time */
    default:
        return fit_hyperexponential(sample, d);
    }
}

/* ---- Goodness ----------------------------------------------------------------------------- */

static double distance_of(const struct distribution *d, const double *us, size_t count)
{
    double most = 0, n = (double)count;
    for (size_t i = 0; i < count; i++) {
        double f = fit_cumulative(d, us[i]);
        most = fmax(most, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return most;
}

static double probability_of(double distance, size_t count)
{
    double root = sqrt((double)count), x = distance * (root + 0.12 + 0.11 / root), sum = 0;
    if (x < 0.2)
        return 1; /* where the series hardly converges */
    for (int j = 1; j <= ITERATIONS_MAX; j++)
        sum += (j % 2 == 1 ? 2 : -2) * exp(-2 * gsl_pow_2(j * x));
    return fmin(fmax(sum, 0), 1);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static const struct {
    enum distribution_kind kind;
    int parameters;
} tried[] = {
    { DISTRIBUTION_EXPONENTIAL, 1 }, { DISTRIBUTION_UNIFORM, 2 },
    { DISTRIBUTION_LOGNORMAL, 2 },   { DISTRIBUTION_GAMMA, 2 },
    { DISTRIBUTION_PARETO, 2 },      { DISTRIBUTION_HYPEREXPONENTIAL, 2 },
};

static struct fit constant(double us)
{
    struct fit fit = { .distribution = { .kind = DISTRIBUTION_CONSTANT },
                       .log_likelihood = INFINITY,
                       .aic = -INFINITY,
                       .p = 1 };
    fit.distribution.parameter[PARAMETER_VALUE] = us;
    CHECK(distribution_prepare(&fit.distribution) == NULL);
    return fit;
}

static void take_logs(struct sample *sample)
{
    double squares = 0;
    for (size_t i = 0; i < sample->count; i++)
        sample->mean_log += log(sample->us[i]) / (double)sample->count;
    for (size_t i = 0; i < sample->count; i++)
        squares += gsl_pow_2(log(sample->us[i]) - sample->mean_log);
    sample->sd_log = sqrt(squares / (double)sample->count);
}

struct fit fit_durations(double *us, size_t count, double least_us)
{
    struct fit best = { .aic = INFINITY };
    CHECK(count >= 2 && least_us > 0);
    for (size_t i = 0; i < count; i++)
        us[i] = fmax(us[i], least_us);
    gsl_sort(us, 1, count);
    struct sample sample = { .us = us, .count = count, .mean = gsl_stats_mean(us, 1, count) };
    if (gsl_stats_sd_m(us, 1, count, sample.mean) <= CONSTANT_CV * sample.mean)
        return constant(sample.mean);
    take_logs(&sample);
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct fit fit = { .distribution = { .kind = tried[i].kind } };
        if (!fit_kind(&sample, &fit.distribution) ||
            distribution_prepare(&fit.distribution) != NULL)
            continue;
        fit.log_likelihood = fit_log_likelihood(&fit.distribution, us, count);
        fit.aic = 2 * tried[i].parameters - 2 * fit.log_likelihood;
        if (fit.aic < best.aic)
            best = fit;
    }
    best.distance = distance_of(&best.distribution, us, count);
    best.p = probability_of(best.distance, count);
    return best;
}
