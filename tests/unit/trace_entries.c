/* trace_entries.c -- processes of a trace become entries of a workload.
 *
 * Goal: who is alike is together, under a name that is allowed and its own; weights and priorities
 * keep the kernel's order; where there are too many, those that run least lose their names.
 * Method: traces made of names, priorities and bursts, beside the entries that they must become.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/trace_entries.h"

#include <stdio.h>
#include <string.h>

#include "sim/input/json.h"
#include "tests/support/suite.h"
#include "workloads/workload.h"

enum { PROCESSES_MAX = 600 };

static struct arena arena;
static struct sched_process processes[PROCESSES_MAX], *pointers[PROCESSES_MAX];
static uint64_t bursts[] = { 1000, 2500, 3000, 4000 };

static void set(uint32_t i, const char *comm, int prio, uint64_t run_ns)
{
    pointers[i] = &processes[i];
    processes[i] = (struct sched_process){
        .pid = i + 1, .comm = comm, .prio = prio, .run_ns = run_ns, .count = 1, .ns = bursts
    };
}

static struct trace_entries group(uint32_t count)
{
    struct sched_trace trace = { .process_count = count, .processes = pointers };
    return trace_entries_group(&trace, &arena);
}

/* ---- Names -------------------------------------------------------------------------------- */

static const struct naming {
    const char *comm;
    int prio;
    const char *name; /* NULL: it goes with the one before */
} namings[] = {
    { "hog/3", 120, "hog" },
    { "hog/17", 120, NULL },
    { "hog/u", 120, "hog_u" },
    { "kworker/u8:1-events", 120, "kworker" },
    { "kworker/0:2", 100, "kworker-nice-20" },
    { "/7", 120, "_7" },
    { "a/b/3", 120, "a_b" },
    { "a b\xff", 120, "a_b_" },
    { "a.b_", 120, NULL },
    { "", 120, "unnamed" },
    { "rt", 139, "rt" },
    { "rt", 99, "rt-rt0" },
    { "rt", 0, "rt-rt99" },
    { "rt", 98, "rt-rt1" },
    { "rt", -1, "rt-rt100" },
    { "rt", 120, "rt-nice0" },
    { "rt-nice0", 120, "rt-nice0-nice0" },
    { "x-nice5", 120, "x-nice5" },
    { "x", 120, "x" },
    { "x", 125, "x-2" },
    { "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 120,
      "abcdefghijklmnopqrstuvwxyzABCD" },
};

enum { NAMINGS = sizeof namings / sizeof namings[0] };

START_TEST(names_are_allowed_and_their_own)
{
    uint32_t named = 0;
    for (uint32_t i = 0; i < NAMINGS; i++)
        set(i, namings[i].comm, namings[i].prio, 1000);
    struct trace_entries all = group(NAMINGS);
    for (uint32_t i = 0; i < NAMINGS; i++) {
        if (namings[i].name == NULL) {
            ck_assert_uint_eq(all.entries[named - 1].count, 2);
            ck_assert_ptr_eq(all.entries[named - 1].processes[1], &processes[i]);
            continue;
        }
        ck_assert_uint_lt(named, all.count);
        ck_assert_str_eq(all.entries[named].name, namings[i].name);
        ck_assert_int_eq(all.entries[named].prio, namings[i].prio);
        ck_assert_ptr_eq(all.entries[named].processes[0], &processes[i]);
        named++;
    }
    ck_assert_uint_eq(all.count, named);
}
END_TEST

/* As many as there may be stay apart; one more, and all but the first KEPT by time are together. */
START_TEST(too_many_go_together)
{
    static char names[PROCESSES_MAX][16];
    for (uint32_t i = 0; i <= WORKLOAD_MAX; i++) {
        snprintf(names[i], sizeof names[i], "p%u", i);
        set(i, names[i], 120, 1000 + i);
    }
    struct trace_entries all = group(WORKLOAD_MAX);
    ck_assert_uint_eq(all.count, WORKLOAD_MAX);
    all = group(WORKLOAD_MAX + 1);
    uint32_t kept = WORKLOAD_MAX - 141; /* priorities from -1 to 139 */
    ck_assert_uint_eq(all.count, kept + 1);
    ck_assert_str_eq(all.entries[0].name, "others");
    ck_assert_uint_eq(all.entries[0].count, WORKLOAD_MAX + 1 - kept);
    ck_assert_ptr_eq(all.entries[1].processes[0], &processes[WORKLOAD_MAX + 1 - kept]);
    /* What counts is what an entry's processes run together. */
    set(0, "both/1", 120, 700);
    set(1, "both/2", 120, 700);
    set(WORKLOAD_MAX + 1, "one more", 120, 1);
    all = group(WORKLOAD_MAX + 2);
    ck_assert_uint_eq(all.count, kept + 1);
    ck_assert_str_eq(all.entries[0].name, "both");
}
END_TEST

/* ---- Numbers ------------------------------------------------------------------------------ */

START_TEST(ranks_keep_the_order)
{
    static const struct {
        int prio, priority;
        uint32_t weight;
    } cases[] = {
        { 139, -19, 15 }, { 120, 0, 1024 }, { 100, 20, 88761 }, { 99, 21, 1024 },
        { 98, 21, 1024 }, { 95, 22, 1024 }, { 96, 21, 1024 },   { 0, 63, 1024 },
        { 1, 63, 1024 },  { 2, 62, 1024 },  { -1, 63, 1024 },   { 49, 42, 1024 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trace_entry entry = { .prio = cases[i].prio };
        ck_assert_msg(trace_entry_priority(&entry) == cases[i].priority, "%d: priority %d",
                      cases[i].prio, trace_entry_priority(&entry));
        ck_assert_msg(trace_entry_weight(&entry) == cases[i].weight, "%d: weight %u", cases[i].prio,
                      trace_entry_weight(&entry));
    }
    for (int prio = 139; prio > -1; prio--) {
        struct trace_entry lower = { .prio = prio }, higher = { .prio = prio - 1 };
        ck_assert_int_le(trace_entry_priority(&lower), trace_entry_priority(&higher));
    }
}
END_TEST

/* A last sleep is for good, as is what follows a last run; who exits does neither. */
START_TEST(bursts_end)
{
    static const char *const expected[] = { "[1,100000000000]", "[1,100000000000]",
                                            "[1,2.5,3,100000000000]", "[1,2.5,3,100000000000]" };
    static const char *const exiting[] = { "[1]", "[1,2.5]", "[1,2.5,3]", "[1,2.5,3,4]" };
    for (uint32_t count = 1; count <= 4; count++)
        for (int exits = 0; exits < 2; exits++) {
            struct sched_process process = { .count = count, .ns = bursts, .exits = exits };
            cJSON *json = trace_process_bursts(&process);
            ck_assert_str_eq(json_print_line(json, &arena),
                             exits ? exiting[count - 1] : expected[count - 1]);
            cJSON_Delete(json);
        }
    set(0, "a", 120, 1000);
    processes[0].start_ns = 1500;
    processes[0].exits = true;
    struct trace_entries all = group(1);
    cJSON *json = trace_entry_json(&all.entries[0]);
    ck_assert_str_eq(json_print_line(json, &arena),
                     "{\"name\":\"a\",\"instances\":1,\"weight\":1024,\"priority\":0,"
                     "\"start_us\":[1.5],\"loop\":1,\"phases\":[{\"bursts_us\":[[1]]}]}");
    cJSON_Delete(json);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("trace_entries");
    tcase_add_test(tests, names_are_allowed_and_their_own);
    tcase_add_test(tests, too_many_go_together);
    tcase_add_test(tests, ranks_keep_the_order);
    tcase_add_test(tests, bursts_end);
    int status = suite_run("trace_entries", tests);
    arena_free(&arena);
    return status;
}
