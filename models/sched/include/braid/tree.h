/* tree.h -- balanced binary search tree, intrusive, with a summary of every subtree.
 *
 * Invariants (tests/unit/tree.c)
 *   - An in-order walk meets keys that never fall; equals come as they were inserted.
 *   - The heights of two siblings differ by at most 1, so the tree is at most 1.44 log2(n + 2) high.
 *   - summary is what summarise() makes of the node and the summaries of its children.
 *
 * Keys compare by their signed difference, so they may wrap, as long as those in one tree lie less
 * than 2^63 apart.  Insertion and removal are O(log n); the first node is at hand.  Each function
 * is inlined with the summary of its user, so that a policy pays for no indirect call.
 *
 * Source: G. Adelson-Velsky and E. Landis, "An algorithm for the organization of information",
 * 1962; summaries: T. Cormen et al., "Introduction to Algorithms", 3rd ed., section 14.2.
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
    uint32_t height;
    uint32_t user; /* the owner's; it fills a hole */
};

/* All zero: empty. */
struct tree {
    struct tree_node *root, *first;
};

/* Sets node->summary from the node and its children.  Called when a child has changed. */
typedef void tree_summarise(struct tree_node *node);

#define TREE_INLINE static inline __attribute__((always_inline))

/* Does key a come before key b? */
static inline bool tree_before(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

static inline uint32_t tree_height(const struct tree_node *node)
{
    return node != NULL ? node->height : 0;
}

static inline struct tree_node *tree_last(const struct tree *tree)
{
    struct tree_node *node = tree->root;
    while (node != NULL && node->child[1] != NULL)
        node = node->child[1];
    return node;
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

TREE_INLINE void tree_refresh(struct tree_node *node, tree_summarise *summarise)
{
    uint32_t left = tree_height(node->child[0]), right = tree_height(node->child[1]);
    node->height = 1 + (left > right ? left : right);
    summarise(node);
}

/* Lifts the child on this side above node; returns it. */
TREE_INLINE struct tree_node *tree_rotate(struct tree *tree, struct tree_node *node, unsigned side,
                                          tree_summarise *summarise)
{
    struct tree_node *lifted = node->child[side], *inner = lifted->child[!side];
    tree_replace(tree, node, lifted);
    node->child[side] = inner;
    if (inner != NULL)
        inner->parent = node;
    lifted->child[!side] = node;
    node->parent = lifted;
    tree_refresh(node, summarise);
    tree_refresh(lifted, summarise);
    return lifted;
}

/* Makes heights, balance and summaries right from node upwards, until nothing changes. */
TREE_INLINE void tree_repair(struct tree *tree, struct tree_node *node, tree_summarise *summarise)
{
    while (node != NULL) {
        uint32_t height = node->height;
        uint64_t summary = node->summary;
        uint32_t left = tree_height(node->child[0]), right = tree_height(node->child[1]);
        if (left + 1 < right || right + 1 < left) {
            unsigned heavy = right > left;
            struct tree_node *child = node->child[heavy];
            if (tree_height(child->child[!heavy]) > tree_height(child->child[heavy]))
                tree_rotate(tree, child, !heavy, summarise);
            node = tree_rotate(tree, node, heavy, summarise);
        } else {
            tree_refresh(node, summarise);
        }
        if (node->height == height && node->summary == summary)
            return;
        node = node->parent;
    }
}

/* Inserts node by its key: behind its equals, or in front of them. */
TREE_INLINE void tree_insert(struct tree *tree, struct tree_node *node, bool in_front,
                             tree_summarise *summarise)
{
    struct tree_node *parent = NULL, *at = tree->root;
    uint64_t from = node->key - in_front; /* keys up to this one stay on the left of it */
    unsigned side = 0;
    bool is_first = true;
    while (at != NULL) {
        parent = at;
        side = !tree_before(from, at->key);
        is_first &= !side;
        at = at->child[side];
    }
    node->child[0] = node->child[1] = NULL;
    node->parent = parent;
    tree_refresh(node, summarise);
    if (is_first)
        tree->first = node;
    if (parent == NULL) {
        tree->root = node;
        return;
    }
    parent->child[side] = node;
    tree_repair(tree, parent, summarise);
}

/* The next node has all of its left subtree taken away and so is a leaf or has one child. */
TREE_INLINE void tree_remove_inner(struct tree *tree, struct tree_node *node,
                                   tree_summarise *summarise)
{
    struct tree_node *next = node->child[1], *from;
    while (next->child[0] != NULL)
        next = next->child[0];
    from = next->parent == node ? next : next->parent;
    if (from != next) {
        tree_replace(tree, next, next->child[1]);
        next->child[1] = node->child[1];
        next->child[1]->parent = next;
    }
    next->child[0] = node->child[0];
    next->child[0]->parent = next;
    next->height = node->height; /* as the nodes above know it */
    next->summary = node->summary;
    tree_replace(tree, node, next);
    tree_repair(tree, from, summarise);
    tree_repair(tree, next, summarise); /* the first may have ended below it */
}

TREE_INLINE void tree_remove(struct tree *tree, struct tree_node *node, tree_summarise *summarise)
{
    struct tree_node *left = node->child[0], *right = node->child[1];
    if (tree->first == node) /* then its right child, if any, is a leaf */
        tree->first = right != NULL ? right : node->parent;
    if (left != NULL && right != NULL) {
        tree_remove_inner(tree, node, summarise);
        return;
    }
    tree_replace(tree, node, left != NULL ? left : right);
    tree_repair(tree, node->parent, summarise);
}

#endif
