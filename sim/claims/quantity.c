/* quantity.c -- see quantity.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/claims/quantity.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

static double per_entry(const struct run_result *run, double sum)
{
    return run->work.entries > 0 ? sum / (double)run->work.entries : NAN;
}

static double blocks_per_entry(const struct scenario *scenario, const struct run_result *run)
{
    (void)scenario;
    return per_entry(run, (double)run->work.blocks);
}

static double accesses_per_entry(const struct scenario *scenario, const struct run_result *run)
{
    (void)scenario;
    return per_entry(run, (double)run->work.accesses);
}

static double price_ns_per_entry(const struct scenario *scenario, const struct run_result *run)
{
    (void)scenario;
    return per_entry(run, run->work.price_ps / 1e3);
}

static double useful_cores(const struct scenario *scenario, const struct run_result *run)
{
    return run->metrics[METRIC_useful_percent] / 100 * scenario->cores;
}

/* METRIC_COUNT and beyond are those of workload entries, of operations, and others. */
static double other_metric(const struct scenario *scenario, const struct run_result *run,
                           const char *name)
{
    struct arena arena = ARENA_EMPTY;
    double value = NAN;
    for (uint32_t i = METRIC_COUNT; i < run->metric_count; i++)
        if (fnmatch(name, metric_name(scenario, i, &arena), 0) == 0) {
            value = run->metrics[i];
            break;
        }
    arena_free(&arena);
    return value;
}

static double lag_turns(const struct scenario *scenario, const struct run_result *run)
{
    uint32_t processes = 0;
    for (uint32_t w = 0; w < scenario->workload_count; w++)
        processes += scenario->workloads[w].instances;
    double turn_ms =
        (double)scenario->scheduler.slice_ns / 1e6 * ceil((double)processes / scenario->cores);
    return other_metric(scenario, run, "lag_ms_max") / turn_ms;
}

static double sleepers_wakeup_p99_ms(const struct scenario *scenario, const struct run_result *run)
{
    return other_metric(scenario, run, "wakeup_latency_us_p99.*-sleep") / 1e3;
}

static double migrations(const struct scenario *scenario, const struct run_result *run)
{
    (void)scenario;
    return 100 * run->metrics[METRIC_migrations_per_s] / run->metrics[METRIC_switches_per_s];
}

static double switch_code_ns(const struct scenario *scenario, const struct run_result *run)
{
    return run->metrics[METRIC_context_switch_ns_mean] - profile_value(scenario->cpu, switch_ns);
}

static double switch_registers_ns(const struct scenario *scenario, const struct run_result *run)
{
    const struct profile *cpu = scenario->cpu;
    (void)run;
    return SWITCH_INSTRUCTIONS * profile_value(cpu, instruction_ratio) * 1e3 /
           (profile_value(cpu, instructions_per_cycle) * profile_value(cpu, clock_mhz));
}

static double switch_rest_ns(const struct scenario *scenario, const struct run_result *run)
{
    return profile_value(scenario->cpu, switch_ns) - switch_registers_ns(scenario, run);
}

static double switch_cache_ns(const struct scenario *scenario, const struct run_result *run)
{
    double cores = run->metrics[METRIC_account_cache_percent] / 100 * scenario->cores;
    return cores * 1e9 / run->metrics[METRIC_switches_per_s];
}

static const struct {
    const char *name;
    double (*of)(const struct scenario *scenario, const struct run_result *run);
    bool loads; /* of more than metrics */
} own[] = {
    { "blocks_per_entry", blocks_per_entry, true },
    { "accesses_per_entry", accesses_per_entry, true },
    { "price_ns_per_entry", price_ns_per_entry, true },
    { "useful_cores", useful_cores, false },
    { "lag_turns", lag_turns, false },
    { "migrations_per_100_switches", migrations, false },
    { "sleepers_wakeup_p99_ms", sleepers_wakeup_p99_ms, false },
    { "switch_code_ns", switch_code_ns, false },
    { "switch_registers_ns", switch_registers_ns, false },
    { "switch_rest_ns", switch_rest_ns, false },
    { "switch_cache_ns", switch_cache_ns, false },
};

/* Of what results have in memory, or behind load. */
static double own_quantity(const struct results *results, uint32_t run, size_t which)
{
    const struct run_result *known = &results->runs[run];
    const struct scenario *scenario = &results->experiment->points[known->point].scenario;
    if (!own[which].loads || results->load == NULL)
        return own[which].of(scenario, known);
    struct arena arena = ARENA_EMPTY;
    struct run_result whole;
    results->load(results->load_context, run, &whole, &arena);
    double value = own[which].of(scenario, &whole);
    arena_free(&arena);
    return value;
}

double quantity_of(const struct results *results, uint32_t run_index, const char *quantity)
{
    const struct run_result *run = &results->runs[run_index];
    const struct scenario *scenario = &results->experiment->points[run->point].scenario;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(own[i].name, quantity) == 0)
            return own_quantity(results, run_index, i);
    for (uint32_t i = 0; i < METRIC_COUNT; i++)
        if (strcmp(metric_descriptions[i].name, quantity) == 0)
            return run->metrics[i];
    return other_metric(scenario, run, quantity);
}
