/* torus.c -- the local scheduler under random calls: counts, refusals, and no core idle in vain.
 *
 * Method: braids of 1 to 4 tori of 1 to 4 cores, with every policy and balancer, get random calls,
 * legal and illegal.  After each call the states of all processes are counted anew and compared
 * with what the tori count; an illegal call must be refused and leave every byte of the world as it
 * was, and so must any call on a torus that others have taken.  Where projections are never stale,
 * what others see of a torus must be its load.  Kicks and messages are honoured late, at random;
 * once they are, no core may be idle while its torus has a READY process.  Cores leave and return,
 * but for the last one of a torus in the random calls.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/takeover.h"
#include "tests/support/counts.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { STEPS = 600, SEEDS = 32, PROCESSES = 24, PARENT = 77, STRANGER = 78 };

static struct tori tori;
static uint64_t random_state, now_ns;

static uint32_t below(uint32_t bound)
{
    return tori_random_below(&random_state, bound);
}

static void set_up(const struct policy *policy, uint64_t seed)
{
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    now_ns = 0;
    struct tori_setup setup = {
        .policy = policy,
        .placement = placement_list[below(tori_list_length((const void *const *)placement_list))],
        .balancer = balancer_list[below(tori_list_length((const void *const *)balancer_list))],
        .slice_ns = 10000,
        .slice_tick_ns = below(2) * 1000,
        .exchange_ns = below(2) * 7000,
        .balance_ns = 11000,
        .warm_ns = below(2) * 5000,
        .threshold = below(3),
        .cost_ns = below(2) * 3000,
        .victim = (uint8_t)below(BALANCER_VICTIMS),
        .random = 1 + below(1000),
        .torus_count = (uint16_t)(1 + seed % TORI_MAX),
        .cores_per_torus = (uint16_t)(1 + seed / TORI_MAX % TORI_CORES_MAX),
        .place_woken = below(2),
        .accepts = below(2),
    };
    tori_init(&tori, &setup);
}

/* ---- What must hold ------------------------------------------------------------------------- */

/* Without an interval the others see each change at once; of a prompt balancer, the strain. */
static void check_projection(const struct torus *torus)
{
    struct projection seen;
    ck_assert(braid_read(&tori.braid, torus->id, &seen));
    if (tori.braid.exchange_ns == 0)
        ck_assert_uint_eq(seen.load, torus_load(torus));
    else if (tori.braid.prompt)
        ck_assert_int_eq(torus_strain(seen.load, torus->core_count),
                         torus_strain(torus_load(torus), torus->core_count));
}

static void check_counts(void)
{
    counts_check(&tori, PROCESSES);
    for (uint16_t k = 0; k < tori.torus_count; k++)
        check_projection(tori.torus[k]);
}

static void check_none_idle_in_vain(void)
{
    for (uint16_t k = 0; k < tori.torus_count; k++)
        ck_assert_msg(tori.torus[k]->ready == 0 || tori.torus[k]->idle == 0,
                      "torus %d has %u READY and %u idle cores", k, (unsigned)tori.torus[k]->ready,
                      (unsigned)tori.torus[k]->idle);
}

/* ---- Illegal calls -------------------------------------------------------------------------- */

/* All that the scheduler may write. */
struct snapshot {
    unsigned char torus[TORI_MAX]
                       [sizeof(struct torus) + TORI_CORES_MAX * sizeof(struct torus_core)];
    unsigned char queue[TORI_MAX][4096];
    unsigned char processes[PROCESSES * sizeof(struct process)];
    unsigned char slots[TORI_MAX * sizeof(struct projection_slot)];
    uint32_t posts, kicks;
};

static void snapshot_take(struct snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    for (uint16_t k = 0; k < tori.torus_count; k++) {
        uint32_t queue_bytes = tori.torus[k]->policy->queue_bytes;
        ck_assert_uint_le(queue_bytes, sizeof snapshot->queue[k]);
        memcpy(snapshot->torus[k], tori.torus[k], torus_bytes(tori.cores_per_torus));
        memcpy(snapshot->queue[k], tori.queue[k], queue_bytes);
    }
    memcpy(snapshot->processes, tori.processes, sizeof snapshot->processes);
    memcpy(snapshot->slots, tori.braid.slots, sizeof snapshot->slots);
    snapshot->posts = tori.posts;
    snapshot->kicks = tori.kicks;
}

static void check_refused(enum process_result result, enum process_result expected,
                          const struct snapshot *before)
{
    static struct snapshot after;
    ck_assert_int_eq(result, expected);
    snapshot_take(&after);
    ck_assert_mem_eq(before, &after, sizeof after);
}

static void call_illegally(uint16_t k, uint32_t slot, struct process *process)
{
    static struct snapshot before;
    struct torus *torus = tori.torus[k];
    struct process_attributes attributes = { .parent = PARENT, .weight = 1024 };
    snapshot_take(&before);
    if (process->state != PROCESS_FREE)
        check_refused(torus_create(torus, slot, process->id, &attributes, now_ns), PROCESS_ILLEGAL,
                      &before);
    if (process->state != PROCESS_BLOCKED)
        check_refused(torus_wake(torus, slot, process, now_ns), PROCESS_ILLEGAL, &before);
    bool lives = process->state != PROCESS_FREE && process->state != PROCESS_ZOMBIE;
    if (!lives || process->torus != k) {
        enum process_result why = process->torus != k ? PROCESS_ELSEWHERE : PROCESS_ILLEGAL;
        uint32_t here = 1u << k;
        check_refused(torus_kill(torus, slot, process, now_ns), why, &before);
        check_refused(torus_restrict(torus, slot, process, &here, now_ns), why, &before);
        check_refused(torus_change(torus, process, 1, process->priority + 1, now_ns), why, &before);
    }
    if (process->state != PROCESS_ZOMBIE)
        check_refused(torus_reap(torus, PARENT, process), PROCESS_ILLEGAL, &before);
    else
        check_refused(torus_reap(torus, STRANGER, process), PROCESS_NOT_PARENT, &before);
    if (torus->cores[slot].current == NULL) {
        check_refused(torus_yield(torus, slot, now_ns), PROCESS_NONE, &before);
        check_refused(torus_block(torus, slot, now_ns), PROCESS_NONE, &before);
        check_refused(torus_exit(torus, slot, now_ns), PROCESS_NONE, &before);
        check_refused(torus_fork(torus, slot, 0, now_ns), PROCESS_NONE, &before);
        check_refused(torus_exec(torus, slot, now_ns), PROCESS_NONE, &before);
    }
}

/* What others have taken is left as it is, whoever calls. */
static void call_taken(uint16_t k, uint32_t slot, struct process *process)
{
    static struct snapshot before;
    struct torus *torus = tori.torus[k];
    struct process *current = torus->cores[slot].current;
    struct process_attributes attributes = { .parent = PARENT, .weight = 1024 };
    uint32_t here = 1u << k;
    torus->claim = (uint32_t)TORUS_TAKEN | TORUS_WANTED | ((k + 1u) % tori.torus_count + 1u);
    snapshot_take(&before);
    ck_assert_ptr_eq(torus_schedule(torus, slot, now_ns), current);
    ck_assert_uint_eq(torus_receive(torus, slot, now_ns), 0);
    if (process->state == PROCESS_FREE)
        check_refused(torus_create(torus, slot, process->id, &attributes, now_ns), PROCESS_TAKEN,
                      &before);
    if (process->state != PROCESS_FREE && process->state != PROCESS_ZOMBIE && process->torus == k) {
        check_refused(torus_kill(torus, slot, process, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_restrict(torus, slot, process, &here, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_wake(torus, slot, process, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_change(torus, process, 1, process->priority + 1, now_ns), PROCESS_TAKEN,
                      &before);
    }
    if (current != NULL) {
        check_refused(torus_yield(torus, slot, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_block(torus, slot, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_exit(torus, slot, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_fork(torus, slot, 0, now_ns), PROCESS_TAKEN, &before);
        check_refused(torus_exec(torus, slot, now_ns), PROCESS_TAKEN, &before);
    }
    torus->claim = 0;
}

/* ---- Legal calls ---------------------------------------------------------------------------- */

/* What the current process of a core does; a kernel schedules before it returns. */
static void call_by_current(struct torus *torus, uint32_t slot)
{
    enum process_result (*const calls[])(
        struct torus *, uint32_t, uint64_t) = { torus_yield, torus_block, torus_block, torus_exit };
    static const enum process_state states[] = { PROCESS_READY, PROCESS_BLOCKED, PROCESS_BLOCKED,
                                                 PROCESS_ZOMBIE };
    uint32_t which = below(4);
    struct process *current = torus->cores[slot].current;
    if (current == NULL)
        return;
    ck_assert_int_eq(calls[which](torus, slot, now_ns), PROCESS_OK);
    ck_assert_int_eq(current->state, states[which]);
    check_counts();
    torus_schedule(torus, slot, now_ns);
}

static void call_on_process(uint16_t k, uint32_t slot, struct process *process)
{
    struct process_attributes attributes = { .parent = PARENT,
                                             .weight = 1024,
                                             .priority = (int32_t)below(5) };
    switch (process->state) {
    case PROCESS_FREE:
        ck_assert_int_eq(torus_create(tori.torus[k], slot, process->id, &attributes, now_ns),
                         PROCESS_OK);
        break;
    case PROCESS_BLOCKED:
        ck_assert_int_eq(torus_wake(tori.torus[process->torus], slot, process, now_ns), PROCESS_OK);
        ck_assert_int_eq(process->state, PROCESS_READY);
        break;
    case PROCESS_ZOMBIE:
        ck_assert_int_eq(torus_reap(tori.torus[process->torus], PARENT, process), PROCESS_OK);
        ck_assert_int_eq(process->state, PROCESS_FREE);
        break;
    default:
        break;
    }
}

/* The current process has a child in the first free slot. */
static void call_fork(struct torus *torus, uint32_t slot)
{
    const struct process *parent = torus->cores[slot].current;
    uint32_t id = 0;
    while (id < PROCESSES && tori.processes[id].state != PROCESS_FREE)
        id++;
    if (parent == NULL || id == PROCESSES)
        return;
    ck_assert_int_eq(torus_fork(torus, slot, id, now_ns), PROCESS_OK);
    const struct process *child = &tori.processes[id];
    ck_assert_int_eq(child->state, PROCESS_READY);
    ck_assert_uint_eq(child->parent, parent->id);
    ck_assert_uint_eq(child->weight, parent->weight);
    ck_assert_int_eq(child->priority, parent->priority);
    ck_assert_int_eq(child->flags & PROCESS_RESTRICTED, parent->flags & PROCESS_RESTRICTED);
    if (child->flags & PROCESS_RESTRICTED)
        ck_assert_uint_eq(tori.masks[id], tori.masks[parent->id]);
    tori.processes[id].parent = PARENT; /* who reaps all, here */
}

/* It goes on here, or is READY elsewhere. */
static void call_exec(struct torus *torus, uint32_t slot)
{
    struct process *process = torus->cores[slot].current;
    if (process == NULL)
        return;
    ck_assert_int_eq(torus_exec(torus, slot, now_ns), PROCESS_OK);
    if (process->state == PROCESS_RUNNING)
        ck_assert_ptr_eq(torus->cores[slot].current, process);
    else
        ck_assert_int_eq(process->state, PROCESS_READY); /* there, or sent back */
    check_counts();
    if (torus->cores[slot].current == NULL)
        torus_schedule(torus, slot, now_ns);
}

/* In any state, in an inbox, too; who runs on another core is off it at once. */
static void call_kill(uint32_t slot, struct process *process)
{
    struct torus *torus = tori.torus[process->torus];
    slot = tori_slot_there(torus, slot, UINT32_MAX);
    if (process->state == PROCESS_FREE || process->state == PROCESS_ZOMBIE)
        return;
    uint32_t at = 0;
    bool comes = tori_in_inbox(&tori, process->id);
    while (at < torus->core_count && torus->cores[at].current != process)
        at++;
    ck_assert_int_eq(torus_kill(torus, slot, process, now_ns), PROCESS_OK);
    ck_assert_int_eq(process->state, PROCESS_ZOMBIE);
    if (comes)
        ck_assert_uint_eq(torus->inbox.head, 0);
    check_counts();
    if (at < torus->core_count) {
        ck_assert_ptr_null(torus->cores[at].current);
        ck_assert(at == slot || tori.kicked[(uint32_t)torus->id * tori.cores_per_torus + at]);
    }
    if (torus->cores[slot].current == NULL)
        torus_schedule(torus, slot, now_ns);
}

/* Who may not be here goes at once, or, BLOCKED, when it wakes. */
static void call_restrict(uint32_t slot, struct process *process)
{
    struct torus *torus = tori.torus[process->torus];
    slot = tori_slot_there(torus, slot, UINT32_MAX);
    uint32_t mask = below(1u << tori.torus_count), none = 0;
    if (process->state == PROCESS_FREE || process->state == PROCESS_ZOMBIE)
        return;
    uint32_t before = tori.masks[process->id];
    ck_assert_int_eq(torus_restrict(torus, slot, process, &none, now_ns), PROCESS_REFUSED);
    ck_assert_uint_eq(tori.masks[process->id], before);
    mask = mask != 0 ? mask : 1;
    ck_assert_int_eq(torus_restrict(torus, slot, process, &mask, now_ns), PROCESS_OK);
    check_counts();
    if (torus->cores[slot].current == NULL)
        torus_schedule(torus, slot, now_ns);
}

/* Nobody who runs or would is where it may not be. */
static void check_masks(void)
{
    for (uint32_t id = 0; id < PROCESSES; id++) {
        const struct process *process = &tori.processes[id];
        if (process->flags & PROCESS_RESTRICTED &&
            (process->state == PROCESS_READY || process->state == PROCESS_RUNNING))
            ck_assert_msg(tori.masks[id] >> process->torus & 1, "process %u is on torus %u", id,
                          (unsigned)process->torus);
    }
}

static void call_tick(struct torus *torus, uint32_t slot)
{
    uint32_t requests = below(8) > 0 ? torus_tick(torus, slot, now_ns) : 0;
    check_counts();
    requests |= torus_heartbeat(torus, slot, now_ns);
    check_counts();
    if (requests & TORUS_BALANCE)
        braid_balance(&tori.braid, torus, now_ns);
    if (requests & TORUS_RESCHEDULE)
        torus_schedule(torus, slot, now_ns);
}

/* Is anybody queued here that may be on target? */
static bool may_give(const struct torus *torus, uint16_t target)
{
    for (uint32_t id = 0; id < PROCESSES; id++)
        if (tori.processes[id].state == PROCESS_READY && !tori_in_inbox(&tori, id) &&
            tori.processes[id].torus == torus->id &&
            braid_allows(&tori.braid, &tori.processes[id], target))
            return true;
    return false;
}

static void call_give(struct torus *torus)
{
    uint16_t target = (uint16_t)below(tori.torus_count);
    uint32_t ready = torus->ready;
    if (target == torus->id)
        return;
    const struct process *given = torus_offer(torus, target);
    bool gives = given != NULL;
    ck_assert(!gives || braid_allows(&tori.braid, given, target));
    ck_assert_int_eq(gives, may_give(torus, target));
    ck_assert_int_eq(torus_give(torus, target), gives);
    if (tori.accepts) /* at once, and the other torus may give one back for it */
        ck_assert_uint_ge(torus->ready, ready - gives);
    else
        ck_assert_uint_eq(torus->ready, ready - gives);
}

/* Weight and priority, in any state and in an inbox, too. */
static void call_change(struct process *process)
{
    if (process->state == PROCESS_FREE || process->state == PROCESS_ZOMBIE)
        return;
    struct process before = *process;
    uint32_t weight = 1 + below(10000);
    int32_t priority = (int32_t)below(200) - 100;
    ck_assert_int_eq(torus_change(tori.torus[process->torus], process, weight, priority, now_ns),
                     PROCESS_OK);
    ck_assert_uint_eq(process->weight, weight);
    ck_assert_int_eq(process->priority, priority);
    ck_assert_int_eq(process->state, before.state);
    ck_assert_uint_eq(process->slice_ns, before.slice_ns);
    ck_assert_uint_eq(process->since_ns, before.since_ns);
}

/* A core leaves, unless it is the last one, or returns. */
static void call_leave(struct torus *torus, uint32_t slot)
{
    struct torus_core *core = &torus->cores[slot];
    if (core->kicked == TORUS_CORE_AWAY) {
        torus_resume(torus, slot, now_ns);
        check_counts();
        torus_schedule(torus, slot, now_ns);
        return;
    }
    if (tori_slot_there(torus, slot, slot) == slot)
        return;
    torus_put(torus, slot, now_ns);
    tori.kicked[core->core] = false; /* whoever was to run here another core runs */
    ck_assert(torus_core_leave(torus, slot));
}

static void step(void)
{
    uint16_t k = (uint16_t)below(tori.torus_count);
    uint32_t any = below(tori.cores_per_torus),
             slot = tori_slot_there(tori.torus[k], any, UINT32_MAX);
    struct process *process = &tori.processes[below(PROCESSES)];
    now_ns += below(3) * 1000;
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
        call_on_process(k, slot, process);
        break;
    case 3:
        call_by_current(tori.torus[k], slot);
        break;
    case 4:
        call_tick(tori.torus[k], slot);
        break;
    case 5:
        call_give(tori.torus[k]);
        break;
    case 6:
        torus_schedule(tori.torus[k], slot, now_ns);
        break;
    case 7:
        call_change(process);
        break;
    case 8:
        call_fork(tori.torus[k], slot);
        break;
    case 9:
        call_exec(tori.torus[k], slot);
        break;
    case 10:
        call_kill(slot, process);
        break;
    case 11:
        call_restrict(slot, process);
        break;
    case 12:
        braid_idle(&tori.braid, tori.torus[k], now_ns);
        break;
    case 13:
        call_leave(tori.torus[k], any);
        break;
    case 14:
        call_taken(k, slot, process);
        break;
    default:
        call_illegally(k, slot, process);
    }
}

/* Picks until nothing is left: every READY process must come out, once. */
static void drain(void)
{
    uint32_t ready = 0, picked = 0;
    tori_settle(&tori, now_ns);
    for (uint16_t k = 0; k < tori.torus_count; k++) {
        struct torus *torus = tori.torus[k];
        for (uint32_t slot = 0; slot < torus->core_count; slot++) {
            if (tori_core_is_away(torus, slot))
                torus_resume(torus, slot, now_ns);
            if (torus->cores[slot].current != NULL)
                torus_exit(torus, slot, now_ns);
        }
        ready += torus->ready;
        while (torus_pick(torus, 0, now_ns) != NULL) {
            picked++;
            ck_assert_int_eq(torus_exit(torus, 0, now_ns), PROCESS_OK);
        }
    }
    ck_assert_uint_eq(picked, ready);
    for (uint32_t id = 0; id < PROCESSES; id++)
        ck_assert_int_ne(tori.processes[id].state, PROCESS_READY);
}

START_TEST(random_calls_keep_the_invariants)
{
    set_up(policy_list[_i / SEEDS], (uint64_t)_i % SEEDS);
    for (uint32_t id = 0; id < PROCESSES; id++) /* illegal calls need to name it */
        tori.processes[id].id = id;
    for (int i = 0; i < STEPS; i++) {
        step();
        check_counts();
        check_masks();
        if (below(3) == 0) {
            tori_settle(&tori, now_ns);
            check_counts();
            check_none_idle_in_vain();
        }
    }
    drain();
    tori_fini(&tori);
}
END_TEST

/* ---- Single properties ---------------------------------------------------------------------- */

/* Of the running processes, the woken one displaces that with the lowest priority. */
START_TEST(wake_preempts_the_least_urgent)
{
    struct tori_setup setup = {
        .policy = &policy_priority_scan, .slice_ns = 10000, .torus_count = 1, .cores_per_torus = 3
    };
    static const int32_t priorities[][5] = { { 5, 1, 2, 1, 3 }, { 5, 2, 1, 1, 3 } };
    const int32_t *priority = priorities[_i];
    uint32_t victim = priority[1] < priority[2] ? 1 : 2;
    tori_init(&tori, &setup);
    for (uint32_t id = 0; id < 3; id++)
        tori_create(&tori, 0, id, priority[id], 0);
    tori_settle(&tori, 0);
    tori_create(&tori, 0, 3, priority[3], 100); /* more urgent than none */
    for (uint32_t core = 0; core < 3; core++)
        ck_assert(!tori.kicked[core]);
    tori_create(&tori, 0, 4, priority[4], 200);
    tori_settle(&tori, 200);
    ck_assert_int_eq(tori.processes[victim].state, PROCESS_READY);
    ck_assert_int_eq(tori.processes[4].state, PROCESS_RUNNING);
    ck_assert_uint_eq(tori.processes[victim].runtime_ns, 200);
    tori_fini(&tori);
}
END_TEST

/* A process that is preempted keeps what is left of its slice; one that yields does not. */
START_TEST(slice_survives_preemption)
{
    struct tori_setup setup = {
        .policy = &policy_rr, .slice_ns = 10000, .torus_count = 1, .cores_per_torus = 1
    };
    tori_init(&tori, &setup);
    tori_create(&tori, 0, 0, 0, 0);
    tori_settle(&tori, 0);
    torus_schedule(tori.torus[0], 0, 4000);
    ck_assert_uint_eq(tori.processes[0].slice_ns, 6000);
    ck_assert_uint_eq(torus_tick(tori.torus[0], 0, 9999) & TORUS_RESCHEDULE, 0);
    ck_assert_uint_eq(torus_tick(tori.torus[0], 0, 10000) & TORUS_RESCHEDULE, TORUS_RESCHEDULE);
    torus_schedule(tori.torus[0], 0, 10000);
    ck_assert_uint_eq(tori.processes[0].slice_ns, 10000);
    torus_tick(tori.torus[0], 0, 13000);
    torus_yield(tori.torus[0], 0, 14000);
    torus_schedule(tori.torus[0], 0, 14000);
    ck_assert_uint_eq(tori.processes[0].slice_ns, 10000);
    ck_assert_uint_eq(tori.processes[0].runtime_ns, 14000);
    tori_fini(&tori);
}
END_TEST

/* Others see one more heartbeat at each exchange, by whichever cores are there. */
static void check_heart_beats(struct torus *torus)
{
    struct projection before, after;
    now_ns = torus->exchange_ns;
    braid_read(&tori.braid, torus->id, &before);
    for (uint32_t slot = 0; slot < torus->core_count; slot++)
        if (!tori_core_is_away(torus, slot))
            torus_heartbeat(torus, slot, now_ns);
    ck_assert(braid_read(&tori.braid, torus->id, &after));
    ck_assert_uint_eq(after.heartbeat, before.heartbeat + 1);
}

/* All cores leave, whichever is the last, and any of them comes back first. */
START_TEST(the_heart_beats_where_a_core_is)
{
    enum { CORES = 3 };
    struct tori_setup setup = { .policy = &policy_rr,
                                .slice_ns = 10000,
                                .exchange_ns = 1000,
                                .torus_count = 2,
                                .cores_per_torus = CORES };
    uint32_t leaves = (uint32_t)_i / CORES, returns = (uint32_t)_i % CORES;
    tori_init(&tori, &setup);
    struct torus *torus = tori.torus[0];
    for (uint32_t i = 1; i < CORES; i++) {
        ck_assert(torus_core_leave(torus, (leaves + i) % CORES));
        check_heart_beats(torus);
    }
    ck_assert(!torus_core_leave(torus, leaves));
    ck_assert(torus_retire(torus, now_ns));
    torus_resume(torus, returns, now_ns);
    ck_assert(!torus_regain(torus));
    torus_tend(tori.torus[1], now_ns);
    ck_assert(torus_regain(torus));
    for (uint32_t i = 0; i < CORES; i++) {
        torus_resume(torus, (returns + i) % CORES, now_ns);
        check_heart_beats(torus);
    }
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    int policies = (int)tori_list_length((const void *const *)policy_list);
    TCase *tests = tcase_create("torus");
    tcase_add_loop_test(tests, random_calls_keep_the_invariants, 0, policies * SEEDS);
    tcase_add_loop_test(tests, wake_preempts_the_least_urgent, 0, 2);
    tcase_add_test(tests, slice_survives_preemption);
    tcase_add_loop_test(tests, the_heart_beats_where_a_core_is, 0, 9);
    return suite_run("torus", tests);
}
