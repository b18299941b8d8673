/* recording.c -- see recording.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/recording.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/host/internal.h"

enum { SLOTS = 1000, SLOTS_MIN = 100, CORE_SLOTS = 20000 };

static void *room(size_t count, size_t size)
{
    void *room = calloc(count, size);
    CHECK(room != NULL);
    return room;
}

static void add(struct record_list *list, const struct record *record)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        list->records = realloc(list->records, list->capacity * sizeof *list->records);
        CHECK(list->records != NULL);
    }
    list->records[list->count++] = *record;
}

static bool is_wanted(const struct recording *recording, uint64_t at_ps)
{
    return at_ps >= recording->from_ps && at_ps < recording->to_ps;
}

static bool is_listed(const struct recording *recording)
{
    return recording->detail == RECORDING_AUTO || recording->detail == RECORDING_ALL;
}

static bool is_sampled(const struct recording *recording)
{
    return recording->detail == RECORDING_AUTO || recording->detail == RECORDING_SAMPLED;
}

/* ---- Samples ------------------------------------------------------------------------------ */

static void samples_begin(struct recording *recording)
{
    struct record_samples *samples = &recording->samples;
    uint32_t slots = CORE_SLOTS / recording->core_count;
    samples->slot_count = slots > SLOTS ? SLOTS : slots < SLOTS_MIN ? SLOTS_MIN : slots;
    samples->slot_ps =
        (recording->to_ps - recording->from_ps + samples->slot_count - 1) / samples->slot_count;
    samples->account_ps = room((size_t)samples->slot_count * recording->core_count * ACCOUNT_COUNT,
                               sizeof *samples->account_ps);
    size_t queues = (size_t)samples->slot_count * recording->torus_count;
    samples->queued = room(queues, sizeof *samples->queued);
    memset(samples->queued, 0xff, queues * sizeof *samples->queued);
    samples->migrations = room(samples->slot_count, sizeof *samples->migrations);
}

static uint64_t sample_slot(const struct recording *recording, uint64_t at_ps)
{
    return (at_ps - recording->from_ps) / recording->samples.slot_ps;
}

static void sample_account(struct recording *recording, const struct core *core, uint8_t account,
                           uint64_t from_ps, uint64_t to_ps)
{
    const struct record_samples *samples = &recording->samples;
    for (uint64_t slot = sample_slot(recording, from_ps); from_ps < to_ps; slot++) {
        uint64_t end_ps = recording->from_ps + (slot + 1) * samples->slot_ps;
        end_ps = end_ps < to_ps ? end_ps : to_ps;
        samples->account_ps[(slot * recording->core_count + core->id) * ACCOUNT_COUNT + account] +=
            end_ps - from_ps;
        from_ps = end_ps;
    }
}

/* It has been too long a time for details. */
static void drop_details(struct recording *recording)
{
    recording->detail = RECORDING_SAMPLED;
    free(recording->queues.records);
    recording->queues = (struct record_list){ 0 };
    for (uint32_t c = 0; c < recording->core_count; c++) {
        struct record_list *list = &recording->cores[c];
        size_t kept = 0;
        for (size_t i = 0; i < list->count; i++)
            if (list->records[i].kind != RECORD_ACCOUNT)
                list->records[kept++] = list->records[i];
        list->count = kept;
    }
}

/* ---- The run ------------------------------------------------------------------------------ */

void recording_begin(struct host *host)
{
    struct recording *recording = host->recording;
    recording->core_count = host->core_count;
    recording->torus_count = host->scenario->scheduler.tori;
    recording->cores = room(host->core_count, sizeof *recording->cores);
    if (is_sampled(recording))
        samples_begin(recording);
    for (uint32_t c = 0; c < host->core_count; c++)
        recording->cores[c].on = RECORD_IDLE;
    recording->task_count = host->task_count;
    recording->tasks = room(host->task_count, sizeof *recording->tasks);
    for (uint32_t id = 0; id < host->task_count; id++)
        recording->tasks[id] = (struct recorded_task){ .workload = host->tasks[id].workload,
                                                       .instance = host->tasks[id].entity };
}

void recording_free(struct recording *recording)
{
    for (uint32_t c = 0; c < recording->core_count; c++)
        free(recording->cores[c].records);
    free(recording->cores);
    free(recording->queues.records);
    free(recording->samples.account_ps);
    free(recording->samples.queued);
    free(recording->samples.migrations);
    free(recording->tasks);
    *recording = (struct recording){ 0 };
}

static uint8_t how_it_leaves(const struct host *host, uint32_t task)
{
    if (task == RECORD_IDLE || host->tasks[task].state == TASK_RUNNING)
        return RECORD_READY_STILL;
    if (host->tasks[task].state == TASK_FREE)
        return RECORD_ENDS;
    bool sleeps = host->tasks[task].state == TASK_BLOCKED || host->tasks[task].state == TASK_DUE;
    return sleeps ? RECORD_SLEEPS : RECORD_READY_STILL;
}

/* Who is on the core when what is wanted begins comes onto it then. */
static void start(const struct recording *recording, struct record_list *list)
{
    if (!list->started && list->on != RECORD_IDLE)
        add(list, &(struct record){ .at_ps = recording->from_ps,
                                    .task = list->on,
                                    .before = RECORD_IDLE,
                                    .kind = RECORD_SWITCH });
    list->started = true;
}

/* Who is on the core leaves it. */
static void tell_work(const struct recording *recording, struct record_list *list, uint64_t at_ps)
{
    if (!recording->work || list->on == RECORD_IDLE)
        return;
    struct recorded_task *task = &recording->tasks[list->on];
    uint64_t ns = task->work_ps / 1000;
    add(list,
        &(struct record){ .at_ps = at_ps, .work_ns = ns - task->told_ns, .kind = RECORD_WORK });
    task->told_ns = ns;
}

void recording_work(struct host *host, uint32_t task, uint64_t from_ps, uint64_t to_ps,
                    uint64_t work_ps)
{
    const struct recording *recording = host->recording;
    uint64_t begin_ps = from_ps > recording->from_ps ? from_ps : recording->from_ps;
    uint64_t end_ps = to_ps < recording->to_ps ? to_ps : recording->to_ps;
    if (end_ps <= begin_ps)
        return;
    if (end_ps - begin_ps < to_ps - from_ps)
        work_ps =
            (uint64_t)((double)work_ps * (double)(end_ps - begin_ps) / (double)(to_ps - from_ps));
    recording->tasks[task].work_ps += work_ps;
}

void recording_switch(struct host *host, const struct core *core, uint32_t task)
{
    struct recording *recording = host->recording;
    struct record_list *list = &recording->cores[core->id];
    if (list->on == task || host->now_ps >= recording->to_ps)
        return;
    if (host->now_ps >= recording->from_ps) {
        start(recording, list);
        tell_work(recording, list, host->now_ps);
        add(list, &(struct record){ .at_ps = host->now_ps,
                                    .task = task,
                                    .before = list->on,
                                    .kind = RECORD_SWITCH,
                                    .detail = how_it_leaves(host, list->on) });
        if (++recording->switch_count > RECORDING_DETAILED && recording->detail == RECORDING_AUTO)
            drop_details(recording);
    }
    list->on = task;
}

void recording_waking(struct host *host, const struct core *core, uint32_t task)
{
    struct record_list *list = &host->recording->cores[core->id];
    if (!is_wanted(host->recording, host->now_ps))
        return;
    start(host->recording, list);
    add(list, &(struct record){ .at_ps = host->now_ps, .task = task, .kind = RECORD_WAKING });
}

void recording_account(struct host *host, const struct core *core, uint8_t account,
                       uint64_t from_ps, uint64_t to_ps)
{
    struct recording *recording = host->recording;
    struct record_list *list = &recording->cores[core->id];
    if (recording->detail == RECORDING_SCHED || account == ACCOUNT_USER || account == ACCOUNT_IDLE)
        return;
    from_ps = from_ps > recording->from_ps ? from_ps : recording->from_ps;
    to_ps = to_ps < recording->to_ps ? to_ps : recording->to_ps;
    if (to_ps <= from_ps)
        return;
    if (is_sampled(recording))
        sample_account(recording, core, account, from_ps, to_ps);
    if (!is_listed(recording))
        return;
    struct record *last = list->count > 0 ? &list->records[list->count - 1] : NULL;
    if (last != NULL && last->kind == RECORD_ACCOUNT && last->detail == account &&
        last->to_ps == from_ps) {
        last->to_ps = to_ps;
        return;
    }
    add(list, &(struct record){
                  .at_ps = from_ps, .to_ps = to_ps, .kind = RECORD_ACCOUNT, .detail = account });
}

void recording_ready(struct host *host, uint32_t torus, uint32_t count)
{
    struct recording *recording = host->recording;
    const struct record_samples *samples = &recording->samples;
    if (!is_wanted(recording, host->now_ps))
        return;
    if (is_sampled(recording))
        samples->queued[sample_slot(recording, host->now_ps) * recording->torus_count + torus] =
            count;
    if (is_listed(recording))
        add(&recording->queues,
            &(struct record){
                .at_ps = host->now_ps, .torus = torus, .count = count, .kind = RECORD_READY });
}

void recording_migration(struct host *host, uint32_t task)
{
    struct recording *recording = host->recording;
    if (!is_wanted(recording, host->now_ps))
        return;
    if (is_sampled(recording))
        recording->samples.migrations[sample_slot(recording, host->now_ps)]++;
    if (is_listed(recording))
        add(&recording->queues,
            &(struct record){ .at_ps = host->now_ps, .task = task, .kind = RECORD_MIGRATION });
}

void recording_end(struct host *host)
{
    struct recording *recording = host->recording;
    if (recording->detail == RECORDING_AUTO)
        recording->detail = RECORDING_ALL;
    uint64_t at_ps = host->now_ps < recording->to_ps ? host->now_ps : recording->to_ps;
    for (uint32_t c = 0; c < recording->core_count; c++) {
        struct record_list *list = &recording->cores[c];
        if (at_ps <= recording->from_ps)
            continue;
        start(recording, list);
        tell_work(recording, list, at_ps);
        if (list->on != RECORD_IDLE)
            add(list, &(struct record){ .at_ps = at_ps,
                                        .task = RECORD_IDLE,
                                        .before = list->on,
                                        .kind = RECORD_SWITCH,
                                        .detail = RECORD_READY_STILL });
    }
}
