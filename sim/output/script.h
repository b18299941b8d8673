/* script.h -- the pieces that scripts for gnuplot are made of: headings, texts, axes, bars.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_SCRIPT_H
#define SIM_OUTPUT_SCRIPT_H

#include <stdio.h>

#include "sim/output/plot.h"
#include "sim/output/summary.h"

struct plotting {
    const struct plot_options *options;
    bool drawn_here;       /* the script for us, whose picture comes by standard output */
    const char *directory; /* where scripts and pictures go */
    struct summary summary;
    struct arena arena;
};

bool script_is_text(const struct plotting *plotting);

/* In gnuplot's double quotes, where a backquote would run a command of the shell; breaks: a new
 * line at each comma. */
void script_text(FILE *to, const char *text, bool breaks);
void script_heading(FILE *to, const struct plotting *plotting, const char *name, int width,
                    int height);
void script_title(FILE *to, const char *title, const struct summary *summary, bool bars);

/* How far a metric goes over all points. */
struct spread {
    double least, greatest; /* of what is above 0; infinite and 0 when nothing is */
    bool defined;           /* anywhere */
};

struct spread script_spread(const struct summary *summary, const char *metric);

/* A logarithmic axis needs something above 0, and labels within short decades. */
void script_y_axis(FILE *to, struct spread spread, bool log);

/* Bars side by side, one for each point, and how they are called. */
struct bars {
    int width, height;      /* of the picture, in pixels, */
    int list;               /* of it, below: what the numbers mean; 0: titles stand at the bars */
    int longest;            /* title */
    uint32_t step;          /* every so manieth bar has a label */
    bool slanted;           /* labels would run into each other otherwise */
    bool numbered;          /* numbers stand at the bars */
    uint32_t columns, rows; /* of the list */
};

/* In a picture of so many pixels, and more in height if it needs a list, of which the bars share
 * so many. */
struct bars script_bars(const struct plotting *plotting, int width, int height, int shared);
/* What numbers mean in a picture that is text, if it has any. */
void script_print_list(FILE *to, const struct plotting *plotting);
/* Their axis, and the list. */
void script_bar_axis(FILE *to, const struct plotting *plotting, const struct bars *bars);
void script_bar_label(FILE *to, const struct plotting *plotting, const struct bars *bars,
                      uint32_t point);

#endif
