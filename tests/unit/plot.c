/* plot.c -- plots: what stands in the scripts, and that pictures are whole or not there.
 *
 * Goal: long swept values do not fill the picture, hundreds of bars have labels that do not run
 * into each other, axes say in words what was swept, a terminal shows which account is which, and
 * what fails to be written leaves the picture that was there before.
 * Method: results directories are made by hand, each a summary.json; the scripts are read; a limit
 * on the size of files stands for a full disk.  gnuplot must be there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/output/rows.h"
#include "tests/support/drawing.h"
#include "tests/support/suite.h"

/* A summary of points that are equal but for what was swept. */
static void write_metrics(const char *parameters, const char *const *sweeps, size_t count,
                          const char *metrics)
{
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", %s \"points\": [", parameters);
    for (size_t i = 0; i < count; i++)
        fprintf(file,
                "%s{ \"variant\": \"tori\", %s, \"metrics\": {"
                " \"sched_overhead_percent\": { \"mean\": 1.5, \"ci95\": 0.1 }, %s,"
                " \"wakeup_latency_us_max\": { \"mean\": 70 } } }",
                i > 0 ? ", " : "", sweeps[i], metrics);
    fprintf(file, "] }\n");
    fclose(file);
}

static void write_summary(const char *parameters, const char *const *sweeps, size_t count)
{
    write_metrics(parameters, sweeps, count, "\"account_user_percent\": { \"mean\": 98 }");
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
    ck_assert_ptr_nonnull(strstr(script, "set label 2 \"2\" at first 1, ")); /* at the bar */
    ck_assert_ptr_null(strstr(script, "interval_ms"));
}
END_TEST

/* Two variants under two named workloads: the two of one workload stand together, each in its
 * colour, with its name below. */
START_TEST(variants_stand_together_under_what_was_swept)
{
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", \"points\": [");
    for (int i = 0; i < 4; i++)
        fprintf(file,
                "%s{ \"variant\": \"%s\", \"sweep\": { \"/workload\": [] },"
                " \"labels\": { \"/workload\": \"%s\" },"
                " \"metrics\": { \"wasted_percent\": { \"mean\": %d } } }",
                i > 0 ? ", " : "", i < 2 ? "steal" : "braid", i % 2 == 0 ? "bursts" : "mixed",
                i + 1);
    fprintf(file, "] }\n");
    fclose(file);
    const struct plot_options options = { .format = "svg", .metric = "wasted_percent" };
    const char *const directories[] = { work };
    struct error err;
    size_t size;
    ck_assert_msg(plot_directories(directories, 1, &options, &err), "%s", err.message);
    const char *script = file_text("wasted_percent.gp", &size);
    unlink(at("wasted_percent.gp"));
    unlink(at("wasted_percent.svg"));
    ck_assert_ptr_nonnull(strstr(script, "(\"steal\" 0, \"braid\" 1, \"steal\" 3, \"braid\" 4)"));
    ck_assert_ptr_nonnull(strstr(script, "set label 1 \"bursts\" at first 0.5, "));
    ck_assert_ptr_nonnull(strstr(script, "set label 2 \"mixed\" at first 3.5, "));
    ck_assert_ptr_nonnull(strstr(script, "\n0 1 0 0x0072B2\n1 3 0 0xD55E00\n3 2 0 0x0072B2\n"));
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
    write_summary("\"parameters\": { \"/workload/0/instances\": "
                  "\"arrivals rate_per_s of requests_1\" },",
                  numbers, 2);
    ck_assert_msg(plot(&err), "%s: %s", err.place, err.message);
    ck_assert_ptr_nonnull(
        strstr(file_text("overhead.gp", &size), "set xlabel \"arrivals rate of requests_1, 1/s\""));
    write_summary("", numbers, 2); /* of an older version */
    ck_assert_msg(plot(&err), "%s: %s", err.place, err.message);
    ck_assert_ptr_nonnull(strstr(file_text("overhead.gp", &size), "set xlabel \"instances\""));
}
END_TEST

/* The script of a plot over two values of something swept, of which the metric is so much. */
static const char *script_over(const char *one, const char *other, const char *metric)
{
    const char *const sweeps[] = { arena_printf(&arena, "\"sweep\": { \"/a/b\": %s }", one),
                                   arena_printf(&arena, "\"sweep\": { \"/a/b\": %s }", other) };
    const char *metrics = arena_printf(
        &arena,
        "\"account_user_percent\": { \"mean\": 98 }, \"throughput_per_s\": { \"mean\": %s }",
        metric);
    const struct plot_options options = { .format = "svg", .metric = "throughput_per_s" };
    const char *const directories[] = { work };
    struct error err;
    size_t size;
    write_metrics("", sweeps, 2, metrics);
    ck_assert_msg(plot_directories(directories, 1, &options, &err), "%s: %s", err.place,
                  err.message);
    const char *script = file_text("throughput_per_s.gp", &size);
    unlink(at("throughput_per_s.gp"));
    unlink(at("throughput_per_s.svg"));
    return script;
}

START_TEST(ticks_are_where_values_are)
{
    const char *script = script_over("1", "2", "30");
    ck_assert_ptr_nonnull(strstr(script, "set xtics (\"0\" 0)\nset xtics add (\"1\" 1)\n"
                                         "set xtics add (\"2\" 2)\n"));
    ck_assert_ptr_null(strstr(script, "(\"0.5\""));
    ck_assert_ptr_null(strstr(script, "(\"3\""));
    ck_assert_ptr_null(strstr(script, "ytics (")); /* gnuplot's own */
    script = script_over("1", "2.5", "2000000");
    ck_assert_ptr_nonnull(strstr(script, "(\"0.5\" 0.5)"));
    ck_assert_ptr_nonnull(strstr(script, "set ytics add (\"2 000 000\" 2000000)"));
    script = script_over("10", "1000000", "30");
    ck_assert_ptr_nonnull(strstr(script, "set xtics (\"10\" 10)\n"
                                         "set xtics add (\"1 000 000\" 1000000)\n"));
    ck_assert_ptr_nonnull(strstr(script, "set format x \"10^%T\""));
    ck_assert_ptr_nonnull(strstr(script_over("-4", "4", "30"), "set xtics (\"-4\" -4)\n"));
}
END_TEST

/* What a script says of its bars. */
/* Each label has ten pixels for each of its characters, or is slanted. */
START_TEST(labels_of_hundreds_keep_their_distance)
{
    static const size_t counts[] = { 1, 2, 12, 50, 120, 400 };
    const size_t count = counts[_i];
    const char **sweeps = arena_alloc(&arena, count, sizeof *sweeps);
    struct error err;
    size_t size, labels = 0;
    for (size_t i = 0; i < count; i++)
        sweeps[i] = arena_printf(&arena, "\"sweep\": { \"/machine/cores\": %zu }", 100000 + i);
    write_summary("", sweeps, count);
    ck_assert_msg(plot(&err), "%s: %s", err.place, err.message);
    const char *script = file_text("accounts.gp", &size);
    double width = number_after(script, "pngcairo size ");
    double bars =
        number_after(script, "rmargin at screen ") - number_after(script, "lmargin at screen ");
    double axis = number_after(script, "set xrange [-0.7:") + 0.7;
    const char *axis_labels = strstr(script, "set xtics nomirror scale 0 ");
    double room = strstr(axis_labels, " norotate (") != NULL ? 10 * strlen("100000") : 28;
    ck_assert_double_le(width, 2400);
    const char *at = strchr(axis_labels, '(') + 1;
    for (double last = -INFINITY; *at != ')' && *at != '\n'; labels++) {
        double where = strtod(strchr(at + 1, '"') + 1, (char **)(uintptr_t)&at);
        ck_assert_double_ge((where - last) * width * bars / axis, room);
        last = where;
        at += strspn(at, ", ");
    }
    ck_assert_uint_ge(labels, count < 15 ? count : 10);
    ck_assert_uint_le(labels, count);
}
END_TEST

/* ---- Lines, maps, laws and distributions -------------------------------------------------- */

static void refused(struct plot_options options, const char *place, const char *why)
{
    const char *const directories[] = { work };
    struct error err = { "", "" };
    options.format = "svg";
    ck_assert(!plot_directories(directories, 1, &options, &err));
    ck_assert_str_eq(err.place, place);
    ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
}

/* Two variants over x = 1, 10, 100 and z = 1, 2: throughput 100 x^.5 of one, 50 of the other. */
static void write_grid(const char *more)
{
    static const char *const variants[] = { "grows", "flat" };
    static const double x[] = { 1, 10, 100 };
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", %s \"points\": [", more);
    for (int i = 0; i < 12; i++) {
        double value = i < 6 ? 100 * sqrt(x[i / 2 % 3]) : 50;
        fprintf(file,
                "%s{ \"variant\": \"%s\", \"sweep\": { \"/machine/cores\": %g, \"/z\": %d }, "
                "\"metrics\": { \"throughput_per_s\": { \"mean\": %.17g, \"ci95\": 5 } } }",
                i > 0 ? ", " : "", variants[i / 6], x[i / 2 % 3], 1 + i % 2, value);
    }
    fprintf(file, "] }\n");
    fclose(file);
}

/* Where a label stands, in pixels from below. */
static double label_at(const char *script, const char *text)
{
    double height = 0;
    const char *size = strstr(script, "size ");
    const char *label = strstr(script, arena_printf(&arena, "\"%s\" at screen ", text));
    ck_assert_msg(label != NULL, "no label %s", text);
    ck_assert_int_eq(sscanf(size, "size %*d, %lf", &height), 1);
    return height * strtod(strstr(label + strlen(text) + 2, ", ") + strlen(", screen "), NULL);
}

START_TEST(lines_are_labelled_at_their_ends)
{
    write_grid("");
    const char *script =
        drawn((struct plot_options){ .metric = "throughput_per_s" }, "throughput_per_s");
    ck_assert_ptr_nonnull(strstr(script, "using 1:3:4 with filledcurves"));
    ck_assert_ptr_nonnull(strstr(script, "\n100 1000 995 1005\n"));
    ck_assert_ptr_null(strstr(script, "set key at"));
    /* Four lines, of which pairs end at equal heights. */
    double first = label_at(script, "grows, z 1"), second = label_at(script, "grows, z 2");
    double third = label_at(script, "flat, z 1"), fourth = label_at(script, "flat, z 2");
    ck_assert_double_ge(first - second, 19);
    ck_assert_double_ge(second - third, 300); /* 1000 and 50 */
    ck_assert_double_ge(third - fourth, 19);
    script = drawn((struct plot_options){ .metric = "throughput_per_s", .exponent = true },
                   "throughput_per_s");
    ck_assert_ptr_nonnull(strstr(script, "\"slope 0.50 +- 0.00\""));
    ck_assert_ptr_nonnull(strstr(script, "\"slope 0.00 +- 0.00\""));
    ck_assert_ptr_nonnull(strstr(script, "set logscale y"));
}
END_TEST

START_TEST(panels_are_of_what_is_asked)
{
    write_grid("");
    const char *script = drawn((struct plot_options){ .metric = "throughput_per_s", .facet = "/z" },
                               "throughput_per_s");
    ck_assert_ptr_nonnull(strstr(script, "set label 3 \"z 1\""));
    ck_assert_ptr_nonnull(strstr(script, "set label 3 \"z 2\""));
    ck_assert_ptr_nonnull(strstr(script, "\"flat\" at screen")); /* the legend */
    double sample = number_after(script, "set arrow 1 from screen ");
    sample = number_after(strstr(script, "set arrow 1 from screen "), " to screen ") - sample;
    ck_assert_double_ge(sample * number_after(script, "set terminal svg size "), 40); /* dashes */
    const char *y_title = strstr(script, "\"throughput_per_s, 1/s\"");
    ck_assert_ptr_nonnull(strstr(y_title, " center rotate\n"));
    ck_assert_ptr_null(strstr(y_title + 2, "throughput_per_s")); /* once beside all */
    script = drawn((struct plot_options){ .metric = "throughput_per_s", .facet = "variant" },
                   "throughput_per_s");
    ck_assert_ptr_nonnull(strstr(script, "set label 3 \"grows\""));
    ck_assert_ptr_nonnull(strstr(script, "\"z 2\" at screen"));
}
END_TEST

/* A directory without variants and swept values is called by its own name alone. */
START_TEST(names_of_directories_end_without_commas)
{
    static const char text[] = "{ \"name\": \"s\", \"points\": [ { \"variant\": null, \"sweep\": "
                               "{}, \"metrics\": {} } ] }";
    const char *const directories[] = { work, work };
    struct summary summary = { 0 };
    struct error err;
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_gt(fputs(text, file), 0);
    fclose(file);
    ck_assert_msg(summary_read(&summary, directories, 2, &(struct summary_axes){ 0 }, &arena, &err),
                  "%s", err.message);
    ck_assert_uint_eq(summary.point_count, 2);
    ck_assert_str_ne(summary.points[1].title, "");
    ck_assert_ptr_null(strchr(summary.points[1].title, ','));
    summary_free(&summary);
}
END_TEST

/* Beside a single row of panels, which it is longer than, and below the subtitle. */
START_TEST(a_long_title_is_whole)
{
    static const char *const sweeps[] = { "\"sweep\": { \"/n\": 1, \"/z\": 1 }",
                                          "\"sweep\": { \"/n\": 2, \"/z\": 1 }",
                                          "\"sweep\": { \"/n\": 1, \"/z\": 2 }",
                                          "\"sweep\": { \"/n\": 2, \"/z\": 2 }" };
    static const char title[] = "overhead: % of all time that is not idle";
    write_summary("", sweeps, 4);
    const char *script = drawn((struct plot_options){ .facet = "/z" }, "overhead");
    const char *size = strstr(script, "set terminal svg size ");
    double height = number_after(size, ",");
    double middle = height * (1 - number_after(strstr(script, title), ", "));
    double half = 8.6 * (double)strlen(title) / 2; /* as measured in a picture */
    ck_assert_double_ge(middle - half, 60);
    ck_assert_double_le(middle + half, height);
}
END_TEST

/* A logarithmic axis has no 0. */
START_TEST(a_panel_of_zeros_says_so)
{
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", \"points\": [");
    for (int i = 0; i < 4; i++)
        fprintf(file,
                "%s{ \"variant\": \"%s\", \"sweep\": { \"/n\": %d }, "
                "\"metrics\": { \"throughput_per_s\": { \"mean\": %d, \"ci95\": 0 } } }",
                i > 0 ? ", " : "", i < 2 ? "some" : "none", 1 + i % 2, i < 2 ? 5 : 0);
    fprintf(file, "] }\n");
    fclose(file);
    struct plot_options options = { .metric = "throughput_per_s", .facet = "variant" };
    ck_assert_ptr_null(strstr(drawn(options, "throughput_per_s"), "nothing above 0"));
    options.log_y = true;
    const char *said = strstr(drawn(options, "throughput_per_s"), "nothing above 0");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "nothing above 0")); /* once */
}
END_TEST

/* So that it is drawn as it is. */
START_TEST(a_map_of_zeros_is_linear)
{
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", \"points\": [");
    for (int i = 0; i < 4; i++)
        fprintf(file,
                "%s{ \"sweep\": { \"/n\": %d, \"/z\": %d }, \"metrics\": { "
                "\"throughput_per_s\": { \"mean\": 0 }, \"jain\": { \"mean\": %d } } }",
                i > 0 ? ", " : "", i % 2, i / 2, i);
    fprintf(file, "] }\n");
    fclose(file);
    struct plot_options options = { .metric = "throughput_per_s", .y = "/z", .log_y = true };
    const char *script = drawn(options, "throughput_per_s-map");
    ck_assert_ptr_null(strstr(script, "set logscale cb"));
    ck_assert_ptr_nonnull(strstr(script, "$m0 << EOD\n0 0 0 0x"));
    ck_assert_ptr_nonnull(strstr(script, "\n1 1 0 0x"));
    options.metric = "jain"; /* 0 at one point alone */
    script = drawn(options, "jain-map");
    ck_assert_ptr_nonnull(strstr(script, "set logscale cb"));
    ck_assert_ptr_nonnull(strstr(script, "$m0 << EOD\n1 0 1 0x"));
}
END_TEST

START_TEST(a_map_has_a_cell_for_each_point)
{
    write_grid("");
    const char *script = drawn((struct plot_options){ .metric = "throughput_per_s", .y = "/z" },
                               "throughput_per_s-map");
    ck_assert_ptr_nonnull(strstr(script, "set label 3 \"grows\""));
    ck_assert_ptr_nonnull(
        strstr(script, "$m0 << EOD\n0 0 100 0xFFFFFF 100\n0 1 100 0xFFFFFF 100\n"));
    ck_assert_ptr_nonnull(strstr(script, "\n2 1 1000 0x000000 1000\nEOD"));
    double bar = number_after(script, "set colorbox user origin screen ");
    double width = number_after(script, "set terminal svg size ");
    ck_assert_double_gt(width * (1 - bar), 15 + 90); /* the bar, and nine digits beside it */
    ck_assert_ptr_nonnull(strstr(script, "set xtics add (\"100\" 2)"));
}
END_TEST

START_TEST(a_law_is_drawn_through_its_points)
{
    static const char law[] =
        "\"scaling\": [ { \"variant\": \"grows\", \"sweep\": { \"/z\": 1 }, \"points\": [0, 2, 4], "
        "\"first_cores\": 1, \"first_throughput_per_s\": 100, \"sigma\": 0.1, \"kappa\": 0.001, "
        "\"peak_cores\": 30, \"greatest_miss\": 0.3, \"verdict\": \"%s\" } ],";
    write_grid(arena_printf(&arena, law, "fits"));
    const char *script = drawn((struct plot_options){ .scaling = true }, "scaling");
    ck_assert_ptr_nonnull(strstr(script, "\"sigma 0.1, kappa 0.001, by the law best at 30\""));
    ck_assert_ptr_nonnull(strstr(script, "\"ideal: linear\""));
    ck_assert_ptr_nonnull(strstr(script, "\n100 10000 NaN NaN\nEOD"));       /* ideal */
    ck_assert_ptr_nonnull(strstr(script, "\n100 480.7692308 NaN NaN\nEOD")); /* 10^4 / 20.8 */
    write_grid(arena_printf(&arena, law, "collapse"));
    script = drawn((struct plot_options){ .scaling = true }, "scaling");
    ck_assert_ptr_nonnull(strstr(script, "\"collapse: the law is off by up to 30 %\""));
}
END_TEST

START_TEST(a_distribution_is_the_share_above)
{
    write_grid("");
    FILE *file = fopen(at("latency.csv"), "w");
    fprintf(file, "point,metric,upper_us,count\n");
    for (int p = 0; p < 12; p++)
        fprintf(file,
                "%d,wait_us,10,90\n%d,wait_us,1000,9\n%d,wait_us,50000,1\n"
                "%d,response_us,7,1\n",
                p, p, p, p);
    fclose(file);
    const char *script =
        drawn((struct plot_options){ .ccdf = "wait_us", .facet = "/z" }, "wait_us-ccdf");
    ck_assert_ptr_nonnull(strstr(script, "\n10 0.1 NaN NaN\n1000 0.01 NaN NaN\n50000 1e-12 "));
    ck_assert_ptr_nonnull(strstr(script, "(\"1 %%\" 0.01)")); /* a tic is a format */
    ck_assert_ptr_nonnull(strstr(script, "with steps"));
    for (int panel = 0; panel < 2; panel++) /* one legend for all */
        ck_assert_ptr_nonnull(strstr(script, arena_printf(&arena,
                                                          "$p%d_0 using 1:2 with steps linewidth 2 "
                                                          "dashtype 1 linecolor \"#0072B2\"",
                                                          panel)));
    refused((struct plot_options){ .ccdf = "wakeup_latency_us" }, "--ccdf", "undefined");
    refused((struct plot_options){ .ccdf = "jain" }, "--ccdf", "there are wakeup_latency_us, wait");
    unlink(at("latency.csv"));
    refused((struct plot_options){ .ccdf = "wait_us" }, at("latency.csv"), "cannot be read");
}
END_TEST

/* A line that goes down to 0, below a logarithmic axis, is labelled where it leaves the panel. */
START_TEST(labels_lead_into_the_panel)
{
    write_summary(balance, objects, 2);
    FILE *file = fopen(at("latency.csv"), "w");
    fprintf(file, "point,metric,upper_us,count\n");
    for (int p = 0; p < 2; p++)
        fprintf(file, "%d,wait_us,10,90\n%d,wait_us,%d,10\n", p, p, 500 * (p + 1));
    fclose(file);
    const char *script = drawn((struct plot_options){ .ccdf = "wait_us" }, "wait_us-ccdf");
    double lowest = number_after(script, "set yrange [");
    ck_assert_double_gt(lowest, 0);
    ck_assert_double_eq(number_after(script, "set arrow 1 from first 500, first "), lowest);
    ck_assert_double_eq(number_after(script, "set arrow 2 from first 1000, first "), lowest);
    unlink(at("latency.csv"));
}
END_TEST

/* Values from 1 to 1 000 000: decades are marked in figures, and divided. */
START_TEST(decades_are_marked)
{
    FILE *file = fopen(at("summary.json"), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{ \"name\": \"s\", \"points\": [");
    for (int i = 1; i <= 2; i++)
        fprintf(file,
                "%s{ \"sweep\": { \"/z\": %d }, \"metrics\": { \"jain\": { \"mean\": %g } } }",
                i > 1 ? ", " : "", i, i > 1 ? 1e6 : 1.0);
    fprintf(file, "] }\n");
    fclose(file);
    const char *script = drawn((struct plot_options){ .metric = "jain", .log_y = true }, "jain");
    ck_assert_ptr_nonnull(strstr(script, "set logscale y\n"));
    ck_assert_ptr_null(strstr(script, "set logscale x\n"));
    ck_assert_ptr_nonnull(strstr(script, "set ytics add (\"100 000\" 100000)\n"));
    ck_assert_ptr_nonnull(strstr(script, "set ytics add (\"\" 200000 1)\n"));
}
END_TEST

START_TEST(what_is_not_there_is_refused_with_what_is)
{
    write_grid("");
    refused((struct plot_options){ .x = "/a" }, "--x", "/machine/cores, /z is");
    refused((struct plot_options){ .y = "/a" }, "--y", "/machine/cores, /z is");
    refused((struct plot_options){ .facet = "/a" }, "--facet", "/machine/cores, /z is");
    refused((struct plot_options){ .x = "/z", .y = "/z" }, "--x", "asked for twice");
    refused((struct plot_options){ .scaling = true }, "--scaling", "sweep /machine/cores");
    refused((struct plot_options){ .metric = "speed", .y = "/z" }, "--metric", "no metric speed");
}
END_TEST

/* In mm1 everything is own work or idleness. */
START_TEST(there_is_no_empty_panel)
{
    static const char *const one[] = { "\"sweep\": { }" };
    struct error err;
    size_t size;
    write_summary("", one, 1);
    ck_assert(plot(&err));
    ck_assert_ptr_null(strstr(file_text("accounts.gp", &size), "enlarged"));
    write_metrics("", one, 1,
                  "\"account_user_percent\": { \"mean\": 98 },"
                  "\"account_tick_percent\": { \"mean\": 2 }");
    ck_assert(plot(&err));
    ck_assert_ptr_nonnull(strstr(file_text("accounts.gp", &size), "enlarged"));
}
END_TEST

/* 60 characters are 100 %; then 60 are the greatest of what is enlarged. */
START_TEST(a_terminal_tells_accounts_apart)
{
    static const char *const numbers[] = { "\"sweep\": { \"/machine/cores\": 1 }",
                                           "\"sweep\": { \"/machine/cores\": 2 }" };
    const char *const directories[] = { work };
    struct summary summary;
    struct error err;
    char *text = NULL;
    size_t size = 0;
    write_metrics(
        "", numbers, 2,
        "\"account_user_percent\": { \"mean\": 50 }, \"account_sched_percent\": { \"mean\": "
        "15 }, \"account_lock_wait_percent\": { \"mean\": 10 }, \"account_idle_percent\": "
        "{ \"mean\": 25 }");
    ck_assert(summary_read(&summary, directories, 1, NULL, &arena, &err));
    FILE *to = open_memstream(&text, &size);
    rows_accounts(to, &summary);
    fclose(to);
    ck_assert_ptr_nonnull(
        strstr(text, "2 |uuuuuuuuuuuuuuuuuuuuuuuuuuuuuusssssssssllllll...............|\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "2 |ssssssssssssssssssssssssssssssssssssllllllllllllllllllllllll| 25\n"));
    ck_assert_ptr_nonnull(strstr(text, "l lock: waiting for it"));
    free(text);
    summary_free(&summary);
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

int main(void)
{
    TCase *tests = tcase_create("plot");
    signal(SIGXFSZ, SIG_IGN);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, objects_are_called_by_their_labels);
    tcase_add_test(tests, variants_stand_together_under_what_was_swept);
    tcase_add_test(tests, an_axis_says_what_was_swept);
    tcase_add_test(tests, ticks_are_where_values_are);
    tcase_add_loop_test(tests, labels_of_hundreds_keep_their_distance, 0, 6);
    tcase_add_test(tests, lines_are_labelled_at_their_ends);
    tcase_add_test(tests, panels_are_of_what_is_asked);
    tcase_add_test(tests, a_panel_of_zeros_says_so);
    tcase_add_test(tests, names_of_directories_end_without_commas);
    tcase_add_test(tests, a_long_title_is_whole);
    tcase_add_test(tests, a_map_of_zeros_is_linear);
    tcase_add_test(tests, a_map_has_a_cell_for_each_point);
    tcase_add_test(tests, a_law_is_drawn_through_its_points);
    tcase_add_test(tests, a_distribution_is_the_share_above);
    tcase_add_test(tests, labels_lead_into_the_panel);
    tcase_add_test(tests, decades_are_marked);
    tcase_add_test(tests, what_is_not_there_is_refused_with_what_is);
    tcase_add_test(tests, there_is_no_empty_panel);
    tcase_add_test(tests, a_terminal_tells_accounts_apart);
    tcase_add_test(tests, a_picture_is_whole_or_not_there);
    return suite_run("plot", tests);
}
