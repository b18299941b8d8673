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

/* Tracks: groups, then one of each core, then one of each torus, and all migrations; where overhead
 * is sampled, a track of each account behind those. */
enum { TRACK_OVERHEAD = 1, TRACK_QUEUES, TRACK_MIGRATIONS, TRACK_FIRST = 16 };

/* Room for one part; messages point to their neighbours once and for all. */
struct room {
    Perfetto__TracePacket packets[PART];
    Perfetto__TracePacket *packet_list[PART];
    Perfetto__TrackEvent track_events[PART];
    struct changes {
        size_t count;
        uint64_t last_ns, ns[PART];
        int64_t state[PART];
        int32_t pid[PART], cpu[PART];
    } switches, wakings;
    int32_t prio[PART];     /* 0 */
    uint32_t no_name[PART]; /* 0: names are those of processes */
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
    for (size_t i = 0; i < PART; i++)
        room->packet_list[i] = &room->packets[i];
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

static uint64_t account_track(const struct trace *trace, uint32_t core, uint32_t account)
{
    const struct recording *recording = trace->recording;
    return TRACK_FIRST + recording->core_count + recording->torus_count +
           (uint64_t)core * ACCOUNT_COUNT + account;
}

static bool is_overhead(uint32_t account)
{
    return account != ACCOUNT_USER && account != ACCOUNT_IDLE;
}

static void put_tracks(struct trace *trace, struct room *room)
{
    const struct recording *recording = trace->recording;
    bool sampled = recording->detail == RECORDING_SAMPLED;
    char name[64];
    snprintf(name, sizeof name, "Overhead, sampled every %.4g ms",
             (double)recording->samples.slot_ps / 1e9);
    put_track(trace, room, TRACK_OVERHEAD, 0, sampled ? name : "Overhead", NULL);
    for (uint32_t c = 0; c < recording->core_count; c++) {
        snprintf(name, sizeof name, "Core %u", c);
        put_track(trace, room, TRACK_FIRST + c, TRACK_OVERHEAD, name, NULL);
        for (uint32_t a = 0; sampled && a < ACCOUNT_COUNT; a++)
            if (is_overhead(a)) {
                snprintf(name, sizeof name, "Core %u: %s", c, account_names[a]);
                put_track(trace, room, account_track(trace, c, a), TRACK_FIRST + c, name, "%");
            }
    }
    put_track(trace, room, TRACK_QUEUES, 0, "Queued", NULL);
    for (uint32_t t = 0; t < recording->torus_count; t++) {
        snprintf(name, sizeof name, "Torus %u", t);
        put_track(trace, room, torus_track(trace, t), TRACK_QUEUES, name, "processes");
    }
    put_track(trace, room, TRACK_MIGRATIONS, 0, "Migrations", "processes");
}

/* ---- Switches and wakings ----------------------------------------------------------------- */

static void add_change(struct changes *changes, const struct record *record, uint32_t core,
                       int64_t state)
{
    uint64_t ns = record->at_ps / 1000;
    size_t i = changes->count++;
    changes->ns[i] = ns - changes->last_ns;
    changes->pid[i] = (int32_t)trace_pid(record->task);
    changes->state[i] = state;
    changes->cpu[i] = (int32_t)core;
    changes->last_ns = ns;
}

static void put_bundle(struct trace *trace, struct room *room, uint32_t core)
{
    static char no_name[] = "", *names[] = { no_name };
    struct changes *switches = &room->switches, *wakings = &room->wakings;
    Perfetto__CompactSched sched = PERFETTO__COMPACT_SCHED__INIT;
    Perfetto__FtraceEventBundle bundle = PERFETTO__FTRACE_EVENT_BUNDLE__INIT;
    sched.intern_table = names;
    sched.n_intern_table = 1;
    sched.switch_timestamp = switches->ns;
    sched.switch_prev_state = switches->state;
    sched.switch_next_pid = switches->pid;
    sched.switch_next_prio = sched.waking_prio = room->prio;
    sched.switch_next_comm_index = sched.waking_comm_index = room->no_name;
    sched.n_switch_timestamp = sched.n_switch_prev_state = sched.n_switch_next_pid =
        sched.n_switch_next_prio = sched.n_switch_next_comm_index = switches->count;
    sched.waking_timestamp = wakings->ns;
    sched.waking_pid = wakings->pid;
    sched.waking_target_cpu = wakings->cpu;
    sched.n_waking_timestamp = sched.n_waking_pid = sched.n_waking_target_cpu =
        sched.n_waking_prio = sched.n_waking_comm_index = wakings->count;
    bundle.has_cpu = 1;
    bundle.cpu = core;
    bundle.compact_sched = &sched;
    packet_at(room, 0)->ftrace_events = &bundle;
    if (switches->count + wakings->count > 0)
        put_part(trace, room, 1);
    switches->count = wakings->count = 0;
    switches->last_ns = wakings->last_ns = 0;
}

/* A reader learns from a core's first switch who leaves with the second, and makes nothing else of
 * it: so it comes twice, at first to who was there before. */
static void put_core(struct trace *trace, struct room *room, uint32_t core)
{
    static const int64_t states[] = {
        [RECORD_READY_STILL] = 0, [RECORD_SLEEPS] = 1, [RECORD_ENDS] = 16
    };
    const struct record_list *list = &trace->recording->cores[core];
    bool begun = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct record *record = &list->records[i];
        if (record->kind == RECORD_SWITCH && !begun)
            add_change(&room->switches,
                       &(struct record){ .at_ps = record->at_ps, .task = record->before }, core, 0);
        begun = begun || record->kind == RECORD_SWITCH;
        if (record->kind == RECORD_SWITCH)
            add_change(&room->switches, record, core, states[record->detail]);
        else if (record->kind == RECORD_WAKING)
            add_change(&room->wakings, record, core, 0);
        if (room->switches.count >= PART - 1 || room->wakings.count == PART)
            put_bundle(trace, room, core);
    }
    put_bundle(trace, room, core);
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

static void set_count(Perfetto__TrackEvent *event, uint64_t count)
{
    event->has_counter_value = 1;
    event->counter_value = (int64_t)count;
}

static void put_counters(struct trace *trace, struct room *room)
{
    const struct record_list *list = &trace->recording->queues;
    uint64_t migrations = 0;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct record *record = &list->records[i];
        bool moves = record->kind == RECORD_MIGRATION;
        Perfetto__TrackEvent *event =
            track_event_at(room, count++, record->at_ps,
                           moves ? TRACK_MIGRATIONS : torus_track(trace, record->torus),
                           PERFETTO__TRACK_EVENT__TYPE__COUNTER);
        set_count(event, moves ? ++migrations : record->count);
        if (count == PART) {
            put_part(trace, room, count);
            count = 0;
        }
    }
    put_part(trace, room, count);
}

/* ---- Samples ------------------------------------------------------------------------------ */

/* Of one core: what share of each slot went where.  A value holds until the next one. */
static void put_core_samples(struct trace *trace, struct room *room, uint32_t core,
                             uint32_t account)
{
    const struct recording *recording = trace->recording;
    const struct record_samples *samples = &recording->samples;
    uint64_t last_ps = 0;
    size_t count = 0;
    for (uint64_t slot = 0; slot <= samples->slot_count; slot++) {
        uint64_t from_ps = recording->from_ps + slot * samples->slot_ps;
        uint64_t ps =
            slot == samples->slot_count
                ? 0
                : samples
                      ->account_ps[(slot * recording->core_count + core) * ACCOUNT_COUNT + account];
        if (ps == last_ps)
            continue;
        Perfetto__TrackEvent *event =
            track_event_at(room, count++, from_ps, account_track(trace, core, account),
                           PERFETTO__TRACK_EVENT__TYPE__COUNTER);
        event->has_double_counter_value = 1;
        event->double_counter_value = 100.0 * (double)ps / (double)samples->slot_ps;
        last_ps = ps;
        if (count == PART) {
            put_part(trace, room, count);
            count = 0;
        }
    }
    put_part(trace, room, count);
}

/* What the queues were, and how many migrations there had been, when a slot was over. */
static void put_queue_samples(struct trace *trace, struct room *room)
{
    const struct recording *recording = trace->recording;
    const struct record_samples *samples = &recording->samples;
    uint64_t migrations = 0;
    for (uint64_t slot = 0; slot < samples->slot_count; slot++) {
        uint64_t end_ps = recording->from_ps + (slot + 1) * samples->slot_ps;
        end_ps = end_ps < recording->to_ps ? end_ps : recording->to_ps;
        size_t count = 0;
        for (uint32_t t = 0; t <= recording->torus_count; t++) {
            bool moves = t == recording->torus_count;
            const uint32_t *queued = &samples->queued[slot * recording->torus_count];
            if (moves ? samples->migrations[slot] == 0 : queued[t] == RECORD_SAME)
                continue;
            migrations += moves ? samples->migrations[slot] : 0;
            set_count(track_event_at(room, count++, end_ps,
                                     moves ? TRACK_MIGRATIONS : torus_track(trace, t),
                                     PERFETTO__TRACK_EVENT__TYPE__COUNTER),
                      moves ? migrations : queued[t]);
            if (count == PART) {
                put_part(trace, room, count);
                count = 0;
            }
        }
        put_part(trace, room, count);
    }
}

void trace_put_perfetto(struct trace *trace)
{
    const struct recording *recording = trace->recording;
    struct room *room = room_new();
    put_processes(trace, room);
    for (uint32_t c = 0; c < recording->core_count; c++)
        put_core(trace, room, c);
    if (recording->detail != RECORDING_SCHED)
        put_tracks(trace, room);
    if (recording->detail == RECORDING_ALL) {
        for (uint32_t c = 0; c < recording->core_count; c++)
            put_overhead(trace, room, c);
        put_counters(trace, room);
    } else if (recording->detail == RECORDING_SAMPLED) {
        for (uint32_t c = 0; c < recording->core_count; c++)
            for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
                if (is_overhead(a))
                    put_core_samples(trace, room, c, a);
        put_queue_samples(trace, room);
    }
    free(room->bytes);
    free(room);
}
