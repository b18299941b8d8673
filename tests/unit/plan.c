/* plan.c -- all runs are asked for, once, in order, whatever the order of their results.
 *
 * Method: an experiment made by hand, of two variants and three swept values, with results made by
 * hand; results come in random orders, from before, twice, and from nowhere.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/study/plan.h"

#include "tests/support/suite.h"

#include <string.h>

enum { VARIANTS = 2, COMBINATIONS = 3, POINTS = VARIANTS * COMBINATIONS, REPLICATIONS = 4 };
enum { RUNS = POINTS * REPLICATIONS };

static struct arena arena;
static struct experiment experiment;
static struct plan plan;

static void set_up(void)
{
    arena = ARENA_EMPTY;
    experiment = (struct experiment){ .point_count = POINTS, .replications = REPLICATIONS };
    experiment.points = arena_alloc(&arena, POINTS, sizeof *experiment.points);
    for (uint32_t p = 0; p < POINTS; p++) {
        experiment.points[p].variant = p < COMBINATIONS ? "old" : "new";
        experiment.points[p].scenario.warmup_ps = 1000 + p;
    }
    plan_init(&plan, &experiment, 1, 1, &arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static bool finish(const struct run_order *order, uint64_t where)
{
    double metrics[] = { 10 * order->point + order->replication };
    struct run_result result = { .point = order->point,
                                 .replication = order->replication,
                                 .metric_count = 1,
                                 .metrics = metrics };
    return plan_finished(&plan, order, &result, where);
}

static bool breaks(const struct run_order *order)
{
    struct run_result result = { .point = order->point, .replication = order->replication };
    result.fault.kind = FAULT_LOST;
    return plan_finished(&plan, order, &result, 0);
}

START_TEST(in_order)
{
    struct run_order order;
    plan_begin(&plan);
    ck_assert_uint_eq(plan.total, RUNS);
    for (uint32_t i = 0; i < RUNS; i++) {
        ck_assert(plan_next(&plan, &order));
        ck_assert_uint_eq(order.point, i / REPLICATIONS);
        ck_assert_uint_eq(order.replication, i % REPLICATIONS);
        ck_assert_uint_eq(order.warmup_ps, 1000 + order.point);
        ck_assert(!order.pilot);
        ck_assert(!plan_is_complete(&plan));
        ck_assert(finish(&order, i));
        ck_assert_uint_eq(plan.done, i + 1);
    }
    ck_assert(!plan_next(&plan, &order));
    ck_assert(plan_is_complete(&plan));
    for (uint32_t p = 0; p < POINTS; p++) {
        ck_assert_uint_eq(plan_count(&plan, p), REPLICATIONS);
        for (uint32_t r = 0; r < REPLICATIONS; r++) {
            ck_assert_double_eq(plan_run(&plan, p, r)->metrics[0], 10 * p + r);
            ck_assert_uint_eq(plan_run(&plan, p, r)->where, p * REPLICATIONS + r);
        }
    }
}
END_TEST

START_TEST(from_before)
{
    struct run_order order = { .point = 2, .replication = 1 }, next;
    ck_assert(finish(&order, 5));
    order.replication = 3;
    ck_assert(finish(&order, 6));
    plan_begin(&plan);
    ck_assert_uint_eq(plan.done, 2);
    ck_assert_uint_eq(plan.total, RUNS);
    for (uint32_t i = 2; i < RUNS; i++) {
        ck_assert(plan_next(&plan, &next));
        ck_assert(next.point != 2 || (next.replication != 1 && next.replication != 3));
        finish(&next, 0);
    }
    ck_assert(!plan_next(&plan, &next));
    ck_assert(plan_is_complete(&plan));
}
END_TEST

START_TEST(twice_and_from_nowhere)
{
    struct run_order order, foreign[] = { { .point = POINTS }, { .replication = REPLICATIONS } };
    plan_begin(&plan);
    ck_assert(plan_next(&plan, &order));
    ck_assert(finish(&order, 0));
    ck_assert(!finish(&order, 0));
    ck_assert(!finish(&foreign[0], 0));
    ck_assert(!finish(&foreign[1], 0));
    ck_assert_uint_eq(plan.done, 1);
}
END_TEST

START_TEST(asked_for_again)
{
    struct run_order order, lost[2];
    plan_begin(&plan);
    for (uint32_t i = 0; i < RUNS; i++) {
        ck_assert(plan_next(&plan, &order));
        if (i == 3 || i == 7)
            lost[i / 4] = order;
        else
            finish(&order, 0);
    }
    ck_assert(!plan_next(&plan, &order));
    ck_assert(!plan_is_complete(&plan));
    plan_again(&plan, &lost[0]);
    plan_again(&plan, &lost[1]);
    ck_assert(finish(&lost[0], 0)); /* it was not lost, but late */
    ck_assert(plan_next(&plan, &order));
    ck_assert_uint_eq(order.point, lost[1].point);
    ck_assert_uint_eq(order.replication, lost[1].replication);
    finish(&order, 0);
    ck_assert(!plan_next(&plan, &order));
    ck_assert(plan_is_complete(&plan));
}
END_TEST

START_TEST(the_first_bad_one)
{
    struct run_order order[RUNS];
    plan_begin(&plan);
    for (uint32_t i = 0; i < 12; i++)
        ck_assert(plan_next(&plan, &order[i]));
    ck_assert(breaks(&order[10]));
    ck_assert(!plan_next(&plan, &order[12])); /* all before it are under way */
    ck_assert(breaks(&order[5]));
    ck_assert(breaks(&order[8]));
    ck_assert_uint_eq(plan.bad->point, 1);
    ck_assert_uint_eq(plan.bad->replication, 1);
    plan_again(&plan, &order[2]);
    ck_assert(plan_next(&plan, &order[12]));
    ck_assert(!plan_is_complete(&plan));
}
END_TEST

START_TEST(shards_share_it_out)
{
    for (uint32_t shards = 1; shards <= 5; shards++) {
        uint32_t seen[POINTS] = { 0 };
        for (uint32_t shard = 1; shard <= shards; shard++) {
            struct run_order order;
            plan_init(&plan, &experiment, shard, shards, &arena);
            plan_begin(&plan);
            uint32_t count = 0;
            for (; plan_next(&plan, &order); count++) {
                seen[order.point]++;
                ck_assert_uint_eq(order.point % COMBINATIONS % shards, shard - 1);
                finish(&order, 0);
            }
            ck_assert(plan_is_complete(&plan));
            ck_assert_uint_eq(plan.total, count);
        }
        for (uint32_t p = 0; p < POINTS; p++)
            ck_assert_uint_eq(seen[p], REPLICATIONS);
    }
}
END_TEST

/* ---- Pilots and precision ------------------------------------------------------------------ */

/* The series of a pilot: a transient of the first so many slices. */
static void finish_pilot(const struct run_order *order, uint32_t transient)
{
    double series[2 * SERIES_BATCHES];
    struct run_result result = { .point = order->point, .replication = order->replication };
    for (uint32_t i = 0; i < 2 * SERIES_BATCHES; i++) /* the second series is calm */
        series[i] = 5 + i % 3 + (i < transient ? 100 : 0);
    result.series = series;
    result.series_count = 2 * SERIES_BATCHES;
    ck_assert(order->pilot);
    ck_assert_uint_eq(order->warmup_ps, 0);
    ck_assert(plan_finished(&plan, order, &result, 0));
}

START_TEST(pilots_come_first)
{
    struct run_order order, pilots[RUNS];
    for (uint32_t p = 0; p < POINTS; p++) {
        experiment.points[p].scenario.warmup_auto = true;
        experiment.points[p].scenario.warmup_ps = 0;
        experiment.points[p].scenario.duration_ps = 1000 * SERIES_BATCHES;
    }
    plan_init(&plan, &experiment, 1, 1, &arena);
    plan_begin(&plan);
    for (uint32_t i = 0; i < RUNS; i++) { /* group by group */
        ck_assert(plan_next(&plan, &pilots[i]));
        ck_assert_uint_eq(pilots[i].point % COMBINATIONS, i / (VARIANTS * REPLICATIONS));
    }
    ck_assert(!plan_next(&plan, &order));
    for (uint32_t i = 1; i < VARIANTS * REPLICATIONS; i++)
        finish_pilot(&pilots[i], i % 2 == 0 ? 50 : 0);
    ck_assert(!plan_next(&plan, &order)); /* not before the last one */
    finish_pilot(&pilots[0], 50);
    ck_assert_uint_eq(plan_warmup_ps(&plan, 0), 50 * 1000);
    ck_assert_uint_eq(plan_warmup_ps(&plan, COMBINATIONS), 50 * 1000); /* the other variant */
    for (uint32_t i = 0; i < VARIANTS * REPLICATIONS; i++) {
        ck_assert(plan_next(&plan, &order));
        ck_assert(!order.pilot);
        ck_assert_uint_eq(order.point % COMBINATIONS, 0);
        ck_assert_uint_eq(order.warmup_ps, 50 * 1000);
        ck_assert(finish(&order, 0));
    }
    ck_assert(!plan_next(&plan, &order));
    ck_assert_uint_eq(plan.unsettled, 0);
    for (uint32_t i = VARIANTS * REPLICATIONS; i < RUNS; i++)
        finish_pilot(&pilots[i], 400); /* longer than half */
    ck_assert_uint_eq(plan.unsettled, 2);
    ck_assert_uint_eq(plan_warmup_ps(&plan, 1), 250 * 1000);
    while (plan_next(&plan, &order))
        ck_assert(finish(&order, 0));
    ck_assert(plan_is_complete(&plan));
    ck_assert_uint_eq(plan.total, 2 * RUNS);
}
END_TEST

/* The values of group 0 are spread; those of the others are equal. */
static void finish_spread(const struct run_order *order)
{
    double metrics[] = { 100 + (order->point == 0 && order->replication % 2 == 1 ? 10 : 0) };
    struct run_result result = { .metric_count = 1, .metrics = metrics };
    ck_assert(plan_finished(&plan, order, &result, 0));
}

START_TEST(replications_are_added)
{
    static const char *const metric[] = { "sched_overhead_percent" };
    struct run_order order;
    uint32_t asked[POINTS] = { 0 };
    experiment.precision = (struct precision){ 2, 1000, 1, metric };
    plan_init(&plan, &experiment, 1, 1, &arena);
    plan_begin(&plan);
    while (plan_next(&plan, &order)) {
        ck_assert_uint_eq(order.replication, asked[order.point]++);
        finish_spread(&order);
    }
    ck_assert(plan_is_complete(&plan));
    /* s is about 5: 1.96 x 5 / sqrt(n) <= 2.1 asks for 22 or so; both variants have them. */
    ck_assert_uint_ge(plan_count(&plan, 0), 22);
    ck_assert_uint_le(plan_count(&plan, 0), 40);
    ck_assert_uint_eq(plan_count(&plan, COMBINATIONS), plan_count(&plan, 0));
    ck_assert_uint_eq(asked[0], plan_count(&plan, 0));
    for (uint32_t p = 1; p < COMBINATIONS; p++)
        ck_assert_uint_eq(plan_count(&plan, p), REPLICATIONS);
}
END_TEST

START_TEST(replications_have_an_end)
{
    static const char *const metric[] = { "sched_overhead_percent" };
    struct run_order order;
    experiment.precision = (struct precision){ 0.1, 9, 1, metric };
    plan_init(&plan, &experiment, 1, 1, &arena);
    /* What was finished before is taken, of later rounds too. */
    for (uint32_t r = 0; r < 7; r++)
        finish_spread(&(struct run_order){ .replication = r });
    ck_assert(!plan_wants(&plan, &(struct run_order){ .replication = 9 }));
    plan_begin(&plan);
    while (plan_next(&plan, &order)) {
        ck_assert(order.point != 0 || order.replication >= 7);
        finish_spread(&order);
    }
    ck_assert(plan_is_complete(&plan));
    ck_assert_uint_eq(plan_count(&plan, 0), 9);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("plan");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, in_order);
    tcase_add_test(tests, from_before);
    tcase_add_test(tests, twice_and_from_nowhere);
    tcase_add_test(tests, asked_for_again);
    tcase_add_test(tests, the_first_bad_one);
    tcase_add_test(tests, shards_share_it_out);
    tcase_add_test(tests, pilots_come_first);
    tcase_add_test(tests, replications_are_added);
    tcase_add_test(tests, replications_have_an_end);
    return suite_run("plan", tests);
}
