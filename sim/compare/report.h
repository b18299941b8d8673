/* report.h -- a comparison as a table for people, as JSON, and as JUnit XML for CI systems.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMPARE_REPORT_H
#define SIM_COMPARE_REPORT_H

#include <stdio.h>

#include "sim/compare/comparison.h"

/* What is not the same, the most severe first, of each verdict a few; the rest summed up. */
void report_table(FILE *to, const struct comparison *comparison);

/* Everything, by point and metric. */
bool report_json(const struct comparison *comparison, const char *path, struct error *err);

/* One test case per point and metric.  Worse and different are failures; undecided and missing
 * ones are skipped, or failures when strict. */
bool report_junit(const struct comparison *comparison, bool strict, const char *path,
                  struct error *err);

/* Does it fail?  Worse or different does; when strict, undecided and missing ones too. */
bool report_fails(const struct comparison *comparison, bool strict);

#endif
