/* torus.c -- the local scheduler; see torus.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/torus.h"

#include "braid/braid.h"
#include "braid/takeover.h"

/* ---- The current process ----------------------------------------------------------------- */

/* Adds the time since the last charge to process, which is RUNNING. */
static void torus_charge(struct process *process, uint64_t now_ns)
{
    process->runtime_ns += now_ns - process->since_ns;
    process->since_ns = now_ns;
}

static void torus_use_slice(struct process *process, uint64_t used_ns)
{
    process->slice_ns = process->slice_ns > used_ns ? process->slice_ns - used_ns : 0;
}

/* Queues process, which has just become READY and belongs here. */
static void torus_enqueue(struct torus *torus, struct process *process, uint64_t now_ns)
{
    process->since_ns = now_ns;
    torus->ready++;
    torus->policy->enqueue(torus->queue, process, now_ns);
}

/* Takes the current process off its core by event, or says why not. */
static inline enum process_result torus_leave(struct torus *torus, uint32_t slot,
                                              enum process_event event, uint64_t now_ns)
{
    struct torus_core *core = &torus->cores[slot];
    struct process *process = core->current;
    if (process == NULL)
        return PROCESS_NONE;
    enum process_result result = process_transition(process, event);
    if (result != PROCESS_OK)
        return result;
    torus_charge(process, now_ns);
    core->current = NULL;
    torus->running--;
    torus->idle++;
    return PROCESS_OK;
}

/* Takes it off for longer: the policy has it no more.  The torus is its own. */
static inline enum process_result torus_part(struct torus *torus, uint32_t slot,
                                             enum process_event event, uint64_t now_ns)
{
    struct process *process = torus->cores[slot].current;
    enum process_result result = torus_leave(torus, slot, event, now_ns);
    if (result == PROCESS_OK && torus->policy->leave != NULL)
        torus->policy->leave(torus->queue, process, now_ns);
    return result;
}

enum process_result torus_yield(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    if (!torus_is_own(torus))
        return PROCESS_TAKEN;
    struct process *process = torus->cores[slot].current;
    enum process_result result = torus_leave(torus, slot, PROCESS_YIELD, now_ns);
    if (result == PROCESS_OK) {
        process->slice_ns = 0; /* the rest of the slice is given up */
        torus_enqueue(torus, process, now_ns);
    }
    return result;
}

enum process_result torus_block(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    if (!torus_is_own(torus))
        return PROCESS_TAKEN;
    struct process *process = torus->cores[slot].current;
    enum process_result result = torus_part(torus, slot, PROCESS_BLOCK, now_ns);
    if (result == PROCESS_OK) {
        process->slice_ns = 0;
        torus->blocked++;
        braid_changed(torus->braid, torus);
    }
    return result;
}

/* process has become a ZOMBIE. */
static void torus_end(struct torus *torus, struct process *process, uint64_t now_ns)
{
    if (process->flags & PROCESS_RESERVED)
        torus->policy->end(torus->queue, process, now_ns);
    braid_changed(torus->braid, torus);
}

enum process_result torus_exit(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    if (!torus_is_own(torus))
        return PROCESS_TAKEN;
    struct process *process = torus->cores[slot].current;
    enum process_result result = torus_part(torus, slot, PROCESS_EXIT, now_ns);
    if (result != PROCESS_OK)
        return result;
    torus_end(torus, process, now_ns);
    return PROCESS_OK;
}

/* What the core runs goes back into the queue, if anything. */
static inline void torus_end_turn(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    struct process *process = torus->cores[slot].current;
    if (process != NULL && torus_leave(torus, slot, PROCESS_PREEMPT, now_ns) == PROCESS_OK) {
        if (torus->slice_tick_ns == 0)
            torus_use_slice(process, now_ns - torus->cores[slot].slice_from_ns);
        torus_enqueue(torus, process, now_ns);
    }
}

/* What the torus has next for its core, which runs nothing. */
static inline struct process *torus_begin_turn(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    struct torus_core *core = &torus->cores[slot];
    core->kicked = 0;
    struct process *next = torus->policy->pick(torus->queue, now_ns);
    if (next == NULL || process_transition(next, PROCESS_PICK) != PROCESS_OK)
        return next; /* a process in the wrong state is the host's to report */
    torus->ready--;
    torus->running++;
    torus->idle--;
    core->current = next;
    core->slice_from_ns = now_ns;
    next->since_ns = now_ns;
    if (next->slice_ns == 0)
        next->slice_ns = torus->policy->turn_ns != NULL ? torus->policy->turn_ns(torus->queue, next)
                                                        : torus->slice_ns;
    return next;
}

void torus_put(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    if (torus_is_own(torus))
        torus_end_turn(torus, slot, now_ns);
}

struct process *torus_pick(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    struct process *current = torus->cores[slot].current; /* not NULL: it could not be put */
    return current == NULL && torus_is_own(torus) ? torus_begin_turn(torus, slot, now_ns) : current;
}

struct process *torus_schedule(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    if (!torus_is_own(torus))
        return torus->cores[slot].current;
    torus_end_turn(torus, slot, now_ns);
    return torus_begin_turn(torus, slot, now_ns);
}

/* ---- Arrivals ----------------------------------------------------------------------------- */

static void torus_kick(struct torus *torus, struct torus_core *core)
{
    core->kicked = TORUS_KICKED;
    torus->port->kick(torus->port->world, core->core);
}

/* Finds a core for process, just queued: an idle one, first its own; else, if the policy
 * preempts, the one whose current process it displaces with the most right.  O(cores).  Inline in
 * all builds, so that what an arrival executes does not depend on who else calls this. */
static inline __attribute__((always_inline)) void
torus_find_core(struct torus *torus, uint32_t slot, const struct process *process, uint64_t now_ns)
{
    if (torus->idle > 0) {
        uint32_t at = slot;
        for (uint32_t i = 0; i < torus->core_count; i++) {
            struct torus_core *core = &torus->cores[at];
            if (core->current == NULL && !core->kicked) {
                torus_kick(torus, core);
                return;
            }
            at = at + 1 < torus->core_count ? at + 1 : 0;
        }
    }
    if (torus->policy->preempts == NULL)
        return;
    struct torus_core *victim = NULL;
    for (uint32_t i = 0; i < torus->core_count; i++) {
        struct torus_core *core = &torus->cores[i];
        if (core->current == NULL || core->kicked)
            continue;
        if (!torus->policy->preempts(torus->queue, core->current, process, now_ns))
            continue;
        if (victim == NULL ||
            torus->policy->preempts(torus->queue, core->current, victim->current, now_ns))
            victim = core;
    }
    if (victim != NULL)
        torus_kick(torus, victim);
}

/* Returns whether it has come by itself: what a balancer has sent sets nobody else in motion. */
static bool torus_queue_arrival(struct torus *torus, uint32_t slot, struct process *process,
                                uint64_t now_ns)
{
    bool is_moved = (process->flags & PROCESS_MIGRATING) != 0;
    process->flags &= (uint8_t)~(PROCESS_MIGRATING | PROCESS_COMING);
    torus_enqueue(torus, process, now_ns);
    torus_find_core(torus, slot, process, now_ns);
    braid_changed(torus->braid, torus);
    if (is_moved)
        torus->guest = process->id + 1;
    return !is_moved;
}

/* Who has just been queued here may have to wait. */
static void torus_overflow(struct torus *torus, uint64_t now_ns)
{
    if (torus_waiting(torus) == 0)
        return;
    const struct balancer *balancer = torus->braid->balancer;
    if (balancer->arrived != NULL)
        balancer->arrived(torus->braid, torus, now_ns);
}

/* Queues process here, or posts it to target. */
static void torus_send(struct torus *torus, uint32_t slot, uint16_t target, struct process *process,
                       uint64_t now_ns)
{
    if (target == torus->id) {
        if (torus_queue_arrival(torus, slot, process, now_ns))
            torus_overflow(torus, now_ns);
        return;
    }
    torus_post(torus, target, process);
}

/* Where a process goes that need not stay here. */
static uint16_t torus_place(struct torus *torus, const struct process *process, uint64_t now_ns)
{
    return process->flags & PROCESS_RESERVED ? torus->id
                                             : braid_place(torus->braid, torus, process, now_ns);
}

/* A new process asks for a reservation; it is FREE again if that is refused. */
static enum process_result torus_admit(struct torus *torus, struct process *process,
                                       const struct process_attributes *attributes, uint64_t now_ns)
{
    const struct policy *policy = torus->policy;
    if (policy->admit == NULL || !policy->admit(torus->queue, process, attributes, now_ns)) {
        process_transition(process, PROCESS_REFUSE);
        return PROCESS_REFUSED;
    }
    process->flags |= PROCESS_RESERVED;
    return PROCESS_OK;
}

/* What its parent may not do, a process may not. */
static void torus_inherit(struct torus *torus, struct process *process,
                          const struct process *parent)
{
    if (parent == NULL || !(parent->flags & PROCESS_RESTRICTED))
        return;
    process->flags |= PROCESS_RESTRICTED;
    for (uint32_t i = 0; i < braid_mask_words(torus->braid); i++)
        braid_mask_of(torus->braid, process)[i] = braid_mask_of(torus->braid, parent)[i];
}

/* parent is NULL unless it forks. */
static enum process_result torus_begin(struct torus *torus, uint32_t slot, uint32_t id,
                                       const struct process_attributes *attributes,
                                       const struct process *parent, uint64_t now_ns)
{
    struct process *process = &torus->processes[id];
    if (!torus_is_own(torus))
        return PROCESS_TAKEN;
    enum process_result result = process_create(process, id, torus->id, attributes);
    if (result == PROCESS_OK)
        torus_inherit(torus, process, parent);
    if (result == PROCESS_OK && attributes->budget_ns > 0)
        result = torus_admit(torus, process, attributes, now_ns);
    if (result == PROCESS_OK)
        torus_send(torus, slot, torus_place(torus, process, now_ns), process, now_ns);
    return result;
}

enum process_result torus_create(struct torus *torus, uint32_t slot, uint32_t id,
                                 const struct process_attributes *attributes, uint64_t now_ns)
{
    return torus_begin(torus, slot, id, attributes, NULL, now_ns);
}

enum process_result torus_fork(struct torus *torus, uint32_t slot, uint32_t id, uint64_t now_ns)
{
    const struct process *parent = torus->cores[slot].current;
    if (parent == NULL)
        return PROCESS_NONE;
    struct process_attributes attributes = { .parent = parent->id,
                                             .weight = parent->weight,
                                             .priority = parent->priority };
    return torus_begin(torus, slot, id, &attributes, parent, now_ns);
}

enum process_result torus_exec(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    struct process *process = torus->cores[slot].current;
    if (process == NULL)
        return PROCESS_NONE;
    if (!torus_is_own(torus))
        return PROCESS_TAKEN;
    uint16_t target = torus_place(torus, process, now_ns);
    if (target == torus->id)
        return PROCESS_OK;
    enum process_result result = torus_part(torus, slot, PROCESS_PREEMPT, now_ns);
    if (result != PROCESS_OK)
        return result;
    process->slice_ns = 0; /* a new turn there */
    torus_send(torus, slot, target, process, now_ns);
    braid_changed(torus->braid, torus);
    return PROCESS_OK;
}

enum process_result torus_wake(struct torus *torus, uint32_t slot, struct process *process,
                               uint64_t now_ns)
{
    if (!torus_is_own(torus))
        return PROCESS_TAKEN;
    enum process_result result = process_transition(process, PROCESS_WAKE);
    if (result != PROCESS_OK)
        return result;
    torus->blocked--;
    uint16_t target = torus->id;
    if (torus->braid->place_woken || !braid_allows(torus->braid, process, torus->id))
        target = torus_place(torus, process, now_ns);
    torus_send(torus, slot, target, process, now_ns);
    return PROCESS_OK;
}

/* Queues what is in the inbox, and no more: nothing leaves the torus by that.  Counts, too, those
 * that have come by themselves. */
static uint32_t torus_collect(struct torus *torus, uint32_t slot, uint32_t *by_themselves,
                              uint64_t now_ns)
{
    uint32_t count = 0;
    *by_themselves = 0;
    if (inbox_is_empty(&torus->inbox))
        return 0;
    uint32_t next = inbox_take(&torus->inbox, torus->processes);
    while (next != 0) {
        struct process *process = &torus->processes[next - 1];
        next = process->inbox_next;
        process->inbox_next = 0;
        *by_themselves += torus_queue_arrival(torus, slot, process, now_ns);
        count++;
    }
    return count;
}

uint32_t torus_receive(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    uint16_t thief;
    if (!torus_is_own(torus))
        return 0;
    uint32_t asked, by_themselves, count = torus_collect(torus, slot, &by_themselves, now_ns);
    for (uint32_t i = 0; i < by_themselves; i++)
        torus_overflow(torus, now_ns);
    if (inbox_take_request(&torus->inbox, &thief, &asked))
        torus_answer(torus, thief, asked, now_ns);
    return count;
}

void torus_accept(struct torus *torus, uint32_t slot, struct process *process, uint64_t now_ns)
{
    if (torus_is_taken(torus)) {
        inbox_push(&torus->inbox, process); /* the one that has it sends it on */
        return;
    }
    if (torus_queue_arrival(torus, slot, process, now_ns))
        torus_overflow(torus, now_ns);
}

enum process_result torus_reap(struct torus *torus, uint32_t parent, struct process *process)
{
    (void)torus;
    enum process_result result = process_reap(process, parent);
    return result == PROCESS_OK ? process_destroy(process) : result;
}

/* The slot on which process, which is RUNNING, does so. */
static uint32_t torus_slot_of(const struct torus *torus, const struct process *process)
{
    uint32_t slot = 0;
    while (torus->cores[slot].current != process)
        slot++;
    return slot;
}

/* process, which is RUNNING, leaves its core for longer. */
static void torus_take_off(struct torus *torus, uint32_t slot, struct process *process,
                           enum process_event event, uint64_t now_ns)
{
    uint32_t at = torus_slot_of(torus, process);
    torus_part(torus, at, event, now_ns);
    if (at != slot)
        torus_kick(torus, &torus->cores[at]);
}

/* Is process of this torus, which is its own, and alive?  Or what not? */
static enum process_result torus_has(struct torus *torus, const struct process *process)
{
    if (process_torus(process) != torus->id)
        return PROCESS_ELSEWHERE;
    if (!process_allows(process, PROCESS_KILL))
        return PROCESS_ILLEGAL;
    return torus_is_own(torus) ? PROCESS_OK : PROCESS_TAKEN;
}

/* And has it come, if it was on its way? */
static enum process_result torus_holds(struct torus *torus, uint32_t slot,
                                       const struct process *process, uint64_t now_ns)
{
    enum process_result result = torus_has(torus, process);
    if (result != PROCESS_OK || !(process->flags & PROCESS_COMING))
        return result;
    uint32_t by_themselves;
    torus_collect(torus, slot, &by_themselves, now_ns);
    return process->flags & PROCESS_COMING ? PROCESS_ELSEWHERE : PROCESS_OK;
}

enum process_result torus_kill(struct torus *torus, uint32_t slot, struct process *process,
                               uint64_t now_ns)
{
    enum process_result result = torus_holds(torus, slot, process, now_ns);
    if (result != PROCESS_OK)
        return result;
    if (process->state == PROCESS_RUNNING) {
        torus_take_off(torus, slot, process, PROCESS_KILL, now_ns);
    } else if (process->state == PROCESS_READY) {
        torus->policy->dequeue(torus->queue, process);
        torus->ready--;
        process_transition(process, PROCESS_KILL);
    } else {
        torus->blocked--;
        process_transition(process, PROCESS_KILL);
    }
    torus_end(torus, process, now_ns);
    return PROCESS_OK;
}

static bool mask_has(const struct torus *torus, const uint32_t *mask)
{
    const struct braid *braid = torus->braid;
    for (uint32_t t = 0; t < braid->torus_count; t++)
        if (mask[t / 32] >> t % 32 & 1)
            return true;
    return false;
}

/* process may not be here any more. */
static void torus_expel(struct torus *torus, uint32_t slot, struct process *process,
                        uint64_t now_ns)
{
    uint16_t target = braid_place(torus->braid, torus, process, now_ns);
    if (process->state == PROCESS_RUNNING) {
        torus_take_off(torus, slot, process, PROCESS_PREEMPT, now_ns);
    } else {
        torus->policy->dequeue(torus->queue, process);
        torus->ready--;
    }
    process->slice_ns = 0; /* a new turn there */
    process->flags |= PROCESS_MIGRATING;
    torus_send(torus, slot, target, process, now_ns);
    braid_changed(torus->braid, torus);
}

enum process_result torus_restrict(struct torus *torus, uint32_t slot, struct process *process,
                                   const uint32_t *mask, uint64_t now_ns)
{
    enum process_result result = torus_holds(torus, slot, process, now_ns);
    if (result != PROCESS_OK)
        return result;
    bool may_stay = mask[torus->id / 32] >> torus->id % 32 & 1;
    if (!mask_has(torus, mask) || (process->flags & PROCESS_RESERVED && !may_stay))
        return PROCESS_REFUSED;
    process->flags |= PROCESS_RESTRICTED;
    for (uint32_t i = 0; i < braid_mask_words(torus->braid); i++)
        braid_mask_of(torus->braid, process)[i] = mask[i];
    if (!may_stay && process->state != PROCESS_BLOCKED)
        torus_expel(torus, slot, process, now_ns);
    return PROCESS_OK;
}

enum process_result torus_change(struct torus *torus, struct process *process, uint32_t weight,
                                 int32_t priority, uint64_t now_ns)
{
    enum process_result result = torus_has(torus, process);
    if (result != PROCESS_OK)
        return result;
    uint32_t changed = (process->priority != priority ? POLICY_BY_PRIORITY : 0u) |
                       (process->weight != weight ? POLICY_BY_WEIGHT : 0u);
    bool moves = process->state == PROCESS_READY && changed & torus->policy->ordered_by &&
                 !(process->flags & PROCESS_COMING);
    if (moves)
        torus->policy->dequeue(torus->queue, process);
    process->weight = weight;
    process->priority = priority;
    if (moves) {
        torus->policy->enqueue(torus->queue, process, now_ns);
        torus_find_core(torus, 0, process, now_ns);
    } else if (process->state == PROCESS_RUNNING && changed && torus->policy->preempts != NULL) {
        torus_kick(torus, &torus->cores[torus_slot_of(torus, process)]);
    }
    return PROCESS_OK;
}

/* ---- The timer ---------------------------------------------------------------------------- */

/* Publishes when the phase of this torus has come, and sets the next time. */
static uint32_t torus_exchange(struct torus *torus, uint64_t now_ns)
{
    uint64_t interval_ns = torus->braid->exchange_ns;
    bool is_own = torus_is_own(torus); /* whose heart beats lives, and says so */
    if (interval_ns == 0) {            /* published at every change, */
        if (is_own && braid_is_away(torus->braid, torus->id))
            braid_publish(torus->braid, torus); /* and that it is back */
        return is_own ? torus_watch(torus) : 0u;
    }
    if (now_ns < torus->exchange_ns)
        return 0;
    torus->exchange_ns += interval_ns; /* keeps the phase */
    if (torus->exchange_ns <= now_ns)
        torus->exchange_ns = now_ns + interval_ns;
    if (!is_own)
        return torus_await(torus);
    torus->heartbeat++; /* here alone: of others' doings no heart beats */
    braid_publish(torus->braid, torus);
    return torus_watch(torus);
}

uint32_t torus_tick(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    uint32_t requests = 0;
    struct torus_core *core = &torus->cores[slot];
    struct process *process = core->current;
    if (process == NULL) {
        if (torus->ready > 0)
            requests |= TORUS_RESCHEDULE;
    } else {
        torus_charge(process, now_ns);
        uint64_t used_ns = torus->slice_tick_ns;
        if (used_ns == 0) {
            used_ns = now_ns - core->slice_from_ns;
            core->slice_from_ns = now_ns;
        }
        torus_use_slice(process, used_ns);
        if (process->slice_ns == 0)
            requests |= TORUS_RESCHEDULE;
    }
    return requests;
}

uint32_t torus_heartbeat(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    if (slot != torus->beats || torus->braid->torus_count == 1)
        return 0;
    uint32_t requests = torus_exchange(torus, now_ns);
    if (torus->braid->balancer->balance != NULL && now_ns >= torus->balance_ns) {
        torus->balance_ns += torus->braid->balance_ns;
        if (torus->balance_ns <= now_ns)
            torus->balance_ns = now_ns + torus->braid->balance_ns;
        requests |= TORUS_BALANCE;
    }
    if (torus->owed != 0)
        requests |= TORUS_BALANCE;
    if (torus->sends_on)
        requests |= TORUS_TEND;
    return requests;
}
