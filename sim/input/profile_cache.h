/* profile_cache.h -- the CPU profiles that a scenario names, each read once.
 *
 * A name is that of one of the scenario's own "profiles", which come first; or of a file, as
 * profile_path() finds it from the file that says the name, or from the scenario where the command
 * line does.  tests/unit/profile_file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_PROFILE_CACHE_H
#define SIM_INPUT_PROFILE_CACHE_H

#include "sim/input/document.h"
#include "sim/input/scenario.h"

struct profile_cached {
    struct profile_cached *next;
    const char *name; /* as the scenario calls it */
    const char *path; /* NULL: it stands in the scenario */
    bool used;        /* a point has it */
    const char *text; /* the whole of it as JSON, with what it extends */
    struct profile profile;
};

struct profile_cache {
    struct profile_cached *first; /* in order of first use, but for the scenario's own */
    const char *data_dir, *scenario_path;
};

/* Reads the scenario's own: an object of profiles by name. */
bool profile_cache_own(struct profile_cache *cache, const struct node *profiles, struct error *err);

/* The profile that cpu, a string, names; NULL when refused. */
const struct profile *profile_cache_find(struct profile_cache *cache, const struct node *cpu,
                                         struct error *err);

/* Adds to a scenario to be written, as its own, those that it uses and that another place or time
 * may not have: what is read by a path. */
void profile_cache_write(const struct profile_cache *cache, cJSON *scenario);

#endif
