/* profile_file.h -- where a CPU profile is, and what a scenario sets in it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_PROFILE_FILE_H
#define SIM_INPUT_PROFILE_FILE_H

#include "sim/input/document.h"
#include "sim/input/scenario.h"

/* The file of the profile that `file` calls name: data_dir/cpus/NAME.json, or, if name ends in
 * .json, that path, relative to file. */
const char *profile_path(const char *name, const char *file, const char *data_dir,
                         struct arena *arena);

/* Sets the figures that the object has, plain numbers, as assumed.  They obey the same ranges, and
 * the same rules of what goes together, as a profile's. */
bool profile_override(struct profile *profile, const struct node *figures, struct error *err);

#endif
