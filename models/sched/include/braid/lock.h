/* lock.h -- locks that guard a torus which serves several cores.
 *
 * A live port takes these; the simulator models their time instead (models/machine/lock_model.h).
 * Both are first come, first served.  tests/unit/locks.c counts under contention.
 *
 * Source: J. Mellor-Crummey and M. Scott, "Algorithms for scalable synchronization on
 * shared-memory multiprocessors", ACM TOCS 9(1), 1991 (both algorithms).
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_LOCK_H
#define BRAID_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

/* Take a number; wait until it is served.  All waiters spin on one line. */
struct lock_ticket {
    _Atomic uint32_t next;   /* the number that the next comer takes */
    _Atomic uint32_t served; /* the number that holds the lock */
};

void lock_ticket_acquire(struct lock_ticket *lock);
void lock_ticket_release(struct lock_ticket *lock);

/* A queue of waiters, each spinning on its own line. */
struct lock_mcs_node {
    _Alignas(64) struct lock_mcs_node *_Atomic next;
    _Atomic uint32_t waiting;
};

struct lock_mcs {
    struct lock_mcs_node *_Atomic tail; /* NULL: free */
};

/* node is the caller's, and untouched by it until release. */
void lock_mcs_acquire(struct lock_mcs *lock, struct lock_mcs_node *node);
void lock_mcs_release(struct lock_mcs *lock, struct lock_mcs_node *node);

#endif
