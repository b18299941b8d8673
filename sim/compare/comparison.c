/* comparison.c -- see comparison.h.  tests/compare/check.py
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/compare/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/statistics/studentized.h"

static const enum metric defaults[] = {
#define X(name) METRIC_##name,
    COMPARISON_DEFAULTS(X)
#undef X
};

enum { DEFAULTS = sizeof defaults / sizeof defaults[0] };

/* ---- Gates -------------------------------------------------------------------------------- */

static bool add_gate(struct comparison *comparison, struct gate *gates, const char *name,
                     double margin_percent, struct error *err)
{
    const struct metric_description *description = metric_describe(name);
    if (description == NULL)
        return error_set(err, "--metrics",
                         "there is no metric \"%s\"; `braidsim list metrics` names all", name);
    if (description->near < 0)
        return error_set(err, "--metrics",
                         "%s is a maximum, one event of a run, and no verdict can hang on it; take "
                         "a quantile or a mean",
                         name);
    for (uint32_t i = 0; i < comparison->gate_count; i++)
        if (strcmp(gates[i].metric, name) == 0)
            return error_set(err, "--metrics", "%s is there twice", name);
    gates[comparison->gate_count++] = (struct gate){ name, margin_percent };
    return true;
}

bool comparison_gates(struct comparison *comparison, const char *text, double margin_percent,
                      struct arena *arena, struct error *err)
{
    char *list = arena_string(arena, text), *rest;
    struct gate *gates = arena_alloc(arena, strlen(text) + 1, sizeof *gates);
    comparison->gate_count = 0;
    comparison->gates = gates;
    for (char *name = strtok_r(list, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        char *equals = strrchr(name, '='), *end;
        double margin = margin_percent;
        if (equals != NULL) {
            margin = strtod(equals + 1, &end);
            if (end == equals + 1 || *end != '\0' || !(margin >= 0 && margin <= 1000))
                return error_set(err, "--metrics",
                                 "the margin of a metric must be 0 to 1000 percent, as in "
                                 "jain=0.5, is \"%s\"",
                                 name);
            *equals = '\0';
        }
        if (!add_gate(comparison, gates, name, margin, err))
            return false;
    }
    return comparison->gate_count > 0 || error_set(err, "--metrics", "names none");
}

void comparison_usual_gates(struct comparison *comparison, double margin_percent,
                            struct arena *arena)
{
    bool is_a = comparison->a->margins_percent != NULL;
    const struct record *baseline = is_a ? comparison->a : comparison->b;
    bool is_baseline = baseline->margins_percent != NULL;
    uint32_t count = is_baseline ? baseline->metric_count : DEFAULTS;
    struct gate *gates = arena_alloc(arena, count, sizeof *gates);
    for (uint32_t i = 0; i < count; i++) {
        gates[i].metric =
            is_baseline ? baseline->metrics[i] : metric_descriptions[defaults[i]].name;
        gates[i].margin_percent = margin_percent;
        if (isnan(margin_percent))
            gates[i].margin_percent =
                is_baseline ? baseline->margins_percent[i] : COMPARISON_MARGIN_PERCENT;
    }
    comparison->gates = gates;
    comparison->gate_count = count;
}

/* ---- Matching ----------------------------------------------------------------------------- */

static bool is_variant(const struct record_point *point, const char *variant)
{
    return variant == NULL || (point->variant != NULL && strcmp(point->variant, variant) == 0);
}

/* Do they stand for the same: equal swept values, and equal variants where these are not what is
 * compared? */
static bool match(const struct comparison *comparison, const struct record_point *a,
                  const struct record_point *b)
{
    if (!is_variant(a, comparison->variant_a) || !is_variant(b, comparison->variant_b) ||
        strcmp(a->key, b->key) != 0)
        return false;
    return comparison->variant_a != NULL ||
           strcmp(a->variant != NULL ? a->variant : "", b->variant != NULL ? b->variant : "") == 0;
}

/* The point of record that matches; near is where it nearly always is. */
static const struct record_point *partner(const struct comparison *comparison,
                                          const struct record_point *a, uint32_t near)
{
    const struct record *b = comparison->b;
    for (uint32_t i = 0; i < b->point_count; i++) {
        const struct record_point *point = &b->points[(near + i) % b->point_count];
        if (match(comparison, a, point))
            return point;
    }
    return NULL;
}

static void note_missing(struct comparison *comparison, const bool *taken, struct arena *arena)
{
    const struct record *b = comparison->b;
    comparison->missing_a = arena_alloc(arena, b->point_count, sizeof *comparison->missing_a);
    for (uint32_t i = 0; i < b->point_count; i++)
        if (!taken[i] && is_variant(&b->points[i], comparison->variant_b))
            comparison->missing_a[comparison->missing_a_count++] = &b->points[i];
}

/* ---- Judging ------------------------------------------------------------------------------ */

static bool any_defined(const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            return true;
    return false;
}

static struct difference difference_of(const struct comparison *comparison, const double *a,
                                       uint32_t count_a, const double *b, uint32_t count_b,
                                       struct arena *arena)
{
    bool paired = comparison->paired && count_a > 0 && count_b > 0;
    uint32_t pairs = count_a < count_b ? count_a : count_b;
    if (!comparison->bootstrap)
        return paired ? difference_paired(a, b, pairs)
                      : difference_independent(a, count_a, b, count_b);
    uint64_t seed = (uint64_t)comparison->a->seed;
    double *space = arena_alloc(arena, STUDENTIZED_RESAMPLES, sizeof *space);
    return paired ? studentized_paired(a, b, pairs, seed, space, STUDENTIZED_RESAMPLES)
                  : studentized_independent(a, count_a, b, count_b, seed, space,
                                            STUDENTIZED_RESAMPLES);
}

static void add_items(struct comparison *comparison, const struct record_point *a,
                      const struct record_point *b, struct arena *arena)
{
    for (uint32_t g = 0; g < comparison->gate_count; g++) {
        const struct gate *gate = &comparison->gates[g];
        uint32_t index_a = record_metric(comparison->a, gate->metric);
        uint32_t index_b = record_metric(comparison->b, gate->metric);
        const double *values_a = index_a != UINT32_MAX ? a->values[index_a] : NULL;
        const double *values_b = index_b != UINT32_MAX ? b->values[index_b] : NULL;
        uint32_t count_a = values_a != NULL ? a->run_count : 0;
        uint32_t count_b = values_b != NULL ? b->run_count : 0;
        if (!any_defined(values_a, count_a) && !any_defined(values_b, count_b)) {
            comparison->undefined_count++;
            continue;
        }
        struct comparison_item *item = &comparison->items[comparison->item_count++];
        const struct metric_description *description = metric_describe(gate->metric);
        *item = (struct comparison_item){
            .metric = gate->metric, .margin_percent = gate->margin_percent, .a = a, .b = b
        };
        struct judgement *judgement = &item->judgement;
        judgement->direction = description->direction;
        judgement->difference =
            difference_of(comparison, values_a, count_a, values_b, count_b, arena);
        double mean = judgement->difference.mean_a;
        judgement->margin = isnan(mean)
                                ? description->near
                                : fmax(gate->margin_percent / 100 * fabs(mean), description->near);
    }
}

static int severity(enum verdict verdict)
{
    static const int order[VERDICTS] = { [VERDICT_SAME] = 0,
                                         [VERDICT_BETTER] = 1,
                                         [VERDICT_UNDECIDED] = 2,
                                         [VERDICT_DIFFERENT] = 3,
                                         [VERDICT_WORSE] = 4 };
    return order[verdict];
}

/* In margins; NaN counts for nothing. */
static double size_of(const struct comparison_item *item)
{
    double size = fabs(item->judgement.difference.estimate) / item->judgement.margin;
    return isnan(size) ? 0 : size;
}

static int by_severity(const void *a, const void *b)
{
    const struct comparison_item *one = a, *other = b;
    int order = severity(other->judgement.verdict) - severity(one->judgement.verdict);
    if (order != 0)
        return order;
    if (size_of(one) != size_of(other))
        return size_of(one) < size_of(other) ? 1 : -1;
    if (one->a != other->a)
        return one->a < other->a ? -1 : 1;
    return strcmp(one->metric, other->metric);
}

static void judge(struct comparison *comparison, struct arena *arena)
{
    uint32_t count = comparison->item_count;
    struct judgement *judgements = arena_alloc(arena, count + 1, sizeof *judgements);
    for (uint32_t i = 0; i < count; i++)
        judgements[i] = comparison->items[i].judgement;
    verdicts_decide(judgements, count, COMPARISON_CONFIDENCE);
    comparison->verdict = VERDICT_SAME;
    for (uint32_t i = 0; i < count; i++) {
        enum verdict verdict = judgements[i].verdict;
        comparison->items[i].judgement = judgements[i];
        comparison->verdict_count[verdict]++;
        if (severity(verdict) > severity(comparison->verdict))
            comparison->verdict = verdict;
    }
    qsort(comparison->items, count, sizeof *comparison->items, by_severity);
}

static bool match_points(struct comparison *comparison, struct arena *arena, struct error *err)
{
    const struct record *a = comparison->a, *b = comparison->b;
    bool *taken = arena_alloc(arena, b->point_count, sizeof *taken);
    comparison->missing_b = arena_alloc(arena, a->point_count, sizeof *comparison->missing_b);
    comparison->items = arena_alloc(arena, (size_t)a->point_count * comparison->gate_count,
                                    sizeof *comparison->items);
    for (uint32_t i = 0; i < a->point_count; i++) {
        const struct record_point *one = &a->points[i];
        if (!is_variant(one, comparison->variant_a))
            continue;
        const struct record_point *other = partner(comparison, one, i);
        if (other == NULL) {
            comparison->missing_b[comparison->missing_b_count++] = one;
            continue;
        }
        taken[other - b->points] = true;
        if (!comparable_points(a, one, b, other, &comparison->notes, arena, err))
            return false;
        comparison->point_count++;
        add_items(comparison, one, other, arena);
    }
    note_missing(comparison, taken, arena);
    return true;
}

bool comparison_make(struct comparison *comparison, struct arena *arena, struct error *err)
{
    const struct record *a = comparison->a, *b = comparison->b;
    comparison->paired = a->seed == b->seed;
    if (!comparable_profiles(a, b, arena, err) || !match_points(comparison, arena, err))
        return false;
    if (comparison->point_count == 0) {
        /* Nearly always because something else is swept; if not that, then it says so itself. */
        struct comparable_notes notes = { 0 };
        if (comparison->variant_a == NULL &&
            !comparable_points(a, &a->points[0], b, &b->points[0], &notes, arena, err))
            return false;
        return error_set(err, b->path,
                         "cannot be compared with %s: no variant with equal swept values is in "
                         "both; there are \"%s\" there and \"%s\" here",
                         a->path, a->points[0].title, b->points[0].title);
    }
    if (comparison->item_count == 0)
        return error_set(err, b->path, "has none of the metrics that are gated, nor has %s",
                         a->path);
    judge(comparison, arena);
    return true;
}
