/* tracer.h -- prices scheduler code by watching it execute.
 *
 * The traced build of a scheduler calls back at every basic block, load, store and atomic
 * (-fsanitize=thread -fsanitize-coverage=trace-pc, without either runtime); tracer.c supplies
 * the callbacks.  Between tracer_begin() and tracer_end() they add up the price of one entry:
 *
 *     price = (a blocks + b bytes of their code + c accesses + d calls + e entries) / IPC
 *             + branch misses + atomics + what of memory is not overlapped (pipeline.h)
 *             + what the last instructions take until they are over
 *
 * where an entry is the host calling the scheduler, and a call is one function of the scheduler
 * calling another, if by way of the port.  The coefficients are fitted to counted instructions
 * (instructions.h).
 *
 * Addresses are normalised first, so that address-space randomisation cannot reach a result: the
 * scheduler's memory and its module's constants become offsets, the entry's own stack is always in
 * the first-level cache, and anything else is the scheduler's fault.
 *
 * Which load needs which is seen by the addresses: a load of 8 bytes that gives an address in the
 * scheduler's memory makes the line there known when it is over.  Inboxes link processes by their
 * numbers + 1: on processors whose index_cycles are known, a load of 4 bytes that may be one makes
 * that process's line known so much later.
 *
 * Of two pointers that lie side by side and are loaded in one block, one is chosen without a
 * branch: the lines that they point to are known when that has been computed (choice_cycles).
 *
 * Where a block begins is known, so that its fetch and its prediction can be priced (front_end.h).
 * Instrumented code is longer than the plain one by a constant, so addresses are scaled back by it
 * before they become lines.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_TRACER_H
#define MACHINE_TRACER_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "models/machine/front_end.h"
#include "models/machine/instructions.h"
#include "models/machine/memory.h"
#include "models/machine/pipeline.h"

enum {
    TRACER_BLOCK_LIMIT = 100000000,
    TRACER_STACK_BYTES = 1 << 20,
    TRACER_MODULES = 2,
    TRACER_BLOCK_ALIGNMENT = 4, /* no two callbacks return into the same 4 bytes */
    /* Bytes of the plain build to 1024 of the traced one: 5007 to 13308 (.text of gcc 12, x86-64;
     * tests/unit/tracer.c compares). */
    TRACER_PLAIN_PER_1024 = 385,
    TRACER_PACE = 1 << 16 /* of a fast core that nobody shares */
};

/* What a core has touched lately.  It is near, as long as nobody else has used the first level, few
 * lines have come into it, and no other core has touched it: line->touched says who did last. */
struct tracer_period {
    uint32_t number;     /* even; no two cores have the same */
    uint32_t uses;       /* of the first level by others, when it began */
    uint32_t insertions; /* of the scheduler there, then */
};

/* Counts of one entry. */
struct tracer_counts {
    uint32_t blocks, code_bytes, accesses, calls, entries, atomics, branch_misses, retries;
};

/* Code and constants of one shared object. */
struct tracer_module {
    uintptr_t from, bytes;       /* where it is mapped; 0 bytes: there is none */
    const uint16_t *block_bytes; /* [bytes / TRACER_BLOCK_ALIGNMENT + 1], by where the callback
                                    returns to: bytes of code of that block */
    uint64_t offset;             /* where it lies in the modelled memory */
    uint32_t code_line;          /* its first line of code */
};

/* Processes in the scheduler's memory, as numbers name them. */
struct tracer_processes {
    uint64_t from; /* offset of the first */
    uint32_t bytes, count;
};

enum tracer_fault { TRACER_FINE, TRACER_ADDRESS, TRACER_BLOCKS, TRACER_SILENT };

struct tracer {
    struct memory *memory;
    uintptr_t memory_from, memory_bytes; /* the scheduler's memory */
    struct tracer_module module[TRACER_MODULES];
    uintptr_t stack_top;
    uint32_t line_shift;

    /* At the entry's pace: */
    uint64_t block_fs, byte_fs, access_fs, call_fs, entry_fs, branch_miss_fs, drain_fs;
    uint64_t atomic_fs, index_fs, choice_fs; /* at any */
    struct tracer_processes processes;
    double instruction_fs, branch_miss, drain; /* in fs, on a fast core that nobody shares */
    struct tracer_period *periods;             /* [cores] */
    uint32_t last_period, period_lines;        /* that may come in one */
    uint32_t code_shift;                       /* from 1024ths of bytes to lines */
    struct front_end front_end;
    /* The entry under way. */
    uint32_t period, period_insertions;
    struct memory_line *line;  /* the memory's */
    const struct cache *first; /* level, of the core */
    struct pipeline pipeline;
    /* When it began: simulated time, and the pipeline's. */
    uint64_t now_ps, from_fs, from_stalled_fs;
    uint32_t core, pace;
    /* The last pointer loaded: from where, with how many blocks left, and the line it points to. */
    uintptr_t pointer_at;
    uint32_t pointer_block;
    struct memory_line *pointed;
    uint32_t blocks_left;        /* of TRACER_BLOCK_LIMIT */
    struct tracer_counts counts; /* of blocks when it is over */
    enum tracer_fault fault;
    uintptr_t fault_address;
    sigjmp_buf *escape; /* taken when the entry must not go on */
};

struct tracer_setup {
    const struct profile *cpu;
    struct memory *memory;
    uint32_t core_count;
    const void *scheduler_memory;
    uint64_t scheduler_bytes;
    struct tracer_processes processes;           /* count 0: none are named by numbers */
    struct tracer_module module[TRACER_MODULES]; /* offsets are filled in: behind its memory */
};

void tracer_init(struct tracer *tracer, const struct tracer_setup *setup, struct arena *arena);

/* An entry begins on core at now_ps; its instructions take pace / TRACER_PACE of the time that
 * they take on a fast core.  escape is where a runaway entry is left to. */
void tracer_begin(struct tracer *tracer, uint32_t core, uint32_t pace, uint64_t now_ps,
                  sigjmp_buf *escape);

/* The entry is over: its price in fs; of it, what was waiting for lines in flight. */
uint64_t tracer_end(struct tracer *tracer, uint64_t *wait_fs);

/* The price so far, in fs, inside an entry. */
uint64_t tracer_so_far(const struct tracer *tracer);

/* What of the price so far is stalls, for lines of data and code, in fs. */
uint64_t tracer_stalls_fs(const struct tracer *tracer);

/* How long after the end of the entry its last store has its line, in fs. */
uint64_t tracer_stores_fs(const struct tracer *tracer);

#endif
