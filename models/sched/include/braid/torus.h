/* torus.h -- a local scheduler: one ready queue, one policy, the cores it serves.
 *
 * Rules
 *   - A torus touches its own queue only.  A process reaches another torus through that torus's
 *     inbox, by way of the port.
 *   - The caller holds the torus: its lock if it serves several cores, nothing if it serves one.
 *     Only torus_tick() and torus_heartbeat() may be called without.
 *   - The caller passes the time in: nanoseconds, never going back.  Interrupts are off.
 *   - A transition that process.h does not know is refused with its result; nothing changes.
 *   - A torus that others have taken, because it seemed dead, refuses with PROCESS_TAKEN, and
 *     torus_schedule() leaves what runs, until it has itself back (takeover.h).
 *   - All memory is the caller's: one zeroed block of torus_bytes() and one of
 *     policy->queue_bytes per torus.
 *
 * Invariant: ready, running and blocked count exactly the processes of this torus in those states
 * (tests/contract/torus.c).
 *
 * How a kernel drives it (models/sched/ports/example does): at each tick of a core torus_tick(),
 * then the kernel's own events, such as timers that wake somebody, then torus_heartbeat().  After
 * block, yield, exit, exec, or restrict or kill of what runs there, and whenever a core was kicked
 * or its tick says TORUS_RESCHEDULE, call torus_receive() if something came in, and
 * torus_schedule(), before returning to user code; all under one hold.
 *
 * A core stands on the stack of what it ran until it has switched to another, and what has been
 * taken off it may be picked before that.  So where others take a torus's lock, that is let go on
 * the next stack; port->post() keeps back what a core still stands on; and the slot of who exited
 * or was killed is not used again before its core has switched.  A process is named to operations
 * from when its creation has returned to when it is reaped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_TORUS_H
#define BRAID_TORUS_H

#include "braid/inbox.h"
#include "braid/policy.h"
#include "braid/process.h"

struct braid;
struct torus;

/* All that the scheduler asks of the world. */
struct port {
    /* Put process, which now belongs to torus target, into that torus's inbox and see that it is
     * read: a wake-up or a migration.  Where tori have locks that others take: call
     * torus_accept() for it once the present torus has been let go.  Not before its context has
     * been saved: while a core stands on its stack it is that core that does so, later, when it
     * has switched; until then the process is on its way. */
    void (*post)(void *world, uint16_t target, struct process *process);
    /* Put torus thief's request for count processes into torus victim's inbox, by inbox_ask(), and
     * see that it is read.  Where tori have locks that others take: call torus_answer() for victim
     * once the present torus has been let go. */
    void (*ask)(void *world, uint16_t victim, uint16_t thief, uint32_t count);
    /* Make core call torus_schedule() soon; the present core is allowed. */
    void (*kick)(void *world, uint32_t core);
    void *world;
    /* Take, spinning, and let go one of the world's locks, 0 .. lock_count - 1, of which there are
     * at least one for each torus and one more.  For schedulers whose tori share something else
     * than projections: this one takes none, and a port for it alone may leave them NULL.  Not one
     * that the operation holds already; all are let go before it ends. */
    void (*lock)(void *world, uint32_t lock);
    void (*unlock)(void *world, uint32_t lock);
    uint32_t lock_count;
};

/* What a torus knows of one core that it serves: a line that mostly this core touches. */
struct torus_core {
    _Alignas(PROCESS_LINE_BYTES) struct process *current; /* NULL: idle */
    uint64_t slice_from_ns; /* the slice of current is used up to here (slice_tick_ns == 0) */
    uint32_t core;          /* the machine's number */
    uint32_t kicked;        /* enum torus_kicked */
};

enum torus_kicked {
    TORUS_KICKED = 1,   /* told to schedule and has not done so yet */
    TORUS_CORE_AWAY = 2 /* it has left, or is lent: torus_core_leave(), torus_lend() */
};

struct torus {
    /* ---- Set up once, then only read ------------------------------------ */
    /* What every operation looks at first: half a line, a whole one of old processors. */
    _Alignas(PROCESS_LINE_BYTES) const struct policy *policy;
    void *queue; /* policy->queue_bytes */
    struct process *processes;
    _Atomic uint32_t claim; /* enum torus_claim: written by others, but hardly ever */
    uint16_t id;
    uint16_t core_count;
    struct braid *braid;
    const struct port *port;
    uint64_t slice_ns;
    uint32_t slice_tick_ns; /* slices are used up in whole ticks of this; 0: to the nanosecond */
    uint16_t beats;         /* the slot whose heartbeats are the torus's */

    /* ---- Written by the cores that it serves ---------------------------- */
    _Alignas(PROCESS_LINE_BYTES) uint64_t exchange_ns; /* when it next publishes its projection */
    uint64_t balance_ns;                               /* when it next looks for imbalance */
    uint32_t ready, running, blocked;
    uint32_t idle;         /* cores that are there and whose current is NULL */
    uint32_t average_load; /* Q16.16 */
    uint32_t heartbeat;    /* exchanges so far */
    uint32_t random;       /* state of its own generator, never 0 */
    uint32_t placed;       /* how far along the ring a placement that goes round has come */
    uint32_t strain;       /* enum torus_strain as last published */
    uint32_t owed;         /* torus + 1 that gets a process once that is worth it; 0: none */
    uint32_t guest;        /* process + 1 that a balancer sent here last; 0: none yet */
    uint64_t rotated_ns;   /* when it last gave one away to even out */
    uint64_t owed_ns;      /* it has owed one, to whomever, since then */
    uint32_t watched;      /* torus + 1 whose heartbeat it watches; 0: none yet, */
    uint32_t seen;         /* what that was when it last moved, */
    uint32_t missed;       /* and for how many exchanges it has not */
    bool crowded;          /* since it last published, something has waited for a lent core */
    bool sends_on;         /* a torus that it has taken is not empty yet: it goes on at each tick */

    /* ---- Written by others ---------------------------------------------- */
    _Alignas(PROCESS_LINE_BYTES) struct inbox inbox;
    _Atomic uint32_t keeps; /* it has taken others, or has been given them, and tends them */

    struct torus_core cores[];
};

/* What torus_tick() and torus_heartbeat() ask the caller to do, while holding the torus. */
enum torus_request {
    TORUS_RESCHEDULE = 1, /* call torus_schedule() */
    TORUS_BALANCE = 2,    /* call braid_balance() */
    TORUS_TAKE = 4,       /* call torus_take(), holding the other torus instead */
    TORUS_TEND = 8        /* call torus_tend() */
};

struct torus_setup {
    const struct policy *policy;
    void *queue;
    struct process *processes;
    struct braid *braid;
    const struct port *port;
    uint64_t slice_ns;
    uint32_t slice_tick_ns;
    uint32_t random; /* seed; 0 is taken as 1 */
    uint16_t id;
    uint16_t core_count;
    uint32_t first_core; /* its cores are first_core .. first_core + core_count - 1 */
};

uint32_t torus_bytes(uint16_t core_count);
void torus_init(struct torus *torus, const struct torus_setup *setup);

/* slot below is the core's index within the torus: 0 .. core_count - 1. */

/* A process comes to life on this torus, and is placed: queued here, or posted elsewhere.  One that
 * asks for a reservation is queued here, or refused: then the slot is FREE, as before. */
enum process_result torus_create(struct torus *torus, uint32_t slot, uint32_t id,
                                 const struct process_attributes *attributes, uint64_t now_ns);

/* The current process has a child, id, which inherits weight, priority and restrictions, but no
 * reservation, and is placed.  Nobody's slice changes. */
enum process_result torus_fork(struct torus *torus, uint32_t slot, uint32_t id, uint64_t now_ns);

/* The current process begins another program.  What it left in the caches is of no use to it any
 * more, so that it is placed anew: it goes on here, or is READY elsewhere and the core free. */
enum process_result torus_exec(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* Puts the current process back if it is still RUNNING, and picks the next one.  NULL: idle.
 * O(1) beside the policy's pick. */
struct process *torus_schedule(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* The two halves of torus_schedule(), for a core that serves several tori in turn. */
void torus_put(struct torus *torus, uint32_t slot, uint64_t now_ns);
struct process *torus_pick(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* And between them: such a core runs a process of another of its tori, or, not lent, does so no
 * more.  It is none of this torus's while it is lent, so that what waits here is known to wait.
 * Everything is as before if that is so already. */
void torus_lend(struct torus *torus, uint32_t slot, bool lent);

/* The current process leaves the core: READY at the tail, BLOCKED, or ZOMBIE. */
enum process_result torus_yield(struct torus *torus, uint32_t slot, uint64_t now_ns);
enum process_result torus_block(struct torus *torus, uint32_t slot, uint64_t now_ns);
enum process_result torus_exit(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* A BLOCKED process of this torus becomes READY and is placed; kicks a core that should run it.
 * O(cores of the torus) when one is idle or the policy preempts. */
enum process_result torus_wake(struct torus *torus, uint32_t slot, struct process *process,
                               uint64_t now_ns);

/* Queues what came into the inbox; kicks as torus_wake() does.  Returns how many.  Then answers the
 * request that waits there, if any. */
uint32_t torus_receive(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* Queues process, which another torus has posted here and which is in no inbox; kicks as
 * torus_wake() does.  For a caller whose tori have locks: the core that posts it holds this torus
 * and calls.  slot may be any when that core is not one of this torus's. */
void torus_accept(struct torus *torus, uint32_t slot, struct process *process, uint64_t now_ns);

/* Gives process, of this torus, another weight and priority.  It keeps its slice, and since_ns: it
 * has been READY since then; and its place in the queue, unless that is ordered by what changes.
 * Kicks as torus_wake() does, and the core of one that runs, if the policy preempts: it is queued
 * anew there, as who comes is compared with what it was queued as.  One that is on its way here is
 * queued as what it is when it has come. */
enum process_result torus_change(struct torus *torus, struct process *process, uint32_t weight,
                                 int32_t priority, uint64_t now_ns);

/* process, of this torus, becomes a ZOMBIE whatever it does.  If it is on its way here what is in
 * the inbox is received first, and if it has not come so far that is PROCESS_ELSEWHERE: the caller
 * tries again later.  If it runs on another core that core is kicked, and has to call
 * torus_schedule() before it goes back to user code. */
enum process_result torus_kill(struct torus *torus, uint32_t slot, struct process *process,
                               uint64_t now_ns);

/* From now on process, of this torus, may be on the tori of this mask only (braid_mask_words()
 * words), and so may the children that it forks.  One that is on its way is received, or not here
 * yet, as by torus_kill().  If this torus is none of them, the process goes to one: at once, off
 * its core as by torus_kill(), or, BLOCKED, when it wakes.  PROCESS_REFUSED, and its mask is as
 * before, if no torus is in the new one, or it has a reservation here and this torus is not.  For
 * masks of cores, have a torus for each. */
enum process_result torus_restrict(struct torus *torus, uint32_t slot, struct process *process,
                                   const uint32_t *mask, uint64_t now_ns);

/* Parent collects a ZOMBIE and frees its slot. */
enum process_result torus_reap(struct torus *torus, uint32_t parent, struct process *process);

/* The timer: uses up the slice.  Returns enum torus_request bits.  Needs no lock: it writes this
 * core's line and its current process.  The torus's counts it only reads: they may be a moment
 * old. */
uint32_t torus_tick(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* Ends every tick, once the kernel's own events are done, so that the others see what those have
 * changed: exchanges projections and asks for balancing when they are due.  Returns enum
 * torus_request bits.  Needs no lock either: on one slot, torus->beats, it writes what only the
 * torus's own operations write, on others nothing.  Where one of those publishes at the same time,
 * on another core, the projection may be damaged, as any may be, until the next. */
uint32_t torus_heartbeat(struct torus *torus, uint32_t slot, uint64_t now_ns);

/* The queued process that this torus would miss least of those that may be on torus target; NULL
 * when there is none.  O(those that may not). */
struct process *torus_offer(struct torus *torus, uint16_t target);

/* Posts that process to torus target.  False when there was none. */
bool torus_give(struct torus *torus, uint16_t target);

/* Asks torus victim, another one, for up to count processes, at least 1, on behalf of thief: this
 * torus, or one whose request came here. */
void torus_ask(struct torus *torus, uint16_t victim, uint16_t thief, uint32_t count);

/* Torus thief has asked for up to count processes: gives what the balancer sees fit. */
void torus_answer(struct torus *torus, uint16_t thief, uint32_t count, uint64_t now_ns);

/* process, READY and in no queue, is torus target's from now on, and on its way there. */
static inline void torus_post(const struct torus *torus, uint16_t target, struct process *process)
{
    process->flags |= PROCESS_COMING;
    process_belongs_to(process, target);
    torus->port->post(torus->port->world, target, process);
}

/* Queued processes for which no core of the torus is free. */
static inline uint32_t torus_waiting(const struct torus *torus)
{
    return torus->ready > torus->idle ? torus->ready - torus->idle : 0;
}

/* How a load is to so many cores. */
enum torus_strain { TORUS_IDLE, TORUS_EVEN, TORUS_OVERLOADED };

static inline enum torus_strain torus_strain(uint32_t load, uint32_t core_count)
{
    return load < core_count ? TORUS_IDLE : load == core_count ? TORUS_EVEN : TORUS_OVERLOADED;
}

/* READY and RUNNING processes; a core that has left counts as one that runs something. */
static inline uint32_t torus_load(const struct torus *torus)
{
    return torus->ready + torus->core_count - torus->idle;
}

/* xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003): uniform in 0 .. bound - 1, no division. */
static inline uint32_t torus_random_below(struct torus *torus, uint32_t bound)
{
    uint32_t x = torus->random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    torus->random = x;
    return (uint32_t)(((uint64_t)x * bound) >> 32);
}

#endif
