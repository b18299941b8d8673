/* steps.c -- steps processes through programs that do more than run, sleep and yield.
 *
 * One call goes on until the process has CPU time to use, has entered the kernel, or has somebody
 * to wake.  What waits for others is in sync.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/steps.h"

#include <stdarg.h>
#include <stdio.h>

#include "sim/base/check.h"

/* ---- Set-up ------------------------------------------------------------------------------- */

void steps_init(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    size_t own = 0;
    for (uint32_t w = 0; w < scenario->workload_count; w++)
        own += (size_t)workload_slots(&scenario->workloads[w]) * scenario->workloads[w].timers;
    host->programs = arena_alloc(host->arena, host->task_count, sizeof *host->programs);
    host->own_timers = arena_alloc(host->arena, own, sizeof *host->own_timers);
    if (scenario->mask_count > 0)
        cpus_init(host);
    sync_init(host);
}

void steps_begin(struct host *host, uint32_t id)
{
    uint32_t own_timers = host->programs[id].own_timers;
    const struct workload *workload = &host->scenario->workloads[host->tasks[id].workload];
    host->programs[id] = (struct program){ .next = NO_TASK,
                                           .mutex = NO_RESOURCE,
                                           .held = NO_RESOURCE,
                                           .own_timers = own_timers,
                                           .wanted_mask = workload->mask,
                                           .rank = { workload->priority, workload->weight } };
    for (uint32_t i = 0; i < workload->timers; i++)
        host->own_timers[own_timers + i] = 0;
    if (workload->mask > 0)
        host->tasks[id].core = cpus_birthplace(host, workload->mask, host->tasks[id].entity);
}

/* ---- Refusals ----------------------------------------------------------------------------- */

const char *steps_name(const struct host *host, uint32_t id, char name[PROCESS_NAME_MAX])
{
    const struct task *task = &host->tasks[id];
    const struct workload *workload = &host->scenario->workloads[task->workload];
    if (workload_slots(workload) > 1)
        snprintf(name, PROCESS_NAME_MAX, "%.40s/%u", workload->name, task->entity);
    else
        snprintf(name, PROCESS_NAME_MAX, "%.40s", workload->name);
    return name;
}

void steps_refuse(struct host *host, uint32_t id, const char *format, ...)
{
    char name[PROCESS_NAME_MAX], text[448];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    host->overrun =
        (struct overrun){ .workload = host->tasks[id].workload, .happened = OVERRUN_PROGRAM };
    snprintf(host->overrun.text, sizeof host->overrun.text, "%s %s", steps_name(host, id, name),
             text);
    siglongjmp(host->escape, 1);
}

/* Steps that take no time must come to an end. */
static void check_time_goes_by(struct host *host, uint32_t id)
{
    uint64_t most = 200000 + UINT64_C(4) * host->task_count;
    if (host->steps_ps != host->now_ps)
        host->steps_taken = 0;
    host->steps_ps = host->now_ps;
    if (++host->steps_taken > most)
        steps_refuse(
            host, id,
            "goes, alone or with others, through %ju steps at one instant, %.6f ms, so that "
            "the clock stands still; add a run or a sleep above 0",
            (uintmax_t)most, (double)host->now_ps / 1e9);
}

void steps_pace(struct host *host, const struct core *core)
{
    if (core->running == NO_TASK || host->programs[core->running].until_ps == 0)
        return;
    uint64_t until_ps = host->programs[core->running].until_ps;
    uint64_t from_ps = core->accounted_ps + core->stall_ps;
    uint64_t left_ps = until_ps > from_ps ? until_ps - from_ps : 0;
    host->tasks[core->running].run_left_ps =
        core_share_ps(core_share_ps(left_ps, core->share), core->speed);
}

/* ---- Steps -------------------------------------------------------------------------------- */

static bool step_run(struct host *host, struct core *core, struct task *task,
                     const struct step *step)
{
    task->run_left_ps = program_draw_ps(host, task, &step->amount);
    task->demand_ps += task->run_left_ps;
    core_refill(host, core);
    return task->run_left_ps > 0;
}

static bool step_runtime(struct host *host, struct core *core, struct task *task,
                         const struct step *step)
{
    if (!step_run(host, core, task, step))
        return false;
    host->programs[core->running].until_ps = host->now_ps + task->run_left_ps;
    steps_pace(host, core);
    return true;
}

/* As rt-app's: due a period after it was last due, or first after the process was born.  One that
 * has gone by already is missed: then a relative one counts from now. */
static bool step_timer(struct host *host, struct core *core, struct task *task,
                       const struct step *step)
{
    const struct program *program = &host->programs[core->running];
    uint64_t *next_ps = step->is_own ? &host->own_timers[program->own_timers + step->resource]
                                     : &host->shared[step->resource].next_ps;
    if (*next_ps == 0)
        *next_ps = program->born_ps;
    *next_ps += program_draw_ps(host, task, &step->amount);
    if (*next_ps > host->now_ps) {
        program_sleep(host, core, *next_ps);
        return true;
    }
    tally_burst(host, task);
    if (!step->is_absolute)
        *next_ps = host->now_ps;
    task->due_ps = *next_ps;
    return false;
}

static void step_fork(struct host *host, struct core *core, const struct step *step)
{
    uint32_t child = program_newcomer(host, step->other);
    host->tasks[child].state = TASK_DUE;
    program_call(host, core, ENTRY_CREATE, child);
}

static bool step_cpus(struct host *host, struct core *core, const struct step *step)
{
    struct program *program = &host->programs[core->running];
    if (program->mask == step->other)
        return false;
    program->wanted_mask = step->other;
    program_call(host, core, ENTRY_SCHEDULE, NO_TASK);
    return true;
}

static bool step_bursts(struct host *host, struct core *core, const struct task *task,
                        const struct step *step)
{
    uint32_t instances = host->scenario->workloads[task->workload].instances;
    struct program *program = &host->programs[core->running]; /* it need not run there afterwards */
    if (!program_next_burst(host, core, &step->bursts[task->entity % instances]))
        return false;
    program->step--; /* it stays in this step */
    return true;
}

/* A group begins that goes round as often as is drawn. */
static bool step_turns(struct host *host, struct core *core, struct task *task,
                       const struct step *step)
{
    enum { PS_PER_TURN = 1000000 };
    struct program *program = &host->programs[core->running];
    uint64_t turns = (program_draw_ps(host, task, &step->amount) + PS_PER_TURN / 2) / PS_PER_TURN;
    program->turns[step->depth] = turns < UINT32_MAX ? (uint32_t)turns : UINT32_MAX;
    if (turns == 0)
        program->step = step->other;
    return false;
}

static bool step_repeat(struct program *program, const struct step *step)
{
    uint32_t *turns = &program->turns[step->depth];
    if (step->is_drawn) {
        if (--*turns > 0)
            program->step = step->other;
        return false;
    }
    if (step->count == 0 || ++*turns < step->count)
        program->step = step->other;
    else
        *turns = 0;
    return false;
}

/* True: the process does not come to its next step at once. */
static bool take_step(struct host *host, struct core *core, struct task *task,
                      const struct step *step)
{
    switch (step->kind) {
    case STEP_RUN:
        return step_run(host, core, task, step);
    case STEP_SLEEP:
        program_sleep(host, core, host->now_ps + program_draw_ps(host, task, &step->amount));
        return true;
    case STEP_YIELD:
        program_call(host, core, ENTRY_YIELD, NO_TASK);
        return true;
    case STEP_BURSTS:
        return step_bursts(host, core, task, step);
    case STEP_RUNTIME:
        return step_runtime(host, core, task, step);
    case STEP_TIMER:
        return step_timer(host, core, task, step);
    case STEP_FORK:
        step_fork(host, core, step);
        return true;
    case STEP_CPUS:
        return step_cpus(host, core, step);
    case STEP_TURNS:
        return step_turns(host, core, task, step);
    case STEP_REPEAT:
        return step_repeat(&host->programs[core->running], step);
    default:
        return sync_step(host, core, step);
    }
}

/* ---- Rounds ------------------------------------------------------------------------------- */

static bool ends_burst(enum step_kind kind)
{
    return kind == STEP_SLEEP || kind == STEP_BURSTS || kind == STEP_TIMER || kind == STEP_WAIT ||
           kind == STEP_BARRIER || kind == STEP_SUSPEND || kind == STEP_SEM_WAIT;
}

static bool has_bursts(const struct workload *workload)
{
    for (uint32_t i = 0; i < workload->step_count; i++)
        if (ends_burst(workload->steps[i].kind))
            return true;
    return false;
}

/* The program has come to its end.  True: it goes round again. */
static bool end_round(struct host *host, struct core *core, struct task *task,
                      const struct workload *workload)
{
    struct program *program = &host->programs[core->running];
    bool exits = ++program->rounds == workload->rounds;
    if (exits || !workload->open)
        program_looped(host, task, host->now_ps);
    if (exits ? workload->open || task->demand_ps > 0 : !has_bursts(workload))
        tally_burst(host, task);
    program->step = 0;
    if (exits && program->held != NO_RESOURCE)
        steps_refuse(host, core->running, "exits while it holds the mutex %s; unlock it before",
                     host->scenario->resources[program->held].name);
    if (exits)
        program_call(host, core, ENTRY_EXIT, NO_TASK);
    return !exits;
}

/* What the process was in the middle of.  False: it still is, or blocks. */
static bool finish_step(struct host *host, struct core *core, struct task *task)
{
    struct program *program = &host->programs[core->running];
    if (program->until_ps > host->now_ps) {
        steps_pace(host, core);
        if (task->run_left_ps > 0)
            return false;
    }
    program->until_ps = 0;
    if (sync_blocks(host, core))
        return false;
    if (program->flags & PROGRAM_IN_BURST)
        task->due_ps = program->burst_ps;
    program->flags &= ~(uint32_t)PROGRAM_IN_BURST;
    return true;
}

void steps_go_on(struct host *host, struct core *core)
{
    uint32_t id = core->running;
    struct task *task = &host->tasks[id];
    struct program *program = &host->programs[id];
    const struct workload *workload = &host->scenario->workloads[task->workload];
    if (!finish_step(host, core, task))
        return;
    for (;;) {
        if (program->step == workload->step_count && !end_round(host, core, task, workload))
            return;
        check_time_goes_by(host, id);
        if (take_step(host, core, task, &workload->steps[program->step++]))
            return;
    }
}
