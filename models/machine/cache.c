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
    cache->heads = arena_alloc(arena, cache->sets, sizeof *cache->heads);
    cache->rest = arena_alloc(arena, cache->lines - cache->sets, sizeof *cache->rest);
    for (uint32_t set = 0; set < cache->sets; set++)
        cache->heads[set].way.line = CACHE_NO_LINE;
    for (uint32_t way = 0; way < cache->lines - cache->sets; way++)
        cache->rest[way].line = CACHE_NO_LINE;
}

static inline struct cache_way *rest_of(const struct cache *cache, uint32_t set)
{
    return &cache->rest[(size_t)set * (cache->ways - 1)];
}

/* The way in its ring that was used before this one: of the second, the one used longest ago. */
static inline uint32_t later(const struct cache *cache, uint32_t way)
{
    return (way > 0 ? way : cache->ways - 1) - 1;
}

/* Where in the ring of its set the line is, whatever its version; ways - 1: it is not. */
static inline uint32_t find_rest(const struct cache *cache, uint32_t set, uint32_t line)
{
    const struct cache_way *rest = rest_of(cache, set);
    uint32_t last = cache->ways - 1, way = 0;
    if (last > 0 && rest[cache->heads[set].second].line == CACHE_NO_LINE)
        return last;
    while (way < last && rest[way].line != line)
        way++;
    return way;
}

/* How many lines of its set have been used later than this way of the ring. */
static uint32_t depth_of(const struct cache *cache, uint32_t set, uint32_t way)
{
    uint32_t second = cache->heads[set].second;
    return (way >= second ? way : way + cache->ways - 1) - second + 1;
}

/* Those of the ring that were used later than this way move on by one, over it: the second is free
 * then. */
static void close_up(struct cache *cache, uint32_t set, uint32_t way)
{
    struct cache_way *rest = rest_of(cache, set);
    for (uint32_t second = cache->heads[set].second; way != second; way = later(cache, way))
        rest[way] = rest[later(cache, way)];
}

/* Where the line is, whatever its version, NULL when it is not here; *depth: how many lines of its
 * set have been used later. */
static struct cache_way *find(const struct cache *cache, uint32_t set, uint32_t line,
                              uint32_t *depth)
{
    *depth = 0;
    if (cache->heads[set].way.line == line)
        return &cache->heads[set].way;
    uint32_t way = find_rest(cache, set, line);
    if (way == cache->ways - 1)
        return NULL;
    *depth = depth_of(cache, set, way);
    return &rest_of(cache, set)[way];
}

/* The version of the line that is here, if it is; and where. */
static struct cache_way *find_version(const struct cache *cache, struct cache_line line,
                                      uint32_t *depth)
{
    struct cache_way *way = find(cache, cache_set(cache, line.physical), line.line, depth);
    return way != NULL && way->version == line.version ? way : NULL;
}

/* The line becomes the one used last, after it was found at this way of the ring; ways - 1: it was
 * the last already. */
__attribute__((noinline)) static bool touch_found(struct cache *cache, uint32_t set, uint32_t way,
                                                  struct cache_line line, gsl_rng *rng)
{
    struct cache_head *head = &cache->heads[set];
    struct cache_way was = head->way;
    uint32_t depth = 0;
    if (way < cache->ways - 1) {
        struct cache_way *rest = rest_of(cache, set), first = was;
        depth = depth_of(cache, set, way);
        was = rest[way];
        close_up(cache, set, way);
        rest[head->second] = first;
    }
    head->way = (struct cache_way){ line.line, line.version, cache->uses.now };
    bool hit = was.version == line.version && survives(cache, &was, depth, rng);
    cache->insertions += !hit;
    return hit;
}

bool cache_touch_set(struct cache *cache, uint32_t set, struct cache_line line, gsl_rng *rng,
                     struct cache_way *evicted)
{
    struct cache_head *head = &cache->heads[set];
    struct cache_way *rest = rest_of(cache, set), was = head->way;
    uint32_t last = cache->ways - 1;
    if (was.line == line.line)
        return touch_found(cache, set, last, line, rng);
    if (was.line != CACHE_NO_LINE && last > 0) {
        uint32_t way = find_rest(cache, set, line.line);
        if (way < last)
            return touch_found(cache, set, way, line, rng);
        way = head->second = later(cache, head->second);
        *evicted = rest[way];
        rest[way] = was;
    } else {
        *evicted = was;
    }
    head->way = (struct cache_way){ line.line, line.version, cache->uses.now };
    cache->insertions++;
    return false;
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
    struct cache_head *head = &cache->heads[set];
    if (way == NULL)
        return false;
    bool hit = way->version == line.version && survives(cache, way, depth, rng);
    if (depth > 0)
        close_up(cache, set, (uint32_t)(way - rest));
    else if (last > 0)
        head->way = rest[head->second];
    if (last == 0) {
        head->way.line = CACHE_NO_LINE;
        return hit;
    }
    rest[head->second].line = CACHE_NO_LINE; /* now it is behind the others */
    head->second = head->second + 1 < last ? head->second + 1 : 0;
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
