/* scaling.c -- speedup, efficiency, and whose runs the Universal Scalability Law is fitted to.
 *
 * Goal: every run gets the figures of its own series and replication, and every series its law.
 * Method: an experiment made by hand, of two variants on 1, 2 and 4 cores and two replications,
 * whose figures are worked out below.  The fit itself: usl.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/scaling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

enum { POINTS = 6, REPLICATIONS = 2, RUNS = POINTS * REPLICATIONS };

static struct arena arena;
static struct experiment experiment;
static struct run_result runs[RUNS];
static struct results results;

/* Two variants, each on 4, 1 and 2 cores. */
static void set_up(void)
{
    static const uint32_t cores[] = { 4, 1, 2 };
    arena = ARENA_EMPTY;
    experiment = (struct experiment){ .point_count = POINTS, .replications = REPLICATIONS };
    experiment.points = arena_alloc(&arena, POINTS, sizeof *experiment.points);
    for (uint32_t p = 0; p < POINTS; p++) {
        struct point *point = &experiment.points[p];
        point->variant = p < 3 ? "a" : "b";
        point->sweep_count = 1;
        point->sweep = arena_alloc(&arena, 1, sizeof *point->sweep);
        point->sweep[0].pointer = SCALING_POINTER;
        point->sweep[0].text = arena_printf(&arena, "%u", cores[p % 3]);
        point->scenario = (struct scenario){ .cores = cores[p % 3], .sweeps_cores = true };
        for (uint32_t r = 0; r < REPLICATIONS; r++) {
            struct run_result *run = &runs[p * REPLICATIONS + r];
            *run = (struct run_result){ .point = p, .replication = r };
            run->metric_count = metric_name_count(&point->scenario);
            run->metrics = arena_alloc(&arena, run->metric_count, sizeof *run->metrics);
        }
    }
    results = (struct results){ .experiment = &experiment, .runs = runs };
    results_evenly(&results, &arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

static double *throughput(uint32_t point, uint32_t replication)
{
    return &runs[point * REPLICATIONS + replication].metrics[METRIC_throughput_per_s];
}

static double figure(uint32_t point, uint32_t replication, enum scaling_metric which)
{
    const struct run_result *run = &runs[point * REPLICATIONS + replication];
    return run->metrics[run->metric_count - SCALING_COUNT + which];
}

START_TEST(each_series_is_its_own)
{
    static const double x[POINTS][REPLICATIONS] = { { 300, 30 },  { 100, 20 },  { 180, 25 },
                                                    { 400, 400 }, { 100, 100 }, { 200, 200 } };
    double sigma, kappa;
    for (uint32_t p = 0; p < POINTS; p++)
        for (uint32_t r = 0; r < REPLICATIONS; r++)
            *throughput(p, r) = x[p][r];
    scaling_fill(&results);
    ck_assert_double_eq_tol(figure(0, 0, SCALING_speedup), 3, 1e-12);
    ck_assert_double_eq_tol(figure(0, 0, SCALING_efficiency), 0.75, 1e-12);
    ck_assert_double_eq_tol(figure(1, 0, SCALING_speedup), 1, 1e-12);
    ck_assert_double_eq_tol(figure(2, 0, SCALING_efficiency), 0.9, 1e-12);
    ck_assert_double_eq_tol(figure(0, 1, SCALING_speedup), 1.5, 1e-12);
    ck_assert_double_eq_tol(figure(3, 1, SCALING_speedup), 4, 1e-12);
    for (uint32_t p = 3; p < POINTS; p++) { /* linear: neither contention nor coherence */
        ck_assert_double_eq_tol(figure(p, 0, SCALING_usl_sigma), 0, 1e-12);
        ck_assert_double_eq_tol(figure(p, 0, SCALING_usl_kappa), 0, 1e-12);
    }
    /* Three points fix three figures: 1, 10/9 and 4/3 are 1 + sigma (N - 1) + kappa N (N - 1). */
    sigma = 1.0 / 9, kappa = 0;
    ck_assert_double_eq_tol(figure(0, 0, SCALING_usl_sigma), sigma, 1e-9);
    ck_assert_double_eq_tol(figure(2, 0, SCALING_usl_kappa), kappa, 1e-9);
}
END_TEST

/* Without one core, as if the fewest were linear; without throughput, nothing can be said. */
START_TEST(what_is_missing)
{
    for (uint32_t p = 0; p < POINTS; p++)
        for (uint32_t r = 0; r < REPLICATIONS; r++)
            *throughput(p, r) = p % 3 == 1 || p >= 3 ? 0 : experiment.points[p].scenario.cores * 7;
    scaling_fill(&results);
    ck_assert_double_eq_tol(figure(0, 0, SCALING_speedup), 4, 1e-12);
    ck_assert_double_eq_tol(figure(1, 0, SCALING_speedup), 0, 1e-12);
    ck_assert_double_eq_tol(figure(2, 0, SCALING_efficiency), 1, 1e-12);
    ck_assert_double_nan(figure(0, 0, SCALING_usl_sigma)); /* two points are not enough */
    ck_assert_double_nan(figure(3, 0, SCALING_speedup));
}
END_TEST

/* The points of the first variant have 2, 1 and 2 runs, those of the second 2. */
START_TEST(only_what_all_points_have)
{
    uint32_t count[POINTS] = { 2, 1, 2, 2, 2, 2 };
    for (uint32_t p = 0; p < POINTS; p++)
        for (uint32_t r = 0; r < REPLICATIONS; r++)
            *throughput(p, r) = experiment.points[p].scenario.cores * 10;
    results.count = count;
    scaling_fill(&results);
    ck_assert_double_eq_tol(figure(0, 0, SCALING_speedup), 4, 1e-12);
    ck_assert_double_nan(figure(0, 1, SCALING_speedup));
    ck_assert_double_nan(figure(2, 1, SCALING_usl_sigma));
    ck_assert_double_eq_tol(figure(3, 1, SCALING_speedup), 4, 1e-12);
}
END_TEST

/* What summary.json says of the series, and what people read. */
START_TEST(a_series_has_its_law)
{
    static const double x[POINTS][REPLICATIONS] = { { 300, 302 }, { 100, 101 }, { 180, 181 },
                                                    { 400, 400 }, { 100, 100 }, { 200, 200 } };
    char *text = NULL;
    size_t size = 0;
    for (uint32_t p = 0; p < POINTS; p++)
        for (uint32_t r = 0; r < REPLICATIONS; r++)
            *throughput(p, r) = x[p][r];
    FILE *to = open_memstream(&text, &size);
    scaling_put(to, &results);
    scaling_print(to, &results);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(text, "\"variant\": \"a\", \"sweep\": {},\n"
                                       "      \"points\": [0, 1, 2],\n"
                                       "      \"first_cores\": 1,\n"
                                       "      \"first_throughput_per_s\": 100.5,\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"variant\": \"b\", \"sweep\": {},\n"
                                       "      \"points\": [3, 4, 5],\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"peak_cores\": null"));
    ck_assert_ptr_nonnull(strstr(text, "\"verdict\": \"untested\"")); /* three points, no more */
    const char *table = strstr(text, "best cores, by the law    best measured   the law\n");
    ck_assert_ptr_nonnull(table);
    ck_assert_ptr_nonnull(strstr(table, " 4               untested\n"));
    ck_assert_ptr_nonnull(strstr(text, "\na "));
    ck_assert_ptr_nonnull(strstr(text, "\nb "));
    free(text);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("scaling");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_series_is_its_own);
    tcase_add_test(tests, what_is_missing);
    tcase_add_test(tests, a_series_has_its_law);
    tcase_add_test(tests, only_what_all_points_have);
    return suite_run("scaling", tests);
}
