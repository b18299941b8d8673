/* inbox.h -- how a process reaches another torus: many producers, one consumer, no lock.
 *
 * A process is its own message, so nothing is allocated and nothing can overflow.  Producers push
 * onto a stack with one compare-and-swap; the owner takes the whole stack with one exchange and
 * turns it round, so that processes come out in the order in which they went in.
 *
 * Invariant: a process is in at most one inbox, and then in no ready queue
 * (tests/unit/inbox.c pushes from several threads).
 *
 * A torus that has nothing to run leaves a request for processes beside the stack.  There is place
 * for one: who comes second asks elsewhere or again later.
 *
 * The stack holds ids + 1 rather than pointers: 32-bit atomics exist on every machine.
 *
 * Source: R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986.  Taking
 * the whole stack at once leaves no ABA problem.
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_INBOX_H
#define BRAID_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "braid/process.h"

struct inbox {
    _Atomic uint32_t head;  /* id + 1 of the newest process; 0: empty */
    _Atomic uint32_t asked; /* a request: count << INBOX_ASKER_BITS | asking torus + 1; 0: none */
};

/* A request is for 1 .. INBOX_ASKED_MOST processes. */
enum { INBOX_ASKER_BITS = 17, INBOX_ASKED_MOST = (1 << (32 - INBOX_ASKER_BITS)) - 1 };

/* Neither processes nor a request. */
static inline bool inbox_is_empty(const struct inbox *inbox)
{
    return (atomic_load_explicit(&inbox->head, memory_order_relaxed) |
            atomic_load_explicit(&inbox->asked, memory_order_relaxed)) == 0;
}

/* Any core may call this.  Returns true if the inbox was empty: then, and only then, its owner
 * may have to be told. */
bool inbox_push(struct inbox *inbox, struct process *process);

/* Only the owner may call this.  Empties the inbox; returns id + 1 of the oldest process, the
 * rest following by inbox_next; 0 when there was none.  O(processes taken). */
uint32_t inbox_take(struct inbox *inbox, struct process *processes);

/* Any core may call this: torus thief would like so many of the owner's processes.  False, and
 * nothing has changed, when another request waits there. */
bool inbox_ask(struct inbox *inbox, uint16_t thief, uint32_t count);

/* Only the owner may call this: takes the request that waits, if any. */
bool inbox_take_request(struct inbox *inbox, uint16_t *thief, uint32_t *count);

#endif
