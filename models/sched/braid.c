/* braid.c -- projections and their exchange; see braid.h.
 *
 * Property: a projection that braid_read() accepts is one that its owner published, whole
 * (tests/unit/braid.c tears one at every field).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

#include "braid/takeover.h"

/* Damps the average over about 8 exchanges: a += (load - a) / 8. */
enum { AVERAGE_SHIFT = 3, FIXED_POINT_SHIFT = 16 };

static uint32_t projection_mix(uint32_t sum, uint32_t word)
{
    sum ^= word;
    sum *= 0x9E3779B1u; /* 2^32 / golden ratio, odd: every bit of word reaches the top */
    return sum ^ (sum >> 15);
}

/* Not zero for a zeroed slot, so that a torus that never published is not believed. */
static uint32_t projection_checksum(uint16_t torus, const struct projection *p)
{
    uint32_t sum = projection_mix(0x42524149u, torus); /* "BRAI" */
    sum = projection_mix(sum, p->load);
    sum = projection_mix(sum, p->blocked);
    sum = projection_mix(sum, p->average_load);
    return projection_mix(sum, p->heartbeat);
}

static void average_update(struct torus *torus)
{
    uint32_t load = torus_load(torus);
    uint32_t target =
        load < (UINT32_MAX >> FIXED_POINT_SHIFT) ? load << FIXED_POINT_SHIFT : UINT32_MAX;
    if (target >= torus->average_load)
        torus->average_load += (target - torus->average_load) >> AVERAGE_SHIFT;
    else
        torus->average_load -= (torus->average_load - target) >> AVERAGE_SHIFT;
}

void braid_join(struct braid *braid, struct torus *torus, uint64_t exchange_phase_ns,
                uint64_t balance_phase_ns)
{
    torus->exchange_ns = exchange_phase_ns;
    torus->balance_ns = balance_phase_ns;
    braid->tori[torus->id] = torus;
    braid->prompt = braid->balancer->prompt;
    braid_publish(braid, torus);
}

void braid_write(struct braid *braid, uint16_t torus, const struct projection *p)
{
    struct projection_slot *slot = &braid->slots[torus];
    atomic_store_explicit(&slot->load, p->load, memory_order_relaxed);
    atomic_store_explicit(&slot->blocked, p->blocked, memory_order_relaxed);
    atomic_store_explicit(&slot->average_load, p->average_load, memory_order_relaxed);
    atomic_store_explicit(&slot->heartbeat, p->heartbeat, memory_order_relaxed);
    atomic_store_explicit(&slot->checksum, projection_checksum(torus, p), memory_order_release);
}

/* Where tori share a core, the moment at which one publishes may always be one in which it runs: it
 * shows what has been meanwhile. */
static uint32_t load_shown(struct torus *torus)
{
    uint32_t load = torus_load(torus);
    if (torus->crowded && load <= torus->core_count)
        load = torus->core_count + 1u;
    torus->crowded = false;
    return load;
}

void braid_publish(struct braid *braid, struct torus *torus)
{
    average_update(torus);
    torus->strain = torus_strain(torus_load(torus), torus->core_count);
    struct projection p = { .load = load_shown(torus),
                            .blocked = torus->blocked,
                            .average_load = torus->average_load,
                            .heartbeat = torus->heartbeat };
    braid_write(braid, torus->id, &p);
}

bool braid_read(const struct braid *braid, uint16_t torus, struct projection *projection)
{
    const struct projection_slot *slot = &braid->slots[torus];
    uint32_t checksum = atomic_load_explicit(&slot->checksum, memory_order_acquire);
    projection->load = atomic_load_explicit(&slot->load, memory_order_relaxed);
    projection->blocked = atomic_load_explicit(&slot->blocked, memory_order_relaxed);
    projection->average_load = atomic_load_explicit(&slot->average_load, memory_order_relaxed);
    projection->heartbeat = atomic_load_explicit(&slot->heartbeat, memory_order_relaxed);
    return checksum == projection_checksum(torus, projection) &&
           projection->load != PROJECTION_AWAY;
}

bool braid_least_loaded(const struct braid *braid, const struct torus *torus, uint16_t after,
                        uint16_t *least, uint32_t *load)
{
    bool found = false;
    *load = 0;
    *least = torus->id;
    uint16_t at = after;
    for (uint32_t i = 0; i < braid->torus_count; i++) {
        struct projection projection;
        at = (uint16_t)(at + 1u < braid->torus_count ? at + 1u : 0);
        if (at == torus->id || !braid_read(braid, at, &projection) ||
            (found && projection.load >= *load))
            continue;
        found = true;
        *least = at;
        *load = projection.load;
    }
    return found;
}

bool braid_most_loaded(const struct braid *braid, const struct torus *torus, uint16_t *most,
                       uint32_t *excess)
{
    *excess = 0;
    *most = torus->id;
    uint16_t at = torus->id;
    for (uint32_t i = 1; i < braid->torus_count; i++) {
        struct projection projection;
        at = (uint16_t)(at + 1u < braid->torus_count ? at + 1u : 0);
        if (!braid_read(braid, at, &projection))
            continue;
        uint32_t cores = braid_cores(braid, at);
        if (projection.load <= cores || projection.load - cores <= *excess)
            continue;
        *most = at;
        *excess = projection.load - cores;
    }
    return *excess > 0;
}

bool braid_next_loaded(const struct braid *braid, const struct torus *torus, uint16_t thief,
                       uint32_t *steps, uint16_t *next)
{
    *next = torus->id;
    while (*steps > 0) {
        struct projection projection;
        (*steps)--;
        do
            *next = (uint16_t)(*next + 1u < braid->torus_count ? *next + 1u : 0);
        while (*next == thief);
        if (braid_is_away(braid, *next))
            continue;
        if (!braid_read(braid, *next, &projection) || projection.load > braid_cores(braid, *next))
            return true;
    }
    return false;
}

/* The next torus after target where process may be: if one is not away, such a one. */
static uint16_t braid_next(const struct braid *braid, const struct process *process,
                           uint16_t target)
{
    uint16_t allowed = target;
    for (uint32_t i = 0; i < braid->torus_count; i++) {
        target = (uint16_t)(target + 1u < braid->torus_count ? target + 1u : 0);
        if (!braid_allows(braid, process, target))
            continue;
        allowed = target;
        if (!braid_is_away(braid, target))
            break;
    }
    return allowed;
}

uint16_t braid_place(struct braid *braid, struct torus *torus, const struct process *process,
                     uint64_t now_ns)
{
    if (braid->torus_count == 1)
        return torus->id;
    uint16_t target = braid->placement->choose(braid, torus, process, now_ns);
    if (braid_allows(braid, process, target) && !braid_is_away(braid, target))
        return target;
    return braid_next(braid, process, target);
}

void braid_balance(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    if (torus_is_own(torus) && braid->balancer->balance != NULL)
        braid->balancer->balance(braid, torus, now_ns);
}

void braid_idle(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    if (braid->balancer->idle != NULL)
        braid->balancer->idle(braid, torus, now_ns);
}
