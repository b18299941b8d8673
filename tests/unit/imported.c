/* imported.c -- a recorded trace as a scenario.
 *
 * Goal: the scenario has what was recorded, for as long as it takes; a fit is made of whole runs
 * and sleeps, and of those cut off only as far as they say more, and says what it is worth.
 * Method: small traces made by hand, beside the text that they must become; where means are asked
 * for, the number of runs and their mean say which were taken.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/imported.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/check.h"
#include "tests/support/suite.h"

enum { PROCESSES = 4, BURSTS = 1000 };

static struct arena arena;
static struct sched_process processes[PROCESSES], *pointers[PROCESSES];
static uint64_t bursts[PROCESSES][BURSTS];
static struct sched_trace trace;
static char *text, *warnings; /* of the last import */

static void begin(double ms, uint32_t cpus)
{
    trace = (struct sched_trace){ .processes = pointers,
                                  .cpus = cpus,
                                  .duration_ns = (uint64_t)(ms * 1e6),
                                  .is_fine = true,
                                  .switches = 9 };
}

/* One more process "p", of count bursts in us. */
static struct sched_process *add(bool exits, uint32_t count, const double *us)
{
    uint32_t i = trace.process_count++;
    CHECK(i < PROCESSES && count <= BURSTS);
    struct sched_process *process = pointers[i] = &processes[i];
    *process = (struct sched_process){
        .pid = i + 5, .comm = "p", .prio = 120, .exits = exits, .count = count, .ns = bursts[i]
    };
    for (uint32_t j = 0; j < count; j++) {
        process->ns[j] = (uint64_t)llround(1000 * us[j]);
        process->run_ns += j % 2 == 0 ? process->ns[j] : 0;
    }
    return process;
}

#define ADD(exits, ...)                                                                            \
    add(exits, sizeof(double[]){ __VA_ARGS__ } / sizeof(double), (double[]){ __VA_ARGS__ })

/* The trace as a scenario; fits of at least so many, or none if 0. */
static void import(uint32_t least)
{
    size_t length, warned;
    free(text);
    free(warnings);
    FILE *to = open_memstream(&text, &length), *warn = open_memstream(&warnings, &warned);
    CHECK(to != NULL && warn != NULL);
    struct trace_entries entries = trace_entries_group(&trace, &arena);
    struct import_options options = {
        .path = "t", .name = "n", .fit = least > 0, .least = least, .warnings = warn
    };
    imported_print(to, &trace, &entries, &options, &arena);
    CHECK(fclose(to) == 0 && fclose(warn) == 0);
}

static void expect(const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

static void expect_not(const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "%s in %s", part, text);
}

/* ---- As recorded -------------------------------------------------------------------------- */

START_TEST(all_of_it)
{
    begin(0.12, 2);
    ADD(false, 10, 20.5, 30)->start_ns = 1500;
    ADD(true, 7);
    import(0);
    ck_assert_str_eq(
        text,
        "// Imported from t:\n"
        "// 9 switches of 2 processes on 2 cpus in 0.12 ms.\n"
        "// Machine and scheduler are there to be replaced.  Times are in us.\n"
        "// bursts_us: run, sleep, run, ... of each process.  Who was alive at the end sleeps for "
        "good then.\n"
        "// The run ends when nobody has anything left to do, at duration_ms at the latest.\n"
        "{\n  \"name\": \"n\",\n  \"duration_ms\": 10002, \"until\": \"done\",\n  "
        "\"replications\": 1,\n"
        "  \"machine\": { \"cpu\": \"zen4\", \"cores\": 2 },\n"
        "  \"scheduler\": { \"tori\": \"per_core\", \"policy\": \"fair\", \"balance\": { \"kind\": "
        "\"steal\" } },\n"
        "  \"workload\": [\n"
        "    // pid 5, \"p\", and others like it: priority 120 of the kernel, ran for 0.047 ms in "
        "all\n"
        "    { \"name\": \"p\", \"instances\": 2, \"weight\": 1024, \"priority\": 0, \"start_us\": "
        "[1.5, 0], \"loop\": 1,\n"
        "      \"phases\": [\n"
        "        { \"bursts_us\": [\n"
        "          [10, 20.5, 30, 100000000000],\n"
        "          [7]\n"
        "        ] }\n"
        "      ] }\n"
        "  ]\n"
        "}\n");
}
END_TEST

/* Ten times what all run and the longest path, or the trace, and 10 s: it ends before, when all is
 * done. */
START_TEST(it_lasts_until_all_is_done)
{
    begin(100, 2);
    ADD(false, 40000, 20000, 10000)->start_ns = 9000000;
    import(0);
    expect("\"duration_ms\": 11290, \"until\": \"done\","); /* 10 * (50 + 79) */
    ADD(true, 100000);
    import(0);
    expect("\"duration_ms\": 12500,"); /* 10 * (150 + 100) */
    import(2);
    expect("\"duration_ms\": 111,\n"); /* that are drawn have no end: 110, and what doubles add */
    begin(100, 2);
    ADD(false, 30000, 2000, 40000, 28000); /* it sleeps for good then */
    import(0);
    expect("\"duration_ms\": 11420,");                        /* 10 * (70 + 72) */
    ADD(true, 1000, 2000, 40000, 30000)->start_ns = 27000000; /* but not who exits */
    import(0);
    expect("\"duration_ms\": 12110,"); /* 10 * (111 + 100) */
    begin(100, 2);
    ADD(true, 10);
    import(0);
    expect("\"duration_ms\": 11000,");
}
END_TEST

START_TEST(ends_of_ranges)
{
    begin(100000000, 1024);
    ADD(true, 10);
    import(0);
    expect("\"duration_ms\": 100000000,");
    expect("\"cores\": 1024 }");
    trace.cpus = 1025;
    import(0);
    expect("\"cores\": 1024 }");
}
END_TEST

/* ---- Fits --------------------------------------------------------------------------------- */

/* The first run of who was there and the last of who is on its way are cut off, as is the sleep in
 * which a process ends. */
START_TEST(what_is_whole_is_fitted)
{
    begin(1, 1);
    ADD(false, 25, 20, 30, 40, 28);
    import(1000);
    expect(
        "// 1 run of 30 us in the mean: too few to fit, so their mean\n        { \"run\": 30 },");
    expect("// 2 sleeps of 30 us in the mean: too few to fit, so their mean\n"
           "        { \"sleep\": 30 }\n");
    processes[0].exits = true;
    import(1000);
    expect("// 2 runs of 29 us in the mean");
    processes[0].start_ns = 1;
    import(1000);
    expect("// 3 runs of 27.6667 us in the mean");
    processes[0].exits = false;
    import(1000);
    expect("// 2 runs of 27.5 us in the mean");
    processes[0].sleeps = true; /* for 0 us so far */
    import(1000);
    expect("// 3 runs of 27.6667 us in the mean");
    expect("// 2 sleeps of 30 us in the mean");
    processes[0].sleeps = false;
    processes[0].count = 4; /* it has been woken, and waits */
    import(1000);
    expect("// 2 runs of 27.5 us in the mean");
    expect("// 2 sleeps of 30 us in the mean");
    expect_not("warning");
    expect_not("\"loop\"");
}
END_TEST

/* What is cut off lasts at least that long: it counts where nothing whole of the process does. */
START_TEST(what_is_cut_off_counts_if_it_is_longest)
{
    begin(1, 1);
    ADD(false, 100, 20, 30, 40, 200);
    import(1000);
    expect("// 3 runs of 110 us in the mean");
    processes[0].ns[0] = processes[0].ns[4] = 30000;
    import(1000);
    expect("// 1 run of 30 us in the mean");
    processes[0].sleeps = true;
    processes[0].slept_ns = 40000;
    import(1000);
    expect("// 2 sleeps of 30 us in the mean");
    processes[0].slept_ns = 60000;
    import(1000);
    expect("// 3 sleeps of 40 us in the mean");
    ck_assert_str_eq(warnings, "");
    /* Both runs: that of 0 us says nothing. */
    begin(1, 1);
    ADD(false, 0, 20, 70);
    import(1000);
    expect("// 1 run of 70 us in the mean: too few to fit, so their mean\n"
           "        // warning: the ends of the trace cut all off, so they are too short\n"
           "        { \"run\": 70 },");
    expect("// 1 sleep of 20 us in the mean");
    ck_assert_str_eq(warnings,
                     "t: warning: p, runs: the ends of the trace cut all off, so they are "
                     "too short\n");
    ADD(false, 300);
    import(1000);
    expect("// 2 runs of 185 us in the mean");
    /* A run of less than a ns in the mean. */
    begin(1, 1);
    ADD(true, 0.001, 5, 0, 5, 0, 5, 0)->start_ns = 1;
    import(1000);
    expect("{ \"run\": 0.001 }");
}
END_TEST

/* Where nobody is seen to wake again, nobody does, and who runs all the time does so for ever. */
START_TEST(who_sleeps_to_the_end_does_not_go_round)
{
    static const char warning[] =
        "t: warning: p, sleeps: none comes to its end, so it does not go round "
        "again\n";
    begin(1, 1);
    struct sched_process *sleeper = ADD(false, 10);
    sleeper->start_ns = 400000;
    sleeper->sleeps = true;
    sleeper->slept_ns = 590000;
    import(1000);
    expect("\"loop\": 1,");
    expect("        // warning: none comes to its end, so it does not go round again\n"
           "        // 1 run of 10 us in the mean: too few to fit, so their mean\n"
           "        { \"run\": 10 }\n      ] }");
    ck_assert_str_eq(warnings, warning);
    ADD(false, 1000); /* half of them: they go round */
    import(1000);
    expect_not("\"loop\"");
    expect("// 2 runs of 505 us in the mean");
    expect("// 1 sleep of 590 us in the mean: too few to fit, so their mean\n"
           "        // warning: the ends of the trace cut all off, so they are too short\n"
           "        { \"sleep\": 590 }\n      ] }");
    ADD(true, 10); /* most of them sleep or exit: they do not */
    import(1000);
    expect("\"loop\": 1,");
    expect_not("\"sleep\"");
    ck_assert_str_eq(warnings, warning);
    begin(1, 1);
    ADD(false, 1000);
    import(1000);
    expect_not("\"loop\"");
    expect_not("\"sleep\"");
}
END_TEST

START_TEST(as_many_as_are_asked_for)
{
    begin(1, 1);
    ADD(true, 5, 10, 5, 10, 5, 10, 5)->start_ns = 1;
    import(4);
    expect("// 4 runs of 5 us in the mean: nearly constant\n");
    expect("// 3 sleeps of 10 us in the mean: too few");
    import(5);
    expect("// 4 runs of 5 us in the mean: too few");
    import(1);
    expect("// 3 sleeps of 10 us in the mean: nearly constant\n");
    ck_assert_str_eq(warnings, "");
}
END_TEST

/* Where more than half exit, they go round as often as they ran, rounded. */
START_TEST(rounds_of_who_exits)
{
    begin(1, 1);
    ADD(true, 1, 1, 1);
    ADD(false, 1, 1, 1, 1, 1);
    import(1000);
    expect_not("\"loop\"");
    processes[1].exits = true;
    import(1000);
    expect("\"loop\": 3,"); /* of 2 and 3 */
    ADD(true, 1);
    ADD(false, 1);
    import(1000);
    expect("\"loop\": 2,"); /* of 2, 3, 1 and 1 */
}
END_TEST

/* What took less than a tick of the clock shows as nothing, and is taken for half a tick. */
START_TEST(ticks_of_the_clock)
{
    begin(1, 1);
    ADD(true, 0, 10, 0, 10, 0)->start_ns = 1;
    import(2);
    expect("// 3 runs of 0 us in the mean: nearly constant\n        { \"run\": 0.0005 },");
    trace.is_fine = false;
    import(2);
    expect("// 3 runs of 0 us in the mean: nearly constant\n        { \"run\": 0.5 },");
    expect_not("warning");
}
END_TEST

/* So many bursts: a run of which the median is 100 us and every 50th is of last, a sleep of 10. */
static void add_spread(double last)
{
    double us[BURSTS];
    for (uint32_t i = 0; i < BURSTS; i += 2) {
        us[i] = i % 100 == 0 ? last : 100 * (1 + 0.002 * (i % 97) - 0.1);
        us[i + 1] = 10;
    }
    begin(1000, 1);
    add(true, BURSTS, us)->start_ns = 1;
    import(2);
}

START_TEST(another_load_is_warned_of)
{
    static const char warning[] = "t: warning: p, runs: the fit's mean is 57 % shorter than that "
                                  "recorded\n";
    add_spread(100);
    ck_assert_str_eq(warnings, "");
    expect_not("warning");
    add_spread(8000);
    ck_assert_str_eq(warnings, warning);
    expect("        // warning: the fit's mean is 57 % shorter than that recorded\n");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("imported");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, all_of_it);
    tcase_add_test(tests, it_lasts_until_all_is_done);
    tcase_add_test(tests, ends_of_ranges);
    tcase_add_test(tests, what_is_whole_is_fitted);
    tcase_add_test(tests, what_is_cut_off_counts_if_it_is_longest);
    tcase_add_test(tests, who_sleeps_to_the_end_does_not_go_round);
    tcase_add_test(tests, as_many_as_are_asked_for);
    tcase_add_test(tests, rounds_of_who_exits);
    tcase_add_test(tests, ticks_of_the_clock);
    tcase_add_test(tests, another_load_is_warned_of);
    int status = suite_run("imported", tests);
    free(text);
    free(warnings);
    arena_free(&arena);
    return status;
}
