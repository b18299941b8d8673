/* plot.c -- `braidsim plot`: draws results directories.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/plot.h"

#include <argp.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"

struct plot_arguments {
    struct plot_options options;
    char **directories;
    int count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct plot_arguments *arguments = state->input;
    static const char *const formats[] = { "svg", "png", "pdf", "txt" };
    switch (key) {
    case 'f':
        for (int i = 0; i < 4; i++)
            if (strcmp(argument, formats[i]) == 0) {
                arguments->options.format = argument;
                return 0;
            }
        argp_error(state, "--format must be svg, png, pdf or txt, is \"%s\"", argument);
        return 0;
    case 'm':
        arguments->options.metric = argument;
        return 0;
    case 'x':
        arguments->options.x = argument;
        return 0;
    case 'l':
        arguments->options.log = true;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->directories = state->argv + state->next;
        arguments->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which results directories?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_plot(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "format", 'f', "svg|png|pdf|txt", 0, "what to draw (default svg); txt: here and now", 0 },
        { "metric", 'm', "NAME", 0, "draw this metric (see `braidsim list metrics`)", 0 },
        { "x", 'x', "PTR", 0, "the swept parameter on the x axis", 0 },
        { "log", 'l', NULL, 0, "logarithmic axes", 0 },
        { 0 },
    };
    static const struct argp argp = {
        options, parse_option, "DIR...", "Draws results directories with gnuplot.", NULL, NULL, NULL
    };
    struct plot_arguments arguments = { .options = { .format = "svg" } };
    struct error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!plot_directories((const char *const *)arguments.directories, (uint32_t)arguments.count,
                          &arguments.options, &err))
        return command_refuse(&err);
    return EXIT_FINE;
}
