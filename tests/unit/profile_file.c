/* profile_file.c -- CPU profiles that extend others, and figures that a scenario sets.
 *
 * Goal: a derived profile has the base's figures but those that it gives, each with the source of
 * the very value; what a scenario sets obeys the rules of a profile; every refusal names the file
 * that defined the value.
 * Method: a base with every required figure, in data/cpus, and small files that extend it, each
 * wrong in one place; a small scenario with figures in its file, its variants and its sweep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/input/scenario.h"
#include "tests/support/names.h"
#include "tests/support/suite.h"

static char folder[] = "/tmp/braidsim-profile-XXXXXX";
static char base[16384];
static struct arena arena;
static struct error err;
static struct profile profile;
static struct experiment experiment;

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

/* Each required figure at its minimum, a second level, and lines of 64 bytes. */
static void write_base(void)
{
    const char *comma = "";
    size_t at = (size_t)sprintf(base, "{ \"name\": \"base\", \"title\": \"Base\", \"figures\": {");
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        const struct figure_description *d = &figure_descriptions[i];
        double value = i == FIGURE_line_bytes          ? 64
                       : i == FIGURE_memory_latency_ns ? d->maximum /* of cycles of 1000 ns */
                                                       : d->minimum;
        bool second = i == FIGURE_l2_kb || i == FIGURE_l2_ways || i == FIGURE_l2_latency_cycles ||
                      i == FIGURE_l2_cores;
        if (!d->required && !second)
            continue;
        at += (size_t)sprintf(base + at,
                              "%s\n\"%s\": { \"value\": %g, \"source\": \"of the base\", "
                              "\"kind\": \"published\" }",
                              comma, d->name, second ? 8 : value);
        comma = ",";
    }
    sprintf(base + at, "} }\n");
    write_file("cpus/base.json", base);
}

static bool read_profile(const char *name)
{
    arena_free(&arena);
    return profile_read(&profile, in_folder(name), folder, &arena, &err);
}

static void expect_refusal(const char *place, const char *message)
{
    bool option = strncmp(place, "--", 2) == 0;
    ck_assert_str_eq(err.place, option ? place : in_folder(place));
    ck_assert_msg(strstr(err.message, message) != NULL, "\"%s\" is not in \"%s\"", message,
                  err.message);
}

/* ---- Profiles that extend others ---------------------------------------------------------- */

START_TEST(a_figure_replaces_the_base_s_whole)
{
    write_file("fast.json", "{ \"extends\": \"base\", \"name\": \"fast\", \"title\": \"Fast\",\n"
                            "  \"figures\": { \"clock_mhz\": { \"value\": 99, \"source\": \"a\",\n"
                            "    \"kind\": \"derived\" }, \"smt_threads\": { \"value\": 2,\n"
                            "    \"source\": \"b\", \"kind\": \"assumed\" }, \"smt_rate\": {\n"
                            "    \"value\": 0.6, \"source\": \"b\", \"kind\": \"assumed\" } } }");
    write_file("faster.json", "{ \"extends\": \"fast.json\", \"name\": \"faster\",\n"
                              "  \"title\": \"Faster\", \"figures\": { \"l2_kb\": null,\n"
                              "    \"l2_ways\": null, \"l2_latency_cycles\": null,\n"
                              "    \"l2_cores\": null } }");
    ck_assert_msg(read_profile("fast.json"), "%s: %s", err.place, err.message);
    ck_assert_str_eq(profile.name, "fast");
    ck_assert_double_eq(profile_value(&profile, clock_mhz), 99);
    ck_assert_str_eq(profile.figure[FIGURE_clock_mhz].source, "a");
    ck_assert_int_eq(profile.figure[FIGURE_clock_mhz].kind, FIGURE_DERIVED);
    ck_assert_double_eq(profile_value(&profile, line_bytes), 64);
    ck_assert_str_eq(profile.figure[FIGURE_line_bytes].source, "of the base");
    ck_assert_double_eq(profile_value(&profile, l2_kb), 8);
    ck_assert_msg(read_profile("faster.json"), "%s: %s", err.place, err.message);
    ck_assert_str_eq(profile.title, "Faster");
    ck_assert_double_eq(profile_value(&profile, clock_mhz), 99);
    ck_assert_double_eq(profile_value(&profile, smt_threads), 2);
    ck_assert_double_eq(profile_value(&profile, l2_kb), 0);
    ck_assert_int_eq(profile.figure[FIGURE_l2_kb].kind, FIGURE_ABSENT);
}
END_TEST

START_TEST(without_figures_it_is_the_base_by_another_name)
{
    write_file("same.json",
               "{ \"extends\": \"cpus/base.json\", \"name\": \"s\", \"title\": \"S\"}");
    ck_assert_msg(read_profile("same.json"), "%s: %s", err.place, err.message);
    ck_assert_str_eq(profile.name, "s");
    ck_assert_double_eq(profile_value(&profile, l2_ways), 8);
}
END_TEST

#define DERIVED "{ \"extends\": \"base\", \"name\": \"d\", \"title\": \"D\",\n"

static const struct wrong {
    const char *text, *place, *message;
} wrongs[] = {
    { "{ \"extends\": \"base\", \"title\": \"D\" }", "bad.json:1:1: /", "\"name\" is missing" },
    { "{ \"extends\": \"nobody\", \"name\": \"d\", \"title\": \"D\" }", "bad.json:1:14: /extends",
      "there is no CPU profile \"nobody\"; `braidsim list cpus` names" },
    { "{ \"extends\": \"bas\", \"name\": \"d\", \"title\": \"D\" }", "bad.json:1:14: /extends",
      "there is no CPU profile \"bas\", did you mean \"base\"? `braidsim list cpus` names" },
    { "{ \"extends\": \"./no.json\", \"name\": \"d\", \"title\": \"D\" }",
      "bad.json:1:14: /extends", "/no.json; name a file that there is" },
    { "{ \"extends\": 5, \"name\": \"d\", \"title\": \"D\" }", "bad.json:1:14: /extends",
      "must be a string" },
    { "{ \"extends\": \"bad.json\", \"name\": \"d\", \"title\": \"D\" }", "bad.json:1:14: /extends",
      "goes round in a circle" },
    { "{ \"extends\": \"round.json\", \"name\": \"d\", \"title\": \"D\" }",
      "round.json:2:12: /extends", "goes round in a circle" },
    { "{ \"extends\": \"list.json\", \"name\": \"d\", \"title\": \"D\" }", "list.json:1:1: /",
      "must be an object" },
    { "{ \"extends\": \"slow.json\", \"name\": \"d\", \"title\": \"D\" }",
      "slow.json:2:40: /figures/clock_mhz/value", "from 1 to 10000, is 0" },
    { DERIVED "\"figures\": { \"clock_mhz\": { \"value\": 5 } } }",
      "bad.json:2:27: /figures/clock_mhz", "\"source\" is missing" },
    { DERIVED "\"figures\": { \"clock_mhz\": { \"value\": 5, \"source\": \" \",\n"
              "\"kind\": \"assumed\" } } }",
      "bad.json:2:51: /figures/clock_mhz/source", "is empty; say where" },
    { DERIVED "\"figures\": { \"clock\": { \"value\": 5 } } }", "bad.json:2:14: /figures/clock",
      "did you mean \"clock_mhz\"" },
    { DERIVED "\"figures\": { \"clock_mhz\": null } }", "bad.json:2:12: /figures",
      "\"clock_mhz\" (core clock) is missing" },
    { DERIVED "\"figures\": { \"l2_ways\": null } }", "bad.json:2:25: /figures/l2_ways",
      "l2_kb and l2_ways go together" },
    { DERIVED "\"figures\": { \"l2_ways\": { \"value\": 3, \"source\": \"s\",\n"
              "\"kind\": \"assumed\" } } }",
      "bad.json:2:25: /figures/l2_ways", "128 entries in 3 ways make 42.6667 sets" },
    { DERIVED "\"figures\": { \"l2_latency_cycles\": { \"value\": 0.5, \"source\": \"s\",\n"
              "\"kind\": \"assumed\" } } }",
      "bad.json:2:35: /figures/l2_latency_cycles",
      "l1_latency_cycles, 1, must be at most l2_latency_cycles, 0.5" },
    { DERIVED "\"figures\": { \"branch_history\": { \"value\": 17, \"source\": \"s\",\n"
              "\"kind\": \"assumed\" } } }",
      "bad.json:2:43: /figures/branch_history/value", "must be 4, 16 or 64, is 17" },
    { DERIVED "\"figures\": [] }", "bad.json:2:12: /figures", "must be an object" },
    { DERIVED "\"colour\": \"red\" }", "bad.json:2:1: /colour", "unknown key" },
};

enum { WRONGS = sizeof wrongs / sizeof wrongs[0] };

START_TEST(a_wrong_profile_is_refused)
{
    const struct wrong *wrong = &wrongs[_i];
    write_file("bad.json", wrong->text);
    write_file("round.json", "{ \"name\": \"r\", \"title\": \"R\",\n\"extends\": \"bad.json\" }");
    write_file("list.json", "[1]");
    write_file("slow.json", "{ \"extends\": \"base\", \"name\": \"slow\", \"title\": \"S\",\n"
                            "  \"figures\": { \"clock_mhz\": { \"value\": 0, \"source\": \"s\",\n"
                            "    \"kind\": \"assumed\" } } }");
    ck_assert_msg(!read_profile("bad.json"), "%s was accepted", wrong->text);
    expect_refusal(wrong->place, wrong->message);
}
END_TEST

START_TEST(long_chains_end)
{
    char name[32], text[128];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "link%d.json", i);
        snprintf(text, sizeof text,
                 "{ \"name\": \"l\", \"title\": \"L\",\n\"extends\": \"link%d.json\" }", i + 1);
        write_file(name, i < 19 ? text : DERIVED "\"figures\": { } }");
    }
    ck_assert_msg(read_profile("link5.json"), "%s: %s", err.place, err.message);
    ck_assert(!read_profile("link4.json"));
    expect_refusal("link19.json:1:14: /extends", "more than 16 profiles");
}
END_TEST

/* ---- Figures that a scenario sets --------------------------------------------------------- */

static const char scenario[] =
    "{ \"name\": \"t\", \"duration_ms\": 1, \"scheduler\": { \"policy\": \"rr\" },\n"
    "  \"workload\": [ { \"name\": \"w\", \"instances\": 1, \"phases\": [ { \"run\": 9 } ] } ],\n"
    "  \"machine\": { \"cpu\": \"base\", \"cores\": 3%s";

static bool read_file(const char *name, const char *set)
{
    struct scenario_options options = names_options(folder, &set, set != NULL);
    arena_free(&arena);
    return experiment_read(&experiment, in_folder(name), &options, &arena, &err);
}

/* The scenario ends as told, after "cores": 3. */
static bool read_scenario(const char *end, const char *set)
{
    static char text[sizeof base + 2048];
    snprintf(text, sizeof text, scenario, end);
    write_file("s.json", text);
    return read_file("s.json", set);
}

static double point_ns(uint32_t point)
{
    return profile_value(experiment.points[point].scenario.cpu, transfer_ns);
}

START_TEST(a_scenario_sets_figures)
{
    ck_assert_msg(read_scenario(", \"figures\": { \"transfer_ns\": 300 } } }", NULL), "%s: %s",
                  err.place, err.message);
    const struct profile *cpu = experiment.points[0].scenario.cpu;
    ck_assert_double_eq(point_ns(0), 300);
    ck_assert_int_eq(cpu->figure[FIGURE_transfer_ns].kind, FIGURE_ASSUMED);
    ck_assert_str_eq(cpu->figure[FIGURE_transfer_ns].source, "set by the scenario");
    ck_assert_int_eq(cpu->figure[FIGURE_clock_mhz].kind, FIGURE_PUBLISHED);
    ck_assert_str_eq(cpu->name, "base");
    ck_assert(strstr(experiment.json, "\"transfer_ns\": 300") != NULL);
}
END_TEST

START_TEST(the_command_line_sets_figures)
{
    ck_assert_msg(read_scenario(" } }", "/machine/figures/transfer_ns=300"), "%s: %s", err.place,
                  err.message);
    ck_assert_double_eq(point_ns(0), 300);
    ck_assert(!read_scenario(" } }", "/machine/figures/transfer_ns=0"));
    expect_refusal("--set /machine/figures/transfer_ns", "from 1 to 10000, is 0");
    ck_assert(!read_scenario(" } }", "/machine/figures/l2_ways=0"));
    expect_refusal("--set /machine/figures/l2_ways", "l2_kb and l2_ways go together");
    ck_assert(!read_scenario(" } }", "/machine/figures={\"l3_ways\": 8}"));
    expect_refusal("--set /machine/figures/l3_ways", "l3_kb and l3_ways go together");
}
END_TEST

#define ASSUMED(name, value)                                                                       \
    "\"" name "\": { \"value\": " value ", \"source\": \"s\", \"kind\": \"assumed\" }"

/* Neither of the two stands in the scenario, but what made them so does. */
START_TEST(a_third_figure_makes_two_contradict)
{
    write_file("locks.json",
               "{ \"extends\": \"base\", \"name\": \"locks\", \"title\": \"L\", "
               "\"figures\": {\n" ASSUMED("handover_ns", "32") ", " ASSUMED(
                   "atomic_cycles", "3") ", " ASSUMED("clock_mhz",
                                                      "100") ", " ASSUMED("l1_ways", "16") " } }");
    ck_assert_msg(
        read_scenario(", \"figures\": { \"syscall_ns\": 5 } } }", "/machine/cpu=\"./locks.json\""),
        "%s: %s", err.place, err.message);
    ck_assert(!read_scenario(", \"figures\": { \"syscall_ns\": 5,\n\"clock_mhz\": 90, "
                             "\"switch_ns\": 5 } } }",
                             "/machine/cpu=\"./locks.json\""));
    expect_refusal("s.json:4:14: /machine/figures/clock_mhz", "atomic_cycles, 3 (33.33 ns)");
    ck_assert(!read_scenario(", \"figures\": { \"clock_mhz\": 99 } }, \"variants\": { \"a\": { "
                             "\"machine\": { \"cpu\": \"./locks.json\" } } } }",
                             "/machine/figures/line_bytes=128"));
    expect_refusal("--set /machine/figures/line_bytes", "which must be a whole number");
}
END_TEST

/* A figure that no price uses does not stand in the way of one that does. */
START_TEST(a_shorter_transfer_takes_that_of_a_stream_away)
{
    write_file("streams.json", "{ \"extends\": \"base\", \"name\": \"streams\", \"title\": \"S\", "
                               "\"figures\": {\n" ASSUMED("transfer_ns", "90") ", " ASSUMED(
                                   "transfer_line_ns", "80") " } }");
    ck_assert_msg(read_scenario(", \"figures\": { \"transfer_ns\": 70 } } }",
                                "/machine/cpu=\"./streams.json\""),
                  "%s: %s", err.place, err.message);
    ck_assert_double_eq(point_ns(0), 70);
    const struct profile *cpu = experiment.points[0].scenario.cpu;
    ck_assert_int_eq(cpu->figure[FIGURE_transfer_line_ns].kind, FIGURE_ABSENT);
}
END_TEST

START_TEST(a_profile_has_the_name_of_its_file)
{
    static const char profile_text[] =
        "{ \"extends\": \"base\", \"title\": \"O\",\n \"name\": \"another\" }";
    write_file("cpus/other.json", profile_text);
    ck_assert(!read_scenario(" } }", "/machine/cpu=other"));
    expect_refusal("cpus/other.json:2:10: /name",
                   "is \"another\", but scenarios choose this profile by the name of its file");
    write_file("bad.json", "{ \"extends\": \"other\", \"name\": \"bad\", \"title\": \"B\" }");
    ck_assert(!read_profile("bad.json"));
    expect_refusal("cpus/other.json:2:10: /name", "give both the same");
    unlink(in_folder("cpus/other.json"));
    write_file("other.json", profile_text); /* chosen by its path */
    ck_assert_msg(read_profile("other.json"), "%s: %s", err.place, err.message);
    ck_assert_str_eq(profile.name, "another");
}
END_TEST

/* Of files and of the scenario's own, whoever says the wrong one. */
START_TEST(the_nearest_profile_is_named)
{
    static char own[sizeof base + 64];
    ck_assert(!read_scenario(" } }", "/machine/cpu=basf"));
    expect_refusal("--set /machine/cpu",
                   "there is no CPU profile \"basf\", did you mean \"base\"?");
    snprintf(own, sizeof own, " }, \"profiles\": { \"basket\": %s } }", base);
    ck_assert_msg(read_scenario(own, "/machine/cpu=basket"), "%s: %s", err.place, err.message);
    ck_assert(!read_scenario(own, "/machine/cpu=baskt"));
    expect_refusal("--set /machine/cpu", "\"baskt\", did you mean \"basket\"?");
    ck_assert(!read_scenario(" } }", "/machine/cpu=abacus"));
    expect_refusal("--set /machine/cpu", "there is no CPU profile \"abacus\"; `braidsim list");
}
END_TEST

#define FOR_CLOCK(name, mhz)                                                                       \
    "{ \"extends\": \"base\", \"name\": \"" name "\", \"title\": \"T\", \"figures\": { "           \
    "\"clock_mhz\": { \"value\": " mhz ", \"source\": \"s\", \"kind\": \"assumed\" } } }"

/* A path leads from the file that says it, be it a base's, a variant's or a swept one; that of the
 * command line from the scenario. */
START_TEST(a_path_leads_from_the_file_that_says_it)
{
    static const char child[] = "{ \"extends\": \"cpus/parent.json\",\n \"variants\": { %s } }";
    char text[1024];
    write_file("cpus/near.json", FOR_CLOCK("near", "7"));
    write_file("near.json", FOR_CLOCK("near", "9"));
    snprintf(text, sizeof text, scenario,
             " }, \"variants\": { \"a\": { \"machine\": "
             "{ \"cpu\": \"near.json\" } } } }");
    write_file("cpus/parent.json", text);
    snprintf(text, sizeof text, child, "");
    write_file("child.json", text);
    ck_assert_msg(read_file("child.json", NULL), "%s: %s", err.place, err.message);
    ck_assert_double_eq(profile_value(experiment.points[0].scenario.cpu, clock_mhz), 7);
    snprintf(text, sizeof text, child, "\"b\": { \"machine\": { \"cpu\": \"./near.json\" } }");
    write_file("child.json", text);
    ck_assert_msg(read_file("child.json", NULL), "%s: %s", err.place, err.message);
    ck_assert_double_eq(profile_value(experiment.points[0].scenario.cpu, clock_mhz), 7);
    ck_assert_double_eq(profile_value(experiment.points[1].scenario.cpu, clock_mhz), 9);
    ck_assert_msg(read_file("child.json", "/sweep/~1machine~1cores=[1]"), "%s", err.message);
    ck_assert_double_eq(profile_value(experiment.points[1].scenario.cpu, clock_mhz), 9);
    /* Two of one name would be one in the scenario.json of results. */
    snprintf(text, sizeof text, child, "\"b\": { \"machine\": { \"cpu\": \"near.json\" } }");
    write_file("child.json", text);
    ck_assert(!read_file("child.json", NULL));
    expect_refusal("child.json:2:43: /variants/b/machine/cpu", "call one of them by another path");
    ck_assert_msg(read_file("cpus/parent.json", "/variants={\"c\": {\"machine\": {\"cpu\": "
                                                "\"../near.json\"}}}"),
                  "%s: %s", err.place, err.message);
    ck_assert_double_eq(profile_value(experiment.points[0].scenario.cpu, clock_mhz), 9);
}
END_TEST

START_TEST(variants_and_sweeps_set_figures)
{
    ck_assert_msg(read_scenario(" },\n\"variants\": { \"a\": { }, \"b\": { \"machine\":\n"
                                "  { \"figures\": { \"clock_mhz\": 7 } } } },\n"
                                "\"sweep\": { \"/machine/figures/transfer_ns\": [10, 20] } }",
                                NULL),
                  "%s: %s", err.place, err.message);
    ck_assert_uint_eq(experiment.point_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_double_eq(point_ns(i), i % 2 == 0 ? 10 : 20);
        ck_assert_double_eq(profile_value(experiment.points[i].scenario.cpu, clock_mhz),
                            i < 2 ? 1 : 7);
    }
    ck_assert(
        !read_scenario(" },\n\"sweep\": { \"/machine/figures/transfer_ns\": [10, 0] } }", NULL));
    expect_refusal("s.json:4:49: /sweep/~1machine~1figures~1transfer_ns/1", "is 0");
    ck_assert(!read_scenario(" }, \"variants\": { \"a\": { \"machine\": 5 } },\n"
                             "\"sweep\": { \"/machine/figures/transfer_ns\": [10, 20] } }",
                             NULL));
    expect_refusal("s.json:4:45: /sweep/~1machine~1figures~1transfer_ns/0", "a variant, or");
}
END_TEST

static const struct wrong settings[] = {
    { ", \"figures\": { \"transfer\": 5 } } }", "s.json:3:56: /machine/figures/transfer",
      "did you mean \"transfer_ns\"" },
    { ", \"figures\": { \"l2_kb\": 0 } } }", "s.json:3:65: /machine/figures/l2_kb", "go together" },
    { ", \"figures\": { \"l3_ways\": 8 } } }", "s.json:3:67: /machine/figures/l3_ways",
      "l3_kb and l3_ways go together" },
    { " }, \"variants\": { \"a\": { \"machine\":\n{ \"figures\": { \"l2_cores\": 0 } } } } }",
      "s.json:4:28: /variants/a/machine/figures/l2_cores", "l2_kb and l2_cores go together" },
    { ", \"figures\": { \"transfer_line_ns\": 2 } } }",
      "s.json:3:76: /machine/figures/transfer_line_ns", "must be at most transfer_ns, 1" },
    { ", \"figures\": { \"l2_kb\": 7.1 } } }", "s.json:3:65: /machine/figures/l2_kb",
      "whole number" },
    { ", \"figures\": { \"line_bytes\": 48 } } }", "s.json:3:70: /machine/figures/line_bytes",
      "power of two" },
    { ", \"figures\": { \"l1_latency_cycles\": 9 } } }",
      "s.json:3:77: /machine/figures/l1_latency_cycles",
      "l1_latency_cycles, 9, must be at most l2_latency_cycles, 8" },
    { ", \"figures\": { \"l2_exclusive\": 1, \"l2_inclusive\": 1 } } }",
      "s.json:3:72: /machine/figures/l2_exclusive", "a cache is one of them, or neither" },
    { ", \"figures\": { \"adjacent_line\": 0.5 } } }",
      "s.json:3:73: /machine/figures/adjacent_line", "must be 0 (no) or 1 (yes), is 0.5" },
    { ", \"figures\": { \"l2_stream_cycles\": 0.5 } },\n\"sweep\": "
      "{ \"/machine/figures/l2_latency_cycles\": [8, 7, 0.25] } }",
      "s.json:4:57: /sweep/~1machine~1figures~1l2_latency_cycles/2", "must be at most" },
    { ", \"figures\": { \"l3_kb\": 7, \"l3_ways\": 7, \"l3_cores\": 1 } } }",
      "s.json:3:65: /machine/figures/l3_kb", "l3_kb and l3_latency_cycles go together" },
    { ", \"figures\": { \"clock_mhz\": { \"value\": 5 } } } }",
      "s.json:3:69: /machine/figures/clock_mhz", "must be a number" },
    { ", \"figures\": 5 } }", "s.json:3:54: /machine/figures", "must be an object" },
};

enum { SETTINGS = sizeof settings / sizeof settings[0] };

START_TEST(a_wrong_figure_is_refused)
{
    const struct wrong *wrong = &settings[_i];
    ck_assert_msg(!read_scenario(wrong->text, NULL), "%s was accepted", wrong->text);
    expect_refusal(wrong->place, wrong->message);
}
END_TEST

static void remove_files(void)
{
    char name[32];
    static const char *const names[] = { "cpus/base.json",   "fast.json",    "faster.json",
                                         "same.json",        "bad.json",     "round.json",
                                         "list.json",        "slow.json",    "s.json",
                                         "cpus/parent.json", "near.json",    "child.json",
                                         "cpus/near.json",   "streams.json", "locks.json",
                                         "other.json" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(in_folder(names[i]));
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "link%d.json", i);
        unlink(in_folder(name));
    }
    rmdir(in_folder("cpus"));
    rmdir(folder);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL && mkdir(in_folder("cpus"), 0700) == 0);
    write_base();
    TCase *tests = tcase_create("profile_file");
    tcase_add_test(tests, a_figure_replaces_the_base_s_whole);
    tcase_add_test(tests, without_figures_it_is_the_base_by_another_name);
    tcase_add_loop_test(tests, a_wrong_profile_is_refused, 0, WRONGS);
    tcase_add_test(tests, long_chains_end);
    tcase_add_test(tests, a_scenario_sets_figures);
    tcase_add_test(tests, the_command_line_sets_figures);
    tcase_add_test(tests, a_third_figure_makes_two_contradict);
    tcase_add_test(tests, a_shorter_transfer_takes_that_of_a_stream_away);
    tcase_add_test(tests, a_profile_has_the_name_of_its_file);
    tcase_add_test(tests, the_nearest_profile_is_named);
    tcase_add_test(tests, a_path_leads_from_the_file_that_says_it);
    tcase_add_test(tests, variants_and_sweeps_set_figures);
    tcase_add_loop_test(tests, a_wrong_figure_is_refused, 0, SETTINGS);
    int status = suite_run("profile_file", tests);
    arena_free(&arena);
    remove_files();
    return status;
}
