/* system.h -- what the kernel says of this host: CPUs, who shares what, caches.
 *
 * Read from /sys/devices/system/cpu and /proc; the tests read folders made up.  Nothing here is
 * measured, and under a hypervisor it is what that chooses to show.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_SYSTEM_H
#define SIM_CALIBRATE_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "models/machine/topology.h"

enum { SYSTEM_CPUS_MAX = 1024, SYSTEM_CACHES_MAX = 8 };

struct system_cpu {
    uint32_t id;
    int32_t core;     /* the first CPU of its core; -1: not said */
    int32_t package;  /* -1: not said */
    int32_t shares;   /* the first CPU that shares its last cache; -1: not said, or it has none */
    int32_t capacity; /* relative speed; -1: not said */
};

struct system_cache {
    uint32_t level, kb, ways, line_bytes; /* 0: not said */
    uint32_t cpus;                        /* that share it; 0: not said */
    bool instructions;                    /* an instruction cache */
};

struct system {
    struct system_cpu cpu[SYSTEM_CPUS_MAX]; /* those that we may run on */
    uint32_t cpu_count;
    uint32_t online;                       /* CPUs of the host; 0: not said */
    uint32_t threads, cores, socket_cores; /* of a core; of the host; of a socket; 0: not said */
    struct system_cache cache[SYSTEM_CACHES_MAX]; /* of the first CPU */
    uint32_t cache_count;
    bool is_virtual;       /* a hypervisor says that it is there */
    bool has_tagged_tlb;   /* process-context identifiers */
    double kernel_page_kb; /* pages that map most of the kernel's memory; 0: not said */
    double free_mb;        /* memory to be had; 0: not said */
    char model[128];       /* "": not said */
};

/* cpus: those that we may run on, ascending. */
void system_read(struct system *system, const char *sys, const char *proc, const uint32_t *cpus,
                 uint32_t count);

/* NULL: the kernel does not say. */
const struct system_cache *system_cache(const struct system *system, uint32_t level);
const struct system_cache *system_instruction_cache(const struct system *system);

/* Between two CPUs, by index; DISTANCE_SOCKET if nothing is said. */
enum distance system_distance(const struct system *system, uint32_t cpu, uint32_t other);

#endif
