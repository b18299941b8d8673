/* lag.c -- what processes are owed, on machines where it can be told by hand.
 *
 * Goal: lag_ms_max and share_error_max are those of the fluid schedule that docs/MODEL.md gives:
 * by weight, at most one core a process, of what is delivered, from when a process became runnable.
 * Method: round robin, which looks at no weight, in slices of 1 ms where all but one thing is free,
 * against arithmetic; that nothing else changes when lag is measured.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/host/host.h"
#include "tests/support/suite.h"

enum { MS = 1000 }; /* us */

static struct scheduler plain;
static struct profile cpu;
static struct arena arena;
static struct run_result result;

static struct distribution constant(double us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_CONSTANT };
    distribution.parameter[PARAMETER_VALUE] = us;
    CHECK(distribution_prepare(&distribution) == NULL);
    return distribution;
}

static struct workload workload_of(const char *name, uint32_t instances, uint32_t weight,
                                   struct phase *phases, uint32_t phase_count)
{
    return (struct workload){ .name = name,
                              .instances = instances,
                              .weight = weight,
                              .start = constant(0),
                              .phases = phases,
                              .phase_count = phase_count };
}

static struct scenario scenario_of(struct workload *workloads, uint32_t count, uint32_t cores,
                                   double ms)
{
    profile_init(&cpu);
    return (struct scenario){
        .name = "lag",
        .seed = 1,
        .duration_ps = (uint64_t)(ms * 1e9),
        .cpu = &cpu,
        .cores = cores,
        .threads = 1,
        .lag = true,
        .scheduler = { .tori = 1,
                       .policy = "rr",
                       .placement = "round_robin",
                       .balancer = "none",
                       .lock = LOCK_IDEAL,
                       .slice_ns = 1000000,
                       .exact_slices = true,
                       .process_stride_bytes = 128 },
        .cost = COST_FLAT,
        .workload_count = count,
        .workloads = workloads,
    };
}

static void run(const struct scenario *scenario)
{
    result = (struct run_result){ 0 };
    arena_free(&arena);
    host_run(scenario, &plain, 0, &result, &arena);
    ck_assert_msg(result.fault.kind == FAULT_NONE, "%s: %s", fault_names[result.fault.kind],
                  result.fault.detail);
}

/* The last metrics, as nothing sweeps cores here. */
static double lag_metric(enum lag_metric which)
{
    return result.metrics[result.metric_count - LAG_COUNT + which];
}

static struct phase hog[] = { { PHASE_RUN, { 0 } } };

/* Of n that take turns, the last waits n - 1 turns, of which it is owed an n-th each. */
START_TEST(turns)
{
    uint32_t n = (uint32_t)_i;
    struct workload workload = workload_of("hog", n, 1024, hog, 1);
    struct scenario scenario = scenario_of(&workload, 1, 1, 60);
    run(&scenario);
    ck_assert_double_eq_tol(lag_metric(LAG_lag_ms_max), (n - 1.0) / n, 1e-9);
    ck_assert_double_eq_tol(lag_metric(LAG_share_error_max), 0, 1e-9);
}
END_TEST

/* Weights of 3 and 1 are owed 75 and 25 ms of 100; each gets 50.  Warm-up owes nothing. */
START_TEST(weights)
{
    struct workload workloads[] = { workload_of("heavy", 1, 768, hog, 1),
                                    workload_of("light", 1, 256, hog, 1) };
    struct scenario scenario = scenario_of(workloads, 2, 1, 100 + 40 * _i);
    scenario.warmup_ps = (uint64_t)(40 * _i) * 1000000000;
    run(&scenario);
    ck_assert_double_eq_tol(lag_metric(LAG_lag_ms_max), 25, 1e-9);
    ck_assert_double_eq_tol(lag_metric(LAG_share_error_max), 1, 1e-9);
}
END_TEST

/* On two cores, one of weight 10 and two of weight 1: the first is owed a core and no more, the
 * others half a core each; in turns all have two thirds. */
START_TEST(nobody_is_owed_two_cores)
{
    struct workload workloads[] = { workload_of("light", 2, 100, hog, 1),
                                    workload_of("heavy", 1, 1000, hog, 1) };
    struct scenario scenario = scenario_of(workloads, 2, 2, 90);
    run(&scenario);
    ck_assert_double_eq_tol(lag_metric(LAG_lag_ms_max), 30, 0.7); /* less than a turn */
    ck_assert_double_eq_tol(lag_metric(LAG_share_error_max), 1.0 / 3, 0.01);
    scenario.cores = 3; /* one each */
    run(&scenario);
    ck_assert_double_eq_tol(lag_metric(LAG_lag_ms_max), 0, 1e-9);
    ck_assert_double_eq_tol(lag_metric(LAG_share_error_max), 0, 1e-9);
}
END_TEST

/* One that sleeps is owed nothing then, and begins anew: awake at 2.5 ms, in the middle of a turn,
 * it waits .5 ms for half a core; and so again. */
START_TEST(sleep_begins_anew)
{
    struct phase naps[] = { { PHASE_SLEEP, constant(2.5 * MS) },
                            { PHASE_RUN, constant(0.5 * MS) } };
    struct workload workloads[] = { workload_of("hog", 1, 1024, hog, 1),
                                    workload_of("nap", 1, 1024, naps, 2) };
    struct scenario scenario = scenario_of(workloads, 2, 1, 300);
    run(&scenario);
    ck_assert_double_le(lag_metric(LAG_lag_ms_max), 0.5 + 1e-9);
    ck_assert_double_ge(lag_metric(LAG_lag_ms_max), 0.25 - 1e-9);
}
END_TEST

/* Switches of 100 us deliver nothing, so nobody is owed them: of each 1.1 ms, 1 ms is shared. */
START_TEST(what_is_not_delivered_is_not_owed)
{
    struct workload workload = workload_of("hog", 2, 1024, hog, 1);
    struct scenario scenario = scenario_of(&workload, 1, 1, 22);
    cpu.figure[FIGURE_switch_ns].value = 100000;
    run(&scenario);
    ck_assert_double_lt(result.metrics[METRIC_useful_percent], 92);
    ck_assert_double_eq_tol(lag_metric(LAG_lag_ms_max), 0.5, 1e-9);
    ck_assert_double_eq_tol(lag_metric(LAG_share_error_max), 0, 1e-9);
}
END_TEST

/* Two threads of one core deliver .6 each, the third process has a core alone: 2.2 for three, of
 * which those two have .6 and the other one 1. */
START_TEST(siblings_deliver_less)
{
    struct phase work[] = { { PHASE_RUN, constant(300) }, { PHASE_YIELD, { 0 } } };
    struct workload workload = workload_of("w", 3, 1024, work, 2);
    struct scenario scenario = scenario_of(&workload, 1, 4, 900);
    scenario.threads = 2;
    scenario.scheduler.tori = 4;
    cpu.figure[FIGURE_smt_threads].value = 2;
    cpu.figure[FIGURE_smt_rate].value = 0.6;
    run(&scenario);
    ck_assert_double_eq_tol(lag_metric(LAG_lag_ms_max), (2.2 / 3 - 0.6) * 900, 0.5);
    ck_assert_double_eq_tol(lag_metric(LAG_share_error_max), 3 / 2.2 - 1, 1e-3);
}
END_TEST

/* All other metrics are what they are without. */
START_TEST(looking_changes_nothing)
{
    struct phase naps[] = { { PHASE_SLEEP, constant(700) }, { PHASE_RUN, constant(450) } };
    struct workload workloads[] = { workload_of("hog", 5, 1024, hog, 1),
                                    workload_of("nap", 7, 512, naps, 2) };
    struct scenario scenario = scenario_of(workloads, 2, 3, 200);
    double before[1024];
    scenario.scheduler.tori = 3;
    cpu.figure[FIGURE_switch_ns].value = 1700;
    run(&scenario);
    uint32_t count = result.metric_count - LAG_COUNT;
    ck_assert_uint_lt(count, 1024);
    memcpy(before, result.metrics, count * sizeof *before);
    scenario.lag = false;
    run(&scenario);
    ck_assert_uint_eq(result.metric_count, count);
    ck_assert_mem_eq(before, result.metrics, count * sizeof *before);
}
END_TEST

int main(void)
{
    struct error err;
    CHECK(scheduler_load(&plain, NULL, false, &err));
    hog[0].duration = constant(1e9);
    TCase *tests = tcase_create("lag");
    tcase_add_loop_test(tests, turns, 1, 6);
    tcase_add_loop_test(tests, weights, 0, 2);
    tcase_add_test(tests, nobody_is_owed_two_cores);
    tcase_add_test(tests, sleep_begins_anew);
    tcase_add_test(tests, what_is_not_delivered_is_not_owed);
    tcase_add_test(tests, siblings_deliver_less);
    tcase_add_test(tests, looking_changes_nothing);
    int status = suite_run("lag", tests);
    arena_free(&arena);
    return status;
}
