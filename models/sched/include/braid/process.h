/* process.h -- the schedulable entity and the life it may lead.
 *
 *            create                pick
 *     FREE ----------> READY -----------------> RUNNING ----exit----> ZOMBIE
 *      ^                ^ ^                      | | |                  |
 *      |                | +---preempt, yield-----+ | +--block-+        reap (by the parent)
 *      |                |                                     v         |
 *      |                +--------------wake--------------- BLOCKED      v
 *      +---------------------------destroy--------------------------- REAPED
 *
 *     Besides, a READY process becomes FREE again when it is refused at its creation, and READY,
 *     RUNNING and BLOCKED ones become ZOMBIE when they are killed.
 *
 * Rules
 *   - These are all the transitions there are.  Any other is refused with a
 *     result that says why, and changes nothing (tests/unit/process.c tries
 *     every state with every event).
 *   - The hot part of a process is one line for the scheduler and one for the
 *     policy.  What a kernel needs besides (registers, page table, files) hangs
 *     on a block of its own, so that walking a queue never touches it.
 *   - All processes live in one array, indexed by id; the caller owns it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_PROCESS_H
#define BRAID_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "braid/list.h"

enum process_state {
    PROCESS_FREE, /* the slot holds no process */
    PROCESS_READY,
    PROCESS_RUNNING,
    PROCESS_BLOCKED,
    PROCESS_ZOMBIE,
    PROCESS_REAPED, /* its parent has collected it */
    PROCESS_STATES
};

enum process_event {
    PROCESS_CREATE,
    PROCESS_PICK,
    PROCESS_PREEMPT,
    PROCESS_YIELD,
    PROCESS_BLOCK,
    PROCESS_WAKE,
    PROCESS_EXIT,
    PROCESS_REAP,
    PROCESS_DESTROY,
    PROCESS_REFUSE, /* READY -> FREE: there is no room for its reservation */
    PROCESS_KILL,   /* READY, RUNNING or BLOCKED -> ZOMBIE */
    PROCESS_EVENTS
};

/* Why a transition was refused.  Zero is success. */
enum process_result {
    PROCESS_OK,
    PROCESS_ILLEGAL,    /* no such transition from the present state */
    PROCESS_NOT_PARENT, /* reap: the caller is not the parent */
    PROCESS_NOT_REAPED, /* destroy: the parent has not reaped it yet */
    PROCESS_NONE,       /* there is no process to apply this to */
    PROCESS_REFUSED,    /* create: the policy has no reservations, or no room for this one;
                           restrict: nothing would be left to it, or it has one here */
    PROCESS_NO_CHILD,   /* wait: there is none to wait for */
    PROCESS_ELSEWHERE,  /* it is not this torus's, or is still on its way there */
    PROCESS_TAKEN       /* the torus has been taken: torus_regain() it first (takeover.h) */
};

enum { PROCESS_NO_PARENT = UINT32_MAX >> 1 }; /* adopted by the kernel itself */

enum { PROCESS_LINE_BYTES = 64, PROCESS_HOT_BYTES = 128, PROCESS_POLICY_BYTES = 64 };

enum process_flag {
    PROCESS_RESERVED = 1,   /* has a reservation with the policy of its torus, and stays there */
    PROCESS_MIGRATING = 2,  /* in an inbox because a balancer moved it, not because it woke */
    PROCESS_RESTRICTED = 4, /* may not be on every torus: braid_allows() says on which */
    PROCESS_MOVED = 8,      /* a balancer has moved it, some time */
    PROCESS_COMING = 16     /* READY, but its torus has not queued it yet: in an inbox, or before */
};

struct process {
    /* ---- The scheduler's line ------------------------------------------- */
    _Alignas(PROCESS_LINE_BYTES) uint32_t id;
    uint32_t parent;        /* id, or PROCESS_NO_PARENT */
    uint8_t state;          /* enum process_state; written by process_transition() only */
    uint8_t flags;          /* enum process_flag */
    _Atomic uint16_t torus; /* the torus that it belongs to: any core may look at it */
    uint32_t weight;        /* share of CPU; 1024 is nominal */
    int32_t priority;       /* larger is more urgent */
    uint32_t inbox_next;    /* id + 1 of the next process in the same inbox; 0: last */
    uint64_t runtime_ns;    /* total time as current process */
    uint64_t since_ns;      /* RUNNING: charged up to here; READY: queued since; BLOCKED: too */
    uint64_t slice_ns;      /* what is left of the time slice */
    struct list_link link;  /* for the policy's ready queue */

    /* ---- The policy's line ---------------------------------------------- */
    _Alignas(PROCESS_LINE_BYTES) uint64_t policy[PROCESS_POLICY_BYTES / sizeof(uint64_t)];
};

_Static_assert(sizeof(struct process) == PROCESS_HOT_BYTES, "a process is two cache lines hot");

/* What a new process starts with. */
struct process_attributes {
    uint32_t parent;
    uint32_t weight;
    int32_t priority;
    uint32_t budget_ns, period_ns; /* a reservation: so much of every period; 0: none */
};

/* Whose process is it?  Whoever finds that it is its own sees all that was written to it before it
 * was sent. */
static inline uint16_t process_torus(const struct process *process)
{
    return atomic_load_explicit(&process->torus, memory_order_acquire);
}

static inline void process_belongs_to(struct process *process, uint16_t torus)
{
    atomic_store_explicit(&process->torus, torus, memory_order_release);
}

/* Applies event, or refuses with PROCESS_ILLEGAL and changes nothing. O(1). */
enum process_result process_transition(struct process *process, enum process_event event);

/* Would process_transition() accept it? */
bool process_allows(const struct process *process, enum process_event event);

/* FREE -> READY with these attributes, on this torus, which has not queued it yet; id must be its
 * index in the array. */
enum process_result process_create(struct process *process, uint32_t id, uint16_t torus,
                                   const struct process_attributes *attributes);

/* The parent collects a ZOMBIE; afterwards process_destroy() frees the slot. */
enum process_result process_reap(struct process *process, uint32_t parent);
enum process_result process_destroy(struct process *process);

static inline struct process *process_of_link(struct list_link *link)
{
    return list_container_of(link, struct process, link);
}

#endif
