/* policy_priority_scan.c -- the highest priority runs, found by walking the whole queue.
 *
 * Property: no READY process has a higher priority than the one picked; a woken process of
 * higher priority preempts (tests/contract/policies.c).  pick is O(n); the rest is O(1).
 * A process of low priority can starve: there is no aging.
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
    .migratable = policy_fifo_tail,
    .next_migratable = policy_fifo_before,
    .preempts = priority_scan_preempts,
};
