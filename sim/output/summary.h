/* summary.h -- reads summary.json back, for plots.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_SUMMARY_H
#define SIM_OUTPUT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/input/json.h"

enum { SUMMARY_WHAT_MAX = 32 };

struct summary_point {
    const char *series; /* variant and swept values other than x: a line of the plot */
    const char *title;  /* that and x: a bar of the plot */
    const char *swept;  /* the swept values alone, */
    const char *what;   /* and what they were applied to: the variant */
    double x;           /* NaN when nothing numeric is swept */
    const cJSON *metrics;
};

struct summary {
    const char *name;
    const char *x_pointer; /* NULL when nothing numeric is swept */
    const char *x_title;   /* the same in words */
    struct summary_point *points;
    uint32_t point_count;
    bool by_swept; /* nothing numeric is swept, but something is, and there are variants, with names
                    * of up to SUMMARY_WHAT_MAX bytes */
    struct json_source *sources; /* what the points refer into */
    uint32_t source_count;
};

/* Reads DIRECTORY/summary.json of each; x as in struct plot_options. */
bool summary_read(struct summary *summary, const char *const *directories, uint32_t count,
                  const char *x, struct arena *arena, struct error *err);

void summary_free(struct summary *summary);

/* Mean and half-width of a metric; NaN where undefined.  False when there is no such metric. */
bool summary_metric(const struct summary_point *point, const char *name, double *mean,
                    double *half_width);

#endif
