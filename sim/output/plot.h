/* plot.h -- draws results directories with gnuplot.
 *
 *     overhead   scheduling overhead (or another metric) against a swept parameter, with 95 % bars
 *     accounts   where the cores' time went, stacked
 *     latency    percentiles of the wake-up latency
 *
 * Each plot is a script NAME.gp with its data, which anybody can run again, and the picture that it
 * draws, both in the (first) results directory.  "txt" is for a terminal and writes no file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_PLOT_H
#define SIM_OUTPUT_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/error.h"

struct plot_options {
    const char *format; /* "svg", "png", "pdf", or "txt": in the terminal */
    const char *metric; /* NULL: sched_overhead_percent, and the other plots too */
    const char *x;      /* swept pointer on the x axis; NULL: the first numeric one */
    bool log;           /* logarithmic axes */
};

bool plot_directories(const char *const *directories, uint32_t count,
                      const struct plot_options *options, struct error *err);

#endif
