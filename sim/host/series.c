/* series.c -- see series.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/series.h"

struct series *series_new(uint64_t duration_ps, struct arena *arena)
{
    struct series *series = arena_alloc(arena, 1, sizeof *series);
    series->end_ps = duration_ps;
    series->user_ps = arena_alloc(arena, 2 * SERIES_BATCHES, sizeof(double));
    series->ready_ps = series->user_ps + SERIES_BATCHES;
    return series;
}

/* Where slice i begins; slices differ by a picosecond where the duration is no multiple of them. */
static uint64_t slice_ps(const struct series *series, uint32_t i)
{
    return series->end_ps / SERIES_BATCHES * i +
           series->end_ps % SERIES_BATCHES * i / SERIES_BATCHES;
}

void series_add(const struct series *series, double *slices_ps, uint64_t from_ps, uint64_t to_ps,
                uint32_t count)
{
    if (to_ps > series->end_ps)
        to_ps = series->end_ps;
    if (count == 0 || from_ps >= to_ps)
        return;
    uint32_t i = (uint32_t)((double)from_ps / (double)series->end_ps * SERIES_BATCHES);
    while (i > 0 && slice_ps(series, i) > from_ps) /* as doubles round */
        i--;
    for (; i < SERIES_BATCHES && from_ps < to_ps; i++) {
        uint64_t next_ps = slice_ps(series, i + 1);
        if (next_ps > to_ps)
            next_ps = to_ps;
        if (next_ps <= from_ps)
            continue;
        slices_ps[i] += count * (double)(next_ps - from_ps);
        from_ps = next_ps;
    }
}

void series_finish(struct series *series, struct run_result *result)
{
    for (uint32_t i = 0; i < SERIES_BATCHES; i++) {
        double length_ps = (double)(slice_ps(series, i + 1) - slice_ps(series, i));
        series->user_ps[i] = length_ps > 0 ? series->user_ps[i] / length_ps : 0;
        series->ready_ps[i] = length_ps > 0 ? series->ready_ps[i] / length_ps : 0;
    }
    result->series_count = 2 * SERIES_BATCHES;
    result->series = series->user_ps;
}
