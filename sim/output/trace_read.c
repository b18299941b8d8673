/* trace_read.c -- see trace_read.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/trace_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sim/base/check.h"
#include "sim/output/perfetto.pb-c.h"

enum {
    CORES_MAX = 65536,
    TRACKS_MAX = 1 << 20,
    BYTES_MAX = 1 << 30,
    PIECE = 1 << 20,
    NAME_MAX_BYTES = 60
};

/* What is under way while packets are gone through. */
struct reading {
    struct trace_read *trace;
    const char **names; /* [pid]; NULL: it has none */
    size_t name_count;
    struct on_core {
        uint32_t pid;
        uint64_t since_ns;
    } * on;             /* [CORES_MAX] */
    uint64_t *begun_ns; /* [CORES_MAX] and what overhead there is */
    const char **account;
    uint32_t *core_of; /* [TRACKS_MAX] core + 1 */
};

void trace_read_free(struct trace_read *trace)
{
    free(trace->runs.stretches);
    free(trace->overhead.stretches);
    arena_free(&trace->arena);
}

static void add(struct trace_stretches *list, struct trace_stretch stretch)
{
    if (list->count == list->capacity) {
        list->capacity = 2 * list->capacity + 256;
        list->stretches = realloc(list->stretches, list->capacity * sizeof *list->stretches);
        CHECK(list->stretches != NULL);
    }
    list->stretches[list->count++] = stretch;
}

static void happens(struct trace_read *trace, uint64_t ns)
{
    trace->from_ns = ns < trace->from_ns ? ns : trace->from_ns;
    trace->to_ns = ns > trace->to_ns ? ns : trace->to_ns;
}

/* A name as scenarios have them; it goes into scripts, and a trace may come from anywhere. */
static const char *plain_name(struct arena *arena, const char *name)
{
    char *plain = arena_string_n(arena, name, strnlen(name, NAME_MAX_BYTES));
    for (char *at = plain; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("_-/", *at) == NULL)
            *at = '_';
    return plain;
}

/* ---- Packets ------------------------------------------------------------------------------ */

static void read_names(struct reading *reading, const Perfetto__ProcessTree *tree)
{
    for (size_t i = 0; i < tree->n_threads; i++) {
        const Perfetto__Thread *thread = tree->threads[i];
        size_t pid = (size_t)(uint32_t)thread->tid;
        if (thread->name == NULL || thread->tid < 0 || pid >= INT32_MAX / sizeof(char *))
            continue;
        if (pid >= reading->name_count) {
            size_t count = 2 * pid + 64;
            const char **names = arena_alloc(&reading->trace->arena, count, sizeof *names);
            if (reading->name_count > 0)
                memcpy(names, reading->names, reading->name_count * sizeof *names);
            reading->names = names;
            reading->name_count = count;
        }
        reading->names[pid] = plain_name(&reading->trace->arena, thread->name);
    }
}

static const char *name_of(const struct reading *reading, uint32_t pid)
{
    const char *name = pid < reading->name_count ? reading->names[pid] : NULL;
    return name != NULL ? name : arena_printf(&reading->trace->arena, "%u", pid);
}

static bool read_switches(struct reading *reading, const Perfetto__FtraceEventBundle *bundle)
{
    const Perfetto__CompactSched *sched = bundle->compact_sched;
    if (bundle->cpu >= CORES_MAX)
        return false;
    if (bundle->cpu >= reading->trace->core_count)
        reading->trace->core_count = bundle->cpu + 1;
    if (sched == NULL)
        return true;
    if (sched->n_switch_next_pid != sched->n_switch_timestamp)
        return false;
    struct on_core *on = &reading->on[bundle->cpu];
    uint64_t ns = 0;
    for (size_t i = 0; i < sched->n_switch_timestamp; i++) {
        ns += sched->switch_timestamp[i];
        happens(reading->trace, ns);
        if (on->pid != 0 && ns < on->since_ns)
            return false;
        if (on->pid != 0)
            add(&reading->trace->runs,
                (struct trace_stretch){ on->since_ns, ns, bundle->cpu, name_of(reading, on->pid) });
        on->pid = (uint32_t)sched->switch_next_pid[i];
        on->since_ns = ns;
    }
    return true;
}

/* "Core 3": the track of its overhead. */
static void read_track(struct reading *reading, const Perfetto__TrackDescriptor *track)
{
    unsigned core;
    if (track->name != NULL && sscanf(track->name, "Core %u", &core) == 1 && core < CORES_MAX &&
        track->uuid < TRACKS_MAX)
        reading->core_of[track->uuid] = core + 1;
}

static bool read_overhead(struct reading *reading, const Perfetto__TrackEvent *event, uint64_t ns)
{
    if (event->track_uuid >= TRACKS_MAX || reading->core_of[event->track_uuid] == 0)
        return true; /* a counter */
    uint32_t core = reading->core_of[event->track_uuid] - 1;
    happens(reading->trace, ns);
    if (event->type == PERFETTO__TRACK_EVENT__TYPE__SLICE_BEGIN) {
        reading->begun_ns[core] = ns;
        reading->account[core] =
            plain_name(&reading->trace->arena, event->name != NULL ? event->name : "");
        return true;
    }
    if (event->type != PERFETTO__TRACK_EVENT__TYPE__SLICE_END)
        return true;
    if (reading->account[core] == NULL || ns < reading->begun_ns[core])
        return false;
    add(&reading->trace->overhead,
        (struct trace_stretch){ reading->begun_ns[core], ns, core, reading->account[core] });
    reading->account[core] = NULL;
    return true;
}

static bool read_packets(struct reading *reading, const Perfetto__Trace *packets)
{
    bool fine = true;
    for (size_t i = 0; i < packets->n_packet; i++) /* names come first, maybe */
        if (packets->packet[i]->process_tree != NULL)
            read_names(reading, packets->packet[i]->process_tree);
    for (size_t i = 0; fine && i < packets->n_packet; i++) {
        const Perfetto__TracePacket *packet = packets->packet[i];
        if (packet->ftrace_events != NULL)
            fine = read_switches(reading, packet->ftrace_events);
        else if (packet->track_descriptor != NULL)
            read_track(reading, packet->track_descriptor);
        else if (packet->track_event != NULL)
            fine = read_overhead(reading, packet->track_event, packet->timestamp);
    }
    return fine;
}

/* ---- The file ----------------------------------------------------------------------------- */

/* All of it, decompressed; malloc'ed. */
static uint8_t *read_bytes(const char *path, size_t *size, struct error *err)
{
    gzFile file = gzopen(path, "rb");
    uint8_t *bytes = NULL;
    int got = 1, code;
    *size = 0;
    if (file == NULL) {
        error_set(err, path, "cannot be opened: %s; a trace is wanted", strerror(errno));
        return NULL;
    }
    while (got > 0 && *size < BYTES_MAX) {
        bytes = realloc(bytes, *size + PIECE);
        CHECK(bytes != NULL);
        got = gzread(file, bytes + *size, PIECE);
        *size += got > 0 ? (size_t)got : 0;
    }
    const char *reason = gzerror(file, &code);
    bool fine = got == 0 && code == Z_OK;
    if (!fine)
        error_set(err, path, "%s; trace a shorter time, or anew",
                  got > 0 ? "is larger than 1 GiB" : reason);
    gzclose(file);
    if (!fine) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

bool trace_read(struct trace_read *trace, const char *path, struct error *err)
{
    size_t size;
    *trace = (struct trace_read){ .from_ns = UINT64_MAX, .arena = ARENA_EMPTY };
    uint8_t *bytes = read_bytes(path, &size, err);
    if (bytes == NULL)
        return false;
    Perfetto__Trace *packets = perfetto__trace__unpack(NULL, size, bytes);
    free(bytes);
    struct reading reading = { .trace = trace };
    reading.on = arena_alloc(&trace->arena, CORES_MAX, sizeof *reading.on);
    reading.begun_ns = arena_alloc(&trace->arena, CORES_MAX, sizeof *reading.begun_ns);
    reading.account = arena_alloc(&trace->arena, CORES_MAX, sizeof *reading.account);
    reading.core_of = arena_alloc(&trace->arena, TRACKS_MAX, sizeof *reading.core_of);
    bool fine = packets != NULL && read_packets(&reading, packets);
    if (packets != NULL)
        perfetto__trace__free_unpacked(packets, NULL);
    if (!fine)
        return error_set(err, path,
                         "is no trace that can be drawn: its bytes make no sense; one that "
                         "`braidsim run --trace FILE.pftrace` wrote is wanted");
    if (trace->runs.count == 0)
        return error_set(err, path, "has nothing in it that runs");
    return true;
}
