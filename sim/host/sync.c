/* sync.c -- what processes wait for: mutexes, conditions, barriers, semaphores, suspension.
 *
 * Who waits is queued in order of arrival.  Whoever lets it go on does so at one instant, by a
 * system call: a mutex or a unit of a semaphore is handed over then, and the wake-ups follow as
 * entries of the same core, before anything else happens on it.  A process of a torus that this
 * core may not touch gets an interrupt to its own core instead.
 *
 * A process may be told to go on after it has decided to block and before it is blocked: then it
 * does not block, as in a kernel, where schedule() finds it running again.
 *
 * Invariant: the chain from a process to the mutex that it waits for, to that one's owner and so
 * on has an end; a process that would close it to a ring ends the run (tests/programs/programs.py).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/steps.h"

#include <string.h>

#include "sim/base/check.h"

void sync_init(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    host->rank_head = NO_TASK;
    host->shared = arena_alloc(host->arena, scenario->resource_count + 1, sizeof *host->shared);
    for (uint32_t i = 0; i < scenario->resource_count; i++)
        host->shared[i] = (struct shared){
            .head = NO_TASK, .tail = NO_TASK, .owner = NO_TASK, .next_held = NO_RESOURCE
        };
}

static const char *name_of(const struct host *host, uint32_t resource)
{
    return host->scenario->resources[resource].name;
}

/* ---- Queues ------------------------------------------------------------------------------- */

static void enqueue(struct host *host, struct shared *shared, uint32_t id)
{
    host->programs[id].next = NO_TASK;
    if (shared->head == NO_TASK)
        shared->head = id;
    else
        host->programs[shared->tail].next = id;
    shared->tail = id;
}

/* Takes id, which waits behind before (NO_TASK: first), out. */
static void dequeue(struct host *host, struct shared *shared, uint32_t id, uint32_t before)
{
    uint32_t next = host->programs[id].next;
    if (before == NO_TASK)
        shared->head = next;
    else
        host->programs[before].next = next;
    if (shared->tail == id)
        shared->tail = before;
}

/* ---- Going on ----------------------------------------------------------------------------- */

/* The system call by which the running process lets others go on. */
static void pay_call(struct host *host, struct core *core)
{
    core_charge(host, core, ACCOUNT_SCHED, core_kernel_ps(host, core, host->cost.syscall_ps));
}

/* Its core will wake task, which has left its queue, once it is free. */
static void go_on(struct host *host, struct core *core, uint32_t id)
{
    struct task *task = &host->tasks[id];
    task->due_ps = host->now_ps;
    if (host->now_ps > host->warmup_ps)
        task->flags |= TASK_HAS_BLOCKED;
    host->programs[id].next = NO_TASK;
    if (core->waking_head == NO_TASK)
        core->waking_head = id;
    else
        host->programs[core->waking_tail].next = id;
    core->waking_tail = id;
}

static void all_go_on(struct host *host, struct core *core, struct shared *shared)
{
    if (shared->head == NO_TASK)
        return;
    pay_call(host, core);
    while (shared->head != NO_TASK) {
        uint32_t id = shared->head;
        dequeue(host, shared, id, NO_TASK);
        go_on(host, core, id);
    }
}

static void first_goes_on(struct host *host, struct core *core, struct shared *shared)
{
    uint32_t id = shared->head;
    if (id == NO_TASK)
        return;
    dequeue(host, shared, id, NO_TASK);
    pay_call(host, core);
    go_on(host, core, id);
}

/* The core that the task ran on last is interrupted, and wakes it. */
static void interrupt_for(struct host *host, struct core *core, uint32_t id)
{
    const struct core *other = failures_core(host, &host->cores[host->tasks[id].core]);
    bool polled = other->is_idle && host->scenario->scheduler.polling_idle;
    if (!polled)
        core_charge(host, core, ACCOUNT_SCHED, host->cost.ipi_send_ps);
    host->programs[id].flags |= PROGRAM_SIGNALLED;
    timer_set(host, id,
              core->accounted_ps + (polled ? host->cost.transfer_ps : host->cost.ipi_latency_ps));
}

void sync_wake(struct host *host, struct core *core)
{
    uint32_t id = core->waking_head;
    struct task *task = &host->tasks[id];
    struct program *program = &host->programs[id];
    struct host_torus *torus = &host->tori[task->torus];
    core->waking_head = program->next;
    if (task->state != TASK_BLOCKED) {
        program->flags |= PROGRAM_WOKEN;
        return;
    }
    program->flags &= ~(uint32_t)PROGRAM_WAITS;
    bool locks = host->scenario->scheduler.locked_queues && host->failures == NULL;
    if (failures_taken(torus) || !(locks || core_serves(host, core, task->torus))) {
        interrupt_for(host, core, id);
        return;
    }
    task->state = TASK_DUE;
    core_begin(host, core, ENTRY_WAKE, id, torus, 0, ACCOUNT_SCHED);
}

uint64_t sync_interrupt_ps(struct host *host, const struct core *core, uint32_t id,
                           enum account *account)
{
    bool polling = host->scenario->scheduler.polling_idle && core->state == CORE_IDLE;
    *account = ACCOUNT_TICK;
    if (!(host->programs[id].flags & PROGRAM_SIGNALLED))
        return host->cost.timer_ps;
    *account = ACCOUNT_SCHED;
    return polling ? 0 : host->cost.ipi_handle_ps; /* one that polls sees it */
}

/* ---- Blocking ----------------------------------------------------------------------------- */

bool sync_waits(const struct host *host, uint32_t id)
{
    return host->programs != NULL && host->programs[id].flags & PROGRAM_WAITS;
}

bool sync_need_not_block(struct host *host, uint32_t id)
{
    struct program *program = &host->programs[id];
    if (!(program->flags & PROGRAM_WOKEN))
        return false;
    program->flags &= ~(uint32_t)(PROGRAM_WOKEN | PROGRAM_WAITS);
    return true;
}

bool sync_blocks(struct host *host, struct core *core)
{
    struct program *program = &host->programs[core->running];
    if (!(program->flags & PROGRAM_BLOCKS))
        return false;
    program->flags &= ~(uint32_t)PROGRAM_BLOCKS;
    if (sync_need_not_block(host, core->running))
        return false;
    program->flags |= PROGRAM_WAITS;
    program_call(host, core, ENTRY_BLOCK, NO_TASK);
    return true;
}

/* The running process, in a queue now, will block; at once if its core has nobody to wake first. */
static bool block(struct host *host, struct core *core)
{
    host->programs[core->running].flags |= PROGRAM_BLOCKS;
    return core->waking_head != NO_TASK || sync_blocks(host, core);
}

static bool wait_for(struct host *host, struct core *core, struct shared *shared)
{
    enqueue(host, shared, core->running);
    tally_burst(host, &host->tasks[core->running]);
    return block(host, core);
}

/* What the process does in user space, where nobody has to wait. */
static bool pay_atomic(struct host *host, const struct core *core)
{
    struct task *task = &host->tasks[core->running];
    task->run_left_ps += host->cost.atomic_ps;
    task->demand_ps += host->cost.atomic_ps;
    return host->cost.atomic_ps > 0;
}

/* ---- Ranks -------------------------------------------------------------------------------- */

static void rank_raise(struct rank *rank, const struct rank *other)
{
    if (other->priority > rank->priority)
        rank->priority = other->priority;
    if (other->weight > rank->weight)
        rank->weight = other->weight;
}

static struct rank rank_of(const struct host *host, uint32_t id)
{
    const struct workload *workload = &host->scenario->workloads[host->tasks[id].workload];
    struct rank rank = { workload->priority, workload->weight };
    for (uint32_t m = host->programs[id].held; m != NO_RESOURCE; m = host->shared[m].next_held)
        for (uint32_t w = host->shared[m].head; w != NO_TASK; w = host->programs[w].next)
            rank_raise(&rank, &host->programs[w].rank);
    return rank;
}

/* A core of the torus where the task waits or runs has to schedule. */
static void reschedule(struct host *host, struct core *core, uint32_t id)
{
    const struct task *task = &host->tasks[id];
    if (task->state != TASK_READY && task->state != TASK_RUNNING)
        return; /* it learns when it comes back */
    if (core_serves(host, core, task->torus)) {
        core->needs |= NEED_RESCHEDULE;
        return;
    }
    core_charge(host, core, ACCOUNT_SCHED, host->cost.ipi_send_ps);
    core_interrupt(host, failures_core(host, &host->cores[task->core]),
                   core->accounted_ps + host->cost.ipi_latency_ps, IPI_RESCHEDULE);
}

/* Who waits for the task's mutexes has changed, and so may its rank, and that of those for whose
 * mutexes it waits.  O(those that wait). */
static void rank_change(struct host *host, struct core *core, uint32_t id)
{
    while (host->scenario->priority_inheritance) {
        struct program *program = &host->programs[id];
        struct rank rank = rank_of(host, id);
        if (memcmp(&rank, &program->rank, sizeof rank) == 0)
            return;
        program->rank = rank;
        if (!(program->flags & PROGRAM_CHANGED)) {
            program->flags |= PROGRAM_CHANGED;
            program->next_rank = host->rank_head;
            host->rank_head = id;
        }
        reschedule(host, core, id);
        if (program->mutex == NO_RESOURCE)
            return;
        id = host->shared[program->mutex].owner;
    }
}

/* True: the scheduler knows. */
static bool tell(struct host *host, struct host_torus *torus, uint32_t id)
{
    struct program *program = &host->programs[id];
    if (host->ops->change(torus->torus, &host->processes[id], program->rank.weight,
                          program->rank.priority, host->now_ps / 1000) != PROCESS_OK)
        return false;
    program->flags &= ~(uint32_t)PROGRAM_CHANGED;
    return true;
}

void sync_tell_ranks(struct host *host, struct host_torus *torus)
{
    uint32_t *link = &host->rank_head;
    while (*link != NO_TASK) {
        uint32_t id = *link;
        const struct task *task = &host->tasks[id];
        bool here = (task->state == TASK_READY || task->state == TASK_RUNNING) &&
                    task->torus == torus_number(host, torus);
        bool known = !(host->programs[id].flags & PROGRAM_CHANGED);
        if (known || (here && tell(host, torus, id)))
            *link = host->programs[id].next_rank;
        else
            link = &host->programs[id].next_rank;
    }
}

void sync_before_wake(struct host *host, struct host_torus *torus, uint32_t id)
{
    uint32_t *link = &host->rank_head;
    host->programs[id].flags &= ~(uint32_t)PROGRAM_SIGNALLED;
    if (!(host->programs[id].flags & PROGRAM_CHANGED) || !tell(host, torus, id))
        return;
    while (*link != id)
        link = &host->programs[*link].next_rank;
    *link = host->programs[id].next_rank;
}

/* ---- Mutexes ------------------------------------------------------------------------------ */

static void take(struct host *host, uint32_t mutex, uint32_t id)
{
    host->shared[mutex].owner = id;
    host->shared[mutex].next_held = host->programs[id].held;
    host->programs[id].held = mutex;
}

static void drop(struct host *host, uint32_t mutex, uint32_t id)
{
    uint32_t *link = &host->programs[id].held;
    while (*link != mutex)
        link = &host->shared[*link].next_held;
    *link = host->shared[mutex].next_held;
}

/* "a/1 holds x, waits for y; b holds y, waits for x", where id would wait for a mutex. */
static void refuse_ring(struct host *host, uint32_t id, uint32_t last)
{
    char text[400] = "", name[PROCESS_NAME_MAX]; /* long rings are cut */
    uint32_t member = id, holds = host->programs[last].mutex;
    do {
        uint32_t mutex = host->programs[member].mutex;
        size_t at = strlen(text);
        int more =
            snprintf(text + at, sizeof text - at, "%s%s holds %s, waits for %s", at > 0 ? "; " : "",
                     steps_name(host, member, name), name_of(host, holds), name_of(host, mutex));
        if (at + (size_t)more >= sizeof text) {
            snprintf(text + at, sizeof text - at, "; ...");
            break;
        }
        holds = mutex;
        member = host->shared[mutex].owner;
    } while (member != id);
    steps_refuse(host, id, "ends in a deadlock at %.6f ms: %s; let all lock in one order",
                 (double)host->now_ps / 1e9, text);
}

static void check_ring(struct host *host, uint32_t id)
{
    uint32_t at = id;
    while (at != NO_TASK && host->programs[at].mutex != NO_RESOURCE) {
        uint32_t owner = host->shared[host->programs[at].mutex].owner;
        if (owner == id)
            refuse_ring(host, id, at);
        at = owner;
    }
}

static bool lock(struct host *host, struct core *core, uint32_t mutex)
{
    uint32_t id = core->running;
    struct program *program = &host->programs[id];
    struct shared *shared = &host->shared[mutex];
    if (shared->owner == NO_TASK) {
        take(host, mutex, id);
        return pay_atomic(host, core);
    }
    program->mutex = mutex;
    check_ring(host, id);
    enqueue(host, shared, id);
    rank_change(host, core, shared->owner);
    program->burst_ps = host->tasks[id].due_ps;
    program->flags |= PROGRAM_IN_BURST;
    return block(host, core);
}

/* The one that gets the mutex next: who waits longest, or, where ranks are inherited, among the
 * most urgent. */
static uint32_t take_heir(struct host *host, struct shared *shared)
{
    uint32_t heir = shared->head, before = NO_TASK;
    if (host->scenario->priority_inheritance)
        for (uint32_t at = heir; host->programs[at].next != NO_TASK; at = host->programs[at].next) {
            uint32_t next = host->programs[at].next;
            const struct rank *rank = &host->programs[next].rank,
                              *most = &host->programs[heir].rank;
            if (rank->priority > most->priority ||
                (rank->priority == most->priority && rank->weight > most->weight)) {
                heir = next;
                before = at;
            }
        }
    dequeue(host, shared, heir, before);
    return heir;
}

/* True: somebody has got it. */
static bool hand_over(struct host *host, struct core *core, uint32_t mutex)
{
    uint32_t id = core->running;
    struct shared *shared = &host->shared[mutex];
    drop(host, mutex, id);
    if (shared->head == NO_TASK) {
        shared->owner = NO_TASK;
        return false;
    }
    uint32_t heir = take_heir(host, shared);
    take(host, mutex, heir);
    host->programs[heir].mutex = NO_RESOURCE;
    rank_change(host, core, id);
    rank_change(host, core, heir);
    pay_call(host, core);
    go_on(host, core, heir);
    return true;
}

static bool unlock(struct host *host, struct core *core, uint32_t mutex)
{
    if (host->shared[mutex].owner != core->running)
        steps_refuse(host, core->running, "unlocks %s, which it does not hold; lock it before",
                     name_of(host, mutex));
    return hand_over(host, core, mutex) || pay_atomic(host, core);
}

/* It waits for the condition before anybody else can have the mutex. */
static bool wait_condition(struct host *host, struct core *core, const struct step *step)
{
    if (host->shared[step->other].owner != core->running)
        steps_refuse(host, core->running,
                     "waits for %s with the mutex %s, which it does not hold; lock it before",
                     name_of(host, step->resource), name_of(host, step->other));
    hand_over(host, core, step->other);
    return wait_for(host, core, &host->shared[step->resource]);
}

/* ---- The rest ----------------------------------------------------------------------------- */

static bool reach_barrier(struct host *host, struct core *core, uint32_t barrier)
{
    struct shared *shared = &host->shared[barrier];
    if (++shared->count < host->scenario->resources[barrier].users)
        return wait_for(host, core, shared);
    shared->count = 0;
    all_go_on(host, core, shared);
    return core->waking_head != NO_TASK;
}

static bool post(struct host *host, struct core *core, struct shared *shared)
{
    if (shared->head == NO_TASK) {
        shared->count++;
        return pay_atomic(host, core);
    }
    first_goes_on(host, core, shared);
    return true;
}

static bool take_unit(struct host *host, struct core *core, struct shared *shared)
{
    if (shared->count == 0)
        return wait_for(host, core, shared);
    shared->count--;
    return pay_atomic(host, core);
}

bool sync_step(struct host *host, struct core *core, const struct step *step)
{
    struct shared *shared = &host->shared[step->resource];
    switch (step->kind) {
    case STEP_LOCK:
        return lock(host, core, step->resource);
    case STEP_UNLOCK:
        return unlock(host, core, step->resource);
    case STEP_WAIT:
        return wait_condition(host, core, step);
    case STEP_SIGNAL:
        first_goes_on(host, core, shared);
        return core->waking_head != NO_TASK;
    case STEP_BROADCAST:
    case STEP_RESUME:
        all_go_on(host, core, shared);
        return core->waking_head != NO_TASK;
    case STEP_BARRIER:
        return reach_barrier(host, core, step->resource);
    case STEP_SUSPEND:
        return wait_for(host, core, shared);
    case STEP_SEM_POST:
        return post(host, core, shared);
    default:
        CHECK(step->kind == STEP_SEM_WAIT);
        return take_unit(host, core, shared);
    }
}
