/* outcome.c -- see outcome.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/commands/outcome.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/output/scaling.h"
#include "sim/output/table.h"

/* The module that --scheduler names; NULL when it is our own alone. */
static const char *given_module(const struct study *study, const struct point *point)
{
    const struct scheduler *scheduler = study->options.builds[point->scenario.cost];
    return scheduler->module_count > 1 ? scheduler->files[0].path : NULL;
}

/* Which run it was. */
static void print_run(const struct study *study, const struct run_result *result)
{
    const struct point *point = &study->options.experiment->points[result->point];
    const char *title = results_point_title(point, study->arena);
    fprintf(stderr, "seed %ju, replication %u", (uintmax_t)point->scenario.seed,
            result->replication);
    if (*title != '\0')
        fprintf(stderr, " of point %u: %s", result->point, title);
    fputc('\n', stderr);
}

static void print_fault(const struct study *study, const struct run_result *result)
{
    const struct experiment *experiment = study->options.experiment;
    const struct fault *fault = &result->fault;
    const char *module = given_module(study, &experiment->points[result->point]);
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
    fprintf(stderr, "time %ju.%09ju ms, ", (uintmax_t)(fault->time_ps / 1000000000),
            (uintmax_t)(fault->time_ps % 1000000000));
    print_run(study, result);
    if (module != NULL)
        fprintf(stderr, "  scheduler %s\n", module);
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

int outcome_bad(const struct study *study)
{
    const struct run_result *bad = study->plan.bad;
    if (bad->fault.kind != FAULT_NONE) {
        print_fault(study, bad);
        return EXIT_FAULT;
    }
    print_overrun(study->options.experiment, bad);
    fputs("  ", stderr);
    print_run(study, bad);
    return EXIT_BAD_INPUT;
}

int outcome_complete(const struct study *study, bool quiet)
{
    if (!quiet)
        printf("Complete before: %s\n", study->options.directory);
    return study->results.met ? EXIT_FINE : EXIT_EXPECTATION;
}

static int write_shard(struct study *study, bool quiet)
{
    const struct study_options *options = &study->options;
    struct error err;
    if (!study_write(study, true, &err))
        return command_refuse(&err);
    if (!quiet)
        printf("%s: %u runs, which are shard %u of %u: %s\n"
               "`braidsim merge DIR... --out DIR` puts all shards together.\n",
               options->experiment->name, study->plan.done, options->shard, options->shards,
               options->directory);
    return EXIT_FINE;
}

/* Says how many runs of scenarios with "until": "done" went on to their duration, and how many were
 * done before what is to be traced of them. */
static void tell_ends(const struct study *study)
{
    const struct results *results = &study->results;
    const struct experiment *experiment = results->experiment;
    const struct trace_request *trace = &study->options.trace;
    uint32_t runs = 0, cut_off = 0, before_trace = 0;
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        const struct scenario *scenario = &experiment->points[p].scenario;
        if (!scenario->until_done)
            continue;
        uint32_t done = metric_index(scenario, done_descriptions[DONE_done_ms].name);
        for (uint32_t i = 0; i < results->count[p]; i++) {
            double done_ms = results->runs[results->first[p] + i].metrics[done];
            cut_off += isnan(done_ms) ? 1 : 0;
            before_trace += trace->path != NULL && done_ms <= trace->from_ms ? 1 : 0;
        }
        runs += results->count[p];
    }
    const char *s = runs == 1 ? "" : "s";
    if (cut_off > 0)
        fprintf(stderr,
                "%s: note: %u of %u run%s that should last \"until\": \"done\" ended at "
                "\"duration_ms\" with something left to do; a longer one is wanted there, unless "
                "somebody goes round for ever\n",
                experiment->path, cut_off, runs, s);
    if (before_trace > 0)
        fprintf(stderr,
                "%s: note: %u of %u run%s that should last \"until\": \"done\" had ended before "
                "--trace-from (%g ms), so that the trace is empty\n",
                experiment->path, before_trace, runs, s, trace->from_ms);
}

/* Begins a note on so many combinations of swept values; false: there are none. */
static bool begin_note(const struct study *study, uint32_t groups)
{
    if (groups > 0)
        fprintf(stderr, "%s: note: at %u of %u combinations of swept values ",
                study->options.experiment->path, groups, study->plan.groups);
    return groups > 0;
}

/* Where what was asked for could not be had. */
static void tell_shortfalls(const struct study *study)
{
    const struct precision *precision = &study->options.experiment->precision;
    if (begin_note(study, study->plan.unsettled))
        fprintf(stderr, "no end of the warm-up was found in the first half of the run, which was "
                        "left out; a longer \"duration_ms\" is wanted there\n");
    if (begin_note(study, study->plan.imprecise))
        fprintf(stderr,
                "the intervals are wider than \"precision_percent\" %g after %u replications; a "
                "greater \"max_replications\" is wanted there, or a longer \"duration_ms\"\n",
                precision->percent, precision->max_replications);
    if (begin_note(study, study->plan.undefined))
        fprintf(stderr, "some of \"precision_metrics\" are undefined in all runs but one at most, "
                        "so that no precision could be asked of them\n");
}

int outcome_write(struct study *study, bool quiet)
{
    struct arena *arena = study->arena;
    struct error err;
    char *verdicts = NULL;
    size_t length;
    if (study->options.shards > 1)
        return write_shard(study, quiet);
    FILE *text = open_memstream(&verdicts, &length);
    CHECK(text != NULL);
    bool met = table_expectations(text, &study->results, arena);
    fclose(text);
    bool fine = study_write(study, met, &err);
    if (fine)
        tell_shortfalls(study);
    if (fine)
        tell_ends(study);
    if (fine && !quiet) {
        table_print(stdout, &study->results, arena);
        scaling_print(stdout, &study->results);
        printf("\nResults: %s\n", study->options.directory);
    }
    if (fine)
        fputs(verdicts, quiet ? stderr : stdout);
    free(verdicts);
    if (!fine)
        return command_refuse(&err);
    return met ? EXIT_FINE : EXIT_EXPECTATION;
}
