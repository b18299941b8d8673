/* outcome.h -- how a study ends: its results, table and verdicts, or what went wrong.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMMANDS_OUTCOME_H
#define SIM_COMMANDS_OUTCOME_H

#include "sim/study/study.h"

/* Each returns the exit status. */

/* A run ended it: says which, and why. */
int outcome_bad(const struct study *study);

/* Its results were there. */
int outcome_complete(const struct study *study, bool quiet);

/* Writes results, prints the table unless quiet, and verdicts on expectations. */
int outcome_write(struct study *study, bool quiet);

#endif
