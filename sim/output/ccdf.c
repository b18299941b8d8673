/* ccdf.c -- see ccdf.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/ccdf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/output/curves.h"

struct bucket {
    double upper_us, count;
};

struct tail {
    struct bucket *buckets;
    uint32_t count, capacity;
    double total;
};

struct ccdf_set {
    struct tail *distributions; /* of each point of the summary */
    uint32_t count;
    struct arena *arena;
};

/* ---- Reading ------------------------------------------------------------------------------ */

static void add(struct tail *distribution, struct bucket bucket, struct arena *arena)
{
    if (distribution->count == distribution->capacity) {
        uint32_t capacity = 2 * distribution->capacity + 256;
        struct bucket *buckets = arena_alloc(arena, capacity, sizeof *buckets);
        if (distribution->count > 0)
            memcpy(buckets, distribution->buckets, distribution->count * sizeof *buckets);
        distribution->buckets = buckets;
        distribution->capacity = capacity;
    }
    distribution->buckets[distribution->count++] = bucket;
    distribution->total += bucket.count;
}

static struct tail *find(struct ccdf_set *set, const struct summary *summary, uint32_t source,
                         unsigned long index)
{
    for (uint32_t p = 0; p < summary->point_count; p++)
        if (summary->points[p].source == source && summary->points[p].index == index)
            return &set->distributions[p];
    return NULL;
}

/* "3,wait_us,17.5,210" */
static bool read_line(struct ccdf_set *set, const struct summary *summary, uint32_t source,
                      const char *line, const char *metric)
{
    char *end, name[32];
    struct bucket bucket;
    unsigned long index = strtoul(line, &end, 10);
    if (end == line ||
        sscanf(end, ",%31[^,],%lf,%lf", name, &bucket.upper_us, &bucket.count) != 3 ||
        !(bucket.upper_us >= 0) || !(bucket.count > 0))
        return false;
    struct tail *distribution = find(set, summary, source, index);
    if (distribution != NULL && strcmp(name, metric) == 0)
        add(distribution, bucket, set->arena);
    return distribution != NULL;
}

static bool read_file(struct ccdf_set *set, const struct summary *summary, uint32_t source,
                      const char *path, const char *metric, struct error *err)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, number = 0;
    bool fine = true;
    if (file == NULL)
        return error_set(err, path,
                         "cannot be read: %s; results of braidsim before 0.2 have none, "
                         "so run the scenario again",
                         strerror(errno));
    while (fine && getline(&line, &room, file) > 0)
        if (number++ > 0 && !read_line(set, summary, source, line, metric))
            fine = error_set(err, path, "line %zu is none of latency.csv", number);
    free(line);
    fclose(file);
    return fine;
}

static bool check_metric(const char *metric, struct error *err)
{
    for (uint32_t i = 0; i < LATENCY_KINDS; i++)
        if (strcmp(metric, latency_names[i]) == 0)
            return true;
    return error_set(err, "--ccdf", "no distribution is kept of %s; there are %s, %s and %s",
                     metric, latency_names[0], latency_names[1], latency_names[2]);
}

struct ccdf_set *ccdf_read(const struct plotting *plotting, const char *const *directories,
                           const char *metric, struct arena *arena, struct error *err)
{
    const struct summary *summary = &plotting->summary;
    struct ccdf_set *set = arena_alloc(arena, 1, sizeof *set);
    uint32_t defined = 0;
    set->count = summary->point_count;
    set->arena = arena;
    set->distributions = arena_alloc(arena, set->count, sizeof *set->distributions);
    if (!check_metric(metric, err))
        return NULL;
    for (uint32_t i = 0; i < summary->source_count; i++)
        if (!read_file(set, summary, i, arena_printf(arena, "%s/latency.csv", directories[i]),
                       metric, err))
            return NULL;
    for (uint32_t p = 0; p < set->count; p++)
        defined += set->distributions[p].count > 0;
    if (defined == 0) {
        error_set(err, "--ccdf", "%s is undefined at every point: nothing was measured", metric);
        return NULL;
    }
    return set;
}

/* ---- A picture ---------------------------------------------------------------------------- */

static const char *time_text(double us, struct arena *arena)
{
    const char *unit = us < 1 ? "ns" : us < 1e3 ? "us" : us < 1e6 ? "ms" : "s";
    double in = us < 1 ? us * 1e3 : us < 1e3 ? us : us < 1e6 ? us / 1e3 : us / 1e6;
    return arena_printf(arena, "%.3g %s", in, unit);
}

/* Ranges and tics: times from least to greatest, shares from 1 to rarest. */
static void put_axes(FILE *to, double least, double greatest, double rarest, bool small)
{
    struct arena arena = ARENA_EMPTY;
    const char *more = "";
    int decades = (int)ceil(log10(greatest / least)), step = small && decades > 3 ? 2 : 1;
    fprintf(to, "set logscale xy\nset xrange [%.10g:%.10g]\nset yrange [%.10g:1.3]\n", least,
            greatest * 1.3, rarest);
    for (double us = pow(10, ceil(log10(least) - 1e-9)); us <= greatest * 1.3;
         us *= step == 1 ? 10 : 100) {
        fprintf(to, "set xtics %s(\"%s\" %.10g)\n", more, time_text(us, &arena), us);
        more = "add ";
    }
    more = "";
    for (double share = 1; share >= rarest * 0.999; share /= 10) {
        fprintf(to, "set ytics %s(\"%.10g %%%%\" %.10g)\n", more, share * 100, share);
        more = "add ";
    }
    arena_free(&arena);
}

/* A corner at each bucket's end: the share above it. */
static struct chart_row *rows_of(const struct tail *distribution, double least, uint32_t *count,
                                 struct arena *arena)
{
    struct chart_row *rows = arena_alloc(arena, distribution->count + 1, sizeof *rows);
    double above = distribution->total;
    *count = 0;
    rows[(*count)++] = (struct chart_row){ least, 1, 1, 1 };
    for (uint32_t i = 0; i < distribution->count; i++) {
        above -= distribution->buckets[i].count;
        double x = fmax(distribution->buckets[i].upper_us, least);
        if (above > 0.5)
            rows[(*count)++] = (struct chart_row){ x, above / distribution->total, NAN, NAN };
        else /* the longest: down to the axis */
            rows[(*count)++] = (struct chart_row){ x, 1e-12, NAN, NAN };
    }
    return rows;
}

static void find_ranges(const struct ccdf_set *set, double *least, double *greatest, double *rarest)
{
    *least = INFINITY;
    *greatest = 0;
    *rarest = 0.1;
    for (uint32_t p = 0; p < set->count; p++) {
        const struct tail *distribution = &set->distributions[p];
        if (distribution->total > 0)
            *rarest = fmin(*rarest, 0.5 / distribution->total);
        for (uint32_t i = 0; i < distribution->count; i++) {
            double us = distribution->buckets[i].upper_us;
            *least = us > 0 ? fmin(*least, us) : *least;
            *greatest = fmax(*greatest, us);
        }
    }
    *greatest = *greatest > 0 ? *greatest : 1;
    *least = fmax(fmin(*least, *greatest / 10), *greatest / 1e7); /* seven decades are enough */
}

/* Equal titles have equal colours, in all panels: which of the titles it is. */
static uint32_t colour_of_title(const struct summary *summary, uint32_t point)
{
    uint32_t colour = 0;
    for (uint32_t p = 0; strcmp(summary->points[p].title, summary->points[point].title) != 0; p++) {
        uint32_t first = 0;
        while (strcmp(summary->points[first].title, summary->points[p].title) != 0)
            first++;
        colour += first == p;
    }
    return colour;
}

static void fill_panels(struct chart *chart, const struct summary *summary,
                        const struct ccdf_set *set, double least, struct arena *arena)
{
    const char **facets = arena_alloc(arena, summary->point_count, sizeof *facets);
    const char **series = arena_alloc(arena, summary->point_count, sizeof *series);
    uint32_t series_count = curves_series(summary, series);
    chart->panel_count = curves_facets(summary, facets);
    struct chart_panel *panels = arena_alloc(arena, chart->panel_count, sizeof *panels);
    for (uint32_t f = 0; f < chart->panel_count; f++) {
        struct chart_line *lines = arena_alloc(arena, summary->point_count, sizeof *lines);
        panels[f].lines = lines;
        panels[f].title = chart->panel_count > 1 ? facets[f] : NULL;
        for (uint32_t p = 0; p < summary->point_count; p++) {
            const struct summary_point *point = &summary->points[p];
            struct chart_line *line = &lines[panels[f].line_count];
            if (strcmp(point->facet, facets[f]) != 0 || set->distributions[p].count == 0)
                continue;
            uint32_t colour = 0;
            while (colour < series_count && strcmp(series[colour], point->series) != 0)
                colour++;
            const char *title =
                arena_printf(arena, "%s, %s %g", point->series, summary->x_title, point->x);
            *line = (struct chart_line){ .name = isnan(point->x) ? point->title : title,
                                         .kind = CHART_STEPS,
                                         .colour = isnan(point->x) ? colour
                                                                   : colour_of_title(summary, p) };
            line->rows = rows_of(&set->distributions[p], least, &line->count, arena);
            panels[f].line_count++;
        }
    }
    chart->panels = panels;
}

void ccdf_put(FILE *to, const struct plotting *plotting, const char *name, const char *metric,
              const struct ccdf_set *set)
{
    struct arena arena = ARENA_EMPTY;
    char *axes = NULL;
    size_t size = 0;
    double least, greatest, rarest;
    static const char *const titles[LATENCY_KINDS] = {
        "Wake-up latency: from the intended time to running", "Waiting: from ready to running",
        "Response: from the intended start to the end"
    };
    struct chart chart = { .title = titles[0],
                           .x_title = "longer than",
                           .y_title = "share of all",
                           .y_to = 1.3,
                           .y_log = true,
                           .wide_y = true };
    for (uint32_t i = 0; i < LATENCY_KINDS; i++)
        chart.title = strcmp(metric, latency_names[i]) == 0 ? titles[i] : chart.title;
    chart.subtitle = plotting->summary.name;
    find_ranges(set, &least, &greatest, &rarest);
    fill_panels(&chart, &plotting->summary, set, least, &arena);
    FILE *memory = open_memstream(&axes, &size);
    CHECK(memory != NULL);
    put_axes(memory, least, greatest, rarest, chart.panel_count > 1);
    CHECK(fclose(memory) == 0);
    chart.axes = axes;
    chart.y_from = rarest;
    chart_put(to, plotting, name, &chart);
    free(axes);
    arena_free(&arena);
}

/* ---- In a terminal ------------------------------------------------------------------------ */

/* The upper end of the bucket in which the share'th value lies. */
static double quantile(const struct tail *distribution, double share)
{
    double seen = 0, rank = ceil(share * distribution->total);
    for (uint32_t i = 0; i < distribution->count; i++) {
        seen += distribution->buckets[i].count;
        if (seen >= rank)
            return distribution->buckets[i].upper_us;
    }
    return NAN;
}

void ccdf_rows(FILE *to, const struct plotting *plotting, const char *metric,
               const struct ccdf_set *set)
{
    static const double shares[] = { 0.5, 0.9, 0.99, 0.999, 0.9999, 1 };
    struct arena arena = ARENA_EMPTY;
    const struct summary *summary = &plotting->summary;
    fprintf(to, "\n%s: so much or less of\n%s\n\n%12s%12s%12s%12s%12s%12s%14s\n", metric,
            summary->name, "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "all", "of values");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        const struct tail *distribution = &set->distributions[p];
        const struct summary_point *point = &summary->points[p];
        for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
            fprintf(to, "%12s",
                    distribution->count > 0 ? time_text(quantile(distribution, shares[i]), &arena)
                                            : "-");
        fprintf(to, "%14.0f  %s%s%s\n", distribution->total, point->title,
                *point->facet != '\0' ? ", " : "", point->facet);
    }
    arena_free(&arena);
}
