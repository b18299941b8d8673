/* common.h -- the options that all commands have that run a scenario.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMMANDS_COMMON_H
#define SIM_COMMANDS_COMMON_H

#include <argp.h>

#include "sim/commands/load.h"

enum { COMMON_SETS_MAX = 256 };

/* What they say; it stays where it is. */
struct common_options {
    struct load_options load;
    const char *sets[COMMON_SETS_MAX];
    uint32_t jobs; /* unless said, the processors of this machine */
};

/* --set, --seed, --replications, --jobs, --scheduler, --cost: a child of a command's own argp,
 * whose input is a struct common_options. */
extern const struct argp common_argp;

#endif
