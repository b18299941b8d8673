/* load.c -- see load.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/commands/load.h"

#include <limits.h>

#include "sim/host/result.h"

static const char *const *all_metrics(const struct scenario *scenario, struct arena *arena)
{
    uint32_t count = metric_name_count(scenario);
    const char **names = arena_alloc(arena, (size_t)count + 1, sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        names[i] = metric_name(scenario, i, arena);
    return names;
}

bool load_experiment(struct experiment *experiment, const char *path,
                     const struct load_options *options, struct arena *arena, struct error *err)
{
    struct scenario_options scenario = options->scenario;
    struct scheduler *scheduler = arena_alloc(arena, 1, sizeof *scheduler);
    char *data = arena_alloc(arena, PATH_MAX, 1);
    if (!scheduler_load(scheduler, options->scheduler_file, false, err) ||
        !data_directory(data, PATH_MAX, err))
        return false;
    scenario.data_dir = data;
    scenario.policies = scheduler_policy_names(scheduler, arena);
    scenario.placements = scheduler_placement_names(scheduler, arena);
    scenario.balancers = scheduler_balancer_names(scheduler, arena);
    scenario.metrics = all_metrics;
    return experiment_read(experiment, path, &scenario, arena, err);
}
