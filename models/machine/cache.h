/* cache.h -- one cache, or TLB: which of the scheduler's lines it holds, and what else came in.
 *
 * The scheduler's own lines are known exactly: tags in order of use, in the set that the physical
 * address selects, each with the version of the line that was copied.  What others (user code)
 * brought in is known as an amount.  After k such insertions into a cache of S sets and w ways, a
 * line at depth d of its set (d of the scheduler's lines were used later) survives with probability
 *
 *     P[Binomial(k, 1/S) < w - d], taken as Poisson(k / S):
 *
 * insertions fall on sets independently, by page colour.  A draw decides for each line.
 * (tests/unit/cache.c)
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
    uint32_t stamp;         /* the cache's user_insertions when it was last used */
};

enum { CACHE_MEMO = 8 };

struct cache {
    uint32_t sets, ways, set_mask; /* set_mask: sets - 1 if a power of two, else 0 */
    uint32_t lines;                /* sets * ways */
    double per_set;                /* 1 / sets */
    uint32_t user_insertions;      /* lines that others brought in, ever (wraps) */
    uint32_t insertions;           /* those, and the scheduler's */
    /* Chances of survival in 2^-32 after memo_inserted insertions, by depth; 0: not computed. */
    uint32_t memo_inserted, memo[CACHE_MEMO];
    struct cache_way *way; /* [sets][ways], most recently used first */
};

/* 1 <= ways <= 64, or fully associative with more, taken as as many sets of 64. */
void cache_init(struct cache *cache, uint32_t lines, uint32_t ways, struct arena *arena);

/* Is this version of the line here?  Afterwards it is, most recently used; what had to go (its
 * line CACHE_NO_LINE: nothing) is left in *evicted. */
bool cache_touch(struct cache *cache, struct cache_line line, gsl_rng *rng,
                 struct cache_way *evicted);

/* Is it here?  Afterwards it is not. */
bool cache_take(struct cache *cache, struct cache_line line, gsl_rng *rng);

/* Is it here?  Nothing changes. */
bool cache_holds(struct cache *cache, struct cache_line line, gsl_rng *rng);

/* A copy that is here becomes this version. */
void cache_update(struct cache *cache, struct cache_line line, uint32_t version);

/* Others bring in count lines. */
void cache_intrude(struct cache *cache, uint32_t count);

/* P[Poisson(rate) < ways]: the probability that a line survives. */
double cache_survival(double rate, uint32_t ways);

static inline uint32_t cache_set_of(const struct cache *cache, uint32_t physical)
{
    return cache->set_mask != 0 || cache->sets == 1 ? physical & cache->set_mask
                                                    : physical % cache->sets;
}

#endif
