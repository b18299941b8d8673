/* policy_priority_aging.c -- the highest priority runs, but who waits rises.
 *
 * Property: a queued process rises by a level (levels.h) with each epoch, of 8 to 16 slices; those
 * that have risen beyond the top go first come, first served, before all others.  A woken process
 * that would be picked before the running one preempts it.
 * Proven bound, for n processes on one core, slice q and epoch a: a process of level p that is
 * queued runs within (128 - p) a + n q, as by then it is due, and of those before it each has at
 * most the rest of one slice: whoever queues after using up his slice gets a later rank.
 *
 * One that a balancer moves to another torus keeps its age there, and goes first if it is the
 * oldest of those that are due; one that is taken over begins anew.
 *
 * Test: tests/contract/policy_bounds.c, policy_rules.c.
 * Source: J. Peterson and A. Silberschatz, "Operating System Concepts", 1983, section 4.3.3; the
 * ring of lists is ours.
 * Complexity: O(1).
 * SPDX-License-Identifier: MIT
 */
#include "braid/levels.h"
#include "braid/policy.h"

enum { EPOCH_SLICES = 8 };

static void priority_aging_init(void *queue, const struct policy_setup *setup)
{
    uint32_t epoch_bits = 0;
    while (epoch_bits < LEVELS_EPOCH_BITS_MAX &&
           (UINT64_C(1) << epoch_bits) / EPOCH_SLICES < setup->slice_ns)
        epoch_bits++;
    levels_init(queue, epoch_bits);
}

const struct policy policy_priority_aging = {
    .name = "priority_aging",
    .summary = "priority, but who waits rises by a level every 8 to 16 slices; O(1)",
    .queue_bytes = sizeof(struct level_queue),
    .init = priority_aging_init,
    .enqueue = levels_enqueue,
    .dequeue = levels_dequeue,
    .pick = levels_pick,
    .ordered_by = POLICY_BY_PRIORITY,
    .migratable = levels_migratable,
    .next_migratable = levels_next_migratable,
    .preempts = levels_preempts,
};
