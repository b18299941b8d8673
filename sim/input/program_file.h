/* program_file.h -- reads what processes do where that is more than runs, sleeps and yields.
 *
 * The events of rt-app, a key each: "run", "timer", "lock", ...; groups of them, which go round a
 * number of times or stay on some cpus; how often the whole is done.  All of it becomes the steps
 * of workloads/workload.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_PROGRAM_FILE_H
#define SIM_INPUT_PROGRAM_FILE_H

#include "sim/input/reference.h"
#include "sim/input/scenario.h"

struct program_link;

/* What the programs of one scenario have in common, while they are read. */
struct programs {
    struct scenario *scenario; /* which gets resources and masks */
    struct resource *resources;
    uint32_t *last_user; /* [resource_count] workload + 1 that has named it last */
    uint32_t resource_count, resource_room;
    struct cpu_mask *masks;
    uint32_t mask_count;
    struct program_link *links; /* to be looked at when all entries are known; the last first */
};

/* The scenario's "resources", which come before its entries. */
bool resources_read(struct programs *programs, const struct node *root, struct error *err);

/* Writes what they are where the root has none. */
void resources_write_default(const struct node *root);

/* The steps of an entry, whose number is index; prefix goes before the names that it uses. */
bool program_read(struct programs *programs, const struct node *entry, const struct node *phases,
                  struct workload *workload, uint32_t index, const char *prefix,
                  struct reference_cache *cache, struct error *err);

/* Node says something of the entry that is right only if others fork it. */
void program_wants_fork(struct programs *programs, const struct node *node, uint32_t index);

/* All entries have been read: finds those that are forked. */
bool programs_finish(struct programs *programs, struct workload *workloads, uint32_t count,
                     struct error *err);

#endif
