/* law.c -- see law.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/output/curves.h"
#include "sim/output/usl.h"

enum { SAMPLES = 120 };

static const char metric[] = "throughput_per_s";

static double number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

static const cJSON *fits_of(const struct summary *summary, uint32_t source)
{
    return cJSON_GetObjectItemCaseSensitive(summary->sources[source].root, "scaling");
}

/* The fit of the series that the point is of, or NULL. */
static const cJSON *fit_of(const struct summary *summary, const struct summary_point *point)
{
    const cJSON *fit, *index;
    cJSON_ArrayForEach(fit, fits_of(summary, point->source))
    {
        cJSON_ArrayForEach(index, cJSON_GetObjectItemCaseSensitive(fit, "points"))
        {
            if (index->valuedouble == point->index)
                return fit;
        }
    }
    return NULL;
}

bool law_check(const struct plotting *plotting, struct error *err)
{
    const struct summary *summary = &plotting->summary;
    for (uint32_t p = 0; p < summary->point_count; p++)
        if (fit_of(summary, &summary->points[p]) != NULL)
            return true;
    return error_set(err, "--scaling",
                     "these results have no fit of a scaling law, which wants throughput at three "
                     "numbers of cores: sweep /machine/cores");
}

/* "sigma 0.012, kappa 3.4e-05, by the law best at 41", which is not where the measured best is. */
static const char *note_of(const cJSON *fit, struct arena *arena)
{
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(fit, "verdict");
    double peak = number(fit, "peak_cores"), miss = number(fit, "greatest_miss");
    const char *name = cJSON_IsString(verdict) ? verdict->valuestring : "";
    if (strcmp(name, usl_verdict_names[USL_COLLAPSE]) == 0 ||
        strcmp(name, usl_verdict_names[USL_MISSES]) == 0)
        return arena_printf(arena, "%s: the law is off by up to %.0f %%",
                            name[0] == 'c' ? "collapse" : "no fit", 100 * fabs(miss));
    return arena_printf(
        arena, "sigma %.2g, kappa %.2g, %s", number(fit, "sigma"), number(fit, "kappa"),
        isnan(peak) ? "no peak" : arena_printf(arena, "by the law best at %.0f", peak));
}

static double greatest_x(const struct summary *summary)
{
    double x = 0;
    for (uint32_t p = 0; p < summary->point_count; p++)
        x = fmax(x, summary->points[p].x);
    return x;
}

static struct usl law_of(const cJSON *fit)
{
    return (struct usl){ .first_cores = number(fit, "first_cores"),
                         .first_throughput = number(fit, "first_throughput_per_s"),
                         .sigma = number(fit, "sigma"),
                         .kappa = number(fit, "kappa") };
}

/* The law from its fewest cores to the most of all, evenly on a logarithmic axis. */
static struct chart_line fitted_line(const struct usl *usl, double most, uint32_t colour,
                                     struct arena *arena)
{
    struct chart_row *rows = arena_alloc(arena, SAMPLES, sizeof *rows);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double n = usl->first_cores * pow(most / usl->first_cores, i / (SAMPLES - 1.0));
        double x = usl_throughput(usl, n);
        rows[i] = (struct chart_row){ n, x > 0 ? x : (double)NAN, NAN, NAN };
    }
    return (struct chart_line){
        .kind = CHART_DASHED, .colour = colour, .count = SAMPLES, .rows = rows
    };
}

static struct chart_line ideal_line(const struct usl *best, double most, struct arena *arena)
{
    struct chart_row *rows = arena_alloc(arena, 2, sizeof *rows);
    double each = best->first_throughput / best->first_cores;
    rows[0] = (struct chart_row){ best->first_cores, best->first_throughput, NAN, NAN };
    rows[1] = (struct chart_row){ most, each * most, NAN, NAN };
    return (struct chart_line){
        .name = "ideal: linear", .kind = CHART_PLAIN, .colour = CHART_GREY, .count = 2, .rows = rows
    };
}

static void find_range(const struct summary *summary, double *least, double *greatest)
{
    struct spread spread = script_spread(summary, metric);
    *least = spread.least;
    *greatest = spread.greatest;
}

static struct chart_panel panel_of(const struct summary *summary, const char *facet,
                                   const char *const *series, uint32_t series_count,
                                   double *greatest, struct arena *arena)
{
    struct chart_line *lines = arena_alloc(arena, 2 * series_count + 1, sizeof *lines);
    struct chart_panel panel = { .lines = lines,
                                 .line_count = 1 /* the ideal, below the others */ };
    struct usl best = { .first_throughput = 0, .first_cores = 1 };
    double most = greatest_x(summary);
    for (uint32_t i = 0; i < series_count; i++) {
        uint32_t count;
        struct chart_row *rows = curves_rows(summary, facet, series[i], metric, &count, arena);
        const struct summary_point *point = summary->points;
        while (count > 0 &&
               (strcmp(point->series, series[i]) != 0 || strcmp(point->facet, facet) != 0))
            point++;
        const cJSON *fit = count > 0 ? fit_of(summary, point) : NULL;
        if (count == 0)
            continue;
        lines[panel.line_count++] =
            (struct chart_line){ .name = *series[i] != '\0' ? series[i] : summary->name,
                                 .note = fit != NULL ? note_of(fit, arena) : NULL,
                                 .kind = CHART_POINTS,
                                 .colour = i,
                                 .count = count,
                                 .rows = rows };
        if (fit == NULL)
            continue;
        struct usl usl = law_of(fit);
        lines[panel.line_count++] = fitted_line(&usl, most, i, arena);
        if (usl.first_throughput / usl.first_cores > best.first_throughput / best.first_cores)
            best = usl;
    }
    lines[0] = ideal_line(&best, most, arena);
    *greatest = fmax(*greatest, best.first_throughput / best.first_cores * most);
    return panel;
}

static void put_axes(FILE *to, struct chart *chart, const struct summary *summary, double least,
                     double greatest)
{
    struct spread spread = { least, greatest, true };
    chart->y_log = true;
    chart->y_from = least / 2;
    chart->y_to = greatest * 2;
    script_x_axis(to, summary, true);
    script_y_axis(to, spread, true);
}

void law_put(FILE *to, const struct plotting *plotting, const char *name)
{
    struct arena arena = ARENA_EMPTY;
    const struct summary *summary = &plotting->summary;
    const char **facets = arena_alloc(&arena, summary->point_count, sizeof *facets);
    const char **series = arena_alloc(&arena, summary->point_count, sizeof *series);
    uint32_t series_count = curves_series(summary, series);
    struct chart chart = { .title = "How throughput scales with cores",
                           .x_title = summary->x_title,
                           .y_title = "throughput, 1/s",
                           .panel_count = curves_facets(summary, facets) };
    struct chart_panel *panels = arena_alloc(&arena, chart.panel_count, sizeof *panels);
    char *axes = NULL;
    size_t size = 0;
    double least, greatest;
    find_range(summary, &least, &greatest);
    for (uint32_t f = 0; f < chart.panel_count; f++) {
        panels[f] = panel_of(summary, facets[f], series, series_count, &greatest, &arena);
        panels[f].title = chart.panel_count > 1 ? facets[f] : NULL;
    }
    chart.panels = panels;
    chart.subtitle = arena_printf(&arena,
                                  "%s; points: simulated, with 95 %% bars; dashed: the "
                                  "Universal Scalability Law fitted to them",
                                  summary->name);
    FILE *memory = open_memstream(&axes, &size);
    CHECK(memory != NULL);
    put_axes(memory, &chart, summary, least, greatest);
    CHECK(fclose(memory) == 0);
    chart.axes = axes;
    chart_put(to, plotting, name, &chart);
    free(axes);
    arena_free(&arena);
}
