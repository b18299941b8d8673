/* takeover.h -- what becomes of a torus that stops, or leaves.
 *
 * Who notices   Every torus watches one other: the nearest before it in cyclic order that is not
 *               away.  A heartbeat that has not moved for `patience` of the watcher's own exchanges
 *               is taken for a stop.  That is one projection read an exchange.
 * Who acts      The watcher, and it alone, by one word in the torus that has stopped, its claim:
 *
 *                       claims              takes
 *                 0 ------------> CLAIMED ---------> TAKEN ---> TAKEN + WANTED ---> 0
 *                 ^                  |                     regains          gives back
 *                 +-----defends------+
 *
 *               Each arrow is a compare-and-swap.  After `patience` more exchanges with the claim
 *               still in place, the watcher takes the torus: whatever is queued or comes into the
 *               inbox there goes to tori that are not away, some at each tick, so that the taker's
 *               heart goes on.  A claim that has come to nothing for four times the patience, as
 *               who laid it has stopped, too, is void.
 * Who defends   A torus that lives, whoever takes it for dead: each operation and heartbeat looks
 *               at the claim first, on a line that it reads anyway, and strikes out what it finds.
 * Who comes     A torus that has been taken asks for itself, and touches nothing until it has been
 * back          given back.  If the one that has it has stopped too, it takes itself back.
 *
 * Invariant: between take and return the torus's queue is the taker's, else its own; so nothing is
 * lost, and nothing runs twice (tests/contract/takeover.c).  It holds, with projections lost, late
 * or damaged as they may be, as long as no operation lasts for `patience` exchanges: one that saw
 * no claim at its start is over when the claim is old enough.  Operations run with interrupts off,
 * for microseconds.  That is an order in time alone: by C's rules nothing orders what a torus wrote
 * last before what the taker reads, as that would be a release at the end of every operation.  A
 * kernel that wants it halts the core before torus_take(), and waits until it has.
 *
 * What stays with a torus that has stopped: what runs on its cores, as nobody else has the
 * registers; and processes that may be on no torus but such.
 *
 * Source: C. Gray and D. Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed
 * file cache consistency", SOSP 1989 (bounded time for exclusion).
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_TAKEOVER_H
#define BRAID_TAKEOVER_H

#include "braid/braid.h"

/* The claim of a torus: torus + 1 that has claimed it, and how far it has got; 0: it is its own. */
enum torus_claim {
    TORUS_CLAIMANT = 0x1FFFF, /* mask */
    TORUS_TAKEN = 1 << 20,    /* its queue is the claimant's */
    TORUS_WANTED = 1 << 21    /* it is TAKEN, and would like to be its own again */
};

static inline bool torus_is_taken(const struct torus *torus)
{
    return atomic_load_explicit(&torus->claim, memory_order_relaxed) & TORUS_TAKEN;
}

/* Which torus has taken this one, which is taken. */
static inline uint16_t torus_taker(const struct torus *torus)
{
    uint32_t claim = atomic_load_explicit(&torus->claim, memory_order_relaxed);
    return (uint16_t)((claim & TORUS_CLAIMANT) - 1);
}

/* A core of torus strikes out a claim, or asks for what has been taken.  True: the torus is its
 * own.  False: operations refuse with PROCESS_TAKEN, or change nothing; the core calls this again
 * and again until it is true, before any of them but torus_tick() and torus_heartbeat(), which go
 * on meanwhile; and then torus_receive() and torus_schedule(), as nobody was told of what has come,
 * or stayed. */
__attribute__((cold)) bool torus_regain(struct torus *torus);

/* May a core of torus go on? */
static inline bool torus_is_own(struct torus *torus)
{
    return atomic_load_explicit(&torus->claim, memory_order_relaxed) == 0 || torus_regain(torus);
}

/* torus_heartbeat() calls these, once an exchange: torus looks after those before it, or, when it
 * has been taken, waits for the one that has it.  Where projections are published at every change,
 * it is every time, and the patience must be 0, as no heart beats.  Returns enum
 * torus_request bits. */
uint32_t torus_watch(struct torus *torus);
uint32_t torus_await(struct torus *torus);

/* Answers TORUS_TAKE of torus by: it takes torus by->watched - 1.  The caller holds that one, and
 * not by: what is queued there is posted, dealt out to the others in turn, the first of it now.
 * False, and nothing is to do: it lives, or somebody else was first.  O(tori), and those that may
 * be nowhere else. */
bool torus_take(struct torus *by, struct torus *taken, uint64_t now_ns);

/* Answers TORUS_TEND of torus, which the caller holds: posts on more of what is queued at the tori
 * that it has taken, or has come there, and gives back what is wanted back. */
void torus_tend(struct torus *torus, uint64_t now_ns);

/* process, BLOCKED on a torus that this one has taken, is this torus's from now on: its timer
 * expires here, so that torus_wake() or torus_kill() comes next.  The caller holds torus. */
enum process_result torus_adopt(struct torus *torus, struct process *process, uint64_t now_ns);

/* Core slot, which has put what it ran, leaves a torus whose other cores go on without it.  The
 * caller holds the torus, calls nothing for that slot until torus_resume(), and has timers expire
 * elsewhere.  False: it was the last one that was there, and torus_retire() comes next. */
bool torus_core_leave(struct torus *torus, uint32_t slot);

/* torus, whose cores have all put what they ran, leaves: what is queued is posted elsewhere, the
 * rest of it by the next torus that is not away, to which it belongs until it regains itself.  The
 * caller holds it.  False: there is no other, and nothing has changed. */
bool torus_retire(struct torus *torus, uint64_t now_ns);

/* The core has been stopped until now: what its process has had since is not its run time; or it
 * had left, and is there again.  The caller holds the torus. */
void torus_resume(struct torus *torus, uint32_t slot, uint64_t now_ns);

#endif
