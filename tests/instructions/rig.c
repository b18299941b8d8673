/* rig.c -- a braid that operations are done to; see operations.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/instructions/operations.h"

static uint64_t never(void)
{
    return UINT64_MAX / 4; /* sums of two do not wrap */
}

/* ---- The world: a port, and placements that cost nothing ---------------------------------- */

static void world_post(void *world, uint16_t target, struct process *process)
{
    struct rig *rig = world;
    rig->posted = true;
    if (rig->operation->kind->locked)
        rig->ops->accept(rig->torus[target], 0, process, rig->now_ns);
    else
        rig->ops->inbox_push(&rig->torus[target]->inbox, process);
}

static void world_ask(void *world, uint16_t victim, uint16_t thief, uint32_t count)
{
    struct rig *rig = world;
    rig->ops->inbox_ask(&rig->torus[victim]->inbox, thief, count);
}

static void world_kick(void *world, uint32_t core)
{
    (void)world, (void)core;
}

static uint16_t keep_choose(struct braid *braid, struct torus *torus, const struct process *process,
                            uint64_t now_ns)
{
    (void)process, (void)now_ns;
    (void)braid;
    return torus->id;
}

static uint16_t elsewhere_choose(struct braid *braid, struct torus *torus,
                                 const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    (void)braid;
    return torus->id ^ 1;
}

/* What the scheduler reads of the world. */
struct world {
    struct port port;
    struct placement keep, elsewhere;
    struct balancer none;
};

/* ---- The rig ------------------------------------------------------------------------------ */

static uint32_t rig_random(struct rig *rig)
{
    uint32_t x = rig->random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return rig->random = x;
}

static size_t in_lines(size_t bytes)
{
    return (bytes + PROCESS_LINE_BYTES - 1) / PROCESS_LINE_BYTES * PROCESS_LINE_BYTES;
}

static size_t torus_place_bytes(const struct operation *operation,
                                const struct torus_operations *ops)
{
    return in_lines(ops->bytes(operation->kind->cores)) + in_lines(operation->policy->queue_bytes);
}

static uint32_t populated(const struct operation *operation)
{
    return operation->kind->tori > 1 ? 2 : 1;
}

size_t rig_bytes(const struct operation *operation, const struct torus_operations *ops)
{
    return in_lines(sizeof(struct world)) + in_lines(sizeof(struct braid)) +
           operation->kind->tori * sizeof(struct projection_slot) +
           in_lines(operation->kind->tori * sizeof(struct torus *)) +
           operation->kind->tori * torus_place_bytes(operation, ops) +
           (size_t)populated(operation) * operation->queued * sizeof(struct process);
}

void rig_create(struct rig *rig, uint32_t torus, uint32_t id)
{
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT };
    attributes.weight = 1024 + rig_random(rig) % 1024;
    attributes.priority = (int32_t)(rig_random(rig) % 8);
    rig->ops->create(rig->torus[torus], 0, id, &attributes, rig->now_ns);
}

struct process *rig_schedule(struct rig *rig, uint32_t torus, uint32_t slot)
{
    return rig->ops->schedule(rig->torus[torus], slot, rig->now_ns);
}

void rig_pass_time(struct rig *rig)
{
    rig->now_ns += RIG_TICK_NS / 8 + rig_random(rig) % RIG_TICK_NS;
}

/* Lays memory out as sim/host/host.c does. */
static void rig_lay_out(struct rig *rig, char *memory)
{
    const struct operation *operation = rig->operation;
    uint64_t *word = (uint64_t *)(void *)memory;
    for (size_t i = 0; i < rig_bytes(operation, rig->ops) / sizeof *word; i++)
        word[i] = 0;
    rig->world = (struct world *)(void *)memory;
    rig->world->port.post = world_post;
    rig->world->port.ask = world_ask;
    rig->world->port.kick = world_kick;
    rig->world->port.world = rig;
    rig->world->keep.choose = keep_choose;
    rig->world->elsewhere.choose = elsewhere_choose;
    rig->keep = &rig->world->keep;
    memory += in_lines(sizeof(struct world));
    rig->braid = (struct braid *)(void *)memory;
    memory += in_lines(sizeof(struct braid));
    rig->braid->slots = (struct projection_slot *)(void *)memory;
    memory += operation->kind->tori * sizeof(struct projection_slot);
    rig->braid->tori = (struct torus **)(void *)memory;
    memory += in_lines(operation->kind->tori * sizeof(struct torus *));
    for (uint32_t t = 0; t < operation->kind->tori; t++) {
        rig->torus[t] = (struct torus *)(void *)memory;
        memory += torus_place_bytes(operation, rig->ops);
    }
    rig->processes = (struct process *)(void *)memory;
}

static void rig_torus_init(struct rig *rig, uint32_t t)
{
    const struct operation *operation = rig->operation;
    struct torus_setup setup = {
        .policy = operation->policy,
        .queue = (char *)rig->torus[t] + in_lines(rig->ops->bytes(operation->kind->cores)),
        .processes = rig->processes,
        .braid = rig->braid,
        .port = &rig->world->port,
        .slice_ns = RIG_TICK_NS,
        .slice_tick_ns = operation->kind->exact ? 0 : RIG_TICK_NS,
        .random = rig_random(rig),
        .id = (uint16_t)t,
        .core_count = operation->kind->cores,
        .first_core = t * operation->kind->cores,
    };
    rig->ops->init(rig->torus[t], &setup);
    rig->ops->join(rig->braid, rig->torus[t], never(), never());
}

void rig_init(struct rig *rig, void *memory, const struct operation *operation,
              const struct torus_operations *ops, uint32_t rounds)
{
    uint32_t n = operation->queued;
    rig->operation = operation;
    rig->ops = ops;
    rig->own = 0;
    rig->other = operation->kind->tori > 1;
    rig->batch = operation->kind->batch;
    rig->now_ns = 0;
    rig->random = 0x9E3779B9u;
    rig->blocked_count = rig->freed_count = 0;
    rig->posted = false;
    rig_lay_out(rig, memory);
    rig->braid->placement = rig->keep;
    rig->braid->balancer = operation->balancer != NULL ? operation->balancer : &rig->world->none;
    rig->braid->exchange_ns = operation->kind->published ? 0 : never();
    rig->braid->balance_ns = never();
    rig->braid->torus_count = operation->kind->tori;
    for (uint32_t t = 0; t < operation->kind->tori; t++)
        rig_torus_init(rig, t);
    for (uint32_t t = 0; t < populated(operation); t++) {
        for (uint32_t id = t * n; id < (t + 1) * n; id++)
            rig_create(rig, t, id);
        for (uint32_t i = 0; i < rounds; i++) {
            rig_pass_time(rig);
            rig_schedule(rig, t, i % operation->kind->cores);
        }
        for (uint32_t slot = 0; slot < operation->kind->cores; slot++)
            rig_schedule(rig, t, slot);
    }
    if (operation->placement != NULL || operation->kind->elsewhere) {
        rig->braid->placement =
            operation->placement != NULL ? operation->placement : &rig->world->elsewhere;
        rig->braid->place_woken = true;
    }
}
