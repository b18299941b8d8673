/* chase.h -- memory to walk through, and the walks.
 *
 * A chase is a cycle of pointers, one a line: each load must be over before the next can begin, so
 * time per load is latency.  A walk is a chase by one load instruction in a loop, as lists are
 * walked: prefetchers tell loads apart by instruction.  A stream reads one word of each line in
 * ascending order, loads independent of one another: time per line is bandwidth.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_CHASE_H
#define SIM_CALIBRATE_CHASE_H

#include <gsl/gsl_rng.h>
#include <stddef.h>

#include "sim/calibrate/timing.h"

enum {
    CHASE_UNIT_BYTES = 16, /* places on a walk are multiples of this */
    CHASE_HUGE_BYTES = 2 << 20
};

/* Memory that is walked through. */
struct field {
    char *memory;
    size_t bytes;
    bool huge; /* the kernel maps it by pages of at least CHASE_HUGE_BYTES */
};

/* Touched memory of about so many bytes.  huge: by huge pages, if the kernel gives them; else by
 * ordinary ones, taken in random order so that neighbours are not neighbours physically.  False:
 * there is none. */
bool field_map(struct field *field, size_t bytes, bool huge, gsl_rng *rng);
void field_unmap(struct field *field);

/* What to visit, in order, as multiples of CHASE_UNIT_BYTES from the field's start. */
struct route {
    uint32_t *place;
    uint32_t count, capacity;
};

void route_init(struct route *route, uint32_t capacity);
void route_fini(struct route *route);
/* Empties it. */
void route_clear(struct route *route);
void route_add(struct route *route, size_t byte);
/* Every stride-th byte of a footprint, ascending. */
void route_stride(struct route *route, size_t bytes, size_t stride);
/* The same in random order. */
void route_random(struct route *route, size_t bytes, size_t stride, gsl_rng *rng);
/* Ascending by stride, from every line below the stride, those in random order, so that no sweep
 * finds what the last one's neighbours brought in: all lines, each once. */
void route_sweeps(struct route *route, size_t bytes, size_t stride, size_t line, gsl_rng *rng);
/* The same, in blocks: each block is done with, in random order, before the next, at random. */
void route_blocks(struct route *route, size_t bytes, size_t block, size_t stride, gsl_rng *rng);
void route_shuffle(struct route *route, gsl_rng *rng);

/* Links the field along the route, as a cycle; where it begins. */
void **route_link(const struct route *route, struct field *field);

/* Links the field along the route and goes round: ns per load.  One lap at least is made before
 * the timing. */
struct measurement chase_measure(struct field *field, const struct route *route, double seconds);
/* The same without that lap, for routes that no cache holds anyway. */
struct measurement chase_measure_far(struct field *field, const struct route *route,
                                     double seconds);

/* As chase_measure() and chase_measure_far(), by a walk. */
struct measurement walk_measure(struct field *field, const struct route *route, double seconds);
struct measurement walk_measure_far(struct field *field, const struct route *route, double seconds);
/* A chase, with the first bytes of the field read in order before every timing: what caches still
 * hold of them then is found there.  A chase alone is so slow where others press that they take
 * from it what a faster reader keeps. */
struct measurement chase_measure_held(struct field *field, const struct route *route, size_t bytes,
                                      size_t line, double seconds);

/* Reads one word of each line of the first bytes, in order, again and again: ns per line. */
struct measurement stream_measure(struct field *field, size_t bytes, size_t line, double seconds);

/* The work of a stream, for several threads at once: reads a slice, returns lines read. */
struct stream_walk {
    const char *memory;
    size_t bytes, line, slice, at;
};

uint64_t stream_read(void *stream);

#endif
