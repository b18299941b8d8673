/* policy_priority.c -- the highest priority runs: a list for each level, and a bitmap of levels.
 *
 * Property: no queued process has a higher level (levels.h) than the one picked; a woken process
 * that would be picked before the running one preempts it.
 * Proven bound, for one core: with n READY or RUNNING processes, of which none is at a higher level
 * than its own, one waits for at most (n - 1) slices between turns: they are served in turn.
 * Below others it can starve.
 * Test: tests/contract/policies.c.
 *
 * Source: I. Molnar, "Ultra-scalable O(1) SMP and UP scheduler", LKML, January 2002.
 * Complexity: O(1).
 * SPDX-License-Identifier: MIT
 */
#include "braid/levels.h"
#include "braid/policy.h"

static void priority_init(void *queue, const struct policy_setup *setup)
{
    (void)setup;
    levels_init(queue, LEVELS_EPOCH_BITS_MAX);
}

const struct policy policy_priority = {
    .name = "priority",
    .summary = "highest of 128 levels first, preempts on wake-up, low ones can starve; O(1)",
    .queue_bytes = sizeof(struct level_queue),
    .init = priority_init,
    .enqueue = levels_enqueue,
    .dequeue = levels_dequeue,
    .pick = levels_pick,
    .ordered_by = POLICY_BY_PRIORITY,
    .migratable = levels_migratable,
    .next_migratable = levels_next_migratable,
    .preempts = levels_preempts,
};
