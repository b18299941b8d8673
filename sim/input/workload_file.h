/* workload_file.h -- reads the entries of a scenario's "workload", and distributions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_WORKLOAD_FILE_H
#define SIM_INPUT_WORKLOAD_FILE_H

#include "sim/input/document.h"
#include "sim/input/reference.h"
#include "workloads/workload.h"

enum { WORKLOAD_INSTANCES_MAX = 1 << 24 };

/* A number of us, or an object { "dist": ... } as workloads/distribution.h describes. */
bool distribution_read(const struct node *node, struct distribution *distribution,
                       struct error *err);

/* The array, with all that its references stand for, on a machine of so many cores. */
bool workloads_read(const struct node *node, uint32_t cores, struct reference_cache *cache,
                    struct workload **workloads, uint32_t *workload_count, struct error *err);

#endif
