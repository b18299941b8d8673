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
    cache->first = arena_alloc(arena, cache->lines, sizeof *cache->first);
    cache->rest = cache->first + cache->sets;
    for (uint32_t w = 0; w < cache->lines; w++)
        cache->first[w].line = CACHE_NO_LINE;
}

static struct cache_way *rest_of(const struct cache *cache, uint32_t set)
{
    return &cache->rest[(size_t)set * (cache->ways - 1)];
}

/* Where in its set the line is, whatever its version, NULL when it is not; *depth: how many lines
 * have been used later. */
static struct cache_way *find(const struct cache *cache, uint32_t set, uint32_t line,
                              uint32_t *depth)
{
    struct cache_way *way = &cache->first[set], *rest = rest_of(cache, set);
    uint32_t last = cache->ways - 1;
    for (*depth = 0; way->line != line; way = &rest[(*depth)++])
        if (*depth == last || way->line == CACHE_NO_LINE)
            return NULL;
    return way;
}

/* The version of the line that is here, if it is; and where. */
static struct cache_way *find_version(const struct cache *cache, struct cache_line line,
                                      uint32_t *depth)
{
    struct cache_way *way = find(cache, cache_set(cache, line.physical), line.line, depth);
    return way != NULL && way->version == line.version ? way : NULL;
}

bool cache_touch_set(struct cache *cache, uint32_t set, struct cache_line line, gsl_rng *rng,
                     struct cache_way *evicted)
{
    struct cache_way *rest = rest_of(cache, set), was = cache->first[set];
    uint32_t depth = 0, last = cache->ways - 1;
    cache->first[set] = (struct cache_way){ line.line, line.version, cache->uses.now };
    for (; was.line != line.line && was.line != CACHE_NO_LINE && depth < last; depth++) {
        struct cache_way next = rest[depth]; /* all that were used later move on by one */
        rest[depth] = was;
        was = next;
    }
    bool hit =
        was.line == line.line && was.version == line.version && survives(cache, &was, depth, rng);
    if (was.line != line.line)
        *evicted = was;
    cache->insertions += !hit;
    return hit;
}

uint32_t cache_age(const struct cache *cache, struct cache_line line)
{
    uint32_t depth;
    const struct cache_way *way = find_version(cache, line, &depth);
    if (way == NULL)
        return UINT32_MAX;
    uint32_t used = cache_used_since(cache, way->stamp);
    return used < cache->enough ? used : UINT32_MAX;
}

bool cache_take(struct cache *cache, struct cache_line line, gsl_rng *rng)
{
    uint32_t depth, set = cache_set(cache, line.physical), last = cache->ways - 1;
    struct cache_way *way = find(cache, set, line.line, &depth), *rest = rest_of(cache, set);
    if (way == NULL)
        return false;
    bool hit = way->version == line.version && survives(cache, way, depth, rng);
    for (; depth < last; way = &rest[depth++])
        *way = rest[depth];
    way->line = CACHE_NO_LINE;
    return hit;
}

bool cache_holds(struct cache *cache, struct cache_line line, gsl_rng *rng)
{
    uint32_t depth;
    const struct cache_way *way = find_version(cache, line, &depth);
    return way != NULL && survives(cache, way, depth, rng);
}

void cache_update(struct cache *cache, struct cache_line line, uint32_t version)
{
    uint32_t depth;
    struct cache_way *way = find_version(cache, line, &depth);
    if (way != NULL)
        way->version = version;
}
