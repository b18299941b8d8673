/* workers.h -- runs what it is told, in forked processes.
 *
 * With our scheduler, whose code keeps nothing of its own from one run to the next, a process makes
 * one run after the other; with a module over it each run has a process to itself.
 *
 * A crash of the scheduler under test, or of ours, ends one worker and becomes a report.  What the
 * scheduler does to its own memory is its fault even where the host falls over it; a crash that
 * leaves no trace there is taken as ours, and a foreign module is named.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_WORKERS_H
#define SIM_STUDY_WORKERS_H

#include <stddef.h>

#include "sim/host/host.h"

/* What of each run is to be written to a file. */
struct trace_request {
    const char *path;             /* NULL: nothing; see trace_path() */
    enum recording_detail detail; /* as far as the format has room for it */
    bool many;                    /* one file for each of several runs */
    double from_ms, to_ms;        /* from NaN: where the measured window begins; to NaN: the end */
};

struct work {
    uint32_t index; /* of the study, where there are several */
    const struct experiment *experiment;
    const struct scheduler *traced, *plain; /* as each point's cost wants; NULL: not wanted */
    uint32_t jobs;                          /* runs at a time */
    struct trace_request trace;
};

/* Where runs come from, and where their results go. */
struct work_source {
    void *context;
    /* The next run.  False: there is none, unless one that is under way brings more. */
    bool (*next)(void *context, struct run_order *order);
    /* A result, as bytes of result_pack(); in any order.  False, with err set: stop. */
    bool (*finished)(void *context, const struct run_order *order, const void *bytes, size_t size,
                     struct error *err);
    /* Its result will not come, as whoever had it is gone: next() is to give it again.  Processes
     * of this machine are not lost: workers_run() does not call it. */
    void (*again)(void *context, const struct run_order *order);
};

/* Until there are no more.  EXIT_FINE; or, with err set, EXIT_BAD_INPUT where finished() refused or
 * a trace could not be written, EXIT_FAULT where a foreign scheduler ended its process, EXIT_BUG
 * where a process died otherwise.  What was under way then is dropped. */
int workers_run(const struct work *work, const struct work_source *source, struct error *err);

/* Writes all of it, in a process that ends, with EXIT_BUG, when nobody reads any more. */
void workers_write(int to, const void *bytes, size_t size);

#endif
