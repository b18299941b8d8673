/* line.h -- points that differ in one swept parameter alone: a line over that parameter.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_LINE_H
#define SIM_OUTPUT_LINE_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/input/scenario.h"

/* Do two points of an experiment differ in nothing but what pointer sweeps? */
bool line_has_both(const struct point *a, const struct point *b, const char *pointer);

/* The variant and the other swept values of a point's line, as members of a JSON object:
 * "variant": "tori", "sweep": { "/scheduler/slice_us": 100 } */
void line_put(FILE *to, const struct point *point, const char *pointer);

/* The same in words: "tori, slice_us = 100"; "all" where there is nothing to tell. */
const char *line_title(const struct point *point, const char *pointer, struct arena *arena);

#endif
