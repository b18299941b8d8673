/* verdict.h -- is B worse than A, better, or the same for all that matters?
 *
 * A difference matters beyond a margin.  A metric is worse or better when the interval of its
 * difference lies wholly beyond the margin, the same when it lies wholly within, else undecided.
 *
 * Of many metrics that are gated together some are beyond by chance.  Holm's correction holds the
 * probability that any of them is called worse or better falsely at 1 - confidence: of m metrics,
 * by rising p, the k-th is held against intervals of confidence 1 - (1 - confidence) / (m - k + 1),
 * and with the first that fails all that come after it fail.  p is that of the interval: twice the
 * one-sided p of the difference being beyond the margin.  No correction is wanted for "same": that
 * all are is said only when each is found so (an intersection-union test; two one-sided tests of
 * each metric).
 *
 * Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
 * of Statistics 6, 1979; D. J. Schuirmann, "A comparison of the two one-sided tests procedure and
 * the power approach", J. Pharmacokinetics and Biopharmaceutics 15, 1987; R. L. Berger,
 * "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982.
 * tests/unit/verdict.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STATISTICS_VERDICT_H
#define SIM_STATISTICS_VERDICT_H

#include "sim/statistics/difference.h"

enum direction { LOWER_IS_BETTER, HIGHER_IS_BETTER, NO_DIRECTION };

enum verdict {
    VERDICT_SAME,
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICT_DIFFERENT, /* beyond the margin, of a metric without a direction */
    VERDICT_UNDECIDED,
    VERDICTS
};

extern const char *const verdict_names[VERDICTS]; /* "same", "better", "worse", ... */

#define VERDICT_MORE_MAX UINT32_C(1000000)

/* One metric at one point. */
struct judgement {
    struct difference difference; /* of B over A */
    double margin;                /* >= 0, in the unit of the metric */
    enum direction direction;
    /* Set by verdicts_decide(): */
    enum verdict verdict;
    double p; /* of beyond the margin, Holm's adjusted: worse or better when <= 1 - confidence;
                    NaN: too few values */
    double low, high;  /* the interval that was decisive, in the unit: of confidence as adjusted
                          where the estimate is beyond the margin, as given where it is within; NaN
                          likewise */
    double confidence; /* of that interval */
    /* When undecided: so many more replications (of A and B each) would decide with a probability
     * of 0.8 if mean and variance are what they seem; VERDICT_MORE_MAX: at least so many, or
     * unknown.  0 when decided. */
    uint32_t more;
};

/* Judges all of them as one family; confidence as 0.95.  O(count log count). */
void verdicts_decide(struct judgement *judgements, uint32_t count, double confidence);

/* Holm's adjusted p values: of m, p(k) the k-th smallest, max over j <= k of min(1, (m - j + 1)
 * p(j)).  Values that are NaN are left out of m, and stay.  In place. */
void holm_adjust(double *p, uint32_t count);

#endif
