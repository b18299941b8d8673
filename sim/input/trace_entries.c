/* trace_entries.c -- see trace_entries.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/trace_entries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/input/sched_line.h"
#include "workloads/nice.h"
#include "workloads/workload.h"

enum {
    PRIO_NICE_LEAST = 100, /* nice -20 */
    PRIO_NICE_0 = 120,
    WEIGHT_NICE_0 = 1024,
    PRIORITY_REALTIME = 21,
    PRIORITY_MOST = 63,
    PRIOS = SCHED_PRIO_MAX - SCHED_PRIO_MIN + 1,
    /* Where there are too many, so many keep an entry, so that each priority may have another. */
    KEPT = WORKLOAD_MAX - PRIOS,
    NAME_KEPT = TRACE_ENTRY_NAME_MAX - 10 /* and room for what tells two apart */
};

/* Longer than any run: 10^8 ms. */
static const double for_good_us = 1e11;

uint32_t trace_entry_weight(const struct trace_entry *entry)
{
    if (entry->prio < PRIO_NICE_LEAST)
        return WEIGHT_NICE_0;
    return nice_weight(entry->prio - PRIO_NICE_0);
}

int trace_entry_priority(const struct trace_entry *entry)
{
    int steps = PRIORITY_MOST - PRIORITY_REALTIME + 1, above = PRIO_NICE_LEAST - 1 - entry->prio;
    if (entry->prio >= PRIO_NICE_LEAST)
        return PRIO_NICE_0 - entry->prio;
    if (entry->prio < 0) /* SCHED_DEADLINE */
        return PRIORITY_MOST;
    return PRIORITY_REALTIME + (above > 0 ? above - 1 : 0) * steps / (PRIO_NICE_LEAST - 1);
}

/* ---- Groups ------------------------------------------------------------------------------- */

struct member {
    struct sched_process *process;
    char name[NAME_KEPT + 1];
    uint32_t at;       /* in the trace's processes */
    uint32_t first_at; /* of its entry */
    uint64_t run_ns;   /* likewise */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "kworker/u8:1-events" and "hog/3": the numbers tell one from another, not what it is. */
static size_t name_length(const char *comm)
{
    for (const char *slash = comm; (slash = strchr(slash, '/')) != NULL; slash++)
        if (slash > comm && (is_digit(slash[1]) || (slash[1] == 'u' && is_digit(slash[2]))))
            return (size_t)(slash - comm);
    return strlen(comm);
}

static void name_of(const char *comm, char name[NAME_KEPT + 1])
{
    size_t length = name_length(comm);
    length = length < NAME_KEPT ? length : NAME_KEPT;
    for (size_t i = 0; i < length; i++) {
        char c = comm[i];
        bool fits = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        name[i] = fits ? c : '_';
    }
    name[length] = '\0';
    if (length == 0)
        memcpy(name, "unnamed", sizeof "unnamed");
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Members of one entry together, and in the order of the trace. */
static int by_entry(const void *a, const void *b)
{
    const struct member *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    if (order == 0)
        order = one->process->prio - other->process->prio;
    return order != 0 ? order : compare_numbers(one->at, other->at);
}

static int by_first(const void *a, const void *b)
{
    const struct member *one = a, *other = b;
    int order = compare_numbers(one->first_at, other->first_at);
    return order != 0 ? order : compare_numbers(one->at, other->at);
}

static int by_run_time(const void *a, const void *b)
{
    const struct member *one = a, *other = b;
    int order = compare_numbers(other->run_ns, one->run_ns);
    return order != 0 ? order : by_first(a, b);
}

static bool is_same(const struct member *one, const struct member *other)
{
    return one->process->prio == other->process->prio && strcmp(one->name, other->name) == 0;
}

/* Sorts the members into entries, and says how many these are. */
static uint32_t gather(struct member *members, uint32_t count)
{
    uint32_t entries = 0;
    qsort(members, count, sizeof *members, by_entry);
    for (uint32_t i = 0, end; i < count; i = end, entries++) {
        uint64_t run_ns = 0;
        for (end = i; end < count && is_same(&members[i], &members[end]); end++)
            run_ns += members[end].process->run_ns;
        for (uint32_t j = i; j < end; j++) {
            members[j].first_at = members[i].at;
            members[j].run_ns = run_ns;
        }
    }
    return entries;
}

/* The entries that run least lose their names. */
static void merge_least(struct member *members, uint32_t count)
{
    uint32_t kept = 0;
    qsort(members, count, sizeof *members, by_run_time);
    for (uint32_t i = 0; i < count; i++) {
        kept += i == 0 || members[i].first_at != members[i - 1].first_at;
        if (kept > KEPT)
            memcpy(members[i].name, "others", sizeof "others");
    }
}

static bool is_taken(const struct trace_entries *all, const char *name)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (strcmp(all->entries[i].name, name) == 0)
            return true;
    return false;
}

/* A name of its own: "bash", and, of another priority, "bash-nice5" or "bash-rt20". */
static void choose_name(const struct trace_entries *all, struct trace_entry *entry,
                        const char *name)
{
    snprintf(entry->name, sizeof entry->name, "%s", name);
    if (!is_taken(all, entry->name))
        return;
    if (entry->prio >= PRIO_NICE_LEAST)
        snprintf(entry->name, sizeof entry->name, "%s-nice%d", name, entry->prio - PRIO_NICE_0);
    else
        snprintf(entry->name, sizeof entry->name, "%s-rt%d", name,
                 PRIO_NICE_LEAST - 1 - entry->prio);
    for (uint32_t i = 2; is_taken(all, entry->name); i++)
        snprintf(entry->name, sizeof entry->name, "%s-%u", name, i);
}

struct trace_entries trace_entries_group(const struct sched_trace *trace, struct arena *arena)
{
    struct trace_entries all = { 0 };
    uint32_t count = trace->process_count;
    struct member *members = arena_alloc(arena, count, sizeof *members);
    for (uint32_t i = 0; i < count; i++) {
        members[i] = (struct member){ .process = trace->processes[i], .at = i };
        name_of(trace->processes[i]->comm, members[i].name);
    }
    if (gather(members, count) > WORKLOAD_MAX) {
        merge_least(members, count);
        gather(members, count);
    }
    qsort(members, count, sizeof *members, by_first);
    all.entries = arena_alloc(arena, WORKLOAD_MAX, sizeof *all.entries);
    struct sched_process **processes = arena_alloc(arena, count, sizeof *processes);
    for (uint32_t i = 0; i < count; i++) {
        struct trace_entry *entry = &all.entries[all.count];
        processes[i] = members[i].process;
        if (i > 0 && members[i].first_at == members[i - 1].first_at) {
            entry[-1].count++;
            continue;
        }
        entry->prio = members[i].process->prio;
        entry->count = 1;
        entry->processes = &processes[i];
        choose_name(&all, entry, members[i].name);
        all.count++;
    }
    return all;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static cJSON *us(uint64_t ns)
{
    return cJSON_CreateNumber((double)ns / 1000);
}

cJSON *trace_process_bursts(const struct sched_process *process)
{
    cJSON *bursts = cJSON_CreateArray();
    for (uint32_t i = 0; i < process->count; i++)
        if (process->exits || i + 1 < process->count || i % 2 == 0)
            cJSON_AddItemToArray(bursts, us(process->ns[i]));
    if (!process->exits)
        cJSON_AddItemToArray(bursts, cJSON_CreateNumber(for_good_us));
    return bursts;
}

cJSON *trace_entry_heading(const struct trace_entry *entry)
{
    cJSON *json = cJSON_CreateObject(), *starts = cJSON_CreateArray();
    cJSON_AddStringToObject(json, "name", entry->name);
    cJSON_AddNumberToObject(json, "instances", entry->count);
    cJSON_AddNumberToObject(json, "weight", trace_entry_weight(entry));
    cJSON_AddNumberToObject(json, "priority", trace_entry_priority(entry));
    for (uint32_t i = 0; i < entry->count; i++)
        cJSON_AddItemToArray(starts, us(entry->processes[i]->start_ns));
    cJSON_AddItemToObject(json, "start_us", starts);
    cJSON_AddNumberToObject(json, "loop", 1);
    return json;
}

cJSON *trace_entry_json(const struct trace_entry *entry)
{
    cJSON *json = trace_entry_heading(entry), *lists = cJSON_CreateArray();
    for (uint32_t i = 0; i < entry->count; i++)
        cJSON_AddItemToArray(lists, trace_process_bursts(entry->processes[i]));
    cJSON *phase = cJSON_CreateObject(), *phases = cJSON_CreateArray();
    cJSON_AddItemToObject(phase, "bursts_us", lists);
    cJSON_AddItemToArray(phases, phase);
    cJSON_AddItemToObject(json, "phases", phases);
    return json;
}
