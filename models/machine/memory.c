/* memory.c -- see memory.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/memory.h"

#include <math.h>

#include "sim/base/check.h"

/* A walk that goes on with so many times its stride, at most, has been prefetched.  Assumed. */
enum { STREAM_AHEAD = 4 };

/* ---- Set-up ------------------------------------------------------------------------------- */

/* What serves one kind of access: a cache of so many lines for so many cores each; none of 0. */
static void caches_init(struct memory *memory, const struct memory_setup *setup, uint32_t which,
                        double lines, double ways, uint32_t cores, struct arena *arena)
{
    for (uint32_t core = 0; core < memory->core_count && lines > 0; core++) {
        struct cache **cache = &memory->cache[core][which];
        if (core % cores > 0) {
            *cache = memory->cache[core - 1][which];
            continue;
        }
        *cache = arena_alloc(arena, 1, sizeof **cache);
        cache_init(*cache, (uint32_t)lines, (uint32_t)ways, setup->users, arena);
    }
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
    memory->sharing = arena_alloc(arena, memory->line_count, sizeof *memory->sharing);
    for (uint32_t i = 0; i < memory->line_count; i++) {
        struct memory_line *entry = &memory->line[i];
        uint64_t place =
            modelled_offset(setup, (uint64_t)i << memory->line_shift) >> memory->line_shift;
        if (place / unit_lines != last) {
            last = place / unit_lines;
            frame = gsl_rng_get(memory->rng);
        }
        entry->place = (uint32_t)place;
        entry->physical = (uint32_t)(frame * unit_lines + place % unit_lines);
        entry->owner = MEMORY_NO_CORE;
    }
}

static uint64_t cycles_fs(const struct profile *cpu, double cycles)
{
    return (uint64_t)llround(fmax(cycles, 0) * 1e9 / profile_value(cpu, clock_mhz));
}

static uint64_t ns_fs(double ns)
{
    return (uint64_t)llround(ns * 1e6);
}

/* An optional figure, or what stands in for it. */
static double otherwise(double value, double instead)
{
    return value > 0 ? value : instead;
}

/* Beyond the first level; cycles 0: as lines in sequence. */
static uint64_t stride_fs(const struct memory *memory, uint32_t level, const struct profile *cpu,
                          double cycles)
{
    if (cycles == 0)
        return memory->stream_fs[level];
    return cycles_fs(cpu, cycles - profile_value(cpu, l1_latency_cycles));
}

static void levels_init(struct memory *memory, const struct memory_setup *setup, uint32_t threads,
                        struct arena *arena)
{
    const struct profile *cpu = setup->cpu;
    double l1 = profile_value(cpu, l1_latency_cycles), l2 = profile_value(cpu, l2_latency_cycles),
           l3 = profile_value(cpu, l3_latency_cycles);
    double kb = 1024 / profile_value(cpu, line_bytes); /* lines of one */
    caches_init(memory, setup, 0, profile_value(cpu, l1_kb) * kb, profile_value(cpu, l1_ways),
                threads, arena);
    caches_init(memory, setup, 1, profile_value(cpu, l2_kb) * kb, profile_value(cpu, l2_ways),
                threads * (uint32_t)profile_value(cpu, l2_cores), arena);
    caches_init(memory, setup, 2, profile_value(cpu, l3_kb) * kb, profile_value(cpu, l3_ways),
                threads * (uint32_t)profile_value(cpu, l3_cores), arena);
    caches_init(memory, setup, MEMORY_CODE, profile_value(cpu, l1i_kb) * kb,
                profile_value(cpu, l1i_ways), threads, arena);
    while (memory->level_count < MEMORY_LEVELS &&
           memory_cache(memory, memory->level_count, 0) != NULL)
        memory->level_count++;
    memory->exclusive[1] = profile_value(cpu, l2_exclusive) > 0;
    memory->exclusive[2] = profile_value(cpu, l3_exclusive) > 0;
    memory->inclusive[1] = profile_value(cpu, l2_inclusive) > 0;
    memory->inclusive[2] = profile_value(cpu, l3_inclusive) > 0;
    for (uint32_t level = 0; level < memory->level_count; level++)
        memory->passes_on[level] = memory->inclusive[level] || (level + 1 < memory->level_count &&
                                                                memory->exclusive[level + 1]);
    for (uint32_t outer = 1; outer < memory->level_count; outer++)
        for (uint32_t level = 0; level < outer; level++)
            memory->contained[level] |= memory->inclusive[outer];
    for (uint32_t level = 0; level < memory->level_count; level++)
        memory->levels_depend |= memory->passes_on[level] || memory->contained[level];
    memory->hit_fs[1] = cycles_fs(cpu, l2 - l1);
    memory->hit_fs[2] = cycles_fs(cpu, l3 - l1);
    memory->stream_fs[1] = cycles_fs(cpu, otherwise(profile_value(cpu, l2_stream_cycles), l2) - l1);
    memory->stream_fs[2] = cycles_fs(cpu, otherwise(profile_value(cpu, l3_stream_cycles), l3) - l1);
    memory->stride_fs[1] = stride_fs(memory, 1, cpu, profile_value(cpu, l2_stride_cycles));
    memory->stride_fs[2] = stride_fs(memory, 2, cpu, profile_value(cpu, l3_stride_cycles));
}

static void channels_init(struct memory *memory, const struct profile *cpu, uint32_t threads,
                          struct arena *arena)
{
    double line_bytes = profile_value(cpu, line_bytes);
    double stream_ns = line_bytes / profile_value(cpu, memory_read_mb_s) * 1e3;
    double latency_ns = profile_value(cpu, memory_latency_ns);
    uint32_t cores = (uint32_t)profile_value(cpu, memory_cores) * threads;
    memory->domain_cores = cores > 0 ? cores : memory->core_count;
    uint32_t domains = (memory->core_count + memory->domain_cores - 1) / memory->domain_cores;
    memory->channels = (uint32_t)profile_value(cpu, memory_channels);
    memory->channel =
        arena_alloc(arena, (size_t)domains * memory->channels, sizeof *memory->channel);
    memory->streaming = arena_alloc(arena, domains, sizeof *memory->streaming);
    memory->core_streaming = arena_alloc(arena, memory->core_count, sizeof *memory->core_streaming);
    memory->memory_fs = ns_fs(latency_ns);
    memory->page_fs = ns_fs(otherwise(profile_value(cpu, memory_page_ns), latency_ns));
    memory->occupancy_fs = ns_fs(otherwise(profile_value(cpu, memory_line_ns), stream_ns));
    memory->stream_fs[memory->level_count] = ns_fs(stream_ns);
    memory->stride_fs[memory->level_count] =
        ns_fs(otherwise(profile_value(cpu, memory_stride_ns), stream_ns));
    memory->row_shift = (uint32_t)lround(log2(MEMORY_PAGE_BYTES / line_bytes));
}

static void translation_init(struct memory *memory, const struct memory_setup *setup,
                             struct arena *arena)
{
    const struct profile *cpu = setup->cpu;
    double page =
        setup->page_bytes > 0 ? setup->page_bytes : profile_value(cpu, kernel_page_kb) * 1024;
    double line_bytes = profile_value(cpu, line_bytes);
    memory->page_shift = (uint32_t)lround(log2(page / line_bytes));
    memory->user_page_shift =
        (uint32_t)lround(log2(profile_value(cpu, page_kb) * 1024 / line_bytes));
    memory->tlb_tagged = profile_value(cpu, tlb_tagged) > 0;
    caches_init(memory, setup, MEMORY_TLB, profile_value(cpu, tlb_entries),
                profile_value(cpu, tlb_ways), memory->unit_cores, arena);
    caches_init(memory, setup, MEMORY_TLB2, profile_value(cpu, tlb2_entries),
                profile_value(cpu, tlb2_ways), memory->unit_cores, arena);
    memory->tlb2_fs = cycles_fs(cpu, profile_value(cpu, tlb2_cycles));
    memory->walk_fs = cycles_fs(cpu, profile_value(cpu, page_walk_cycles));
}

void memory_init(struct memory *memory, const struct memory_setup *setup, struct arena *arena)
{
    const struct profile *cpu = setup->cpu;
    double line_bytes = profile_value(cpu, line_bytes);
    uint32_t threads = setup->threads > 0 ? setup->threads : 1;
    *memory = (struct memory){ .core_count = setup->core_count,
                               .unit_cores = threads,
                               .rng = setup->rng };
    memory->cache = arena_alloc(arena, memory->core_count, sizeof *memory->cache);
    memory->line_shift = (uint32_t)lround(log2(line_bytes));
    levels_init(memory, setup, threads, arena);
    channels_init(memory, cpu, threads, arena);
    translation_init(memory, setup, arena);
    memory->reach = (uint32_t)(profile_value(cpu, prefetch_stride_bytes) / line_bytes);
    memory->adjacent = profile_value(cpu, adjacent_line) > 0;
    memory->streams = arena_alloc(arena, memory->core_count, sizeof *memory->streams);
    topology_init(&memory->topology, cpu, threads);
    /* One load in three instructions, 8 bytes each, sequential: a new line per line_bytes/8 loads.
     * Assumed; see docs/MODEL.md. */
    memory->touch_fs =
        cycles_fs(cpu, line_bytes / 8 * 3 / profile_value(cpu, instructions_per_cycle));
    memory->early_line = CACHE_NO_LINE;
    lines_init(memory, setup, arena);
}

/* ---- Caches ------------------------------------------------------------------------------- */

/* Do the larger caches that must contain what this level holds still have it? */
static bool is_included(const struct memory *memory, uint32_t level, uint32_t core,
                        struct cache_line line)
{
    for (uint32_t outer = level + 1; outer < memory->level_count; outer++)
        if (memory->inclusive[outer] &&
            !cache_holds(memory_cache(memory, outer, core), line, memory->rng))
            return false;
    return true;
}

/* What level has put out goes into the next one if that is exclusive, and so on; what an inclusive
 * one has put out leaves the nearer ones. */
__attribute__((noinline)) static void pass_on(struct memory *memory, uint32_t level, uint32_t core,
                                              struct cache_way out)
{
    while (out.line != CACHE_NO_LINE) {
        struct cache_line line = { out.line, out.version, memory->line[out.line].physical };
        if (memory->inclusive[level])
            for (uint32_t inner = 0; inner < level; inner++)
                cache_take(memory_cache(memory, inner, core), line, memory->rng);
        if (++level >= memory->level_count || !memory->exclusive[level])
            return;
        cache_touch(memory_cache(memory, level, core), line, memory->rng, &out);
    }
}

static inline void evict(struct memory *memory, uint32_t level, uint32_t core,
                         const struct cache_way *out)
{
    if (memory->passes_on[level] && out->line != CACHE_NO_LINE)
        pass_on(memory, level, core, *out);
}

/* A line that others have aged out of the first level goes to an exclusive second one, and is there
 * until as many more have come as that holds. */
static bool aged_into(const struct memory *memory, uint32_t core, uint32_t age)
{
    const struct cache *first = memory_cache(memory, 0, core);
    const struct cache *second = memory_cache(memory, 1, core);
    if (age == UINT32_MAX)
        return false;
    uint32_t step = cache_step(second, age > first->lines ? age - first->lines : 0);
    uint32_t chance = cache_chance(second, 0, step);
    return chance == UINT32_MAX || random_chance(memory->rng, chance);
}

/* An exclusive level gives the line away. */
__attribute__((noinline)) static bool take(struct memory *memory, uint32_t level, uint32_t core,
                                           struct cache_line line, uint32_t age)
{
    return cache_take(memory_cache(memory, level, core), line, memory->rng) ||
           (level == 1 && aged_into(memory, core, age));
}

/* As lookup(), where levels depend on one another. */
__attribute__((noinline)) static uint32_t lookup_dependent(struct memory *memory, uint32_t core,
                                                           struct cache_line line)
{
    struct cache *const *levels = memory->cache[core];
    struct cache_way out, from_first;
    uint32_t level = 0, age = memory->exclusive[1] ? cache_age(levels[0], line) : UINT32_MAX;
    bool hit = cache_touch(levels[0], line, memory->rng, &from_first);
    while (!hit || (memory->contained[level] && !is_included(memory, level, core, line))) {
        if (++level == memory->level_count)
            break;
        if (memory->exclusive[level]) {
            hit = take(memory, level, core, line, age);
        } else {
            hit = cache_touch(levels[level], line, memory->rng, &out);
            evict(memory, level, core, &out);
        }
    }
    evict(memory, 0, core, &from_first);
    return level;
}

/* The nearest level that holds the line; afterwards all up to it do, as far as they may. */
static inline uint32_t lookup(struct memory *memory, uint32_t core, struct cache_line line)
{
    struct cache *const *levels = memory->cache[core];
    struct cache_way out;
    uint32_t level = 0;
    if (memory->levels_depend)
        return lookup_dependent(memory, core, line);
    while (level < memory->level_count && !cache_touch_here(levels[level], line, memory->rng, &out))
        level++;
    return level;
}

/* The writer's copies become the line's new version. */
static void own(struct memory *memory, uint32_t core, uint32_t line)
{
    struct memory_line *entry = &memory->line[line];
    struct cache_line old = { line, entry->version++, entry->physical };
    for (uint32_t level = 0; level < memory->level_count; level++)
        cache_update(memory_cache(memory, level, core), old, entry->version);
}

/* Has the core that wrote the line still got it, or has it gone back to memory? */
static bool owner_holds(const struct memory *memory, uint32_t line)
{
    const struct memory_line *entry = &memory->line[line];
    struct cache_line copy = { line, entry->version, entry->physical };
    for (uint32_t level = 0; level < memory->level_count; level++)
        if (cache_holds(memory_cache(memory, level, entry->owner), copy, memory->rng))
            return true;
    return false;
}

/* ---- What it costs ------------------------------------------------------------------------ */

/* Does the access at this place go on with a stream that the core's prefetcher follows?  It runs
 * ahead, so a walk that leaves some of the stream out finds it going on. */
static inline enum stream_kind in_stream(struct memory *memory, uint32_t core, uint32_t place)
{
    struct core_streams *streams = &memory->streams[core];
    uint32_t reach = memory->reach, i = 0;
    while (i < MEMORY_STREAMS && place - streams->last[i] + reach > 2 * reach)
        i++;
    if (i == MEMORY_STREAMS) {
        streams->last[streams->next] = place;
        streams->stride[streams->next] = 0;
        streams->next = (streams->next + 1) % MEMORY_STREAMS;
        return STREAM_NONE;
    }
    uint32_t step = place - streams->last[i];
    if (step == 0)
        return STREAM_NONE;
    streams->last[i] = place;
    for (uint32_t ahead = 1; ahead <= STREAM_AHEAD; ahead++)
        if (step == ahead * streams->stride[i])
            return step + 1 <= 2 ? STREAM_LINES : STREAM_STRIDE;
    streams->stride[i] = step;
    return STREAM_NONE;
}

/* What the translation of a page costs that is not the one translated last. */
__attribute__((noinline)) static uint64_t translate_other(struct memory *memory, uint32_t core,
                                                          uint32_t page)
{
    struct cache *first = memory_cache(memory, MEMORY_TLB, core);
    struct cache *second = memory_cache(memory, MEMORY_TLB2, core);
    struct cache_line translation = { page, 0, page };
    struct cache_way out;
    cache_remember(first, page);
    if (cache_touch(first, translation, memory->rng, &out))
        return 0;
    if (second != NULL && cache_touch(second, translation, memory->rng, &out))
        return memory->tlb2_fs;
    return memory->walk_fs;
}

/* What the translation of a place costs. */
static inline uint64_t translate(struct memory *memory, uint32_t core, uint32_t place)
{
    uint32_t page = place >> memory->page_shift;
    const struct cache *first = memory_cache(memory, MEMORY_TLB, core);
    if (first == NULL || cache_remembers(first, page))
        return 0;
    return translate_other(memory, core, page);
}

/* What others stream through the channels makes a line wait: as in a queue with Poisson arrivals
 * and constant service, u / (2 (1 - u)) services at utilisation u (Pollaczek and Khinchine). */
static uint64_t streaming_wait(const struct memory *memory, uint32_t core)
{
    static const uint64_t most = UINT64_C(15) << 28; /* 15/16, in 2^-32 */
    uint64_t others = memory->streaming[core / memory->domain_cores] - memory->core_streaming[core];
    if (others == 0)
        return 0;
    if (others > most)
        others = most;
    return (uint64_t)((double)memory->occupancy_fs * (double)others /
                      (2 * (double)((UINT64_C(1) << 32) - others)));
}

/* What a line of a stream costs from this level. */
static uint64_t stream_fs(const struct memory *memory, enum stream_kind stream, uint32_t level)
{
    return stream == STREAM_LINES ? memory->stream_fs[level] : memory->stride_fs[level];
}

/* A line comes from memory. */
__attribute__((noinline)) static uint64_t fill(struct memory *memory, uint32_t core,
                                               uint32_t physical, enum stream_kind stream,
                                               uint64_t now_ps)
{
    uint32_t domain = core / memory->domain_cores;
    struct channel *channel =
        &memory->channel[domain * memory->channels +
                         (memory->channels > 1 ? physical % memory->channels : 0)];
    uint32_t page = physical >> memory->row_shift;
    uint64_t cost = page == channel->page ? memory->page_fs : memory->memory_fs;
    if (stream != STREAM_NONE)
        cost = stream_fs(memory, stream, memory->level_count);
    channel->page = page;
    cost += booking_wait(&channel->queue, memory->occupancy_fs / 1000, now_ps) * 1000;
    return cost + streaming_wait(memory, core);
}

/* What the second level has to fetch brings the pair's other line with it, as far as there. */
__attribute__((noinline)) static void fetch_adjacent(struct memory *memory, uint32_t core,
                                                     uint32_t line)
{
    uint32_t other = memory->line[line].place & 1 ? line - 1 : line + 1;
    struct cache_way out;
    if (memory->level_count < 2 || other >= memory->line_count ||
        (memory->line[other].place ^ 1) != memory->line[line].place)
        return;
    const struct memory_line *entry = &memory->line[other];
    if (entry->state == LINE_MODIFIED)
        return;
    struct cache_line pair = { other, entry->version, entry->physical };
    for (uint32_t level = 1; level < memory->level_count; level++) {
        bool hit = level > 1 && memory->exclusive[level]
                       ? cache_take(memory_cache(memory, level, core), pair, memory->rng)
                       : cache_touch(memory_cache(memory, level, core), pair, memory->rng, &out);
        if (!(level > 1 && memory->exclusive[level]))
            evict(memory, level, core, &out);
        if (hit)
            break;
    }
}

/* The line, found at level (level_count: in no cache of this core), is nobody else's to give. */
static inline uint64_t supply(struct memory *memory, uint32_t core, uint32_t line, uint32_t level,
                              uint64_t now_ps)
{
    const struct memory_line *entry = &memory->line[line];
    enum stream_kind stream = STREAM_NONE;
    if (level == 0)
        return 0;
    if (memory->reach > 0)
        stream = in_stream(memory, core, entry->place);
    if (memory->adjacent && level > 1)
        fetch_adjacent(memory, core, line);
    if (level == memory->level_count)
        return fill(memory, core, entry->physical, stream, now_ps);
    return stream != STREAM_NONE ? stream_fs(memory, stream, level) : memory->hit_fs[level];
}

/* Waits for the transfer of the line that is under way. */
static uint64_t transfer_wait(struct memory *memory, uint32_t line, uint64_t cost_fs,
                              uint64_t now_ps)
{
    struct booking *transfer = &memory->sharing[line].transfer;
    uint64_t wait_fs = booking_wait(transfer, cost_fs / 1000, now_ps) * 1000;
    memory->wait_fs += wait_fs;
    return wait_fs;
}

/* ---- Accesses ----------------------------------------------------------------------------- */

/* The directory after a core has read what it does not own. */
static inline void record_read(struct memory_line *entry, uint32_t core)
{
    if (entry->owner == MEMORY_NO_CORE)
        entry->owner = (uint16_t)core;
    else
        entry->state = LINE_SHARED;
}

/* And after it has written what it shares, or does not own. */
static void record_write(struct memory *memory, uint32_t core, uint32_t line, uint64_t now_ps)
{
    struct memory_line *entry = &memory->line[line];
    own(memory, core, line);
    memory->sharing[line].written_ps = now_ps;
    entry->owner = (uint16_t)core;
    entry->state = LINE_MODIFIED;
}

/* A write of what others have, or had, or a read of what one of them has written. */
__attribute__((noinline)) static uint64_t access_shared(struct memory *memory, uint32_t core,
                                                        uint32_t line, bool write, uint64_t now_ps)
{
    struct memory_line *entry = &memory->line[line];
    bool foreign = entry->owner != MEMORY_NO_CORE && entry->owner != core;
    bool modified = foreign && entry->state == LINE_MODIFIED;
    bool early = modified && !write && now_ps < memory->sharing[line].written_ps;
    uint32_t level =
        lookup(memory, core, (struct cache_line){ line, entry->version - early, entry->physical });
    uint64_t cost = level > 0 ? translate(memory, core, entry->place) : 0;
    if (early) {
        memory->early_line = line;
        return cost + supply(memory, core, line, level, now_ps);
    }
    bool missed = level == memory->level_count;
    if (level > 0 && modified && owner_holds(memory, line)) { /* the only copy */
        uint64_t transfer_fs = topology_transfer_fs(&memory->topology, core, entry->owner);
        cost += transfer_fs + transfer_wait(memory, line, transfer_fs, now_ps);
    } else {
        uint64_t from_fs = supply(memory, core, line, level, now_ps);
        if (write && !modified && (entry->state == LINE_SHARED || (foreign && !missed))) {
            uint64_t invalidate_fs =
                foreign ? topology_transfer_fs(&memory->topology, core, entry->owner)
                        : memory->topology.transfer_fs[DISTANCE_SOCKET];
            if (invalidate_fs > from_fs)
                from_fs = invalidate_fs;
            from_fs += transfer_wait(memory, line, from_fs, now_ps);
        }
        cost += from_fs;
    }
    if (write)
        record_write(memory, core, line, now_ps);
    else
        record_read(entry, core);
    return cost;
}

uint64_t memory_access(struct memory *memory, uint32_t core, uint32_t line, bool write,
                       uint64_t now_ps)
{
    struct memory_line *entry = &memory->line[line];
    bool owned = entry->owner == core;
    if (owned ? write && entry->state == LINE_SHARED : write || entry->state == LINE_MODIFIED)
        return access_shared(memory, core, line, write, now_ps);
    struct cache_line copy = { line, entry->version, entry->physical };
    uint32_t level = lookup(memory, core, copy);
    if (write)
        entry->state = LINE_MODIFIED;
    else if (!owned)
        record_read(entry, core);
    if (level == 0)
        return 0;
    uint64_t cost = translate(memory, core, entry->place);
    return cost + supply(memory, core, line, level, now_ps);
}
