/* run.c -- `braidsim run`: simulates scenarios, prints a summary, writes results.
 *
 * Everything that can be refused is refused before the first run starts, so that nothing is
 * half-done: all scenarios are read, and all results directories are seen to be writable.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/commands/commands.h"
#include "sim/commands/common.h"
#include "sim/commands/outcome.h"
#include "sim/output/progress.h"
#include "sim/output/table.h"
#include "sim/output/trace.h"
#include "sim/study/ranks.h"
#include "sim/study/study.h"

enum {
    KEY_QUIET = 256,
    KEY_TRACE,
    KEY_TRACE_FROM,
    KEY_TRACE_TO,
    KEY_TRACE_DETAIL,
    KEY_RESUME,
    KEY_RESTART,
    KEY_SHARD,
    KEY_RANK_SILENCE
};

struct run_arguments {
    struct common_options common;
    const char *out;
    struct trace_request trace;
    enum study_start start;
    uint32_t shard, shards;
    double silence_s;
    bool quiet;
    char **scenarios;
    int count;
};

/* ---- Options ------------------------------------------------------------------------------ */

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

static void parse_trace(struct argp_state *state, int key, char *text, struct trace_request *trace)
{
    if (key == KEY_TRACE) {
        trace->path = text;
    } else if (key == KEY_TRACE_FROM) {
        trace->from_ms = command_ms(state, "--trace-from", text);
    } else if (key == KEY_TRACE_TO) {
        trace->to_ms = command_ms(state, "--trace-to", text);
    } else {
        trace->detail = parse_detail(state, text);
    }
}

static void parse_shard(struct argp_state *state, const char *text, struct run_arguments *arguments)
{
    char rest;
    if (sscanf(text, "%5u/%5u%c", &arguments->shard, &arguments->shards, &rest) != 2 ||
        arguments->shard < 1 || arguments->shard > arguments->shards)
        argp_error(state, "--shard must be I/N, such as 2/3 for the second of three, is \"%s\"",
                   text);
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
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case 'o':
        arguments->out = argument;
        return 0;
    case 'a':
        if (!load_grammar(argument, &arguments->common.load.scenario))
            argp_error(state, "--as must be rt-app, is \"%s\"", argument);
        return 0;
    case KEY_RESUME:
    case KEY_RESTART:
        if (arguments->start != STUDY_NEW)
            argp_error(state, "one of --resume and --restart can be meant");
        arguments->start = key == KEY_RESUME ? STUDY_RESUME : STUDY_RESTART;
        return 0;
    case KEY_RANK_SILENCE:
        arguments->silence_s = (double)command_count(state, "--rank-silence", argument, 1, 86400);
        return 0;
    case KEY_SHARD:
        parse_shard(state, argument, arguments);
        return 0;
    case KEY_QUIET:
        arguments->quiet = true;
        return 0;
    case KEY_TRACE:
    case KEY_TRACE_FROM:
    case KEY_TRACE_TO:
    case KEY_TRACE_DETAIL:
        parse_trace(state, key, argument, &arguments->trace);
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
    { "out", 'o', "DIR", 0, "results directory (default: results/NAME)", 0 },
    { "resume", KEY_RESUME, NULL, 0, "go on with what was interrupted; begin, if nothing was", 0 },
    { "restart", KEY_RESTART, NULL, 0, "begin anew where something was interrupted", 0 },
    { "shard", KEY_SHARD, "I/N", 0, "run the I-th of N parts, which `braidsim merge` puts together",
      0 },
    { "rank-silence", KEY_RANK_SILENCE, "S", 0,
      "under mpirun: a rank that is silent for so many seconds is dead (default: 30)", 0 },
    { "as", 'a', "rt-app", 0, "the files are rt-app's, not scenarios", 0 },
    { "trace", KEY_TRACE, "FILE", 0,
      "write what happens to FILE.pftrace (Perfetto) or FILE.ftrace (text), or .gz of either; of "
      "several runs to FILE-POINT-REPLICATION.pftrace",
      0 },
    { "trace-from", KEY_TRACE_FROM, "MS", 0, "from here on (default: the end of the warm-up)", 0 },
    { "trace-to", KEY_TRACE_TO, "MS", 0, "up to here (default: the end)", 0 },
    { "trace-detail", KEY_TRACE_DETAIL, "WHAT", 0,
      "of FILE.pftrace: sched (switches and wakings alone), sampled (with overhead and "
      "queues, sampled), all (each change of them) or auto (all up to 200,000 switches, then "
      "sampled)",
      0 },
    { "quiet", KEY_QUIET, NULL, 0, "no summary and no progress bar", 0 },
    { 0 },
};

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };

static const struct argp argp = {
    options,       parse_option,
    "SCENARIO...", "Simulates scenarios, prints a summary and writes a results directory.",
    children,      NULL,
    NULL,
};

/* ---- Running ------------------------------------------------------------------------------ */

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

static int run_study(const struct run_arguments *arguments, struct study *study)
{
    struct error err;
    if (study->complete)
        return outcome_complete(study, arguments->quiet);
    int status = study_run(study, &err);
    if (study->plan.bad != NULL)
        return outcome_bad(study);
    if (status != EXIT_FINE) {
        command_refuse(&err);
        return status;
    }
    return outcome_write(study, arguments->quiet);
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

/* Reads all scenarios; each has a directory of its own. */
static bool read_all(const struct run_arguments *arguments, struct experiment *experiments,
                     const char **directories, struct arena *arena, struct error *err)
{
    for (int i = 0; i < arguments->count; i++) {
        if (!load_experiment(&experiments[i], arguments->scenarios[i], &arguments->common.load,
                             arena, err) ||
            !check_trace(&arguments->trace, &experiments[i], err))
            return false;
        directories[i] = study_directory(arguments, experiments[i].name, arena);
        for (int j = 0; j < i; j++)
            if (strcmp(directories[j], directories[i]) == 0)
                return error_set(err, arguments->scenarios[i],
                                 "its results would replace those of %s, in %s",
                                 arguments->scenarios[j], directories[i]);
    }
    return true;
}

static bool begin_all(const struct run_arguments *arguments, const struct experiment *experiments,
                      const char *const *directories, struct scheduler *const builds[COSTS],
                      struct study *studies, struct arena *arena, struct error *err)
{
    for (int i = 0; i < arguments->count; i++) {
        struct study_options wanted = { .experiment = &experiments[i],
                                        .builds = builds,
                                        .directory = directories[i],
                                        .start = arguments->start,
                                        .shard = arguments->shard,
                                        .shards = arguments->shards,
                                        .jobs = arguments->common.jobs,
                                        .trace = arguments->trace };
        struct error refusal;
        if (!arguments->quiet)
            wanted.progress = progress_show;
        wanted.index = (uint32_t)i;
        if (ranks != NULL)
            wanted.run = ranks->run;
        if (ranks != NULL && ranks->rank > 0)
            wanted.directory = NULL; /* rank 0's alone */
        if (!study_init(&studies[i], &wanted, arena, &refusal))
            return error_set(err, arena_printf(arena, "--out \"%s\"", directories[i]), "%s",
                             refusal.message);
    }
    return true;
}

/* Of several ranks all must come together to end, and one tells why. */
static int refuse(const struct error *err)
{
    if (ranks == NULL)
        return command_refuse(err);
    if (ranks->rank == 0)
        command_refuse(err);
    ranks->begin(NULL, 0, 30);
    if (ranks->rank > 0)
        ranks->serve();
    ranks->end(EXIT_BAD_INPUT);
}

int command_run(int argc, char **argv)
{
    struct run_arguments arguments = {
        .shard = 1, .shards = 1, .silence_s = 30, .trace = { .from_ms = NAN, .to_ms = NAN }
    };
    struct arena arena = ARENA_EMPTY;
    struct scheduler *builds[COSTS] = { NULL };
    struct error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    size_t count = (size_t)arguments.count;
    struct experiment *experiments = arena_alloc(&arena, count, sizeof *experiments);
    struct study *studies = arena_alloc(&arena, count, sizeof *studies);
    const char **directories = arena_alloc(&arena, count, sizeof *directories);
    if (!read_all(&arguments, experiments, directories, &arena, &err) ||
        !load_schedulers(builds, arguments.common.load.scheduler_file, experiments, count, &arena,
                         &err) ||
        !begin_all(&arguments, experiments, directories, builds, studies, &arena, &err))
        return refuse(&err);
    if (ranks != NULL)
        ranks->begin(studies, (uint32_t)count, arguments.silence_s);
    if (ranks != NULL && ranks->rank > 0)
        ranks->serve();
    int status = EXIT_FINE;
    for (int i = 0; i < arguments.count; i++) {
        int one = run_study(&arguments, &studies[i]);
        study_free(&studies[i]);
        status = one > status ? one : status;
    }
    if (ranks != NULL)
        ranks->end(status);
    arena_free(&arena);
    return status;
}
