/* parts.h -- the parts of the measurement, in the order in which they need one another.
 *
 * Each spends about so many seconds and writes its figures into the calibration.  None fails:
 * what cannot be measured is assumed and noted, or left out and noted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_PARTS_H
#define SIM_CALIBRATE_PARTS_H

#include "sim/calibrate/calibration.h"
#include "sim/calibrate/chase.h"
#include "sim/calibrate/curve.h"

/* Others on this host slow it down, and take from its caches, for seconds: what that changes most
 * is measured in several passes, which calibrate.c spreads over the whole time. */

/* core.c: clock, locked instruction, branch miss; cores and threads as the kernel lists them. */
void calibrate_clock(struct calibration *calibration, double seconds);
void calibrate_core(struct calibration *calibration, double seconds);

/* Chases through more and more lines: the least times of all passes so far. */
struct cache_curves {
    struct curve_point chase[CURVE_POINTS_MAX], held[CURVE_POINTS_MAX];
    uint32_t chase_count, held_count, passes;
};

/* caches.c: sizes, ways, latencies, streams, who shares.  memory.c, after tlb.c: latency and
 * bandwidth of memory, prefetching.  Both walk through the field, larger than the caches, in
 * passes. */
void calibrate_caches(struct calibration *calibration, struct field *field,
                      struct cache_curves *curves, double seconds);
void calibrate_memory(struct calibration *calibration, struct field *field, double seconds);

/* tlb.c: entries and cost of translations. */
void calibrate_tlb(struct calibration *calibration, double seconds);

/* overlap.c: misses, instructions and stores under way at once; needs memory_latency_ns. */
void calibrate_overlap(struct calibration *calibration, struct field *field, double seconds);

/* threads.c: what two or more cores do to one another, in passes; needs memory_latency_ns.
 * field NULL: bandwidth is left out. */
void calibrate_threads(struct calibration *calibration, struct field *field, double seconds);

/* kernel.c, interrupts.c: what the kernel's entries cost; need what threads.c writes. */
void calibrate_kernel(struct calibration *calibration, double seconds);
void calibrate_interrupts(struct calibration *calibration, double seconds);

/* scheduler.c: instructions per cycle of the plain build's own operations, which are timed in
 * passes; the figures come last, as their prices rest on the others.  NULL: the scheduler cannot
 * be loaded, and they are assumed. */
struct scheduler_times;
struct scheduler_times *calibrate_scheduler_begin(struct calibration *calibration);
void calibrate_scheduler_pass(struct scheduler_times *times, double seconds);
void calibrate_scheduler_end(struct calibration *calibration, struct scheduler_times *times,
                             double seconds);

#endif
