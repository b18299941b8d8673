/* plan.c -- see plan.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/study/plan.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"

struct plan_group {
    uint32_t count; /* replications asked for */
    uint32_t left;  /* runs asked for and not finished */
    bool mine;
};

struct plan_point {
    struct plan_run *runs; /* [capacity] */
    uint32_t capacity;
};

/* ---- Points and groups -------------------------------------------------------------------- */

/* Variants are outermost, and each has all combinations of swept values. */
static uint32_t group_count(const struct experiment *experiment)
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
                           .groups = group_count(experiment),
                           .arena = arena };
    plan->group = arena_alloc(arena, plan->groups, sizeof *plan->group);
    plan->point = arena_alloc(arena, experiment->point_count, sizeof *plan->point);
    for (uint32_t g = 0; g < plan->groups; g++)
        plan->group[g].mine = g % shards == shard - 1;
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

static bool is_finished(const struct plan *plan, uint32_t p, uint32_t replication)
{
    const struct plan_point *point = &plan->point[p];
    return replication < point->capacity && point->runs[replication].metrics != NULL;
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

/* Asks for what a point has not got yet. */
static void ask(struct plan *plan, uint32_t p, uint32_t from)
{
    struct plan_group *group = group_of(plan, p);
    for (uint32_t r = from; r < group->count; r++) {
        struct run_order order = { .point = p,
                                   .replication = r,
                                   .warmup_ps = plan_warmup_ps(plan, p) };
        plan->total++;
        if (is_finished(plan, p, r)) {
            plan->done++;
            continue;
        }
        group->left++;
        queue_add(plan, &order);
    }
}

void plan_begin(struct plan *plan)
{
    plan->begun = true;
    for (uint32_t g = 0; g < plan->groups; g++)
        plan->group[g].count = plan->group[g].mine ? plan->experiment->replications : 0;
    for (uint32_t p = 0; p < plan->experiment->point_count; p++)
        ask(plan, p, 0);
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
    return order->point < plan->experiment->point_count && group_of(plan, order->point)->mine &&
           order->replication < plan->experiment->replications &&
           !is_finished(plan, order->point, order->replication);
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
    struct plan_run *run = run_at(plan, order->point, order->replication);
    run->metrics = arena_alloc(plan->arena, result->metric_count, sizeof *run->metrics);
    memcpy(run->metrics, result->metrics, result->metric_count * sizeof *run->metrics);
    run->where = where;
    if (!plan->begun)
        return true;
    plan->done++;
    group_of(plan, order->point)->left--;
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
    CHECK(is_finished(plan, point, replication));
    return &plan->point[point].runs[replication];
}

uint64_t plan_warmup_ps(const struct plan *plan, uint32_t point)
{
    return plan->experiment->points[point].scenario.warmup_ps;
}
