/* merge.c -- `braidsim merge`: puts the shards of a study together.
 *
 * The scenario is read from the first shard, and the schedulers are loaded again, so that what is
 * written is what an unsharded run would have written; which study the shards are of, their
 * journals say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/commands/load.h"
#include "sim/commands/outcome.h"

enum { KEY_QUIET = 256 };

struct merge_arguments {
    struct load_options load;
    const char *out;
    bool quiet;
    char **shards;
    int count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct merge_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->out = argument;
        return 0;
    case 'S':
        arguments->load.scheduler_file = argument;
        return 0;
    case KEY_QUIET:
        arguments->quiet = true;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->shards = state->argv + state->next;
        arguments->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which directories, as `braidsim run --shard I/N` has left them?");
        return 0;
    case ARGP_KEY_END:
        if (arguments->out == NULL)
            argp_error(state, "where to? --out DIR says it");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "out", 'o', "DIR", 0, "results directory", 0 },
    { "scheduler", 'S', "FILE.so", 0, "the scheduler module that the shards ran", 0 },
    { "quiet", KEY_QUIET, NULL, 0, "no summary", 0 },
    { 0 },
};

static const struct argp argp = {
    options,  parse_option,
    "DIR...", "Puts shards together: writes the results directory that one run of all would have.",
    NULL,     NULL,
    NULL,
};

/* A shard may be asked for where its results would go. */
static bool check_out(const struct merge_arguments *arguments, struct error *err)
{
    for (int i = 0; i < arguments->count; i++)
        if (strcmp(arguments->shards[i], arguments->out) == 0)
            return error_set(err, "--out", "\"%s\" is one of the shards", arguments->out);
    return true;
}

int command_merge(int argc, char **argv)
{
    struct merge_arguments arguments = { .out = NULL };
    struct arena arena = ARENA_EMPTY;
    struct scheduler *builds[COSTS] = { NULL };
    struct experiment experiment;
    struct study study;
    struct error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    const char *scenario = arena_printf(&arena, "%s/scenario.json", arguments.shards[0]);
    struct study_options wanted = { .experiment = &experiment,
                                    .builds = builds,
                                    .directory = arguments.out,
                                    .shard = 1,
                                    .shards = 1 };
    if (!check_out(&arguments, &err) ||
        !load_experiment(&experiment, scenario, &arguments.load, &arena, &err) ||
        !load_schedulers(builds, arguments.load.scheduler_file, &experiment, 1, &arena, &err) ||
        !study_init(&study, &wanted, &arena, &err) ||
        !study_merge(&study, arguments.shards, (uint32_t)arguments.count, &err))
        return command_refuse(&err);
    int status = outcome_write(&study, arguments.quiet);
    study_free(&study);
    arena_free(&arena);
    return status;
}
