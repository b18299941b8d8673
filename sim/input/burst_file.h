/* burst_file.h -- reads what was recorded of each instance of an entry: its bursts, its start.
 *
 *     "bursts_us": [[run, sleep, run, ...], ...]     "start_us": [when, ...]
 *
 * in us, from the first instance on.  Where there are more instances than arrays (or starts), these
 * are gone through again from the first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_BURST_FILE_H
#define SIM_INPUT_BURST_FILE_H

#include "sim/input/reference.h"

/* Of an entry whose instances have been read; *least_us is what the shortest of the arrays
 * takes. */
bool bursts_read(const struct node *node, const struct workload *workload,
                 const struct burst_list **bursts, struct reference_cache *cache, double *least_us,
                 struct error *err);

/* The array, likewise. */
bool starts_read(const struct node *node, struct workload *workload, struct error *err);

#endif
