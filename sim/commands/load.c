/* load.c -- see load.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/commands/load.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sim/host/result.h"
#include "sim/input/rtapp_file.h"
#include "sim/study/ranks.h"

static const char *const *all_metrics(const struct scenario *scenario, struct arena *arena)
{
    uint32_t count = metric_name_count(scenario);
    const char **names = arena_alloc(arena, (size_t)count + 1, sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        names[i] = metric_name(scenario, i, arena);
    return names;
}

static const char *metric_wants(const struct scenario *scenario, const char *name)
{
    for (uint32_t i = 0; i < LAG_COUNT && !scenario->lag; i++)
        if (strcmp(lag_descriptions[i].name, name) == 0)
            return "the scenario says \"lag\": true, since it takes time; add that";
    for (uint32_t i = 0; i < DONE_COUNT && !scenario->until_done; i++)
        if (strcmp(done_descriptions[i].name, name) == 0)
            return "the scenario says \"until\": \"done\"; add that";
    for (uint32_t i = 0; i < SCALING_COUNT && !scenario->sweeps_cores; i++)
        if (strcmp(scaling_descriptions[i].name, name) == 0)
            return "the scenario sweeps " SCALING_POINTER "; sweep that";
    return NULL;
}

bool load_grammar(const char *name, struct scenario_options *options)
{
    options->is_rtapp = strcmp(name, "rt-app") == 0;
    return options->is_rtapp;
}

/* Masks of cpus are kept by torus. */
static void note_masks(const struct experiment *experiment)
{
    for (uint32_t i = 0; i < experiment->point_count; i++) {
        const struct scenario *scenario = &experiment->points[i].scenario;
        if (scenario->mask_count == 0 || scenario->scheduler.tori >= scenario->cores)
            continue;
        fprintf(stderr,
                "%s: note: \"cpus\" are kept by torus, and where a torus serves other cores too, a "
                "process may be on these as well; \"tori\": \"per_core\" keeps them exactly\n",
                experiment->path);
        return;
    }
}

/* What is no scenario may be a file of rt-app's. */
static void note_grammar(const char *path, struct arena *arena)
{
    struct rtapp rtapp;
    struct error refusal;
    if (!rtapp_read(&rtapp, path, arena, &refusal))
        return;
    cJSON_Delete(rtapp.entries);
    fprintf(stderr, "%s: note: this is a file of rt-app's, which --as rt-app runs\n", path);
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
    scenario.more_names =
        options->scheduler_file == NULL ? "; --scheduler FILE.so brings those of a module" : "";
    scenario.metrics = all_metrics;
    scenario.metric_wants = metric_wants;
    if (!experiment_read(experiment, path, &scenario, arena, err)) {
        if (!scenario.is_rtapp)
            note_grammar(path, arena);
        return false;
    }
    if (options->again || (ranks != NULL && ranks->rank > 0))
        return true; /* one says it, once */
    for (uint32_t i = 0; i < experiment->note_count; i++)
        fprintf(stderr, "%s\n", experiment->notes[i]);
    note_masks(experiment);
    return true;
}

static bool wants(const struct experiment *experiment, enum cost_kind cost)
{
    for (uint32_t i = 0; i < experiment->point_count; i++)
        if (experiment->points[i].scenario.cost == cost)
            return true;
    return false;
}

bool load_schedulers(struct scheduler *builds[COSTS], const char *file,
                     const struct experiment *experiments, size_t count, struct arena *arena,
                     struct error *err)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t cost = 0; cost < COSTS; cost++) {
            if (builds[cost] != NULL || !wants(&experiments[i], (enum cost_kind)cost))
                continue;
            builds[cost] = arena_alloc(arena, 1, sizeof *builds[cost]);
            if (!scheduler_load(builds[cost], file, cost == COST_TRACED, err))
                return false;
        }
    return true;
}
