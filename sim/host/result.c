/* result.c -- names of accounts, metrics and faults; see result.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/result.h"

#include <string.h>

#include "sim/base/check.h"

const char *const account_names[ACCOUNT_COUNT] = {
    "user", "cache", "sched", "lock_wait", "switch", "tick", "balance", "idle_work", "idle",
};

const char *const latency_names[LATENCY_KINDS] = { "wakeup_latency_us", "wait_us", "response_us" };

const struct metric_description metric_descriptions[METRIC_COUNT] = {
#define X(name, unit, direction, near, help) { #name, unit, help, direction, near },
    METRICS(X)
#undef X
};

const struct metric_description lag_descriptions[LAG_COUNT] = {
#define X(name, unit, direction, near, help) { #name, unit, help, direction, near },
    LAG_METRICS(X)
#undef X
};

const struct metric_description done_descriptions[DONE_COUNT] = {
#define X(name, unit, direction, near, help) { #name, unit, help, direction, near },
    DONE_METRICS(X)
#undef X
};

const struct metric_description scaling_descriptions[SCALING_COUNT] = {
#define X(name, unit, direction, near, help) { #name, unit, help, direction, near },
    SCALING_METRICS(X)
#undef X
};

const enum metric entry_metrics[] = {
    METRIC_throughput_per_s,
#define X(name, unit, direction, near, help) METRIC_##name,
    LATENCY_METRICS(X, wakeup_latency, us, 0, "") LATENCY_METRICS(X, wait, us, 0, "")
        LATENCY_METRICS(X, response, us, 0, "") RATIO_METRICS(X, slowdown, 0, "")
#undef X
};
const uint32_t entry_metric_count = sizeof entry_metrics / sizeof entry_metrics[0];

uint32_t metric_name_count(const struct scenario *scenario)
{
    return METRIC_COUNT + scenario->workload_count * entry_metric_count + ENTRY_KINDS +
           (scenario->lag ? LAG_COUNT : 0) + (scenario->until_done ? DONE_COUNT : 0) +
           (scenario->sweeps_cores ? SCALING_COUNT : 0);
}

const char *metric_name(const struct scenario *scenario, uint32_t index, struct arena *arena)
{
    CHECK(index < metric_name_count(scenario));
    if (index < METRIC_COUNT)
        return metric_descriptions[index].name;
    index -= METRIC_COUNT;
    uint32_t workload = index / entry_metric_count;
    if (workload < scenario->workload_count)
        return arena_printf(arena, "%s.%s",
                            metric_descriptions[entry_metrics[index % entry_metric_count]].name,
                            scenario->workloads[workload].name);
    index -= scenario->workload_count * entry_metric_count;
    if (index < ENTRY_KINDS)
        return arena_printf(arena, "sched_call_ns_mean.%s", entry_names[index]);
    index -= ENTRY_KINDS;
    if (scenario->lag && index < LAG_COUNT)
        return lag_descriptions[index].name;
    index -= scenario->lag ? LAG_COUNT : 0;
    if (scenario->until_done && index < DONE_COUNT)
        return done_descriptions[index].name;
    return scaling_descriptions[index - (scenario->until_done ? DONE_COUNT : 0)].name;
}

uint32_t metric_index(const struct scenario *scenario, const char *name)
{
    struct arena arena = ARENA_EMPTY;
    uint32_t count = metric_name_count(scenario), i = 0;
    while (i < count && strcmp(metric_name(scenario, i, &arena), name) != 0)
        i++;
    arena_free(&arena);
    return i < count ? i : UINT32_MAX;
}

const struct metric_description *metric_describe(const char *name)
{
    static const struct {
        const struct metric_description *descriptions;
        uint32_t count;
    } kinds[] = { { metric_descriptions, METRIC_COUNT },
                  { lag_descriptions, LAG_COUNT },
                  { done_descriptions, DONE_COUNT },
                  { scaling_descriptions, SCALING_COUNT } };
    size_t length = strcspn(name, ".");
    for (uint32_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
        for (uint32_t i = 0; i < kinds[kind].count; i++) {
            const struct metric_description *d = &kinds[kind].descriptions[i];
            if (strlen(d->name) == length && strncmp(d->name, name, length) == 0)
                return d;
        }
    return NULL;
}

const char *const fault_names[FAULT_KINDS] = {
    [FAULT_NONE] = "none",
    [FAULT_LOST] = "a process was lost: READY, but in no queue and no message",
    [FAULT_RUN_TWICE] = "a process was picked while it runs on another core",
    [FAULT_NOT_READY] = "a process was picked that is not READY",
    [FAULT_IDLE] = "a core was left idle while its own torus has READY processes",
    [FAULT_REFUSED] = "a legal transition was refused",
    [FAULT_STATE] = "a process was left in a state that the operation does not lead to",
    [FAULT_BLOCKS] = "an entry executed more than 10^8 basic blocks",
    [FAULT_WATCHDOG] = "an entry did not return",
    [FAULT_STUCK] = "10^6 events at one instant of simulated time",
    [FAULT_SIGNAL] = "a signal",
    [FAULT_ADDRESS] = "memory was touched that is not the scheduler's",
    [FAULT_UNTRACED] = "an entry that should be traced made no callback",
    [FAULT_LOCK] = "a lock of the port's was not taken and let go in turn",
    [FAULT_DAMAGED] = "memory was overwritten that the scheduler must keep",
};
