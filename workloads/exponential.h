/* exponential.h -- exponential random numbers without a logarithm, by the ziggurat method.
 *
 * GSL has no ziggurat for this distribution, and the logarithm in gsl_ran_exponential() costs more
 * than the rest of an event.
 *
 * Source: G. Marsaglia and W. Tsang, "The ziggurat method for generating random variables", Journal
 * of Statistical Software 5(8), 2000; layer and position from different bits, as J. Doornik, "An
 * improved ziggurat method", 2005, asks.  tests/unit/distribution.c compares the distribution.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef WORKLOADS_EXPONENTIAL_H
#define WORKLOADS_EXPONENTIAL_H

#include <stdint.h>

#include "sim/base/random.h"

enum { EXPONENTIAL_LAYERS = 256 };

/* Where each layer ends; all zero before the first draw. */
extern double exponential_edge[EXPONENTIAL_LAYERS + 1];

/* Goes on from a layer and a place in it, 0 to 1: that is the number if it lies under the curve,
 * else others are drawn. */
double exponential_draw_at(gsl_rng *rng, uint32_t layer, double place);

/* Mean 1.  rng is of type random_philox. */
static inline double exponential_draw(gsl_rng *rng)
{
    uint32_t bits = random_bits32(rng), layer = bits % EXPONENTIAL_LAYERS;
    double place = (bits / EXPONENTIAL_LAYERS) * 0x1p-24, x = place * exponential_edge[layer];
    return x < exponential_edge[layer + 1] ? x : exponential_draw_at(rng, layer, place);
}

#endif
