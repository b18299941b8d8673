/* event_tree.c -- the order of events.
 *
 * Goal: events come out by (time, id), whatever was set, moved or cleared, also beyond the span of
 * a key.  Method: random operations beside a plain array that is searched for its least element.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/engine/event_tree.h"

#include "tests/support/suite.h"

static uint64_t next_random(uint64_t *state) /* xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static uint32_t least(const uint64_t *time, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t id = 1; id < count; id++)
        if (time[id] < time[best])
            best = id;
    return best;
}

/* In a small tree a part is a group: what comes near is its earliest, if within the span. */
static void check_near(const struct event_tree *tree, int64_t near, uint32_t id,
                       const uint64_t *time, uint32_t count)
{
    if (near == EVENT_NONE || time[near] >= tree->base + tree->span)
        return;
    uint32_t from = id / EVENT_GROUP * EVENT_GROUP;
    uint32_t members = count - from < EVENT_GROUP ? count - from : EVENT_GROUP;
    ck_assert_int_eq(near, from + least(&time[from], members));
}

/* What the tree says comes next, the clock moving on to ends of spans. */
static int64_t tree_first(struct event_tree *tree, uint64_t *when)
{
    int64_t id = EVENT_NONE;
    while (id == EVENT_NONE) {
        *when = event_tree_first_time(tree);
        if (*when == EVENT_NEVER)
            return EVENT_NONE;
        id = event_tree_first_id(tree);
    }
    return id;
}

static const uint32_t sizes[] = { 1, 2, 7, 8, 9, 64, 1000 };

START_TEST(agrees_with_a_search)
{
    enum { STEPS = 20000 };
    uint32_t count = sizes[_i % 7];
    uint64_t random = (uint64_t)_i + 1, now = 0;
    struct arena arena = ARENA_EMPTY;
    struct event_tree tree;
    uint64_t *time = arena_alloc(&arena, count, sizeof *time);
    event_tree_init(&tree, count, &arena);
    for (uint32_t id = 0; id < count; id++)
        time[id] = EVENT_NEVER;
    for (int step = 0; step < STEPS; step++) {
        uint32_t id = (uint32_t)(next_random(&random) % count);
        uint64_t when;
        switch (next_random(&random) % 8) {
        case 0: /* clear */
            time[id] = EVENT_NEVER;
            break;
        case 1: /* far beyond a span, which is 2^54 ps with 1000 ids */
            time[id] = now < UINT64_C(1) << 63 ? now + (next_random(&random) >> 6) : now + 1;
            break;
        case 2: /* at once, so that ties are common */
            time[id] = now;
            break;
        default:
            time[id] = now + next_random(&random) % 1000000;
        }
        int64_t near = event_tree_set(&tree, id, time[id]);
        if (count <= EVENT_PARTS * EVENT_GROUP)
            check_near(&tree, near, id, time, count);
        uint32_t expected = least(time, count);
        if (next_random(&random) % 2 == 0) {
            int64_t first = tree_first(&tree, &when);
            ck_assert_uint_eq(when, time[expected]);
            if (when == EVENT_NEVER)
                continue;
            ck_assert_int_eq(first, expected);
            ck_assert_uint_ge(when, now);
            now = when;
            time[expected] = EVENT_NEVER;
            event_tree_set(&tree, expected, EVENT_NEVER);
        }
    }
    arena_free(&arena);
}
END_TEST

/* A small tree has a key of at least 2^58 ps; a large one reaches its end. */
START_TEST(crosses_the_end_of_a_span)
{
    enum { COUNT = 1 << 20 };
    struct arena arena = ARENA_EMPTY;
    struct event_tree tree;
    uint64_t when;
    event_tree_init(&tree, COUNT, &arena);
    event_tree_set(&tree, 5, 3 * tree.span + 7);
    event_tree_set(&tree, 4, 3 * tree.span + 7);
    event_tree_set(&tree, 6, 10);
    ck_assert_int_eq(tree_first(&tree, &when), 6);
    event_tree_set(&tree, 6, EVENT_NEVER);
    ck_assert_int_eq(tree_first(&tree, &when), 4);
    ck_assert_uint_eq(when, 3 * (((UINT64_C(1) << 44) - 1) - 1) + 7);
    event_tree_set(&tree, 4, EVENT_NEVER);
    ck_assert_int_eq(tree_first(&tree, &when), 5);
    event_tree_set(&tree, 5, EVENT_NEVER);
    ck_assert_int_eq(tree_first(&tree, &when), EVENT_NONE);
    arena_free(&arena);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("event_tree");
    tcase_add_loop_test(tests, agrees_with_a_search, 0, 21);
    tcase_add_test(tests, crosses_the_end_of_a_span);
    return suite_run("event_tree", tests);
}
