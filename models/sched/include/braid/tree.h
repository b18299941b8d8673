/* tree.h -- balanced binary search tree, intrusive, with a summary of every subtree.
 *
 * Invariants (tests/unit/tree.c)
 *   - An in-order walk meets keys that never fall; equals come as they were inserted.
 *   - The heights of two siblings differ by at most 1: the tree is at most 1.44 log2(n + 2) high.
 *   - summary is what summarise() makes of the node and the summaries of its children.
 *
 * Keys compare by their signed difference, so they may wrap, as long as those in one tree lie less
 * than 2^63 apart.  Insertion and removal are O(log n); the first node is at hand.  What a node
 * knows of heights is the difference of its two, so the way up touches no sibling.  Each function
 * is inlined with the summary of its user, so that a policy pays for no indirect call.
 *
 * Source: G. Adelson-Velsky and E. Landis, "An algorithm for the organization of information",
 * 1962; D. Knuth, "The Art of Computer Programming" 3, section 6.2.3; summaries: T. Cormen et al.,
 * "Introduction to Algorithms", 3rd ed., section 14.2.
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
    int32_t balance; /* height on the right less height on the left: -1, 0 or 1 */
    uint32_t user;   /* the owner's; it fills a hole */
};

/* All zero: empty. */
struct tree {
    struct tree_node *root, *first;
};

/* How a tree keeps its summaries; NULL in place of this: it has none. */
struct tree_summary {
    /* Sets node->summary from the node and its children. */
    void (*summarise)(struct tree_node *node);
    /* added is to come into the subtree of node, or was taken out of it, and node->summary is to
     * change; take() returns whether it did. */
    void (*add)(struct tree_node *node, const struct tree_node *added);
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

/* Puts node, or nothing, where old hangs. */
static inline void tree_replace(struct tree *tree, struct tree_node *old, struct tree_node *node)
{
    struct tree_node *parent = old->parent;
    if (parent == NULL)
        tree->root = node;
    else
        parent->child[parent->child[1] == old] = node;
    if (node != NULL)
        node->parent = parent;
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
    new->balance = old->balance;
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
    if (inner != NULL)
        inner->parent = node;
    lifted->child[!side] = node;
    node->parent = lifted;
    if (summary != NULL) {
        summary->summarise(node);
        summary->summarise(lifted);
    }
}

/* The balance of node is 2 or -2.  Returns what is on top in its place. */
TREE_INLINE struct tree_node *tree_rebalance(struct tree *tree, struct tree_node *node,
                                             const struct tree_summary *summary)
{
    unsigned heavy = node->balance > 0;
    int32_t lean = heavy ? 1 : -1;
    struct tree_node *child = node->child[heavy];
    if (child->balance != -lean) {
        int32_t left_over = child->balance == 0 ? lean : 0; /* 0: only after a removal */
        tree_rotate(tree, node, heavy, summary);
        node->balance = left_over;
        child->balance = -left_over;
        return child;
    }
    struct tree_node *inner = child->child[!heavy];
    tree_rotate(tree, child, !heavy, summary);
    tree_rotate(tree, node, heavy, summary);
    node->balance = inner->balance == lean ? -lean : 0;
    child->balance = inner->balance == -lean ? lean : 0;
    inner->balance = 0;
    return inner;
}

/* Inserts node by its key: behind its equals, or in front of them. */
TREE_INLINE void tree_insert(struct tree *tree, struct tree_node *node, bool in_front,
                             const struct tree_summary *summary)
{
    struct tree_node *parent = NULL, *at = tree->root;
    uint64_t from = node->key - in_front; /* keys up to this one stay on the left of it */
    unsigned side = 0;
    unsigned went_right = 0;
    while (at != NULL) {
        if (summary != NULL)
            summary->add(at, node);
        uint64_t is_left = tree_mask(from, at->key);
        parent = at;
        side = 1 + (unsigned)is_left;
        went_right |= side;
        at = tree_choose(is_left, at->child[0], at->child[1]);
    }
    node->child[0] = node->child[1] = NULL;
    node->parent = parent;
    node->balance = 0;
    if (summary != NULL)
        summary->summarise(node);
    if (went_right == 0)
        tree->first = node;
    if (parent == NULL) {
        tree->root = node;
        return;
    }
    parent->child[side] = node;
    for (;;) { /* the subtree on that side of parent has become higher */
        parent->balance += side ? 1 : -1;
        if (parent->balance == 0)
            return;
        if (parent->balance != 1 && parent->balance != -1) {
            tree_rebalance(tree, parent, summary);
            return;
        }
        at = parent;
        parent = at->parent;
        if (parent == NULL)
            return;
        side = parent->child[1] == at;
    }
}

/* The subtree on that side of node, which may be NULL, has become lower. */
TREE_INLINE void tree_lowered(struct tree *tree, struct tree_node *node, unsigned side,
                              const struct tree_summary *summary)
{
    while (node != NULL) {
        node->balance += side ? -1 : 1;
        if (node->balance == 1 || node->balance == -1)
            return;
        if (node->balance != 0) {
            node = tree_rebalance(tree, node, summary);
            if (node->balance != 0)
                return;
        }
        struct tree_node *parent = node->parent;
        side = parent != NULL && parent->child[1] == node;
        node = parent;
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

/* Removes node, which has two children: the next node, which has none on its left, comes to its
 * place. */
TREE_INLINE void tree_remove_inner(struct tree *tree, struct tree_node *node,
                                   const struct tree_summary *summary)
{
    struct tree_node *next = node->child[1], *from;
    while (next->child[0] != NULL)
        next = next->child[0];
    from = next->parent == node ? next : next->parent;
    tree_replace(tree, next, next->child[1]);
    tree_supplant(tree, node, next);
    tree_taken(from, next, next, summary);
    if (summary != NULL)
        summary->summarise(next);
    tree_taken(next->parent, NULL, node, summary);
    tree_lowered(tree, from, from == next, summary);
}

TREE_INLINE void tree_remove(struct tree *tree, struct tree_node *node,
                             const struct tree_summary *summary)
{
    struct tree_node *left = node->child[0], *right = node->child[1], *parent = node->parent;
    if (tree->first == node) /* then its right child, if any, is a leaf */
        tree->first = right != NULL ? right : parent;
    if (left != NULL && right != NULL) {
        tree_remove_inner(tree, node, summary);
        return;
    }
    unsigned side = parent != NULL && parent->child[1] == node;
    tree_replace(tree, node, left != NULL ? left : right);
    tree_taken(parent, NULL, node, summary);
    tree_lowered(tree, parent, side, summary);
}

#endif
