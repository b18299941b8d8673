/* difference.h -- by how much the mean of B is above that of A, with its interval.
 *
 * Paired: values a[i] and b[i] are of the same random numbers (equal seed and replication), and
 * d[i] = b[i] - a[i] is one sample: mean d +- t(n - 1, q) s_d / sqrt(n).  What both share cancels.
 * Independent (Welch): mean b - mean a +- t(f, q) sqrt(s_a^2 / n_a + s_b^2 / n_b), with
 *     f = (v_a + v_b)^2 / (v_a^2 / (n_a - 1) + v_b^2 / (n_b - 1)),  v = s^2 / n,
 * degrees of freedom; s sample standard deviations, q = (1 + confidence) / 2.
 * Source: B. L. Welch, "The generalization of 'Student's' problem when several different population
 * variances are involved", Biometrika 34, 1947; F. E. Satterthwaite, Biometrics Bulletin 2, 1946.
 * tests/unit/difference.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_DIFFERENCE_H
#define SIM_STATISTICS_DIFFERENCE_H

#include <stdbool.h>
#include <stdint.h>

/* In the unit of the values. */
struct difference {
    double mean_a, mean_b;     /* of the values that count; NaN: none */
    double estimate;           /* mean_b - mean_a */
    double standard_error;     /* of estimate; NaN: too few values (paired 2, else 2 of each) */
    double degrees;            /* of freedom of its t distribution; NaN likewise */
    uint32_t count_a, count_b; /* values that count: paired equal, the pairs */
    bool paired;
    /* t of resamples (studentized.h), sorted, which stand for Student's distribution; or NULL. */
    const double *studentized;
    uint32_t studentized_count;
};

/* A pair counts when both values are defined, that is, not NaN. */
struct difference difference_paired(const double *a, const double *b, uint32_t count);

/* Values that are NaN do not count. */
struct difference difference_independent(const double *a, uint32_t count_a, const double *b,
                                         uint32_t count_b);

/* The interval that covers the true difference with that probability (0 to 1, as 0.95): the
 * estimate itself when all values agree; NaN when they are too few. */
void difference_bounds(const struct difference *difference, double confidence, double *low,
                       double *high);

/* Half of that by Student's distribution, which is estimate +- this. */
double difference_half_width(const struct difference *difference, double confidence);

/* Probability of an estimate so high or higher, were the true difference at most bound.  0 or 1
 * when there is no variance (1 at the bound itself); NaN when values are too few. */
double difference_p_above(const struct difference *difference, double bound);

/* The same of so low or lower, were it at least bound. */
double difference_p_below(const struct difference *difference, double bound);

#endif
