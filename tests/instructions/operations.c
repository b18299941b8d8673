/* operations.c -- see operations.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/instructions/operations.h"

enum { TICK_NS = 10000000, ROUNDS = 64 };

static uint64_t never(void)
{
    return UINT64_MAX / 4; /* sums of two do not wrap */
}

/* ---- The world: a port, and placements that cost nothing ---------------------------------- */

static void world_post(void *world, uint16_t target, struct process *process)
{
    struct rig *rig = world;
    rig->posts++;
    rig->ops->inbox_push(&rig->torus[target]->inbox, process);
}

static void world_kick(void *world, uint32_t core)
{
    struct rig *rig = world;
    (void)core;
    rig->kicks++;
}

static uint16_t keep_choose(struct braid *braid, struct torus *torus)
{
    (void)braid;
    return torus->id;
}

static uint16_t elsewhere_choose(struct braid *braid, struct torus *torus)
{
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

static void rig_create(struct rig *rig, uint32_t torus, uint32_t id)
{
    struct process_attributes attributes = { PROCESS_NO_PARENT, 1024 + rig_random(rig) % 1024,
                                             (int32_t)(rig_random(rig) % 8) };
    rig->ops->create(rig->torus[torus], 0, id, &attributes, rig->now_ns);
}

static struct process *rig_schedule(struct rig *rig, uint32_t torus, uint32_t slot)
{
    return rig->ops->schedule(rig->torus[torus], slot, rig->now_ns);
}

static void rig_pass_time(struct rig *rig)
{
    rig->now_ns += TICK_NS / 8 + rig_random(rig) % TICK_NS;
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
    rig->world->port.kick = world_kick;
    rig->world->port.world = rig;
    rig->world->keep.choose = keep_choose;
    rig->world->elsewhere.choose = elsewhere_choose;
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
        .slice_ns = TICK_NS,
        .slice_tick_ns = operation->kind->exact ? 0 : TICK_NS,
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
    rig->blocked_count = rig->freed_count = rig->kicks = rig->posts = 0;
    rig_lay_out(rig, memory);
    rig->braid->placement = &rig->world->keep;
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

/* ---- Making the state in which a batch begins --------------------------------------------- */

static struct torus *own(struct rig *rig)
{
    return rig->torus[rig->own];
}

static bool is_idle(struct rig *rig)
{
    return own(rig)->cores[0].current == NULL;
}

/* Everybody who belongs here is queued or runs here. */
static void prepare_full(struct rig *rig)
{
    const struct placement *placement = rig->braid->placement;
    rig->braid->placement = &rig->world->keep;
    while (rig->blocked_count > 0)
        rig->ops->wake(own(rig), 0, &rig->processes[rig->blocked[--rig->blocked_count]],
                       rig->now_ns);
    while (rig->freed_count > 0)
        rig_create(rig, rig->own, rig->freed[--rig->freed_count]);
    rig->braid->placement = placement;
    rig_pass_time(rig);
    if (is_idle(rig))
        rig_schedule(rig, rig->own, 0);
}

static void block_one(struct rig *rig)
{
    rig->blocked[rig->blocked_count++] = own(rig)->cores[0].current->id;
    rig->ops->block(own(rig), 0, rig->now_ns);
}

static void prepare_blocked(struct rig *rig)
{
    rig_pass_time(rig);
    if (is_idle(rig))
        rig_schedule(rig, rig->own, 0);
    while (rig->blocked_count < rig->batch) {
        block_one(rig);
        rig_schedule(rig, rig->own, 0);
    }
}

static void exit_one(struct rig *rig)
{
    rig->exited = own(rig)->cores[0].current->id;
    rig->freed[rig->freed_count++] = rig->exited;
    rig->ops->exit(own(rig), 0, rig->now_ns);
}

static void reap_one(struct rig *rig)
{
    rig->ops->reap(own(rig), PROCESS_NO_PARENT, &rig->processes[rig->exited]);
}

static void prepare_freed(struct rig *rig)
{
    rig_pass_time(rig);
    while (rig->freed_count < rig->batch) {
        exit_one(rig);
        rig_schedule(rig, rig->own, 0);
        reap_one(rig);
    }
}

/* What was posted arrives, and the tori change places. */
static void go_over(struct rig *rig)
{
    if (inbox_is_empty(&rig->torus[rig->other]->inbox))
        return;
    rig->ops->receive(rig->torus[rig->other], 0, rig->now_ns);
    uint32_t swap = rig->own;
    rig->own = rig->other;
    rig->other = swap;
}

static void prepare_blocked_remote(struct rig *rig)
{
    go_over(rig);
    prepare_blocked(rig);
}

static void prepare_freed_remote(struct rig *rig)
{
    go_over(rig);
    prepare_freed(rig);
}

static void wake_one(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig->ops->wake(own(rig), 0, &rig->processes[rig->blocked[--rig->blocked_count]], rig->now_ns);
}

/* A batch of messages waits in the inbox of own. */
static void prepare_inbox(struct rig *rig)
{
    prepare_blocked(rig);
    while (rig->blocked_count > 0)
        wake_one(rig, 0);
    uint32_t swap = rig->own;
    rig->own = rig->other;
    rig->other = swap;
    rig_pass_time(rig);
}

static void prepare_idle(struct rig *rig)
{
    prepare_full(rig);
    block_one(rig);
}

static void prepare_idle_freed(struct rig *rig)
{
    prepare_full(rig);
    exit_one(rig);
    reap_one(rig);
}

/* A core idles with nothing to run. */
static void prepare_empty(struct rig *rig)
{
    prepare_full(rig);
    while (!is_idle(rig)) {
        block_one(rig);
        rig_schedule(rig, rig->own, 0);
    }
}

/* The core has got a process with a whole slice just now. */
static void prepare_fresh(struct rig *rig)
{
    prepare_full(rig);
    rig->ops->yield(own(rig), 0, rig->now_ns);
    rig_schedule(rig, rig->own, 0);
    own(rig)->cores[0].current->slice_ns = 2 * (uint64_t)TICK_NS * (RIG_BATCH_MAX + 1);
    rig->now_ns += 1000;
}

static void prepare_last_tick(struct rig *rig)
{
    prepare_fresh(rig);
    own(rig)->cores[0].current->slice_ns = TICK_NS;
    rig->now_ns += 2 * (uint64_t)TICK_NS;
}

static void prepare_exchange(struct rig *rig)
{
    prepare_fresh(rig);
    rig->braid->exchange_ns = 1; /* every tick publishes */
    own(rig)->exchange_ns = rig->now_ns;
}

static void prepare_balance_due(struct rig *rig)
{
    prepare_fresh(rig);
    rig->braid->balance_ns = 1; /* every tick asks to balance */
    own(rig)->balance_ns = rig->now_ns;
}

/* The others look empty, as their projections are from before anybody came. */
static void prepare_imbalance(struct rig *rig)
{
    go_over(rig);
    prepare_full(rig);
}

static void prepare_even(struct rig *rig)
{
    prepare_full(rig);
    rig->braid->threshold = UINT32_MAX;
}

/* ---- The operations ----------------------------------------------------------------------- */

static void run_create(struct rig *rig, uint32_t turn)
{
    struct process_attributes attributes = { PROCESS_NO_PARENT, 1024, 4 };
    (void)turn;
    rig->ops->create(own(rig), 0, rig->freed[--rig->freed_count], &attributes, rig->now_ns);
}

static void run_receive(struct rig *rig, uint32_t turn)
{
    if (turn == 0)
        rig->ops->receive(own(rig), 0, rig->now_ns);
}

static void run_schedule(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig_schedule(rig, rig->own, 0);
}

static void run_put(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig->ops->put(own(rig), 0, rig->now_ns);
}

static void run_pick(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig->ops->pick(own(rig), 0, rig->now_ns);
}

static void run_yield(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig->ops->yield(own(rig), 0, rig->now_ns);
    rig_schedule(rig, rig->own, 0);
}

static void run_block(struct rig *rig, uint32_t turn)
{
    (void)turn;
    block_one(rig);
    rig_schedule(rig, rig->own, 0);
}

static void run_exit(struct rig *rig, uint32_t turn)
{
    (void)turn;
    exit_one(rig);
    rig_schedule(rig, rig->own, 0);
    reap_one(rig);
}

static void run_tick(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig->ops->tick(own(rig), 0, rig->now_ns++);
}

static void run_balance(struct rig *rig, uint32_t turn)
{
    (void)turn;
    rig->ops->balance(rig->braid, own(rig), rig->now_ns);
}

/* ---- The list ----------------------------------------------------------------------------- */

/* Batches are of at most 8, so that ten processes suffice. */
const struct operation_kind operation_kinds[] = {
    { "create", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_freed,
      .run = run_create },
    { "create, published", .tori = 2, .cores = 1, .batch = 8, .published = true, .repeats = true,
      .prepare = prepare_freed, .run = run_create },
    { "create, 4 cores", .tori = 1, .cores = 4, .batch = 4, .prepare = prepare_freed,
      .run = run_create },
    { "create, idle core", .tori = 1, .cores = 1, .batch = 1, .prepare = prepare_idle_freed,
      .run = run_create },
    { "create elsewhere", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .repeats = true,
      .any_queue = true, .prepare = prepare_freed_remote, .run = run_create },
    { "create, 8 tori, by", EACH_PLACEMENT, .tori = 8, .cores = 1, .batch = 1,
      .prepare = prepare_freed, .run = run_create },
    { "create, 64 tori, by", EACH_PLACEMENT, .tori = 64, .cores = 1, .batch = 1, .any_queue = true,
      .prepare = prepare_freed, .run = run_create },
    { "wake", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_blocked,
      .run = wake_one },
    { "wake, 4 cores", .tori = 1, .cores = 4, .batch = 4, .prepare = prepare_blocked,
      .run = wake_one },
    { "wake, idle core", .tori = 1, .cores = 1, .batch = 1, .prepare = prepare_idle,
      .run = wake_one },
    { "wake elsewhere", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .repeats = true,
      .any_queue = true, .prepare = prepare_blocked_remote, .run = wake_one },
    { "wake, 8 tori, by", EACH_PLACEMENT, .tori = 8, .cores = 1, .batch = 1,
      .prepare = prepare_blocked, .run = wake_one },
    { "receive 1", .elsewhere = true, .tori = 2, .cores = 1, .batch = 1, .prepare = prepare_inbox,
      .run = run_receive },
    { "receive 8", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .repeats = true,
      .prepare = prepare_inbox, .run = run_receive },
    { "receive nothing", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .any_queue = true,
      .prepare = prepare_full, .run = run_receive },
    { "pick", .tori = 1, .cores = 1, .batch = 1, .prepare = prepare_idle, .run = run_pick },
    { "pick nothing", .tori = 1, .cores = 1, .batch = 1, .any_queue = true,
      .prepare = prepare_empty, .run = run_pick },
    { "put", .tori = 1, .cores = 1, .batch = 1, .prepare = prepare_full, .run = run_put },
    { "put and pick", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_full,
      .run = run_schedule },
    { "put and pick, exact", .tori = 1, .cores = 1, .batch = 8, .exact = true,
      .prepare = prepare_full, .run = run_schedule },
    { "yield", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_full,
      .run = run_yield },
    { "block", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_full,
      .run = run_block },
    { "block, published", .tori = 2, .cores = 1, .batch = 8, .published = true,
      .prepare = prepare_full, .run = run_block },
    { "exit and reap", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_full,
      .run = run_exit },
    { "tick", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .any_queue = true,
      .prepare = prepare_fresh, .run = run_tick },
    { "tick, idle", .tori = 1, .cores = 1, .batch = 8, .any_queue = true, .prepare = prepare_empty,
      .run = run_tick },
    { "tick, slice used", .tori = 1, .cores = 1, .batch = 1, .any_queue = true,
      .prepare = prepare_last_tick, .run = run_tick },
    { "tick, exact", .tori = 1, .cores = 1, .batch = 8, .exact = true, .any_queue = true,
      .prepare = prepare_fresh, .run = run_tick },
    { "tick, 8 tori", .tori = 8, .cores = 1, .batch = 8, .any_queue = true,
      .prepare = prepare_fresh, .run = run_tick },
    { "tick, exchange", .tori = 8, .cores = 1, .batch = 8, .repeats = true, .any_queue = true,
      .prepare = prepare_exchange, .run = run_tick },
    { "tick, 8 tori, to balance by", EACH_BALANCER, .tori = 8, .cores = 1, .batch = 8,
      .any_queue = true, .prepare = prepare_balance_due, .run = run_tick },
    { "balance, 2 tori, gives, by", EACH_BALANCER, .tori = 2, .cores = 1, .batch = 8,
      .repeats = true, .prepare = prepare_imbalance, .run = run_balance },
    { "balance, 8 tori, gives, by", EACH_BALANCER, .tori = 8, .cores = 1, .batch = 1,
      .prepare = prepare_imbalance, .run = run_balance },
    { "balance, 8 tori, even, by", EACH_BALANCER, .tori = 8, .cores = 1, .batch = 8,
      .any_queue = true, .prepare = prepare_even, .run = run_balance },
    { "balance, 64 tori, even, by", EACH_BALANCER, .tori = 64, .cores = 1, .batch = 1,
      .any_queue = true, .prepare = prepare_even, .run = run_balance },
    { .name = NULL },
};

static size_t append(char *name, size_t at, const char *text)
{
    while (*text != '\0' && at + 1 < OPERATION_NAME)
        name[at++] = *text++;
    name[at] = '\0';
    return at;
}

static size_t append_number(char *name, size_t at, uint32_t number)
{
    if (number >= 10)
        at = append_number(name, at, number / 10);
    char digit[] = { (char)('0' + number % 10), '\0' };
    return append(name, at, digit);
}

/* The table that is number `which` of those that do something. */
static const char *choose(struct operation *operation, const struct operation_kind *kind,
                          const struct scheduler_module *module, uint32_t which)
{
    if (kind->each == EACH_PLACEMENT) {
        for (uint32_t i = 0; module->placements[i] != NULL; i++)
            if (which-- == 0)
                return (operation->placement = module->placements[i])->name;
    } else if (kind->each == EACH_BALANCER) {
        for (uint32_t i = 0; module->balancers[i] != NULL; i++)
            if (module->balancers[i]->balance != NULL && which-- == 0)
                return (operation->balancer = module->balancers[i])->name;
    } else if (which == 0) {
        return "";
    }
    return NULL;
}

bool operation_make(struct operation *operation, const struct operation_kind *kind,
                    const struct scheduler_module *module, const struct policy *policy,
                    uint32_t which, uint32_t queued, char *name)
{
    operation->placement = NULL;
    operation->balancer = NULL;
    const char *chosen = choose(operation, kind, module, which);
    if (chosen == NULL)
        return false;
    size_t at = append(name, 0, policy->name);
    at = append(name, append(name, at, ": "), kind->name);
    if (*chosen != '\0')
        at = append(name, append(name, at, " "), chosen);
    append_number(name, append(name, at, ", "), queued);
    operation->name = name;
    operation->kind = kind;
    operation->policy = policy;
    operation->queued = queued;
    return true;
}

void operations_observe(const struct scheduler_module *module, void *memory, size_t bytes,
                        const struct operation_observer *observer)
{
    static const uint32_t lengths[] = { 10, 100, 1000 };
    for (const struct operation_kind *kind = operation_kinds; kind->name != NULL; kind++)
        for (uint32_t p = 0; module->policies[p] != NULL; p++)
            for (uint32_t l = 0; l < (kind->any_queue ? 1 : 3); l++) {
                struct operation operation;
                struct rig rig;
                char name[OPERATION_NAME];
                for (uint32_t which = 0; operation_make(
                         &operation, kind, module, module->policies[p], which, lengths[l], name);
                     which++) {
                    if (rig_bytes(&operation, module->torus) > bytes)
                        continue;
                    rig_init(&rig, memory, &operation, module->torus, ROUNDS);
                    kind->prepare(&rig);
                    observer->begin(observer->self, &operation);
                    for (uint32_t turn = 0; turn < kind->batch; turn++)
                        kind->run(&rig, turn);
                    observer->end(observer->self, &operation);
                }
            }
}
