/* check.c -- `braidsim check`: says what is wrong with scenario files, runs nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <stdio.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/commands/load.h"

struct check_arguments {
    struct load_options load;
    char **scenarios;
    int count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct check_arguments *arguments = state->input;
    switch (key) {
    case 'S':
        arguments->load.scheduler_file = argument;
        return 0;
    case 'a':
        if (!load_grammar(argument, &arguments->load.scenario))
            argp_error(state, "--as must be rt-app, is \"%s\"", argument);
        return 0;
    case ARGP_KEY_ARGS:
        arguments->scenarios = state->argv + state->next;
        arguments->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario files?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_check(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "scheduler", 'S', "FILE.so", 0, "know what this scheduler module brings", 0 },
        { "as", 'a', "rt-app", 0, "the files are rt-app's, not scenarios", 0 },
        { 0 },
    };
    static const struct argp argp = {
        options,       parse_option,
        "SCENARIO...", "Says what is wrong with scenario files, and runs nothing.",
        NULL,          NULL,
        NULL
    };
    struct check_arguments arguments = { 0 };
    int status = EXIT_FINE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    for (int i = 0; i < arguments.count; i++) {
        struct arena arena = ARENA_EMPTY;
        struct experiment experiment;
        struct error err;
        if (load_experiment(&experiment, arguments.scenarios[i], &arguments.load, &arena, &err))
            printf("%s: fine: %u point%s of %u replication%s\n", arguments.scenarios[i],
                   experiment.point_count, experiment.point_count == 1 ? "" : "s",
                   experiment.replications, experiment.replications == 1 ? "" : "s");
        else
            status = command_refuse(&err);
        arena_free(&arena);
    }
    return status;
}
