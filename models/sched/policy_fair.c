/* policy_fair.c -- who has received the least virtual time runs, and sleepers come back near them.
 *
 * A process receives virtual time by its weight (share.h).  The floor of a queue is the most that
 * any picked process had received, and never falls.  A woken process goes on where it was, but at
 * most half a nominal slice behind the floor, so that it gains little by having slept; a new one
 * begins a slice of its own ahead of it.  A woken process preempts one that is ahead of it by more
 * than a quarter of the woken one's slice.
 *
 * Properties (tests/contract/policy_bounds.c)
 *   - No queued process has received less virtual time than the one picked.
 *   - Proven bound: as long as all that compete stay, on one core, any two of them are apart by at
 *     most the virtual time of one slice of the lighter one: who runs had the least before, and
 *     gained a slice.
 *
 * pick, enqueue, dequeue O(log n); the rest O(1), but migratable O(log n).
 * Source: I. Molnar, "Modular scheduler core and completely fair scheduler", LKML, April 2007.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/share.h"

/* node.key is the virtual time received.  While a process is away, received keeps that, and
 * node.scratch the floor of the queue that it left. */
enum { LEFT_FLOOR = 2 };

struct fair_queue {
    struct tree tree;
    uint64_t floor;
    uint64_t slice_ns;
};

static void fair_init(void *queue, const struct policy_setup *setup)
{
    struct fair_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    q->floor = 0;
    q->slice_ns = setup->slice_ns < SHARE_MOST_NS ? setup->slice_ns : SHARE_MOST_NS;
}

/* Where a process that comes from elsewhere or from sleep begins. */
static void fair_place(struct fair_queue *q, struct share *share, const struct process *process)
{
    bool is_new = share_weight(share) == 0;
    share_weigh(share, process->weight);
    if (is_new) {
        share->received = q->floor + share_scaled(share, q->slice_ns);
        return;
    }
    if (share->torus != process_torus(process))
        share->received += q->floor - share->node.scratch[LEFT_FLOOR];
    uint64_t least = q->floor - (q->slice_ns / 2 << SHARE_NOMINAL_SHIFT);
    if (tree_before(share->received, least))
        share->received = least;
}

/* What it has run counts by the weight that it had. */
static void fair_charge(struct share *share, const struct process *process)
{
    uint64_t ran_ns = process->runtime_ns - share->node.scratch[SHARE_RUNTIME_NS];
    share->received += share_scaled(share, ran_ns);
}

static void fair_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct fair_queue *q = queue;
    struct share *share = share_of(process);
    (void)now_ns;
    if (share->state == SHARE_PICKED) {
        fair_charge(share, process);
        share_weigh(share, process->weight);
    } else {
        fair_place(q, share, process);
    }
    share->state = SHARE_QUEUED;
    share->torus = process_torus(process);
    share->node.key = share->received;
    tree_insert(&q->tree, &share->node, process->slice_ns > 0, NULL);
}

static void fair_dequeue(void *queue, struct process *process)
{
    struct fair_queue *q = queue;
    struct share *share = share_of(process);
    tree_remove(&q->tree, &share->node, NULL);
    share->state = SHARE_AWAY;
    share->node.scratch[LEFT_FLOOR] = q->floor;
}

static struct process *fair_pick(void *queue, uint64_t now_ns)
{
    struct fair_queue *q = queue;
    (void)now_ns;
    if (q->tree.first == NULL)
        return NULL;
    struct process *process = process_of_node(q->tree.first);
    struct share *share = share_of(process);
    tree_remove_first(&q->tree);
    if (tree_before(q->floor, share->received))
        q->floor = share->received;
    share->state = SHARE_PICKED;
    share->node.scratch[SHARE_RUNTIME_NS] = process->runtime_ns;
    return process;
}

static void fair_leave(void *queue, struct process *process, uint64_t now_ns)
{
    struct fair_queue *q = queue;
    struct share *share = share_of(process);
    (void)now_ns;
    fair_charge(share, process);
    share->state = SHARE_AWAY;
    share->node.scratch[LEFT_FLOOR] = q->floor;
}

/* The one that has received most. */
static struct process *fair_migratable(void *queue)
{
    struct fair_queue *q = queue;
    struct tree_node *last = tree_last(&q->tree);
    return last != NULL ? process_of_node(last) : NULL;
}

static uint64_t received_by_now(const struct process *process, uint64_t now_ns)
{
    const struct share *share = share_of(process);
    if (share->state != SHARE_PICKED)
        return share->received;
    return share->received + share_scaled(share, share_ran_ns(share, process, now_ns));
}

static bool fair_preempts(void *queue, const struct process *running, const struct process *woken,
                          uint64_t now_ns)
{
    const struct fair_queue *q = queue;
    uint64_t margin = share_scaled(share_of(woken), q->slice_ns / 4);
    return tree_before(received_by_now(woken, now_ns) + margin, received_by_now(running, now_ns));
}

const struct policy policy_fair = {
    .name = "fair",
    .summary = "least virtual time by weight first, sleepers placed near them; O(log n)",
    .queue_bytes = sizeof(struct fair_queue),
    .init = fair_init,
    .enqueue = fair_enqueue,
    .dequeue = fair_dequeue,
    .pick = fair_pick,
    .ordered_by = POLICY_BY_WEIGHT,
    .migratable = fair_migratable,
    .next_migratable = share_next_migratable,
    .preempts = fair_preempts,
    .leave = fair_leave,
};
