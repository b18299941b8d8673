/* plan.c -- see plan.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/study/plan.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/statistics/mser5.h"
#include "sim/statistics/precision.h"

struct plan_group {
    enum { GROUP_PILOTS, GROUP_RUNS, GROUP_DONE } phase;
    uint32_t count; /* replications asked for */
    uint32_t left;  /* runs asked for and not finished */
    uint64_t warmup_ps;
    bool mine;
};

struct plan_point {
    struct plan_run *runs; /* [capacity] */
    uint32_t capacity;
    double **pilots; /* [replications]: their series, until the warm-up is known */
};

/* ---- Points and groups -------------------------------------------------------------------- */

uint32_t plan_group_count(const struct experiment *experiment)
{
    const char *first = experiment->points[0].variant;
    uint32_t count = 1;
    while (count < experiment->point_count &&
           (first == NULL || strcmp(experiment->points[count].variant, first) == 0))
        count++;
    CHECK(experiment->point_count % count == 0);
    return count;
}

static struct plan_group *group_of(const struct plan *plan, uint32_t point)
{
    return &plan->group[point % plan->groups];
}

void plan_init(struct plan *plan, const struct experiment *experiment, uint32_t shard,
               uint32_t shards, struct arena *arena)
{
    CHECK(shard >= 1 && shard <= shards);
    *plan = (struct plan){ .experiment = experiment,
                           .shard = shard,
                           .shards = shards,
                           .groups = plan_group_count(experiment),
                           .arena = arena };
    plan->group = arena_alloc(arena, plan->groups, sizeof *plan->group);
    plan->point = arena_alloc(arena, experiment->point_count, sizeof *plan->point);
    for (uint32_t g = 0; g < plan->groups; g++)
        plan->group[g] = (struct plan_group){ .phase = GROUP_PILOTS,
                                              .warmup_ps = experiment->points[g].scenario.warmup_ps,
                                              .mine = g % shards == shard - 1 };
}

/* The array of runs grows with what is told. */
static struct plan_run *run_at(struct plan *plan, uint32_t p, uint32_t replication)
{
    struct plan_point *point = &plan->point[p];
    if (replication >= point->capacity) {
        uint32_t capacity = plan->experiment->replications;
        while (capacity <= replication)
            capacity *= 2;
        struct plan_run *runs = arena_alloc(plan->arena, capacity, sizeof *runs);
        if (point->capacity > 0)
            memcpy(runs, point->runs, point->capacity * sizeof *runs);
        point->runs = runs;
        point->capacity = capacity;
    }
    return &point->runs[replication];
}

static bool is_finished(const struct plan *plan, const struct run_order *order)
{
    const struct plan_point *point = &plan->point[order->point];
    if (order->pilot)
        return point->pilots != NULL && point->pilots[order->replication] != NULL;
    return order->replication < point->capacity && point->runs[order->replication].metrics != NULL;
}

/* ---- What is to do ------------------------------------------------------------------------ */

static void queue_add(struct plan *plan, const struct run_order *order)
{
    if (plan->queue_end == plan->queue_size) {
        uint32_t waiting = plan->queue_end - plan->queue_next;
        uint32_t size = 2 * waiting + 1024;
        struct run_order *queue = arena_alloc(plan->arena, size, sizeof *queue);
        if (waiting > 0)
            memcpy(queue, plan->queue + plan->queue_next, waiting * sizeof *queue);
        arena_drop(plan->arena, plan->queue);
        plan->queue = queue;
        plan->queue_size = size;
        plan->queue_next = 0;
        plan->queue_end = waiting;
    }
    plan->queue[plan->queue_end++] = *order;
}

/* Asks for what a point has not got yet of replications from to end - 1. */
static void ask(struct plan *plan, uint32_t p, bool pilot, uint32_t from, uint32_t end)
{
    struct plan_group *group = group_of(plan, p);
    for (uint32_t r = from; r < end; r++) {
        struct run_order order = { .point = p, .replication = r, .pilot = pilot };
        order.warmup_ps = pilot ? 0 : plan_warmup_ps(plan, p);
        plan->total++;
        if (is_finished(plan, &order)) {
            plan->done++;
            continue;
        }
        group->left++;
        queue_add(plan, &order);
    }
}

/* The warm-up of a group, by its pilots, which are not wanted any more then. */
static void find_warmup(struct plan *plan, uint32_t g)
{
    const struct experiment *experiment = plan->experiment;
    uint32_t replications = experiment->replications, count = 0;
    const double **pilots =
        malloc((size_t)experiment->point_count / plan->groups * replications * sizeof *pilots);
    CHECK(pilots != NULL);
    for (uint32_t p = g; p < experiment->point_count; p += plan->groups)
        for (uint32_t r = 0; r < replications; r++)
            pilots[count++] = plan->point[p].pilots[r];
    if (!mser5_warmup(pilots, count, 2, SERIES_BATCHES, experiment->points[g].scenario.duration_ps,
                      &plan->group[g].warmup_ps))
        plan->unsettled++;
    for (uint32_t p = g; p < experiment->point_count; p += plan->groups)
        for (uint32_t r = 0; r < replications; r++)
            free(plan->point[p].pilots[r]);
    for (uint32_t p = g; p < experiment->point_count; p += plan->groups)
        plan->point[p].pilots = NULL;
    free(pilots);
}

/* The interval of one metric of a point, over the replications that are asked for. */
static struct interval interval_of(const struct plan *plan, uint32_t p, uint32_t metric)
{
    uint32_t count = plan_count(plan, p);
    double *values = malloc(count * sizeof *values);
    CHECK(values != NULL);
    for (uint32_t r = 0; r < count; r++)
        values[r] = plan->point[p].runs[r].metrics[metric];
    struct interval interval = statistics_interval(values, count);
    free(values);
    return interval;
}

/* How many more replications a group wants, and may have; it is asked once when there are none. */
static uint32_t more_of(struct plan *plan, uint32_t g)
{
    const struct experiment *experiment = plan->experiment;
    const struct precision *precision = &experiment->precision;
    struct arena arena = ARENA_EMPTY;
    uint32_t count = 0;
    if (precision->percent == 0)
        return 0;
    struct interval *intervals = arena_alloc(
        &arena, (size_t)experiment->point_count / plan->groups * precision->metric_count,
        sizeof *intervals);
    for (uint32_t p = g; p < experiment->point_count; p += plan->groups) {
        const struct scenario *scenario = &experiment->points[p].scenario;
        for (uint32_t m = 0; m < precision->metric_count; m++)
            for (uint32_t i = 0; i < metric_name_count(scenario); i++)
                if (strcmp(metric_name(scenario, i, &arena), precision->metrics[m]) == 0)
                    intervals[count++] = interval_of(plan, p, i);
    }
    uint32_t has = plan->group[g].count, left = precision->max_replications - has;
    uint32_t more = precision_more(intervals, count, precision->percent, has, UINT32_MAX);
    bool without = false;
    for (uint32_t i = 0; i < count; i++)
        without |= intervals[i].n < 2;
    arena_free(&arena);
    plan->imprecise += more > 0 && left == 0;
    more = more < left ? more : left;
    plan->undefined += more == 0 && without;
    return more;
}

/* Asks for more replications of all points of a group. */
static void ask_more(struct plan *plan, uint32_t g, uint32_t more)
{
    struct plan_group *group = &plan->group[g];
    uint32_t from = group->count;
    group->count += more;
    for (uint32_t p = g; p < plan->experiment->point_count; p += plan->groups)
        ask(plan, p, false, from, group->count);
}

/* What follows when all that was asked for is finished. */
static void go_on(struct plan *plan, uint32_t g)
{
    struct plan_group *group = &plan->group[g];
    while (group->left == 0 && group->phase != GROUP_DONE) {
        if (group->phase == GROUP_PILOTS) {
            find_warmup(plan, g);
            group->phase = GROUP_RUNS;
            ask_more(plan, g, plan->experiment->replications);
            continue;
        }
        uint32_t more = more_of(plan, g);
        if (more == 0)
            group->phase = GROUP_DONE;
        else
            ask_more(plan, g, more);
    }
}

void plan_begin(struct plan *plan)
{
    const struct experiment *experiment = plan->experiment;
    uint32_t points = experiment->point_count;
    plan->begun = true;
    for (uint32_t g = 0; g < plan->groups; g++) {
        struct plan_group *group = &plan->group[g];
        if (!group->mine) {
            group->phase = GROUP_DONE;
        } else if (experiment->points[g].scenario.warmup_auto) {
            for (uint32_t p = g; p < points; p += plan->groups)
                ask(plan, p, true, 0, experiment->replications);
        } else {
            group->phase = GROUP_RUNS;
            group->count = experiment->replications;
        }
    }
    for (uint32_t p = 0; p < points; p++)
        if (group_of(plan, p)->phase == GROUP_RUNS)
            ask(plan, p, false, 0, experiment->replications);
    for (uint32_t g = 0; g < plan->groups; g++)
        go_on(plan, g);
}

/* Is a to be done before b? */
static bool is_before(const struct run_order *a, const struct run_order *b)
{
    if (a->pilot != b->pilot)
        return a->pilot;
    return a->point != b->point ? a->point < b->point : a->replication < b->replication;
}

bool plan_next(struct plan *plan, struct run_order *order)
{
    while (plan->queue_next < plan->queue_end) {
        *order = plan->queue[plan->queue_next++];
        if (!plan_wants(plan, order)) /* asked for again, and finished after all */
            continue;
        if (plan->bad == NULL || is_before(order, &plan->bad_order))
            return true;
    }
    return false;
}

void plan_again(struct plan *plan, const struct run_order *order)
{
    queue_add(plan, order);
}

/* ---- What is finished --------------------------------------------------------------------- */

bool plan_is_bad(const struct run_result *result)
{
    return result->fault.kind != FAULT_NONE || result->overrun.happened;
}

static void note_bad(struct plan *plan, const struct run_order *order,
                     const struct run_result *result)
{
    if (plan->bad != NULL && !is_before(order, &plan->bad_order))
        return;
    if (plan->bad == NULL)
        plan->bad = arena_alloc(plan->arena, 1, sizeof *plan->bad);
    *plan->bad = *result;
    plan->bad_order = *order;
}

bool plan_wants(const struct plan *plan, const struct run_order *order)
{
    const struct experiment *experiment = plan->experiment;
    uint32_t most = experiment->replications;
    if (order->point >= experiment->point_count || !group_of(plan, order->point)->mine)
        return false;
    if (order->pilot && (!experiment->points[order->point].scenario.warmup_auto ||
                         group_of(plan, order->point)->phase != GROUP_PILOTS))
        return false;
    if (!order->pilot && experiment->precision.percent > 0)
        most = experiment->precision.max_replications;
    return order->replication < most && !is_finished(plan, order);
}

static void keep_pilot(struct plan *plan, const struct run_order *order,
                       const struct run_result *result)
{
    struct plan_point *point = &plan->point[order->point];
    size_t size = result->series_count * sizeof *result->series;
    CHECK(result->series_count == 2 * SERIES_BATCHES);
    if (point->pilots == NULL)
        point->pilots =
            arena_alloc(plan->arena, plan->experiment->replications, sizeof *point->pilots);
    point->pilots[order->replication] = malloc(size);
    CHECK(point->pilots[order->replication] != NULL);
    memcpy(point->pilots[order->replication], result->series, size);
}

bool plan_finished(struct plan *plan, const struct run_order *order,
                   const struct run_result *result, uint64_t where)
{
    if (!plan_wants(plan, order))
        return false;
    if (plan_is_bad(result)) {
        note_bad(plan, order, result);
        return true;
    }
    if (order->pilot) {
        keep_pilot(plan, order, result);
    } else {
        struct plan_run *run = run_at(plan, order->point, order->replication);
        run->metrics = arena_alloc(plan->arena, result->metric_count, sizeof *run->metrics);
        memcpy(run->metrics, result->metrics, result->metric_count * sizeof *run->metrics);
        run->where = where;
    }
    if (!plan->begun)
        return true;
    plan->done++;
    group_of(plan, order->point)->left--;
    go_on(plan, order->point % plan->groups);
    return true;
}

bool plan_is_complete(const struct plan *plan)
{
    return plan->bad == NULL && plan->done == plan->total;
}

uint32_t plan_count(const struct plan *plan, uint32_t point)
{
    return group_of(plan, point)->count;
}

const struct plan_run *plan_run(const struct plan *plan, uint32_t point, uint32_t replication)
{
    CHECK(replication < plan->point[point].capacity &&
          plan->point[point].runs[replication].metrics != NULL);
    return &plan->point[point].runs[replication];
}

uint64_t plan_warmup_ps(const struct plan *plan, uint32_t point)
{
    if (!plan->experiment->points[point].scenario.warmup_auto)
        return plan->experiment->points[point].scenario.warmup_ps;
    return group_of(plan, point)->warmup_ps;
}
