/* trace_ftrace.c -- the text that Linux's ftrace shows, of sched_switch, sched_waking and
 * sched_stat_runtime.
 *
 * The lists of the cores are merged by time, at one instant by core.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <inttypes.h>

#include "sim/engine/event_tree.h"
#include "sim/output/trace_parts.h"
#include "workloads/nice.h"

/* Priorities as Linux counts them: less is more urgent, 120 is nice 0. */
enum { PRIO_NICE_0 = 120 };

struct ftrace {
    struct trace *trace;
    uint32_t *on; /* [core_count] task on each core; RECORD_IDLE */
    char idle[TRACE_NAME_MAX];
};

static int prio_of(const struct trace *trace, uint32_t task)
{
    if (task == RECORD_IDLE)
        return PRIO_NICE_0;
    uint32_t workload = trace->recording->tasks[task].workload;
    int32_t priority = trace->scenario->workloads[workload].priority;
    int nice =
        priority != 0 ? -priority : nice_of_weight(trace->scenario->workloads[workload].weight);
    nice = nice < NICE_LEAST ? NICE_LEAST : nice > NICE_MOST ? NICE_MOST : nice;
    return PRIO_NICE_0 + nice;
}

static void name_of(const struct trace *trace, uint32_t core, uint32_t task,
                    char name[TRACE_NAME_MAX])
{
    if (task == RECORD_IDLE)
        snprintf(name, TRACE_NAME_MAX, "swapper/%u", core);
    else
        trace_name(trace, task, name);
}

static void put_line(struct ftrace *ftrace, uint32_t core, const struct record *record,
                     const char *text)
{
    char line[1024], name[TRACE_NAME_MAX] = "<idle>";
    uint64_t ns = record->at_ps / 1000;
    if (ftrace->on[core] != RECORD_IDLE)
        name_of(ftrace->trace, core, ftrace->on[core], name);
    int length =
        snprintf(line, sizeof line,
                 "%16s-%-7" PRIu32 " [%03" PRIu32 "] d..2. %5" PRIu64 ".%09" PRIu64 ": %s\n", name,
                 trace_pid(ftrace->on[core]), core, ns / 1000000000, ns % 1000000000, text);
    sink_put(&ftrace->trace->sink, line, (size_t)length);
}

static void put_switch(struct ftrace *ftrace, uint32_t core, const struct record *record)
{
    static const char states[] = {
        [RECORD_READY_STILL] = 'R', [RECORD_SLEEPS] = 'S', [RECORD_ENDS] = 'X'
    };
    const struct trace *trace = ftrace->trace;
    char text[768], before[TRACE_NAME_MAX], next[TRACE_NAME_MAX];
    name_of(trace, core, record->before, before);
    name_of(trace, core, record->task, next);
    snprintf(text, sizeof text,
             "sched_switch: prev_comm=%s prev_pid=%" PRIu32 " prev_prio=%d prev_state=%c ==> "
             "next_comm=%s next_pid=%" PRIu32 " next_prio=%d",
             before, trace_pid(record->before), prio_of(trace, record->before),
             states[record->detail], next, trace_pid(record->task), prio_of(trace, record->task));
    put_line(ftrace, core, record, text);
    ftrace->on[core] = record->task;
}

static void put_waking(struct ftrace *ftrace, uint32_t core, const struct record *record)
{
    char text[768], name[TRACE_NAME_MAX];
    name_of(ftrace->trace, core, record->task, name);
    snprintf(text, sizeof text,
             "sched_waking: comm=%s pid=%" PRIu32 " prio=%d target_cpu=%03" PRIu32, name,
             trace_pid(record->task), prio_of(ftrace->trace, record->task), core);
    put_line(ftrace, core, record, text);
}

/* Linux's counts what a process is charged for; this one leaves out what is not its own. */
static void put_work(struct ftrace *ftrace, uint32_t core, const struct record *record)
{
    char text[768], name[TRACE_NAME_MAX];
    uint32_t task = ftrace->on[core];
    name_of(ftrace->trace, core, task, name);
    snprintf(text, sizeof text,
             "sched_stat_runtime: comm=%s pid=%" PRIu32 " runtime=%" PRIu64 " [ns]", name,
             trace_pid(task), record->work_ns);
    put_line(ftrace, core, record, text);
}

static bool is_event(const struct record *record)
{
    return record->kind == RECORD_SWITCH || record->kind == RECORD_WAKING ||
           record->kind == RECORD_WORK;
}

/* The next event of the list at or after *at is due in the tree. */
static void advance(struct event_tree *tree, const struct recording *recording, uint32_t core,
                    size_t *at)
{
    const struct record_list *list = &recording->cores[core];
    while (*at < list->count && !is_event(&list->records[*at]))
        (*at)++;
    event_tree_set(tree, core, *at < list->count ? list->records[*at].at_ps : EVENT_NEVER);
}

static void put_heading(struct trace *trace)
{
    const struct recording *recording = trace->recording;
    size_t count = 0;
    char text[1024];
    for (uint32_t c = 0; c < recording->core_count; c++)
        for (size_t i = 0; i < recording->cores[c].count; i++)
            count += is_event(&recording->cores[c].records[i]);
    int length = snprintf(text, sizeof text,
                          "# tracer: nop\n#\n"
                          "# entries-in-buffer/entries-written: %zu/%zu   #P:%" PRIu32 "\n#\n"
                          "#                                _-----=> irqs-off/BH-disabled\n"
                          "#                               / _----=> need-resched\n"
                          "#                              | / _---=> hardirq/softirq\n"
                          "#                              || / _--=> preempt-depth\n"
                          "#                              ||| / _-=> migrate-disable\n"
                          "#                              |||| /     delay\n"
                          "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
                          "#              | |         |   |||||     |         |\n",
                          count, count, recording->core_count);
    sink_put(&trace->sink, text, (size_t)length);
}

void trace_put_ftrace(struct trace *trace)
{
    const struct recording *recording = trace->recording;
    struct arena arena = ARENA_EMPTY;
    struct event_tree tree;
    struct ftrace ftrace = { .trace = trace };
    put_heading(trace);
    if (recording->core_count == 0)
        return;
    ftrace.on = arena_alloc(&arena, recording->core_count, sizeof *ftrace.on);
    size_t *at = arena_alloc(&arena, recording->core_count, sizeof *at);
    event_tree_init(&tree, recording->core_count, &arena);
    for (uint32_t c = 0; c < recording->core_count; c++) {
        ftrace.on[c] = RECORD_IDLE;
        advance(&tree, recording, c, &at[c]);
    }
    while (event_tree_first_time(&tree) != EVENT_NEVER) {
        int64_t first = event_tree_first_id(&tree);
        if (first == EVENT_NONE)
            continue;
        uint32_t core = (uint32_t)first;
        const struct record *record = &recording->cores[core].records[at[core]++];
        if (record->kind == RECORD_SWITCH)
            put_switch(&ftrace, core, record);
        else if (record->kind == RECORD_WORK)
            put_work(&ftrace, core, record);
        else
            put_waking(&ftrace, core, record);
        advance(&tree, recording, core, &at[core]);
    }
    arena_free(&arena);
}
