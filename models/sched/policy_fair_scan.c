/* policy_fair_scan.c -- whoever has run least in total runs, found by walking the whole queue.
 *
 * Property: no READY process has less total run time than the one picked.  Weights and priorities
 * play no part, and a newcomer, having run for nothing yet, goes before everybody.
 * Proven bound: as long as all that compete stay, on one core, any two of them are apart by at most
 * what they were at first, or one slice, whichever is more: only who has least gets more, and at
 * most a slice of it.
 * Test: tests/contract/policies.c.
 * Source: L. Kleinrock, "Queueing Systems" 2, 1976, chapter 4 (who has been served least is served
 * first).
 * Complexity: pick is O(n); the rest is O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"

static struct process *fair_scan_pick(void *queue, uint64_t now_ns)
{
    struct policy_fifo *fifo = queue;
    struct process *best = NULL;
    (void)now_ns;
    for (struct list_link *link = fifo->ready.next; link != &fifo->ready; link = link->next) {
        struct process *process = process_of_link(link);
        if (best == NULL || process->runtime_ns < best->runtime_ns)
            best = process;
    }
    if (best != NULL)
        list_remove(&best->link);
    return best;
}

const struct policy policy_fair_scan = {
    .name = "fair_scan",
    .summary = "least total run time first by linear scan; pick O(n)",
    .queue_bytes = sizeof(struct policy_fifo),
    .init = policy_fifo_init,
    .enqueue = policy_fifo_enqueue,
    .dequeue = policy_fifo_dequeue,
    .pick = fair_scan_pick,
    .migratable = policy_fifo_tail,
    .next_migratable = policy_fifo_before,
};
