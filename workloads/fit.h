/* fit.h -- which distribution durations are of: fitted by maximum likelihood, chosen by AIC.
 *
 * constant where the standard deviation is at most a hundredth of the mean; else the one of
 * uniform, exponential, lognormal, gamma, pareto and hyperexponential (balanced means) that has the
 * least AIC = 2 k - 2 ln L, with k parameters.  All but hyperexponential's cv2 and gamma's shape
 * have closed forms; those are found by GSL.
 *
 * How well it fits: D = sup |F_n - F|, Kolmogorov's and Smirnov's distance between the samples and
 * the distribution, and p, the probability of at least that D by chance, by the asymptotic series
 *
 *     p = 2 sum_{j >= 1} (-1)^(j - 1) exp(-2 j^2 x^2),  x = D (sqrt(n) + 0.12 + 0.11 / sqrt(n))
 *
 * which is too high where, as here, the parameters come from the same samples.
 *
 * Sources: H. Akaike, "A new look at the statistical model identification", IEEE Transactions on
 * Automatic Control 19(6), 1974; M. Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and
 * related statistics without extensive tables", Journal of the Royal Statistical Society B 32(1),
 * 1970.  tests/unit/fit.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef WORKLOADS_FIT_H
#define WORKLOADS_FIT_H

#include <stddef.h>

#include "workloads/distribution.h"

struct fit {
    struct distribution distribution; /* prepared */
    double log_likelihood, aic;       /* infinite for constant */
    double distance, p;
};

/* Of count >= 2 durations in us, which it sorts.  Those below least_us, above 0, are taken for
 * that: what a clock that ticks so shows as nothing. */
struct fit fit_durations(double *us, size_t count, double least_us);

/* What a distribution makes of count sorted durations.  Not of constant. */
double fit_log_likelihood(const struct distribution *distribution, const double *us, size_t count);

/* F(us). */
double fit_cumulative(const struct distribution *distribution, double us);

#endif
