/* takeover.c -- see takeover.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/takeover.h"

static uint16_t torus_before(const struct braid *braid, uint16_t torus)
{
    return (uint16_t)((torus != 0 ? torus : braid->torus_count) - 1u);
}

static uint16_t torus_after(const struct braid *braid, uint16_t torus)
{
    return (uint16_t)(torus + 1u < braid->torus_count ? torus + 1u : 0);
}

static uint32_t torus_claim(const struct torus *torus)
{
    return atomic_load_explicit(&torus->claim, memory_order_acquire);
}

/* Writes claim if *expected is there; else *expected is what is. */
static bool torus_swap_claim(struct torus *torus, uint32_t *expected, uint32_t claim)
{
    return atomic_compare_exchange_strong_explicit(&torus->claim, expected, claim,
                                                   memory_order_acq_rel, memory_order_acquire);
}

/* torus has others to tend from now on. */
static void torus_keep(struct torus *torus)
{
    atomic_store_explicit(&torus->keeps, 1, memory_order_relaxed);
}

/* ---- The torus itself --------------------------------------------------------------------- */

bool torus_regain(struct torus *torus)
{
    uint32_t claim = torus_claim(torus);
    while (claim != 0) {
        if (claim & TORUS_WANTED)
            return false;
        if (torus_swap_claim(torus, &claim, claim & TORUS_TAKEN ? claim | TORUS_WANTED : 0)) {
            if (claim & TORUS_TAKEN)
                return false;
            break;
        }
    }
    return true;
}

static bool torus_core_is_away(const struct torus *torus, uint32_t slot)
{
    return torus->cores[slot].kicked == TORUS_CORE_AWAY;
}

/* The policy hears how many cores are there. */
static void torus_count_cores(struct torus *torus)
{
    uint32_t there = 0;
    if (torus->policy->serve == NULL)
        return;
    for (uint32_t i = 0; i < torus->core_count; i++)
        there += !torus_core_is_away(torus, i);
    torus->policy->serve(torus->queue, there);
}

void torus_resume(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    struct torus_core *core = &torus->cores[slot];
    core->slice_from_ns = now_ns;
    if (core->current != NULL)
        core->current->since_ns = now_ns;
    if (!torus_core_is_away(torus, slot))
        return;
    if (torus_core_is_away(torus, torus->beats))
        torus->beats = (uint16_t)slot;
    core->kicked = 0;
    torus->idle++;
    torus_count_cores(torus);
    if (torus_is_own(torus))
        braid_changed(torus->braid, torus);
}

void torus_lend(struct torus *torus, uint32_t slot, bool lent)
{
    if (lent == torus_core_is_away(torus, slot))
        return;
    if (!lent && torus_waiting(torus) > 0)
        torus->crowded = true;
    torus->cores[slot].kicked = lent ? TORUS_CORE_AWAY : 0;
    torus->idle = lent ? torus->idle - 1 : torus->idle + 1;
    if (torus_is_own(torus))
        braid_changed(torus->braid, torus);
}

/* What is queued may include what the core ran, and what it was kicked for: all others that might
 * run it look again. */
bool torus_core_leave(struct torus *torus, uint32_t slot)
{
    bool is_last = true, displaces = torus->policy->preempts != NULL;
    torus->cores[slot].kicked = TORUS_CORE_AWAY;
    torus->idle--;
    for (uint32_t i = torus->core_count; i-- > 0;) {
        struct torus_core *core = &torus->cores[i];
        if (torus_core_is_away(torus, i))
            continue;
        if (is_last && torus->beats == slot)
            torus->beats = (uint16_t)i;
        is_last = false;
        if (torus->ready > 0 && !core->kicked && (core->current == NULL || displaces)) {
            core->kicked = TORUS_KICKED;
            torus->port->kick(torus->port->world, core->core);
        }
    }
    torus_count_cores(torus);
    if (!is_last)
        braid_changed(torus->braid, torus);
    return !is_last;
}

/* ---- Watching ----------------------------------------------------------------------------- */

/* A claim of somebody else's that has come to nothing for so many times the patience is void: that
 * one has stopped, too.  Long enough for it to have come to something. */
enum { GIVES_UP = 4 };

/* Claims torus for claimant, unless somebody has taken it. */
static void torus_lay_claim(struct torus *torus, const struct torus *claimant)
{
    uint32_t claim = torus_claim(torus);
    while (!(claim & TORUS_TAKEN) && !torus_swap_claim(torus, &claim, claimant->id + 1u)) {
    }
}

/* Has torus at shown no sign of life for so long that this torus, which has claimed it meanwhile,
 * may take it? */
static bool torus_finds_dead(struct torus *torus, uint16_t at)
{
    const struct braid *braid = torus->braid;
    struct projection projection;
    bool can_be_read = braid_read(braid, at, &projection);
    if (torus->watched != at + 1u || (can_be_read && projection.heartbeat != torus->seen)) {
        torus->watched = at + 1u;
        torus->seen = can_be_read ? projection.heartbeat : 0;
        torus->missed = 0;
        return false;
    }
    torus->missed++;
    if (torus->missed < braid->patience)
        return false;
    uint32_t claim = torus_claim(braid->tori[at]);
    if (claim == torus->id + 1u)
        return torus->missed >= 2u * braid->patience;
    if (claim == 0 && torus->missed > braid->patience) {
        torus->missed = 0; /* it has struck a claim out */
    } else if (claim == 0 || torus->missed >= GIVES_UP * braid->patience) {
        torus_lay_claim(braid->tori[at], torus);
        torus->missed = braid->patience;
    }
    return false;
}

uint32_t torus_watch(struct torus *torus)
{
    const struct braid *braid = torus->braid;
    uint32_t requests = atomic_load_explicit(&torus->keeps, memory_order_relaxed) ? TORUS_TEND : 0u;
    if (braid->patience == 0)
        return requests;
    uint16_t at = torus_before(braid, torus->id);
    while (at != torus->id && torus_is_taken(braid->tori[at]))
        at = torus_before(braid, at);
    if (at != torus->id && torus_finds_dead(torus, at))
        requests |= TORUS_TAKE;
    return requests;
}

/* The torus that has this one, or has the one that has it, and so on, and has not been taken. */
static uint16_t torus_keeper(const struct torus *torus)
{
    const struct braid *braid = torus->braid;
    uint16_t at = torus->id;
    for (uint32_t i = 0; i < braid->torus_count && torus_is_taken(braid->tori[at]); i++)
        at = torus_taker(braid->tori[at]);
    return at;
}

uint32_t torus_await(struct torus *torus)
{
    uint16_t keeper = torus_keeper(torus);
    return torus->braid->patience != 0 && keeper != torus->id && torus_finds_dead(torus, keeper)
               ? TORUS_TAKE
               : 0u;
}

/* ---- The torus that has another ----------------------------------------------------------- */

/* Others see from now on that it is not to be counted on. */
static void torus_show_away(struct torus *torus)
{
    braid_write(torus->braid, torus->id,
                &(struct projection){ .load = PROJECTION_AWAY, .heartbeat = torus->heartbeat });
}

/* The next torus after *at that is not away and where process may be. */
static bool torus_find_other(const struct torus *torus, const struct process *process, uint16_t *at)
{
    const struct braid *braid = torus->braid;
    for (uint32_t i = 0; i < braid->torus_count; i++) {
        *at = torus_after(braid, *at);
        if (*at != torus->id && !torus_is_taken(braid->tori[*at]) &&
            braid_allows(braid, process, *at))
            return true;
    }
    return false;
}

/* A reservation is with a torus, and ends with it: to policies the process is as new. */
static void torus_drop_reservation(struct torus *torus, struct process *process, uint64_t now_ns)
{
    if (!(process->flags & PROCESS_RESERVED))
        return;
    torus->policy->end(torus->queue, process, now_ns);
    process->flags &= (uint8_t)~PROCESS_RESERVED;
    for (unsigned i = 0; i < sizeof process->policy / sizeof process->policy[0]; i++)
        process->policy[i] = 0;
}

/* Posts process, READY and in no queue, to the next torus after *at; or, false, keeps it, in the
 * list of those that can go nowhere (ids + 1, by inbox_next). */
static bool torus_send_on(struct torus *torus, struct process *process, uint16_t *at,
                          uint32_t *stranded)
{
    if (!torus_find_other(torus, process, at)) {
        process->inbox_next = *stranded;
        *stranded = process->id + 1;
        return false;
    }
    process->flags |= PROCESS_MIGRATING;
    process->slice_ns = 0; /* a new turn there */
    torus_post(torus, *at, process);
    return true;
}

/* Of those that may go elsewhere, so many at once: who takes too long over it is taken himself. */
enum { SENT_AT_ONCE = 32 };

/* Deals what is in the inbox and the queue out to the others in turn; answers no request.  False:
 * there is more. */
static bool torus_empty(struct torus *torus, uint64_t now_ns)
{
    uint16_t at = torus->id, thief;
    torus_show_away(torus); /* before anybody sends something back */
    uint32_t stranded = 0, sent = 0, count;
    uint32_t next = inbox_take(&torus->inbox, torus->processes);
    bool all = true;
    while (next != 0) {
        struct process *process = &torus->processes[next - 1];
        next = process->inbox_next;
        process->inbox_next = 0;
        all = sent < SENT_AT_ONCE;
        if (all)
            sent += torus_send_on(torus, process, &at, &stranded);
        else
            inbox_push(&torus->inbox, process);
    }
    while (torus->ready > 0 && sent < SENT_AT_ONCE) {
        struct process *process = torus->policy->pick(torus->queue, now_ns);
        if (process == NULL)
            break; /* the host's to report */
        torus->ready--;
        if (torus->policy->leave != NULL)
            torus->policy->leave(torus->queue, process, now_ns);
        torus_drop_reservation(torus, process, now_ns);
        sent += torus_send_on(torus, process, &at, &stranded);
    }
    all = all && torus->ready == 0;
    while (stranded != 0) {
        struct process *process = &torus->processes[stranded - 1];
        stranded = process->inbox_next;
        process->inbox_next = 0;
        process->flags &= (uint8_t)~(PROCESS_MIGRATING | PROCESS_COMING);
        torus->ready++;
        torus->policy->enqueue(torus->queue, process, now_ns);
    }
    inbox_take_request(&torus->inbox, &thief, &count);
    torus->owed = 0;
    return all;
}

/* The next torus after this one that has not been taken; itself if there is none. */
static uint16_t torus_successor(const struct torus *torus)
{
    const struct braid *braid = torus->braid;
    uint16_t next = torus_after(braid, torus->id);
    while (next != torus->id && torus_is_taken(braid->tori[next]))
        next = torus_after(braid, next);
    return next;
}

/* torus, which from has, belongs to another from now on, unless somebody else has it meanwhile. */
static bool torus_pass(struct torus *torus, uint16_t from, uint16_t to)
{
    uint32_t claim = torus_claim(torus);
    do {
        if (!(claim & TORUS_TAKEN) || (claim & TORUS_CLAIMANT) != from + 1u)
            return false;
    } while (!torus_swap_claim(torus, &claim, (claim & ~(uint32_t)TORUS_CLAIMANT) | (to + 1u)));
    torus_keep(torus->braid->tori[to]);
    return true;
}

/* torus, of which dead is the keeper, takes itself back, with the claim that it had.  Does it have
 * dead now? */
static bool torus_take_back(struct torus *torus, uint32_t claim, struct torus *dead)
{
    uint32_t own = torus->id + 1u;
    if (!torus_swap_claim(dead, &own, own | TORUS_TAKEN))
        return false; /* it lives */
    torus_keep(torus);
    return torus_swap_claim(torus, &claim, 0) && torus_successor(dead) == torus->id;
}

bool torus_take(struct torus *by, struct torus *taken, uint64_t now_ns)
{
    uint32_t own = by->id + 1u, claim = torus_regain(by) ? 0 : torus_claim(by);
    if (by->watched != taken->id + 1u || by->missed < 2u * by->braid->patience)
        return false; /* its tick asked for this long ago, and it has begun anew */
    by->missed = 0;
    if (claim != 0) {
        if (torus_keeper(by) != taken->id || !torus_take_back(by, claim, taken))
            return false;
    } else if (torus_successor(taken) != by->id ||
               !torus_swap_claim(taken, &own, own | TORUS_TAKEN)) {
        return false;
    }
    torus_keep(by);
    by->sends_on = !torus_empty(taken, now_ns);
    return true;
}

/* What torus does for one that it has: gives it back, passes it to one that is nearer by now, or
 * sends on what has come. */
static void torus_tend_one(struct torus *torus, struct torus *taken, uint64_t now_ns)
{
    uint16_t nearest = torus_successor(taken);
    torus_keep(torus); /* and look again next time */
    if (nearest != torus->id) {
        torus_pass(taken, torus->id, nearest);
        return;
    }
    if (torus_claim(taken) & TORUS_WANTED)
        atomic_store_explicit(&taken->claim, 0, memory_order_release);
    else if (!torus_empty(taken, now_ns))
        torus->sends_on = true;
}

void torus_tend(struct torus *torus, uint64_t now_ns)
{
    const struct braid *braid = torus->braid;
    if (!torus_regain(torus))
        return;
    atomic_store_explicit(&torus->keeps, 0, memory_order_relaxed);
    torus->sends_on = false;
    for (uint16_t at = torus_before(braid, torus->id); at != torus->id;
         at = torus_before(braid, at)) {
        struct torus *taken = braid->tori[at];
        if (!torus_is_taken(taken))
            continue;
        uint16_t taker = torus_taker(taken);
        if (taker == torus->id ||
            (torus_is_taken(braid->tori[taker]) && torus_pass(taken, taker, torus->id)))
            torus_tend_one(torus, taken, now_ns);
    }
}

enum process_result torus_adopt(struct torus *torus, struct process *process, uint64_t now_ns)
{
    struct torus *taken = torus->braid->tori[process_torus(process)];
    if (!torus_regain(torus))
        return PROCESS_TAKEN;
    if (process->state != PROCESS_BLOCKED)
        return PROCESS_ILLEGAL;
    if (!torus_is_taken(taken) || torus_taker(taken) != torus->id)
        return PROCESS_ELSEWHERE;
    torus_drop_reservation(taken, process, now_ns);
    taken->blocked--;
    torus->blocked++;
    process_belongs_to(process, torus->id);
    return PROCESS_OK;
}

bool torus_retire(struct torus *torus, uint64_t now_ns)
{
    uint16_t next = torus_successor(torus);
    if (next == torus->id || !torus_regain(torus))
        return false;
    torus_empty(torus, now_ns);
    uint32_t claim = torus_claim(torus);
    while (!torus_swap_claim(torus, &claim, (next + 1u) | TORUS_TAKEN)) {
    }
    torus_keep(torus->braid->tori[next]);
    return true;
}
