/* scenario.c -- scenario files: what is read, and how every wrong one is refused.
 *
 * Goal: a refusal names file, line, column and JSON pointer of the layer that defined the value,
 * says what is wrong and what would be right; a good file spans the right points.
 * Method: one good scenario, changed in one place at a time; the place and a part of the message
 * are compared.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "tests/support/names.h"
#include "tests/support/suite.h"

static const char good[] =
    "{ // a comment\n"
    "  \"name\": \"t\", \"seed\": 42, \"replications\": 2, \"duration_ms\": 100,\n"
    "  \"machine\": { \"cpu\": \"cpu.json\", \"cores\": 3 },\n"
    "  \"scheduler\": { \"policy\": \"fair_scan\", \"lock\": \"ticket\" },\n"
    "  \"workload\": [ { \"name\": \"hog\", \"instances\": 10,\n"
    "    \"phases\": [ { \"run\": { \"dist\": \"exponential\", \"mean_us\": 2000 } } ] } ],\n"
    "  \"variants\": { \"global\": { \"scheduler\": { \"tori\": 1 } }, \"tori\": { } },\n"
    "  \"sweep\": { \"/workload/0/instances\": [10, 100], \"/machine/cores\": [1, 2, 3] },\n"
    "  \"expect\": [ { \"variant\": \"tori\", \"metric\": \"jain\", \"at_least\": 0.9 } ]\n"
    "}\n";

static char folder[] = "/tmp/braidsim-scenario-XXXXXX";
static struct arena arena;
static struct experiment experiment;
static struct error err;

static void write_file(const char *name, const char *text, size_t length)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(text, 1, length, file) == length);
    CHECK(fclose(file) == 0);
}

/* A profile with every required figure at its minimum, but for caches that fit. */
static void write_profile(void)
{
    char text[16384];
    size_t at = (size_t)sprintf(text, "{ \"name\": \"c\", \"title\": \"c\", \"figures\": {");
    const char *comma = "";
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        const struct figure_description *d = &figure_descriptions[i];
        double value = i == FIGURE_line_bytes          ? 64
                       : i == FIGURE_memory_latency_ns ? d->maximum
                                                       : d->minimum;
        if (!d->required)
            continue;
        at += (size_t)sprintf(text + at,
                              "%s\n\"%s\": { \"value\": %g, \"source\": \"s\", \"kind\": "
                              "\"assumed\" }",
                              comma, d->name, value);
        comma = ",";
    }
    at += (size_t)sprintf(text + at, "} }\n");
    write_file("cpu.json", text, at);
}

/* Reads folder/name with these --set options. */
static bool read_scenario(const char *name, const char *const *sets, uint32_t set_count)
{
    struct scenario_options options = names_options(folder, sets, set_count);
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    arena_free(&arena);
    return experiment_read(&experiment, path, &options, &arena, &err);
}

/* good with the first `from` replaced. */
static void write_changed(const char *from, const char *to)
{
    char text[sizeof good + 1024];
    const char *at = strstr(good, from);
    ck_assert_msg(at != NULL, "the scenario has no %s", from);
    size_t length = (size_t)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to,
                                     at + strlen(from));
    write_file("s.json", text, length);
}

static void expect_refusal(const char *place, const char *message)
{
    char full[1024];
    snprintf(full, sizeof full, "%s%s%s", *place == '-' ? "" : folder, *place == '-' ? "" : "/",
             place);
    ck_assert_str_eq(err.place, full);
    ck_assert_msg(strstr(err.message, message) != NULL, "\"%s\" is not in \"%s\"", message,
                  err.message);
}

static const struct change {
    const char *from, *to, *place, *message;
} changes[] = {
    { "fair_scan", "fair_scam", "s.json:4:28: /scheduler/policy", "did you mean \"fair_scan\"" },
    { "fair_scan", "lottery", "s.json:4:28: /scheduler/policy",
      "unknown policy \"lottery\"; there is rr, fair_scan; a module brings more" },
    { "\"policy\": \"fair_scan\", ", "", "s.json:4:16: /scheduler", "\"policy\" is missing" },
    { "\"seed\"", "\"sead\"", "s.json:2:16: /sead", "did you mean \"seed\"" },
    { "100,\n", "100, \"events\": [],\n", "s.json:2:77: /events", "has 0" },
    { "100,\n", "100, \"events\": [{ \"at_ms\": 1 }],\n", "s.json:2:78: /events/0",
      "exactly one of \"stop\"" },
    { "100,\n", "100, \"events\": [{ \"stop\": { \"torus\": 0 } }],\n", "s.json:2:78: /events/0",
      "\"at_ms\" is missing" },
    { "100,\n", "100, \"events\": [{ \"at_ms\": 1, \"stop\": { \"torus\": 7 } }],\n",
      "s.json:2:111: /events/0/stop/torus", "is 7" },
    { "100,\n",
      "100, \"events\": [{ \"at_ms\": 1, \"delay\": { \"torus\": 0, \"for_ms\": 1 } }],\n",
      "s.json:2:101: /events/0/delay", "\"by_us\" is missing" },
    { "100,\n", "100, \"events\": [{ \"at_ms\": 1, \"stop\": { \"torus\": 0, \"for_ms\": 1 } }],\n",
      "s.json:2:114: /events/0/stop/for_ms", "unknown key" },
    { "\"lock\": \"ticket\"", "\"patience\": 1", "s.json:4:53: /scheduler/patience",
      "at least 2, is 1" },
    { "\"lock\": \"ticket\"", "\"patience\": 3, \"exchange_us\": 0",
      "s.json:4:53: /scheduler/patience", "set exchange_us" },
    { "42", "-1", "s.json:2:24: /seed", "from 0 to 9007199254740991, is -1" },
    { "42", "1.5", "s.json:2:24: /seed", "whole number" },
    { "42", "9007199254740992", "s.json:2:24: /seed", "is 9007199254740992" },
    { "42", "1e400", "s.json:2:24: /seed", "too large" },
    { "42", "042", "s.json:2:24: /", "not a number" },
    { "42", "4.", "s.json:2:24: /", "not a number" },
    { "42", "\"42\"", "s.json:2:24: /seed", "is a string" },
    { "42", "null", "s.json:2:24: /seed", "must have a value, is null; leave it out" },
    { "\"ticket\"", "null", "s.json:4:49: /scheduler/lock", "must have a value, is null" },
    { "10, 100]", "10, null]", "s.json:8:44: /sweep/~1workload~10~1instances/1", "is null" },
    { "\"tori\": { }", "\"tori\": null", "s.json:7:67: /variants/tori", "is null" },
    { "\"tori\": { }", "\"tori\": { \"machine\": { \"cpu\": [null] } }",
      "s.json:7:89: /variants/tori/machine/cpu", "is an array" },
    { "100,\n", "100, \"warmup_ms\": 100,\n", "s.json:2:80: /warmup_ms", "less than duration_ms" },
    { "100,\n", "100, \"warmup_ms\": \"some\",\n", "s.json:2:80: /warmup_ms",
      "from 0 to 1e+08, or \"auto\", is another word" },
    { "\"t\",", "\"a/b\",", "s.json:2:11: /name", "no slash" },
    { "[1, 2, 3]", "[1, 0, 3]", "s.json:8:72: /sweep/~1machine~1cores/1", "from 1 to 1024, is 0" },
    { "\"cores\": 3", "\"cores\": 3, \"cores\": 4", "s.json:3:47: /machine/cores", "twice" },
    { "cpu.json", "no.json", "s.json:3:23: /machine/cpu", "/no.json; name a file that there is" },
    { "cpu.json", "abacus", "s.json:3:23: /machine/cpu",
      "there is no CPU profile \"abacus\"; `braidsim list cpus` names those there are" },
    { "ticket", "tocket", "s.json:4:49: /scheduler/lock", "did you mean \"ticket\"" },
    { "\"ticket\"", "\"ticket\", \"tick_hz\": 0", "s.json:4:70: /scheduler/tick_hz",
      "need a tick" },
    { "\"ticket\"", "\"ticket\", \"process_stride_bytes\": 200",
      "s.json:4:83: /scheduler/process_stride_bytes",
      "must be a power of two from 128 to 65536, is 200" },
    { "\"ticket\"", "\"ticket\", \"process_stride_bytes\": 100",
      "s.json:4:83: /scheduler/process_stride_bytes", "must be a power of two from 128 to 65536" },
    { "\"ticket\"", "\"ticket\", \"process_stride_bytes\": 131072",
      "s.json:4:83: /scheduler/process_stride_bytes", "is 131072" },
    { "\"ticket\"", "\"ticket\", \"process_stride_bytes\": true",
      "s.json:4:83: /scheduler/process_stride_bytes", "is true or false" },
    { "\"ticket\" },",
      "\"mcs\" }, \"cost\": \"flat\", \"flat\": { \"handover\": \"exponential\" },",
      "s.json:4:96: /flat/handover", "\"ticket\" only" },
    { "\"ticket\" },",
      "\"ticket\" }, \"cost\": \"flat\", \"flat\": { \"handover\": \"exponential\" },",
      "s.json:4:99: /flat/handover", "needs \"hold\"" },
    { "\"ticket\" },",
      "\"ticket\" }, \"cost\": \"flat\", \"flat\": { \"handover\": \"exponential\", \"hold\": 5 },",
      "s.json:4:122: /flat/hold", "must be exponential" },
    { "\"instances\": 10", "\"instance\": 10", "s.json:5:34: /workload/0/instance",
      "did you mean \"instances\"" },
    { "\"instances\": 10,", "\"instances\": 10, \"arrivals\": 5,", "s.json:5:17: /workload/0",
      "exactly one of" },
    { "mean_us", "mean", "s.json:6:51: /workload/0/phases/0/run/mean", "did you mean \"mean_us\"" },
    { "2000", "-5", "s.json:6:62: /workload/0/phases/0/run/mean_us", "is -5" },
    { "2000", "0", "s.json:6:15: /workload/0/phases", "clock would stand still" },
    { "\"run\":", "\"spin\":", "s.json:6:19: /workload/0/phases/0/spin", "unknown key" },
    { "\"tori\": 1", "\"tori\": -1", "s.json:7:52: /variants/global/scheduler/tori", "is -1" },
    { "\"tori\": 1", "\"tory\": 1", "s.json:7:44: /variants/global/scheduler/tory",
      "did you mean \"tori\"" },
    { "\"tori\": { }", "\"\": { }", "s.json:7:59: /variants/", "must have a name" },
    { "\"tori\": { }", "\"to\\nri\": { }", "s.json:7:59: /variants/to\nri",
      "no control character may be in the name of a variant" },
    { "\"tori\": { }", "\"\\u007f\": { }", "s.json:7:59: /variants/\x7F", "no control character" },
    { "\"tori\": { }", "\"\\u009b\": { }", "s.json:7:59: /variants/\xC2\x9B",
      "no control character" },
    { "\"t\",", "\"a\\u009bb\",", "s.json:2:11: /name", "no slash or control character" },
    { "\"workload\":", "\"profiles\": { \"a\\u001b\": {} }, \"workload\":",
      "s.json:5:17: /profiles/a\x1B", "no control character may be in the name of a CPU profile" },
    { "\"name\": \"hog\"", "\"name\": \"h\\u001bog\"", "s.json:5:27: /workload/0/name",
      "letters, digits" },
    { "\"tori\": { }", "\"tori\": 5", "s.json:7:67: /variants/tori", "must be an object" },
    { "\"tori\": { }", "\"tori\": { \"expect\": 5 }", "s.json:7:69: /variants/tori/expect",
      "\"expect\" cannot differ between variants; put it at the top" },
    { "\"tori\": { }", "\"tori\": { \"variants\": 7 }", "s.json:7:69: /variants/tori/variants",
      "cannot differ between variants" },
    { "\"tori\": { }", "\"tori\": { \"extends\": \"x\" }", "s.json:7:69: /variants/tori/extends",
      "cannot differ between variants" },
    { "\"tori\": { }", "\"tori\": { \"sweep\": {} }", "s.json:7:69: /variants/tori/sweep",
      "cannot differ between variants" },
    { "\"tori\": { }", "\"tori\": { \"name\": \"z\" }", "s.json:7:69: /variants/tori/name",
      "cannot differ between variants" },
    { "\"tori\": { }", "\"tori\": { \"seed\": null }", "s.json:7:69: /variants/tori/seed",
      "cannot differ between variants" },
    { "\"tori\": { }", "\"tori\": { \"replications\": 1 }",
      "s.json:7:69: /variants/tori/replications", "cannot differ between variants" },
    { "\"tori\": { }", "\"tori\": { \"machine\": { \"cores\": 1 } }",
      "s.json:7:82: /variants/tori/machine/cores", "has no effect: \"/machine/cores\" is swept" },
    { "[10, 100]", "[10, \"x\"]", "s.json:8:44: /sweep/~1workload~10~1instances/1", "is a string" },
    { "/machine/cores\": [", "/nothing/cores\": [", "s.json:8:68: /sweep/~1nothing~1cores",
      "nothing at" },
    { "\"/machine/cores\": [", "\"/extends\": [", "s.json:8:50: /sweep/~1extends",
      "cannot be swept: all points share it" },
    { "\"/machine/cores\": [", "\"/variants\": [", "s.json:8:50: /sweep/~1variants",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/variants/tori\": [", "s.json:8:50: /sweep/~1variants~1tori",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/sweep\": [", "s.json:8:50: /sweep/~1sweep",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/expect\": [", "s.json:8:50: /sweep/~1expect",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/name\": [", "s.json:8:50: /sweep/~1name",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/seed\": [", "s.json:8:50: /sweep/~1seed",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/replications\": [", "s.json:8:50: /sweep/~1replications",
      "all points share it" },
    { "\"/machine/cores\": [", "\"/machine/~2\": [", "s.json:8:50: /sweep/~1machine~1~02",
      "a JSON pointer such as" },
    { "\"/machine/cores\": [", "\"cores\": [", "s.json:8:50: /sweep/cores",
      "a JSON pointer such as" },
    { "\"/machine/cores\": [", "\"/workload\": [", "s.json:8:50: /sweep/~1workload",
      "\"/workload\" and \"/workload/0/instances\" overwrite each other" },
    { "\"/machine/cores\": [", "\"/workload/0/instances/x\": [",
      "s.json:8:77: /sweep/~1workload~10~1instances~1x", "nothing at" },
    { "\"jain\"", "\"jane\"", "s.json:9:46: /expect/0/metric", "did you mean \"jain\"" },
    { "\"jain\"", "\"lag_ms_max\"", "s.json:9:46: /expect/0/metric",
      "\"lag_ms_max\" is measured only where it says \"lag\": true; add that" },
    { "\"jain\"", "[1]", "s.json:9:46: /expect/0/metric", "must be a string" },
    { "\"jain\"", "\"happiness\"", "s.json:9:46: /expect/0/metric",
      "there is jain, sched_overhead_percent; `braidsim list metrics` names all" },
    { "\"tori\", \"metric\"", "\"torus\", \"metric\"", "s.json:9:28: /expect/0/variant",
      "unknown variant \"torus\", did you mean \"tori\"? There is global, tori" },
    { "\"tori\", \"metric\"", "\"aa\", \"metric\"", "s.json:9:28: /expect/0/variant",
      "unknown variant \"aa\"; there is global, tori" },
    { "\"variants\": { \"global\": { \"scheduler\": { \"tori\": 1 } }, \"tori\": { } },", "",
      "s.json:9:28: /expect/0/variant", "the scenario has no variants; leave this out" },
    { "[1, 2, 3]", "[1, 2, 3, 1.0]", "s.json:8:78: /sweep/~1machine~1cores/3",
      "1 is in the list already; leave it out" },
    { "\"/machine/cores\": [1, 2, 3]", "\"/scheduler/policy\": [\"rr\", \"rr\"]",
      "s.json:8:78: /sweep/~1scheduler~1policy/1", "\"rr\" is in the list already" },
    { "\"fair_scan\"", "\"FAIR_SCAN\"", "s.json:4:28: /scheduler/policy",
      "did you mean \"fair_scan\"" },
    { "\"cpu.json\"", "\"/etc/passwd\"", "s.json:3:23: /machine/cpu",
      "the path of one must end in .json" },
    { "\"seed\"", "\"seed", "s.json:2:58: /", "does not end on its line; close it with \"" },
    { "\"t\",", "\"a\tb\",", "s.json:2:13: /", "a control character in a string" },
    { "\"t\",", "\"a\\u0001b\",", "s.json:2:11: /name", "no slash or control character" },
    { "42,", "42,,", "s.json:2:27: /", "not JSON from \", " },
    /* A comma too many, escapes that there are not, and keys written with them. */
    { "]\n}", "],\n}", "s.json:9:73: /", "a comma must not come before \"}\"; leave it out" },
    { "[10, 100]", "[10, 100 , ]", "s.json:8:48: /", "a comma must not come before \"]\"" },
    { "\"t\",", "\"a\\q\",", "s.json:2:13: /", "JSON has no such escape; a backslash itself" },
    { "\"t\",", "\"a\\u12g4\",", "s.json:2:13: /", "followed by four hexadecimal digits" },
    { "\"t\",", "\"a\\u0000\",", "s.json:2:13: /", "\\u0000 in a string; leave it out" },
    { "\"t\",", "\"\\ud83d\\ude00\\ud800\",", "s.json:2:24: /", "half of a character" },
    { "\"t\",", "\"\\udc00\\ud800\",", "s.json:2:12: /", "half of a character" },
    { "\"seed\": 42", "\"s\\u0065ed\": -1", "s.json:2:29: /seed", "is -1" },
    { "\"cores\": 3", "\"s\\u0065xx\": 4", "s.json:3:35: /machine/sexx", "unknown key \"sexx\"" },
    { "\"seed\"", "\"seed\": 1, \"s\\u0065ed\"", "s.json:2:27: /seed", "there twice" },
    { "]\n}", "]\n} \"", "s.json:10:3: /", "a string begins here and does not end" },
    { "]\n}", "]\n} }", "s.json:10:3: /", "not JSON" },
    { "]\n}", "]\n", "s.json:11:1: /", "too early" },
    { "// a comment", "/* a comment", "s.json:1:3: /", "does not end" },
    /* Not UTF-8: a byte of Latin 1, one too many, a character cut short, an overlong one, half of a
     * pair, one beyond the last. */
    { "\"t\",", "\"M\xFCller\",", "s.json:2:13: /", "not UTF-8" },
    { "\"t\",", "\"\xC3\xBC\xBC\",", "s.json:2:14: /", "not UTF-8" },
    { "\"t\",", "\"a\xE2\x82\",", "s.json:2:13: /", "not UTF-8" },
    { "\"t\",", "\"\xC0\xAF\",", "s.json:2:12: /", "not UTF-8" },
    { "\"t\",", "\"\xE0\x80\xAF\",", "s.json:2:12: /", "not UTF-8" },
    { "\"t\",", "\"\xED\xA0\x80\",", "s.json:2:12: /", "not UTF-8" },
    { "\"t\",", "\"\xF4\x90\x80\x80\",", "s.json:2:12: /", "not UTF-8" },
    { "]\n}", "]\n}\xFF", "s.json:10:2: /", "not UTF-8" },
};

enum { CHANGES = sizeof changes / sizeof changes[0] };

START_TEST(a_wrong_value_is_refused)
{
    const struct change *change = &changes[_i];
    write_changed(change->from, change->to);
    ck_assert_msg(!read_scenario("s.json", NULL, 0), "%s was accepted", change->to);
    expect_refusal(change->place, change->message);
}
END_TEST

START_TEST(a_good_file_spans_its_points)
{
    write_file("s.json", good, sizeof good - 1);
    ck_assert_msg(read_scenario("s.json", NULL, 0), "%s: %s", err.place, err.message);
    ck_assert_uint_eq(experiment.point_count, 12);
    ck_assert_uint_eq(experiment.replications, 2);
    static const uint32_t instances[] = { 10, 10, 10, 100, 100, 100 };
    for (uint32_t i = 0; i < 12; i++) {
        const struct point *point = &experiment.points[i];
        ck_assert_str_eq(point->variant, i < 6 ? "global" : "tori");
        ck_assert_uint_eq(point->scenario.workloads[0].instances, instances[i % 6]);
        ck_assert_uint_eq(point->scenario.cores, i % 3 + 1);
        ck_assert_uint_eq(point->scenario.scheduler.tori, i < 6 ? 1 : i % 3 + 1);
        ck_assert_double_eq(point->sweep[1].number, i % 3 + 1);
        ck_assert_str_eq(point->sweep[0].pointer, "/workload/0/instances");
    }
    const struct scenario *scenario = &experiment.points[0].scenario;
    ck_assert_uint_eq(scenario->scheduler.slice_ns, 10000000);
    ck_assert_uint_eq(scenario->duration_ps, UINT64_C(100000000000));
    ck_assert_str_eq(scenario->scheduler.balancer, "none");
    ck_assert_uint_eq(experiment.expectation_count, 1);
}
END_TEST

START_TEST(the_layer_that_defined_a_value_is_named)
{
    static const char child[] = "{ \"extends\": \"s.json\",\n \"machine\": { \"cores\": 2 } }";
    static const char null[] = "{ \"extends\": \"s.json\",\n \"seed\": null }";
    static const char *const fine[] = { "/scheduler/policy=rr", "/seed=7" };
    static const char *const wrong[] = { "/scheduler/policy=rx" };
    static const char *const nowhere[] = { "/workload/7/instances=1" };
    static const char *const no_pointer[] = { "policy=rr" };
    static const struct {
        const char *set, *place, *message;
    } refused[] = {
        { "/~2=1", "--set /~2", "is no JSON pointer" },
        { "/extends=\"nosuch.json\"", "--set /extends", "cannot be set" },
        { "/duration_ms=1e400", "--set /duration_ms", "the number is too large" },
        { "/duration_ms=042", "--set /duration_ms", "not a number as JSON writes them" },
        { "/duration_ms=4e", "--set /duration_ms", "is a string" },
        { "/machine/cores=x4", "--set /machine/cores", "has no effect" },
        { "/machine/cores=4", "--set /machine/cores",
          "has no effect: the scenario sweeps \"/machine/cores\"; set that, with --set "
          "'/sweep/~1machine~1cores=[...]'" },
        { "/name=a\xFF", "--set /name", "not UTF-8" },
        { "/variants/global/name=x", "--set /variants/global/name", "cannot differ" },
        { "/variants/x=7", "--set /variants/x", "must be an object" },
        { "/variants/x={\"machine\": {\"cpu\": 5}}", "--set /variants/x/machine/cpu",
          "is a number" },
        { "/sweep/~1seed=[1]", "--set /sweep/~1seed", "all points share it" },
        { "/sweep/~1cost=[\"flat\", 3]", "--set /sweep/~1cost/1", "is a number" },
        { "/variants/x=null", "--set /variants/x", "must be an object" },
        { "/seed=null", "--set /seed", "is null" },
        { "/variants/x={\"sweep\": {}}", "--set /variants/x/sweep", "cannot differ" },
        { "/sweep/~1expect=[[]]", "--set /sweep/~1expect", "all points share it" },
        { "/sweep/~1machine=[{}]", "--set /sweep/~1machine", "overwrite each other" },
    };
    write_changed("\"ticket\"", "\"tickt\"");
    write_file("child.json", child, sizeof child - 1);
    ck_assert(!read_scenario("child.json", NULL, 0));
    expect_refusal("s.json:4:49: /scheduler/lock", "ticket");
    write_file("s.json", good, sizeof good - 1);
    ck_assert(read_scenario("child.json", fine, 2));
    ck_assert_str_eq(experiment.points[0].scenario.scheduler.policy, "rr");
    ck_assert_uint_eq(experiment.points[0].scenario.seed, 7);
    ck_assert(!read_scenario("child.json", wrong, 1));
    expect_refusal("--set /scheduler/policy", "unknown policy \"rx\", did you mean \"rr\"");
    ck_assert(!read_scenario("child.json", nowhere, 1));
    expect_refusal("--set /workload/7/instances", "leads nowhere");
    ck_assert(!read_scenario("child.json", no_pointer, 1));
    expect_refusal("--set policy=rr", "must be PTR=VALUE");
    write_file("child.json", null, sizeof null - 1);
    ck_assert(!read_scenario("child.json", NULL, 0));
    expect_refusal("child.json:2:10: /seed", "null takes away in variants only");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ck_assert_msg(!read_scenario("s.json", &refused[i].set, 1), "%s", refused[i].set);
        expect_refusal(refused[i].place, refused[i].message);
    }
}
END_TEST

/* Of the file and of one that extends it: a null takes away what the scenario has, when the variant
 * is merged. */
START_TEST(a_variant_can_take_away)
{
    static const char child[] =
        "{ \"extends\": \"s.json\", \"variants\": { \"global\": {"
        " \"scheduler\": { \"lock\": null } }, \"more\": { \"flat\": { } } } }";
    write_changed("\"tori\": { }", "\"tori\": { \"scheduler\": { \"lock\": null } }");
    ck_assert_msg(read_scenario("s.json", NULL, 0), "%s: %s", err.place, err.message);
    write_changed("\"tori\": { }", "\"tori\": { \"scheduler\": { \"policy\": null } }");
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal(
        "s.json:7:94: /variants/tori/scheduler/policy",
        "the variant \"tori\" takes \"policy\" away, which there must be; leave the null");
    write_changed("\"tori\": { }", "\"tori\": { \"machine\": { \"cpu\": null } }");
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:7:89: /variants/tori/machine/cpu", "takes \"cpu\" away");
    write_changed("\"tori\": { }", "\"tori\": { \"machine\": null }");
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:7:80: /variants/tori/machine/cpu", "takes \"cpu\" away");
    const char *set = "/variants/x={\"machine\": {\"cpu\": null}}";
    write_file("s.json", good, sizeof good - 1);
    ck_assert(!read_scenario("s.json", &set, 1));
    expect_refusal("--set /variants/x/machine/cpu", "takes \"cpu\" away");
    write_changed("\"ticket\"", "\"mcs\"");
    write_file("child.json", child, sizeof child - 1);
    ck_assert_msg(read_scenario("child.json", NULL, 0), "%s: %s", err.place, err.message);
    ck_assert_uint_eq(experiment.point_count, 18);
    ck_assert_uint_eq(experiment.points[0].scenario.scheduler.lock, LOCK_TICKET); /* the default */
    ck_assert_uint_eq(experiment.points[0].scenario.scheduler.tori, 1);
    ck_assert_uint_eq(experiment.points[6].scenario.scheduler.lock, LOCK_MCS);
}
END_TEST

/* What every variant sets, or some, or gives whole to be swept in. */
START_TEST(what_comes_later_overwrites)
{
    static const char *const tori[] = { "/scheduler/tori=2" };
    static const char *const cost[] = { "/cost=flat" };
    write_changed("\"tori\": { }", "\"tori\": { \"scheduler\": { \"tori\": \"per_core\" } }");
    ck_assert(!read_scenario("s.json", tori, 1));
    expect_refusal("--set /scheduler/tori", "has no effect: every variant of the scenario sets it; "
                                            "change it there, as with --set "
                                            "'/variants/global/scheduler/tori=...'");
    ck_assert(read_scenario("s.json", cost, 1));
    write_file("s.json", good, sizeof good - 1);
    ck_assert(read_scenario("s.json", tori, 1)); /* one variant leaves it */
    ck_assert_uint_eq(experiment.points[0].scenario.scheduler.tori, 1);
    ck_assert_uint_eq(experiment.points[6].scenario.scheduler.tori, 2);
    write_changed("\"tori\": { }",
                  "\"tori\": { \"workload\": [ { \"name\": \"x\", \"instances\": 1,"
                  " \"phases\": [ { \"run\": 1 } ] } ] }");
    ck_assert_msg(read_scenario("s.json", NULL, 0), "%s: %s", err.place, err.message);
    ck_assert_uint_eq(experiment.points[6].scenario.workloads[0].instances, 10);
}
END_TEST

START_TEST(what_is_no_scenario_is_refused)
{
    enum { DEEP = 100000, HUGE_FILE = 100000000 };
    ck_assert(!read_scenario("missing.json", NULL, 0));
    expect_refusal("missing.json:1:1: /", "No such file or directory; a JSON file is wanted");
    ck_assert(!read_scenario("", NULL, 0));
    expect_refusal(":1:1: /", "is a folder; a JSON file is wanted");
    char pipe[256];
    snprintf(pipe, sizeof pipe, "%s/pipe.json", folder);
    CHECK(mkfifo(pipe, 0600) == 0);
    ck_assert(!read_scenario("pipe.json", NULL, 0));
    expect_refusal("pipe.json:1:1: /", "is a pipe or a device; a JSON file is wanted");
    write_changed("cpu.json", "pipe.json");
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("pipe.json:1:1: /", "is a pipe");
    write_file("s.json", "{ \"extends\": \"pipe.json\" }", 26);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("pipe.json:1:1: /", "is a pipe");
    unlink(pipe);
    write_file("s.json", "{ \"a\": \"\0\" }", 13);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:1:9: /", "NUL");
    write_file("s.json", "", 0);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:1:1: /", "too early");
    write_file("s.json", "[1]", 3);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:1:1: /", "must be an object");
    char *text = malloc(HUGE_FILE);
    memset(text, '[', DEEP);
    write_file("s.json", text, DEEP);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:1:1001: /", "nesting");
    memset(text, ' ', HUGE_FILE);
    write_file("s.json", text, HUGE_FILE);
    free(text);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:1:1: /", "larger than 16 MiB, and no scenario or profile is; is it the");
    write_file("s.json", "{ \"extends\": \"s.json\" }", 23);
    ck_assert(!read_scenario("s.json", NULL, 0));
    expect_refusal("s.json:1:14: /extends", "goes round in a circle");
}
END_TEST

/* Nothing is near to it, and no more of it is shown than can be read. */
START_TEST(a_long_name_is_cut)
{
    char name[5001], text[sizeof good + sizeof name];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    static const char *const before[] = { "fair_scan", "cpu.json", "seed" };
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        const char *at = strstr(good, before[i]);
        int length = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, name,
                              at + strlen(before[i]));
        write_file("s.json", text, (size_t)length);
        ck_assert(!read_scenario("s.json", NULL, 0));
        ck_assert_ptr_nonnull(strstr(err.message, "aaa...\""));
        ck_assert_ptr_null(strstr(err.message, "did you mean"));
    }
}
END_TEST

/* However the way is written, and however far round. */
START_TEST(circles_are_named_by_short_paths)
{
    char path[256], text[256];
    write_file("s.json", "{ \"extends\": \"./child.json\" }", 29);
    snprintf(text, sizeof text, "{ \"extends\": \".//.%s/./s.json\" }", folder);
    write_file("child.json", text, strlen(text));
    ck_assert(!read_scenario("s.json", NULL, 0)); /* it leads to ./tmp, which there is not */
    snprintf(path, sizeof path, "there is no file %s%s/s.json; name", folder, folder);
    expect_refusal("child.json:1:14: /extends", path);
    snprintf(text, sizeof text, "{ \"extends\": \"../%s/./s.json\" }", strrchr(folder, '/') + 1);
    write_file("child.json", text, strlen(text));
    ck_assert(!read_scenario("./s.json", NULL, 0));
    snprintf(path, sizeof path, "circle: %s/../%s/s.json extends this scenario, or is it", folder,
             strrchr(folder, '/') + 1);
    expect_refusal("child.json:1:14: /extends", path);
}
END_TEST

START_TEST(a_profile_is_checked)
{
    struct profile profile;
    char path[256];
    snprintf(path, sizeof path, "%s/bad.json", folder);
    static const char text[] = "{ \"name\": \"c\", \"title\": \"c\", \"figures\": {\n"
                               "\"clock_mhz\": { \"value\": 0, \"source\": \"s\", \"kind\": "
                               "\"guessed\" } } }";
    write_file("bad.json", text, sizeof text - 1);
    ck_assert(!profile_read(&profile, path, folder, &arena, &err));
    expect_refusal("bad.json:2:25: /figures/clock_mhz/value", "from 1 to 10000, is 0");
    snprintf(path, sizeof path, "%s/cpu.json", folder);
    ck_assert(profile_read(&profile, path, folder, &arena, &err));
    ck_assert_double_eq(profile_published_share(&profile), 0);
    ck_assert_double_eq(profile_value(&profile, line_bytes), 64);
}
END_TEST

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    write_profile();
    TCase *tests = tcase_create("scenario");
    tcase_add_loop_test(tests, a_wrong_value_is_refused, 0, CHANGES);
    tcase_add_test(tests, a_good_file_spans_its_points);
    tcase_add_test(tests, the_layer_that_defined_a_value_is_named);
    tcase_add_test(tests, a_variant_can_take_away);
    tcase_add_test(tests, what_comes_later_overwrites);
    tcase_add_test(tests, what_is_no_scenario_is_refused);
    tcase_add_test(tests, a_long_name_is_cut);
    tcase_add_test(tests, circles_are_named_by_short_paths);
    tcase_add_test(tests, a_profile_is_checked);
    int status = suite_run("scenario", tests);
    arena_free(&arena);
    static const char *const names[] = { "s.json", "child.json", "cpu.json", "bad.json" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    return status;
}
