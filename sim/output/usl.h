/* usl.h -- the Universal Scalability Law: how throughput X grows with the number of cores N.
 *
 *     X(N) = lambda N / D(N),   D(N) = 1 + sigma (N - 1) + kappa N (N - 1)
 *
 * sigma (contention) and kappa (coherence) are those of the least sum of (X(N) - X)^2 / X^2, by
 * GSL's nonlinear least squares, with the curve held to the throughput of the fewest cores; where
 * that is one core, lambda is X(1).  Nothing keeps sigma and kappa above 0: below it, throughput
 * grows faster than cores do.  They are rounded to 9 decimals, so that versions of GSL agree.
 * Throughput is greatest at N* = sqrt((1 - sigma) / kappa), if kappa > 0 and sigma < 1.
 * Source: N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapters 4 to 6.  Known
 * values: with equal weights and lambda free, SPEC SDM91 on a SPARCcenter 2000 gives 0.0277285 and
 * 0.0001044 (S. Moeding, R package usl 3.0).  tests/unit/usl.c
 *
 * Intervals of 95 % are by the bootstrap over replications: estimate +- t(n - 1, 0.975) times
 * sqrt(n / (n - 1)) times the standard deviation of USL_RESAMPLES resamples, so that they hold for
 * few replications too.  A resample takes whole replications, since all points of one have the same
 * random numbers.  That of N* is made of that of 1 / N*^2 = kappa / (1 - sigma), which is smooth
 * where no peak is.
 * Source: T. Hesterberg, "What teachers should know about the bootstrap", The American Statistician
 * 69(4), 2015.
 *
 * Lack of fit: F = (what the law misses of the means, per degree of freedom) / (pure error of the
 * replications), of relative errors, with m - 3 and sum (n_i - 1) degrees of freedom.  In the test
 * lambda is free: else the error of X(1) would count as lack of fit at every other point.
 * Source: N. R. Draper and H. Smith, "Applied Regression Analysis", Wiley 1998, section 2.1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_USL_H
#define SIM_OUTPUT_USL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { USL_RESAMPLES = 1000 };

/* One number of cores; all throughputs are above 0. */
struct usl_point {
    double cores;
    uint32_t count;       /* of replications, at least 1 */
    const double *values; /* [count]: throughputs, whose r'th belongs to replication r */
};

struct usl_range {
    double low, high; /* NaN: not known */
};

enum usl_verdict {
    USL_UNTESTED, /* too few replications or numbers of cores, or no variance */
    USL_FITS,     /* no lack of fit: p >= 0.05 */
    USL_NEARLY,   /* lack of fit, but no mean is missed by more than USL_NEAR */
    USL_MISSES,   /* lack of fit */
    USL_COLLAPSE, /* likewise, and throughput falls to below USL_FALLEN of its greatest */
    USL_VERDICTS
};

#define USL_NEAR   0.05
#define USL_FALLEN 0.9

extern const char *const usl_verdict_names[USL_VERDICTS]; /* "fits" ... */

struct usl {
    double first_cores, first_throughput; /* what the curve is held to */
    double sigma, kappa, peak;            /* peak: NaN when there is none */
    /* NaN when replications are fewer than 2; of the peak, high is infinite when there may be
     * none. */
    struct usl_range sigma_95, kappa_95, peak_95;
    double f, p;          /* of lack of fit; NaN when untested */
    double miss, miss_at; /* the law / the mean - 1 where that is greatest, and at which cores */
    double most, most_at; /* the greatest mean throughput, and at which cores, */
    double last, last_at; /* and that of the most cores */
    enum usl_verdict verdict;
};

/* Of count numbers of cores, all different, and throughputs above 0, with weights (NULL: of
 * relative errors); false when they are too few (3 are needed). */
bool usl_fit(const double *cores, const double *throughput, const double *weights, size_t count,
             double *sigma, double *kappa);

/* All of it; seed is of the resamples.  Points need not be in order; false as above. */
bool usl_analyse(struct usl *usl, const struct usl_point *points, size_t count, uint64_t seed);

/* The fitted throughput of so many cores. */
double usl_throughput(const struct usl *usl, double cores);

/* As usl_fit(), but of the best lambda, too. */
bool usl_fit_free(const double *cores, const double *throughput, const double *weights,
                  size_t count, double *lambda, double *sigma, double *kappa);

#endif
