/* trace.c -- see trace.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/trace.h"

#include <string.h>

#include "sim/base/check.h"
#include "sim/output/file.h"
#include "sim/output/trace_parts.h"

static const struct trace_format {
    const char *ending;
    void (*put)(struct trace *trace);
    bool shows_all;  /* else switches and wakings */
    bool shows_work; /* of each stretch on a core */
} formats[] = {
    { ".pftrace", trace_put_perfetto, true, false },
    { ".ftrace", trace_put_ftrace, false, true },
};

enum { FORMATS = sizeof formats / sizeof formats[0], CHUNK_BYTES = 65536, GZIP = 16 };

/* Of length bytes of text. */
static bool ends_with(const char *text, size_t length, const char *ending)
{
    size_t size = strlen(ending);
    return length > size && memcmp(text + length - size, ending, size) == 0;
}

static bool is_compressed(const char *path)
{
    return ends_with(path, strlen(path), ".gz");
}

static const struct trace_format *format_of(const char *path)
{
    size_t length = strlen(path) - (is_compressed(path) ? strlen(".gz") : 0);
    for (int i = 0; i < FORMATS; i++)
        if (ends_with(path, length, formats[i].ending))
            return &formats[i];
    return NULL;
}

bool trace_check(const char *path, struct error *err)
{
    if (format_of(path) == NULL)
        return error_set(err, path,
                         "is no name of a trace; one that ends in .pftrace (for Perfetto) or "
                         ".ftrace (text) is wanted, with .gz behind it if it is to be compressed");
    return file_check(path, err);
}

bool trace_shows_all(const char *path)
{
    return format_of(path)->shows_all;
}

bool trace_shows_work(const char *path)
{
    return format_of(path)->shows_work;
}

const char *trace_path(const char *path, bool several, uint32_t point, uint32_t replication,
                       struct arena *arena)
{
    const char *ending = path + strlen(path) - (is_compressed(path) ? strlen(".gz") : 0);
    if (!several)
        return path;
    ending -= strlen(format_of(path)->ending);
    return arena_printf(arena, "%.*s-%u-%u%s", (int)(ending - path), path, point, replication,
                        ending);
}

void trace_name(const struct trace *trace, uint32_t task, char name[TRACE_NAME_MAX])
{
    const struct recorded_task *recorded = &trace->recording->tasks[task];
    const struct workload *workload = &trace->scenario->workloads[recorded->workload];
    if (workload->open || workload_slots(workload) > 1)
        snprintf(name, TRACE_NAME_MAX, "%s/%u", workload->name, recorded->instance);
    else
        snprintf(name, TRACE_NAME_MAX, "%s", workload->name);
}

/* ---- Bytes -------------------------------------------------------------------------------- */

static void deflate_into(struct sink *sink, const void *bytes, size_t size, int flush)
{
    unsigned char out[CHUNK_BYTES];
    sink->stream.next_in = (unsigned char *)(uintptr_t)bytes;
    sink->stream.avail_in = (unsigned)size;
    do {
        sink->stream.next_out = out;
        sink->stream.avail_out = sizeof out;
        CHECK(deflate(&sink->stream, flush) != Z_STREAM_ERROR);
        fwrite(out, 1, sizeof out - sink->stream.avail_out, sink->to);
    } while (sink->stream.avail_out == 0);
}

void sink_put(struct sink *sink, const void *bytes, size_t size)
{
    if (sink->compresses)
        deflate_into(sink, bytes, size, Z_NO_FLUSH);
    else
        fwrite(bytes, 1, size, sink->to);
}

struct filling {
    const char *path;
    const struct recording *recording;
    const struct scenario *scenario;
};

static void fill(FILE *to, const void *context)
{
    const struct filling *filling = context;
    struct trace trace = { filling->recording, filling->scenario, { .to = to } };
    struct sink *sink = &trace.sink;
    sink->compresses = is_compressed(filling->path);
    if (sink->compresses)
        CHECK(deflateInit2(&sink->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP,
                           MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
    format_of(filling->path)->put(&trace);
    if (sink->compresses) {
        deflate_into(sink, NULL, 0, Z_FINISH);
        deflateEnd(&sink->stream);
    }
}

bool trace_write(const struct recording *recording, const struct scenario *scenario,
                 const char *path, struct error *err)
{
    return file_write(path, fill, &(struct filling){ path, recording, scenario }, err);
}
