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

/* measured: by `braidsim calibrate`, on the host that the profile describes. */
enum figure_kind {
    FIGURE_ABSENT,
    FIGURE_PUBLISHED,
    FIGURE_MEASURED,
    FIGURE_DERIVED,
    FIGURE_ASSUMED
};

struct figure {
    double value;
    enum figure_kind kind;
    const char *source; /* NULL when absent: the value is the default */
};

/* X(name, required, default, minimum, maximum, values, what it is).  Units are in the name; a
 * figure with none is a count, a ratio, or 0 and 1 for no and yes.  An absent figure has its
 * default. */
#define PROFILE_FIGURES(X)                                                                         \
    X(clock_mhz, true, 0, 1, 10000, ANY, "core clock")                                             \
    X(max_cores, true, 0, 1, 1024, WHOLE,                                                          \
      "cores of the largest machine sold with it; a scenario may exceed it")                       \
    X(socket_cores, false, 0, 0, 1024, WHOLE, "cores in a socket; 0: all cores are in one")        \
    X(smt_threads, false, 1, 1, 8, WHOLE, "hardware threads of a core")                            \
    X(smt_rate, false, 1, 0.1, 1, ANY,                                                             \
      "speed of a thread whose siblings are busy too, of that alone")                              \
    X(small_cores, false, 0, 0, 1024, WHOLE,                                                       \
      "cores of the slower kind; the last ones of max_cores, and of each machine in proportion")   \
    X(small_rate, false, 1, 0.01, 1, ANY, "speed of a slower core, of that of a fast one")         \
    X(instructions_per_cycle, true, 0, 0.05, 8, ANY,                                               \
      "sustained by branchy kernel code with warm caches")                                         \
    X(window_instructions, false, 0, 0, 4096, WHOLE,                                               \
      "instructions under way at once, out of order; 0: in order, a miss holds them up")           \
    X(drain_cycles, false, 0, 0, 1000, ANY,                                                        \
      "from the last instruction of an entry until all are over; absent: none")                    \
    X(outstanding_misses, false, 0, 0, 64, WHOLE,                                                  \
      "lines that a core may wait for at once; 0: as many as the window has")                      \
    X(store_buffer, false, 0, 0, 256, WHOLE,                                                       \
      "stores that wait for their lines while the core goes on; 0: a write that misses stalls it") \
    X(instruction_ratio, false, 1, 0.5, 3, ANY,                                                    \
      "instructions of this processor's build of the scheduler, of those of x86-64")               \
    X(line_bytes, true, 0, 16, 256, POWER, "cache line")                                           \
    X(l1_kb, true, 0, 1, 1024, ANY, "first-level data cache, private")                             \
    X(l1_ways, true, 0, 1, 64, WHOLE, "its associativity")                                         \
    X(l1_latency_cycles, true, 0, 1, 50, ANY, "load to use")                                       \
    X(index_cycles, false, 0, 0, 50, ANY,                                                          \
      "from the number of a process, loaded, to its address; absent: is never waited for")         \
    X(choice_cycles, false, 0, 0, 50, ANY,                                                         \
      "from the load that decides, of two pointers side by side, to the one that is chosen; "      \
      "absent: is never waited for")                                                               \
    X(l1i_kb, false, 0, 0, 1024, ANY,                                                              \
      "first-level instruction cache; absent: code is always cached")                              \
    X(l1i_ways, false, 0, 0, 64, WHOLE, "its associativity")                                       \
    X(l2_kb, false, 0, 0, 1048576, ANY, "second-level cache; absent: there is none")               \
    X(l2_ways, false, 0, 0, 64, WHOLE, "its associativity")                                        \
    X(l2_latency_cycles, false, 0, 0, 1000, ANY, "load to use")                                    \
    X(l2_stream_cycles, false, 0, 0, 1000, ANY,                                                    \
      "per line, in sequence, from the second level; absent: l2_latency_cycles")                   \
    X(l2_stride_cycles, false, 0, 0, 1000, ANY,                                                    \
      "the same of a walk that leaves lines out; absent: as l2_stream_cycles")                     \
    X(l2_cores, false, 0, 0, 1024, WHOLE, "cores that share one")                                  \
    X(l2_exclusive, false, 0, 0, 1, SWITCH, "holds only what was evicted from the first level")    \
    X(l2_inclusive, false, 0, 0, 1, SWITCH, "what it evicts leaves the first level too")           \
    X(l3_kb, false, 0, 0, 1048576, ANY, "third-level cache; absent: there is none")                \
    X(l3_ways, false, 0, 0, 64, WHOLE, "its associativity")                                        \
    X(l3_latency_cycles, false, 0, 0, 1000, ANY, "load to use")                                    \
    X(l3_stream_cycles, false, 0, 0, 1000, ANY,                                                    \
      "per line, in sequence, from the third level; absent: l3_latency_cycles")                    \
    X(l3_stride_cycles, false, 0, 0, 1000, ANY,                                                    \
      "the same of a walk that leaves lines out; absent: as l3_stream_cycles")                     \
    X(l3_cores, false, 0, 0, 1024, WHOLE, "cores that share one")                                  \
    X(l3_exclusive, false, 0, 0, 1, SWITCH, "holds only what was evicted from the second level")   \
    X(l3_inclusive, false, 0, 0, 1, SWITCH, "what it evicts leaves the nearer levels too")         \
    X(memory_latency_ns, true, 0, 1, 10000, ANY, "random load that misses every cache")            \
    X(memory_page_ns, false, 0, 0, 10000, ANY,                                                     \
      "the same, in the memory page used last; absent: memory_latency_ns")                         \
    X(memory_read_mb_s, true, 0, 1, 1000000, ANY,                                                  \
      "sequential read bandwidth of one core (10^6 B/s)")                                          \
    X(memory_stride_ns, false, 0, 0, 10000, ANY,                                                   \
      "per access of a walk that leaves lines out and is prefetched; absent: as one in sequence")  \
    X(memory_line_ns, false, 0, 0, 10000, ANY,                                                     \
      "how long a line keeps a memory channel busy; absent: line_bytes / memory_read_mb_s")        \
    X(memory_channels, false, 1, 1, 64, WHOLE, "channels that share the lines of one memory")      \
    X(memory_cores, false, 0, 0, 1024, WHOLE,                                                      \
      "cores that share one memory's channels; 0: all, as on a front-side bus")                    \
    X(prefetch_stride_bytes, false, 0, 0, 8192, WHOLE,                                             \
      "strides up to this are prefetched, from memory and caches alike; 0: none")                  \
    X(adjacent_line, false, 0, 0, 1, SWITCH, "a miss brings in the other line of the pair too")    \
    X(page_kb, false, 4, 1, 64, POWER, "page of user code")                                        \
    X(kernel_page_kb, false, 4, 1, 1048576, POWER, "page that maps the scheduler's memory")        \
    X(tlb_entries, false, 0, 0, 65536, WHOLE, "first-level data TLB; absent: translation is free") \
    X(tlb_ways, false, 0, 0, 1024, WHOLE, "its associativity")                                     \
    X(tlb2_entries, false, 0, 0, 65536, WHOLE, "second-level TLB; absent: there is none")          \
    X(tlb2_ways, false, 0, 0, 1024, WHOLE, "its associativity")                                    \
    X(tlb2_cycles, false, 0, 0, 200, ANY, "a translation found there")                             \
    X(page_walk_cycles, false, 0, 0, 2000, ANY, "a translation found in no TLB")                   \
    X(tlb_tagged, false, 0, 0, 1, SWITCH, "entries survive a change of page tables")               \
    X(branch_miss_cycles, true, 0, 0, 100, ANY, "mispredicted branch")                             \
    X(branch_entries, false, 0, 0, 1048576, WHOLE,                                                 \
      "branches that the predictor remembers; absent: user code evicts none")                      \
    X(branch_history, false, 4, 4, 64, HISTORY,                                                    \
      "blocks before a branch that the predictor can tell paths apart by: 4, 16 or 64")            \
    X(atomic_cycles, true, 0, 0, 1000, ANY, "locked read-modify-write of a line held exclusively") \
    X(transfer_ns, true, 0, 1, 10000, ANY,                                                         \
      "line last written by a core of the same socket with no common cache, one way")              \
    X(transfer_shared_ns, false, 0, 0, 10000, ANY,                                                 \
      "the same between cores that share a cache; absent: transfer_ns")                            \
    X(transfer_smt_ns, false, 0, 0, 10000, ANY,                                                    \
      "the same between threads of one core; absent: as between cores that share a cache")         \
    X(transfer_socket_ns, false, 0, 0, 10000, ANY,                                                 \
      "the same between sockets; absent: transfer_ns")                                             \
    X(transfer_line_ns, false, 0, 0, 10000, ANY,                                                   \
      "per line, streamed from another core's cache; absent: transfer_ns")                         \
    X(timer_interrupt_ns, true, 0, 0, 100000, ANY,                                                 \
      "take, acknowledge and leave a timer interrupt, without the scheduler")                      \
    X(ipi_send_ns, true, 0, 0, 100000, ANY, "sender's cost of an inter-processor interrupt")       \
    X(ipi_latency_ns, true, 0, 0, 100000, ANY, "from its sending to its first instruction there")  \
    X(ipi_handle_ns, true, 0, 0, 100000, ANY, "receiver's entry and exit")                         \
    X(syscall_ns, true, 0, 0, 100000, ANY, "enter and leave the kernel")                           \
    X(switch_ns, true, 0, 0, 100000, ANY,                                                          \
      "direct context switch: registers, stack, page table; without the scheduler")                \
    X(idle_exit_ns, true, 0, 0, 1000000, ANY,                                                      \
      "from the interrupt to running code, on a halted core")                                      \
    X(handover_ns, true, 0, 0, 100000, ANY,                                                        \
      "lock passed to a waiting core: one line transfer and a restart")                            \
    X(flat_entry_ns, true, 0, 0, 1000000, ANY,                                                     \
      "price of any scheduler entry under \"cost\": \"flat\"")

enum profile_figure {
#define X(name, required, fallback, minimum, maximum, values, help) FIGURE_##name,
    PROFILE_FIGURES(X)
#undef X
        FIGURE_COUNT
};

/* Which values, from the minimum to the maximum, a figure may have. */
enum figure_values {
    FIGURE_VALUES_ANY,
    FIGURE_VALUES_WHOLE,
    FIGURE_VALUES_SWITCH, /* 0: no, or 1: yes */
    FIGURE_VALUES_POWER,  /* of two */
    FIGURE_VALUES_HISTORY /* 4, 16 or 64: the histories that the model tells apart (front_end.c) */
};

struct figure_description {
    const char *name;
    bool required;
    double fallback, minimum, maximum;
    enum figure_values values;
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

/* NULL when a figure may have this value, which is in its range; else what it must be: "0 or 1". */
const char *figure_values_wanted(enum figure_values values, double value);

/* Every figure absent, with its default. */
void profile_init(struct profile *profile);

/* Share of the figures present that are published, 0 to 1. */
double profile_published_share(const struct profile *profile);

const char *figure_kind_name(enum figure_kind kind);

#endif
