/* report.c -- see report.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/sensitivity/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "sim/input/json.h"
#include "sim/output/file.h"
#include "sim/version.h"

enum { SHOWN_POINTS = 8, WIDTH = 100 };

static const char *figure_name(const struct sensitivity_change *change)
{
    return figure_descriptions[change->change.figure].name;
}

static const char *way_name(const struct sensitivity_change *change)
{
    return figure_way_names[change->change.way];
}

/* ---- For people --------------------------------------------------------------------------- */

/* Words one after the other behind a heading, broken at WIDTH. */
struct list {
    FILE *to;
    int column; /* 0: nothing was printed */
};

static void list_add(struct list *list, const char *heading, const char *text)
{
    if (list->column == 0)
        list->column = fprintf(list->to, "%s %s", heading, text);
    else if (list->column + 2 + (int)strlen(text) > WIDTH)
        list->column = fprintf(list->to, ",\n  %s", text) - 2;
    else
        list->column += fprintf(list->to, ", %s", text);
}

static void list_end(const struct list *list)
{
    if (list->column > 0)
        fprintf(list->to, ".\n");
}

/* What a change makes of a figure, over all points: "0.45", or "2 to 4" where CPUs differ. */
static const char *span_text(const struct sensitivity *sensitivity, uint32_t change, bool given,
                             struct arena *arena)
{
    double least = INFINITY, most = -INFINITY, after;
    for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
        double value = sensitivity_value(sensitivity, change, p, &after);
        least = fmin(least, given ? after : value);
        most = fmax(most, given ? after : value);
    }
    return least < most ? arena_printf(arena, "%g to %g", least, most)
                        : arena_printf(arena, "%g", least);
}

/* "+12.3 +- 0.4" */
static const char *effect_text(const struct sensitivity_effect *effect, struct arena *arena)
{
    if (isnan(effect->percent))
        return "-";
    if (isnan(effect->half))
        return arena_printf(arena, "%+.1f", effect->percent);
    return arena_printf(arena, "%+.1f +- %.1f", effect->percent, effect->half);
}

static void print_base(FILE *to, const struct sensitivity *sensitivity, uint32_t metric,
                       struct arena *arena)
{
    const struct experiment *experiment = sensitivity->experiment;
    const struct sensitivity_runs *base = &sensitivity->base;
    struct list list = { to, 0 };
    for (uint32_t p = 0; p < experiment->point_count && p < SHOWN_POINTS; p++) {
        const char *title = results_point_title(&experiment->points[p], arena);
        struct interval is = statistics_interval(base->values[metric][p], base->count[p]);
        list_add(&list, "As it is:",
                 arena_printf(arena, "%s%s%.4g", title, *title != '\0' ? " " : "", is.mean));
    }
    if (experiment->point_count > SHOWN_POINTS)
        list_add(&list, "",
                 arena_printf(arena, "and %u points more", experiment->point_count - SHOWN_POINTS));
    list_end(&list);
}

static void print_ranked(FILE *to, const struct sensitivity *sensitivity,
                         const struct sensitivity_ranking *ranking, uint32_t rank, int width,
                         struct arena *arena)
{
    const struct sensitivity_ranked *ranked = &ranking->figures[rank];
    const char *cells[FIGURE_WAYS] = { "", "", "" };
    for (uint32_t i = ranked->first; i < ranked->first + ranked->count; i++)
        cells[sensitivity->changes[i].change.way] =
            effect_text(&ranking->effects[i][ranked->point], arena);
    bool flips = cells[FIGURE_FLIPPED][0] != '\0';
    const char *title = results_point_title(&sensitivity->experiment->points[ranked->point], arena);
    fprintf(to, "%4u  %-*s%12s%18s%18s  %s\n", rank + 1, width,
            figure_descriptions[ranked->figure].name,
            span_text(sensitivity, ranked->first, false, arena),
            flips ? "flipped" : cells[FIGURE_HALVED],
            cells[flips ? FIGURE_FLIPPED : FIGURE_DOUBLED], title);
}

static void print_metric(FILE *to, const struct sensitivity *sensitivity, uint32_t metric,
                         struct arena *arena)
{
    struct sensitivity_ranking ranking;
    int width = (int)strlen("assumed figure");
    sensitivity_rank(sensitivity, metric, &ranking);
    for (uint32_t i = 0; i < ranking.figure_count; i++) {
        int length = (int)strlen(figure_descriptions[ranking.figures[i].figure].name);
        width = length > width ? length : width;
    }
    print_base(to, sensitivity, metric, arena);
    fprintf(to, "\nrank  %-*s%12s%18s%18s  %s\n", width, "assumed figure", "value", "halved, %",
            "doubled, %", sensitivity->experiment->point_count > 1 ? "where" : "");
    for (uint32_t i = 0; i < ranking.figure_count && ranking.figures[i].percent > 0; i++)
        print_ranked(to, sensitivity, &ranking, i, width, arena);
    fputs("\n", to);
    struct list untold = { to, 0 }, idle = { to, 0 };
    for (uint32_t i = 0; i < ranking.figure_count; i++) {
        const struct sensitivity_ranked *ranked = &ranking.figures[i];
        if (ranked->percent > 0 && !ranked->told)
            list_add(&untold, "Cannot be told from none, for which more --replications are wanted:",
                     figure_descriptions[ranked->figure].name);
    }
    list_end(&untold);
    for (uint32_t i = 0; i < ranking.figure_count; i++)
        if (!(ranking.figures[i].percent > 0))
            list_add(&idle,
                     "No effect at all:", figure_descriptions[ranking.figures[i].figure].name);
    list_end(&idle);
}

static void print_notes(FILE *to, const struct sensitivity *sensitivity, struct arena *arena)
{
    struct list clipped = { to, 0 }, absent = { to, 0 };
    for (uint32_t i = 0; i < sensitivity->change_count; i++) {
        const struct sensitivity_change *change = &sensitivity->changes[i];
        if (change->clipped)
            list_add(&clipped, "Within the range of a profile, and counts whole:",
                     arena_printf(arena, "%s %s is %s", figure_name(change), way_name(change),
                                  span_text(sensitivity, i, true, arena)));
    }
    list_end(&clipped);
    for (uint32_t i = 0; i < sensitivity->absent_count; i++)
        list_add(&absent, "Assumed to be 0, that is not there:",
                 figure_descriptions[sensitivity->absent[i]].name);
    list_end(&absent);
    for (uint32_t i = 0; i < sensitivity->change_count; i++)
        if (sensitivity->changes[i].refusal != NULL)
            fprintf(to, "Not run: %s %s: %s\n", figure_name(&sensitivity->changes[i]),
                    way_name(&sensitivity->changes[i]), sensitivity->changes[i].refusal);
}

void sensitivity_print(FILE *to, const struct sensitivity *sensitivity)
{
    const struct experiment *experiment = sensitivity->experiment;
    struct arena arena = ARENA_EMPTY;
    for (uint32_t m = 0; m < sensitivity->metric_count; m++) {
        fprintf(to, "%s: what assumed figures of its CPU do to %s, %u runs of each point\n",
                experiment->name, sensitivity->metrics[m], experiment->replications);
        print_metric(to, sensitivity, m, &arena);
        putc('\n', to);
    }
    print_notes(to, sensitivity, &arena);
    fprintf(to,
            "Change of the metric in percent of itself as it is%s.\n+-: 95 %% confidence, run by "
            "run (Student's t); all effects on a metric are told from none together (Holm).\n",
            experiment->point_count > 1 ? ", at the point where the greater one is greatest" : "");
    arena_free(&arena);
}

/* ---- For programs ------------------------------------------------------------------------- */

static cJSON *points_json(const struct sensitivity *sensitivity)
{
    cJSON *points = cJSON_CreateArray();
    for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
        const struct point *point = &sensitivity->experiment->points[p];
        cJSON *json = cJSON_CreateObject();
        if (point->variant != NULL)
            cJSON_AddStringToObject(json, "variant", point->variant);
        else
            cJSON_AddNullToObject(json, "variant");
        cJSON *sweep = cJSON_AddObjectToObject(json, "sweep");
        for (uint32_t i = 0; i < point->sweep_count; i++)
            cJSON_AddItemToObject(sweep, point->sweep[i].pointer,
                                  cJSON_Parse(point->sweep[i].text));
        cJSON_AddStringToObject(json, "cpu", point->scenario.cpu->name);
        cJSON_AddNumberToObject(json, "replications", sensitivity->base.count[p]);
        cJSON_AddItemToArray(points, json);
    }
    return points;
}

static cJSON *change_json(const struct sensitivity *sensitivity, uint32_t change,
                          const struct sensitivity_effect *effects)
{
    const struct sensitivity_change *what = &sensitivity->changes[change];
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "change", way_name(what));
    cJSON_AddBoolToObject(json, "clipped", what->clipped);
    if (what->refusal != NULL) {
        cJSON_AddStringToObject(json, "not_run", what->refusal);
        return json;
    }
    cJSON *points = cJSON_AddArrayToObject(json, "points");
    for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
        double given, value = sensitivity_value(sensitivity, change, p, &given);
        if (isnan(value))
            continue;
        cJSON *point = cJSON_CreateObject();
        cJSON_AddNumberToObject(point, "point", p);
        cJSON_AddNumberToObject(point, "value", value);
        cJSON_AddNumberToObject(point, "given", given);
        json_add_number(point, "base", effects[p].base);
        json_add_number(point, "mean", effects[p].changed);
        json_add_number(point, "change_percent", effects[p].percent);
        json_add_number(point, "ci95_percent", effects[p].half);
        json_add_number(point, "p", effects[p].p);
        cJSON_AddItemToArray(points, point);
    }
    return json;
}

static cJSON *metric_json(const struct sensitivity *sensitivity, uint32_t metric)
{
    struct sensitivity_ranking ranking;
    sensitivity_rank(sensitivity, metric, &ranking);
    cJSON *json = cJSON_CreateObject(), *means, *figures;
    cJSON_AddStringToObject(json, "metric", sensitivity->metrics[metric]);
    means = cJSON_AddArrayToObject(json, "base");
    for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
        double mean =
            statistics_interval(sensitivity->base.values[metric][p], sensitivity->base.count[p])
                .mean;
        cJSON_AddItemToArray(means, isnan(mean) ? cJSON_CreateNull() : cJSON_CreateNumber(mean));
    }
    figures = cJSON_AddArrayToObject(json, "figures");
    for (uint32_t i = 0; i < ranking.figure_count; i++) {
        const struct sensitivity_ranked *ranked = &ranking.figures[i];
        cJSON *figure = cJSON_CreateObject();
        cJSON_AddNumberToObject(figure, "rank", i + 1);
        cJSON_AddStringToObject(figure, "figure", figure_descriptions[ranked->figure].name);
        cJSON_AddNumberToObject(figure, "greatest_percent", ranked->percent);
        cJSON_AddNumberToObject(figure, "point", ranked->point);
        cJSON_AddBoolToObject(figure, "told", ranked->told);
        cJSON *changes = cJSON_AddArrayToObject(figure, "changes");
        for (uint32_t c = ranked->first; c < ranked->first + ranked->count; c++)
            cJSON_AddItemToArray(changes, change_json(sensitivity, c, ranking.effects[c]));
        cJSON_AddItemToArray(figures, figure);
    }
    return json;
}

void sensitivity_json(FILE *to, const void *context)
{
    const struct sensitivity *sensitivity = context;
    struct arena arena = ARENA_EMPTY;
    cJSON *json = cJSON_CreateObject(), *metrics, *absent, *refused;
    cJSON_AddStringToObject(json, "program", "braidsim");
    cJSON_AddStringToObject(json, "version", BRAIDSIM_VERSION);
    cJSON_AddStringToObject(json, "scenario", sensitivity->experiment->name);
    cJSON_AddNumberToObject(json, "seed", (double)sensitivity->experiment->seed);
    cJSON_AddItemToObject(json, "points", points_json(sensitivity));
    metrics = cJSON_AddArrayToObject(json, "metrics");
    for (uint32_t m = 0; m < sensitivity->metric_count; m++)
        cJSON_AddItemToArray(metrics, metric_json(sensitivity, m));
    absent = cJSON_AddArrayToObject(json, "absent");
    for (uint32_t i = 0; i < sensitivity->absent_count; i++)
        cJSON_AddItemToArray(absent,
                             cJSON_CreateString(figure_descriptions[sensitivity->absent[i]].name));
    refused = cJSON_AddArrayToObject(json, "not_run");
    for (uint32_t i = 0; i < sensitivity->change_count; i++) {
        const struct sensitivity_change *change = &sensitivity->changes[i];
        if (change->refusal == NULL)
            continue;
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "figure", figure_name(change));
        cJSON_AddStringToObject(one, "change", way_name(change));
        cJSON_AddStringToObject(one, "why", change->refusal);
        cJSON_AddItemToArray(refused, one);
    }
    fprintf(to, "%s\n", json_print(json, &arena));
    cJSON_Delete(json);
    arena_free(&arena);
}

static void put_number(FILE *to, double value)
{
    putc(',', to);
    json_write_number(to, value, "");
}

static void put_row(FILE *to, const struct sensitivity *sensitivity, uint32_t change, uint32_t p,
                    const struct sensitivity_effect *effect)
{
    const struct point *point = &sensitivity->experiment->points[p];
    double given, value = sensitivity_value(sensitivity, change, p, &given);
    fprintf(to, ",%s,%s,%u,", figure_name(&sensitivity->changes[change]),
            way_name(&sensitivity->changes[change]), p);
    file_put_cell(to, point->variant != NULL ? point->variant : "");
    for (uint32_t i = 0; i < point->sweep_count; i++) {
        putc(',', to);
        file_put_cell(to, point->sweep[i].text);
    }
    putc(',', to);
    file_put_cell(to, point->scenario.cpu->name);
    const double numbers[] = { value,           given,        effect->base, effect->changed,
                               effect->percent, effect->half, effect->p };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        put_number(to, numbers[i]);
    putc('\n', to);
}

static void put_rows(FILE *to, const struct sensitivity *sensitivity, uint32_t metric)
{
    struct sensitivity_ranking ranking;
    double given;
    sensitivity_rank(sensitivity, metric, &ranking);
    for (uint32_t i = 0; i < ranking.figure_count; i++) {
        const struct sensitivity_ranked *ranked = &ranking.figures[i];
        for (uint32_t c = ranked->first; c < ranked->first + ranked->count; c++)
            for (uint32_t p = 0; p < sensitivity->experiment->point_count; p++) {
                if (sensitivity->changes[c].refusal != NULL ||
                    isnan(sensitivity_value(sensitivity, c, p, &given)))
                    continue;
                file_put_cell(to, sensitivity->metrics[metric]);
                fprintf(to, ",%u", i + 1);
                put_row(to, sensitivity, c, p, &ranking.effects[c][p]);
            }
    }
}

void sensitivity_csv(FILE *to, const void *context)
{
    const struct sensitivity *sensitivity = context;
    const struct point *first = &sensitivity->experiment->points[0];
    fputs("metric,rank,figure,change,point,variant", to);
    for (uint32_t i = 0; i < first->sweep_count; i++) {
        putc(',', to);
        file_put_cell(to, first->sweep[i].pointer);
    }
    fputs(",cpu,value,given,base,mean,change_percent,ci95_percent,p\n", to);
    for (uint32_t m = 0; m < sensitivity->metric_count; m++)
        put_rows(to, sensitivity, m);
}
