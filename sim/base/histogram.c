/* histogram.c -- see histogram.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/histogram.h"

#include <math.h>

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    histogram->count += other->count;
    histogram->sum += other->sum;
    if (other->max > histogram->max)
        histogram->max = other->max;
    for (uint32_t bucket = 0; bucket <= histogram_bucket(other->max); bucket++)
        histogram->bucket[bucket] += other->bucket[bucket];
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? NAN : histogram->sum / (double)histogram->count;
}

uint64_t histogram_bucket_top(uint32_t bucket)
{
    if (bucket < 2 * HISTOGRAM_SUB)
        return bucket;
    uint32_t shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    return ((uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << shift) +
           ((UINT64_C(1) << shift) - 1);
}

/* The middle of a bucket. */
static double bucket_value(uint32_t bucket)
{
    if (bucket < 2 * HISTOGRAM_SUB)
        return bucket;
    uint32_t shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t low = (uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << shift;
    return (double)low + (double)((UINT64_C(1) << shift) - 1) / 2;
}

double histogram_quantile(const struct histogram *histogram, double share)
{
    if (histogram->count == 0)
        return NAN;
    uint64_t rank = (uint64_t)fmax(ceil(share * (double)histogram->count), 1), seen = 0;
    uint32_t bucket = 0, last = histogram_bucket(histogram->max);
    while (bucket < last && (seen += histogram->bucket[bucket]) < rank)
        bucket++;
    return fmin(bucket_value(bucket), (double)histogram->max);
}
