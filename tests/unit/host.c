/* host.c -- what the host charges and counts, on small machines where it can be told by hand.
 *
 * Goal: refills, starvation, fairness, messages and their interrupts are accounted for as
 * docs/MODEL.md says.
 * Method: runs of a few processes on machines where all but one thing is free, against arithmetic.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/host.h"

#include <math.h>

#include "sim/base/check.h"
#include "tests/support/suite.h"

static struct scheduler plain, traced;
static struct profile cpu;
static struct arena arena;

static struct distribution constant(double us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_CONSTANT };
    distribution.parameter[PARAMETER_VALUE] = us;
    CHECK(distribution_prepare(&distribution) == NULL);
    return distribution;
}

/* Everything is free but caches: 64 lines of L1, 512 of L2, 64 ns a line from memory. */
static const struct profile *cpu_init(void)
{
    profile_init(&cpu);
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_instructions_per_cycle].value = 1;
    cpu.figure[FIGURE_line_bytes].value = 64;
    cpu.figure[FIGURE_l1_kb].value = 4;
    cpu.figure[FIGURE_l1_ways].value = 2;
    cpu.figure[FIGURE_l1_latency_cycles].value = 3;
    cpu.figure[FIGURE_l2_kb].value = 32;
    cpu.figure[FIGURE_l2_ways].value = 4;
    cpu.figure[FIGURE_l2_latency_cycles].value = 12;
    cpu.figure[FIGURE_l2_cores].value = 1;
    cpu.figure[FIGURE_memory_latency_ns].value = 100;
    cpu.figure[FIGURE_memory_read_mb_s].value = 1000;
    return &cpu;
}

static struct scenario scenario_of(struct workload *workloads, uint32_t count, uint32_t cores,
                                   uint32_t tori, double seconds)
{
    return (struct scenario){
        .name = "test",
        .seed = 1,
        .duration_ps = (uint64_t)(seconds * 1e12),
        .cpu = cpu_init(),
        .cores = cores,
        .threads = 1,
        .scheduler = { .tori = tori,
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

static const double *run(const struct scenario *scenario, const struct scheduler *scheduler)
{
    struct run_result result = { 0 };
    arena_free(&arena);
    host_run(scenario, scheduler, 0, &result, &arena);
    ck_assert_msg(result.fault.kind == FAULT_NONE, "%s: %s", fault_names[result.fault.kind],
                  result.fault.detail);
    ck_assert(!result.overrun.happened);
    return result.metrics;
}

/* ---- Several tori to a core --------------------------------------------------------------- */

/* As many hogs as cores, placed at random: where a core has got two of them they are not at one
 * torus, and still one goes to the core that has none, also where the tori of a core publish and
 * balance always while the same one of them runs, as slices are as long as exchanges. */
START_TEST(tori_that_share_a_core_know_that_it_is_taken)
{
    enum { SEEDS = 12 };
    static const char *const balancers[] = { "none", "steal", "periodic", "braid" };
    struct phase run_phase = { PHASE_RUN, constant(1e9) };
    struct workload workload = { .name = "hog",
                                 .instances = 4,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = &run_phase,
                                 .phase_count = 1 };
    struct scenario scenario = scenario_of(&workload, 1, 4, 16, 1.0);
    scenario.scheduler.placement = "random";
    scenario.scheduler.balancer = balancers[_i % 4];
    scenario.scheduler.tick_hz = 1000;
    scenario.scheduler.exchange_ns = _i / 4 % 2 == 0 ? 4000000 : scenario.scheduler.slice_ns;
    scenario.scheduler.locked_queues = _i >= 8;
    scenario.scheduler.balance_ns = scenario.scheduler.exchange_ns;
    scenario.warmup_ps = UINT64_C(500000000000);
    double idle_percent = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        scenario.seed = seed;
        idle_percent += run(&scenario, &plain)[METRIC_account_idle_percent] / SEEDS;
    }
    if (_i % 4 == 0)
        ck_assert_double_ge(idle_percent, 20); /* or this shows nothing */
    else
        ck_assert_double_eq(idle_percent, 0);
}
END_TEST

/* Three tori of one core, with a process each that yields all the time: whichever of them it
 * serves, the core holds their lock nearly always. */
START_TEST(tori_of_a_core_share_its_lock)
{
    struct phase yield[] = { { PHASE_RUN, constant(1) }, { PHASE_YIELD, { 0 } } };
    struct workload workload = { .name = "yielder",
                                 .instances = 3,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = yield,
                                 .phase_count = 2 };
    struct scenario scenario = scenario_of(&workload, 1, 1, 3, 1.0);
    scenario.warmup_ps = UINT64_C(100000000000);
    scenario.scheduler.locked_queues = true;
    scenario.flat.has_hold = true;
    scenario.flat.hold = constant(100);
    const double *metrics = run(&scenario, &plain);
    ck_assert_double_eq_tol(metrics[METRIC_lock_utilisation], 100 / 101., 1e-3);
    ck_assert_double_eq_tol(metrics[METRIC_lock_acquisitions_per_s], 1e6 / 101, 2);
    ck_assert_double_eq(metrics[METRIC_lock_contention_percent], 0);
}
END_TEST

/* ---- Refills ------------------------------------------------------------------------------ */

/* Eight processes take turns on one core; each fills the caches whole, so that each finds nothing
 * when it comes back, whyever it left: 512 lines from memory (64 ns), which would come from the L2
 * (9 ns) alone, too. */
START_TEST(a_return_is_paid_for_whyever_it_left)
{
    struct phase stops[] = {
        { PHASE_RUN, constant(1000) }, { PHASE_SLEEP, constant(1000) },
        { PHASE_RUN, constant(1000) }, { PHASE_YIELD, { 0 } },
        { PHASE_RUN, constant(1e9) }, /* its slice ends */
    };
    struct workload workload = { .name = "w",
                                 .instances = 8,
                                 .start = constant(0),
                                 .working_set_kb = 32,
                                 .weight = 1024,
                                 .phases = &stops[2 * _i],
                                 .phase_count = _i < 2 ? 2 : 1 };
    struct scenario scenario = scenario_of(&workload, 1, 1, 1, 1.0);
    scenario.cost = COST_TRACED;
    scenario.warmup_ps = UINT64_C(100000000000); /* the first runs, which are free, are over */
    const double *metrics = run(&scenario, &traced);
    const double refill_us = 512 * (64 - 9) / 1e3;
    double cache_us = metrics[METRIC_account_cache_percent] / 100 * 0.9e6;
    double switches = metrics[METRIC_switches_per_s] * 0.9;
    ck_assert_double_gt(switches, 800);
    ck_assert_double_eq_tol(cache_us, switches * refill_us, 1.5 * refill_us);
}
END_TEST

/* ---- Speeds ------------------------------------------------------------------------------- */

/* A machine whose second of four cores is slow, or whose pairs of threads share a core: one process
 * on each core (or on the first three), 300 us of work at a time. */
static const double *run_speeds(struct workload *workload, double small_rate, double smt_rate)
{
    static struct phase work[] = { { PHASE_RUN, { 0 } }, { PHASE_YIELD, { 0 } } };
    static struct scenario scenario;
    work[0].duration = constant(300);
    *workload = (struct workload){ .name = "w",
                                   .instances = smt_rate < 1 ? 3 : 4,
                                   .start = constant(0),
                                   .weight = 1024,
                                   .phases = work,
                                   .phase_count = 2 };
    scenario = scenario_of(workload, 1, 4, 4, 0.9);
    cpu.figure[FIGURE_max_cores].value = 8;
    cpu.figure[FIGURE_small_cores].value = small_rate < 1 ? 2 : 0; /* of 8, so one of 4 */
    cpu.figure[FIGURE_small_rate].value = small_rate;
    cpu.figure[FIGURE_smt_threads].value = 2;
    cpu.figure[FIGURE_smt_rate].value = smt_rate;
    scenario.threads = smt_rate < 1 ? 2 : 1;
    return run(&scenario, &plain);
}

/* Three fast cores do 3000 rounds in .9 s, one at .4 of their speed does 1200, all of it user time:
 * nobody stalls. */
START_TEST(slow_cores_do_less)
{
    struct workload workload;
    const double *metrics = run_speeds(&workload, 0.4, 1);
    ck_assert_double_eq_tol(metrics[METRIC_completed], 3 * 3000 + 1200,
                            5); /* the last end with the run */
    ck_assert_double_eq_tol(metrics[METRIC_useful_percent], 100, 1e-9);
}
END_TEST

/* Two threads share a core at .6 each, the third process has a core to itself: 1800 rounds each and
 * 3000; what the pair loses is stall: .8 of four threads' time, and one thread idles. */
START_TEST(siblings_share_a_core)
{
    struct workload workload;
    const double *metrics = run_speeds(&workload, 1, 0.6);
    ck_assert_double_eq_tol(metrics[METRIC_completed], 2 * 1800 + 3000, 5);
    ck_assert_double_eq_tol(metrics[METRIC_account_cache_percent], 100 * 2 * 0.4 / 4, 1e-6);
    ck_assert_double_eq_tol(metrics[METRIC_useful_percent], 100 * (2 * 0.6 + 1) / 4, 1e-6);
    ck_assert_double_eq_tol(metrics[METRIC_account_idle_percent], 25, 1e-9);
}
END_TEST

/* Four processes stream 64 KB through caches of 32; a line keeps the only channel busy for 32 ns,
 * and none can take one more often than every 64: together they want 4 x 32/64 = 2 of it, so each
 * goes on at half speed and stalls for the other half.  With a channel a core nobody does. */
START_TEST(streams_slow_one_another)
{
    struct phase hog = { PHASE_RUN, constant(1e9) };
    struct workload workload = { .name = "w",
                                 .instances = 4,
                                 .start = constant(0),
                                 .working_set_kb = 64,
                                 .weight = 1024,
                                 .phases = &hog,
                                 .phase_count = 1 };
    struct scenario scenario = scenario_of(&workload, 1, 4, 4, 1.0);
    scenario.cost = COST_TRACED;
    scenario.scheduler.slice_ns = UINT64_C(10000000000);
    cpu.figure[FIGURE_memory_line_ns].value = 32;
    cpu.figure[FIGURE_memory_cores].value = _i;
    const double *metrics = run(&scenario, &traced);
    ck_assert_double_eq_tol(metrics[METRIC_account_cache_percent], _i == 0 ? 50 : 0, 0.01);
}
END_TEST

/* ---- Fairness ----------------------------------------------------------------------------- */

START_TEST(who_slept_when_the_window_began_is_not_in_jain)
{
    struct phase hog = { PHASE_RUN, constant(1e9) };
    struct phase sleeper[] = { { PHASE_RUN, constant(1000) },
                               { PHASE_SLEEP, constant(50000) },
                               { PHASE_RUN, constant(1e9) } };
    struct workload workloads[] = {
        { .name = "hog",
          .instances = 3,
          .start = constant(0),
          .weight = 1024,
          .phases = &hog,
          .phase_count = 1 },
        { .name = "sleeper",
          .instances = 1,
          .start = constant(0),
          .weight = 1024,
          .phases = sleeper,
          .phase_count = 3 },
    };
    struct scenario scenario = scenario_of(workloads, 2, 1, 1, 0.080);
    scenario.warmup_ps = UINT64_C(20000000000);
    ck_assert_double_gt(run(&scenario, &plain)[METRIC_jain], 0.999);
    scenario.warmup_ps = 0; /* it runs first, then sleeps: blocked within the window */
    ck_assert_double_gt(run(&scenario, &plain)[METRIC_jain], 0.999);
    scenario.warmup_ps = UINT64_C(60000000000); /* awake all the window long */
    scenario.scheduler.policy = "priority_scan";
    workloads[1].priority = 1;
    ck_assert_double_eq_tol(run(&scenario, &plain)[METRIC_jain], 0.25, 1e-9);
}
END_TEST

/* A stream of more right keeps the core busy; one process waits for a second.  Two are alive, so
 * 20 slices of 1 ms are too long, however many the stream may have alive. */
START_TEST(starvation_goes_by_who_is_alive)
{
    struct phase hog = { PHASE_RUN, constant(1e9) };
    struct phase burst = { PHASE_RUN, constant(1000) };
    struct workload workloads[] = {
        { .name = "low",
          .instances = 1,
          .start = constant(0),
          .weight = 1024,
          .phases = &hog,
          .phase_count = 1 },
        { .name = "high",
          .open = true,
          .max_alive = 1000,
          .start = constant(0),
          .gap = constant(1000),
          .weight = 1024,
          .priority = 1,
          .phases = &burst,
          .phase_count = 1 },
    };
    struct scenario scenario = scenario_of(workloads, 2, 1, 1, 1.0);
    scenario.scheduler.policy = "priority_scan";
    scenario.warmup_ps = 1;
    ck_assert_double_eq(run(&scenario, &plain)[METRIC_starved], 1);
    scenario.scheduler.slice_ns = 60000000; /* 1.2 s */
    ck_assert_double_eq(run(&scenario, &plain)[METRIC_starved], 0);
    scenario.scheduler.slice_ns = UINT64_C(1000000000000000); /* 20 of them overflow 64 bits */
    ck_assert_double_eq(run(&scenario, &plain)[METRIC_starved], 0);
}
END_TEST

/* ---- Messages ----------------------------------------------------------------------------- */

/* Two tori, one sleeper, woken by the torus where it slept and sent to the other: wake, receive
 * and schedule hold their locks for 100 us each, and each begins when the one before is over. */
START_TEST(a_message_waits_for_the_hold)
{
    struct phase phases[] = { { PHASE_RUN, constant(10) }, { PHASE_SLEEP, constant(10000) } };
    struct workload workload = { .name = "w",
                                 .instances = 1,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = phases,
                                 .phase_count = 2 };
    struct scenario scenario = scenario_of(&workload, 1, 2, 2, 1.0);
    scenario.scheduler.place_woken = true;
    scenario.flat.has_hold = true;
    scenario.flat.hold = constant(100);
    scenario.warmup_ps = UINT64_C(100000000000);
    const double *metrics = run(&scenario, &plain);
    ck_assert_double_eq_tol(metrics[METRIC_wakeup_latency_us_max], 300, 1);
    ck_assert_double_eq_tol(metrics[METRIC_wakeup_latency_us_mean], 250, 10); /* half stay */
}
END_TEST

/* The same with locked queues: the core that wakes it queues it at the other torus itself, once its
 * own hold is over, and both tori's locks are taken by it. */
START_TEST(a_sender_queues_it_under_the_other_lock)
{
    struct phase phases[] = { { PHASE_RUN, constant(10) }, { PHASE_SLEEP, constant(10000) } };
    struct workload workload = { .name = "w",
                                 .instances = 1,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = phases,
                                 .phase_count = 2 };
    struct scenario scenario = scenario_of(&workload, 1, 2, 2, 1.0);
    scenario.scheduler.place_woken = true;
    scenario.scheduler.locked_queues = true;
    scenario.flat.has_hold = true;
    scenario.flat.hold = constant(100);
    scenario.warmup_ps = UINT64_C(100000000000);
    cpu.figure[FIGURE_ipi_send_ns].value = 7000;
    cpu.figure[FIGURE_ipi_latency_ns].value = 5000;
    const double *metrics = run(&scenario, &plain);
    /* wake, queue there and send the interrupt, its way, schedule there */
    ck_assert_double_eq_tol(metrics[METRIC_wakeup_latency_us_max], 100 + 107 + 5 + 100, 1e-6);
    double rounds = metrics[METRIC_throughput_per_s]; /* each: block, wake, schedule; half: queue */
    ck_assert_double_eq_tol(metrics[METRIC_lock_acquisitions_per_s], 3.5 * rounds, 3);
    ck_assert_double_eq(metrics[METRIC_lock_contention_percent], 0);
}
END_TEST

/* Two processes that yield all the time hold the locks of their tori nearly always: whoever sends
 * one there waits for the present hold; also where each core has two tori, and it goes to any. */
START_TEST(a_sender_waits_for_the_other_lock)
{
    struct phase yield[] = { { PHASE_RUN, constant(1) }, { PHASE_YIELD, { 0 } } };
    struct phase sleeper[] = { { PHASE_RUN, constant(10) }, { PHASE_SLEEP, constant(10000) } };
    struct workload workloads[] = {
        { .name = "sleeper",
          .instances = 1,
          .start = constant(0),
          .weight = 1024,
          .phases = sleeper,
          .phase_count = 2 },
        { .name = "yielder",
          .instances = 2,
          .start = constant(1),
          .weight = 1024,
          .phases = yield,
          .phase_count = 2 },
    };
    struct scenario scenario = scenario_of(workloads, 2, 2, 2 + 2 * (uint32_t)_i, 1.0);
    scenario.scheduler.place_woken = true;
    scenario.scheduler.locked_queues = true;
    scenario.flat.has_hold = true;
    scenario.flat.hold = constant(100); /* so each lock is held 100 us of 101 */
    const double *metrics = run(&scenario, &plain);
    ck_assert_double_gt(metrics[METRIC_lock_wait_us_max], 50);
    ck_assert_double_le(metrics[METRIC_lock_wait_us_max], 100);
    ck_assert_double_gt(metrics[METRIC_lock_contention_percent], 0);
    ck_assert_double_lt(metrics[METRIC_lock_contention_percent], 2);
}
END_TEST

/* One core: its locked queue costs an atomic an entry, and the same queue without costs nothing. */
START_TEST(a_locked_queue_pays_for_its_lock)
{
    struct phase phases[] = { { PHASE_RUN, constant(10) }, { PHASE_SLEEP, constant(90) } };
    struct workload workload = { .name = "w",
                                 .instances = 1,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = phases,
                                 .phase_count = 2 };
    struct scenario scenario = scenario_of(&workload, 1, 1, 1, 1.0);
    scenario.scheduler.lock = LOCK_TICKET;
    scenario.warmup_ps = UINT64_C(100000000000);
    cpu.figure[FIGURE_atomic_cycles].value = 40;
    const double *metrics = run(&scenario, &plain);
    ck_assert(isnan(metrics[METRIC_lock_acquisitions_per_s]));
    ck_assert_double_eq(metrics[METRIC_account_sched_percent], 0);
    scenario.scheduler.locked_queues = true;
    metrics = run(&scenario, &plain);
    double rounds = metrics[METRIC_throughput_per_s]; /* each: block, wake, schedule */
    ck_assert_double_eq_tol(metrics[METRIC_lock_acquisitions_per_s], 3 * rounds, 3);
    ck_assert_double_eq_tol(metrics[METRIC_account_sched_percent], 100 * 3 * rounds * 40e-9, 1e-4);
}
END_TEST

/* Four cores ask at 0 to create a process each, and hold for 100 ms in turn; those that are done
 * ask again to run theirs.  At 250 ms three have got it, after 0, 100 and 200, and three wait:
 * since 0, 100 and 200.  So all waits add up to what the accounts say: 750 of 1000 ms.  In a window
 * that begins at 120 one gets it, after 200, and the same three wait, two of them since before. */
START_TEST(waits_for_a_lock_count_before_they_end)
{
    struct phase hog = { PHASE_RUN, constant(1e9) };
    struct workload workload = { .name = "hog",
                                 .instances = 4,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = &hog,
                                 .phase_count = 1 };
    struct scenario scenario = scenario_of(&workload, 1, 4, 1, 0.25);
    scenario.scheduler.lock = (enum lock_kind)_i;
    scenario.flat.has_hold = true;
    scenario.flat.hold = constant(100e3);
    const double *metrics = run(&scenario, &plain);
    ck_assert_double_eq_tol(metrics[METRIC_lock_wait_us_max], 250e3, 1e-6);
    ck_assert_double_eq_tol(metrics[METRIC_lock_wait_us_mean], 750e3 / 6, 1e-6);
    ck_assert_double_eq_tol(metrics[METRIC_account_lock_wait_percent], 75, 1e-9);
    ck_assert_double_eq_tol(metrics[METRIC_lock_contention_percent], 100 * 5 / 6., 1e-9);
    ck_assert_double_eq_tol(metrics[METRIC_lock_acquisitions_per_s], 3 / 0.25, 1e-9);
    scenario.warmup_ps = UINT64_C(120000000000);
    metrics = run(&scenario, &plain);
    ck_assert_double_eq_tol(metrics[METRIC_lock_wait_us_max], 250e3, 1e-6);
    ck_assert_double_eq_tol(metrics[METRIC_lock_wait_us_mean], 650e3 / 4, 1e-6);
    double within_ms = 80 + 130 + 130 + 50; /* of these 200, 250, 150 and 50 */
    ck_assert_double_eq_tol(metrics[METRIC_account_lock_wait_percent], within_ms / (4 * 1.3), 1e-9);
    ck_assert_double_eq(metrics[METRIC_lock_contention_percent], 100);
    ck_assert_double_eq_tol(metrics[METRIC_lock_acquisitions_per_s], 1 / 0.13, 1e-9);
}
END_TEST

static const struct balancer *once;

static void balance_twice(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    once->balance(braid, torus, now_ns);
    once->balance(braid, torus, now_ns);
}

static uint16_t choose_first(struct braid *braid, struct torus *torus,
                             const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    (void)braid;
    (void)torus;
    return 0;
}

/* A balancer moves two at a time into an empty inbox: the first push alone needs an IPI. */
START_TEST(an_inbox_that_was_empty_is_paid_for_once)
{
    static const struct balancer twice = { .name = "twice", .balance = balance_twice };
    static const struct balancer *const balancers[] = { &twice, NULL };
    static const struct placement first = { .name = "first", .choose = choose_first };
    static const struct placement *const placements[] = { &first, NULL };
    static const struct scheduler_module module = { .abi = SCHEDULER_MODULE_ABI,
                                                    .placements = placements,
                                                    .balancers = balancers };
    struct scheduler scheduler = plain;
    once = scheduler_balancer(&plain, "threshold");
    scheduler.modules[1] = plain.modules[0];
    scheduler.modules[0] = &module;

    struct phase hog = { PHASE_RUN, constant(1e9) };
    struct workload workload = { .name = "hog",
                                 .instances = 12,
                                 .start = constant(0),
                                 .weight = 1024,
                                 .phases = &hog,
                                 .phase_count = 1 };
    struct scenario scenario = scenario_of(&workload, 1, 2, 2, 1.0);
    scenario.scheduler.placement = "first";
    scenario.scheduler.balancer = "twice";
    scenario.scheduler.tick_hz = 1000;
    scenario.scheduler.balance_ns = 10000000;
    scenario.scheduler.threshold = 1;
    cpu.figure[FIGURE_ipi_send_ns].value = 1000;
    const double *metrics = run(&scenario, &scheduler);
    ck_assert_double_eq(metrics[METRIC_migrations_per_s], 6);
    ck_assert_double_eq_tol(metrics[METRIC_account_balance_percent] / 100 * 2e6, 3, 1e-6);
}
END_TEST

int main(void)
{
    struct error err;
    CHECK(scheduler_load(&plain, NULL, false, &err));
    CHECK(scheduler_load(&traced, NULL, true, &err));
    TCase *tests = tcase_create("host");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_return_is_paid_for_whyever_it_left, 0, 3);
    tcase_add_test(tests, slow_cores_do_less);
    tcase_add_test(tests, siblings_share_a_core);
    tcase_add_loop_test(tests, streams_slow_one_another, 0, 2);
    tcase_add_test(tests, who_slept_when_the_window_began_is_not_in_jain);
    tcase_add_test(tests, starvation_goes_by_who_is_alive);
    tcase_add_test(tests, a_message_waits_for_the_hold);
    tcase_add_test(tests, a_sender_queues_it_under_the_other_lock);
    tcase_add_loop_test(tests, a_sender_waits_for_the_other_lock, 0, 2);
    tcase_add_test(tests, a_locked_queue_pays_for_its_lock);
    tcase_add_loop_test(tests, waits_for_a_lock_count_before_they_end, 0, LOCK_KINDS);
    tcase_add_test(tests, an_inbox_that_was_empty_is_paid_for_once);
    tcase_add_test(tests, tori_of_a_core_share_its_lock);
    tcase_add_loop_test(tests, tori_that_share_a_core_know_that_it_is_taken, 0, 16);
    return suite_run("host", tests);
}
