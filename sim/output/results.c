/* results.c -- see results.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/results.h"

#include <ctype.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/input/json.h"
#include "sim/output/file.h"
#include "sim/output/folder.h"
#include "sim/output/growth.h"
#include "sim/output/latency.h"
#include "sim/output/scaling.h"
#include "sim/version.h"

/* What the fillers of files share. */
struct writing {
    const struct results *results;
    struct arena *arena;
    const char *journal; /* of a shard: what is copied */
    const char **names;  /* of all metrics of any point, in order of first appearance */
    uint32_t name_count;
    uint32_t **column; /* [point][index in the point's metrics] -> index into names */
};

/* ---- Metrics by name ---------------------------------------------------------------------- */

static const struct experiment *experiment_of(const struct writing *writing)
{
    return writing->results->experiment;
}

static uint32_t name_index(struct writing *writing, const char *name, uint32_t near)
{
    if (near < writing->name_count && strcmp(writing->names[near], name) == 0)
        return near; /* nearly always: points share their metrics */
    for (uint32_t i = 0; i < writing->name_count; i++)
        if (strcmp(writing->names[i], name) == 0)
            return i;
    writing->names[writing->name_count] = arena_string(writing->arena, name);
    return writing->name_count++;
}

static void names_collect(struct writing *writing)
{
    const struct experiment *experiment = experiment_of(writing);
    size_t most = 0;
    for (uint32_t p = 0; p < experiment->point_count; p++)
        most += metric_name_count(&experiment->points[p].scenario);
    writing->names = arena_alloc(writing->arena, most, sizeof *writing->names);
    writing->column = arena_alloc(writing->arena, experiment->point_count, sizeof *writing->column);
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        const struct scenario *scenario = &experiment->points[p].scenario;
        uint32_t count = metric_name_count(scenario);
        struct arena scratch = ARENA_EMPTY;
        writing->column[p] = arena_alloc(writing->arena, count, sizeof **writing->column);
        for (uint32_t i = 0; i < count; i++)
            writing->column[p][i] = name_index(writing, metric_name(scenario, i, &scratch), i);
        arena_free(&scratch);
    }
}

const struct run_result *results_load(const struct results *results, uint32_t run,
                                      struct run_result *space, struct arena *arena)
{
    if (results->load == NULL)
        return &results->runs[run];
    results->load(results->load_context, run, space, arena);
    return space;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

const char *results_sweep_title(const struct point *point, uint32_t i)
{
    const char *whole = point->sweep[i].pointer, *at = whole + strlen(whole);
    while (at > whole) {
        bool told = true;
        while (*--at != '/' && at > whole)
            ;
        for (uint32_t other = 0; other < point->sweep_count; other++)
            told = told && (other == i || !ends_with(point->sweep[other].pointer, at));
        if (told && strspn(at + 1, "0123456789") != strcspn(at + 1, "/"))
            return at + 1;
    }
    return whole;
}

const char *results_point_title(const struct point *point, struct arena *arena)
{
    const char *title = point->variant != NULL ? point->variant : "";
    for (uint32_t i = 0; i < point->sweep_count; i++)
        title = arena_printf(arena, "%s%s%s = %s", title, *title != '\0' ? ", " : "",
                             results_sweep_title(point, i), point->sweep[i].label);
    return title;
}

/* ---- Files -------------------------------------------------------------------------------- */

static void fill_scenario(FILE *to, const void *context)
{
    const struct writing *writing = context;
    fprintf(to, "%s\n", experiment_of(writing)->json);
}

#if defined(__clang__)
#define TEXT_OF(macro) TEXT(macro)
#define TEXT(text)     #text
#define COMPILER                                                                                   \
    "clang " TEXT_OF(__clang_major__) "." TEXT_OF(__clang_minor__) "." TEXT_OF(__clang_patchlevel__)
#else
#define COMPILER "gcc " __VERSION__
#endif

static void put_profiles(FILE *to, const struct experiment *experiment)
{
    fprintf(to, "  \"profiles_fnv1a\": {");
    for (uint32_t i = 0; i < experiment->profile_count; i++) {
        fputs(i > 0 ? ", " : " ", to);
        json_write_string(to, experiment->profiles[i].name);
        fprintf(to, ": \"%016" PRIx64 "\"", experiment->profiles[i].hash);
    }
    fprintf(to, "%s},\n", experiment->profile_count > 0 ? " " : "");
}

static void put_schedulers(FILE *to, const struct results *results)
{
    fprintf(to, "  \"schedulers\": [\n");
    for (uint32_t i = 0; i < results->scheduler_count; i++) {
        const struct results_scheduler *scheduler = &results->schedulers[i];
        const char *slash = strrchr(scheduler->path, '/');
        fprintf(to, "    { \"cost\": \"%s\", \"file\": ", scheduler->cost);
        json_write_string(to, slash != NULL ? slash + 1 : scheduler->path);
        fprintf(to, ", \"fnv1a\": \"%016" PRIx64 "\", \"compiler\": ", scheduler->hash);
        json_write_string(to, scheduler->compiler);
        fprintf(to, " }%s\n", i + 1 < results->scheduler_count ? "," : "");
    }
    fprintf(to, "  ],\n");
}

/* Which study it was, for --resume and merge. */
static void put_study(FILE *to, const struct results *results)
{
    if (results->study == 0)
        return;
    fprintf(to, ",\n  \"study\": \"%016" PRIx64 "\"", results->study);
    if (results->shards > 0)
        fprintf(to, ",\n  \"shard\": \"%u/%u\"", results->shard, results->shards);
    else
        fprintf(to, ",\n  \"expectations_met\": %s", results->met ? "true" : "false");
}

static void fill_manifest(FILE *to, const void *context)
{
    const struct writing *writing = context;
    const struct experiment *experiment = experiment_of(writing);
    char host[256] = "", when[64];
    time_t now = time(NULL);
    struct tm utc;
    bool fma = false;
#if defined(__x86_64__)
    fma = __builtin_cpu_supports("fma");
#endif
    gethostname(host, sizeof host - 1);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    fprintf(to, "{\n  \"program\": \"braidsim\",\n  \"version\": \"%s\",\n", BRAIDSIM_VERSION);
    fprintf(to, "  \"scenario\": ");
    json_write_string(to, experiment->name);
    fprintf(to, ",\n  \"seed\": %" PRIu64 ",\n  \"replications\": %u,\n  \"points\": %u,\n",
            experiment->seed, experiment->replications, experiment->point_count);
    put_profiles(to, experiment);
    fprintf(to, "  \"compiler\": ");
    json_write_string(to, COMPILER);
    fprintf(to, ",\n");
    put_schedulers(to, writing->results);
    fprintf(to,
            "  \"glibc\": \"%s\",\n  \"cpu_has_fma\": %s,\n  \"host\": ", gnu_get_libc_version(),
            fma ? "true" : "false");
    json_write_string(to, host);
    fprintf(to, ",\n  \"written\": \"%s\"", when);
    put_study(to, writing->results);
    fputs("\n}\n", to);
}

/* Names of swept values whose text is too long to be one. */
static void put_labels(FILE *to, const struct point *point)
{
    const char *before = "      \"labels\": { ";
    for (uint32_t i = 0; i < point->sweep_count; i++) {
        if (strcmp(point->sweep[i].label, point->sweep[i].text) == 0)
            continue;
        fputs(before, to);
        json_write_string(to, point->sweep[i].pointer);
        fputs(": ", to);
        json_write_string(to, point->sweep[i].label);
        before = ", ";
    }
    if (*before == ',')
        fputs(" },\n", to);
}

/* What a swept pointer is, in words: "instances of hog", where all points call workload 0 so. */
static const char *parameter_title(const struct experiment *experiment, const char *pointer,
                                   struct arena *arena)
{
    char token[JSON_POINTER_MAX], *end;
    const char *rest = json_pointer_next(pointer, token, sizeof token), *words = "", *of = "";
    if (strcmp(token, "workload") == 0 && *rest != '\0') {
        rest = json_pointer_next(rest, token, sizeof token);
        unsigned long index = strtoul(token, &end, 10);
        of = arena_printf(arena, "workload %s", token);
        const struct scenario *first = &experiment->points[0].scenario;
        const char *name = index < first->workload_count ? first->workloads[index].name : NULL;
        for (uint32_t p = 0; p < experiment->point_count && name != NULL; p++) {
            const struct scenario *scenario = &experiment->points[p].scenario;
            if (index >= scenario->workload_count ||
                strcmp(scenario->workloads[index].name, name) != 0)
                name = NULL;
        }
        of = name != NULL ? name : of;
    } else if (*rest == '\0') {
        return arena_string(arena, token);
    }
    while (*rest != '\0') {
        rest = json_pointer_next(rest, token, sizeof token);
        words = arena_printf(arena, "%s%s%s", words, *words != '\0' ? " " : "", token);
    }
    if (*of == '\0' || *words == '\0')
        return *of == '\0' ? words : of;
    return arena_printf(arena, "%s of %s", words, of);
}

static void put_parameters(FILE *to, const struct writing *writing)
{
    const struct experiment *experiment = experiment_of(writing);
    const struct point *first = &experiment->points[0];
    for (uint32_t i = 0; i < first->sweep_count; i++) {
        const char *pointer = first->sweep[i].pointer;
        fputs(i == 0 ? "  \"parameters\": { " : ", ", to);
        json_write_string(to, pointer);
        fputs(": ", to);
        json_write_string(to, parameter_title(experiment, pointer, writing->arena));
    }
    if (first->sweep_count > 0)
        fputs(" },\n", to);
}

/* A quantile or maximum of a run, whose mean over runs may be far from normal: "..._p99",
 * "..._max", also of an entry. */
static bool is_of_tail(const char *name)
{
    const char *end = strchr(name, '.'), *last = end != NULL ? end : name + strlen(name);
    while (last > name && *last != '_')
        last--;
    return strncmp(last, "_max", 4) == 0 || (strncmp(last, "_p", 2) == 0 && isdigit(last[2]));
}

static void put_median(FILE *to, struct bounds median)
{
    fputs(", \"median\": ", to);
    json_write_number(to, median.estimate, "null");
    fputs(", \"median_low\": ", to);
    json_write_number(to, median.low, "null");
    fputs(", \"median_high\": ", to);
    json_write_number(to, median.high, "null");
}

static void put_point(FILE *to, const struct writing *writing, uint32_t p)
{
    const struct point *point = &experiment_of(writing)->points[p];
    uint32_t count = metric_name_count(&point->scenario);
    fprintf(to, "    {\n      \"variant\": ");
    if (point->variant != NULL)
        json_write_string(to, point->variant);
    else
        fputs("null", to);
    fprintf(to, ",\n      \"sweep\": {");
    for (uint32_t i = 0; i < point->sweep_count; i++) {
        fputs(i > 0 ? ", " : " ", to);
        json_write_string(to, point->sweep[i].pointer);
        fprintf(to, ": %s", point->sweep[i].text);
    }
    fprintf(to, "%s},\n", point->sweep_count > 0 ? " " : "");
    put_labels(to, point);
    if (writing->results->warmup_ps != NULL) { /* it was found */
        fprintf(to, "      \"warmup_ms\": ");
        json_write_number(to, (double)writing->results->warmup_ps[p] / 1e9, "null");
        fputs(",\n", to);
    }
    fprintf(to, "      \"metrics\": {\n");
    for (uint32_t i = 0; i < count; i++) {
        struct arena arena = ARENA_EMPTY;
        struct interval interval = results_metric_at(writing->results, p, i);
        fprintf(to, "        \"%s\": { \"mean\": ", metric_name(&point->scenario, i, &arena));
        json_write_number(to, interval.mean, "null");
        fputs(", \"ci95\": ", to);
        json_write_number(to, interval.half_width, "null");
        fprintf(to, ", \"n\": %u", interval.n);
        if (is_of_tail(metric_name(&point->scenario, i, &arena)))
            put_median(to, results_median_at(writing->results, p, i));
        fprintf(to, " }%s\n", i + 1 < count ? "," : "");
        arena_free(&arena);
    }
    fprintf(to, "      }\n    }");
}

static void fill_summary(FILE *to, const void *context)
{
    const struct writing *writing = context;
    const struct experiment *experiment = experiment_of(writing);
    fprintf(to, "{\n  \"name\": ");
    json_write_string(to, experiment->name);
    fprintf(to, ",\n  \"seed\": %" PRIu64 ",\n  \"replications\": %u,\n", experiment->seed,
            experiment->replications);
    put_parameters(to, writing);
    scaling_put(to, writing->results);
    growth_put(to, writing->results);
    fprintf(to, "  \"points\": [\n");
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        put_point(to, writing, p);
        fputs(p + 1 < experiment->point_count ? ",\n" : "\n", to);
    }
    fprintf(to, "  ]\n}\n");
}

/* The columns that say which run a row is of. */
static void put_run_heading(FILE *to, const struct writing *writing)
{
    const struct point *first = &experiment_of(writing)->points[0];
    fputs("point,variant", to);
    for (uint32_t i = 0; i < first->sweep_count; i++) {
        putc(',', to);
        file_put_cell(to, first->sweep[i].pointer);
    }
    fputs(",replication", to);
}

static void put_run(FILE *to, const struct writing *writing, const struct run_result *run)
{
    const struct point *point = &experiment_of(writing)->points[run->point];
    fprintf(to, "%u,", run->point);
    file_put_cell(to, point->variant != NULL ? point->variant : "");
    for (uint32_t i = 0; i < point->sweep_count; i++) {
        putc(',', to);
        file_put_cell(to, point->sweep[i].text);
    }
    fprintf(to, ",%u", run->replication);
}

static void fill_runs(FILE *to, const void *context)
{
    const struct writing *writing = context;
    double *row = arena_alloc(writing->arena, writing->name_count, sizeof *row);
    put_run_heading(to, writing);
    for (uint32_t i = 0; i < writing->name_count; i++)
        fprintf(to, ",%s", writing->names[i]);
    putc('\n', to);
    for (uint32_t r = 0; r < writing->results->run_count; r++) {
        const struct run_result *run = &writing->results->runs[r];
        for (uint32_t i = 0; i < writing->name_count; i++)
            row[i] = NAN;
        for (uint32_t i = 0; i < run->metric_count; i++)
            row[writing->column[run->point][i]] = run->metrics[i];
        put_run(to, writing, run);
        for (uint32_t i = 0; i < writing->name_count; i++) {
            putc(',', to);
            json_write_number(to, row[i], "");
        }
        putc('\n', to);
    }
}

static void fill_processes(FILE *to, const void *context)
{
    const struct writing *writing = context;
    put_run_heading(to, writing);
    fputs(",workload,instance,user_ps,runtime_ns,wait_ps,wait_max_ps,switches,migrations,loops,"
          "whole_window\n",
          to);
    for (uint32_t r = 0; r < writing->results->run_count; r++) {
        struct arena arena = ARENA_EMPTY;
        struct run_result space;
        const struct run_result *run = results_load(writing->results, r, &space, &arena);
        const struct scenario *scenario = &experiment_of(writing)->points[run->point].scenario;
        for (uint32_t i = 0; i < run->process_count; i++) {
            const struct process_totals *p = &run->processes[i];
            put_run(to, writing, run);
            fprintf(to, ",%s,%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u,%u,%u,%u\n",
                    scenario->workloads[p->workload].name, p->instance, p->user_ps, p->runtime_ns,
                    p->wait_ps, p->wait_ps_max, p->switches, p->migrations, p->loops,
                    p->alive_whole_window);
        }
        arena_free(&arena);
    }
}

static void fill_cores(FILE *to, const void *context)
{
    const struct writing *writing = context;
    put_run_heading(to, writing);
    fputs(",core", to);
    for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
        fprintf(to, ",%s_ps", account_names[a]);
    putc('\n', to);
    for (uint32_t r = 0; r < writing->results->run_count; r++) {
        struct arena arena = ARENA_EMPTY;
        struct run_result space;
        const struct run_result *run = results_load(writing->results, r, &space, &arena);
        for (uint32_t c = 0; c < run->core_count; c++) {
            put_run(to, writing, run);
            fprintf(to, ",%u", c);
            for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
                fprintf(to, ",%" PRIu64, run->core_accounts_ps[c * ACCOUNT_COUNT + a]);
            putc('\n', to);
        }
        arena_free(&arena);
    }
}

static void fill_latency(FILE *to, const void *context)
{
    const struct writing *writing = context;
    latency_write(to, writing->results);
}

static void fill_engine(FILE *to, const void *context)
{
    const struct writing *writing = context;
    put_run_heading(to, writing);
    fputs(",events,scheduling_events,wall_s,cpu_s,events_per_s,peak_rss_kb\n", to);
    for (uint32_t r = 0; r < writing->results->run_count; r++) {
        struct arena arena = ARENA_EMPTY;
        struct run_result space;
        const struct run_result *run = results_load(writing->results, r, &space, &arena);
        put_run(to, writing, run);
        fprintf(to, ",%" PRIu64 ",%" PRIu64 ",%.6f,%.6f,%.0f,%" PRIu64 "\n", run->events,
                run->scheduling_events, run->wall_s, run->cpu_s,
                run->wall_s > 0 ? (double)run->events / run->wall_s : 0, run->peak_rss_kb);
        arena_free(&arena);
    }
}

static void fill_journal(FILE *to, const void *context)
{
    const struct writing *writing = context;
    char bytes[65536];
    FILE *from = fopen(writing->journal, "rb");
    CHECK(from != NULL);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, from)) > 0;)
        fwrite(bytes, 1, got, to);
    CHECK(!ferror(from));
    fclose(from);
}

/* ---- The directory ------------------------------------------------------------------------ */

bool results_prepare(const char *directory, struct error *err)
{
    return folder_check(directory, err);
}

struct results_file {
    const char *name;
    void (*fill)(FILE *to, const void *context);
};

static bool write_files(const struct results *results, const char *directory,
                        const struct results_file *files, size_t count, const char *journal,
                        struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct writing writing = { .results = results, .arena = &arena, .journal = journal };
    struct folder folder;
    if (!folder_begin(&folder, directory, err))
        return false;
    if (journal == NULL)
        names_collect(&writing);
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++)
        fine = folder_write(&folder, files[i].name, files[i].fill, &writing, err);
    if (fine)
        fine = folder_commit(&folder, err);
    else
        folder_abandon(&folder);
    arena_free(&arena);
    return fine;
}

bool results_write(const struct results *results, const char *directory, struct error *err)
{
    static const struct results_file files[] = {
        { "scenario.json", fill_scenario },  { "manifest.json", fill_manifest },
        { "summary.json", fill_summary },    { "runs.csv", fill_runs },
        { "processes.csv", fill_processes }, { "cores.csv", fill_cores },
        { "latency.csv", fill_latency },     { "engine.csv", fill_engine },
    };
    return write_files(results, directory, files, sizeof files / sizeof files[0], NULL, err);
}

bool results_write_shard(const struct results *results, const char *directory, const char *journal,
                         struct error *err)
{
    static const struct results_file files[] = {
        { "scenario.json", fill_scenario },
        { "manifest.json", fill_manifest },
        { "shard.journal", fill_journal },
    };
    return write_files(results, directory, files, sizeof files / sizeof files[0], journal, err);
}
