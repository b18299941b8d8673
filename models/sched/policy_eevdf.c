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
 * received in every subtree, so that one way up from the first, and down again, finds the process.
 * The rest is O(1), but migratable O(log n).
 *
 * Source: I. Stoica and H. Abdel-Wahab, "Earliest eligible virtual deadline first", TR 95-22, Old
 * Dominion University, 1995: theorem 1 and corollary, strategy 1 for leaving and joining.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/share.h"

/* node.key is the deadline.  No more than a slice of lag is kept: what is beyond that comes of
 * others that left and joined, or of several cores. */
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

/* The summary is the least virtual time received in the subtree, but on the way from the root to
 * the first: that is where picks go, as a rule, and they leave it as it is. */
static void least_summarise(struct tree_node *node)
{
    uint64_t received = ((struct share *)node)->received;
    const struct tree_node *left = node->child[0], *right = node->child[1];
    uint64_t of_left = left != NULL ? left->summary : received;
    uint64_t of_right = right != NULL ? right->summary : received;
    node->summary = earlier(received, earlier(of_left, of_right));
}

static void least_lift(struct tree_node *lifted, struct tree_node *node)
{
    lifted->summary = node->summary;
    least_summarise(node);
}

static void least_succeed(struct tree_node *next, const struct tree_node *node)
{
    (void)node;
    least_summarise(next);
}

static bool least_add(struct tree_node *node, const struct tree_node *added)
{
    uint64_t received = ((const struct share *)added)->received;
    if (!tree_before(received, node->summary))
        return false; /* as a rule: who has run has received more than most */
    node->summary = received;
    return true;
}

static bool least_take(struct tree_node *node, const struct tree_node *taken)
{
    uint64_t before = node->summary;
    if (((const struct share *)taken)->received != before)
        return false; /* not the least here, so not further up */
    least_summarise(node);
    return true;
}

static const struct tree_summary least_received = { least_summarise, least_lift, least_succeed,
                                                    least_add, least_take };

static void eevdf_init(void *queue, const struct policy_setup *setup)
{
    struct eevdf_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    q->request_ns = setup->slice_ns < SHARE_MOST_NS ? setup->slice_ns : SHARE_MOST_NS;
    virtual_time_init(&q->time, setup->cores, q->request_ns);
}

/* ---- The operations ----------------------------------------------------------------------- */

static void eevdf_serve(void *queue, uint32_t cores)
{
    struct eevdf_queue *q = queue;
    q->time.cores = cores;
}

/* A process makes its next request when it joins, and when it is through with the last one. */
static void eevdf_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    struct share *share = share_of(process);
    bool joins = share_enter(&q->time, share, process, now_ns);
    if (joins || process->slice_ns == 0 || !tree_before(share->received, share->node.key))
        share->node.key = share->received + share_scaled(share, q->request_ns);
    tree_insert(&q->tree, &share->node, process->slice_ns > 0, &least_received);
}

/* At the time of the last call: those that have run since have not been charged yet. */
static void eevdf_dequeue(void *queue, struct process *process)
{
    struct eevdf_queue *q = queue;
    struct share *share = share_of(process);
    tree_remove(&q->tree, &share->node, &least_received);
    share_part(&q->time, share);
}

static bool received_at_most(uint64_t most, const struct tree_node *node)
{
    return !tree_before(most, ((const struct share *)node)->received);
}

/* Has anybody in this subtree?  It is off the way to the first. */
static bool any_received_at_most(uint64_t most, const struct tree_node *tree)
{
    return tree != NULL && !tree_before(most, tree->summary);
}

/* The same, where somebody has: of those, the one with the earliest deadline. */
static struct tree_node *earliest_in(struct tree_node *node, uint64_t most)
{
    for (;;) {
        if (any_received_at_most(most, node->child[0]))
            node = node->child[0];
        else if (received_at_most(most, node))
            return node;
        else
            node = node->child[1];
    }
}

/* And in the whole tree; NULL: nobody has. */
static struct tree_node *earliest_eligible(const struct tree *tree, uint64_t most)
{
    for (struct tree_node *node = tree->first; node != NULL; node = node->parent) {
        if (received_at_most(most, node))
            return node;
        if (any_received_at_most(most, node->child[1]))
            return earliest_in(node->child[1], most);
    }
    return NULL;
}

static uint64_t least_received_in(const struct tree *tree)
{
    uint64_t least = ((const struct share *)tree->first)->received;
    for (const struct tree_node *node = tree->first; node != NULL; node = node->parent) {
        least = earlier(least, ((const struct share *)node)->received);
        if (node->child[1] != NULL)
            least = earlier(least, node->child[1]->summary);
    }
    return least;
}

/* The first is not eligible: rare, so apart. */
__attribute__((noinline)) static struct tree_node *pick_another(struct eevdf_queue *q)
{
    struct tree_node *node = earliest_eligible(&q->tree, q->time.base);
    if (node == NULL)
        node = earliest_eligible(&q->tree, least_received_in(&q->tree));
    tree_remove(&q->tree, node, &least_received);
    return node;
}

static struct process *eevdf_pick(void *queue, uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    struct tree_node *node = q->tree.first;
    virtual_time_advance(&q->time, now_ns);
    if (node == NULL)
        return NULL;
    if (received_at_most(q->time.base, node))
        tree_remove_first(&q->tree);
    else
        node = pick_another(q);
    struct process *process = process_of_node(node);
    share_start(&q->time, share_of(process), process);
    return process;
}

static void eevdf_leave(void *queue, struct process *process, uint64_t now_ns)
{
    struct eevdf_queue *q = queue;
    share_leave(&q->time, share_of(process), process, now_ns);
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
