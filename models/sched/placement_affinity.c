/* placement_affinity.c -- the last torus while its cache is warm, else the least loaded.
 *
 * Property: a process stays where it ran last, if it did so within warm_ns and does not begin
 * another program just now: what it would lose elsewhere is taken to be worth more than a shorter
 * queue.  All others go where least_loaded says.
 * Bound: none on waiting: the warm stay however long the queue is.
 * Source: M. Squillante and E. Lazowska, "Using processor-cache affinity information in
 * shared-memory multiprocessor scheduling", IEEE TPDS 4(2), 1993; warm by time since it ran:
 * sysctl_sched_migration_cost, Linux 2.6.23, 2007.
 * Complexity: O(tori), O(1) for the warm.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

static uint16_t affinity_choose(struct braid *braid, struct torus *torus,
                                const struct process *process, uint64_t now_ns)
{
    if (process->state != PROCESS_RUNNING && process->runtime_ns > 0 &&
        now_ns - process->since_ns < braid->warm_ns)
        return torus->id;
    return placement_least_loaded.choose(braid, torus, process, now_ns);
}

const struct placement placement_affinity = {
    .name = "affinity",
    .summary = "the last torus while its cache is warm, else the least loaded; O(tori)",
    .choose = affinity_choose,
};
