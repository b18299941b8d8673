/* timeline.h -- draws a trace: cores down, time across, processes coloured, overhead hatched.
 *
 * For papers and teaching, so of a short time: what is narrower than a fraction of a pixel is not
 * to be seen.  Up to 8 processes have a colour each; of more, those of one workload have one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_TIMELINE_H
#define SIM_OUTPUT_TIMELINE_H

#include "sim/output/plot.h"

/* Draws a trace of `braidsim run --trace FILE.pftrace`, from and to some time (ms; NaN: all that is
 * there), beside it: FILE.gp, and FILE.svg or what options->format is, but not text. */
bool timeline_draw(const char *path, double from_ms, double to_ms,
                   const struct plot_options *options, struct error *err);

#endif
