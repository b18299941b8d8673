/* workers.h -- runs what it is told in forked workers, results in order.
 *
 * A crash of the scheduler under test, or of ours, ends one worker and becomes a report.  What the
 * scheduler does to its own memory is its fault even where the host falls over it; a crash that
 * leaves no trace there is taken as ours, and a foreign module is named.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMMANDS_WORKERS_H
#define SIM_COMMANDS_WORKERS_H

#include "sim/host/host.h"

/* What of each run is to be written to a file. */
struct trace_request {
    const char *path;             /* NULL: nothing; see trace_path() */
    enum recording_detail detail; /* as far as the format has room for it */
    bool many;                    /* one file for each of several runs */
    double from_ms, to_ms;        /* from NaN: where the measured window begins; to NaN: the end */
};

struct work {
    const struct experiment *experiment;
    const struct scheduler *traced, *plain; /* as each point's cost wants; NULL: not wanted */
    uint32_t jobs;
    const struct run_order *orders;
    uint32_t order_count;
    struct trace_request trace;
    /* Called in the parent after each run, in any order; may be NULL. */
    void (*progress)(void *context, uint32_t done, uint32_t total);
    void *progress_context;
};

/* One result per order; arrays in arena.  Stops early, after the
 * first run in order that has a fault or overrun, and returns how many results are complete; 0,
 * with err set, when a trace could not be written.  A worker that dies without a report is a bug of
 * ours: EXIT_BUG; but that a foreign scheduler ended the program is its fault: EXIT_FAULT. */
uint32_t workers_run(const struct work *work, struct run_result *results, struct arena *arena,
                     struct error *err);

#endif
