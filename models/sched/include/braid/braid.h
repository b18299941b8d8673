/* braid.h -- coordination among tori: projections, placement, balance.
 *
 * There is no global run queue and no global state.  Every torus owns one projection, a small
 * summary of its load that it alone writes.  Tori publish in cyclic order: an exchange interval
 * has one phase per torus, and torus k publishes in phase k.  Placement and balance read
 * projections and the deciding torus's own counts, nothing else.
 *
 * Rules
 *   - A reader trusts a projection only if its checksum holds, which a torn read breaks.
 *   - Interval 0 means: publish at every change of load, so that projections are never stale.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_BRAID_H
#define BRAID_BRAID_H

#include <stdatomic.h>

#include "braid/balancer.h"
#include "braid/torus.h"

/* One slot per torus, on a line of its own, written by its owner only. */
struct projection_slot {
    _Alignas(PROCESS_LINE_BYTES) _Atomic uint32_t load; /* torus_load() */
    _Atomic uint32_t blocked;
    _Atomic uint32_t average_load; /* Q16.16 */
    _Atomic uint32_t heartbeat;
    _Atomic uint32_t checksum;
};

/* A projection as read. */
struct projection {
    uint32_t load, blocked, average_load, heartbeat;
};

/* The load of a torus that nothing should be sent to: it has stopped, or left (takeover.h). */
#define PROJECTION_AWAY UINT32_MAX

/* Where a new process goes (and a woken one, if the braid places those too). */
struct placement {
    const char *name, *summary;
    /* torus decides, of whose processes this is one: what it has run, and until when (since_ns), is
     * known. */
    uint16_t (*choose)(struct braid *braid, struct torus *torus, const struct process *process,
                       uint64_t now_ns);
};

struct braid {
    /* What every wake-up looks at first: half a line, a whole one of old processors. */
    _Alignas(PROCESS_LINE_BYTES) struct projection_slot *slots; /* [torus_count] */
    const struct balancer *balancer;
    uint64_t exchange_ns; /* 0: publish at every change */
    uint16_t torus_count;
    uint16_t patience; /* exchanges without a heartbeat until a torus is claimed, and again until
                          it is taken (takeover.h); at least 2; 0: none ever is */
    uint8_t victim;    /* enum balancer_victim */
    bool place_woken;  /* else a woken process stays with its torus */
    bool prompt;       /* as the balancer's; braid_join() sets it */

    const struct placement *placement;
    struct torus **tori; /* [torus_count] */
    uint32_t *allowed;   /* [processes][braid_mask_words()]; NULL: no process is ever restricted */
    uint64_t balance_ns;
    uint64_t warm_ns;   /* for so long after a process ran its cache is taken to be warm */
    uint32_t threshold; /* processes */
    uint32_t cost_ns;   /* of a move: what a process's caches are worth */
};

/* All placements, one line each, in the order of `braidsim list placements`: placement_NAME.c
 * defines placement_NAME. */
#define PLACEMENT_LIST(PLACEMENT)                                                                  \
    PLACEMENT(round_robin)                                                                         \
    PLACEMENT(random)                                                                              \
    PLACEMENT(least_loaded)                                                                        \
    PLACEMENT(power_of_two)                                                                        \
    PLACEMENT(affinity)

#define PLACEMENT_DECLARE(name) extern const struct placement placement_##name;
PLACEMENT_LIST(PLACEMENT_DECLARE)

extern const struct placement *const placement_list[]; /* ends with NULL */

/* Sets the times of torus's first exchange and balance: phase_ns after 0 each. */
void braid_join(struct braid *braid, struct torus *torus, uint64_t exchange_phase_ns,
                uint64_t balance_phase_ns);

/* torus writes its own projection.  O(1). */
void braid_publish(struct braid *braid, struct torus *torus);

/* Writes p as that torus's projection, which is the caller's to write. */
void braid_write(struct braid *braid, uint16_t torus, const struct projection *p);

/* Does that torus, by its projection, want nothing sent?  A damaged one may err; then what is sent
 * is sent on. */
static inline bool braid_is_away(const struct braid *braid, uint16_t torus)
{
    return atomic_load_explicit(&braid->slots[torus].load, memory_order_relaxed) == PROJECTION_AWAY;
}

/* Reads another torus's projection; false when it was torn or damaged, or is one of a torus that is
 * away.  O(1). */
bool braid_read(const struct braid *braid, uint16_t torus, struct projection *projection);

/* The torus other than this one with the least load by its projection, among those that can be
 * read; ties go to the next one behind torus after in cyclic order.  False when there is none.
 * O(tori). */
bool braid_least_loaded(const struct braid *braid, const struct torus *torus, uint16_t after,
                        uint16_t *least, uint32_t *load);

/* A mask of tori: bit t % 32 of word t / 32. */
static inline uint32_t braid_mask_words(const struct braid *braid)
{
    return (braid->torus_count + 31u) / 32;
}

static inline uint32_t *braid_mask_of(const struct braid *braid, const struct process *process)
{
    return &braid->allowed[(uint64_t)process->id * braid_mask_words(braid)];
}

/* May process be on that torus? */
static inline bool braid_allows(const struct braid *braid, const struct process *process,
                                uint16_t torus)
{
    return !(process->flags & PROCESS_RESTRICTED) ||
           braid_mask_of(braid, process)[torus / 32] >> torus % 32 & 1;
}

/* The torus that process should go to: what the placement says, or the next one after that in
 * cyclic order that is not away and on which it may be; if there is none, one on which it may be.
 * O(tori) for a process that is restricted, and while tori are away. */
uint16_t braid_place(struct braid *braid, struct torus *torus, const struct process *process,
                     uint64_t now_ns);

/* One round of balancing by torus.  The caller holds it. */
void braid_balance(struct braid *braid, struct torus *torus, uint64_t now_ns);

/* A core of torus has found nothing to run.  The caller holds it. */
void braid_idle(struct braid *braid, struct torus *torus, uint64_t now_ns);

/* The cores of a torus: from its set-up, which nothing changes. */
static inline uint32_t braid_cores(const struct braid *braid, uint16_t torus)
{
    return braid->tori[torus]->core_count;
}

/* The torus other than this one with the most processes more than cores by its projection; ties go
 * to the next one after it in cyclic order.  False when none that can be read has more.
 * O(tori). */
bool braid_most_loaded(const struct braid *braid, const struct torus *torus, uint16_t *most,
                       uint32_t *excess);

/* Of the next *steps tori after this one round the ring, thief left out, the first that may have
 * processes waiting, as it shows more than it has cores or cannot be read.  *steps is what is left
 * of them; false when there is none.  O(steps). */
bool braid_next_loaded(const struct braid *braid, const struct torus *torus, uint16_t thief,
                       uint32_t *steps, uint16_t *next);

/* The load of torus has changed. */
static inline void braid_changed(struct braid *braid, struct torus *torus)
{
    if (braid->exchange_ns == 0 ||
        (braid->prompt && torus->strain != torus_strain(torus_load(torus), torus->core_count)))
        braid_publish(braid, torus);
}

#endif
