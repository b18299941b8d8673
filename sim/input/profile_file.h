/* profile_file.h -- where a CPU profile is, and what a scenario sets in it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_PROFILE_FILE_H
#define SIM_INPUT_PROFILE_FILE_H

#include "sim/input/document.h"
#include "sim/input/scenario.h"

/* Does a scenario that calls a profile so mean a file by its path? */
bool profile_is_path(const char *name);

/* The file of the profile that `file` calls name: data_dir/cpus/NAME.json, or, if name ends in
 * .json, that path, relative to file. */
const char *profile_path(const char *name, const char *file, const char *data_dir,
                         struct arena *arena);

/* Refuses, at place, a name that no file has; own: other names that would have done. */
bool profile_refuse(const char *place, const char *name, const char *path, const char *data_dir,
                    const char *const *own, struct arena *arena, struct error *err);

/* As profile_read(), which it is but for *text: the profile as JSON, with what it extends. */
bool profile_read_whole(struct profile *profile, const char **text, const char *path,
                        const char *data_dir, struct arena *arena, struct error *err);

/* Reads one that stands whole in a document, its own or another; what it extends is not read. */
bool profile_read_node(struct profile *profile, const struct node *node, struct error *err);

/* Sets the figures that the object has, plain numbers, as assumed.  They obey the same ranges, and
 * the same rules of what goes together, as a profile's. */
bool profile_override(struct profile *profile, const struct node *figures, struct error *err);

#endif
