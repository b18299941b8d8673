/* working_set.c -- see working_set.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/working_set.h"

#include <math.h>

#define WHOLE (UINT64_C(1) << 32)

/* Share of `resident` lines of a process that outlive `inserted` others: its own lines fill sets
 * evenly, to depth n = resident / sets, and each depth survives with its own probability. */
static double resident_survival(const struct cache *cache, uint32_t resident, uint32_t inserted)
{
    if (inserted == 0)
        return 1;
    double rate = (double)inserted / cache->sets;
    double depths = (double)resident / cache->sets, sum = 0;
    for (uint32_t depth = 0; depth < depths; depth++) {
        double share = depths - depth < 1 ? depths - depth : 1;
        sum += share * cache_survival(rate, cache->ways - depth);
    }
    return sum / depths;
}

/* Lines that a level can hold of a set; an exclusive one holds what the nearer ones do not. */
static uint32_t capacity(const struct memory *memory, uint32_t level, uint32_t core)
{
    uint32_t lines = memory_cache(memory, level, core)->lines;
    for (; level > 0 && memory->exclusive[level]; level--)
        lines += memory_cache(memory, level - 1, core)->lines;
    return lines;
}

/* Translations that are gone, and will be needed. */
static double walks_fs(struct memory *memory, uint32_t core, const struct footprint *footprint,
                       uint32_t lines, bool switched, double touched)
{
    struct cache *tlb = memory->tlb[1] != NULL ? memory->tlb[1] : memory->tlb[0];
    if (tlb == NULL)
        return 0;
    tlb += memory_unit(memory, core);
    uint32_t pages = (lines >> memory->user_page_shift) + 1;
    uint32_t resident = pages < tlb->lines ? pages : tlb->lines;
    double survive = 0;
    if (!switched)
        survive = 1;
    else if (memory->tlb_tagged && footprint->core == core)
        survive =
            resident_survival(tlb, resident,
                              (memory_cache(memory, 0, core)->insertions - footprint->stamp[0]) >>
                                  memory->user_page_shift);
    double missing = resident * (1 - survive) * touched;
    cache_intrude(tlb, (uint32_t)(missing + 0.5));
    if (memory->tlb[1] != NULL)
        cache_intrude(&memory->tlb[0][memory_unit(memory, core)], (uint32_t)(missing + 0.5));
    return missing * (double)memory->walk_fs;
}

/* The channel that core's lines come through is busy with what was booked before. */
static uint64_t queue_ps(struct memory *memory, uint32_t core, double lines, uint64_t now_ps)
{
    struct channel *channel =
        &memory->channel[(size_t)(core / memory->domain_cores) * memory->channels];
    uint64_t wait_ps = 0;
    double occupied_fs = lines * (double)memory->occupancy_fs / memory->channels;
    for (uint32_t i = 0; i < memory->channels; i++) {
        uint64_t one_ps = booking_wait(&channel[i].queue, (uint64_t)(occupied_fs / 1000), now_ps);
        wait_ps = one_ps > wait_ps ? one_ps : wait_ps;
    }
    return wait_ps;
}

uint64_t working_set_refill(struct memory *memory, uint32_t core, const struct footprint *footprint,
                            uint32_t lines, bool switched, uint64_t run_ps, uint64_t now_ps)
{
    if (lines == 0)
        return 0;
    double touched = (double)run_ps * 1000 / (double)memory->touch_fs / lines;
    if (touched > 1)
        touched = 1;
    bool first = footprint->core == MEMORY_NO_CORE;
    double stall_fs = walks_fs(memory, core, footprint, lines, switched, touched), missing = 0;
    for (uint32_t level = 0; level < memory->level_count; level++) {
        struct cache *cache = memory_cache(memory, level, core);
        uint32_t most = capacity(memory, level, core);
        uint32_t resident = lines < most ? lines : most;
        double survive = 0;
        if (!first && memory_cache(memory, level, footprint->core) == cache)
            survive = resident_survival(cache, resident < cache->lines ? resident : cache->lines,
                                        cache->insertions - footprint->stamp[level]);
        missing = resident * (1 - survive) * touched;
        stall_fs += missing * (double)memory->stream_fs[level + 1];
        cache_intrude(cache, (uint32_t)(missing + 0.5));
    }
    if (first)
        return 0;
    return (uint64_t)(stall_fs / 1000) + queue_ps(memory, core, missing, now_ps);
}

/* How many levels a set streams through, and the time from one line to the next: no shorter than
 * the farthest of them can be refilled. */
static uint32_t streams_through(const struct memory *memory, uint32_t core, uint32_t lines,
                                uint64_t *line_fs)
{
    uint32_t level = 0;
    *line_fs = memory->touch_fs;
    for (; level < memory->level_count && lines > capacity(memory, level, core); level++)
        if (memory->stream_fs[level + 1] > *line_fs)
            *line_fs = memory->stream_fs[level + 1];
    return level;
}

void working_set_ran(struct memory *memory, uint32_t core, uint32_t lines, uint32_t code_lines,
                     uint64_t run_ps)
{
    uint64_t line_fs;
    uint32_t levels = streams_through(memory, core, lines, &line_fs);
    double touches = (double)run_ps * 1000 / (double)memory->touch_fs;
    for (uint32_t level = 0; level < levels; level++)
        cache_intrude(memory_cache(memory, level, core),
                      (uint32_t)((double)run_ps * 1000 / (double)line_fs));
    if (memory->code != NULL)
        cache_intrude(&memory->code[memory_unit(memory, core)],
                      touches < code_lines ? (uint32_t)touches : code_lines);
}

void working_set_leave(const struct memory *memory, uint32_t core, struct footprint *footprint)
{
    footprint->core = (uint16_t)core;
    for (uint32_t level = 0; level < memory->level_count; level++)
        footprint->stamp[level] = memory_cache(memory, level, core)->insertions;
}

bool working_set_stream(struct memory *memory, uint32_t core, uint32_t lines)
{
    uint64_t *domain = &memory->streaming[core / memory->domain_cores];
    uint64_t before = memory->core_streaming[core], after = 0, line_fs;
    if (streams_through(memory, core, lines, &line_fs) == memory->level_count)
        after = (uint64_t)((double)memory->occupancy_fs / (double)line_fs / memory->channels *
                           (double)WHOLE);
    memory->core_streaming[core] = after;
    *domain += after - before;
    return after != before && (*domain > WHOLE || *domain + before - after > WHOLE);
}

uint64_t working_set_rate(const struct memory *memory, uint32_t core)
{
    uint64_t domain = memory->streaming[core / memory->domain_cores];
    if (memory->core_streaming[core] == 0 || domain <= WHOLE)
        return WHOLE;
    return (uint64_t)((double)WHOLE / (double)domain * (double)WHOLE);
}
