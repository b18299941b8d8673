/* policy_rr.c -- round robin: one FIFO; the head runs for a slice, then joins the tail.
 *
 * Property: who queued first is picked first; one that was preempted within its slice goes on.
 * Proven bound: with n READY or RUNNING processes on a torus of one core, none waits more than
 * (n - 1) slices between turns, scheduling costs aside (tests/contract/policies.c).
 * Source: L. Kleinrock, "Analysis of a time-shared processor", 1964.
 * Complexity: O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"

static struct process *rr_pick(void *queue, uint64_t now_ns)
{
    struct policy_fifo *fifo = queue;
    (void)now_ns;
    if (list_is_empty(&fifo->ready))
        return NULL;
    struct process *head = process_of_link(fifo->ready.next);
    list_remove(&head->link);
    return head;
}

const struct policy policy_rr = {
    .name = "rr",
    .summary = "round robin: FIFO, back to the tail when the slice is used; O(1)",
    .queue_bytes = sizeof(struct policy_fifo),
    .init = policy_fifo_init,
    .enqueue = policy_fifo_enqueue,
    .dequeue = policy_fifo_dequeue,
    .pick = rr_pick,
    .migratable = policy_fifo_tail,
    .next_migratable = policy_fifo_before,
};
