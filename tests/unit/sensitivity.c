/* sensitivity.c -- what is halved and doubled, and how effects rank.
 *
 * Goal: changed figures are values that a profile may have; effects are those of the runs, paired,
 * and rank by size of either sign.
 * Method: every figure is changed over its whole range and checked against the rules of profiles;
 * a ranking is made of values of two points by hand, whose effects and intervals are known: with
 * differences 1, 2 and 3, mean 2 and s = 1, the 95 % interval is +- 4.302653 / sqrt(3).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "sim/sensitivity/sensitivity.h"
#include "tests/support/suite.h"

static struct arena arena;

/* ---- Figures ------------------------------------------------------------------------------ */

static double changed(enum profile_figure figure, enum figure_way way, double value)
{
    double wanted;
    struct figure_change change = { figure, way };
    ck_assert(figure_change_is(&change, value));
    return figure_changed(&change, value, &wanted);
}

START_TEST(changed_figures_are_such_as_a_profile_may_have)
{
    for (unsigned f = 0; f < FIGURE_COUNT; f++) {
        const struct figure_description *d = &figure_descriptions[f];
        for (unsigned way = 0; way < FIGURE_WAYS; way++)
            for (double value = d->minimum; value <= d->maximum;
                 value = value > 0 ? 2 * value : 1) {
                struct figure_change change = { (enum profile_figure)f, (enum figure_way)way };
                double wanted;
                if (!figure_change_is(&change, value) ||
                    figure_values_wanted(d->values, value) != NULL)
                    continue;
                double given = figure_changed(&change, value, &wanted);
                ck_assert_msg(given >= d->minimum && given <= d->maximum &&
                                  figure_values_wanted(d->values, given) == NULL,
                              "%s: %g becomes %g", d->name, value, given);
            }
    }
}
END_TEST

START_TEST(a_factor_of_two_within_the_range_and_counts_whole)
{
    ck_assert_double_eq(changed(FIGURE_switch_ns, FIGURE_HALVED, 301), 150.5);
    ck_assert_double_eq(changed(FIGURE_instructions_per_cycle, FIGURE_DOUBLED, 5), 8);
    ck_assert_double_eq(changed(FIGURE_l2_ways, FIGURE_HALVED, 1), 1);
    ck_assert_double_eq(changed(FIGURE_tlb_entries, FIGURE_HALVED, 63), 32);
    ck_assert_double_eq(changed(FIGURE_page_kb, FIGURE_HALVED, 4), 2);
    ck_assert_double_eq(changed(FIGURE_branch_history, FIGURE_DOUBLED, 16), 64);
    ck_assert_double_eq(changed(FIGURE_branch_history, FIGURE_HALVED, 16), 4);
    ck_assert_double_eq(changed(FIGURE_tlb_tagged, FIGURE_FLIPPED, 0), 1);
    ck_assert_double_eq(changed(FIGURE_tlb_tagged, FIGURE_FLIPPED, 1), 0);
    ck_assert(!figure_change_is(&(struct figure_change){ FIGURE_l3_kb, FIGURE_DOUBLED }, 0));
    ck_assert(!figure_change_is(&(struct figure_change){ FIGURE_switch_ns, FIGURE_FLIPPED }, 9));
}
END_TEST

/* ---- Ranking ------------------------------------------------------------------------------ */

enum { POINTS = 2, RUNS = 3 };

static struct profile profiles[POINTS];
static struct point points[POINTS];
static struct experiment experiment;
static struct sensitivity sensitivity;
static struct error err;

/* switch_ns is assumed at both, syscall_ns at the second alone; max_cores (1, halved: 1) and
 * smt_threads (0) at the first. */
static void make_experiment(void)
{
    for (int p = 0; p < POINTS; p++) {
        profile_init(&profiles[p]);
        profiles[p].name = "cpu";
        profiles[p].figure[FIGURE_switch_ns] =
            (struct figure){ 100 * (p + 1), FIGURE_ASSUMED, "here" };
        profiles[p].figure[FIGURE_syscall_ns] =
            (struct figure){ 50, p == 1 ? FIGURE_ASSUMED : FIGURE_PUBLISHED, "here" };
        points[p] = (struct point){ .scenario = { .cpu = &profiles[p] } };
    }
    profiles[0].figure[FIGURE_max_cores] = (struct figure){ 1, FIGURE_ASSUMED, "here" };
    profiles[0].figure[FIGURE_l3_kb] = (struct figure){ 0, FIGURE_ASSUMED, "here" };
    experiment = (struct experiment){ .path = "s.json", .point_count = POINTS, .points = points };
}

static void set_runs(struct sensitivity_runs *runs, double (*values)[RUNS])
{
    runs->count = arena_alloc(&arena, POINTS, sizeof *runs->count);
    runs->values = arena_alloc(&arena, 1, sizeof *runs->values);
    runs->values[0] = arena_alloc(&arena, POINTS, sizeof **runs->values);
    for (int p = 0; p < POINTS; p++) {
        runs->count[p] = RUNS;
        runs->values[0][p] = values[p];
    }
}

static void init(const char *const *wanted)
{
    static const char *const metrics[] = { "m" };
    make_experiment();
    ck_assert(sensitivity_init(&sensitivity, &experiment, metrics, 1, wanted, &arena, &err));
}

START_TEST(changes_are_of_assumed_figures_by_name)
{
    init(NULL);
    ck_assert_uint_eq(sensitivity.change_count, 6); /* max_cores, switch_ns, syscall_ns */
    ck_assert_int_eq(sensitivity.changes[0].change.figure, FIGURE_max_cores);
    ck_assert(sensitivity.changes[0].idle && sensitivity.changes[0].clipped);
    ck_assert(!sensitivity.changes[1].idle && !sensitivity.changes[1].clipped);
    ck_assert_int_eq(sensitivity.changes[2].change.figure, FIGURE_switch_ns);
    ck_assert_int_eq(sensitivity.changes[4].change.figure, FIGURE_syscall_ns);
    ck_assert_uint_eq(sensitivity.absent_count, 1);
    ck_assert_int_eq(sensitivity.absent[0], FIGURE_l3_kb);
    double given;
    ck_assert_double_eq(sensitivity_value(&sensitivity, 2, 1, &given), 200);
    ck_assert_double_eq(given, 100);
    ck_assert(isnan(sensitivity_value(&sensitivity, 4, 0, &given)));
}
END_TEST

START_TEST(effects_are_paired_and_rank_by_size)
{
    static double base[POINTS][RUNS] = { { 10, 20, 30 }, { 5, 5, 5 } };
    static double more[POINTS][RUNS] = { { 11, 22, 33 }, { 5, 5, 5 } }; /* +10 %, run by run */
    static double less[POINTS][RUNS] = { { 10, 20, 30 }, { 4, 4, 4 } }; /* -20 % at the second */
    static const char *const wanted[] = { "switch_ns", "syscall_ns", NULL };
    struct sensitivity_ranking ranking;
    init(wanted);
    ck_assert_uint_eq(sensitivity.change_count, 4);
    set_runs(&sensitivity.base, base);
    set_runs(&sensitivity.changes[0].runs, base); /* switch_ns halved: nothing */
    set_runs(&sensitivity.changes[1].runs, more);
    set_runs(&sensitivity.changes[2].runs, less); /* syscall_ns */
    sensitivity.changes[3].refusal = "not so";
    sensitivity_rank(&sensitivity, 0, &ranking);
    ck_assert_uint_eq(ranking.figure_count, 2);
    ck_assert_int_eq(ranking.figures[0].figure, FIGURE_syscall_ns);
    ck_assert_double_eq_tol(ranking.figures[0].percent, 20, 1e-12);
    ck_assert_uint_eq(ranking.figures[0].point, 1);
    ck_assert(ranking.figures[0].told); /* without any variance */
    ck_assert_double_eq_tol(ranking.figures[1].percent, 10, 1e-12);
    ck_assert_uint_eq(ranking.figures[1].point, 0);
    ck_assert(!ranking.figures[1].told); /* p = 0.074 alone */
    const struct sensitivity_effect *effect = &ranking.effects[1][0];
    ck_assert_double_eq_tol(effect->base, 20, 1e-12);
    ck_assert_double_eq_tol(effect->changed, 22, 1e-12);
    ck_assert_double_eq_tol(effect->half, 4.302653 / sqrt(3) / 20 * 100, 1e-4);
    ck_assert_double_eq_tol(ranking.effects[2][1].percent, -20, 1e-12);
    ck_assert_double_eq_tol(ranking.effects[2][1].half, 0, 1e-12);
    ck_assert(isnan(ranking.effects[2][0].percent)); /* not assumed there */
    ck_assert(isnan(ranking.effects[3][1].percent)); /* not run */
}
END_TEST

START_TEST(what_cannot_be_changed_is_refused)
{
    static const char *const none[] = { "l4_kb", NULL }, *const known[] = { "clock_mhz", NULL };
    static const char *const zero[] = { "l3_kb", NULL };
    static const char *const metrics[] = { "m" };
    make_experiment();
    ck_assert(!sensitivity_init(&sensitivity, &experiment, metrics, 1, none, &arena, &err));
    ck_assert(strstr(err.message, "no CPU profile has") != NULL);
    ck_assert(!sensitivity_init(&sensitivity, &experiment, metrics, 1, known, &arena, &err));
    ck_assert(strstr(err.message, "is assumed of no CPU") != NULL);
    ck_assert(!sensitivity_init(&sensitivity, &experiment, metrics, 1, zero, &arena, &err));
    ck_assert(strstr(err.message, "no assumed figure to be changed") != NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sensitivity");
    tcase_add_test(tests, changed_figures_are_such_as_a_profile_may_have);
    tcase_add_test(tests, a_factor_of_two_within_the_range_and_counts_whole);
    tcase_add_test(tests, changes_are_of_assumed_figures_by_name);
    tcase_add_test(tests, effects_are_paired_and_rank_by_size);
    tcase_add_test(tests, what_cannot_be_changed_is_refused);
    int status = suite_run("sensitivity", tests);
    arena_free(&arena);
    return status;
}
