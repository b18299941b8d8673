/* steps.h -- programs: of phases alone, or of steps.
 *
 * programs.c steps processes through phases, and lets them be born; steps.c steps those whose
 * programs do more than run, sleep and yield; sync.c has what processes wait for, cpus.c where they
 * may be.  What only programs of steps need is in arrays that are there where a scenario has such.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_STEPS_H
#define SIM_HOST_STEPS_H

#include "sim/host/internal.h"

/* Of what programs of phases alone never call: kept out of the functions that all go through. */
#define STEPS_ONLY __attribute__((noinline, cold))

#define NO_RESOURCE UINT32_MAX

enum program_flag {
    PROGRAM_BLOCKS = 1, /* it is to block, once what it has to do before that is done */
    PROGRAM_WAITS = 2, /* it is blocked, or about to be, until somebody wakes it: no timer is set */
    PROGRAM_WOKEN = 4, /* somebody has, before it was blocked: it need not block */
    PROGRAM_IN_BURST = 8,   /* what it waits for ends no burst, */
    PROGRAM_SIGNALLED = 16, /* another core wakes it by an interrupt */
    PROGRAM_CHANGED = 32    /* the scheduler does not know its present rank yet */
};

/* How urgent a process is, with what it inherits from those that wait for its mutexes. */
struct rank {
    int32_t priority;
    uint32_t weight;
};

/* What a process whose program has steps needs beside its task; same index. */
struct program {
    uint64_t born_ps;                /* when it was meant to start: its timers count from then */
    uint64_t until_ps;               /* of the runtime that it is in; 0: in none */
    uint64_t burst_ps;               /* IN_BURST: which was meant to start then */
    uint32_t step;                   /* that comes next */
    uint32_t rounds;                 /* of the whole program */
    uint32_t turns[GROUP_DEPTH_MAX]; /* of the groups that it is in */
    uint32_t next;      /* of those that wait for the same, or that a core is to wake */
    uint32_t next_rank; /* of those whose rank is to be told */
    uint32_t mutex;     /* that it waits for; NO_RESOURCE */
    uint32_t held;      /* the last that it has locked and still holds, or NO_RESOURCE */
    uint32_t own_timers;
    uint32_t mask, wanted_mask; /* of cpus: in force, and that it asks for */
    struct rank rank;
    uint32_t flags; /* enum program_flag */
};

/* The state of a resource; same index as in the scenario. */
struct shared {
    uint32_t head, tail; /* who waits, in order of arrival; NO_TASK */
    uint32_t owner;      /* mutex; NO_TASK */
    uint32_t next_held;  /* mutex: of those that its owner holds */
    uint32_t count;      /* semaphore: free; barrier: who have come */
    uint64_t next_ps;    /* timer; 0: not used yet */
};

/* ---- programs.c ---- */

/* The running task has finished its run phase: what now? */
void program_step(struct host *host, struct core *core);
/* Draws the run phase that a task dispatched just now begins with, if it is one. */
void program_prepare(struct host *host, struct task *task);
/* A loop of the task's program was done at when_ps. */
void program_looped(struct host *host, struct task *task, uint64_t when_ps);
/* The task, which has exited, is free for another if it arrived, or was forked; the totals of an
 * instance are kept. */
void program_free(struct host *host, uint32_t task);
void program_arrival(struct host *host, uint32_t workload);
void program_start(struct host *host); /* sets the first timers */

/* A duration from the task's own random numbers. */
uint64_t program_draw_ps(struct host *host, struct task *task, const struct distribution *duration);
/* The running task makes a system call that enters the scheduler. */
void program_call(struct host *host, struct core *core, enum entry_kind kind, uint32_t task);
void program_sleep(struct host *host, struct core *core, uint64_t until_ps); /* which runs there */
/* The next of what was recorded, of the running task.  False: it has all been done. */
bool program_next_burst(struct host *host, struct core *core, const struct burst_list *list);
/* A process of the entry is born now.  It ends the run if there are max_alive. */
uint32_t program_newcomer(struct host *host, uint32_t workload);

/* ---- steps.c ---- */

void steps_init(struct host *host);
STEPS_ONLY void steps_begin(struct host *host,
                            uint32_t task); /* it is to be born; own_timers is set */
STEPS_ONLY void steps_go_on(struct host *host, struct core *core);
/* The program of a process does what it must not.  Ends the run as bad input. */
__attribute__((noreturn, format(printf, 3, 4))) void steps_refuse(struct host *host, uint32_t task,
                                                                  const char *format, ...);
/* "hog", or "hog/3" where there are several. */
enum { PROCESS_NAME_MAX = 56 };
const char *steps_name(const struct host *host, uint32_t task, char name[PROCESS_NAME_MAX]);

/* The running task is in a runtime, if it is: its work lasts until that is over, at the core's
 * speed. */
STEPS_ONLY void steps_pace(struct host *host, const struct core *core);

/* ---- sync.c ---- */

void sync_init(struct host *host);
/* The step of the running task, which sync_step() knows; true: it does not come to the next one at
 * once. */
bool sync_step(struct host *host, struct core *core, const struct step *step);
/* Blocks the running task, if it is to; true: it does. */
bool sync_blocks(struct host *host, struct core *core);
/* The core wakes the first of those whom its process has told to go on. */
STEPS_ONLY void sync_wake(struct host *host, struct core *core);
/* What the interrupt costs by which this core is told to wake the task; *account gets it. */
STEPS_ONLY uint64_t sync_interrupt_ps(struct host *host, const struct core *core, uint32_t task,
                                      enum account *account);
/* The task, which is about to block: has it been told to go on meanwhile? */
STEPS_ONLY bool sync_need_not_block(struct host *host, uint32_t task);
/* The scheduler is told of new ranks of processes of this torus. */
void sync_tell_ranks(struct host *host, struct host_torus *torus);
/* The task is about to be woken: the scheduler is told of its rank, if that is new. */
STEPS_ONLY void sync_before_wake(struct host *host, struct host_torus *torus, uint32_t task);
bool sync_waits(const struct host *host, uint32_t task); /* no timer wakes it */

/* ---- cpus.c ---- */

void cpus_init(struct host *host);
/* The core where a process of that mask and number is born. */
uint16_t cpus_birthplace(const struct host *host, uint32_t mask, uint32_t entity);
/* The list of those that others begins, with task before it if it has not got its mask yet. */
STEPS_ONLY uint32_t cpus_stranger(struct host *host, uint32_t task, uint32_t others);
/* Inside an entry: these, which are READY on torus, get their masks. */
STEPS_ONLY void cpus_confine_all(struct host *host, struct core *core, struct host_torus *torus,
                                 uint32_t first);
/* Inside an entry that schedules, before it does: the scheduler is told of what has changed of the
 * processes of this core. */
STEPS_ONLY void ranks_and_cpus(struct host *host, struct core *core);

#endif
