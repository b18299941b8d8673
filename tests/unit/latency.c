/* latency.c -- latency.csv: cells of runs add up, and every row says where its bucket ends.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/latency.h"

#include <string.h>

#include "tests/support/suite.h"

static struct latency_sum sum;

/* 5 ps is a bucket of its own; 3 us is in one of at most 3 us / HISTOGRAM_SUB. */
START_TEST(runs_add_up)
{
    struct latency_cell cells[] = { { LATENCY_WAKEUP, 5, 1 },
                                    { LATENCY_RESPONSE, histogram_bucket(3000000), 7 } };
    const struct run_result run = { .latency_count = 2, .latencies = cells };
    char *text = NULL;
    size_t size = 0;
    unsigned count;
    double upper;
    for (uint64_t r = 0; r < 3; r++) {
        cells[0].count = UINT64_C(1000000000000) + r;
        latency_add(&sum, &run);
    }
    FILE *to = open_memstream(&text, &size);
    latency_put_heading(to);
    latency_put(to, &sum, 4);
    fclose(to);
    static const char start[] = "point,metric,upper_us,count\n"
                                "4,wakeup_latency_us,5e-06,3000000000003\n4,response_us,";
    ck_assert_int_eq(strncmp(text, start, strlen(start)), 0);
    ck_assert_int_eq(sscanf(text + strlen(start), "%lf,%u", &upper, &count), 2);
    ck_assert_uint_eq(count, 21);
    ck_assert_double_ge(upper, 3);
    ck_assert_double_le(upper, 3 * (1 + 1.0 / HISTOGRAM_SUB));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("latency");
    tcase_add_test(tests, runs_add_up);
    return suite_run("latency", tests);
}
