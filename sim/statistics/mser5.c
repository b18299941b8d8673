/* mser5.c -- see mser5.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/mser5.h"

#include <stdlib.h>

#include "sim/base/check.h"

enum { BATCHES_LEAST = 10, BATCHES_LAST = 5 };

static double batch_mean(const double *series, uint32_t batch)
{
    double sum = 0;
    for (uint32_t i = 0; i < MSER_BATCH; i++)
        sum += series[batch * MSER_BATCH + i];
    return sum / MSER_BATCH;
}

bool mser5_cut(const double *series, uint32_t count, uint32_t *cut)
{
    uint32_t batches = count / MSER_BATCH, best = batches;
    double mean = 0, squares = 0, least = 0;
    *cut = count / (2 * MSER_BATCH) * MSER_BATCH;
    if (batches < BATCHES_LEAST)
        return false;
    /* From the end on, so that mean and sum of squares grow by a batch (B. P. Welford, 1962). */
    for (uint32_t d = batches; d-- > 0;) {
        uint32_t left = batches - d;
        double y = batch_mean(series, d), difference = y - mean;
        mean += difference / left;
        squares += difference * (y - mean);
        double mser = squares / left / left;
        if (left > BATCHES_LAST && (best == batches || mser <= least)) {
            best = d;
            least = mser;
        }
    }
    if (best > batches / 2)
        return false;
    *cut = best * MSER_BATCH;
    return true;
}

bool mser5_warmup(const double *const *pilots, uint32_t pilot_count, uint32_t series_count,
                  uint32_t length, uint64_t duration_ps, uint64_t *warmup_ps)
{
    double *average = calloc((size_t)length + 1, sizeof *average);
    uint32_t greatest = 0, cut;
    bool found = true;
    CHECK(average != NULL && pilot_count > 0 && length > 0);
    for (uint32_t s = 0; s < series_count; s++) {
        for (uint32_t i = 0; i < length; i++) {
            average[i] = 0;
            for (uint32_t pilot = 0; pilot < pilot_count; pilot++)
                average[i] += pilots[pilot][(size_t)s * length + i] / pilot_count;
        }
        found = mser5_cut(average, length, &cut) && found;
        greatest = cut > greatest ? cut : greatest;
    }
    free(average);
    *warmup_ps = duration_ps / length * greatest + duration_ps % length * greatest / length;
    return found;
}
