/* event_tree.h -- pending events: one slot per id, earliest first, ties by id.
 *
 * A winner (tournament) tree over packed keys: time since a base in the high bits, id in the low,
 * so that comparing two keys compares (time, id) and the root names the winner.  A slot is set,
 * moved or cleared in place; nothing is ever searched, allocated or cancelled.  Leaves meet eight
 * at a time, one cache line of them; above that the tree is binary.
 *
 * Order: events come out by (time, id); the engine adds the phase by keeping one tree per phase.
 *
 * Times beyond the key's span (2^44 ps = 17 s with a million ids) wait at the end of it; when the
 * clock gets there, event_tree_first_id() answers EVENT_NONE after moving the base, and the caller
 * asks again.  The tree needs 10 bytes an id, and 8 more for those that were ever beyond the span.
 *
 * Source: D. Knuth, "The Art of Computer Programming" 3, 5.4.1 (selection trees).
 * tests/unit/event_tree.c compares it with a sorted list; tests/bench/engine.c measures it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_ENGINE_EVENT_TREE_H
#define SIM_ENGINE_EVENT_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/arena.h"

#define EVENT_NEVER UINT64_MAX
enum { EVENT_NONE = -1, EVENT_GROUP = 8, EVENT_CACHED = 2048, EVENT_PARTS = 32 };

struct event_tree {
    uint64_t *leaf; /* [groups * EVENT_GROUP]; keys by id */
    uint64_t *node; /* [2 * groups]; node[1] is the root, node[groups + g] the least of group g */
    uint64_t *far;  /* [count], ps; when an event beyond the span is due, else stale */
    uint64_t base;  /* ps; time of key 0 */
    uint64_t span;  /* ps; a key holds times below base + span */
    uint32_t groups;
    uint32_t id_bits;
};

/* Slots 0 .. count - 1, none pending.  1 <= count <= 2^31. */
void event_tree_init(struct event_tree *tree, uint32_t count, struct arena *arena);

/* Memory that count slots take, times beyond the span included. */
size_t event_tree_bytes(uint32_t count);

/* Moves the base to now and recomputes every key.  O(count). */
void event_tree_rebase(struct event_tree *tree, uint64_t now_ps);

static inline uint64_t event_tree_lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The least of a group of keys. */
static inline uint64_t event_tree_least(const uint64_t *key)
{
    uint64_t a = event_tree_lesser(key[0], key[1]), b = event_tree_lesser(key[2], key[3]);
    uint64_t c = event_tree_lesser(key[4], key[5]), d = event_tree_lesser(key[6], key[7]);
    return event_tree_lesser(event_tree_lesser(a, b), event_tree_lesser(c, d));
}

/* The event of id is due at time_ps >= the current time; EVENT_NEVER: not at all.  O(log count),
 * and O(1) where another event of the group stays its earliest.  Returns the id of an event that
 * has come near, being now the earliest of one of EVENT_PARTS parts of the tree, so that the caller
 * may fetch what it will need some events before; EVENT_NONE: none has. */
static inline int64_t event_tree_set(struct event_tree *tree, uint32_t id, uint64_t time_ps)
{
    uint64_t since = time_ps - tree->base;
    if (since >= tree->span) {
        since = tree->span + 1;
        if (time_ps != EVENT_NEVER) {
            since = tree->span;
            tree->far[id] = time_ps;
        }
    }
    tree->leaf[id] = since << tree->id_bits | id;
    uint64_t *node = tree->node;
    uint64_t i = tree->groups + id / EVENT_GROUP;
    uint64_t key = event_tree_least(&tree->leaf[id / EVENT_GROUP * EVENT_GROUP]);
    if (node[i] == key)
        return EVENT_NONE; /* another of its group is earlier, and was */
    node[i] = key;
    while (i >= 2 * EVENT_PARTS) {
        uint64_t other = node[i ^ 1];
        key = other < key ? other : key;
        i >>= 1;
        node[i] = key;
    }
    uint64_t near = key;
    while (i > 1) {
        uint64_t other = node[i ^ 1];
        key = other < key ? other : key;
        i >>= 1;
        node[i] = key;
    }
    return (int64_t)(near & ((UINT64_C(1) << tree->id_bits) - 1));
}

/* Fetches what event_tree_set() of id will need. */
static inline void event_tree_prefetch(const struct event_tree *tree, uint32_t id)
{
    __builtin_prefetch(&tree->leaf[id], 1);
    for (uint64_t i = tree->groups + id / EVENT_GROUP; i > EVENT_CACHED; i >>= 1)
        __builtin_prefetch(&tree->node[i], 1);
}

/* When the first event is due, or a time before which none is; EVENT_NEVER if none is pending. */
static inline uint64_t event_tree_first_time(const struct event_tree *tree)
{
    uint64_t since = tree->node[1] >> tree->id_bits;
    return since > tree->span ? EVENT_NEVER : tree->base + since;
}

/* The id of the first event, once the clock stands at event_tree_first_time(); EVENT_NONE: ask
 * again, that was only the end of the span. */
static inline int64_t event_tree_first_id(struct event_tree *tree)
{
    uint64_t key = tree->node[1];
    if (key >> tree->id_bits >= tree->span) {
        event_tree_rebase(tree, tree->base + tree->span);
        return EVENT_NONE;
    }
    return (int64_t)(key & ((UINT64_C(1) << tree->id_bits) - 1));
}

#endif
