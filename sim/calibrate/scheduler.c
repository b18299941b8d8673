/* scheduler.c -- instructions per cycle, and the end of an entry, on the scheduler's own code.
 *
 * The plain build's operations are timed on this host with warm caches, in several passes of which
 * the least of each counts.  They come as a kernel's entries do: in random order, and each begins
 * when all before it is over, and is waited for.  Some are done several times in a row, where the
 * next one begins while the last instructions of this one are under way: what one more of them
 * takes is what its instructions take, and what a single one takes beyond that is the drain of the
 * pipeline.
 *
 * The traced build prices them on the profile as measured so far: what an instruction takes by
 * itself is what makes the prices agree with the times, in the mean.  Latencies, branch misses and
 * atomics are the model's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/calibrate/crew.h"
#include "sim/calibrate/parts.h"
#include "sim/host/loader.h"

enum { PROCESSES = 17, WARM = 256, COUNTED = 256, TIMED = 2048, STEP_NS = 1000, ALIGNMENT = 64 };

enum { TIMED_MOST = 64, HALVINGS = 12, ELSEWHERE = 3 * 4096 + 10 * 128 };

/* A sample is of so many operations in random order, alone or in rows. */
enum { ROW = 8, MIXED = 1024, ROUNDS_LEAST = 25, ROUNDS_MOST = 4096 };

/* Passes that take so much longer than the fastest one have been disturbed. */
#define DISTURBED 1.15

enum { PASSES_MOST = 16 };

/* A torus of one core with some processes, and what it takes to run it; one piece of memory. */
struct world {
    const struct torus_operations *ops;
    struct port *port;
    struct braid *braid;
    struct torus *torus;
    struct process *processes;
    size_t bytes; /* from port on */
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

static void create(struct world *world, uint32_t id)
{
    struct process_attributes usual = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    world->ops->create(world->torus, 0, id, &usual, world->now_ns);
}

static struct world world_of(const struct scheduler *scheduler, const struct policy *policy,
                             struct arena *arena)
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
    for (uint32_t id = 0; id < PROCESSES; id++)
        create(&world, id);
    ops->schedule(world.torus, 0, 0);
    return world;
}

/* ---- What is done in it ------------------------------------------------------------------- */

/* Each leaves the world as it was, but for who runs. */

static struct process *current_of(const struct world *world)
{
    return world->torus->cores[0].current;
}

static void schedule(struct world *world)
{
    world->ops->schedule(world->torus, 0, world->now_ns);
}

static void yield(struct world *world)
{
    world->ops->yield(world->torus, 0, world->now_ns);
    world->ops->schedule(world->torus, 0, world->now_ns);
}

static void block_and_wake(struct world *world)
{
    struct process *process = current_of(world);
    world->ops->block(world->torus, 0, world->now_ns);
    world->ops->schedule(world->torus, 0, world->now_ns);
    world->ops->wake(world->torus, 0, process, world->now_ns);
}

/* It comes back by the inbox, as one that a torus elsewhere has woken. */
static void block_and_receive(struct world *world)
{
    struct process *process = current_of(world);
    world->ops->block(world->torus, 0, world->now_ns);
    world->ops->schedule(world->torus, 0, world->now_ns);
    process->state = PROCESS_READY;
    world->torus->blocked--;
    world->ops->inbox_push(&world->torus->inbox, process);
    world->ops->receive(world->torus, 0, world->now_ns);
}

static void exit_and_create(struct world *world)
{
    struct process *process = current_of(world);
    world->ops->exit(world->torus, 0, world->now_ns);
    world->ops->schedule(world->torus, 0, world->now_ns);
    world->ops->reap(world->torus, PROCESS_NO_PARENT, process);
    create(world, (uint32_t)(process - world->processes));
}

static void tick(struct world *world)
{
    world->ops->tick(world->torus, 0, world->now_ns);
    world->ops->heartbeat(world->torus, 0, world->now_ns);
}

/* One of them, done again and again. */
struct repetition {
    struct world world;
    void (*operation)(struct world *world);
};

static void repeat_once(struct repetition *repetition)
{
    repetition->world.now_ns += STEP_NS;
    repetition->operation(&repetition->world);
}

static uint64_t repeat(void *context)
{
    for (uint32_t i = 0; i < TIMED; i++)
        repeat_once(context);
    return TIMED;
}

static void nothing(struct world *world)
{
    (void)world;
}

/* One of them, and the ticks that it takes alone, and ROW of them in a row: from when all before is
 * over until they are. */
struct timed_operation {
    void (*operation)(struct world *world);
    uint64_t (*ticks[2])(struct world *world);
};

#define ONE(operation) (world->now_ns += STEP_NS, operation(world))
#define TIMED_OPERATION(operation)                                                                 \
    static uint64_t operation##_alone(struct world *world)                                         \
    {                                                                                              \
        uint64_t from = ticks_start();                                                             \
        ONE(operation);                                                                            \
        return ticks_now() - from;                                                                 \
    }                                                                                              \
    static uint64_t operation##_in_a_row(struct world *world)                                      \
    {                                                                                              \
        uint64_t from = ticks_start();                                                             \
        ONE(operation), ONE(operation), ONE(operation), ONE(operation);                            \
        ONE(operation), ONE(operation), ONE(operation), ONE(operation);                            \
        return ticks_now() - from;                                                                 \
    }

TIMED_OPERATION(schedule)
TIMED_OPERATION(yield)
TIMED_OPERATION(block_and_wake)
TIMED_OPERATION(block_and_receive)
TIMED_OPERATION(exit_and_create)
TIMED_OPERATION(tick)
TIMED_OPERATION(nothing)

#define TIMED_BOTH(operation)                                                                      \
    {                                                                                              \
        operation,                                                                                 \
        {                                                                                          \
            operation##_alone, operation##_in_a_row                                                \
        }                                                                                          \
    }

/* The last one is the clock's own part. */
static const struct timed_operation operations[] = {
    TIMED_BOTH(schedule),        TIMED_BOTH(yield),
    TIMED_BOTH(block_and_wake),  TIMED_BOTH(block_and_receive),
    TIMED_BOTH(exit_and_create), TIMED_BOTH(tick),
    TIMED_BOTH(nothing)
};

enum { TIMED_ALL = sizeof operations / sizeof operations[0], OPERATIONS = TIMED_ALL - 1 };

/* ---- Counts ------------------------------------------------------------------------------- */

/* A machine where an instruction takes instruction_ns, an atomic operation atomic_ns, a branch miss
 * miss_ns, and nothing else anything. */
static struct profile counter_of(double instruction_ns, double atomic_ns, double miss_ns)
{
    struct profile cpu;
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
    return cpu;
}

/* What an operation is priced at on a machine, caches warm. */
static double price_ns(const struct scheduler *traced, const struct policy *policy,
                       void (*operation)(struct world *world), const struct profile *cpu,
                       gsl_rng *rng)
{
    struct arena arena = ARENA_EMPTY;
    struct repetition repetition = { world_of(traced, policy, &arena), operation };
    const struct world *world = &repetition.world;
    struct memory memory;
    struct tracer tracer;
    uint64_t bytes = world->bytes;
    for (uint32_t i = 0; i < TRACER_MODULES; i++)
        bytes += traced->mapped[i].bytes;
    memory_init(&memory,
                &(struct memory_setup){ .cpu = cpu,
                                        .core_count = 1,
                                        .bytes = bytes,
                                        .stride_from = world->bytes,
                                        .stride_to = world->bytes,
                                        .stride = sizeof(struct process),
                                        .stride_real = sizeof(struct process),
                                        .rng = rng },
                &arena);
    struct tracer_setup setup = { .cpu = cpu,
                                  .memory = &memory,
                                  .core_count = 1,
                                  .scheduler_memory = world->port,
                                  .scheduler_bytes = world->bytes,
                                  .processes = {
                                      (uint64_t)((char *)world->processes - (char *)world->port),
                                      sizeof(struct process), PROCESSES } };
    memcpy(setup.module, traced->mapped, sizeof setup.module);
    tracer_init(&tracer, &setup, &arena);
    sigjmp_buf escape;
    volatile double ns = 0;
    if (sigsetjmp(escape, 1) == 0) {
        uint64_t wait_fs;
        tracer_begin(&tracer, 0, TRACER_PACE, 0, &escape);
        for (uint32_t i = 0; i < WARM; i++)
            repeat_once(&repetition);
        uint64_t warm_fs = tracer_so_far(&tracer);
        for (uint32_t i = 0; i < COUNTED; i++)
            repeat_once(&repetition);
        ns = (double)(tracer_end(&tracer, &wait_fs) - warm_fs) / 1e6 / COUNTED;
    }
    arena_free(&arena);
    CHECK(ns > 0 && "the scheduler left its memory");
    return ns;
}

/* ---- Figures ------------------------------------------------------------------------------ */

/* One of the scheduler's operations, and how long it takes here. */
struct timed {
    const struct policy *policy; /* of the traced module */
    void (*operation)(struct world *world);
    struct measurement batch[2]; /* alone, and ROW of them, with the clock's part */
    struct measurement ns;       /* one more in a row */
    double drain_ns;             /* what the last one takes beyond that */
};

struct scheduler_times {
    struct scheduler plain, traced;
    struct timed timed[TIMED_MOST];
    uint32_t operations, policies;
    uint32_t passes;             /* so far */
    double pass_ns[PASSES_MOST]; /* of all operations together */
    gsl_rng *rng;                /* the calibration's */
    struct measurement clock[2]; /* as of an operation that is nothing */
};

struct totals {
    double instructions, misses, ns, flat_ns, spread;
    uint32_t timings;
};

/* Instructions so cheap that they do not count beside what is counted. */
static const double NEARLY_FREE_NS = 1e-6;

static void keep_least(struct measurement *least, struct measurement ns)
{
    ns.count += least->count;
    if (least->count > 0 && least->value < ns.value) {
        ns.value = least->value;
        ns.spread = least->spread;
    }
    *least = ns;
}

/* One sample of each operation, alone and as a row. */
static void sample_mixed(struct world *world, gsl_rng *rng, struct sample sample[TIMED_ALL][2])
{
    uint64_t ticks[TIMED_ALL][2] = { { 0 } };
    uint32_t count[TIMED_ALL][2] = { { 0 } }, order[MIXED];
    for (uint32_t i = 0; i < MIXED; i++)
        order[i] = (uint32_t)gsl_rng_uniform_int(rng, 2 * TIMED_ALL);
    for (uint32_t i = 0; i < MIXED; i++) {
        uint32_t which = order[i];
        ticks[which / 2][which % 2] += operations[which / 2].ticks[which % 2](world);
        count[which / 2][which % 2]++;
    }
    for (uint32_t k = 0; k < TIMED_ALL; k++)
        for (uint32_t row = 0; row < 2; row++)
            if (count[k][row] > 0)
                sample_add(&sample[k][row], (double)ticks[k][row] / count[k][row] / ticks_per_ns());
}

/* Those of one policy once more, and the less of both; elsewhere in memory, as once in a while all
 * that is done at one place takes several times as long. */
static void time_again(struct scheduler_times *times, uint32_t policy, double seconds)
{
    struct arena arena = ARENA_EMPTY;
    struct timed *timed = &times->timed[policy * OPERATIONS];
    struct sample sample[TIMED_ALL][2];
    arena_alloc(&arena, times->passes + 1, ELSEWHERE);
    struct world world =
        world_of(&times->plain, scheduler_policy(&times->plain, timed->policy->name), &arena);
    for (uint32_t i = 0; i < 2 * TIMED_ALL; i++)
        sample_init(&sample[i / 2][i % 2], ROUNDS_MOST);
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    while (budget_next(&budget))
        sample_mixed(&world, times->rng, sample);
    for (uint32_t i = 0; i < 2 * TIMED_ALL; i++) {
        struct measurement *least =
            i / 2 < OPERATIONS ? &timed[i / 2].batch[i % 2] : &times->clock[i % 2];
        struct measurement low = sample_low(&sample[i / 2][i % 2]);
        times->pass_ns[times->passes] += low.value;
        keep_least(least, low);
        sample_fini(&sample[i / 2][i % 2]);
    }
    arena_free(&arena);
}

/* What an operation's rows and single ones say. */
static void separate(struct timed *timed, double clock_ns)
{
    timed->ns =
        measurement_sum(1.0 / (ROW - 1), timed->batch[1], -1.0 / (ROW - 1), timed->batch[0]);
    timed->drain_ns = timed->batch[0].value - clock_ns - timed->ns.value;
}

static void add_counts(struct totals *totals, struct calibration *c, const struct scheduler *traced,
                       const struct timed *timed)
{
    struct profile instructions = counter_of(1, 0, 0), misses = counter_of(NEARLY_FREE_NS, 0, 1);
    misses.figure[FIGURE_branch_history] = c->profile->figure[FIGURE_branch_history];
    totals->instructions +=
        price_ns(traced, timed->policy, timed->operation, &instructions, c->rng);
    totals->misses += price_ns(traced, timed->policy, timed->operation, &misses, c->rng);
    totals->ns += timed->ns.value;
    totals->flat_ns += timed->ns.value + timed->drain_ns;
    totals->spread += timed->ns.value * timed->ns.spread;
    totals->timings += timed->ns.count;
}

/* A thread whose sibling runs the same, against one alone. */
static void put_smt_rate(struct calibration *c, const struct scheduler *plain, double seconds)
{
    struct arena arena = ARENA_EMPTY;
    struct repetition repetition[2];
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
        repetition[i] =
            (struct repetition){ world_of(plain, plain->modules[0]->policies[0], &arena),
                                 block_and_wake };
        member[i] =
            (struct crew_member){ c->system.cpu[i == 0 ? 0 : sibling].id, repeat, &repetition[i] };
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

/* How far the model's prices, at so many instructions per cycle, are above the times here: the mean
 * logarithm of their ratio, with its extremes. */
static double excess(struct calibration *c, const struct scheduler_times *times, double ipc,
                     double *least, double *most)
{
    struct profile cpu = *c->profile;
    double sum = 0;
    cpu.figure[FIGURE_instructions_per_cycle].value = ipc;
    *least = INFINITY;
    *most = 0;
    for (uint32_t i = 0; i < times->operations; i++) {
        const struct timed *timed = &times->timed[i];
        double ratio = price_ns(&times->traced, timed->policy, timed->operation, &cpu, c->rng) /
                       timed->ns.value;
        *least = fmin(*least, ratio);
        *most = fmax(*most, ratio);
        sum += log(ratio);
    }
    return sum / times->operations;
}

/* The rate at which they agree in the mean: prices fall with it. */
static double agreeing_ipc(struct calibration *c, const struct scheduler_times *times,
                           double *least, double *most)
{
    const struct figure_description *d = &figure_descriptions[FIGURE_instructions_per_cycle];
    double low = d->minimum, high = d->maximum, ipc = high;
    for (int i = 0; i < HALVINGS; i++) {
        ipc = sqrt(low * high);
        if (excess(c, times, ipc, least, most) > 0)
            low = ipc;
        else
            high = ipc;
    }
    return ipc;
}

static void put_totals(struct calibration *c, const struct scheduler_times *times)
{
    struct totals totals = { 0 };
    double least, most;
    for (uint32_t i = 0; i < times->operations; i++)
        add_counts(&totals, c, &times->traced, &times->timed[i]);
    double spread = totals.spread / totals.ns;
    struct measurement ipc = { agreeing_ipc(c, times, &least, &most), spread, totals.timings };
    struct measurement flat = { totals.flat_ns / times->operations, spread, totals.timings };
    if (!calibration_measured(c, FIGURE_instructions_per_cycle, ipc,
                              "at this rate the model's prices of %u of the scheduler's own "
                              "operations with %d processes are %.2f to %.2f of their times, and "
                              "equal to them in the geometric mean; %.0f instructions by the "
                              "tracer's count in %.0f cycles, with %.1f branch misses",
                              times->operations, PROCESSES, least, most, totals.instructions,
                              totals.ns * c->cycles_per_ns, totals.misses))
        calibration_assumed(c, FIGURE_instructions_per_cycle, IPC_ASSUMED,
                            "no rate makes the model's prices those of the scheduler's operations");
    if (!calibration_measured(c, FIGURE_flat_entry_ns, flat,
                              "mean of %u of the scheduler's own operations, caches warm",
                              times->operations))
        calibration_assumed(c, FIGURE_flat_entry_ns, FLAT_ASSUMED_NS,
                            "the scheduler's operations could not be timed");
}

static void put_drain(struct calibration *c, const struct scheduler_times *times)
{
    double sum_ns = 0, spread_ns = 0, least_ns = INFINITY, most_ns = 0;
    uint32_t timings = 0;
    for (uint32_t i = 0; i < times->operations; i++) {
        const struct timed *timed = &times->timed[i];
        sum_ns += timed->drain_ns;
        spread_ns += timed->batch[0].value * timed->batch[0].spread;
        timings += timed->batch[0].count;
        least_ns = fmin(least_ns, timed->drain_ns);
        most_ns = fmax(most_ns, timed->drain_ns);
    }
    struct measurement drain = { sum_ns / times->operations, spread_ns / sum_ns, timings };
    calibration_measured(c, FIGURE_drain_cycles, calibration_cycles(c, drain),
                         "what each of %u of the scheduler's own operations takes by itself beyond "
                         "what one more of a row does: the mean of %.1f to %.1f ns",
                         times->operations, least_ns, most_ns);
}

struct scheduler_times *calibrate_scheduler_begin(struct calibration *c)
{
    struct scheduler_times *times = arena_alloc(c->arena, 1, sizeof *times);
    struct error err;
    if (!scheduler_load(&times->plain, NULL, false, &err) ||
        !scheduler_load(&times->traced, NULL, true, &err)) {
        calibration_assumed(c, FIGURE_instructions_per_cycle, IPC_ASSUMED,
                            "the scheduler cannot be loaded: %s", err.message);
        calibration_assumed(c, FIGURE_flat_entry_ns, FLAT_ASSUMED_NS,
                            "the scheduler cannot be loaded: %s", err.message);
        return NULL;
    }
    times->rng = c->rng;
    const struct policy *const *policies = times->traced.modules[0]->policies;
    for (; policies[times->policies] != NULL && times->policies < TIMED_MOST / OPERATIONS;
         times->policies++)
        for (uint32_t k = 0; k < OPERATIONS; k++)
            times->timed[times->operations++] =
                (struct timed){ .policy = policies[times->policies],
                                .operation = operations[k].operation };
    return times;
}

void calibrate_scheduler_pass(struct scheduler_times *times, double seconds)
{
    if (times == NULL)
        return;
    CHECK(times->passes < PASSES_MOST);
    for (uint32_t policy = 0; policy < times->policies; policy++)
        time_again(times, policy, seconds / times->policies);
    times->passes++;
}

/* A spell that lasts throughout is not seen. */
static void note_disturbance(struct calibration *c, const struct scheduler_times *times)
{
    double least_ns = INFINITY, most_ns = 0;
    uint32_t disturbed = 0;
    for (uint32_t i = 0; i < times->passes; i++) {
        least_ns = fmin(least_ns, times->pass_ns[i]);
        most_ns = fmax(most_ns, times->pass_ns[i]);
    }
    for (uint32_t i = 0; i < times->passes; i++)
        disturbed += times->pass_ns[i] > DISTURBED * least_ns;
    if (disturbed > 0)
        calibration_note(c,
                         "scheduler: others slowed this host down in %u of %u passes, by up to "
                         "%.0f %%: the least times count; what was measured once may be too high",
                         disturbed, times->passes, 100 * (most_ns / least_ns - 1));
}

void calibrate_scheduler_end(struct calibration *c, struct scheduler_times *times, double seconds)
{
    if (times == NULL)
        return;
    for (uint32_t i = 0; i < times->operations; i++)
        separate(&times->timed[i], times->clock[0].value);
    note_disturbance(c, times);
    put_totals(c, times);
    put_drain(c, times);
    put_smt_rate(c, &times->plain, seconds);
}
