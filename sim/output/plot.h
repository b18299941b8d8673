/* plot.h -- draws results directories with gnuplot.
 *
 *     overhead   scheduling overhead (or another metric) against a swept parameter: lines with 95 %
 *                bands (curves.h); bars where nothing numeric is swept
 *     accounts   where the cores' time went, stacked
 *     latency    percentiles of the wake-up latency
 *     METRIC-map     a metric over two swept parameters (map.h)
 *     scaling        throughput against cores, with the fitted law (law.h)
 *     METRIC-ccdf    how often a latency is longer than so much (ccdf.h)
 *
 * Each plot is a script NAME.gp with its data, which anybody can run again there, and the picture
 * that it draws, both in the (first) results directory.  "txt" is for a terminal, without a file.
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
    const char *y;      /* another, on the y axis of a map */
    const char *facet;  /* a swept pointer, or "variant": a panel for each of its values */
    const char *ccdf;   /* draw the distribution of this latency instead */
    bool log_x, log_y;  /* logarithmic axes */
    bool exponent;      /* likewise, and say how steep lines are */
    bool scaling;       /* draw the scaling law instead */
};

bool plot_directories(const char *const *directories, uint32_t count,
                      const struct plot_options *options, struct error *err);

#endif
