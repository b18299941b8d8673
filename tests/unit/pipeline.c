/* pipeline.c -- how far loads and stores overlap.
 *
 * Goal: independent misses overlap, as many as the core may have under way and its window reaches;
 * dependent loads do not; a core in order overlaps nothing; stores that miss are waited for only
 * when the store buffer is full, or by a fence; a mispredicted branch waits for what was loaded.
 * Method: a machine of one instruction a ns and a first level of 4 ns; times worked out by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/pipeline.h"

#include "tests/support/suite.h"

enum { NS = 1000000, MISS_NS = 100, LATENCY_NS = 4, WINDOW = 64 };

static struct pipeline pipeline_of(double window, double misses, double stores)
{
    struct profile cpu = { .name = "test" };
    struct pipeline pipeline;
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_l1_latency_cycles].value = LATENCY_NS;
    cpu.figure[FIGURE_window_instructions].value = window;
    cpu.figure[FIGURE_outstanding_misses].value = misses;
    cpu.figure[FIGURE_store_buffer].value = stores;
    pipeline_init(&pipeline, &cpu, NS);
    return pipeline;
}

static void work(struct pipeline *pipeline, uint64_t instructions)
{
    pipeline->work_fs += instructions * NS;
    pipeline_advance(pipeline);
}

/* A load that misses, whose address is known at ready_fs; when it is over. */
static uint64_t miss(struct pipeline *pipeline, uint64_t ready_fs)
{
    work(pipeline, 1);
    uint64_t from_fs = pipeline_miss_from(pipeline, ready_fs);
    return pipeline_load_miss(pipeline, from_fs, (uint64_t)MISS_NS * NS);
}

static void store_miss(struct pipeline *pipeline)
{
    work(pipeline, 1);
    uint64_t from_fs = pipeline_miss_from(pipeline, 0);
    pipeline_store_miss(pipeline, from_fs, (uint64_t)MISS_NS * NS);
}

/* ns from the beginning until all loads are over. */
static uint64_t loads_over_ns(struct pipeline *pipeline)
{
    pipeline_finish_loads(pipeline);
    return pipeline_now(pipeline) / NS;
}

START_TEST(independent_misses_overlap)
{
    struct pipeline pipeline = pipeline_of(WINDOW, 0, 0);
    for (int i = 0; i < 8; i++)
        miss(&pipeline, 0);
    ck_assert_uint_eq(loads_over_ns(&pipeline), 8 + MISS_NS + LATENCY_NS);
}
END_TEST

START_TEST(so_many_misses_are_under_way)
{
    struct pipeline pipeline = pipeline_of(WINDOW, 2, 0);
    for (int i = 0; i < 8; i++)
        miss(&pipeline, 0);
    ck_assert_uint_eq(loads_over_ns(&pipeline), 2 + 4 * MISS_NS + LATENCY_NS);
}
END_TEST

START_TEST(dependent_loads_do_not_overlap)
{
    struct pipeline pipeline = pipeline_of(WINDOW, 0, 0);
    uint64_t over_fs = 0;
    for (int i = 0; i < 4; i++)
        over_fs = miss(&pipeline, over_fs);
    ck_assert_uint_eq(loads_over_ns(&pipeline), 1 + 4 * (MISS_NS + LATENCY_NS));

    pipeline = pipeline_of(WINDOW, 0, 0);
    over_fs = 0;
    for (int i = 0; i < 100; i++) {
        work(&pipeline, 2); /* hidden behind the loads */
        over_fs = pipeline_load(&pipeline, over_fs);
    }
    ck_assert_uint_eq(loads_over_ns(&pipeline), 2 + 100 * LATENCY_NS);
}
END_TEST

/* Behind a miss the core goes on for the window, and no further. */
START_TEST(the_window_is_finite)
{
    struct pipeline pipeline = pipeline_of(WINDOW, 0, 0);
    uint64_t now_ns = 0;
    miss(&pipeline, 0);
    for (uint64_t i = 0; i < 4 * WINDOW; i++) {
        work(&pipeline, 1);
        pipeline_load(&pipeline, 0);
        now_ns = pipeline_now(&pipeline) / NS;
        if (i < WINDOW / 2)
            ck_assert_uint_eq(now_ns, i + 2);
        if (i > WINDOW)
            ck_assert_uint_gt(now_ns, MISS_NS);
    }
    ck_assert_uint_ge(now_ns, MISS_NS + 3 * WINDOW);
    ck_assert_uint_le(now_ns, MISS_NS + 3 * WINDOW + WINDOW / 2);
}
END_TEST

START_TEST(in_order_nothing_overlaps)
{
    struct pipeline pipeline = pipeline_of(0, 0, 0);
    for (int i = 0; i < 8; i++)
        miss(&pipeline, 0);
    ck_assert_uint_eq(loads_over_ns(&pipeline), 8 * (1 + MISS_NS));
    uint64_t over_fs = pipeline_load(&pipeline, 0), from_ns = pipeline_now(&pipeline) / NS;
    pipeline_load(&pipeline, over_fs); /* an operand is waited for */
    ck_assert_uint_eq(pipeline_now(&pipeline) / NS, from_ns + LATENCY_NS);
}
END_TEST

START_TEST(stores_wait_in_the_buffer)
{
    enum { STORES = 4 };
    struct pipeline pipeline = pipeline_of(WINDOW, 0, STORES);
    for (int i = 0; i < STORES; i++)
        store_miss(&pipeline);
    ck_assert_uint_eq(loads_over_ns(&pipeline), STORES);
    store_miss(&pipeline); /* the first must have gone */
    ck_assert_uint_eq(loads_over_ns(&pipeline), 1 + MISS_NS);
    pipeline_finish(&pipeline);
    ck_assert_uint_eq(pipeline_now(&pipeline) / NS, STORES + 1 + MISS_NS);

    pipeline = pipeline_of(WINDOW, 0, STORES);
    store_miss(&pipeline);
    for (int i = 1; i < STORES; i++)
        pipeline_store(&pipeline); /* they leave in order, behind the first */
    ck_assert_uint_eq(pipeline_now(&pipeline) / NS, 1);
    pipeline_store(&pipeline);
    ck_assert_uint_eq(pipeline_now(&pipeline) / NS, 1 + MISS_NS);

    pipeline = pipeline_of(WINDOW, 0, 0); /* there is none */
    store_miss(&pipeline);
    ck_assert_uint_eq(pipeline_now(&pipeline) / NS, 1 + MISS_NS);
}
END_TEST

START_TEST(a_branch_waits_for_what_it_is_on)
{
    struct pipeline pipeline = pipeline_of(WINDOW, 0, 0);
    uint64_t over_fs = miss(&pipeline, 0);
    pipeline_mispredict(&pipeline, 20 * (uint64_t)NS);
    ck_assert_uint_eq(pipeline_now(&pipeline), over_fs + 20 * (uint64_t)NS);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("pipeline");
    tcase_add_test(tests, independent_misses_overlap);
    tcase_add_test(tests, so_many_misses_are_under_way);
    tcase_add_test(tests, dependent_loads_do_not_overlap);
    tcase_add_test(tests, the_window_is_finite);
    tcase_add_test(tests, in_order_nothing_overlaps);
    tcase_add_test(tests, stores_wait_in_the_buffer);
    tcase_add_test(tests, a_branch_waits_for_what_it_is_on);
    return suite_run("pipeline", tests);
}
