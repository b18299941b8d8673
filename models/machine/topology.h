/* topology.h -- how far apart two cores are, and what a line costs to come from one to the other.
 *
 * The cores of a machine are its hardware threads in use: with T of each core, threads
 * cT .. cT + T - 1 are core c.  Neighbouring cores share caches (the larger group of l2_cores and
 * l3_cores counts) and sockets (socket_cores; 0: there is one).  Those figures count cores, not
 * threads.
 *
 * Costs are transfer_smt_ns, transfer_shared_ns, transfer_ns and transfer_socket_ns of the
 * profile.  One that is absent is as that of the class before it which is closest: siblings as
 * cores that share a cache, those as cores of one socket, and other sockets as the same one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_TOPOLOGY_H
#define MACHINE_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "models/machine/profile.h"

enum distance {
    DISTANCE_SELF,   /* the same thread: nothing to transfer */
    DISTANCE_SMT,    /* another thread of the same core */
    DISTANCE_CACHE,  /* another core, with a cache in common */
    DISTANCE_SOCKET, /* the same socket, no cache in common */
    DISTANCE_REMOTE, /* another socket */
    DISTANCES
};

struct topology {
    uint32_t core_threads, cache_threads, socket_threads; /* in a core, cache, socket; >= 1 */
    uint64_t transfer_fs[DISTANCES];                      /* one line, one way */
    bool uniform; /* a transfer between two cores costs the same whichever they are */
};

void topology_init(struct topology *topology, const struct profile *cpu, uint32_t threads);

enum distance topology_distance(const struct topology *topology, uint32_t core, uint32_t other);

static inline uint64_t topology_transfer_fs(const struct topology *topology, uint32_t core,
                                            uint32_t other)
{
    return topology->transfer_fs[topology_distance(topology, core, other)];
}

#endif
