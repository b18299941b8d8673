/* result.h -- what one run yields: metrics, accounts, totals, or a fault.
 *
 * A run executes in a worker process and its result crosses a pipe, so the struct owns plain
 * arrays only.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_RESULT_H
#define SIM_HOST_RESULT_H

#include <stdint.h>

#include "sim/input/scenario.h"
#include "sim/statistics/verdict.h"

/* Where core time goes.  Every picosecond of every core is in exactly one. */
enum account {
    ACCOUNT_USER,      /* processes' own work */
    ACCOUNT_CACHE,     /* their stalls beyond running alone and uninterrupted */
    ACCOUNT_SCHED,     /* scheduler entries */
    ACCOUNT_LOCK_WAIT, /* waiting for a lock or a line in flight */
    ACCOUNT_SWITCH,    /* direct context switches */
    ACCOUNT_TICK,      /* timer interrupts and torus_tick() */
    ACCOUNT_BALANCE,   /* braid_balance(), and interrupts to receive what it moved */
    ACCOUNT_IDLE_WORK, /* ticks and balancing of a core that has nothing to run */
    ACCOUNT_IDLE,
    ACCOUNT_COUNT
};

extern const char *const account_names[ACCOUNT_COUNT]; /* "user", "cache", ... */

/* Metrics that every run has, in the order of runs.csv.  X(name, unit, direction, near, help).  The
 * names are the interface; NaN where undefined (no lock, nothing finished).  near: a difference of
 * so much, in the unit, matters to nobody however small the metric is, as where it is near zero;
 * UNGATED: no verdict is to hang on it, as on a maximum, which is one event of the run. */
#define UNGATED (-1)

#define LATENCY_METRICS(X, what, unit, near, help)                                                 \
    X(what##_##unit##_mean, #unit, LOWER_IS_BETTER, near, help ": mean")                           \
    X(what##_##unit##_p50, #unit, LOWER_IS_BETTER, near, help ": median")                          \
    X(what##_##unit##_p90, #unit, LOWER_IS_BETTER, near, help ": 90th percentile")                 \
    X(what##_##unit##_p99, #unit, LOWER_IS_BETTER, near, help ": 99th percentile")                 \
    X(what##_##unit##_p999, #unit, LOWER_IS_BETTER, near, help ": 99.9th percentile")              \
    X(what##_##unit##_max, #unit, LOWER_IS_BETTER, UNGATED, help ": maximum")

#define RATIO_METRICS(X, what, near, help)                                                         \
    X(what##_mean, "ratio", LOWER_IS_BETTER, near, help ": mean")                                  \
    X(what##_p50, "ratio", LOWER_IS_BETTER, near, help ": median")                                 \
    X(what##_p90, "ratio", LOWER_IS_BETTER, near, help ": 90th percentile")                        \
    X(what##_p99, "ratio", LOWER_IS_BETTER, near, help ": 99th percentile")                        \
    X(what##_p999, "ratio", LOWER_IS_BETTER, near, help ": 99.9th percentile")                     \
    X(what##_max, "ratio", LOWER_IS_BETTER, UNGATED, help ": maximum")

#define METRICS(X)                                                                                 \
    X(sched_overhead_percent, "%", LOWER_IS_BETTER, 0.01,                                          \
      "(sched + lock_wait + switch + tick + balance) / (elapsed - idle - idle_work)")              \
    X(sched_overhead_percent_max_torus, "%", LOWER_IS_BETTER, UNGATED,                             \
      "the same for the torus where it is highest")                                                \
    X(total_overhead_percent, "%", LOWER_IS_BETTER, 0.01,                                          \
      "sched_overhead_percent with cache added")                                                   \
    X(useful_percent, "%", HIGHER_IS_BETTER, 0.1, "user / elapsed")                                \
    X(account_user_percent, "%", HIGHER_IS_BETTER, 0.1, "share of core time: processes' own work") \
    X(account_cache_percent, "%", LOWER_IS_BETTER, 0.01,                                           \
      "share of core time: cache stalls beyond running alone")                                     \
    X(account_sched_percent, "%", LOWER_IS_BETTER, 0.01, "share of core time: scheduler entries")  \
    X(account_lock_wait_percent, "%", LOWER_IS_BETTER, 0.01,                                       \
      "share of core time: waiting for a lock or line")                                            \
    X(account_switch_percent, "%", LOWER_IS_BETTER, 0.01,                                          \
      "share of core time: direct context switches")                                               \
    X(account_tick_percent, "%", LOWER_IS_BETTER, 0.01, "share of core time: timer interrupts")    \
    X(account_balance_percent, "%", LOWER_IS_BETTER, 0.01, "share of core time: balancing")        \
    X(account_idle_work_percent, "%", LOWER_IS_BETTER, 0.01,                                       \
      "share of core time: ticks and balancing of idle cores")                                     \
    X(account_idle_percent, "%", NO_DIRECTION, 0.1, "share of core time: nothing to do")           \
    X(throughput_per_s, "1/s", HIGHER_IS_BETTER, 1,                                                \
      "finished phase loops or processes per simulated second")                                    \
    X(completed, "count", HIGHER_IS_BETTER, 1, "finished phase loops or processes")                \
    X(switches_per_s, "1/s", NO_DIRECTION, 1, "changes of the running process, all cores")         \
    LATENCY_METRICS(X, wakeup_latency, us, 0.5, "wake-up or arrival, as intended, to running")     \
    LATENCY_METRICS(X, wait, us, 0.5, "READY to RUNNING")                                          \
    LATENCY_METRICS(X, response, us, 1, "intended start of a loop or process to its end")          \
    RATIO_METRICS(X, slowdown, 0.01, "response / CPU time asked for")                              \
    LATENCY_METRICS(X, sched_call, ns, 0.2, "price of one entry into the scheduler")               \
    X(context_switch_ns_mean, "ns", LOWER_IS_BETTER, 0.2,                                          \
      "scheduler entry + direct switch, without cache")                                            \
    X(jain, "ratio", HIGHER_IS_BETTER, 0.002, "Jain's index of received / owed user time")         \
    X(starved, "count", LOWER_IS_BETTER, 0.5, "waits of READY processes longer than starve_ms")    \
    X(wait_ms_max, "ms", LOWER_IS_BETTER, UNGATED,                                                 \
      "longest wait for a core, unfinished ones included")                                         \
    X(wasted_percent, "%", LOWER_IS_BETTER, 0.1,                                                   \
      "integral of min(idle cores, waiting processes) / core time")                                \
    X(imbalance_mean, "processes", LOWER_IS_BETTER, 0.02,                                          \
      "time average of max - min load over tori, per core served")                                 \
    X(migrations_per_s, "1/s", LOWER_IS_BETTER, 2, "processes moved between tori by balancing")    \
    X(lock_utilisation, "ratio", LOWER_IS_BETTER, 0.005,                                           \
      "share of time that the busiest lock is held")                                               \
    X(lock_contention_percent, "%", LOWER_IS_BETTER, 0.1, "requests that had to wait")             \
    X(lock_acquisitions_per_s, "1/s", NO_DIRECTION, 1, "acquisitions of all locks")                \
    LATENCY_METRICS(X, lock_wait, us, 0.1, "asking for a lock to having it, unfinished waits too")

enum metric {
#define X(name, unit, direction, near, help) METRIC_##name,
    METRICS(X)
#undef X
        METRIC_COUNT
};

struct metric_description {
    const char *name, *unit, *help;
    enum direction direction;
    double near; /* UNGATED: no verdict is to hang on it */
};

extern const struct metric_description metric_descriptions[METRIC_COUNT];

/* Metrics that only a scenario with "lag": true has, behind the others. */
#define LAG_METRICS(X)                                                                             \
    X(lag_ms_max, "ms", LOWER_IS_BETTER, UNGATED,                                                  \
      "greatest owed - received user time of a process while runnable")                            \
    X(share_error_max, "ratio", LOWER_IS_BETTER, UNGATED,                                          \
      "greatest |received - owed| / owed over the window")

enum lag_metric {
#define X(name, unit, direction, near, help) LAG_##name,
    LAG_METRICS(X)
#undef X
        LAG_COUNT
};

extern const struct metric_description lag_descriptions[LAG_COUNT];

/* Metrics that only a scenario with "until": "done" has, behind those. */
#define DONE_METRICS(X)                                                                            \
    X(done_ms, "ms", LOWER_IS_BETTER, 0.01,                                                        \
      "when nobody had anything left to do, and the run ended")

enum done_metric {
#define X(name, unit, direction, near, help) DONE_##name,
    DONE_METRICS(X)
#undef X
        DONE_COUNT
};

extern const struct metric_description done_descriptions[DONE_COUNT];

/* Metrics that only a sweep of cores has, last of all; no run knows them alone (scaling.h). */
#define SCALING_METRICS(X)                                                                         \
    X(speedup, "ratio", HIGHER_IS_BETTER, 0.02,                                                    \
      "throughput over that with the fewest cores, times their number")                            \
    X(efficiency, "ratio", HIGHER_IS_BETTER, 0.005, "speedup / cores")                             \
    X(usl_sigma, "ratio", LOWER_IS_BETTER, 0.002,                                                  \
      "contention in the Universal Scalability Law, fitted over all cores")                        \
    X(usl_kappa, "ratio", LOWER_IS_BETTER, 0.0001,                                                 \
      "coherence in the Universal Scalability Law, fitted over all cores")

enum scaling_metric {
#define X(name, unit, direction, near, help) SCALING_##name,
    SCALING_METRICS(X)
#undef X
        SCALING_COUNT
};

extern const struct metric_description scaling_descriptions[SCALING_COUNT];

/* The metrics that each workload entry has of its own, as NAME.ENTRY:
 * "wakeup_latency_us_p99.hog". */
extern const enum metric entry_metrics[];
extern const uint32_t entry_metric_count;

/* Price per operation, as sched_call_ns_mean.OPERATION: "sched_call_ns_mean.wake". */

/* Names of all metrics of a scenario, overall first, then per entry and per operation, then of lag
 * and of a sweep of cores where there is such: METRIC_COUNT + workload_count * entry_metric_count +
 * ENTRY_KINDS (+ LAG_COUNT) (+ DONE_COUNT) (+ SCALING_COUNT). */
uint32_t metric_name_count(const struct scenario *scenario);
const char *metric_name(const struct scenario *scenario, uint32_t index, struct arena *arena);

/* Which of them is called so; UINT32_MAX: none. */
uint32_t metric_index(const struct scenario *scenario, const char *name);

/* What a metric of any scenario is, an entry's or an operation's as the one that it is of; NULL:
 * there is none of that name. */
const struct metric_description *metric_describe(const char *name);

enum fault_kind {
    FAULT_NONE,
    FAULT_LOST,      /* READY but in no queue or message */
    FAULT_RUN_TWICE, /* picked while it runs on another core */
    FAULT_NOT_READY, /* picked while blocked, or not alive */
    FAULT_IDLE,      /* a core left idle while its own torus has READY processes */
    FAULT_REFUSED,   /* refused a legal transition */
    FAULT_STATE,     /* left a process in a state that the operation does not lead to */
    FAULT_BLOCKS,    /* an entry of more than 10^8 traced blocks */
    FAULT_WATCHDOG,  /* an entry that does not return */
    FAULT_STUCK,     /* 10^6 events at one instant */
    FAULT_SIGNAL,    /* a signal, in the scheduler */
    FAULT_ADDRESS,   /* touched memory that is not its own */
    FAULT_UNTRACED,  /* should be traced, and no callback came */
    FAULT_LOCK,      /* took a lock of the port's twice, let go another's, or kept one */
    FAULT_DAMAGED,   /* overwrote what it must keep: ids, inboxes, what is behind a queue */
    FAULT_KINDS
};

extern const char *const fault_names[FAULT_KINDS];

struct fault {
    uint32_t kind;      /* enum fault_kind */
    uint32_t operation; /* enum entry_kind; ENTRY_KINDS: none was under way */
    uint32_t process;   /* UINT32_MAX: none */
    uint32_t core;
    uint64_t time_ps;
    char policy[32];
    char detail[160];
};

/* A bad input that only shows while running. */
enum overrun_kind {
    OVERRUN_NONE,
    OVERRUN_ALIVE,       /* an open stream over max_alive */
    OVERRUN_RESERVATION, /* refused: it does not fit, or the policy has none */
    OVERRUN_PROGRAM      /* a process does what it must not; text says what */
};

struct overrun {
    uint32_t workload; /* index; meaningful when happened */
    uint32_t happened; /* enum overrun_kind */
    uint32_t torus;    /* that refused a reservation */
    char text[512];
};

/* One row of processes.csv: totals within the measured window. */
struct process_totals {
    uint32_t workload, instance;
    uint64_t user_ps;
    uint64_t runtime_ns; /* on cores, overhead included: from pick to leaving */
    uint64_t wait_ps, wait_ps_max;
    uint32_t switches; /* times that it came onto a core; once if it was on one to begin with */
    uint32_t migrations, loops, alive_whole_window;
};

/* What the scheduler did in all entries of the window but ticks. */
struct entry_work {
    uint64_t entries;
    uint64_t blocks, accesses; /* as traced; 0 under flat prices */
    double price_ps;           /* as of sched_call_ns_* */
};

/* Latencies whose whole distribution a run yields. */
enum latency { LATENCY_WAKEUP, LATENCY_WAIT, LATENCY_RESPONSE, LATENCY_KINDS };

extern const char *const latency_names[LATENCY_KINDS]; /* "wakeup_latency_us" ... */

/* So many values lie in that bucket of a histogram of ps (sim/base/histogram.h). */
struct latency_cell {
    uint32_t kind, bucket; /* enum latency */
    uint64_t count;        /* above 0 */
};

/* What a worker is told to run. */
struct run_order {
    uint32_t point, replication;
    uint64_t warmup_ps; /* instead of the scenario's */
    bool pilot;         /* for its series alone, which tell how long a warm-up is wanted */
};

enum { SERIES_BATCHES = 500 };

struct run_result {
    uint32_t point, replication;
    struct fault fault;
    struct overrun overrun;
    uint32_t metric_count;
    uint32_t core_count;
    uint32_t process_count; /* closed processes only */
    uint32_t latency_count; /* of cells */
    uint32_t series_count;  /* 0, or 2 * SERIES_BATCHES of a pilot */
    uint64_t window_ps;
    uint64_t vain_ps_max; /* scenario->vain: the longest that a core idled beside one queued */
    uint64_t events, scheduling_events;
    struct entry_work work;
    double wall_s, cpu_s; /* of the engine; cpu_s is processor time */
    uint64_t peak_rss_kb;
    double *metrics;                  /* [metric_count] */
    uint64_t *core_accounts_ps;       /* [core_count][ACCOUNT_COUNT] */
    struct process_totals *processes; /* [process_count] */
    struct latency_cell *latencies;   /* [latency_count], by kind and bucket */
    /* Of each of SERIES_BATCHES equal slices of the run, its warm-up included: user time of all
     * cores / slice, and behind these the time average of READY processes. */
    double *series;
};

#endif
