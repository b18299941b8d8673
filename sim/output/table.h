/* table.h -- the summary on standard output, for a person without a manual.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_TABLE_H
#define SIM_OUTPUT_TABLE_H

#include <stdio.h>

#include "sim/output/results.h"

void table_print(FILE *to, const struct results *results, struct arena *arena);

/* Prints the verdict on each expectation: it tests the mean, and is undecided when the 95 %
 * interval straddles the bound.  False when any failed. */
bool table_expectations(FILE *to, const struct results *results, struct arena *arena);

#endif
