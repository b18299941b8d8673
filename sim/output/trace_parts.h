/* trace_parts.h -- what the formats of trace.c share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_TRACE_PARTS_H
#define SIM_OUTPUT_TRACE_PARTS_H

#include <stdio.h>
#include <zlib.h>

#include "sim/output/trace.h"

/* Where bytes go: into a file, compressed or not. */
struct sink {
    FILE *to;
    bool compresses;
    z_stream stream;
};

struct trace {
    const struct recording *recording;
    const struct scenario *scenario;
    struct sink sink;
};

void sink_put(struct sink *sink, const void *bytes, size_t size);

static inline uint32_t trace_pid(uint32_t task)
{
    return task == RECORD_IDLE ? 0 : task + 1;
}

enum { TRACE_NAME_MAX = 64 };

/* "hog", or "hog/3" where there are several. */
void trace_name(const struct trace *trace, uint32_t task, char name[TRACE_NAME_MAX]);

void trace_put_perfetto(struct trace *trace);
void trace_put_ftrace(struct trace *trace);

#endif
