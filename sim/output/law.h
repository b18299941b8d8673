/* law.h -- how throughput scales with cores: what was measured, the fitted law, and the ideal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_LAW_H
#define SIM_OUTPUT_LAW_H

#include "sim/output/chart.h"

/* The summary has the cores as its x axis.  Is there a fit in it? */
bool law_check(const struct plotting *plotting, struct error *err);

void law_put(FILE *to, const struct plotting *plotting, const char *name);

#endif
