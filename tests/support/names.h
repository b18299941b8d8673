/* names.h -- what scenarios may name in tests that read them and run none: short lists, so that a
 * refusal can be compared whole.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_SUPPORT_NAMES_H
#define TESTS_SUPPORT_NAMES_H

#include <string.h>

#include "sim/input/scenario.h"

static inline const char *const *names_metrics(const struct scenario *scenario, struct arena *arena)
{
    static const char *const metrics[] = { "jain", "sched_overhead_percent", NULL };
    (void)scenario;
    (void)arena;
    return metrics;
}

static inline const char *names_wants(const struct scenario *scenario, const char *name)
{
    (void)scenario;
    return strcmp(name, "lag_ms_max") == 0 ? "it says \"lag\": true; add that" : NULL;
}

/* Options for experiment_read(): these names, the profiles of a folder, and these --set. */
static inline struct scenario_options names_options(const char *folder, const char *const *sets,
                                                    uint32_t set_count)
{
    static const char *const policies[] = { "rr", "fair_scan", NULL };
    static const char *const placements[] = { "random", "least_loaded", NULL };
    static const char *const balancers[] = { "none", "threshold", "steal", NULL };
    return (struct scenario_options){ .set_count = set_count,
                                      .sets = sets,
                                      .data_dir = folder,
                                      .policies = policies,
                                      .placements = placements,
                                      .balancers = balancers,
                                      .more_names = "; a module brings more",
                                      .metrics = names_metrics,
                                      .metric_wants = names_wants };
}

#endif
