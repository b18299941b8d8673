/* chart.h -- lines over two axes, in one panel or in many equal ones, as a script for gnuplot.
 *
 * Where there is one panel and room, each line is labelled at its end, labels moved apart and
 * joined to their ends; else there is a legend at the right.  Colours are Okabe and Ito's, which
 * colour-blind people tell apart, and shapes of points differ as well; behind the last colour lines
 * are dashed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_CHART_H
#define SIM_OUTPUT_CHART_H

#include <stdio.h>

#include "sim/output/script.h"

enum chart_kind {
    CHART_BAND,   /* a line through its points, in the band from low to high */
    CHART_POINTS, /* points with bars from low to high */
    CHART_PLAIN,  /* a line */
    CHART_DASHED, /* likewise */
    CHART_STEPS   /* y from here to the next x */
};

enum { CHART_GREY = 1000000 /* a colour that no number of lines reaches */ };

struct chart_row {
    double x, y, low, high; /* y NaN: nothing there */
};

struct chart_line {
    const char *name; /* NULL: not labelled */
    const char *note; /* below it, or NULL */
    uint32_t colour;  /* 0, 1, ... */
    enum chart_kind kind;
    uint32_t count;
    const struct chart_row *rows;
};

struct chart_panel {
    const char *title; /* of many; NULL of one */
    const struct chart_line *lines;
    uint32_t line_count;
};

struct chart {
    const char *title, *subtitle;
    const char *x_title, *y_title;
    const char *axes; /* what makes ranges, scales and tics */
    double y_from, y_to;
    bool y_log, wide_y;               /* wide: tics are words */
    const struct chart_panel *panels; /* all have lines of the same names and colours, or fewer */
    uint32_t panel_count;
};

/* name: of the picture, without its ending. */
void chart_put(FILE *to, const struct plotting *plotting, const char *name,
               const struct chart *chart);

/* "#0072B2": the colour of a line. */
const char *chart_colour(uint32_t colour);

/* Where panels of a picture are, which charts and maps have in common: pixels. */
struct chart_grid {
    int width, height; /* of the picture */
    int left, right;   /* margins of the picture */
    int panel_width, panel_height;
    uint32_t columns, rows;
};

struct chart_grid chart_grid(uint32_t panels, int left, int right, int least_height);

/* Title and subtitle of the whole, and the begin of its panels. */
void chart_begin(FILE *to, const struct chart_grid *grid, const char *title, const char *subtitle);

/* The margins of a panel and its title, if it has one. */
void chart_panel_begin(FILE *to, const struct chart_grid *grid, uint32_t panel, const char *title);

/* Titles of the axes of one panel of so many: x below the lowest of each column, y once
 * beside all, since it may be longer than one of many is high (label 4). */
void chart_panel_titles(FILE *to, const struct chart_grid *grid, uint32_t panel, uint32_t panels,
                        const char *x_title, const char *y_title);

#endif
