/* takeover.c -- tori stop and come back, projections get lost: nothing is lost, or runs twice.
 *
 * Goal: the invariant of takeover.h.  Whatever stops, leaves and comes back, and whatever becomes
 * of projections, each process is in one place, none runs twice or while it is blocked, no torus
 * that acts is taken, and in the end all that are READY run.
 * Method: 10,000 random schedules, of all policies, balancers and placements, with inboxes or
 * locked queues.  Each torus ticks as long as it is not stopped; its cores do at random what cores
 * do, and leave and return.  A torus may stop between any two calls, also between a tick and what
 * the tick asked for.  What tori publish is lost, delayed or damaged for random times.  The test
 * keeps its own record of every process and holds the scheduler to it.  Then projections are let
 * through, some tori stay stopped, whatever gets a core exits at once, and all but what cannot must
 * exit; then all tori come back, and everything must.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/takeover.h"
#include "tests/support/counts.h"
#include "tests/support/fates.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum {
    SCHEDULES = 10000,
    LOOPS = 100,
    STEPS = 300,
    PROCESSES = 16,
    TICK_NS = 1000,
    CORES = TORI_MAX * TORI_CORES_MAX,
    NO_CORE = CORES
};

static struct tori tori;
static struct fates fates;
static uint64_t random_state, now_ns;

/* Of each torus. */
static struct {
    bool stopped;
    bool acted;          /* since it last came back */
    uint32_t needs;      /* what its last tick asked for */
    uint64_t tick_ns;    /* its next tick */
    uint64_t claimed_ns; /* since when the one that watches it has claimed it */
} torus_of[TORI_MAX];

static bool waits[CORES]; /* its torus refused: it has to regain it first */
static enum record record[PROCESSES];
static uint32_t core_of[PROCESSES];
static struct port tori_port;
static bool ends; /* whatever gets a core exits */

/* Over all schedules: what must have happened for the test to mean anything. */
static uint64_t takes, defences, returns, adoptions, own_returns, retirements;
static uint64_t departures, changes, moves;

static uint32_t below(uint32_t bound)
{
    return tori_random_below(&random_state, bound);
}

static uint32_t core_number(uint16_t k, uint32_t slot)
{
    return (uint32_t)k * tori.cores_per_torus + slot;
}

/* For what any core of the torus may do. */
static uint32_t any_slot(uint16_t k)
{
    return tori_slot_there(tori.torus[k], 0, UINT32_MAX);
}

/* The port, for a look at what is posted. */
static void look_at_post(void *world, uint16_t target, struct process *process)
{
    struct torus *torus = tori.torus[target];
    uint32_t ready = torus->ready;
    EXPECT(!(process->flags & PROCESS_RESERVED), "process %u has its reservation elsewhere",
           process->id);
    tori_port.post(world, target, process);
    EXPECT(!torus_is_taken(torus) || torus->ready == ready,
           "process %u was queued at torus %u, which has been taken", process->id, target);
}

/* ---- What a core does ----------------------------------------------------------------------- */

/* May the core call its torus?  Not when it has left, or waits to have it back. */
static bool core_goes(uint16_t k, uint32_t slot)
{
    uint32_t core = core_number(k, slot);
    if (torus_of[k].stopped || tori_core_is_away(tori.torus[k], slot))
        return false;
    if (waits[core]) {
        waits[core] = !torus_regain(tori.torus[k]);
        returns += !waits[core];
    }
    return !waits[core];
}

/* Its torus has been called with this result. */
static bool core_was_refused(uint16_t k, uint32_t slot, enum process_result result)
{
    torus_of[k].acted |= result == PROCESS_OK || result == PROCESS_TAKEN; /* else it may not look */
    EXPECT(result != PROCESS_OK || !torus_is_taken(tori.torus[k]), "torus %u, taken, acted", k);
    if (result != PROCESS_TAKEN)
        return false;
    waits[core_number(k, slot)] = true;
    return true;
}

static void core_exits(uint16_t k, uint32_t slot, struct process *process)
{
    if (core_was_refused(k, slot, torus_exit(tori.torus[k], slot, now_ns)))
        return;
    ck_assert_int_eq(process->state, PROCESS_ZOMBIE);
    ck_assert_int_eq(torus_reap(tori.torus[k], PROCESS_NO_PARENT, process), PROCESS_OK);
    record[process->id] = GONE;
}

static void core_schedules(uint16_t k, uint32_t slot)
{
    struct torus *torus = tori.torus[k];
    struct process *before = torus->cores[slot].current;
    do {
        struct process *next = torus_schedule(torus, slot, now_ns);
        torus_of[k].acted = true;
        if (!torus_is_own(torus)) {
            ck_assert_ptr_eq(next, before);
            waits[core_number(k, slot)] = true;
            return;
        }
        if (before != NULL)
            record[before->id] = READY;
        if (next == NULL)
            return;
        EXPECT(record[next->id] == READY, "process %u was picked and is %d", next->id,
               record[next->id]);
        record[next->id] = RUNNING;
        core_of[next->id] = core_number(k, slot);
        if (ends)
            core_exits(k, slot, next);
        before = torus->cores[slot].current;
    } while (ends && before == NULL);
}

static void core_stops_running(uint16_t k, uint32_t slot)
{
    struct torus *torus = tori.torus[k];
    struct process *current = torus->cores[slot].current;
    if (current == NULL)
        return;
    uint32_t which = ends ? 2 : below(3);
    if (which == 2) {
        core_exits(k, slot, current);
    } else if (which == 1) {
        if (!core_was_refused(k, slot, torus_block(torus, slot, now_ns)))
            record[current->id] = BLOCKED;
    } else if (!core_was_refused(k, slot, torus_yield(torus, slot, now_ns))) {
        record[current->id] = READY;
    }
    if (torus->cores[slot].current == NULL)
        core_schedules(k, slot);
}

static void core_creates(uint16_t k, uint32_t slot)
{
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT,
                                             .weight = 1 + below(3000),
                                             .priority = (int32_t)below(5) };
    uint32_t id = 0;
    while (id < PROCESSES && record[id] != GONE)
        id++;
    if (id == PROCESSES)
        return;
    if (below(4) == 0) {
        attributes.period_ns = 20 * TICK_NS;
        attributes.budget_ns = 4 * TICK_NS;
    }
    bool forks = below(2) && tori.torus[k]->cores[slot].current != NULL;
    enum process_result result = forks ? torus_fork(tori.torus[k], slot, id, now_ns)
                                       : torus_create(tori.torus[k], slot, id, &attributes, now_ns);
    if (core_was_refused(k, slot, result))
        return;
    ck_assert(result == PROCESS_OK || (result == PROCESS_REFUSED && attributes.budget_ns != 0));
    if (result == PROCESS_OK) {
        tori.processes[id].parent = PROCESS_NO_PARENT;
        record[id] = READY;
    }
}

/* A timer of process expires, on this core: of its torus, or of the one that has taken that. */
static void core_wakes(uint16_t k, uint32_t slot, struct process *process)
{
    struct torus *home = tori.torus[process->torus];
    if (record[process->id] != BLOCKED)
        return;
    if (process->torus != k) {
        enum process_result result = torus_adopt(tori.torus[k], process, now_ns);
        bool has_it = torus_is_taken(home) && torus_taker(home) == k;
        if (core_was_refused(k, slot, result) || result == PROCESS_ELSEWHERE) {
            ck_assert(result != PROCESS_ELSEWHERE || !has_it);
            return;
        }
        ck_assert_int_eq(result, PROCESS_OK);
        ck_assert_uint_eq(process->torus, k);
        adoptions++;
    }
    if (!core_was_refused(k, slot, torus_wake(tori.torus[k], slot, process, now_ns)))
        record[process->id] = READY;
}

static void core_kills(uint16_t k, uint32_t slot, struct process *process)
{
    enum process_result result = torus_kill(tori.torus[k], slot, process, now_ns);
    if (core_was_refused(k, slot, result) || result != PROCESS_OK)
        return;
    torus_reap(tori.torus[k], PROCESS_NO_PARENT, process);
    record[process->id] = GONE;
}

static void core_restricts(uint16_t k, uint32_t slot, struct process *process)
{
    uint32_t mask = 1 + below((1u << tori.torus_count) - 1);
    enum process_result result = torus_restrict(tori.torus[k], slot, process, &mask, now_ns);
    if (!core_was_refused(k, slot, result) && result == PROCESS_OK &&
        process->state == PROCESS_READY)
        record[process->id] = READY; /* it may have been taken off its core */
}

/* Another program begins, here or elsewhere. */
static void core_execs(uint16_t k, uint32_t slot)
{
    const struct process *current = tori.torus[k]->cores[slot].current;
    if (current == NULL || core_was_refused(k, slot, torus_exec(tori.torus[k], slot, now_ns)) ||
        tori.torus[k]->cores[slot].current == current)
        return;
    record[current->id] = READY;
    moves++;
    core_schedules(k, slot);
}

static void core_changes(uint16_t k, uint32_t slot, struct process *process)
{
    if (record[process->id] == GONE || process->torus != k)
        return;
    changes += !core_was_refused(
        k, slot, torus_change(tori.torus[k], process, 1 + below(3000), (int32_t)below(5), now_ns));
}

/* The last one to leave retires its torus. */
static void core_leaves(uint16_t k, uint32_t slot)
{
    struct torus *torus = tori.torus[k];
    const struct process *current = torus->cores[slot].current;
    torus_put(torus, slot, now_ns);
    if (core_was_refused(k, slot, torus_is_own(torus) ? PROCESS_OK : PROCESS_TAKEN))
        return;
    if (current != NULL)
        record[current->id] = READY;
    tori.kicked[core_number(k, slot)] = false;
    departures++;
    if (torus_core_leave(torus, slot))
        return;
    retirements += torus_retire(torus, now_ns);
    torus_of[k].stopped = true;
}

static void core_returns(uint16_t k, uint32_t slot)
{
    torus_resume(tori.torus[k], slot, now_ns);
    tori.kicked[core_number(k, slot)] = below(2); /* else it goes on, or waits for its tick */
}

/* ---- What tori do --------------------------------------------------------------------------- */

static void torus_ticks(uint16_t k)
{
    for (uint32_t slot = 0; slot < tori.cores_per_torus; slot++) {
        if (tori_core_is_away(tori.torus[k], slot))
            continue;
        bool had_claim = tori.torus[k]->claim != 0 && !torus_is_taken(tori.torus[k]);
        uint16_t watched = (uint16_t)(tori.torus[k]->watched - 1);
        uint32_t claim = watched < tori.torus_count ? tori.torus[watched]->claim : 0;
        uint32_t requests =
            torus_tick(tori.torus[k], slot, now_ns) | torus_heartbeat(tori.torus[k], slot, now_ns);
        if (watched < tori.torus_count && tori.torus[watched]->claim != claim)
            torus_of[watched].claimed_ns = now_ns;
        defences += had_claim && tori.torus[k]->claim == 0;
        torus_of[k].needs |= requests & ~(uint32_t)TORUS_RESCHEDULE;
        tori.kicked[core_number(k, slot)] |= (requests & TORUS_RESCHEDULE) != 0;
    }
    torus_of[k].acted = true;
    torus_of[k].tick_ns += TICK_NS;
    if (torus_of[k].tick_ns <= now_ns)
        torus_of[k].tick_ns = now_ns + TICK_NS;
}

/* Only who has stopped and not acted since may be taken, and not as soon as claimed. */
static void torus_takes(uint16_t k)
{
    struct torus *by = tori.torus[k];
    uint16_t at = (uint16_t)(by->watched - 1);
    bool was_own = !torus_is_taken(by);
    bool took = torus_take(by, tori.torus[at], now_ns);
    if (!took)
        return;
    takes++;
    own_returns += !was_own;
    EXPECT(torus_of[at].stopped || !torus_of[at].acted, "torus %u lives and was taken", at);
    EXPECT(torus_taker(tori.torus[at]) == k, "torus %u was taken for somebody else", at);
    EXPECT(now_ns - torus_of[at].claimed_ns >= (tori.braid.patience - 1u) * TICK_NS,
           "torus %u was taken as soon as claimed", at);
}

static void torus_does_what_is_due(uint16_t k)
{
    struct torus *torus = tori.torus[k];
    uint32_t needs = torus_of[k].needs, slot = any_slot(k);
    torus_of[k].needs = 0;
    if (needs & TORUS_TAKE)
        torus_takes(k); /* also when it has been taken, by the one that it takes */
    if (!core_goes(k, slot))
        return;
    if (needs & TORUS_TEND)
        torus_tend(torus, now_ns);
    if (needs & TORUS_BALANCE)
        braid_balance(&tori.braid, torus, now_ns);
    if (tori.told[k]) {
        tori.told[k] = false;
        torus_receive(torus, slot, now_ns);
        if (!torus_is_own(torus))
            waits[core_number(k, slot)] = tori.told[k] = true;
    }
    if (tori.request[k].count > 0) {
        struct tori_request request = tori.request[k];
        tori.request[k].count = 0;
        torus_answer(tori.torus[request.victim], k, request.count, now_ns);
    }
}

/* As one that is shut down does. */
static void torus_retires(uint16_t k)
{
    for (uint32_t slot = 0; slot < tori.cores_per_torus; slot++)
        if (core_goes(k, slot))
            core_leaves(k, slot);
}

static void torus_comes_back(uint16_t k)
{
    torus_of[k].stopped = torus_of[k].acted = false;
    torus_of[k].tick_ns = now_ns + below(TICK_NS);
    uint32_t first = below(tori.cores_per_torus);
    for (uint32_t i = 0; i < tori.cores_per_torus; i++) {
        uint32_t slot = (first + i) % tori.cores_per_torus;
        if (i == 0 || !tori_core_is_away(tori.torus[k], slot) || below(2) == 0)
            core_returns(k, slot);
    }
    tori.told[k] = true;
}

static void let_time_pass(void)
{
    now_ns += below(TICK_NS / 2);
    fates_arrive(&fates, now_ns);
    for (uint16_t k = 0; k < tori.torus_count; k++) {
        if (!torus_of[k].stopped && torus_of[k].tick_ns <= now_ns)
            torus_ticks(k);
        fates_pass(&fates, &random_state, now_ns);
    }
}

static void core_does_what_is_rare(uint16_t k, uint32_t slot, struct process *process)
{
    switch (below(8)) {
    case 0:
        core_kills(k, slot, process);
        break;
    case 1:
        core_restricts(k, slot, process);
        break;
    case 2:
        core_execs(k, slot);
        break;
    case 3:
        core_changes(k, slot, process);
        break;
    case 4:
        core_leaves(k, slot);
        break;
    default:
        braid_idle(&tori.braid, tori.torus[k], now_ns);
    }
}

static void core_acts(uint16_t k, uint32_t slot)
{
    struct process *process = &tori.processes[below(PROCESSES)];
    uint32_t core = core_number(k, slot);
    tori.now_ns = now_ns;
    if (tori.kicked[core]) {
        tori.kicked[core] = false;
        core_schedules(k, slot);
        return;
    }
    switch (below(ends ? 5 : 8)) {
    case 0:
    case 1:
        core_stops_running(k, slot);
        break;
    case 2:
    case 3:
        core_wakes(k, slot, process);
        break;
    case 4:
        core_schedules(k, slot);
        break;
    case 5:
    case 6:
        core_creates(k, slot);
        break;
    default:
        core_does_what_is_rare(k, slot, process);
    }
}

static void step(void)
{
    uint16_t k = (uint16_t)below(tori.torus_count);
    uint32_t slot = below(tori.cores_per_torus);
    let_time_pass();
    tori.now_ns = now_ns;
    for (uint16_t i = 0; i < tori.torus_count; i++)
        if (!torus_of[i].stopped && below(3) == 0)
            torus_does_what_is_due(i);
    fates_pass(&fates, &random_state, now_ns);
    bool was_taken = torus_is_taken(tori.torus[k]);
    if (!torus_of[k].stopped && tori_core_is_away(tori.torus[k], slot) && below(4) == 0)
        core_returns(k, slot);
    if (core_goes(k, slot))
        core_acts(k, slot);
    EXPECT(!was_taken || torus_is_taken(tori.torus[k]), "torus %u was not given back", k);
    fates_pass(&fates, &random_state, now_ns);
    counts_check_record(&tori, PROCESSES, record, core_of);
}

static void something_fails(void)
{
    uint16_t k = (uint16_t)below(tori.torus_count);
    uint32_t what = below(40);
    if (what == 0 && !torus_of[k].stopped)
        torus_of[k].stopped = true;
    else if (what == 1 && !torus_of[k].stopped)
        torus_retires(k);
    else if (what == 2 && torus_of[k].stopped)
        torus_comes_back(k);
    else if (what == 3)
        fates.fate[k] = (enum fate)below(FATES);
    fates_pass(&fates, &random_state, now_ns);
}

/* ---- A schedule ----------------------------------------------------------------------------- */

static void set_up(uint64_t seed)
{
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    now_ns = 0;
    uint32_t policies = tori_list_length((const void *const *)policy_list);
    uint32_t balancers = tori_list_length((const void *const *)balancer_list);
    uint32_t placements = tori_list_length((const void *const *)placement_list);
    struct tori_setup setup = {
        .policy = policy_list[seed % policies],
        .balancer = balancer_list[seed / policies % balancers],
        .placement = placement_list[seed / policies / balancers % placements],
        .slice_ns = 3 * TICK_NS,
        .slice_tick_ns = below(2) * TICK_NS,
        .exchange_ns = TICK_NS,
        .balance_ns = 2 * TICK_NS,
        .warm_ns = below(2) * 5000,
        .threshold = below(3),
        .cost_ns = below(2) * 3000,
        .victim = (uint8_t)below(BALANCER_VICTIMS),
        .random = 1 + below(1000),
        .torus_count = (uint16_t)(2 + below(TORI_MAX - 1)),
        .cores_per_torus = (uint16_t)(1 + below(2)),
        .patience = (uint16_t)(2 + below(2)),
        .place_woken = below(2),
        .accepts = below(2),
    };
    tori_init(&tori, &setup);
    tori_port = tori.port;
    tori.port.post = look_at_post;
    memset(torus_of, 0, sizeof torus_of);
    memset(waits, 0, sizeof waits);
    memset(record, 0, sizeof record);
    ends = false;
    fates_init(&fates, &tori.braid, 4 * TICK_NS);
    for (uint16_t k = 0; k < setup.torus_count; k++)
        torus_of[k].tick_ns = below(TICK_NS);
    for (uint32_t id = 0; id < PROCESSES; id++) /* kills and restrictions name it */
        tori.processes[id].id = id;
}

/* May process never run while those tori are stopped that are? */
static bool is_stuck(uint32_t id)
{
    const struct process *process = &tori.processes[id];
    uint32_t alive = 0;
    for (uint16_t k = 0; k < tori.torus_count; k++)
        alive |= (uint32_t)!torus_of[k].stopped << k;
    if (record[id] == RUNNING)
        return torus_of[process->torus].stopped;
    return process->flags & PROCESS_RESTRICTED && !(tori.masks[id] & alive);
}

static bool all_have_ended(void)
{
    for (uint32_t id = 0; id < PROCESSES; id++)
        if (record[id] != GONE && !is_stuck(id))
            return false;
    return true;
}

/* All that can, run and exit. */
static void run_to_the_end(uint64_t seed)
{
    uint64_t until_ns = now_ns + 200 * TICK_NS;
    while (now_ns < until_ns && !all_have_ended()) {
        step();
        for (uint32_t id = 0; id < PROCESSES; id++) { /* some core has to take each timer */
            uint16_t k = (uint16_t)below(tori.torus_count);
            if (record[id] == BLOCKED && core_goes(k, any_slot(k)))
                core_wakes(k, any_slot(k), &tori.processes[id]);
        }
    }
    for (uint32_t id = 0; id < PROCESSES; id++)
        EXPECT(record[id] == GONE || is_stuck(id), "seed %u: process %u never ended, is %d",
               (unsigned)seed, id, record[id]);
}

static void run_schedule(uint64_t seed)
{
    set_up(seed);
    for (int i = 0; i < STEPS; i++) {
        step();
        something_fails();
    }
    ends = true;
    fates_arrive(&fates, UINT64_MAX);
    bool any = false;
    for (uint16_t k = 0; k < tori.torus_count; k++) {
        fates.fate[k] = FATE_ARRIVES;
        if (torus_of[k].stopped && below(2))
            torus_comes_back(k);
        any = any || !torus_of[k].stopped;
    }
    if (!any)
        torus_comes_back((uint16_t)below(tori.torus_count));
    run_to_the_end(seed);
    for (uint16_t k = 0; k < tori.torus_count; k++)
        if (torus_of[k].stopped)
            torus_comes_back(k);
    run_to_the_end(seed);
    tori_fini(&tori);
}

START_TEST(nothing_is_lost)
{
    for (int i = 0; i < SCHEDULES / LOOPS; i++)
        run_schedule((uint64_t)_i * (SCHEDULES / LOOPS) + (uint64_t)i);
}
END_TEST

/* Runs last. */
START_TEST(all_of_it_has_happened)
{
    ck_assert_uint_gt(takes, SCHEDULES / 10);
    ck_assert_uint_gt(defences, SCHEDULES / 10);
    ck_assert_uint_gt(returns, SCHEDULES / 10);
    ck_assert_uint_gt(retirements, SCHEDULES / 10);
    ck_assert_uint_gt(adoptions, SCHEDULES / 10);
    ck_assert_uint_gt(own_returns, SCHEDULES / 1000);
    ck_assert_uint_gt(departures, SCHEDULES / 10);
    ck_assert_uint_gt(changes, SCHEDULES / 10);
    ck_assert_uint_gt(moves, SCHEDULES / 10);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("takeover");
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, nothing_is_lost, 0, LOOPS);
    tcase_add_test(tests, all_of_it_has_happened);
    return suite_run("takeover", tests);
}
