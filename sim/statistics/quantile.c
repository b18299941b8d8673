/* quantile.c -- see quantile.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/quantile.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/check.h"

bool quantile_ranks(uint32_t count, double share, double confidence, uint32_t *low, uint32_t *high)
{
    double tail = (1 - confidence) / 2;
    *low = 0;
    *high = 0;
    CHECK(share > 0 && share < 1 && confidence > 0 && confidence < 1);
    for (uint32_t l = 1; l <= count && gsl_cdf_binomial_P(l - 1, share, count) <= tail; l++)
        *low = l;
    for (uint32_t u = count; u >= 1 && gsl_cdf_binomial_Q(u - 1, share, count) <= tail; u--)
        *high = u;
    if (*low > 0 && *high > 0)
        return true;
    *low = 0;
    *high = 0;
    return false;
}

struct bounds quantile_bounds(const double *values, uint32_t count, double share, double confidence)
{
    struct bounds bounds = { NAN, NAN, NAN };
    double *sorted = calloc((size_t)count + 1, sizeof *sorted);
    uint32_t defined = 0, low, high;
    CHECK(sorted != NULL);
    for (uint32_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            sorted[defined++] = values[i];
    gsl_sort(sorted, 1, defined);
    if (defined > 0)
        bounds.estimate = sorted[(uint32_t)fmax(1, ceil(share * defined)) - 1];
    if (quantile_ranks(defined, share, confidence, &low, &high)) {
        bounds.low = sorted[low - 1];
        bounds.high = sorted[high - 1];
    }
    free(sorted);
    return bounds;
}
