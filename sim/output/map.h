/* map.h -- a metric over two swept parameters: a map of coloured cells, one a series.
 *
 * Cells are equally large whatever the distance of values, which stand at the axes; the colours are
 * those of viridis, whose lightness grows evenly, so that colour-blind people and grey prints order
 * them rightly.  Each cell says its value where that fits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_MAP_H
#define SIM_OUTPUT_MAP_H

#include "sim/output/chart.h"

/* The summary has both axes. */
void map_put(FILE *to, const struct plotting *plotting, const char *name, const char *metric);

/* The same as tables for a terminal. */
void map_rows(FILE *to, const struct plotting *plotting, const char *metric);

#endif
