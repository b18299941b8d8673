/* cache.h -- one cache, or TLB: which of the scheduler's lines it holds, and what others use of it.
 *
 * The scheduler's own lines are known exactly: tags in order of use, in the set that the physical
 * address selects, each with the version of the line that was copied.
 *
 * Others (the processes' data, or code) are known as amounts, in order of use: who used how many
 * lines when he last did.  A replacement by least recent use makes room at the expense of what was
 * used longest ago, whether the newcomers missed or hit: so what counts for a line is k, the
 * distinct lines that others have used since its own last use (its stack distance: R. Mattson et
 * al., IBM Systems Journal 9(2), 1970).  In a cache of S sets and w ways, a line at depth d of its
 * set (d of its owner's lines there were used later) survives with probability
 *
 *     P[Binomial(k, 1/S) < w - d], taken as Poisson(k / S):
 *
 * lines fall on sets independently, by page colour.  A draw decides for each of the scheduler's
 * lines; for the rest the expectation does (working_set.h).  With one set nothing is left to
 * chance: a line is there while k + d < w.  tests/unit/cache.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_CACHE_H
#define MACHINE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/base/random.h"

#define CACHE_NO_LINE UINT32_MAX

/* A line as a cache knows it: number, version, and where in physical memory it lies (in lines). */
struct cache_line {
    uint32_t line, version, physical;
};

struct cache_way {
    uint32_t line, version; /* CACHE_NO_LINE: nothing of the scheduler's */
    uint32_t stamp;         /* when it was last used */
};

/* What a set has used last, and which of its other ways before that. */
struct cache_head {
    struct cache_way way;
    uint32_t second;
};

/* Of a line in one of the other ways. */
struct cache_copy {
    uint32_t version, stamp;
};

/* The uses of a cache by others, numbered; each but the last of a user is empty.  The last
 * mask + 1 of them are kept: who was last seen before that has been forgotten. */
struct cache_uses {
    uint32_t now;   /* number of the latest */
    uint32_t mask;  /* uses kept - 1; a power of two - 1 */
    uint32_t total; /* lines of all uses kept */
    uint32_t *sum;  /* [mask + 1], by number & mask: lines of it and of those before it in its
                        block of CACHE_BLOCK */
};

enum {
    CACHE_BLOCK = 8,
    CACHE_USES_MIN = 256,
    CACHE_USES_MAX = 16384,
    CACHE_USE_LINES = 8,
    CACHE_GROUP = 4, /* ways that are looked through at once */
    CACHE_MEMOS = 16
};

/* What cache_used_since() found at the use numbered now, and its step in the table of survival:
 * many lines share few stamps. */
struct cache_memo {
    uint32_t stamp, now, used, step;
};

enum {
    CACHE_WAYS_MAX = 64,
    CACHE_RATE_STEPS = 32, /* to a rate of 1 */
    /* With 64 ways, P[Poisson(128) < 64] is below 1e-9: taken as 0 from there on. */
    CACHE_TABLE_STEPS = CACHE_RATE_STEPS * 128
};

/* P[Poisson(rate) < ways], in 2^-32, for rate = k / sets in the middle of a step; from 1 way on. */
extern uint32_t cache_chances[CACHE_WAYS_MAX][CACHE_TABLE_STEPS + 1];

struct cache {
    uint32_t sets, ways, set_mask; /* mask: sets - 1 if a power of two, else UINT32_MAX */
    uint32_t lines;                /* sets * ways */
    uint32_t insertions;           /* of the scheduler, ever (wraps) */
    uint32_t enough;               /* uses that nothing survives, or less than 1 in 10^6 */
    uint32_t dead;                 /* a stamp since when there have been so many: so since older */
    uint32_t touched_line, touched_at; /* see cache_remember() */
    uint64_t steps_per_line;           /* of the table of survival, in 2^-32; 1 with one set */
    struct cache_uses uses;
    struct cache_memo memo[CACHE_MEMOS]; /* by stamp */
    /* Of large caches the scheduler has a line in a set, if any: what was used last lies close
     * together in the host's caches.  The others of a set are a ring of ways - 1, from its second
     * on in order of use, empty ways last: one that comes takes the place of the last, and the rest
     * stay.  Behind a ring is room for whole groups, always empty. */
    struct cache_head *heads; /* [sets] */
    uint32_t *lines_behind;   /* [sets][room]; CACHE_NO_LINE: empty */
    struct cache_copy *copies_behind;
    uint32_t room;
};

/* 1 <= ways <= 64; more are taken as so many sets of 64.  users: how many others there may be, so
 * that enough of their uses are kept. */
void cache_init(struct cache *cache, uint32_t lines, uint32_t ways, uint32_t users,
                struct arena *arena);

/* The distinct lines that others have used since a copy of it was last used here, whether or not it
 * has survived them; UINT32_MAX when it was not here, or is older than what is kept. */
uint32_t cache_age(const struct cache *cache, struct cache_line line);

/* Is it here?  Afterwards it is not. */
bool cache_take(struct cache *cache, struct cache_line line, gsl_rng *rng);

/* Is it here?  Nothing changes. */
bool cache_holds(struct cache *cache, struct cache_line line, gsl_rng *rng);

/* A copy that is here becomes this version. */
void cache_update(struct cache *cache, struct cache_line line, uint32_t version);

/* Somebody uses so many distinct lines now; stamp is what his last use returned, or 0.  Returns the
 * stamp of this one. */
uint32_t cache_use(struct cache *cache, uint32_t stamp, uint32_t lines);

/* k: the distinct lines that others have used since that stamp, or enough of them that nothing
 * survives.  O(uses since / CACHE_BLOCK). */
uint32_t cache_used_since(const struct cache *cache, uint32_t stamp);

/* P[Poisson(rate) < ways]: the probability that a line survives, of many sets. */
double cache_survival(double rate, uint32_t ways);

/* The probability that a line at this depth of its set survives the use of k others. */
double cache_outlives(const struct cache *cache, uint32_t depth, uint32_t k);

static inline uint32_t cache_step(const struct cache *cache, uint32_t k)
{
    uint64_t step = k * cache->steps_per_line >> 32;
    return step < CACHE_TABLE_STEPS ? (uint32_t)step : CACHE_TABLE_STEPS;
}

/* Has so much been used since that stamp that nothing survives?  False: it may be so yet. */
static inline bool cache_is_dead(const struct cache *cache, uint32_t stamp)
{
    return cache->uses.now - stamp >= cache->uses.now - cache->dead;
}

/* cache_used_since(), remembered. */
static inline const struct cache_memo *cache_recall(struct cache *cache, uint32_t stamp)
{
    struct cache_memo *memo = &cache->memo[stamp % CACHE_MEMOS];
    if (memo->stamp != stamp || memo->now != cache->uses.now) {
        uint32_t used = cache_used_since(cache, stamp);
        *memo = (struct cache_memo){ stamp, cache->uses.now, used, cache_step(cache, used) };
        if (used >= cache->enough && !cache_is_dead(cache, stamp))
            cache->dead = stamp;
    }
    return memo;
}

/* The chance, in 2^-32, that a line at this depth of its set survives so many steps of use. */
static inline uint32_t cache_chance(const struct cache *cache, uint32_t depth, uint32_t step)
{
    if (cache->sets == 1)
        return step + depth < cache->ways ? UINT32_MAX : 0;
    return cache_chances[cache->ways - depth - 1][step];
}

static inline uint32_t cache_set(const struct cache *cache, uint32_t physical)
{
    return cache->set_mask != UINT32_MAX ? physical & cache->set_mask : physical % cache->sets;
}

/* Of a cache with but one version of each line: the line is touched now, whatever the set. */
static inline void cache_remember(struct cache *cache, uint32_t line)
{
    cache->touched_line = line;
    cache->touched_at = cache->uses.now;
}

/* Would cache_touch() find it here and change nothing, as it was the last line remembered?  False:
 * it may be so yet. */
static inline bool cache_remembers(const struct cache *cache, uint32_t line)
{
    return cache->touched_line == line && cache->touched_at == cache->uses.now;
}

/* The ring behind the head of a set. */
struct cache_ring {
    uint32_t *lines;
    struct cache_copy *copies;
    uint32_t ways, second;
};

static inline struct cache_ring cache_ring_of(const struct cache *cache, uint32_t set)
{
    size_t at = (size_t)set * cache->room;
    return (struct cache_ring){ cache->lines_behind + at, cache->copies_behind + at,
                                cache->ways - 1, cache->heads[set].second };
}

static inline struct cache_way cache_ring_get(const struct cache_ring *ring, uint32_t way)
{
    const struct cache_copy *copy = &ring->copies[way];
    return (struct cache_way){ ring->lines[way], copy->version, copy->stamp };
}

static inline void cache_ring_put(const struct cache_ring *ring, uint32_t way,
                                  struct cache_way what)
{
    ring->lines[way] = what.line;
    ring->copies[way] = (struct cache_copy){ what.version, what.stamp };
}

/* Is the line in the ring?  As a rule it is not, and nothing else of a way is looked at. */
static inline bool cache_ring_has(const struct cache *cache, const struct cache_ring *ring,
                                  uint32_t line)
{
    const uint32_t *at = ring->lines, *end = at + cache->room;
    if (at[ring->second] == CACHE_NO_LINE)
        return false;
    for (; at < end; at += CACHE_GROUP)
        if (at[0] == line || at[1] == line || at[2] == line || at[3] == line)
            return true;
    return false;
}

/* The line, which is in this set in some version, is touched. */
bool cache_touch_found(struct cache *cache, uint32_t set, uint32_t line, uint32_t version,
                       gsl_rng *rng);

/* As cache_touch(), whatever is to be done in the line's set. */
bool cache_touch_set(struct cache *cache, uint32_t set, uint32_t line, uint32_t version,
                     gsl_rng *rng, struct cache_way *evicted);

/* The same, inlined, as long as the line is not there. */
__attribute__((always_inline)) static inline bool
cache_touch_set_here(struct cache *cache, uint32_t set, uint32_t line, uint32_t version,
                     gsl_rng *rng, struct cache_way *evicted)
{
    struct cache_head *head = &cache->heads[set];
    if (head->way.line == line)
        return cache_touch_found(cache, set, line, version, rng);
    if (cache->room == 0) {
        *evicted = head->way;
    } else if (head->way.line != CACHE_NO_LINE) {
        struct cache_ring ring = cache_ring_of(cache, set);
        if (cache_ring_has(cache, &ring, line))
            return cache_touch_found(cache, set, line, version, rng);
        uint32_t last = head->second = (ring.second > 0 ? ring.second : ring.ways) - 1;
        *evicted = cache_ring_get(&ring, last);
        cache_ring_put(&ring, last, head->way);
    }
    head->way = (struct cache_way){ line, version, cache->uses.now };
    cache->insertions++;
    return false;
}

/* Was it the line used last in its set, and is what its fate is drawn with at hand?  Then it is
 * touched, and *hit tells whether it was here. */
__attribute__((always_inline)) static inline bool cache_touch_first(struct cache *cache,
                                                                    uint32_t set,
                                                                    struct cache_line line,
                                                                    gsl_rng *rng, bool *hit)
{
    uint32_t now = cache->uses.now;
    struct cache_way *first = &cache->heads[set].way;
    if (first->line != line.line || first->version != line.version)
        return false;
    const struct cache_memo *memo = &cache->memo[first->stamp % CACHE_MEMOS];
    *hit = first->stamp == now;
    if (!*hit && !cache_is_dead(cache, first->stamp) &&
        (memo->stamp != first->stamp || memo->now != now ||
         !random_chance_at_once(rng, cache_chance(cache, 0, memo->step), hit)))
        return false;
    cache->insertions += !*hit;
    first->stamp = now;
    return true;
}

/* Is this version of the line here?  Afterwards it is, most recently used; what had to go (its line
 * CACHE_NO_LINE: nothing) is left in *evicted. */
static inline bool cache_touch(struct cache *cache, struct cache_line line, gsl_rng *rng,
                               struct cache_way *evicted)
{
    uint32_t set = cache_set(cache, line.physical);
    bool hit;
    evicted->line = CACHE_NO_LINE;
    if (cache_touch_first(cache, set, line, rng, &hit))
        return hit;
    return cache_touch_set(cache, set, line.line, line.version, rng, evicted);
}

/* The same where most lines are looked for: inlined, as long as it is not in another way of its
 * set. */
__attribute__((always_inline)) static inline bool cache_touch_here(struct cache *cache,
                                                                   struct cache_line line,
                                                                   gsl_rng *rng,
                                                                   struct cache_way *evicted)
{
    uint32_t set = cache_set(cache, line.physical);
    bool hit;
    evicted->line = CACHE_NO_LINE;
    if (cache_touch_first(cache, set, line, rng, &hit))
        return hit;
    return cache_touch_set_here(cache, set, line.line, line.version, rng, evicted);
}

#endif
