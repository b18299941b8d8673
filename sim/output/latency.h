/* latency.h -- latency.csv: how many latencies of a point lie in which bucket, over all its runs.
 *
 *     point, metric, upper_us, count
 *
 * Buckets of runs are added one by one, so the distribution is exactly that of all values together,
 * in buckets of sim/base/histogram.h; upper_us is the greatest value of one, and so the share of
 * latencies above it is exact.  A bucket that is empty has no row.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_LATENCY_H
#define SIM_OUTPUT_LATENCY_H

#include <stdio.h>

#include "sim/base/histogram.h"
#include "sim/output/results.h"

/* Of the runs of one point; all zero is empty. */
struct latency_sum {
    uint64_t count[LATENCY_KINDS][HISTOGRAM_BUCKETS];
};

void latency_put_heading(FILE *to);
void latency_add(struct latency_sum *sum, const struct run_result *run);
/* The rows of a point. */
void latency_put(FILE *to, const struct latency_sum *sum, uint32_t point);

/* All of it, with results read one by one. */
void latency_write(FILE *to, const struct results *results);

#endif
