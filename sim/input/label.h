/* label.h -- short names for swept values, for tables and plots.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_LABEL_H
#define SIM_INPUT_LABEL_H

#include "sim/input/json.h"

enum { LABEL_MAX = 24 };

/* A name for values[which]: its text on one line, without quotes inside objects and arrays; of an
 * object that has a name, as entries of a workload do, and of an array of such just the names.  Cut
 * in the middle to LABEL_MAX characters.  Where two values would have one name, each has its number
 * among them behind it: "{kind:thres...d:5} #2".  O(values that are cut). */
const char *label_of(const cJSON *values, int which, struct arena *arena);

/* values[which] on one line; references to traces and to rt-app's files without the entries that
 * results have beside the name, unless the name is that of two values. */
const char *label_text(const cJSON *values, int which, struct arena *arena);

#endif
