/* policies.c -- the list of policies, and the FIFO that several of them share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"

#define POLICY_ADDRESS(name) &policy_##name,

const struct policy *const policy_list[] = { POLICY_LIST(POLICY_ADDRESS) NULL };

void policy_fifo_init(void *queue, const struct policy_setup *setup)
{
    struct policy_fifo *fifo = queue;
    (void)setup;
    list_init(&fifo->ready);
}

void policy_fifo_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct policy_fifo *fifo = queue;
    (void)now_ns;
    if (process->slice_ns > 0)
        list_push_front(&fifo->ready, &process->link);
    else
        list_push_back(&fifo->ready, &process->link);
}

void policy_fifo_dequeue(void *queue, struct process *process)
{
    (void)queue;
    list_remove(&process->link);
}

/* The tail would wait longest here, so it gains most by leaving. */
struct process *policy_fifo_before(void *queue, struct process *process)
{
    struct policy_fifo *fifo = queue;
    return process->link.prev != &fifo->ready ? process_of_link(process->link.prev) : NULL;
}

struct process *policy_fifo_tail(void *queue)
{
    struct policy_fifo *fifo = queue;
    return list_is_empty(&fifo->ready) ? NULL : process_of_link(fifo->ready.prev);
}
