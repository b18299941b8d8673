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
 * The tree is ordered by weight and sums the tickets of every subtree, so all but init is O(log n).
 * Source: C. Waldspurger and W. Weihl, "Lottery scheduling: flexible proportional-share resource
 * management", OSDI 1994, section 4 (tree of partial ticket sums; here without compensation tickets
 * for slices that are not used up).  Random numbers: G. Marsaglia, "Xorshift RNGs", 2003.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/tree.h"

/* node.key is the weight. */
struct lottery_queue {
    struct tree tree;
    uint64_t random; /* never 0 */
};

_Static_assert(sizeof(struct tree_node) <= PROCESS_POLICY_BYTES, "a node fits into a process");

static struct tree_node *node_of(struct process *process)
{
    return (struct tree_node *)process->policy;
}

static struct process *process_of(struct tree_node *node)
{
    return list_container_of(node, struct process, policy);
}

static uint64_t tickets_of(const struct tree_node *tree)
{
    return tree != NULL ? tree->summary : 0;
}

static void tickets_summarise(struct tree_node *node)
{
    node->summary = node->key + tickets_of(node->child[0]) + tickets_of(node->child[1]);
}

static void tickets_add(struct tree_node *node, const struct tree_node *added)
{
    node->summary += added->key;
}

static bool tickets_take(struct tree_node *node, const struct tree_node *taken)
{
    node->summary -= taken->key;
    return true;
}

static const struct tree_summary tickets = { tickets_summarise, tickets_add, tickets_take };

static void lottery_init(void *queue, const struct policy_setup *setup)
{
    struct lottery_queue *q = queue;
    q->tree.root = q->tree.first = NULL;
    q->random =
        (setup->random + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15); /* not 0: odd factor */
}

static void lottery_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct lottery_queue *q = queue;
    (void)now_ns;
    node_of(process)->key = process->weight != 0 ? process->weight : 1;
    tree_insert(&q->tree, node_of(process), process->slice_ns > 0, &tickets);
}

static void lottery_dequeue(void *queue, struct process *process)
{
    struct lottery_queue *q = queue;
    tree_remove(&q->tree, node_of(process), &tickets);
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

/* The holder of ticket number `ticket`, counted in the order of the tree. */
static struct tree_node *holder(struct tree_node *node, uint64_t ticket)
{
    for (;;) {
        uint64_t left = tickets_of(node->child[0]);
        if (ticket < left) {
            node = node->child[0];
            continue;
        }
        ticket -= left;
        if (ticket < node->key)
            return node;
        ticket -= node->key;
        node = node->child[1];
    }
}

/* The first process of that weight; there is one. */
static struct tree_node *first_of(struct tree_node *node, uint64_t weight)
{
    struct tree_node *first = NULL;
    while (node != NULL) {
        bool is_before = node->key < weight;
        if (node->key == weight)
            first = node;
        node = node->child[is_before];
    }
    return first;
}

static struct process *lottery_pick(void *queue, uint64_t now_ns)
{
    struct lottery_queue *q = queue;
    (void)now_ns;
    if (q->tree.root == NULL)
        return NULL;
    struct tree_node *winner = holder(q->tree.root, draw_below(q, q->tree.root->summary));
    winner = first_of(q->tree.root, winner->key);
    tree_remove(&q->tree, winner, &tickets);
    return process_of(winner);
}

/* Who has few tickets waits long. */
static struct process *lottery_migratable(void *queue)
{
    struct lottery_queue *q = queue;
    return q->tree.first != NULL ? process_of(q->tree.first) : NULL;
}

const struct policy policy_lottery = {
    .name = "lottery",
    .summary = "draws a ticket, of which a process has its weight; O(log n)",
    .queue_bytes = sizeof(struct lottery_queue),
    .init = lottery_init,
    .enqueue = lottery_enqueue,
    .dequeue = lottery_dequeue,
    .pick = lottery_pick,
    .migratable = lottery_migratable,
};
