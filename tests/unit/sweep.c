/* sweep.c -- tests sim/input/sweep.h, precision_file.h and what else is of a whole experiment.
 *
 * Goal: every form of a sweep spans the points that it should, the same again from the scenario
 * that results keep, and whatever is wrong is refused where it stands.  Method: one scenario with
 * another line in it each time; its points, or place and message; of Latin hypercubes that each
 * stratum of each range has one value.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/host/loader.h"
#include "sim/input/scenario.h"
#include "tests/support/names.h"
#include "tests/support/suite.h"

static char path[] = "/tmp/braidsim-sweep-XXXXXX", data[4000];
static struct arena arena;
static struct experiment experiment;
static struct error err;

static bool read_text(const char *text, const char *const *sets, uint32_t set_count)
{
    struct scenario_options options = names_options(data, sets, set_count);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    return experiment_read(&experiment, path, &options, &arena, &err);
}

/* A scenario whose second line is this. */
static const char *scenario_with(const char *line)
{
    return arena_printf(
        &arena,
        "{ \"name\": \"t\", \"duration_ms\": 100, \"machine\": { \"cpu\": \"piii-xeon-700\", "
        "\"cores\": 3 },\n"
        "%s\n"
        "\"scheduler\": { \"policy\": \"rr\", \"placement\": \"random\",\n"
        "  \"balance\": { \"kind\": \"none\" } },\n"
        "\"workload\": [ { \"name\": \"hog\", \"instances\": 10, \"working_set_kb\": 1,\n"
        "  \"phases\": [ { \"run\": 2000 }, { \"sleep\": 2000 } ] } ] }\n",
        line);
}

/* All points of one variant: values with a space between, a comma between points. */
static const char *points(void)
{
    const char *text = "";
    for (uint32_t p = 0; p < experiment.point_count; p++) {
        for (uint32_t i = 0; i < experiment.points[p].sweep_count; i++)
            text = arena_printf(&arena, "%s%s%s", text,
                                i > 0   ? " "
                                : p > 0 ? ", "
                                        : "",
                                experiment.points[p].sweep[i].text);
    }
    return text;
}

static void expect_points(const char *line, const char *known)
{
    ck_assert_msg(read_text(scenario_with(line), NULL, 0), "%s: %s: %s", line, err.place,
                  err.message);
    ck_assert_str_eq(points(), known);
    /* What results keep spans the same. */
    ck_assert_msg(read_text(experiment.json, NULL, 0), "%s: %s", err.place, err.message);
    ck_assert_str_eq(points(), known);
}

#define CORES     "\"/machine/cores\": "
#define INSTANCES "\"/workload/0/instances\": "

START_TEST(forms)
{
    static const struct {
        const char *sweep, *points;
    } known[] = {
        { CORES "[1, 4, 2]", "1, 4, 2" },
        { CORES "{ \"from\": 1, \"to\": 64, \"count\": 7, \"scale\": \"log\", \"round\": true }",
          "1, 2, 4, 8, 16, 32, 64" },
        { CORES "{ \"from\": 1, \"to\": 4, \"count\": 7, \"scale\": \"log\", \"round\": true }",
          "1, 2, 3, 4" },
        { CORES "{ \"from\": 1, \"to\": 9, \"count\": 5 }", "1, 3, 5, 7, 9" },
        { INSTANCES "{ \"from\": 10, \"to\": 50, \"step\": 10 }", "10, 20, 30, 40, 50" },
        { INSTANCES "{ \"from\": 10, \"to\": 59, \"step\": 10 }", "10, 20, 30, 40, 50" },
        { "\"/workload/0/phases/0/run\": { \"from\": 0.1, \"to\": 0.7, \"step\": 0.1 }",
          "0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7" },
        { "\"/workload/0/phases/0/run\": { \"from\": 1, \"to\": 10, \"count\": 3, \"scale\": "
          "\"log\" }",
          "1, 3.16227766017, 10" },
        { CORES "[1, 2], " INSTANCES "{ \"from\": 1, \"to\": 3, \"step\": 1 }",
          "1 1, 1 2, 1 3, 2 1, 2 2, 2 3" },
        { "\"paired\": [ { " CORES "[1, 2], " INSTANCES "[10, 20] } ]", "1 10, 2 20" },
        { "\"paired\": [ { " CORES "[2, 2, 1], " INSTANCES
          "{ \"from\": 1, \"to\": 3, \"count\": 3 } } ]",
          "2 1, 2 2, 1 3" },
        { "\"/scheduler/slice_us\": [5, 6], \"paired\": [ { " CORES "[1, 2], " INSTANCES
          "[10, 20] }, { \"/workload/0/working_set_kb\": [7, 8], \"/workload/0/weight\": [512, 256]"
          " } ]",
          "5 1 10 7 512, 5 1 10 8 256, 5 2 20 7 512, 5 2 20 8 256, "
          "6 1 10 7 512, 6 1 10 8 256, 6 2 20 7 512, 6 2 20 8 256" },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        expect_points(arena_printf(&arena, "\"sweep\": { %s },", known[i].sweep), known[i].points);
    arena_free(&arena);
}
END_TEST

/* Which of n strata a value is in. */
static uint32_t stratum(double value, double from, double to, bool is_log, uint32_t n)
{
    double share = is_log ? log(value / from) / log(to / from) : (value - from) / (to - from);
    return (uint32_t)(share * n);
}

START_TEST(a_latin_hypercube_has_every_stratum_once)
{
    enum { POINTS = 50 };
    static const char line[] =
        "\"sweep\": { \"/scheduler/slice_us\": [5, 6], \"sample\": { \"points\": 50%s, "
        "\"latin_hypercube\": { \"/workload/0/phases/0/run\": { \"from\": 10, \"to\": 110 }, "
        "\"/workload/0/phases/1/sleep\": { \"from\": 1, \"to\": 10000, \"scale\": \"log\" }, "
        "\"/workload/0/instances\": { \"from\": 1, \"to\": 1001, \"round\": true } } } },";
    const char *first = "";
    for (int seed = 0; seed < 3; seed++) {
        uint32_t runs[POINTS] = { 0 }, sleeps[POINTS] = { 0 }, together = 0;
        char with[64] = "";
        if (seed > 0)
            snprintf(with, sizeof with, ", \"seed\": %d", seed);
        const char *text = arena_printf(&arena, line, with);
        ck_assert_msg(read_text(scenario_with(text), NULL, 0), "%s: %s", err.place, err.message);
        ck_assert_uint_eq(experiment.point_count, 2 * POINTS);
        for (uint32_t p = 0; p < POINTS; p++) {
            const struct sweep_value *sweep = experiment.points[p].sweep;
            ck_assert_str_eq(sweep[0].text, "5");
            uint32_t run = stratum(sweep[1].number, 10, 110, false, POINTS);
            uint32_t sleep = stratum(sweep[2].number, 1, 10000, true, POINTS);
            runs[run]++;
            sleeps[sleep]++;
            together += run == sleep;
            ck_assert_double_eq(sweep[3].number, round(sweep[3].number));
            ck_assert_str_eq(sweep[1].text, experiment.points[POINTS + p].sweep[1].text);
        }
        for (uint32_t i = 0; i < POINTS; i++) {
            ck_assert_uint_eq(runs[i], 1);
            ck_assert_uint_eq(sleeps[i], 1);
        }
        ck_assert_uint_lt(together, 8); /* 1 is expected */
        const char *here = points();
        ck_assert(read_text(experiment.json, NULL, 0));
        ck_assert_str_eq(points(), here);
        if (seed == 0)
            first = here;
        else
            ck_assert_int_eq(strcmp(here, first) == 0, seed == 1); /* 1 is the default */
    }
    static const char *const other[] = { "/seed=7" };
    ck_assert(read_text(scenario_with(arena_printf(&arena, line, "")), other, 1));
    ck_assert_str_eq(points(), first);
    arena_free(&arena);
}
END_TEST

static const struct refusal {
    const char *line, *place, *message;
} refusals[] = {
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4 } },", "2:30: /sweep/~1machine~1cores",
      "exactly one of \"count\" and \"step\"" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"count\": 2, \"step\": 1 } },",
      "2:30: /sweep/~1machine~1cores", "exactly one of" },
    { "\"sweep\": { " CORES "{ \"to\": 4, \"count\": 2 } },", "2:30: /sweep/~1machine~1cores",
      "\"from\" is missing" },
    { "\"sweep\": { " CORES "{ \"from\": 4, \"to\": 4, \"count\": 2 } },",
      "2:49: /sweep/~1machine~1cores/to", "must be above \"from\" (4), is 4" },
    { "\"sweep\": { " CORES "{ \"from\": 0, \"to\": 4, \"count\": 2, \"scale\": \"log\" } },",
      "2:40: /sweep/~1machine~1cores/from", "above 0 on a logarithmic scale" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"step\": 2, \"scale\": \"log\" } },",
      "2:60: /sweep/~1machine~1cores/step", "no meaning on a logarithmic scale" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"step\": 0 } },",
      "2:60: /sweep/~1machine~1cores/step", "must be from" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"step\": 1e-9 } },",
      "2:60: /sweep/~1machine~1cores/step", "more than 10000 values" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"count\": 1 } },",
      "2:61: /sweep/~1machine~1cores/count", "from 2 to 10000" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"count\": 3 } },",
      "2:30: /sweep/~1machine~1cores", "whole number, is 2.5; give the range \"round\": true" },
    { "\"sweep\": { \"/workload/0/instances\": [2.5] },", "2:38: /sweep/~1workload~10~1instances/0",
      "must be a whole number, is 2.5" },
    { "\"sweep\": { \"/scheduler\": [ { \"polcy\": \"rr\" } ] },",
      "2:30: /sweep/~1scheduler/0/polcy", "unknown key" },
    { "\"sweep\": { \"/machine\": [ { \"cores\": 2 } ] },", "2:26: /sweep/~1machine/0",
      "\"cpu\" is missing" },
    { "\"variants\": { \"a\": { \"workload\": [ { \"name\": \"w\" } ] } },",
      "2:36: /variants/a/workload/0", "exactly one of" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"till\": 4 } },", "2:43: /sweep/~1machine~1cores/till",
      "unknown key \"till\"" },
    { "\"sweep\": { " CORES "{ \"from\": 1, \"to\": 4, \"count\": 2, \"scale\": \"lin\" } },",
      "2:73: /sweep/~1machine~1cores/scale", "linear" },
    { "\"sweep\": { " CORES "7 },", "2:30: /sweep/~1machine~1cores",
      "at least one value, or a range" },
    { "\"sweep\": { \"paired\": {} },", "2:22: /sweep/paired", "must be an array of objects" },
    { "\"sweep\": { \"paired\": [] },", "2:22: /sweep/paired", "is empty" },
    { "\"sweep\": { \"paired\": [ {} ] },", "2:24: /sweep/paired/0", "is empty" },
    { "\"sweep\": { \"paired\": [ { " CORES "[1, 2], " INSTANCES "[1] } ] },",
      "2:77: /sweep/paired/0/~1workload~10~1instances", "must be 2 values, as many as" },
    { "\"sweep\": { \"paired\": [ { " CORES "[1, 2, 1], " INSTANCES "[3, 4, 3] } ] },",
      "2:51: /sweep/paired/0/~1machine~1cores/2", "1 and 3 is in the list already" },
    { "\"sweep\": { \"paired\": [ { " CORES "[1, 0], " INSTANCES "[1, 2] } ] },",
      "2:48: /sweep/paired/0/~1machine~1cores/1", "from 1 to 1024, is 0" },
    { "\"sweep\": { " CORES "[1], \"paired\": [ { " CORES "[2] } ] },",
      "2:49: /sweep/paired/0/~1machine~1cores", "overwrite each other" },
    { "\"sweep\": { \"sample\": { \"latin_hypercube\": {} } },", "2:22: /sweep/sample",
      "\"points\" is missing" },
    { "\"sweep\": { \"sample\": { \"points\": 3, \"latin_hypercube\": {} } },",
      "2:56: /sweep/sample/latin_hypercube", "is empty" },
    { "\"sweep\": { \"sample\": { \"points\": 3, \"latin_hypercube\": { " CORES
      "{ \"from\": 1, \"to\": 2, \"count\": 2 } } } },",
      "2:98: /sweep/sample/latin_hypercube/~1machine~1cores/count", "unknown key \"count\"" },
    { "\"sweep\": { \"sample\": { \"points\": 5, \"latin_hypercube\": { " CORES
      "{ \"from\": 1, \"to\": 3, \"round\": true } } } },",
      "2:22: /sweep/sample", "twice; ask for fewer points" },
    { "\"sweep\": { \"pared\": [] },", "2:12: /sweep/pared", "cannot be swept" },
    { "\"variants\": { \"a\": { \"machine\": { \"cores\": 2 } } }, \"sweep\": { \"paired\": [ "
      "{ " CORES "[2] } ] },",
      "2:35: /variants/a/machine/cores", "is swept, which comes after" },
    { "\"variants\": { \"a\": { \"warmup_ms\": \"auto\" }, \"b\": { \"warmup_ms\": 1 } },",
      "1:1: /", "one warm-up is found for all variants" },
    { "\"precision_percent\": 0,", "2:22: /precision_percent", "from 0.01 to 100, is 0" },
    { "\"precision_percent\": 2, \"replications\": 14,", "2:22: /precision_percent",
      "\"replications\" of at least 15" },
    { "\"max_replications\": 50,", "2:21: /max_replications", "without \"precision_percent\"" },
    { "\"precision_metrics\": [\"jain\"],", "2:22: /precision_metrics", "no effect without" },
    { "\"precision_percent\": 2, \"max_replications\": 9,", "2:45: /max_replications",
      "from 15 to 100000, is 9" },
    { "\"precision_percent\": 2, \"precision_metrics\": [],", "2:46: /precision_metrics",
      "is empty" },
    { "\"precision_percent\": 2, \"precision_metrics\": [\"jane\"],", "2:47: /precision_metrics/0",
      "did you mean \"jain\"" },
    { "\"precision_percent\": 2, \"precision_metrics\": [\"lag_ms_max\"],",
      "2:47: /precision_metrics/0", "measured only where it says" },
    { "\"precision_percent\": 2, \"precision_metrics\": [\"jain\", \"jain\"],",
      "2:55: /precision_metrics/1", "already" },
    { "\"variants\": { \"a\": { \"precision_percent\": 2 } },",
      "2:22: /variants/a/precision_percent", "cannot differ between variants" },
};

enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

START_TEST(what_is_wrong_is_refused)
{
    const struct refusal *refusal = &refusals[_i];
    ck_assert_msg(!read_text(scenario_with(refusal->line), NULL, 0), "%s was accepted",
                  refusal->line);
    const char *place = arena_printf(&arena, "%s:%s", path, refusal->place);
    ck_assert_msg(strcmp(err.place, place) == 0, "%s: %s: %s", refusal->line, err.place,
                  err.message);
    ck_assert_msg(strstr(err.message, refusal->message) != NULL, "%s: %s", refusal->line,
                  err.message);
    arena_free(&arena);
}
END_TEST

START_TEST(an_option_without_effect_is_refused)
{
    static const char *const sets[] = { "/machine/cores=2" };
    ck_assert(
        !read_text(scenario_with("\"sweep\": { \"paired\": [ { " CORES "[1, 3] } ] },"), sets, 1));
    ck_assert_str_eq(err.place, "--set /machine/cores");
    ck_assert_ptr_nonnull(strstr(err.message, "--set '/sweep/paired/0/~1machine~1cores=[...]'"));
    static const char *const expect[] = { "/expect=[ { \"at_most\": 1 } ]" };
    ck_assert(!read_text(scenario_with("\"expect\": [],"), expect, 1));
    ck_assert_str_eq(err.place, "--set /expect/0");
    static const char *const whole[] = {
        "/sweep/~1machine~1cores={\"from\":1,\"to\":4,\"step\":3}"
    };
    ck_assert(read_text(scenario_with("\"sweep\": { " CORES "[7] },"), whole, 1));
    ck_assert_str_eq(points(), "1, 4");
    arena_free(&arena);
}
END_TEST

START_TEST(precision_is_read)
{
    ck_assert(read_text(scenario_with(""), NULL, 0));
    ck_assert_double_eq(experiment.precision.percent, 0);
    ck_assert_uint_eq(experiment.replications, 10);
    ck_assert(!experiment.points[0].scenario.warmup_auto);
    for (int again = 0; again < 2; again++) {
        const char *text = scenario_with("\"precision_percent\": 2, \"warmup_ms\": \"auto\",");
        ck_assert(read_text(again ? experiment.json : text, NULL, 0));
        ck_assert_double_eq(experiment.precision.percent, 2);
        ck_assert_uint_eq(experiment.replications, 15);
        ck_assert_uint_eq(experiment.precision.max_replications, 1000);
        ck_assert_uint_eq(experiment.precision.metric_count, 1);
        ck_assert_str_eq(experiment.precision.metrics[0], "sched_overhead_percent");
        ck_assert(experiment.points[0].scenario.warmup_auto);
        ck_assert_uint_eq(experiment.points[0].scenario.warmup_ps, 0);
        ck_assert_ptr_nonnull(strstr(experiment.json, "\"max_replications\": 1000"));
    }
    ck_assert(
        read_text(scenario_with("\"precision_percent\": 2, \"replications\": 2000, \"expect\": "
                                "[ { \"metric\": \"jain\", \"at_least\": 0 }, { \"metric\": "
                                "\"jain\", \"at_most\": 1 } ],"),
                  NULL, 0));
    ck_assert_uint_eq(experiment.precision.max_replications, 2000);
    ck_assert_uint_eq(experiment.precision.metric_count, 1);
    ck_assert_str_eq(experiment.precision.metrics[0], "jain");
    arena_free(&arena);
}
END_TEST

int main(void)
{
    int file = mkstemp(path);
    CHECK(file >= 0 && close(file) == 0 && data_directory(data, sizeof data, &err));
    TCase *tests = tcase_create("sweep");
    tcase_add_test(tests, forms);
    tcase_add_test(tests, a_latin_hypercube_has_every_stratum_once);
    tcase_add_loop_test(tests, what_is_wrong_is_refused, 0, REFUSALS);
    tcase_add_test(tests, an_option_without_effect_is_refused);
    tcase_add_test(tests, precision_is_read);
    int status = suite_run("sweep", tests);
    unlink(path);
    return status;
}
