/* script.c -- see script.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/script.h"

#include <math.h>
#include <string.h>

enum { TEXT_COLUMNS = 100, X_TICS_MAX = 12 };

const char *const script_colours[SCRIPT_COLOURS] = { "#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                     "#E69F00", "#56B4E9", "#000000", "#F0E442" };

const char *const account_titles[ACCOUNT_COUNT] = {
    "user: own work",
    "cache: stalls",
    "sched: scheduler code",
    "lock: waiting for it",
    "switch: context switches",
    "tick: timer",
    "balance",
    "idle+: ticks while idle",
    "idle",
};

const char *const latency_metrics[LATENCIES] = {
    "wakeup_latency_us_p50",  "wakeup_latency_us_p90", "wakeup_latency_us_p99",
    "wakeup_latency_us_p999", "wakeup_latency_us_max",
};
const char *const latency_titles[LATENCIES] = { "median", "90 %", "99 %", "99.9 %", "longest" };

/* ---- Texts -------------------------------------------------------------------------------- */

bool script_is_text(const struct plotting *plotting)
{
    return strcmp(plotting->options->format, "txt") == 0;
}

void script_text(FILE *to, const char *text)
{
    putc('"', to);
    for (; *text != '\0'; text++) {
        if (strchr("\"\\`", *text) != NULL)
            putc('\'', to);
        else
            putc((unsigned char)*text < ' ' ? ' ' : *text, to);
    }
    putc('"', to);
}

void script_heading(FILE *to, const struct plotting *plotting, const char *name, int width,
                    int height)
{
    const char *format = plotting->options->format;
    if (script_is_text(plotting))
        fprintf(to, "set terminal dumb size %d, 32\n", TEXT_COLUMNS);
    else if (strcmp(format, "png") == 0)
        fprintf(to, "set terminal pngcairo size %d, %d font \"sans,14\" linewidth 1.5\n", width,
                height);
    else if (strcmp(format, "svg") == 0)
        fprintf(to,
                "set terminal svg size %d, %d font \"sans,14\" linewidth 1.5 background "
                "\"white\"\n",
                width, height);
    else
        fprintf(to, "set terminal pdfcairo size %gin, %gin font \"sans,12\" linewidth 1.5\n",
                width / 110.0, height / 110.0);
    if (!script_is_text(plotting) && !plotting->drawn_here) {
        fprintf(to, "set output ");
        script_text(to, name);
        fprintf(to, ".\".%s\"\n", format);
    }
    fprintf(to, "set termoption noenhanced\nset datafile missing \"NaN\"\n"
                "set border 3\nset tics nomirror\nset title font \",16\"\n"
                "set key outside right top vertical Left reverse noautotitle\n");
    if (!script_is_text(plotting)) /* which would draw it in asterisks */
        fprintf(to, "set grid ytics back linetype 1 linecolor \"#cccccc\" linewidth 0.6\n");
}

void script_title(FILE *to, const char *title, const struct summary *summary, bool bars)
{
    fprintf(to, "set title ");
    script_text(to, title);
    fprintf(to, ".\"\\n\".");
    script_text(to, summary->name);
    if (bars && summary->x_pointer != NULL) {
        fprintf(to, ".\", by \".");
        script_text(to, summary->x_title);
    }
    fprintf(to, "\n");
}

const char *script_metric_title(const char *metric, const char **unit, struct arena *arena)
{
    for (uint32_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_description *description = &metric_descriptions[i];
        size_t length = strlen(description->name);
        if (strncmp(metric, description->name, length) != 0 ||
            (metric[length] != '\0' && metric[length] != '.'))
            continue;
        *unit = description->unit;
        return metric[length] == '.'
                   ? arena_printf(arena, "%s (%s)", description->help, metric + length + 1)
                   : description->help;
    }
    for (uint32_t i = 0; i < SCALING_COUNT; i++)
        if (strcmp(metric, scaling_descriptions[i].name) == 0) {
            *unit = scaling_descriptions[i].unit;
            return scaling_descriptions[i].help;
        }
    for (uint32_t i = 0; i < LAG_COUNT; i++)
        if (strcmp(metric, lag_descriptions[i].name) == 0) {
            *unit = lag_descriptions[i].unit;
            return lag_descriptions[i].help;
        }
    for (uint32_t i = 0; i < DONE_COUNT; i++)
        if (strcmp(metric, done_descriptions[i].name) == 0) {
            *unit = done_descriptions[i].unit;
            return done_descriptions[i].help;
        }
    *unit = "";
    return metric;
}

const char *script_metric_words(const char *metric, struct arena *arena)
{
    const char *unit, *title = script_metric_title(metric, &unit, arena);
    if (strcmp(metric, "sched_overhead_percent") == 0)
        return "What scheduling costs: % of all time that is not idle";
    return arena_printf(arena, "%s, %s", title, unit);
}

/* ---- Axes --------------------------------------------------------------------------------- */

struct spread script_spread(const struct summary *summary, const char *metric)
{
    struct spread spread = { INFINITY, 0, false };
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        spread.defined = spread.defined || !isnan(mean);
        if (mean > 0) {
            spread.least = fmin(spread.least, mean);
            spread.greatest = fmax(spread.greatest, mean);
        }
    }
    return spread;
}

static const double MANY = 1e5; /* from here on digits stand in groups */

void script_tic(FILE *to, const char *axis, double value, bool more)
{
    char digits[32];
    fprintf(to, "set %stics %s(\"", axis, more ? "add " : "");
    if (fabs(value) < MANY || fabs(value) >= 1e15 || value != floor(value)) {
        fprintf(to, "%g", value);
    } else {
        int length = snprintf(digits, sizeof digits, "%.0f", value);
        for (int i = 0; i < length; i++)
            fprintf(to, "%s%c", i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-' ? " " : "",
                    digits[i]);
    }
    fprintf(to, "\" %.10g)\n", value);
}

void script_tics(FILE *to, const char *axis, double least, double greatest, int count, bool whole)
{
    static const double nice[] = { 1, 2, 5, 10 };
    double low = fmin(least, 0), apart = (greatest - low) / count;
    double ten = pow(10, floor(log10(apart))), step = ten;
    for (int i = 0; i < 4 && step < apart * 0.999; i++)
        step = nice[i] * ten;
    step = whole ? fmax(step, 1) : step;
    double first = ceil(low / step);
    for (double k = first; k * step <= greatest * (1 + 1e-9); k++)
        script_tic(to, axis, k * step, k > first);
}

const char *script_powers(double greatest)
{
    return greatest >= MANY ? "10^%T" : "%g";
}

/* Decades, which small marks divide; 1, 2 and 5 of each where there are few; gnuplot's own where
 * there are many. */
static void put_log_tics(FILE *to, double least, double greatest)
{
    double lowest = pow(10, floor(log10(least)));
    bool few = greatest / least <= 4000;
    if (greatest / least > 1e10)
        return;
    for (double ten = lowest; ten < greatest; ten *= 10)
        for (int k = 1; k < 10; k++)
            if (k == 1 || (few && (k == 2 || k == 5)))
                script_tic(to, "y", k * ten, k > 1 || ten > lowest);
            else if (!few)
                fprintf(to, "set ytics add (\"\" %.10g 1)\n", k * ten);
}

void script_y_axis(FILE *to, struct spread spread, bool log)
{
    if (spread.greatest <= 0) {
        fprintf(to, "set yrange [0:1]\n");
    } else if (!log) {
        fprintf(to, "set yrange [0:*]\n");
        if (spread.greatest >= MANY) /* beyond it intervals may reach */
            script_tics(to, "y", 0, spread.greatest * 2, 12, false);
    } else {
        fprintf(to, "set logscale y\nset format y \"%s\"\nset yrange [%g:%g]\n",
                script_powers(spread.greatest * 2), spread.least / 2, spread.greatest * 2);
        put_log_tics(to, spread.least / 2, spread.greatest * 2);
    }
}

/* The smallest and largest x. */
static void x_range(const struct summary *summary, double *least, double *greatest)
{
    *least = *greatest = summary->points[0].x;
    for (uint32_t p = 1; p < summary->point_count; p++) {
        *least = fmin(*least, summary->points[p].x);
        *greatest = fmax(*greatest, summary->points[p].x);
    }
}

/* Is there no point before with this x? */
static bool is_new_x(const struct summary *summary, uint32_t p)
{
    for (uint32_t i = 0; i < p; i++)
        if (summary->points[i].x == summary->points[p].x)
            return false;
    return !isnan(summary->points[p].x);
}

static bool is_whole_everywhere(const struct summary *summary)
{
    for (uint32_t p = 0; p < summary->point_count; p++)
        if (summary->points[p].x != floor(summary->points[p].x))
            return false;
    return true;
}

void script_x_axis(FILE *to, const struct summary *summary, bool log)
{
    double least, greatest;
    uint32_t count = 0;
    x_range(summary, &least, &greatest);
    if (least <= 0 || (!log && greatest / least < 20)) {
        double end = greatest > 0 ? greatest * 1.05 : 0;
        end = least < 0 || end > 0 ? end : 1;
        fprintf(to, "set xrange [%.10g:%.10g]\n", fmin(least, 0), end);
        script_tics(to, "x", least, end, 8, is_whole_everywhere(summary));
        return;
    }
    fprintf(to, "set logscale x\nset format x \"%s\"\nset xrange [%.10g:%.10g]\n",
            script_powers(greatest * 1.2), least / 1.2, greatest * 1.2);
    for (uint32_t p = 0; p < summary->point_count; p++)
        count += is_new_x(summary, p);
    for (uint32_t p = 0; count <= X_TICS_MAX && p < summary->point_count; p++)
        if (is_new_x(summary, p))
            script_tic(to, "x", summary->points[p].x, p > 0);
}
