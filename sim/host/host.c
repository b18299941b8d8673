/* host.c -- sets a run up, runs it, and takes the scheduler's faults; see host.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/host/host.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/host/steps.h"

/* ---- Faults ------------------------------------------------------------------------------- */

enum { WATCHDOG_SECONDS = 5, INSTANT_EVENTS = 1000000 };

/* The run in this process, for signal handlers. */
static struct host *watched;
static uint64_t watched_events; /* at the last alarm */
static double watched_from_s;   /* of processor time, when that entry was first seen */
static bool crashed;            /* the scheduler has: who knows what it has left of the stack */

static void fault_fill(struct host *host, enum fault_kind kind, uint32_t task)
{
    struct fault *fault = &host->fault;
    fault->kind = kind;
    fault->operation = host->entering != NULL ? host->entering_kind : ENTRY_KINDS;
    fault->process = task;
    fault->core = host->entering != NULL ? host->entering->id : UINT32_MAX;
    fault->time_ps = host->now_ps;
    snprintf(fault->policy, sizeof fault->policy, "%s", host->scenario->scheduler.policy);
}

static uint32_t entering_task(const struct host *host)
{
    return host->entering != NULL ? host->entering->operation.task : NO_TASK;
}

void host_fault(struct host *host, enum fault_kind kind, uint32_t task, const char *format, ...)
{
    va_list args;
    fault_fill(host, kind, task);
    va_start(args, format);
    vsnprintf(host->fault.detail, sizeof host->fault.detail, format, args);
    va_end(args);
    siglongjmp(host->escape, 1);
}

/* A check of ours has failed: because of what the scheduler wrote? */
static void look_at_wreck(void)
{
    struct host *host = watched;
    watched = NULL; /* whatever goes wrong now is ours */
    if (host != NULL)
        audit_wreck(host);
}

/* A signal while the scheduler's code runs is its fault; any other is ours, unless the scheduler's
 * memory is found damaged. */
static void signal_caught(int number)
{
    struct host *host = watched;
    if (crashed)
        _exit(EXIT_FAULT); /* the program cannot even tell of it */
    if (host == NULL || !host->in_scheduler) {
        look_at_wreck();
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    crashed = true;
    fault_fill(host, FAULT_SIGNAL, entering_task(host));
    snprintf(host->fault.detail, sizeof host->fault.detail, "%s", strsignal(number));
    siglongjmp(host->escape, 1);
}

static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Two alarms within one entry: it does not return, unless others have the processors. */
static void alarm_caught(int number)
{
    struct host *host = watched;
    (void)number;
    if (host == NULL || !host->in_scheduler || host->event_count != watched_events) {
        watched_events = host == NULL || !host->in_scheduler ? UINT64_MAX : host->event_count;
        watched_from_s = processor_seconds();
        return;
    }
    double used_s = processor_seconds() - watched_from_s;
    if (used_s > 0.01 * WATCHDOG_SECONDS && used_s < 0.9 * WATCHDOG_SECONDS)
        return;
    fault_fill(host, FAULT_WATCHDOG, entering_task(host));
    snprintf(host->fault.detail, sizeof host->fault.detail, "for more than %d s of real time",
             WATCHDOG_SECONDS);
    siglongjmp(host->escape, 1);
}

static void watch(struct host *host)
{
    static char stack[1 << 16];
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };
    stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_handler = signal_caught, .sa_flags = SA_ONSTACK };
    struct itimerval timer = { { WATCHDOG_SECONDS, 0 }, { WATCHDOG_SECONDS, 0 } };
    watched = host;
    watched_events = UINT64_MAX;
    check_failing = look_at_wreck;
    sigaltstack(&alternative, NULL);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sigaction(fatal[i], &action, NULL);
    action.sa_handler = alarm_caught;
    action.sa_flags |= SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void unwatch(void)
{
    struct itimerval none = { { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &none, NULL);
    watched = NULL;
    check_failing = NULL;
}

/* ---- Set-up ------------------------------------------------------------------------------- */

static uint64_t ns_to_ps(double ns)
{
    return (uint64_t)llround(ns * 1000);
}

static void costs_init(struct host *host)
{
    const struct profile *cpu = host->scenario->cpu;
    host->cost.timer_ps = ns_to_ps(profile_value(cpu, timer_interrupt_ns));
    host->cost.ipi_send_ps = ns_to_ps(profile_value(cpu, ipi_send_ns));
    host->cost.ipi_latency_ps = ns_to_ps(profile_value(cpu, ipi_latency_ns));
    host->cost.ipi_handle_ps = ns_to_ps(profile_value(cpu, ipi_handle_ns));
    host->cost.syscall_ps = ns_to_ps(profile_value(cpu, syscall_ns));
    host->cost.switch_ps = ns_to_ps(profile_value(cpu, switch_ns));
    host->cost.idle_exit_ps = ns_to_ps(profile_value(cpu, idle_exit_ns));
    host->cost.transfer_ps = ns_to_ps(profile_value(cpu, transfer_ns));
    host->cost.atomic_ps =
        ns_to_ps(profile_value(cpu, atomic_cycles) * 1000 / profile_value(cpu, clock_mhz));
}

/* All memory that the scheduler may touch lies in one piece:
 *     port, braid, projections, table of tori, tori and their queues, masks where processes have
 *     some, processes.
 * Behind each queue, and behind it all, is a guard. */
struct layout {
    size_t braid, slots, table, tori, queue, torus_bytes, allowed, processes, total;
};

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static struct layout layout_of(const struct host *host, const struct policy *policy)
{
    struct layout at;
    uint32_t widest = (host->core_count + host->torus_count - 1) / host->torus_count;
    at.braid = aligned(sizeof(struct port));
    at.slots = at.braid + aligned(sizeof(struct braid));
    at.table = at.slots + host->torus_count * sizeof(struct projection_slot);
    at.tori = at.table + aligned(host->torus_count * sizeof(struct torus *));
    at.queue = aligned(host->ops->bytes((uint16_t)widest)); /* in what a torus has */
    at.torus_bytes = at.queue + policy->queue_bytes + audit_guard_bytes(policy->queue_bytes);
    at.allowed = at.processes = at.tori + host->torus_count * at.torus_bytes;
    if (host->scenario->mask_count > 0)
        at.processes += aligned((host->torus_count + 31) / 32 * (size_t)host->task_count * 4);
    at.total = at.processes + (size_t)host->task_count * sizeof(struct process);
    return at;
}

/* First core of torus t: core c belongs to torus floor(c N / M) while N <= M; else torus t lives
 * on core t mod M. */
static uint32_t first_core(const struct host *host, uint32_t t)
{
    uint64_t n = host->torus_count, m = host->core_count;
    return (uint32_t)(n > m ? t % m : (t * m + n - 1) / n);
}

struct lock_model *host_make_lock(struct host *host, uint32_t cores, uint32_t id)
{
    const struct scenario *scenario = host->scenario;
    const struct distribution *hold = &scenario->flat.hold;
    struct lock_setup setup = { .kind = scenario->scheduler.lock,
                                .cpu = scenario->cpu,
                                .topology = &host->topology,
                                .cores = cores,
                                .rng = host->rng,
                                .seed = scenario->seed,
                                .replication = host->replication,
                                .id = id,
                                .chain = scenario->flat.exponential_handover };
    if (setup.chain)
        setup.chain_hold_ps = (uint64_t)llround(hold->parameter[PARAMETER_MEAN] * 1e6);
    struct lock_model *lock = arena_alloc(host->arena, 1, sizeof *lock);
    lock_model_init(lock, &setup, host->arena);
    return lock;
}

static void torus_set_up(struct host *host, uint32_t t, char *memory, const struct layout *at,
                         const struct policy *policy)
{
    const struct scheduler_settings *settings = &host->scenario->scheduler;
    struct host_torus *torus = &host->tori[t];
    torus->promised_core = NO_CORE;
    torus->first_core = first_core(host, t);
    torus->core_count =
        host->torus_count > host->core_count ? 1 : first_core(host, t + 1) - torus->first_core;
    char *place = memory + at->tori + t * at->torus_bytes;
    torus->queue = place + at->queue;
    audit_guard_set(&torus->guard, place + at->queue + policy->queue_bytes,
                    audit_guard_bytes(policy->queue_bytes));
    random_seek(host->rng, host->scenario->seed, host->replication, RANDOM_SCHEDULER, t, 0);
    struct torus_setup setup = {
        .policy = policy,
        .queue = torus->queue,
        .processes = host->processes,
        .braid = host->braid,
        .port = host->port,
        .slice_ns = settings->slice_ns,
        .slice_tick_ns = settings->exact_slices ? 0 : (uint32_t)(host->tick_period_ps / 1000),
        .random = (uint32_t)gsl_rng_get(host->rng),
        .id = (uint16_t)t,
        .core_count = (uint16_t)torus->core_count,
        .first_core = torus->first_core,
    };
    torus->torus = (struct torus *)(void *)place;
    host->ops->init(torus->torus, &setup);
    host->ops->join(host->braid, torus->torus, settings->exchange_ns * t / host->torus_count,
                    settings->balance_ns + settings->balance_ns * t / host->torus_count);
    bool others_ask = settings->locked_queues || host->scenario->event_count > 0;
    if (settings->locked_queues && t >= host->core_count) /* one for all tori of a core */
        torus->lock = host->tori[torus->first_core].lock;
    else if (torus->core_count > 1 || host->scenario->flat.has_hold || settings->locked_queues)
        torus->lock = host_make_lock(host, others_ask ? host->core_count : torus->core_count, t);
}

static struct port port_of(struct host *host)
{
    return (struct port){ .post = host_post,
                          .ask = host_ask,
                          .kick = host_kick,
                          .world = host,
                          .lock = host_lock,
                          .unlock = host_unlock,
                          .lock_count = host->torus_count + 1 };
}

static void scheduler_set_up(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    const struct scheduler_settings *settings = &scenario->scheduler;
    const struct policy *policy = scheduler_policy(host->scheduler, settings->policy);
    CHECK(policy != NULL);
    host->policy = policy;
    host->in_scheduler = true;
    struct layout at = layout_of(host, policy);
    host->in_scheduler = false;
    char *memory = arena_alloc(host->arena, at.total + GUARD_MOST, 1);
    audit_guard_set(&host->end_guard, memory + at.total, GUARD_MOST);
    host->port = (struct port *)(void *)memory;
    *host->port = port_of(host);
    host->braid = (struct braid *)(void *)(memory + at.braid);
    *host->braid = (struct braid){
        .slots = (struct projection_slot *)(void *)(memory + at.slots),
        .tori = (struct torus **)(void *)(memory + at.table),
        .placement = scheduler_placement(host->scheduler, settings->placement),
        .balancer = scheduler_balancer(host->scheduler, settings->balancer),
        .exchange_ns = settings->exchange_ns,
        .balance_ns = settings->balance_ns,
        .warm_ns = settings->warm_ns,
        .threshold = settings->threshold,
        .cost_ns = settings->migration_cost_ns,
        .victim = (uint8_t)settings->victim,
        .torus_count = (uint16_t)host->torus_count,
        .patience = (uint16_t)settings->patience,
        .place_woken = settings->place_woken,
    };
    CHECK(host->braid->placement != NULL && host->braid->balancer != NULL);
    host->processes = (struct process *)(void *)(memory + at.processes);
    if (scenario->mask_count > 0)
        host->braid->allowed = (uint32_t *)(void *)(memory + at.allowed);
    host->in_scheduler = true;
    for (uint32_t t = 0; t < host->torus_count; t++)
        torus_set_up(host, t, memory, &at, policy);
    audit_guards(host);
    host->in_scheduler = false;

    if (!host->traced)
        return;
    uint64_t modules = 0;
    for (uint32_t i = 0; i < TRACER_MODULES; i++)
        modules += host->scheduler->mapped[i].bytes;
    random_seek(host->memory_rng, scenario->seed, host->replication, RANDOM_MEMORY, 0, 0);
    memory_init(&host->memory,
                &(struct memory_setup){ .cpu = scenario->cpu,
                                        .core_count = host->core_count,
                                        .threads = scenario->threads,
                                        .users = host->task_count,
                                        .bytes = at.total + modules,
                                        .stride_from = at.processes,
                                        .stride_to = at.total,
                                        .stride = settings->process_stride_bytes,
                                        .stride_real = sizeof(struct process),
                                        .rng = host->memory_rng },
                host->arena);
    working_sets_init(&host->working_sets, &host->memory, host->task_count,
                      scenario->workload_count, host->arena);
    struct tracer_setup setup = { .cpu = scenario->cpu,
                                  .memory = &host->memory,
                                  .core_count = host->core_count,
                                  .scheduler_memory = memory,
                                  .scheduler_bytes = at.total,
                                  .processes = { at.processes, sizeof(struct process),
                                                 host->task_count } };
    memcpy(setup.module, host->scheduler->mapped, sizeof setup.module);
    tracer_init(&host->tracer, &setup, host->arena);
}

/* Where a CPU has cores of two kinds, a machine has them in the same proportion, the slower
 * last. */
static uint64_t core_kind_speed(const struct scenario *scenario, uint32_t core)
{
    const struct profile *cpu = scenario->cpu;
    uint32_t physical = scenario->cores / scenario->threads;
    double small = profile_value(cpu, small_cores) / profile_value(cpu, max_cores) * physical;
    bool is_small = core / scenario->threads >= physical - (uint32_t)lround(small);
    return (uint64_t)(is_small ? profile_value(cpu, small_rate) * (double)CORE_WHOLE : CORE_WHOLE);
}

static void cores_set_up(struct host *host)
{
    bool aligned_ticks = host->scenario->scheduler.aligned_ticks;
    host->idle_cores = host->core_count;
    for (uint32_t c = 0; c < host->core_count; c++) {
        struct core *core = &host->cores[c];
        core->id = c;
        core->running = core->last = NO_TASK;
        core->due_head = core->posted_head = core->waking_head = NO_TASK;
        core->is_idle = true;
        core->kernel_ps = NEVER;
        core->slice_ps = core->ipi_ps = core->tick_ps = NEVER;
        core->speed = core_kind_speed(host->scenario, c);
        core->share = CORE_WHOLE;
        uint64_t period = host->tick_period_ps;
        if (period > 0)
            core->tick_ps = aligned_ticks ? period : period * (c + 1) / host->core_count;
        core->first_torus = c;
        core->torus_count = 1;
        if (host->torus_count > host->core_count)
            core->torus_count = (host->torus_count - c + host->core_count - 1) / host->core_count;
        else
            core->first_torus = (uint32_t)((uint64_t)c * host->torus_count / host->core_count);
        core->torus = &host->tori[core->first_torus];
        core_arm(host, core);
    }
}

static bool scenario_has_bursts(const struct scenario *scenario)
{
    for (uint32_t w = 0; w < scenario->workload_count; w++)
        if (scenario->workloads[w].bursts != NULL || scenario->workloads[w].has_burst_steps)
            return true;
    return false;
}

static void host_set_up(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    struct arena *arena = host->arena;
    for (uint32_t w = 0; w < scenario->workload_count; w++)
        host->task_count += workload_slots(&scenario->workloads[w]);
    host->core_count = scenario->cores;
    host->torus_count = scenario->scheduler.tori;
    host->warmup_ps = scenario->warmup_ps;
    host->end_ps = scenario->duration_ps;
    host->may_be_done = scenario->until_done;
    if (scenario->series)
        host->series = series_new(scenario->duration_ps, arena);
    host->stream_from = host->task_count;
    host->request_from = host->stream_from + scenario->workload_count;
    host->failure_from = host->request_from + host->torus_count;
    host->instant_limit = INSTANT_EVENTS + UINT64_C(16) * host->task_count;
    if (scenario->scheduler.tick_hz > 0)
        host->tick_period_ps = (uint64_t)llround(1e12 / scenario->scheduler.tick_hz);

    uint32_t workloads = scenario->workload_count;
    event_tree_init(&host->timers, host->failure_from + 1 + host->torus_count, arena);
    event_tree_init(&host->events, host->core_count, arena);
    host->tasks = arena_alloc(arena, host->task_count, sizeof *host->tasks);
    host->cores = arena_alloc(arena, host->core_count, sizeof *host->cores);
    host->tori = arena_alloc(arena, host->torus_count, sizeof *host->tori);
    host->free_list = arena_alloc(arena, workloads, sizeof *host->free_list);
    host->arrivals = arena_alloc(arena, workloads, sizeof *host->arrivals);
    host->working_set = arena_alloc(arena, workloads, sizeof *host->working_set);
    host->code_lines = arena_alloc(arena, workloads, sizeof *host->code_lines);
    host->tally = arena_alloc(arena, 1, sizeof *host->tally);
    host->entry_tallies = arena_alloc(arena, workloads, sizeof *host->entry_tallies);
    host->load_count = arena_alloc(arena, (size_t)host->task_count + 2, sizeof *host->load_count);
    host->load_count[0] = host->torus_count;
    double lines_per_kb = 1024 / profile_value(scenario->cpu, line_bytes);
    for (uint32_t w = 0; w < workloads; w++) {
        const struct workload *workload = &scenario->workloads[w];
        host->working_set[w] =
            (struct working_set){ (uint32_t)(workload->working_set_kb * lines_per_kb),
                                  workload->random_order };
        host->code_lines[w] = (uint32_t)(workload->code_kb * lines_per_kb);
    }
    if (scenario_has_bursts(scenario))
        host->bursts = arena_alloc(arena, host->task_count, sizeof *host->bursts);
    costs_init(host);
    topology_init(&host->topology, scenario->cpu, scenario->threads);
    scheduler_set_up(host);
    cores_set_up(host);
    if (scenario->has_steps)
        steps_init(host);
    if (scenario->lag)
        lag_init(host);
    if (scenario->event_count > 0)
        failures_init(host);
    program_start(host);
}

/* ---- The run ------------------------------------------------------------------------------ */

static void timer_event(struct host *host, uint32_t id)
{
    timer_set(host, id, NEVER);
    if (id >= host->failure_from)
        failures_event(host, id - host->failure_from);
    else if (id >= host->request_from)
        request_deliver(host, id - host->request_from);
    else if (id >= host->stream_from)
        program_arrival(host, id - host->stream_from);
    else if (host->tasks[id].state == TASK_POSTED)
        message_deliver(host, id);
    else
        core_add_due(host, id);
}

static void count_event(struct host *host, uint64_t when_ps)
{
    host->event_count++;
    host->instant_count = when_ps == host->now_ps ? host->instant_count + 1 : 0;
    host->now_ps = when_ps;
    if (host->instant_count > host->instant_limit)
        host_fault(host, FAULT_STUCK, NO_TASK, "the clock stands still");
}

/* Nobody runs, waits to run, is on the way, or will be woken, arrive or fail before the end, or
 * before 10^7 ms: who sleeps for longer does so for good. */
static bool is_done(const struct host *host)
{
    static const uint64_t far_ps = UINT64_C(10000000000000000);
    uint64_t first_ps = event_tree_first_time(&host->timers);
    if (host->waiting > 0 || first_ps < far_ps || first_ps < host->end_ps)
        return false;
    for (uint32_t c = 0; c < host->core_count; c++)
        if (host->cores[c].running != NO_TASK || host->cores[c].waking_head != NO_TASK)
            return false;
    for (uint32_t id = 0; id < host->task_count; id++)
        if (host->tasks[id].state != TASK_FREE && host->tasks[id].state != TASK_BLOCKED)
            return false;
    return true;
}

/* The run ends when the cores are through with what they are at.  Returns when. */
static uint64_t end_done(struct host *host)
{
    uint64_t end_ps = host->now_ps;
    for (uint32_t c = 0; c < host->core_count; c++)
        if (host->cores[c].accounted_ps > end_ps)
            end_ps = host->cores[c].accounted_ps;
    if (end_ps < host->end_ps) {
        host->end_ps = end_ps;
        host->may_be_done = false;
    }
    return host->end_ps;
}

static void run_events(struct host *host, uint64_t until_ps)
{
    for (;;) {
        if (host->may_be_done && is_done(host))
            until_ps = end_done(host);
        uint64_t timer_ps = event_tree_first_time(&host->timers);
        uint64_t core_ps = event_tree_first_time(&host->events);
        bool is_timer = timer_ps <= core_ps;
        uint64_t when_ps = is_timer ? timer_ps : core_ps;
        if (when_ps >= until_ps)
            break;
        int64_t id = event_tree_first_id(is_timer ? &host->timers : &host->events);
        if (id == EVENT_NONE)
            continue;
        count_event(host, when_ps);
        if (is_timer)
            timer_event(host, (uint32_t)id);
        else
            core_event(host, &host->cores[id]);
    }
    host->now_ps = until_ps;
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void host_run(const struct scenario *scenario, const struct scheduler *scheduler,
              uint32_t replication, struct run_result *result, struct arena *arena)
{
    host_run_recorded(scenario, scheduler, replication, NULL, result, arena);
}

void host_run_recorded(const struct scenario *scenario, const struct scheduler *scheduler,
                       uint32_t replication, struct recording *recording, struct run_result *result,
                       struct arena *arena)
{
    struct host *host = arena_alloc(arena, 1, sizeof *host);
    host->scenario = scenario;
    host->scheduler = scheduler;
    host->ops = scheduler->torus;
    host->arena = arena;
    host->replication = replication;
    host->recording = recording;
    host->traced = scenario->cost == COST_TRACED;
    host->rng = gsl_rng_alloc(random_philox);
    host->memory_rng = gsl_rng_alloc(random_philox);
    double began = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    watch(host);
    if (sigsetjmp(host->escape, 1) == 0) {
        host_set_up(host);
        if (recording != NULL)
            recording_begin(host);
        run_events(host, host->warmup_ps);
        tally_warm(host);
        run_events(host, host->end_ps);
        tally_finish(host, result);
        host->in_scheduler = true;
        audit_end(host);
        host->in_scheduler = false;
        tally_processes(host, result);
    } else if (host->fault.kind == FAULT_NONE && !host->overrun.happened) {
        bool blocks = host->tracer.fault == TRACER_BLOCKS;
        fault_fill(host, blocks ? FAULT_BLOCKS : FAULT_ADDRESS, entering_task(host));
        if (!blocks)
            audit_where(host, host->tracer.fault_address, host->fault.detail,
                        sizeof host->fault.detail);
    }
    unwatch();
    if (recording != NULL)
        recording_end(host);
    arena_drop(arena, host->port); /* all that the scheduler had; nobody looks at it any more */
    gsl_rng_free(host->rng);
    gsl_rng_free(host->memory_rng);
    result->replication = replication;
    result->fault = host->fault;
    result->overrun = host->overrun;
    result->window_ps = host->end_ps - scenario->warmup_ps;
    result->events = host->event_count;
    result->scheduling_events = host->scheduling_count;
    result->wall_s = seconds_of(CLOCK_MONOTONIC) - began;
    result->cpu_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    result->peak_rss_kb = (uint64_t)usage.ru_maxrss;
}
