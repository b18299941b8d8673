/* profile_rules.h -- what the figures of one CPU cannot be together.
 *
 * A figure in its range may still contradict another: a farther cache that answers sooner, more
 * slow cores than cores.  What goes together or not at all, and whole numbers of sets, are the
 * reader's to check (profile_file.c).  tests/unit/profile_rules.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_PROFILE_RULES_H
#define MACHINE_PROFILE_RULES_H

#include "models/machine/profile.h"

struct contradiction {
    enum profile_figure figure, other; /* either may be the wrong one */
    double fitting; /* what figure could be beside other as it is; 0: it must go */
    char message[384];
};

/* The first contradiction, false when there is none.  A figure that is 0 or absent, and so stands
 * for nothing, contradicts none. */
bool profile_contradicts(const struct profile *profile, struct contradiction *found);

#endif
