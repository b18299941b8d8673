/* verdict.c -- tests sim/statistics/verdict.h.
 *
 * Goal: a verdict follows from interval, margin, direction and Holm's correction; false ones are as
 * rare as is claimed; so many more replications decide as often as is claimed.  Method: R's
 * p.adjust(p, "holm"); differences whose intervals are known from tables of t; many families of
 * metrics without a difference, and many experiments of the size that was asked for, counted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/verdict.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

/* R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm"), p.adjust(c(0.01, 0.04, 0.03, 0.005),
 * "holm"); undefined ones are left out. */
START_TEST(holm)
{
    double even[] = { 0.01, 0.02, 0.03, 0.04, 0.05 };
    const double even_known[] = { 0.05, 0.08, 0.09, 0.09, 0.09 };
    double mixed[] = { 0.01, NAN, 0.04, 0.03, 0.005, NAN }, large[] = { 0.9, 0.8 };
    const double mixed_known[] = { 0.03, NAN, 0.06, 0.06, 0.02, NAN };
    holm_adjust(even, 5);
    holm_adjust(mixed, 6);
    holm_adjust(large, 2);
    holm_adjust(NULL, 0);
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq_tol(even[i], even_known[i], 1e-12);
    for (int i = 0; i < 6; i++)
        ck_assert(isnan(mixed_known[i]) ? isnan(mixed[i])
                                        : fabs(mixed[i] - mixed_known[i]) < 1e-12);
    ck_assert_double_eq(large[0], 1);
    ck_assert_double_eq(large[1], 1);
}
END_TEST

/* 10 replications in pairs; the interval is estimate +- 2.26215716 error. */
static struct judgement judgement_of(double estimate, double error, double margin,
                                     enum direction direction)
{
    return (struct judgement){ .difference = { 100, 100 + estimate, estimate, error, 9, 10, 10,
                                               true, NULL, 0 },
                               .margin = margin,
                               .direction = direction };
}

START_TEST(one_metric)
{
    static const struct {
        double estimate, error, margin;
        enum direction direction;
        enum verdict verdict;
    } known[] = {
        { 10, 1, 7.7, LOWER_IS_BETTER, VERDICT_WORSE },
        { 10, 1, 7.7, HIGHER_IS_BETTER, VERDICT_BETTER },
        { -10, 1, 7.7, LOWER_IS_BETTER, VERDICT_BETTER },
        { -10, 1, 7.7, HIGHER_IS_BETTER, VERDICT_WORSE },
        { 10, 1, 7.7, NO_DIRECTION, VERDICT_DIFFERENT },
        { 10, 1, 7.8, LOWER_IS_BETTER, VERDICT_UNDECIDED }, /* low is 7.738, */
        { 10, 1, 12.2, LOWER_IS_BETTER, VERDICT_UNDECIDED },
        { 10, 1, 12.3, LOWER_IS_BETTER, VERDICT_SAME }, /* and high 12.262 */
        { -10, 1, 12.2, LOWER_IS_BETTER, VERDICT_UNDECIDED },
        { -10, 1, 12.3, LOWER_IS_BETTER, VERDICT_SAME },
        { 0, 0, 0, LOWER_IS_BETTER, VERDICT_SAME },
        { 1, 0, 0, LOWER_IS_BETTER, VERDICT_WORSE },
        { 1, 0, 1, LOWER_IS_BETTER, VERDICT_SAME },
        { 1, NAN, 5, LOWER_IS_BETTER, VERDICT_UNDECIDED },
        { NAN, NAN, 5, LOWER_IS_BETTER, VERDICT_UNDECIDED },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct judgement judgement =
            judgement_of(known[i].estimate, known[i].error, known[i].margin, known[i].direction);
        verdicts_decide(&judgement, 1, 0.95);
        ck_assert_msg(judgement.verdict == known[i].verdict, "case %zu is %s", i,
                      verdict_names[judgement.verdict]);
        ck_assert(judgement.verdict == VERDICT_UNDECIDED ? judgement.more > 0
                                                         : judgement.more == 0);
        if (isnan(known[i].error)) {
            ck_assert_double_nan(judgement.p);
            ck_assert_double_nan(judgement.low);
            ck_assert_uint_eq(judgement.more, VERDICT_MORE_MAX);
        } else {
            ck_assert_double_eq_tol(judgement.high - judgement.low, 2 * 2.26215716 * known[i].error,
                                    1e-7);
        }
    }
}
END_TEST

/* t = 2.8 is beyond at 95 % (2.262), and of two at 97.5 % (2.685), but of three not at 98.33 %
 * (2.933). */
START_TEST(a_family)
{
    struct judgement all[3] = { judgement_of(0.1, 1, 5, LOWER_IS_BETTER),
                                judgement_of(2.8, 1, 0, LOWER_IS_BETTER),
                                judgement_of(2.8, 1, 0, LOWER_IS_BETTER) };
    verdicts_decide(all + 1, 1, 0.95);
    ck_assert_uint_eq(all[1].verdict, VERDICT_WORSE);
    verdicts_decide(all, 2, 0.95);
    ck_assert_uint_eq(all[0].verdict, VERDICT_SAME);
    ck_assert_uint_eq(all[1].verdict, VERDICT_WORSE);
    ck_assert_double_eq_tol(all[1].confidence, 0.975, 1e-12);
    ck_assert_double_eq_tol(all[1].low, 2.8 - 2.68501, 1e-4);
    verdicts_decide(all, 3, 0.95);
    ck_assert_uint_eq(all[1].verdict, VERDICT_UNDECIDED);
    ck_assert_uint_eq(all[2].verdict, VERDICT_UNDECIDED);
    ck_assert_double_lt(all[1].low, 0); /* what is shown is what decided */
    ck_assert_double_lt(all[2].low, 0);
    all[0] = judgement_of(100, 1, 5, HIGHER_IS_BETTER); /* steps down after it */
    verdicts_decide(all, 3, 0.95);
    ck_assert_uint_eq(all[0].verdict, VERDICT_BETTER);
    ck_assert_uint_eq(all[1].verdict, VERDICT_WORSE);
    ck_assert_uint_eq(all[2].verdict, VERDICT_WORSE);
    ck_assert_double_eq(all[1].p, all[2].p);
}
END_TEST

/* Pairs of normal values, the second higher by rise. */
static struct difference draw(gsl_rng *rng, uint32_t count, double rise)
{
    double a[1000], b[1000];
    for (uint32_t i = 0; i < count; i++) {
        double shared = gsl_ran_gaussian(rng, 5);
        a[i] = 100 + shared + gsl_ran_gaussian(rng, 1);
        b[i] = 100 + rise + shared + gsl_ran_gaussian(rng, 1);
    }
    return difference_paired(a, b, count);
}

/* Of 400 families of 30 metrics without difference and without a margin 5 % have one that is called
 * worse or better, standard error 1.1 %; without correction it would be 79 %. */
START_TEST(false_verdicts)
{
    enum { FAMILIES = 400, METRICS_EACH = 30 };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    uint32_t wrong = 0;
    for (uint32_t family = 0; family < FAMILIES; family++) {
        struct judgement all[METRICS_EACH];
        bool any = false;
        random_seek(rng, 3, 0, RANDOM_SAMPLE, family, 0);
        for (int i = 0; i < METRICS_EACH; i++)
            all[i] = (struct judgement){ .difference = draw(rng, 10, 0) };
        verdicts_decide(all, METRICS_EACH, 0.95);
        for (int i = 0; i < METRICS_EACH; i++)
            any = any || all[i].verdict == VERDICT_WORSE || all[i].verdict == VERDICT_BETTER;
        wrong += any;
    }
    gsl_rng_free(rng);
    ck_assert_uint_le(wrong, 34);
    ck_assert_uint_ge(wrong, 6);
}
END_TEST

/* A true difference as large as it seemed, of a standard deviation sqrt(2): beyond a margin, and
 * within one. */
START_TEST(so_many_more_decide)
{
    static const struct {
        double estimate, margin;
        enum verdict verdict;
    } known[] = { { 1, 0.5, VERDICT_WORSE }, { 0.2, 1, VERDICT_SAME } };
    enum { EXPERIMENTS = 1000 };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    for (int i = 0; i < 2; i++) {
        struct judgement seen =
            judgement_of(known[i].estimate, sqrt(2.0 / 10), known[i].margin, LOWER_IS_BETTER);
        uint32_t decided = 0;
        verdicts_decide(&seen, 1, 0.95);
        ck_assert_uint_eq(seen.verdict, VERDICT_UNDECIDED);
        ck_assert_uint_lt(seen.more, 200);
        for (uint32_t k = 0; k < EXPERIMENTS; k++) {
            random_seek(rng, 9, 0, RANDOM_SAMPLE, k, 0);
            struct judgement then = seen;
            then.difference = draw(rng, 10 + seen.more, known[i].estimate);
            verdicts_decide(&then, 1, 0.95);
            decided += then.verdict == known[i].verdict;
        }
        ck_assert_uint_ge(decided, 750);
        ck_assert_uint_le(decided, 850);
    }
    gsl_rng_free(rng);
    struct judgement never = judgement_of(1, 0.5, 1, LOWER_IS_BETTER);
    verdicts_decide(&never, 1, 0.95); /* exactly at the margin */
    ck_assert_uint_eq(never.more, VERDICT_MORE_MAX);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("verdict");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, holm);
    tcase_add_test(tests, one_metric);
    tcase_add_test(tests, a_family);
    tcase_add_test(tests, false_verdicts);
    tcase_add_test(tests, so_many_more_decide);
    return suite_run("verdict", tests);
}
