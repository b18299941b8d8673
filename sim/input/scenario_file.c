/* scenario_file.c -- see scenario_file.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/scenario_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/input/event_file.h"
#include "sim/input/precision_file.h"
#include "sim/input/profile_file.h"
#include "sim/input/workload_file.h"
#include "sim/statistics/precision.h"

const char *const victim_names[] = { "most_loaded", "random", "random_or_self", NULL };

const char *const entry_names[ENTRY_KINDS] = {
    "schedule", "yield", "block", "exit", "create", "wake", "receive", "tick", "balance",
};

static const char *const top_keys[] = { "name",         "seed",      "replications", "duration_ms",
                                        "warmup_ms",    "machine",   "scheduler",    "cost",
                                        "flat",         "starve_ms", "workload",     "extends",
                                        "variants",     "sweep",     "expect",       "profiles",
                                        "lag",          "events",    "resources",    "until",
                                        PRECISION_KEYS, NULL };

static const double seed_max = 9007199254740991; /* 2^53 - 1: what a double holds exactly */

static uint64_t ms_to_ps(double ms)
{
    return (uint64_t)llround(ms * 1e9);
}

/* ---- Machine ------------------------------------------------------------------------------ */

/* "figures" in a scenario: this point's own copy of the profile, with those set. */
static bool read_overrides(const struct node *machine, struct scenario *scenario, struct error *err)
{
    struct node figures;
    if (!node_get(machine, "figures", &figures))
        return true;
    struct profile *profile = arena_alloc(machine->document->arena, 1, sizeof *profile);
    *profile = *scenario->cpu;
    scenario->cpu = profile;
    return profile_override(profile, &figures, err);
}

static bool read_machine(const struct node *root, struct scenario *scenario,
                         const struct scenario_options *options, struct profile_cache *cache,
                         struct error *err)
{
    static const char *const keys[] = { "cpu", "cores", "smt", "figures", NULL };
    struct node machine, cpu, cores, smt;
    uint64_t count = 0, threads = 1;
    if (!member_need(root, "machine", &machine, err) || !node_object(&machine, keys, err) ||
        !member_need(&machine, "cpu", &cpu, err) ||
        (scenario->cpu = profile_cache_find(cache, &cpu, err)) == NULL ||
        !read_overrides(&machine, scenario, err) ||
        (options->change != NULL &&
         !figure_change_apply(options->change, &scenario->cpu, machine.document->arena, err)) ||
        !member_need(&machine, "cores", &cores, err) ||
        !member_count(&machine, "cores", 1, 1024, &count, err) ||
        !member_count(&machine, "smt", 1, (uint64_t)profile_value(scenario->cpu, smt_threads),
                      &threads, err))
        return false;
    if (count % threads != 0 && node_get(&machine, "smt", &smt))
        return node_refuse(&smt, err, "must divide cores, which is %ju: it counts threads",
                           (uintmax_t)count);
    scenario->cores = (uint32_t)count;
    scenario->threads = (uint32_t)threads;
    return true;
}

/* ---- Scheduler ---------------------------------------------------------------------------- */

static bool read_tori(const struct node *scheduler, uint32_t cores, uint32_t *tori,
                      struct error *err)
{
    struct node node;
    uint64_t count = cores;
    if (node_get(scheduler, "tori", &node)) {
        bool per_core =
            cJSON_IsString(node.json) && strcmp(node.json->valuestring, "per_core") == 0;
        if (!per_core && !cJSON_IsNumber(node.json))
            return node_refuse(&node, err,
                               "must be a number from 1 to 65535, or \"per_core\", is %s",
                               cJSON_IsString(node.json) ? "another word" : node_type(&node));
        if (!per_core && !member_count(scheduler, "tori", 1, 65535, &count, err))
            return false;
    } else {
        node_default(scheduler, "tori", cJSON_CreateString("per_core"));
    }
    *tori = (uint32_t)count;
    return true;
}

static bool read_table_name(const struct node *node, const char *key, const char *const *names,
                            const char *more, const char *fallback, const char **name,
                            struct error *err)
{
    struct node child;
    uint32_t index = 0;
    *name = fallback;
    if (fallback == NULL && !member_need(node, key, &child, err))
        return false;
    if (!node_get(node, key, &child)) {
        node_default(node, key, cJSON_CreateString(fallback));
        return true;
    }
    if (!node_choice_of(&child, key, names, more, &index, err))
        return false;
    *name = arena_string(node->document->arena, names[index]);
    return true;
}

static bool read_balance(const struct node *scheduler, struct scheduler_settings *settings,
                         const struct scenario_options *options, struct error *err)
{
    static const char *const keys[] = { "kind",   "threshold",         "interval_ms",
                                        "victim", "migration_cost_us", NULL };
    struct node node, kind;
    uint64_t threshold = 5;
    double interval_ms = 100, cost_us = 500;
    uint32_t index = 0;
    settings->balancer = "none";
    if (node_get(scheduler, "balance", &node)) {
        if (!node_object(&node, keys, err) || !member_need(&node, "kind", &kind, err) ||
            !node_choice_of(&kind, "balancer", options->balancers, options->more_names, &index,
                            err) ||
            !member_count(&node, "threshold", 0, UINT32_MAX, &threshold, err) ||
            !member_number(&node, "interval_ms", 1e-3, 1e6, &interval_ms, err) ||
            !member_choice(&node, "victim", victim_names, &settings->victim, err) ||
            !member_number(&node, "migration_cost_us", 1, 1e6, &cost_us, err))
            return false;
        settings->balancer = arena_string(node.document->arena, options->balancers[index]);
    } else {
        cJSON *none = cJSON_CreateObject();
        cJSON_AddStringToObject(none, "kind", settings->balancer);
        cJSON_AddNumberToObject(none, "threshold", (double)threshold);
        cJSON_AddNumberToObject(none, "interval_ms", interval_ms);
        cJSON_AddStringToObject(none, "victim", victim_names[settings->victim]);
        cJSON_AddNumberToObject(none, "migration_cost_us", cost_us);
        node_default(scheduler, "balance", none);
    }
    settings->threshold = (uint32_t)threshold;
    settings->balance_ns = (uint64_t)llround(interval_ms * 1e6);
    settings->migration_cost_ns = (uint32_t)llround(cost_us * 1e3);
    return true;
}

/* Two names, of which the second sets the flag. */
static bool read_switch(const struct node *node, const char *key, const char *off, const char *on,
                        bool *flag, struct error *err)
{
    const char *const names[] = { off, on, NULL };
    uint32_t index = *flag;
    if (!member_choice(node, key, names, &index, err))
        return false;
    *flag = index == 1;
    return true;
}

static bool read_stride(const struct node *node, uint32_t *stride, struct error *err)
{
    char is[32];
    struct node child;
    *stride = 128;
    if (!node_get(node, "process_stride_bytes", &child)) {
        node_default(node, "process_stride_bytes", cJSON_CreateNumber(*stride));
        return true;
    }
    double value = cJSON_IsNumber(child.json) ? child.json->valuedouble : 0;
    if (value >= 128 && value <= 65536 &&
        figure_values_wanted(FIGURE_VALUES_POWER, value) == NULL) {
        *stride = (uint32_t)value;
        return true;
    }
    json_number(value, is);
    return node_refuse(&child, err, "must be a power of two from 128 to 65536, is %s",
                       cJSON_IsNumber(child.json) ? is : node_type(&child));
}

static bool read_times(const struct node *node, struct scheduler_settings *settings,
                       struct error *err)
{
    double slice_us = 10000, exchange_us = 10000, warm_us = 500;
    struct node child;
    settings->tick_hz = 100;
    if (!member_number(node, "slice_us", 1e-3, 1e9, &slice_us, err) ||
        !member_number(node, "tick_hz", 0, 1e6, &settings->tick_hz, err) ||
        !member_number(node, "exchange_us", 0, 1e9, &exchange_us, err) ||
        !member_number(node, "warm_us", 0, 1e9, &warm_us, err) ||
        !read_stride(node, &settings->process_stride_bytes, err))
        return false;
    if (settings->tick_hz > 0 && settings->tick_hz < 0.25 && node_get(node, "tick_hz", &child))
        return node_refuse(&child, err, "must be 0 (no tick) or at least 0.25, is %g",
                           settings->tick_hz);
    settings->slice_ns = (uint64_t)llround(slice_us * 1000);
    settings->exchange_ns = (uint64_t)llround(exchange_us * 1000);
    settings->warm_ns = (uint64_t)llround(warm_us * 1000);
    return read_switch(node, "slices", "tick", "exact", &settings->exact_slices, err) &&
           read_switch(node, "ticks", "staggered", "aligned", &settings->aligned_ticks, err) &&
           read_switch(node, "queues", "inbox", "locked", &settings->locked_queues, err) &&
           read_switch(node, "inbox", "interrupt", "entry", &settings->inbox_at_entry, err) &&
           read_switch(node, "idle", "halted", "polling", &settings->polling_idle, err) &&
           member_bool(node, "place_woken", &settings->place_woken, err);
}

static bool reads_projections(const char *placement)
{
    static const char *const readers[] = { "least_loaded", "power_of_two", "affinity", NULL };
    for (int i = 0; readers[i] != NULL; i++)
        if (strcmp(placement, readers[i]) == 0)
            return true;
    return false;
}

/* Settings that are each fine but do not work together. */
static bool check_ticks(const struct node *node, const struct scheduler_settings *settings,
                        struct error *err)
{
    struct node tick = *node;
    if (settings->tick_hz > 0)
        return true;
    node_get(node, "tick_hz", &tick);
    if (!settings->exact_slices)
        return node_refuse(&tick, err,
                           "slices by tick need a tick: set tick_hz above 0, or "
                           "\"slices\" to \"exact\"");
    if (settings->tori == 1)
        return true;
    if (strcmp(settings->balancer, "none") != 0)
        return node_refuse(&tick, err,
                           "balancing needs a tick: set tick_hz above 0, or the "
                           "balance kind to \"none\"");
    if (settings->exchange_ns > 0 && reads_projections(settings->placement))
        return node_refuse(&tick, err,
                           "projections are exchanged at ticks: set tick_hz above 0, "
                           "or exchange_us to 0 (always fresh)");
    return true;
}

/* One exchange is no sign of death: two tori need not tick at the same distance. */
static bool read_patience(const struct node *node, struct scheduler_settings *settings,
                          uint32_t cores, struct error *err)
{
    struct node given;
    uint64_t patience = 0;
    if (!member_count(node, "patience", 0, 10000, &patience, err))
        return false;
    settings->patience = (uint32_t)patience;
    if (patience == 0 || !node_get(node, "patience", &given))
        return true;
    if (patience == 1)
        return node_refuse(&given, err, "must be 0 (never) or at least 2, is 1");
    if (settings->exchange_ns == 0 || settings->tick_hz == 0)
        return node_refuse(&given, err,
                           "counts exchanges at ticks: set exchange_us and tick_hz above 0");
    if (settings->tori > cores)
        return node_refuse(&given, err, "needs at most as many tori as cores (%u), there are %u",
                           cores, settings->tori);
    return true;
}

static bool read_scheduler(const struct node *root, struct scenario *scenario,
                           const struct scenario_options *options, struct error *err)
{
    static const char *const keys[] = { "tori",        "policy",
                                        "lock",        "queues",
                                        "slice_us",    "tick_hz",
                                        "slices",      "ticks",
                                        "inbox",       "idle",
                                        "placement",   "place_woken",
                                        "exchange_us", "process_stride_bytes",
                                        "balance",     "warm_us",
                                        "patience",    NULL };
    static const char *locks[LOCK_KINDS + 1];
    struct scheduler_settings *settings = &scenario->scheduler;
    struct node node;
    uint32_t lock = LOCK_TICKET;
    for (uint32_t i = 0; i < LOCK_KINDS; i++)
        locks[i] = lock_descriptions[i].name;
    if (!member_need(root, "scheduler", &node, err) || !node_object(&node, keys, err) ||
        !read_tori(&node, scenario->cores, &settings->tori, err) ||
        !read_table_name(&node, "policy", options->policies, options->more_names, NULL,
                         &settings->policy, err) ||
        !read_table_name(&node, "placement", options->placements, options->more_names,
                         "least_loaded", &settings->placement, err) ||
        !member_choice(&node, "lock", locks, &lock, err) ||
        !read_balance(&node, settings, options, err) || !read_times(&node, settings, err))
        return false;
    settings->lock = (enum lock_kind)lock;
    return read_patience(&node, settings, scenario->cores, err) &&
           check_ticks(&node, settings, err);
}

/* ---- Cost --------------------------------------------------------------------------------- */

static bool read_handover(const struct node *flat, struct scenario *scenario, struct error *err)
{
    struct node handover;
    if (!read_switch(flat, "handover", "modelled", "exponential",
                     &scenario->flat.exponential_handover, err))
        return false;
    if (!scenario->flat.exponential_handover || !node_get(flat, "handover", &handover))
        return true;
    if (scenario->scheduler.lock != LOCK_TICKET)
        return node_refuse(&handover, err, "is for \"lock\": \"ticket\" only; set that");
    if (!scenario->flat.has_hold)
        return node_refuse(&handover, err, "needs \"hold\", whose mean it takes; add it");
    return true;
}

/* The Markov chain knows a hold by its mean. */
static bool check_chain(const struct node *hold, const struct scenario *scenario, struct error *err)
{
    if (!scenario->flat.exponential_handover ||
        scenario->flat.hold.kind == DISTRIBUTION_EXPONENTIAL)
        return true;
    return node_refuse(hold, err,
                       "must be exponential where \"handover\" is: with it, they are one time");
}

static bool read_flat(const struct node *root, struct scenario *scenario, struct error *err)
{
    const char *keys[ENTRY_KINDS + 3] = { NULL };
    struct node node, hold;
    double ns = profile_value(scenario->cpu, flat_entry_ns);
    for (uint32_t i = 0; i < ENTRY_KINDS; i++) {
        keys[i] = arena_printf(root->document->arena, "%s_ns", entry_names[i]);
        scenario->flat.entry_ps[i] = (uint64_t)llround(ns * 1000);
    }
    keys[ENTRY_KINDS] = "hold";
    keys[ENTRY_KINDS + 1] = "handover";
    if (!node_get(root, "flat", &node))
        return true;
    if (!node_object(&node, keys, err))
        return false;
    for (uint32_t i = 0; i < ENTRY_KINDS; i++) {
        struct node given;
        double given_ns = ns;
        if (node_get(&node, keys[i], &given) && !node_number(&given, 0, 1e9, &given_ns, err))
            return false;
        scenario->flat.entry_ps[i] = (uint64_t)llround(given_ns * 1000);
    }
    scenario->flat.has_hold = node_get(&node, "hold", &hold);
    if (!read_handover(&node, scenario, err))
        return false;
    if (!scenario->flat.has_hold)
        return true;
    if (scenario->cost != COST_FLAT)
        return node_refuse(&hold, err, "is for \"cost\": \"flat\" only; set that, or leave it out");
    return distribution_read(&hold, &scenario->flat.hold, err) && check_chain(&hold, scenario, err);
}

static bool read_cost(const struct node *root, struct scenario *scenario, struct error *err)
{
    static const char *const costs[] = { "traced", "flat", NULL };
    uint32_t index = COST_TRACED;
    if (!member_choice(root, "cost", costs, &index, err))
        return false;
    scenario->cost = (enum cost_kind)index;
    return read_flat(root, scenario, err);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool read_warmup(const struct node *root, double duration_ms, struct scenario *scenario,
                        struct error *err)
{
    struct node node;
    double warmup_ms = 0;
    if (node_get(root, "warmup_ms", &node) && cJSON_IsString(node.json) &&
        strcmp(node.json->valuestring, "auto") == 0) {
        scenario->warmup_auto = true;
        return true;
    }
    if (node_get(root, "warmup_ms", &node) && !cJSON_IsNumber(node.json))
        return node_refuse(&node, err, "must be a number from 0 to 1e+08, or \"auto\", is %s",
                           cJSON_IsString(node.json) ? "another word" : node_type(&node));
    if (!member_number(root, "warmup_ms", 0, 1e8, &warmup_ms, err))
        return false;
    if (warmup_ms >= duration_ms && node_get(root, "warmup_ms", &node))
        return node_refuse(&node, err, "must be less than duration_ms (%g), is %g", duration_ms,
                           warmup_ms);
    scenario->warmup_ps = ms_to_ps(warmup_ms);
    return true;
}

/* What has no end of its own has no part after a warm-up either: it may be done before. */
static bool read_until(const struct node *root, struct scenario *scenario, struct error *err)
{
    static const char *const ends[] = { "duration", "done", NULL };
    struct node node;
    uint32_t index = 0;
    if (!node_get(root, "until",
                  &node)) /* nor is it said: results from before it was there compare */
        return true;
    if (!node_choice(&node, "until", ends, &index, err))
        return false;
    scenario->until_done = index == 1;
    if (scenario->until_done && (scenario->warmup_auto || scenario->warmup_ps > 0))
        return node_refuse(
            &node, err,
            "\"done\" is for runs without warm-up, as all may be done before it ends; "
            "leave warmup_ms out");
    return true;
}

static bool read_durations(const struct node *root, struct scenario *scenario, struct error *err)
{
    struct node node;
    double duration_ms = 0, starve_ms = 0;
    uint64_t seed = 1, replications = 10;
    if (node_get(root, "precision_percent", &node))
        replications = PRECISION_REPLICATIONS_MIN;
    if (!member_need(root, "duration_ms", &node, err) ||
        !member_number(root, "duration_ms", 1e-3, 1e8, &duration_ms, err) ||
        !read_warmup(root, duration_ms, scenario, err) || !read_until(root, scenario, err) ||
        (node_get(root, "starve_ms", &node) && !node_number(&node, 1e-3, 1e8, &starve_ms, err)) ||
        !member_bool(root, "lag", &scenario->lag, err) ||
        !member_count(root, "seed", 0, (uint64_t)seed_max, &seed, err) ||
        !member_count(root, "replications", 1, 100000, &replications, err))
        return false;
    scenario->duration_ps = ms_to_ps(duration_ms);
    scenario->starve_ps = ms_to_ps(starve_ms);
    scenario->seed = seed;
    scenario->replications = (uint32_t)replications;
    return true;
}

/* It names the results directory too, so it must be fit for a file name. */
static bool read_name(const struct node *root, struct scenario *scenario, struct error *err)
{
    struct node name;
    if (!member_need(root, "name", &name, err) || !node_string(&name, &scenario->name, err))
        return false;
    size_t length = strlen(scenario->name);
    if (length == 0 || length > 100 || scenario->name[0] == '.' ||
        !json_is_printable(scenario->name) || strpbrk(scenario->name, "/\\") != NULL)
        return node_refuse(&name, err,
                           "must be 1 to 100 characters, no slash or control character among them "
                           "and no dot first: results are filed under it");
    return true;
}

bool scenario_resolve(struct scenario *scenario, const struct document *document,
                      const struct scenario_options *options, struct scenario_caches *caches,
                      struct error *err)
{
    struct node root = document_node(document), workload, events;
    *scenario = (struct scenario){ 0 };
    return node_object(&root, top_keys, err) && read_name(&root, scenario, err) &&
           read_durations(&root, scenario, err) &&
           read_machine(&root, scenario, options, &caches->profiles, err) &&
           read_scheduler(&root, scenario, options, err) && read_cost(&root, scenario, err) &&
           member_need(&root, "workload", &workload, err) &&
           workloads_read(&workload, &root, scenario, &caches->references, err) &&
           (!node_get(&root, "events", &events) || events_read(&events, scenario, err));
}
