/* latency_walk.c -- what the memory model charges for the walks of AIDA64's latency test.
 *
 * Goal: modelled cycles to set beside the measured ones of latency-maps.json.  Method: for each
 * point a fresh memory of one core walks a buffer twice through memory_access(), the function that
 * prices the scheduler; the second round is counted, since the measurement repeats its walk too.
 * Of a long walk only the last part of the first round, enough to fill every cache and TLB some
 * times over, and the first part of the second are walked.  A load costs what memory_access() says
 * and the first level's latency, as one in a chain of dependent loads does.
 *
 * usage: latency_walk PROFILE.json MHZ WINDOW_KB < POINTS
 * A point is a line "TEST STRIDE FOOTPRINT_KB"; the answer is a line with its cycles at MHZ, the
 * clock of the machine that was measured.  Its order of accesses is one of
 *   linear        ascending, STRIDE bytes apart
 *   random        the same elements, in one random order over the whole footprint
 *   page_random   random within a window of WINDOW_KB (the pages that the TLB covers), windows
 *                 ascending
 *   block_random  STRIDE counts cache lines: a line is touched once, random within a block of
 *                 STRIDE lines, blocks ascending
 * The buffer is physically contiguous: in the measurements a footprint of exactly a cache's size
 * fits it, which no random page colours would let it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/machine/memory.h"
#include "sim/host/loader.h"
#include "sim/input/scenario.h"

enum { SEED = 1, LOADS_LEAST = 1 << 17, CACHES_FILLED = 4 };

struct walk {
    char test[16];
    uint32_t stride;
    double footprint_kb;
};

/* Shuffles each run of `block` of the count elements: R. Durstenfeld, CACM 7(7), 1964. */
static void shuffle(uint32_t *element, uint32_t count, uint32_t block, gsl_rng *rng)
{
    for (uint32_t from = 0; from < count; from += block) {
        uint32_t size = count - from < block ? count - from : block;
        for (uint32_t i = size; i > 1; i--) {
            uint32_t j = (uint32_t)((uint64_t)random_bits32(rng) * i >> 32);
            uint32_t swap = element[from + i - 1];
            element[from + i - 1] = element[from + j];
            element[from + j] = swap;
        }
    }
}

/* The lines in order of access.  Returns how many, or 0 when the test is unknown. */
static uint32_t order(uint32_t **lines, const struct walk *walk, uint32_t line_bytes,
                      double window_kb, gsl_rng *rng, struct arena *arena)
{
    bool blocks = strcmp(walk->test, "block_random") == 0;
    double bytes = walk->footprint_kb * 1024;
    uint32_t step = blocks ? line_bytes : walk->stride;
    uint32_t count = (uint32_t)(bytes / step), block = 1;
    if (blocks)
        block = walk->stride;
    else if (strcmp(walk->test, "random") == 0)
        block = count;
    else if (strcmp(walk->test, "page_random") == 0)
        block = (uint32_t)(window_kb * 1024 / step);
    else if (strcmp(walk->test, "linear") != 0)
        return 0;
    *lines = arena_alloc(arena, count, sizeof **lines);
    for (uint32_t i = 0; i < count; i++)
        (*lines)[i] = (uint32_t)((uint64_t)i * step / line_bytes);
    shuffle(*lines, count, block > 0 ? block : 1, rng);
    return count;
}

/* How many loads of a round are enough. */
static uint32_t loads_of(const struct profile *cpu, uint32_t count)
{
    double largest_kb = fmax(profile_value(cpu, l2_kb), profile_value(cpu, l3_kb));
    double loads = CACHES_FILLED * largest_kb * 1024 / profile_value(cpu, line_bytes);
    loads = fmax(loads, LOADS_LEAST);
    return loads < count ? (uint32_t)loads : count;
}

/* Mean cycles per load; below 0 when the walk makes no sense. */
static double walk_cycles(const struct walk *walk, const struct profile *cpu, double window_kb,
                          gsl_rng *rng)
{
    struct arena arena = ARENA_EMPTY;
    struct memory memory;
    uint32_t *lines = NULL;
    uint32_t line_bytes = (uint32_t)profile_value(cpu, line_bytes);
    double cycle_fs = 1e9 / profile_value(cpu, clock_mhz);
    double l1_fs = profile_value(cpu, l1_latency_cycles) * cycle_fs;
    random_seek(rng, SEED, 0, RANDOM_MEMORY, 0, 0);
    uint32_t count = order(&lines, walk, line_bytes, window_kb, rng, &arena);
    memory_init(&memory,
                &(struct memory_setup){ .cpu = cpu,
                                        .core_count = 1,
                                        .page_bytes = 4096,
                                        .bytes = (uint64_t)(walk->footprint_kb * 1024),
                                        .stride = UINT32_C(1) << 30, /* one piece of memory */
                                        .stride_real = UINT32_C(1) << 30,
                                        .rng = rng },
                &arena);
    uint32_t loads = loads_of(cpu, count);
    double now_fs = 0, start_fs = 0;
    for (uint32_t i = count - loads; i < count + loads; i++) {
        if (i == count)
            start_fs = now_fs;
        now_fs += l1_fs + (double)memory_access(&memory, 0, lines[i % count], false,
                                                (uint64_t)(now_fs / 1000));
    }
    arena_free(&arena);
    return count == 0 ? -1 : (now_fs - start_fs) / loads / cycle_fs;
}

int main(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    struct error err = { 0 };
    struct profile cpu;
    char data[4096];
    if (argc != 4) {
        fprintf(stderr, "usage: latency_walk PROFILE.json MHZ WINDOW_KB < POINTS\n");
        return 2;
    }
    if (!data_directory(data, sizeof data, &err) ||
        !profile_read(&cpu, argv[1], data, &arena, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return 2;
    }
    cpu.figure[FIGURE_clock_mhz].value = atof(argv[2]);
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    struct walk walk;
    while (scanf("%15s %u %lf", walk.test, &walk.stride, &walk.footprint_kb) == 3) {
        double cycles = walk_cycles(&walk, &cpu, atof(argv[3]), rng);
        if (cycles < 0) {
            fprintf(stderr, "latency_walk: cannot walk %s, stride %u, %g KB\n", walk.test,
                    walk.stride, walk.footprint_kb);
            return 2;
        }
        printf("%.2f\n", cycles);
    }
    gsl_rng_free(rng);
    arena_free(&arena);
    return 0;
}
