/* result_io.c -- see result_io.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/result_io.h"

#include <string.h>

/* Where each array is, how long it is, in the order of the bytes. */
#define ARRAYS(X)                                                                                  \
    X(metrics, result->metric_count)                                                               \
    X(core_accounts_ps, (size_t)result->core_count *ACCOUNT_COUNT)                                 \
    X(processes, result->process_count)                                                            \
    X(latencies, result->latency_count)                                                            \
    X(series, result->series_count)

static size_t size_of(const struct run_result *result)
{
    size_t size = sizeof *result;
#define X(array, count) size += (count) * sizeof *result->array;
    ARRAYS(X)
#undef X
    return size;
}

static char *put(char *at, const void *from, size_t size)
{
    if (size > 0)
        memcpy(at, from, size);
    return at + size;
}

void *result_pack(const struct run_result *result, size_t *size, struct arena *arena)
{
    struct run_result plain = *result;
    *size = size_of(result);
    char *bytes = arena_alloc(arena, *size, 1), *at = bytes;
#define X(array, count) plain.array = NULL;
    ARRAYS(X)
#undef X
    at = put(at, &plain, sizeof plain);
#define X(array, count) at = put(at, result->array, (count) * sizeof *result->array);
    ARRAYS(X)
#undef X
    return bytes;
}

static void *copy(const char **at, size_t size, struct arena *arena)
{
    void *array = arena_alloc(arena, size, 1);
    if (size > 0)
        memcpy(array, *at, size);
    *at += size;
    return array;
}

bool result_unpack(struct run_result *result, const void *bytes, size_t size, struct arena *arena)
{
    const char *at = bytes;
    if (size < sizeof *result)
        return false;
    memcpy(result, at, sizeof *result);
    at += sizeof *result;
    if (size_of(result) != size)
        return false;
#define X(array, count) result->array = copy(&at, (count) * sizeof *result->array, arena);
    ARRAYS(X)
#undef X
    return true;
}
