/* scenario_file.h -- resolves one merged document into a struct scenario.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_SCENARIO_FILE_H
#define SIM_INPUT_SCENARIO_FILE_H

#include "sim/input/document.h"
#include "sim/input/profile_cache.h"
#include "sim/input/reference.h"
#include "sim/input/scenario.h"

/* Files that points share. */
struct scenario_caches {
    struct profile_cache profiles;
    struct reference_cache references;
};

/* Fills in every default and checks every name. */
bool scenario_resolve(struct scenario *scenario, const struct document *document,
                      const struct scenario_options *options, struct scenario_caches *caches,
                      struct error *err);

#endif
