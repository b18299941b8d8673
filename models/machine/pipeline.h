/* pipeline.h -- how far a core's loads and stores overlap with the instructions around them.
 *
 * Instructions are dispatched in order, at the profile's rate.  A load begins when its address is
 * known and is over a latency later; what does not need it goes on meanwhile.  Limits:
 *
 *     window        no instruction is dispatched before the one that many earlier is over
 *     misses        so many lines are under way at once
 *     store buffer  stores wait there for their lines, and leave it in order
 *
 * A window of 0 is a core that executes in order: a miss, or an operand that is not there yet,
 * holds everything up.  No store buffer: so does a write that misses.
 *
 * All times are fs of one clock that never goes back, whatever core an entry is on: entries follow
 * one another whole, and each finds the pipeline empty.
 *
 * Loads that are over before the window could end are not kept in it.  While there are others it is
 * kept in quarters, so that a load leaves it between 3/4 and 4/4 of it later; what is over is known
 * for each quarter as a whole.  Source of the view: T. Karkhanis and J. Smith, "A first-order
 * superscalar processor model", ISCA 2004.  tests/unit/pipeline.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_PIPELINE_H
#define MACHINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/machine/profile.h"

enum { PIPELINE_QUARTERS = 4, PIPELINE_MISSES_MAX = 64, PIPELINE_STORES_MAX = 256 };

struct pipeline {
    uint64_t work_fs;    /* what the instructions dispatched so far take by themselves */
    uint64_t stalled_fs; /* what else has passed */
    uint64_t leaves_fs;  /* when work gets there, the oldest quarter leaves the window; UINT64_MAX:
                            there is nothing in it */
    uint64_t loaded_fs;  /* the last load is over */
    uint64_t late_fs;    /* so are all loads that had to wait */
    uint64_t stored_fs;  /* the store buffer is empty */
    uint64_t latency_fs, quarter_fs;
    uint64_t reach_fs;                   /* three quarters; 0: in order */
    uint64_t over_fs[PIPELINE_QUARTERS]; /* when the loads of a quarter are over */
    uint32_t quarter;                    /* the one now dispatched */
    uint32_t next_miss, next_store, misses, stores;
    uint64_t miss_fs[PIPELINE_MISSES_MAX];  /* [misses] when each is over */
    uint64_t store_fs[PIPELINE_STORES_MAX]; /* [stores] when each has left the buffer */
};

/* instruction_fs: what one takes. */
void pipeline_init(struct pipeline *pipeline, const struct profile *cpu, double instruction_fs);

/* What has passed, instructions and stalls. */
static inline uint64_t pipeline_now(const struct pipeline *pipeline)
{
    return pipeline->work_fs + pipeline->stalled_fs;
}

static inline void pipeline_wait_until(struct pipeline *pipeline, uint64_t fs)
{
    uint64_t now_fs = pipeline_now(pipeline);
    if (fs > now_fs)
        pipeline->stalled_fs += fs - now_fs;
}

/* Quarters leave the window as the work dispatched fills new ones. */
void pipeline_leave(struct pipeline *pipeline);

/* To be asked between blocks. */
static inline void pipeline_advance(struct pipeline *pipeline)
{
    if (pipeline->work_fs >= pipeline->leaves_fs)
        pipeline_leave(pipeline);
}

/* The window reaches a load that is over after three quarters of it are dispatched; in order, any
 * that has to wait. */
void pipeline_load_beyond(struct pipeline *pipeline, uint64_t from_fs, uint64_t over_fs);

/* A load is over so late, which it begins at from_fs. */
static inline void pipeline_load_late(struct pipeline *pipeline, uint64_t from_fs, uint64_t over_fs)
{
    if (over_fs > pipeline->late_fs)
        pipeline->late_fs = over_fs;
    if (over_fs >= pipeline_now(pipeline) + pipeline->reach_fs)
        pipeline_load_beyond(pipeline, from_fs, over_fs);
}

/* A load that the first level serves, of what is there, or whose address is known, at ready_fs.
 * Returns when it is over. */
static inline uint64_t pipeline_load(struct pipeline *pipeline, uint64_t ready_fs)
{
    uint64_t now_fs = pipeline_now(pipeline), from_fs = now_fs > ready_fs ? now_fs : ready_fs;
    uint64_t over_fs = from_fs + pipeline->latency_fs;
    if (from_fs > now_fs)
        pipeline_load_late(pipeline, from_fs, over_fs);
    return pipeline->loaded_fs = over_fs;
}

/* When an access below the first level begins, whose address is known at ready_fs. */
uint64_t pipeline_miss_from(struct pipeline *pipeline, uint64_t ready_fs);

/* It takes cost_fs more than one that the first level serves.  Returns when the load is over. */
uint64_t pipeline_load_miss(struct pipeline *pipeline, uint64_t from_fs, uint64_t cost_fs);

/* The same of a store; returns when its line is there. */
uint64_t pipeline_store_miss(struct pipeline *pipeline, uint64_t from_fs, uint64_t cost_fs);

/* A store behind others. */
void pipeline_store_behind(struct pipeline *pipeline);

/* A store to a line that is there. */
static inline void pipeline_store(struct pipeline *pipeline)
{
    if (pipeline->stored_fs > pipeline_now(pipeline))
        pipeline_store_behind(pipeline);
}

/* Either, of a line that is near; returns when a load is over. */
static inline uint64_t pipeline_near(struct pipeline *pipeline, uint64_t ready_fs, bool write)
{
    if (!write)
        return pipeline_load(pipeline, ready_fs);
    pipeline_store(pipeline);
    return 0;
}

/* A branch that was predicted wrong is noticed when what it depends on has been loaded: taken as
 * the last load before it. */
static inline void pipeline_mispredict(struct pipeline *pipeline, uint64_t cost_fs)
{
    pipeline_wait_until(pipeline, pipeline->loaded_fs);
    pipeline->stalled_fs += cost_fs;
}

/* Waits for all loads, as the end of an entry does. */
void pipeline_finish_loads(struct pipeline *pipeline);

/* And for all stores, as atomic operations and fences do. */
void pipeline_finish(struct pipeline *pipeline);

#endif
