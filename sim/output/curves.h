/* curves.h -- a metric over the swept parameter: one line a series, its 95 % interval a band.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_CURVES_H
#define SIM_OUTPUT_CURVES_H

#include "sim/output/chart.h"

/* summary->x_pointer is not NULL. */
void curves_put(FILE *to, const struct plotting *plotting, const char *name, const char *metric);

/* Panels of a summary, one for each facet, and the number of different series in it. */
uint32_t curves_facets(const struct summary *summary, const char **facets);

/* The series of all points, each once, in the order of the file. */
uint32_t curves_series(const struct summary *summary, const char **series);

/* The points of a series in a panel, by x. */
struct chart_row *curves_rows(const struct summary *summary, const char *facet, const char *series,
                              const char *metric, uint32_t *count, struct arena *arena);

#endif
