/* script.h -- the pieces that scripts for gnuplot are made of: headings, texts, axes; and words
 * that stand in them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_SCRIPT_H
#define SIM_OUTPUT_SCRIPT_H

#include <stdio.h>

#include "sim/host/result.h"
#include "sim/output/plot.h"
#include "sim/output/summary.h"

struct ccdf_set;

struct plotting {
    const struct plot_options *options;
    bool drawn_here;       /* the script for us, whose picture comes by standard output */
    const char *directory; /* where scripts and pictures go */
    struct summary summary;
    const struct ccdf_set *ccdf; /* NULL but for distributions */
    struct arena arena;
};

/* Okabe and Ito's palette, told apart by colour-blind people too. */
enum { SCRIPT_COLOURS = 8 };
extern const char *const script_colours[SCRIPT_COLOURS];

bool script_is_text(const struct plotting *plotting);

/* In gnuplot's double quotes, where a backquote would run a command of the shell. */
void script_text(FILE *to, const char *text);
void script_heading(FILE *to, const struct plotting *plotting, const char *name, int width,
                    int height);
void script_title(FILE *to, const char *title, const struct summary *summary, bool bars);

/* What the metric is, in words: "price of one entry into the scheduler: mean (schedule)". */
const char *script_metric_title(const char *metric, const char **unit, struct arena *arena);
/* The same with its unit, where no axis says what values are. */
const char *script_metric_words(const char *metric, struct arena *arena);

/* How far a metric goes over all points. */
struct spread {
    double least, greatest; /* of what is above 0; infinite and 0 when nothing is */
    bool defined;           /* anywhere */
};

struct spread script_spread(const struct summary *summary, const char *metric);

/* Marks an axis ("x" or "y") at one value, 1e+06 as "1 000 000"; more: beside what is marked. */
void script_tic(FILE *to, const char *axis, double value, bool more);
/* Marks a linear axis from 0, or least if that is below, to greatest, at most about so many times;
 * whole: at no fractions. */
void script_tics(FILE *to, const char *axis, double least, double greatest, int count, bool whole);
/* How gnuplot writes the powers of ten that it marks itself, up to greatest. */
const char *script_powers(double greatest);

/* A logarithmic axis needs something above 0, and labels within short decades. */
void script_y_axis(FILE *to, struct spread spread, bool log);

/* Logarithmic when asked for, or when a linear one would crowd the left; then marked where the
 * swept values are, if those are few. */
void script_x_axis(FILE *to, const struct summary *summary, bool log);

/* What the accounts are called. */
extern const char *const account_titles[ACCOUNT_COUNT];

/* Percentiles of the wake-up latency, from the median up. */
enum { LATENCIES = 5 };
extern const char *const latency_metrics[LATENCIES], *const latency_titles[LATENCIES];

#endif
