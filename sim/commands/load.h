/* load.h -- reads a scenario for a command: scheduler modules, known names, options, in one place.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMMANDS_LOAD_H
#define SIM_COMMANDS_LOAD_H

#include "sim/host/loader.h"
#include "sim/input/scenario.h"

struct load_options {
    const char *scheduler_file;       /* NULL: ours */
    bool again;                       /* the user knows what is to be said of its files */
    struct scenario_options scenario; /* data_dir and names are filled in by load_experiment() */
};

/* --as NAME: the files are in another grammar than ours.  False when there is none of that name. */
bool load_grammar(const char *name, struct scenario_options *options);

/* Reads the scenario at path.  The plain build of the scheduler gives the names; what a user should
 * know of its files goes to standard error. */
bool load_experiment(struct experiment *experiment, const char *path,
                     const struct load_options *options, struct arena *arena, struct error *err);

/* Loads the builds that the experiments want, file over ours unless NULL; each is a library of its
 * own, bound to itself.  The others of builds stay NULL. */
bool load_schedulers(struct scheduler *builds[COSTS], const char *file,
                     const struct experiment *experiments, size_t count, struct arena *arena,
                     struct error *err);

#endif
