/* list.c -- `braidsim list`: what there is, each with one line of what it is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/host/loader.h"
#include "sim/host/result.h"
#include "sim/input/reference.h"

static int print_row(const char *name, const char *summary)
{
    return printf("%-18s %s\n", name, summary);
}

#define DEFINE_PRINTER(kind, field)                                                                \
    static void print_##kind(const struct scheduler *scheduler)                                    \
    {                                                                                              \
        for (uint32_t i = 0; i < TRACER_MODULES && scheduler->modules[i] != NULL; i++)             \
            for (const struct kind *const *at = scheduler->modules[i]->field; at && *at; at++)     \
                print_row((*at)->name, (*at)->summary);                                            \
    }

DEFINE_PRINTER(policy, policies)
DEFINE_PRINTER(placement, placements)
DEFINE_PRINTER(balancer, balancers)

static void print_locks(void)
{
    for (uint32_t kind = 0; kind < LOCK_KINDS; kind++)
        print_row(lock_descriptions[kind].name, lock_descriptions[kind].summary);
}

/* Those that cannot be read are refused one by one. */
static int print_library(void)
{
    char data[PATH_MAX];
    struct error err;
    struct arena arena = ARENA_EMPTY;
    int status = EXIT_FINE;
    if (!data_directory(data, sizeof data, &err))
        return command_refuse(&err);
    const char *const *name = reference_library(data, &arena);
    if (*name != NULL)
        printf("\nLibrary, as { \"library\": NAME, \"scale\": N }:\n");
    for (; *name != NULL; name++) {
        const char *summary = reference_summary(*name, data, &arena, &err);
        if (summary != NULL)
            print_row(*name, summary);
        else
            status = command_refuse(&err);
    }
    arena_free(&arena);
    return status;
}

static void print_phases(void)
{
    static const char *const rows[][2] = {
        { "run", "CPU time with warm caches, a number of us or a distribution" },
        { "runtime", "the core, until so much time has gone by" },
        { "sleep", "blocked for so long" },
        { "timer", "blocked until a period, from when it was last due, is over" },
        { "yield", "gives the core up and stays READY" },
        { "mem", "CPU time to read so many bytes of memory" },
        { "memrun", "as run, on a working set" },
        { "iorun", "blocked while a device moves so many bytes" },
        { "lock, unlock", "a mutex, by name" },
        { "wait", "gives the mutex up until a condition is signalled" },
        { "signal, broad", "wakes the first, or all, that wait for the condition" },
        { "sync", "locks, signals, waits, and unlocks" },
        { "barrier", "blocked until all that name it have come" },
        { "sem_post", "adds one to a counting semaphore, at first 0" },
        { "sem_wait", "blocked until there is one to take" },
        { "suspend, resume", "blocked until somebody resumes that name" },
        { "fork", "one process more of the entry of that name" },
        { "bursts_us", "runs, sleeps, runs, ... as was recorded, an array for each instance" },
        { "phases", "a group of them, with \"loop\" and \"cpus\"" },
    };
    printf("Phases of a workload entry:\n");
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        print_row(rows[i][0], rows[i][1]);
}

static int print_workloads(void)
{
    static const char *const takes[DISTRIBUTION_KINDS] = {
        [DISTRIBUTION_CONSTANT] = "always the same",
        [DISTRIBUTION_UNIFORM] = "evenly between two bounds",
        [DISTRIBUTION_EXPONENTIAL] = "memoryless",
        [DISTRIBUTION_LOGNORMAL] = "skewed to the right",
        [DISTRIBUTION_GAMMA] = "less (cv2 < 1) or more (cv2 > 1) variable than exponential",
        [DISTRIBUTION_PARETO] = "heavy-tailed",
        [DISTRIBUTION_BOUNDED_PARETO] = "heavy-tailed up to a bound",
        [DISTRIBUTION_HYPEREXPONENTIAL] = "two exponentials, mixed; cv2 >= 1",
    };
    print_phases();
    printf("\nDistributions, with the keys that each takes:\n");
    for (uint32_t kind = 0; kind < DISTRIBUTION_KINDS; kind++) {
        const struct distribution_description *d = &distribution_descriptions[kind];
        printf("%-18s", d->name);
        int width = 0;
        for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
            if (d->parameters & 1u << p)
                width += printf(" %s", distribution_parameter_keys[p]);
        printf("%*s%s\n", width < 24 ? 24 - width : 1, "", takes[kind]);
    }
    return print_library();
}

static void print_descriptions(const struct metric_description *descriptions, uint32_t count)
{
    static const char *const better[] = {
        [LOWER_IS_BETTER] = "lower", [HIGHER_IS_BETTER] = "higher", [NO_DIRECTION] = "-"
    };
    for (uint32_t i = 0; i < count; i++) {
        const struct metric_description *d = &descriptions[i];
        printf("%-34s %-10s %-7s %s\n", d->name, d->unit, better[d->direction], d->help);
    }
}

static void print_metrics(void)
{
    printf("%-34s %-10s %-7s\n", "name", "unit", "better");
    print_descriptions(metric_descriptions, METRIC_COUNT);
    printf("\nWhere a scenario says \"lag\": true, which takes time:\n");
    print_descriptions(lag_descriptions, LAG_COUNT);
    printf("\nWhere a scenario says \"until\": \"done\":\n");
    print_descriptions(done_descriptions, DONE_COUNT);
    printf("\nWhere a scenario sweeps %s, over points that differ in nothing else:\n",
           SCALING_POINTER);
    print_descriptions(scaling_descriptions, SCALING_COUNT);
    printf(
        "\nPer workload entry, as NAME.ENTRY: throughput_per_s, wakeup_latency_us_*, wait_us_*,\n"
        "response_us_*, slowdown_*.  Per operation, as sched_call_ns_mean.OPERATION:");
    for (uint32_t kind = 0; kind < ENTRY_KINDS; kind++)
        printf("%s%s", kind == 0 ? " " : ", ", entry_names[kind]);
    printf(".\n");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_json(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

/* Reads all profiles of folder, of which data holds cpus/; those that cannot be read are refused
 * one by one and left out. */
static int read_cpus(const char *data, const char *folder, struct dirent **entries, int *count,
                     struct profile *profiles, struct arena *arena)
{
    struct error err;
    int status = EXIT_FINE, read = 0;
    for (int i = 0; i < *count; i++) {
        const char *path = arena_printf(arena, "%s/%s", folder, entries[i]->d_name);
        if (profile_read(&profiles[read], path, data, arena, &err))
            read++;
        else
            status = command_refuse(&err);
        free(entries[i]);
    }
    *count = read;
    return status;
}

static int print_cpus(void)
{
    char data[PATH_MAX];
    struct error err;
    struct dirent **entries;
    struct arena arena = ARENA_EMPTY;
    size_t width = strlen("name");
    if (!data_directory(data, sizeof data, &err))
        return command_refuse(&err);
    const char *folder = arena_printf(&arena, "%s/cpus", data);
    int count = scandir(folder, &entries, is_json, by_name);
    if (count < 0) {
        error_set(&err, folder, "cannot be read; it should hold the CPU profiles");
        arena_free(&arena);
        return command_refuse(&err);
    }
    struct profile *profiles = arena_alloc(&arena, (size_t)count + 1, sizeof *profiles);
    int status = read_cpus(data, folder, entries, &count, profiles, &arena);
    for (int i = 0; i < count; i++)
        width = strlen(profiles[i].name) > width ? strlen(profiles[i].name) : width;
    printf("%-*s  %9s  %5s  %5s  %s\n", (int)width, "name", "published", "MHz", "cores",
           "what it is");
    for (int i = 0; i < count; i++)
        printf("%-*s  %8.0f%%  %5.0f  %5.0f  %s\n", (int)width, profiles[i].name,
               100 * profile_published_share(&profiles[i]), profile_value(&profiles[i], clock_mhz),
               profile_value(&profiles[i], max_cores), profiles[i].title);
    free(entries);
    arena_free(&arena);
    return status;
}

struct list_arguments {
    const char *what, *scheduler;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct list_arguments *arguments = state->input;
    switch (key) {
    case 'S':
        arguments->scheduler = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->what != NULL)
            argp_error(state, "one thing at a time");
        arguments->what = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->what == NULL)
            argp_error(state, "what? one of policies, placements, balancers, locks, cpus, "
                              "workloads, metrics");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_list(int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "scheduler", 'S', "FILE.so", 0, "also what this scheduler module brings", 0 },
        { 0 },
    };
    static const struct argp argp = {
        options,
        parse_option,
        "policies|placements|balancers|locks|cpus|workloads|metrics",
        "Says what there is, each with one line of what it is.",
        NULL,
        NULL,
        NULL,
    };
    struct list_arguments arguments = { 0 };
    struct scheduler scheduler;
    struct error err;
    int status = EXIT_FINE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (strcmp(arguments.what, "cpus") == 0)
        return print_cpus();
    if (!scheduler_load(&scheduler, arguments.scheduler, false, &err))
        return command_refuse(&err);
    if (strcmp(arguments.what, "policies") == 0)
        print_policy(&scheduler);
    else if (strcmp(arguments.what, "placements") == 0)
        print_placement(&scheduler);
    else if (strcmp(arguments.what, "balancers") == 0)
        print_balancer(&scheduler);
    else if (strcmp(arguments.what, "locks") == 0)
        print_locks();
    else if (strcmp(arguments.what, "workloads") == 0)
        status = print_workloads();
    else if (strcmp(arguments.what, "metrics") == 0)
        print_metrics();
    else {
        error_set(&err, arguments.what,
                  "is nothing to list; one of policies, placements, balancers, locks, cpus, "
                  "workloads, metrics");
        return command_refuse(&err);
    }
    return status;
}
