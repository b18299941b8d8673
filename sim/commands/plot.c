/* plot.c -- `braidsim plot`: draws results directories.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/plot.h"

#include <argp.h>
#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/output/timeline.h"

struct plot_arguments {
    struct plot_options options;
    bool timeline;
    double from_ms, to_ms; /* NaN: not given */
    char **directories;
    int count;
};

enum { KEY_FROM = 256, KEY_TO, KEY_FACET, KEY_EXPONENT, KEY_SCALING, KEY_CCDF };

static void check_options(struct argp_state *state, const struct plot_arguments *arguments)
{
    const struct plot_options *options = &arguments->options;
    if (options->scaling && (options->metric != NULL || options->x != NULL || options->y != NULL ||
                             options->ccdf != NULL || options->exponent))
        argp_error(state,
                   "--scaling is of throughput over cores: no --metric, --x, --y, --exponent "
                   "or --ccdf");
    if (options->ccdf != NULL &&
        (options->metric != NULL || options->x != NULL || options->y != NULL || options->exponent))
        argp_error(state, "--ccdf has no --metric, --x, --y or --exponent");
    if (options->y != NULL && options->exponent)
        argp_error(state, "--exponent is of lines, not of a map (--y)");
    bool has_window = !isnan(arguments->from_ms) || !isnan(arguments->to_ms);
    if (!arguments->timeline && has_window)
        argp_error(state, "--from and --to are of a --timeline");
    if (!arguments->timeline)
        return;
    if (options->metric != NULL || options->x != NULL || options->y != NULL ||
        options->facet != NULL || options->ccdf != NULL || options->log_x || options->log_y ||
        options->exponent || options->scaling)
        argp_error(state,
                   "--metric, --x, --y, --facet, --log, --exponent, --scaling and --ccdf are "
                   "not for a --timeline");
    if (strcmp(options->format, "txt") == 0)
        argp_error(state, "a --timeline is drawn as svg, png or pdf");
    if (arguments->from_ms >= arguments->to_ms)
        argp_error(state, "--to must be later than --from (%g ms), is %g ms", arguments->from_ms,
                   arguments->to_ms);
}

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
    case 'y':
        arguments->options.y = argument;
        return 0;
    case KEY_FACET:
        arguments->options.facet = argument;
        return 0;
    case KEY_EXPONENT:
        arguments->options.exponent = true;
        return 0;
    case KEY_SCALING:
        arguments->options.scaling = true;
        return 0;
    case KEY_CCDF:
        arguments->options.ccdf = argument;
        return 0;
    case 'l':
        if (argument != NULL && strcmp(argument, "y") != 0)
            argp_error(state, "--log is of both axes, --log=y of values alone; is \"%s\"",
                       argument);
        arguments->options.log_x = argument == NULL;
        arguments->options.log_y = true;
        return 0;
    case 't':
        arguments->timeline = true;
        return 0;
    case KEY_FROM:
        arguments->from_ms = command_ms(state, "--from", argument);
        return 0;
    case KEY_TO:
        arguments->to_ms = command_ms(state, "--to", argument);
        return 0;
    case ARGP_KEY_ARGS:
        arguments->directories = state->argv + state->next;
        arguments->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, arguments->timeline ? "which traces?" : "which results directories?");
        return 0;
    case ARGP_KEY_END:
        check_options(state, arguments);
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
        { "y", 'y', "PTR", 0, "another on the y axis: a map, with the metric as colours", 0 },
        { "facet", KEY_FACET, "PTR|variant", 0, "a panel for each of its values", 0 },
        { "log", 'l', "y", OPTION_ARG_OPTIONAL, "logarithmic axes; =y: of values alone", 0 },
        { "exponent", KEY_EXPONENT, NULL, 0,
          "logarithmic axes, and how steep each line is: 1 is linear growth, 0 none", 0 },
        { "scaling", KEY_SCALING, NULL, 0,
          "throughput against cores, with the Universal Scalability Law fitted to it", 0 },
        { "ccdf", KEY_CCDF, "NAME", 0,
          "how often a latency is longer than so much: wakeup_latency_us, wait_us, response_us",
          0 },
        { "timeline", 't', NULL, 0,
          "draw traces (FILE.pftrace, from run --trace): who runs where, when, and the overhead",
          0 },
        { "from", KEY_FROM, "MS", 0, "of a timeline: from here on", 0 },
        { "to", KEY_TO, "MS", 0, "of a timeline: up to here", 0 },
        { 0 },
    };
    static const struct argp argp = { options,
                                      parse_option,
                                      "DIR...\n--timeline TRACE...",
                                      "Draws results directories, or traces, with gnuplot.",
                                      NULL,
                                      NULL,
                                      NULL };
    struct plot_arguments arguments = { .options = { .format = "svg" },
                                        .from_ms = NAN,
                                        .to_ms = NAN };
    struct error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    for (int i = 0; arguments.timeline && i < arguments.count; i++)
        if (!timeline_draw(arguments.directories[i], arguments.from_ms, arguments.to_ms,
                           &arguments.options, &err))
            return command_refuse(&err);
    if (arguments.timeline)
        return EXIT_FINE;
    if (!plot_directories((const char *const *)arguments.directories, (uint32_t)arguments.count,
                          &arguments.options, &err))
        return command_refuse(&err);
    return EXIT_FINE;
}
