/* latency.c -- see latency.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/latency.h"

#include <inttypes.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/json.h"

void latency_put_heading(FILE *to)
{
    fputs("point,metric,upper_us,count\n", to);
}

void latency_add(struct latency_sum *sum, const struct run_result *run)
{
    for (uint32_t i = 0; i < run->latency_count; i++) {
        const struct latency_cell *cell = &run->latencies[i];
        CHECK(cell->kind < LATENCY_KINDS && cell->bucket < HISTOGRAM_BUCKETS);
        sum->count[cell->kind][cell->bucket] += cell->count;
    }
}

void latency_put(FILE *to, const struct latency_sum *sum, uint32_t point)
{
    char upper[32];
    for (uint32_t kind = 0; kind < LATENCY_KINDS; kind++)
        for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
            if (sum->count[kind][bucket] == 0)
                continue;
            json_number((double)histogram_bucket_top(bucket) / 1e6, upper);
            fprintf(to, "%u,%s,%s,%" PRIu64 "\n", point, latency_names[kind], upper,
                    sum->count[kind][bucket]);
        }
}

void latency_write(FILE *to, const struct results *results)
{
    struct arena sums = ARENA_EMPTY;
    struct latency_sum *sum = arena_alloc(&sums, 1, sizeof *sum);
    latency_put_heading(to);
    for (uint32_t p = 0; p < results->experiment->point_count; p++) {
        memset(sum, 0, sizeof *sum);
        for (uint32_t r = 0; r < results->count[p]; r++) {
            struct arena arena = ARENA_EMPTY;
            struct run_result space;
            latency_add(sum, results_load(results, results->first[p] + r, &space, &arena));
            arena_free(&arena);
        }
        latency_put(to, sum, p);
    }
    arena_free(&sums);
}
