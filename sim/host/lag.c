/* lag.c -- what processes are owed of the user time that is delivered; see internal.h.
 *
 * A fluid scheduler would share, at each instant, what the cores deliver among all runnable
 * processes by weight, at most one core a process (max-min).  Processes of one weight are owed the
 * same, so what one of them would have had by now is one number for each weight, and the owed time
 * of a process is what that has grown since the process became runnable.
 *
 *     rate of weight w = min(1, lambda w), lambda such that all rates sum to what is delivered
 *     lag = owed - received, since it became runnable
 *
 * The lag grows while a process waits and does not while it runs, so it is greatest when it begins
 * to run, or at the end; it is looked at there.  A core delivers nothing before its accounts end
 * and a refill is over, which may lie ahead of the clock: such begins are found when the time up to
 * now is gone through, in their order.  O(cores) for each piece of time.
 *
 * Invariant: what all processes are owed is what all receive; every run checks it.  By hand:
 * tests/unit/lag.c.
 * Source: A. K. Parekh and R. G. Gallager, "A generalized processor sharing approach to flow
 * control", IEEE/ACM Transactions on Networking 1(3), 1993; I. Stoica et al., "A proportional share
 * resource allocation algorithm", RTSS 1996, for lag.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/internal.h"

#include <math.h>

#include "sim/base/check.h"

struct weight_class {
    uint32_t weight, runnable;
    double rate;    /* cores, for each process */
    double owed_ps; /* within the window, to a process that has been runnable since it began */
};

struct begin {
    uint64_t when_ps;
    const struct core *core;
};

struct lag {
    uint64_t last_ps; /* gone through up to here */
    uint32_t class_count;
    struct weight_class *classes; /* greatest weight first */
    uint32_t *class_of;           /* [workload] */
    double *owed_before;          /* [task] when it became runnable: of its class, */
    uint64_t *received_before;    /* and its own */
    struct begin *begins;         /* [core] */
    double delivered;             /* cores, now */
    bool stale;                   /* rates are */
    double greatest_ps, all_owed_ps;
    bool cut; /* where the window begins, a core worked that was not at full speed */
};

void lag_init(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    struct lag *lag = arena_alloc(host->arena, 1, sizeof *lag);
    host->lag = lag;
    lag->greatest_ps = NAN;
    lag->classes = arena_alloc(host->arena, scenario->workload_count, sizeof *lag->classes);
    lag->class_of = arena_alloc(host->arena, scenario->workload_count, sizeof *lag->class_of);
    lag->owed_before = arena_alloc(host->arena, host->task_count, sizeof *lag->owed_before);
    lag->received_before = arena_alloc(host->arena, host->task_count, sizeof(uint64_t));
    lag->begins = arena_alloc(host->arena, host->core_count, sizeof *lag->begins);
    for (uint32_t w = 0; w < scenario->workload_count; w++) {
        uint32_t weight = scenario->workloads[w].weight, at = 0;
        while (at < lag->class_count && lag->classes[at].weight > weight)
            at++;
        if (at < lag->class_count && lag->classes[at].weight == weight)
            continue;
        for (uint32_t k = lag->class_count++; k > at; k--)
            lag->classes[k] = lag->classes[k - 1];
        lag->classes[at] = (struct weight_class){ .weight = weight };
    }
    for (uint32_t w = 0; w < scenario->workload_count; w++)
        while (lag->classes[lag->class_of[w]].weight != scenario->workloads[w].weight)
            lag->class_of[w]++;
}

/* From the greatest weight on: who would have more than one core has one. */
static void set_rates(struct lag *lag)
{
    double left = lag->delivered, weights = 0;
    for (uint32_t k = 0; k < lag->class_count; k++)
        weights += (double)lag->classes[k].runnable * lag->classes[k].weight;
    for (uint32_t k = 0; k < lag->class_count; k++) {
        struct weight_class *class = &lag->classes[k];
        if (class->runnable == 0)
            continue;
        class->rate = fmin(1, left * class->weight / weights);
        if (class->rate == 1) {
            left -= class->runnable;
            weights -= (double)class->runnable * class->weight;
        }
    }
    lag->stale = false;
}

static void pass(struct lag *lag, uint64_t until_ps)
{
    if (until_ps <= lag->last_ps)
        return;
    double elapsed_ps = (double)(until_ps - lag->last_ps);
    lag->last_ps = until_ps;
    if (lag->delivered == 0)
        return;
    if (lag->stale)
        set_rates(lag);
    for (uint32_t k = 0; k < lag->class_count; k++) {
        struct weight_class *class = &lag->classes[k];
        if (class->runnable == 0)
            continue;
        class->owed_ps += class->rate * elapsed_ps;
        lag->all_owed_ps += class->rate * elapsed_ps * class->runnable;
    }
}

static void look_at(struct host *host, uint32_t id)
{
    struct lag *lag = host->lag;
    const struct task *task = &host->tasks[id];
    double owed = lag->classes[lag->class_of[task->workload]].owed_ps - lag->owed_before[id];
    lag->greatest_ps =
        fmax(lag->greatest_ps, owed - (double)(task->user_ps - lag->received_before[id]));
}

/* The cores that run something and deliver before until_ps, by when they begin. */
static uint32_t find_begins(struct host *host, uint64_t until_ps)
{
    struct begin *begins = host->lag->begins;
    uint32_t count = 0;
    for (uint32_t c = 0; c < host->core_count; c++) {
        const struct core *core = &host->cores[c];
        uint64_t when_ps = core->accounted_ps + core->stall_ps;
        if (core->state != CORE_RUNNING || when_ps >= until_ps)
            continue;
        uint32_t at = count++;
        for (; at > 0 && begins[at - 1].when_ps > when_ps; at--)
            begins[at] = begins[at - 1];
        begins[at] = (struct begin){ when_ps, core };
    }
    return count;
}

/* What siblings and memory take from a core is accounted for before its work, in each piece of
 * time; here it is spread over it.  That differs in the one piece that the window's begin cuts. */
static void begin_window(struct host *host)
{
    struct lag *lag = host->lag;
    lag->last_ps = host->warmup_ps;
    for (uint32_t c = 0; c < host->core_count; c++) {
        const struct core *core = &host->cores[c];
        lag->cut = lag->cut || (core->state == CORE_RUNNING && core->share < CORE_WHOLE &&
                                core->accounted_ps < host->warmup_ps);
    }
}

void lag_pass(struct host *host)
{
    struct lag *lag = host->lag;
    uint64_t until_ps = host->now_ps < host->end_ps ? host->now_ps : host->end_ps;
    if (until_ps <= host->warmup_ps || until_ps <= lag->last_ps)
        return;
    if (lag->last_ps < host->warmup_ps)
        begin_window(host);
    uint32_t count = find_begins(host, until_ps);
    lag->delivered = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct begin *begin = &lag->begins[i];
        bool begins = begin->when_ps >= lag->last_ps;
        pass(lag, begin->when_ps);
        if (begins)
            look_at(host, begin->core->running);
        lag->delivered += (double)begin->core->share / (double)CORE_WHOLE;
        lag->stale = true;
    }
    pass(lag, until_ps);
}

void lag_begin(struct host *host, uint32_t id)
{
    struct lag *lag = host->lag;
    struct weight_class *class = &lag->classes[lag->class_of[host->tasks[id].workload]];
    lag_pass(host);
    class->runnable++;
    lag->stale = true;
    lag->owed_before[id] = class->owed_ps;
    lag->received_before[id] = host->tasks[id].user_ps;
}

void lag_end(struct host *host, uint32_t id)
{
    struct lag *lag = host->lag;
    lag_pass(host);
    lag->classes[lag->class_of[host->tasks[id].workload]].runnable--;
    lag->stale = true;
}

/* Each time that a core is accounted for, at most once an event, its user time is rounded down. */
static void check_sum(const struct host *host)
{
    double received_ps = 0;
    for (uint32_t c = 0; c < host->core_count; c++)
        received_ps += (double)host->cores[c].account_ps[ACCOUNT_USER];
    CHECK(host->lag->cut ||
          fabs(host->lag->all_owed_ps - received_ps) <=
              1e-9 * received_ps + (double)host->event_count * (4 + host->core_count));
}

void lag_finish(struct host *host, double *ms_max, double *share_error_max)
{
    struct lag *lag = host->lag;
    check_sum(host);
    *share_error_max = NAN;
    for (uint32_t id = 0; id < host->task_count; id++) {
        const struct task *task = &host->tasks[id];
        double owed_ps = lag->classes[lag->class_of[task->workload]].owed_ps;
        if (task->state >= TASK_POSTED)
            look_at(host, id);
        if (task_was_runnable(task) && owed_ps > 0)
            *share_error_max =
                fmax(*share_error_max, fabs((double)task->user_ps - owed_ps) / owed_ps);
    }
    *ms_max = lag->greatest_ps / 1e9;
}
