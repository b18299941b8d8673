/* internal.h -- what the files of sim/host share: cores, tasks, tori as the host sees them.
 *
 * host.c sets up, runs the main loop and takes faults; cores.c decides what a core does next;
 * entries.c calls the scheduler and prices the call; audit.c holds the scheduler's memory to the
 * host's record; messages.c is the port, what the scheduler asks of the world; programs.c steps a
 * process's phases, and programs that do more are in steps.h; tally.c measures, and lag.c what
 * processes are owed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_INTERNAL_H
#define SIM_HOST_INTERNAL_H

#include <setjmp.h>

#include "models/machine/lock_model.h"
#include "models/machine/tracer.h"
#include "models/machine/working_set.h"
#include "sim/base/histogram.h"
#include "sim/base/random.h"
#include "sim/engine/event_tree.h"
#include "sim/host/host.h"
#include "sim/host/recording.h"
#include "sim/host/series.h"

#define NO_TASK UINT32_MAX
#define NO_CORE UINT32_MAX
#define NEVER   EVENT_NEVER

enum task_state {
    TASK_FREE,    /* no process, or not yet */
    TASK_BLOCKED, /* its timer is set */
    TASK_DUE,     /* its timer has expired: in a core's list, to be woken or created */
    TASK_POSTED,  /* a message that falls due at its timer, or is its sender's to deliver */
    TASK_INBOX,   /* a message in a torus's inbox */
    TASK_READY,
    TASK_RUNNING
};

enum task_flag {
    TASK_WOKEN = 1,       /* its next dispatch ends a wake-up latency */
    TASK_HAS_BLOCKED = 2, /* within the window: left out of Jain's index */
    TASK_BORN_LATE = 4,   /* after the window began: likewise */
    TASK_ALIVE = 8,       /* the scheduler has created it */
    TASK_LOOPING = 16,    /* what it does next begins another loop of its program */
    TASK_IN_INBOX = 32    /* of settle_stranded() */
};

/* What the host knows of a process beside what the scheduler does; same index.  Aligned so that it
 * never lies in more than two cache lines. */
struct task {
    _Alignas(32) uint64_t run_left_ps; /* CPU time to the end of this run phase */
    uint64_t ready_ps;                 /* READY since */
    uint64_t due_ps;                   /* when it was meant to start this burst of work */
    uint64_t demand_ps;                /* CPU time that the burst has asked for so far */
    uint64_t user_ps;                  /* received within the window */
    uint64_t wait_ps;                  /* waited within the window */
    uint64_t wait_ps_max;
    struct random_place place; /* in the random numbers of its entity */
    uint32_t entity;
    uint32_t next; /* in a core's list of due or posted tasks, or the list of free ones */
    uint32_t switches, migrations, loops;
    uint16_t core;  /* that takes its timer interrupt */
    uint16_t torus; /* that it is on, or on its way to */
    uint8_t workload, phase, state, flags;
};

#define CORE_WHOLE (UINT64_C(1) << 32) /* full speed */

enum core_state { CORE_IDLE, CORE_RUNNING, CORE_ENTERING, CORE_WAITING, CORE_STOPPED };

/* What a core that is to stop does next: between two entries, when it owes nobody anything. */
enum core_halt {
    HALT_NONE,
    HALT_STOP,
    HALT_LEAVE,
    HALT_LEFT, /* its last entry is under way */
    HALT_BACK  /* and it goes on after that */
};

enum ipi_flag { IPI_RESCHEDULE = 1, IPI_RECEIVE = 2 };

/* What a core is to do when it is free; one word, so that it is written as it is read. */
enum core_need {
    NEED_RESCHEDULE = 1,
    NEED_RECEIVE = 2,
    NEED_BALANCE = 4,
    NEED_IDLE = 8,
    NEED_HEARTBEAT = 16,
    NEED_TAKE = 32,
    NEED_TEND = 64
};

/* What a balance entry calls. */
enum balance_call {
    BALANCE_ROUND,
    BALANCE_IDLE,
    BALANCE_ANSWER,
    BALANCE_TAKE,
    BALANCE_TEND,
    BALANCE_LEAVE
};

struct host_torus;
struct program;
struct shared;

/* A call into the scheduler that a core is about to make. */
struct operation {
    enum entry_kind kind;
    uint32_t task; /* woken, created, or queued by its sender; NO_TASK */
    struct host_torus *torus;
    uint64_t requested_ps;  /* when the lock was asked for */
    enum core_state resume; /* what the core did before */
    bool waited;            /* it found the lock held */
};

/* A torus's request to another for processes. */
struct request {
    struct host_torus *victim; /* NULL: none is under way */
    uint32_t count;
};

struct core {
    uint64_t accounted_ps; /* every account is complete up to here; ahead of the clock when busy */
    uint64_t tick_ps, slice_ps, ipi_ps; /* NEVER: none is coming */
    uint64_t kernel_ps;                 /* when it last left the kernel */
    uint64_t grant_ps;                  /* CORE_WAITING: when it gets the lock, once known */
    uint64_t stall_ps;                  /* what is left of the running task's refill */
    uint64_t ran_ps;                    /* the task's work since the caches were last told */
    uint64_t speed;                     /* of its kind of core, */
    uint64_t share;                     /* and what siblings and memory leave of that; in 2^-32 */
    uint32_t id;
    uint32_t running;                  /* task; NO_TASK */
    uint32_t last;                     /* task that ran last, for "did it switch" */
    uint32_t due_head, due_tail;       /* tasks to wake or create */
    uint32_t posted_head, posted_tail; /* tasks to queue at other tori, whose locks it takes */
    uint32_t waking_head, waking_tail; /* tasks that its process has told to go on */
    struct host_torus *torus;          /* the one whose process runs, or ran last */
    uint32_t first_torus, torus_count;
    enum core_state state, stopped; /* CORE_STOPPED: what it was before */
    enum core_halt halt;
    uint32_t ipi_flags;
    uint32_t needs;   /* enum core_need */
    bool ticks;       /* a tick entry is a tick, not only the heartbeat of the last one */
    bool switched;    /* another task ran here before the running one */
    bool need_refill; /* the running task has not paid for its refill yet */
    bool is_idle;     /* counted in host->idle_cores */
    struct operation operation;
    struct operation refused; /* what its torus, which another has, has refused; torus NULL: none */
    enum balance_call balance_call; /* of a balance entry */
    struct request request; /* with locked queues: it takes that torus's lock and answers itself */
    uint16_t asker;         /* for this torus */
    uint64_t idle_ps;       /* is_idle: since */
    uint64_t price_rest_fs; /* prices are paid in whole ps, the rest next time */
    uint32_t hold_draws, created;
    uint64_t account_ps[ACCOUNT_COUNT]; /* within the window */
};

/* Bytes behind what the scheduler may write, of one known value while it keeps to that. */
struct guard {
    const void *from;
    size_t bytes;
};

enum { GUARD_LEAST = 16, GUARD_MOST = GUARD_LEAST + 63 };

/* One of those that a scheduler may take inside an entry. */
struct port_lock {
    struct lock_model *model; /* NULL: it has never been taken */
    bool held;
};

struct host_torus {
    struct torus *torus;
    void *queue;             /* of its policy, */
    struct guard guard;      /* and what is behind it */
    struct lock_model *lock; /* NULL: none needed; of its own, or all tori's of its core */
    uint32_t promised_core;  /* who waits for the lock and has been told when; NO_CORE */
    uint32_t first_core, core_count;
    uint32_t ready, running; /* as the host counts them */
    bool need_balance;
    struct request request;    /* falls due at the torus's timer */
    uint64_t posted_event;     /* the event whose entry last posted into its inbox */
    uint64_t held_ps;          /* lock held within the window */
    uint64_t acquisitions;     /* of the lock, within the window, */
    uint64_t asked, contended; /* and requests: those that still wait at the end, too */
};

/* Measurements within the window; the first four are merged from the entries' at the end. */
struct tally {
    struct histogram wakeup, wait, response, slowdown, lock_wait, call;
};

struct entry_tally {
    struct histogram wakeup, wait, response, slowdown;
    uint64_t completed;
};

/* Where a task is in its recorded bursts, and how late it has been woken in all. */
struct burst_place {
    uint64_t behind_ps;
    uint32_t at;
};

struct host {
    const struct scenario *scenario;
    const struct scheduler *scheduler;
    const struct torus_operations *ops;
    struct arena *arena;
    uint32_t replication;
    bool traced;

    uint64_t now_ps, warmup_ps, end_ps;
    bool may_be_done;         /* then the run ends */
    struct event_tree timers; /* phase 0: tasks, then arrival streams, then tori's requests */
    struct event_tree events; /* phase 1: cores */
    uint32_t task_count, stream_from, request_from, failure_from;
    uint64_t event_count, scheduling_count, instant_count, instant_limit;

    struct task *tasks;
    const struct policy *policy;
    struct process *processes;
    struct guard end_guard; /* behind them */
    struct braid *braid;
    struct port *port;
    struct port_lock *port_locks; /* [torus_count + 1]; NULL: none has ever been taken */
    struct topology topology;
    struct core *cores;
    struct host_torus *tori;
    uint32_t core_count, torus_count;
    uint32_t *free_list;        /* [workload_count] heads of tasks that may arrive or be forked */
    uint32_t *arrivals;         /* [workload_count] arrived or forked, behind the instances */
    struct burst_place *bursts; /* [task_count]; NULL: no entry has any */
    uint32_t open_alive, open_most; /* processes that have: now, and the most so far */

    /* Where a program has steps; else NULL. */
    struct program *programs; /* [task_count] */
    struct shared *shared;    /* [resource_count] */
    uint64_t *own_timers;
    uint32_t *tori_of_mask; /* [mask_count][braid_mask_words()] */
    uint32_t rank_head;     /* tasks whose rank is to be told; NO_TASK */
    uint64_t steps_ps;      /* steps_taken of them have been at this instant */
    uint64_t steps_taken;

    gsl_rng *rng, *memory_rng;
    struct memory memory;
    struct working_sets working_sets; /* of a traced run */
    struct tracer tracer;
    uint64_t tick_period_ps, starve_ps;
    struct {
        uint64_t timer_ps, ipi_send_ps, ipi_latency_ps, ipi_handle_ps, syscall_ps, switch_ps,
            idle_exit_ps, transfer_ps, atomic_ps;
    } cost;
    struct working_set *working_set; /* [workload_count] */
    uint32_t *code_lines;            /* likewise */

    bool in_scheduler; /* its code is running, so that a signal or a hang is its fault */

    /* The entry under way. */
    struct core *entering;
    struct host_torus *entering_torus; /* whose lock it holds, if there is one */
    struct host_torus *acting_torus;   /* that the scheduler has been called for */
    enum entry_kind entering_kind;
    uint64_t entering_from_ps, entering_flat_ps, entering_extra_ps, entering_acquire_ps;
    uint64_t entering_wait_ps; /* for locks of the port's; part of extra */
    uint32_t entering_locks;   /* of the port's, that it holds */
    bool entering_held;        /* its price was drawn from flat.hold */
    bool entering_posted;      /* the task being placed went into a message */
    bool moved;                /* the entry received a migration */

    struct recording *recording; /* NULL: nobody looks */
    uint64_t *runtime_ns;        /* [task_count] charged within the window */
    struct fault fault;
    struct overrun overrun;
    sigjmp_buf escape;

    /* Integrals over time, within the window. */
    uint64_t integrated_ps;
    uint32_t waiting, idle_cores;
    uint64_t vain_ps_max; /* the longest time for which one core idled while one process waited */
    uint64_t oldest_ps;   /* nobody who waits has been READY since before */
    uint32_t *load_count; /* [task_count + 1] tori by load */
    uint32_t load_min, load_max;
    double wasted_core_ps, imbalance_ps;

    struct failures *failures; /* NULL: the scenario has no events */
    struct lag *lag;           /* NULL: nobody asks for it */
    struct series *series;     /* NULL: likewise */
    struct tally *tally;
    struct entry_tally *entry_tallies; /* [workload_count] */
    uint64_t call_count[ENTRY_KINDS];
    double call_ps[ENTRY_KINDS];
    struct entry_work work;
    uint64_t switch_count, switch_call_count, migration_count, completed, starved;
    double switch_call_ps;
};

/* ---- host.c ---- */

__attribute__((noreturn, format(printf, 4, 5))) void
host_fault(struct host *host, enum fault_kind kind, uint32_t task, const char *format, ...);

/* ---- cores.c ---- */

void core_arm(struct host *host, struct core *core);      /* sets its next event */
void core_event(struct host *host, struct core *core);    /* does one thing, now; then core_arm() */
void core_progress(struct host *host, struct core *core); /* accounts for time up to now */
void core_charge(struct host *host, struct core *core, enum account account, uint64_t ps);
void core_add_due(struct host *host, uint32_t task); /* its core will wake or create it */
void core_interrupt(struct host *host, struct core *core, uint64_t when_ps, uint32_t flags);
void core_begin(struct host *host, struct core *core, enum entry_kind kind, uint32_t task,
                struct host_torus *torus, uint64_t before_ps, enum account account);
/* task (NO_TASK: idle) runs on core from when its accounts end. */
void core_run(struct host *host, struct core *core, uint32_t task);
/* The running task begins to work: it pays once a dispatch for what its caches have lost. */
void core_refill(struct host *host, struct core *core);
void core_leave(struct host *host, struct core *core); /* the running task leaves */
/* What kernel code takes on this core now, of the time on a fast one alone; in 1/TRACER_PACE. */
uint32_t core_pace(const struct host *host, const struct core *core);
/* core_kernel_ps(), below, where that need not be ps itself. */
uint64_t core_slower_ps(const struct host *host, const struct core *core, uint64_t ps);
void lock_promise(struct host *host, struct host_torus *torus);
/* Of a core that serves several tori: it runs a process of this one, or, NULL, of none. */
void core_lend(struct host *host, const struct core *core, const struct host_torus *torus);
void core_stop(struct host *host, struct core *core);
void core_resume(struct host *host, struct core *core);

static inline bool core_serves(const struct host *host, const struct core *core, uint32_t torus)
{
    return host->torus_count > host->core_count ? torus % host->core_count == core->id
                                                : torus == core->first_torus;
}

/* ---- entries.c ---- */

/* The core, which holds what it must, calls the scheduler. */
void entry_execute(struct host *host, struct core *core, uint64_t acquire_ps);
/* Inside an entry: takes what waits in the inbox; each process there becomes READY here. */
void entry_receive(struct host *host, struct core *core, struct host_torus *torus);
/* When what the entry under way does at this moment inside it has been paid for. */
uint64_t entry_paid_for_ps(const struct host *host);

/* ---- host.c ---- */

/* Of the scenario's kind; so many cores may wait at once; id tells its random numbers. */
struct lock_model *host_make_lock(struct host *host, uint32_t cores, uint32_t id);

/* ---- failures.c ---- */

void failures_init(struct host *host);
void failures_event(struct host *host, uint32_t timer); /* one of its timers, from 0 */
void failures_pass(struct host *host); /* what an entry has published meets its fate */
/* A core that is to stop: true if it has done so, or taken a step towards it. */
bool failures_halt(struct host *host, struct core *core);
/* The entry of a core that takes torus, tends those that its own has, or leaves. */
void failures_balance(struct host *host, struct core *core, struct host_torus *torus);
/* A core of torus that has not stopped, if there is one. */
struct core *failures_live(struct host *host, const struct host_torus *torus);
/* The core that takes the timer of a task of this one's torus. */
struct core *failures_core(struct host *host, struct core *core);
/* task, whose timer this core has taken, is its torus's: adopted if need be.  False: it is another
 * core's, which gets it. */
bool failures_own(struct host *host, struct core *core, uint32_t task);

/* Is the torus one that another has?  Then nobody but that one may touch it. */
static inline bool failures_taken(const struct host_torus *torus)
{
    return torus_is_taken(torus->torus);
}

/* Is the entry under way one that may send on what is in the inbox of torus? */
static inline bool failures_empties(const struct host *host, const struct host_torus *torus)
{
    return failures_taken(torus) ||
           (host->entering_kind == ENTRY_BALANCE && host->entering->balance_call == BALANCE_LEAVE);
}

/* ---- audit.c ---- */

size_t audit_guard_bytes(size_t bytes); /* that belong behind so many, up to a whole line */
void audit_guard_set(struct guard *guard, void *from, size_t bytes);
bool audit_guard_holds(const struct guard *guard);
void audit_guards(struct host *host); /* all of them; and that it has let go all locks */
/* What is at an address, in words that are the same in every run. */
void audit_where(const struct host *host, uintptr_t address, char *text, size_t size);
/* The index of what the scheduler gave us, which says so itself; what it did, for the message. */
uint32_t audit_index(struct host *host, const struct process *process, const char *what);
__attribute__((noreturn)) void audit_identity_failed(struct host *host, uint32_t id);
/* How many processes are in the inbox, after a look at each. */
uint32_t audit_inbox(struct host *host, const struct host_torus *torus);
/* Every process that should be queued is, exactly once: takes the queues apart to see. */
void audit_end(struct host *host);
/* The host has crashed: returns if that was not because of what the scheduler wrote. */
void audit_wreck(struct host *host);

/* A process that is alive is what it was created as, on the torus where the host knows it. */
static inline void audit_identity(struct host *host, uint32_t id)
{
    const struct process *process = &host->processes[id];
    if (process->id != id || process->torus != host->tasks[id].torus)
        audit_identity_failed(host, id);
}

/* ---- messages.c ---- */

void message_deliver(struct host *host, uint32_t task);  /* it falls due */
void request_deliver(struct host *host, uint32_t torus); /* likewise: what that torus asks for */
void host_ask(void *world, uint16_t victim, uint16_t thief, uint32_t count);
void host_post(void *world, uint16_t target, struct process *process);
void host_kick(void *world, uint32_t core);
void host_lock(void *world, uint32_t lock);
void host_unlock(void *world, uint32_t lock);

/* A sleep of the task ends now, which may be after it was meant to. */
static inline void program_woken(struct host *host, uint32_t id)
{
    if (host->bursts != NULL)
        host->bursts[id].behind_ps += host->now_ps - host->tasks[id].due_ps;
}

/* ---- tally.c ---- */

static inline void record_waking(struct host *host, const struct core *core, uint32_t task)
{
    if (host->recording != NULL)
        recording_waking(host, core, task);
}

static inline bool in_window(const struct host *host)
{
    return host->now_ps >= host->warmup_ps;
}

void tally_integrate(struct host *host);
/* The host's record: so many more of the torus's processes are READY, and RUNNING. */
void torus_count_change(struct host *host, struct host_torus *torus, int ready, int running);
void tally_idled(struct host *host, const struct core *core);   /* it ceases to idle */
void tally_load(struct host *host, uint32_t from, uint32_t to); /* a torus's load changed */
void tally_dispatch(struct host *host, struct task *task, uint64_t start_ps);
void tally_burst(struct host *host, struct task *task);
void tally_call(struct host *host, enum entry_kind kind, uint64_t price_ps);
/* A request for the lock has waited so long; contended: it found the lock held. */
void tally_lock_wait(struct host *host, struct host_torus *torus, uint64_t wait_ps, bool contended);
void tally_starvation(struct host *host); /* how long is too long, now that there are more? */
void tally_finish(struct host *host, struct run_result *result);
void tally_warm(struct host *host);                                 /* the window begins */
void tally_stop(struct host *host, const struct core *core);        /* at once: see failures.c */
void tally_processes(struct host *host, struct run_result *result); /* the tasks are gone then */

/* Could it have run at any time of the window?  Asked at the end. */
static inline bool task_was_runnable(const struct task *task)
{
    return (task->state == TASK_READY || task->state == TASK_RUNNING) &&
           !(task->flags & (TASK_HAS_BLOCKED | TASK_BORN_LATE));
}

/* ---- lag.c ---- */

void lag_init(struct host *host);
/* A core is about to be accounted for up to now: goes through the time before. */
void lag_pass(struct host *host);
void lag_begin(struct host *host, uint32_t id); /* the task becomes runnable */
void lag_end(struct host *host, uint32_t id);   /* and is no more */
void lag_finish(struct host *host, double *ms_max, double *share_error_max);

/* Sets a timer, and fetches what the one that has come near instead will need. */
static inline void timer_set(struct host *host, uint32_t id, uint64_t when_ps)
{
    int64_t near = event_tree_set(&host->timers, id, when_ps);
    if (near == EVENT_NONE || near >= host->task_count)
        return;
    event_tree_prefetch(&host->timers, (uint32_t)near);
    const char *task = (const char *)&host->tasks[near];
    __builtin_prefetch(task, 1);
    __builtin_prefetch(task + sizeof(struct task) - 1, 1);
    __builtin_prefetch(&host->processes[near], 1);
}

/* ps x rate / 2^32, rounded down. */
static inline uint64_t core_share_ps(uint64_t ps, uint64_t rate)
{
    if (rate == CORE_WHOLE)
        return ps;
    return (ps >> 32) * rate + ((ps & UINT32_MAX) * rate >> 32);
}

/* What kernel code that takes ps on a fast core alone takes on this one now. */
static inline uint64_t core_kernel_ps(const struct host *host, const struct core *core, uint64_t ps)
{
    bool is_fast = host->scenario->threads == 1 && core->speed == CORE_WHOLE;
    return is_fast ? ps : core_slower_ps(host, core, ps);
}

static inline uint32_t task_id(const struct host *host, const struct task *task)
{
    return (uint32_t)(task - host->tasks);
}

static inline uint32_t torus_number(const struct host *host, const struct host_torus *torus)
{
    return (uint32_t)(torus - host->tori);
}

/* A core that calls for a torus that it does not serve has no slot there: any will do. */
static inline uint32_t slot_of(const struct host_torus *torus, const struct core *core)
{
    uint32_t slot = core->id - torus->first_core;
    return slot < torus->core_count ? slot : 0;
}

/* When the slice of a process that begins now is used up; NEVER: at no time that there is. */
static inline uint64_t slice_end_ps(const struct host *host, uint32_t id, uint64_t from_ps)
{
    uint64_t slice_ns = host->processes[id].slice_ns;
    return slice_ns < (NEVER - from_ps) / 1000 ? from_ps + slice_ns * 1000 : NEVER;
}

/* The torus that keeps the books of its lock: itself, or the first of its core where a core's tori
 * share a lock. */
static inline struct host_torus *torus_locked(struct host *host, struct host_torus *torus)
{
    struct host_torus *first = &host->tori[torus->first_core];
    return host->torus_count > host->core_count && first->lock == torus->lock ? first : torus;
}

/* The i-th torus of a core: torus t lives on core t mod M when there are more tori than cores. */
static inline struct host_torus *core_torus(struct host *host, const struct core *core, uint32_t i)
{
    return &host->tori[core->first_torus +
                       i * (host->torus_count > host->core_count ? host->core_count : 1)];
}

#endif
