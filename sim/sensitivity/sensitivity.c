/* sensitivity.c -- see sensitivity.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/sensitivity/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/statistics/verdict.h"

/* ---- Which changes ------------------------------------------------------------------------ */

static const struct figure *figure_at(const struct sensitivity *sensitivity, uint32_t point,
                                      enum profile_figure figure)
{
    return &sensitivity->experiment->points[point].scenario.cpu->figure[figure];
}

double sensitivity_value(const struct sensitivity *sensitivity, uint32_t change, uint32_t point,
                         double *given)
{
    const struct figure_change *what = &sensitivity->changes[change].change;
    const struct figure *figure = figure_at(sensitivity, point, what->figure);
    double wanted;
    *given = NAN;
    if (figure->kind != FIGURE_ASSUMED || !figure_change_is(what, figure->value))
        return NAN;
    *given = figure_changed(what, figure->value, &wanted);
    return figure->value;
}

/* True when the figure is changed so at some point. */
static bool note_change(const struct sensitivity *sensitivity, struct sensitivity_change *change)
{
    bool there = false;
    change->idle = true;
    for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
        const struct figure *figure = figure_at(sensitivity, p, change->change.figure);
        double wanted;
        if (figure->kind != FIGURE_ASSUMED || !figure_change_is(&change->change, figure->value))
            continue;
        double given = figure_changed(&change->change, figure->value, &wanted);
        there = true;
        change->clipped = change->clipped || given < wanted || given > wanted;
        change->idle = change->idle && given <= figure->value && given >= figure->value;
    }
    return there;
}

static bool is_assumed(const struct sensitivity *sensitivity, enum profile_figure figure)
{
    for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++)
        if (figure_at(sensitivity, p, figure)->kind == FIGURE_ASSUMED)
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    const enum profile_figure *x = a, *y = b;
    return strcmp(figure_descriptions[*x].name, figure_descriptions[*y].name);
}

static bool has_name(const char *const *names, const char *name)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void add_figure(struct sensitivity *sensitivity, enum profile_figure figure)
{
    uint32_t before = sensitivity->change_count;
    for (uint32_t way = 0; way < FIGURE_WAYS; way++) {
        struct sensitivity_change change = { .change = { figure, (enum figure_way)way } };
        if (note_change(sensitivity, &change))
            sensitivity->changes[sensitivity->change_count++] = change;
    }
    if (sensitivity->change_count == before)
        sensitivity->absent[sensitivity->absent_count++] = figure;
}

static bool check_wanted(const struct sensitivity *sensitivity, const char *const *wanted,
                         struct error *err)
{
    for (; wanted != NULL && *wanted != NULL; wanted++) {
        uint32_t figure = 0;
        while (figure < FIGURE_COUNT && strcmp(figure_descriptions[figure].name, *wanted) != 0)
            figure++;
        if (figure == FIGURE_COUNT)
            return error_set(err, "--figure", "no CPU profile has a figure \"%s\"", *wanted);
        if (!is_assumed(sensitivity, (enum profile_figure)figure))
            return error_set(err, "--figure",
                             "\"%s\" is assumed of no CPU of this scenario; a figure that the "
                             "scenario sets (\"figures\") is",
                             *wanted);
    }
    return true;
}

bool sensitivity_init(struct sensitivity *sensitivity, const struct experiment *experiment,
                      const char *const *metrics, uint32_t metric_count, const char *const *wanted,
                      struct arena *arena, struct error *err)
{
    enum profile_figure order[FIGURE_COUNT];
    *sensitivity = (struct sensitivity){
        .experiment = experiment, .metric_count = metric_count, .metrics = metrics, .arena = arena
    };
    sensitivity->changes =
        arena_alloc(arena, (size_t)FIGURE_COUNT * FIGURE_WAYS, sizeof *sensitivity->changes);
    sensitivity->absent = arena_alloc(arena, FIGURE_COUNT, sizeof *sensitivity->absent);
    if (!check_wanted(sensitivity, wanted, err))
        return false;
    for (uint32_t i = 0; i < FIGURE_COUNT; i++)
        order[i] = (enum profile_figure)i;
    qsort(order, FIGURE_COUNT, sizeof *order, by_name);
    for (uint32_t i = 0; i < FIGURE_COUNT; i++)
        if (is_assumed(sensitivity, order[i]) &&
            (wanted == NULL || has_name(wanted, figure_descriptions[order[i]].name)))
            add_figure(sensitivity, order[i]);
    return sensitivity->change_count > 0 ||
           error_set(err, experiment->path, "its CPU has no assumed figure to be changed");
}

/* ---- What the runs yielded ---------------------------------------------------------------- */

bool sensitivity_take(const struct sensitivity *sensitivity, struct sensitivity_runs *runs,
                      const struct results *results, struct error *err)
{
    uint32_t points = sensitivity->experiment->point_count;
    struct arena *arena = sensitivity->arena;
    runs->count = arena_alloc(arena, points, sizeof *runs->count);
    memcpy(runs->count, results->count, points * sizeof *runs->count);
    runs->values = arena_alloc(arena, sensitivity->metric_count, sizeof *runs->values);
    for (uint32_t m = 0; m < sensitivity->metric_count; m++) {
        bool found = false;
        runs->values[m] = arena_alloc(arena, points, sizeof **runs->values);
        for (uint32_t p = 0; p < points; p++) {
            uint32_t index =
                metric_index(&results->experiment->points[p].scenario, sensitivity->metrics[m]);
            double *values = arena_alloc(arena, runs->count[p], sizeof *values);
            for (uint32_t r = 0; r < runs->count[p]; r++)
                values[r] = index == UINT32_MAX
                                ? (double)NAN
                                : results->runs[results->first[p] + r].metrics[index];
            runs->values[m][p] = values;
            found = found || index != UINT32_MAX;
        }
        if (!found)
            return error_set(err, "--metric",
                             "no point of the scenario has \"%s\"; `braidsim list metrics` names "
                             "all",
                             sensitivity->metrics[m]);
    }
    return true;
}

/* ---- Effects ------------------------------------------------------------------------------ */

static struct sensitivity_effect effect_at(const struct sensitivity *sensitivity, uint32_t change,
                                           uint32_t metric, uint32_t point)
{
    struct sensitivity_effect effect = { NAN, NAN, NAN, NAN, NAN };
    const struct sensitivity_change *what = &sensitivity->changes[change];
    const struct sensitivity_runs *base = &sensitivity->base,
                                  *runs = what->idle ? base : &what->runs;
    double given;
    if (what->refusal != NULL || isnan(sensitivity_value(sensitivity, change, point, &given)))
        return effect;
    uint32_t count =
        base->count[point] < runs->count[point] ? base->count[point] : runs->count[point];
    struct difference difference =
        difference_paired(base->values[metric][point], runs->values[metric][point], count);
    effect.base = difference.mean_a;
    effect.changed = difference.mean_b;
    if (!(fabs(difference.mean_a) > 0)) /* nothing, of which there are no percents */
        return effect;
    effect.percent = 100 * difference.estimate / fabs(difference.mean_a);
    effect.half =
        100 * difference_half_width(&difference, SENSITIVITY_CONFIDENCE) / fabs(difference.mean_a);
    effect.p =
        fmin(1, 2 * fmin(difference_p_above(&difference, 0), difference_p_below(&difference, 0)));
    if (isnan(difference.standard_error))
        effect.p = NAN;
    return effect;
}

static void adjust(const struct sensitivity *sensitivity, struct sensitivity_ranking *ranking)
{
    uint32_t points = sensitivity->experiment->point_count;
    uint32_t count = sensitivity->change_count * points;
    double *p = arena_alloc(sensitivity->arena, count, sizeof *p);
    for (uint32_t i = 0; i < count; i++)
        p[i] = ranking->effects[i / points][i % points].p;
    holm_adjust(p, count);
    for (uint32_t i = 0; i < count; i++)
        ranking->effects[i / points][i % points].p = p[i];
}

static int by_percent(const void *a, const void *b)
{
    const struct sensitivity_ranked *x = a, *y = b;
    if (x->percent > y->percent || x->percent < y->percent)
        return x->percent > y->percent ? -1 : 1;
    return strcmp(figure_descriptions[x->figure].name, figure_descriptions[y->figure].name);
}

static void note_effects(const struct sensitivity *sensitivity,
                         const struct sensitivity_ranking *ranking,
                         struct sensitivity_ranked *ranked)
{
    for (uint32_t c = ranked->first; c < ranked->first + ranked->count; c++)
        for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
            const struct sensitivity_effect *effect = &ranking->effects[c][p];
            ranked->told = ranked->told || effect->p <= 1 - SENSITIVITY_CONFIDENCE;
            if (!(fabs(effect->percent) > ranked->percent))
                continue;
            ranked->percent = fabs(effect->percent);
            ranked->point = p;
        }
}

void sensitivity_rank(const struct sensitivity *sensitivity, uint32_t metric,
                      struct sensitivity_ranking *ranking)
{
    uint32_t points = sensitivity->experiment->point_count, count = sensitivity->change_count;
    *ranking = (struct sensitivity_ranking){ .figure_count = 0 };
    ranking->effects = arena_alloc(sensitivity->arena, count, sizeof *ranking->effects);
    ranking->figures = arena_alloc(sensitivity->arena, count, sizeof *ranking->figures);
    for (uint32_t c = 0; c < count; c++) {
        ranking->effects[c] = arena_alloc(sensitivity->arena, points, sizeof **ranking->effects);
        for (uint32_t p = 0; p < points; p++)
            ranking->effects[c][p] = effect_at(sensitivity, c, metric, p);
    }
    adjust(sensitivity, ranking);
    for (uint32_t c = 0, next; c < count; c = next) {
        enum profile_figure figure = sensitivity->changes[c].change.figure;
        bool ran = false;
        for (next = c; next < count && sensitivity->changes[next].change.figure == figure; next++)
            ran = ran || sensitivity->changes[next].refusal == NULL;
        struct sensitivity_ranked ranked = { .figure = figure, .first = c, .count = next - c };
        note_effects(sensitivity, ranking, &ranked);
        if (ran)
            ranking->figures[ranking->figure_count++] = ranked;
    }
    qsort(ranking->figures, ranking->figure_count, sizeof *ranking->figures, by_percent);
}
