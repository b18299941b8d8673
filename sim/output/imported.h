/* imported.h -- a recorded trace as a scenario that a person can read, edit and run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_IMPORTED_H
#define SIM_OUTPUT_IMPORTED_H

#include <stdio.h>

#include "sim/input/trace_entries.h"

struct import_options {
    const char *path; /* of the trace, for the heading */
    const char *name; /* of the scenario */
    bool fit;         /* distributions instead of what was recorded one by one */
    uint32_t least;   /* fewer runs, or sleeps, of an entry become their mean */
    FILE *report;     /* gets a line on each fit; NULL: nobody reads it */
    FILE *warnings;   /* gets one on each whose mean is over 10 % off that recorded; or NULL */
};

/* The scenario has a CPU profile and a scheduler that are only there to be replaced, and as many
 * cores as the trace has cpus.  Of the bursts recorded it lasts until all are done, at most twice
 * the trace, in whole ms rounded up, or, if that is longer, twice what all run one after another
 * and the longest that one process runs and sleeps from the beginning: whoever goes first, and
 * beside busy siblings.  Fitted entries mostly go round for ever, and have 1.1 times the trace. */
void imported_print(FILE *to, const struct sched_trace *trace, const struct trace_entries *entries,
                    const struct import_options *options, struct arena *arena);

#endif
