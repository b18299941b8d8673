/* report.h -- the ranking of assumed figures, for people and for programs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_SENSITIVITY_REPORT_H
#define SIM_SENSITIVITY_REPORT_H

#include <stdio.h>

#include "sim/sensitivity/sensitivity.h"

/* A table for each metric. */
void sensitivity_print(FILE *to, const struct sensitivity *sensitivity);

/* Everything, each effect at each point; context is a struct sensitivity. */
void sensitivity_json(FILE *to, const void *context);

/* A row for each effect: metric, rank, figure, change, point, variant, what is swept, cpu, value,
 * given, base, mean, change_percent, ci95_percent, p.  What is undefined is empty (RFC 4180). */
void sensitivity_csv(FILE *to, const void *context);

#endif
