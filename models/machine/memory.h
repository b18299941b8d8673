/* memory.h -- caches, coherence and memory: what an access costs, and what running evicts.
 *
 * One model serves two kinds of data.
 *
 * The scheduler's own lines are known exactly: every cache keeps their tags, in order of use, in
 * the set that their physical address selects.  A line's directory entry says who wrote it last;
 * a copy is current if its version is the line's.
 *
 * The processes' working sets are known as amounts.  After k insertions of other lines into a
 * cache of S sets and w ways, a line at depth d of its set (d more recent ones before it) survives
 * with probability P[Binomial(k, 1/S) < w - d], taken as Poisson(k/S): insertions fall on sets
 * independently, by page colour.  For the scheduler's lines a draw decides; for a working set the
 * expectation does.
 *
 * Costs are in femtoseconds (fs), beyond what a hit in the first level costs: that is part of
 * the instructions' own time.
 *
 * Invariant: a write leaves exactly one current copy, the writer's (tests/unit/memory.c).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "models/machine/profile.h"
#include "sim/base/arena.h"
#include "sim/base/random.h"

enum { MEMORY_LEVELS = 3, MEMORY_PAGE_BYTES = 4096 };

struct cache_way {
    uint32_t line;    /* MEMORY_NO_LINE: nothing of the scheduler's */
    uint32_t version; /* of the line when it was copied */
    uint32_t stamp;   /* the cache's user_insertions when it was last touched */
};

#define MEMORY_NO_LINE UINT32_MAX

struct cache {
    uint32_t sets, ways, set_mask; /* set_mask: sets - 1 if a power of two, else 0 */
    uint32_t lines;                /* sets * ways */
    double per_set;                /* 1 / sets */
    uint32_t user_insertions;      /* lines that working sets brought in, ever (wraps) */
    uint32_t insertions;           /* those, and the scheduler's */
    struct cache_way *way;         /* [sets][ways], most recently used first */
};

/* What the directory knows of a line's copies; EXCLUSIVE: clean, and nobody else has read it. */
enum line_state { LINE_EXCLUSIVE, LINE_SHARED, LINE_MODIFIED };

/* The directory's view of one line of the scheduler's. */
struct memory_line {
    uint64_t busy_from_ps, busy_to_ps; /* transfers of it are under way */
    uint32_t version;                  /* grows with every change of owner */
    uint32_t physical;
    uint32_t first_way; /* where its set begins in a first level */
    uint16_t owner;     /* core that wrote or fetched it last; MEMORY_NO_CORE */
    uint8_t state;      /* enum line_state */
};

#define MEMORY_NO_CORE UINT16_MAX

/* What a process left in the caches of the core that it ran on last. */
struct footprint {
    uint32_t stamp[MEMORY_LEVELS]; /* insertions of each cache when it left */
    uint16_t core;                 /* MEMORY_NO_CORE: has not run yet */
};

struct memory {
    uint32_t core_count, level_count, line_shift, line_count;
    uint32_t sharers[MEMORY_LEVELS];    /* cores per cache */
    struct cache *cache[MEMORY_LEVELS]; /* [ceil(core_count / sharers)] */
    uint64_t hit_fs[MEMORY_LEVELS];     /* beyond the first level */
    uint64_t
        stream_fs[MEMORY_LEVELS]; /* refill of one line of this level from the next, streaming */
    uint64_t memory_fs, transfer_fs, transfer_shared_fs;
    uint64_t touch_fs; /* a running process touches one more line per this */
    struct memory_line *line;
    gsl_rng *rng;
    uint64_t wait_fs; /* waited for lines in flight, since the caller reset it */
};

struct memory_setup {
    const struct profile *cpu;
    uint32_t core_count;
    uint64_t bytes;       /* of the scheduler's memory and constants */
    uint64_t stride_from; /* bytes from here on are process structures, */
    uint64_t stride_to;   /* up to here, */
    uint32_t stride;      /* modelled this far apart instead of stride_real */
    uint32_t stride_real;
    gsl_rng *rng; /* of type random_philox, the model's own: page colours, then survivals */
};

void memory_init(struct memory *memory, const struct memory_setup *setup, struct arena *arena);

/* Core reads or writes a line of the scheduler's memory at time now_ps.  Returns the cost in fs;
 * what of it was waiting for a transfer in flight is added to wait_fs. */
uint64_t memory_access(struct memory *memory, uint32_t core, uint32_t line, bool write,
                       uint64_t now_ps);

/* A process with a working set of `lines` runs again on core, for at most run_ps of work.
 * Returns the stall in ps for lines that others evicted since, or that another core holds; its
 * first run ever is free, since alone it would pay that too. */
uint64_t memory_refill(struct memory *memory, uint32_t core, const struct footprint *footprint,
                       uint32_t lines, uint64_t run_ps);

/* It has run for run_ps: what it streamed through caches too small for it. */
void memory_ran(struct memory *memory, uint32_t core, uint32_t lines, uint64_t run_ps);

/* It leaves the core. */
void memory_leave(const struct memory *memory, uint32_t core, struct footprint *footprint);

/* P[Poisson(rate) < ways]: the probability that a line survives. */
double memory_survival(double rate, uint32_t ways);

static inline struct cache *memory_cache(const struct memory *memory, uint32_t level, uint32_t core)
{
    uint32_t sharers = memory->sharers[level];
    return &memory->cache[level][sharers == 1 ? core : core / sharers];
}

/* Would memory_access() cost nothing and change nothing?  The common case, made short. */
static inline bool memory_is_near(const struct memory *memory, uint32_t core, uint32_t line,
                                  bool write)
{
    const struct memory_line *entry = &memory->line[line];
    const struct cache *first = &memory->cache[0][core];
    const struct cache_way *way = &first->way[entry->first_way];
    return way->line == line && way->version == entry->version &&
           way->stamp == first->user_insertions &&
           (!write || (entry->owner == core && entry->state == LINE_MODIFIED));
}

#endif
