/* distribution.h -- random durations: a description, and draws from it.
 *
 * All are GSL's, parameterised by what people know of a workload.  In a scenario:
 *
 *     250                                                          constant, in us
 *     { "dist": "constant", "value_us": 250 }
 *     { "dist": "uniform", "min_us": 100, "max_us": 300 }
 *     { "dist": "exponential", "mean_us": 250 }
 *     { "dist": "lognormal", "mean_us": 250, "cv2": 4 }
 *     { "dist": "gamma", "mean_us": 250, "cv2": 0.25 }
 *     { "dist": "pareto", "min_us": 100, "shape": 2.5 }            mean = min shape/(shape - 1)
 *     { "dist": "bounded_pareto", "min_us": 10, "max_us": 1e6, "shape": 1.1 }
 *     { "dist": "hyperexponential", "mean_us": 250, "cv2": 16 }    two branches, balanced means
 *
 * cv2 is the squared coefficient of variation: variance / mean^2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef WORKLOADS_DISTRIBUTION_H
#define WORKLOADS_DISTRIBUTION_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

enum distribution_kind {
    DISTRIBUTION_CONSTANT,
    DISTRIBUTION_UNIFORM,
    DISTRIBUTION_EXPONENTIAL,
    DISTRIBUTION_LOGNORMAL,
    DISTRIBUTION_GAMMA,
    DISTRIBUTION_PARETO,
    DISTRIBUTION_BOUNDED_PARETO,
    DISTRIBUTION_HYPEREXPONENTIAL,
    DISTRIBUTION_KINDS
};

/* Which parameters a kind takes, for the reader of scenarios. */
enum distribution_parameter {
    PARAMETER_VALUE,
    PARAMETER_MIN,
    PARAMETER_MAX,
    PARAMETER_MEAN,
    PARAMETER_CV2,
    PARAMETER_SHAPE,
    PARAMETER_COUNT
};

struct distribution_description {
    const char *name;
    unsigned parameters; /* bit mask over enum distribution_parameter; all of them required */
};

extern const struct distribution_description distribution_descriptions[DISTRIBUTION_KINDS];
extern const char *const distribution_parameter_keys[PARAMETER_COUNT]; /* "value_us", ... */

struct distribution {
    enum distribution_kind kind;
    double parameter[PARAMETER_COUNT]; /* as written; durations in us */
    double derived[3];                 /* set by distribution_prepare() */
};

/* Derives what drawing needs.  Returns NULL, or what is wrong with the parameters ("shape must be
 * above 0"): a static string. */
const char *distribution_prepare(struct distribution *distribution);

/* A duration in ps, at least 0, rounded to the nearest; at most 2^62. */
uint64_t distribution_draw_ps(const struct distribution *distribution, gsl_rng *rng);

/* Mean in us; infinite where it does not exist (Pareto with shape <= 1). */
double distribution_mean_us(const struct distribution *distribution);

#endif
