/* label.c -- tests sim/input/label.h, and what rows of tables are called.
 *
 * Goal: whatever was swept has a short name of its own.  Method: values of all kinds, of which some
 * differ only where a label leaves out; pointers that differ in the end or before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/label.h"

#include <string.h>

#include "sim/output/results.h"
#include "tests/support/suite.h"

START_TEST(labels_are_short_and_differ)
{
    static const char *const labels[] = {
        "1",
        "\"rr\"",
        "{kind:none}",
        "{kind:thres...d:5,b:[1]}",
        "{a:xxxxxxxx...xxxxxxxxx} #5",
        "{a:xxxxxxxx...xxxxxxxxx} #6",
        "[1]",
        "[1] #8",
        ("\"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4...\u00e4\u00e4\u00e4\u00e4"
         "\u00e4\u00e4\u00e4\u00e4\u00e4\""),
        "hog",
        "short+long",
        "[{name:short},{}]",
    };
    static const char text[] =
        "[1, \"rr\", {\"kind\": \"none\"}, {\"kind\": \"threshold\",\n \"threshold\": 5, \"b\": "
        "[1]},"
        " {\"a\": \"xxxxxxxxxxxxxx1xxxxxxxxxxxxxxx\"}, {\"a\": \"xxxxxxxxxxxxxx2xxxxxxxxxxxxxxx\"},"
        " [1], [\"1\"], \"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
        "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\","
        " {\"name\": \"hog\", \"weight\": 1}, [{\"name\": \"short\"}, {\"name\": \"long\"}],"
        " [{\"name\": \"short\"}, {}]]";
    struct arena arena = ARENA_EMPTY;
    struct json_source source;
    struct error err;
    ck_assert(json_parse(&source, "s", text, sizeof text - 1, &arena, &err));
    for (int i = 0; i < 12; i++)
        ck_assert_str_eq(label_of(source.root, i, &arena), labels[i]);
    json_source_free(&source);
    arena_free(&arena);
}
END_TEST

/* A row says what was swept as shortly as it can. */
START_TEST(a_row_names_what_was_swept)
{
    static const char *const names[][2] = { { "/machine/cores", "cores" },
                                            { "/workload/0/instances", "workload/0/instances" },
                                            { "/workload/1/instances", "workload/1/instances" },
                                            { "/workload/0/phases/0", "phases/0" },
                                            { "/seed", "seed" },
                                            { "/a/seed", "a/seed" } };
    enum { COUNT = sizeof names / sizeof names[0] };
    struct arena arena = ARENA_EMPTY;
    struct sweep_value values[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        values[i] = (struct sweep_value){ .pointer = names[i][0], .label = "4" };
    struct point point = { .variant = "tori", .sweep = values, .sweep_count = COUNT };
    for (uint32_t i = 0; i < COUNT; i++)
        ck_assert_str_eq(results_sweep_title(&point, i),
                         strcmp(names[i][0], "/seed") == 0 ? "/seed" : names[i][1]);
    point.sweep_count = 1;
    ck_assert_str_eq(results_point_title(&point, &arena), "tori, cores = 4");
    arena_free(&arena);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("label");
    tcase_add_test(tests, labels_are_short_and_differ);
    tcase_add_test(tests, a_row_names_what_was_swept);
    return suite_run("label", tests);
}
