/* working_set.h -- what processes bring into the caches, lose there, and pay to get back.
 *
 * A working set is an amount of lines, W, private to its process and swept in order.  At dispatch a
 * process finds a share of what it left: nothing where it never ran, and of what was there as much
 * as survives what came in since (cache.h).  It refills what it will touch before it stops.
 *
 *     stall = sum over levels of missing lines x cost of one, streaming, from the level behind
 *
 * A set larger than the caches streams through them while it runs: that is part of its own run
 * time, but it evicts others, and it keeps the memory channel busy.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_WORKING_SET_H
#define MACHINE_WORKING_SET_H

#include "models/machine/memory.h"

/* What a process left in the caches of the core that it ran on last. */
struct footprint {
    uint32_t stamp[MEMORY_LEVELS]; /* insertions of each cache when it left */
    uint16_t core;                 /* MEMORY_NO_CORE: has not run yet */
};

/* A process of a working set of `lines` lines runs again on core at now_ps, for at most run_ps of
 * work; switched: another process ran there since.  Returns the stall in ps for lines and
 * translations that are gone, or that another core holds; its first run ever is free, since alone
 * it would pay that too. */
uint64_t working_set_refill(struct memory *memory, uint32_t core, const struct footprint *footprint,
                            uint32_t lines, bool switched, uint64_t run_ps, uint64_t now_ps);

/* It has run for run_ps, with code of code_lines lines: what it brought in meanwhile. */
void working_set_ran(struct memory *memory, uint32_t core, uint32_t lines, uint32_t code_lines,
                     uint64_t run_ps);

/* It leaves the core. */
void working_set_leave(const struct memory *memory, uint32_t core, struct footprint *footprint);

/* A process with a working set of `lines` lines (0: none) runs on core from now on.  True: the
 * speeds of the processes that share its memory may have changed. */
bool working_set_stream(struct memory *memory, uint32_t core, uint32_t lines);

/* Speed at which the process on core goes on, beside those that share its memory, in 2^-32 of its
 * speed alone: 1 unless they all together want more than the channels give. */
uint64_t working_set_rate(const struct memory *memory, uint32_t core);

#endif
