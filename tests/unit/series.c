/* series.c -- tests sim/host/series.h.
 *
 * Goal: the series of a run are what happened in each slice of it, whatever the window, and asking
 * for them changes nothing else.  Method: stretches of time added to slices, against sums made one
 * picosecond at a time; a run of hogs that start one after the other, whose series are known; a run
 * of chance, of which the mean of the series is the metric.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/series.h"

#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/host/host.h"
#include "tests/support/suite.h"

static struct scheduler scheduler;
static struct profile cpu;
static struct arena arena;

static struct distribution time_of(enum distribution_kind kind, enum distribution_parameter of,
                                   double us)
{
    struct distribution distribution = { .kind = kind };
    distribution.parameter[of] = us;
    CHECK(distribution_prepare(&distribution) == NULL);
    return distribution;
}

START_TEST(stretches)
{
    static const uint64_t durations[] = { 500, 1000, 777, 123457, 1 };
    uint64_t random = 1;
    for (int d = 0; d < 5; d++) {
        uint64_t duration = durations[d];
        double known[SERIES_BATCHES] = { 0 };
        struct series *series = series_new(duration, &arena);
        for (int i = 0; i < 50; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint64_t from = (random >> 33) % (duration + 5), to = from + (random >> 50) % 900;
            uint32_t count = (uint32_t)i % 3;
            series_add(series, series->user_ps, from, to, count);
            for (uint64_t at = from; at < to && at < duration; at++) {
                uint64_t slice = 0; /* the last that begins at or before it */
                for (uint64_t s = at * SERIES_BATCHES / duration; s < SERIES_BATCHES; s++)
                    if (duration * s / SERIES_BATCHES <= at)
                        slice = s;
                    else
                        break;
                known[slice] += count;
            }
        }
        ck_assert_mem_eq(series->user_ps, known, sizeof known);
    }
    arena_free(&arena);
}
END_TEST

/* On a machine where nothing costs anything. */
static struct run_result run(struct workload *workload, uint32_t cores, uint64_t warmup_ps,
                             bool series)
{
    profile_init(&cpu);
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_line_bytes].value = 64;
    struct scenario scenario = { .name = "test",
                                 .seed = 1,
                                 .duration_ps = UINT64_C(1000000000000),
                                 .warmup_ps = warmup_ps,
                                 .cpu = &cpu,
                                 .cores = cores,
                                 .threads = 1,
                                 .scheduler = { .tori = 1,
                                                .policy = "rr",
                                                .placement = "round_robin",
                                                .balancer = "none",
                                                .lock = LOCK_IDEAL,
                                                .slice_ns = UINT64_C(1000000000000),
                                                .exact_slices = true,
                                                .process_stride_bytes = 128 },
                                 .cost = COST_FLAT,
                                 .series = series,
                                 .workload_count = 1,
                                 .workloads = workload };
    struct run_result result = { 0 };
    host_run(&scenario, &scheduler, 0, &result, &arena);
    CHECK(result.fault.kind == FAULT_NONE && !result.overrun.happened);
    return result;
}

/* Three hogs on two cores that begin at 0.3 s, when there are two milliseconds to a slice. */
START_TEST(hogs)
{
    struct phase phase = { PHASE_RUN, time_of(DISTRIBUTION_CONSTANT, PARAMETER_VALUE, 1e9) };
    struct workload workload = { .name = "hog",
                                 .instances = 3,
                                 .start = time_of(DISTRIBUTION_CONSTANT, PARAMETER_VALUE, 300000),
                                 .weight = 1024,
                                 .phases = &phase,
                                 .phase_count = 1 };
    struct run_result result = run(&workload, 2, _i == 0 ? 0 : UINT64_C(900000000000), true);
    ck_assert_uint_eq(result.series_count, 2 * SERIES_BATCHES);
    for (int i = 0; i < SERIES_BATCHES; i++) {
        ck_assert_double_eq_tol(result.series[i], i < 150 ? 0 : 2, 1e-9);
        ck_assert_double_eq_tol(result.series[SERIES_BATCHES + i], i < 150 ? 0 : 1, 1e-9);
    }
    arena_free(&arena);
}
END_TEST

START_TEST(the_mean_is_the_metric)
{
    struct phase phase = { PHASE_RUN, time_of(DISTRIBUTION_EXPONENTIAL, PARAMETER_MEAN, 1000) };
    struct workload workload = { .name = "job",
                                 .open = true,
                                 .max_alive = 1000,
                                 .weight = 1024,
                                 .gap = time_of(DISTRIBUTION_EXPONENTIAL, PARAMETER_MEAN, 700),
                                 .phases = &phase,
                                 .phase_count = 1 };
    distribution_prepare(&workload.start);
    struct run_result with = run(&workload, 2, 0, true), without = run(&workload, 2, 0, false);
    double user = 0, ready = 0;
    for (int i = 0; i < SERIES_BATCHES; i++) {
        user += with.series[i] / SERIES_BATCHES;
        ready += with.series[SERIES_BATCHES + i] / SERIES_BATCHES;
    }
    ck_assert_double_eq_tol(user, 2 * with.metrics[METRIC_account_user_percent] / 100, 1e-9);
    ck_assert_double_gt(user, 1);
    ck_assert_double_gt(ready, 0.1);
    /* Little's law: each has waited once, as none is preempted; some are unfinished. */
    double waiting =
        with.metrics[METRIC_throughput_per_s] * with.metrics[METRIC_wait_us_mean] / 1e6;
    ck_assert_double_eq_tol(ready / waiting, 1, 0.02);
    ck_assert_uint_eq(without.series_count, 0);
    ck_assert_ptr_null(without.series);
    for (uint32_t i = 0; i < with.metric_count; i++)
        ck_assert(with.metrics[i] == without.metrics[i] ||
                  (isnan(with.metrics[i]) && isnan(without.metrics[i])));
    arena_free(&arena);
}
END_TEST

int main(void)
{
    struct error err;
    CHECK(scheduler_load(&scheduler, NULL, false, &err));
    TCase *tests = tcase_create("series");
    tcase_add_test(tests, stretches);
    tcase_add_loop_test(tests, hogs, 0, 2);
    tcase_add_test(tests, the_mean_is_the_metric);
    return suite_run("series", tests);
}
