/* distribution.c -- see distribution.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/distribution.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stddef.h>

#include "sim/base/random.h"
#include "workloads/exponential.h"

#define TAKES(parameter) (1u << PARAMETER_##parameter)

const char *const distribution_parameter_keys[PARAMETER_COUNT] = {
    "value_us", "min_us", "max_us", "mean_us", "cv2", "shape",
};

const struct distribution_description distribution_descriptions[DISTRIBUTION_KINDS] = {
    [DISTRIBUTION_CONSTANT] = { "constant", TAKES(VALUE) },
    [DISTRIBUTION_UNIFORM] = { "uniform", TAKES(MIN) | TAKES(MAX) },
    [DISTRIBUTION_EXPONENTIAL] = { "exponential", TAKES(MEAN) },
    [DISTRIBUTION_LOGNORMAL] = { "lognormal", TAKES(MEAN) | TAKES(CV2) },
    [DISTRIBUTION_GAMMA] = { "gamma", TAKES(MEAN) | TAKES(CV2) },
    [DISTRIBUTION_PARETO] = { "pareto", TAKES(MIN) | TAKES(SHAPE) },
    [DISTRIBUTION_BOUNDED_PARETO] = { "bounded_pareto", TAKES(MIN) | TAKES(MAX) | TAKES(SHAPE) },
    [DISTRIBUTION_HYPEREXPONENTIAL] = { "hyperexponential", TAKES(MEAN) | TAKES(CV2) },
};

/* Durations beyond this are refused: 2^62 ps is 53 days. */
static const double longest_us = 4.6e12;

static const char *check_parameters(const struct distribution *d)
{
    const double *p = d->parameter;
    unsigned takes = distribution_descriptions[d->kind].parameters;
    for (unsigned i = 0; i < PARAMETER_COUNT; i++)
        if ((takes & 1u << i) && (!isfinite(p[i]) || p[i] < 0 || p[i] > longest_us))
            return "every parameter must be at least 0 and at most 4.6e12";
    if ((takes & TAKES(CV2)) && !(p[PARAMETER_CV2] > 0))
        return "cv2 must be above 0 (use \"constant\" for no variation)";
    if ((takes & TAKES(SHAPE)) && !(p[PARAMETER_SHAPE] > 0))
        return "shape must be above 0";
    if ((takes & TAKES(SHAPE)) && !(p[PARAMETER_MIN] > 0))
        return "min_us must be above 0";
    if ((takes & TAKES(MAX)) && !(p[PARAMETER_MAX] >= p[PARAMETER_MIN]))
        return "max_us must be at least min_us";
    if (d->kind == DISTRIBUTION_HYPEREXPONENTIAL && p[PARAMETER_CV2] < 1)
        return "cv2 of a hyperexponential must be at least 1 (use \"gamma\" for less)";
    return NULL;
}

const char *distribution_prepare(struct distribution *d)
{
    const double *p = d->parameter;
    double cv2 = p[PARAMETER_CV2];
    const char *wrong = check_parameters(d);
    if (wrong != NULL)
        return wrong;
    switch (d->kind) {
    case DISTRIBUTION_LOGNORMAL: /* sigma^2 = ln(1 + cv2), zeta = ln(mean) - sigma^2 / 2 */
        d->derived[1] = sqrt(log1p(cv2));
        d->derived[0] = log(p[PARAMETER_MEAN]) - log1p(cv2) / 2;
        return p[PARAMETER_MEAN] > 0 ? NULL : "mean_us must be above 0";
    case DISTRIBUTION_GAMMA: /* shape k = 1 / cv2, scale = mean cv2 */
        d->derived[0] = 1 / cv2;
        d->derived[1] = p[PARAMETER_MEAN] * cv2;
        return NULL;
    case DISTRIBUTION_BOUNDED_PARETO: /* (min / max)^shape */
        d->derived[0] = pow(p[PARAMETER_MIN] / p[PARAMETER_MAX], p[PARAMETER_SHAPE]);
        return NULL;
    case DISTRIBUTION_HYPEREXPONENTIAL: /* balanced means: p / m1 = (1 - p) / m2 */
        d->derived[0] = (1 + sqrt((cv2 - 1) / (cv2 + 1))) / 2;
        d->derived[1] = p[PARAMETER_MEAN] / (2 * d->derived[0]);
        d->derived[2] = p[PARAMETER_MEAN] / (2 * (1 - d->derived[0]));
        return NULL;
    default:
        return NULL;
    }
}

static double draw_us(const struct distribution *d, gsl_rng *rng)
{
    const double *p = d->parameter;
    switch (d->kind) {
    case DISTRIBUTION_UNIFORM:
        return p[PARAMETER_MIN] + (p[PARAMETER_MAX] - p[PARAMETER_MIN]) * random_uniform(rng);
    case DISTRIBUTION_EXPONENTIAL:
        return p[PARAMETER_MEAN] * exponential_draw(rng);
    case DISTRIBUTION_LOGNORMAL:
        return gsl_ran_lognormal(rng, d->derived[0], d->derived[1]);
    case DISTRIBUTION_GAMMA:
        return gsl_ran_gamma(rng, d->derived[0], d->derived[1]);
    case DISTRIBUTION_PARETO:
        return gsl_ran_pareto(rng, p[PARAMETER_SHAPE], p[PARAMETER_MIN]);
    case DISTRIBUTION_BOUNDED_PARETO: /* the inverse of its distribution function */
        return p[PARAMETER_MIN] /
               pow(1 - random_uniform(rng) * (1 - d->derived[0]), 1 / p[PARAMETER_SHAPE]);
    case DISTRIBUTION_HYPEREXPONENTIAL:
        return d->derived[random_uniform(rng) < d->derived[0] ? 1 : 2] * exponential_draw(rng);
    default:
        return p[PARAMETER_VALUE];
    }
}

uint64_t distribution_draw_ps(const struct distribution *d, gsl_rng *rng)
{
    double us = draw_us(d, rng);
    return us >= longest_us ? UINT64_C(1) << 62 : (uint64_t)(us * 1e6 + 0.5);
}

double distribution_mean_us(const struct distribution *d)
{
    const double *p = d->parameter;
    double a = p[PARAMETER_SHAPE], low = p[PARAMETER_MIN], high = p[PARAMETER_MAX];
    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return p[PARAMETER_VALUE];
    case DISTRIBUTION_UNIFORM:
        return (low + high) / 2;
    case DISTRIBUTION_PARETO:
        return a > 1 ? a * low / (a - 1) : (double)INFINITY;
    case DISTRIBUTION_BOUNDED_PARETO:
        if (low == high)
            return low;
        if (a == 1)
            return log(high / low) * low / (1 - low / high);
        return pow(low, a) / (1 - d->derived[0]) * a / (a - 1) *
               (pow(low, 1 - a) - pow(high, 1 - a));
    default:
        return p[PARAMETER_MEAN];
    }
}
