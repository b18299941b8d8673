/* cache.c -- see cache.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/cache.h"

#include <math.h>

#include "sim/base/check.h"

/* ---- Survival ----------------------------------------------------------------------------- */

uint32_t cache_chances[CACHE_WAYS_MAX][CACHE_TABLE_STEPS + 1];

/* P[Poisson(rate) < ways] = exp(-rate) sum_{i < ways} rate^i / i!. */
static void chances_fill(void)
{
    if (cache_chances[CACHE_WAYS_MAX - 1][0] > 0)
        return; /* filled already */
    for (uint32_t step = 0; step < CACHE_TABLE_STEPS; step++) {
        double rate = (step + 0.5) / CACHE_RATE_STEPS;
        double term = exp(-rate), sum = 0;
        for (uint32_t ways = 1; ways <= CACHE_WAYS_MAX; ways++) {
            sum += term;
            term *= rate / ways;
            cache_chances[ways - 1][step] = sum < 1 ? (uint32_t)(sum * UINT32_MAX) : UINT32_MAX;
        }
    }
}

double cache_survival(double rate, uint32_t ways)
{
    chances_fill();
    double at = rate * CACHE_RATE_STEPS - 0.5; /* between the middles of two steps */
    if (at < 0 && ways > 0)
        return 1 - (1 - cache_chances[ways - 1][0] * 0x1p-32) * rate * CACHE_RATE_STEPS * 2;
    if (at >= CACHE_TABLE_STEPS || ways == 0)
        return 0;
    uint32_t step = (uint32_t)at;
    double low = cache_chances[ways - 1][step], high = cache_chances[ways - 1][step + 1];
    return (low + (high - low) * (at - step)) / UINT32_MAX;
}

double cache_outlives(const struct cache *cache, uint32_t depth, uint32_t k)
{
    if (depth >= cache->ways)
        return 0;
    if (cache->sets == 1)
        return k < cache->ways - depth;
    return cache_survival((double)k / cache->sets, cache->ways - depth);
}

/* ---- Others ------------------------------------------------------------------------------- */

/* Enough uses of CACHE_USE_LINES, if there may be as many; more of fewer lines are forgotten too
 * early. */
static void uses_init(struct cache_uses *uses, uint32_t users, uint32_t enough, struct arena *arena)
{
    uint32_t kept = CACHE_USES_MIN;
    while (kept < CACHE_USES_MAX && kept < 4 * users && kept * CACHE_USE_LINES < enough)
        kept *= 2;
    uses->mask = kept - 1;
    uses->now = kept; /* so that stamp 0 is forgotten */
    uses->sum = arena_alloc(arena, kept, sizeof *uses->sum);
}

static void uses_put(struct cache_uses *uses, uint32_t number, uint32_t lines)
{
    uint32_t at = number & uses->mask, block = at / CACHE_BLOCK * CACHE_BLOCK;
    uint32_t was = uses->sum[at] - (at > block ? uses->sum[at - 1] : 0);
    uint32_t change = lines - was; /* modulo 2^32 */
    for (; at < block + CACHE_BLOCK; at++)
        uses->sum[at] += change;
    uses->total += change;
}

uint32_t cache_use(struct cache *cache, uint32_t stamp, uint32_t lines)
{
    struct cache_uses *uses = &cache->uses;
    if (uses->now - stamp <= uses->mask)
        uses_put(uses, stamp, 0);
    uses_put(uses, ++uses->now, lines);
    return uses->now;
}

/* Block by block from the latest backwards, as most lines have had their fate decided by a few. */
uint32_t cache_used_since(const struct cache *cache, uint32_t stamp)
{
    const struct cache_uses *uses = &cache->uses;
    uint32_t left = uses->now - stamp, to = uses->now & uses->mask, from = stamp & uses->mask;
    uint32_t block = to / CACHE_BLOCK, last = from / CACHE_BLOCK, sum = uses->sum[to];
    if (left > uses->mask)
        return uses->total;
    if (block == last)
        return left < CACHE_BLOCK ? sum - uses->sum[from] : uses->total + sum - uses->sum[from];
    for (uint32_t blocks = uses->mask / CACHE_BLOCK; sum < cache->enough;) {
        block = (block - 1) & blocks;
        uint32_t all = uses->sum[block * CACHE_BLOCK + CACHE_BLOCK - 1];
        if (block == last)
            return sum + all - uses->sum[from];
        sum += all;
    }
    return sum;
}

/* Does the copy at this depth of its set outlive what others used since it was? */
static inline bool survives(struct cache *cache, const struct cache_way *way, uint32_t depth,
                            gsl_rng *rng)
{
    if (way->stamp == cache->uses.now)
        return true;
    if (cache_is_dead(cache, way->stamp))
        return false;
    return random_chance(rng, cache_chance(cache, depth, cache_recall(cache, way->stamp)->step));
}

/* ---- Tags --------------------------------------------------------------------------------- */

void cache_init(struct cache *cache, uint32_t lines, uint32_t ways, uint32_t users,
                struct arena *arena)
{
    *cache = (struct cache){ 0 };
    chances_fill();
    cache->ways = ways < CACHE_WAYS_MAX ? ways : CACHE_WAYS_MAX;
    cache->sets = lines / cache->ways > 0 ? lines / cache->ways : 1;
    cache->steps_per_line = UINT64_C(1) << 32;
    if (cache->sets > 1)
        cache->steps_per_line = cache->steps_per_line * CACHE_RATE_STEPS / cache->sets;
    cache->set_mask = (cache->sets & (cache->sets - 1)) == 0 ? cache->sets - 1 : UINT32_MAX;
    cache->lines = cache->sets * cache->ways;
    cache->enough =
        cache->sets == 1 ? cache->ways : cache->sets * (cache->ways > 6 ? 4 * cache->ways : 24);
    uses_init(&cache->uses, users, cache->enough, arena);
    cache->room = (cache->ways - 1 + CACHE_GROUP - 1) / CACHE_GROUP * CACHE_GROUP;
    size_t behind = (size_t)cache->sets * cache->room;
    cache->heads = arena_alloc(arena, cache->sets, sizeof *cache->heads);
    cache->lines_behind = arena_alloc(arena, behind, sizeof *cache->lines_behind);
    cache->copies_behind = arena_alloc(arena, behind, sizeof *cache->copies_behind);
    for (uint32_t set = 0; set < cache->sets; set++)
        cache->heads[set].way.line = CACHE_NO_LINE;
    for (size_t way = 0; way < behind; way++)
        cache->lines_behind[way] = CACHE_NO_LINE;
}

/* The line leaves the ring, where it is; what goes into it, as its second, moves all that were used
 * later on by one.  *depth: how many they are, and the head. */
static struct cache_way ring_exchange(const struct cache_ring *ring, uint32_t line,
                                      struct cache_way in, uint32_t *depth)
{
    uint32_t way = ring->second;
    for (*depth = 1;; ++*depth) {
        struct cache_way was = cache_ring_get(ring, way);
        cache_ring_put(ring, way, in);
        if (was.line == line)
            return was;
        in = was;
        way = way + 1 < ring->ways ? way + 1 : 0;
    }
}

bool cache_touch_found(struct cache *cache, uint32_t set, uint32_t line, uint32_t version,
                       gsl_rng *rng)
{
    struct cache_way *head = &cache->heads[set].way, was = *head;
    uint32_t depth = 0;
    if (was.line != line) {
        struct cache_ring ring = cache_ring_of(cache, set);
        was = ring_exchange(&ring, line, was, &depth);
    }
    *head = (struct cache_way){ line, version, cache->uses.now };
    bool hit = was.version == version && survives(cache, &was, depth, rng);
    cache->insertions += !hit;
    return hit;
}

bool cache_touch_set(struct cache *cache, uint32_t set, uint32_t line, uint32_t version,
                     gsl_rng *rng, struct cache_way *evicted)
{
    return cache_touch_set_here(cache, set, line, version, rng, evicted);
}

/* Is the line in its set, behind the head? */
static inline bool is_behind(const struct cache *cache, uint32_t set, uint32_t line)
{
    struct cache_ring ring = cache_ring_of(cache, set);
    return cache->room > 0 && cache->heads[set].way.line != CACHE_NO_LINE &&
           cache_ring_has(cache, &ring, line);
}

/* Is this version of the line here?  *depth: how many of its set have been used later. */
static bool find(const struct cache *cache, struct cache_line line, struct cache_way *found,
                 uint32_t *depth)
{
    uint32_t set = cache_set(cache, line.physical);
    *found = cache->heads[set].way;
    *depth = 0;
    if (found->line != line.line) {
        if (!is_behind(cache, set, line.line))
            return false;
        struct cache_ring ring = cache_ring_of(cache, set);
        for (uint32_t way = ring.second; found->line != line.line; way++, ++*depth)
            *found = cache_ring_get(&ring, way < ring.ways ? way : way - ring.ways);
    }
    return found->version == line.version;
}

uint32_t cache_age(const struct cache *cache, struct cache_line line)
{
    uint32_t depth;
    struct cache_way way;
    if (!find(cache, line, &way, &depth))
        return UINT32_MAX;
    uint32_t used = cache_used_since(cache, way.stamp);
    return used < cache->enough ? used : UINT32_MAX;
}

bool cache_take(struct cache *cache, struct cache_line line, gsl_rng *rng)
{
    static const struct cache_way empty = { CACHE_NO_LINE, 0, 0 };
    uint32_t depth = 0, set = cache_set(cache, line.physical);
    struct cache_head *head = &cache->heads[set];
    struct cache_ring ring = cache_ring_of(cache, set);
    struct cache_way was = head->way;
    if (was.line != line.line) {
        if (!is_behind(cache, set, line.line))
            return false;
        was = ring_exchange(&ring, line.line, empty, &depth);
    } else if (ring.ways > 0) {
        head->way = cache_ring_get(&ring, ring.second);
        cache_ring_put(&ring, ring.second, empty);
    } else {
        head->way = empty;
    }
    if (ring.ways > 0) /* what was the second is behind the others now */
        head->second = ring.second + 1 < ring.ways ? ring.second + 1 : 0;
    return was.version == line.version && survives(cache, &was, depth, rng);
}

bool cache_holds(struct cache *cache, struct cache_line line, gsl_rng *rng)
{
    uint32_t depth;
    struct cache_way way;
    return find(cache, line, &way, &depth) && survives(cache, &way, depth, rng);
}

void cache_update(struct cache *cache, struct cache_line line, uint32_t version)
{
    uint32_t set = cache_set(cache, line.physical);
    struct cache_way *head = &cache->heads[set].way;
    uint32_t *is = &head->version;
    if (head->line != line.line) {
        if (!is_behind(cache, set, line.line))
            return;
        struct cache_ring ring = cache_ring_of(cache, set);
        uint32_t way = 0;
        while (ring.lines[way] != line.line)
            way++;
        is = &ring.copies[way].version;
    }
    if (*is == line.version)
        *is = version;
}
