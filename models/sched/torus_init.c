/* torus_init.c -- a torus is set up; see torus.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/torus.h"

uint32_t torus_bytes(uint16_t core_count)
{
    return (uint32_t)(sizeof(struct torus) + core_count * sizeof(struct torus_core));
}

void torus_init(struct torus *torus, const struct torus_setup *setup)
{
    torus->policy = setup->policy;
    torus->queue = setup->queue;
    torus->processes = setup->processes;
    torus->braid = setup->braid;
    torus->port = setup->port;
    torus->slice_ns = setup->slice_ns;
    torus->slice_tick_ns = setup->slice_tick_ns;
    torus->id = setup->id;
    torus->core_count = setup->core_count;
    torus->random = setup->random != 0 ? setup->random : 1;
    torus->placed = 0;
    torus->strain = TORUS_IDLE;
    torus->owed = torus->guest = 0;
    torus->rotated_ns = torus->owed_ns = 0;
    torus->crowded = torus->sends_on = false;
    torus->watched = torus->seen = torus->missed = 0;
    atomic_store_explicit(&torus->claim, 0, memory_order_relaxed);
    atomic_store_explicit(&torus->keeps, 0, memory_order_relaxed);
    torus->ready = torus->running = torus->blocked = 0;
    torus->idle = setup->core_count;
    torus->beats = 0;
    for (uint32_t slot = 0; slot < setup->core_count; slot++) {
        torus->cores[slot].current = NULL;
        torus->cores[slot].core = setup->first_core + slot;
        torus->cores[slot].kicked = 0;
    }
    setup->policy->init(setup->queue, &(struct policy_setup){ .slice_ns = setup->slice_ns,
                                                              .random = torus->random,
                                                              .cores = setup->core_count });
}
