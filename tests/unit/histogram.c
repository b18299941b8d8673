/* histogram.c -- quantiles against sorted values.
 *
 * Goal: mean and maximum are exact, quantiles within 1/64.  Method: known values; random values
 * over many magnitudes, sorted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/histogram.h"

#include <math.h>

#include "tests/support/suite.h"

static struct histogram histogram;

START_TEST(empty_has_no_values)
{
    histogram = (struct histogram){ 0 };
    ck_assert(isnan(histogram_mean(&histogram)));
    ck_assert(isnan(histogram_quantile(&histogram, 0.5)));
}
END_TEST

START_TEST(small_values_are_exact)
{
    histogram = (struct histogram){ 0 };
    for (uint64_t value = 1; value <= 100; value++)
        histogram_add(&histogram, value);
    ck_assert_double_eq(histogram_mean(&histogram), 50.5);
    ck_assert_double_eq(histogram_quantile(&histogram, 0.5), 50);
    ck_assert_double_eq(histogram_quantile(&histogram, 0.99), 99);
    ck_assert_double_eq(histogram_quantile(&histogram, 0), 1);
    ck_assert_double_eq(histogram_quantile(&histogram, 1), 100);
}
END_TEST

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

START_TEST(quantiles_are_near)
{
    enum { COUNT = 10000 };
    static uint64_t values[COUNT];
    uint64_t random = 88172645463325252u;
    histogram = (struct histogram){ 0 };
    for (int i = 0; i < COUNT; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        values[i] = random >> (random >> 58); /* every magnitude up to 2^64 */
        histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof values[0], ascending);
    ck_assert_uint_eq(histogram.max, values[COUNT - 1]);
    for (int percent = 1; percent < 100; percent++) {
        double known = (double)values[COUNT * percent / 100 - 1];
        double found = histogram_quantile(&histogram, percent / 100.0);
        ck_assert_double_le(fabs(found - known), known / 64 + 1);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("histogram");
    tcase_add_test(tests, empty_has_no_values);
    tcase_add_test(tests, small_values_are_exact);
    tcase_add_test(tests, quantiles_are_near);
    return suite_run("histogram", tests);
}
