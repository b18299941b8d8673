/* trace_read.h -- reads back what trace.h writes in Perfetto's format.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_TRACE_READ_H
#define SIM_OUTPUT_TRACE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"

struct trace_stretch {
    uint64_t from_ns, to_ns;
    uint32_t core;
    const char *name; /* of the process that runs, or of the account that the overhead is in */
};

struct trace_stretches {
    struct trace_stretch *stretches;
    size_t count, capacity;
};

struct trace_read {
    uint32_t core_count;
    uint64_t from_ns, to_ns; /* the first and the last that happens */
    struct trace_stretches runs, overhead;
    struct arena arena;
};

/* Reads the file, compressed or not; freed by trace_read_free(), also when it is refused. */
bool trace_read(struct trace_read *trace, const char *path, struct error *err);

void trace_read_free(struct trace_read *trace);

#endif
