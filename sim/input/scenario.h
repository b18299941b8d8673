/* scenario.h -- what to simulate: a scenario file, read, merged, checked and resolved.
 *
 * A struct scenario is one point of an experiment, fully resolved: every default filled in, every
 * name checked.  A struct experiment is all the points of one file.
 *
 * Order of merging: extends, file, --set, variant, sweep.  Every refusal names
 * FILE:LINE:COL: /json/pointer of the layer that defined the value.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_SCENARIO_H
#define SIM_INPUT_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "models/machine/lock_model.h"
#include "models/machine/profile.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/input/figure_change.h"
#include "workloads/workload.h"

enum cost_kind { COST_TRACED, COST_FLAT, COSTS };

/* Operations that have a flat price; also the names of entries in metrics. */
enum entry_kind {
    ENTRY_SCHEDULE,
    ENTRY_YIELD,
    ENTRY_BLOCK,
    ENTRY_EXIT,
    ENTRY_CREATE,
    ENTRY_WAKE,
    ENTRY_RECEIVE,
    ENTRY_TICK,
    ENTRY_BALANCE,
    ENTRY_KINDS
};

extern const char *const victim_names[];           /* of enum balancer_victim; ends with NULL */
extern const char *const entry_names[ENTRY_KINDS]; /* "schedule", "yield", ... */

struct scheduler_settings {
    uint32_t tori; /* >= 1; "per_core" is resolved */
    const char *policy, *placement, *balancer;
    enum lock_kind lock;
    uint64_t slice_ns;
    double tick_hz;                /* 0: no periodic tick */
    bool exact_slices;             /* "slices": "exact", else "tick" */
    bool aligned_ticks;            /* "ticks": "aligned", else "staggered" */
    bool locked_queues;            /* "queues": "locked", else "inbox" */
    bool inbox_at_entry;           /* "inbox": "entry", else "interrupt" */
    bool polling_idle;             /* "idle": "polling", else "halted" */
    bool place_woken;              /* woken processes are placed anew; default false */
    uint64_t warm_ns;              /* "warm_us", default 500: for placement affinity */
    uint64_t exchange_ns;          /* "exchange_us", default 10 ms; 0: always fresh */
    uint64_t balance_ns;           /* "balance": { "interval_ms" }, default 100 ms */
    uint32_t threshold;            /* "balance": { "threshold" }, default 5 */
    uint32_t victim;               /* "balance": { "victim" }, an index into victim_names */
    uint32_t migration_cost_ns;    /* "balance": { "migration_cost_us" }, default 500 us */
    uint32_t patience;             /* "patience", default 0: exchanges without a heartbeat */
    uint32_t process_stride_bytes; /* default 128; a power of two, 128 to 65536 */
};

enum event_kind {
    EVENT_STOP,    /* all cores of a torus stop at once */
    EVENT_REVIVE,  /* and go on */
    EVENT_OFFLINE, /* they, or one core of them, hand their processes on first */
    EVENT_ONLINE,
    EVENT_DROP, /* what is published for a torus is lost, */
    EVENT_DELAY,
    EVENT_CORRUPT /* or has one bit wrong */
};

struct scenario_event {
    uint64_t at_ps;
    enum event_kind kind;
    uint32_t torus;
    bool is_core;             /* OFFLINE, ONLINE: of one core, which is the number in torus */
    uint64_t until_ps, by_ps; /* of projections: for so long; DELAY: by so much */
    uint32_t chance;          /* each with probability chance / 2^32 */
};

struct flat_settings {
    uint64_t entry_ps[ENTRY_KINDS]; /* from the profile's flat_entry_ns unless given */
    bool has_hold;                  /* "hold": replaces the price of entries that hold a lock */
    struct distribution hold;
    /* "handover": "exponential": hold and hand-over are one exponential time, drawn anew whenever
     * the number of waiters changes (the chain of lock_model.h). */
    bool exponential_handover;
};

struct scenario {
    const char *name;
    uint64_t seed;
    uint32_t replications;
    uint64_t duration_ps, warmup_ps; /* the run lasts duration_ps at most, warm-up included */
    bool until_done;  /* "until": "done": sooner, if nobody has anything left to do */
    bool warmup_auto; /* "warmup_ms": "auto": warmup_ps, 0 here, is found by pilots; see mser5.h */
    const struct profile *cpu;
    uint32_t cores;
    uint32_t threads;  /* "smt": of each core of the CPU; so cores / threads of those */
    bool sweeps_cores; /* other points of the experiment differ in cores */
    struct scheduler_settings scheduler;
    enum cost_kind cost;
    struct flat_settings flat;
    uint32_t event_count;
    struct scenario_event *events; /* by time */
    bool lag;                      /* "lag": measure what processes are owed; default false */
    bool vain;                     /* measure vain_ps_max of the result: for tests, O(processes) */
    bool series;                   /* measure the series of the result: for pilots */
    uint64_t starve_ps;            /* 0: 10 x ceil(processes / cores) slices */
    uint32_t workload_count;
    struct workload *workloads;
    bool has_steps; /* a workload's program has */
    uint32_t resource_count;
    const struct resource *resources;
    uint32_t mask_count; /* of cpus; the first is all of them; 0: no workload has any */
    const struct cpu_mask *masks;
    bool priority_inheritance; /* "resources": of mutexes; default false */
    double io_mb_s;            /* "resources": of the device that "iorun" writes to, 10^6 B/s */
};

#define SCALING_POINTER "/machine/cores" /* a sweep of which shows how a scheduler scales */

/* One value of one swept parameter. */
struct sweep_value {
    const char *pointer; /* "/workload/0/instances" */
    const char *text;    /* as JSON, on one line: "100", "\"rr\"" */
    const char *label;   /* the same, or a short name for it that no other value has */
    double number;       /* NaN when it is not a number */
};

struct point {
    const char *variant; /* NULL when the scenario has none */
    uint32_t sweep_count;
    struct sweep_value *sweep; /* [sweep_count], same pointers in every point */
    struct scenario scenario;
};

/* A CPU profile that some point has. */
struct profile_used {
    const char *name; /* as the scenario calls it */
    uint64_t hash;    /* FNV-1a of the profile, with what it extends, as JSON */
};

enum expect_bound { EXPECT_AT_MOST, EXPECT_AT_LEAST };

struct expectation {
    const char *variant; /* NULL: every variant */
    const char *metric;
    enum expect_bound bound;
    double value;
    const char *place; /* FILE:LINE:COL: /expect/0 */
};

/* "precision_percent": more replications than the least; see sim/statistics/precision.h. */
struct precision {
    double percent; /* half-widths wanted, of the mean; 0: as many replications as are said */
    uint32_t max_replications;
    uint32_t metric_count;
    const char *const *metrics; /* [metric_count], which some point has */
};

struct experiment {
    const char *path; /* of the scenario file */
    const char *name;
    uint64_t seed;
    uint32_t replications;
    struct precision precision;
    uint32_t point_count;
    struct point *points; /* variants outermost, sweep keys in file order, last key fastest */
    uint32_t expectation_count;
    struct expectation *expectations;
    uint32_t profile_count;
    struct profile_used *profiles;
    uint32_t note_count;
    const char **notes; /* what a user should know of the files that it names, a line each */
    /* The merged scenario, before variants and sweep, as one that can be run again from anywhere:
     * with the profiles that were read by a path, and with every default but those that follow from
     * other values (starve_ms, flat prices). */
    const char *json;
};

/* What the command line adds. */
struct scenario_options {
    uint32_t set_count;
    const char *const *sets; /* "PTR=VALUE"; VALUE is JSON, or a bare word taken as a string */
    const char *cost;        /* NULL, "traced" or "flat" */
    bool is_rtapp;           /* the file is none of ours, but one that rt-app runs */
    bool has_seed, has_replications;
    uint64_t seed, replications;
    const struct figure_change *change; /* after all else, in every point; NULL: none */
    const char *data_dir;               /* where cpus/ is */
    /* Names that are known, each list ending with NULL. */
    const char *const *policies, *const *placements, *const *balancers;
    const char *more_names; /* where others would come from: ends a refusal; "" */
    /* All metrics that a scenario yields, likewise. */
    const char *const *(*metrics)(const struct scenario *scenario, struct arena *arena);
    /* What a scenario would have to be for a metric that it does not yield, in words; NULL: none is
     * called so, or it yields that. */
    const char *(*metric_wants)(const struct scenario *scenario, const char *name);
};

/* Reads path.  False, with err set, when anything is wrong; nothing is printed. */
bool experiment_read(struct experiment *experiment, const char *path,
                     const struct scenario_options *options, struct arena *arena,
                     struct error *err);

/* Reads one CPU profile and what it extends, by path, or by name from data_dir/cpus. */
bool profile_read(struct profile *profile, const char *path, const char *data_dir,
                  struct arena *arena, struct error *err);

#endif
