/* policy_priority_scan.c -- the highest priority runs, found by walking the whole queue.
 *
 * Property: no READY process has a higher priority than the one picked; a woken process of
 * higher priority preempts.
 * Proven bound, for one core: with n READY or RUNNING processes, of which none has a higher
 * priority than its own, one waits for at most (n - 1) slices between turns: they are served in
 * turn.  Below others it can starve: there is no aging.
 * Test: tests/contract/policies.c.
 * Source: one list that is walked at every decision: schedule() of Linux 1.0 to 2.4 (D. Bovet and
 * M. Cesati, "Understanding the Linux Kernel", 1st ed., 2000, chapter 10), for plain priorities.
 * Complexity: pick is O(n); the rest is O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"

static struct process *priority_scan_pick(void *queue, uint64_t now_ns)
{
    struct policy_fifo *fifo = queue;
    struct process *best = NULL;
    (void)now_ns;
    for (struct list_link *link = fifo->ready.next; link != &fifo->ready; link = link->next) {
        struct process *process = process_of_link(link);
        if (best == NULL || process->priority > best->priority)
            best = process;
    }
    if (best != NULL)
        list_remove(&best->link);
    return best;
}

static bool priority_scan_preempts(void *queue, const struct process *running,
                                   const struct process *woken, uint64_t now_ns)
{
    (void)queue, (void)now_ns;
    return woken->priority > running->priority;
}

const struct policy policy_priority_scan = {
    .name = "priority_scan",
    .summary = "highest priority first by linear scan, preempts on wake-up; pick O(n)",
    .queue_bytes = sizeof(struct policy_fifo),
    .init = policy_fifo_init,
    .enqueue = policy_fifo_enqueue,
    .dequeue = policy_fifo_dequeue,
    .pick = priority_scan_pick,
    .ordered_by = POLICY_BY_PRIORITY, /* to queue it anew looks for a core, too */
    .migratable = policy_fifo_tail,
    .next_migratable = policy_fifo_before,
    .preempts = priority_scan_preempts,
};
