/* policy_stride.c -- stride scheduling: deterministic proportional shares.
 *
 * Each process has a pass, the virtual time (share.h) at which its next slice would be over; the
 * least pass runs.  A process that leaves takes along how far the virtual time of the queue is
 * ahead of what it has received, its lag, and has that again when it comes back; what it takes
 * along or brings is shared out among those that stay, by weight.
 *
 * Proven bound: of two processes that both compete, on one core and using up their slices, neither
 * receives a slice more or less of what the two receive than its share of that (pairwise error
 * below one quantum; tests/contract/policy_bounds.c).  A process's own error can be of the order of
 * n slices.  On several cores, one whose weight is due more than a core runs apart (share.h), and
 * no error exceeds six slices in what is tested (policy_cores.c).
 *
 * But nobody preempts: who sleeps, and waits for another's slice each time that it wakes, is owed
 * ever more, up to 17 s; those that stay have had that, and wait for as long when others come whose
 * weight lets them.
 *
 * pick, enqueue, dequeue O(log n); the rest O(1), but migratable O(log n).
 * Source: C. Waldspurger and W. Weihl, "Stride scheduling: deterministic proportional-share
 * resource management", MIT/LCS/TM-528, 1995, sections 2 and 3.  There nobody gets what one that
 * leaves takes along, so that those that stay drift away from the time at which others join.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/share.h"

/* Lags are of the order of n slices: no more than 17 s are kept. */
#define STRIDE_MOST_NS (SHARE_MOST_NS >> 10)

/* node.key is the pass. */
struct stride_queue {
    struct tree tree;
    struct virtual_time time;
    uint64_t slice_ns;
};

static void stride_init(void *queue, const struct policy_setup *setup)
{
    struct stride_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    virtual_time_init(&q->time, setup->cores, STRIDE_MOST_NS);
    q->slice_ns = setup->slice_ns < SHARE_MOST_NS ? setup->slice_ns : SHARE_MOST_NS;
}

static void stride_serve(void *queue, uint32_t cores)
{
    struct stride_queue *q = queue;
    q->time.cores = cores;
}

static void stride_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct stride_queue *q = queue;
    struct share *share = share_of(process);
    share_enter(&q->time, share, process, now_ns);
    share->node.key = share->received + share_scaled(share, q->slice_ns);
    tree_insert(&q->tree, &share->node, process->slice_ns > 0, NULL);
}

static void stride_dequeue(void *queue, struct process *process)
{
    struct stride_queue *q = queue;
    struct share *share = share_of(process);
    tree_remove(&q->tree, &share->node, NULL);
    share_part(&q->time, share);
}

static struct process *stride_pick(void *queue, uint64_t now_ns)
{
    struct stride_queue *q = queue;
    virtual_time_advance(&q->time, now_ns);
    if (q->tree.first == NULL)
        return NULL;
    struct process *process = process_of_node(q->tree.first);
    tree_remove_first(&q->tree);
    share_start(&q->time, share_of(process), process);
    return process;
}

static void stride_leave(void *queue, struct process *process, uint64_t now_ns)
{
    struct stride_queue *q = queue;
    share_leave(&q->time, share_of(process), process, now_ns);
}

static struct process *stride_migratable(void *queue)
{
    struct stride_queue *q = queue;
    struct tree_node *last = tree_last(&q->tree);
    return last != NULL ? process_of_node(last) : NULL;
}

const struct policy policy_stride = {
    .name = "stride",
    .summary = "proportional shares, pairwise within one slice: least pass first; O(log n)",
    .queue_bytes = sizeof(struct stride_queue),
    .init = stride_init,
    .enqueue = stride_enqueue,
    .dequeue = stride_dequeue,
    .pick = stride_pick,
    .ordered_by = POLICY_BY_WEIGHT,
    .migratable = stride_migratable,
    .next_migratable = share_next_migratable,
    .leave = stride_leave,
    .serve = stride_serve,
};
