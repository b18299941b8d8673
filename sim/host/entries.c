/* entries.c -- calls into the scheduler: what they cost, what they do, whether they are right.
 *
 * An entry executes whole at one instant.  Its price comes from watching it (traced) or from a
 * table (flat); its core is busy for that long, its lock held, and its messages fall due at the
 * price so far.  After every entry the host compares what the scheduler did with its own record of
 * every process that took part: a disagreement is the scheduler's fault.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/steps.h"

#include "sim/base/check.h"
#include "sim/base/random.h"

/* ---- Prices ------------------------------------------------------------------------------- */

static uint64_t flat_hold_ps(struct host *host, struct core *core)
{
    const struct scenario *scenario = host->scenario;
    if (scenario->flat.exponential_handover)
        return 0; /* it was part of the hand-over */
    random_seek(host->rng, scenario->seed, host->replication, RANDOM_HOLD, core->id,
                core->hold_draws);
    uint64_t ps = distribution_draw_ps(&scenario->flat.hold, host->rng);
    core->hold_draws = random_tell(host->rng);
    return ps;
}

static void price_begin(struct host *host, struct core *core, struct host_torus *torus,
                        enum entry_kind kind, uint64_t acquire_ps)
{
    host->entering = core;
    host->entering_torus = host->acting_torus = torus;
    host->entering_kind = kind;
    host->entering_from_ps = core->accounted_ps; /* later than now when it spent time before */
    host->entering_acquire_ps = acquire_ps, host->entering_extra_ps = host->entering_wait_ps = 0;
    host->entering_posted = host->moved = false;
    host->entering_held =
        host->scenario->flat.has_hold && torus->lock != NULL && kind != ENTRY_TICK;
    host->entering_flat_ps = host->entering_held ? flat_hold_ps(host, core) : 0;
    host->in_scheduler = true;
    if (host->traced)
        tracer_begin(&host->tracer, core->id, core_pace(host, core),
                     core->accounted_ps + acquire_ps, &host->escape);
}

uint64_t entry_paid_for_ps(const struct host *host)
{
    uint64_t ps = host->traced ? tracer_so_far(&host->tracer) / 1000 : host->entering_flat_ps;
    return host->entering_from_ps + host->entering_acquire_ps + host->entering_extra_ps + ps;
}

/* A flat price is known before the call. */
static void price_flat(struct host *host, enum entry_kind kind)
{
    if (!host->traced && !host->entering_held)
        host->entering_flat_ps += host->scenario->flat.entry_ps[kind];
}

static void price_check(struct host *host)
{
    if (host->tracer.fault == TRACER_SILENT)
        host_fault(host, FAULT_UNTRACED, NO_TASK,
                   "build the module with the flags that docs/MODEL.md gives, or use --cost flat");
}

/* What others who spin for the lock add to the entry's memory stalls. */
static uint64_t spinning_drag_ps(const struct host *host)
{
    const struct host_torus *torus = host->entering_torus;
    if (torus->lock == NULL || host->entering_kind == ENTRY_TICK)
        return 0;
    return lock_model_drag_ps(torus->lock, tracer_stalls_fs(&host->tracer) / 1000);
}

/* Ends the entry and charges it; returns its price without the time to take the lock. */
static uint64_t price_end(struct host *host, struct core *core, enum account account)
{
    uint64_t price_ps, wait_ps = host->entering_wait_ps;
    if (!audit_guard_holds(&host->entering_torus->guard) || host->entering_locks > 0)
        audit_guards(host);
    host->in_scheduler = false;
    if (host->failures != NULL)
        failures_pass(host);
    if (host->traced) {
        uint64_t wait_fs;
        uint64_t price_fs = tracer_end(&host->tracer, &wait_fs) + core->price_rest_fs;
        price_check(host);
        uint64_t drag_ps = spinning_drag_ps(host);
        price_ps = price_fs / 1000 + drag_ps;
        core->price_rest_fs = price_fs % 1000;
        wait_ps += wait_fs / 1000 + drag_ps;
    } else {
        price_ps = host->entering_flat_ps;
    }
    price_ps += host->entering_extra_ps;
    uint64_t busy_ps = price_ps + host->entering_acquire_ps;
    wait_ps = wait_ps < busy_ps ? wait_ps : busy_ps;
    if (wait_ps > 0)
        core_charge(host, core, ACCOUNT_LOCK_WAIT, wait_ps);
    core_charge(host, core, account, busy_ps - wait_ps);
    core->kernel_ps = core->accounted_ps;
    tally_call(host, host->entering_kind, price_ps);
    host->scheduling_count += host->entering_kind != ENTRY_TICK || core->running != NO_TASK;
    return price_ps;
}

/* The lock is free when the stores before its release have left the store buffer. */
static void lock_hold(struct host *host, struct core *core, struct host_torus *torus,
                      uint64_t from_ps, uint64_t wait_ps)
{
    if (torus->lock == NULL || host->entering_kind == ENTRY_TICK)
        return;
    torus = torus_locked(host, torus);
    uint64_t until_ps = core->accounted_ps;
    if (host->traced)
        until_ps += tracer_stores_fs(&host->tracer) / 1000;
    lock_model_hold(torus->lock, core->id, until_ps);
    uint64_t from = from_ps > host->warmup_ps ? from_ps : host->warmup_ps;
    uint64_t to = until_ps < host->end_ps ? until_ps : host->end_ps;
    if (to > from)
        torus->held_ps += to - from;
    if (in_window(host)) {
        torus->acquisitions++;
        tally_lock_wait(host, torus, wait_ps, core->operation.waited);
    }
    lock_promise(host, torus);
}

/* ---- The host's record -------------------------------------------------------------------- */

static const char *const state_names[] = { "FREE",   "READY",  "RUNNING", "BLOCKED",
                                           "ZOMBIE", "REAPED", "?" };

static const char *state_of(const struct host *host, uint32_t id)
{
    uint32_t state = host->processes[id].state;
    return state_names[state < PROCESS_STATES ? state : PROCESS_STATES];
}

static void expect_state(struct host *host, uint32_t id, enum process_state state, const char *what)
{
    if (host->processes[id].state != state)
        host_fault(host, FAULT_STATE, id, "%s should leave it %s, it is %s", what,
                   state_names[state], state_of(host, id));
    audit_identity(host, id);
}

/* Since its last operation nobody should have changed it. */
static void expect_kept(struct host *host, uint32_t id, enum process_state state)
{
    if (host->processes[id].state != state)
        host_fault(host, FAULT_STATE, id, "it should have stayed %s, it is %s", state_names[state],
                   state_of(host, id));
    if (state != PROCESS_FREE)
        audit_identity(host, id);
}

static void expect_accepted(struct host *host, uint32_t id, enum process_result result,
                            const char *what)
{
    if (result != PROCESS_OK)
        host_fault(host, FAULT_REFUSED, id, "%s was refused with result %d", what, (int)result);
}

static void task_ready(struct host *host, struct host_torus *torus, uint32_t id)
{
    host->tasks[id].state = TASK_READY;
    host->tasks[id].torus = (uint16_t)torus_number(host, torus);
    torus_count_change(host, torus, 1, 0);
}

static uint64_t now_ns(const struct host *host)
{
    return host->now_ps / 1000;
}

/* ---- Entries ------------------------------------------------------------------------------ */

void entry_receive(struct host *host, struct core *core, struct host_torus *torus)
{
    struct inbox *inbox = &torus->torus->inbox;
    uint32_t next = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    uint32_t sent = audit_inbox(host, torus), strangers = NO_TASK;
    host->acting_torus = torus;
    host->moved |= atomic_load_explicit(&inbox->asked, memory_order_relaxed) != 0;
    for (; next != 0; next = host->processes[next - 1].inbox_next) {
        host->moved |= (host->processes[next - 1].flags & PROCESS_MIGRATING) != 0;
        task_ready(host, torus, next - 1);
        if (host->programs != NULL)
            strangers = cpus_stranger(host, next - 1, strangers);
    }
    price_flat(host, ENTRY_RECEIVE);
    uint32_t received = host->ops->receive(torus->torus, slot_of(torus, core), now_ns(host));
    if (received != sent)
        host_fault(host, FAULT_LOST, NO_TASK, "receive took %u processes of %u in the inbox",
                   received, sent);
    if (strangers != NO_TASK)
        cpus_confine_all(host, core, torus, strangers);
}

/* The sender itself queues a process here. */
static void call_accept(struct host *host, struct core *core, struct host_torus *torus, uint32_t id)
{
    struct process *process = &host->processes[id];
    expect_kept(host, id, PROCESS_READY);
    if (failures_taken(torus)) {
        host->tasks[id].state = TASK_INBOX; /* the one that has it sends it on */
        host->ops->accept(torus->torus, slot_of(torus, core), process, now_ns(host));
        return;
    }
    host->moved = (process->flags & PROCESS_MIGRATING) != 0;
    price_flat(host, ENTRY_RECEIVE);
    task_ready(host, torus, id);
    host->ops->accept(torus->torus, slot_of(torus, core), process, now_ns(host));
    expect_state(host, id, PROCESS_READY, "accept");
    if (host->programs != NULL && cpus_stranger(host, id, NO_TASK) == id)
        cpus_confine_all(host, core, torus, id);
}

/* What the scheduler picked must be READY on this torus, and now RUNNING. */
static uint32_t check_picked(struct host *host, const struct host_torus *torus,
                             const struct process *picked)
{
    uint32_t id = audit_index(host, picked, "schedule returned");
    if (host->tasks[id].state == TASK_RUNNING)
        host_fault(host, FAULT_RUN_TWICE, id, "it runs on core %u", host->tasks[id].core);
    if (host->tasks[id].state != TASK_READY)
        host_fault(host, FAULT_NOT_READY, id, "it is %s",
                   host->tasks[id].state == TASK_BLOCKED ? "blocked" : "in a message or not alive");
    if (host->tasks[id].torus != torus_number(host, torus))
        host_fault(host, FAULT_NOT_READY, id, "torus %u picked it, it is queued at torus %u",
                   torus_number(host, torus), host->tasks[id].torus);
    expect_state(host, id, PROCESS_RUNNING, "pick");
    return id;
}

static uint32_t call_pick(struct host *host, struct core *core, struct host_torus *torus)
{
    if (!inbox_is_empty(&torus->torus->inbox))
        entry_receive(host, core, torus);
    struct process *picked = host->ops->pick(torus->torus, slot_of(torus, core), now_ns(host));
    if (picked == NULL) {
        if (torus->ready > 0)
            host_fault(host, FAULT_IDLE, NO_TASK, "core %u, torus %u, %u READY", core->id,
                       torus_number(host, torus), torus->ready);
        return NO_TASK;
    }
    uint32_t id = check_picked(host, torus, picked);
    core->torus = torus;
    torus_count_change(host, torus, -1, 1);
    return id;
}

/* A core that has one torus, as in a kernel: what came in is queued, the present process goes back
 * if it still runs, and the next one is picked. */
static uint32_t call_schedule_one(struct host *host, struct core *core)
{
    struct host_torus *torus = core->torus;
    uint32_t id = core->running;
    if (id != NO_TASK)
        core_leave(host, core);
    if (!inbox_is_empty(&torus->torus->inbox))
        entry_receive(host, core, torus);
    if (id != NO_TASK) {
        host->tasks[id].ready_ps = host->now_ps;
        host->tasks[id].state = TASK_READY;
    }
    struct process *picked = host->ops->schedule(torus->torus, slot_of(torus, core), now_ns(host));
    if (picked == NULL) {
        if (id != NO_TASK || torus->ready > 0)
            host_fault(host, FAULT_IDLE, id, "core %u, torus %u, %u READY", core->id,
                       torus_number(host, torus), torus->ready + (id != NO_TASK));
        return NO_TASK;
    }
    uint32_t next = check_picked(host, torus, picked);
    if (id == NO_TASK)
        torus_count_change(host, torus, -1, 1);
    return next; /* else the torus's load is what it was */
}

/* A core that has several: the next one comes from them in turn. */
static uint32_t call_schedule_all(struct host *host, struct core *core)
{
    struct host_torus *torus = core->torus;
    if (core->running != NO_TASK) {
        uint32_t id = core->running;
        core_leave(host, core);
        host->ops->put(torus->torus, slot_of(torus, core), now_ns(host));
        expect_state(host, id, PROCESS_READY, "put");
        host->tasks[id].ready_ps = host->now_ps;
        torus_count_change(host, torus, 0, -1);
        task_ready(host, torus, id);
    }
    core_lend(host, core, NULL);
    uint32_t start = 0, id = NO_TASK;
    while (core_torus(host, core, start) != torus)
        start++;
    for (uint32_t i = 1; i <= core->torus_count && id == NO_TASK; i++)
        id = call_pick(host, core, core_torus(host, core, (start + i) % core->torus_count));
    if (id != NO_TASK)
        core_lend(host, core, core->torus);
    return id;
}

static uint32_t call_schedule(struct host *host, struct core *core)
{
    price_flat(host, ENTRY_SCHEDULE);
    if (host->programs != NULL)
        ranks_and_cpus(host, core);
    uint32_t next =
        core->torus_count == 1 ? call_schedule_one(host, core) : call_schedule_all(host, core);
    core->needs &= ~(uint32_t)NEED_RESCHEDULE; /* whoever asked for it, even in here */
    return next;
}

/* The present process stops by itself: READY again, BLOCKED, or gone. */
static void call_stop(struct host *host, struct core *core, enum entry_kind kind)
{
    struct host_torus *torus = core->torus;
    uint32_t slot = slot_of(torus, core), id = core->running;
    struct task *task = &host->tasks[id];
    core_leave(host, core);
    price_flat(host, kind);
    torus_count_change(host, torus, 0, -1);
    if (host->lag != NULL && kind != ENTRY_YIELD)
        lag_end(host, id);
    if (kind == ENTRY_YIELD) {
        expect_accepted(host, id, host->ops->yield(torus->torus, slot, now_ns(host)), "yield");
        expect_state(host, id, PROCESS_READY, "yield");
        task->ready_ps = host->now_ps;
        task_ready(host, torus, id);
    } else if (kind == ENTRY_BLOCK) {
        expect_accepted(host, id, host->ops->block(torus->torus, slot, now_ns(host)), "block");
        expect_state(host, id, PROCESS_BLOCKED, "block");
        task->state = TASK_BLOCKED;
        if (!sync_waits(host, id))
            timer_set(host, id, task->due_ps > host->now_ps ? task->due_ps : host->now_ps);
    } else {
        expect_accepted(host, id, host->ops->exit(torus->torus, slot, now_ns(host)), "exit");
        expect_state(host, id, PROCESS_ZOMBIE, "exit");
        expect_accepted(host, id,
                        host->ops->reap(torus->torus, PROCESS_NO_PARENT, &host->processes[id]),
                        "reap");
        expect_state(host, id, PROCESS_FREE, "reap");
        task->state = TASK_FREE;
        program_free(host, id);
    }
}

static void call_wake(struct host *host, struct core *core, struct host_torus *torus, uint32_t id)
{
    struct task *task = &host->tasks[id];
    price_flat(host, ENTRY_WAKE);
    if (task->torus != torus_number(host, torus)) {
        enum process_result result =
            host->ops->adopt(torus->torus, &host->processes[id], now_ns(host));
        if (result == PROCESS_ELSEWHERE) { /* it has been given back meanwhile */
            timer_set(host, id, host->now_ps);
            return;
        }
        expect_accepted(host, id, result, "adopt");
        task->torus = (uint16_t)torus_number(host, torus);
    }
    expect_kept(host, id, PROCESS_BLOCKED);
    if (host->programs != NULL)
        sync_before_wake(host, torus, id);
    task->ready_ps = host->now_ps;
    if (host->lag != NULL)
        lag_begin(host, id);
    task->flags |= TASK_WOKEN;
    record_waking(host, core, id);
    program_woken(host, id);
    expect_accepted(
        host, id,
        host->ops->wake(torus->torus, slot_of(torus, core), &host->processes[id], now_ns(host)),
        "wake");
    expect_state(host, id, PROCESS_READY, "wake");
    if (!host->entering_posted)
        task_ready(host, torus, id);
}

static void call_create(struct host *host, struct core *core, struct host_torus *torus, uint32_t id)
{
    struct task *task = &host->tasks[id];
    const struct workload *workload = &host->scenario->workloads[task->workload];
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT,
                                             .weight = workload->weight,
                                             .priority = workload->priority,
                                             .budget_ns = workload->budget_ns,
                                             .period_ns = workload->period_ns };
    expect_kept(host, id, PROCESS_FREE);
    price_flat(host, ENTRY_CREATE);
    task->torus = (uint16_t)torus_number(host, torus); /* unless it is posted */
    task->ready_ps = host->now_ps;
    if (host->lag != NULL)
        lag_begin(host, id);
    task->flags =
        (uint8_t)(TASK_ALIVE | TASK_WOKEN | (task->due_ps > host->warmup_ps ? TASK_BORN_LATE : 0));
    record_waking(host, core, id);
    enum process_result result =
        host->ops->create(torus->torus, slot_of(torus, core), id, &attributes, now_ns(host));
    if (result == PROCESS_REFUSED && workload->budget_ns > 0) {
        host->overrun = (struct overrun){ .workload = task->workload,
                                          .happened = OVERRUN_RESERVATION,
                                          .torus = torus_number(host, torus) };
        siglongjmp(host->escape, 1);
    }
    expect_accepted(host, id, result, "create");
    expect_state(host, id, PROCESS_READY, "create");
    if (!host->entering_posted)
        task_ready(host, torus, id);
    if (!host->entering_posted && workload->mask > 0) /* else it is told of its mask there */
        cpus_confine_all(host, core, torus, id);
}

static void take_requests(struct core *core, struct host_torus *torus, uint32_t requests)
{
    if (requests & TORUS_TAKE)
        core->needs |= NEED_TAKE;
    if (requests & TORUS_TEND)
        core->needs |= NEED_TEND;
    bool reschedule = (requests & TORUS_RESCHEDULE) != 0;
    if (reschedule && (torus == core->torus || core->running == NO_TASK))
        core->needs |= NEED_RESCHEDULE;
    if (requests & TORUS_BALANCE) {
        core->needs |= NEED_BALANCE;
        torus->need_balance = true;
    }
}

static void call_heartbeat(struct host *host, struct core *core)
{
    core->needs &= ~(uint32_t)NEED_HEARTBEAT;
    for (uint32_t i = 0; i < core->torus_count; i++) {
        struct host_torus *torus = core_torus(host, core, i);
        take_requests(core, torus,
                      host->ops->heartbeat(torus->torus, slot_of(torus, core), now_ns(host)));
    }
}

/* The scheduler's part of a tick, and its heartbeat, between which come the kernel's own events:
 * timers that are due.  If there are none both are one entry; else the heartbeat follows in its
 * own, which is at the latest the next tick. */
static void call_tick(struct host *host, struct core *core)
{
    if (core->needs & NEED_HEARTBEAT)
        call_heartbeat(host, core);
    if (!core->ticks)
        return;
    core->ticks = false;
    price_flat(host, ENTRY_TICK);
    for (uint32_t i = 0; i < core->torus_count; i++) {
        struct host_torus *torus = core_torus(host, core, i);
        take_requests(core, torus,
                      host->ops->tick(torus->torus, slot_of(torus, core), now_ns(host)));
    }
    if (core->due_head == NO_TASK)
        call_heartbeat(host, core);
    else
        core->needs |= NEED_HEARTBEAT;
}

static void call_balance(struct host *host, struct core *core, struct host_torus *torus)
{
    price_flat(host, ENTRY_BALANCE);
    if (core->balance_call == BALANCE_ROUND)
        host->ops->balance(host->braid, torus->torus, now_ns(host));
    else if (core->balance_call == BALANCE_IDLE)
        host->ops->idle(host->braid, torus->torus, now_ns(host));
    else if (core->balance_call != BALANCE_ANSWER)
        failures_balance(host, core, torus);
    else
        host->ops->answer(torus->torus, core->asker, core->request.count, now_ns(host));
}

/* A processor that idles while its own torus has work, and nobody has told it: at its tick it must
 * ask to schedule. */
static void check_idle(struct host *host, struct core *core)
{
    for (uint32_t i = 0; i < core->torus_count; i++) {
        struct host_torus *torus = core_torus(host, core, i);
        if (torus->ready > 0 && !(core->needs & NEED_RESCHEDULE) && core->ipi_ps == NEVER)
            host_fault(host, FAULT_IDLE, NO_TASK,
                       "core %u idles through a tick; torus %u, %u READY", core->id,
                       torus_number(host, torus), torus->ready);
    }
}

/* A slice timer that came before its slice was used up is set anew. */
static void slice_renew(struct host *host, struct core *core)
{
    if (host->scenario->scheduler.exact_slices && core->running != NO_TASK &&
        !(core->needs & NEED_RESCHEDULE) && core->slice_ps == NEVER)
        core->slice_ps = slice_end_ps(host, core->running, core->accounted_ps + 1000);
}

static enum account entry_account(const struct host *host, const struct core *core,
                                  enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_TICK:
        return core->running == NO_TASK ? ACCOUNT_IDLE_WORK : ACCOUNT_TICK;
    case ENTRY_BALANCE:
        return core->running == NO_TASK ? ACCOUNT_IDLE_WORK : ACCOUNT_BALANCE;
    case ENTRY_RECEIVE:
        return host->moved ? ACCOUNT_BALANCE : ACCOUNT_SCHED;
    default:
        return ACCOUNT_SCHED;
    }
}

/* Refused as long as another has its torus: the core asks for that, lets its lock go, and will
 * look again soon: core_insist(). */
static void entry_waits(struct host *host, struct core *core, struct host_torus *torus,
                        uint64_t acquire_ps)
{
    enum { AGAIN_PS = 1000000 };
    host->ops->regain(torus->torus);
    core_charge(host, core, ACCOUNT_LOCK_WAIT, acquire_ps + AGAIN_PS);
    core->refused = core->operation;
    core->state = core->operation.resume;
    if (torus->lock != NULL) {
        lock_model_hold(torus->lock, core->id, core->accounted_ps);
        lock_promise(host, torus);
    }
}

void entry_execute(struct host *host, struct core *core, uint64_t acquire_ps)
{
    const struct operation *operation = &core->operation;
    struct host_torus *torus = operation->torus;
    enum entry_kind kind = operation->kind;
    if (failures_taken(torus) && torus == core->torus && kind != ENTRY_TICK) {
        entry_waits(host, core, torus, acquire_ps);
        return;
    }
    if (host->programs != NULL && kind == ENTRY_BLOCK && sync_need_not_block(host, core->running))
        kind = ENTRY_SCHEDULE;
    uint32_t before = core->running, next = NO_TASK;
    bool ticks = core->ticks;
    price_begin(host, core, torus, kind, acquire_ps);
    switch (kind) {
    case ENTRY_YIELD:
    case ENTRY_BLOCK:
    case ENTRY_EXIT:
        call_stop(host, core, kind);
        next = call_schedule(host, core);
        break;
    case ENTRY_SCHEDULE:
        next = call_schedule(host, core);
        break;
    case ENTRY_WAKE:
        call_wake(host, core, torus, operation->task);
        break;
    case ENTRY_CREATE:
        call_create(host, core, torus, operation->task);
        break;
    case ENTRY_RECEIVE:
        if (operation->task != NO_TASK)
            call_accept(host, core, torus, operation->task);
        else
            entry_receive(host, core, torus);
        break;
    case ENTRY_TICK:
        call_tick(host, core);
        break;
    case ENTRY_BALANCE:
        call_balance(host, core, torus);
        break;
    case ENTRY_KINDS:
        CHECK(kind < ENTRY_KINDS);
    }
    uint64_t price_ps = price_end(host, core, entry_account(host, core, kind));
    lock_hold(host, core, torus, host->now_ps, host->now_ps - operation->requested_ps);
    if (kind <= ENTRY_EXIT) { /* they schedule */
        if (before != next && next != NO_TASK && in_window(host)) {
            host->switch_call_count++;
            host->switch_call_ps += (double)price_ps;
        }
        core_run(host, core, next);
        if (next == NO_TASK && host->braid->balancer->idle != NULL && host->torus_count > 1)
            core->needs |= NEED_IDLE;
    } else {
        core->state = operation->resume;
        if (host->programs != NULL)
            steps_pace(host, core);
        if (kind == ENTRY_BALANCE && core->balance_call == BALANCE_LEAVE)
            core_run(host, core, NO_TASK);
        if (kind == ENTRY_TICK && ticks && core->running == NO_TASK)
            check_idle(host, core);
        slice_renew(host, core);
    }
    host->entering = NULL;
}
