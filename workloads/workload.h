/* workload.h -- what processes do: phase programs, closed or arriving.
 *
 * A closed entry has a fixed number of instances that go round their phases for ever.  An open
 * entry is a stream of arrivals; each process goes through the phases once and exits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/distribution.h"

enum phase_kind { PHASE_RUN, PHASE_SLEEP, PHASE_YIELD, PHASE_BURSTS };

/* A recorded program: it runs, sleeps, runs, ... for so long. */
struct burst_list {
    uint32_t count;
    const uint64_t *ps;
};

struct phase {
    enum phase_kind kind;
    struct distribution duration; /* run: CPU time with warm caches; sleep; else unused */
};

struct workload {
    const char *name;
    const char *place;  /* FILE:LINE:COL: /workload/0, for messages */
    uint32_t instances; /* closed; 0 when open */
    bool open;
    struct distribution gap;   /* open: time between arrivals */
    uint32_t max_alive;        /* open: processes alive at once, more end the run as bad input */
    struct distribution start; /* closed: each instance's start after 0; open: the stream's */
    const uint64_t *starts_ps; /* [instances]: that of each; NULL: as start says */
    uint32_t working_set_kb;
    bool random_order; /* in which it touches them; else it sweeps them */
    uint32_t code_kb;  /* that a process executes between two entries into the kernel */
    uint32_t weight;
    int32_t priority;
    uint32_t budget_ns, period_ns; /* what each process asks for; budget 0: nothing */
    uint32_t phase_count;
    struct phase *phases;
    const struct burst_list **bursts; /* [phase_count], each [instances]; NULL: no such phase */
};

enum { WORKLOAD_MAX = 255, PHASE_MAX = 64 };

#endif
