/* policy_bounds.c -- the bounds that the banners of the policies promise, each on a torus of one
 * core with slices to the nanosecond and no price on anything.
 *
 * Method: processes run and sleep as they are told, and time goes from event to event.  Waits,
 * shares and lags are worked out here from who ran when, not from what a policy believes.  A crowd
 * that starves low priorities under `priority` is what the bounds on starvation are held against.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "braid/share.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { MOST = 16, SEEDS = 12, SLICE_NS = 1000000 };

/* Floating point and units of virtual time, for shares: far below a slice. */
#define ROUNDING_NS 100.0

static const uint64_t NEVER = UINT64_MAX;

/* Runs for up to 2 run_ns, sleeps for up to 2 sleep_ns, and so on; run_ns NEVER: runs for ever. */
struct behaviour {
    uint32_t weight;
    int32_t priority;
    uint64_t run_ns, sleep_ns;
};

static struct machine {
    struct tori tori;
    uint32_t count;
    struct behaviour behaviour[MOST];
    uint64_t left_ns[MOST];  /* of the present run */
    uint64_t wakes_ns[MOST]; /* NEVER: does not sleep */
    uint64_t ready_ns[MOST]; /* READY since; NEVER: is not READY */
    uint64_t wait_ns_max[MOST], wait_ns_sum[MOST];
    uint64_t now_ns, random;
} machine;

static uint32_t below(uint32_t bound)
{
    return tori_random_below(&machine.random, bound);
}

static struct process *process_at(uint32_t id)
{
    return &machine.tori.processes[id];
}

static struct process *current(void)
{
    return machine.tori.torus[0]->cores[0].current;
}

static uint64_t draw_ns(uint64_t mean_ns)
{
    return mean_ns == NEVER ? NEVER : 1 + below((uint32_t)(2 * mean_ns));
}

/* ---- The machine -------------------------------------------------------------------------- */

static void note_waits(void)
{
    for (uint32_t id = 0; id < machine.count; id++) {
        bool is_ready = process_at(id)->state == PROCESS_READY;
        if (is_ready && machine.ready_ns[id] == NEVER)
            machine.ready_ns[id] = machine.now_ns;
        if (machine.ready_ns[id] == NEVER)
            continue;
        uint64_t wait_ns = machine.now_ns - machine.ready_ns[id];
        if (wait_ns > machine.wait_ns_max[id])
            machine.wait_ns_max[id] = wait_ns;
        if (!is_ready) {
            machine.wait_ns_sum[id] += wait_ns;
            machine.ready_ns[id] = NEVER;
        }
    }
}

static void schedule(void)
{
    machine.tori.kicked[0] = false;
    torus_schedule(machine.tori.torus[0], 0, machine.now_ns);
}

/* All come at time 0. */
static void machine_start(const struct policy *policy, uint32_t count, uint64_t seed)
{
    struct tori_setup setup = { .policy = policy,
                                .slice_ns = SLICE_NS,
                                .torus_count = 1,
                                .cores_per_torus = 1,
                                .random = (uint32_t)seed };
    tori_init(&machine.tori, &setup);
    machine.count = count;
    machine.now_ns = 0;
    machine.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (uint32_t id = 0; id < count; id++) {
        struct behaviour *behaviour = &machine.behaviour[id];
        struct process_attributes attributes = { .parent = PROCESS_NO_PARENT,
                                                 .weight = behaviour->weight,
                                                 .priority = behaviour->priority };
        machine.left_ns[id] = draw_ns(behaviour->run_ns);
        machine.wakes_ns[id] = machine.ready_ns[id] = NEVER;
        machine.wait_ns_max[id] = machine.wait_ns_sum[id] = 0;
        torus_create(machine.tori.torus[0], 0, id, &attributes, 0);
    }
    note_waits();
    schedule();
    note_waits();
}

static uint64_t next_event_ns(void)
{
    uint64_t next_ns = NEVER;
    for (uint32_t id = 0; id < machine.count; id++)
        if (machine.wakes_ns[id] < next_ns)
            next_ns = machine.wakes_ns[id];
    if (current() == NULL)
        return next_ns;
    uint64_t slice_ends_ns = machine.tori.torus[0]->cores[0].slice_from_ns + current()->slice_ns;
    uint64_t left_ns = machine.left_ns[current()->id];
    if (slice_ends_ns < next_ns)
        next_ns = slice_ends_ns;
    return left_ns < next_ns - machine.now_ns ? machine.now_ns + left_ns : next_ns;
}

static void wake(uint32_t id)
{
    machine.wakes_ns[id] = NEVER;
    machine.left_ns[id] = draw_ns(machine.behaviour[id].run_ns);
    torus_wake(machine.tori.torus[0], 0, process_at(id), machine.now_ns);
    note_waits();
    if (machine.tori.kicked[0])
        schedule();
}

static void block_current(uint64_t sleep_ns)
{
    machine.wakes_ns[current()->id] = machine.now_ns + sleep_ns;
    torus_block(machine.tori.torus[0], 0, machine.now_ns);
    schedule();
}

/* To the next event, and what follows of it.  Returns how long that was. */
static uint64_t machine_step(void)
{
    uint64_t passed_ns = next_event_ns() - machine.now_ns;
    machine.now_ns += passed_ns;
    if (current() != NULL) {
        uint32_t id = current()->id;
        if (machine.left_ns[id] != NEVER)
            machine.left_ns[id] -= passed_ns;
        if (machine.left_ns[id] == 0)
            block_current(draw_ns(machine.behaviour[id].sleep_ns));
        else if (machine.tori.torus[0]->cores[0].slice_from_ns + current()->slice_ns ==
                 machine.now_ns)
            schedule();
    }
    note_waits();
    for (uint32_t id = 0; id < machine.count; id++)
        if (machine.wakes_ns[id] == machine.now_ns)
            wake(id);
    note_waits();
    return passed_ns;
}

static void machine_run(uint64_t until_ns)
{
    while (machine.now_ns < until_ns)
        machine_step();
}

static void machine_end(void)
{
    tori_fini(&machine.tori);
}

static void behave_as_hogs(uint32_t count, uint64_t seed)
{
    machine.random = seed * UINT64_C(0xD1B54A32D192ED03) + 1;
    for (uint32_t id = 0; id < count; id++)
        machine.behaviour[id] = (struct behaviour){ .weight = 1 + below(10000), .run_ns = NEVER };
}

static double ran_ns(uint32_t id)
{
    const struct process *process = process_at(id);
    double ran = (double)process->runtime_ns;
    if (process->state == PROCESS_RUNNING)
        ran += (double)(machine.now_ns - process->since_ns);
    return ran;
}

static double weight_of(uint32_t id)
{
    return machine.behaviour[id].weight;
}

/* ---- Waits -------------------------------------------------------------------------------- */

/* Exactly (n - 1) slices: less would be another policy. */
START_TEST(round_robin_waits_for_all_others_once)
{
    uint32_t n = 2 + (uint32_t)_i;
    behave_as_hogs(n, 1);
    machine_start(&policy_rr, n, 1);
    machine_run(100 * (uint64_t)SLICE_NS);
    for (uint32_t id = 0; id < n; id++)
        ck_assert_uint_eq(machine.wait_ns_max[id], (n - 1) * (uint64_t)SLICE_NS);
    machine_end();
}
END_TEST

enum { HOGS = 3, CROWD = 12 };

/* Some hogs of low priority, and sleepers of the highest: where there are three or more, they ask
 * for more than the core has.  Each of these sleeps for longer than it runs. */
static void run_crowd_of(const struct policy *policy, uint64_t seed, uint32_t hogs, uint64_t slices)
{
    static const int32_t priorities[HOGS] = { -64, 0, 60 };
    for (uint32_t id = 0; id < CROWD; id++) {
        struct behaviour *behaviour = &machine.behaviour[id];
        *behaviour = (struct behaviour){ 1024, 63, SLICE_NS / 5 * 2, SLICE_NS };
        if (id < hogs)
            *behaviour = (struct behaviour){ 1024, priorities[id % HOGS], NEVER, 0 };
    }
    machine_start(policy, CROWD, seed);
    machine_run(slices * SLICE_NS);
}

static void run_crowd(const struct policy *policy, uint64_t seed)
{
    run_crowd_of(policy, seed, HOGS, 5000);
}

/* The least power of two that is at least so many slices. */
static uint64_t period_ns(uint64_t slices)
{
    uint64_t ns = 1;
    while (ns < slices * SLICE_NS)
        ns *= 2;
    return ns;
}

static uint64_t aging_bound_ns(uint32_t id)
{
    uint64_t levels = (uint64_t)(64 - machine.behaviour[id].priority); /* 128 - p */
    return levels * period_ns(8) + (uint64_t)CROWD * SLICE_NS;
}

static uint64_t mlfq_bound_ns(uint32_t id)
{
    (void)id;
    return period_ns(64) + (uint64_t)CROWD * SLICE_NS;
}

static const struct bound {
    const struct policy *policy;
    uint64_t (*bound_ns)(uint32_t id);
} bounds[] = {
    { &policy_priority_aging, aging_bound_ns },
    { &policy_mlfq, mlfq_bound_ns },
};
enum { BOUNDS = sizeof bounds / sizeof bounds[0] };

START_TEST(starvation_is_bounded)
{
    const struct bound *bound = &bounds[_i / SEEDS];
    run_crowd(bound->policy, 1 + (uint64_t)_i % SEEDS);
    for (uint32_t id = 0; id < CROWD; id++)
        ck_assert_msg(machine.wait_ns_max[id] <= bound->bound_ns(id),
                      "%s: process %u waited for %.1f slices, bound %.1f", bound->policy->name, id,
                      (double)machine.wait_ns_max[id] / SLICE_NS,
                      (double)bound->bound_ns(id) / SLICE_NS);
    machine_end();
}
END_TEST

/* Else the crowd would prove nothing. */
START_TEST(the_crowd_starves_without_a_bound)
{
    run_crowd(&policy_priority, 1);
    for (uint32_t id = 0; id < HOGS; id++)
        for (uint32_t i = 0; i < BOUNDS; i++)
            ck_assert_uint_gt(machine.wait_ns_max[id], bounds[i].bound_ns(id));
    machine_end();
}
END_TEST

/* Hogs by the number of the test, and sleepers that ask for more than the core has; after some
 * time, when the sleepers are known as such. */
START_TEST(io_aware_bounds_the_wait_of_both_kinds)
{
    uint32_t hogs = 1 + (uint32_t)_i, sleepers = MOST - hogs;
    for (uint32_t id = 0; id < MOST; id++) {
        machine.behaviour[id] = (struct behaviour){ 1024, 0, SLICE_NS / 5 * 2, SLICE_NS / 5 * 3 };
        if (id < hogs)
            machine.behaviour[id].run_ns = NEVER;
    }
    machine_start(&policy_io_aware, MOST, 1);
    machine_run(300 * (uint64_t)SLICE_NS);
    memset(machine.wait_ns_max, 0, sizeof machine.wait_ns_max);
    for (uint32_t id = 0; id < MOST; id++)
        machine.ready_ns[id] = NEVER; /* waits that begin from now on */
    machine_run(3000 * (uint64_t)SLICE_NS);
    for (uint32_t id = 0; id < MOST; id++) {
        uint32_t slices = id < hogs ? 16 + 2 * hogs : 2 * sleepers;
        ck_assert_msg(machine.wait_ns_max[id] <= slices * (uint64_t)SLICE_NS,
                      "%u hogs: process %u waited for %.1f slices, bound %u", hogs, id,
                      (double)machine.wait_ns_max[id] / SLICE_NS, slices);
    }
    machine_end();
}
END_TEST

/* Who always blocks before its slice is over goes down like the others. */
START_TEST(mlfq_cannot_be_fooled)
{
    behave_as_hogs(2, 1);
    machine.behaviour[0].run_ns = SLICE_NS / 5 * 2;
    machine.behaviour[0].sleep_ns = SLICE_NS / 100;
    machine_start(&policy_mlfq, 2, 1);
    machine_run(3000 * (uint64_t)SLICE_NS);
    ck_assert_double_le(ran_ns(0), 0.75 * (double)machine.now_ns);
    machine_end();
}
END_TEST

/* They favour who sleeps, too: it waits less than under round robin, all in all. */
START_TEST(sleepers_are_favoured)
{
    static const struct policy *const favouring[] = { &policy_io_aware, &policy_mlfq,
                                                      &policy_fair };
    const struct policy *policies[] = { &policy_rr, favouring[_i] };
    double waited[2];
    for (int k = 0; k < 2; k++) { /* one sleeper among hogs */
        behave_as_hogs(CROWD, 1);
        for (uint32_t id = 0; id < CROWD; id++)
            machine.behaviour[id].weight = 1024;
        machine.behaviour[0].run_ns = SLICE_NS / 50;
        machine.behaviour[0].sleep_ns = 20 * SLICE_NS;
        machine_start(policies[k], CROWD, 5);
        machine_run(1000 * (uint64_t)SLICE_NS);
        waited[k] = (double)machine.wait_ns_sum[0];
        machine_end();
    }
    ck_assert_double_lt(waited[1], waited[0] / 2);
}
END_TEST

/* ---- Shares ------------------------------------------------------------------------------- */

/* Lag = t w / W - received; at most a slice either way. */
START_TEST(eevdf_lag_stays_within_a_slice)
{
    uint32_t n = 2 + (uint32_t)_i % (MOST - 1);
    double weights = 0, greatest = 0;
    behave_as_hogs(n, 1 + (uint64_t)_i);
    for (uint32_t id = 0; id < n; id++)
        weights += weight_of(id);
    machine_start(&policy_eevdf, n, 1);
    while (machine.now_ns < 3000 * (uint64_t)SLICE_NS) {
        machine_step();
        for (uint32_t id = 0; id < n; id++) {
            double lag = (double)machine.now_ns * weight_of(id) / weights - ran_ns(id);
            greatest = fmax(greatest, fabs(lag));
        }
    }
    ck_assert_double_le(greatest, SLICE_NS + ROUNDING_NS);
    ck_assert_double_gt(greatest, SLICE_NS / 4); /* something was measured */
    machine_end();
}
END_TEST

/* Process 0 sleeps, at odd times of its slices; its lag is followed while it competes.  What it
 * takes along must be that, and what it had before must still be in it. */
START_TEST(eevdf_lag_is_kept_across_sleep)
{
    uint32_t n = 3 + (uint32_t)_i % 4, sleeps = 0;
    double weights = 0, lag_ns = 0, ran_before = 0, greatest = 0;
    behave_as_hogs(n, 1 + (uint64_t)_i);
    machine.behaviour[0].run_ns = SLICE_NS * 3 / 2;
    machine.behaviour[0].sleep_ns = 5 * SLICE_NS;
    for (uint32_t id = 0; id < n; id++)
        weights += weight_of(id);
    machine_start(&policy_eevdf, n, 1 + (uint64_t)_i);
    while (sleeps < 500) {
        bool competed = process_at(0)->state != PROCESS_BLOCKED;
        double passed_ns = (double)machine_step();
        if (!competed)
            continue;
        lag_ns += passed_ns * weight_of(0) / weights - (ran_ns(0) - ran_before);
        ran_before = ran_ns(0);
        if (process_at(0)->state != PROCESS_BLOCKED)
            continue;
        lag_ns = fmax(-SLICE_NS, fmin(SLICE_NS, lag_ns)); /* no more is kept */
        double kept = (double)(int64_t)share_of(process_at(0))->received * weight_of(0) / 1048576;
        ck_assert_double_le(fabs(kept - lag_ns), ROUNDING_NS);
        greatest = fmax(greatest, fabs(lag_ns));
        sleeps++;
    }
    ck_assert_double_gt(greatest, SLICE_NS / 8);
    machine_end();
}
END_TEST

/* Of any two that always compete, whoever else comes and goes. */
START_TEST(stride_errs_by_less_than_a_slice_between_two)
{
    uint32_t n = 3 + (uint32_t)_i % 10, sleepers = n / 3;
    double greatest = 0;
    behave_as_hogs(n, 1 + (uint64_t)_i);
    for (uint32_t id = 0; id < sleepers; id++) {
        machine.behaviour[id].run_ns = SLICE_NS * 3 / 2;
        machine.behaviour[id].sleep_ns = 5 * SLICE_NS;
    }
    machine_start(&policy_stride, n, 1);
    while (machine.now_ns < 3000 * (uint64_t)SLICE_NS) {
        machine_step();
        for (uint32_t a = sleepers; a < n; a++)
            for (uint32_t b = a + 1; b < n; b++) {
                double share = weight_of(a) / (weight_of(a) + weight_of(b));
                double error = ran_ns(a) - share * (ran_ns(a) + ran_ns(b));
                greatest = fmax(greatest, fabs(error));
            }
    }
    ck_assert_double_le(greatest, SLICE_NS + ROUNDING_NS);
    ck_assert_double_gt(greatest, SLICE_NS / 4);
    machine_end();
}
END_TEST

/* Who sleeps and comes back for an instant, over and over, gains nothing and loses nothing: over
 * the time in which it competes it has its share. */
START_TEST(stride_keeps_what_remains)
{
    uint32_t n = 4;
    double weights = 0, owed = 0;
    behave_as_hogs(n, 1 + (uint64_t)_i);
    for (uint32_t id = 0; id < n; id++)
        machine.behaviour[id].weight = 1024 * (id + 1);
    machine.behaviour[0].run_ns = SLICE_NS / 2;
    machine.behaviour[0].sleep_ns = SLICE_NS / 2;
    for (uint32_t id = 0; id < n; id++)
        weights += weight_of(id);
    machine_start(&policy_stride, n, 1 + (uint64_t)_i);
    while (machine.now_ns < 5000 * (uint64_t)SLICE_NS) {
        bool competes = process_at(0)->state != PROCESS_BLOCKED;
        double passed_ns = (double)machine_step();
        if (competes)
            owed += passed_ns * weight_of(0) / weights;
    }
    ck_assert_double_le(fabs(ran_ns(0) - owed), (double)n * SLICE_NS);
    machine_end();
}
END_TEST

/* The virtual time of each, by its share of a slice that a new one begins with. */
static double fair_virtual(uint32_t id)
{
    return (SLICE_NS + ran_ns(id)) / weight_of(id);
}

START_TEST(fair_virtual_times_stay_together)
{
    uint32_t n = 2 + (uint32_t)_i % (MOST - 1);
    double greatest = 0;
    behave_as_hogs(n, 1 + (uint64_t)_i);
    machine_start(&policy_fair, n, 1);
    while (machine.now_ns < 3000 * (uint64_t)SLICE_NS) {
        machine_step();
        for (uint32_t a = 0; a < n; a++)
            for (uint32_t b = a + 1; b < n; b++) {
                double lighter = fmin(weight_of(a), weight_of(b));
                double apart = fabs(fair_virtual(a) - fair_virtual(b)) * lighter;
                greatest = fmax(greatest, apart);
            }
    }
    ck_assert_double_le(greatest, SLICE_NS + ROUNDING_NS);
    ck_assert_double_gt(greatest, SLICE_NS / 4);
    machine_end();
}
END_TEST

/* A thousand slices of sleep are worth half a slice, and the core at once. */
START_TEST(fair_lets_sleepers_gain_little)
{
    behave_as_hogs(2, 1);
    machine.behaviour[0].weight = machine.behaviour[1].weight = 1024;
    machine_start(&policy_fair, 2, 1);
    machine_run(SLICE_NS / 2);
    while (current()->id != 0)
        machine_step();
    machine.left_ns[0] = SLICE_NS / 4;
    machine.behaviour[0].sleep_ns = 1000 * SLICE_NS;
    while (process_at(0)->state != PROCESS_BLOCKED)
        machine_step();
    machine.wakes_ns[0] = machine.now_ns + 1000 * (uint64_t)SLICE_NS + SLICE_NS / 3;
    while (process_at(0)->state == PROCESS_BLOCKED)
        machine_step();
    ck_assert_ptr_eq(current(), process_at(0));
    double gained = ran_ns(1) - ran_ns(0);
    machine_run(machine.now_ns + 50 * (uint64_t)SLICE_NS);
    gained -= ran_ns(1) - ran_ns(0);
    ck_assert_double_le(gained, 2.5 * SLICE_NS);
    ck_assert_double_ge(gained, -SLICE_NS);
    machine_end();
}
END_TEST

enum { LOTS = 10, DRAWS = 4000, LOTTERIES = 25 };

/* Chi-square of the draws of 25 lotteries with 10 weights each: 225 degrees of freedom.  Both
 * tails: what fits too well is no lottery. */
START_TEST(lottery_draws_by_tickets)
{
    double chi_square = 0;
    for (uint64_t seed = 1; seed <= LOTTERIES; seed++) {
        double weights = 0, drawn[LOTS] = { 0 };
        for (uint32_t id = 0; id < LOTS; id++) {
            machine.behaviour[id] = (struct behaviour){ 100 + 211 * id, 0, NEVER, 0 };
            weights += weight_of(id);
        }
        machine_start(&policy_lottery, LOTS, seed);
        for (int i = 0; i < DRAWS; i++) {
            machine_step();
            drawn[current()->id]++;
        }
        for (uint32_t id = 0; id < LOTS; id++) {
            double expected = DRAWS * weight_of(id) / weights;
            chi_square += (drawn[id] - expected) * (drawn[id] - expected) / expected;
        }
        machine_end();
    }
    ck_assert_double_ge(chi_square, 161.6); /* 0.05 % */
    ck_assert_double_le(chi_square, 301.5); /* 99.95 % */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("policy_bounds");
    tcase_add_loop_test(tests, round_robin_waits_for_all_others_once, 0, MOST - 1);
    tcase_add_loop_test(tests, starvation_is_bounded, 0, BOUNDS * SEEDS);
    tcase_add_test(tests, the_crowd_starves_without_a_bound);
    tcase_add_loop_test(tests, io_aware_bounds_the_wait_of_both_kinds, 0, MOST - 1);
    tcase_add_test(tests, mlfq_cannot_be_fooled);
    tcase_add_loop_test(tests, sleepers_are_favoured, 0, 3);
    tcase_add_loop_test(tests, eevdf_lag_stays_within_a_slice, 0, 2 * SEEDS);
    tcase_add_loop_test(tests, eevdf_lag_is_kept_across_sleep, 0, SEEDS);
    tcase_add_loop_test(tests, stride_errs_by_less_than_a_slice_between_two, 0, 2 * SEEDS);
    tcase_add_loop_test(tests, stride_keeps_what_remains, 0, SEEDS);
    tcase_add_loop_test(tests, fair_virtual_times_stay_together, 0, 2 * SEEDS);
    tcase_add_test(tests, fair_lets_sleepers_gain_little);
    tcase_add_test(tests, lottery_draws_by_tickets);
    return suite_run("policy_bounds", tests);
}
