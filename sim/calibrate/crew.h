/* crew.h -- threads on CPUs of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_CREW_H
#define SIM_CALIBRATE_CREW_H

#include "sim/calibrate/timing.h"

enum { CREW_MAX = 256, CREW_LINE_BYTES = 128 };

/* The CPUs that this process may run on, ascending; returns how many. */
uint32_t crew_allowed(uint32_t *cpus, uint32_t most);

/* Binds the calling thread to a CPU, or back to all of them; false: not permitted. */
bool crew_pin(uint32_t cpu);
bool crew_unpin(const uint32_t *cpus, uint32_t count);

/* A partner thread on a CPU; run gets context. */
struct partner {
    unsigned long thread;
    void *(*run)(void *context);
    void *context;
    uint32_t cpu;
    bool background; /* runs only when nobody else wants the CPU (SCHED_IDLE) */
};

bool partner_start(struct partner *partner);
void partner_join(struct partner *partner);

/* All members do their work once, at the same time, again and again: ns until the last is done.
 * The caller is the first member, and must run on its CPU.  Work is as in timing_measure(). */
struct crew_member {
    uint32_t cpu;
    uint64_t (*work)(void *context);
    void *context;
};

struct measurement crew_measure(const struct crew_member *members, uint32_t count, double seconds);

#endif
