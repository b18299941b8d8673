/* trace_entries.h -- the processes of a recorded trace as entries of a workload.
 *
 * Processes of equal comm and priority are one entry, in the order of its first pid, with a start
 * and a list of bursts for each.  What follows a "/" with a digit in a comm is left out: "hog/3",
 * "kworker/u8:1".  At most WORKLOAD_MAX entries are made; where there would be more, those that ran
 * least go together by priority, as "others".
 *
 * Who is alive at the end of the trace sleeps then for longer than any run.
 *
 * Nice levels become weights as in Linux, and priorities, minus nice.
 * Real-time ones are above: those of 1 to 99 go to 21 to 63, the uppermost that policies tell
 * apart, in order, though some become equal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_TRACE_ENTRIES_H
#define SIM_INPUT_TRACE_ENTRIES_H

#include <cjson/cJSON.h>

#include "sim/input/sched_trace.h"

enum { TRACE_ENTRY_NAME_MAX = 40 };

struct trace_entry {
    char name[TRACE_ENTRY_NAME_MAX + 1]; /* that an entry may have, once */
    int prio;
    uint32_t count;
    struct sched_process **processes;
};

struct trace_entries {
    struct trace_entry *entries;
    uint32_t count;
};

struct trace_entries trace_entries_group(const struct sched_trace *trace, struct arena *arena);

uint32_t trace_entry_weight(const struct trace_entry *entry);
int trace_entry_priority(const struct trace_entry *entry);

/* One of them, as an object for "workload": with all that was recorded; and the parts of it. */
cJSON *trace_entry_json(const struct trace_entry *entry);
cJSON *trace_entry_heading(const struct trace_entry *entry); /* all but phases */
cJSON *trace_process_bursts(const struct sched_process *process);

#endif
