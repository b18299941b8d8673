/* recording.h -- what happens in a run, for those who want to see it: who runs where, and when.
 *
 * A recording changes no result.  It is a list per core, and one of the queues, each in the order
 * in which things happened; what happens on two cores at one instant has no order.  Where the
 * overhead is and how long queues are takes many times as much as who runs where, so of a long
 * time it is sampled: what each core spent in each account in every slot of the time, and what the
 * queues were at its end.
 *
 * A process is on a core from the entry that picks it to the entry in which it leaves, as the
 * scheduler charges it: the durations add up, to the nanosecond, to runtime_ns of processes.csv.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_RECORDING_H
#define SIM_HOST_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_IDLE UINT32_MAX /* no process */

enum record_kind {
    RECORD_SWITCH,    /* task before leaves the core, task comes; one of them may be RECORD_IDLE */
    RECORD_WAKING,    /* task becomes READY: it has been created, or its sleep is over */
    RECORD_ACCOUNT,   /* the core spends the time from at_ps to to_ps in an account */
    RECORD_READY,     /* so many processes (count) of the torus are queued now */
    RECORD_MIGRATION, /* task goes to another torus */
    RECORD_WORK       /* who is on the core, and leaves it next, has done so much there */
};

/* How a task leaves its core. */
enum record_leave { RECORD_READY_STILL, RECORD_SLEEPS, RECORD_ENDS };

struct record {
    uint64_t at_ps;
    union {
        uint64_t to_ps;   /* ACCOUNT */
        uint64_t work_ns; /* WORK: CPU time of a fast core alone, as a program's runs are */
        struct {
            uint32_t task, before; /* SWITCH; task: WAKING and MIGRATION, too */
        };
        struct {
            uint32_t torus, count; /* READY */
        };
    };
    uint8_t kind;   /* enum record_kind */
    uint8_t detail; /* SWITCH: enum record_leave; ACCOUNT: enum account */
};

enum recording_detail {
    RECORDING_AUTO,    /* ALL, up to RECORDING_DETAILED switches; then, from the start, SAMPLED */
    RECORDING_SCHED,   /* SWITCH and WAKING alone */
    RECORDING_SAMPLED, /* and samples */
    RECORDING_ALL      /* and ACCOUNT, READY and MIGRATION */
};

enum { RECORDING_DETAILED = 200000 };

struct record_list {
    struct record *records;
    size_t count, capacity;
    uint32_t on; /* the task that is on the core, until to_ps; RECORD_IDLE */
    bool started;
};

/* Who a task is; of a stream, one of those that are alive at once. */
struct recorded_task {
    uint32_t workload, instance;
    uint64_t work_ps, told_ns; /* its work so far, and of that in WORK, rounded down */
};

#define RECORD_SAME UINT32_MAX /* a queue that has not changed in a slot */

struct record_samples {
    uint64_t slot_ps;
    uint32_t slot_count;
    uint64_t *account_ps; /* [slot][core][account] */
    uint32_t *queued;     /* [slot][torus]: so many processes at its end, or RECORD_SAME */
    uint64_t *migrations; /* [slot] */
};

struct recording {
    uint64_t from_ps, to_ps;      /* what happens before or after is not recorded */
    enum recording_detail detail; /* AUTO has become one of the others when the run is over */
    bool work;                    /* WORK, too */
    uint32_t core_count, torus_count, task_count;
    size_t switch_count;
    struct record_list *cores; /* [core_count]: SWITCH, WAKING, ACCOUNT, WORK */
    struct record_list queues; /* READY, MIGRATION */
    struct record_samples samples;
    struct recorded_task *tasks; /* [task_count] */
};

struct core;
struct host;

/* The run begins, with all cores idle.  host->recording says from when to when is wanted, and what;
 * the rest of it is made, and freed by recording_free(). */
void recording_begin(struct host *host);

/* Task comes onto the core now, or, NO_TASK, nothing does. */
void recording_switch(struct host *host, const struct core *core, uint32_t task);

/* Task has done work from from_ps to to_ps, the time that is in its account as its own. */
void recording_work(struct host *host, uint32_t task, uint64_t from_ps, uint64_t to_ps,
                    uint64_t work_ps);

void recording_waking(struct host *host, const struct core *core, uint32_t task);
void recording_account(struct host *host, const struct core *core, uint8_t account,
                       uint64_t from_ps, uint64_t to_ps);
void recording_ready(struct host *host, uint32_t torus, uint32_t count);
void recording_migration(struct host *host, uint32_t task);

/* The run is over, maybe early: who is on a core leaves it. */
void recording_end(struct host *host);

void recording_free(struct recording *recording);

#endif
