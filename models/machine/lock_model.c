/* lock_model.c -- see lock_model.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/lock_model.h"

#include <math.h>

#include "sim/base/check.h"

const char *const lock_names[LOCK_KINDS] = { "ideal", "ticket", "mcs" };

void lock_model_init(struct lock_model *lock, enum lock_kind kind, const struct profile *cpu,
                     uint32_t cores, struct arena *arena)
{
    *lock = (struct lock_model){ .kind = kind, .last_core = UINT32_MAX, .capacity = cores };
    lock->waiting = arena_alloc(arena, cores, sizeof *lock->waiting);
    if (kind == LOCK_IDEAL)
        return;
    lock->atomic_ps =
        (uint64_t)llround(profile_value(cpu, atomic_cycles) * 1e6 / profile_value(cpu, clock_mhz));
    lock->transfer_ps = (uint64_t)llround(profile_value(cpu, transfer_ns) * 1e3);
    lock->handover_ps = (uint64_t)llround(profile_value(cpu, handover_ns) * 1e3);
}

bool lock_model_request(struct lock_model *lock, uint32_t core, uint64_t now_ps, uint64_t *cost_ps)
{
    if (lock->count == 0 && lock->free_ps <= now_ps) {
        bool foreign = lock->last_core != core && lock->last_core != UINT32_MAX;
        *cost_ps = lock->atomic_ps + (foreign ? lock->transfer_ps : 0);
        return true;
    }
    CHECK(lock->count < lock->capacity);
    lock->waiting[(lock->first + lock->count++) % lock->capacity] = core;
    return false;
}

void lock_model_hold(struct lock_model *lock, uint32_t core, uint64_t until_ps)
{
    lock->last_core = core;
    lock->free_ps = until_ps;
}

bool lock_model_promise(struct lock_model *lock, uint64_t now_ps, uint32_t *core, uint64_t *when_ps)
{
    if (lock->count == 0 || (lock->promised && now_ps > lock->free_ps))
        return false;
    uint64_t handover_ps = lock->handover_ps;
    if (lock->kind == LOCK_TICKET)
        handover_ps = handover_ps * (lock->count + 1) / 2;
    lock->promised = true;
    *core = lock->waiting[lock->first];
    *when_ps = lock->free_ps + handover_ps;
    return true;
}

void lock_model_granted(struct lock_model *lock, uint32_t core)
{
    CHECK(lock->promised && lock->count > 0 && lock->waiting[lock->first] == core);
    lock->promised = false;
    lock->first = (lock->first + 1) % lock->capacity;
    lock->count--;
}
