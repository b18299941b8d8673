/* policy_lottery.c -- each slice is drawn by lot; a process has as many tickets as it has weight.
 *
 * A weight is drawn with a probability of the tickets of all queued processes that have it, and of
 * these the first in the queue runs.  So processes of one weight take turns, and the draws among
 * different weights are independent.
 *
 * Property: a process that is always queued at a draw, among others that are, has an expected share
 * of the draws of its tickets to all; the error of n draws is of the order of sqrt(n).  No bound
 * holds for sure, and nobody starves for long: not to be drawn k times has a probability of
 * (1 - share)^k.  Test: chi-square at 99.9 %, tests/contract/policy_bounds.c.
 *
 * The tree has a node for each weight, which knows the sum of the tickets on its left, so all but
 * init is O(log w) for w different weights.  One process of a weight holds the node, and goes on
 * holding it while it runs, so that the tree changes its shape only when weights come and go.
 * Those queued have less than 2^63 tickets together: 2^31 processes of the greatest weight.
 *
 * Source: C. Waldspurger and W. Weihl, "Lottery scheduling: flexible proportional-share resource
 * management", OSDI 1994, section 4 (tree of partial ticket sums; here without compensation tickets
 * for slices that are not used up).  Random numbers: G. Marsaglia, "Xorshift RNGs", 2003.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/tree.h"

struct lottery_queue {
    struct tree tree;
    uint64_t all;    /* tickets */
    uint64_t random; /* never 0 */
};

/* What the policy keeps of a process.  node.key is the weight that it was queued with; node.user is
 * 0, or the process holds the node of that weight, and it is 1 + the number of those queued. */
struct __attribute__((may_alias)) lot {
    struct tree_node node;  /* summary: the tickets of its weight */
    uint64_t left;          /* those of the subtree on its left */
    struct list_link *last; /* of the ring of those queued; NULL: there is none */
};

_Static_assert(sizeof(struct lot) <= PROCESS_POLICY_BYTES, "a lot fits into a process");

static struct lot *lot_of(struct process *process)
{
    return (struct lot *)process->policy;
}

static bool holds(const struct lot *lot)
{
    return lot->node.user != 0;
}

/* ---- The tickets -------------------------------------------------------------------------- */

static uint64_t *left_of(struct tree_node *node)
{
    return &((struct lot *)node)->left;
}

/* Nodes come and go without tickets. */
static void tickets_begin(struct tree_node *node)
{
    *left_of(node) = node->summary = 0;
}

static bool tickets_add(struct tree_node *node, const struct tree_node *added)
{
    (void)node;
    (void)added;
    return false;
}

static void tickets_lift(struct tree_node *lifted, struct tree_node *node)
{
    if (lifted->child[0] == node)
        *left_of(lifted) += *left_of(node) + node->summary;
    else
        *left_of(node) -= *left_of(lifted) + lifted->summary;
}

static void tickets_succeed(struct tree_node *next, const struct tree_node *node)
{
    *left_of(next) = ((const struct lot *)node)->left;
}

/* One with tickets may rise, from the left. */
static bool tickets_take(struct tree_node *node, const struct tree_node *taken)
{
    *left_of(node) -= taken->summary;
    return taken->summary != 0;
}

static const struct tree_summary tickets = { tickets_begin, tickets_lift, tickets_succeed,
                                             tickets_add, tickets_take };

/* One of the weight of node was queued or unqueued. */
static void tickets_change(struct lottery_queue *q, struct tree_node *node, uint32_t queued)
{
    uint64_t change = node->key * (uint64_t)(int32_t)queued;
    node->user += queued;
    node->summary += change;
    q->all += change;
    for (struct tree_node *parent = node->parent; parent != NULL; parent = node->parent) {
        *left_of(parent) += change & -(uint64_t)(parent->child[0] == node);
        node = parent;
    }
}

/* ---- The weights -------------------------------------------------------------------------- */

static struct lot *holder_of_weight(const struct lottery_queue *q, uint64_t weight)
{
    struct tree_node *node = q->tree.root;
    while (node != NULL && node->key != weight)
        node = tree_side(weight, node->key, node->child[0], node->child[1]);
    return (struct lot *)node;
}

/* lot, which is not queued, holds its weight no longer: one of those queued does, or nobody. */
static void let_go(struct lottery_queue *q, struct lot *lot)
{
    if (lot->last == NULL) {
        tree_remove(&q->tree, &lot->node, &tickets);
    } else {
        struct lot *next = lot_of(process_of_link(lot->last));
        tree_supplant(&q->tree, &lot->node, &next->node);
        next->node.summary = lot->node.summary;
        next->node.user = lot->node.user;
        next->left = lot->left;
        next->last = lot->last;
    }
    lot->node.user = 0;
}

static void lot_unqueue(struct lottery_queue *q, struct lot *holder, struct list_link *link)
{
    if (holder->last == link)
        holder->last = link->prev != link ? link->prev : NULL;
    list_remove(link);
    tickets_change(q, &holder->node, -UINT32_C(1));
}

/* ---- The operations ----------------------------------------------------------------------- */

static void lottery_init(void *queue, const struct policy_setup *setup)
{
    struct lottery_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    q->all = 0;
    q->random =
        (setup->random + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15); /* not 0: odd factor */
}

static void lottery_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct lottery_queue *q = queue;
    struct lot *lot = lot_of(process), *holder = lot;
    uint32_t weight = process->weight != 0 ? process->weight : 1;
    (void)now_ns;
    if (holds(lot) && lot->node.key != weight)
        let_go(q, lot);
    if (!holds(lot)) {
        lot->node.key = weight;
        holder = holder_of_weight(q, weight);
    }
    if (holder == NULL) {
        holder = lot;
        lot->node.user = 1;
        lot->last = NULL;
        tree_insert(&q->tree, &lot->node, false, &tickets);
    }
    if (holder->last == NULL)
        list_init(&process->link);
    else
        list_push_front(holder->last, &process->link); /* between the last and the first */
    if (holder->last == NULL || process->slice_ns == 0)
        holder->last = &process->link;
    tickets_change(q, &holder->node, 1);
}

static void lottery_dequeue(void *queue, struct process *process)
{
    struct lottery_queue *q = queue;
    struct lot *lot = lot_of(process);
    lot_unqueue(q, holds(lot) ? lot : holder_of_weight(q, lot->node.key), &process->link);
    if (holds(lot))
        let_go(q, lot);
}

static void lottery_leave(void *queue, struct process *process, uint64_t now_ns)
{
    (void)now_ns;
    if (holds(lot_of(process)))
        let_go(queue, lot_of(process));
}

/* ---- The draw ----------------------------------------------------------------------------- */

/* Uniform in 0 .. bound - 1: the upper half of the product of a random number and bound. */
static uint64_t draw_below(struct lottery_queue *q, uint64_t bound)
{
    uint64_t x = q->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    q->random = x;
    uint64_t high = x >> 32, low = x & UINT32_MAX;
    uint64_t bound_high = bound >> 32, bound_low = bound & UINT32_MAX;
    uint64_t middle = high * bound_low + (low * bound_low >> 32);
    uint64_t other = low * bound_high + (middle & UINT32_MAX);
    return high * bound_high + (middle >> 32) + (other >> 32);
}

/* Who holds the weight of ticket number `ticket`, counted in the order of weights. */
static struct lot *winner(struct lottery_queue *q, uint64_t ticket)
{
    struct tree_node *node = q->tree.root;
    for (;;) {
        uint64_t left = *left_of(node), own = node->summary;
        if (ticket - left < own)
            return (struct lot *)node;
        node = tree_side(ticket, left, node->child[0], node->child[1]);
        ticket -= (left + own) & ~tree_mask(ticket, left);
    }
}

static struct process *lottery_pick(void *queue, uint64_t now_ns)
{
    struct lottery_queue *q = queue;
    (void)now_ns;
    if (q->all == 0)
        return NULL;
    struct lot *holder = winner(q, draw_below(q, q->all));
    struct list_link *first = holder->last->next;
    lot_unqueue(q, holder, first);
    return process_of_link(first);
}

/* Who has few tickets waits long. */
static struct process *lottery_migratable(void *queue)
{
    struct lottery_queue *q = queue;
    return q->all != 0 ? process_of_link(winner(q, 0)->last->next) : NULL;
}

/* In its ring, or the first one of the next weight. */
static struct process *lottery_next_migratable(void *queue, struct process *process)
{
    struct lottery_queue *q = queue;
    struct lot *lot = lot_of(process);
    struct lot *holder = holds(lot) ? lot : holder_of_weight(q, lot->node.key);
    if (&process->link != holder->last)
        return process_of_link(process->link.next);
    uint64_t upto = holder->left + holder->node.summary;
    for (const struct tree_node *node = &holder->node; node->parent != NULL; node = node->parent)
        if (node->parent->child[1] == node)
            upto += ((const struct lot *)node->parent)->left + node->parent->summary;
    return upto < q->all ? process_of_link(winner(q, upto)->last->next) : NULL;
}

const struct policy policy_lottery = {
    .name = "lottery",
    .summary = "draws a ticket, of which a process has its weight; O(log n)",
    .queue_bytes = sizeof(struct lottery_queue),
    .init = lottery_init,
    .enqueue = lottery_enqueue,
    .dequeue = lottery_dequeue,
    .pick = lottery_pick,
    .ordered_by = POLICY_BY_WEIGHT,
    .migratable = lottery_migratable,
    .next_migratable = lottery_next_migratable,
    .leave = lottery_leave,
};
