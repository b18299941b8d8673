/* tally.c -- measures a run: latencies, integrals over time, fairness; see internal.h.
 *
 * Everything is over the window between warm-up and end.  What is still unfinished at the end
 * (a wait, a wake-up) counts with the time that it has lasted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/internal.h"

#include <math.h>
#include <string.h>

#include "sim/base/check.h"

/* ---- Integrals ---------------------------------------------------------------------------- */

static double per_core_served(const struct host *host)
{
    double cores = (double)host->core_count / host->torus_count;
    return cores > 1 ? cores : 1;
}

void tally_integrate(struct host *host)
{
    uint64_t from = host->integrated_ps > host->warmup_ps ? host->integrated_ps : host->warmup_ps;
    if (host->series != NULL)
        series_add(host->series, host->series->ready_ps, host->integrated_ps, host->now_ps,
                   host->waiting);
    host->integrated_ps = host->now_ps;
    if (host->now_ps <= from)
        return;
    double elapsed_ps = (double)(host->now_ps - from);
    uint32_t wasted = host->waiting < host->idle_cores ? host->waiting : host->idle_cores;
    host->wasted_core_ps += wasted * elapsed_ps;
    host->imbalance_ps += (host->load_max - host->load_min) * elapsed_ps;
}

/* The core and the process have idled and waited side by side up to now. */
static void tally_vain(struct host *host, const struct core *core, const struct task *task)
{
    uint64_t from = core->idle_ps > task->ready_ps ? core->idle_ps : task->ready_ps;
    if (from < host->warmup_ps)
        from = host->warmup_ps;
    if (host->now_ps > from + host->vain_ps_max)
        host->vain_ps_max = host->now_ps - from;
}

/* O(tasks), but only if it may have idled beside somebody for longer than the longest time so far:
 * who waits now has done so since oldest_ps at most, as whoever comes later is READY later. */
void tally_idled(struct host *host, const struct core *core)
{
    uint64_t from = core->idle_ps > host->oldest_ps ? core->idle_ps : host->oldest_ps;
    if (from < host->warmup_ps)
        from = host->warmup_ps;
    if (!host->scenario->vain || host->waiting == 0 || host->now_ps <= from + host->vain_ps_max)
        return;
    host->oldest_ps = host->now_ps;
    for (uint32_t id = 0; id < host->task_count; id++) {
        const struct task *task = &host->tasks[id];
        if (task->state < TASK_POSTED || task->state > TASK_READY)
            continue;
        if (task->ready_ps < host->oldest_ps)
            host->oldest_ps = task->ready_ps;
        if (task->state == TASK_READY)
            tally_vain(host, core, task);
    }
}

/* Likewise, O(cores). */
static void tally_waited(struct host *host, const struct task *task)
{
    if (!host->scenario->vain || host->idle_cores == 0 ||
        host->now_ps <= task->ready_ps + host->vain_ps_max)
        return;
    for (uint32_t c = 0; c < host->core_count; c++)
        if (host->cores[c].is_idle)
            tally_vain(host, &host->cores[c], task);
}

/* Keeps the least and the greatest load in O(1): a load changes by one at a time. */
void tally_load(struct host *host, uint32_t from, uint32_t to)
{
    if (from == to)
        return;
    CHECK(from + 1 == to || to + 1 == from);
    host->load_count[from]--;
    host->load_count[to]++;
    if (to > host->load_max)
        host->load_max = to;
    else if (from == host->load_max && host->load_count[from] == 0)
        host->load_max = to;
    if (to < host->load_min)
        host->load_min = to;
    else if (from == host->load_min && host->load_count[from] == 0)
        host->load_min = to;
}

void torus_count_change(struct host *host, struct host_torus *torus, int ready, int running)
{
    tally_integrate(host);
    uint32_t before = torus->ready + torus->running;
    torus->ready = (uint32_t)((int)torus->ready + ready);
    torus->running = (uint32_t)((int)torus->running + running);
    host->waiting = (uint32_t)((int)host->waiting + ready);
    tally_load(host, before, torus->ready + torus->running);
    if (host->recording != NULL && ready != 0)
        recording_ready(host, torus_number(host, torus), torus->ready);
}

/* ---- Processes ---------------------------------------------------------------------------- */

static void tally_wait(struct host *host, struct task *task, uint64_t until_ps)
{
    uint64_t wait_ps = until_ps - task->ready_ps;
    struct entry_tally *entry = &host->entry_tallies[task->workload];
    histogram_add(&entry->wait, wait_ps);
    task->wait_ps += wait_ps;
    if (wait_ps > task->wait_ps_max)
        task->wait_ps_max = wait_ps;
    host->starved += wait_ps > host->starve_ps;
    if (task->flags & TASK_WOKEN) {
        uint64_t latency_ps = until_ps - task->due_ps;
        histogram_add(&entry->wakeup, latency_ps);
    }
}

/* Ten times a fair turn: as many slices as there are processes per core. */
void tally_starvation(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    uint32_t processes = host->open_most;
    for (uint32_t w = 0; w < scenario->workload_count; w++)
        if (!scenario->workloads[w].open)
            processes += scenario->workloads[w].instances;
    uint32_t sharing = (processes + host->core_count - 1) / host->core_count;
    double turn_ps = (double)sharing * (double)scenario->scheduler.slice_ns * 1000;
    if (scenario->starve_ps > 0)
        host->starve_ps = scenario->starve_ps;
    else
        host->starve_ps = 10 * turn_ps < (double)NEVER ? (uint64_t)(10 * turn_ps) : NEVER;
}

void tally_dispatch(struct host *host, struct task *task, uint64_t start_ps)
{
    if (in_window(host)) {
        tally_wait(host, task, start_ps);
        tally_waited(host, task);
    }
    task->flags &= (uint8_t)~TASK_WOKEN;
}

/* The slowdown of a burst is kept in thousandths. */
enum { SLOWDOWN_SCALE = 1000 };

void tally_burst(struct host *host, struct task *task)
{
    uint64_t response_ps = host->now_ps - task->due_ps, demand_ps = task->demand_ps;
    task->due_ps = host->now_ps;
    task->demand_ps = 0;
    if (!in_window(host))
        return;
    struct entry_tally *entry = &host->entry_tallies[task->workload];
    histogram_add(&entry->response, response_ps);
    if (demand_ps > 0) {
        double slowdown = (double)response_ps / (double)demand_ps * SLOWDOWN_SCALE;
        histogram_add(&entry->slowdown, (uint64_t)slowdown);
    }
}

void tally_call(struct host *host, enum entry_kind kind, uint64_t price_ps)
{
    if (!in_window(host))
        return;
    histogram_add(&host->tally->call, price_ps);
    host->call_count[kind]++;
    host->call_ps[kind] += (double)price_ps;
    if (kind == ENTRY_TICK)
        return;
    host->work.entries++;
    host->work.price_ps += (double)price_ps;
    if (host->traced) {
        host->work.blocks += host->tracer.counts.blocks;
        host->work.accesses += host->tracer.counts.accesses;
    }
}

void tally_lock_wait(struct host *host, struct host_torus *torus, uint64_t wait_ps, bool contended)
{
    histogram_add(&host->tally->lock_wait, wait_ps);
    torus->asked++;
    torus->contended += contended;
}

/* ---- The end of a run --------------------------------------------------------------------- */

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NAN;
}

static void put_histogram(double *first, const struct histogram *histogram, double unit)
{
    first[0] = histogram_mean(histogram) / unit;
    first[1] = histogram_quantile(histogram, 0.5) / unit;
    first[2] = histogram_quantile(histogram, 0.9) / unit;
    first[3] = histogram_quantile(histogram, 0.99) / unit;
    first[4] = histogram_quantile(histogram, 0.999) / unit;
    first[5] = histogram->count > 0 ? (double)histogram->max / unit : NAN;
}

static double overhead_percent(const double *account)
{
    double overhead = account[ACCOUNT_SCHED] + account[ACCOUNT_LOCK_WAIT] +
                      account[ACCOUNT_SWITCH] + account[ACCOUNT_TICK] + account[ACCOUNT_BALANCE];
    double busy = overhead + account[ACCOUNT_USER] + account[ACCOUNT_CACHE];
    return percent(overhead, busy);
}

static void put_accounts(const struct host *host, double *m)
{
    double total[ACCOUNT_COUNT] = { 0 }, elapsed = 0, worst = NAN;
    for (uint32_t c = 0; c < host->core_count; c++)
        for (uint32_t a = 0; a < ACCOUNT_COUNT; a++) {
            total[a] += (double)host->cores[c].account_ps[a];
            elapsed += (double)host->cores[c].account_ps[a];
        }
    for (uint32_t t = 0; t < host->torus_count; t++) {
        double own[ACCOUNT_COUNT] = { 0 };
        for (uint32_t c = 0; c < host->tori[t].core_count; c++)
            for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
                own[a] += (double)host->cores[host->tori[t].first_core + c].account_ps[a];
        worst = fmax(worst, overhead_percent(own));
    }
    double busy = elapsed - total[ACCOUNT_IDLE] - total[ACCOUNT_IDLE_WORK];
    m[METRIC_sched_overhead_percent] = overhead_percent(total);
    m[METRIC_sched_overhead_percent_max_torus] = worst;
    m[METRIC_total_overhead_percent] = percent(busy - total[ACCOUNT_USER], busy);
    m[METRIC_useful_percent] = percent(total[ACCOUNT_USER], elapsed);
    for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
        m[METRIC_account_user_percent + a] = percent(total[a], elapsed);
}

/* Jain's index over the processes that could have run at any time of the window: what each
 * received, by weight.  Source: R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984. */
static double jain(const struct host *host)
{
    double sum = 0, squares = 0, count = 0;
    for (uint32_t id = 0; id < host->task_count; id++) {
        const struct task *task = &host->tasks[id];
        if (!task_was_runnable(task))
            continue;
        double share = (double)task->user_ps / host->scenario->workloads[task->workload].weight;
        sum += share;
        squares += share * share;
        count++;
    }
    return count > 0 && squares > 0 ? sum * sum / (count * squares) : NAN;
}

static void put_locks(const struct host *host, double *m, double window_ps)
{
    uint64_t acquisitions = 0, asked = 0, contended = 0, held_ps = 0;
    bool any = false;
    for (uint32_t t = 0; t < host->torus_count; t++) {
        const struct host_torus *torus = &host->tori[t];
        if (torus->lock == NULL)
            continue;
        any = true;
        acquisitions += torus->acquisitions;
        asked += torus->asked;
        contended += torus->contended;
        if (torus->held_ps > held_ps)
            held_ps = torus->held_ps;
    }
    m[METRIC_lock_utilisation] = any ? (double)held_ps / window_ps : NAN;
    m[METRIC_lock_contention_percent] = percent((double)contended, (double)asked);
    m[METRIC_lock_acquisitions_per_s] = any ? (double)acquisitions * 1e12 / window_ps : NAN;
    put_histogram(m + METRIC_lock_wait_us_mean, &host->tally->lock_wait, 1e6);
}

/* What all entries of the workload measured together. */
static void merge_entries(struct host *host)
{
    struct tally *all = host->tally;
    for (uint32_t w = 0; w < host->scenario->workload_count; w++) {
        const struct entry_tally *entry = &host->entry_tallies[w];
        histogram_merge(&all->wakeup, &entry->wakeup);
        histogram_merge(&all->wait, &entry->wait);
        histogram_merge(&all->response, &entry->response);
        histogram_merge(&all->slowdown, &entry->slowdown);
    }
}

static void put_entries(struct host *host, double *m, double seconds)
{
    for (uint32_t w = 0; w < host->scenario->workload_count; w++) {
        const struct entry_tally *entry = &host->entry_tallies[w];
        m[0] = (double)entry->completed / seconds;
        put_histogram(m + 1, &entry->wakeup, 1e6);
        put_histogram(m + 7, &entry->wait, 1e6);
        put_histogram(m + 13, &entry->response, 1e6);
        put_histogram(m + 19, &entry->slowdown, SLOWDOWN_SCALE);
        m += entry_metric_count;
    }
    for (uint32_t kind = 0; kind < ENTRY_KINDS; kind++)
        m[kind] = host->call_count[kind] > 0
                      ? host->call_ps[kind] / (double)host->call_count[kind] / 1e3
                      : NAN;
    m += ENTRY_KINDS;
    if (host->lag != NULL) {
        lag_finish(host, &m[LAG_lag_ms_max], &m[LAG_share_error_max]);
        m += LAG_COUNT;
    }
    if (host->scenario->until_done)
        *m++ = host->may_be_done ? NAN : (double)host->end_ps / 1e9;
    for (uint32_t i = 0; host->scenario->sweeps_cores && i < SCALING_COUNT; i++)
        m[i] = NAN;
}

static void put_metrics(struct host *host, double *m)
{
    double window_ps = (double)(host->end_ps - host->warmup_ps), seconds = window_ps / 1e12;
    const struct tally *tally = host->tally;
    put_accounts(host, m);
    m[METRIC_throughput_per_s] = (double)host->completed / seconds;
    m[METRIC_completed] = (double)host->completed;
    m[METRIC_switches_per_s] = (double)host->switch_count / seconds;
    put_histogram(m + METRIC_wakeup_latency_us_mean, &tally->wakeup, 1e6);
    put_histogram(m + METRIC_wait_us_mean, &tally->wait, 1e6);
    put_histogram(m + METRIC_response_us_mean, &tally->response, 1e6);
    put_histogram(m + METRIC_slowdown_mean, &tally->slowdown, SLOWDOWN_SCALE);
    put_histogram(m + METRIC_sched_call_ns_mean, &tally->call, 1e3);
    m[METRIC_context_switch_ns_mean] =
        host->switch_call_count > 0 ? (host->switch_call_ps / (double)host->switch_call_count +
                                       (double)host->cost.switch_ps) /
                                          1e3
                                    : NAN;
    m[METRIC_jain] = jain(host);
    m[METRIC_starved] = (double)host->starved;
    m[METRIC_wait_ms_max] = tally->wait.count > 0 ? (double)tally->wait.max / 1e9 : NAN;
    m[METRIC_wasted_percent] = percent(host->wasted_core_ps, window_ps * host->core_count);
    m[METRIC_imbalance_mean] = host->imbalance_ps / window_ps / per_core_served(host);
    m[METRIC_migrations_per_s] = (double)host->migration_count / seconds;
    put_locks(host, m, window_ps);
    put_entries(host, m + METRIC_COUNT, seconds);
}

static void check_accounts(const struct host *host)
{
    for (uint32_t c = 0; c < host->core_count; c++) {
        uint64_t sum = 0;
        for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
            sum += host->cores[c].account_ps[a];
        CHECK(sum == host->end_ps - host->warmup_ps);
    }
}

/* How long the task has been on cores, as the scheduler charges it: from pick to leaving.  Up to
 * since_ns it has charged what runs. */
static uint64_t charged_ns(const struct host *host, uint32_t id)
{
    const struct process *process = &host->processes[id];
    const struct task *task = &host->tasks[id];
    bool runs = task->state == TASK_RUNNING && host->cores[task->core].state != CORE_STOPPED;
    return process->runtime_ns + (runs ? host->now_ps / 1000 - process->since_ns : 0);
}

/* What the scheduler could not charge to what ran on the core, as that stops at once. */
void tally_stop(struct host *host, const struct core *core)
{
    if (in_window(host) && core->running != NO_TASK)
        host->runtime_ns[core->running] -=
            host->now_ps / 1000 - host->processes[core->running].since_ns;
}

void tally_warm(struct host *host)
{
    host->runtime_ns = arena_alloc(host->arena, host->task_count, sizeof *host->runtime_ns);
    if (host->warmup_ps == 0)
        return;
    for (uint32_t id = 0; id < host->task_count; id++)
        host->runtime_ns[id] = charged_ns(host, id);
    for (uint32_t c = 0; c < host->core_count; c++)
        if (!host->cores[c].is_idle)
            host->tasks[host->cores[c].running].switches = 1;
}

static void tally_runtimes(struct host *host)
{
    for (uint32_t id = 0; id < host->task_count; id++)
        host->runtime_ns[id] = charged_ns(host, id) - host->runtime_ns[id];
}

/* The totals take the place of the tasks, which are not needed any more: with a million processes
 * a second array would be a fifth of all memory. */
void tally_processes(struct host *host, struct run_result *result)
{
    _Static_assert(sizeof(struct process_totals) <= sizeof(struct task), "totals overwrite tasks");
    result->processes = (struct process_totals *)(void *)host->tasks;
    for (uint32_t id = 0; id < host->task_count; id++) {
        const struct task task = host->tasks[id];
        if (task.entity >= host->scenario->workloads[task.workload].instances)
            continue; /* it arrived, or was forked */
        result->processes[result->process_count++] = (struct process_totals){
            .workload = task.workload,
            .instance = task.entity,
            .user_ps = task.user_ps,
            .runtime_ns = host->runtime_ns[id],
            .wait_ps = task.wait_ps,
            .wait_ps_max = task.wait_ps_max,
            .switches = task.switches,
            .migrations = task.migrations,
            .loops = task.loops,
            .alive_whole_window = !(task.flags & TASK_BORN_LATE),
        };
    }
}

static void tally_unfinished(struct host *host, struct task *task)
{
    if (task->state == TASK_DUE) /* its interrupt is still to be taken */
        histogram_add(&host->entry_tallies[task->workload].wakeup, host->now_ps - task->due_ps);
    else if (task->state >= TASK_POSTED && task->state <= TASK_READY)
        tally_wait(host, task, host->now_ps);
}

/* A wait for a lock that has not ended counts with what it has lasted, before the window too. */
static void tally_unfinished_wait(struct host *host, const struct core *core)
{
    const struct operation *operation = &core->operation;
    if (core->state == CORE_WAITING)
        tally_lock_wait(host, operation->torus, host->now_ps - operation->requested_ps,
                        lock_model_found_held(operation->torus->lock, operation->requested_ps));
}

/* The cells of a histogram that hold something; counts them when to is NULL. */
static uint32_t put_cells(const struct histogram *histogram, uint32_t kind, struct latency_cell *to)
{
    uint32_t count = 0;
    for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        if (histogram->bucket[bucket] == 0)
            continue;
        if (to != NULL)
            to[count] = (struct latency_cell){ kind, bucket, histogram->bucket[bucket] };
        count++;
    }
    return count;
}

static void tally_latencies(const struct host *host, struct run_result *result)
{
    const struct histogram *const histograms[LATENCY_KINDS] = { &host->tally->wakeup,
                                                                &host->tally->wait,
                                                                &host->tally->response };
    uint32_t count = 0, at = 0;
    for (uint32_t kind = 0; kind < LATENCY_KINDS; kind++)
        count += put_cells(histograms[kind], kind, NULL);
    result->latency_count = count;
    result->latencies = arena_alloc(host->arena, count, sizeof *result->latencies);
    for (uint32_t kind = 0; kind < LATENCY_KINDS; kind++)
        at += put_cells(histograms[kind], kind, result->latencies + at);
}

void tally_finish(struct host *host, struct run_result *result)
{
    for (uint32_t c = 0; c < host->core_count; c++) {
        core_progress(host, &host->cores[c]);
        tally_unfinished_wait(host, &host->cores[c]);
    }
    if (host->lag != NULL)
        lag_pass(host);
    tally_integrate(host);
    tally_runtimes(host);
    check_accounts(host);
    for (uint32_t id = 0; id < host->task_count; id++)
        tally_unfinished(host, &host->tasks[id]);
    for (uint32_t c = 0; c < host->core_count; c++)
        if (host->cores[c].is_idle && host->cores[c].state != CORE_STOPPED)
            tally_idled(host, &host->cores[c]);
    if (host->series != NULL)
        series_finish(host->series, result);
    result->vain_ps_max = host->vain_ps_max;
    result->work = host->work;
    merge_entries(host);
    result->metric_count = metric_name_count(host->scenario);
    result->metrics = arena_alloc(host->arena, result->metric_count, sizeof *result->metrics);
    put_metrics(host, result->metrics);
    tally_latencies(host, result);
    result->core_count = host->core_count;
    result->core_accounts_ps = arena_alloc(host->arena, (size_t)host->core_count * ACCOUNT_COUNT,
                                           sizeof *result->core_accounts_ps);
    for (uint32_t c = 0; c < host->core_count; c++)
        memcpy(&result->core_accounts_ps[c * ACCOUNT_COUNT], host->cores[c].account_ps,
               sizeof host->cores[c].account_ps);
}
