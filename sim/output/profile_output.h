/* profile_output.h -- a CPU profile as text, in the format of configs/cpus.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_PROFILE_OUTPUT_H
#define SIM_OUTPUT_PROFILE_OUTPUT_H

#include <stdio.h>

#include "models/machine/profile.h"

/* Figures that are absent are left out; those there are have a source. */
void profile_print(FILE *to, const struct profile *profile);

#endif
