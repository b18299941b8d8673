/* memory.h -- caches, coherence and memory: what an access of the scheduler costs.
 *
 * Every cache keeps the scheduler's own lines exactly (cache.h).  A line's directory entry says who
 * wrote it last; a copy is current if its version is the line's.  What processes bring into the
 * same caches, and pay for, is in working_set.h.
 *
 *     hit      the latency of the level, less in a stream that the prefetcher follows
 *     memory   latency, page hit or stream, after what waits in the channel's queue
 *     transfer from the core that wrote the line, by its distance, after the one under way
 *     TLB      what the translation costs beside; asked below the first level only
 *
 * Costs are in femtoseconds (fs), beyond what a hit in the first level costs: that is part of
 * the instructions' own time.
 *
 * Time.  Entries into the scheduler execute in the order in which they begin, whole.  A write that
 * falls due later than a read of another core is not seen by it yet; a read after it pays a
 * transfer (so a torn read and a failed compare-and-swap cost what they would).  A queue or a
 * transfer that was booked for later holds nobody up before.
 *
 * Invariant: a write leaves exactly one current copy, the writer's (tests/unit/memory.c).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include "models/machine/cache.h"
#include "models/machine/topology.h"

enum { MEMORY_LEVELS = 3, MEMORY_PAGE_BYTES = 4096, MEMORY_STREAMS = 8 };

/* What serves a core: the levels, from 0, and beside the first of them */
enum {
    MEMORY_CODE = MEMORY_LEVELS, /* the instruction cache */
    MEMORY_TLB,
    MEMORY_TLB2,
    MEMORY_CACHES
};

/* What the directory knows of a line's copies; EXCLUSIVE: clean, and nobody else has read it. */
enum line_state { LINE_EXCLUSIVE, LINE_SHARED, LINE_MODIFIED };

/* Something that serves one at a time: it is taken from busy_from_ps to busy_to_ps. */
struct booking {
    uint64_t busy_from_ps, busy_to_ps;
};

/* One line of the scheduler's: the directory's view, and the tracer's.  All that most accesses ask,
 * half a line of the host's. */
struct memory_line {
    _Alignas(32) uint64_t ready_fs; /* a load begins no earlier: its address is known, or it
                                       comes */
    uint32_t touched; /* last in this period of the tracer's, + 1 if to be written at no cost */
    uint32_t version; /* grows with every change of owner */
    uint32_t place;   /* where it lies in modelled virtual memory, in lines */
    uint32_t physical;
    uint16_t owner; /* core that wrote or fetched it last; MEMORY_NO_CORE */
    uint8_t state;  /* enum line_state */
};

/* What is asked of it when cores share it. */
struct memory_sharing {
    struct booking transfer; /* under way */
    uint64_t written_ps;     /* when its owner's last change of ownership fell due */
};

#define MEMORY_NO_CORE UINT16_MAX

struct channel {
    struct booking queue;
    uint32_t page; /* that was used last */
};

/* How an access goes on with what the prefetcher has seen. */
enum stream_kind { STREAM_NONE, STREAM_LINES, STREAM_STRIDE };

/* Runs of lines at equal distances, followed by a core's prefetcher. */
struct core_streams {
    uint32_t last[MEMORY_STREAMS];   /* place */
    uint32_t stride[MEMORY_STREAMS]; /* lines, modulo 2^32; 0: none seen yet */
    uint32_t next;                   /* to be replaced */
};

struct memory {
    uint32_t core_count, level_count, line_shift, line_count;
    uint32_t unit_cores;                   /* that share a first level */
    struct cache *(*cache)[MEMORY_CACHES]; /* [core_count]; NULL: there is none */
    bool exclusive[MEMORY_LEVELS], inclusive[MEMORY_LEVELS];
    bool passes_on[MEMORY_LEVELS]; /* what it puts out may concern another level */
    bool contained[MEMORY_LEVELS]; /* in an inclusive one */
    bool levels_depend;            /* any of this */

    uint64_t hit_fs[MEMORY_LEVELS];        /* beyond the first level */
    uint64_t stream_fs[MEMORY_LEVELS + 1]; /* a line in sequence from there; last: from memory */
    uint64_t stride_fs[MEMORY_LEVELS + 1]; /* the same, of a walk that leaves lines out */
    uint64_t memory_fs, page_fs, occupancy_fs;
    uint64_t tlb2_fs, walk_fs;
    struct topology topology;

    uint32_t page_shift;      /* lines of a page that maps the scheduler's memory, log2 */
    uint32_t user_page_shift; /* and of one that maps a process's */
    bool tlb_tagged;          /* translations survive a change of page tables */
    uint32_t row_shift;       /* lines of a memory page, log2 */
    uint32_t reach;           /* longest stride that is prefetched, in lines; 0: none */
    bool adjacent;            /* the other line of a pair comes too */
    uint32_t domain_cores, channels;
    struct channel *channel;      /* [domains][channels] */
    uint64_t *streaming;          /* [domains] share of a channel that running processes stream, */
    uint64_t *core_streaming;     /* [core_count] and each core's part of it; in 2^-32 */
    struct core_streams *streams; /* [core_count] */

    struct memory_line *line;       /* [line_count] */
    struct memory_sharing *sharing; /* likewise */
    gsl_rng *rng;
    uint64_t touch_fs; /* a running process touches one more line per this */
    /* Of the entry under way, reset by the caller: */
    uint64_t wait_fs;    /* waited for lines in flight */
    uint32_t early_line; /* read before another core's write to it fell due; CACHE_NO_LINE */
};

struct memory_setup {
    const struct profile *cpu;
    uint32_t core_count;
    uint32_t users;       /* processes whose working sets come into the caches */
    uint32_t threads;     /* of a core in use: cores 2i and 2i + 1 are siblings; 0 is taken as 1 */
    uint32_t page_bytes;  /* that map the memory; 0: the kernel's, by the profile */
    uint64_t bytes;       /* of the scheduler's memory, constants and code */
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

/* Need others learn nothing when core, which has the line, writes it? */
static inline bool memory_may_write(const struct memory_line *line, uint32_t core)
{
    return line->owner == core && line->state == LINE_MODIFIED;
}

static inline struct cache *memory_cache(const struct memory *memory, uint32_t which, uint32_t core)
{
    return memory->cache[core][which];
}

/* The index of core's first-level caches and TLBs. */
static inline uint32_t memory_unit(const struct memory *memory, uint32_t core)
{
    return core / memory->unit_cores;
}

/* Takes the resource for cost_ps from now_ps on, or when it is free.  Returns the wait in ps.  What
 * was booked for later, by an entry that began earlier, is not waited for. */
static inline uint64_t booking_wait(struct booking *booking, uint64_t cost_ps, uint64_t now_ps)
{
    uint64_t wait_ps = 0;
    if (now_ps < booking->busy_from_ps)
        return 0;
    if (now_ps < booking->busy_to_ps)
        wait_ps = booking->busy_to_ps - now_ps;
    else
        booking->busy_from_ps = now_ps;
    booking->busy_to_ps = now_ps + wait_ps + cost_ps;
    return wait_ps;
}

#endif
