/* kinds.c -- the kinds of operation: how each begins, and what it calls; see operations.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/instructions/operations.h"

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
    rig->braid->placement = rig->keep;
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

static void change_places(struct rig *rig)
{
    uint32_t swap = rig->own;
    rig->own = rig->other;
    rig->other = swap;
    rig->posted = false;
}

/* What was posted arrives, and the tori change places. */
static void go_over(struct rig *rig)
{
    if (!rig->posted)
        return;
    rig->ops->receive(rig->torus[rig->other], 0, rig->now_ns);
    change_places(rig);
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
    change_places(rig);
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
    own(rig)->cores[0].current->slice_ns = 2 * (uint64_t)RIG_TICK_NS * (RIG_BATCH_MAX + 1);
    rig->now_ns += 1000;
}

static void prepare_last_tick(struct rig *rig)
{
    prepare_fresh(rig);
    own(rig)->cores[0].current->slice_ns = RIG_TICK_NS;
    rig->now_ns += 2 * (uint64_t)RIG_TICK_NS;
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
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT,
                                             .weight = 1024,
                                             .priority = 4 };
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
    rig->ops->tick(own(rig), 0, rig->now_ns);
    rig->ops->heartbeat(own(rig), 0, rig->now_ns++);
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
      .any_queue = true, .any_policy = true, .prepare = prepare_freed_remote, .run = run_create },
    { "create, 8 tori, by", EACH_PLACEMENT, .tori = 8, .cores = 1, .batch = 1, .any_queue = true,
      .any_policy = true, .prepare = prepare_freed, .run = run_create },
    { "create, 64 tori, by", EACH_PLACEMENT, .tori = 64, .cores = 1, .batch = 1, .any_queue = true,
      .any_policy = true, .prepare = prepare_freed, .run = run_create },
    { "wake", .tori = 1, .cores = 1, .batch = 8, .repeats = true, .prepare = prepare_blocked,
      .run = wake_one },
    { "wake, 4 cores", .tori = 1, .cores = 4, .batch = 4, .prepare = prepare_blocked,
      .run = wake_one },
    { "wake, idle core", .tori = 1, .cores = 1, .batch = 1, .prepare = prepare_idle,
      .run = wake_one },
    { "wake elsewhere", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .repeats = true,
      .any_queue = true, .any_policy = true, .prepare = prepare_blocked_remote, .run = wake_one },
    { "wake elsewhere, locked", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8,
      .locked = true, .repeats = true, .prepare = prepare_blocked_remote, .run = wake_one },
    { "wake, 8 tori, by", EACH_PLACEMENT, .tori = 8, .cores = 1, .batch = 1, .any_queue = true,
      .any_policy = true, .prepare = prepare_blocked, .run = wake_one },
    { "receive 1", .elsewhere = true, .tori = 2, .cores = 1, .batch = 1, .prepare = prepare_inbox,
      .run = run_receive },
    { "receive 8", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .repeats = true,
      .prepare = prepare_inbox, .run = run_receive },
    { "receive nothing", .elsewhere = true, .tori = 2, .cores = 1, .batch = 8, .any_queue = true,
      .any_policy = true, .prepare = prepare_full, .run = run_receive },
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
      .any_policy = true, .prepare = prepare_fresh, .run = run_tick },
    { "tick, idle", .tori = 1, .cores = 1, .batch = 8, .any_queue = true, .any_policy = true,
      .prepare = prepare_empty, .run = run_tick },
    { "tick, slice used", .tori = 1, .cores = 1, .batch = 1, .any_queue = true, .any_policy = true,
      .prepare = prepare_last_tick, .run = run_tick },
    { "tick, exact", .tori = 1, .cores = 1, .batch = 8, .exact = true, .any_queue = true,
      .any_policy = true, .prepare = prepare_fresh, .run = run_tick },
    { "tick, 8 tori", .tori = 8, .cores = 1, .batch = 8, .any_queue = true, .any_policy = true,
      .prepare = prepare_fresh, .run = run_tick },
    { "tick, exchange", .tori = 8, .cores = 1, .batch = 8, .repeats = true, .any_queue = true,
      .any_policy = true, .prepare = prepare_exchange, .run = run_tick },
    { "tick, 8 tori, to balance by", EACH_BALANCER, .tori = 8, .cores = 1, .batch = 8,
      .any_queue = true, .any_policy = true, .prepare = prepare_balance_due, .run = run_tick },
    { "balance, 2 tori, gives, by", EACH_BALANCER, .tori = 2, .cores = 1, .batch = 8,
      .repeats = true, .prepare = prepare_imbalance, .run = run_balance },
    { "balance, 8 tori, gives, by", EACH_BALANCER, .tori = 8, .cores = 1, .batch = 1,
      .prepare = prepare_imbalance, .run = run_balance },
    { "balance, 8 tori, even, by", EACH_BALANCER, .tori = 8, .cores = 1, .batch = 8,
      .any_queue = true, .any_policy = true, .prepare = prepare_even, .run = run_balance },
    { "balance, 64 tori, even, by", EACH_BALANCER, .tori = 64, .cores = 1, .batch = 1,
      .any_queue = true, .any_policy = true, .prepare = prepare_even, .run = run_balance },
    { .name = NULL },
};
