/* tree.h -- balanced binary search tree, intrusive, with a summary of every subtree.
 *
 * Every node has a rank, of which only the differences to its children's are kept: its gaps.
 * Insertion lets ranks rise, and rotates at most twice; removal leaves them as they are.
 *
 * Invariants (tests/unit/tree.c)
 *   - An in-order walk meets keys that never fall; equals come as they were inserted.
 *   - A gap is at least 1, and what is missing has rank -1.  So no way down is longer than the rank
 *     of the root.  Proven: that is at most 1.44 log2 of the insertions since the tree was empty.
 *     In what is tested it stays within 1.5 log2(n + 2) + 1, n being the most nodes since then,
 *     however long they come and go.
 *   - summary is what its user makes of the subtree; once tree_remove_first() has been used, but
 *     for the nodes from the root to the first.
 *
 * Keys compare by their signed difference, so they may wrap, as long as those in one tree lie less
 * than 2^63 apart.  Insertion and removal are O(log n), with n in that sense.  Each function is
 * inlined with the summary of its user, so that a policy pays for no indirect call.
 *
 * Source: S. Sen, R. Tarjan and D. Kim, "Deletion without rebalancing in binary search trees", ACM
 * Transactions on Algorithms 12(4), 2016; summaries: T. Cormen et al., "Introduction to
 * Algorithms", 3rd ed., section 14.2.
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_TREE_H
#define BRAID_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* May lie in process->policy, which is declared as something else. */
struct __attribute__((may_alias)) tree_node {
    union {
        struct {
            struct tree_node *child[2], *parent;
        };
        uint64_t scratch[3]; /* the owner's, while the node is in no tree */
    };
    uint64_t key;
    uint64_t summary;
    uint8_t gap[2]; /* rank less that of each child */
    uint32_t user;  /* the owner's; it fills a hole */
};

/* All zero: empty. */
struct tree {
    struct tree_node *root, *first;
};

/* How a tree keeps its summaries; NULL in place of this: it has none. */
struct tree_summary {
    /* Sets that of a node without children, which is new. */
    void (*begin)(struct tree_node *node);
    /* lifted hangs above node now, in its place and with all that was below: sets both. */
    void (*lift)(struct tree_node *lifted, struct tree_node *node);
    /* next has come to the place of node, from below it on the right: sets that of next. */
    void (*succeed)(struct tree_node *next, const struct tree_node *node);
    /* added has come into the subtree of node, or taken has left it, and node->summary is to
     * change: returns whether it did, so that those above may have to. */
    bool (*add)(struct tree_node *node, const struct tree_node *added);
    bool (*take)(struct tree_node *node, const struct tree_node *taken);
};

#define TREE_INLINE static inline __attribute__((always_inline))

/* Does key a come before key b? */
static inline bool tree_before(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

/* All bits set if key a comes before key b, else none. */
static inline uint64_t tree_mask(uint64_t a, uint64_t b)
{
    return (uint64_t)((int64_t)(a - b) >> 63);
}

/* a if all bits of is_a are set, b if none is: without a branch, as that would be mispredicted half
 * the time.  The empty instruction hides where is_a comes from, or compilers would make one. */
static inline struct tree_node *tree_choose(uint64_t is_a, struct tree_node *a, struct tree_node *b)
{
    uintptr_t mask = (uintptr_t)is_a;
    __asm__("" : "+r"(mask));
    return (struct tree_node *)((uintptr_t)b ^ (((uintptr_t)a ^ (uintptr_t)b) & mask));
}

/* before if key a comes before key b, else after; also without a branch. */
static inline struct tree_node *tree_side(uint64_t a, uint64_t b, struct tree_node *before,
                                          struct tree_node *after)
{
#ifdef __x86_64__ /* a conditional move depends on two instructions, a mask on four */
    __asm__("cmp {%2, %1|%1, %2}\n\tcmovs {%3, %0|%0, %3}" /* in AT&T's and in Intel's syntax */
            : "+r"(after)
            : "r"(a), "r"(b), "r"(before)
            : "cc");
    return after;
#else
    return tree_choose(tree_mask(a, b), before, after);
#endif
}

/* All bits set if there is no such node, else none. */
static inline uint64_t tree_none(const struct tree_node *node)
{
    return (uint64_t)0 - (node == NULL);
}

static inline struct tree_node *tree_last(const struct tree *tree)
{
    struct tree_node *node = tree->root;
    while (node != NULL && node->child[1] != NULL)
        node = node->child[1];
    return node;
}

/* The node before this one, NULL if it is the first. */
static inline struct tree_node *tree_previous(const struct tree_node *node)
{
    struct tree_node *at = node->child[0];
    if (at == NULL) {
        while (node->parent != NULL && node->parent->child[0] == node)
            node = node->parent;
        return node->parent;
    }
    while (at->child[1] != NULL)
        at = at->child[1];
    return at;
}

/* node, if there is one, hangs below parent. */
static inline void tree_hang(struct tree_node *node, struct tree_node *parent)
{
    struct tree_node nobody;
    tree_choose(tree_none(node), &nobody, node)->parent = parent;
}

/* Puts node, or nothing, where old hangs. */
static inline void tree_replace(struct tree *tree, struct tree_node *old, struct tree_node *node)
{
    struct tree_node *parent = old->parent;
    if (parent == NULL)
        tree->root = node;
    else
        parent->child[parent->child[1] == old] = node;
    tree_hang(node, parent);
}

/* Puts new, which is in no tree, in the place of old; but for the summary. */
static inline void tree_supplant(struct tree *tree, struct tree_node *old, struct tree_node *new)
{
    tree_replace(tree, old, new);
    for (unsigned side = 0; side < 2; side++) {
        new->child[side] = old->child[side];
        if (new->child[side] != NULL)
            new->child[side]->parent = new;
    }
    new->gap[0] = old->gap[0];
    new->gap[1] = old->gap[1];
    if (tree->first == old)
        tree->first = new;
}

/* Lifts the child on this side above node. */
TREE_INLINE void tree_rotate(struct tree *tree, struct tree_node *node, unsigned side,
                             const struct tree_summary *summary)
{
    struct tree_node *lifted = node->child[side], *inner = lifted->child[!side];
    tree_replace(tree, node, lifted);
    node->child[side] = inner;
    tree_hang(inner, node);
    lifted->child[!side] = node;
    node->parent = lifted;
    if (summary != NULL)
        summary->lift(lifted, node);
}

/* On that side node has a child of its own rank, which has just risen; on the other, nothing as
 * near. */
TREE_INLINE void tree_rebalance(struct tree *tree, struct tree_node *node, unsigned side,
                                const struct tree_summary *summary)
{
    struct tree_node *child = node->child[side], *inner = child->child[!side];
    node->gap[!side]--;
    if (child->gap[side] == 1) {
        tree_rotate(tree, node, side, summary);
        node->gap[side] = child->gap[!side] = 1;
        return;
    }
    tree_rotate(tree, child, !side, summary);
    tree_rotate(tree, node, side, summary);
    child->gap[!side] = inner->gap[side];
    node->gap[side] = inner->gap[!side];
    child->gap[side] = inner->gap[0] = inner->gap[1] = 1;
}

/* Inserts node by its key: behind its equals, or in front of them. */
TREE_INLINE void tree_insert(struct tree *tree, struct tree_node *node, bool in_front,
                             const struct tree_summary *summary)
{
    struct tree_node *parent = NULL, *at = tree->root;
    uint64_t from = node->key - in_front; /* keys up to this one stay on the left of it */
    while (at != NULL) {
        parent = at;
        at = tree_side(from, at->key, at->child[0], at->child[1]);
    }
    node->child[0] = node->child[1] = NULL;
    node->parent = parent;
    node->gap[0] = node->gap[1] = 1;
    if (summary != NULL)
        summary->begin(node);
    if (parent == NULL) {
        tree->root = tree->first = node;
        return;
    }
    unsigned side = !tree_before(from, parent->key);
    if (parent == tree->first && side == 0)
        tree->first = node;
    parent->child[side] = node;
    for (at = parent; summary != NULL && at != NULL && summary->add(at, node);)
        at = at->parent;
    while (--parent->gap[side] == 0) { /* what hangs there has risen by a rank */
        if (parent->gap[!side] > 1) {
            tree_rebalance(tree, parent, side, summary);
            return;
        }
        parent->gap[side] = 1;
        parent->gap[!side] = 2;
        at = parent;
        parent = at->parent;
        if (parent == NULL)
            return;
        side = parent->child[1] == at;
    }
}

/* taken is no more below the nodes from `node` up to that before `end`. */
TREE_INLINE void tree_taken(struct tree_node *node, const struct tree_node *end,
                            const struct tree_node *taken, const struct tree_summary *summary)
{
    if (summary != NULL)
        while (node != end && summary->take(node, taken))
            node = node->parent;
}

/* The child of node on this side, or nothing, comes to its place; on the other it has none. */
static inline void tree_lift(struct tree *tree, struct tree_node *node, unsigned side)
{
    struct tree_node *parent = node->parent, *child = node->child[side];
    tree_hang(child, parent);
    if (parent == NULL) {
        tree->root = child;
        return;
    }
    unsigned at = parent->child[1] == node;
    parent->child[at] = child;
    parent->gap[at] = (uint8_t)(parent->gap[at] + node->gap[side]);
}

/* The first node has been lifted, and had this parent and child. */
static inline void tree_find_first(struct tree *tree, struct tree_node *parent,
                                   struct tree_node *right)
{
    struct tree_node *first = tree_choose(tree_none(right), parent, right);
    while (first != NULL && first->child[0] != NULL)
        first = first->child[0];
    tree->first = first;
}

/* Removes node, which has two children: the next node, which has none on its left, comes to its
 * place. */
TREE_INLINE void tree_remove_inner(struct tree *tree, struct tree_node *node,
                                   const struct tree_summary *summary)
{
    struct tree_node *next = node->child[1], *from;
    while (next->child[0] != NULL)
        next = next->child[0];
    from = next->parent == node ? next : next->parent;
    tree_lift(tree, next, 1);
    tree_supplant(tree, node, next);
    tree_taken(from, next, next, summary);
    if (summary != NULL)
        summary->succeed(next, node);
    tree_taken(next->parent, NULL, node, summary);
}

TREE_INLINE void tree_remove(struct tree *tree, struct tree_node *node,
                             const struct tree_summary *summary)
{
    struct tree_node *left = node->child[0], *right = node->child[1], *parent = node->parent;
    if (left != NULL && right != NULL) {
        tree_remove_inner(tree, node, summary);
        return;
    }
    tree_lift(tree, node, left == NULL);
    if (tree->first == node)
        tree_find_first(tree, parent, right);
    tree_taken(parent, NULL, node, summary);
}

/* Removes the first node, which there is.  The nodes from the root to the next first keep their
 * summaries, whatever they are worth then; no other has it below. */
static inline void tree_remove_first(struct tree *tree)
{
    struct tree_node *first = tree->first, *parent = first->parent, *right = first->child[1];
    tree_lift(tree, first, 1);
    tree_find_first(tree, parent, right);
}

#endif
