/* map.c -- see map.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beside the panels is the bar of colours, with room for its numbers. */
enum { LEFT = 110, VALUE_PIXELS = 46, BAR_BESIDE = 150, BAR_GAP = 28, BAR_WIDTH = 15 };

/* The values of both axes, ascending, and the panels: a series in a facet each. */
struct layout {
    double *x, *y;
    uint32_t x_count, y_count, panel_count;
    const struct summary_point **panels; /* the first point of each */
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint32_t add_value(double *values, uint32_t count, double value)
{
    for (uint32_t i = 0; i < count; i++)
        if (values[i] == value)
            return count;
    values[count] = value;
    return count + 1;
}

static bool is_in_panel(const struct summary_point *point, const struct summary_point *first)
{
    return strcmp(point->series, first->series) == 0 && strcmp(point->facet, first->facet) == 0;
}

static struct layout lay_out(const struct summary *summary, struct arena *arena)
{
    uint32_t count = summary->point_count;
    struct layout layout = { .x = arena_alloc(arena, count, sizeof(double)),
                             .y = arena_alloc(arena, count, sizeof(double)),
                             .panels = arena_alloc(arena, count, sizeof *layout.panels) };
    for (uint32_t p = 0; p < count; p++) {
        const struct summary_point *point = &summary->points[p];
        bool is_new = true;
        layout.x_count = add_value(layout.x, layout.x_count, point->x);
        layout.y_count = add_value(layout.y, layout.y_count, point->y);
        for (uint32_t i = 0; i < layout.panel_count; i++)
            is_new = is_new && !is_in_panel(point, layout.panels[i]);
        if (is_new)
            layout.panels[layout.panel_count++] = point;
    }
    qsort(layout.x, layout.x_count, sizeof(double), ascending);
    qsort(layout.y, layout.y_count, sizeof(double), ascending);
    return layout;
}

static uint32_t place_of(const double *values, double value)
{
    uint32_t place = 0;
    while (values[place] != value)
        place++;
    return place;
}

static const char *panel_title(const struct layout *layout, uint32_t panel, struct arena *arena)
{
    const struct summary_point *first = layout->panels[panel];
    if (*first->facet == '\0' || *first->series == '\0')
        return *first->facet != '\0' ? first->facet : first->series;
    return arena_printf(arena, "%s, %s", first->facet, first->series);
}

/* ---- A picture ---------------------------------------------------------------------------- */

static void put_tics(FILE *to, const char *axis, const double *values, uint32_t count, int pixels)
{
    uint32_t step = 1 + (uint32_t)((int)count * 44 / pixels);
    for (uint32_t i = 0; i < count; i += step) {
        fprintf(to, "set %stics %s(", axis, i > 0 ? "add " : "");
        fprintf(to, "\"%.6g\" %u)\n", values[i], i);
    }
}

/* What colours stand for: from the least to the greatest value, of which a logarithm leaves out 0
 * and below. */
struct range {
    double least, greatest;
    bool is_log;
};

static struct range find_range(const struct summary *summary, const char *metric, bool is_log)
{
    struct range range = { INFINITY, -INFINITY, is_log };
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        if (isnan(mean) || (is_log && mean <= 0))
            continue;
        range.least = fmin(range.least, mean);
        range.greatest = fmax(range.greatest, mean);
    }
    if (range.least > range.greatest && is_log) /* nothing has a logarithm: as it is, then */
        return find_range(summary, metric, false);
    if (range.least > range.greatest) /* nothing */
        range.least = range.greatest = 1;
    if (range.least == range.greatest)
        range.greatest += fabs(range.least) > 0 ? fabs(range.least) * 0.01 : 1;
    return range;
}

static double share_of(const struct range *range, double value)
{
    if (range->is_log)
        return log(value / range->least) / log(range->greatest / range->least);
    return (value - range->least) / (range->greatest - range->least);
}

static void put_colours(FILE *to, const struct range *range)
{
    fprintf(to, "set palette defined (0 \"#440154\", 1 \"#472d7b\", 2 \"#3b528b\", 3 \"#2c728e\", "
                "4 \"#21918c\", 5 \"#28ae80\", 6 \"#5ec962\", 7 \"#addc30\", 8 \"#fde725\")\n");
    fprintf(to, "%sset cbrange [%.10g:%.10g]\n", range->is_log ? "set logscale cb\n" : "",
            range->least, range->greatest);
}

/* Three figures or more, in six characters at most from 0.001 to 10^12: 0.123, 2410, 60000, 123k,
 * 4.56M. */
static const char *value_text(double value, struct arena *arena)
{
    static const struct {
        double from, unit;
        const char *letter;
    } units[] = { { 999.5e6, 1e9, "G" }, { 999.5e3, 1e6, "M" }, { 99999.5, 1e3, "k" } };
    double size = fabs(value);
    for (size_t i = 0; i < sizeof units / sizeof units[0] && size < 999.5e9; i++)
        if (size >= units[i].from)
            return arena_printf(arena, "%.3g%s", value / units[i].unit, units[i].letter);
    return arena_printf(arena, size >= 999.5 && size < 99999.5 ? "%.0f" : "%.3g", value);
}

/* x, y, value, the colour of what is written there (dark on light, light on dark), and that. */
static void put_cells(FILE *to, const struct summary *summary, const struct layout *layout,
                      uint32_t panel, const char *metric, const struct range *range,
                      struct arena *arena)
{
    fprintf(to, "$m%u << EOD\n", panel);
    for (uint32_t p = 0; p < summary->point_count; p++) {
        const struct summary_point *point = &summary->points[p];
        double mean, half;
        summary_metric(point, metric, &mean, &half);
        if (!is_in_panel(point, layout->panels[panel]) || isnan(mean) ||
            (range->is_log && mean <= 0))
            continue;
        fprintf(to, "%u %u %.10g 0x%s %s\n", place_of(layout->x, point->x),
                place_of(layout->y, point->y), mean,
                share_of(range, mean) > 0.6 ? "000000" : "FFFFFF", value_text(mean, arena));
    }
    fprintf(to, "EOD\n");
}

static void put_bar(FILE *to, const struct chart_grid *grid)
{
    double width = grid->width;
    fprintf(to, "set colorbox user origin screen %.4f, graph 0 size screen %.4f, graph 1\n",
            (width - grid->right + BAR_GAP) / width, BAR_WIDTH / width);
}

void map_put(FILE *to, const struct plotting *plotting, const char *name, const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    const struct summary *summary = &plotting->summary;
    struct layout layout = lay_out(summary, &arena);
    struct range range = find_range(summary, metric, plotting->options->log_y);
    struct chart_grid grid = chart_grid(layout.panel_count, LEFT, BAR_BESIDE, 0);
    bool values = grid.panel_width / (int)layout.x_count >= VALUE_PIXELS &&
                  grid.panel_height / (int)layout.y_count >= 18;
    script_heading(to, plotting, name, grid.width, grid.height);
    fprintf(to, "unset key\nunset grid\nset border 0\nset tics scale 0\n");
    put_colours(to, &range);
    fprintf(to, "set xrange [-0.5:%u.5]\nset yrange [-0.5:%u.5]\n", layout.x_count - 1,
            layout.y_count - 1);
    put_tics(to, "x", layout.x, layout.x_count, grid.panel_width);
    put_tics(to, "y", layout.y, layout.y_count, 2 * grid.panel_height);
    chart_begin(to, &grid, script_metric_words(metric, &arena),
                arena_printf(&arena, "%s; colours and numbers: %s", summary->name, metric));
    for (uint32_t p = 0; p < layout.panel_count; p++) {
        put_cells(to, summary, &layout, p, metric, &range, &arena);
        chart_panel_begin(to, &grid, p,
                          layout.panel_count > 1 ? panel_title(&layout, p, &arena) : NULL);
        chart_panel_titles(to, &grid, p, layout.panel_count, summary->x_title, summary->y_title);
        if (p == 0)
            put_bar(to, &grid);
        else
            fprintf(to, "unset colorbox\n");
        fprintf(to,
                "plot $m%u using 1:2:(0.49):(0.49):3 with boxxyerror fillstyle solid 1 noborder "
                "fillcolor palette",
                p);
        if (values)
            fprintf(to,
                    ", \\\n     $m%u using 1:2:(strcol(5)):4 with labels "
                    "font \",11\" textcolor rgb variable",
                    p);
        fprintf(to, "\n%s", p == 0 ? "unset label 1\nunset label 2\nunset label 4\n" : "");
    }
    fprintf(to, "unset multiplot\n");
    arena_free(&arena);
}

/* ---- In a terminal ------------------------------------------------------------------------ */

void map_rows(FILE *to, const struct plotting *plotting, const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    const struct summary *summary = &plotting->summary;
    struct layout layout = lay_out(summary, &arena);
    fprintf(to, "\n%s\n%s\n", script_metric_words(metric, &arena), summary->name);
    for (uint32_t panel = 0; panel < layout.panel_count; panel++) {
        double *cells = arena_alloc(&arena, (size_t)layout.x_count * layout.y_count, sizeof *cells);
        for (uint32_t i = 0; i < layout.x_count * layout.y_count; i++)
            cells[i] = NAN;
        for (uint32_t p = 0; p < summary->point_count; p++) {
            const struct summary_point *point = &summary->points[p];
            double half, *cell = &cells[place_of(layout.y, point->y) * layout.x_count +
                                        place_of(layout.x, point->x)];
            if (is_in_panel(point, layout.panels[panel]))
                summary_metric(point, metric, cell, &half);
        }
        fprintf(to, "\n%s\n%14s", panel_title(&layout, panel, &arena), "");
        for (uint32_t i = 0; i < layout.x_count; i++)
            fprintf(to, "%11.6g", layout.x[i]);
        fprintf(to, "  %s\n", summary->x_title);
        for (uint32_t y = layout.y_count; y-- > 0;) {
            fprintf(to, "%14.6g", layout.y[y]);
            for (uint32_t x = 0; x < layout.x_count; x++) {
                double value = cells[y * layout.x_count + x];
                if (isnan(value))
                    fprintf(to, "%11s", "-");
                else
                    fprintf(to, fabs(value) < 9999.5 || fabs(value) >= 1e9 ? "%11.4g" : "%11.0f",
                            value);
            }
            fputc('\n', to);
        }
        fprintf(to, "%14s\n", summary->y_title);
    }
    arena_free(&arena);
}
