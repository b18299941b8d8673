/* locks.c -- test-and-set, ticket and MCS locks; see lock.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/lock.h"

#include <stddef.h>

static inline void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" ::: "memory"); /* so that delays are not optimised away */
#endif
}

/* ---- Test-and-set ------------------------------------------------------------------------- */

/* Pauses between two looks: the first, and the most.  A pause is some tens of cycles, so the first
 * delay is about one transfer of a line and the longest as much as 64 of them. */
enum { BACKOFF_FIRST = 4, BACKOFF_LIMIT = 64 * BACKOFF_FIRST };

static bool is_held(const struct lock_tas *lock)
{
    return atomic_load_explicit(&lock->held, memory_order_relaxed) != 0;
}

bool lock_tas_try(struct lock_tas *lock)
{
    return atomic_exchange_explicit(&lock->held, 1, memory_order_acquire) == 0;
}

void lock_tas_acquire(struct lock_tas *lock)
{
    while (!lock_tas_try(lock))
        spin_pause();
}

void lock_ttas_acquire(struct lock_tas *lock)
{
    while (!lock_tas_try(lock))
        while (is_held(lock))
            spin_pause();
}

void lock_ttas_backoff_acquire(struct lock_tas *lock)
{
    uint32_t delay = BACKOFF_FIRST;
    while (is_held(lock) || !lock_tas_try(lock)) {
        for (uint32_t i = 0; i < delay; i++)
            spin_pause();
        if (delay < BACKOFF_LIMIT)
            delay *= 2;
    }
}

void lock_tas_release(struct lock_tas *lock)
{
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}

/* ---- Ticket ------------------------------------------------------------------------------- */

void lock_ticket_acquire(struct lock_ticket *lock)
{
    uint32_t mine = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
    while (atomic_load_explicit(&lock->served, memory_order_acquire) != mine)
        spin_pause();
}

void lock_ticket_release(struct lock_ticket *lock)
{
    uint32_t served = atomic_load_explicit(&lock->served, memory_order_relaxed);
    atomic_store_explicit(&lock->served, served + 1, memory_order_release);
}

/* ---- MCS ---------------------------------------------------------------------------------- */

void lock_mcs_acquire(struct lock_mcs *lock, struct lock_mcs_node *node)
{
    atomic_store_explicit(&node->next, NULL, memory_order_relaxed);
    atomic_store_explicit(&node->waiting, 1, memory_order_relaxed);
    struct lock_mcs_node *before =
        atomic_exchange_explicit(&lock->tail, node, memory_order_acq_rel);
    if (before == NULL)
        return;
    atomic_store_explicit(&before->next, node, memory_order_release);
    while (atomic_load_explicit(&node->waiting, memory_order_acquire))
        spin_pause();
}

void lock_mcs_release(struct lock_mcs *lock, struct lock_mcs_node *node)
{
    struct lock_mcs_node *next = atomic_load_explicit(&node->next, memory_order_acquire);
    if (next == NULL) {
        struct lock_mcs_node *expected = node;
        if (atomic_compare_exchange_strong_explicit(&lock->tail, &expected, NULL,
                                                    memory_order_release, memory_order_relaxed))
            return;
        do { /* a comer has swapped the tail and not yet linked itself */
            spin_pause();
            next = atomic_load_explicit(&node->next, memory_order_acquire);
        } while (next == NULL);
    }
    atomic_store_explicit(&next->waiting, 0, memory_order_release);
}
