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

#include <gsl/gsl_rng.h>

/* Mean 1.  rng is of type random_philox. */
double exponential_draw(gsl_rng *rng);

#endif
