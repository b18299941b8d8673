/* port.c -- the example of a port, driven by a small kernel: the calls are those of the simulator.
 *
 * Goal: a kernel that copies models/sched/ports/example calls the scheduler as sim/host does, the
 * same entry points in the same order at the same times; and all its processes are served.
 * Method: the table of operations records every call that a torus gets.  The same programs run once
 * in the simulator, where nothing has a price, and once in a kernel of two CPUs below, with timers,
 * ticks and IPIs; the two records are compared torus by torus, call by call.  What a kernel writer
 * wants to know (tick, wake-up, block, exit) must be in them as docs/SCHEDULER.md says.
 * Not recorded: the pushes into inboxes, as the simulator tries each before it is due.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/sched/ports/example/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/host/host.h"
#include "tests/support/suite.h"

enum { CPUS = 2, SLOTS = 32, CALLS_MAX = 20000, MS = 1000000, TICK = MS, END = 400 * MS };

static struct scheduler scheduler;

/* ---- The record --------------------------------------------------------------------------- */

struct call {
    const char *name;
    uint64_t now_ns;
};

struct call_record {
    struct call calls[CPUS][CALLS_MAX];
    uint32_t count[CPUS];
};

static struct call_record in_simulator, in_kernel, *recording;

static void note(const char *name, const struct torus *torus, uint64_t now_ns)
{
    ck_assert_uint_lt(recording->count[torus->id], CALLS_MAX);
    recording->calls[torus->id][recording->count[torus->id]++] = (struct call){ name, now_ns };
}

#define RECORDED(result, name, parameters, arguments)                                              \
    static result record_##name parameters                                                         \
    {                                                                                              \
        note(#name, torus, now_ns);                                                                \
        return scheduler.torus->name arguments;                                                    \
    }
#define RECORDED_AT_SLOT(result, name)                                                             \
    RECORDED(result, name, (struct torus * torus, uint32_t slot, uint64_t now_ns),                 \
             (torus, slot, now_ns))

RECORDED(enum process_result, create,
         (struct torus * torus, uint32_t slot, uint32_t id,
          const struct process_attributes *attributes, uint64_t now_ns),
         (torus, slot, id, attributes, now_ns))
RECORDED(enum process_result, wake,
         (struct torus * torus, uint32_t slot, struct process *process, uint64_t now_ns),
         (torus, slot, process, now_ns))
RECORDED_AT_SLOT(struct process *, schedule)
RECORDED_AT_SLOT(struct process *, pick)
RECORDED_AT_SLOT(enum process_result, yield)
RECORDED_AT_SLOT(enum process_result, block)
RECORDED_AT_SLOT(enum process_result, exit)
RECORDED_AT_SLOT(uint32_t, receive)
RECORDED_AT_SLOT(uint32_t, tick)
RECORDED_AT_SLOT(uint32_t, heartbeat)

static void record_put(struct torus *torus, uint32_t slot, uint64_t now_ns)
{
    note("put", torus, now_ns);
    scheduler.torus->put(torus, slot, now_ns);
}

static enum process_result record_reap(struct torus *torus, uint32_t parent,
                                       struct process *process)
{
    note("reap", torus, process->since_ns); /* when it ended */
    return scheduler.torus->reap(torus, parent, process);
}

static void record_balance(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    note("balance", torus, now_ns);
    scheduler.torus->balance(braid, torus, now_ns);
}

static void record_idle(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    note("idle", torus, now_ns);
    scheduler.torus->idle(braid, torus, now_ns);
}

static struct torus_operations recorder(void)
{
    struct torus_operations operations = *scheduler.torus;
    operations.create = record_create;
    operations.schedule = record_schedule;
    operations.put = record_put;
    operations.pick = record_pick;
    operations.yield = record_yield;
    operations.block = record_block;
    operations.exit = record_exit;
    operations.wake = record_wake;
    operations.receive = record_receive;
    operations.reap = record_reap;
    operations.tick = record_tick;
    operations.heartbeat = record_heartbeat;
    operations.balance = record_balance;
    operations.idle = record_idle;
    return operations;
}

/* ---- What runs ---------------------------------------------------------------------------- */

/* Forever run and sleep, or yield where sleep_us is 0; from start_us on.  Or a stream: one born
 * every gap_us, which runs and exits.  Sums of these times meet by chance at no instant that would
 * leave open who comes first, but where that is meant: the first one wakes with ticks. */
static const struct program {
    const char *name;
    uint32_t start_us, run_us, sleep_us, gap_us;
} programs[] = {
    { "with the tick", 1500, 300, 200, 0 }, { "long", 3011, 17013, 5021, 0 },
    { "short", 7017, 613, 1031, 0 },        { "another", 9029, 2129, 3251, 0 },
    { "yields", 30037, 1409, 0, 0 },        { "stream", 0, 457, 0, 4259 },
};

enum { PROGRAMS = sizeof programs / sizeof programs[0], STREAM = PROGRAMS - 1 };

static struct distribution constant(double us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_CONSTANT };
    distribution.parameter[PARAMETER_VALUE] = us;
    ck_assert_ptr_null(distribution_prepare(&distribution));
    return distribution;
}

/* ---- In the simulator --------------------------------------------------------------------- */

static void run_simulator(const char *policy, const char *placement)
{
    static struct profile cpu; /* everything is free */
    struct phase phases[PROGRAMS][2];
    struct workload workloads[PROGRAMS];
    struct run_result result = { 0 };
    struct arena arena = ARENA_EMPTY;
    const struct torus_operations operations = recorder();
    struct scheduler recorded = scheduler;
    profile_init(&cpu);
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_line_bytes].value = 64;
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        const struct program *program = &programs[i];
        phases[i][0] = (struct phase){ PHASE_RUN, constant(program->run_us) };
        phases[i][1] = program->sleep_us > 0
                           ? (struct phase){ PHASE_SLEEP, constant(program->sleep_us) }
                           : (struct phase){ .kind = PHASE_YIELD };
        workloads[i] = (struct workload){ .name = program->name,
                                          .open = i == STREAM,
                                          .max_alive = SLOTS,
                                          .instances = i == STREAM ? 0 : 1,
                                          .start = constant(program->start_us),
                                          .gap = constant(program->gap_us),
                                          .weight = 1024,
                                          .phases = phases[i],
                                          .phase_count = i == STREAM ? 1 : 2 };
    }
    struct scenario scenario = { .name = "port",
                                 .seed = 1,
                                 .duration_ps = (uint64_t)END * 1000,
                                 .cpu = &cpu,
                                 .cores = CPUS,
                                 .threads = 1,
                                 .scheduler = { .tori = CPUS,
                                                .policy = policy,
                                                .placement = placement,
                                                .balancer = "braid",
                                                .slice_ns = 3 * MS,
                                                .tick_hz = 1000,
                                                .exchange_ns = CPUS * TICK,
                                                .balance_ns = CPUS * TICK,
                                                .migration_cost_ns = MS / 2,
                                                .process_stride_bytes = 128 },
                                 .cost = COST_FLAT,
                                 .workload_count = PROGRAMS,
                                 .workloads = workloads };
    recorded.torus = &operations;
    recording = &in_simulator;
    host_run(&scenario, &recorded, 0, &result, &arena);
    ck_assert_msg(result.fault.kind == FAULT_NONE, "%s", result.fault.detail);
    arena_free(&arena);
}

/* ---- In a kernel -------------------------------------------------------------------------- */

/* What the kernel knows of a process. */
struct job {
    const struct program *program;
    uint64_t left_ns, due_ns, ran_ns; /* of its work; UINT64_MAX: no timer */
    uint32_t cpu;                     /* of its timer */
    bool alive;
};

static struct {
    struct kernel_port port;
    struct job jobs[SLOTS];
    struct process *current[CPUS];
    const struct process *stack[CPUS]; /* on whose stack the CPU stands; NULL: on its own */
    struct process *leaves[CPUS];      /* posted from under it, */
    uint32_t late_pushes;              /* so many */
    uint64_t since_ns[CPUS], tick_ns[CPUS];
    bool interrupted[CPUS];
    bool entered[CPUS]; /* and not left yet */
    uint64_t now_ns, next_birth_ns;
    uint32_t births;
    void *memory[64];
    uint32_t memories;
} kernel;

static void *kernel_memory(uint64_t bytes)
{
    size_t whole = (bytes + PROCESS_LINE_BYTES - 1) / PROCESS_LINE_BYTES * PROCESS_LINE_BYTES;
    void *memory = aligned_alloc(PROCESS_LINE_BYTES, whole);
    ck_assert(memory != NULL && kernel.memories < sizeof kernel.memory / sizeof kernel.memory[0]);
    kernel.memory[kernel.memories++] = memory;
    return memset(memory, 0, whole);
}

static void kernel_interrupt(uint32_t cpu)
{
    kernel.interrupted[cpu] = true;
}

/* Whoever runs on cpu has worked until now. */
static void kernel_charge(uint32_t cpu)
{
    if (kernel.current[cpu] != NULL) {
        struct job *job = &kernel.jobs[kernel.current[cpu]->id];
        job->left_ns -= kernel.now_ns - kernel.since_ns[cpu];
        job->ran_ns += kernel.now_ns - kernel.since_ns[cpu];
    }
    kernel.since_ns[cpu] = kernel.now_ns;
}

/* It may switch contexts, so whoever is to be told that cpu idles has been. */
static void kernel_run(uint32_t cpu, struct process *process)
{
    const struct call *last = &in_kernel.calls[cpu][in_kernel.count[cpu] - 1];
    ck_assert_str_eq(last->name, process != NULL ? "schedule" : "idle");
    kernel_charge(cpu);
    ck_assert(process == NULL || process != kernel.stack[1 - cpu]); /* or it is not saved yet */
    kernel.current[cpu] = process;
    kernel.stack[cpu] = process;
    if (process != NULL)
        kernel.jobs[process->id].cpu = cpu;
    struct process *leaves = kernel.leaves[cpu];
    kernel.leaves[cpu] = NULL;
    if (leaves != NULL)
        kernel.port.port.post(&kernel.port, process_torus(leaves), leaves);
}

/* The CPU that stands on its stack; CPUS: none. */
static uint32_t kernel_stander(const struct process *process)
{
    return kernel.stack[0] == process ? 0 : kernel.stack[1] == process ? 1 : CPUS;
}

static bool kernel_stands(const struct process *process)
{
    uint32_t cpu = kernel_stander(process);
    if (cpu == CPUS)
        return false;
    kernel.late_pushes++;
    kernel.leaves[cpu] = &kernel.port.processes[process->id];
    return true;
}

static void kernel_begin(uint32_t id, uint32_t cpu, const struct program *program)
{
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    struct torus *torus = kernel.port.cpus[cpu].torus;
    kernel.jobs[id] = (struct job){ .program = program,
                                    .left_ns = program->run_us * UINT64_C(1000),
                                    .due_ns = UINT64_MAX,
                                    .alive = true };
    ck_assert_int_eq(kernel.port.torus->create(torus, 0, id, &attributes, kernel.now_ns),
                     PROCESS_OK);
}

/* One of the stream is due on cpu. */
static void kernel_bear(uint32_t cpu)
{
    uint32_t id = PROGRAMS;
    while (kernel.jobs[id].alive || kernel_stander(&kernel.port.processes[id]) < CPUS)
        id++;
    ck_assert_uint_lt(id, SLOTS);
    kernel.births++;
    kernel.next_birth_ns += programs[STREAM].gap_us * UINT64_C(1000);
    kernel_begin(id, cpu, &programs[STREAM]);
}

static bool kernel_bears(uint32_t cpu)
{
    return kernel.next_birth_ns <= kernel.now_ns && kernel.births % CPUS == cpu;
}

static void kernel_events(uint32_t cpu, uint64_t now_ns)
{
    for (uint32_t id = 0; id < SLOTS; id++) {
        struct job *job = &kernel.jobs[id];
        if (job->cpu != cpu || job->due_ns > now_ns)
            continue;
        if (!job->alive) {
            kernel_begin(id, cpu, &programs[id]);
            continue;
        }
        job->due_ns = UINT64_MAX;
        ck_assert_int_eq(kernel.port.torus->wake(kernel.port.cpus[cpu].torus, 0,
                                                 &kernel.port.processes[id], now_ns),
                         PROCESS_OK);
    }
    if (kernel_bears(cpu))
        kernel_bear(cpu);
}

static const struct port_kernel port_kernel = { kernel_memory, kernel_interrupt, kernel_events,
                                                kernel_run, kernel_stands };

/* The program that runs on cpu has done its work: it sleeps, yields or is no more. */
static void kernel_system_call(uint32_t cpu)
{
    struct job *job = &kernel.jobs[kernel.current[cpu]->id];
    enum process_event event = job->program == &programs[STREAM] ? PROCESS_EXIT
                               : job->program->sleep_us > 0      ? PROCESS_BLOCK
                                                                 : PROCESS_YIELD;
    kernel_charge(cpu);
    kernel.current[cpu] = NULL;
    port_stop(&kernel.port, cpu, event, kernel.now_ns);
    job->left_ns = job->program->run_us * UINT64_C(1000);
    if (event == PROCESS_BLOCK)
        job->due_ns = kernel.now_ns + job->program->sleep_us * UINT64_C(1000);
    job->alive = event != PROCESS_EXIT;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When a timer is next due on cpu. */
static uint64_t kernel_timer_ns(uint32_t cpu)
{
    uint64_t due_ns = UINT64_MAX;
    for (uint32_t id = 0; id < SLOTS; id++)
        if (kernel.jobs[id].cpu == cpu)
            due_ns = earlier(due_ns, kernel.jobs[id].due_ns);
    if (kernel.births % CPUS == cpu)
        due_ns = earlier(due_ns, kernel.next_birth_ns);
    return due_ns;
}

/* When anything is. */
static uint64_t kernel_due_ns(uint32_t cpu)
{
    uint64_t due_ns = earlier(kernel.tick_ns[cpu], kernel_timer_ns(cpu));
    if (kernel.interrupted[cpu] || kernel.entered[cpu])
        return kernel.now_ns;
    if (kernel.current[cpu] != NULL)
        due_ns =
            earlier(due_ns, kernel.since_ns[cpu] + kernel.jobs[kernel.current[cpu]->id].left_ns);
    return due_ns;
}

/* The CPU to which something happens first; of equals one whose timer expires, as in sim/host. */
static uint32_t kernel_next(void)
{
    uint64_t due_ns[CPUS] = { kernel_due_ns(0), kernel_due_ns(1) };
    if (due_ns[0] != due_ns[1])
        return due_ns[1] < due_ns[0];
    return kernel_timer_ns(0) > due_ns[0] && kernel_timer_ns(1) <= due_ns[1];
}

/* One interrupt or system call, as far as it goes before the CPU leaves the kernel again. */
static void kernel_enter(uint32_t cpu)
{
    bool was_interrupted = kernel.interrupted[cpu];
    kernel_charge(cpu);
    kernel.interrupted[cpu] = false;
    if (kernel.tick_ns[cpu] <= kernel.now_ns) {
        kernel.tick_ns[cpu] += TICK;
        port_tick(&kernel.port, cpu, kernel.now_ns);
    } else if (was_interrupted || kernel_timer_ns(cpu) <= kernel.now_ns) {
        kernel_events(cpu, kernel.now_ns);
    } else {
        kernel_system_call(cpu);
    }
}

/* What happens to two CPUs at one instant may be interleaved in any way: as in sim/host. */
static void kernel_step(uint32_t cpu)
{
    if (kernel.entered[cpu])
        port_leave(&kernel.port, cpu, kernel.now_ns);
    else
        kernel_enter(cpu);
    kernel.entered[cpu] = !kernel.entered[cpu];
}

static void free_kernel(void)
{
    while (kernel.memories > 0)
        free(kernel.memory[--kernel.memories]);
}

static void set_up_kernel(const struct torus_operations *operations, const char *policy,
                          const struct placement *placement, const char *balancer)
{
    memset(&in_kernel, 0, sizeof in_kernel);
    memset(&kernel, 0, sizeof kernel);
    kernel.port.torus = operations;
    kernel.port.kernel = &port_kernel;
    kernel.port.braid = (struct braid){ .placement = placement,
                                        .balancer = scheduler_balancer(&scheduler, balancer),
                                        .exchange_ns = CPUS * TICK,
                                        .balance_ns = CPUS * TICK,
                                        .cost_ns = MS / 2 };
    recording = &in_kernel;
    port_init(&kernel.port, CPUS, SLOTS, scheduler_policy(&scheduler, policy), 3 * MS, TICK);
}

static void run_kernel(const char *policy, const char *placement)
{
    const struct torus_operations operations = recorder();
    set_up_kernel(&operations, policy, scheduler_placement(&scheduler, placement), "braid");
    for (uint32_t cpu = 0; cpu < CPUS; cpu++)
        kernel.tick_ns[cpu] = (uint64_t)TICK * (cpu + 1) / CPUS;
    for (uint32_t id = 0; id < SLOTS; id++)
        kernel.jobs[id].due_ns = id < STREAM ? programs[id].start_us * UINT64_C(1000) : UINT64_MAX;
    kernel.next_birth_ns = programs[STREAM].gap_us * UINT64_C(1000);
    for (;;) {
        uint32_t next = kernel_next();
        if (kernel_due_ns(next) >= END)
            break;
        kernel.now_ns = kernel_due_ns(next);
        kernel_step(next);
    }
    free_kernel();
}

/* ---- Tests -------------------------------------------------------------------------------- */

static const struct {
    const char *policy, *placement;
} setups[] = {
    /* nothing random: the simulator's tori have other seeds */
    { "rr", "least_loaded" },   { "rr", "round_robin" },       { "fair", "least_loaded" },
    { "eevdf", "affinity" },    { "priority", "round_robin" }, { "mlfq", "affinity" },
    { "io_aware", "affinity" }, { "stride", "least_loaded" },
};

static void run_both(int setup)
{
    memset(&in_simulator, 0, sizeof in_simulator);
    run_simulator(setups[setup].policy, setups[setup].placement);
    run_kernel(setups[setup].policy, setups[setup].placement);
}

START_TEST(calls_are_those_of_the_simulator)
{
    run_both(_i);
    for (uint32_t t = 0; t < CPUS; t++) {
        for (uint32_t i = 0; i < in_simulator.count[t] && i < in_kernel.count[t]; i++) {
            const struct call *theirs = &in_simulator.calls[t][i], *ours = &in_kernel.calls[t][i];
            ck_assert_msg(strcmp(theirs->name, ours->name) == 0 && theirs->now_ns == ours->now_ns,
                          "%s, torus %u, call %u: %s at %lu ns in the simulator, %s at %lu here",
                          setups[_i].policy, t, i, theirs->name, (unsigned long)theirs->now_ns,
                          ours->name, (unsigned long)ours->now_ns);
        }
        ck_assert_uint_eq(in_simulator.count[t], in_kernel.count[t]);
        ck_assert_uint_ge(in_kernel.count[t], 1000);
    }
}
END_TEST

/* Is there a stay in the kernel with these calls, and no more, one after the other? */
static bool has_sequence(const struct call_record *record, const char *sequence)
{
    for (uint32_t t = 0; t < CPUS; t++)
        for (uint32_t i = 0, end; i < record->count[t]; i = end) {
            char text[256] = "";
            for (end = i; end < record->count[t] &&
                          record->calls[t][end].now_ns == record->calls[t][i].now_ns;
                 end++) {
                size_t used = strlen(text);
                snprintf(text + used, sizeof text - used, "%s%s", end > i ? " " : "",
                         record->calls[t][end].name);
            }
            if (strcmp(text, sequence) == 0)
                return true;
        }
    return false;
}

START_TEST(sequences_are_those_of_the_page)
{
    static const char *const sequences[] = {
        "tick heartbeat",         "tick heartbeat schedule",
        "tick heartbeat balance", "tick wake heartbeat schedule",
        "wake schedule",          "receive schedule",
        "block schedule",         "block schedule idle",
        "yield schedule",         "exit reap schedule",
    };
    run_both(0);
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        ck_assert_msg(has_sequence(&in_simulator, sequences[i]), "simulator: no %s", sequences[i]);
        ck_assert_msg(has_sequence(&in_kernel, sequences[i]), "kernel: no %s", sequences[i]);
    }
}
END_TEST

/* Nobody is lost on the way: each has run for its share of two CPUs or for all that it wanted. */
START_TEST(all_are_served)
{
    run_both(_i);
    for (uint32_t i = 0; i < STREAM; i++)
        ck_assert_msg(kernel.jobs[i].ran_ns > END / 50, "%s: %s ran %lu ns", setups[_i].policy,
                      programs[i].name, (unsigned long)kernel.jobs[i].ran_ns);
    ck_assert_uint_eq(kernel.births, END / 1000 / programs[STREAM].gap_us);
}
END_TEST

/* A CPU that runs nothing stops nothing, whatever it is asked for. */
START_TEST(nothing_stops_when_nothing_runs)
{
    static const enum process_event events[] = { PROCESS_BLOCK, PROCESS_YIELD, PROCESS_EXIT };
    const struct torus_operations operations = recorder();
    set_up_kernel(&operations, "rr", scheduler_placement(&scheduler, "random"), "none");
    const struct torus *torus = kernel.port.cpus[0].torus;
    port_stop(&kernel.port, 0, events[_i], 1);
    port_leave(&kernel.port, 0, 1);
    ck_assert_ptr_null(torus->cores[0].current);
    ck_assert_uint_eq(torus->idle, 1);
    ck_assert_uint_eq(torus->blocked, 0);
    ck_assert_uint_eq(torus->ready, 0);
    free_kernel();
}
END_TEST

static uint16_t choose_own(struct braid *braid, struct torus *torus, const struct process *process,
                           uint64_t now_ns)
{
    (void)braid, (void)process, (void)now_ns;
    return torus->id;
}

/* A process that yields is queued, and a request that waits gets it, before its CPU has switched:
 * the other CPU hears of it when that has.  (kernel_run() sees to the rest.) */
START_TEST(nobody_gets_a_stack_that_is_stood_on)
{
    static const struct placement keep = { .name = "keep", .choose = choose_own };
    const struct torus_operations operations = recorder();
    set_up_kernel(&operations, "fair", &keep, "steal");
    for (uint32_t id = 0; id < 2; id++)
        kernel_begin(id, 0, &programs[1]);
    port_leave(&kernel.port, 0, 0);
    ck_assert(scheduler.torus->inbox_ask(&kernel.port.cpus[0].torus->inbox, 1, 1));
    kernel.current[0] = NULL;
    kernel.now_ns = 4 * MS; /* so that it has had more than the other, and goes first */
    port_stop(&kernel.port, 0, PROCESS_YIELD, kernel.now_ns);
    port_leave(&kernel.port, 0, kernel.now_ns);
    ck_assert_uint_eq(kernel.late_pushes, 1);
    kernel.port.cpus[1].requests |= TORUS_RESCHEDULE;
    port_leave(&kernel.port, 1, kernel.now_ns);
    ck_assert_ptr_eq(kernel.current[0], &kernel.port.processes[1]);
    ck_assert_ptr_eq(kernel.current[1], &kernel.port.processes[0]);
    free_kernel();
}
END_TEST

int main(void)
{
    struct error err;
    const int count = sizeof setups / sizeof setups[0];
    if (!scheduler_load(&scheduler, NULL, false, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    TCase *tests = tcase_create("port");
    tcase_add_loop_test(tests, calls_are_those_of_the_simulator, 0, count);
    tcase_add_test(tests, sequences_are_those_of_the_page);
    tcase_add_loop_test(tests, all_are_served, 0, count);
    tcase_add_test(tests, nobody_gets_a_stack_that_is_stood_on);
    tcase_add_loop_test(tests, nothing_stops_when_nothing_runs, 0, 3);
    return suite_run("port", tests);
}
