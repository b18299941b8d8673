/* working_set.h -- what processes have in the caches, lose there, and pay to get back.
 *
 * A working set is an amount of lines, W, private to its process and swept in order, or touched at
 * random.  At dispatch a process finds a share of what it left: nothing where it never ran, and of
 * what was there as much as survives what others have used since (cache.h).  It refills what it
 * will touch before it stops.
 *
 *     stall = sum over levels of missing lines x what the level behind costs more
 *
 * where lines stream from there or, at random, take its latency each.
 *
 * A set larger than the caches streams through them while it runs: that is part of its own run
 * time, with or without a switch, but it evicts others, and it keeps the memory channel busy.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_WORKING_SET_H
#define MACHINE_WORKING_SET_H

#include "models/machine/memory.h"

/* What a process touches while it runs. */
struct working_set {
    uint32_t lines; /* 0: nothing */
    bool random;    /* in no order, so that nothing streams */
};

/* What a process has in the caches of the core that it runs on, or ran on last. */
struct footprint {
    uint32_t stamp[MEMORY_LEVELS];      /* of its last use of each level */
    uint32_t insertions[MEMORY_LEVELS]; /* of the scheduler into each, when it left */
    uint32_t touched;                   /* lines, since its dispatch */
    uint32_t missed[MEMORY_LEVELS];     /* of them, brought into each level at its dispatch */
    uint16_t core;                      /* MEMORY_NO_CORE: has not run yet */
    uint16_t held; /* share of its set that is there when it stops, in 1/65535 */
};

struct working_sets {
    struct memory *memory;
    struct footprint *footprint; /* [processes] */
    uint32_t *code_stamp;        /* [first-level caches][programs] of their last uses of the code */
    uint32_t programs;
};

/* programs: processes of one program execute the same code. */
void working_sets_init(struct working_sets *sets, struct memory *memory, uint32_t processes,
                       uint32_t programs, struct arena *arena);

/* process is a new one, and has nothing anywhere. */
void working_set_forget(struct working_sets *sets, uint32_t process);

/* process, with this working set, runs again on core at now_ps, for at most run_ps of work, or
 * until slice_ps of work and stalls have passed (0: as long as it takes); switched: another
 * process ran there since.  Returns the stall in ps for lines and translations that are gone, or
 * that another core holds, as far as it will touch them; its first run ever is free, since alone
 * it would pay that too. */
uint64_t working_set_refill(struct working_sets *sets, uint32_t core, uint32_t process,
                            struct working_set set, bool switched, uint64_t run_ps,
                            uint64_t slice_ps, uint64_t now_ps);

/* It has run there for run_ps more, executing at most code_lines lines of its program. */
void working_set_ran(struct working_sets *sets, uint32_t core, uint32_t process,
                     struct working_set set, uint32_t program, uint32_t code_lines,
                     uint64_t run_ps);

/* It leaves the core. */
void working_set_leave(struct working_sets *sets, uint32_t core, uint32_t process);

/* A process with this working set runs on core from now on.  True: the speeds of the processes that
 * share its memory may have changed. */
bool working_set_stream(struct memory *memory, uint32_t core, struct working_set set);

/* Speed at which the process on core goes on, beside those that share its memory, in 2^-32 of its
 * speed alone: 1 unless they all together want more than the channels give. */
uint64_t working_set_rate(const struct memory *memory, uint32_t core);

#endif
