/* sensitivity.c -- `braidsim sensitivity`: ranks the assumed figures of a scenario's CPU by what
 * they do to a metric.
 *
 * A change that a profile cannot have, or under which the machine does not keep up with its load,
 * is told of and left out; a scheduler that breaks its contract under one ends it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/commands/common.h"
#include "sim/commands/outcome.h"
#include "sim/output/file.h"
#include "sim/sensitivity/report.h"

enum { NAMES_MAX = 64, KEY_FIGURE = 256, KEY_JSON, KEY_CSV, KEY_QUIET };

struct sensitivity_arguments {
    struct common_options common;
    const char *metrics[NAMES_MAX], *figures[NAMES_MAX + 1];
    uint32_t metric_count, figure_count;
    const char *path, *json, *csv;
    bool quiet;
};

struct bench {
    const struct sensitivity_arguments *arguments;
    struct scheduler *builds[COSTS];
    struct experiment base;
    struct sensitivity sensitivity;
    uint32_t done, total; /* studies */
    struct arena arena;
};

/* ---- Options ------------------------------------------------------------------------------ */

static const struct argp_option options[] = {
    { "metric", 'm', "NAME", 0,
      "rank by this metric (default: sched_overhead_percent); may be repeated", 0 },
    { "figure", KEY_FIGURE, "NAME", 0, "change this figure alone; may be repeated", 0 },
    { "json", KEY_JSON, "FILE", 0, "write all effects to FILE", 0 },
    { "csv", KEY_CSV, "FILE", 0, "the same, a row for each", 0 },
    { "quiet", KEY_QUIET, NULL, 0, "no table and no progress", 0 },
    { 0 },
};

static void add_name(struct argp_state *state, const char *option, const char **names,
                     uint32_t *count, const char *name)
{
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            argp_error(state, "%s %s is there twice", option, name);
    if (*count == NAMES_MAX)
        argp_error(state, "at most %d %s", NAMES_MAX, option);
    names[(*count)++] = name;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct sensitivity_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case 'm':
        add_name(state, "--metric", arguments->metrics, &arguments->metric_count, argument);
        return 0;
    case KEY_FIGURE:
        add_name(state, "--figure", arguments->figures, &arguments->figure_count, argument);
        return 0;
    case KEY_JSON:
        arguments->json = argument;
        return 0;
    case KEY_CSV:
        arguments->csv = argument;
        return 0;
    case KEY_QUIET:
        arguments->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one scenario is wanted, there is \"%s\" too", argument);
        arguments->path = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path == NULL)
            argp_error(state, "which scenario file?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
    options,
    parse_option,
    "SCENARIO",
    "Changes each assumed figure of the CPU by a factor of two, and ranks the figures by what that "
    "does to a metric.",
    children,
    NULL,
    NULL,
};

/* ---- One study ---------------------------------------------------------------------------- */

static void progress(struct bench *bench, const char *figure, const char *way)
{
    if (bench->arguments->quiet || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    if (figure != NULL)
        fprintf(stderr, "study %u of %u: %s %s", bench->done + 1, bench->total, figure, way);
    fflush(stderr);
}

static int run_study(const struct bench *bench, struct study *study,
                     const struct experiment *experiment, struct arena *arena, struct error *err)
{
    struct study_options wanted = { .experiment = experiment,
                                    .builds = bench->builds,
                                    .shard = 1,
                                    .shards = 1,
                                    .jobs = bench->arguments->common.jobs };
    if (!study_init(study, &wanted, arena, err))
        return EXIT_BAD_INPUT;
    return study_run(study, err);
}

/* The end of a study that did not come to its own: why is on standard error then. */
static int fail(const struct study *study, const struct error *err)
{
    return study->plan.bad != NULL ? outcome_bad(study) : command_refuse(err);
}

static int run_base(struct bench *bench)
{
    struct arena arena = ARENA_EMPTY;
    struct study study;
    struct error err;
    progress(bench, "as it is", "");
    int status = run_study(bench, &study, &bench->base, &arena, &err);
    if (status != EXIT_FINE) {
        progress(bench, NULL, NULL);
        status = fail(&study, &err);
    } else if (!sensitivity_take(&bench->sensitivity, &bench->sensitivity.base, &study.results,
                                 &err)) {
        progress(bench, NULL, NULL);
        status = command_refuse(&err);
    }
    study_free(&study);
    arena_free(&arena);
    bench->done++;
    return status;
}

static const char *keep(struct bench *bench, const struct error *err)
{
    return arena_printf(&bench->arena, "%s%s%s", err->place, err->place[0] != '\0' ? ": " : "",
                        err->message);
}

static int run_changed(struct bench *bench, struct sensitivity_change *change, struct arena *arena)
{
    struct load_options load = bench->arguments->common.load;
    struct experiment experiment;
    struct study study;
    struct error err;
    load.scenario.change = &change->change;
    load.again = true;
    if (!load_experiment(&experiment, bench->arguments->path, &load, arena, &err)) {
        change->refusal = keep(bench, &err);
        return EXIT_FINE;
    }
    int status = run_study(bench, &study, &experiment, arena, &err);
    if (status == EXIT_FINE) {
        if (!sensitivity_take(&bench->sensitivity, &change->runs, &study.results, &err))
            status = command_refuse(&err);
    } else {
        progress(bench, NULL, NULL);
        fprintf(stderr, "%s %s:\n", figure_descriptions[change->change.figure].name,
                figure_way_names[change->change.way]);
        bool overran = study.plan.bad != NULL && study.plan.bad->fault.kind == FAULT_NONE;
        status = fail(&study, &err);
        if (overran) {
            change->refusal = "a run did not come to its end, as was said";
            status = EXIT_FINE;
        }
    }
    study_free(&study);
    return status;
}

static int run_all(struct bench *bench)
{
    int status = run_base(bench);
    for (uint32_t i = 0; i < bench->sensitivity.change_count && status == EXIT_FINE; i++) {
        struct sensitivity_change *change = &bench->sensitivity.changes[i];
        struct arena arena = ARENA_EMPTY;
        if (change->idle)
            continue;
        progress(bench, figure_descriptions[change->change.figure].name,
                 figure_way_names[change->change.way]);
        status = run_changed(bench, change, &arena);
        arena_free(&arena);
        bench->done++;
    }
    progress(bench, NULL, NULL);
    return status;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool prepare(struct bench *bench, struct error *err)
{
    const struct sensitivity_arguments *arguments = bench->arguments;
    const char *const *wanted = arguments->figure_count > 0 ? arguments->figures : NULL;
    if ((arguments->json != NULL && !file_check(arguments->json, err)) ||
        (arguments->csv != NULL && !file_check(arguments->csv, err)) ||
        !load_experiment(&bench->base, arguments->path, &arguments->common.load, &bench->arena,
                         err) ||
        !load_schedulers(bench->builds, arguments->common.load.scheduler_file, &bench->base, 1,
                         &bench->arena, err) ||
        !sensitivity_init(&bench->sensitivity, &bench->base, arguments->metrics,
                          arguments->metric_count, wanted, &bench->arena, err))
        return false;
    bench->total = 1;
    for (uint32_t i = 0; i < bench->sensitivity.change_count; i++)
        bench->total += !bench->sensitivity.changes[i].idle;
    return true;
}

static int measure(struct bench *bench)
{
    const struct sensitivity_arguments *arguments = bench->arguments;
    struct error err;
    if (!prepare(bench, &err))
        return command_refuse(&err);
    int status = run_all(bench);
    if (status != EXIT_FINE)
        return status;
    if (!arguments->quiet)
        sensitivity_print(stdout, &bench->sensitivity);
    if ((arguments->json != NULL &&
         !file_write(arguments->json, sensitivity_json, &bench->sensitivity, &err)) ||
        (arguments->csv != NULL &&
         !file_write(arguments->csv, sensitivity_csv, &bench->sensitivity, &err)))
        return command_refuse(&err);
    return EXIT_FINE;
}

int command_sensitivity(int argc, char **argv)
{
    struct sensitivity_arguments arguments = { .path = NULL };
    struct bench bench = { .arguments = &arguments };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.metric_count == 0)
        arguments.metrics[arguments.metric_count++] = "sched_overhead_percent";
    int status = measure(&bench);
    arena_free(&bench.arena);
    return status;
}
