/* run.c -- `braidsim run`: simulates scenarios, prints a summary, writes results.
 *
 * Everything that can be refused is refused before the first run starts, so that nothing is
 * half-done: all scenarios are read, and all results directories are seen to be writable.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/commands/load.h"
#include "sim/commands/workers.h"
#include "sim/output/progress.h"
#include "sim/output/results.h"
#include "sim/output/scaling.h"
#include "sim/output/table.h"
#include "sim/output/trace.h"

enum {
    SETS_MAX = 256,
    KEY_REPLICATIONS = 256,
    KEY_COST,
    KEY_QUIET,
    KEY_TRACE,
    KEY_TRACE_FROM,
    KEY_TRACE_TO,
    KEY_TRACE_DETAIL
};

struct run_arguments {
    struct load_options load;
    const char *sets[SETS_MAX];
    const char *out;
    uint64_t jobs;
    struct trace_request trace;
    bool quiet;
    char **scenarios;
    int count;
};

/* One scenario on its way from file to results. */
struct study {
    const char *directory;
    struct experiment experiment;
};

/* ---- Options ------------------------------------------------------------------------------ */

static uint64_t parse_count(struct argp_state *state, const char *option, const char *text,
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

static enum recording_detail parse_detail(struct argp_state *state, const char *text)
{
    static const char *const names[] = { [RECORDING_AUTO] = "auto",
                                         [RECORDING_SCHED] = "sched",
                                         [RECORDING_SAMPLED] = "sampled",
                                         [RECORDING_ALL] = "all" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum recording_detail)i;
    argp_error(state, "--trace-detail must be auto, sched, sampled or all, is \"%s\"", text);
    return RECORDING_AUTO;
}

static void check_trace_options(struct argp_state *state, const struct run_arguments *arguments)
{
    const struct trace_request *trace = &arguments->trace;
    bool has_window = !isnan(trace->from_ms) || !isnan(trace->to_ms);
    if (trace->path == NULL && (has_window || trace->detail != RECORDING_AUTO))
        argp_error(state, "--trace-from, --trace-to and --trace-detail want --trace FILE");
    if (trace->path != NULL && arguments->count > 1)
        argp_error(state, "--trace is of one scenario; there are %d", arguments->count);
    if (trace->from_ms >= trace->to_ms)
        argp_error(state, "--trace-to must be later than --trace-from (%g ms), is %g ms",
                   trace->from_ms, trace->to_ms);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct run_arguments *arguments = state->input;
    struct scenario_options *scenario = &arguments->load.scenario;
    switch (key) {
    case 's':
        if (scenario->set_count == SETS_MAX)
            argp_error(state, "at most %d --set", SETS_MAX);
        arguments->sets[scenario->set_count++] = argument;
        return 0;
    case 'e':
        scenario->has_seed = true;
        scenario->seed = parse_count(state, "--seed", argument, 0, UINT64_C(9007199254740991));
        return 0;
    case KEY_REPLICATIONS:
        scenario->has_replications = true;
        scenario->replications = parse_count(state, "--replications", argument, 1, 100000);
        return 0;
    case 'j':
        arguments->jobs = parse_count(state, "--jobs", argument, 1, 4096);
        return 0;
    case 'o':
        arguments->out = argument;
        return 0;
    case 'S':
        arguments->load.scheduler_file = argument;
        return 0;
    case 'a':
        if (!load_grammar(argument, scenario))
            argp_error(state, "--as must be rt-app, is \"%s\"", argument);
        return 0;
    case KEY_COST:
        scenario->cost = argument;
        if (strcmp(argument, "traced") != 0 && strcmp(argument, "flat") != 0)
            argp_error(state, "--cost must be traced or flat, is \"%s\"", argument);
        return 0;
    case KEY_QUIET:
        arguments->quiet = true;
        return 0;
    case KEY_TRACE:
        arguments->trace.path = argument;
        return 0;
    case KEY_TRACE_FROM:
        arguments->trace.from_ms = command_ms(state, "--trace-from", argument);
        return 0;
    case KEY_TRACE_TO:
        arguments->trace.to_ms = command_ms(state, "--trace-to", argument);
        return 0;
    case KEY_TRACE_DETAIL:
        arguments->trace.detail = parse_detail(state, argument);
        return 0;
    case ARGP_KEY_ARGS:
        arguments->scenarios = state->argv + state->next;
        arguments->count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which scenario files?");
        return 0;
    case ARGP_KEY_END:
        check_trace_options(state, arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "set", 's', "PTR=VALUE", 0, "put VALUE at JSON pointer PTR of the scenario", 0 },
    { "seed", 'e', "N", 0, "the seed", 0 },
    { "replications", KEY_REPLICATIONS, "N", 0, "runs of each point", 0 },
    { "jobs", 'j', "N", 0, "runs at a time (default: the processors of this machine)", 0 },
    { "out", 'o', "DIR", 0, "results directory (default: results/NAME)", 0 },
    { "scheduler", 'S', "FILE.so", 0, "run this scheduler module", 0 },
    { "as", 'a', "rt-app", 0, "the files are rt-app's, not scenarios", 0 },
    { "cost", KEY_COST, "traced|flat", 0, "how scheduler code is priced", 0 },
    { "trace", KEY_TRACE, "FILE", 0,
      "write what happens to FILE.pftrace (Perfetto) or FILE.ftrace (text), or .gz of either; of "
      "several runs to FILE-POINT-REPLICATION.pftrace",
      0 },
    { "trace-from", KEY_TRACE_FROM, "MS", 0, "from here on (default: the end of the warm-up)", 0 },
    { "trace-to", KEY_TRACE_TO, "MS", 0, "up to here (default: the end)", 0 },
    { "trace-detail", KEY_TRACE_DETAIL, "auto|sched|sampled|all", 0,
      "of FILE.pftrace: switches and wakings alone; with overhead and queues, sampled; or each "
      "change of them (auto: all up to 200,000 switches, then sampled)",
      0 },
    { "quiet", KEY_QUIET, NULL, 0, "no summary and no progress bar", 0 },
    { 0 },
};

static const struct argp argp = {
    options,       parse_option,
    "SCENARIO...", "Simulates scenarios, prints a summary and writes a results directory.",
    NULL,          NULL,
    NULL,
};

/* ---- Running ------------------------------------------------------------------------------ */

static bool wants(const struct experiment *experiment, enum cost_kind cost)
{
    for (uint32_t i = 0; i < experiment->point_count; i++)
        if (experiment->points[i].scenario.cost == cost)
            return true;
    return false;
}

static void print_fault(const struct experiment *experiment, const struct run_result *result)
{
    const struct fault *fault = &result->fault;
    const char *variant = experiment->points[result->point].variant;
    fprintf(stderr, "%s: the scheduler broke its contract: %s", experiment->path,
            fault_names[fault->kind]);
    if (fault->detail[0] != '\0')
        fprintf(stderr, " (%s)", fault->detail);
    fprintf(stderr, "\n  policy %s, operation %s, ", fault->policy,
            fault->operation < ENTRY_KINDS ? entry_names[fault->operation] : "none");
    if (fault->process != UINT32_MAX)
        fprintf(stderr, "process %u, ", fault->process);
    if (fault->core != UINT32_MAX)
        fprintf(stderr, "core %u, ", fault->core);
    fprintf(stderr, "time %ju.%09ju ms, seed %ju, replication %u%s%s\n",
            (uintmax_t)(fault->time_ps / 1000000000), (uintmax_t)(fault->time_ps % 1000000000),
            (uintmax_t)experiment->points[result->point].scenario.seed, result->replication,
            variant != NULL ? ", variant " : "", variant != NULL ? variant : "");
}

static void print_refused(const struct scenario *scenario, const struct workload *workload,
                          uint32_t torus)
{
    fprintf(stderr,
            "%s: policy \"%s\" has refused a process of \"%s\" its reservation of %g us in every "
            "%g us: it knows none (\"edf\" does), or there is no room for it beside the others on "
            "torus %u; ask for less, or have more tori\n",
            workload->place, scenario->scheduler.policy, workload->name,
            workload->budget_ns / 1000.0, workload->period_ns / 1000.0, torus);
}

static void print_overrun(const struct experiment *experiment, const struct run_result *result)
{
    const struct scenario *scenario = &experiment->points[result->point].scenario;
    const struct workload *workload = &scenario->workloads[result->overrun.workload];
    if (result->overrun.happened == OVERRUN_RESERVATION) {
        print_refused(scenario, workload, result->overrun.torus);
        return;
    }
    if (result->overrun.happened == OVERRUN_PROGRAM) {
        fprintf(stderr, "%s: %s\n", workload->place, result->overrun.text);
        return;
    }
    fprintf(stderr,
            "%s: more than max_alive (%u) processes of %s \"%s\" are alive at once; does the "
            "machine keep up with it? If it should, raise max_alive\n",
            workload->place, workload->max_alive,
            workload->open ? "the stream" : "those that are forked of", workload->name);
}

static int report_bad(const struct experiment *experiment, const struct run_result *result)
{
    if (result->fault.kind != FAULT_NONE) {
        print_fault(experiment, result);
        return EXIT_FAULT;
    }
    print_overrun(experiment, result);
    return EXIT_BAD_INPUT;
}

static bool is_bad(const struct run_result *result)
{
    return result->fault.kind != FAULT_NONE || result->overrun.happened;
}

/* Loads the builds that the studies want.  Each is a library of its own, bound to itself. */
static bool load_schedulers(const struct run_arguments *arguments, const struct study *studies,
                            struct scheduler *builds[COSTS], struct arena *arena, struct error *err)
{
    for (int i = 0; i < arguments->count; i++)
        for (uint32_t cost = 0; cost < COSTS; cost++) {
            if (builds[cost] != NULL || !wants(&studies[i].experiment, (enum cost_kind)cost))
                continue;
            builds[cost] = arena_alloc(arena, 1, sizeof *builds[cost]);
            if (!scheduler_load(builds[cost], arguments->load.scheduler_file, cost == COST_TRACED,
                                err))
                return false;
        }
    return true;
}

/* All files of the builds that the study wants. */
static void note_schedulers(struct results *results, struct scheduler *const builds[COSTS],
                            struct arena *arena)
{
    struct results_scheduler *schedulers =
        arena_alloc(arena, (size_t)COSTS * TRACER_MODULES, sizeof *schedulers);
    results->schedulers = schedulers;
    for (uint32_t cost = 0; cost < COSTS; cost++) {
        if (!wants(results->experiment, (enum cost_kind)cost))
            continue;
        for (uint32_t i = 0; i < builds[cost]->module_count; i++) {
            const struct scheduler_file *file = &builds[cost]->files[i];
            schedulers[results->scheduler_count++] =
                (struct results_scheduler){ cost == COST_TRACED ? "traced" : "flat", file->path,
                                            file->compiler, file->hash };
        }
    }
}

/* Whether the trace can be written, and every run is in its window. */
static bool check_trace(const struct trace_request *trace, const struct experiment *experiment,
                        struct error *err)
{
    struct error refusal;
    if (trace->path == NULL)
        return true;
    if (!trace_check(trace->path, &refusal))
        return error_set(err, "--trace", "\"%s\" %s", trace->path, refusal.message);
    for (uint32_t i = 0; i < experiment->point_count; i++) {
        double from_ms = (double)experiment->points[i].scenario.warmup_ps / 1e9;
        double end_ms = (double)experiment->points[i].scenario.duration_ps / 1e9;
        from_ms = isnan(trace->from_ms) ? from_ms : trace->from_ms;
        if (from_ms >= end_ms)
            return error_set(err, "--trace-from",
                             "must be before the end of the run at %g ms, is %g", end_ms, from_ms);
        if (from_ms >= trace->to_ms)
            return error_set(err, "--trace-to",
                             "must be later than %g ms, where the trace begins (--trace-from; by "
                             "default the end of the warm-up), is %g",
                             from_ms, trace->to_ms);
    }
    return true;
}

static struct run_order *all_orders(const struct results *results, struct arena *arena)
{
    struct run_order *orders = arena_alloc(arena, results->run_count, sizeof *orders);
    for (uint32_t p = 0; p < results->experiment->point_count; p++)
        for (uint32_t r = 0; r < results->count[p]; r++)
            orders[results->first[p] + r] =
                (struct run_order){ .point = p,
                                    .replication = r,
                                    .warmup_ps =
                                        results->experiment->points[p].scenario.warmup_ps };
    return orders;
}

static int run_study(const struct run_arguments *arguments, const struct study *study,
                     struct scheduler *const builds[COSTS], struct arena *arena)
{
    const struct experiment *experiment = &study->experiment;
    struct results results = { .experiment = experiment };
    results_evenly(&results, arena);
    struct work work = { .experiment = experiment,
                         .traced = builds[COST_TRACED],
                         .plain = builds[COST_FLAT],
                         .jobs = (uint32_t)arguments->jobs,
                         .trace = arguments->trace,
                         .orders = all_orders(&results, arena),
                         .order_count = results.run_count };
    struct error err;
    work.trace.many = results.run_count > 1;
    if (!arguments->quiet)
        work.progress = progress_show;
    struct run_result *runs = arena_alloc(arena, results.run_count, sizeof *runs);
    uint32_t complete = workers_run(&work, runs, arena, &err);
    if (complete == 0)
        return command_refuse(&err);
    if (is_bad(&runs[complete - 1]))
        return report_bad(experiment, &runs[complete - 1]);

    results.runs = runs;
    scaling_fill(&results);
    note_schedulers(&results, builds, arena);
    if (!results_write(&results, study->directory, &err))
        return command_refuse(&err);
    bool met = true;
    if (!arguments->quiet) {
        table_print(stdout, &results, arena);
        printf("\nResults: %s\n", study->directory);
    }
    met = table_expectations(arguments->quiet ? stderr : stdout, &results, arena);
    return met ? EXIT_FINE : EXIT_EXPECTATION;
}

/* The directory of a scenario: --out, a folder in it when there are several, or results/NAME. */
static const char *study_directory(const struct run_arguments *arguments, const char *name,
                                   struct arena *arena)
{
    if (arguments->out == NULL)
        return arena_printf(arena, "results/%s", name);
    if (arguments->count == 1)
        return arguments->out;
    return arena_printf(arena, "%s/%s", arguments->out, name);
}

int command_run(int argc, char **argv)
{
    struct run_arguments arguments = { .jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN),
                                       .trace = { .from_ms = NAN, .to_ms = NAN } };
    struct arena arena = ARENA_EMPTY;
    struct error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    arguments.load.scenario.sets = arguments.sets;
    struct study *studies = arena_alloc(&arena, (size_t)arguments.count, sizeof *studies);
    for (int i = 0; i < arguments.count; i++) {
        struct study *study = &studies[i];
        if (!load_experiment(&study->experiment, arguments.scenarios[i], &arguments.load, &arena,
                             &err))
            return command_refuse(&err);
        if (!check_trace(&arguments.trace, &study->experiment, &err))
            return command_refuse(&err);
        study->directory = study_directory(&arguments, study->experiment.name, &arena);
        for (int j = 0; j < i; j++)
            if (strcmp(studies[j].directory, study->directory) == 0) {
                error_set(&err, arguments.scenarios[i],
                          "its results would replace those of %s, in %s", arguments.scenarios[j],
                          study->directory);
                return command_refuse(&err);
            }
        struct error refusal;
        if (!results_prepare(study->directory, &refusal)) {
            error_set(&err, arena_printf(&arena, "--out \"%s\"", study->directory), "%s",
                      refusal.message);
            return command_refuse(&err);
        }
    }
    struct scheduler *builds[COSTS] = { NULL };
    if (!load_schedulers(&arguments, studies, builds, &arena, &err))
        return command_refuse(&err);
    int status = EXIT_FINE;
    for (int i = 0; i < arguments.count; i++) {
        int one = run_study(&arguments, &studies[i], builds, &arena);
        status = one > status ? one : status;
    }
    arena_free(&arena);
    return status;
}
