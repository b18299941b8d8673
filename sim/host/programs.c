/* programs.c -- steps processes through their phases, and lets streams arrive; see internal.h.
 *
 * Every duration is drawn from the process's own stream of random numbers, so what a process does
 * depends on nobody's scheduling.  A burst is the work between two sleeps (a whole loop when there
 * are none): it begins when it was meant to, and ends when the process sleeps, exits or loops.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/steps.h"

#include "sim/base/random.h"

uint64_t program_draw_ps(struct host *host, struct task *task, const struct distribution *duration)
{
    random_resume(host->rng, host->scenario->seed, host->replication,
                  RANDOM_PHASES | (uint32_t)task->workload << 8, task->entity, task->place);
    uint64_t ps = distribution_draw_ps(duration, host->rng);
    task->place = random_place(host->rng);
    return ps;
}

void program_looped(struct host *host, struct task *task, uint64_t when_ps)
{
    task->flags &= (uint8_t)~TASK_LOOPING;
    if (when_ps < host->warmup_ps)
        return;
    task->loops++;
    host->completed++;
    host->entry_tallies[task->workload].completed++;
}

static bool workload_sleeps(const struct workload *workload)
{
    for (uint32_t i = 0; i < workload->phase_count; i++)
        if (workload->phases[i].kind == PHASE_SLEEP || workload->phases[i].kind == PHASE_BURSTS)
            return true;
    return false;
}

void program_call(struct host *host, struct core *core, enum entry_kind kind, uint32_t task)
{
    core_begin(host, core, kind, task, core->torus,
               core_kernel_ps(host, core, host->cost.syscall_ps), ACCOUNT_SCHED);
}

static void run_for(struct task *task, uint64_t ps)
{
    task->run_left_ps = ps;
    task->demand_ps += ps;
}

static void draw_run(struct host *host, struct task *task, const struct phase *phase)
{
    run_for(task, program_draw_ps(host, task, &phase->duration));
}

void program_sleep(struct host *host, struct core *core, uint64_t until_ps)
{
    struct task *task = &host->tasks[core->running];
    tally_burst(host, task);
    task->due_ps = until_ps;
    if (until_ps > host->warmup_ps)
        task->flags |= TASK_HAS_BLOCKED;
    program_call(host, core, ENTRY_BLOCK, NO_TASK);
}

/* A recorded sleep ends when its process was woken, which here, too, is some time after its timer
 * expires: what the ones before were too long for that is taken off the next. */
static uint64_t recorded_sleep_ps(struct host *host, uint32_t id, uint64_t ps)
{
    uint64_t *behind_ps = &host->bursts[id].behind_ps;
    uint64_t less_ps = *behind_ps < ps ? *behind_ps : ps;
    *behind_ps -= less_ps;
    return ps - less_ps;
}

bool program_next_burst(struct host *host, struct core *core, const struct burst_list *list)
{
    struct task *task = &host->tasks[core->running];
    uint32_t *at = &host->bursts[core->running].at;
    while (*at < list->count) {
        bool runs = *at % 2 == 0;
        uint64_t ps = list->ps[(*at)++];
        if (!runs) {
            program_sleep(host, core, host->now_ps + recorded_sleep_ps(host, core->running, ps));
            return true;
        }
        run_for(task, ps);
        core_refill(host, core);
        if (task->run_left_ps > 0)
            return true;
    }
    *at = 0;
    return false;
}

/* Those that are forked beside the instances go through the lists again. */
static const struct burst_list *list_of(const struct workload *workload, const struct task *task)
{
    return &workload->bursts[task->phase - 1][task->entity % workload->instances];
}

/* The program has run off its end.  True: it goes round again. */
static bool program_end(struct host *host, struct core *core, struct task *task)
{
    const struct workload *workload = &host->scenario->workloads[task->workload];
    program_looped(host, task, host->now_ps);
    if (workload->open) {
        tally_burst(host, task);
        program_call(host, core, ENTRY_EXIT, NO_TASK);
        return false;
    }
    if (!workload_sleeps(workload))
        tally_burst(host, task);
    task->phase = 0;
    return true;
}

void program_step(struct host *host, struct core *core)
{
    struct task *task = &host->tasks[core->running];
    const struct workload *workload = &host->scenario->workloads[task->workload];
    if (workload->step_count > 0) {
        steps_go_on(host, core);
        return;
    }
    if (task->flags & TASK_LOOPING)
        program_looped(host, task, host->now_ps);
    for (;;) {
        if (task->phase == workload->phase_count && !program_end(host, core, task))
            return;
        const struct phase *phase = &workload->phases[task->phase++];
        switch (phase->kind) {
        case PHASE_RUN:
            draw_run(host, task, phase);
            core_refill(host, core);
            if (task->run_left_ps > 0)
                return;
            break;
        case PHASE_SLEEP:
            program_sleep(host, core, host->now_ps + program_draw_ps(host, task, &phase->duration));
            return;
        case PHASE_YIELD:
            program_call(host, core, ENTRY_YIELD, NO_TASK);
            return;
        case PHASE_BURSTS:
            if (program_next_burst(host, core, list_of(workload, task))) {
                task->phase--; /* it stays in this phase */
                return;
            }
            break;
        }
    }
}

/* It need not have an event of its own for that when its core is free.  Nobody can tell the
 * difference: what the phase lasts does not depend on when it is drawn, and the loop that it begins
 * counts from when the task works.  (Under traced cost its caches are looked at then.) */
void program_prepare(struct host *host, struct task *task)
{
    const struct workload *workload = &host->scenario->workloads[task->workload];
    if (host->traced || task->run_left_ps > 0 || task->flags & TASK_LOOPING)
        return;
    if (workload->step_count > 0)
        return;
    bool loops = task->phase == workload->phase_count;
    const struct phase *phase = &workload->phases[loops ? 0 : task->phase];
    if (phase->kind != PHASE_RUN || (loops && (workload->open || !workload_sleeps(workload))))
        return;
    if (loops) {
        task->phase = 0;
        task->flags |= TASK_LOOPING;
    }
    task->phase++;
    draw_run(host, task, phase);
}

/* ---- Births ------------------------------------------------------------------------------- */

static void task_init(struct host *host, uint32_t id, uint32_t workload, uint32_t entity)
{
    struct task *task = &host->tasks[id];
    *task = (struct task){ .workload = (uint8_t)workload,
                           .entity = entity,
                           .core = (uint16_t)(entity % host->core_count),
                           .next = NO_TASK };
    if (host->bursts != NULL)
        host->bursts[id] = (struct burst_place){ 0 };
    if (host->programs != NULL)
        steps_begin(host, id);
    if (host->traced)
        working_set_forget(&host->working_sets, id);
}

static uint64_t draw_apart_ps(struct host *host, uint32_t purpose, uint32_t workload,
                              uint32_t entity, const struct distribution *duration)
{
    random_seek(host->rng, host->scenario->seed, host->replication, purpose | workload << 8, entity,
                0);
    return distribution_draw_ps(duration, host->rng);
}

static void stream_next(struct host *host, uint32_t workload, uint64_t from_ps)
{
    uint64_t gap_ps = draw_apart_ps(host, RANDOM_ARRIVALS, workload, host->arrivals[workload],
                                    &host->scenario->workloads[workload].gap);
    timer_set(host, host->stream_from + workload, from_ps + gap_ps);
}

/* Somebody may arrive, or be forked, as this task. */
static void slot_free(struct host *host, uint32_t id)
{
    struct task *task = &host->tasks[id];
    task->next = host->free_list[task->workload];
    host->free_list[task->workload] = id;
}

void program_free(struct host *host, uint32_t id)
{
    const struct task *task = &host->tasks[id];
    if (task->entity < host->scenario->workloads[task->workload].instances)
        return;
    host->open_alive--;
    slot_free(host, id);
}

uint32_t program_newcomer(struct host *host, uint32_t workload)
{
    uint32_t id = host->free_list[workload];
    if (id == NO_TASK) {
        host->overrun = (struct overrun){ .workload = workload, .happened = OVERRUN_ALIVE };
        siglongjmp(host->escape, 1);
    }
    host->free_list[workload] = host->tasks[id].next;
    if (++host->open_alive > host->open_most) {
        host->open_most = host->open_alive;
        tally_starvation(host);
    }
    task_init(host, id, workload, host->arrivals[workload]++);
    host->tasks[id].due_ps = host->now_ps;
    if (host->programs != NULL)
        host->programs[id].born_ps = host->now_ps;
    return id;
}

void program_arrival(struct host *host, uint32_t workload)
{
    core_add_due(host, program_newcomer(host, workload));
    stream_next(host, workload, host->now_ps);
}

static void instance_start(struct host *host, uint32_t id)
{
    struct task *task = &host->tasks[id];
    const struct workload *workload = &host->scenario->workloads[task->workload];
    task->due_ps = workload->starts_ps != NULL ? workload->starts_ps[task->entity]
                                               : draw_apart_ps(host, RANDOM_START, task->workload,
                                                               task->entity, &workload->start);
    if (host->programs != NULL)
        host->programs[id].born_ps = task->due_ps;
    timer_set(host, id, task->due_ps);
}

void program_start(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    uint32_t id = 0, own_timers = 0;
    tally_starvation(host);
    for (uint32_t w = 0; w < scenario->workload_count; w++) {
        const struct workload *workload = &scenario->workloads[w];
        uint32_t count = workload_slots(workload);
        host->free_list[w] = NO_TASK;
        host->arrivals[w] = workload->instances;
        for (uint32_t i = 0; i < count; i++, id++, own_timers += workload->timers) {
            if (host->programs != NULL)
                host->programs[id].own_timers = own_timers;
            task_init(host, id, w, i);
            if (i < workload->instances)
                instance_start(host, id);
            else
                slot_free(host, id);
        }
        if (workload->open)
            stream_next(host, w, draw_apart_ps(host, RANDOM_START, w, 0, &workload->start));
    }
}
