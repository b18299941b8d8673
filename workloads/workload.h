/* workload.h -- what processes do: phase programs, closed or arriving.
 *
 * A closed entry has a fixed number of instances that go round their phases, for ever unless it
 * says how often.  An open entry is a stream of arrivals; each process goes through the phases and
 * exits.
 * Besides, processes fork others of an entry.
 *
 * A program of nothing but runs, sleeps and yields that goes round for ever is its phases.  Any
 * other is compiled to steps: groups are laid out flat, with a step at the end of each that goes
 * back to its beginning; a "sync" is five steps, and a "wait" two, the second of which takes its
 * mutex again.
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

/* What processes share, by name; each kind has names of its own. */
enum resource_kind {
    RESOURCE_MUTEX,
    RESOURCE_CONDITION,
    RESOURCE_BARRIER,
    RESOURCE_SEMAPHORE,
    RESOURCE_SUSPENSION, /* of those who suspend under a name */
    RESOURCE_TIMER,
    RESOURCE_KINDS
};

struct resource {
    enum resource_kind kind;
    const char *name;
    uint32_t users; /* barrier: how many processes open it */
};

enum step_kind {
    STEP_RUN,   /* amount of CPU time */
    STEP_SLEEP, /* amount */
    STEP_YIELD,
    STEP_BURSTS,  /* of each instance */
    STEP_RUNTIME, /* CPU until amount has gone by */
    STEP_TIMER,   /* resource, or, is_own, one of the process's own; amount: period */
    STEP_LOCK,
    STEP_UNLOCK,
    STEP_WAIT, /* resource: condition; other: mutex */
    STEP_SIGNAL,
    STEP_BROADCAST,
    STEP_BARRIER,
    STEP_SUSPEND,
    STEP_RESUME,
    STEP_SEM_POST,
    STEP_SEM_WAIT,
    STEP_FORK,  /* other: workload */
    STEP_CPUS,  /* other: mask */
    STEP_TURNS, /* of the group that begins; amount: how many, in us; other: step behind it */
    STEP_REPEAT /* other: step where the group begins; count: turns in all, 0: for ever */
};

struct step {
    enum step_kind kind;
    uint32_t resource, other, count;
    uint32_t depth;   /* TURNS, REPEAT: of the group: 0 is outermost */
    bool is_drawn;    /* REPEAT: the turns are counted down from what TURNS drew */
    bool is_own;      /* TIMER */
    bool is_absolute; /* TIMER: a missed activation does not shift the next ones */
    struct distribution amount;
    const struct burst_list *bursts; /* [instances] */
};

struct workload {
    const char *name;
    const char *place;  /* FILE:LINE:COL: /workload/0, for messages */
    uint32_t instances; /* closed; 0 when open */
    bool open;
    struct distribution gap; /* open: time between arrivals */
    uint32_t max_alive;      /* that arrive or are forked, at once; more end the run as bad input */
    struct distribution start; /* closed: each instance's start after 0; open: the stream's */
    const uint64_t *starts_ps; /* [instances]: that of each; NULL: as start says */
    uint32_t working_set_kb;
    bool random_order; /* in which it touches them; else it sweeps them */
    uint32_t code_kb;  /* that a process executes between two entries into the kernel */
    uint32_t weight;
    int32_t priority;
    uint32_t budget_ns, period_ns; /* what each process asks for; budget 0: nothing */
    uint32_t phase_count;
    struct phase *phases;             /* of a program that has no steps */
    const struct burst_list **bursts; /* [phase_count], each [instances]; NULL: no such phase */
    uint32_t step_count;              /* 0: it is its phases */
    struct step *steps;
    uint32_t rounds; /* closed: of the whole program, before a process exits; 0: for ever */
    uint32_t timers; /* that each process has of its own */
    uint32_t mask;   /* of cpus, that it starts with; 0: all */
    bool has_burst_steps;
    bool is_forked; /* some process forks such: up to max_alive beside the instances */
};

/* Cores that a process may be on: bit c % 32 of word c / 32. */
struct cpu_mask {
    uint32_t *cores;
    uint32_t count, first; /* of its cores, and one of them */
};

#define WORKLOAD_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

enum { WORKLOAD_MAX = 255, PHASE_MAX = 64, STEP_MAX = 4096, GROUP_DEPTH_MAX = 4 };

/* How many processes the entry can have at once. */
static inline uint32_t workload_slots(const struct workload *workload)
{
    return workload->instances + (workload->open || workload->is_forked ? workload->max_alive : 0);
}

#endif
