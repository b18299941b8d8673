/* working_set.c -- see working_set.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/working_set.h"

#define WHOLE (UINT64_C(1) << 32)

void working_sets_init(struct working_sets *sets, struct memory *memory, uint32_t processes,
                       uint32_t programs, struct arena *arena)
{
    uint32_t units = memory_unit(memory, memory->core_count - 1) + 1;
    sets->memory = memory;
    sets->programs = programs;
    sets->footprint = arena_alloc(arena, processes, sizeof *sets->footprint);
    sets->code_stamp = arena_alloc(arena, (size_t)units * programs, sizeof *sets->code_stamp);
    for (uint32_t process = 0; process < processes; process++)
        sets->footprint[process].core = MEMORY_NO_CORE;
}

void working_set_forget(struct working_sets *sets, uint32_t process)
{
    sets->footprint[process] = (struct footprint){ .core = MEMORY_NO_CORE };
}

/* Lines that a level can hold of a set; an exclusive one holds what the nearer ones do not. */
static uint32_t capacity(const struct memory *memory, uint32_t level, uint32_t core)
{
    uint32_t lines = memory_cache(memory, level, core)->lines;
    for (; level > 0 && memory->exclusive[level]; level--)
        lines += memory_cache(memory, level - 1, core)->lines;
    return lines;
}

/* What a line from this level costs beyond one in the first: sequential lines stream. */
static uint64_t line_cost_fs(const struct memory *memory, uint32_t level, bool random)
{
    if (!random)
        return memory->stream_fs[level];
    return level < memory->level_count ? memory->hit_fs[level] : memory->memory_fs;
}

/* How many levels a set streams through, and the time from one line to the next: no shorter than
 * the farthest of them can be refilled. */
static uint32_t streams_through(const struct memory *memory, uint32_t core, struct working_set set,
                                uint64_t *line_fs)
{
    uint32_t level = 0;
    *line_fs = memory->touch_fs;
    for (; level < memory->level_count && set.lines > capacity(memory, level, core); level++) {
        uint64_t cost_fs = line_cost_fs(memory, level + 1, set.random);
        if (cost_fs > *line_fs)
            *line_fs = cost_fs;
    }
    return level;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static uint32_t least(double a, uint32_t b)
{
    return a < b ? (uint32_t)(a + 0.5) : b;
}

/* Lines of a set that are still in a level of so many sets and lines when its process, alone, comes
 * to them again.  Swept in order, a cache set with one line too many loses all that it has before
 * they are wanted; at random, it has as many as it holds. */
static uint32_t kept_alone(uint32_t lines, bool random, uint32_t capacity, uint32_t sets)
{
    if (lines <= capacity || random)
        return lines <= capacity ? lines : capacity;
    uint32_t over = lines - capacity;
    return over < sets ? capacity - (uint32_t)((uint64_t)capacity * over / sets) : 0;
}

/* ---- Refill ------------------------------------------------------------------------------- */

/* Share of `resident` lines of a process that outlive the use of k others: its own lines fill sets
 * evenly, to depth n = resident / sets, and each depth survives with its own probability. */
static double resident_survival(const struct cache *cache, uint32_t resident, uint32_t k)
{
    if (k == 0)
        return 1;
    double depths = (double)resident / cache->sets, sum = 0;
    for (uint32_t depth = 0; depth < depths; depth++) {
        double share = depths - depth < 1 ? depths - depth : 1;
        sum += share * cache_outlives(cache, depth, k);
    }
    return sum / depths;
}

/* Lines that others, and the scheduler, have used of a level since the process left. */
static uint32_t used_by_others(const struct memory *memory, uint32_t level,
                               const struct footprint *footprint)
{
    const struct cache *cache = memory_cache(memory, level, footprint->core);
    return cache_used_since(cache, footprint->stamp[level]) + cache->insertions -
           footprint->insertions[level];
}

/* Translations that are gone, and will be needed. */
static double walks_fs(struct memory *memory, uint32_t core, const struct footprint *footprint,
                       struct working_set set, bool switched, double touched)
{
    struct cache *first = memory_cache(memory, MEMORY_TLB, core);
    struct cache *second = memory_cache(memory, MEMORY_TLB2, core);
    struct cache *tlb = second != NULL ? second : first;
    if (tlb == NULL || !switched)
        return 0;
    uint32_t shift = memory->user_page_shift;
    uint32_t pages = (set.lines >> shift) + 1;
    uint32_t kept = kept_alone(pages, set.random, tlb->lines, tlb->sets);
    uint32_t resident = pages < tlb->lines ? pages : tlb->lines;
    double survive = 0;
    if (memory->tlb_tagged && footprint->core == core)
        survive = resident_survival(tlb, resident, used_by_others(memory, 0, footprint) >> shift);
    cache_use(tlb, 0, resident);
    if (tlb != first && first != NULL)
        cache_use(first, 0, resident);
    return kept * (1 - survive) * touched * (double)memory->walk_fs;
}

/* The lines come through the channels, which are busy with what was booked before. */
static uint64_t queue_ps(struct memory *memory, uint32_t core, double lines, uint64_t now_ps)
{
    struct channel *channel =
        &memory->channel[(size_t)(core / memory->domain_cores) * memory->channels];
    uint64_t occupied_ps =
        (uint64_t)(lines * (double)memory->occupancy_fs / 1000 / memory->channels);
    uint64_t wait_ps = 0;
    for (uint32_t i = 0; i < memory->channels; i++) {
        uint64_t one_ps = booking_wait(&channel[i].queue, occupied_ps, now_ps);
        wait_ps = one_ps > wait_ps ? one_ps : wait_ps;
    }
    return wait_ps;
}

/* How much of so many lines it touches, which stall it for so long, before its slice is over. */
static double share_done(const struct memory *memory, double lines, double stall_fs,
                         uint64_t slice_ps)
{
    double whole_fs = lines * (double)memory->touch_fs + stall_fs,
           slice_fs = (double)slice_ps * 1000;
    return slice_ps == 0 || whole_fs <= slice_fs ? 1 : slice_fs / whole_fs;
}

uint64_t working_set_refill(struct working_sets *sets, uint32_t core, uint32_t process,
                            struct working_set set, bool switched, uint64_t run_ps,
                            uint64_t slice_ps, uint64_t now_ps)
{
    struct memory *memory = sets->memory;
    struct footprint *footprint = &sets->footprint[process];
    uint32_t lines = set.lines;
    footprint->touched = 0;
    if (lines == 0)
        return 0;
    double touched = (double)run_ps * 1000 / (double)memory->touch_fs / lines;
    if (touched > 1)
        touched = 1;
    bool first = footprint->core == MEMORY_NO_CORE;
    double held = (double)footprint->held / UINT16_MAX, missing = 0, survive = 0;
    double lost[MEMORY_LEVELS];
    double beyond = touched * lines; /* not found in the nearer levels */
    double stall_fs = walks_fs(memory, core, footprint, set, switched, touched);
    for (uint32_t level = 0; level < memory->level_count; level++) {
        struct cache *cache = memory_cache(memory, level, core);
        uint32_t kept = kept_alone(lines, set.random, capacity(memory, level, core), cache->sets);
        survive = 0;
        if (!first && memory_cache(memory, level, footprint->core) == cache)
            survive = held * resident_survival(cache, lines < cache->lines ? lines : cache->lines,
                                               used_by_others(memory, level, footprint));
        else
            footprint->stamp[level] = 0; /* its use of the cache that it left stays there */
        missing = smaller(kept * (1 - survive) * touched, beyond);
        beyond = smaller(beyond, (lines - kept) * touched + missing);
        lost[level] = missing;
        /* Up to here it was charged, or streams alone too. */
        double farther_fs = (double)line_cost_fs(memory, level + 1, set.random) -
                            (double)line_cost_fs(memory, level, set.random);
        if (farther_fs > 0)
            stall_fs += missing * farther_fs;
    }
    /* Work and stalls go on side by side: when the slice ends, it has come so far in both. */
    double done = first ? 1 : share_done(memory, touched * lines, stall_fs, slice_ps);
    for (uint32_t level = 0; level < memory->level_count; level++)
        footprint->missed[level] = (uint32_t)(lost[level] * done + 0.5);
    touched *= done;
    /* What it does not touch now stays as it is. */
    held = first ? 1 : touched + (1 - touched) * survive;
    footprint->held = (uint16_t)(held * UINT16_MAX + 0.5);
    footprint->core = (uint16_t)core;
    if (first)
        return 0;
    return (uint64_t)(stall_fs * done / 1000) + queue_ps(memory, core, missing * done, now_ps);
}

/* ---- Running ------------------------------------------------------------------------------ */

/* Its use of a level: all that it touches, of a level that the nearer one cannot spare; else what
 * the nearer one had to be refilled with, if that was most of what it holds. */
static void use_level(struct memory *memory, uint32_t level, uint32_t core,
                      struct footprint *footprint, uint32_t lines)
{
    uint32_t used = footprint->touched;
    if (level > 0 && lines <= capacity(memory, level - 1, core)) {
        used = footprint->missed[level - 1];
        if (used < (uint64_t)lines * footprint->held / UINT16_MAX / 2)
            return;
        footprint->missed[level - 1] = 0; /* once */
    }
    struct cache *cache = memory_cache(memory, level, core);
    footprint->stamp[level] = cache_use(cache, footprint->stamp[level], used);
}

void working_set_ran(struct working_sets *sets, uint32_t core, uint32_t process,
                     struct working_set set, uint32_t program, uint32_t code_lines, uint64_t run_ps)
{
    struct memory *memory = sets->memory;
    struct footprint *footprint = &sets->footprint[process];
    uint64_t line_fs;
    double run_fs = (double)run_ps * 1000;
    if (set.lines > 0) {
        streams_through(memory, core, set, &line_fs);
        footprint->touched = least(footprint->touched + run_fs / (double)line_fs, set.lines);
        for (uint32_t level = 0; level < memory->level_count; level++)
            use_level(memory, level, core, footprint, set.lines);
    }
    struct cache *code = memory_cache(memory, MEMORY_CODE, core);
    if (code != NULL && code_lines > 0) {
        uint32_t unit = memory_unit(memory, core);
        uint32_t *stamp = &sets->code_stamp[unit * sets->programs + program];
        *stamp = cache_use(code, *stamp, least(run_fs / (double)memory->touch_fs, code_lines));
    }
}

void working_set_leave(struct working_sets *sets, uint32_t core, uint32_t process)
{
    struct footprint *footprint = &sets->footprint[process];
    footprint->core = (uint16_t)core;
    for (uint32_t level = 0; level < sets->memory->level_count; level++)
        footprint->insertions[level] = memory_cache(sets->memory, level, core)->insertions;
}

/* ---- Sharing memory ----------------------------------------------------------------------- */

bool working_set_stream(struct memory *memory, uint32_t core, struct working_set set)
{
    uint64_t *domain = &memory->streaming[core / memory->domain_cores];
    uint64_t before = memory->core_streaming[core], after = 0, line_fs;
    if (streams_through(memory, core, set, &line_fs) == memory->level_count)
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
