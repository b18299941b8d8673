/* tracing.c -- benchmark: what tracing costs in wall time.
 *
 * First one callback of each kind, of a line that is near, beside one that does nothing.  Then
 * whole scheduling decisions (put and pick), traced and plain: of rr, which executes the same
 * however many processes there are, and of fair_scan, which looks at each of them, so that most of
 * what it loads has left the modelled first level and has to be looked for: there, what an access
 * takes is what remains when blocks and functions have been paid for.
 *
 * usage: bench_tracing [PROFILE]
 * PROFILE is a name in configs/cpus or a file of `braidsim calibrate`.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "tests/bench/timed.h"

enum { CALLS = 1000000, LINES = 16 };

static void nothing(void *address)
{
    (void)address;
}

typedef void callback_function(void *address);

/* Those that the compiler does not know itself. */
callback_function __tsan_func_entry;
void __tsan_func_exit(void), __sanitizer_cov_trace_pc(void);

static callback_function *callback_named(const char *name)
{
    callback_function *callback;
    void *symbol = dlsym(RTLD_DEFAULT, name);
    CHECK(symbol != NULL);
    memcpy(&callback, &symbol, sizeof callback); /* ISO C has no cast for it */
    return callback;
}

/* ns of one call of callback with one of a few addresses in the scheduler's memory. */
static double callback_ns(void (*volatile callback)(void *address), char *memory)
{
    double best = INFINITY;
    for (int round = 0; round < 5; round++) {
        double from = now_ns();
        for (uint32_t i = 0; i < CALLS; i++)
            callback(memory + i % LINES * PROCESS_LINE_BYTES);
        best = fmin(best, (now_ns() - from) / CALLS);
    }
    return best;
}

/* ns of a function that begins and returns. */
static double function_ns(void)
{
    void (*volatile returns)(void) = __tsan_func_exit;
    callback_function *volatile begins = __tsan_func_entry;
    double best = INFINITY;
    for (int round = 0; round < 5; round++) {
        double from = now_ns();
        for (uint32_t i = 0; i < CALLS; i++) {
            begins(NULL);
            returns();
        }
        best = fmin(best, (now_ns() - from) / CALLS);
    }
    return best;
}

/* ns of a block, of LINES that follow one another in a ring; this function is taken for a module of
 * the scheduler's. */
__attribute__((noinline)) static double block_ns(struct tracer *tracer)
{
    enum { BYTES = 1024 }; /* of this function, at most */
    void (*volatile block)(void) = __sanitizer_cov_trace_pc;
    struct tracer_module was = tracer->module[0];
    double best = INFINITY;
    tracer->module[0].from = (uintptr_t)block_ns;
    tracer->module[0].bytes = BYTES;
    for (int round = 0; round < 5; round++) {
        double from = now_ns();
        for (uint32_t i = 0; i < CALLS / LINES; i++) {
            block(), block(), block(), block(), block(), block(), block(), block();
            block(), block(), block(), block(), block(), block(), block(), block();
        }
        best = fmin(best, (now_ns() - from) / CALLS);
    }
    tracer->module[0] = was;
    return best;
}

/* The usual wall time of a traced batch, in ns; its counts are left in watched. */
static double traced_batch_ns(struct watched *watched)
{
    static double batch_ns[BATCHES_MAX];
    for (uint32_t i = 0; i < BATCHES_MAX; i++) {
        const struct operation_kind *kind = watched->rig.operation->kind;
        watch_begin(watched);
        kind->prepare(&watched->rig);
        watch_end(watched);
        double from = now_ns();
        watch_begin(watched);
        run_batch(&watched->rig, kind->run);
        watch_end(watched);
        batch_ns[i] = now_ns() - from;
    }
    return middle(batch_ns, BATCHES_MAX);
}

/* A decision (put and pick): wall times in ns, and what it executes. */
struct decision {
    double plain_ns, traced_ns, blocks, accesses, functions;
};

static struct decision decision_of(struct bench *bench, struct watched *watched, const char *policy,
                                   uint32_t queued)
{
    struct operation plain, traced;
    char name[OPERATION_NAME];
    const struct operation_kind *kind = kind_named("put and pick");
    operation_make(&plain, kind, bench->plain.modules[0], scheduler_policy(&bench->plain, policy),
                   0, queued, name);
    operation_make(&traced, kind, bench->traced.modules[0],
                   scheduler_policy(&bench->traced, policy), 0, queued, name);
    struct decision decision = { 0 };
    decision.plain_ns =
        (timed_ns(&plain, &bench->plain, kind->run, BATCHES_MAX, 0) - bench->timer_ns) /
        kind->batch;
    if (sigsetjmp(watched->escape, 0) != 0)
        CHECK(false && "the scheduler left its memory, or does not return");
    watched_init(watched, bench, &traced);
    decision.traced_ns = (traced_batch_ns(watched) - bench->timer_ns) / kind->batch;
    const struct tracer_counts *counts = &watched->counts;
    decision.blocks = (double)counts->blocks / kind->batch;
    decision.accesses = (double)counts->accesses / kind->batch;
    decision.functions = (double)(counts->calls + counts->entries) / kind->batch;
    return decision;
}

/* One callback of each kind, in ns. */
struct callbacks {
    double floor, read, write, block, function;
};

static struct callbacks callbacks_of(struct watched *watched)
{
    struct callbacks ns;
    char *memory = (char *)watched->rig.processes;
    ns.floor = callback_ns(nothing, memory);
    watch_begin(watched);
    ns.read = callback_ns(callback_named("__tsan_read8"), memory);
    ns.write = callback_ns(callback_named("__tsan_write8"), memory);
    ns.function = function_ns();
    ns.block = block_ns(&watched->tracer);
    uint32_t told = TRACER_BLOCK_LIMIT - watched->tracer.blocks_left;
    CHECK(told == 5 * CALLS); /* they were blocks */
    watch_end(watched);
    return ns;
}

static void print_callbacks(const struct callbacks *ns)
{
    printf("What tracing costs, in ns of wall time\n");
    printf("%-60s %8.1f\n", "a callback that does nothing", ns->floor);
    printf("%-60s %8.1f  (wanted: 10)\n", "a read in the first level", ns->read);
    printf("%-60s %8.1f  (wanted: 10)\n", "a write in the first level", ns->write);
    printf("%-60s %8.1f  (wanted: 4)\n", "a block, predicted and in the first level", ns->block);
    printf("%-60s %8.1f\n", "a function: that it begins, and that it returns", ns->function);
}

static void print_decision(struct bench *bench, const struct callbacks *ns, const char *policy,
                           uint32_t queued, const char *wanted)
{
    static struct watched watched;
    struct decision d = decision_of(bench, &watched, policy, queued);
    watched_fini(&watched);
    double accesses_ns = d.traced_ns - d.blocks * ns->block - d.functions * ns->function;
    printf("%-12s %10u %10.1f %12.1f %10.0f %10.0f %10.0f %12.1f  %s\n", policy, queued, d.plain_ns,
           d.traced_ns, d.blocks, d.accesses, d.functions, accesses_ns / d.accesses, wanted);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static struct watched watched;
    if (!bench_init(&bench, argc > 1 ? argv[1] : "zen4"))
        return EXIT_FAILURE;
    decision_of(&bench, &watched, "rr", 10); /* all in the first level */
    struct callbacks ns = callbacks_of(&watched);
    watched_fini(&watched);
    print_callbacks(&ns);
    printf("\nA decision (put and pick), in ns of wall time; an access: what blocks and functions\n"
           "leave of it, the beginning and the end of an entry included\n");
    printf("%-12s %10s %10s %12s %10s %10s %10s %12s\n", "policy", "processes", "plain", "traced",
           "blocks", "accesses", "functions", "an access");
    print_decision(&bench, &ns, "rr", 10, "(wanted: 300 traced)");
    print_decision(&bench, &ns, "rr", 1000, "(wanted: 300 traced)");
    print_decision(&bench, &ns, "fair_scan", 100, "(wanted: 10 an access)");
    print_decision(&bench, &ns, "fair_scan", 1000, "(wanted: 10 an access)");
    print_decision(&bench, &ns, "fair_scan", 10000, "(wanted: 10 an access)");
    bench_fini(&bench);
    return EXIT_SUCCESS;
}
