/* load.c -- see load.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/commands/load.h"

#include <limits.h>

#include "sim/host/result.h"

bool load_experiment(struct experiment *experiment, const char *path,
                     const struct load_options *options, struct arena *arena, struct error *err)
{
    struct scenario_options scenario = options->scenario;
    struct scheduler *scheduler = arena_alloc(arena, 1, sizeof *scheduler);
    char *data = arena_alloc(arena, PATH_MAX, 1);
    if (!scheduler_load(scheduler, options->scheduler_file, false, err) ||
        !data_directory(data, PATH_MAX, err))
        return false;
    const char **metrics = arena_alloc(arena, METRIC_COUNT + 1, sizeof *metrics);
    for (uint32_t i = 0; i < METRIC_COUNT; i++)
        metrics[i] = metric_descriptions[i].name;
    scenario.data_dir = data;
    scenario.policies = scheduler_policy_names(scheduler, arena);
    scenario.placements = scheduler_placement_names(scheduler, arena);
    scenario.balancers = scheduler_balancer_names(scheduler, arena);
    scenario.metrics = metrics;
    return experiment_read(experiment, path, &scenario, arena, err);
}
