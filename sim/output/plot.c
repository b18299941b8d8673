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
#include "sim/output/gnuplot.h"
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

static bool is_whole_everywhere(const struct summary *summary)
{
    for (uint32_t p = 0; p < summary->point_count; p++)
        if (summary->points[p].x != floor(summary->points[p].x))
            return false;
    return true;
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
    script_text(to, summary->x_title);
    if (least <= 0 || (!plotting->options->log && greatest / least < 20)) {
        double end = greatest > 0 ? greatest * 1.05 : 0;
        end = least < 0 || end > 0 ? end : 1;
        fprintf(to, "\nset xrange [%.10g:%.10g]\n", fmin(least, 0), end);
        script_tics(to, "x", least, end, 8, is_whole_everywhere(summary));
        return;
    }
    fprintf(to, "\nset logscale x\nset format x \"%s\"\nset xrange [%.10g:%.10g]\n",
            script_powers(greatest * 1.2), least / 1.2, greatest * 1.2);
    for (uint32_t p = 0; p < summary->point_count; p++)
        count += is_new_x(summary, p);
    for (uint32_t p = 0; count <= TICS_MAX && p < summary->point_count; p++)
        if (is_new_x(summary, p))
            script_tic(to, "x", summary->points[p].x, p > 0);
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
                script_colours[series % SCRIPT_COLOURS]);
        script_text(to, summary->points[p].series);
        series++;
    }
    fprintf(to, "\n");
}

/* A bar for each point when nothing numeric is swept; its value stands above it, upright where
 * bars are narrow, if there is room at all. */
static void put_bars(FILE *to, const struct plotting *plotting, const struct bars *bars,
                     const char *metric)
{
    const struct summary *summary = &plotting->summary;
    fprintf(to, "set nokey\nset style fill solid 0.85 noborder\nset offsets 0, 0, graph 0.12, 0\n"
                "set errorbars linecolor \"black\" linewidth 2\n");
    script_y_axis(to, script_spread(summary, metric), plotting->options->log);
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

static int lines_width(const struct summary *summary)
{
    int width = 140 + 8 * longest_series(summary);
    return width < 1000 ? 1000 : width > 2400 ? 2400 : width;
}

/* High enough for a legend in one column, which leaves the lines their width; of more than eighty
 * series nobody could tell them apart. */
static int lines_height(const struct summary *summary)
{
    enum { ROW = 23, BESIDES = 160, ROWS_MAX = 80 };
    int rows = 0;
    for (uint32_t p = 0; p < summary->point_count && rows < ROWS_MAX; p++)
        rows += is_first(summary, p);
    return BESIDES + ROW * rows < 620 ? 620 : BESIDES + ROW * rows;
}

/* Over rows or in a terminal, where no axis says what the values are. */
static const char *title_with_unit(const char *metric, struct arena *arena)
{
    const char *unit, *title = metric_title(arena, metric, &unit);
    if (strcmp(metric, "sched_overhead_percent") == 0)
        return "What scheduling costs: % of all time that is not idle";
    return arena_printf(arena, "%s, %s", title, unit);
}

static void put_metric(FILE *to, const struct plotting *plotting, const char *name,
                       const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    struct bars bars;
    const struct summary *summary = &plotting->summary;
    const char *unit, *title = metric_title(&arena, metric, &unit);
    bool overhead = strcmp(metric, "sched_overhead_percent") == 0;
    bool lines = summary->x_pointer != NULL;
    bars_lay_out(&bars, summary, METRIC_BESIDE, &arena);
    int bottom = HEADING + 460, height = bottom + bars_below(&bars) + bars.list_pixels + FOOT;
    if (lines)
        script_heading(to, plotting, name, lines_width(summary), lines_height(summary));
    else
        script_heading(to, plotting, name, bars.width, height);
    if (script_is_text(plotting))
        title = title_with_unit(metric, &arena);
    else if (overhead)
        title = "What scheduling costs";
    script_title(to, title, summary, false);
    fprintf(to, "set ylabel ");
    script_text(to, overhead ? "overhead: % of all time that is not idle"
                             : arena_printf(&arena, "%s, %s", metric, unit));
    putc('\n', to);
    if (lines) {
        put_lines(to, plotting, metric);
    } else {
        bars_panel(to, &bars, HEADING, bottom, height);
        bars_list(to, &bars, height);
        put_bars(to, plotting, &bars, metric);
    }
    arena_free(&arena);
}

static void rows_of_metric(FILE *to, const struct plotting *plotting, const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    rows_metric(to, &plotting->summary, metric, title_with_unit(metric, &arena),
                plotting->options->log);
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

/* A kind of plot: how its script is made, and how it is put into a terminal. */
struct plot {
    void (*script)(FILE *to, const struct plotting *plotting, const char *name, const char *metric);
    void (*rows)(FILE *to, const struct plotting *plotting, const char *metric);
};

static const struct plot metric_plot = { put_metric, rows_of_metric },
                         accounts_plot = { put_accounts, rows_of_accounts },
                         latency_plot = { put_latency, rows_of_latency };

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
    if (drawing->plot != &metric_plot || plotting->summary.x_pointer == NULL) {
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

static bool draw_all(struct plotting *plotting, struct error *err)
{
    static const struct {
        const char *name, *metric; /* must be defined somewhere */
        const struct plot *plot;
    } plots[] = { { "overhead", "sched_overhead_percent", &metric_plot },
                  { "accounts", "account_user_percent", &accounts_plot },
                  { "latency", "wakeup_latency_us_max", &latency_plot } };
    uint32_t drawn = 0;
    for (int i = 0; i < 3; i++) {
        if (!script_spread(&plotting->summary, plots[i].metric).defined) {
            fprintf(stderr, "%s: not drawn: %s is undefined at every point\n", plots[i].name,
                    plots[i].metric);
            continue;
        }
        if (!draw(plotting, plots[i].name, plots[i].metric, plots[i].plot, err))
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

bool plot_directories(const char *const *directories, uint32_t count,
                      const struct plot_options *options, struct error *err)
{
    struct plotting plotting = { .options = options, .directory = directories[0] };
    if (!summary_read(&plotting.summary, directories, count, options->x, &plotting.arena, err)) {
        arena_free(&plotting.arena);
        return false;
    }
    bool fine = script_is_text(&plotting) || check_writable(directories[0], err);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit becomes an error of write() */
    if (fine && options->metric != NULL)
        fine = check_metric(&plotting, options->metric, err) &&
               draw(&plotting, options->metric, options->metric, &metric_plot, err);
    else if (fine)
        fine = draw_all(&plotting, err);
    summary_free(&plotting.summary);
    arena_free(&plotting.arena);
    return fine;
}
