/* policy_eevdf.c -- earliest eligible virtual deadline first.
 *
 * A process asks for a slice at a time.  It is eligible while it has received no more virtual time
 * than the queue has gone through (share.h), that is while its lag is not negative, and its request
 * is due a slice's worth of virtual time after it began.  Of the eligible processes the one with
 * the earliest deadline runs.  A process whose turn is over, as its slice is used up or it yields,
 * makes its next request; one that was preempted goes on with the same.  A process that leaves with
 * a lag, to sleep or to another torus, has it when it comes back; what it takes along or brings is
 * shared out among those that stay, by weight.  A woken process preempts if it is eligible and due
 * before the running one.
 *
 * On several cores, one whose weight is due more than a core runs apart (share.h).
 *
 * Properties (tests/contract/policy_bounds.c, policy_cores.c)
 *   - Of the eligible queued processes, none has an earlier deadline than the one picked; some
 *     competing process is always eligible (where those all run, the queued one that has received
 *     least counts as such).
 *   - Proven bound: on one core, with slices used up, no lag exceeds one slice, either way.  On
 *     several, where the proof does not hold, none exceeds three slices in what is tested.
 *   - Lags sum to 0, within what rounding makes.
 *
 * pick, enqueue, dequeue O(log n): the tree is ordered by deadline and knows the least virtual time
 * received in every subtree, so that one descent finds the process, unless it is the first.  The
 * rest is O(1), but migratable O(log n).
 *
 * Source: I. Stoica and H. Abdel-Wahab, "Earliest eligible virtual deadline first", TR 95-22, Old
 * Dominion University, 1995: theorem 1 and corollary, strategy 1 for leaving and joining.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/share.h"

/* node.key is the deadline; while a process is away, share.received is its lag in virtual time. */
struct eevdf_queue {
    struct tree tree;
    struct virtual_time time;
    uint64_t request_ns;
};

/* The earlier virtual time; no branch, as it would be mispredicted half the time. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
    return b + ((a - b) & tree_mask(a, b));
}

/* The summary is the least virtual time received in the subtree. */
static void least_summarise(struct tree_node *node)
{
    uint64_t received = ((struct share *)node)->received;
    const struct tree_node *left = node->child[0], *right = node->child[1];
    uint64_t of_left = left != NULL ? left->summary : received;
    uint64_t of_right = right != NULL ? right->summary : received;
    node->summary = earlier(received, earlier(of_left, of_right));
}

static void least_add(struct tree_node *node, const struct tree_node *added)
{
    node->summary = earlier(((const struct share *)added)->received, node->summary);
}

static bool least_take(struct tree_node *node, const struct tree_node *taken)
{
    uint64_t before = node->summary;
    if (((const struct share *)taken)->received != before)
        return false; /* not the least here, so not further up */
    least_summarise(node);
    return true;
}

static const struct tree_summary least_received = { least_summarise, least_add, least_take };

static void eevdf_init(void *queue, const struct policy_setup *setup)
{
    struct eevdf_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    virtual_time_init(&q->time, setup->cores);
    q->request_ns = setup->slice_ns < SHARE_MOST_NS ? setup->slice_ns : SHARE_MOST_NS;
}

/* ---- Joining and parting ------------------------------------------------------------------ */

/* The lag as it is in virtual time at another weight: the same service. */
static int64_t lag_at_weight(struct share *share, uint32_t weight)
{
    int64_t lag = (int64_t)share->received;
    uint64_t service = (uint64_t)(lag < 0 ? -lag : lag) * share_weight(share);
    if (share_weight(share) == weight)
        return lag;
    share_weigh(share, weight);
    service = share_divide(service, share_weight(share));
    return lag < 0 ? -(int64_t)service : (int64_t)service;
}

/* With the others' weight W, a lag l that joins moves the virtual time by -l w / (W + w), so it has
 * to be l (W + w) / W before. */
static void eevdf_join(struct eevdf_queue *q, struct share *share, uint32_t weight)
{
    int64_t lag = lag_at_weight(share, weight);
    uint64_t others = q->time.weight;
    uint64_t size = (uint64_t)(lag < 0 ? -lag : lag);
    size = others != 0 ? size + share_divide(size * share_weight(share), others) : 0;
    share->received = lag < 0 ? q->time.base + size : q->time.base - size;
    share->node.key = share->received + share_scaled(share, q->request_ns);
    virtual_time_join(&q->time, share);
}

/* What is beyond a slice comes of others that left and joined, or of several cores. */
static void eevdf_part(struct eevdf_queue *q, struct share *share)
{
    int64_t lag = (int64_t)(q->time.base - share->received);
    int64_t most = (int64_t)share_scaled(share, q->request_ns);
    virtual_time_part(&q->time, share);
    lag = lag < most ? lag : most;
    share->received = (uint64_t)(lag > -most ? lag : -most);
    share->state = SHARE_AWAY;
}

/* ---- The operations ----------------------------------------------------------------------- */

/* A running process comes back, with its next request if it is through with the last one. */
static void eevdf_return(struct eevdf_queue *q, struct share *share, const struct process *process,
                         uint64_t now_ns)
{
    share_stop(&q->time, share, process, now_ns);
    if (process->slice_ns == 0 || !tree_before(share->received, share->node.key))
        share->node.key = share->received + share_scaled(share, q->request_ns);
    if (share_weight(share) != process->weight && process->weight != 0) {
        eevdf_part(q, share);
        eevdf_join(q, share, process->weight);
    }
}

static void eevdf_serve(void *queue, uint32_t cores)
{
    struct eevdf_queue *q = queue;
    q->time.cores = cores;
}

static void eevdf_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    struct share *share = share_of(process);
    if (share->state == SHARE_PICKED) {
        eevdf_return(q, share, process, now_ns);
    } else {
        virtual_time_advance(&q->time, now_ns);
        q->time.apart -= share->state == SHARE_APART;
        eevdf_join(q, share, process->weight != 0 ? process->weight : 1);
    }
    share->state = SHARE_QUEUED;
    tree_insert(&q->tree, &share->node, process->slice_ns > 0, &least_received);
}

/* At the time of the last call: those that have run since have not been charged yet. */
static void eevdf_dequeue(void *queue, struct process *process)
{
    struct eevdf_queue *q = queue;
    struct share *share = share_of(process);
    tree_remove(&q->tree, &share->node, &least_received);
    eevdf_part(q, share);
}

/* The earliest deadline among those that have received at most `most`; there is one. */
static struct tree_node *earliest_eligible(const struct tree *tree, uint64_t most)
{
    struct tree_node *node = tree->root;
    if (!tree_before(most, ((struct share *)tree->first)->received))
        return tree->first; /* as a rule */
    for (;;) {
        struct tree_node *left = node->child[0];
        if (left != NULL && !tree_before(most, left->summary))
            node = left;
        else if (!tree_before(most, ((struct share *)node)->received))
            return node;
        else
            node = node->child[1];
    }
}

static struct process *eevdf_pick(void *queue, uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    struct tree_node *root = q->tree.root;
    virtual_time_advance(&q->time, now_ns);
    if (root == NULL)
        return NULL;
    uint64_t most = tree_before(q->time.base, root->summary) ? root->summary : q->time.base;
    struct tree_node *node = earliest_eligible(&q->tree, most);
    struct process *process = process_of_node(node);
    tree_remove(&q->tree, node, &least_received);
    struct share *share = share_of(process);
    if (share_fills_a_core(&q->time, share)) {
        eevdf_part(q, share);
        share->state = SHARE_APART;
        q->time.apart++;
    } else {
        share_start(&q->time, share, process);
    }
    return process;
}

static void eevdf_leave(void *queue, struct process *process, uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    struct share *share = share_of(process);
    if (share->state == SHARE_APART) {
        virtual_time_advance(&q->time, now_ns);
        q->time.apart--;
        share->state = SHARE_AWAY;
        return;
    }
    share_stop(&q->time, share, process, now_ns);
    eevdf_part(q, share);
}

/* The one that is due last. */
static struct process *eevdf_migratable(void *queue)
{
    struct eevdf_queue *q = queue;
    struct tree_node *last = tree_last(&q->tree);
    return last != NULL ? process_of_node(last) : NULL;
}

static bool eevdf_preempts(void *queue, const struct process *running, const struct process *woken,
                           uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    virtual_time_advance(&q->time, now_ns);
    return !tree_before(q->time.base, share_of(woken)->received) &&
           tree_before(share_of(woken)->node.key, share_of(running)->node.key);
}

const struct policy policy_eevdf = {
    .name = "eevdf",
    .summary = "earliest eligible virtual deadline first, lag kept across sleep; O(log n)",
    .queue_bytes = sizeof(struct eevdf_queue),
    .init = eevdf_init,
    .enqueue = eevdf_enqueue,
    .dequeue = eevdf_dequeue,
    .pick = eevdf_pick,
    .ordered_by = POLICY_BY_WEIGHT,
    .migratable = eevdf_migratable,
    .next_migratable = share_next_migratable,
    .preempts = eevdf_preempts,
    .leave = eevdf_leave,
    .serve = eevdf_serve,

};
