/* failures.c -- tori stop, leave and return in the simulator: nothing is lost, and all run.
 *
 * Goal: with what takeover.h promises, a host that plays a scenario's events finds every process,
 * once, whatever is stopped and whatever becomes of projections.
 * Method: short runs with random events, one of each policy and balancer, in turn with inboxes and
 * locked queues, one or two cores a torus, traced and flat prices; the simulator's audit ends a run
 * at the first breach.  Then a torus stops or leaves for good: with patience whatever sleeps there,
 * or waits, must run on elsewhere, but for what was on its cores; without, if it has stopped, it
 * must not, or the test shows nothing.  Then one core leaves for good: the rest run all.  Last,
 * tori leave and are called back at every stage of the entry in which they do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sim/host/host.h"
#include "sim/input/profile_file.h"
#include "tests/support/suite.h"

enum { MS = 1000000, EVENTS = 12, HOGS = 6, SLEEPERS = 24, SLEEPER = 1 };

static struct scheduler schedulers[2]; /* plain, traced */
static struct profile cpu;
static uint64_t random_state;

static uint32_t below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 32) * bound >> 32);
}

static struct distribution exponential(double mean_us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_EXPONENTIAL };
    distribution.parameter[PARAMETER_MEAN] = mean_us;
    ck_assert_ptr_null(distribution_prepare(&distribution));
    return distribution;
}

static void draw_events(struct scenario *scenario, uint32_t count)
{
    uint64_t at_ps = 0;
    for (uint32_t i = 0; i < count; i++) {
        at_ps += (uint64_t)below(40 * MS) * 1000;
        scenario->events[i] = (struct scenario_event){
            .at_ps = at_ps,
            .kind = (enum event_kind)below(EVENT_CORRUPT + 1),
            .torus = below(scenario->scheduler.tori),
            .until_ps = at_ps + (uint64_t)below(50 * MS) * 1000,
            .by_ps = (uint64_t)(1 + below(20 * MS)) * 1000,
            .chance = below(2) ? UINT32_MAX : UINT32_MAX / 3,
        };
        struct scenario_event *event = &scenario->events[i];
        event->is_core = (event->kind == EVENT_OFFLINE || event->kind == EVENT_ONLINE) && below(2);
        if (event->is_core)
            event->torus = below(scenario->cores);
    }
    scenario->event_count = count;
}

static struct scenario scenario_of(uint32_t i, struct workload *workloads,
                                   struct scenario_event *events)
{
    struct arena arena = ARENA_EMPTY;
    uint32_t policies = 0, balancers = 0, placements = 0;
    const char *const *policy = scheduler_policy_names(&schedulers[0], &arena);
    const char *const *balancer = scheduler_balancer_names(&schedulers[0], &arena);
    const char *const *placement = scheduler_placement_names(&schedulers[0], &arena);
    for (; policy[policies] != NULL; policies++) {
    }
    for (; balancer[balancers] != NULL; balancers++) {
    }
    for (; placement[placements] != NULL; placements++) {
    }
    struct scenario scenario = {
        .name = "failures",
        .seed = i,
        .duration_ps = UINT64_C(400) * MS * 1000,
        .cpu = &cpu,
        .cores = i % 2 ? 4 : 6,
        .threads = 1,
        .scheduler = { .tori = i % 2 ? 4 : 3,
                       .policy = policy[i % policies],
                       .placement = placement[below(placements)],
                       .balancer = balancer[i / policies % balancers],
                       .lock = LOCK_TICKET,
                       .slice_ns = 2 * MS,
                       .tick_hz = 1000,
                       .exact_slices = below(2),
                       .locked_queues = below(2),
                       .inbox_at_entry = below(2),
                       .polling_idle = below(2),
                       .place_woken = below(2),
                       .exchange_ns = MS,
                       .balance_ns = 2 * MS,
                       .victim = below(BALANCER_VICTIMS),
                       .migration_cost_ns = below(2) * MS / 4,
                       .patience = 2 + below(2),
                       .process_stride_bytes = 128 },
        .cost = below(4) == 0 ? COST_TRACED : COST_FLAT,
        .events = events,
        .workload_count = 3,
        .workloads = workloads,
    };
    for (int kind = 0; kind < ENTRY_KINDS; kind++)
        scenario.flat.entry_ps[kind] = 300000 + 100000 * (uint64_t)kind;
    return scenario; /* names are the modules' own */
}

static void run(struct scenario *scenario, uint32_t i, struct run_result *result,
                struct arena *arena)
{
    host_run(scenario, &schedulers[scenario->cost == COST_TRACED], 0, result, arena);
    ck_assert_msg(result->fault.kind == FAULT_NONE, "run %u, %s, %s, %s%s: %s (process %u, %s)", i,
                  scenario->scheduler.policy, scenario->scheduler.balancer,
                  scenario->scheduler.placement,
                  scenario->scheduler.locked_queues ? ", locked" : "",
                  fault_names[result->fault.kind], result->fault.process, result->fault.detail);
    ck_assert(!result->overrun.happened);
}

/* Sleepers that have not run a loop since. */
static uint32_t count_stuck(const struct run_result *result)
{
    uint32_t stuck = 0;
    for (uint32_t p = 0; p < result->process_count; p++)
        stuck += result->processes[p].workload == SLEEPER && result->processes[p].loops == 0;
    return stuck;
}

/* A torus leaves, is called back while it does so, or later, and leaves again. */
static void is_called_back(struct scenario *scenario, uint32_t i, struct arena *arena)
{
    const uint64_t from_ps = UINT64_C(100) * MS * 1000, step_ps = UINT64_C(20) * 1000 * i;
    uint32_t torus = below(scenario->scheduler.tori);
    for (uint32_t e = 0; e < 4; e++)
        scenario->events[e] =
            (struct scenario_event){ .at_ps = e < 3 ? from_ps + e * step_ps : 2 * from_ps,
                                     .kind = e % 2 ? EVENT_ONLINE : EVENT_OFFLINE,
                                     .torus = torus };
    scenario->event_count = 4;
    struct run_result back = { 0 };
    run(scenario, i, &back, arena);
    ck_assert_uint_eq(count_stuck(&back), 0);
}

/* A torus has left and come back: it works as before, however projections are exchanged. */
START_TEST(who_comes_back_works_again)
{
    struct phase hog = { PHASE_RUN, exponential(5000) };
    struct phase sleeper[] = { { PHASE_RUN, exponential(300) },
                               { PHASE_SLEEP, exponential(2000) } };
    struct workload workloads[] = {
        { .name = "hog", .instances = HOGS, .weight = 1024, .phases = &hog, .phase_count = 1 },
        { .name = "sleeper",
          .instances = SLEEPERS,
          .weight = 1024,
          .phases = sleeper,
          .phase_count = 2 },
    };
    for (int w = 0; w < 2; w++)
        distribution_prepare(&workloads[w].start);
    struct scenario_event events[] = {
        { .at_ps = UINT64_C(100) * MS * 1000, .kind = EVENT_OFFLINE, .torus = 1 },
        { .at_ps = UINT64_C(200) * MS * 1000, .kind = EVENT_ONLINE, .torus = 1 },
    };
    struct arena arena = ARENA_EMPTY;
    struct run_result result = { 0 };
    random_state = (uint64_t)_i + 1;
    struct scenario scenario = scenario_of((uint32_t)_i, workloads, events);
    scenario.scheduler.balancer = "steal";
    scenario.scheduler.exchange_ns = _i % 2 ? MS : 0;
    scenario.scheduler.patience = 0;
    scenario.workload_count = scenario.event_count = 2;
    scenario.warmup_ps = UINT64_C(250) * MS * 1000;
    run(&scenario, (uint32_t)_i, &result, &arena);
    ck_assert_uint_eq(count_stuck(&result), 0);
    for (uint32_t c = 0; c < result.core_count; c++) {
        const uint64_t *account_ps = &result.core_accounts_ps[c * ACCOUNT_COUNT];
        ck_assert_uint_gt(account_ps[ACCOUNT_USER], result.window_ps / 4);
        ck_assert_uint_lt(account_ps[ACCOUNT_LOCK_WAIT], result.window_ps / 4);
    }
    arena_free(&arena);
}
END_TEST

START_TEST(nothing_is_lost)
{
    struct phase hog = { PHASE_RUN, exponential(5000) };
    struct phase sleeper[] = { { PHASE_RUN, exponential(300) },
                               { PHASE_SLEEP, exponential(2000) } };
    struct phase job = { PHASE_RUN, exponential(400) };
    struct workload workloads[] = {
        { .name = "hog", .instances = HOGS, .weight = 1024, .phases = &hog, .phase_count = 1 },
        { .name = "sleeper",
          .instances = SLEEPERS,
          .weight = 2048,
          .priority = 2,
          .phases = sleeper,
          .phase_count = 2 },
        { .name = "job",
          .open = true,
          .max_alive = 4000,
          .weight = 1024,
          .priority = 2,
          .gap = exponential(2000),
          .phases = &job,
          .phase_count = 1 },
    };
    for (int w = 0; w < 3; w++)
        distribution_prepare(&workloads[w].start);
    struct scenario_event events[EVENTS];
    struct arena arena = ARENA_EMPTY;
    struct run_result result = { 0 };
    random_state = (uint64_t)_i + 1;
    struct scenario scenario = scenario_of((uint32_t)_i, workloads, events);
    if (strcmp(scenario.scheduler.policy, "edf") == 0) {
        workloads[SLEEPER].budget_ns = MS / 2;
        workloads[SLEEPER].period_ns = 10 * MS;
    }
    draw_events(&scenario, 1 + below(EVENTS));
    run(&scenario, (uint32_t)_i, &result, &arena);

    /* One stops for good: what counts are the loops of the last fifth. */
    events[0] = (struct scenario_event){ .at_ps = UINT64_C(100) * MS * 1000,
                                         .kind = _i % 3 ? EVENT_STOP : EVENT_OFFLINE,
                                         .torus = 1 };
    scenario.event_count = 1;
    scenario.warmup_ps = UINT64_C(320) * MS * 1000;
    for (uint32_t patience = 0; patience <= 3; patience += 3) {
        struct run_result half = { 0 };
        scenario.scheduler.patience = patience;
        run(&scenario, (uint32_t)_i, &half, &arena);
        if (patience > 0)
            ck_assert_uint_le(count_stuck(&half), scenario.cores / scenario.scheduler.tori);
        else if (events[0].kind == EVENT_STOP)
            ck_assert_uint_gt(count_stuck(&half), 0);
    }
    struct run_result rest = { 0 };
    events[0].kind = EVENT_OFFLINE;
    events[0].is_core = true;
    events[0].torus = below(scenario.cores);
    scenario.scheduler.patience = 0;
    run(&scenario, (uint32_t)_i, &rest, &arena);
    ck_assert_uint_eq(count_stuck(&rest), 0);

    is_called_back(&scenario, (uint32_t)_i, &arena);
    arena_free(&arena);
}
END_TEST

/* A torus of two cores comes back at the very moment at which its taker asks for its lock, too. */
START_TEST(a_torus_comes_back_while_its_taker_asks)
{
    struct arena arena = ARENA_EMPTY;
    struct scenario_event events[2] = { { .at_ps = UINT64_C(137) * MS * 1000, .kind = EVENT_STOP },
                                        { .at_ps = (UINT64_C(190) + (uint64_t)_i) * MS * 1000,
                                          .kind = EVENT_REVIVE } };
    struct phase phases[2] = { { PHASE_RUN, exponential(700) },
                               { PHASE_SLEEP, exponential(3000) } };
    struct workload workload = {
        .name = "a", .instances = 10, .weight = 1024, .phase_count = 2, .phases = phases
    };
    distribution_prepare(&workload.start);
    for (uint32_t seed = 0; seed < 10; seed++) {
        struct run_result result = { 0 };
        struct scenario scenario = scenario_of(2 * seed, &workload, events);
        scenario.cores = 3;
        scenario.scheduler.tori = 2;
        scenario.scheduler.policy = "rr";
        scenario.scheduler.placement = "least_loaded";
        scenario.scheduler.balancer = "none";
        scenario.scheduler.tick_hz = 100;
        scenario.scheduler.slice_ns = 10 * MS;
        scenario.scheduler.exchange_ns = 10 * MS;
        scenario.scheduler.exact_slices = scenario.scheduler.locked_queues = false;
        scenario.scheduler.inbox_at_entry = scenario.scheduler.polling_idle = false;
        scenario.scheduler.place_woken = false;
        scenario.scheduler.patience = 3;
        scenario.cost = COST_FLAT;
        scenario.workload_count = 1;
        scenario.event_count = 2;
        run(&scenario, seed, &result, &arena);
    }
    arena_free(&arena);
}
END_TEST

/* Of two tori one stops, and then the one that has taken it, for good: when the first is back it
 * takes itself back, after twice the patience, as its ticks go on while it waits. */
START_TEST(who_is_back_does_not_wait_for_a_keeper_that_has_stopped)
{
    struct arena arena = ARENA_EMPTY;
    struct run_result result = { 0 };
    const uint64_t ms_ps = UINT64_C(1000) * MS;
    struct scenario_event events[] = { { .at_ps = 100 * ms_ps, .kind = EVENT_STOP, .torus = 0 },
                                       { .at_ps = 150 * ms_ps, .kind = EVENT_STOP, .torus = 1 },
                                       { .at_ps = 200 * ms_ps, .kind = EVENT_REVIVE, .torus = 0 } };
    struct phase phases[] = { { PHASE_RUN, exponential(300) }, { PHASE_SLEEP, exponential(2000) } };
    struct workload workload = {
        .name = "a", .instances = SLEEPERS, .weight = 1024, .phase_count = 2, .phases = phases
    };
    distribution_prepare(&workload.start);
    random_state = (uint64_t)_i + 1;
    struct scenario scenario = scenario_of((uint32_t)_i, &workload, events);
    scenario.scheduler.tori = 2;
    scenario.warmup_ps = 200 * ms_ps;
    scenario.workload_count = 1;
    scenario.event_count = 3;
    run(&scenario, (uint32_t)_i, &result, &arena);
    uint32_t cores = scenario.cores / 2, stuck = 0;
    for (uint32_t c = 0; c < cores; c++) {
        const uint64_t *account_ps = &result.core_accounts_ps[c * ACCOUNT_COUNT];
        ck_assert_uint_gt(account_ps[ACCOUNT_LOCK_WAIT], 0);
        ck_assert_uint_lt(account_ps[ACCOUNT_LOCK_WAIT],
                          (2 * scenario.scheduler.patience + 4) * ms_ps);
    }
    for (uint32_t p = 0; p < result.process_count; p++)
        stuck += result.processes[p].loops == 0;
    ck_assert_uint_le(stuck, cores); /* what the stopped cores run */
    arena_free(&arena);
}
END_TEST

int main(void)
{
    struct error err;
    struct arena arena = ARENA_EMPTY;
    for (int traced = 0; traced < 2; traced++)
        if (!scheduler_load(&schedulers[traced], NULL, traced, &err)) {
            fprintf(stderr, "%s: %s\n", err.place, err.message);
            return EXIT_FAILURE;
        }
    profile_init(&cpu);
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_instructions_per_cycle].value = 1;
    cpu.figure[FIGURE_line_bytes].value = 64;
    cpu.figure[FIGURE_l1_kb].value = 16;
    cpu.figure[FIGURE_l1_ways].value = 4;
    cpu.figure[FIGURE_l1_latency_cycles].value = 3;
    cpu.figure[FIGURE_l2_kb].value = 256;
    cpu.figure[FIGURE_l2_ways].value = 8;
    cpu.figure[FIGURE_l2_latency_cycles].value = 12;
    cpu.figure[FIGURE_l2_cores].value = 1;
    cpu.figure[FIGURE_memory_latency_ns].value = 100;
    cpu.figure[FIGURE_memory_read_mb_s].value = 1000;
    cpu.figure[FIGURE_ipi_latency_ns].value = 700;
    cpu.figure[FIGURE_switch_ns].value = 500;
    arena_free(&arena);
    TCase *tests = tcase_create("failures");
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, nothing_is_lost, 0, 180);
    tcase_add_loop_test(tests, who_comes_back_works_again, 0, 24);
    tcase_add_loop_test(tests, a_torus_comes_back_while_its_taker_asks, 0, 12);
    tcase_add_loop_test(tests, who_is_back_does_not_wait_for_a_keeper_that_has_stopped, 0, 60);
    return suite_run("failures", tests);
}
