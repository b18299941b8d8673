/* profile.h -- what we believe of a CPU: figures, each with its source and kind.
 *
 * One list, PROFILE_FIGURES, is the whole vocabulary: the struct, the reader of configs/cpus, the
 * schema's keys and `braidsim list cpus` follow from it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_PROFILE_H
#define MACHINE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

enum figure_kind { FIGURE_ABSENT, FIGURE_PUBLISHED, FIGURE_DERIVED, FIGURE_ASSUMED };

struct figure {
    double value;
    enum figure_kind kind;
    const char *source; /* NULL when absent */
};

/* X(name, required, minimum, maximum, what it is).  Units are in the name.
 * Absent optional figures have the value 0. */
#define PROFILE_FIGURES(X)                                                                         \
    X(clock_mhz, true, 1, 10000, "core clock")                                                     \
    X(max_cores, true, 1, 1024,                                                                    \
      "cores of the largest machine sold with it; a scenario may exceed it")                       \
    X(instructions_per_cycle, true, 0.05, 8, "sustained by branchy kernel code with warm caches")  \
    X(line_bytes, true, 16, 256, "cache line; a power of two")                                     \
    X(l1_kb, true, 1, 1024, "first-level data cache, private")                                     \
    X(l1_ways, true, 1, 32, "its associativity")                                                   \
    X(l1_latency_cycles, true, 1, 50, "load to use")                                               \
    X(l2_kb, true, 1, 1048576, "second-level cache")                                               \
    X(l2_ways, true, 1, 64, "its associativity")                                                   \
    X(l2_latency_cycles, true, 1, 500, "load to use")                                              \
    X(l2_cores, true, 1, 1024, "cores that share one")                                             \
    X(l3_kb, false, 0, 1048576, "third-level cache; absent: there is none")                        \
    X(l3_ways, false, 0, 64, "its associativity")                                                  \
    X(l3_latency_cycles, false, 0, 1000, "load to use")                                            \
    X(l3_cores, false, 0, 1024, "cores that share one")                                            \
    X(memory_latency_ns, true, 1, 10000, "random load that misses every cache")                    \
    X(memory_read_mb_s, true, 1, 1000000, "sequential read bandwidth of one core (10^6 bytes/s)")  \
    X(transfer_ns, true, 1, 10000, "line last written by a core with no common cache, one way")    \
    X(transfer_shared_ns, false, 0, 10000, "the same between cores that share a cache")            \
    X(atomic_cycles, true, 0, 1000, "locked read-modify-write of a line held exclusively")         \
    X(branch_miss_cycles, true, 0, 100, "mispredicted branch")                                     \
    X(timer_interrupt_ns, true, 0, 100000,                                                         \
      "take, acknowledge and leave a timer interrupt, without the scheduler")                      \
    X(ipi_send_ns, true, 0, 100000, "sender's cost of an inter-processor interrupt")               \
    X(ipi_latency_ns, true, 0, 100000, "from its sending to its first instruction there")          \
    X(ipi_handle_ns, true, 0, 100000, "receiver's entry and exit")                                 \
    X(syscall_ns, true, 0, 100000, "enter and leave the kernel")                                   \
    X(switch_ns, true, 0, 100000,                                                                  \
      "direct context switch: registers, stack, page table; without the scheduler")                \
    X(idle_exit_ns, true, 0, 1000000, "from the interrupt to running code, on a halted core")      \
    X(handover_ns, true, 0, 100000,                                                                \
      "lock passed to a waiting core: one line transfer and a restart")                            \
    X(flat_entry_ns, true, 0, 1000000, "price of any scheduler entry under \"cost\": \"flat\"")

enum profile_figure {
#define X(name, required, minimum, maximum, help) FIGURE_##name,
    PROFILE_FIGURES(X)
#undef X
        FIGURE_COUNT
};

struct figure_description {
    const char *name;
    bool required;
    double minimum, maximum;
    const char *help;
};

extern const struct figure_description figure_descriptions[FIGURE_COUNT];

struct profile {
    const char *name;  /* as in scenarios: "piii-xeon-700" */
    const char *title; /* for people */
    struct figure figure[FIGURE_COUNT];
};

/* The value of a figure: profile_value(p, clock_mhz). */
#define profile_value(profile, name) ((profile)->figure[FIGURE_##name].value)

/* Share of the figures present that are published, 0 to 1. */
double profile_published_share(const struct profile *profile);

const char *figure_kind_name(enum figure_kind kind);

#endif
