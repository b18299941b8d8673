/* plot.c -- plots: what stands in the scripts, and that pictures are whole or not there.
 *
 * Goal: long swept values do not fill the picture, axes say in words what was swept, and what fails
 * to be written leaves the picture that was there before.
 * Method: results directories are made by hand, each a summary.json; the scripts are read; a limit
 * on the size of files stands for a full disk.  gnuplot must be there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/input/label.h"
#include "sim/output/plot.h"
#include "tests/support/suite.h"

static struct arena arena;
static char work[64];

static const char *at(const char *name)
{
    return arena_printf(&arena, "%s/%s", work, name);
}

static void set_up(void)
{
    arena = ARENA_EMPTY;
    strcpy(work, "/tmp/braidsim-plot.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(work));
}

static void tear_down(void)
{
    static const char *const names[] = { "summary.json", "overhead.gp",  "overhead.png",
                                         "accounts.gp",  "accounts.png", "latency.gp",
                                         "latency.png" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(at(names[i]));
    ck_assert_msg(rmdir(work) == 0, "something else is left: %s", strerror(errno));
    arena_free(&arena);
}

static const char *file_text(const char *name, size_t *size)
{
    FILE *file = fopen(at(name), "rb");
    ck_assert_msg(file != NULL, "%s: %s", name, strerror(errno));
    char *text = arena_alloc(&arena, 1 << 20, 1);
    *size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* A summary of points that are equal but for what was swept. */
static void write_summary(const char *parameters, const char *const *sweeps, size_t count)
{
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", %s \"points\": [", parameters);
    for (size_t i = 0; i < count; i++)
        fprintf(file,
                "%s{ \"variant\": \"tori\", %s, \"metrics\": {"
                " \"sched_overhead_percent\": { \"mean\": 1.5, \"ci95\": 0.1 },"
                " \"account_user_percent\": { \"mean\": 98 },"
                " \"wakeup_latency_us_max\": { \"mean\": 70 } } }",
                i > 0 ? ", " : "", sweeps[i]);
    fprintf(file, "] }\n");
    fclose(file);
}

static bool plot(struct error *err)
{
    const struct plot_options options = { .format = "png" };
    const char *const directories[] = { work };
    return plot_directories(directories, 1, &options, err);
}

static const char *const objects[] = {
    "\"sweep\": { \"/scheduler/balance\": { \"kind\": \"none\" } },"
    " \"labels\": { \"/scheduler/balance\": \"{kind:none}\" }",
    "\"sweep\": { \"/scheduler/balance\": { \"kind\": \"threshold\",\n \"threshold\": 1000,\n"
    " \"interval_ms\": 20 } }, \"labels\": { \"/scheduler/balance\": \"{kind:thres...val_ms:20}\" "
    "}",
};
static const char balance[] = "\"parameters\": { \"/scheduler/balance\": \"balance\" },";

START_TEST(objects_are_called_by_their_labels)
{
    struct error err;
    size_t size;
    write_summary(balance, objects, 2);
    ck_assert_msg(plot(&err), "%s: %s", err.place, err.message);
    const char *script = file_text("accounts.gp", &size);
    ck_assert_ptr_nonnull(
        strstr(script, "\"2  tori, balance {kind:thres...val_ms:20}\" at screen"));
    ck_assert_ptr_nonnull(strstr(script, "\n\"2\" ")); /* at the bar */
    ck_assert_ptr_null(strstr(script, "interval_ms"));
}
END_TEST

START_TEST(an_axis_says_what_was_swept)
{
    static const char *const numbers[] = { "\"sweep\": { \"/workload/0/instances\": 1 }",
                                           "\"sweep\": { \"/workload/0/instances\": 2 }" };
    struct error err;
    size_t size;
    write_summary("\"parameters\": { \"/workload/0/instances\": \"instances of hog\" },", numbers,
                  2);
    ck_assert_msg(plot(&err), "%s: %s", err.place, err.message);
    ck_assert_ptr_nonnull(
        strstr(file_text("overhead.gp", &size), "set xlabel \"instances of hog\""));
    ck_assert_ptr_nonnull(strstr(file_text("accounts.gp", &size), "by \".\"instances of hog\""));
    write_summary("", numbers, 2); /* of an older version */
    ck_assert_msg(plot(&err), "%s: %s", err.place, err.message);
    ck_assert_ptr_nonnull(strstr(file_text("overhead.gp", &size), "set xlabel \"instances\""));
}
END_TEST

/* Scripts and small pictures fit, then the first picture does not. */
START_TEST(a_picture_is_whole_or_not_there)
{
    struct error err = { "", "" };
    struct rlimit before, limit;
    size_t size, script_size, again;
    write_summary(balance, objects, 2);
    ck_assert(plot(&err));
    const char *old = file_text("overhead.png", &size);
    file_text("overhead.gp", &script_size);
    ck_assert_uint_gt(size, script_size);
    ck_assert(memcmp(old, "\x89PNG", 4) == 0 && memcmp(old + size - 8, "IEND", 4) == 0);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = (script_size + size) / 2;
    for (int fresh = 0; fresh < 2; fresh++) {
        setrlimit(RLIMIT_FSIZE, &limit);
        bool fine = plot(&err);
        setrlimit(RLIMIT_FSIZE, &before);
        ck_assert(!fine);
        ck_assert_str_eq(err.place, at("overhead.png"));
        ck_assert_ptr_nonnull(strstr(err.message, strerror(EFBIG)));
        if (fresh == 1) {
            ck_assert_int_ne(access(at("overhead.png"), F_OK), 0);
            break;
        }
        ck_assert(memcmp(file_text("overhead.png", &again), old, size) == 0 && again == size);
        unlink(at("overhead.png"));
    }
}
END_TEST

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
    };
    static const char text[] =
        "[1, \"rr\", {\"kind\": \"none\"}, {\"kind\": \"threshold\",\n \"threshold\": 5, \"b\": "
        "[1]},"
        " {\"a\": \"xxxxxxxxxxxxxx1xxxxxxxxxxxxxxx\"}, {\"a\": \"xxxxxxxxxxxxxx2xxxxxxxxxxxxxxx\"},"
        " [1], [\"1\"], \"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
        "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\"]";
    struct json_source source;
    struct error err;
    ck_assert(json_parse(&source, "s", text, sizeof text - 1, &arena, &err));
    for (int i = 0; i < 9; i++)
        ck_assert_str_eq(label_of(source.root, i, &arena), labels[i]);
    json_source_free(&source);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("plot");
    signal(SIGXFSZ, SIG_IGN);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, objects_are_called_by_their_labels);
    tcase_add_test(tests, an_axis_says_what_was_swept);
    tcase_add_test(tests, a_picture_is_whole_or_not_there);
    tcase_add_test(tests, labels_are_short_and_differ);
    return suite_run("plot", tests);
}
