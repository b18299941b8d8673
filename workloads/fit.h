/* fit.h -- which distribution durations are of: fitted by maximum likelihood, chosen by AIC.
 *
 * constant where the standard deviation is at most a hundredth of the mean; else the one of
 * uniform, exponential, lognormal, gamma, pareto, bounded_pareto and hyperexponential (balanced
 * means) that has the least AIC = 2 k - 2 ln L, with k parameters.  The shapes of gamma and
 * bounded_pareto are roots of the likelihood's slope, hyperexponential's mean and cv2 are searched
 * for by Nelder's and Mead's simplex, all of GSL; the others have closed forms.
 *
 * How well it fits: D = sup |F_n - F|, Kolmogorov's and Smirnov's distance between the n samples
 * and the distribution, and p, how probable it is that at least that far from the fitted
 * distribution is one fitted to samples of it.  Since parameters that come from the same samples
 * are nearer to them than the true ones, tables of D do not serve (Lilliefors 1967); p is from up
 * to FIT_TRIALS such fits, of min(n, FIT_DRAWS_MAX) draws each, D being scaled by sqrt(n) + 0.12 +
 * 0.11 / sqrt(n) (Stephens 1970): the parametric bootstrap of Stute, Gonzalez Manteiga and Presedo
 * Quindimil (1993), which ends when FIT_TRIALS_ENOUGH of them were as far (Besag, Clifford 1991).
 * It is 1 / (FIT_TRIALS + 1) or more.  That the best of several kinds was chosen is not in it.
 *
 * Sources: H. Akaike, "A new look at the statistical model identification", IEEE Transactions on
 * Automatic Control 19(6), 1974; I. Aban, M. Meerschaert, A. Panorska, "Parameter estimation for
 * the truncated Pareto distribution", Journal of the American Statistical Association 101(473),
 * 2006; H. Lilliefors, "On the Kolmogorov-Smirnov test for normality with mean and variance
 * unknown", ibid. 62(318), 1967; M. Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and
 * related statistics without extensive tables", Journal of the Royal Statistical Society B 32(1),
 * 1970; W. Stute, W. Gonzalez Manteiga, M. Presedo Quindimil, "Bootstrap based goodness-of-fit
 * tests", Metrika 40, 1993; J. Besag, P. Clifford, "Sequential Monte Carlo p-values", Biometrika
 * 78(2), 1991.  tests/unit/fit.c, tests/unit/fit_again.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef WORKLOADS_FIT_H
#define WORKLOADS_FIT_H

#include <stddef.h>

#include "workloads/distribution.h"

enum { FIT_TRIALS = 199, FIT_TRIALS_ENOUGH = 20, FIT_DRAWS_MAX = 500 };

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
