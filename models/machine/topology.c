/* topology.c -- see topology.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/topology.h"

#include <math.h>

static uint32_t larger(double a, double b)
{
    return (uint32_t)(a > b ? a : b);
}

static uint64_t cost_fs(double ns, uint64_t absent_fs)
{
    return ns > 0 ? (uint64_t)llround(ns * 1e6) : absent_fs;
}

void topology_init(struct topology *topology, const struct profile *cpu)
{
    uint32_t threads = larger(profile_value(cpu, smt_threads), 1);
    double l2_cores = profile_value(cpu, l2_kb) > 0 ? profile_value(cpu, l2_cores) : 1;
    double l3_cores = profile_value(cpu, l3_kb) > 0 ? profile_value(cpu, l3_cores) : 1;
    uint32_t cache_cores = larger(larger(l2_cores, l3_cores), 1);
    double socket_cores = profile_value(cpu, socket_cores);
    uint64_t *cost = topology->transfer_fs;
    topology->core_threads = threads;
    topology->cache_threads = threads * cache_cores;
    topology->socket_threads = socket_cores > 0 ? threads * (uint32_t)socket_cores : UINT32_MAX;
    cost[DISTANCE_SELF] = 0;
    cost[DISTANCE_SOCKET] = cost_fs(profile_value(cpu, transfer_ns), 0);
    cost[DISTANCE_CACHE] = cost_fs(profile_value(cpu, transfer_shared_ns), cost[DISTANCE_SOCKET]);
    cost[DISTANCE_SMT] = cost_fs(profile_value(cpu, transfer_smt_ns), cost[DISTANCE_CACHE]);
    cost[DISTANCE_REMOTE] = cost_fs(profile_value(cpu, transfer_socket_ns), cost[DISTANCE_SOCKET]);
    topology->uniform = (threads == 1 || cost[DISTANCE_SMT] == cost[DISTANCE_SOCKET]) &&
                        (cache_cores == 1 || cost[DISTANCE_CACHE] == cost[DISTANCE_SOCKET]) &&
                        (socket_cores == 0 || cost[DISTANCE_REMOTE] == cost[DISTANCE_SOCKET]);
}

enum distance topology_distance(const struct topology *topology, uint32_t core, uint32_t other)
{
    if (core == other)
        return DISTANCE_SELF;
    if (core / topology->core_threads == other / topology->core_threads)
        return DISTANCE_SMT;
    if (core / topology->cache_threads == other / topology->cache_threads)
        return DISTANCE_CACHE;
    if (core / topology->socket_threads == other / topology->socket_threads)
        return DISTANCE_SOCKET;
    return DISTANCE_REMOTE;
}
