/* memory.c -- see memory.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/memory.h"

#include <math.h>
#include <string.h>

#include "sim/base/check.h"

/* ---- Survival ----------------------------------------------------------------------------- */

/* With 64 ways, P[Poisson(128) < 64] is below 1e-9: taken as 0 from there on. */
enum { RATE_STEPS = 16, RATE_MAX = 128, WAYS_MAX = 64 };

static float survival_table[WAYS_MAX + 1][RATE_STEPS * RATE_MAX + 1];

/* P[Poisson(rate) < ways] = exp(-rate) sum_{i < ways} rate^i / i!, for a grid of rates. */
static void survival_fill(void)
{
    if (survival_table[WAYS_MAX][0] > 0)
        return; /* filled already */
    for (uint32_t step = 0; step <= RATE_STEPS * RATE_MAX; step++) {
        double rate = (double)step / RATE_STEPS;
        double term = exp(-rate), sum = 0;
        for (uint32_t ways = 1; ways <= WAYS_MAX; ways++) {
            sum += term;
            term *= rate / ways;
            survival_table[ways][step] = (float)(sum < 1 ? sum : 1);
        }
    }
}

static inline double survival(double rate, uint32_t ways)
{
    double at = rate * RATE_STEPS;
    if (at >= RATE_STEPS * RATE_MAX)
        return 0;
    uint32_t step = (uint32_t)at;
    double low = survival_table[ways][step], high = survival_table[ways][step + 1];
    return low + (high - low) * (at - step);
}

double memory_survival(double rate, uint32_t ways)
{
    survival_fill();
    return survival(rate, ways);
}

/* ---- Set-up ------------------------------------------------------------------------------- */

static void caches_init(struct memory *memory, uint32_t level, double kb, double ways,
                        double sharers, struct arena *arena)
{
    uint32_t line_bytes = UINT32_C(1) << memory->line_shift;
    uint32_t lines = (uint32_t)(kb * 1024) / line_bytes;
    uint32_t count = (memory->core_count + (uint32_t)sharers - 1) / (uint32_t)sharers;
    memory->sharers[level] = (uint32_t)sharers;
    memory->cache[level] = arena_alloc(arena, count, sizeof *memory->cache[level]);
    for (uint32_t i = 0; i < count; i++) {
        struct cache *cache = &memory->cache[level][i];
        cache->ways = (uint32_t)ways;
        cache->sets = lines / cache->ways;
        CHECK(cache->sets > 0 && cache->ways <= WAYS_MAX);
        cache->per_set = 1.0 / cache->sets;
        cache->set_mask = (cache->sets & (cache->sets - 1)) == 0 ? cache->sets - 1 : 0;
        cache->lines = cache->sets * cache->ways;
        cache->way = arena_alloc(arena, cache->lines, sizeof *cache->way);
        for (uint32_t w = 0; w < cache->lines; w++)
            cache->way[w].line = MEMORY_NO_LINE;
    }
}

static uint32_t set_of(const struct cache *cache, uint32_t physical)
{
    return cache->set_mask != 0 || cache->sets == 1 ? physical & cache->set_mask
                                                    : physical % cache->sets;
}

/* Where a byte of the scheduler's memory lies once process structures are spread. */
static uint64_t modelled_offset(const struct memory_setup *setup, uint64_t offset)
{
    uint64_t size = setup->stride_to - setup->stride_from;
    uint64_t spread = size / setup->stride_real * setup->stride;
    if (offset < setup->stride_from)
        return offset;
    if (offset >= setup->stride_to)
        return offset - size + spread;
    uint64_t in = offset - setup->stride_from;
    return setup->stride_from + in / setup->stride_real * setup->stride + in % setup->stride_real;
}

/* Physical addresses: runs of pages as large as the alignment of process structures keep
 * together; where each run lies is drawn. */
static void lines_init(struct memory *memory, const struct memory_setup *setup, struct arena *arena)
{
    uint64_t unit = setup->stride > MEMORY_PAGE_BYTES ? setup->stride : MEMORY_PAGE_BYTES;
    uint64_t unit_lines = unit >> memory->line_shift;
    uint64_t last = UINT64_MAX, frame = 0;
    memory->line_count = (uint32_t)((setup->bytes >> memory->line_shift) + 1);
    memory->line = arena_alloc(arena, memory->line_count, sizeof *memory->line);
    for (uint32_t i = 0; i < memory->line_count; i++) {
        uint64_t modelled =
            modelled_offset(setup, (uint64_t)i << memory->line_shift) >> memory->line_shift;
        if (modelled / unit_lines != last) {
            last = modelled / unit_lines;
            frame = gsl_rng_get(memory->rng);
        }
        memory->line[i].physical = (uint32_t)(frame * unit_lines + modelled % unit_lines);
        memory->line[i].owner = MEMORY_NO_CORE;
        memory->line[i].first_way =
            set_of(memory->cache[0], memory->line[i].physical) * memory->cache[0]->ways;
    }
}

void memory_init(struct memory *memory, const struct memory_setup *setup, struct arena *arena)
{
    const struct profile *cpu = setup->cpu;
    double cycle_fs = 1e9 / profile_value(cpu, clock_mhz);
    double line_bytes = profile_value(cpu, line_bytes);
    double l1 = profile_value(cpu, l1_latency_cycles), l2 = profile_value(cpu, l2_latency_cycles);
    double l3 = profile_value(cpu, l3_latency_cycles);
    bool has_l3 = profile_value(cpu, l3_kb) > 0;

    survival_fill();
    *memory = (struct memory){ .core_count = setup->core_count, .level_count = has_l3 ? 3 : 2 };
    memory->line_shift = (uint32_t)lround(log2(line_bytes));
    memory->rng = setup->rng;
    caches_init(memory, 0, profile_value(cpu, l1_kb), profile_value(cpu, l1_ways), 1, arena);
    caches_init(memory, 1, profile_value(cpu, l2_kb), profile_value(cpu, l2_ways),
                profile_value(cpu, l2_cores), arena);
    if (has_l3)
        caches_init(memory, 2, profile_value(cpu, l3_kb), profile_value(cpu, l3_ways),
                    profile_value(cpu, l3_cores), arena);

    uint64_t bandwidth_fs =
        (uint64_t)llround(line_bytes / profile_value(cpu, memory_read_mb_s) * 1e9);
    memory->hit_fs[1] = (uint64_t)llround(fmax(l2 - l1, 0) * cycle_fs);
    memory->hit_fs[2] = (uint64_t)llround(fmax(l3 - l1, 0) * cycle_fs);
    memory->stream_fs[0] = memory->hit_fs[1];
    memory->stream_fs[1] = has_l3 ? memory->hit_fs[2] : bandwidth_fs;
    memory->stream_fs[2] = bandwidth_fs;
    memory->memory_fs = (uint64_t)llround(profile_value(cpu, memory_latency_ns) * 1e6);
    memory->transfer_fs = (uint64_t)llround(profile_value(cpu, transfer_ns) * 1e6);
    memory->transfer_shared_fs = (uint64_t)llround(profile_value(cpu, transfer_shared_ns) * 1e6);
    if (memory->transfer_shared_fs == 0)
        memory->transfer_shared_fs = memory->transfer_fs;
    /* One load in three instructions, 8 bytes each, sequential: a new line per line_bytes/8 loads.
     * Assumed; see docs/MODEL.md. */
    memory->touch_fs = (uint64_t)llround(line_bytes / 8 * 3 /
                                         profile_value(cpu, instructions_per_cycle) * cycle_fs);
    lines_init(memory, setup, arena);
}

/* ---- The scheduler's lines ---------------------------------------------------------------- */

static struct cache_way *cache_set(const struct cache *cache, uint32_t physical)
{
    return &cache->way[(size_t)set_of(cache, physical) * cache->ways];
}

/* Does the line at this depth of its set outlive what users inserted since it was touched? */
static bool way_survives(struct memory *memory, const struct cache *cache,
                         const struct cache_way *way, uint32_t depth)
{
    uint32_t inserted = cache->user_insertions - way->stamp;
    if (inserted == 0)
        return true;
    double share = survival(inserted * cache->per_set, cache->ways - depth);
    return share == 1 || random_bits32(memory->rng) < share * 0x1p32;
}

/* Is a current copy of the line here?  Either way, afterwards it is, most recently used. */
static bool cache_touch(struct memory *memory, struct cache *cache, uint32_t line)
{
    const struct memory_line *entry = &memory->line[line];
    struct cache_way *set = cache_set(cache, entry->physical);
    uint32_t depth = 0;
    while (depth < cache->ways && set[depth].line != line)
        depth++;
    bool hit = depth < cache->ways && set[depth].version == entry->version &&
               way_survives(memory, cache, &set[depth], depth);
    if (!hit) {
        cache->insertions++;
        if (depth == cache->ways)
            depth = cache->ways - 1;
    }
    if (depth > 0)
        memmove(set + 1, set, depth * sizeof *set);
    set[0] = (struct cache_way){ line, entry->version, cache->user_insertions };
    return hit;
}

/* The writer's copies become the line's new version. */
static void cache_own(struct memory *memory, uint32_t core, uint32_t line)
{
    struct memory_line *entry = &memory->line[line];
    uint32_t before = entry->version++;
    for (uint32_t level = 0; level < memory->level_count; level++) {
        const struct cache *cache = memory_cache(memory, level, core);
        struct cache_way *set = cache_set(cache, entry->physical);
        for (uint32_t depth = 0; depth < cache->ways; depth++)
            if (set[depth].line == line && set[depth].version == before)
                set[depth].version = entry->version;
    }
}

static bool cores_share(const struct memory *memory, uint32_t a, uint32_t b)
{
    uint32_t last = memory->level_count - 1;
    return memory_cache(memory, last, a) == memory_cache(memory, last, b);
}

static uint64_t transfer_cost(const struct memory *memory, uint32_t core, uint32_t other)
{
    return cores_share(memory, core, other) ? memory->transfer_shared_fs : memory->transfer_fs;
}

/* Books a transfer of the line, after the one under way.  A booking that lies in the future was
 * made by an entry that began earlier and touches the line later: it does not hold this one up. */
static uint64_t line_wait(struct memory *memory, struct memory_line *entry, uint64_t cost_fs,
                          uint64_t now_ps)
{
    if (now_ps < entry->busy_from_ps)
        return cost_fs;
    uint64_t wait_ps = 0;
    if (now_ps < entry->busy_to_ps)
        wait_ps = entry->busy_to_ps - now_ps;
    else
        entry->busy_from_ps = now_ps;
    entry->busy_to_ps = now_ps + wait_ps + cost_fs / 1000;
    memory->wait_fs += wait_ps * 1000;
    return wait_ps * 1000 + cost_fs;
}

uint64_t memory_access(struct memory *memory, uint32_t core, uint32_t line, bool write,
                       uint64_t now_ps)
{
    struct memory_line *entry = &memory->line[line];
    uint32_t level = 0;
    while (level < memory->level_count &&
           !cache_touch(memory, memory_cache(memory, level, core), line))
        level++;

    bool foreign = entry->owner != MEMORY_NO_CORE && entry->owner != core;
    bool missed = level == memory->level_count;
    uint64_t cost = missed ? memory->memory_fs : memory->hit_fs[level];
    bool transfer = false;
    if (level > 0 && foreign && entry->state == LINE_MODIFIED) {
        cost = transfer_cost(memory, core, entry->owner); /* its owner has the only copy */
        transfer = true;
    } else if (write && (entry->state == LINE_SHARED || (foreign && !missed))) {
        uint64_t invalidate =
            foreign ? transfer_cost(memory, core, entry->owner) : memory->transfer_fs;
        cost = invalidate > cost ? invalidate : cost;
        transfer = true;
    }
    if (write) {
        if (foreign || entry->state == LINE_SHARED || entry->owner == MEMORY_NO_CORE)
            cache_own(memory, core, line);
        entry->owner = (uint16_t)core;
        entry->state = LINE_MODIFIED;
    } else if (entry->owner == MEMORY_NO_CORE) {
        entry->owner = (uint16_t)core;
    } else if (foreign) {
        entry->state = LINE_SHARED;
    }
    return transfer ? line_wait(memory, entry, cost, now_ps) : cost;
}

/* ---- Working sets ------------------------------------------------------------------------- */

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
        sum += share * survival(rate, cache->ways - depth);
    }
    return sum / depths;
}

uint64_t memory_refill(struct memory *memory, uint32_t core, const struct footprint *footprint,
                       uint32_t lines, uint64_t run_ps)
{
    if (lines == 0)
        return 0;
    double touched = (double)run_ps * 1000 / (double)memory->touch_fs / lines;
    if (touched > 1)
        touched = 1;
    double stall_fs = 0;
    bool first = footprint->core == MEMORY_NO_CORE;
    for (uint32_t level = 0; level < memory->level_count; level++) {
        struct cache *cache = memory_cache(memory, level, core);
        uint32_t resident = lines < cache->lines ? lines : cache->lines;
        double survive = 0;
        if (!first && memory_cache(memory, level, footprint->core) == cache)
            survive =
                resident_survival(cache, resident, cache->insertions - footprint->stamp[level]);
        double missing = resident * (1 - survive) * touched;
        stall_fs += missing * (double)memory->stream_fs[level];
        uint32_t inserted = (uint32_t)(missing + 0.5);
        cache->insertions += inserted;
        cache->user_insertions += inserted;
    }
    return first ? 0 : (uint64_t)(stall_fs / 1000);
}

void memory_ran(struct memory *memory, uint32_t core, uint32_t lines, uint64_t run_ps)
{
    for (uint32_t level = 0; level < memory->level_count; level++) {
        struct cache *cache = memory_cache(memory, level, core);
        if (lines <= cache->lines)
            break; /* it fits: nothing more comes in, here or farther out */
        uint32_t streamed = (uint32_t)((double)run_ps * 1000 / (double)memory->touch_fs);
        cache->insertions += streamed;
        cache->user_insertions += streamed;
    }
}

void memory_leave(const struct memory *memory, uint32_t core, struct footprint *footprint)
{
    footprint->core = (uint16_t)core;
    for (uint32_t level = 0; level < memory->level_count; level++)
        footprint->stamp[level] = memory_cache(memory, level, core)->insertions;
}
