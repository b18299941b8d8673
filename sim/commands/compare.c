/* compare.c -- `braidsim compare`: is B better than A, worse, or the same?
 *
 * A and B are results directories or baselines, two variants of one directory, or what one scenario
 * gives under two schedulers, which are run then.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/compare/comparison.h"
#include "sim/compare/report.h"

enum {
    FORWARDED_MAX = 600, /* arguments for run */
    KEY_REPLICATIONS = 256,
    KEY_COST,
    KEY_STRICT,
    KEY_JUNIT,
    KEY_SAVE,
    KEY_VARIANTS,
    KEY_INTERVAL
};

struct compare_arguments {
    const char *metrics, *json, *junit, *save, *out;
    double margin_percent; /* NaN: the usual */
    bool strict, variants, bootstrap;
    uint32_t scheduler_count, forwarded_count;
    const char *schedulers[2];
    const char *forwarded[FORWARDED_MAX]; /* options and their values, for run */
    char **names;
    int count;
};

/* ---- Options ------------------------------------------------------------------------------ */

static const struct argp_option options[] = {
    { "metrics", 'm', "NAME,NAME=PERCENT", 0,
      "gate these metrics, each with this margin or the common one (default: of a baseline its "
      "own, "
      "else what is listed below)",
      0 },
    { "margin", 'M', "PERCENT", 0, "smaller differences do not matter (default 2)", 0 },
    { "interval", KEY_INTERVAL, "student|bootstrap", 0,
      "of which intervals are (default student; bootstrap for skewed metrics, wants 8 "
      "replications)",
      0 },
    { "strict", KEY_STRICT, NULL, 0, "fail also on undecided metrics and missing points", 0 },
    { "json", 'J', "FILE", 0, "write everything to FILE", 0 },
    { "junit", KEY_JUNIT, "FILE", 0, "write JUnit XML, for CI systems, to FILE", 0 },
    { "variants", KEY_VARIANTS, NULL, 0, "compare two variants of one directory: DIR A B", 0 },
    { "save", KEY_SAVE, "FILE", 0,
      "write B, or the only directory that is named, as a baseline to FILE: what is gated, run by "
      "run",
      0 },
    { NULL, 0, NULL, 0, "Of a scenario under two schedulers, which is run:", 1 },
    { "scheduler", 'S', "FILE.so", 0, "twice: A, and B", 1 },
    { "replications", KEY_REPLICATIONS, "N", 0, "runs of each point", 1 },
    { "set", 's', "PTR=VALUE", 0, "put VALUE at JSON pointer PTR of the scenario", 1 },
    { "seed", 'e', "N", 0, "the seed", 1 },
    { "jobs", 'j', "N", 0, "runs at a time (default: the processors of this machine)", 1 },
    { "cost", KEY_COST, "traced|flat", 0, "how scheduler code is priced", 1 },
    { "out", 'o', "DIR", 0, "keep the results, in DIR/a and DIR/b", 1 },
    { 0 },
};

static void forward(struct argp_state *state, const char *option, const char *value)
{
    struct compare_arguments *arguments = state->input;
    if (arguments->forwarded_count + 2 > FORWARDED_MAX)
        argp_error(state, "too many options");
    arguments->forwarded[arguments->forwarded_count++] = option;
    arguments->forwarded[arguments->forwarded_count++] = value;
}

static double parse_percent(struct argp_state *state, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= 1000))
        argp_error(state, "--margin must be 0 to 1000 percent, is \"%s\"", text);
    return value;
}

static void check_arguments(struct argp_state *state, const struct compare_arguments *arguments)
{
    int count = arguments->count;
    if (arguments->scheduler_count > 0) {
        if (arguments->scheduler_count != 2)
            argp_error(state, "two --scheduler are wanted, the first is A and the second is B");
        if (count != 1 || arguments->variants)
            argp_error(state, "with --scheduler one scenario is wanted, which is run under both");
        return;
    }
    if (arguments->forwarded_count > 0 || arguments->out != NULL)
        argp_error(state, "%s is of a scenario that is run, under two --scheduler",
                   arguments->forwarded_count > 0 ? arguments->forwarded[0] : "--out");
    if (arguments->variants ? count != 3 : count != 2 && (arguments->save == NULL || count != 1))
        argp_error(state, arguments->variants
                              ? "--variants wants a results directory and two variants"
                              : "two results directories are wanted, or baselines; or a scenario "
                                "and two --scheduler");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct compare_arguments *arguments = state->input;
    switch (key) {
    case 'm':
        arguments->metrics = argument;
        return 0;
    case 'M':
        arguments->margin_percent = parse_percent(state, argument);
        return 0;
    case KEY_INTERVAL:
        arguments->bootstrap = strcmp(argument, "bootstrap") == 0;
        if (!arguments->bootstrap && strcmp(argument, "student") != 0)
            argp_error(state, "--interval must be student or bootstrap, is \"%s\"", argument);
        return 0;
    case KEY_STRICT:
        arguments->strict = true;
        return 0;
    case 'J':
        arguments->json = argument;
        return 0;
    case KEY_JUNIT:
        arguments->junit = argument;
        return 0;
    case KEY_SAVE:
        arguments->save = argument;
        return 0;
    case KEY_VARIANTS:
        arguments->variants = true;
        return 0;
    case 'S':
        if (arguments->scheduler_count == 2)
            argp_error(state, "two --scheduler are wanted, not more");
        arguments->schedulers[arguments->scheduler_count++] = argument;
        return 0;
    case KEY_REPLICATIONS:
        forward(state, "--replications", argument);
        return 0;
    case 's':
        forward(state, "--set", argument);
        return 0;
    case 'e':
        forward(state, "--seed", argument);
        return 0;
    case 'j':
        forward(state, "--jobs", argument);
        return 0;
    case KEY_COST:
        forward(state, "--cost", argument);
        return 0;
    case 'o':
        arguments->out = argument;
        return 0;
    case ARGP_KEY_ARGS:
        arguments->names = state->argv + state->next;
        arguments->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which results directories?");
        return 0;
    case ARGP_KEY_END:
        check_arguments(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- Running one scenario under two schedulers -------------------------------------------- */

static int run_one(const struct compare_arguments *arguments, const char *scheduler,
                   const char *directory, struct arena *arena)
{
    const char *first[] = { "braidsim run", arguments->names[0], "--quiet",
                            "--scheduler",  scheduler,           "--out",
                            directory };
    enum { FIRST = sizeof first / sizeof first[0] };
    char *argv[FORWARDED_MAX + FIRST + 1] = { NULL };
    int argc = 0, status;
    for (int i = 0; i < FIRST; i++)
        argv[argc++] = arena_string(arena, first[i]);
    for (uint32_t i = 0; i < arguments->forwarded_count; i++)
        argv[argc++] = arena_string(arena, arguments->forwarded[i]);
    fflush(NULL);
    /* A process of its own, which has nothing of the other scheduler in it. */
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        exit(command_run(argc, argv));
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BUG;
}

static void remove_results(const char *directory, struct arena *arena)
{
    DIR *folder = opendir(directory);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            unlink(arena_printf(arena, "%s/%s", directory, entry->d_name));
    if (folder != NULL)
        closedir(folder);
    rmdir(directory);
}

/* Runs both, into paths; an expectation that fails is none of ours. */
static int run_both(const struct compare_arguments *arguments, const char *paths[2],
                    struct arena *arena)
{
    for (int i = 0; i < 2; i++) {
        int status = run_one(arguments, arguments->schedulers[i], paths[i], arena);
        if (status > EXIT_EXPECTATION) {
            fprintf(stderr, "compare: so it ends under %c, --scheduler \"%s\"\n", 'A' + i,
                    arguments->schedulers[i]);
            return status;
        }
    }
    return EXIT_FINE;
}

/* ---- Comparing ---------------------------------------------------------------------------- */

static bool compare(const struct compare_arguments *arguments, struct comparison *comparison,
                    struct arena *arena, struct error *err)
{
    double margin = arguments->margin_percent;
    if (arguments->metrics == NULL)
        comparison_usual_gates(comparison, margin, arena);
    else if (!comparison_gates(comparison, arguments->metrics,
                               isnan(margin) ? COMPARISON_MARGIN_PERCENT : margin, arena, err))
        return false;
    return comparison_make(comparison, arena, err);
}

static bool save(const struct compare_arguments *arguments, const struct comparison *comparison,
                 struct arena *arena, struct error *err)
{
    const char **metrics = arena_alloc(arena, comparison->gate_count, sizeof *metrics);
    double *margins = arena_alloc(arena, comparison->gate_count, sizeof *margins);
    uint32_t count = 0;
    for (uint32_t i = 0; i < comparison->gate_count; i++) {
        metrics[count] = comparison->gates[i].metric;
        margins[count++] = comparison->gates[i].margin_percent;
    }
    return record_save(comparison->b, arguments->save, metrics, margins, count, err);
}

/* Of one directory there is nothing to compare, only to save. */
static bool save_only(const struct compare_arguments *arguments, const char *path,
                      struct arena *arena, struct error *err)
{
    struct record record;
    struct comparison comparison = { .a = &record, .b = &record };
    double margin = arguments->margin_percent;
    if (!record_read(&record, path, arena, err))
        return false;
    bool fine = true;
    if (arguments->metrics == NULL)
        comparison_usual_gates(&comparison, margin, arena);
    else
        fine = comparison_gates(&comparison, arguments->metrics,
                                isnan(margin) ? COMPARISON_MARGIN_PERCENT : margin, arena, err);
    fine = fine && save(arguments, &comparison, arena, err);
    record_free(&record);
    return fine;
}

static bool has_variant(const struct record *record, const char *variant, struct error *err)
{
    for (uint32_t p = 0; p < record->point_count; p++)
        if (record->points[p].variant != NULL && strcmp(record->points[p].variant, variant) == 0)
            return true;
    return error_set(err, record->path, "has no variant \"%s\"", variant);
}

static int compare_records(const struct compare_arguments *arguments, const char *const paths[2],
                           struct arena *arena)
{
    struct record a, b;
    struct error err;
    if (!record_read(&a, paths[0], arena, &err))
        return command_refuse(&err);
    if (!record_read(&b, paths[1], arena, &err)) {
        record_free(&a);
        return command_refuse(&err);
    }
    struct comparison comparison = { .a = &a, .b = &b, .bootstrap = arguments->bootstrap };
    bool fine = true;
    if (arguments->variants) {
        comparison.variant_a = arguments->names[1];
        comparison.variant_b = arguments->names[2];
        fine = has_variant(&a, comparison.variant_a, &err) &&
               has_variant(&b, comparison.variant_b, &err);
    }
    fine = fine && compare(arguments, &comparison, arena, &err);
    if (fine)
        report_table(stdout, &comparison);
    fine = fine && (arguments->json == NULL || report_json(&comparison, arguments->json, &err)) &&
           (arguments->junit == NULL ||
            report_junit(&comparison, arguments->strict, arguments->junit, &err)) &&
           (arguments->save == NULL || save(arguments, &comparison, arena, &err));
    record_free(&a);
    record_free(&b);
    if (!fine)
        return command_refuse(&err);
    return report_fails(&comparison, arguments->strict) ? EXIT_EXPECTATION : EXIT_FINE;
}

static int compare_schedulers(const struct compare_arguments *arguments, struct arena *arena)
{
    const char *folder = arguments->out, *temporary = NULL;
    struct error err;
    if (folder == NULL) {
        const char *where = getenv("TMPDIR");
        char *made = arena_printf(arena, "%s/braidsim-compare-XXXXXX",
                                  where != NULL && *where != '\0' ? where : "/tmp");
        folder = temporary = mkdtemp(made);
        if (folder == NULL) {
            error_set(&err, made, "cannot be made; set TMPDIR, or name a place by --out");
            return command_refuse(&err);
        }
    }
    const char *paths[2] = { arena_printf(arena, "%s/a", folder),
                             arena_printf(arena, "%s/b", folder) };
    int status = run_both(arguments, paths, arena);
    if (status == EXIT_FINE)
        status = compare_records(arguments, paths, arena);
    if (temporary != NULL) {
        remove_results(paths[0], arena);
        remove_results(paths[1], arena);
        rmdir(temporary);
    }
    return status;
}

#define X(name)  " " #name
#define DEFAULTS COMPARISON_DEFAULTS(X)

int command_compare(int argc, char **argv)
{
    static const struct argp argp = { options,
                                      parse_option,
                                      "A B\n--variants DIR A B\nSCENARIO --scheduler A.so "
                                      "--scheduler B.so\n--save FILE DIR",
                                      "Says whether B is better than A, worse, the same, or "
                                      "undecided, by metric and point, with intervals."
                                      "\vGated by default:" DEFAULTS ".\n\nExit status: 0 nothing "
                                      "is worse; 1 something is, or differs where neither less nor "
                                      "more is better; 2 bad usage, or not comparable; 3 a "
                                      "scheduler broke its contract, and it says which.",
                                      NULL,
                                      NULL,
                                      NULL };
    struct compare_arguments arguments = { .margin_percent = NAN };
    struct arena arena = ARENA_EMPTY;
    struct error err;
    int status = EXIT_FINE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.scheduler_count == 2)
        status = compare_schedulers(&arguments, &arena);
    else if (arguments.count == 1)
        status = save_only(&arguments, arguments.names[0], &arena, &err) ? EXIT_FINE
                                                                         : command_refuse(&err);
    else
        status = compare_records(
            &arguments,
            (const char *[]){ arguments.names[0], arguments.names[arguments.variants ? 0 : 1] },
            &arena);
    arena_free(&arena);
    return status;
}
