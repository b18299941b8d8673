/* event_tree.c -- see event_tree.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/engine/event_tree.h"

#include "sim/base/check.h"

void event_tree_init(struct event_tree *tree, uint32_t count, struct arena *arena)
{
    CHECK(count >= 1 && count <= UINT32_C(1) << 31);
    tree->groups = (count + EVENT_GROUP - 1) / EVENT_GROUP;
    tree->base = 0;
    tree->id_bits = 1;
    while (UINT64_C(1) << tree->id_bits < (uint64_t)tree->groups * EVENT_GROUP)
        tree->id_bits++;
    tree->span = (UINT64_MAX >> tree->id_bits) - 1; /* and two values above: far, never */
    size_t slots = (size_t)tree->groups * EVENT_GROUP;
    tree->leaf = arena_alloc(arena, slots, sizeof *tree->leaf);
    tree->node = arena_alloc(arena, 2 * (size_t)tree->groups, sizeof *tree->node);
    tree->far = arena_alloc(arena, slots, sizeof *tree->far);
    for (uint32_t id = 0; id < slots; id++)
        tree->leaf[id] = (tree->span + 1) << tree->id_bits | id;
    event_tree_rebase(tree, 0);
}

static void leaf_rebase(struct event_tree *tree, uint32_t id, uint64_t now_ps)
{
    uint64_t since = tree->leaf[id] >> tree->id_bits;
    if (since > tree->span)
        return;
    uint64_t time_ps = since < tree->span ? tree->base + since : tree->far[id];
    since = time_ps - now_ps;
    if (since >= tree->span) {
        since = tree->span;
        tree->far[id] = time_ps;
    }
    tree->leaf[id] = since << tree->id_bits | id;
}

void event_tree_rebase(struct event_tree *tree, uint64_t now_ps)
{
    for (uint32_t id = 0; id < tree->groups * EVENT_GROUP; id++)
        leaf_rebase(tree, id, now_ps);
    tree->base = now_ps;
    for (uint32_t group = 0; group < tree->groups; group++)
        tree->node[tree->groups + group] = event_tree_least(&tree->leaf[group * EVENT_GROUP]);
    for (uint32_t i = tree->groups - 1; i >= 1; i--)
        tree->node[i] = event_tree_lesser(tree->node[2 * i], tree->node[2 * i + 1]);
}

size_t event_tree_bytes(uint32_t count)
{
    size_t groups = (count + EVENT_GROUP - 1) / EVENT_GROUP;
    return groups * (2 * EVENT_GROUP + 2) * sizeof(uint64_t);
}
