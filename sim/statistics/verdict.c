/* verdict.c -- see verdict.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/verdict.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/check.h"

const char *const verdict_names[VERDICTS] = { "same", "better", "worse", "different", "undecided" };

static const double power = 0.8; /* with which more replications are to decide */

/* ---- Holm --------------------------------------------------------------------------------- */

struct ranked {
    double p;
    uint32_t index;
};

/* Equal ones in the order given, so that results do not depend on the library's sort. */
static int by_p(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->p < y->p || x->p > y->p)
        return x->p < y->p ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* Those that are defined, by rising p, in *ranked, which the caller frees; returns how many. */
static uint32_t rank(const double *p, uint32_t count, struct ranked **ranked)
{
    uint32_t tests = 0;
    *ranked = malloc(((size_t)count + 1) * sizeof **ranked);
    CHECK(*ranked != NULL);
    for (uint32_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            (*ranked)[tests++] = (struct ranked){ p[i], i };
    qsort(*ranked, tests, sizeof **ranked, by_p);
    return tests;
}

void holm_adjust(double *p, uint32_t count)
{
    struct ranked *ranked;
    uint32_t tests = rank(p, count, &ranked);
    double least = 0;
    for (uint32_t k = 0; k < tests; k++) {
        least = fmax(least, fmin(1, (tests - k) * ranked[k].p));
        p[ranked[k].index] = least;
    }
    free(ranked);
}

/* ---- One metric --------------------------------------------------------------------------- */

/* Twice that of the side on which the estimate lies; NaN when values are too few. */
static double p_beyond(const struct judgement *judgement)
{
    const struct difference *difference = &judgement->difference;
    if (isnan(difference->standard_error))
        return NAN;
    return fmin(1, 2 * fmin(difference_p_above(difference, judgement->margin),
                            difference_p_below(difference, -judgement->margin)));
}

static bool is_beyond(const struct judgement *judgement)
{
    return fabs(judgement->difference.estimate) > judgement->margin;
}

/* Would so many more replications leave a margin of error below gap? */
static bool is_enough(const struct difference *difference, double confidence, double gap,
                      uint32_t more)
{
    double least = fmin(difference->count_a, difference->count_b), most = least + more;
    double degrees = difference->degrees * (most - 1) / (least - 1);
    double t =
        gsl_cdf_tdist_Pinv((1 + confidence) / 2, degrees) + gsl_cdf_tdist_Pinv(power, degrees);
    return t * difference->standard_error * sqrt(least / most) <= gap;
}

static uint32_t more_wanted(const struct judgement *judgement)
{
    const struct difference *difference = &judgement->difference;
    double gap = fabs(fabs(difference->estimate) - judgement->margin);
    uint32_t few = 0, enough = 1;
    if (isnan(difference->standard_error) || !(gap > 0))
        return VERDICT_MORE_MAX;
    while (!is_enough(difference, judgement->confidence, gap, enough)) {
        few = enough;
        enough *= 2;
        if (enough >= VERDICT_MORE_MAX)
            return VERDICT_MORE_MAX;
    }
    while (enough - few > 1) {
        uint32_t middle = few + (enough - few) / 2;
        if (is_enough(difference, judgement->confidence, gap, middle))
            enough = middle;
        else
            few = middle;
    }
    return enough;
}

static enum verdict beyond(const struct judgement *judgement)
{
    if (judgement->direction == NO_DIRECTION)
        return VERDICT_DIFFERENT;
    bool rises = judgement->difference.estimate > 0;
    return rises == (judgement->direction == HIGHER_IS_BETTER) ? VERDICT_BETTER : VERDICT_WORSE;
}

/* ---- All ---------------------------------------------------------------------------------- */

/* By the interval of that confidence, which the place among the others has given. */
static void decide(struct judgement *judgement, double confidence, double confidence_beyond,
                   bool found_beyond)
{
    const struct difference *difference = &judgement->difference;
    judgement->confidence = is_beyond(judgement) ? confidence_beyond : confidence;
    difference_bounds(difference, judgement->confidence, &judgement->low, &judgement->high);
    judgement->verdict = VERDICT_UNDECIDED;
    if (is_beyond(judgement) && found_beyond)
        judgement->verdict = beyond(judgement);
    else if (judgement->low >= -judgement->margin && judgement->high <= judgement->margin)
        judgement->verdict = VERDICT_SAME;
    judgement->more = judgement->verdict == VERDICT_UNDECIDED ? more_wanted(judgement) : 0;
}

void verdicts_decide(struct judgement *judgements, uint32_t count, double confidence)
{
    double *p = calloc((size_t)count + 1, sizeof *p);
    CHECK(p != NULL && confidence > 0 && confidence < 1);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(judgements[i].margin >= 0);
        p[i] = p_beyond(&judgements[i]);
    }
    struct ranked *ranked;
    uint32_t tests = rank(p, count, &ranked), failed = tests;
    for (uint32_t k = 0; k < tests; k++) {
        /* Once one has failed, the others are held against what it was held against. */
        uint32_t step = k < failed ? k : failed;
        double error = (1 - confidence) / (tests - step);
        bool found = failed == tests && ranked[k].p <= error;
        if (!found && failed == tests)
            failed = k;
        decide(&judgements[ranked[k].index], confidence, 1 - error, found);
    }
    for (uint32_t i = 0; i < count; i++)
        if (isnan(p[i]))
            decide(&judgements[i], confidence, confidence, false);
    holm_adjust(p, count);
    for (uint32_t i = 0; i < count; i++)
        judgements[i].p = p[i];
    free(ranked);
    free(p);
}
