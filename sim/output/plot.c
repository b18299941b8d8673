/* plot.c -- see plot.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/plot.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/host/result.h"
#include "sim/output/bars.h"
#include "sim/output/ccdf.h"
#include "sim/output/curves.h"
#include "sim/output/gnuplot.h"
#include "sim/output/law.h"
#include "sim/output/map.h"
#include "sim/output/picture.h"
#include "sim/output/rows.h"
#include "sim/output/script.h"

static const char *const account_colours[ACCOUNT_COUNT] = {
    "#009E73", /* user */ "#F0E442",    /* cache */ "#D55E00",  /* sched */
    "#000000", /* lock */ "#CC79A7",    /* switch */ "#0072B2", /* tick */
    "#E69F00", /* balance */ "#999999", /* idle+ */ "#DDDDDD",  /* idle */
};

enum {
    TICS_MAX = 12,
    /* Pixels of pictures of bars. */
    HEADING = 80, /* title and name, */
    TITLE = 60,   /* or a title between panels */
    PANEL = 330,
    ACCOUNTS_BESIDE = 360, /* legends */
    LATENCY_BESIDE = 200,
    METRIC_BESIDE = 40,
    FOOT = 10
};

/* ---- One metric --------------------------------------------------------------------------- */

/* A bar for each point when nothing numeric is swept; its value stands above it, upright where
 * bars are narrow, if there is room at all. */
static void put_bars(FILE *to, const struct plotting *plotting, const struct bars *bars,
                     const char *metric)
{
    const struct summary *summary = &plotting->summary;
    fprintf(to, "set nokey\nset style fill solid 0.85 noborder\nset offsets 0, 0, graph 0.12, 0\n"
                "set errorbars linecolor \"black\" linewidth 2\n");
    script_y_axis(to, script_spread(summary, metric), plotting->options->log_y);
    fprintf(to, "$bars << EOD\n");
    for (uint32_t g = 0; g < bars->group_count; g++)
        for (uint32_t i = 0; i < bars->groups[g].count; i++) {
            uint32_t bar = bars->groups[g].first + i;
            double mean, half;
            summary_metric(&summary->points[bars->order[bar]], metric, &mean, &half);
            fprintf(to, "%g %.10g %.10g 0x%s\n", bars->at[bar], mean, isnan(half) ? 0 : half,
                    script_colours[summary->by_swept ? i % SCRIPT_COLOURS : 0] + 1);
        }
    fprintf(to, "EOD\nplot $bars using 1:2:3:4 with boxerrorbars linecolor rgb variable");
    if (bars->pitch >= 20)
        fprintf(to,
                ", \\\n     $bars using 1:($2+$3):(sprintf($2 < 1000 ? \"%%.3g\" : \"%%.0f\", $2)) "
                "with labels %s offset 0, "
                "0.6",
                bars->pitch < 60 ? "rotate left" : "center");
    fprintf(to, "\n");
}

static void put_metric(FILE *to, const struct plotting *plotting, const char *name,
                       const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    struct bars bars;
    const struct summary *summary = &plotting->summary;
    const char *unit, *title = script_metric_title(metric, &unit, &arena);
    bool overhead = strcmp(metric, "sched_overhead_percent") == 0;
    bars_lay_out(&bars, summary, METRIC_BESIDE, &arena);
    int bottom = HEADING + 460, height = bottom + bars_below(&bars) + bars.list_pixels + FOOT;
    script_heading(to, plotting, name, bars.width, height);
    script_title(to, overhead ? "What scheduling costs" : title, summary, false);
    fprintf(to, "set ylabel ");
    script_text(to, overhead ? "overhead: % of all time that is not idle"
                             : arena_printf(&arena, "%s, %s", metric, unit));
    putc('\n', to);
    bars_panel(to, &bars, HEADING, bottom, height);
    bars_list(to, &bars, height);
    put_bars(to, plotting, &bars, metric);
    arena_free(&arena);
}

static void rows_of_metric(FILE *to, const struct plotting *plotting, const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    rows_metric(to, &plotting->summary, metric, script_metric_words(metric, &arena),
                plotting->options->log_y);
    arena_free(&arena);
}

/* ---- Accounts ----------------------------------------------------------------------------- */

/* Where each bar stands, and for each account how high it and those before it reach.  Returns the
 * largest share that is neither own work nor idleness. */
static double put_account_rows(FILE *to, const struct summary *summary, const struct bars *bars)
{
    double greatest = 0;
    fprintf(to, "$accounts << EOD\n");
    for (uint32_t i = 0; i < summary->point_count; i++) {
        double sum = 0, middle = 0;
        fprintf(to, "%g", bars->at[i]);
        for (uint32_t a = 0; a < ACCOUNT_COUNT; a++) {
            char account[64];
            double mean, half;
            snprintf(account, sizeof account, "account_%s_percent", account_names[a]);
            summary_metric(&summary->points[bars->order[i]], account, &mean, &half);
            mean = isnan(mean) ? 0 : mean;
            sum += mean;
            middle += a == ACCOUNT_USER || a == ACCOUNT_IDLE ? 0 : mean;
            fprintf(to, " %.10g", sum);
        }
        fprintf(to, "\n");
        greatest = fmax(greatest, middle);
    }
    fprintf(to, "EOD\n");
    return greatest;
}

/* Accounts from first to last, stacked: the highest is drawn first, and the next over it. */
static void put_stack(FILE *to, enum account first, enum account last, bool titles)
{
    fprintf(to, "plot ");
    for (uint32_t a = last + 1; a-- > (uint32_t)first;) {
        fprintf(to, "%s$accounts using 1:", a < (uint32_t)last ? ", \\\n     " : "");
        if (first == ACCOUNT_USER)
            fprintf(to, "%u", a + 2);
        else
            fprintf(to, "($%u-$%u)", a + 2, first + 1);
        fprintf(to, " with boxes linecolor \"%s\" %s%s%s", account_colours[a],
                titles ? "title \"" : "notitle", titles ? account_titles[a] : "",
                titles ? "\"" : "");
    }
    fprintf(to, "\n");
}

/* Above, everything; below, if there is any, what is neither the processes' own work nor idleness,
 * enlarged. */
static void put_accounts(FILE *to, const struct plotting *plotting, const char *name,
                         const char *metric)
{
    const struct summary *summary = &plotting->summary;
    struct arena arena = ARENA_EMPTY;
    struct bars bars;
    char *text = NULL;
    size_t size = 0;
    (void)metric;
    bars_lay_out(&bars, summary, ACCOUNTS_BESIDE, &arena);
    FILE *rows = open_memstream(&text, &size);
    CHECK(rows != NULL);
    double greatest = put_account_rows(rows, summary, &bars);
    CHECK(fclose(rows) == 0);
    int bottom = HEADING + PANEL, panel = bars_below(&bars) + TITLE + PANEL;
    int height = bottom + (greatest > 0 ? panel : 0) + bars_below(&bars) + bars.list_pixels + FOOT;
    script_heading(to, plotting, name, bars.width, height);
    fputs(text, to);
    fprintf(to, "set style fill solid 1 noborder\nset multiplot\n");
    bars_panel(to, &bars, HEADING, bottom, height);
    if (greatest <= 0)
        bars_list(to, &bars, height);
    script_title(to, "Where the cores' time went", summary, true);
    fprintf(to, "set ylabel \"%% of all core time\"\nset yrange [0:100]\n");
    put_stack(to, ACCOUNT_USER, ACCOUNT_IDLE, true);
    if (greatest > 0) {
        bars_panel(to, &bars, bottom + panel - PANEL, bottom + panel, height);
        bars_list(to, &bars, height);
        fprintf(to, "set title \"The same without own work and idleness, enlarged\"\n"
                    "set yrange [0:*]\n");
        put_stack(to, ACCOUNT_CACHE, ACCOUNT_IDLE_WORK, false);
    }
    fprintf(to, "unset multiplot\n");
    free(text);
    arena_free(&arena);
}

static void rows_of_accounts(FILE *to, const struct plotting *plotting, const char *metric)
{
    (void)metric;
    rows_accounts(to, &plotting->summary);
}

/* ---- Latency ------------------------------------------------------------------------------ */

static void put_latency_rows(FILE *to, const struct summary *summary, const struct bars *bars)
{
    fprintf(to, "$latency << EOD\n");
    for (uint32_t i = 0; i < summary->point_count; i++) {
        fprintf(to, "%g", bars->at[i]);
        for (int l = 0; l < LATENCIES; l++) {
            double mean, half;
            summary_metric(&summary->points[bars->order[i]], latency_metrics[l], &mean, &half);
            fprintf(to, " %.10g", mean / 1000);
        }
        fprintf(to, "\n");
    }
    fprintf(to, "EOD\n");
}

/* A box for each percentile, side by side, or a point where boxes would be too narrow. */
static void put_latency(FILE *to, const struct plotting *plotting, const char *name,
                        const char *metric)
{
    enum { BOXES_FROM = 30 /* pixels from bar to bar */ };
    const struct summary *summary = &plotting->summary;
    struct spread spread = { INFINITY, 0, false };
    struct arena arena = ARENA_EMPTY;
    struct bars bars;
    (void)metric;
    bars_lay_out(&bars, summary, LATENCY_BESIDE, &arena);
    int bottom = HEADING + 460, height = bottom + bars_below(&bars) + bars.list_pixels + FOOT;
    double box = bars.box / LATENCIES;
    script_heading(to, plotting, name, bars.width, height);
    script_title(to, "Wake-up latency: from the intended time to running", summary, true);
    for (int l = 0; l < LATENCIES; l++) {
        struct spread one = script_spread(summary, latency_metrics[l]);
        spread.least = fmin(spread.least, one.least / 1000);
        spread.greatest = fmax(spread.greatest, one.greatest / 1000);
    }
    script_y_axis(to, spread, true);
    fprintf(to, "set ylabel \"wake-up latency, ms\"\nset style fill solid 0.9\n");
    bars_panel(to, &bars, HEADING, bottom, height);
    bars_list(to, &bars, height);
    fprintf(to, "set boxwidth %g absolute\n", box);
    put_latency_rows(to, summary, &bars);
    const char *before = "plot ";
    for (int l = 0; l < LATENCIES; l++) {
        if (!script_spread(summary, latency_metrics[l]).defined)
            continue;
        fprintf(to, "%s$latency using ", before);
        before = ", \\\n     ";
        if (bars.pitch >= BOXES_FROM)
            fprintf(to, "($1%+g):%d with boxes", (l - (LATENCIES - 1) / 2.0) * box, l + 2);
        else
            fprintf(to, "1:%d with points pointtype %d pointsize 0.6", l + 2, 5 + 2 * l);
        fprintf(to, " linecolor \"%s\" title \"%s\"", script_colours[l], latency_titles[l]);
    }
    fprintf(to, "\n");
    arena_free(&arena);
}

static void rows_of_latency(FILE *to, const struct plotting *plotting, const char *metric)
{
    (void)metric;
    rows_latency(to, &plotting->summary);
}

/* ---- Drawing ------------------------------------------------------------------------------ */

static void put_law(FILE *to, const struct plotting *plotting, const char *name, const char *metric)
{
    (void)metric;
    law_put(to, plotting, name);
}

static void put_ccdf(FILE *to, const struct plotting *plotting, const char *name,
                     const char *metric)
{
    ccdf_put(to, plotting, name, metric, plotting->ccdf);
}

static void rows_of_ccdf(FILE *to, const struct plotting *plotting, const char *metric)
{
    ccdf_rows(to, plotting, metric, plotting->ccdf);
}

/* A kind of plot: how its script is made, and how it is put into a terminal: NULL as gnuplot
 * draws it there. */
struct plot {
    void (*script)(FILE *to, const struct plotting *plotting, const char *name, const char *metric);
    void (*rows)(FILE *to, const struct plotting *plotting, const char *metric);
};

static const struct plot metric_plot = { put_metric, rows_of_metric },
                         accounts_plot = { put_accounts, rows_of_accounts },
                         latency_plot = { put_latency, rows_of_latency },
                         curves_plot = { curves_put, NULL }, map_plot = { map_put, map_rows },
                         law_plot = { put_law, NULL }, ccdf_plot = { put_ccdf, rows_of_ccdf };

/* One plot of one metric, and what its files are called. */
struct drawing {
    const char *name, *metric;
    const struct plot *plot;
};

static void put_drawing(FILE *to, const struct plotting *plotting, const void *context)
{
    const struct drawing *drawing = context;
    drawing->plot->script(to, plotting, drawing->name, drawing->metric);
}

/* In a terminal, lines are gnuplot's and bars are rows; neither leaves a file. */
static bool draw_text(struct plotting *plotting, const struct drawing *drawing, struct error *err)
{
    const char *picture;
    size_t size;
    if (drawing->plot->rows != NULL) {
        drawing->plot->rows(stdout, plotting, drawing->metric);
        return true;
    }
    plotting->drawn_here = true;
    const char *text = picture_text(plotting, put_drawing, drawing);
    if (!gnuplot_draw(text, drawing->name, &picture, &size, &plotting->arena, err))
        return false;
    fwrite(picture, 1, size, stdout); /* main() looks whether it got out */
    return true;
}

static bool draw(struct plotting *plotting, const char *name, const char *metric,
                 const struct plot *plot, struct error *err)
{
    const struct drawing drawing = { name, metric, plot };
    if (script_is_text(plotting))
        return draw_text(plotting, &drawing, err);
    const char *stem = arena_printf(&plotting->arena, "%s/%s", plotting->directory, name);
    return picture_write(plotting, stem, put_drawing, &drawing, err);
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

/* A logarithmic axis has no 0: what is nowhere above it is drawn on a linear one. */
static void note_linear(const struct plotting *plotting, const char *name, const char *metric)
{
    if (plotting->options->log_y && script_spread(&plotting->summary, metric).greatest <= 0)
        fprintf(stderr, "%s: note: %s is nowhere above 0, so it is drawn without --log\n", name,
                metric);
}

static bool draw_metric(struct plotting *plotting, const char *name, const char *metric,
                        struct error *err)
{
    note_linear(plotting, name, metric);
    if (plotting->options->y != NULL)
        return draw(plotting, arena_printf(&plotting->arena, "%s-map", metric), metric, &map_plot,
                    err);
    return draw(plotting, name, metric,
                plotting->summary.x_pointer != NULL ? &curves_plot : &metric_plot, err);
}

static bool draw_all(struct plotting *plotting, struct error *err)
{
    static const struct {
        const char *name, *metric; /* must be defined somewhere */
        const struct plot *plot;
    } plots[] = { { "overhead", "sched_overhead_percent", &metric_plot },
                  { "accounts", "account_user_percent", &accounts_plot },
                  { "latency", "wakeup_latency_us_max", &latency_plot } };
    bool lines = plotting->summary.x_pointer != NULL;
    uint32_t drawn = 0;
    for (int i = 0; i < 3; i++) {
        if (!script_spread(&plotting->summary, plots[i].metric).defined) {
            fprintf(stderr, "%s: not drawn: %s is undefined at every point\n", plots[i].name,
                    plots[i].metric);
            continue;
        }
        if (i == 0)
            note_linear(plotting, plots[i].name, plots[i].metric);
        if (!draw(plotting, plots[i].name, plots[i].metric,
                  i == 0 && lines ? &curves_plot : plots[i].plot, err))
            return false;
        drawn++;
    }
    return drawn > 0 ||
           error_set(err, plotting->directory, "its summary.json has no metric to draw");
}

static bool check_writable(const char *directory, struct error *err)
{
    return access(directory, W_OK | X_OK) == 0 ||
           error_set(err, directory,
                     "cannot be written: %s; plots go beside their results, so copy those to where "
                     "they can be, or take --format txt",
                     strerror(errno));
}

/* How the axes are to be: cores for a scaling law; a distribution has none, so that what would be
 * its x axis becomes panels. */
static bool read_summary(struct plotting *plotting, const char *const *directories, uint32_t count,
                         struct error *err)
{
    const struct plot_options *options = plotting->options;
    struct summary_axes axes = { options->x, options->y, options->facet };
    struct summary *summary = &plotting->summary;
    if (options->scaling)
        axes.x = SCALING_POINTER;
    if (!summary_read(summary, directories, count, &axes, &plotting->arena, err))
        return false;
    if (options->ccdf == NULL || options->facet != NULL || summary->x_pointer == NULL)
        return true;
    axes = (struct summary_axes){ .facet = summary->x_pointer };
    summary_free(summary);
    return summary_read(summary, directories, count, &axes, &plotting->arena, err);
}

static bool draw_wanted(struct plotting *plotting, const char *const *directories,
                        struct error *err)
{
    const struct plot_options *options = plotting->options;
    const char *metric = options->metric;
    if (options->scaling)
        return law_check(plotting, err) && draw(plotting, "scaling", NULL, &law_plot, err);
    if (options->ccdf != NULL) {
        plotting->ccdf = ccdf_read(plotting, directories, options->ccdf, &plotting->arena, err);
        return plotting->ccdf != NULL &&
               draw(plotting, arena_printf(&plotting->arena, "%s-ccdf", options->ccdf),
                    options->ccdf, &ccdf_plot, err);
    }
    if (metric == NULL && options->y == NULL && options->facet == NULL && !options->exponent)
        return draw_all(plotting, err);
    metric = metric != NULL ? metric : "sched_overhead_percent";
    if (plotting->summary.x_pointer == NULL && (options->facet != NULL || options->exponent))
        return error_set(err, options->facet != NULL ? "--facet" : "--exponent",
                         "nothing else is swept over numbers, so there are no lines to draw");
    return check_metric(plotting, metric, err) &&
           draw_metric(plotting, options->metric != NULL ? metric : "overhead", metric, err);
}

bool plot_directories(const char *const *directories, uint32_t count,
                      const struct plot_options *options, struct error *err)
{
    struct plotting plotting = { .options = options, .directory = directories[0] };
    if (!read_summary(&plotting, directories, count, err)) {
        arena_free(&plotting.arena);
        return false;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file size limit becomes an error of write() */
    bool fine = (script_is_text(&plotting) || check_writable(directories[0], err)) &&
                draw_wanted(&plotting, directories, err);
    summary_free(&plotting.summary);
    arena_free(&plotting.arena);
    return fine;
}
