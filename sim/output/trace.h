/* trace.h -- a recording of a run as a file that other people's viewers open.
 *
 *     FILE.pftrace   Perfetto's protobuf: switches, wakings, names; where the overhead is, as
 *                    slices of a track per core or sampled, and queue lengths and migrations as
 *                    counters, as far as recording->detail goes
 *     FILE.ftrace    the text of Linux's ftrace: switches, wakings, and, when a process leaves a
 *                    core, sched_stat_runtime with what it has got done there, overhead left out
 *
 * and either with ".gz" behind it.  A process's pid is its number in the run + 1, that of who idles
 * 0.  Times are in ns since the run began, rounded down.
 *
 * Sources: perfetto.dev/docs/reference/trace-packet-proto; Documentation/trace/ftrace.rst and
 * include/trace/events/sched.h of Linux 6.1.
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_TRACE_H
#define SIM_OUTPUT_TRACE_H

#include "sim/host/recording.h"
#include "sim/input/scenario.h"

/* Does the name say what format is wanted, and may a file be put there? */
bool trace_check(const char *path, struct error *err);

/* Has the format of this name a place for all that can be recorded? */
bool trace_shows_all(const char *path);

/* And for the work that a process does while it is on a core? */
bool trace_shows_work(const char *path);

/* The path of one run's trace: path itself, or, of several runs, FILE-POINT-REPLICATION.pftrace. */
const char *trace_path(const char *path, bool several, uint32_t point, uint32_t replication,
                       struct arena *arena);

/* Writes the file, whole or not at all. */
bool trace_write(const struct recording *recording, const struct scenario *scenario,
                 const char *path, struct error *err);

#endif
