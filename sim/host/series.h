/* series.h -- how a run goes on over time: what tells where its warm-up ends.
 *
 * The run, its warm-up included, is cut into SERIES_BATCHES equal slices; of each the user time of
 * all cores over the slice's length (that is, how many cores do processes' own work on average),
 * and the time average of READY processes.  Only where scenario->series asks for it; otherwise
 * nothing is kept, and nothing but a look at a pointer is done.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_SERIES_H
#define SIM_HOST_SERIES_H

#include "sim/base/arena.h"
#include "sim/host/result.h"

struct series {
    uint64_t end_ps;
    double *user_ps, *ready_ps; /* [SERIES_BATCHES] process time within each slice */
};

struct series *series_new(uint64_t duration_ps, struct arena *arena);

/* From from_ps to to_ps, count times, is added to one of its arrays; what is after the end is
 * not. */
void series_add(const struct series *series, double *slices_ps, uint64_t from_ps, uint64_t to_ps,
                uint32_t count);

/* Sets series and series_count of the result; the arrays are its own then. */
void series_finish(struct series *series, struct run_result *result);

#endif
