/* histogram.c -- quantiles against sorted values.
 *
 * Goal: mean and maximum are exact, quantiles within 1/256, and parts add up to the whole.  Method:
 * known values; every bucket's middle; random values over many magnitudes, sorted; the same values
 * split in ways of several sizes and merged in several orders.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/histogram.h"

#include <math.h>
#include <string.h>

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

enum { COUNT = 10000 };

/* Of every magnitude up to 2^64. */
static void draw(uint64_t *values)
{
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < COUNT; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        values[i] = random >> (random >> 58);
    }
}

START_TEST(quantiles_are_near)
{
    static uint64_t values[COUNT];
    histogram = (struct histogram){ 0 };
    draw(values);
    for (int i = 0; i < COUNT; i++)
        histogram_add(&histogram, values[i]);
    qsort(values, COUNT, sizeof values[0], ascending);
    ck_assert_uint_eq(histogram.max, values[COUNT - 1]);
    for (int per_mille = 1; per_mille < 1000; per_mille++) {
        double known = (double)values[COUNT / 1000 * per_mille - 1];
        double found = histogram_quantile(&histogram, per_mille / 1000.0);
        ck_assert_double_le(fabs(found - known), known / 256);
    }
}
END_TEST

/* One value alone is its own median; another far above keeps the maximum from helping. */
START_TEST(every_value_is_near_its_bucket)
{
    static uint64_t values[COUNT];
    draw(values);
    for (int i = 0; i < COUNT; i++) {
        uint32_t bucket = histogram_bucket(values[i]);
        ck_assert_uint_lt(bucket, HISTOGRAM_BUCKETS);
        histogram = (struct histogram){ .count = 1, .max = UINT64_MAX };
        histogram.bucket[bucket] = 1;
        double found = histogram_quantile(&histogram, 0.5);
        ck_assert_double_le(fabs(found - (double)values[i]), (double)values[i] / 256);
        if (values[i] < 256)
            ck_assert_double_eq(found, (double)values[i]);
    }
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(parts_add_up)
{
    enum { PARTS_MAX = 7 };
    static uint64_t values[COUNT];
    static struct histogram parts[PARTS_MAX], merged;
    const int part_count = _i;
    draw(values);
    histogram = (struct histogram){ 0 };
    for (int i = 0; i < COUNT; i++)
        histogram_add(&histogram, values[i] >> 16); /* so that sums of them are exact */
    for (int order = 0; order < part_count; order++) {
        memset(parts, 0, sizeof parts);
        merged = (struct histogram){ 0 };
        for (int i = 0; i < COUNT; i++) /* parts of different sizes */
            histogram_add(&parts[i * i % (part_count + order) % part_count], values[i] >> 16);
        for (int i = 0; i < part_count; i++)
            histogram_merge(&merged, &parts[(i * (part_count - 1) + order) % part_count]);
        ck_assert_uint_eq(merged.count, histogram.count);
        ck_assert_uint_eq(merged.max, histogram.max);
        ck_assert_mem_eq(merged.bucket, histogram.bucket, sizeof merged.bucket);
        ck_assert_double_eq_tol(merged.sum / histogram.sum, 1, 1e-12);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("histogram");
    tcase_add_test(tests, empty_has_no_values);
    tcase_add_test(tests, small_values_are_exact);
    tcase_add_test(tests, quantiles_are_near);
    tcase_add_test(tests, every_value_is_near_its_bucket);
    tcase_add_loop_test(tests, parts_add_up, 1, 8);
    return suite_run("histogram", tests);
}
