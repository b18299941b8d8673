/* sched_line.h -- one line of a trace of Linux's scheduler, as ftrace and perf script print it.
 *
 *     comm-pid [cpu] flags time: event: fields         the file trace of tracefs, trace-cmd report
 *     comm-pid (tgid) [cpu] time: event: fields
 *     comm pid [cpu] time: sched:event: fields         perf script
 *
 * and the fields either as prev_comm=... prev_state=S ==> next_comm=... or as older perf has them,
 * comm:pid [prio] S ==> comm:pid [prio].  A comm (at most 15 bytes) may hold any of these signs.
 * Where older perf's fields can be read in several ways because one does, it is who leaves that the
 * line begins with: of equal comm and pid, or else of equal pid.
 *
 * Sources: Documentation/trace/ftrace.rst, include/trace/events/sched.h and
 * tools/lib/traceevent/plugins/plugin_sched_switch.c of Linux 6.1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_SCHED_LINE_H
#define SIM_INPUT_SCHED_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sched_line_kind {
    SCHED_EMPTY,   /* or a comment */
    SCHED_UNKNOWN, /* no event, or one that is not what it should be */
    SCHED_TWOFOLD, /* a switch that can be read in several ways */
    SCHED_OTHER,   /* another event */
    SCHED_LOST,    /* count events were lost; SCHED_UNCOUNTED: nobody knows how many */
    SCHED_CPUS,    /* count cpus could have had events */
    SCHED_SWITCH,  /* who leaves, in what state; next comes */
    SCHED_WAKING,  /* sched_waking, sched_wakeup, sched_wakeup_new, child of sched_process_fork */
    SCHED_RUNTIME  /* who has run for count ns */
};

#define SCHED_UNCOUNTED UINT64_MAX

/* The greatest numbers that a line may have; SCHED_UNKNOWN else. */
enum { SCHED_CPU_MAX = 65535, SCHED_PID_MAX = 1 << 30, SCHED_PRIO_MIN = -1, SCHED_PRIO_MAX = 139 };

struct sched_who {
    const char *comm; /* in the line */
    size_t length;
    uint32_t pid;
    int16_t prio; /* as the kernel counts: less is more urgent, 120 is nice 0 */
    bool has_prio;
};

struct sched_line {
    uint64_t ns, count;
    uint32_t cpu;
    struct sched_who who, next;
    const char *before; /* the line's beginning, up to "[cpu]": comm and pid of who is there */
    size_t before_length;
    char state; /* 'R' still ready; 'X', 'Z' gone; else it sleeps */
    bool wakes; /* WAKING: sched_waking or a wakeup, no birth by fork */
};

/* Line ends with NUL, and without newline.  Points into it. */
enum sched_line_kind sched_line_read(struct sched_line *line, const char *text);

/* Which number of a line with sched_switch is beyond its range; NULL: none, or it is no such. */
const char *sched_line_fault(const char *text);

#endif
