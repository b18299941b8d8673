/* import.c -- `braidsim import`: makes a scenario of a recorded trace.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/input/json.h"
#include "sim/output/file.h"
#include "sim/output/imported.h"

enum { KEY_FIT = 256, KEY_LEAST, LEAST_DEFAULT = 20, LEAST_MOST = 1000000, NAME_MOST = 60 };

struct import_arguments {
    const char *trace, *out;
    bool fit;
    uint32_t least; /* 0: none was given */
};

static uint32_t count_of(const struct argp_state *state, const char *text)
{
    char *end;
    long count = strtol(text, &end, 10);
    if (end == text || *end != '\0' || count < 2 || count > LEAST_MOST)
        argp_error(state, "--min-runs must be a number from 2 to %d, is \"%s\"", LEAST_MOST, text);
    return (uint32_t)count;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct import_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->out = argument;
        return 0;
    case KEY_FIT:
        arguments->fit = true;
        return 0;
    case KEY_LEAST:
        arguments->least = count_of(state, argument);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->trace != NULL)
            argp_error(state, "one trace at a time");
        arguments->trace = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which trace?");
        return 0;
    case ARGP_KEY_END:
        if (arguments->least > 0 && !arguments->fit)
            argp_error(state, "--min-runs is for --fit, which is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The name of the file, without folder and ending, as far as a scenario may be called so. */
static const char *name_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    size_t length = strcspn(file, ".");
    char *name = arena_string_n(arena, file, length < NAME_MOST ? length : NAME_MOST);
    for (char *at = name; *at != '\0'; at++)
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
            *at = '_';
    return *name != '\0' ? name : "trace";
}

/* The text, as a scenario file may be: neither too large nor anything but JSON. */
static char *print(const struct sched_trace *trace, const struct import_options *options,
                   struct arena *arena, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    struct trace_entries entries = trace_entries_group(trace, arena);
    FILE *memory = open_memstream(&text, &length);
    CHECK(memory != NULL);
    imported_print(memory, trace, &entries, options, arena);
    CHECK(fclose(memory) == 0);
    if (length <= JSON_FILE_LIMIT)
        return text;
    free(text);
    error_set(err, options->path,
              "becomes a scenario of %zu MiB, and no more than %d can be read; import it with "
              "--fit, or let a scenario refer to it: { \"trace\": FILE }",
              length >> 20, JSON_FILE_LIMIT >> 20);
    return NULL;
}

static void put_text(FILE *to, const void *text)
{
    fputs(text, to);
}

static bool import(const struct import_arguments *arguments, struct arena *arena, struct error *err)
{
    struct sched_trace trace;
    struct import_options options = { .path = arguments->trace,
                                      .name = name_of(arguments->trace, arena),
                                      .fit = arguments->fit,
                                      .least =
                                          arguments->least > 0 ? arguments->least : LEAST_DEFAULT,
                                      .report = arguments->out != NULL ? stdout : stderr,
                                      .warnings = stderr };
    bool fine = sched_trace_read(&trace, arguments->trace, arena, err);
    char *text = fine ? print(&trace, &options, arena, err) : NULL;
    if (fine && *sched_trace_notes(&trace, arena) != '\0')
        fprintf(stderr, "%s: note: %s\n", arguments->trace, sched_trace_notes(&trace, arena));
    sched_trace_free(&trace);
    if (text == NULL)
        return false;
    if (arguments->out == NULL)
        fputs(text, stdout);
    else
        fine = file_write(arguments->out, put_text, text, err);
    free(text);
    return fine;
}

int command_import(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "out", 'o', "FILE.json", 0, "where the scenario goes (default: standard output)", 0 },
        { "fit", KEY_FIT, NULL, 0,
          "runs and sleeps as distributions that fit them, instead of one by one", 0 },
        { "min-runs", KEY_LEAST, "N", 0,
          "fit none to fewer runs, or sleeps, but take their mean (default: 20)", 0 },
        { 0 },
    };
    static const struct argp argp = {
        options,
        parse_option,
        "TRACE",
        "Makes a scenario of what Linux's scheduler was recorded to do: the text of ftrace, or of "
        "perf script, maybe compressed by gzip.",
        NULL,
        NULL,
        NULL,
    };
    struct import_arguments arguments = { 0 };
    struct arena arena = ARENA_EMPTY;
    struct error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int status = import(&arguments, &arena, &err) ? EXIT_FINE : command_refuse(&err);
    arena_free(&arena);
    return status;
}
