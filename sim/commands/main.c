/* main.c -- braidsim: picks the command.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/input/json.h"
#include "sim/study/ranks.h"
#ifdef BRAIDSIM_MPI
#include "sim/study/ranks_mpi.h"
#endif
#include "sim/version.h"

static const struct command {
    const char *name, *arguments, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "run", "SCENARIO...", "simulate, print a summary, write a results directory", command_run },
    { "merge", "DIR...", "put the shards of a study together", command_merge },
    { "compare", "A B", "say whether results B are better than A, worse, or the same",
      command_compare },
    { "plot", "DIR...", "draw results directories", command_plot },
    { "check", "SCENARIO...", "say what is wrong with scenario files, run nothing", command_check },
    { "list", "policies|placements|balancers|locks|cpus|workloads|metrics", "say what there is",
      command_list },
    { "import", "TRACE", "make a scenario of a recorded trace of Linux's scheduler",
      command_import },
    { "claims", "", "measure what the design claims, and print the verdicts", command_claims },
    { "sensitivity", "SCENARIO", "rank the assumed figures of its CPU by what they change",
      command_sensitivity },
    { "calibrate", "", "measure this host, write a CPU profile that run takes", command_calibrate },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *to)
{
    fprintf(to,
            "braidsim %s -- a scheduler laboratory: runs real scheduler C code on modelled "
            "hardware\n\n",
            BRAIDSIM_VERSION);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  braidsim %-11s %s\n%23s%s\n", commands[i].name, commands[i].arguments, "",
                commands[i].summary);
    fprintf(to,
            "\n`braidsim COMMAND --help` tells a command's options.\n"
            "Exit status: 0 fine; 1 an expectation or comparison failed; 2 bad usage or scenario;\n"
            "3 the scheduler under test broke its contract; 4 a bug of braidsim.\n");
}

/* As it is, but for what would steer a terminal or end the line, and what is no UTF-8: names come
 * from anywhere. */
static void print_visibly(FILE *to, const char *text)
{
    for (size_t size; *text != '\0'; text += size) {
        unsigned code = (unsigned char)text[0];
        size = json_character(text, strlen(text));
        if (size == 2 && code == 0xC2 && (unsigned char)text[1] < 0xA0)
            code = (unsigned char)text[1];
        if (size == 0) {
            fprintf(to, "\\x%02x", code);
            size = 1;
        } else if (json_is_control(text)) {
            fprintf(to, "\\u%04x", code);
        } else {
            fwrite(text, 1, size, to);
        }
    }
}

int command_refuse(const struct error *err)
{
    print_visibly(stderr, err->place);
    fputs(err->place[0] != '\0' ? ": " : "", stderr);
    print_visibly(stderr, err->message);
    putc('\n', stderr);
    return EXIT_BAD_INPUT;
}

double command_ms(const struct argp_state *state, const char *option, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= 1e9))
        argp_error(state, "%s must be a time in ms from 0 to 1e9, is \"%s\"", option, text);
    return value;
}

uint64_t command_count(const struct argp_state *state, const char *option, const char *text,
                       uint64_t minimum, uint64_t maximum)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < minimum ||
        value > maximum)
        argp_error(state, "%s must be a whole number from %ju to %ju, is \"%s\"", option,
                   (uintmax_t)minimum, (uintmax_t)maximum, text);
    return value;
}

/* Called by GSL for what should have been checked before. */
static void gsl_failed(const char *reason, const char *file, int line, int number)
{
    (void)number;
    check_failed(file, line, reason);
}

static bool finished;

/* What was printed must have got out. */
static int finish(int status)
{
    finished = true;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("braidsim: standard output");
    return status > EXIT_BAD_INPUT ? status : EXIT_BAD_INPUT;
}

/* Where the program ends without passing main()'s end, as argp does after --help. */
static void finish_early(void)
{
    if (!finished && finish(EXIT_FINE) != EXIT_FINE)
        _exit(EXIT_BAD_INPUT);
}

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_BAD_INPUT;
    CHECK(atexit(finish_early) == 0);
    gsl_set_error_handler(gsl_failed);
#ifdef BRAIDSIM_MPI
    ranks_mpi_find();
#endif
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_BAD_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return finish(EXIT_FINE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("braidsim %s, %s\n", BRAIDSIM_VERSION, ranks_about);
        return finish(EXIT_FINE);
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        char name[64];
        snprintf(name, sizeof name, "braidsim %s", commands[i].name);
        argv[1] = name;
        return finish(commands[i].run(argc - 1, argv + 1));
    }
    fprintf(stderr, "braidsim: unknown command \"%s\"\n\n", argv[1]);
    print_usage(stderr);
    return EXIT_BAD_INPUT;
}
