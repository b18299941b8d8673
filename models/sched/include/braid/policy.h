/* policy.h -- what a scheduling policy is, and what it may assume.
 *
 * A policy decides one thing: the order in which the READY processes of one
 * torus get a core.  The torus does the rest (states, slices, counting) and calls
 * the operations below, one at a time: whoever calls holds the torus.
 *
 * Contract (tests/contract/policies.c holds every policy to it)
 *   Memory  Nothing is allocated.  A policy says how many bytes of queue it wants
 *           per torus; it has process->policy, 64 zeroed bytes, and process->link.
 *           The rest of a process (id, state, torus, ...) it reads and never writes.
 *   Time    Nanoseconds, never going back; passed in, never read from a clock.
 *   Run     process->runtime_ns is exact whenever an operation is called with a process, except
 *           that preempts() sees running processes charged up to since_ns only.
 *   Change  Weight and priority may change at any time.  Of a queued process torus_change() tells
 *           by dequeue() and enqueue(), if the queue is ordered by it; of another a policy learns
 *           when it is queued next.
 *   Ties    Between equals, who queued first goes first; but one that was preempted within its
 *           slice (slice_ns > 0) has not had its turn yet, and goes before them.
 *   Code    Freestanding C11: no libc, no floating point, no mutable globals.
 *
 * Adding a policy is one file, policy_NAME.c, and one line in POLICY_LIST.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_POLICY_H
#define BRAID_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "braid/process.h"

enum policy_order { POLICY_BY_PRIORITY = 1, POLICY_BY_WEIGHT = 2 };

/* What a policy may know of its torus. */
struct policy_setup {
    uint64_t slice_ns; /* of each turn */
    uint32_t random;   /* seed */
    uint32_t cores;    /* that the torus serves */
};

struct policy {
    const char *name;     /* as in scenarios: "rr" */
    const char *summary;  /* one line: what it does, and its complexity */
    uint32_t queue_bytes; /* state per torus */

    /* ---- Required ------------------------------------------------------- */

    /* A torus comes up: make its queue empty. */
    void (*init)(void *queue, const struct policy_setup *setup);

    /* process has become READY and belongs to this torus: queue it.  It is new, woken, moved here,
     * or one that pick() gave out and that comes back from its core. */
    void (*enqueue)(void *queue, struct process *process, uint64_t now_ns);

    /* A queued process leaves without running (it is moved away): unqueue it. */
    void (*dequeue)(void *queue, struct process *process);

    /* A core is free: unqueue the process that runs next; NULL when none is queued. */
    struct process *(*pick)(void *queue, uint64_t now_ns);

    /* The queued process that the torus would miss least, still queued; NULL when none is, or only
     * such as have a reservation here. */
    struct process *(*migratable)(void *queue);

    /* ---- Optional: NULL or 0 means what is said here --------------------- */

    /* enum policy_order: what the queue is ordered by.  Where that changes of a queued process,
     * torus_change() unqueues it and queues it anew; other changes it need not hear of.  0: neither
     * matters, or both are looked at when it picks. */
    uint32_t ordered_by;

    /* The queued process that the torus would miss least after this one, which migratable() or this
     * has just returned; NULL when there is none.  NULL: nobody else is offered. */
    struct process *(*next_migratable)(void *queue, struct process *process);

    /* Should woken, just queued, take the core from running?  NULL: never.  The torus also asks
     * it of two running processes, to find the one that is to be displaced. */
    bool (*preempts)(void *queue, const struct process *running, const struct process *woken,
                     uint64_t now_ns);

    /* process, which pick() gave out, leaves its core and is not queued again: it blocks, exits or
     * goes to another torus, and comes back here or elsewhere, if at all.  NULL: that is nothing to
     * the policy. */
    void (*leave)(void *queue, struct process *process, uint64_t now_ns);

    /* How long may process, which pick() has just given out for a new turn, run before the torus
     * asks again?  At least 1.  NULL: a slice. */
    uint64_t (*turn_ns)(void *queue, const struct process *process);

    /* So many cores serve the torus from now on: one has left, or come back.  NULL: that is nothing
     * to the policy. */
    void (*serve)(void *queue, uint32_t cores);

    /* A new process, not queued yet, asks for a reservation: budget_ns of CPU time in every
     * period_ns.  False: it does not fit, and nothing has changed.  NULL: none ever does. */
    bool (*admit)(void *queue, struct process *process, const struct process_attributes *attributes,
                  uint64_t now_ns);

    /* process, which was admitted and is not queued, has come to its end.  NULL with admit. */
    void (*end)(void *queue, struct process *process, uint64_t now_ns);
};

/* All of them, one line each, in the order of `braidsim list policies`: policy_NAME.c defines
 * policy_NAME. */
#define POLICY_LIST(POLICY)                                                                        \
    POLICY(rr)                                                                                     \
    POLICY(priority_scan)                                                                          \
    POLICY(fair_scan)                                                                              \
    POLICY(priority)                                                                               \
    POLICY(priority_aging)                                                                         \
    POLICY(fair)                                                                                   \
    POLICY(eevdf)                                                                                  \
    POLICY(stride)                                                                                 \
    POLICY(lottery)                                                                                \
    POLICY(mlfq)                                                                                   \
    POLICY(io_aware)                                                                               \
    POLICY(edf)

#define POLICY_DECLARE(name) extern const struct policy policy_##name;
POLICY_LIST(POLICY_DECLARE)

extern const struct policy *const policy_list[]; /* ends with NULL */

/* The plain FIFO of READY processes that most policies keep. */
struct policy_fifo {
    struct list_link ready;
};

void policy_fifo_init(void *queue, const struct policy_setup *setup);
void policy_fifo_enqueue(void *queue, struct process *process, uint64_t now_ns);
void policy_fifo_dequeue(void *queue, struct process *process);
struct process *policy_fifo_tail(void *queue);
struct process *policy_fifo_before(void *queue, struct process *process);

#endif
