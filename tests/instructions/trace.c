/* trace.c -- every operation of the traced module: blocks, bytes of their code, accesses, calls and
 * entries.
 *
 * Prints a table, one line an operation: name, blocks, bytes, accesses, calls and entries, tabs
 * between them; counts are those of the whole batch.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/host/loader.h"
#include "sim/input/scenario.h"
#include "tests/instructions/operations.h"

enum { TRACE_MEMORY = 1 << 20 };

struct trace {
    struct tracer tracer;
    sigjmp_buf escape;
};

static void trace_begin(void *self, const struct operation *operation)
{
    struct trace *trace = self;
    (void)operation;
    tracer_begin(&trace->tracer, 0, TRACER_PACE, 0, &trace->escape);
}

static void trace_end(void *self, const struct operation *operation)
{
    struct trace *trace = self;
    uint64_t wait_fs;
    tracer_end(&trace->tracer, &wait_fs);
    const struct tracer_counts *counts = &trace->tracer.counts;
    printf("%s\t%u\t%u\t%u\t%u\t%u\n", operation->name, counts->blocks, counts->code_bytes,
           counts->accesses, counts->calls, counts->entries);
}

int main(void)
{
    static _Alignas(64) char memory[TRACE_MEMORY];
    static struct profile cpu;
    static struct trace trace;
    static struct memory caches;
    struct scheduler scheduler;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    char data[4000], path[4096];
    if (!scheduler_load(&scheduler, NULL, true, &err) || !data_directory(data, sizeof data, &err) ||
        snprintf(path, sizeof path, "%s/cpus/piii-xeon-700.json", data) < 0 ||
        !profile_read(&cpu, path, data, &arena, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 1, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&caches,
                &(struct memory_setup){ .cpu = &cpu,
                                        .core_count = 1,
                                        .bytes = sizeof memory + scheduler.mapped[0].bytes,
                                        .stride = sizeof(struct process),
                                        .stride_real = sizeof(struct process),
                                        .rng = rng },
                &arena);
    tracer_init(&trace.tracer,
                &(struct tracer_setup){ .cpu = &cpu,
                                        .memory = &caches,
                                        .core_count = 1,
                                        .scheduler_memory = memory,
                                        .scheduler_bytes = sizeof memory,
                                        .module = { scheduler.mapped[0] } },
                &arena);
    if (sigsetjmp(trace.escape, 0) != 0)
        CHECK(false && "the scheduler left its memory");
    operations_observe(scheduler.modules[0], memory, sizeof memory,
                       &(struct operation_observer){ trace_begin, trace_end, &trace });
    gsl_rng_free(rng);
    arena_free(&arena);
    return EXIT_SUCCESS;
}
