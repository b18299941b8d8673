/* trace_perfetto.c -- Perfetto's protobuf, by protobuf-c from perfetto.proto.
 *
 * A trace is a sequence of packets, so it is written in parts, each a trace of its own.  Readers
 * sort by time, so a core's events come in bundles, and one core after another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/host/result.h"
#include "sim/output/perfetto.pb-c.h"
#include "sim/output/trace_parts.h"

enum { PART = 1024, SEQUENCE = 1 };

/* Tracks: groups, then a track of each core, then one of each torus, and all migrations. */
enum { TRACK_OVERHEAD = 1, TRACK_QUEUES, TRACK_MIGRATIONS, TRACK_FIRST = 16 };

/* Room for one part; messages point to their neighbours once and for all. */
struct room {
    Perfetto__TracePacket packets[PART];
    Perfetto__TracePacket *packet_list[PART];
    Perfetto__TrackEvent track_events[PART];
    Perfetto__FtraceEvent events[PART];
    Perfetto__FtraceEvent *event_list[PART];
    Perfetto__SchedSwitch switches[PART];
    Perfetto__SchedWaking wakings[PART];
    uint8_t *bytes;
    size_t capacity;
};

static void put_part(struct trace *trace, struct room *room, size_t count)
{
    Perfetto__Trace part = PERFETTO__TRACE__INIT;
    part.packet = room->packet_list;
    part.n_packet = count;
    size_t size = perfetto__trace__get_packed_size(&part);
    if (size > room->capacity) {
        room->capacity = 2 * size;
        room->bytes = realloc(room->bytes, room->capacity);
        CHECK(room->bytes != NULL);
    }
    perfetto__trace__pack(&part, room->bytes);
    sink_put(&trace->sink, room->bytes, size);
}

static Perfetto__TracePacket *packet_at(struct room *room, size_t i)
{
    perfetto__trace_packet__init(&room->packets[i]);
    room->packets[i].has_trusted_packet_sequence_id = 1;
    room->packets[i].trusted_packet_sequence_id = SEQUENCE;
    return &room->packets[i];
}

static struct room *room_new(void)
{
    struct room *room = calloc(1, sizeof *room);
    CHECK(room != NULL);
    for (size_t i = 0; i < PART; i++) {
        room->packet_list[i] = &room->packets[i];
        room->event_list[i] = &room->events[i];
        perfetto__track_event__init(&room->track_events[i]);
        perfetto__sched_switch__init(&room->switches[i]);
        perfetto__sched_waking__init(&room->wakings[i]);
    }
    return room;
}

/* Messages have no const, and are but read. */
static char *text_of(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* ---- Names -------------------------------------------------------------------------------- */

static void put_process(struct trace *trace, struct room *room, uint32_t task)
{
    char name[TRACE_NAME_MAX], *names[] = { name };
    Perfetto__Process process = PERFETTO__PROCESS__INIT, *processes[] = { &process };
    Perfetto__Thread thread = PERFETTO__THREAD__INIT, *threads[] = { &thread };
    Perfetto__ProcessTree tree = PERFETTO__PROCESS_TREE__INIT;
    trace_name(trace, task, name);
    process.has_pid = thread.has_tid = thread.has_tgid = 1;
    process.pid = thread.tid = thread.tgid = (int32_t)trace_pid(task);
    process.cmdline = names;
    process.n_cmdline = 1;
    thread.name = name;
    tree.processes = processes;
    tree.threads = threads;
    tree.n_processes = tree.n_threads = 1;
    packet_at(room, 0)->process_tree = &tree;
    put_part(trace, room, 1);
}

/* Of those that occur, as a stream has room for more than ever come. */
static void put_processes(struct trace *trace, struct room *room)
{
    const struct recording *recording = trace->recording;
    bool *occurs = calloc(recording->task_count + (size_t)1, sizeof *occurs);
    CHECK(occurs != NULL);
    for (uint32_t c = 0; c < recording->core_count; c++)
        for (size_t i = 0; i < recording->cores[c].count; i++) {
            const struct record *record = &recording->cores[c].records[i];
            bool names_task = record->kind == RECORD_SWITCH || record->kind == RECORD_WAKING;
            if (names_task && record->task != RECORD_IDLE)
                occurs[record->task] = true;
        }
    for (uint32_t task = 0; task < recording->task_count; task++)
        if (occurs[task])
            put_process(trace, room, task);
    free(occurs);
}

/* parent 0: none; unit: of a counter, or NULL. */
static void put_track(struct trace *trace, struct room *room, uint64_t id, uint64_t parent,
                      const char *name, const char *unit)
{
    Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;
    Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;
    track.has_uuid = 1;
    track.uuid = id;
    track.has_parent_uuid = parent != 0;
    track.parent_uuid = parent;
    track.name = text_of(name);
    counter.unit_name = text_of(unit);
    track.counter = unit != NULL ? &counter : NULL;
    packet_at(room, 0)->track_descriptor = &track;
    put_part(trace, room, 1);
}

static uint64_t torus_track(const struct trace *trace, uint32_t torus)
{
    return TRACK_FIRST + trace->recording->core_count + torus;
}

static void put_tracks(struct trace *trace, struct room *room)
{
    char name[64];
    put_track(trace, room, TRACK_OVERHEAD, 0, "Overhead", NULL);
    for (uint32_t c = 0; c < trace->recording->core_count; c++) {
        snprintf(name, sizeof name, "Core %u", c);
        put_track(trace, room, TRACK_FIRST + c, TRACK_OVERHEAD, name, NULL);
    }
    put_track(trace, room, TRACK_QUEUES, 0, "Queued", NULL);
    for (uint32_t t = 0; t < trace->scenario->scheduler.tori; t++) {
        snprintf(name, sizeof name, "Torus %u", t);
        put_track(trace, room, torus_track(trace, t), TRACK_QUEUES, name, "processes");
    }
    put_track(trace, room, TRACK_MIGRATIONS, 0, "Migrations", "processes");
}

/* ---- Switches and wakings ----------------------------------------------------------------- */

static void set_switch(struct room *room, size_t i, const struct record *record)
{
    static const int64_t states[] = {
        [RECORD_READY_STILL] = 0, [RECORD_SLEEPS] = 1, [RECORD_ENDS] = 16
    };
    Perfetto__SchedSwitch *change = &room->switches[i];
    change->has_prev_pid = change->has_prev_state = change->has_next_pid = 1;
    change->prev_pid = (int32_t)trace_pid(record->before);
    change->prev_state = states[record->detail];
    change->next_pid = (int32_t)trace_pid(record->task);
    room->events[i].sched_switch = change;
}

static void set_waking(struct room *room, size_t i, uint32_t core, const struct record *record)
{
    Perfetto__SchedWaking *waking = &room->wakings[i];
    waking->has_pid = waking->has_target_cpu = 1;
    waking->pid = (int32_t)trace_pid(record->task);
    waking->target_cpu = (int32_t)core;
    room->events[i].sched_waking = waking;
}

static void put_bundle(struct trace *trace, struct room *room, uint32_t core, size_t count)
{
    Perfetto__FtraceEventBundle bundle = PERFETTO__FTRACE_EVENT_BUNDLE__INIT;
    bundle.has_cpu = 1;
    bundle.cpu = core;
    bundle.event = room->event_list;
    bundle.n_event = count;
    packet_at(room, 0)->ftrace_events = &bundle;
    if (count > 0)
        put_part(trace, room, 1);
}

static void put_core(struct trace *trace, struct room *room, uint32_t core)
{
    const struct record_list *list = &trace->recording->cores[core];
    uint32_t on = RECORD_IDLE;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct record *record = &list->records[i];
        if (record->kind != RECORD_SWITCH && record->kind != RECORD_WAKING)
            continue;
        Perfetto__FtraceEvent *event = &room->events[count];
        perfetto__ftrace_event__init(event);
        event->has_timestamp = event->has_pid = 1;
        event->timestamp = record->at_ps / 1000;
        event->pid = trace_pid(on);
        if (record->kind == RECORD_SWITCH) {
            set_switch(room, count++, record);
            on = record->task;
        } else {
            set_waking(room, count++, core, record);
        }
        if (count == PART) {
            put_bundle(trace, room, core, count);
            count = 0;
        }
    }
    put_bundle(trace, room, core, count);
}

/* ---- Tracks ------------------------------------------------------------------------------- */

static Perfetto__TrackEvent *track_event_at(struct room *room, size_t i, uint64_t ps,
                                            uint64_t track, Perfetto__TrackEvent__Type type)
{
    Perfetto__TracePacket *packet = packet_at(room, i);
    Perfetto__TrackEvent *event = &room->track_events[i];
    packet->has_timestamp = 1;
    packet->timestamp = ps / 1000;
    packet->track_event = event;
    perfetto__track_event__init(event);
    event->has_type = event->has_track_uuid = 1;
    event->type = type;
    event->track_uuid = track;
    return event;
}

static void put_overhead(struct trace *trace, struct room *room, uint32_t core)
{
    const struct record_list *list = &trace->recording->cores[core];
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct record *record = &list->records[i];
        if (record->kind != RECORD_ACCOUNT)
            continue;
        Perfetto__TrackEvent *begin =
            track_event_at(room, count++, record->at_ps, TRACK_FIRST + core,
                           PERFETTO__TRACK_EVENT__TYPE__SLICE_BEGIN);
        begin->name = text_of(account_names[record->detail]);
        track_event_at(room, count++, record->to_ps, TRACK_FIRST + core,
                       PERFETTO__TRACK_EVENT__TYPE__SLICE_END);
        if (count == PART) {
            put_part(trace, room, count);
            count = 0;
        }
    }
    put_part(trace, room, count);
}

static void put_counters(struct trace *trace, struct room *room)
{
    const struct record_list *list = &trace->recording->queues;
    int64_t migrations = 0;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct record *record = &list->records[i];
        bool moves = record->kind == RECORD_MIGRATION;
        Perfetto__TrackEvent *event =
            track_event_at(room, count++, record->at_ps,
                           moves ? TRACK_MIGRATIONS : torus_track(trace, record->torus),
                           PERFETTO__TRACK_EVENT__TYPE__COUNTER);
        event->has_counter_value = 1;
        event->counter_value = moves ? ++migrations : (int64_t)record->count;
        if (count == PART) {
            put_part(trace, room, count);
            count = 0;
        }
    }
    put_part(trace, room, count);
}

void trace_put_perfetto(struct trace *trace)
{
    struct room *room = room_new();
    put_processes(trace, room);
    for (uint32_t c = 0; c < trace->recording->core_count; c++)
        put_core(trace, room, c);
    if (trace->recording->all) {
        put_tracks(trace, room);
        for (uint32_t c = 0; c < trace->recording->core_count; c++)
            put_overhead(trace, room, c);
        put_counters(trace, room);
    }
    free(room->bytes);
    free(room);
}
