/* plot.c -- see plot.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/plot.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/host/result.h"
#include "sim/output/file.h"
#include "sim/output/gnuplot.h"
#include "sim/output/script.h"

/* Okabe and Ito's palette, told apart by colour-blind people too. */
static const char *const colours[] = { "#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                       "#E69F00", "#56B4E9", "#000000", "#F0E442" };
static const char *const account_colours[ACCOUNT_COUNT] = {
    "#009E73", /* user */ "#F0E442",    /* cache */ "#D55E00",  /* sched */
    "#000000", /* lock */ "#CC79A7",    /* switch */ "#0072B2", /* tick */
    "#E69F00", /* balance */ "#999999", /* idle+ */ "#DDDDDD",  /* idle */
};

enum {
    COLOURS = sizeof colours / sizeof colours[0],
    TICS_MAX = 12,
    BARS_BESIDE = 500 /* pixels beside the bars: axis and legend */
};

/* ---- One metric --------------------------------------------------------------------------- */

/* What the metric is, in words: "price of one entry into the scheduler: mean (schedule)". */
static const char *metric_title(struct arena *arena, const char *metric, const char **unit)
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
    *unit = "";
    return metric;
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

/* Is this the first point of its series? */
static bool is_first(const struct summary *summary, uint32_t p)
{
    for (uint32_t i = 0; i < p; i++)
        if (strcmp(summary->points[i].series, summary->points[p].series) == 0)
            return false;
    return true;
}

/* Is there no point before with this x? */
static bool is_new_x(const struct summary *summary, uint32_t p)
{
    for (uint32_t i = 0; i < p; i++)
        if (summary->points[i].x == summary->points[p].x)
            return false;
    return !isnan(summary->points[p].x);
}

static void put_rows(FILE *to, const struct summary *summary, const char *series,
                     const char *metric)
{
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        if (strcmp(summary->points[p].series, series) != 0)
            continue;
        summary_metric(&summary->points[p], metric, &mean, &half);
        fprintf(to, "%.10g %.10g %.10g\n", summary->points[p].x, mean, isnan(half) ? 0 : half);
    }
}

/* Logarithmic when asked for, or when a linear one would crowd the left; then marked where the
 * swept values are, if those are few. */
static void put_x_axis(FILE *to, const struct plotting *plotting)
{
    const struct summary *summary = &plotting->summary;
    double least, greatest;
    uint32_t count = 0;
    x_range(summary, &least, &greatest);
    fprintf(to, "set xlabel ");
    script_text(to, summary->x_title, false);
    if (least <= 0 || (!plotting->options->log && greatest / least < 20)) {
        double end = greatest > 0 ? greatest * 1.05 : 0;
        fprintf(to, "\nset xrange [%g:%g]\n", fmin(least, 0), least < 0 || end > 0 ? end : 1);
        return;
    }
    fprintf(to, "\nset logscale x\nset format x \"%%g\"\nset xrange [%g:%g]\n", least / 1.2,
            greatest * 1.2);
    for (uint32_t p = 0; p < summary->point_count; p++)
        count += is_new_x(summary, p);
    for (uint32_t p = 0; count <= TICS_MAX && p < summary->point_count; p++)
        if (is_new_x(summary, p))
            fprintf(to, "set xtics %s(%.10g)\n", p > 0 ? "add " : "", summary->points[p].x);
}

/* Lines over the swept parameter, one a series. */
static void put_lines(FILE *to, const struct plotting *plotting, const char *metric)
{
    const struct summary *summary = &plotting->summary;
    uint32_t series = 0;
    put_x_axis(to, plotting);
    script_y_axis(to, script_spread(summary, metric), plotting->options->log);
    for (uint32_t p = 0; p < summary->point_count; p++) {
        if (!is_first(summary, p))
            continue;
        fprintf(to, "$series%u << EOD\n", series++);
        put_rows(to, summary, summary->points[p].series, metric);
        fprintf(to, "EOD\n");
    }
    series = 0;
    fprintf(to, "plot ");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        if (!is_first(summary, p))
            continue;
        fprintf(to,
                "%s$series%u using 1:2:3 with yerrorlines linewidth 2 pointtype %u "
                "linecolor \"%s\" title ",
                series > 0 ? ", \\\n     " : "", series, 5 + 2 * (series % 5),
                colours[series % COLOURS]);
        script_text(to, summary->points[p].series, false);
        series++;
    }
    fprintf(to, "\n");
}

/* A bar for each point when nothing numeric is swept. */
static void put_bars(FILE *to, const struct plotting *plotting, const struct bars *bars,
                     const char *metric)
{
    const struct summary *summary = &plotting->summary;
    fprintf(to, "set nokey\nset style fill solid 0.85\nset boxwidth 0.6\n"
                "set offsets 0, 0, graph 0.12, 0\n"
                "set errorbars linecolor \"black\" linewidth 2\n");
    script_bar_axis(to, plotting, bars);
    script_y_axis(to, script_spread(summary, metric), plotting->options->log);
    fprintf(to, "$bars << EOD\n");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        script_bar_label(to, plotting, bars, p);
        fprintf(to, " %.10g %.10g\n", mean, isnan(half) ? 0 : half);
    }
    fprintf(to,
            "EOD\n"
            "plot $bars using 0:2:3:xtic(1) with boxerrorbars linecolor \"%s\", \\\n"
            "     $bars using 0:($2+$3):(sprintf(\"%%.3g\", $2)) with labels offset 0, %s\n",
            colours[0], script_is_text(plotting) ? "1" : "0.8");
}

/* The legend beside the lines needs room; two thirds of a picture are enough for them. */
static int longest_series(const struct summary *summary)
{
    int longest = 0;
    for (uint32_t p = 0; p < summary->point_count; p++) {
        int length = (int)strlen(summary->points[p].series);
        longest = length > longest ? length : longest;
    }
    return longest > 20 ? 105 + longest : 0;
}

static void put_metric(FILE *to, const struct plotting *plotting, const char *name,
                       const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    const char *unit, *title = metric_title(&arena, metric, &unit);
    bool overhead = strcmp(metric, "sched_overhead_percent") == 0;
    bool lines = plotting->summary.x_pointer != NULL;
    int width = 140 + (lines ? 8 * longest_series(&plotting->summary)
                             : 60 * (int)plotting->summary.point_count);
    width = width < 1000 ? 1000 : width > 2400 ? 2400 : width;
    struct bars bars = script_bars(plotting, width, 620, width - 140);
    script_heading(to, plotting, name, width, lines ? 620 : bars.height);
    script_title(to, overhead ? "What scheduling costs" : title, &plotting->summary, false);
    fprintf(to, "set ylabel ");
    script_text(to,
                overhead ? "overhead: % of all time that is not idle"
                         : arena_printf(&arena, "%s, %s", metric, unit),
                false);
    putc('\n', to);
    if (lines)
        put_lines(to, plotting, metric);
    else
        put_bars(to, plotting, &bars, metric);
    arena_free(&arena);
}

/* ---- Accounts ----------------------------------------------------------------------------- */

static int bars_width(const struct plotting *plotting)
{
    int width = BARS_BESIDE + 90 * (int)plotting->summary.point_count;
    return width < 1100 ? 1100 : width > 2400 ? 2400 : width;
}

static const char *const account_titles[ACCOUNT_COUNT] = {
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

/* Accounts from first to last, stacked. */
static void put_stack(FILE *to, enum account first, enum account last, bool titles)
{
    fprintf(to, "plot ");
    for (uint32_t a = first; a <= (uint32_t)last; a++)
        fprintf(to, "%s$accounts using %u%s linecolor \"%s\" %s%s%s",
                a > first ? ", \\\n     " : "", a + 2, a == first ? ":xtic(1)" : "",
                account_colours[a], titles ? "title \"" : "notitle",
                titles ? account_titles[a] : "", titles ? "\"" : "");
    fprintf(to, "\n");
}

/* The largest share that is neither own work nor idleness. */
static double put_account_rows(FILE *to, const struct plotting *plotting, const struct bars *bars)
{
    const struct summary *summary = &plotting->summary;
    double greatest = 0;
    fprintf(to, "$accounts << EOD\n");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double middle = 0;
        script_bar_label(to, plotting, bars, p);
        for (uint32_t a = 0; a < ACCOUNT_COUNT; a++) {
            char account[64];
            double mean, half;
            snprintf(account, sizeof account, "account_%s_percent", account_names[a]);
            summary_metric(&summary->points[p], account, &mean, &half);
            fprintf(to, " %.10g", mean);
            middle += a == ACCOUNT_USER || a == ACCOUNT_IDLE ? 0 : mean;
        }
        fprintf(to, "\n");
        greatest = fmax(greatest, middle);
    }
    fprintf(to, "EOD\n");
    return greatest;
}

/* Where there is a list, the upper (1) or lower (0) half of what is above it, which draws the list
 * no more. */
static void put_half(FILE *to, const struct bars *bars, int half)
{
    double list = (double)bars->list / bars->height, size = (1 - list) / 2;
    if (bars->list > 0)
        fprintf(to, "%sset bmargin 3\nset size 1, %.4f\nset origin 0, %.4f\n",
                half == 0 ? "unset label\n" : "", size, list + half * size);
}

/* Above, everything; below, what is neither the processes' own work nor idleness, enlarged. */
static void put_accounts(FILE *to, const struct plotting *plotting, const char *name,
                         const char *metric)
{
    int width = bars_width(plotting);
    (void)metric;
    struct bars bars = script_bars(plotting, width, 1000, width - BARS_BESIDE);
    script_heading(to, plotting, name, width, bars.height);
    fprintf(to, "set style data histograms\nset style histogram rowstacked\n"
                "set style fill solid 0.9\nset boxwidth 0.7\nset key invert\n"
                "set lmargin 11\nset rmargin 33\n");
    script_bar_axis(to, plotting, &bars);
    double greatest = put_account_rows(to, plotting, &bars);
    if (!script_is_text(plotting))
        fprintf(to, "set multiplot%s\n", bars.list > 0 ? "" : " layout 2, 1");
    put_half(to, &bars, 1);
    script_title(to, "Where the cores' time went", &plotting->summary, true);
    fprintf(to, "set ylabel \"%% of all core time\"\nset yrange [0:100]\n");
    put_stack(to, ACCOUNT_USER, ACCOUNT_IDLE, true);
    put_half(to, &bars, 0);
    fprintf(to,
            "set title \"The same without own work and idleness, enlarged\"\n"
            "set yrange [0:%s]\n",
            greatest > 0 ? "*" : "1");
    put_stack(to, ACCOUNT_CACHE, ACCOUNT_IDLE_WORK, false);
    if (!script_is_text(plotting))
        fprintf(to, "unset multiplot\n");
}

/* ---- Latency ------------------------------------------------------------------------------ */

static void put_latency(FILE *to, const struct plotting *plotting, const char *name,
                        const char *metric)
{
    static const char *const percentiles[] = { "wakeup_latency_us_p50", "wakeup_latency_us_p90",
                                               "wakeup_latency_us_p99", "wakeup_latency_us_p999",
                                               "wakeup_latency_us_max" };
    static const char *const titles[] = { "median", "90 %", "99 %", "99.9 %", "longest" };
    const struct summary *summary = &plotting->summary;
    struct spread spread = { INFINITY, 0, false };
    int width = bars_width(plotting);
    (void)metric;
    struct bars bars = script_bars(plotting, width, 620, width - BARS_BESIDE / 2);
    script_heading(to, plotting, name, width, bars.height);
    script_title(to, "Wake-up latency: from the intended time to running", summary, true);
    for (int i = 0; i < 5; i++) {
        struct spread one = script_spread(summary, percentiles[i]);
        spread.least = fmin(spread.least, one.least / 1000);
        spread.greatest = fmax(spread.greatest, one.greatest / 1000);
    }
    script_y_axis(to, spread, true);
    fprintf(to, "set ylabel \"wake-up latency, ms\"\n"
                "set style data histograms\nset style histogram clustered gap 1.5\n"
                "set style fill solid 0.9\n");
    script_bar_axis(to, plotting, &bars);
    fprintf(to, "$latency << EOD\n");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        script_bar_label(to, plotting, &bars, p);
        for (int i = 0; i < 5; i++) {
            double mean, half;
            summary_metric(&summary->points[p], percentiles[i], &mean, &half);
            fprintf(to, " %.10g", mean / 1000);
        }
        fprintf(to, "\n");
    }
    fprintf(to, "EOD\nplot ");
    for (int i = 0; i < 5; i++)
        fprintf(to, "%s$latency using %d%s linecolor \"%s\" title \"%s\"",
                i > 0 ? ", \\\n     " : "", i + 2, i == 0 ? ":xtic(1)" : "", colours[i], titles[i]);
    fprintf(to, "\n");
}

/* ---- Drawing ------------------------------------------------------------------------------ */

typedef void put_script(FILE *to, const struct plotting *plotting, const char *name,
                        const char *metric);

/* The script as text, of the plotting as it is. */
static const char *text_of(struct plotting *plotting, const char *name, const char *metric,
                           put_script *put)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    CHECK(to != NULL);
    put(to, plotting, name, metric);
    CHECK(fclose(to) == 0);
    const char *copy = arena_string_n(&plotting->arena, text, size);
    free(text);
    return copy;
}

struct bytes {
    const char *from;
    size_t size;
};

static void put_bytes(FILE *to, const void *context)
{
    const struct bytes *bytes = context;
    fwrite(bytes->from, 1, bytes->size, to);
}

static bool draw(struct plotting *plotting, const char *name, const char *metric, put_script *put,
                 struct error *err)
{
    struct arena *arena = &plotting->arena;
    const char *script = arena_printf(arena, "%s/%s.gp", plotting->directory, name), *picture;
    const char *path =
        arena_printf(arena, "%s/%s.%s", plotting->directory, name, plotting->options->format);
    size_t size;
    plotting->drawn_here = false;
    const char *text = text_of(plotting, name, metric, put);
    struct bytes bytes = { text, strlen(text) };
    if (!file_write(script, put_bytes, &bytes, err))
        return false;
    plotting->drawn_here = true;
    text = text_of(plotting, name, metric, put);
    if (!gnuplot_draw(text, script, &picture, &size, arena, err))
        return false;
    if (script_is_text(plotting)) {
        fwrite(picture, 1, size, stdout); /* main() looks whether it got out */
        if (put != put_metric || plotting->summary.x_pointer == NULL)
            script_print_list(stdout, plotting);
        return true;
    }
    bytes = (struct bytes){ picture, size };
    if (!file_write(path, put_bytes, &bytes, err))
        return false;
    printf("%s\n", path);
    return true;
}

/* It must be there, and defined somewhere. */
static bool check_metric(const struct plotting *plotting, const char *metric, struct error *err)
{
    for (uint32_t p = 0; p < plotting->summary.point_count; p++) {
        double mean, half;
        if (!summary_metric(&plotting->summary.points[p], metric, &mean, &half))
            continue;
        return script_spread(&plotting->summary, metric).defined ||
               error_set(err, "--metric", "%s is undefined at every point of these results",
                         metric);
    }
    return error_set(err, "--metric",
                     "there is no metric %s in these results; `braidsim list metrics` names those "
                     "there are",
                     metric);
}

static bool draw_all(struct plotting *plotting, struct error *err)
{
    static const struct {
        const char *name, *metric; /* must be defined somewhere */
        put_script *put;
    } plots[] = { { "overhead", "sched_overhead_percent", put_metric },
                  { "accounts", "account_user_percent", put_accounts },
                  { "latency", "wakeup_latency_us_max", put_latency } };
    uint32_t drawn = 0;
    for (int i = 0; i < 3; i++) {
        if (!script_spread(&plotting->summary, plots[i].metric).defined) {
            fprintf(stderr, "%s: not drawn: %s is undefined at every point\n", plots[i].name,
                    plots[i].metric);
            continue;
        }
        if (!draw(plotting, plots[i].name, plots[i].metric, plots[i].put, err))
            return false;
        drawn++;
    }
    return drawn > 0 ||
           error_set(err, plotting->directory, "its summary.json has no metric to draw");
}

bool plot_directories(const char *const *directories, uint32_t count,
                      const struct plot_options *options, struct error *err)
{
    struct plotting plotting = { .options = options, .directory = directories[0] };
    if (!summary_read(&plotting.summary, directories, count, options->x, &plotting.arena, err)) {
        arena_free(&plotting.arena);
        return false;
    }
    bool fine;
    signal(SIGXFSZ, SIG_IGN); /* a file size limit becomes an error of write() */
    if (options->metric != NULL)
        fine = check_metric(&plotting, options->metric, err) &&
               draw(&plotting, options->metric, options->metric, put_metric, err);
    else
        fine = draw_all(&plotting, err);
    summary_free(&plotting.summary);
    arena_free(&plotting.arena);
    return fine;
}
