/* output.c -- tests sim/output: results.h, folder.h, table.h and plot.h.
 *
 * Goal: what is written is what was measured, whole or not at all, and nobody else's folder is
 * lost.  Method: results made by hand, of two points with three runs each, names that need quotes,
 * and numbers that need all 17 digits, are written, read back with a reader of CSV that lives here
 * and with sim/input/json.h, and written again; a file size limit stands for a full disk; the
 * table and the verdicts are compared with text worked out by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/input/json.h"
#include "sim/output/folder.h"
#include "sim/output/plot.h"
#include "sim/output/results.h"
#include "sim/output/table.h"
#include "tests/support/suite.h"

enum { POINTS = 2, REPLICATIONS = 3, RUNS = POINTS * REPLICATIONS, CORES = 2, CELLS = 512 };

#define QUOTED_VARIANT "slow, \"old\"\nmachine"

static struct arena arena;
static char work[64]; /* a temporary folder, made anew for each test */
static struct experiment experiment;
static struct results results;
static struct run_result runs[RUNS];

/* ---- Results made by hand ----------------------------------------------------------------- */

static const char *at(const char *name)
{
    return arena_printf(&arena, "%s/%s", work, name);
}

/* Awkward to print: thirds, tiny, huge, and integers at the end of what doubles hold. */
static double value_of(uint32_t run, uint32_t metric)
{
    switch (metric % 5) {
    case 0:
        return (run + 1) / 3.0;
    case 1:
        return 1e-300 * (run + 1) / 7;
    case 2:
        return 9007199254740991.0 - metric - run;
    case 3:
        return 0.1 + 0.2 * run;
    default:
        return 3;
    }
}

static void make_point(struct point *point, const char *variant, const char *text,
                       const struct profile *cpu, struct workload *workload)
{
    struct sweep_value *sweep = arena_alloc(&arena, 1, sizeof *sweep);
    *sweep = (struct sweep_value){
        .pointer = "/scheduler/\"a,b\"", .text = text, .label = text, .number = NAN
    };
    *point = (struct point){ .variant = variant, .sweep_count = 1, .sweep = sweep };
    point->scenario = (struct scenario){ .name = "hand",
                                         .replications = REPLICATIONS,
                                         .duration_ps = UINT64_C(2500000000000),
                                         .warmup_ps = UINT64_C(500000000000),
                                         .cpu = cpu,
                                         .cores = CORES,
                                         .workload_count = 1,
                                         .workloads = workload };
}

static void make_run(struct run_result *run, uint32_t index)
{
    uint32_t point = index / REPLICATIONS;
    uint32_t count = metric_name_count(&experiment.points[point].scenario);
    *run = (struct run_result){ .point = point,
                                .replication = index % REPLICATIONS,
                                .metric_count = count,
                                .core_count = CORES,
                                .process_count = 1,
                                .events = 1000,
                                .wall_s = 0.5 };
    run->metrics = arena_alloc(&arena, count, sizeof *run->metrics);
    for (uint32_t i = 0; i < count; i++)
        run->metrics[i] = value_of(index, i);
    run->metrics[METRIC_jain] = NAN; /* undefined in all runs */
    run->core_accounts_ps = arena_alloc(&arena, CORES * ACCOUNT_COUNT, sizeof(uint64_t));
    for (uint32_t i = 0; i < CORES * ACCOUNT_COUNT; i++)
        run->core_accounts_ps[i] = UINT64_C(18446744073709551615) - 100 * index - i;
    run->processes = arena_alloc(&arena, 1, sizeof *run->processes);
    run->processes[0] = (struct process_totals){ .instance = 7,
                                                 .user_ps = 1234567890123456,
                                                 .runtime_ns = 9,
                                                 .wait_ps = 2,
                                                 .wait_ps_max = 1,
                                                 .switches = 3,
                                                 .migrations = 4,
                                                 .loops = 5,
                                                 .alive_whole_window = 1 };
}

static void set_up(void)
{
    static const struct results_scheduler ours = { "flat", "/lib/x.so", "GCC: (\"me\") 1", 7 };
    static struct profile cpu = { .name = "toy", .title = "A toy machine" };
    static struct workload workload = { .name = "hog", .instances = 1, .weight = 1024 };
    arena = ARENA_EMPTY;
    strcpy(work, "/tmp/braidsim-output.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(work));
    experiment = (struct experiment){ .path = "hand.json",
                                      .name = "hand",
                                      .seed = 42,
                                      .replications = REPLICATIONS,
                                      .point_count = POINTS,
                                      .json = "{ \"name\": \"hand\" }" };
    experiment.points = arena_alloc(&arena, POINTS, sizeof *experiment.points);
    make_point(&experiment.points[0], "new", "4", &cpu, &workload);
    make_point(&experiment.points[1], QUOTED_VARIANT, "\"rr\"", &cpu, &workload);
    for (uint32_t r = 0; r < RUNS; r++)
        make_run(&runs[r], r);
    results = (struct results){
        .experiment = &experiment, .runs = runs, .scheduler_count = 1, .schedulers = &ours
    };
    results_evenly(&results, &arena);
}

/* Removes a folder and what is in it. */
static void remove_tree(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const char *name = arena_printf(&arena, "%s/%s", path, entry->d_name);
        if (unlink(name) != 0)
            remove_tree(name);
    }
    if (directory != NULL)
        closedir(directory);
    rmdir(path);
}

static void tear_down(void)
{
    remove_tree(work);
    arena_free(&arena);
}

/* ---- Reading back ------------------------------------------------------------------------- */

static const char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = arena_alloc(&arena, size + 1, 1);
    ck_assert_uint_eq(fread(text, 1, size, file), size);
    fclose(file);
    return text;
}

static void file_put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static uint32_t entries_of(const char *path)
{
    DIR *directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    uint32_t count = 0;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 2; /* without "." and ".." */
}

/* One record of CSV (RFC 4180) into cells; returns what follows it. */
static const char *csv_record(const char *text, const char **cells, uint32_t *count)
{
    *count = 0;
    for (;;) {
        char *cell = arena_alloc(&arena, 256, 1);
        size_t length = 0;
        bool quoted = *text == '"';
        text += quoted;
        while (quoted ? *text != '"' || text[1] == '"' : *text != ',' && *text != '\n') {
            ck_assert(*text != '\0' && length < 255);
            text += quoted && *text == '"';
            cell[length++] = *text++;
        }
        text += quoted;
        ck_assert(*text == ',' || *text == '\n');
        ck_assert_uint_lt(*count, CELLS);
        cells[(*count)++] = cell;
        if (*text++ == '\n')
            return text;
    }
}

static void write_results(const char *name)
{
    struct error err;
    ck_assert_msg(results_write(&results, at(name), &err), "%s: %s", err.place, err.message);
}

/* ---- Files -------------------------------------------------------------------------------- */

START_TEST(runs_csv_reads_back)
{
    const char *cells[CELLS], *heading[CELLS];
    uint32_t columns, count;
    write_results("results");
    const char *text = csv_record(file_text(at("results/runs.csv")), heading, &columns);
    ck_assert_uint_eq(columns, 4 + runs[0].metric_count);
    ck_assert_str_eq(heading[0], "point");
    ck_assert_str_eq(heading[1], "variant");
    ck_assert_str_eq(heading[2], "/scheduler/\"a,b\"");
    ck_assert_str_eq(heading[3], "replication");
    for (uint32_t r = 0; r < RUNS; r++) {
        const struct point *point = &experiment.points[r / REPLICATIONS];
        text = csv_record(text, cells, &count);
        ck_assert_uint_eq(count, columns);
        ck_assert_uint_eq(strtoul(cells[0], NULL, 10), r / REPLICATIONS);
        ck_assert_str_eq(cells[1], point->variant);
        ck_assert_str_eq(cells[2], point->sweep[0].text);
        ck_assert_uint_eq(strtoul(cells[3], NULL, 10), r % REPLICATIONS);
        for (uint32_t i = 0; i < runs[r].metric_count; i++) {
            ck_assert_str_eq(heading[4 + i], metric_name(&point->scenario, i, &arena));
            if (i == METRIC_jain)
                ck_assert_str_eq(cells[4 + i], "");
            else
                ck_assert_double_eq(strtod(cells[4 + i], NULL), runs[r].metrics[i]);
        }
    }
    ck_assert_str_eq(text, "");
}
END_TEST

/* What needs no quotes has none, and what does has them: byte for byte. */
START_TEST(csv_is_quoted_where_needed)
{
    write_results("results");
    const char *text = file_text(at("results/processes.csv"));
    ck_assert_str_eq(
        text,
        "point,variant,\"/scheduler/\"\"a,b\"\"\",replication,workload,instance,user_ps,"
        "runtime_ns,wait_ps,wait_max_ps,switches,migrations,loops,whole_window\n"
        "0,new,4,0,hog,7,1234567890123456,9,2,1,3,4,5,1\n"
        "0,new,4,1,hog,7,1234567890123456,9,2,1,3,4,5,1\n"
        "0,new,4,2,hog,7,1234567890123456,9,2,1,3,4,5,1\n"
        "1,\"slow, \"\"old\"\"\nmachine\",\"\"\"rr\"\"\",0,hog,7,1234567890123456,9,2,1,3,4,5,1\n"
        "1,\"slow, \"\"old\"\"\nmachine\",\"\"\"rr\"\"\",1,hog,7,1234567890123456,9,2,1,3,4,5,1\n"
        "1,\"slow, \"\"old\"\"\nmachine\",\"\"\"rr\"\"\",2,hog,7,1234567890123456,9,2,1,3,4,5,1\n");
}
END_TEST

START_TEST(cores_csv_keeps_64_bits)
{
    const char *cells[CELLS];
    uint32_t count;
    write_results("results");
    const char *text = csv_record(file_text(at("results/cores.csv")), cells, &count);
    ck_assert_uint_eq(count, 5 + ACCOUNT_COUNT);
    ck_assert_str_eq(cells[4], "core");
    for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
        ck_assert_str_eq(cells[5 + a], arena_printf(&arena, "%s_ps", account_names[a]));
    for (uint32_t row = 0; row < RUNS * CORES; row++) {
        text = csv_record(text, cells, &count);
        ck_assert_uint_eq(strtoul(cells[4], NULL, 10), row % CORES);
        for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
            ck_assert(strtoull(cells[5 + a], NULL, 10) ==
                      runs[row / CORES].core_accounts_ps[row % CORES * ACCOUNT_COUNT + a]);
    }
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(summary_json_has_the_intervals)
{
    struct json_source source;
    struct error err;
    write_results("results");
    ck_assert(json_read(&source, at("results/summary.json"), &arena, &err));
    ck_assert_str_eq(json_at(source.root, "/name")->valuestring, "hand");
    ck_assert_int_eq(json_at(source.root, "/seed")->valueint, 42);
    ck_assert_str_eq(json_at(source.root, "/points/1/variant")->valuestring, QUOTED_VARIANT);
    ck_assert_str_eq(json_at(source.root, "/points/1/sweep/~1scheduler~1\"a,b\"")->valuestring,
                     "rr");
    ck_assert_int_eq(json_at(source.root, "/points/0/sweep/~1scheduler~1\"a,b\"")->valueint, 4);
    for (uint32_t p = 0; p < POINTS; p++) {
        const char *metrics = arena_printf(&arena, "/points/%u/metrics", p);
        for (uint32_t i = 0; i < runs[0].metric_count; i++) {
            const char *name = metric_name(&experiment.points[p].scenario, i, &arena);
            const cJSON *metric =
                json_at(source.root, arena_printf(&arena, "%s/%s", metrics, name));
            double values[REPLICATIONS];
            for (uint32_t r = 0; r < REPLICATIONS; r++)
                values[r] = runs[p * REPLICATIONS + r].metrics[i];
            struct interval interval = statistics_interval(values, REPLICATIONS);
            ck_assert_int_eq(json_child(metric, "n")->valueint, (int)interval.n);
            if (i == METRIC_jain) {
                ck_assert(cJSON_IsNull(json_child(metric, "mean")));
                ck_assert(cJSON_IsNull(json_child(metric, "ci95")));
                continue;
            }
            ck_assert_double_eq(json_child(metric, "mean")->valuedouble, interval.mean);
            ck_assert_double_eq(json_child(metric, "ci95")->valuedouble, interval.half_width);
        }
    }
    json_source_free(&source);
}
END_TEST

START_TEST(equal_inputs_give_equal_files)
{
    static const char *const names[] = { "scenario.json", "summary.json", "runs.csv",
                                         "processes.csv", "cores.csv",    "latency.csv" };
    write_results("one");
    write_results("other");
    write_results("other"); /* over its own */
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_str_eq(file_text(at(arena_printf(&arena, "one/%s", names[i]))),
                         file_text(at(arena_printf(&arena, "other/%s", names[i]))));
    ck_assert_uint_eq(entries_of(at("one")), 8);
    ck_assert_uint_eq(entries_of(at("other")), 8);
    ck_assert_uint_eq(entries_of(work), 2);
    ck_assert_str_eq(file_text(at("one/scenario.json")), "{ \"name\": \"hand\" }\n");
}
END_TEST

/* ---- Whose folder it is ------------------------------------------------------------------- */

static void expect_refused(const char *path, const char *why)
{
    struct error err = { "", "" };
    ck_assert_msg(!folder_check(path, &err), "%s was accepted", path);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s: %s", path, err.message);
    ck_assert(!results_write(&results, path, &err));
}

START_TEST(folders_of_others_are_refused)
{
    struct error err;
    file_put(at("file"), "x");
    expect_refused(at("file"), "is a file");
    expect_refused(at("file/below"), "is a file");
    mkdir(at("foreign"), 0777);
    file_put(at("foreign/thesis.tex"), "x");
    expect_refused(at("foreign"), "holds something other than results");
    file_put(at("foreign/manifest.json"), "{ \"program\": \"other\" }");
    expect_refused(at("foreign"), "holds something other than results");
    expect_refused("", "no usable path");
    ck_assert_int_eq(symlink(at("foreign"), at("link")), 0);
    ck_assert(!folder_check(at("link"), &err));
    ck_assert_str_eq(file_text(at("foreign/thesis.tex")), "x");
    ck_assert_str_eq(file_text(at("file")), "x");
    ck_assert_uint_eq(entries_of(at("foreign")), 2);
    ck_assert_uint_eq(entries_of(work), 3);
}
END_TEST

START_TEST(empty_missing_and_own_folders_are_accepted)
{
    struct error err;
    mkdir(at("empty"), 0777);
    ck_assert(folder_check(at("empty"), &err));
    ck_assert(folder_check(at("a/b/c"), &err));
    ck_assert_int_ne(access(at("a"), F_OK), 0); /* a check makes nothing */
    write_results("empty");
    write_results("a/b/c//");
    ck_assert(folder_check(at("empty"), &err));
    ck_assert(folder_check(at("a/b/c"), &err));
    ck_assert_uint_eq(entries_of(at("a/b")), 1);
    file_put(at("empty/overhead.png"), "a plot");
    ck_assert(folder_check(at("empty"), &err));
    file_put(at("empty/notes.txt"), "mine");
    expect_refused(at("empty"), "holds something other than results");
    mkdir(at("a/b/c/plots.svg"), 0777);
    expect_refused(at("a/b/c"), "holds something other than results");
}
END_TEST

/* ---- Writing fails ------------------------------------------------------------------------ */

/* Writes with files limited to so many bytes. */
static bool write_limited(const char *path, rlim_t bytes, struct error *err)
{
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
    bool fine = results_write(&results, path, err);
    setrlimit(RLIMIT_FSIZE, &before);
    return fine;
}

/* Limits that stop the first file, one in the middle, and (all that is larger is before) a late
 * one. */
START_TEST(failed_write_leaves_the_old_results)
{
    static const char *const names[] = { "scenario.json", "manifest.json", "summary.json",
                                         "runs.csv",      "processes.csv", "cores.csv",
                                         "latency.csv",   "engine.csv" };
    static const rlim_t limits[] = { 1, 300, 4096 };
    struct error err = { "", "" };
    const char *before[8];
    write_results("results");
    for (uint32_t i = 0; i < 8; i++)
        before[i] = file_text(at(arena_printf(&arena, "results/%s", names[i])));
    experiment.seed = 43;
    runs[0].metrics[0] = 99;
    for (uint32_t k = 0; k < 3; k++) {
        ck_assert(!write_limited(at("results"), limits[k], &err));
        ck_assert_msg(strstr(err.message, "cannot be written") != NULL, "%s", err.message);
        ck_assert_msg(strstr(err.message, strerror(EFBIG)) != NULL, "%s", err.message);
        ck_assert(!write_limited(at("fresh"), limits[k], &err));
        ck_assert_uint_eq(entries_of(work), 1);
        for (uint32_t i = 0; i < 8; i++)
            ck_assert_str_eq(file_text(at(arena_printf(&arena, "results/%s", names[i]))),
                             before[i]);
    }
    write_results("results"); /* and with room it works again */
    ck_assert_str_ne(file_text(at("results/runs.csv")), before[3]);
}
END_TEST

/* ---- On the terminal ---------------------------------------------------------------------- */

/* The first line of text that starts with start, its runs of spaces made one; "" if none. */
static const char *line_of(const char *text, const char *start)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        char *squeezed = arena_alloc(&arena, strcspn(line, "\n") + 1, 1);
        size_t length = 0;
        for (; *line != '\n' && *line != '\0'; line++)
            if (*line != ' ' || (length > 0 && squeezed[length - 1] != ' '))
                squeezed[length++] = *line;
        return squeezed;
    }
    return "";
}

static const char *printed(bool (*print)(FILE *, const struct results *, struct arena *),
                           bool *answer)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(file);
    *answer = print(file, &results, &arena);
    fclose(file);
    const char *copy = arena_string(&arena, text);
    free(text);
    return copy;
}

static bool print_table(FILE *to, const struct results *of, struct arena *memory)
{
    table_print(to, of, memory);
    return true;
}

/* One metric of one point: its values in the three runs. */
static void set_metric(uint32_t point, enum metric metric, double a, double b, double c)
{
    runs[point * REPLICATIONS].metrics[metric] = a;
    runs[point * REPLICATIONS + 1].metrics[metric] = b;
    runs[point * REPLICATIONS + 2].metrics[metric] = c;
}

START_TEST(table_says_what_was_measured)
{
    bool answer;
    experiment.points[1].variant = "old";
    for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
        set_metric(0, METRIC_account_user_percent + a, 10 + a, 10 + a, 10 + a);
    set_metric(0, METRIC_sched_overhead_percent, 1, 2, 3);
    set_metric(0, METRIC_wakeup_latency_us_p99, 1234, 1234, 1234);
    set_metric(0, METRIC_wait_ms_max, 2500, 2500, 2500);
    set_metric(0, METRIC_migrations_per_s, NAN, 0.25, NAN);
    set_metric(1, METRIC_sched_overhead_percent, 200, NAN, NAN);
    set_metric(1, METRIC_wakeup_latency_us_p99, 0.5, 0.5, 0.5);
    set_metric(1, METRIC_wait_ms_max, NAN, NAN, NAN);
    set_metric(1, METRIC_jain, 0.5, 0.5, 0.5);
    set_metric(1, METRIC_migrations_per_s, 7, 7, 7);
    const char *text = printed(print_table, &answer);
    ck_assert_str_eq(line_of(text, "hand:"), "hand: A toy machine, 3 runs of each point, 2 s "
                                             "measured after 0.5 s of warm-up");
    const char *row = line_of(text, "new, \"a,b\" = 4");
    ck_assert_str_eq(row, "new, \"a,b\" = 4 10.00 11.00 12.00 13.00 14.00 15.00 16.00 "
                          "17.00 18.00");
    const char *measures = strstr(text, "sched overhead, %");
    ck_assert_ptr_nonnull(measures);
    ck_assert_str_eq(line_of(measures, "new, \"a,b"),
                     "new, \"a,b\" = 4 2.00 +- 2.48 1.2 ms 2.50 s - 0.2");
    ck_assert_str_eq(line_of(measures, "old, \"a,b"),
                     "old, \"a,b\" = \"rr\" 200 500 ns - 0.500 7.0");
    ck_assert_str_ne(line_of(measures, "+-: 95 % confidence over 3 runs (Student's t)."), "");
}
END_TEST

START_TEST(expectations_pass_fail_or_stay_undecided)
{
    /* 1, 2, 3: mean 2, half-width 2.48. */
    static struct expectation expectations[] = {
        { "new", "throughput_per_s", EXPECT_AT_MOST, 5, "a" },
        { "new", "throughput_per_s", EXPECT_AT_MOST, 3, "b" },
        { "new", "throughput_per_s", EXPECT_AT_LEAST, 3, "c" },
        { "new", "throughput_per_s", EXPECT_AT_LEAST, -1, "d" },
        { NULL, "completed", EXPECT_AT_LEAST, 4, "e" },
        { "new", "throughput_per_s", EXPECT_AT_LEAST, 5, "f" },
        { "new", "jain", EXPECT_AT_LEAST, 0, "g" },
        { "new", "completed", EXPECT_AT_MOST, 3.9, "h" },
    };
    static const char *const starts[] = {
        "pass: a: throughput_per_s at most 5, new, \"a,b\" = 4: it is 2.00 +- 2.48",
        "undecided: b: ",
        "undecided: c: ",
        "pass: d: ",
        "pass: e: completed at least 4, new",
        "pass: e: completed at least 4, old",
        "FAIL: f: throughput_per_s at least 5",
        "FAIL: g: jain at least 0, new, \"a,b\" = 4: it is undefined",
        "FAIL: h: completed at most 3.9",
    };
    bool met;
    experiment.points[1].variant = "old";
    experiment.expectations = expectations;
    set_metric(0, METRIC_throughput_per_s, 1, 2, 3);
    set_metric(1, METRIC_throughput_per_s, 100, 100, 100);
    set_metric(0, METRIC_completed, 4, 4, 4);
    set_metric(1, METRIC_completed, 5, 5, 5);
    experiment.expectation_count = 5;
    const char *text = printed(table_expectations, &met);
    ck_assert(met); /* undecided is no failure */
    experiment.expectation_count = 8;
    text = printed(table_expectations, &met);
    ck_assert(!met);
    for (uint32_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        ck_assert_msg(strncmp(text, starts[i], strlen(starts[i])) == 0, "not \"%s\": %s", starts[i],
                      text);
        text = strchr(text, '\n') + 1;
    }
    ck_assert_str_eq(text, "");
}
END_TEST

/* gnuplot runs what is between backquotes, and a new line ends its data.  The sweep is over a
 * number and a name, so its values are part of titles, not x. */
START_TEST(plot_scripts_run_no_names)
{
    const struct plot_options options = { .format = "svg" };
    const char *const directories[] = { at("results") };
    struct error err;
    experiment.points[1].variant = "`touch PWNED`\n$(x)";
    write_results("results");
    plot_directories(directories, 1, &options, &err); /* writes the script without gnuplot, too */
    const char *script = file_text(at("results/overhead.gp"));
    ck_assert_ptr_nonnull(strstr(script, "\"'touch PWNED' $(x)\""));
    ck_assert_ptr_null(strchr(script, '`'));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("output");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, runs_csv_reads_back);
    tcase_add_test(tests, csv_is_quoted_where_needed);
    tcase_add_test(tests, cores_csv_keeps_64_bits);
    tcase_add_test(tests, summary_json_has_the_intervals);
    tcase_add_test(tests, equal_inputs_give_equal_files);
    tcase_add_test(tests, folders_of_others_are_refused);
    tcase_add_test(tests, empty_missing_and_own_folders_are_accepted);
    tcase_add_test(tests, failed_write_leaves_the_old_results);
    tcase_add_test(tests, table_says_what_was_measured);
    tcase_add_test(tests, expectations_pass_fail_or_stay_undecided);
    tcase_add_test(tests, plot_scripts_run_no_names);
    return suite_run("output", tests);
}
