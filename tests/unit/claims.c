/* claims.c -- tests sim/claims: figures, who is the best, the rule of verdicts, conditions.
 *
 * Goal: a verdict follows from the interval's end and from nothing else.  Method: results made by
 * hand, of which every figure is known; claims about them of this file's own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "sim/claims/claim.h"
#include "sim/claims/quantity.h"
#include "sim/claims/ruling.h"
#include "tests/support/suite.h"

enum { SLICES = 3, LOADS = 2, GROUPS = SLICES * LOADS, RUNS = 3, VARIANTS_MAX = 4 };

static const char *const slice_texts[] = { "1", "10", "100" };
static const double slice_numbers[] = { 1, 10, 100 };
static const char *const load_texts[] = { "idle", "busy" };

/* Variants x slices x loads x replications, of one metric. */
struct fake {
    struct arena arena;
    struct experiment experiment;
    struct results results;
    struct run_result *runs;
};

static void fake_init(struct fake *fake, const char *const *variants, uint32_t count)
{
    *fake = (struct fake){ .arena = ARENA_EMPTY };
    struct point *points = arena_alloc(&fake->arena, (size_t)count * GROUPS, sizeof *points);
    for (uint32_t p = 0; p < count * GROUPS; p++) {
        struct sweep_value *sweep = arena_alloc(&fake->arena, 2, sizeof *sweep);
        uint32_t slice = p / LOADS % SLICES, load = p % LOADS;
        sweep[0] = (struct sweep_value){ "/scheduler/slice_us", slice_texts[slice],
                                         slice_texts[slice], slice_numbers[slice] };
        sweep[1] = (struct sweep_value){ "/workload", load_texts[load], load_texts[load], NAN };
        points[p] = (struct point){ variants[p / GROUPS], 2, sweep, { .cores = 2 } };
    }
    fake->experiment = (struct experiment){ .replications = RUNS,
                                            .point_count = count * GROUPS,
                                            .points = points };
    fake->results = (struct results){ .experiment = &fake->experiment };
    results_evenly(&fake->results, &fake->arena);
    fake->runs = arena_alloc(&fake->arena, fake->results.run_count, sizeof *fake->runs);
    for (uint32_t r = 0; r < fake->results.run_count; r++) {
        uint32_t metrics = metric_name_count(&points[0].scenario);
        fake->runs[r] = (struct run_result){ .point = r / RUNS, .metric_count = metrics };
        fake->runs[r].metrics = arena_alloc(&fake->arena, metrics, sizeof(double));
    }
    fake->results.runs = fake->runs;
}

/* mean - spread, mean, mean + spread: the interval is mean +- 4.3027 spread / sqrt(3). */
static void put(struct fake *fake, uint32_t variant, uint32_t group, enum metric metric,
                double mean, double spread)
{
    for (uint32_t r = 0; r < RUNS; r++)
        fake->runs[(variant * GROUPS + group) * RUNS + r].metrics[metric] =
            mean + ((double)r - 1) * spread;
}

static const char *const two[] = { "tori", "global-a", "global-b" };

static const struct claim at_most_1 = {
    .figure = { "overhead", "%", HOW_VALUE, "sched_overhead_percent", "tori", NULL, false },
    .bound = 1,
};

START_TEST(the_end_of_the_interval_decides)
{
    struct fake fake;
    struct finding finding;
    fake_init(&fake, two, 1);
    const double half = 4.30265273 / sqrt(3);
    put(&fake, 0, 0, METRIC_sched_overhead_percent, .9, .1 / half * .99);   /* ends below 1 */
    put(&fake, 0, 1, METRIC_sched_overhead_percent, .9, .1 / half * 1.01);  /* beyond it */
    put(&fake, 0, 2, METRIC_sched_overhead_percent, 1.1, .1 / half * 1.01); /* may be below */
    put(&fake, 0, 3, METRIC_sched_overhead_percent, 1.1, 0);
    put(&fake, 0, 4, METRIC_sched_overhead_percent, NAN, 0);
    put(&fake, 0, 5, METRIC_sched_overhead_percent, 1, 0);
    finding_make(&finding, &at_most_1, &fake.results, &fake.arena);
    static const bool holds[] = { true, false, false, false, false, true };
    static const bool straddles[] = { false, true, false, false, false, false };
    ck_assert_uint_eq(finding.setting_count, GROUPS);
    for (uint32_t i = 0; i < GROUPS; i++) {
        ck_assert_int_eq(finding.settings[i].holds, holds[i]);
        ck_assert_int_eq(finding.settings[i].straddles, straddles[i]);
        ck_assert_int_eq(finding.settings[i].measured, i != 4);
    }
    struct finding_counts counts = finding_count(&finding);
    ck_assert_uint_eq(counts.measured, 5);
    ck_assert_uint_eq(counts.holding, 2);
    ck_assert_int_eq(finding_ruling(&finding), RULING_CONDITIONS);
    ck_assert_ptr_eq(finding_shown(&finding, &at_most_1), &finding.settings[2]);
    struct claim at_least_1 = at_most_1;
    at_least_1.at_least = true;
    finding_make(&finding, &at_least_1, &fake.results, &fake.arena);
    static const bool turned[] = { false, false, false, true, false, true };
    for (uint32_t i = 0; i < GROUPS; i++)
        ck_assert_int_eq(finding.settings[i].holds, turned[i]);
    ck_assert_int_eq(finding.settings[2].straddles, true);
    ck_assert_ptr_eq(finding_shown(&finding, &at_least_1), &finding.settings[1]);
    arena_free(&fake.arena);
}
END_TEST

START_TEST(rule_of_verdicts)
{
    ck_assert_int_eq(ruling_of(0, 0), RULING_NONE);
    ck_assert_int_eq(ruling_of(0, 3), RULING_FAILS);
    ck_assert_int_eq(ruling_of(2, 3), RULING_CONDITIONS);
    ck_assert_int_eq(ruling_of(3, 3), RULING_HOLDS);
}
END_TEST

/* Which of the settings hold, by slice and load, and what is said of it. */
START_TEST(conditions_in_words)
{
    static const struct {
        bool holds[GROUPS];
        const char *says;
    } cases[] = {
        { { true, true, true, true, true, true }, "" },
        { { false, false, false, false, false, false }, "" },
        { { false, false, true, true, true, true }, "where slice_us >= 10" },
        { { true, true, false, false, false, false }, "where slice_us <= 1" },
        { { true, true, false, false, true, true }, "where slice_us = 1 or 100" },
        { { true, false, true, false, true, false }, "where workload = idle" },
        { { true, true, true, false, true, true }, "except at slice_us 10, busy" },
        { { true, false, false, false, false, true }, "at slice_us 1, idle; slice_us 100, busy" },
    };
    struct fake fake;
    struct finding finding;
    fake_init(&fake, two, 1);
    for (uint32_t i = 0; i < GROUPS; i++)
        put(&fake, 0, i, METRIC_sched_overhead_percent, cases[_i].holds[i] ? .5 : 2, .01);
    finding_make(&finding, &at_most_1, &fake.results, &fake.arena);
    ck_assert_str_eq(finding_conditions(&finding, &fake.arena), cases[_i].says);
    arena_free(&fake.arena);
}
END_TEST

START_TEST(opponent_is_the_best_of_each_setting)
{
    static const struct claim ratio = {
        .figure = { "ratio", "ratio", HOW_RATIO, "sched_overhead_percent", "tori", "global-*",
                    false },
        .bound = 1,
        .besides = { { "most", "", HOW_VALUE, "sched_overhead_percent", "global-*", NULL, true },
                     { "less", "", HOW_DIFFERENCE, "sched_overhead_percent", "global-b", "tori",
                       false },
                     { "absent", "", HOW_VALUE, "sched_overhead_percent", "other", NULL, false } },
    };
    struct fake fake;
    struct finding finding;
    fake_init(&fake, two, 3);
    for (uint32_t i = 0; i < GROUPS; i++) {
        put(&fake, 0, i, METRIC_sched_overhead_percent, 6, 0);
        put(&fake, 1, i, METRIC_sched_overhead_percent, i < 2 ? 3 : 12, 0);
        put(&fake, 2, i, METRIC_sched_overhead_percent, 4, 0);
    }
    finding_make(&finding, &ratio, &fake.results, &fake.arena);
    ck_assert_str_eq(finding.settings[0].figure.best, "a");
    ck_assert_str_eq(finding.settings[2].figure.best, "b");
    ck_assert_double_eq_tol(finding.settings[0].figure.interval.mean, 2, 1e-12);
    ck_assert_double_eq_tol(finding.settings[2].figure.interval.mean, 1.5, 1e-12);
    ck_assert_double_eq(finding.settings[0].besides[0].interval.mean, 4);
    ck_assert_double_eq(finding.settings[2].besides[0].interval.mean, 12);
    ck_assert_double_eq(finding.settings[0].besides[1].interval.mean, -2);
    ck_assert_uint_eq(finding.settings[0].besides[2].interval.n, 0);
    ck_assert(finding_needs(&finding, "tori") && finding_needs(&finding, "global-a"));
    ck_assert(!finding_needs(&finding, "global-c"));
    arena_free(&fake.arena);
}
END_TEST

/* Over the last key, which must be a number: the slices are put there. */
START_TEST(slope_of_a_power)
{
    static const struct claim slope = {
        .figure = { "slope", "", HOW_SLOPE, "blocks_per_entry", "tori", NULL, false },
        .variants = { "tori", "global-a" },
        .bound = .05,
    };
    struct fake fake;
    struct finding finding;
    fake_init(&fake, two, 2);
    for (uint32_t p = 0; p < fake.experiment.point_count; p++) {
        struct sweep_value *sweep = fake.experiment.points[p].sweep;
        uint32_t slice = p % SLICES, load = p / SLICES % LOADS;
        double exponent = p < GROUPS ? .3 : 0;
        sweep[0] = (struct sweep_value){ "/workload", load_texts[load], load_texts[load], NAN };
        sweep[1] = (struct sweep_value){ "/scheduler/slice_us", slice_texts[slice],
                                         slice_texts[slice], slice_numbers[slice] };
        for (uint32_t r = 0; r < RUNS; r++) {
            fake.runs[p * RUNS + r].work.entries = 1000;
            fake.runs[p * RUNS + r].work.blocks =
                (uint64_t)llround(1e9 * pow(slice_numbers[slice], exponent));
        }
    }
    finding_make(&finding, &slope, &fake.results, &fake.arena);
    ck_assert_uint_eq(finding.setting_count, 2 * LOADS);
    ck_assert_double_eq_tol(finding.settings[0].figure.interval.mean, .3, 1e-6);
    ck_assert_double_eq_tol(finding.settings[2].figure.interval.mean, 0, 1e-6);
    ck_assert_str_eq(finding_conditions(&finding, &fake.arena), "where variant = global-a");
    ck_assert_str_eq(finding_title(&finding, &finding.settings[3], &fake.arena), "global-a, busy");
    arena_free(&fake.arena);
}
END_TEST

/* What the ledger asks for is there: ids are ids, and each claim can fail. */
START_TEST(table_is_sound)
{
    for (uint32_t i = 0; i < claim_count; i++) {
        ck_assert_msg(claims[i].says[0] != '\0' && claims[i].why[0] != '\0', "%s", claims[i].id);
        ck_assert_msg(claims[i].bound > 0, "%s", claims[i].id);
        for (uint32_t j = 0; j < i; j++)
            ck_assert_str_ne(claims[i].id, claims[j].id);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("claims");
    tcase_add_test(tests, the_end_of_the_interval_decides);
    tcase_add_test(tests, rule_of_verdicts);
    tcase_add_loop_test(tests, conditions_in_words, 0, 8);
    tcase_add_test(tests, opponent_is_the_best_of_each_setting);
    tcase_add_test(tests, slope_of_a_power);
    tcase_add_test(tests, table_is_sound);
    return suite_run("claims", tests);
}
