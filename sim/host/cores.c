/* cores.c -- what a core does next, and where its time goes; see internal.h.
 *
 * A core is idle, running a process, entering the kernel (busy until accounted_ps), or waiting
 * for a lock.  Interrupts are masked while it is busy: what falls due meanwhile is done, one thing
 * an event, when it is free again; ticks that were missed merge.
 *
 * Invariant: core_charge() is the only place where time enters an account, and it moves
 * accounted_ps by the same amount.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/steps.h"

#include "sim/base/check.h"

/* ---- Accounts ----------------------------------------------------------------------------- */

void core_charge(struct host *host, struct core *core, enum account account, uint64_t ps)
{
    uint64_t from = core->accounted_ps, to = from + ps;
    core->accounted_ps = to;
    if (from < host->warmup_ps)
        from = host->warmup_ps;
    if (to > host->end_ps)
        to = host->end_ps;
    if (to > from)
        core->account_ps[account] += to - from;
    if (host->recording != NULL)
        recording_account(host, core, (uint8_t)account, core->accounted_ps - ps,
                          core->accounted_ps);
}

/* The least time in which, at this rate, work of ps is done. */
static uint64_t time_for(uint64_t ps, uint64_t rate)
{
    if (rate == CORE_WHOLE)
        return ps;
    return (ps / rate << 32) + ((ps % rate << 32) + rate - 1) / rate;
}

/* A process on a slower kind of core is served all the time, but does less; what siblings and a
 * crowded memory take from it is a stall. */
static void running_progress(struct host *host, struct core *core, uint64_t elapsed_ps)
{
    struct task *task = &host->tasks[core->running];
    if (host->lag != NULL)
        lag_pass(host);
    if (task->flags & TASK_LOOPING)
        program_looped(host, task, core->accounted_ps);
    uint64_t stall_ps = elapsed_ps < core->stall_ps ? elapsed_ps : core->stall_ps;
    uint64_t user_ps = core_share_ps(elapsed_ps - stall_ps, core->share);
    uint64_t work_ps = core_share_ps(user_ps, core->speed);
    core->stall_ps -= stall_ps;
    uint64_t to_ps = core->accounted_ps + elapsed_ps;
    if (user_ps < elapsed_ps)
        core_charge(host, core, ACCOUNT_CACHE, elapsed_ps - user_ps);
    if (work_ps > task->run_left_ps) {
        CHECK(core->share < CORE_WHOLE || core->speed < CORE_WHOLE);
        work_ps = task->run_left_ps;
    }
    task->run_left_ps -= work_ps;
    core->ran_ps += work_ps;
    if (host->recording != NULL)
        recording_work(host, core->running, to_ps - user_ps, to_ps, work_ps);
    if (host->series != NULL)
        series_add(host->series, host->series->user_ps, core->accounted_ps,
                   core->accounted_ps + user_ps, 1);
    uint64_t before = core->account_ps[ACCOUNT_USER];
    core_charge(host, core, ACCOUNT_USER, user_ps);
    task->user_ps += core->account_ps[ACCOUNT_USER] - before;
}

void core_progress(struct host *host, struct core *core)
{
    if (core->accounted_ps >= host->now_ps)
        return;
    uint64_t elapsed_ps = host->now_ps - core->accounted_ps;
    switch (core->state) {
    case CORE_IDLE:
    case CORE_STOPPED:
        core_charge(host, core, ACCOUNT_IDLE, elapsed_ps);
        break;
    case CORE_RUNNING:
        running_progress(host, core, elapsed_ps);
        break;
    case CORE_WAITING:
        core_charge(host, core, ACCOUNT_LOCK_WAIT, elapsed_ps);
        break;
    case CORE_ENTERING:
        CHECK(core->state != CORE_ENTERING); /* it is accounted for ahead of the clock */
    }
}

/* Tells the caches what the running task has streamed through them.  (Of a traced run.) */
static void core_tell_memory(struct host *host, struct core *core)
{
    if (core->running == NO_TASK || core->ran_ps == 0)
        return;
    uint32_t workload = host->tasks[core->running].workload;
    working_set_ran(&host->working_sets, core->id, core->running, host->working_set[workload],
                    workload, host->code_lines[workload], core->ran_ps);
    core->ran_ps = 0;
}

/* ---- Speed -------------------------------------------------------------------------------- */

static bool has_busy_sibling(const struct host *host, const struct core *core)
{
    uint32_t threads = host->scenario->threads, first = core->id / threads * threads;
    for (uint32_t id = first; id < first + threads; id++)
        if (id != core->id && !host->cores[id].is_idle)
            return true;
    return false;
}

static uint64_t sibling_share(const struct host *host, const struct core *core)
{
    if (host->scenario->threads == 1 || !has_busy_sibling(host, core))
        return CORE_WHOLE;
    return (uint64_t)(profile_value(host->scenario->cpu, smt_rate) * (double)CORE_WHOLE);
}

uint32_t core_pace(const struct host *host, const struct core *core)
{
    uint64_t rate = core_share_ps(sibling_share(host, core), core->speed);
    return rate == CORE_WHOLE ? TRACER_PACE
                              : (uint32_t)((double)TRACER_PACE * (double)CORE_WHOLE / (double)rate);
}

uint64_t core_slower_ps(const struct host *host, const struct core *core, uint64_t ps)
{
    uint32_t pace = core_pace(host, core);
    return pace == TRACER_PACE ? ps : (uint64_t)((double)ps * pace / TRACER_PACE);
}

/* Sets what the core has of its speed from now on. */
static void core_set_share(struct host *host, struct core *core)
{
    uint64_t share = sibling_share(host, core);
    if (host->traced)
        share = core_share_ps(share, working_set_rate(&host->memory, core->id));
    if (share == core->share)
        return;
    if (core->state == CORE_RUNNING)
        core_progress(host, core);
    core->share = share;
    if (core->state == CORE_RUNNING && host->programs != NULL)
        steps_pace(host, core);
    if (core->state == CORE_RUNNING && core != host->entering)
        core_arm(host, core);
}

static void core_tell_those(struct host *host, struct core *core, bool was_idle)
{
    struct working_set set = { 0 };
    if (!core->is_idle)
        set = host->working_set[host->tasks[core->running].workload];
    uint32_t threads = host->scenario->threads, first = core->id / threads * threads;
    if (host->traced && working_set_stream(&host->memory, core->id, set)) {
        uint32_t sharers = host->memory.domain_cores, from = core->id / sharers * sharers;
        for (uint32_t id = from; id < from + sharers && id < host->core_count; id++)
            core_set_share(host, &host->cores[id]);
    } else if (threads > 1 && was_idle != core->is_idle) {
        for (uint32_t id = first; id < first + threads; id++)
            core_set_share(host, &host->cores[id]);
    } else if (threads > 1 || core->share != CORE_WHOLE) {
        core_set_share(host, core);
    }
}

/* Core has begun or ceased to run something: who shares with it goes on at another speed. */
static inline void core_tell_sharers(struct host *host, struct core *core, bool was_idle)
{
    if (host->traced || host->scenario->threads > 1)
        core_tell_those(host, core, was_idle);
}

/* ---- Running ------------------------------------------------------------------------------ */

void core_leave(struct host *host, struct core *core)
{
    if (host->traced) {
        core_tell_memory(host, core);
        working_set_leave(&host->working_sets, core->id, core->running);
    }
    core->running = NO_TASK;
    core->stall_ps = 0;
    core->slice_ps = NEVER;
}

void core_refill(struct host *host, struct core *core)
{
    const struct task *task = &host->tasks[core->running];
    if (!core->need_refill || task->run_left_ps == 0)
        return; /* how much it will touch is known once its run phase is drawn */
    core->need_refill = false;
    uint64_t slice_ps = slice_end_ps(host, core->running, 0), run_ps = slice_ps;
    if (slice_ps == 0 || slice_ps > task->run_left_ps)
        run_ps = task->run_left_ps;
    core->stall_ps = working_set_refill(&host->working_sets, core->id, core->running,
                                        host->working_set[task->workload], core->switched, run_ps,
                                        slice_ps, host->now_ps);
}

void core_run(struct host *host, struct core *core, uint32_t id)
{
    bool was_idle = core->is_idle;
    core->running = id;
    core->is_idle = id == NO_TASK;
    core_tell_sharers(host, core, was_idle);
    if (host->recording != NULL)
        recording_switch(host, core, id);
    if (id == NO_TASK) {
        core->state = CORE_IDLE;
        host->idle_cores += !was_idle;
        if (!was_idle)
            core->idle_ps = host->now_ps;
        return;
    }
    host->idle_cores -= was_idle;
    if (was_idle)
        tally_idled(host, core);
    if (was_idle && !host->scenario->scheduler.polling_idle)
        core_charge(host, core, ACCOUNT_SCHED, host->cost.idle_exit_ps);
    struct task *task = &host->tasks[id];
    core->state = CORE_RUNNING;
    task->state = TASK_RUNNING;
    task->core = (uint16_t)core->id;
    core->switched = core->last != id;
    if (core->switched) {
        core_charge(host, core, ACCOUNT_SWITCH, core_kernel_ps(host, core, host->cost.switch_ps));
        host->switch_count += in_window(host);
    }
    task->switches += in_window(host) && (was_idle || core->switched);
    core->last = id;
    core->ran_ps = 0;
    core->need_refill = host->traced;
    core_refill(host, core);
    program_prepare(host, task);
    if (host->programs != NULL)
        steps_pace(host, core);
    if (host->scenario->scheduler.exact_slices)
        core->slice_ps = slice_end_ps(host, id, core->accounted_ps);
    tally_dispatch(host, task, core->accounted_ps);
}

void core_lend(struct host *host, const struct core *core, const struct host_torus *torus)
{
    for (uint32_t i = 0; i < core->torus_count; i++) {
        struct host_torus *other = core_torus(host, core, i);
        if (other != torus)
            host->ops->lend(other->torus, core->id - other->first_core, torus != NULL);
    }
}

/* It does nothing any more, and keeps what it runs; that is not a core that idles. */
void core_stop(struct host *host, struct core *core)
{
    tally_integrate(host);
    core_progress(host, core);
    tally_stop(host, core);
    core->stopped = core->state;
    core->state = CORE_STOPPED;
    core->halt = HALT_NONE;
    if (host->recording != NULL)
        recording_switch(host, core, NO_TASK);
    if (core->is_idle) {
        tally_idled(host, core);
        host->idle_cores--;
    } else {
        core->is_idle = true;
        core_tell_sharers(host, core, false);
    }
}

void core_resume(struct host *host, struct core *core)
{
    tally_integrate(host);
    core_progress(host, core);
    core->state = core->stopped;
    if (host->recording != NULL)
        recording_switch(host, core, core->running);
    if (core->state == CORE_IDLE) {
        host->idle_cores++;
        core->idle_ps = host->now_ps;
    } else {
        core->is_idle = false;
        core_tell_sharers(host, core, true);
        host->tasks[core->running].switches += in_window(host);
    }
    core->needs |= NEED_RESCHEDULE | NEED_RECEIVE;
    core_arm(host, core);
}

/* ---- Events ------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void core_arm(struct host *host, struct core *core)
{
    uint64_t when = NEVER;
    if (core->state == CORE_STOPPED) {
        when = NEVER;
    } else if (core->state == CORE_WAITING) {
        when = core->grant_ps;
    } else if (core->state == CORE_ENTERING || core->refused.torus != NULL ||
               core->posted_head != NO_TASK || core->waking_head != NO_TASK ||
               core->due_head != NO_TASK || core->request.victim != NULL || core->needs != 0 ||
               core->halt != HALT_NONE) {
        when = core->accounted_ps;
    } else {
        when = earlier(core->tick_ps, core->ipi_ps);
        if (core->state == CORE_RUNNING) {
            uint64_t work_ps = host->tasks[core->running].run_left_ps;
            uint64_t left_ps =
                core->stall_ps + time_for(time_for(work_ps, core->speed), core->share);
            when = earlier(when, earlier(core->slice_ps, core->accounted_ps + left_ps));
        }
        if (when < core->accounted_ps)
            when = core->accounted_ps;
    }
    if (when < host->now_ps)
        when = host->now_ps;
    event_tree_set(&host->events, core->id, when);
}

void core_add_due(struct host *host, uint32_t id)
{
    struct task *task = &host->tasks[id];
    struct core *core = failures_core(host, &host->cores[task->core]);
    task->core = (uint16_t)core->id;
    task->state = TASK_DUE;
    task->next = NO_TASK;
    if (core->due_head == NO_TASK)
        core->due_head = id;
    else
        host->tasks[core->due_tail].next = id;
    core->due_tail = id;
    if (core->state != CORE_IDLE && core->state != CORE_RUNNING)
        return; /* it will look when it is done */
    if (core->accounted_ps <= host->now_ps)
        core_event(host, core); /* the interrupt comes now, */
    else
        event_tree_set(&host->events, core->id, core->accounted_ps); /* or when it is free */
}

void core_interrupt(struct host *host, struct core *core, uint64_t when_ps, uint32_t flags)
{
    core->ipi_flags |= flags;
    if (when_ps < core->ipi_ps)
        core->ipi_ps = when_ps;
    if (core != host->entering)
        core_arm(host, core);
}

/* Is the core in the kernel already, having finished something at this very instant? */
static bool core_in_kernel(const struct host *host, const struct core *core)
{
    return core->accounted_ps == host->now_ps && core->kernel_ps == host->now_ps;
}

void lock_promise(struct host *host, struct host_torus *torus)
{
    struct host_torus *locked = torus_locked(host, torus);
    uint32_t core, before = locked->promised_core;
    uint64_t when_ps;
    if (!lock_model_promise(torus->lock, host->now_ps, &core, &when_ps))
        return;
    locked->promised_core = core;
    if (before != core && before != NO_CORE && host->cores[before].state == CORE_WAITING &&
        host->cores[before].operation.torus->lock == torus->lock) {
        host->cores[before].grant_ps = NEVER; /* somebody else was faster */
        core_arm(host, &host->cores[before]);
    }
    host->cores[core].grant_ps = when_ps;
    if (&host->cores[core] != host->entering)
        core_arm(host, &host->cores[core]);
}

__attribute__((noinline)) static void core_ask_lock(struct host *host, struct core *core,
                                                    struct host_torus *torus)
{
    uint64_t acquire_ps;
    if (lock_model_request(torus->lock, core->id, host->now_ps, &acquire_ps)) {
        entry_execute(host, core, acquire_ps);
        return;
    }
    core->state = CORE_WAITING;
    core->grant_ps = NEVER;
    lock_promise(host, torus);
}

/* The call's time has come: make it, or ask for the lock first. */
static void core_enter(struct host *host, struct core *core)
{
    struct operation *operation = &core->operation;
    operation->requested_ps = host->now_ps;
    if (operation->torus->lock != NULL && operation->kind != ENTRY_TICK)
        core_ask_lock(host, core, operation->torus);
    else
        entry_execute(host, core, 0);
}

/* The core spends before_ps, in account, and then makes the call.  Where there is a lock to ask
 * for, that is an event of its own, so that cores ask in order of time; else it is one entry. */
void core_begin(struct host *host, struct core *core, enum entry_kind kind, uint32_t task,
                struct host_torus *torus, uint64_t before_ps, enum account account)
{
    core->operation = (struct operation){ kind, task, torus, 0, core->state, false };
    core_charge(host, core, account, before_ps);
    core->state = CORE_ENTERING;
    if (host->traced)
        core_tell_memory(host, core);
    if (core->accounted_ps == host->now_ps || torus->lock == NULL || kind == ENTRY_TICK)
        core_enter(host, core);
}

static void core_take_due(struct host *host, struct core *core)
{
    uint32_t id = core->due_head;
    struct task *task = &host->tasks[id];
    core->due_head = task->next;
    enum account account = ACCOUNT_TICK;
    uint64_t before_ps = host->cost.timer_ps;
    if (host->programs != NULL)
        before_ps = sync_interrupt_ps(host, core, id, &account);
    before_ps = core_in_kernel(host, core) ? 0 : core_kernel_ps(host, core, before_ps);
    if (!(task->flags & TASK_ALIVE)) {
        struct host_torus *torus = core_torus(host, core, core->created++ % core->torus_count);
        core_begin(host, core, ENTRY_CREATE, id, torus, before_ps, ACCOUNT_TICK);
    } else if (failures_own(host, core, id)) {
        struct host_torus *torus = &host->tori[task->torus];
        if (failures_taken(torus))
            torus = core->torus;
        core_begin(host, core, ENTRY_WAKE, id, torus, before_ps, account);
    }
}

/* What its last entry posted under "queues": "locked": the core takes the lock of the other torus,
 * now that it holds none, and queues the process there itself. */
static void core_take_posted(struct host *host, struct core *core)
{
    uint32_t id = core->posted_head;
    core->posted_head = host->tasks[id].next;
    struct host_torus *torus = &host->tori[host->tasks[id].torus];
    core_begin(host, core, ENTRY_RECEIVE, id, torus, 0, ACCOUNT_SCHED);
}

static void core_take_ipi(struct host *host, struct core *core)
{
    bool polling = host->scenario->scheduler.polling_idle && core->state == CORE_IDLE;
    core->ipi_ps = NEVER;
    if (core->ipi_flags & IPI_RESCHEDULE)
        core->needs |= NEED_RESCHEDULE;
    if (core->ipi_flags & IPI_RECEIVE)
        core->needs |= NEED_RECEIVE;
    core->ipi_flags = 0;
    if (!polling)
        core_charge(host, core, ACCOUNT_SCHED,
                    core_kernel_ps(host, core, host->cost.ipi_handle_ps));
    core->kernel_ps = core->accounted_ps;
}

static void core_take_tick(struct host *host, struct core *core)
{
    uint64_t period = host->tick_period_ps;
    if (core->tick_ps <= host->now_ps)
        core->tick_ps += ((host->now_ps - core->tick_ps) / period + 1) * period;
    if (core->slice_ps <= host->now_ps)
        core->slice_ps = NEVER;
    enum account account = core->state == CORE_IDLE ? ACCOUNT_IDLE_WORK : ACCOUNT_TICK;
    uint64_t before_ps =
        core_in_kernel(host, core) ? 0 : core_kernel_ps(host, core, host->cost.timer_ps);
    core->ticks = true;
    core_begin(host, core, ENTRY_TICK, NO_TASK, core->torus, before_ps, account);
}

static bool core_ticks(const struct host *host, const struct core *core)
{
    return core->tick_ps <= host->now_ps || core->slice_ps <= host->now_ps;
}

static void core_balance(struct host *host, struct core *core, struct host_torus *torus,
                         enum balance_call call)
{
    core->balance_call = call;
    core_begin(host, core, ENTRY_BALANCE, NO_TASK, torus, 0, ACCOUNT_BALANCE);
}

/* The same for what its last entry asked another torus for. */
static void core_take_request(struct host *host, struct core *core)
{
    struct host_torus *victim = core->request.victim;
    core->request.victim = NULL;
    core_balance(host, core, victim, BALANCE_ANSWER);
}

/* What the heartbeat of its torus has found to be done for others. */
static void core_take_over(struct host *host, struct core *core)
{
    bool takes = core->needs & NEED_TAKE;
    core->needs &= ~(uint32_t)(takes ? NEED_TAKE : NEED_TEND);
    if (takes)
        core_balance(host, core, &host->tori[core->torus->torus->watched - 1], BALANCE_TAKE);
    else
        core_balance(host, core, core->torus, BALANCE_TEND);
}

/* Asks its torus once more; but ticks come first: they find out if who has it has stopped, too. */
static void core_insist(struct host *host, struct core *core)
{
    if (core_ticks(host, core)) {
        core_take_tick(host, core);
    } else if (core->needs & NEED_HEARTBEAT) {
        core_begin(host, core, ENTRY_TICK, NO_TASK, core->torus, 0, ACCOUNT_TICK);
    } else if (core->needs & NEED_TAKE) {
        core_take_over(host, core);
    } else {
        core->operation = core->refused;
        core->refused.torus = NULL;
        core->state = CORE_ENTERING;
        core_enter(host, core);
    }
}

/* The torus that this core should receive for; NULL: none. */
static struct host_torus *core_receiving(struct host *host, struct core *core)
{
    for (uint32_t i = 0; i < core->torus_count; i++)
        if (!inbox_is_empty(&core_torus(host, core, i)->torus->inbox))
            return core_torus(host, core, i);
    core->needs &= ~(uint32_t)NEED_RECEIVE;
    return NULL;
}

/* The torus that this core should balance; NULL: none. */
static struct host_torus *core_balancing(struct host *host, struct core *core)
{
    for (uint32_t i = 0; i < core->torus_count; i++) {
        struct host_torus *torus = core_torus(host, core, i);
        if (torus->need_balance) {
            torus->need_balance = false;
            return torus;
        }
    }
    core->needs &= ~(uint32_t)NEED_BALANCE;
    return NULL;
}

void core_event(struct host *host, struct core *core)
{
    struct host_torus *torus;
    core_progress(host, core);
    if (core->halt != HALT_NONE && failures_halt(host, core)) {
        /* it has stopped, or leaves */
    } else if (core->state == CORE_WAITING) {
        core->operation.waited =
            lock_model_granted(core->operation.torus->lock, core->id, host->now_ps);
        torus_locked(host, core->operation.torus)->promised_core = NO_CORE;
        entry_execute(host, core, 0);
    } else if (core->state == CORE_ENTERING) {
        core_enter(host, core);
    } else if (core->refused.torus != NULL) {
        core_insist(host, core);
    } else if (core->posted_head != NO_TASK) {
        core_take_posted(host, core);
    } else if (core->waking_head != NO_TASK) {
        sync_wake(host, core);
    } else if (core->request.victim != NULL) {
        core_take_request(host, core);
    } else if (core_ticks(host, core)) {
        core_take_tick(host, core);
    } else if (core->due_head != NO_TASK) {
        core_take_due(host, core);
    } else if (core->needs & NEED_HEARTBEAT) {
        core_begin(host, core, ENTRY_TICK, NO_TASK, core->torus, 0, ACCOUNT_TICK);
    } else if (core->ipi_ps <= host->now_ps) {
        core_take_ipi(host, core);
    } else if ((core->needs & NEED_RECEIVE) && (torus = core_receiving(host, core)) != NULL) {
        core_begin(host, core, ENTRY_RECEIVE, NO_TASK, torus, 0, ACCOUNT_SCHED);
    } else if (core->needs & (NEED_TAKE | NEED_TEND)) {
        core_take_over(host, core);
    } else if ((core->needs & NEED_BALANCE) && (torus = core_balancing(host, core)) != NULL) {
        core_balance(host, core, torus, BALANCE_ROUND);
    } else if (core->needs & NEED_RESCHEDULE) {
        core_begin(host, core, ENTRY_SCHEDULE, NO_TASK, core->torus, 0, ACCOUNT_SCHED);
    } else if (core->needs & NEED_IDLE) {
        core->needs &= ~(uint32_t)NEED_IDLE;
        if (core->state == CORE_IDLE)
            core_balance(host, core, core->torus, BALANCE_IDLE);
    } else if (core->state == CORE_RUNNING && core->stall_ps == 0 &&
               host->tasks[core->running].run_left_ps == 0) {
        program_step(host, core);
    }
    core_arm(host, core);
}
