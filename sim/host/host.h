/* host.h -- drives a scheduler as a kernel would, on modelled cores, in simulated time.
 *
 * Order of events: by (time, phase, id), where phase 0 is timers and messages by process, phase 1
 * the cores.  An entry into the scheduler executes whole at one instant; its core is busy and
 * uninterruptible until its price has passed, and what it sends falls due no earlier than it was
 * paid for.
 *
 * Invariant: every picosecond of every core is in exactly one account; host_run() checks the sum.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_HOST_H
#define SIM_HOST_HOST_H

#include "sim/host/loader.h"
#include "sim/host/recording.h"
#include "sim/host/result.h"

/* One replication of one scenario.  The result's arrays live in arena.  A breach of contract by
 * the scheduler is in result->fault; nothing else can go wrong but a bug of ours. */
void host_run(const struct scenario *scenario, const struct scheduler *scheduler,
              uint32_t replication, struct run_result *result, struct arena *arena);

/* The same, and what recording asks for is put into it; NULL: nothing is. */
void host_run_recorded(const struct scenario *scenario, const struct scheduler *scheduler,
                       uint32_t replication, struct recording *recording, struct run_result *result,
                       struct arena *arena);

#endif
