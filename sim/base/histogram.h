/* histogram.h -- a distribution in constant memory: exact mean and maximum, near-exact quantiles.
 *
 * Buckets are log-linear: 128 per power of two.  A bucket of values v to v + w - 1 has w at most
 * v / 128, and its middle stands for all of them, so a quantile is right within 1/256 (0.39 %), and
 * values below 256 are exact.  Histograms of parts add up to that of the whole, bucket by bucket,
 * in any order.  58 KiB each.
 * Source: the layout of HdrHistogram (G. Tene).  tests/unit/histogram.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_BASE_HISTOGRAM_H
#define SIM_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 7,
    HISTOGRAM_SUB = 1 << HISTOGRAM_SUB_BITS,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB
};

/* All zero is empty. */
struct histogram {
    uint64_t count, max;
    double sum;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline uint32_t histogram_bucket(uint64_t value)
{
    if (value < HISTOGRAM_SUB)
        return (uint32_t)value;
    uint32_t shift = 63 - (uint32_t)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return (shift << HISTOGRAM_SUB_BITS) + (uint32_t)(value >> shift);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->sum += (double)value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->bucket[histogram_bucket(value)]++;
}

/* Adds all that other holds: counts and maximum exactly, the sum as doubles add. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* NaN when empty. */
double histogram_mean(const struct histogram *histogram);

/* The middle of the bucket in which the share'th (0 to 1) of the values lies, at most the maximum;
 * NaN when empty. */
double histogram_quantile(const struct histogram *histogram, double share);

#endif
