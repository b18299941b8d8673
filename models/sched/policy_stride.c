/* policy_stride.c -- stride scheduling: deterministic proportional shares.
 *
 * Each process has a pass, the virtual time (share.h) at which its next slice would be over; the
 * least pass runs.  A process that leaves takes along how far its pass lies ahead of the virtual
 * time of the queue, and has that again when it comes back.
 *
 * Proven bound: of two processes that both compete, on one core and using up their slices, neither
 * receives a slice more or less of what the two receive than its share of that (pairwise error
 * below one quantum; tests/contract/policy_bounds.c).  A process's own error can be of the order of
 * n slices.  On several cores, one whose weight is due more than a core runs apart (share.h), and
 * no error exceeds six slices in what is tested (policy_cores.c).
 *
 * pick, enqueue, dequeue O(log n); the rest O(1), but migratable O(log n).
 * Source: C. Waldspurger and W. Weihl, "Stride scheduling: deterministic proportional-share
 * resource management", MIT/LCS/TM-528, 1995, sections 2 and 3.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/share.h"

/* node.key is the pass; while a process is away, share.received is the pass less the virtual time
 * of the queue ("remain").  Nobody's lag moves that time, so it is joined at its very value. */
struct stride_queue {
    struct tree tree;
    struct virtual_time time;
    uint64_t slice_ns;
};

static void stride_init(void *queue, const struct policy_setup *setup)
{
    struct stride_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    virtual_time_init(&q->time, setup->cores);
    q->slice_ns = setup->slice_ns < SHARE_MOST_NS ? setup->slice_ns : SHARE_MOST_NS;
}

/* As if it had received what all did. */
static void stride_count(struct stride_queue *q, struct share *share)
{
    share->received = q->time.base;
    virtual_time_join(&q->time, share);
}

static void stride_discount(struct stride_queue *q, struct share *share)
{
    share->received = q->time.base;
    virtual_time_part(&q->time, share);
    share->received = share->node.key - q->time.base;
    share->state = SHARE_AWAY;
}

/* A weight that changes scales what remains. */
static void stride_join(struct stride_queue *q, struct share *share, uint32_t weight)
{
    uint64_t remain = share->received, before = share_weight(share);
    bool is_behind = (int64_t)remain < 0;
    uint64_t size = is_behind ? -remain : remain;
    share_weigh(share, weight);
    if (before == 0)
        size = share_scaled(share, q->slice_ns);
    else if (before != share_weight(share))
        size = share_divide(size * before, share_weight(share));
    share->node.key = is_behind ? q->time.base - size : q->time.base + size;
    stride_count(q, share);
}

static void stride_charge(struct share *share, const struct process *process)
{
    uint64_t ran_ns = process->runtime_ns - share->node.scratch[SHARE_RUNTIME_NS];
    share->node.key += share_scaled(share, ran_ns);
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
    virtual_time_advance(&q->time, now_ns);
    if (share->state == SHARE_PICKED) {
        q->time.running--;
        stride_charge(share, process);
        if (share_weight(share) != process->weight && process->weight != 0) {
            stride_discount(q, share);
            stride_join(q, share, process->weight);
        }
    } else {
        q->time.apart -= share->state == SHARE_APART;
        stride_join(q, share, process->weight);
    }
    share->state = SHARE_QUEUED;
    tree_insert(&q->tree, &share->node, process->slice_ns > 0, NULL);
}

static void stride_dequeue(void *queue, struct process *process)
{
    struct stride_queue *q = queue;
    struct share *share = share_of(process);
    tree_remove(&q->tree, &share->node, NULL);
    stride_discount(q, share);
}

static struct process *stride_pick(void *queue, uint64_t now_ns)
{
    struct stride_queue *q = queue;
    virtual_time_advance(&q->time, now_ns);
    if (q->tree.first == NULL)
        return NULL;
    struct process *process = process_of_node(q->tree.first);
    struct share *share = share_of(process);
    tree_remove(&q->tree, &share->node, NULL);
    if (share_fills_a_core(&q->time, share)) {
        stride_discount(q, share);
        share->state = SHARE_APART;
        q->time.apart++;
    } else {
        share_start(&q->time, share, process);
    }
    return process;
}

static void stride_leave(void *queue, struct process *process, uint64_t now_ns)
{
    struct stride_queue *q = queue;
    struct share *share = share_of(process);
    virtual_time_advance(&q->time, now_ns);
    if (share->state == SHARE_APART) {
        q->time.apart--;
        share->state = SHARE_AWAY;
        return;
    }
    q->time.running--;
    stride_charge(share, process);
    stride_discount(q, share);
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
