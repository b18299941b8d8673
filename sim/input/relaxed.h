/* relaxed.h -- JSON as rt-app's files are written: not quite JSON.
 *
 * Beside comments, there may be a comma after the last member or element, keys without a value, and
 * keys that are there twice.  The text is made JSON by as little as can be, and known places stay:
 * such commas become spaces; a key without a value gets null; and of equal keys all but the first
 * get a number, as rt-app's workgen gives them, so that order stays and a pointer means one value:
 *
 *     { "run": 10, "suspend", "run": 20, }   is   { "run": 10, "suspend":null, "run1": 20  }
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_RELAXED_H
#define SIM_INPUT_RELAXED_H

#include "sim/input/json.h"

/* As json_parse(), for such a text.  O(n log n). */
bool relaxed_parse(struct json_source *source, const char *name, const char *text, size_t length,
                   struct arena *arena, struct error *err);

#endif
