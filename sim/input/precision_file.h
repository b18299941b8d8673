/* precision_file.h -- reads how tight the intervals of an experiment are to be.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_PRECISION_FILE_H
#define SIM_INPUT_PRECISION_FILE_H

#include "sim/input/document.h"
#include "sim/input/scenario.h"

/* Keys of the whole scenario that speak of it. */
#define PRECISION_KEYS "precision_percent", "precision_metrics", "max_replications"

/* Reads them from the merged scenario; points, replications and expectations of the experiment are
 * known.  Without "precision_metrics" they are those that "expect" names, or
 * sched_overhead_percent.  Names that no variant yields are refused. */
bool precision_read(const struct node *root, const struct scenario_options *options,
                    struct experiment *experiment, struct error *err);

#endif
