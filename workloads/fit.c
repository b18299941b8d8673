/* fit.c -- see fit.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/fit.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_multimin.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/base/random.h"

enum { ITERATIONS_MAX = 500 };

#define CONSTANT_CV 0.01

struct sample {
    double *us; /* sorted */
    size_t count;
    double mean, mean_log, sd_log;
};

/* Sorts us, none of which is 0. */
static struct sample sample_of(double *us, size_t count)
{
    struct sample sample = { .us = us, .count = count, .mean = gsl_stats_mean(us, 1, count) };
    double squares = 0;
    gsl_sort(us, 1, count);
    for (size_t i = 0; i < count; i++)
        sample.mean_log += log(us[i]) / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += gsl_pow_2(log(us[i]) - sample.mean_log);
    sample.sd_log = sqrt(squares / (double)count);
    return sample;
}

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
    case DISTRIBUTION_BOUNDED_PARETO:
        return us >= p[PARAMETER_MAX]
                   ? 1
                   : gsl_cdf_pareto_P(us, p[PARAMETER_SHAPE], p[PARAMETER_MIN]) / (1 - q[0]);
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
    double short_one, long_one;
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
    case DISTRIBUTION_BOUNDED_PARETO:
        return log(p[PARAMETER_SHAPE] / p[PARAMETER_MIN]) - log1p(-q[0]) -
               (p[PARAMETER_SHAPE] + 1) * log(us / p[PARAMETER_MIN]);
    default: /* hyperexponential, either term of which may vanish */
        short_one = log(q[0] / q[1]) - us / q[1];
        long_one = log((1 - q[0]) / q[2]) - us / q[2];
        return fmax(short_one, long_one) + log1p(exp(-fabs(short_one - long_one)));
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

/* Where the function crosses 0; its values at low and high differ in sign. */
static double root_of(double (*function)(double x, void *context), const struct sample *sample,
                      double low, double high)
{
    gsl_function crossing = { function, (void *)(uintptr_t)sample };
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    CHECK(solver != NULL && gsl_root_fsolver_set(solver, &crossing, low, high) == GSL_SUCCESS);
    int status = GSL_CONTINUE;
    for (int i = 0; i < ITERATIONS_MAX && status == GSL_CONTINUE; i++) {
        CHECK(gsl_root_fsolver_iterate(solver) == GSL_SUCCESS);
        status = gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                        gsl_root_fsolver_x_upper(solver), 0, 1e-9);
    }
    double root = gsl_root_fsolver_root(solver);
    gsl_root_fsolver_free(solver);
    return root;
}

/* Of shape k, with the best scale, mean / k: 0 where the likelihood is greatest. */
static double gamma_slope(double shape, void *context)
{
    const struct sample *sample = context;
    return log(shape) - gsl_sf_psi(shape) - (log(sample->mean) - sample->mean_log);
}

/* False: there is no shape in a range that makes sense. */
static bool fit_gamma(const struct sample *sample, struct distribution *d)
{
    void *context = (void *)(uintptr_t)sample;
    double low = 1e-3, high = 1e6;
    if (gamma_slope(low, context) < 0 || gamma_slope(high, context) > 0)
        return false;
    d->parameter[PARAMETER_MEAN] = sample->mean;
    d->parameter[PARAMETER_CV2] = 1 / root_of(gamma_slope, sample, low, high);
    return true;
}

/* The mean of log(x / min). */
static double log_excess(const struct sample *sample)
{
    return sample->mean_log - log(sample->us[0]);
}

/* Of the shape, with the samples' own ends: 0 where the likelihood is greatest (Aban, Meerschaert,
 * Panorska 2006, theorem 2). */
static double bounded_pareto_slope(double shape, void *context)
{
    const struct sample *sample = context;
    double span = log(sample->us[sample->count - 1] / sample->us[0]);
    return 1 / shape - span / expm1(shape * span) - log_excess(sample);
}

/* False: what is long is not rare enough for any shape above 0, or so rare that there might as well
 * be no bound. */
static bool fit_bounded_pareto(const struct sample *sample, struct distribution *d)
{
    void *context = (void *)(uintptr_t)sample;
    double high = 1 / log_excess(sample), low = 1e-6 * high; /* high: that of no bound */
    if (bounded_pareto_slope(low, context) <= 0 || bounded_pareto_slope(high, context) >= 0)
        return false;
    d->parameter[PARAMETER_MIN] = sample->us[0];
    d->parameter[PARAMETER_MAX] = sample->us[sample->count - 1];
    d->parameter[PARAMETER_SHAPE] = root_of(bounded_pareto_slope, sample, low, high);
    return true;
}

static struct distribution hyperexponential(double mean, double log_excess_cv2)
{
    struct distribution d = { .kind = DISTRIBUTION_HYPEREXPONENTIAL };
    d.parameter[PARAMETER_MEAN] = mean;
    d.parameter[PARAMETER_CV2] = 1 + exp(log_excess_cv2);
    CHECK(distribution_prepare(&d) == NULL);
    return d;
}

/* At, in units that make all samples alike: log(mean / that of the samples), log(cv2 - 1).  Flat
 * outside of what makes sense. */
static double hyperexponential_unlikelihood(const gsl_vector *at, void *context)
{
    const struct sample *sample = context;
    double mean = sample->mean * exp(fmax(fmin(gsl_vector_get(at, 0), 5), -5));
    struct distribution d = hyperexponential(mean, fmax(fmin(gsl_vector_get(at, 1), 15), -15));
    return -fit_log_likelihood(&d, sample->us, sample->count);
}

/* The best of log(cv2 - 1) from 0.001 to 10,000, at the mean of the samples.  False: that is at an
 * end, so that an exponential does as well, or nothing. */
static bool find_excess(const struct sample *sample, gsl_vector *at)
{
    enum { TRIED = 24 };
    double from = log(1e-3), step = (log(1e4) - from) / TRIED, least = INFINITY;
    int best = 0;
    for (int i = 0; i <= TRIED; i++) {
        gsl_vector_set(at, 1, from + i * step);
        double value = hyperexponential_unlikelihood(at, (void *)(uintptr_t)sample);
        if (value < least) {
            least = value;
            best = i;
        }
    }
    gsl_vector_set(at, 1, from + best * step);
    return best > 0 && best < TRIED;
}

/* Beginning with those of *d, if it has any.  False: an exponential does as well. */
static bool fit_hyperexponential(const struct sample *sample, struct distribution *d)
{
    gsl_vector *at = gsl_vector_calloc(2), *step = gsl_vector_alloc(2);
    gsl_multimin_function function = { hyperexponential_unlikelihood, 2,
                                       (void *)(uintptr_t)sample };
    gsl_multimin_fminimizer *minimizer =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, 2);
    CHECK(at != NULL && step != NULL && minimizer != NULL);
    bool is_known = d->parameter[PARAMETER_MEAN] > 0;
    if (is_known) {
        gsl_vector_set(at, 0, log(d->parameter[PARAMETER_MEAN] / sample->mean));
        gsl_vector_set(at, 1, log(d->parameter[PARAMETER_CV2] - 1));
    }
    bool fine = is_known || find_excess(sample, at);
    if (fine) {
        gsl_vector_set_all(step, 0.25);
        CHECK(gsl_multimin_fminimizer_set(minimizer, &function, at, step) == GSL_SUCCESS);
        int status = GSL_CONTINUE;
        for (int i = 0; i < ITERATIONS_MAX && status == GSL_CONTINUE; i++) {
            CHECK(gsl_multimin_fminimizer_iterate(minimizer) == GSL_SUCCESS);
            status = gsl_multimin_test_size(gsl_multimin_fminimizer_size(minimizer), 1e-5);
        }
        *d = hyperexponential(sample->mean * exp(gsl_vector_get(minimizer->x, 0)),
                              gsl_vector_get(minimizer->x, 1));
    }
    gsl_multimin_fminimizer_free(minimizer);
    gsl_vector_free(step);
    gsl_vector_free(at);
    return fine;
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
        p[PARAMETER_SHAPE] = 1 / log_excess(sample);
        return p[PARAMETER_SHAPE] > 1; /* else it has no mean, and could last for any time */
    case DISTRIBUTION_BOUNDED_PARETO:
        return fit_bounded_pareto(sample, d);
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

/* Comparable between any numbers of samples. */
static double scaled(double distance, size_t count)
{
    double root = sqrt((double)count);
    return distance * (root + 0.12 + 0.11 / root);
}

/* That such a distribution, fitted to samples of itself, is at least as far from them.  Where it
 * cannot be fitted to some, as a Pareto whose shape came out as 1 or less, it is itself taken for
 * what is fitted, which is a little farther. */
static double probability_of(const struct distribution *fitted, double distance, size_t count)
{
    size_t drawn = count < FIT_DRAWS_MAX ? count : FIT_DRAWS_MAX;
    double *us = malloc(drawn * sizeof *us);
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    uint32_t farther = 0, tried = 0;
    CHECK(us != NULL && rng != NULL);
    while (tried < FIT_TRIALS && farther < FIT_TRIALS_ENOUGH) {
        struct distribution again = *fitted;
        random_seek(rng, 1, tried++, RANDOM_PHASES, 0, 0);
        for (size_t i = 0; i < drawn; i++)
            us[i] = fmax((double)distribution_draw_ps(fitted, rng) / 1e6, 1e-6);
        struct sample sample = sample_of(us, drawn);
        if (!fit_kind(&sample, &again) || distribution_prepare(&again) != NULL)
            again = *fitted;
        farther += scaled(distance_of(&again, us, drawn), drawn) >= scaled(distance, count);
    }
    gsl_rng_free(rng);
    free(us);
    return farther == FIT_TRIALS_ENOUGH ? (double)farther / tried : (farther + 1.0) / (tried + 1);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static const struct {
    enum distribution_kind kind;
    int parameters;
} tried[] = {
    { DISTRIBUTION_EXPONENTIAL, 1 },      { DISTRIBUTION_UNIFORM, 2 },
    { DISTRIBUTION_LOGNORMAL, 2 },        { DISTRIBUTION_GAMMA, 2 },
    { DISTRIBUTION_PARETO, 2 },           { DISTRIBUTION_BOUNDED_PARETO, 3 },
    { DISTRIBUTION_HYPEREXPONENTIAL, 2 },
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

struct fit fit_durations(double *us, size_t count, double least_us)
{
    struct fit best = { .aic = INFINITY };
    CHECK(count >= 2 && least_us > 0);
    for (size_t i = 0; i < count; i++)
        us[i] = fmax(us[i], least_us);
    struct sample sample = sample_of(us, count);
    if (gsl_stats_sd_m(us, 1, count, sample.mean) <= CONSTANT_CV * sample.mean)
        return constant(sample.mean);
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
    best.p = probability_of(&best.distribution, best.distance, count);
    return best;
}
