/* recording.c -- see recording.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/recording.h"

#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/host/internal.h"

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

void recording_begin(struct host *host)
{
    struct recording *recording = host->recording;
    recording->core_count = host->core_count;
    recording->cores = calloc(host->core_count, sizeof *recording->cores);
    CHECK(recording->cores != NULL);
    for (uint32_t c = 0; c < host->core_count; c++)
        recording->cores[c].on = RECORD_IDLE;
    recording->task_count = host->task_count;
    recording->tasks = calloc(host->task_count, sizeof *recording->tasks);
    CHECK(recording->tasks != NULL);
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
    const struct recording *recording = host->recording;
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
    if (!recording->all || account == ACCOUNT_USER || account == ACCOUNT_IDLE)
        return;
    from_ps = from_ps > recording->from_ps ? from_ps : recording->from_ps;
    to_ps = to_ps < recording->to_ps ? to_ps : recording->to_ps;
    if (to_ps <= from_ps)
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

static void add_of_queues(struct host *host, const struct record *record)
{
    if (host->recording->all && is_wanted(host->recording, host->now_ps))
        add(&host->recording->queues, record);
}

void recording_ready(struct host *host, uint32_t torus, uint32_t count)
{
    add_of_queues(
        host, &(struct record){
                  .at_ps = host->now_ps, .torus = torus, .count = count, .kind = RECORD_READY });
}

void recording_migration(struct host *host, uint32_t task)
{
    add_of_queues(
        host, &(struct record){ .at_ps = host->now_ps, .task = task, .kind = RECORD_MIGRATION });
}

void recording_end(struct host *host)
{
    const struct recording *recording = host->recording;
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
