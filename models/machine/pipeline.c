/* pipeline.c -- see pipeline.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/pipeline.h"

#include <math.h>

void pipeline_init(struct pipeline *pipeline, const struct profile *cpu, double instruction_fs)
{
    double cycle_fs = 1e9 / profile_value(cpu, clock_mhz);
    double window = profile_value(cpu, window_instructions);
    *pipeline = (struct pipeline){
        .latency_fs = (uint64_t)llround(profile_value(cpu, l1_latency_cycles) * cycle_fs),
        .quarter_fs = 1 + (uint64_t)llround(window * instruction_fs / PIPELINE_QUARTERS),
        .misses = (uint32_t)profile_value(cpu, outstanding_misses),
        .stores = (uint32_t)profile_value(cpu, store_buffer),
        .leaves_fs = UINT64_MAX,
    };
    if (window > 0)
        pipeline->reach_fs = (PIPELINE_QUARTERS - 1) * pipeline->quarter_fs;
}

void pipeline_leave(struct pipeline *pipeline)
{
    uint64_t left_fs = 0; /* what stays in the window is over */
    while (pipeline->work_fs >= pipeline->leaves_fs) {
        pipeline->quarter = (pipeline->quarter + 1) % PIPELINE_QUARTERS;
        pipeline_wait_until(pipeline, pipeline->over_fs[pipeline->quarter]);
        pipeline->over_fs[pipeline->quarter] = 0;
        pipeline->leaves_fs += pipeline->quarter_fs;
    }
    for (uint32_t i = 0; i < PIPELINE_QUARTERS; i++)
        left_fs |= pipeline->over_fs[i];
    if (left_fs == 0)
        pipeline->leaves_fs = UINT64_MAX;
}

void pipeline_load_beyond(struct pipeline *pipeline, uint64_t from_fs, uint64_t over_fs)
{
    if (pipeline->reach_fs == 0) {
        pipeline_wait_until(pipeline, from_fs);
        return;
    }
    if (pipeline->leaves_fs == UINT64_MAX)
        pipeline->leaves_fs = pipeline->work_fs + pipeline->quarter_fs;
    if (over_fs > pipeline->over_fs[pipeline->quarter])
        pipeline->over_fs[pipeline->quarter] = over_fs;
}

/* The oldest miss must be over before there can be one more. */
static uint64_t miss_slot(const struct pipeline *pipeline, uint64_t from_fs)
{
    if (pipeline->misses == 0 || pipeline->miss_fs[pipeline->next_miss] <= from_fs)
        return from_fs;
    return pipeline->miss_fs[pipeline->next_miss];
}

static void miss_put(struct pipeline *pipeline, uint64_t over_fs)
{
    if (pipeline->misses == 0)
        return;
    pipeline->miss_fs[pipeline->next_miss] = over_fs;
    if (++pipeline->next_miss == pipeline->misses)
        pipeline->next_miss = 0;
}

uint64_t pipeline_miss_from(struct pipeline *pipeline, uint64_t ready_fs)
{
    pipeline_advance(pipeline);
    uint64_t now_fs = pipeline_now(pipeline);
    return miss_slot(pipeline, now_fs > ready_fs ? now_fs : ready_fs);
}

uint64_t pipeline_load_miss(struct pipeline *pipeline, uint64_t from_fs, uint64_t cost_fs)
{
    uint64_t over_fs = from_fs + cost_fs + pipeline->latency_fs;
    miss_put(pipeline, from_fs + cost_fs);
    pipeline_load_late(pipeline, from_fs + cost_fs, over_fs);
    return pipeline->loaded_fs = over_fs;
}

/* Takes the next place in the store buffer, when it is free, until stored_fs. */
static void store_put(struct pipeline *pipeline)
{
    pipeline_wait_until(pipeline, pipeline->store_fs[pipeline->next_store]);
    pipeline->store_fs[pipeline->next_store] = pipeline->stored_fs;
    if (++pipeline->next_store == pipeline->stores)
        pipeline->next_store = 0;
}

void pipeline_store_behind(struct pipeline *pipeline)
{
    store_put(pipeline);
}

uint64_t pipeline_store_miss(struct pipeline *pipeline, uint64_t from_fs, uint64_t cost_fs)
{
    uint64_t over_fs = from_fs + cost_fs;
    miss_put(pipeline, over_fs);
    if (pipeline->stores == 0) {
        pipeline_wait_until(pipeline, over_fs);
        return over_fs;
    }
    if (over_fs > pipeline->stored_fs)
        pipeline->stored_fs = over_fs;
    store_put(pipeline);
    return over_fs;
}

void pipeline_finish_loads(struct pipeline *pipeline)
{
    if (pipeline->reach_fs == 0)
        return;
    pipeline_wait_until(pipeline, pipeline->loaded_fs);
    pipeline_wait_until(pipeline, pipeline->late_fs);
}

void pipeline_finish(struct pipeline *pipeline)
{
    pipeline_finish_loads(pipeline);
    pipeline_wait_until(pipeline, pipeline->stored_fs);
}
