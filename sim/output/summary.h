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

/* What stands where; each a swept pointer, or NULL.  facet may be "variant". */
struct summary_axes {
    const char *x; /* NULL: the first swept pointer that has numbers only and is none of the rest */
    const char *y; /* of a map */
    const char *facet; /* a panel for each of its values */
};

struct summary_point {
    const char *series;     /* variant and swept values other than the axes: a line of the plot */
    const char *title;      /* that and x: a bar of the plot */
    const char *swept;      /* the swept values alone, */
    const char *what;       /* and what they were applied to: the variant */
    const char *facet;      /* its panel; "" where there is one only */
    double x;               /* NaN when nothing numeric is swept */
    double y;               /* NaN when no such axis is wanted */
    uint32_t source, index; /* where it stands: which of the directories, which point of it */
    const cJSON *metrics;
};

struct summary {
    const char *name;
    const char *x_pointer; /* NULL when nothing numeric is swept */
    const char *x_title;   /* the same in words */
    const char *y_title;   /* NULL where there is none */
    struct summary_point *points;
    uint32_t point_count;
    bool by_swept; /* nothing numeric is swept, but something is, and there are variants, with names
                    * of up to SUMMARY_WHAT_MAX bytes */
    struct json_source *sources; /* what the points refer into */
    uint32_t source_count;
};

/* Reads DIRECTORY/summary.json of each; axes may be NULL. */
bool summary_read(struct summary *summary, const char *const *directories, uint32_t count,
                  const struct summary_axes *axes, struct arena *arena, struct error *err);

void summary_free(struct summary *summary);

/* Mean and half-width of a metric; NaN where undefined.  False when there is no such metric. */
bool summary_metric(const struct summary_point *point, const char *name, double *mean,
                    double *half_width);

#endif
