/* curves.c -- see curves.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/output/growth.h"

/* ---- Series and panels -------------------------------------------------------------------- */

static uint32_t add_once(const char **all, uint32_t count, const char *text)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(all[i], text) == 0)
            return count;
    all[count] = text;
    return count + 1;
}

uint32_t curves_facets(const struct summary *summary, const char **facets)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < summary->point_count; p++)
        count = add_once(facets, count, summary->points[p].facet);
    return count;
}

uint32_t curves_series(const struct summary *summary, const char **series)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < summary->point_count; p++)
        count = add_once(series, count, summary->points[p].series);
    return count;
}

static int by_x(const void *a, const void *b)
{
    double x = ((const struct chart_row *)a)->x, y = ((const struct chart_row *)b)->x;
    return (x > y) - (x < y);
}

struct chart_row *curves_rows(const struct summary *summary, const char *facet, const char *series,
                              const char *metric, uint32_t *count, struct arena *arena)
{
    struct chart_row *rows = arena_alloc(arena, summary->point_count, sizeof *rows);
    *count = 0;
    for (uint32_t p = 0; p < summary->point_count; p++) {
        const struct summary_point *point = &summary->points[p];
        double mean, half;
        if (strcmp(point->series, series) != 0 || strcmp(point->facet, facet) != 0)
            continue;
        summary_metric(point, metric, &mean, &half);
        half = isnan(half) ? 0 : half;
        rows[(*count)++] = (struct chart_row){ point->x, mean, mean - half, mean + half };
    }
    qsort(rows, *count, sizeof *rows, by_x);
    return rows;
}

/* ---- The picture -------------------------------------------------------------------------- */

/* Of means, and how far intervals reach. */
static void find_range(const struct summary *summary, const char *metric, double *from, double *to)
{
    *from = 0;
    *to = 0;
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        if (isnan(mean))
            continue;
        half = isnan(half) ? 0 : half;
        *from = fmin(*from, mean < 0 ? mean - half : 0);
        *to = fmax(*to, mean + half);
    }
}

static void put_y_axis(FILE *to, struct chart *chart, const struct summary *summary,
                       const char *metric, bool log)
{
    struct spread spread = script_spread(summary, metric);
    find_range(summary, metric, &chart->y_from, &chart->y_to);
    if (log && spread.greatest > 0) {
        script_y_axis(to, spread, true);
        chart->y_log = true;
        chart->y_from = spread.least / 2;
        chart->y_to = spread.greatest * 2;
        return;
    }
    double above = chart->y_to;
    chart->y_to = above > 0 || chart->y_from < 0 ? above + 0.04 * (above - chart->y_from) : 1;
    fprintf(to, "set yrange [%.10g:%.10g]\n", chart->y_from, chart->y_to);
    if (chart->y_from < 0)
        fprintf(to, "set xzeroaxis linecolor \"#808080\"\n");
    else if (spread.greatest >= 1e5)
        script_tics(to, "y", 0, chart->y_to, 8, false);
}

/* "slope 0.98 +- 0.03", of what is above 0. */
static const char *slope_text(const struct chart_row *rows, uint32_t count, struct arena *arena)
{
    double *x = arena_alloc(arena, count, sizeof *x), *y = arena_alloc(arena, count, sizeof *y);
    struct interval slope;
    for (uint32_t i = 0; i < count; i++) {
        x[i] = rows[i].x;
        y[i] = rows[i].y;
    }
    if (!growth_fit(x, y, count, &slope))
        return "no slope: too few points above 0";
    return arena_printf(arena, "slope %.2f +- %.2f", slope.mean, slope.half_width);
}

/* A logarithmic axis has no 0, where a band may reach. */
static void clamp(struct chart_row *rows, uint32_t count, const struct chart *chart)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].y <= 0)
            rows[i].y = NAN;
        rows[i].low = fmax(rows[i].low, chart->y_from);
    }
}

static void fill_panels(struct chart *chart, const struct plotting *plotting, const char *metric,
                        struct arena *arena)
{
    const struct summary *summary = &plotting->summary;
    const char **facets = arena_alloc(arena, summary->point_count, sizeof *facets);
    const char **series = arena_alloc(arena, summary->point_count, sizeof *series);
    uint32_t series_count = curves_series(summary, series);
    chart->panel_count = curves_facets(summary, facets);
    struct chart_panel *panels = arena_alloc(arena, chart->panel_count, sizeof *panels);
    for (uint32_t f = 0; f < chart->panel_count; f++) {
        struct chart_line *lines = arena_alloc(arena, series_count, sizeof *lines);
        panels[f] = (struct chart_panel){ .lines = lines };
        panels[f].title = chart->panel_count > 1 ? facets[f] : NULL;
        for (uint32_t i = 0; i < series_count; i++) {
            struct chart_line *line = &lines[panels[f].line_count];
            struct chart_row *rows =
                curves_rows(summary, facets[f], series[i], metric, &line->count, arena);
            if (line->count == 0)
                continue;
            if (chart->y_log)
                clamp(rows, line->count, chart);
            line->rows = rows;
            line->kind = CHART_BAND;
            line->colour = i;
            line->name = *series[i] != '\0' ? series[i] : NULL;
            if (plotting->options->exponent) {
                line->note = slope_text(rows, line->count, arena);
                line->name = line->name != NULL ? line->name : summary->name;
            }
            panels[f].line_count++;
        }
        if (plotting->options->exponent && chart->panel_count > 1 && panels[f].line_count == 1)
            panels[f].title = arena_printf(arena, "%s: %s", facets[f], lines[0].note);
    }
    chart->panels = panels;
}

static bool has_intervals(const struct summary *summary, const char *metric)
{
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        if (half > 0)
            return true;
    }
    return false;
}

void curves_put(FILE *to, const struct plotting *plotting, const char *name, const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    const struct summary *summary = &plotting->summary;
    bool overhead = strcmp(metric, "sched_overhead_percent") == 0;
    const struct plot_options *options = plotting->options;
    const char *unit, *title = script_metric_title(metric, &unit, &arena);
    struct chart chart = { .title = overhead ? "What scheduling costs" : title,
                           .x_title = summary->x_title };
    char *axes = NULL;
    size_t size = 0;
    if (script_is_text(plotting))
        chart.title = script_metric_words(metric, &arena);
    chart.y_title = overhead ? "overhead: % of all time that is not idle"
                             : arena_printf(&arena, "%s, %s", metric, unit);
    chart.subtitle = summary->name;
    if (has_intervals(summary, metric))
        chart.subtitle = arena_printf(&arena, "%s; bands: 95 %% confidence", summary->name);
    FILE *memory = open_memstream(&axes, &size);
    CHECK(memory != NULL);
    script_x_axis(memory, summary, options->log_x || options->exponent);
    put_y_axis(memory, &chart, summary, metric, options->log_y || options->exponent);
    CHECK(fclose(memory) == 0);
    chart.axes = axes;
    fill_panels(&chart, plotting, metric, &arena);
    chart_put(to, plotting, name, &chart);
    free(axes);
    arena_free(&arena);
}
