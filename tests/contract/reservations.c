/* reservations.c -- who was admitted gets its budget in time, and what does not fit is refused.
 *
 * Method: tori of one to four cores, slices to the nanosecond, no price on anything, under `edf`.
 * Reservations are drawn at random until one is refused, and then the rest of the torus is given
 * away to the last bit.  A third of those admitted are hogs, which want all that there is; the
 * others ask for at most their budget at most once a period, and must have it within the period.
 * Hogs without a reservation, which get what is left, are there as well.  Sums are kept here in
 * floating point, apart from the policy's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/takeover.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { MOST = 24, BACKGROUND = 3, SEEDS = 20, PERIOD_LEAST_NS = 1000000, SLICE_NS = 10000000 };

#define ROUNDING 1e-8 /* of a utilisation: the policy's are rounded up */

static const uint64_t NEVER = UINT64_MAX;

enum kind { HARD, HOG };

static struct machine {
    struct tori tori;
    uint32_t count, cores;
    uint32_t budget_ns[MOST], period_ns[MOST];
    enum kind kind[MOST];
    uint64_t left_ns[MOST], due_ns[MOST], asks_ns[MOST]; /* asks: NEVER while it wants the core */
    uint64_t now_ns, random;
    double reserved, greatest;
    uint32_t jobs;
} machine;

static uint32_t below(uint32_t bound)
{
    return tori_random_below(&machine.random, bound);
}

static struct torus *torus(void)
{
    return machine.tori.torus[0];
}

static struct process *current(uint32_t slot)
{
    return torus()->cores[slot].current;
}

static void machine_init(const struct policy *policy, uint32_t cores, uint64_t seed)
{
    memset(&machine, 0, sizeof machine);
    struct tori_setup setup = {
        .policy = policy, .slice_ns = SLICE_NS, .torus_count = 1, .cores_per_torus = (uint16_t)cores
    };
    tori_init(&machine.tori, &setup);
    machine.cores = cores;
    machine.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

/* ---- Admission ---------------------------------------------------------------------------- */

static enum process_result ask(uint32_t budget_ns, uint32_t period_ns)
{
    uint32_t id = machine.count;
    struct process_attributes attributes = {
        .parent = PROCESS_NO_PARENT, .weight = 1024, .budget_ns = budget_ns, .period_ns = period_ns
    };
    enum process_result result = torus_create(torus(), 0, id, &attributes, machine.now_ns);
    if (result != PROCESS_OK) {
        ck_assert_int_eq(machine.tori.processes[id].state, PROCESS_FREE);
        return result;
    }
    ck_assert_uint_lt(machine.count, MOST);
    machine.budget_ns[id] = budget_ns;
    machine.period_ns[id] = period_ns;
    machine.asks_ns[id] = machine.due_ns[id] = machine.left_ns[id] = NEVER;
    machine.count++;
    return result;
}

static double most(double utilisation)
{
    double greatest = utilisation > machine.greatest ? utilisation : machine.greatest;
    return machine.cores - (machine.cores - 1) * greatest;
}

/* Asks for one, and looks whether the answer is right.  True: it was admitted. */
static bool reserve(uint32_t budget_ns, uint32_t period_ns, enum kind kind)
{
    double utilisation = (double)budget_ns / period_ns;
    enum process_result result = ask(budget_ns, period_ns);
    double sum = machine.reserved + utilisation;
    if (result != PROCESS_OK) {
        ck_assert_int_eq(result, PROCESS_REFUSED);
        ck_assert_double_gt(sum, most(utilisation) - ROUNDING);
        return false;
    }
    ck_assert_double_le(sum, most(utilisation));
    machine.kind[machine.count - 1] = kind;
    machine.reserved = sum;
    machine.greatest = utilisation > machine.greatest ? utilisation : machine.greatest;
    return true;
}

static void reserve_all_that_fits(void)
{
    for (;;) {
        uint32_t period_ns = PERIOD_LEAST_NS * (1 + below(20)) + below(1000);
        uint32_t budget_ns = period_ns / 100 * (2 + below(40));
        if (machine.count == MOST - BACKGROUND - 1 ||
            !reserve(budget_ns, period_ns, below(3) == 0 ? HOG : HARD))
            break;
    }
    uint32_t period_ns = 7 * PERIOD_LEAST_NS + 1;
    double rest = (most(0) - machine.reserved - ROUNDING) * period_ns;
    if (rest >= 1 && rest / period_ns <= machine.greatest)
        ck_assert(reserve((uint32_t)rest, period_ns, HARD));
}

/* ---- The machine -------------------------------------------------------------------------- */

static void honour_kicks(void)
{
    for (uint32_t slot = 0; slot < machine.cores; slot++)
        if (machine.tori.kicked[slot]) {
            machine.tori.kicked[slot] = false;
            torus_schedule(torus(), slot, machine.now_ns);
        }
}

/* The process begins to want the core: all of a budget, or less. */
static void job_begin(uint32_t id)
{
    machine.asks_ns[id] = NEVER;
    if (machine.kind[id] == HOG)
        return;
    machine.left_ns[id] = machine.budget_ns[id] - below(2) * below(machine.budget_ns[id]);
    machine.due_ns[id] = machine.now_ns + machine.period_ns[id];
    machine.jobs++;
}

/* It has got it; the next one comes a period after this one did, or later. */
static void job_end(uint32_t slot)
{
    uint32_t id = current(slot)->id;
    ck_assert_msg(machine.now_ns <= machine.due_ns[id],
                  "process %u (%u of %u ns) is %ju ns late at %ju ns", id, machine.budget_ns[id],
                  machine.period_ns[id], (uintmax_t)(machine.now_ns - machine.due_ns[id]),
                  (uintmax_t)machine.now_ns);
    machine.asks_ns[id] = machine.due_ns[id] + below(2) * below(machine.period_ns[id]);
    machine.left_ns[id] = machine.due_ns[id] = NEVER;
    torus_block(torus(), slot, machine.now_ns);
    torus_schedule(torus(), slot, machine.now_ns);
}

static uint64_t slice_ends_ns(uint32_t slot)
{
    return torus()->cores[slot].slice_from_ns + current(slot)->slice_ns;
}

static uint64_t next_event_ns(void)
{
    uint64_t next_ns = NEVER;
    for (uint32_t id = 0; id < machine.count; id++)
        if (machine.asks_ns[id] < next_ns)
            next_ns = machine.asks_ns[id];
    for (uint32_t slot = 0; slot < machine.cores; slot++) {
        if (current(slot) == NULL)
            continue;
        uint64_t left_ns = machine.left_ns[current(slot)->id];
        if (slice_ends_ns(slot) < next_ns)
            next_ns = slice_ends_ns(slot);
        if (left_ns < next_ns - machine.now_ns)
            next_ns = machine.now_ns + left_ns;
    }
    return next_ns;
}

static void machine_step(void)
{
    uint64_t passed_ns = next_event_ns() - machine.now_ns;
    machine.now_ns += passed_ns;
    for (uint32_t slot = 0; slot < machine.cores; slot++)
        if (current(slot) != NULL && machine.left_ns[current(slot)->id] != NEVER)
            machine.left_ns[current(slot)->id] -= passed_ns;
    for (uint32_t slot = 0; slot < machine.cores; slot++) {
        if (current(slot) == NULL)
            continue;
        if (machine.left_ns[current(slot)->id] == 0)
            job_end(slot);
        else if (slice_ends_ns(slot) <= machine.now_ns)
            torus_schedule(torus(), slot, machine.now_ns);
    }
    for (uint32_t id = 0; id < machine.count; id++) {
        ck_assert(machine.due_ns[id] == NEVER || machine.now_ns <= machine.due_ns[id]);
        if (machine.asks_ns[id] > machine.now_ns)
            continue;
        job_begin(id);
        torus_wake(torus(), 0, &machine.tori.processes[id], machine.now_ns);
        honour_kicks();
    }
}

/* ---- The tests ---------------------------------------------------------------------------- */

START_TEST(admitted_reservations_never_miss)
{
    uint32_t cores = 1 + (uint32_t)_i / SEEDS;
    machine_init(&policy_edf, cores, 1 + (uint64_t)_i);
    reserve_all_that_fits();
    uint32_t reserved = machine.count;
    for (uint32_t i = 0; i < BACKGROUND; i++) {
        ck_assert_int_eq(ask(0, 0), PROCESS_OK);
        machine.kind[reserved + i] = HOG;
    }
    for (uint32_t id = 0; id < reserved; id++)
        job_begin(id);
    honour_kicks();
    while (machine.now_ns < 2000 * (uint64_t)PERIOD_LEAST_NS)
        machine_step();
    ck_assert_uint_gt(machine.jobs, 100);
    if (cores == 1)
        ck_assert_double_gt(machine.reserved, 0.999);
    tori_fini(&machine.tori);
}
END_TEST

/* A hog with half a core and one with a quarter, beside one without: each gets its own, and those
 * with a reservation share the rest. */
START_TEST(hogs_are_held_to_their_bandwidth)
{
    machine_init(&policy_edf, 1, 1);
    ck_assert(reserve(PERIOD_LEAST_NS / 2, PERIOD_LEAST_NS, HOG));
    ck_assert(reserve(PERIOD_LEAST_NS, 4 * PERIOD_LEAST_NS, HOG));
    honour_kicks();
    while (machine.now_ns < 900 * (uint64_t)PERIOD_LEAST_NS)
        machine_step();
    double half = (double)machine.tori.processes[0].runtime_ns;
    double quarter = (double)machine.tori.processes[1].runtime_ns;
    ck_assert_double_ge(half / (half + quarter), 0.66);
    ck_assert_double_le(half / (half + quarter), 0.673);
    tori_fini(&machine.tori);
}
END_TEST

/* What a process had is free at its deadline, not before: it may have used it up already.  That it
 * is killed is the same. */
START_TEST(bandwidth_is_free_at_the_last_deadline)
{
    machine_init(&policy_edf, 1, 1);
    ck_assert(reserve(600000, PERIOD_LEAST_NS, HOG));
    honour_kicks();
    machine.now_ns = 400000;
    if (_i == 0)
        ck_assert_int_eq(torus_exit(torus(), 0, machine.now_ns), PROCESS_OK);
    else
        ck_assert_int_eq(torus_kill(torus(), 0, &machine.tori.processes[0], machine.now_ns),
                         PROCESS_OK);
    ck_assert_int_eq(ask(600000, PERIOD_LEAST_NS), PROCESS_REFUSED);
    ck_assert_int_eq(ask(400000, PERIOD_LEAST_NS), PROCESS_OK);
    machine.now_ns = PERIOD_LEAST_NS;
    ck_assert_int_eq(ask(600000, PERIOD_LEAST_NS), PROCESS_OK);
    ck_assert_int_eq(ask(1, PERIOD_LEAST_NS), PROCESS_REFUSED);
    tori_fini(&machine.tori);
}
END_TEST

/* Two end, the one with the later deadline first: both are free then, none before. */
START_TEST(bandwidth_is_free_when_the_later_deadline_has_come)
{
    machine_init(&policy_edf, 1, 1);
    ck_assert(reserve(4 * PERIOD_LEAST_NS, 10 * PERIOD_LEAST_NS, HOG));
    honour_kicks();
    ck_assert_int_eq(torus_exit(torus(), 0, machine.now_ns), PROCESS_OK);
    torus_schedule(torus(), 0, machine.now_ns);
    ck_assert(reserve(600000, PERIOD_LEAST_NS, HOG));
    honour_kicks();
    ck_assert_int_eq(torus_exit(torus(), 0, machine.now_ns), PROCESS_OK);
    machine.now_ns = 10 * PERIOD_LEAST_NS - 1;
    ck_assert_int_eq(ask(700000, PERIOD_LEAST_NS), PROCESS_REFUSED);
    machine.now_ns = 10 * PERIOD_LEAST_NS;
    ck_assert_int_eq(ask(PERIOD_LEAST_NS, PERIOD_LEAST_NS), PROCESS_OK);
    tori_fini(&machine.tori);
}
END_TEST

/* Who sleeps within its budget has the rest of it by the same deadline; after the time in which
 * that rest would have been due by its bandwidth, a new one. */
START_TEST(sleep_renews_no_budget)
{
    static const struct {
        uint64_t wakes_ns;
        uint32_t runs;
    } cases[] = { { 320000, 0 }, { 740000, 0 }, { 760000, 1 } };
    machine_init(&policy_edf, 1, 1);
    ck_assert(reserve(400000, PERIOD_LEAST_NS, HARD));
    ck_assert(reserve(550000, PERIOD_LEAST_NS + 50000, HARD));
    honour_kicks();
    struct process *sleeper = current(0);
    ck_assert_uint_eq(sleeper->id, 0);
    machine.now_ns = 300000; /* a quarter of the budget is left, due at 750000 at the earliest */
    ck_assert_int_eq(torus_block(torus(), 0, machine.now_ns), PROCESS_OK);
    torus_schedule(torus(), 0, machine.now_ns);
    ck_assert_uint_eq(current(0)->id, 1);
    machine.now_ns = cases[_i].wakes_ns;
    ck_assert_int_eq(torus_wake(torus(), 0, sleeper, machine.now_ns), PROCESS_OK);
    honour_kicks();
    ck_assert_uint_eq(current(0)->id, cases[_i].runs);
    tori_fini(&machine.tori);
}
END_TEST

/* Who has had the core to itself far beyond its bandwidth has its deadline as far ahead, and keeps
 * it: the budget times the time to it is more than 64 bits of ns^2. */
START_TEST(a_deadline_far_ahead_is_kept_across_sleep)
{
    const uint32_t second_ns = 1000000000;
    const uint64_t runs = _i == 0 ? 5 : 8; /* seconds, each of which puts it off by four */
    machine_init(&policy_edf, 1, 1);
    ck_assert(reserve(second_ns, 4u * second_ns, HARD));
    honour_kicks();
    struct process *alone = current(0);
    for (uint64_t seconds = 1; seconds <= runs; seconds++) {
        machine.now_ns = seconds * second_ns;
        torus_schedule(torus(), 0, machine.now_ns);
    }
    ck_assert_int_eq(torus_block(torus(), 0, machine.now_ns), PROCESS_OK);
    torus_schedule(torus(), 0, machine.now_ns);
    machine.now_ns++;
    ck_assert_int_eq(torus_wake(torus(), 0, alone, machine.now_ns), PROCESS_OK);
    honour_kicks();
    ck_assert(current(0) == alone);
    ck_assert(reserve(second_ns, 4u * second_ns, HARD)); /* due in 4 s, not 19 or 28 */
    honour_kicks();
    ck_assert_uint_eq(current(0)->id, 1);
    tori_fini(&machine.tori);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    for (uint32_t i = 0; policy_list[i] != NULL; i++) {
        machine_init(policy_list[i], 1, 1);
        ck_assert_int_eq(ask(PERIOD_LEAST_NS + 1, PERIOD_LEAST_NS), PROCESS_REFUSED);
        ck_assert_int_eq(ask(1, 0), PROCESS_REFUSED);
        enum process_result fits = policy_list[i]->admit != NULL ? PROCESS_OK : PROCESS_REFUSED;
        ck_assert_int_eq(ask(PERIOD_LEAST_NS, PERIOD_LEAST_NS), fits);
        tori_fini(&machine.tori);
    }
}
END_TEST

/* Not even if woken processes are placed anew, or somebody wants to give or send one away. */
START_TEST(a_reservation_stays_on_its_torus)
{
    struct tori_setup setup = { .policy = &policy_edf,
                                .placement = &placement_round_robin,
                                .slice_ns = SLICE_NS,
                                .torus_count = 2,
                                .cores_per_torus = 1,
                                .place_woken = true };
    memset(&machine, 0, sizeof machine);
    tori_init(&machine.tori, &setup);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_eq(ask(PERIOD_LEAST_NS / 4, PERIOD_LEAST_NS), PROCESS_OK);
    ck_assert(!torus_give(torus(), 1));
    const uint32_t there = 1 << 1, both = 1 << 0 | 1 << 1;
    struct process *first = &machine.tori.processes[0];
    ck_assert_int_eq(torus_restrict(torus(), 0, first, &there, 0), PROCESS_REFUSED);
    ck_assert_int_eq(torus_restrict(torus(), 0, first, &both, 0), PROCESS_OK);
    for (uint32_t i = 0; i < 4; i++) {
        tori_settle(&machine.tori, 0);
        struct process *process = current(0);
        ck_assert_int_eq(torus_block(torus(), 0, 0), PROCESS_OK);
        ck_assert_int_eq(torus_wake(torus(), 0, process, 0), PROCESS_OK);
        ck_assert_uint_eq(process->torus, 0);
    }
    ck_assert_uint_eq(machine.tori.posts, 0);
    tori_fini(&machine.tori);
}
END_TEST

/* What a core ran when it left goes on at once on another that runs something less urgent; and what
 * is admitted from then on fits the cores that are left. */
START_TEST(a_core_that_leaves_is_not_counted_on)
{
    machine_init(&policy_edf, 2, 1);
    ck_assert_int_eq(ask(PERIOD_LEAST_NS / 4, PERIOD_LEAST_NS), PROCESS_OK);
    struct process_attributes background = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    for (uint32_t id = 1; id < 3; id++)
        ck_assert_int_eq(torus_create(torus(), 0, id, &background, 0), PROCESS_OK);
    machine.count = 3;
    honour_kicks();
    uint32_t slot = current(1) == &machine.tori.processes[0];
    ck_assert_ptr_eq(current(slot), &machine.tori.processes[0]);
    torus_put(torus(), slot, 1000);
    ck_assert(torus_core_leave(torus(), slot));
    ck_assert(machine.tori.kicked[!slot]);
    torus_schedule(torus(), !slot, 1000);
    ck_assert_ptr_eq(current(!slot), &machine.tori.processes[0]);

    ck_assert_int_eq(ask(PERIOD_LEAST_NS / 2, PERIOD_LEAST_NS), PROCESS_OK);
    ck_assert_int_eq(ask(PERIOD_LEAST_NS / 2, PERIOD_LEAST_NS), PROCESS_REFUSED);
    torus_resume(torus(), slot, 2000);
    ck_assert_int_eq(ask(PERIOD_LEAST_NS / 2, PERIOD_LEAST_NS), PROCESS_OK);
    tori_fini(&machine.tori);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("reservations");
    tcase_add_loop_test(tests, admitted_reservations_never_miss, 0, TORI_CORES_MAX * SEEDS);
    tcase_add_test(tests, hogs_are_held_to_their_bandwidth);
    tcase_add_loop_test(tests, bandwidth_is_free_at_the_last_deadline, 0, 2);
    tcase_add_test(tests, bandwidth_is_free_when_the_later_deadline_has_come);
    tcase_add_loop_test(tests, sleep_renews_no_budget, 0, 3);
    tcase_add_loop_test(tests, a_deadline_far_ahead_is_kept_across_sleep, 0, 2);
    tcase_add_test(tests, what_makes_no_sense_is_refused);
    tcase_add_test(tests, a_reservation_stays_on_its_torus);
    tcase_add_test(tests, a_core_that_leaves_is_not_counted_on);
    return suite_run("reservations", tests);
}
