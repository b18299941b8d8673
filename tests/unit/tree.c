/* tree.c -- the balanced tree against a plain sorted array, under random insertions and removals.
 *
 * After each step the whole tree is walked: order, equals as they came, links, balance,
 * summaries (here: the sum of the keys), and the first node must be right.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/tree.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { NODES = 200, STEPS = 20000, SEEDS = 6 };

static struct tree tree;
static struct tree_node node[NODES];
static struct tree_node *sorted[NODES]; /* what the tree should hold, in this order */
static uint32_t count;

static void summarise_keys(struct tree_node *of)
{
    of->summary = of->key;
    for (unsigned side = 0; side < 2; side++)
        if (of->child[side] != NULL)
            of->summary += of->child[side]->summary;
}

static void add_key(struct tree_node *of, const struct tree_node *added)
{
    of->summary += added->key;
}

static bool take_key(struct tree_node *of, const struct tree_node *taken)
{
    of->summary -= taken->key;
    return true;
}

static const struct tree_summary sum_of_keys = { summarise_keys, add_key, take_key };

/* Walks the subtree, whose nodes are sorted[*at] onwards; returns its height. */
static uint32_t check_subtree(const struct tree_node *of, const struct tree_node *parent,
                              uint32_t *at)
{
    if (of == NULL)
        return 0;
    ck_assert_ptr_eq(of->parent, parent);
    uint64_t sum = of->key;
    uint32_t left = check_subtree(of->child[0], of, at);
    ck_assert_uint_lt(*at, count);
    ck_assert_ptr_eq(of, sorted[(*at)++]);
    uint32_t right = check_subtree(of->child[1], of, at);
    for (unsigned side = 0; side < 2; side++)
        if (of->child[side] != NULL)
            sum += of->child[side]->summary;
    ck_assert_int_eq(of->balance, (int32_t)right - (int32_t)left);
    ck_assert_int_le(of->balance, 1);
    ck_assert_int_ge(of->balance, -1);
    ck_assert_uint_eq(of->summary, sum);
    return 1 + (left > right ? left : right);
}

static void check_tree(void)
{
    uint32_t at = 0;
    check_subtree(tree.root, NULL, &at);
    ck_assert_uint_eq(at, count);
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
    tree_remove(&tree, sorted[at], &sum_of_keys);
    count--;
    memmove(&sorted[at], &sorted[at + 1], (count - at) * sizeof sorted[0]);
}

/* Keys from a narrow range that wraps, so that equals are many; the number of nodes rises and
 * falls; every fourth removal is that of the first node, as a pick is. */
START_TEST(is_a_sorted_array)
{
    uint64_t random = (uint64_t)_i + 1;
    memset(&tree, 0, sizeof tree);
    count = 0;
    static bool in_tree[NODES];
    memset(in_tree, 0, sizeof in_tree);
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = tori_random_below(&random, NODES);
        uint32_t wanted = step / 1000 % 2 == 0 ? 3 : 1; /* of 4 steps, insertions */
        if (tori_random_below(&random, 4) < wanted) {
            if (in_tree[i])
                continue;
            node[i].key = (uint64_t)tori_random_below(&random, 100) - 50;
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

int main(void)
{
    TCase *tests = tcase_create("tree");
    tcase_add_loop_test(tests, is_a_sorted_array, 0, SEEDS);
    return suite_run("tree", tests);
}
