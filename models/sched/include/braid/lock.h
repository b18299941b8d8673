/* lock.h -- locks that guard a torus which serves several cores, or which others may touch.
 *
 * A live port takes these; the simulator models their time instead (models/machine/lock_model.h).
 * Ticket and MCS locks are first come, first served; the others have no order, and a waiter may
 * starve.  tests/unit/locks.c counts under contention.
 *
 * Sources: T. Anderson, "The performance of spin lock alternatives for shared-memory
 * multiprocessors", IEEE TPDS 1(1), 1990 (test-and-set, test-and-test-and-set, back-off);
 * J. Mellor-Crummey and M. Scott, "Algorithms for scalable synchronization on shared-memory
 * multiprocessors", ACM TOCS 9(1), 1991 (ticket, MCS).
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_LOCK_H
#define BRAID_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One word that is swapped for 1 until it was 0.  The ways to wait differ; all of them may be used
 * on one lock. */
struct lock_tas {
    _Atomic uint32_t held;
};

void lock_tas_acquire(struct lock_tas *lock);          /* swaps all the time */
void lock_ttas_acquire(struct lock_tas *lock);         /* swaps when it has read 0 */
void lock_ttas_backoff_acquire(struct lock_tas *lock); /* reads ever more rarely, up to a limit */
bool lock_tas_try(struct lock_tas *lock);              /* one swap; true: it is held now */
void lock_tas_release(struct lock_tas *lock);

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
