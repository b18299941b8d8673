/* bars.h -- bars side by side, one for each point: where they stand, and what is written below.
 *
 * Bars of one series stand together, a gap before the next; below each bar is its value on the x
 * axis, below each series its name.  Where nothing numeric is swept, a series is one bar, unless
 * there are variants, too: then those of one swept value stand together, below each its variant.
 * What would run into its neighbour is slanted; names too long for that go into a list below the
 * picture, and numbers stand at the bars; of what is still too dense, every so manieth is written.
 * A picture is at most 2400 pixels wide, so bars become narrow where there are hundreds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_BARS_H
#define SIM_OUTPUT_BARS_H

#include <stdio.h>

#include "sim/output/summary.h"

enum captions { CAPTIONS_NONE, CAPTIONS_LEVEL, CAPTIONS_SLANTED, CAPTIONS_NUMBERED };

struct bar_group {
    const char *title;
    uint32_t first, count; /* of its bars */
};

struct bars {
    const struct summary *summary;
    uint32_t *order; /* the points, those of a series together */
    double *at;      /* where each stands on the axis: whole numbers */
    struct bar_group *groups;
    uint32_t group_count;
    double end;   /* of the axis, in bars */
    double pitch; /* pixels from bar to bar */
    double box;   /* width of a box, in bars */
    int width, right;
    bool labelled; /* bars have labels, which are slanted or not, */
    bool slanted;
    uint32_t label_step; /* and every so manieth stands there */
    int label_pixels;    /* below the axis */
    enum captions captions;
    uint32_t caption_step;
    int caption_pixels;
    int list_pixels;        /* below everything */
    uint32_t columns, rows; /* of the list */
};

/* right: pixels for a legend beside the bars. */
void bars_lay_out(struct bars *bars, const struct summary *summary, int right, struct arena *arena);

/* Pixels that a panel needs below its axis. */
int bars_below(const struct bars *bars);

/* A panel between these pixels from above, of a picture of this height: margins, axis, and what is
 * written below it. */
void bars_panel(FILE *to, const struct bars *bars, int top, int bottom, int height);

/* The list, at the lower end of the picture. */
void bars_list(FILE *to, const struct bars *bars, int height);

#endif
