/* plan.h -- which runs a study is made of, and which are still to do.
 *
 * The points with equal swept values, one of each variant, are a group, and what is decided is
 * decided for a group: all of its points have the same warm-up and the same number of replications,
 * and replication r of each has the same random numbers, so that variants can be compared in pairs.
 * A group belongs to one shard: to number 1 + (its index mod shards).
 *
 * Where the warm-up is to be found, all replications of a group run once as pilots first, whose
 * series tell it (mser5.h).  Where a precision is wanted, replications are added, group by group,
 * until all intervals are tight (precision.h).
 *
 * Runs are asked for in order: point by point, replications fastest; pilots group by group.
 * Everything follows from results alone, in whatever order they come, so that a plan that is told
 * results of before goes on from there, and a plan that is told all of them is complete.
 * tests/unit/plan.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_PLAN_H
#define SIM_STUDY_PLAN_H

#include "sim/host/result.h"

/* What is remembered of a run that is finished. */
struct plan_run {
    double *metrics; /* NULL: it is not finished */
    uint64_t where;  /* the caller's */
};

struct plan_group;
struct plan_point;

struct plan {
    const struct experiment *experiment;
    uint32_t shard, shards;   /* 1 of 1: everything */
    uint32_t groups;          /* of all shards */
    struct plan_group *group; /* [groups] */
    struct plan_point *point; /* [point_count] */
    struct run_order *queue;  /* to be asked for: [queue_next] to [queue_end - 1] */
    uint32_t queue_next, queue_end, queue_size;
    uint32_t done, total; /* runs of this shard, pilots included; total as is known yet */
    uint32_t unsettled;   /* groups without an end of their warm-up: it is half of the run */
    uint32_t imprecise;   /* groups that had all the replications allowed, and not the precision */
    uint32_t undefined;   /* groups some of whose intervals have no width, and ask for nothing */
    bool begun;
    struct run_result *bad; /* the first in order with a fault or an overrun; NULL: none */
    struct run_order bad_order;
    struct arena *arena;
};

/* Variants are outermost, and each has all groups: point p is of group p mod this. */
uint32_t plan_group_count(const struct experiment *experiment);

/* shard from 1 to shards. */
void plan_init(struct plan *plan, const struct experiment *experiment, uint32_t shard,
               uint32_t shards, struct arena *arena);

/* After it was told what was finished before, if anything. */
void plan_begin(struct plan *plan);

/* The next run; false when there is none, at present: results may bring more.  After a bad one,
 * only runs before it. */
bool plan_next(struct plan *plan, struct run_order *order);

/* Asks for it again: whoever had it is gone. */
void plan_again(struct plan *plan, const struct run_order *order);

/* A run is finished; where is kept for the caller.  False: it was finished before, or is none of
 * this study's or this shard's. */
bool plan_finished(struct plan *plan, const struct run_order *order,
                   const struct run_result *result, uint64_t where);

/* Would it take that run? */
bool plan_wants(const struct plan *plan, const struct run_order *order);

bool plan_is_complete(const struct plan *plan);

/* How many runs a point has, and those. */
uint32_t plan_count(const struct plan *plan, uint32_t point);
const struct plan_run *plan_run(const struct plan *plan, uint32_t point, uint32_t replication);

/* The warm-up of a point's runs. */
uint64_t plan_warmup_ps(const struct plan *plan, uint32_t point);

/* Is a result the end of a study? */
bool plan_is_bad(const struct run_result *result);

#endif
