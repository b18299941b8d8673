/* result_io.c -- a result survives being bytes, and no other number of bytes is taken for one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/result_io.h"

#include "tests/support/suite.h"

#include <string.h>

enum { METRICS_HERE = 3, CORES = 2, PROCESSES = 4, SERIES = 5 };

static struct arena arena;
static struct run_result result;

static void set_up(void)
{
    static double metrics[METRICS_HERE] = { 1.5, -2, 1e300 }, series[SERIES] = { 5, 4, 3, 2, 1 };
    static struct latency_cell cells[] = { { LATENCY_WAKEUP, 7, 70 }, { LATENCY_WAIT, 9, 90 } };
    static uint64_t accounts[CORES * ACCOUNT_COUNT];
    static struct process_totals processes[PROCESSES];
    arena = ARENA_EMPTY;
    for (uint32_t i = 0; i < CORES * ACCOUNT_COUNT; i++)
        accounts[i] = UINT64_MAX - i;
    for (uint32_t i = 0; i < PROCESSES; i++)
        processes[i] = (struct process_totals){ .instance = i, .user_ps = 1000 + i, .loops = 7 };
    result = (struct run_result){ .point = 9,
                                  .replication = 3,
                                  .metric_count = METRICS_HERE,
                                  .core_count = CORES,
                                  .process_count = PROCESSES,
                                  .latency_count = 2,
                                  .series_count = SERIES,
                                  .events = 77,
                                  .metrics = metrics,
                                  .core_accounts_ps = accounts,
                                  .processes = processes,
                                  .latencies = cells,
                                  .series = series };
    strcpy(result.fault.detail, "it fell");
}

static void tear_down(void)
{
    arena_free(&arena);
}

START_TEST(there_and_back)
{
    size_t size;
    struct run_result back;
    void *bytes = result_pack(&result, &size, &arena);
    ck_assert(result_unpack(&back, bytes, size, &arena));
    memset(bytes, 0xEE, size); /* what came back is a copy */
    ck_assert_uint_eq(back.point, 9);
    ck_assert_uint_eq(back.replication, 3);
    ck_assert_uint_eq(back.events, 77);
    ck_assert_str_eq(back.fault.detail, "it fell");
    ck_assert_mem_eq(back.metrics, result.metrics, METRICS_HERE * sizeof(double));
    ck_assert_mem_eq(back.core_accounts_ps, result.core_accounts_ps,
                     CORES * ACCOUNT_COUNT * sizeof(uint64_t));
    ck_assert_mem_eq(back.processes, result.processes, PROCESSES * sizeof *back.processes);
    ck_assert_mem_eq(back.latencies, result.latencies, 2 * sizeof *back.latencies);
    ck_assert_mem_eq(back.series, result.series, SERIES * sizeof(double));
}
END_TEST

START_TEST(equal_results_are_equal_bytes)
{
    size_t size, other_size;
    struct run_result other = result;
    double metrics[METRICS_HERE];
    other.metrics = memcpy(metrics, result.metrics, sizeof metrics);
    const void *bytes = result_pack(&result, &size, &arena);
    const void *others = result_pack(&other, &other_size, &arena);
    ck_assert_uint_eq(size, other_size);
    ck_assert_mem_eq(bytes, others, size); /* no pointer is among them */
}
END_TEST

START_TEST(no_other_size_is_taken)
{
    size_t size;
    struct run_result back;
    const void *bytes = result_pack(&result, &size, &arena);
    for (size_t less = 0; less < size; less++)
        ck_assert(!result_unpack(&back, bytes, less, &arena));
    char *longer = arena_alloc(&arena, size + 8, 1);
    memcpy(longer, bytes, size);
    ck_assert(!result_unpack(&back, longer, size + 8, &arena));
}
END_TEST

START_TEST(nothing_but_the_struct)
{
    size_t size;
    struct run_result empty = { .point = 1 }, back;
    const void *bytes = result_pack(&empty, &size, &arena);
    ck_assert_uint_eq(size, sizeof empty);
    ck_assert(result_unpack(&back, bytes, size, &arena));
    ck_assert_uint_eq(back.point, 1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("result_io");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, there_and_back);
    tcase_add_test(tests, equal_results_are_equal_bytes);
    tcase_add_test(tests, no_other_size_is_taken);
    tcase_add_test(tests, nothing_but_the_struct);
    return suite_run("result_io", tests);
}
