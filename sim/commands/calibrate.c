/* calibrate.c -- `braidsim calibrate`: measures this host and writes a CPU profile.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <argp.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/calibrate/calibrate.h"
#include "sim/commands/commands.h"
#include "sim/host/loader.h"
#include "sim/input/scenario.h"
#include "sim/output/file.h"
#include "sim/output/profile_output.h"

enum { SECONDS_DEFAULT = 20, SECONDS_MOST = 3600, NAME_MOST = 64 };

struct calibrate_arguments {
    const char *out, *name;
    double seconds;
};

/* As configs/schema/cpu.schema.json has it. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MOST || name[0] == '-')
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-')
            return false;
    return true;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct calibrate_arguments *arguments = state->input;
    char *end;
    switch (key) {
    case 'o':
        arguments->out = argument;
        return 0;
    case 'n':
        if (!is_name(argument))
            argp_error(state, "--name must be of a to z, 0 to 9 and -, is \"%s\"", argument);
        arguments->name = argument;
        return 0;
    case 's':
        arguments->seconds = strtod(argument, &end);
        if (end == argument || *end != '\0' || !(arguments->seconds > 0) ||
            arguments->seconds > SECONDS_MOST)
            argp_error(state, "--seconds must be a number above 0, up to %d, is \"%s\"",
                       SECONDS_MOST, argument);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no \"%s\": it measures this host", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void show_progress(const char *what, double share_done)
{
    enum { WIDTH = 40 };
    if (!isatty(STDERR_FILENO))
        return;
    int filled = (int)(share_done * WIDTH);
    if (filled >= WIDTH)
        fprintf(stderr, "\r\033[K");
    else
        fprintf(stderr, "\r\033[K[%.*s%*s] measuring: %s", filled,
                "########################################", WIDTH - filled, "", what);
    fflush(stderr);
}

/* A file that is there already is replaced if it is a profile, and nothing else is. */
static bool check_place(const char *path, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct profile profile;
    struct error ignored;
    char data[4096];
    if (!file_check(path, err))
        return false;
    bool replaces = access(path, F_OK) == 0;
    bool fine = !replaces || (data_directory(data, sizeof data, &ignored) &&
                              profile_read(&profile, path, data, &arena, &ignored));
    arena_free(&arena);
    return fine || error_set(err, path,
                             "holds something other than a CPU profile, which would be lost; "
                             "choose another file with --out");
}

static void fill(FILE *to, const void *profile)
{
    profile_print(to, profile);
}

static void print_summary(const char *path, const struct profile *profile)
{
    uint32_t of_kind[FIGURE_ASSUMED + 1] = { 0 }, present = 0;
    char full[PATH_MAX];
    for (uint32_t i = 0; i < FIGURE_COUNT; i++) {
        of_kind[profile->figure[i].kind]++;
        present += profile->figure[i].kind != FIGURE_ABSENT;
    }
    printf("Profile: %s: %u figures", path, present);
    for (uint32_t kind = FIGURE_MEASURED; kind <= FIGURE_ASSUMED; kind++)
        printf(", %u %s", of_kind[kind], figure_kind_name((enum figure_kind)kind));
    printf("\nA scenario takes it as \"machine\": { \"cpu\": \"%s\", ... }\n",
           realpath(path, full) != NULL ? full : path);
}

int command_calibrate(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "out", 'o', "FILE", 0, "where the profile goes; default results/NAME.json", 0 },
        { "name", 'n', "NAME", 0, "the profile's name; default host", 0 },
        { "seconds", 's', "N", 0, "about how long to measure; default 20", 0 },
        { 0 },
    };
    static const struct argp argp = {
        options,
        parse_option,
        NULL,
        "Measures this host and writes a CPU profile that a scenario's machine.cpu takes.  Clock, "
        "caches, memory, transfers between cores and the scheduler's own code, which others on the "
        "host slow down, are measured in three passes over that time, of which the best counts.  "
        "What could not be measured is said on standard error, and assumed or left out in the "
        "profile.",
        NULL,
        NULL,
        NULL
    };
    static struct calibration calibration;
    struct calibrate_arguments arguments = { NULL, "host", SECONDS_DEFAULT };
    struct arena arena = ARENA_EMPTY;
    struct profile profile;
    struct error err, refusal;
    char usual[NAME_MOST + 32];
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    snprintf(usual, sizeof usual, "results/%s.json", arguments.name);
    const char *path = arguments.out != NULL ? arguments.out : usual;
    if (!check_place(path, &refusal)) {
        error_set(&err, arena_printf(&arena, "--out \"%s\"", path), "%s", refusal.message);
        return command_refuse(&err);
    }
    calibrate_host(&calibration, &profile, arguments.seconds, show_progress, &arena);
    profile.name = arguments.name;
    for (uint32_t i = 0; i < calibration.note_count; i++)
        fprintf(stderr, "braidsim calibrate: %s\n", calibration.notes[i]);
    int status = EXIT_FINE;
    if (file_write(path, fill, &profile, &err)) {
        print_summary(path, &profile);
    } else {
        status = command_refuse(&err);
        fprintf(stderr, "braidsim calibrate: what was measured is not lost: the profile follows on "
                        "standard output; save it as a file that ends in .json\n");
        profile_print(stdout, &profile);
    }
    arena_free(&arena);
    return status;
}
