/* quantile.c -- tests sim/statistics/quantile.h.
 *
 * Goal: the ranks are those of the binomial distribution.  Method: ranks worked out from exact
 * binomial coefficients (Python's math.comb) for several n, quantiles and confidences, among them
 * the textbook's of a median (n = 6: 1 and 6, n = 10: 2 and 9, n = 20: 6 and 15); coverage of many
 * samples of a skewed distribution, counted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/quantile.h"

#include <math.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

START_TEST(known_ranks)
{
    static const struct {
        uint32_t count;
        double share, confidence;
        uint32_t low, high; /* 0: none */
    } known[] = {
        { 5, 0.5, 0.95, 0, 0 },    { 6, 0.5, 0.95, 1, 6 },    { 10, 0.5, 0.95, 2, 9 },
        { 20, 0.5, 0.95, 6, 15 },  { 30, 0.5, 0.95, 10, 21 }, { 100, 0.9, 0.95, 84, 96 },
        { 100, 0.99, 0.95, 0, 0 }, { 16, 0.75, 0.9, 9, 16 },  { 0, 0.5, 0.95, 0, 0 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t low, high;
        bool there =
            quantile_ranks(known[i].count, known[i].share, known[i].confidence, &low, &high);
        ck_assert_uint_eq(low, known[i].low);
        ck_assert_uint_eq(high, known[i].high);
        ck_assert_int_eq(there, known[i].low > 0);
    }
}
END_TEST

START_TEST(bounds_are_values)
{
    const double values[] = { 9, NAN, 1, 8, 2, 7, 3, 6, 4, 5, 10 };
    struct bounds bounds = quantile_bounds(values, 11, 0.5, 0.95);
    ck_assert_double_eq(bounds.estimate, 5);
    ck_assert_double_eq(bounds.low, 2);
    ck_assert_double_eq(bounds.high, 9);
    bounds = quantile_bounds(values, 5, 0.5, 0.95);
    ck_assert_double_eq(bounds.estimate, 2);
    ck_assert_double_nan(bounds.low);
    ck_assert_double_nan(quantile_bounds(values + 1, 1, 0.5, 0.95).estimate);
}
END_TEST

/* The median of an exponential distribution is log 2; of 20 values the ranks cover it with
 * probability 0.9586: standard error of 4000 samples 0.3 %. */
START_TEST(coverage)
{
    enum { SAMPLES = 4000, SIZE = 20 };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    uint32_t covered = 0;
    for (uint32_t sample = 0; sample < SAMPLES; sample++) {
        double values[SIZE];
        random_seek(rng, 5, 0, RANDOM_SAMPLE, sample, 0);
        for (int i = 0; i < SIZE; i++)
            values[i] = -log1p(-random_uniform(rng));
        struct bounds bounds = quantile_bounds(values, SIZE, 0.5, 0.95);
        covered += bounds.low <= log(2) && log(2) <= bounds.high;
    }
    gsl_rng_free(rng);
    ck_assert_double_eq_tol((double)covered / SAMPLES, 0.9586, 0.0095);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("quantile");
    tcase_add_test(tests, known_ranks);
    tcase_add_test(tests, bounds_are_values);
    tcase_add_test(tests, coverage);
    return suite_run("quantile", tests);
}
