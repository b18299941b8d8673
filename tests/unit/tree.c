/* tree.c -- the balanced tree against a plain sorted array, under random insertions and removals.
 *
 * After each step the whole tree is walked: order, equals as they came, links, ranks,
 * summaries (here: the sum of the keys), and the first node must be right.  In every other run
 * tree_remove_first() is used, which leaves summaries on the way to the first as they are: there
 * they are not looked at.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "braid/tree.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { NODES = 200, STEPS = 20000, SEEDS = 8 };

static struct tree tree;
static struct tree_node node[NODES];
static struct tree_node *sorted[NODES]; /* what the tree should hold, in this order */
static uint32_t count, most; /* how many it holds, and the most since it was empty */
static bool way_is_stale; /* from the root to the first */

static void summarise_keys(struct tree_node *of)
{
    of->summary = of->key;
    for (unsigned side = 0; side < 2; side++)
        if (of->child[side] != NULL)
            of->summary += of->child[side]->summary;
}

static void lift_keys(struct tree_node *lifted, struct tree_node *of)
{
    summarise_keys(of);
    summarise_keys(lifted);
}

static void succeed_key(struct tree_node *next, const struct tree_node *of)
{
    (void)of;
    summarise_keys(next);
}

static bool add_key(struct tree_node *of, const struct tree_node *added)
{
    of->summary += added->key;
    return true;
}

static bool take_key(struct tree_node *of, const struct tree_node *taken)
{
    of->summary -= taken->key;
    return true;
}

static const struct tree_summary sum_of_keys = { summarise_keys, lift_keys, succeed_key, add_key,
                                                 take_key };

/* Walks the subtree, whose nodes are sorted[*at] onwards; returns its rank.  stale: its root is on
 * the way to the first. */
static int32_t check_subtree(const struct tree_node *of, const struct tree_node *parent,
                             uint32_t *at, bool stale)
{
    if (of == NULL)
        return -1;
    ck_assert_ptr_eq(of->parent, parent);
    uint64_t sum = of->key;
    int32_t left = check_subtree(of->child[0], of, at, stale);
    ck_assert_uint_lt(*at, count);
    ck_assert_ptr_eq(of, sorted[(*at)++]);
    int32_t right = check_subtree(of->child[1], of, at, false);
    for (unsigned side = 0; side < 2; side++) {
        ck_assert_int_ge(of->gap[side], 1);
        if (of->child[side] != NULL)
            sum += of->child[side]->summary;
    }
    ck_assert_int_eq(left + of->gap[0], right + of->gap[1]);
    if (!stale)
        ck_assert_uint_eq(of->summary, sum);
    return left + of->gap[0];
}

static void check_tree(void)
{
    uint32_t at = 0;
    most = count == 0 ? 0 : count > most ? count : most;
    int32_t rank = check_subtree(tree.root, NULL, &at, way_is_stale);
    ck_assert_uint_eq(at, count);
    ck_assert_double_le(rank, 1.5 * log2(most + 2) + 1);
    ck_assert_ptr_eq(tree.first, count > 0 ? sorted[0] : NULL);
    ck_assert_ptr_eq(tree_last(&tree), count > 0 ? sorted[count - 1] : NULL);
}

static void insert(struct tree_node *new, bool in_front)
{
    uint32_t at = 0;
    while (at < count &&
           (tree_before(sorted[at]->key, new->key) || (sorted[at]->key == new->key && !in_front)))
        at++;
    memmove(&sorted[at + 1], &sorted[at], (count - at) * sizeof sorted[0]);
    sorted[at] = new;
    count++;
    tree_insert(&tree, new, in_front, &sum_of_keys);
}

static void take_out(uint32_t at)
{
    if (at == 0 && way_is_stale)
        tree_remove_first(&tree);
    else
        tree_remove(&tree, sorted[at], &sum_of_keys);
    count--;
    memmove(&sorted[at], &sorted[at + 1], (count - at) * sizeof sorted[0]);
}

/* A hundred different keys, so that equals are many, next to each other or as far apart as they may
 * lie, around 0 or 2^63; the number of nodes rises and falls; every fourth removal is that of the
 * first node, as a pick is. */
START_TEST(is_a_sorted_array)
{
    uint64_t random = (uint64_t)_i + 1, middle = (uint64_t)(_i / 2 % 2) << 63;
    uint64_t apart = _i / 4 % 2 == 0 ? 1 : INT64_MAX / 99;
    memset(&tree, 0, sizeof tree);
    count = most = 0;
    way_is_stale = _i % 2 == 1;
    static bool in_tree[NODES];
    memset(in_tree, 0, sizeof in_tree);
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = tori_random_below(&random, NODES);
        uint32_t wanted = step / 1000 % 2 == 0 ? 3 : 1; /* of 4 steps, insertions */
        if (tori_random_below(&random, 4) < wanted) {
            if (in_tree[i])
                continue;
            node[i].key = middle + apart * ((uint64_t)tori_random_below(&random, 100) - 50);
            insert(&node[i], tori_random_below(&random, 4) == 0);
            in_tree[i] = true;
        } else if (count > 0) {
            uint32_t at = i % 4 == 0 ? 0 : tori_random_below(&random, count);
            in_tree[sorted[at] - node] = false;
            take_out(at);
        }
        check_tree();
    }
}
END_TEST

/* ---- Depth -------------------------------------------------------------------------------- */

enum { MANY = 1000, TURNS = 200000, WAYS = 6 };

static struct tree_node many[MANY];

/* Ways in which nodes leave and come back: the first, a bit or a lot later, in three patterns; the
 * root to the end; the last to the beginning; any anywhere. */
static struct tree_node *leaves(int way, uint64_t *random)
{
    struct tree_node *any = &many[tori_random_below(random, MANY)];
    return way < 3 ? tree.first : way == 3 ? tree.root : way == 4 ? tree_last(&tree) : any;
}

static uint64_t comes_back_at(int way, const struct tree_node *out, uint64_t turn, uint64_t *random)
{
    switch (way) {
    case 0:
        return out->key + 1 + tori_random_below(random, 2000);
    case 1:
        return out->key + 1 + tori_random_below(random, 2);
    case 2:
        return out->key + ((out - many) % 3 != 0 ? 10 : 1000);
    case 3:
        return turn + MANY;
    case 4:
        return tree.first->key - 1;
    default:
        return tori_random_below(random, 100000);
    }
}

START_TEST(stays_shallow)
{
    uint64_t random = 1;
    memset(&tree, 0, sizeof tree);
    for (uint32_t i = 0; i < MANY; i++) {
        many[i].key = tori_random_below(&random, MANY);
        tree_insert(&tree, &many[i], false, NULL);
    }
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        struct tree_node *out = leaves(_i, &random);
        if (out == tree.first)
            tree_remove_first(&tree);
        else
            tree_remove(&tree, out, NULL);
        out->key = comes_back_at(_i, out, turn, &random);
        tree_insert(&tree, out, false, NULL);
        int32_t rank = -1;
        for (const struct tree_node *at = tree.root; at != NULL; at = at->child[0])
            rank += at->gap[0];
        ck_assert_double_le(rank, 1.5 * log2(MANY + 2) + 1);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tree");
    tcase_add_loop_test(tests, stays_shallow, 0, WAYS);
    tcase_add_loop_test(tests, is_a_sorted_array, 0, SEEDS);
    return suite_run("tree", tests);
}
