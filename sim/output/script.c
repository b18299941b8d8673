/* script.c -- see script.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/script.h"

#include <math.h>
#include <string.h>

enum {
    TEXT_COLUMNS = 100,
    TEXT_BARS = 60,
    TITLE_MAX = 32,
    ROW = 20 /* pixels of a line of the list */
};

/* ---- Texts -------------------------------------------------------------------------------- */

bool script_is_text(const struct plotting *plotting)
{
    return strcmp(plotting->options->format, "txt") == 0;
}

void script_text(FILE *to, const char *text, bool breaks)
{
    putc('"', to);
    for (; *text != '\0'; text++) {
        if (breaks && text[0] == ',' && text[1] == ' ') {
            fputs("\\n", to);
            text++;
        } else if (strchr("\"\\`", *text) != NULL) {
            putc('\'', to);
        } else {
            putc((unsigned char)*text < ' ' ? ' ' : *text, to);
        }
    }
    putc('"', to);
}

void script_heading(FILE *to, const struct plotting *plotting, const char *name, int width,
                    int height)
{
    const char *format = plotting->options->format;
    if (script_is_text(plotting))
        fprintf(to, "set terminal dumb size %d, 32\n", TEXT_COLUMNS);
    else if (strcmp(format, "png") == 0)
        fprintf(to, "set terminal pngcairo size %d, %d font \"sans,14\" linewidth 1.5\n", width,
                height);
    else if (strcmp(format, "svg") == 0)
        fprintf(to,
                "set terminal svg size %d, %d font \"sans,14\" linewidth 1.5 background "
                "\"white\"\n",
                width, height);
    else
        fprintf(to, "set terminal pdfcairo size %gin, %gin font \"sans,12\" linewidth 1.5\n",
                width / 110.0, height / 110.0);
    if (!script_is_text(plotting) && !plotting->drawn_here)
        fprintf(to, "set output \"%s.%s\"\n", name, format);
    fprintf(to, "set termoption noenhanced\nset datafile missing \"NaN\"\n"
                "set grid ytics back linetype 1 linecolor \"#cccccc\" linewidth 0.6\n"
                "set border 3\nset tics nomirror\nset title font \",16\"\n"
                "set key outside right top vertical Left reverse noautotitle\n");
}

void script_title(FILE *to, const char *title, const struct summary *summary, bool bars)
{
    fprintf(to, "set title ");
    script_text(to, title, false);
    fprintf(to, ".\"\\n\".");
    script_text(to, summary->name, false);
    if (bars && summary->x_pointer != NULL) {
        fprintf(to, ".\", by \".");
        script_text(to, summary->x_title, false);
    }
    fprintf(to, "\n");
}

/* ---- Axes --------------------------------------------------------------------------------- */

struct spread script_spread(const struct summary *summary, const char *metric)
{
    struct spread spread = { INFINITY, 0, false };
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        spread.defined = spread.defined || !isnan(mean);
        if (mean > 0) {
            spread.least = fmin(spread.least, mean);
            spread.greatest = fmax(spread.greatest, mean);
        }
    }
    return spread;
}

void script_y_axis(FILE *to, struct spread spread, bool log)
{
    if (spread.greatest <= 0) {
        fprintf(to, "set yrange [0:1]\n");
    } else if (!log) {
        fprintf(to, "set yrange [0:*]\n");
    } else {
        fprintf(to, "set logscale y\nset format y \"%%g\"\nset yrange [%g:%g]\n", spread.least / 2,
                spread.greatest * 2);
        if (spread.greatest / spread.least > 1000)
            return;
        fprintf(to, "set ytics (");
        for (double ten = pow(10, floor(log10(spread.least / 2))); ten < spread.greatest * 2;
             ten *= 10)
            fprintf(to, "%g, %g, %g, ", ten, 2 * ten, 5 * ten);
        fprintf(to, "%g)\n", 10 * spread.greatest);
    }
}

/* ---- Bars --------------------------------------------------------------------------------- */

/* Between commas, where text has a new line. */
static int longest_part(const struct summary *summary)
{
    int longest = 0;
    for (uint32_t p = 0; p < summary->point_count; p++)
        for (const char *part = summary->points[p].title; part != NULL;) {
            const char *comma = strstr(part, ", ");
            int length = (int)(comma != NULL ? (size_t)(comma - part) : strlen(part));
            longest = length > longest ? length : longest;
            part = comma != NULL ? comma + 2 : NULL;
        }
    return longest;
}

/* Labels that would run into each other are slanted, and left out between; titles too long for that
 * go into a list below the picture, and numbers stand at the bars. */
struct bars script_bars(const struct plotting *plotting, int width, int height, int shared)
{
    const struct summary *summary = &plotting->summary;
    struct bars bars = { .width = width, .height = height };
    for (uint32_t p = 0; p < summary->point_count; p++) {
        int length = (int)strlen(summary->points[p].title);
        bars.longest = length > bars.longest ? length : bars.longest;
    }
    bars.step = 1 + 18 * summary->point_count / (uint32_t)shared;
    bars.slanted = 9 * (bars.longest + 1) > shared / (int)summary->point_count;
    if (script_is_text(plotting)) {
        bars.numbered = longest_part(summary) >= TEXT_BARS / (int)summary->point_count;
        bars.slanted = bars.slanted && !bars.numbered;
        return bars;
    }
    bars.numbered = bars.slanted && bars.longest > TITLE_MAX;
    if (!bars.numbered)
        return bars;
    uint32_t count = (summary->point_count + bars.step - 1) / bars.step;
    bars.slanted = 9 * 4 > shared / (int)summary->point_count;
    bars.columns = (uint32_t)((width - ROW) / (9 * (bars.longest + 5)));
    bars.columns = bars.columns < 1 ? 1 : bars.columns;
    bars.rows = (count + bars.columns - 1) / bars.columns;
    bars.list = ((int)bars.rows + 1) * ROW;
    bars.height += bars.list;
    return bars;
}

static void put_list(FILE *to, const struct summary *summary, const struct bars *bars)
{
    struct arena arena = ARENA_EMPTY;
    for (uint32_t p = 0, i = 0; p < summary->point_count; p += bars->step, i++) {
        uint32_t column = i / bars->rows, row = i % bars->rows;
        double x = (double)ROW / bars->width + (double)column / bars->columns;
        double y = (bars->list - ROW * (row + 0.5)) / bars->height;
        fprintf(to, "set label %u ", i + 1);
        script_text(to, arena_printf(&arena, "%u  %s", p + 1, summary->points[p].title), false);
        fprintf(to, " at screen %.4f, %.4f left\n", x, y);
    }
    arena_free(&arena);
}

void script_print_list(FILE *to, const struct plotting *plotting)
{
    const struct summary *summary = &plotting->summary;
    struct bars bars = script_bars(plotting, 1, 1, 18 * (int)summary->point_count + 1);
    for (uint32_t p = 0; bars.numbered && p < summary->point_count; p++)
        fprintf(to, "%4u  %s\n", p + 1, summary->points[p].title);
}

void script_bar_axis(FILE *to, const struct plotting *plotting, const struct bars *bars)
{
    const struct summary *summary = &plotting->summary;
    fprintf(to, "set xrange [-0.6:%g]\n", summary->point_count - 0.4);
    if (bars->slanted)
        fprintf(to, "set xtics rotate by 35 right\n");
    if (bars->list > 0) {
        put_list(to, summary, bars);
        fprintf(to, "set bmargin at screen %.4f\n", (bars->list + 2.0 * ROW) / bars->height);
    } else if (bars->slanted) {
        fprintf(to, "set bmargin %g\n", 2.5 + 0.28 * bars->longest);
    }
}

void script_bar_label(FILE *to, const struct plotting *plotting, const struct bars *bars,
                      uint32_t point)
{
    if (point % bars->step != 0)
        fprintf(to, "\"\"");
    else if (bars->numbered)
        fprintf(to, "\"%u\"", point + 1);
    else
        script_text(to, plotting->summary.points[point].title, script_is_text(plotting));
}
