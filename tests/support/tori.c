/* tori.c -- see tori.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/support/tori.h"

#include <stdlib.h>
#include <string.h>

static uint16_t keep_choose(struct braid *braid, struct torus *torus, const struct process *process,
                            uint64_t now_ns)
{
    (void)process, (void)now_ns;
    (void)braid;
    return torus->id;
}

const struct placement tori_keep = {
    .name = "keep",
    .summary = "every process stays where it is",
    .choose = keep_choose,
};

/* Zeroed and on a line of its own. */
static void *allocate(size_t size)
{
    size_t whole = (size + PROCESS_LINE_BYTES - 1) / PROCESS_LINE_BYTES * PROCESS_LINE_BYTES;
    void *memory = aligned_alloc(PROCESS_LINE_BYTES, whole);
    if (memory == NULL)
        abort();
    return memset(memory, 0, whole);
}

static void note_post(void *world, uint16_t target, struct process *process)
{
    struct tori *tori = world;
    tori->posts++;
    if (tori->accepts)
        torus_accept(tori->torus[target], 0, process, tori->now_ns);
    else if (inbox_push(&tori->torus[target]->inbox, process))
        tori->told[target] = true;
}

static void note_ask(void *world, uint16_t victim, uint16_t thief, uint32_t count)
{
    struct tori *tori = world;
    tori->asks++;
    if (tori->accepts) /* as soon as the present torus has been let go: see tori_settle() */
        tori->request[thief] = (struct tori_request){ victim, count };
    else if (inbox_ask(&tori->torus[victim]->inbox, thief, count))
        tori->told[victim] = true;
}

static void note_kick(void *world, uint32_t core)
{
    struct tori *tori = world;
    tori->kicks++;
    tori->kicked[core] = true;
}

void tori_init(struct tori *tori, const struct tori_setup *setup)
{
    memset(tori, 0, sizeof *tori);
    tori->torus_count = setup->torus_count;
    tori->cores_per_torus = setup->cores_per_torus;
    tori->accepts = setup->accepts;
    tori->processes = allocate(TORI_PROCESSES * sizeof *tori->processes);
    tori->port =
        (struct port){ .post = note_post, .ask = note_ask, .kick = note_kick, .world = tori };
    tori->braid.slots = allocate(TORI_MAX * sizeof *tori->braid.slots);
    tori->braid.tori = tori->torus;
    tori->braid.allowed = tori->masks;
    tori->braid.placement = setup->placement != NULL ? setup->placement : &tori_keep;
    tori->braid.balancer = setup->balancer != NULL ? setup->balancer : &balancer_none;
    tori->braid.exchange_ns = setup->exchange_ns;
    tori->braid.balance_ns = setup->balance_ns;
    tori->braid.warm_ns = setup->warm_ns;
    tori->braid.threshold = setup->threshold;
    tori->braid.victim = setup->victim;
    tori->braid.cost_ns = setup->cost_ns;
    tori->braid.patience = setup->patience;
    tori->braid.torus_count = setup->torus_count;
    tori->braid.place_woken = setup->place_woken;
    for (uint16_t id = 0; id < setup->torus_count; id++) {
        tori->queue[id] = allocate(setup->policy->queue_bytes);
        tori->torus[id] = allocate(torus_bytes(setup->cores_per_torus));
        struct torus_setup torus = { .policy = setup->policy,
                                     .queue = tori->queue[id],
                                     .processes = tori->processes,
                                     .braid = &tori->braid,
                                     .port = &tori->port,
                                     .slice_ns = setup->slice_ns,
                                     .slice_tick_ns = setup->slice_tick_ns,
                                     .random = setup->random + id,
                                     .id = id,
                                     .core_count = setup->cores_per_torus,
                                     .first_core = (uint32_t)id * setup->cores_per_torus };
        torus_init(tori->torus[id], &torus);
        braid_join(&tori->braid, tori->torus[id], id * setup->exchange_ns / setup->torus_count,
                   id * setup->balance_ns / setup->torus_count);
    }
}

void tori_fini(struct tori *tori)
{
    for (uint16_t id = 0; id < tori->torus_count; id++) {
        free(tori->torus[id]);
        free(tori->queue[id]);
    }
    free(tori->braid.slots);
    free(tori->processes);
}

static bool settle_torus(struct tori *tori, uint16_t id, uint64_t now_ns)
{
    bool acted = tori->told[id];
    if (tori->told[id]) {
        tori->told[id] = false;
        torus_receive(tori->torus[id], 0, now_ns);
    }
    if (tori->request[id].count > 0) {
        struct tori_request request = tori->request[id];
        tori->request[id].count = 0;
        torus_answer(tori->torus[request.victim], id, request.count, now_ns);
        acted = true;
    }
    for (uint32_t slot = 0; slot < tori->cores_per_torus; slot++) {
        uint32_t core = (uint32_t)id * tori->cores_per_torus + slot;
        if (tori->kicked[core]) {
            tori->kicked[core] = false;
            torus_schedule(tori->torus[id], slot, now_ns);
            acted = true;
        }
    }
    return acted;
}

void tori_settle(struct tori *tori, uint64_t now_ns)
{
    bool acted;
    do {
        acted = false;
        for (uint16_t id = 0; id < tori->torus_count; id++)
            acted = settle_torus(tori, id, now_ns) || acted;
    } while (acted);
}

enum process_result tori_create(struct tori *tori, uint16_t torus, uint32_t id, int32_t priority,
                                uint64_t now_ns)
{
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT,
                                             .weight = 1024,
                                             .priority = priority };
    return torus_create(tori->torus[torus], 0, id, &attributes, now_ns);
}

uint32_t tori_slot_there(const struct torus *torus, uint32_t slot, uint32_t but)
{
    for (uint32_t i = 0; i < torus->core_count; i++) {
        uint32_t at = (slot + i) % torus->core_count;
        if (at != but && !tori_core_is_away(torus, at))
            return at;
    }
    return but;
}

uint32_t tori_list_length(const void *const *list)
{
    uint32_t count = 0;
    while (list[count] != NULL)
        count++;
    return count;
}

bool tori_in_inbox(const struct tori *tori, uint32_t id)
{
    for (uint16_t k = 0; k < tori->torus_count; k++)
        for (uint32_t at = tori->torus[k]->inbox.head; at != 0;
             at = tori->processes[at - 1].inbox_next)
            if (at - 1 == id)
                return true;
    return false;
}

uint64_t tori_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

uint32_t tori_random_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)((tori_random(state) >> 32) * bound >> 32);
}
