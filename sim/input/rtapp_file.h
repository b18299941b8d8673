/* rtapp_file.h -- rt-app's workload files, as entries of a scenario's "workload".
 *
 * A file's tasks become entries, one each, with the same meaning (docs/WORKLOADS.md has the table);
 * the reader of scenarios goes on from there.  What means nothing in a simulation is named in
 * notes; what cannot be simulated is refused by name.  The grammar is that of rt-app 1.0's
 * tutorial and, where that is silent, of its source (github.com/scheduler-tools/rt-app).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_RTAPP_FILE_H
#define SIM_INPUT_RTAPP_FILE_H

#include <stdint.h>

#include "sim/input/json.h"

enum { RTAPP_NOTES = 4 };

struct rtapp {
    cJSON *entries;            /* an array; the caller's, to delete */
    const char *const *places; /* of the tasks that they were made of: FILE:LINE:COL: /tasks/NAME */
    double duration_s;         /* for how long the file runs; 0: until all tasks have ended, if */
    double work_us;            /* they do: run and slept in all, one after another; else infinite */
    uint32_t cores;            /* that its "cpus" need at least; 0: any number */
    bool has_realtime;         /* tasks of SCHED_RR or SCHED_FIFO */
    bool has_deadline;         /* of SCHED_DEADLINE */
    bool inherits;             /* "pi_enabled" */
    const char *notes[RTAPP_NOTES]; /* what a user should know; sentences without a stop */
    uint32_t note_count;
    const char *of_scenario; /* likewise, of what a scenario decides instead; NULL: nothing */
};

/* False, with err set, when the file is none of rt-app's, or has what is not simulated; entries is
 * NULL then. */
bool rtapp_read(struct rtapp *rtapp, const char *path, struct arena *arena, struct error *err);

/* The same for a text; name is for messages. */
bool rtapp_parse(struct rtapp *rtapp, const char *name, const char *text, size_t length,
                 struct arena *arena, struct error *err);

/* A scenario that runs the file alone, as JSON text: on a machine with as many cores as it needs,
 * under the policy that its tasks ask for, for as long as it says. */
const char *rtapp_scenario(const struct rtapp *rtapp, const char *path, struct arena *arena);

#endif
