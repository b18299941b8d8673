/* rows.h -- bars in a terminal: a row of characters for each point.
 *
 * gnuplot's text terminal draws the outlines of boxes and cannot fill them, so that a reader could
 * not tell one account from another; here each account is a letter.  Boundaries fall on whole
 * characters: what is below half of one may have none, and is in the enlarged half.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_ROWS_H
#define SIM_OUTPUT_ROWS_H

#include <stdio.h>

#include "sim/output/summary.h"

void rows_accounts(FILE *to, const struct summary *summary);
void rows_latency(FILE *to, const struct summary *summary);
/* title: the metric in words and its unit.  log: a logarithmic axis. */
void rows_metric(FILE *to, const struct summary *summary, const char *metric, const char *title,
                 bool log);

#endif
