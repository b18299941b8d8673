/* sched_trace.h -- what each process did, from a recorded trace of Linux's scheduler.
 *
 * The file is text as sched_line.h reads it, compressed by gzip or not; it must have sched_switch,
 * and should have sched_waking (or sched_wakeup).  Of each process it gives what it ran and slept
 * in turn:
 *
 *     run    from when it comes onto a cpu to when it leaves it in another state than R; parts
 *            between which it was preempted are added up.  Where there are sched_stat_runtime
 *            events of it, what these say, which leaves interrupts out; else the time between.
 *     sleep  from when it leaves so to when it is woken, or, without such an event, to when it
 *            comes onto a cpu again
 *
 * Before its first event: who is first seen leaving a cpu has run there since the cpu's last
 * switch, or the beginning; who is first seen coming onto one has waited since the beginning where
 * the trace has wakings, else it begins then; who is first seen waking begins then.  After its last
 * event: who is on a cpu runs up to the end of the trace.  Stretches of which one end was lost last
 * for nothing (or for what sched_stat_runtime says), and are counted.
 *
 * Lines need not be in the order of time; of those of one instant, the first comes first.  Memory
 * is proportional to the number of events.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_SCHED_TRACE_H
#define SIM_INPUT_SCHED_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"

struct sched_process {
    uint32_t pid;
    const char *comm;  /* the last that it had; any bytes */
    int prio;          /* likewise, as the kernel counts: 120 is nice 0, below 100 real-time */
    bool exits;        /* before the end of the trace */
    bool sleeps;       /* at the end of the trace, */
    uint64_t slept_ns; /* for so long by then */
    uint64_t start_ns; /* after the beginning of the trace */
    uint64_t run_ns;   /* in all */
    uint32_t count;
    uint64_t *ns; /* run, sleep, run, ... */
};

struct sched_trace {
    uint32_t process_count;
    struct sched_process **processes; /* that ran, by pid, and of one pid by time */
    uint32_t cpus;       /* that have events, or so many as ftrace's heading says if more */
    uint32_t cpus_named; /* there; 0: nowhere */
    uint64_t duration_ns;
    bool is_fine; /* times are given finer than to the us */
    bool has_wakings;
    uint64_t switches, lost, losses_uncounted, other_lines, unknown_lines, twofold_lines,
        cut_stretches;
};

/* False when it cannot be read, is no such trace, or has no process that runs.  Processes are the
 * arena's, their lists freed by sched_trace_free(), which there must be in any case. */
bool sched_trace_read(struct sched_trace *trace, const char *path, struct arena *arena,
                      struct error *err);

/* One line on what was lost or left out; "": nothing. */
const char *sched_trace_notes(const struct sched_trace *trace, struct arena *arena);

void sched_trace_free(struct sched_trace *trace);

#endif
