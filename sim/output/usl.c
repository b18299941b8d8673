/* usl.c -- see usl.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/usl.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <string.h>

#include "sim/base/arena.h"
#include "sim/base/check.h"
#include "sim/base/random.h"

enum { PARAMETERS = 2, FREE_PARAMETERS = 3, STEPS = 200 };

const char *const usl_verdict_names[USL_VERDICTS] = { "untested", "fits", "nearly", "misses",
                                                      "collapse" };

/* To 9 decimals, and never -0. */
static double rounded(double value)
{
    return round(value * 1e9) / 1e9 + 0.0;
}

/* ---- The fit ------------------------------------------------------------------------------ */

struct data {
    const double *cores, *throughput, *weights;
    size_t count, first; /* the fewest cores */
};

static double divisor(double n, double sigma, double kappa)
{
    return fmax(1 + sigma * (n - 1) + kappa * n * (n - 1), 1e-12); /* on the way only */
}

/* X(n) of the curve through x0 at n0. */
static double curve(double n0, double x0, double n, double sigma, double kappa)
{
    return x0 * n / n0 * divisor(n0, sigma, kappa) / divisor(n, sigma, kappa);
}

static struct data data_of(const double *cores, const double *throughput, const double *weights,
                           size_t count)
{
    struct data data = { cores, throughput, weights, count, 0 };
    for (size_t i = 1; i < count; i++)
        if (cores[i] < cores[data.first])
            data.first = i;
    return data;
}

static double weight(const struct data *data, size_t i)
{
    return data->weights != NULL ? data->weights[i]
                                 : 1 / (data->throughput[i] * data->throughput[i]);
}

static int residuals(const gsl_vector *at, void *context, gsl_vector *result)
{
    const struct data *data = context;
    double sigma = gsl_vector_get(at, 0), kappa = gsl_vector_get(at, 1);
    double n0 = data->cores[data->first], x0 = data->throughput[data->first];
    if (at->size == FREE_PARAMETERS)
        x0 *= gsl_vector_get(at, 2);
    for (size_t i = 0; i < data->count; i++)
        gsl_vector_set(result, i,
                       curve(n0, x0, data->cores[i], sigma, kappa) - data->throughput[i]);
    return GSL_SUCCESS;
}

/* Where to begin: N x0 / (n0 X) D(n0) = D(N) is linear in sigma and kappa. */
static void begin(const struct data *data, gsl_vector *at)
{
    double chi_squared, n0 = data->cores[data->first], x0 = data->throughput[data->first];
    gsl_matrix *x = gsl_matrix_alloc(data->count, PARAMETERS);
    gsl_matrix *covariance = gsl_matrix_alloc(PARAMETERS, PARAMETERS);
    gsl_vector *y = gsl_vector_alloc(data->count), *weights = gsl_vector_alloc(data->count);
    gsl_vector *fitted = gsl_vector_alloc(PARAMETERS);
    gsl_multifit_linear_workspace *workspace = gsl_multifit_linear_alloc(data->count, PARAMETERS);
    for (size_t i = 0; i < data->count; i++) {
        double n = data->cores[i], inverse = n / n0 * x0 / data->throughput[i];
        gsl_matrix_set(x, i, 0, n - 1 - inverse * (n0 - 1));
        gsl_matrix_set(x, i, 1, n * (n - 1) - inverse * n0 * (n0 - 1));
        gsl_vector_set(y, i, inverse - 1);
        gsl_vector_set(weights, i, 1 / (inverse * inverse));
    }
    CHECK(gsl_multifit_wlinear(x, weights, y, fitted, covariance, &chi_squared, workspace) == 0);
    gsl_vector_set_all(at, 1); /* lambda as it is held to */
    for (size_t i = 0; i < PARAMETERS; i++)
        gsl_vector_set(at, i, gsl_vector_get(fitted, i));
    gsl_multifit_linear_free(workspace);
    gsl_vector_free(fitted);
    gsl_vector_free(weights);
    gsl_vector_free(y);
    gsl_matrix_free(covariance);
    gsl_matrix_free(x);
}

/* Into at[parameters]: sigma, kappa, and what the throughput of the fewest cores is to be
 * multiplied by. */
static bool fit(const struct data *data, size_t parameters, double *at)
{
    gsl_multifit_nlinear_parameters how = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf function = {
        .f = residuals, .n = data->count, .p = parameters, .params = (void *)(uintptr_t)data
    };
    int why;
    if (data->count < FREE_PARAMETERS)
        return false;
    how.fdtype = GSL_MULTIFIT_NLINEAR_CTRDIFF;
    gsl_vector *start = gsl_vector_alloc(parameters), *weights = gsl_vector_alloc(data->count);
    gsl_multifit_nlinear_workspace *workspace =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, data->count, parameters);
    begin(data, start);
    for (size_t i = 0; i < data->count; i++)
        gsl_vector_set(weights, i, weight(data, i));
    gsl_multifit_nlinear_winit(start, weights, &function, workspace);
    /* It ends where no step is better, if not before; exact data have no other end. */
    gsl_multifit_nlinear_driver(STEPS, 1e-13, 1e-13, 0, NULL, NULL, &why, workspace);
    for (size_t i = 0; i < parameters; i++)
        at[i] = gsl_vector_get(workspace->x, i);
    gsl_multifit_nlinear_free(workspace);
    gsl_vector_free(weights);
    gsl_vector_free(start);
    return true;
}

bool usl_fit(const double *cores, const double *throughput, const double *weights, size_t count,
             double *sigma, double *kappa)
{
    double at[PARAMETERS];
    struct data data = data_of(cores, throughput, weights, count);
    if (!fit(&data, PARAMETERS, at))
        return false;
    *sigma = rounded(at[0]);
    *kappa = rounded(at[1]);
    return true;
}

bool usl_fit_free(const double *cores, const double *throughput, const double *weights,
                  size_t count, double *lambda, double *sigma, double *kappa)
{
    double at[FREE_PARAMETERS];
    struct data data = data_of(cores, throughput, weights, count);
    if (!fit(&data, FREE_PARAMETERS, at))
        return false;
    *sigma = rounded(at[0]);
    *kappa = rounded(at[1]);
    double n0 = cores[data.first];
    *lambda = at[2] * throughput[data.first] / n0 * divisor(n0, at[0], at[1]);
    return true;
}

double usl_throughput(const struct usl *usl, double cores)
{
    return curve(usl->first_cores, usl->first_throughput, cores, usl->sigma, usl->kappa);
}

/* ---- Intervals ---------------------------------------------------------------------------- */

/* Replications of points, and what is made of them. */
struct study {
    const struct usl_point *points;
    size_t count;
    uint32_t replications; /* that all points have */
    double *cores, *means; /* [count] */
    double *again;         /* [count]: means of a resample, or weights */
};

/* The mean and the standard deviation of what is added. */
struct moments {
    double count, mean, squares;
};

static void moments_add(struct moments *moments, double value)
{
    double before = value - moments->mean;
    moments->count++;
    moments->mean += before / moments->count;
    moments->squares += before * (value - moments->mean);
}

static struct usl_range range_of(const struct moments *moments, double estimate, uint32_t n)
{
    double t = gsl_cdf_tdist_Pinv(0.975, n - 1);
    double half = t * sqrt((double)n / (n - 1) * moments->squares / (moments->count - 1));
    return (struct usl_range){ rounded(estimate - half), rounded(estimate + half) };
}

/* kappa / (1 - sigma); where sigma is 1 or more nothing is gained by a second core. */
static double bend(double sigma, double kappa)
{
    return kappa / fmax(1 - sigma, 1e-9);
}

static double peak_of(double bend)
{
    return bend > 0 ? 1 / sqrt(bend) : (double)INFINITY;
}

static void resample(struct usl *usl, const struct study *study, uint64_t seed)
{
    struct moments sigmas = { 0 }, kappas = { 0 }, bends = { 0 };
    uint32_t n = study->replications;
    usl->sigma_95 = usl->kappa_95 = usl->peak_95 = (struct usl_range){ NAN, NAN };
    if (n < 2)
        return;
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    for (uint32_t b = 0; b < USL_RESAMPLES; b++) {
        double at[PARAMETERS];
        random_seek(rng, seed, b, 0, 0, 0);
        memset(study->again, 0, study->count * sizeof *study->again);
        for (uint32_t k = 0; k < n; k++) {
            uint32_t r = (uint32_t)(random_uniform(rng) * n);
            for (size_t i = 0; i < study->count; i++)
                study->again[i] += study->points[i].values[r] / n;
        }
        struct data data = data_of(study->cores, study->again, NULL, study->count);
        fit(&data, PARAMETERS, at);
        moments_add(&sigmas, at[0]);
        moments_add(&kappas, at[1]);
        moments_add(&bends, bend(at[0], at[1]));
    }
    gsl_rng_free(rng);
    usl->sigma_95 = range_of(&sigmas, usl->sigma, n);
    usl->kappa_95 = range_of(&kappas, usl->kappa, n);
    struct usl_range bent = range_of(&bends, bend(usl->sigma, usl->kappa), n);
    usl->peak_95 = (struct usl_range){ peak_of(bent.high), peak_of(bent.low) };
}

/* ---- Lack of fit -------------------------------------------------------------------------- */

/* The pure error of relative throughputs: its sum of squares and degrees of freedom. */
static double pure_error(const struct study *study, double *freedom)
{
    double squares = 0;
    *freedom = 0;
    for (size_t i = 0; i < study->count; i++)
        for (uint32_t r = 0; r < study->points[i].count; r++) {
            double off = study->points[i].values[r] / study->means[i] - 1;
            squares += off * off;
            *freedom += r > 0;
        }
    return squares;
}

static void test_fit(struct usl *usl, const struct study *study)
{
    double at[FREE_PARAMETERS], freedom, error = pure_error(study, &freedom), lack = 0;
    double missing = (double)study->count - FREE_PARAMETERS;
    struct data data = data_of(study->cores, study->means, study->again, study->count);
    usl->f = usl->p = NAN;
    if (missing < 1 || freedom < 1 || error <= 1e-24)
        return;
    for (size_t i = 0; i < study->count; i++)
        study->again[i] = study->points[i].count / (study->means[i] * study->means[i]);
    fit(&data, FREE_PARAMETERS, at);
    for (size_t i = 0; i < study->count; i++) {
        double x =
            curve(usl->first_cores, at[2] * usl->first_throughput, study->cores[i], at[0], at[1]);
        lack += study->again[i] * (x - study->means[i]) * (x - study->means[i]);
    }
    usl->f = lack / missing / (error / freedom);
    usl->p = gsl_cdf_fdist_Q(usl->f, missing, freedom);
}

static enum usl_verdict verdict_of(const struct usl *usl)
{
    if (isnan(usl->p))
        return USL_UNTESTED;
    if (usl->p >= 0.05)
        return USL_FITS;
    if (fabs(usl->miss) <= USL_NEAR)
        return USL_NEARLY;
    return usl->last < USL_FALLEN * usl->most ? USL_COLLAPSE : USL_MISSES;
}

/* How far the curve misses the means, and where throughput is greatest. */
static void look_at_means(struct usl *usl, const struct study *study)
{
    for (size_t i = 0; i < study->count; i++) {
        double n = study->cores[i], x = study->means[i], miss = usl_throughput(usl, n) / x - 1;
        if (fabs(miss) > fabs(usl->miss)) {
            usl->miss = miss;
            usl->miss_at = n;
        }
        if (x > usl->most) {
            usl->most = x;
            usl->most_at = n;
        }
        if (n > usl->last_at) {
            usl->last = x;
            usl->last_at = n;
        }
    }
}

bool usl_analyse(struct usl *usl, const struct usl_point *points, size_t count, uint64_t seed)
{
    struct arena arena = ARENA_EMPTY;
    struct study study = { .points = points,
                           .count = count,
                           .replications = count > 0 ? points[0].count : 0,
                           .cores = arena_alloc(&arena, count, sizeof(double)),
                           .means = arena_alloc(&arena, count, sizeof(double)),
                           .again = arena_alloc(&arena, count, sizeof(double)) };
    *usl = (struct usl){ .peak = NAN };
    for (size_t i = 0; i < count; i++) {
        study.cores[i] = points[i].cores;
        for (uint32_t r = 0; r < points[i].count; r++)
            study.means[i] += points[i].values[r] / points[i].count;
        if (points[i].count < study.replications)
            study.replications = points[i].count;
    }
    bool fine = usl_fit(study.cores, study.means, NULL, count, &usl->sigma, &usl->kappa);
    if (fine) {
        size_t first = data_of(study.cores, study.means, NULL, count).first;
        usl->first_cores = study.cores[first];
        usl->first_throughput = study.means[first];
        if (usl->kappa > 0 && usl->sigma < 1)
            usl->peak = peak_of(bend(usl->sigma, usl->kappa));
        resample(usl, &study, seed);
        test_fit(usl, &study);
        look_at_means(usl, &study);
        usl->verdict = verdict_of(usl);
    }
    arena_free(&arena);
    return fine;
}
