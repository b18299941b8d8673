/* traced.c -- benchmark: what tracing costs in whole runs, beside the flat ones of the same
 * scenario.
 *
 * usage: bench_traced SCENARIO...
 * Each point of each scenario runs flat and traced, in turn.  What a traced run takes more is set
 * against what its blocks and accesses may take, 4 and 10 ns each; and what an access takes is what
 * remains of it when each block has taken its 4.  Callbacks of ticks are not counted, though they
 * take time too: what is printed is a little too much.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/commands/load.h"
#include "sim/host/host.h"

static const double block_ns = 4, access_ns = 10; /* wanted, at most */

enum { ROUNDS = 5 };

/* Both prices of one scenario file. */
struct priced {
    struct experiment experiment;
    struct scheduler scheduler;
};

static bool read_priced(struct priced *priced, const char *path, const char *cost,
                        struct arena *arena, struct error *err)
{
    struct load_options options = { .scenario = { .cost = cost } };
    return scheduler_load(&priced->scheduler, NULL, cost[0] == 't', err) &&
           load_experiment(&priced->experiment, path, &options, arena, err);
}

/* Processor time of a run of this point, in ns. */
static double run_ns(const struct priced *priced, uint32_t point, struct run_result *result)
{
    struct arena arena = ARENA_EMPTY;
    struct scenario scenario = priced->experiment.points[point].scenario;
    *result = (struct run_result){ 0 };
    scenario.warmup_ps = 0; /* callbacks are counted from then on */
    host_run(&scenario, &priced->scheduler, 0, result, &arena);
    CHECK(result->fault.kind == FAULT_NONE);
    arena_free(&arena);
    return result->cpu_s * 1e9;
}

static void measure(const struct priced *flat, const struct priced *traced, uint32_t point)
{
    double flat_ns = INFINITY, traced_ns = INFINITY;
    struct run_result with, without;
    for (int round = 0; round < ROUNDS; round++) {
        flat_ns = fmin(flat_ns, run_ns(flat, point, &without));
        traced_ns = fmin(traced_ns, run_ns(traced, point, &with));
    }
    double blocks_ns = block_ns * (double)with.work.blocks;
    double accesses = (double)with.work.accesses;
    const struct point *run = &traced->experiment.points[point];
    printf("%-4u %-23s %9.1f %9.1f %10.2f %10.2f %10.0f %10.1f\n", point,
           run->variant != NULL ? run->variant : "", flat_ns / 1e6, traced_ns / 1e6,
           (double)with.work.blocks / 1e6, accesses / 1e6,
           100 * (traced_ns - flat_ns) / (blocks_ns + access_ns * accesses),
           (traced_ns - flat_ns - blocks_ns) / accesses);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct arena arena = ARENA_EMPTY;
        static struct priced flat, traced;
        struct error err;
        if (!read_priced(&flat, argv[i], "flat", &arena, &err) ||
            !read_priced(&traced, argv[i], "traced", &arena, &err)) {
            fprintf(stderr, "%s: %s\n", err.place, err.message);
            return EXIT_FAILURE;
        }
        printf("%s, a run of each point: processor time in ms (least of %d), callbacks in\n"
               "millions; allowance: %.0f ns a block and %.0f an access\n",
               traced.experiment.name, ROUNDS, block_ns, access_ns);
        printf("%-28s %9s %9s %10s %10s %10s %10s\n", "point", "flat", "traced", "blocks",
               "accesses", "taken, %", "ns/access");
        for (uint32_t point = 0; point < traced.experiment.point_count; point++)
            measure(&flat, &traced, point);
        arena_free(&arena);
    }
    return EXIT_SUCCESS;
}
