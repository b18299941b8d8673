/* ccdf.h -- how often a latency is longer than so much: complementary cumulative distributions.
 *
 * From latency.csv, both axes logarithmic, so that the rare long ones show: where a line crosses
 * 1 % is the 99th percentile.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_CCDF_H
#define SIM_OUTPUT_CCDF_H

#include "sim/output/chart.h"

struct ccdf_set; /* a distribution for each point of a summary */

/* Reads latency.csv of each directory; metric: of latency_names (sim/host/result.h). */
struct ccdf_set *ccdf_read(const struct plotting *plotting, const char *const *directories,
                           const char *metric, struct arena *arena, struct error *err);

void ccdf_put(FILE *to, const struct plotting *plotting, const char *name, const char *metric,
              const struct ccdf_set *set);

/* Percentiles as a table, for a terminal. */
void ccdf_rows(FILE *to, const struct plotting *plotting, const char *metric,
               const struct ccdf_set *set);

#endif
