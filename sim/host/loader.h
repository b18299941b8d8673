/* loader.h -- loads a scheduler: exactly one build of it, plain or traced.
 *
 * The program links no scheduler and exports only the tracer's callbacks; the module is opened
 * RTLD_LOCAL, so that nothing of one build can bind to another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_LOADER_H
#define SIM_HOST_LOADER_H

#include "braid/module.h"
#include "models/machine/tracer.h"
#include "sim/base/error.h"

struct scheduler_file {
    char path[4096];
    uint64_t hash;      /* FNV-1a of its bytes, */
    char compiler[256]; /* and who made it, as module_file.h has it */
};

/* A scheduler, ready to call: a user's module laid over ours. */
struct scheduler {
    const struct torus_operations *torus;
    const struct scheduler_module *modules[TRACER_MODULES]; /* the user's first, if any */
    struct tracer_module mapped[TRACER_MODULES];
    struct scheduler_file files[TRACER_MODULES]; /* of these modules */
    uint32_t module_count;
    bool traced;
};

/* Loads ours from the program's own build or installation, and file over it unless NULL.  A file
 * that would crash the program while it is loaded, or whose tables lack names or functions, is
 * refused like any other bad input. */
bool scheduler_load(struct scheduler *scheduler, const char *file, bool traced, struct error *err);

const struct policy *scheduler_policy(const struct scheduler *scheduler, const char *name);
const struct placement *scheduler_placement(const struct scheduler *scheduler, const char *name);
const struct balancer *scheduler_balancer(const struct scheduler *scheduler, const char *name);

/* All names, ending with NULL, the user's first; for the checker of scenarios and `list`. */
const char *const *scheduler_policy_names(const struct scheduler *scheduler, struct arena *arena);
const char *const *scheduler_placement_names(const struct scheduler *scheduler,
                                             struct arena *arena);
const char *const *scheduler_balancer_names(const struct scheduler *scheduler, struct arena *arena);

/* The folder that holds cpus/ and scenarios/: BRAIDSIM_DATA, or beside the program as built or as
 * installed. */
bool data_directory(char *path, size_t size, struct error *err);

#endif
