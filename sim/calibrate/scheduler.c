/* scheduler.c -- instructions per cycle, on the scheduler's own code.
 *
 * The plain build's operations are timed on this host with warm caches.  How many instructions
 * they are, the traced build tells: it is priced on a machine of one instruction per ns on which
 * all else is free, so that the count is the tracer's own, whatever its formula.  Prices of the
 * same on machines where only atomics, or only branch misses, cost count those.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "sim/calibrate/crew.h"
#include "sim/calibrate/parts.h"
#include "sim/host/loader.h"

enum { PROCESSES = 17, WARM = 256, COUNTED = 256, TIMED = 128, STEP_NS = 1000, ALIGNMENT = 64 };

enum operation { SCHEDULE, YIELD, BLOCK_WAKE, TICK, OPERATIONS };

/* A torus of one core with some processes, and what it takes to run it; one piece of memory. */
struct world {
    const struct torus_operations *ops;
    struct port *port;
    struct braid *braid;
    struct torus *torus;
    struct process *processes;
    size_t bytes; /* from port on */
    enum operation operation;
    uint64_t now_ns;
};

static const double IPC_ASSUMED = 1.5, FLAT_ASSUMED_NS = 250;

/* ---- A world ------------------------------------------------------------------------------ */

static void ignore_post(void *world, uint16_t target, struct process *process)
{
    (void)world, (void)target, (void)process;
}

static void ignore_kick(void *world, uint32_t core)
{
    (void)world, (void)core;
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static struct world world_of(const struct scheduler *scheduler, const struct policy *policy,
                             enum operation operation, struct arena *arena)
{
    const struct torus_operations *ops = scheduler->torus;
    size_t braid_at = aligned(sizeof(struct port)), slots_at = braid_at + sizeof(struct braid);
    size_t table_at = slots_at + sizeof(struct projection_slot), torus_at = table_at + ALIGNMENT;
    size_t queue_at = torus_at + aligned(ops->bytes(1));
    size_t processes_at = queue_at + aligned(policy->queue_bytes);
    size_t total = processes_at + PROCESSES * sizeof(struct process);
    char *memory = arena_alloc(arena, total, 1);
    struct world world = { ops,
                           (struct port *)(void *)memory,
                           (struct braid *)(void *)(memory + braid_at),
                           (struct torus *)(void *)(memory + torus_at),
                           (struct process *)(void *)(memory + processes_at),
                           total,
                           operation,
                           0 };
    *world.port = (struct port){ .post = ignore_post, .kick = ignore_kick };
    *world.braid = (struct braid){ .slots = (struct projection_slot *)(void *)(memory + slots_at),
                                   .tori = (struct torus **)(void *)(memory + table_at),
                                   .placement = scheduler_placement(scheduler, "round_robin"),
                                   .balancer = scheduler_balancer(scheduler, "none"),
                                   .exchange_ns = UINT64_MAX / 4,
                                   .balance_ns = UINT64_MAX / 4,
                                   .torus_count = 1 };
    struct torus_setup setup = { .policy = policy,
                                 .queue = memory + queue_at,
                                 .processes = world.processes,
                                 .braid = world.braid,
                                 .port = world.port,
                                 .slice_ns = UINT64_MAX / 4,
                                 .random = 1,
                                 .core_count = 1 };
    ops->init(world.torus, &setup);
    ops->join(world.braid, world.torus, UINT64_MAX / 4, UINT64_MAX / 4);
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    for (uint32_t id = 0; id < PROCESSES; id++)
        ops->create(world.torus, 0, id, &attributes, 0);
    ops->schedule(world.torus, 0, 0);
    return world;
}

static inline void world_step(struct world *world)
{
    const struct torus_operations *ops = world->ops;
    struct process *current = world->torus->cores[0].current;
    uint64_t now_ns = world->now_ns += STEP_NS;
    switch (world->operation) {
    case SCHEDULE:
        ops->schedule(world->torus, 0, now_ns);
        break;
    case YIELD:
        ops->yield(world->torus, 0, now_ns);
        ops->schedule(world->torus, 0, now_ns);
        break;
    case BLOCK_WAKE:
        ops->block(world->torus, 0, now_ns);
        ops->schedule(world->torus, 0, now_ns);
        ops->wake(world->torus, 0, current, now_ns);
        break;
    default:
        ops->tick(world->torus, 0, now_ns);
    }
}

static uint64_t world_run(void *context)
{
    for (uint32_t i = 0; i < TIMED; i++)
        world_step(context);
    return TIMED;
}

/* ---- Counts ------------------------------------------------------------------------------- */

/* What an operation is priced at where an instruction takes ipc_ns, an atomic operation atomic_ns,
 * a branch miss miss_ns, and nothing else anything. */
static double price_ns(const struct scheduler *traced, const struct policy *policy,
                       enum operation operation, double instruction_ns, double atomic_ns,
                       double miss_ns, gsl_rng *rng)
{
    struct arena arena = ARENA_EMPTY;
    struct world world = world_of(traced, policy, operation, &arena);
    struct profile cpu;
    struct memory memory;
    struct tracer tracer;
    static const double MHZ = 1000; /* a cycle is a ns */
    profile_init(&cpu);
#define SET(name, number) cpu.figure[FIGURE_##name].value = (number)
    SET(clock_mhz, MHZ);
    SET(instructions_per_cycle, 1 / instruction_ns);
    SET(atomic_cycles, atomic_ns);
    SET(branch_miss_cycles, miss_ns);
    SET(line_bytes, ALIGNMENT);
    SET(l1_kb, 1024);
    SET(l1_ways, 16);
    SET(memory_read_mb_s, 1e6);
#undef SET
    uint64_t bytes = world.bytes;
    for (uint32_t i = 0; i < TRACER_MODULES; i++)
        bytes += traced->mapped[i].bytes;
    memory_init(&memory,
                &(struct memory_setup){ .cpu = &cpu,
                                        .core_count = 1,
                                        .bytes = bytes,
                                        .stride_from = world.bytes,
                                        .stride_to = world.bytes,
                                        .stride = sizeof(struct process),
                                        .stride_real = sizeof(struct process),
                                        .rng = rng },
                &arena);
    struct tracer_setup setup = { .cpu = &cpu,
                                  .memory = &memory,
                                  .core_count = 1,
                                  .scheduler_memory = world.port,
                                  .scheduler_bytes = world.bytes };
    memcpy(setup.module, traced->mapped, sizeof setup.module);
    tracer_init(&tracer, &setup, &arena);
    sigjmp_buf escape;
    volatile double total_fs = 0;
    if (sigsetjmp(escape, 1) == 0)
        for (uint32_t i = 0; i < WARM + COUNTED; i++) {
            uint64_t wait_fs;
            tracer_begin(&tracer, 0, TRACER_PACE, world.now_ns * 1000, &escape);
            world_step(&world);
            double fs = (double)tracer_end(&tracer, &wait_fs);
            total_fs += i < WARM ? 0 : fs;
        }
    arena_free(&arena);
    return total_fs / 1e6 / COUNTED;
}

/* ---- Figures ------------------------------------------------------------------------------ */

struct totals {
    double instructions, atomics, misses, ns, spread;
    uint32_t operations, timings;
};

/* Instructions so cheap that they do not count beside what is counted. */
static const double NEARLY_FREE_NS = 1e-6;

static void add_operation(struct totals *totals, struct calibration *c,
                          const struct scheduler *plain, const struct scheduler *traced,
                          const char *policy, enum operation operation, double seconds)
{
    struct arena arena = ARENA_EMPTY;
    const struct policy *theirs = scheduler_policy(traced, policy);
    struct world world = world_of(plain, scheduler_policy(plain, policy), operation, &arena);
    struct measurement ns = timing_measure(world_run, &world, seconds);
    totals->instructions += price_ns(traced, theirs, operation, 1, 0, 0, c->rng);
    totals->atomics += price_ns(traced, theirs, operation, NEARLY_FREE_NS, 1, 0, c->rng);
    totals->misses += price_ns(traced, theirs, operation, NEARLY_FREE_NS, 0, 1, c->rng);
    totals->ns += ns.value;
    totals->spread += ns.value * ns.spread;
    totals->timings += ns.count;
    totals->operations++;
    arena_free(&arena);
}

/* A thread whose sibling runs the same, against one alone. */
static void put_smt_rate(struct calibration *c, const struct scheduler *plain, double seconds)
{
    struct arena arena = ARENA_EMPTY;
    struct world world[2];
    struct crew_member member[2];
    uint32_t sibling = 0;
    for (uint32_t i = 1; i < c->system.cpu_count && sibling == 0; i++)
        if (system_distance(&c->system, 0, i) == DISTANCE_SMT)
            sibling = i;
    if (sibling == 0 || !c->can_pin) {
        if (c->system.threads > 1)
            calibration_note(c, "smt_rate: not measured: no two threads of a core to run on");
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        world[i] = world_of(plain, plain->modules[0]->policies[0], BLOCK_WAKE, &arena);
        member[i] =
            (struct crew_member){ c->system.cpu[i == 0 ? 0 : sibling].id, world_run, &world[i] };
    }
    struct measurement alone = crew_measure(member, 1, seconds / 2);
    struct measurement both = crew_measure(member, 2, seconds / 2);
    struct measurement rate = { alone.value / both.value, both.spread, both.count };
    calibration_measured(
        c, FIGURE_smt_rate, rate,
        "the scheduler's block, schedule and wake on two threads of a core at once, "
        "against one alone");
    arena_free(&arena);
}

/* Branch misses are not subtracted: in a loop the host's predictor has none, whatever the tracer's
 * counts.  How much those would come to is said. */
static void put_totals(struct calibration *c, const struct totals *totals)
{
    double cycles = totals->ns * c->cycles_per_ns;
    double atomics = totals->atomics * calibration_value(c, FIGURE_atomic_cycles);
    double misses = totals->misses * calibration_value(c, FIGURE_branch_miss_cycles);
    double spread = totals->spread / totals->ns;
    struct measurement ipc = { totals->instructions / (cycles - atomics), spread, totals->timings };
    struct measurement flat = { totals->ns / totals->operations, spread, totals->timings };
    if (cycles - atomics <= 0 ||
        !calibration_measured(c, FIGURE_instructions_per_cycle, ipc,
                              "%u of the scheduler's own operations with %d processes: %.0f "
                              "instructions by the tracer's count in %.0f cycles, less %.0f of "
                              "atomics; branch misses by the tracer's count would be %.0f more",
                              totals->operations, PROCESSES, totals->instructions, cycles, atomics,
                              misses))
        calibration_assumed(c, FIGURE_instructions_per_cycle, IPC_ASSUMED,
                            "the scheduler's operations took no longer than their atomics");
    if (!calibration_measured(c, FIGURE_flat_entry_ns, flat,
                              "mean of %u of the scheduler's own operations, caches warm",
                              totals->operations))
        calibration_assumed(c, FIGURE_flat_entry_ns, FLAT_ASSUMED_NS,
                            "the scheduler's operations could not be timed");
}

void calibrate_scheduler(struct calibration *c, double seconds)
{
    struct scheduler plain, traced;
    struct totals totals = { 0 };
    struct error err;
    if (!scheduler_load(&plain, NULL, false, &err) || !scheduler_load(&traced, NULL, true, &err)) {
        calibration_assumed(c, FIGURE_instructions_per_cycle, IPC_ASSUMED,
                            "the scheduler cannot be loaded: %s", err.message);
        calibration_assumed(c, FIGURE_flat_entry_ns, FLAT_ASSUMED_NS,
                            "the scheduler cannot be loaded: %s", err.message);
        return;
    }
    const struct policy *const *policies = plain.modules[0]->policies;
    uint32_t count = 0;
    while (policies[count] != NULL)
        count++;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t operation = 0; operation < OPERATIONS; operation++)
            add_operation(&totals, c, &plain, &traced, policies[i]->name, (enum operation)operation,
                          seconds * 0.8 / (count * OPERATIONS));
    put_totals(c, &totals);
    put_smt_rate(c, &plain, seconds * 0.2);
}
