/* plot.c -- see plot.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/plot.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/host/result.h"
#include "sim/output/summary.h"

extern char **environ;

struct plotting {
    const struct plot_options *options;
    const char *directory; /* where scripts and pictures go */
    struct summary summary;
    struct arena arena;
};

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
    TEXT_COLUMNS = 100,
    TICS_MAX = 12,
    BARS_BESIDE = 500 /* pixels beside the bars: axis and legend */
};

/* ---- Scripts ------------------------------------------------------------------------------ */

static bool is_text(const struct plotting *plotting)
{
    return strcmp(plotting->options->format, "txt") == 0;
}

/* In gnuplot's double quotes, where a backquote would run a command of the shell; breaks: a new
 * line at each comma. */
static void put_text(FILE *to, const char *text, bool breaks)
{
    putc('"', to);
    for (; *text != '\0'; text++) {
        if (breaks && text[0] == ',' && text[1] == ' ') {
            fputs("\\n", to);
            text++;
        } else if (strchr("\"\\`", *text) != NULL) {
            putc('\'', to);
        } else {
            putc((unsigned char)*text < ' ' ? ' ' : *text, to);
        }
    }
    putc('"', to);
}

static void put_heading(FILE *to, const struct plotting *plotting, const char *name, int width,
                        int height)
{
    const char *format = plotting->options->format;
    if (is_text(plotting))
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
    if (!is_text(plotting))
        fprintf(to, "set output \"%s.%s\"\n", name, format);
    fprintf(to, "set termoption noenhanced\nset datafile missing \"NaN\"\n"
                "set grid ytics back linetype 1 linecolor \"#cccccc\" linewidth 0.6\n"
                "set border 3\nset tics nomirror\nset title font \",16\"\n"
                "set key outside right top vertical Left reverse noautotitle\n");
}

static void put_title(FILE *to, const char *title, const struct summary *summary, bool bars)
{
    fprintf(to, "set title ");
    put_text(to, title, false);
    fprintf(to, ".\"\\n\".");
    put_text(to, summary->name, false);
    if (bars && summary->x_pointer != NULL) {
        fprintf(to, ".\", by \".");
        put_text(to, summary->x_pointer, false);
    }
    fprintf(to, "\n");
}

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

/* The axis under bars that share so many pixels; labels that would run into each other are slanted,
 * and left out between. */
static void put_bar_axis(FILE *to, const struct summary *summary, int pixels)
{
    int longest = 0, pitch = pixels / (int)summary->point_count;
    for (uint32_t p = 0; p < summary->point_count; p++) {
        int length = (int)strlen(summary->points[p].title);
        longest = length > longest ? length : longest;
    }
    fprintf(to, "set xrange [-0.6:%g]\n", summary->point_count - 0.4);
    if (9 * (longest + 1) > pitch)
        fprintf(to, "set xtics rotate by 35 right\nset bmargin %g\n", 2.5 + 0.28 * longest);
}

static void put_label(FILE *to, const struct plotting *plotting, uint32_t p, int pixels)
{
    const struct summary *summary = &plotting->summary;
    uint32_t step = 1 + 18 * summary->point_count / (uint32_t)pixels;
    put_text(to, p % step == 0 ? summary->points[p].title : "", is_text(plotting));
}

/* How far a metric goes over all points. */
struct spread {
    double least, greatest; /* of what is above 0; infinite and 0 when nothing is */
    bool defined;           /* anywhere */
};

static struct spread spread_of(const struct summary *summary, const char *metric)
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

/* A logarithmic axis needs something above 0, and labels within short decades. */
static void put_y_axis(FILE *to, struct spread spread, bool log)
{
    if (spread.greatest <= 0) {
        fprintf(to, "set yrange [0:1]\n");
    } else if (!log) {
        fprintf(to, "set yrange [0:*]\n");
    } else {
        fprintf(to, "set logscale y\nset format y \"%%g\"\nset yrange [%g:%g]\n", spread.least / 2,
                spread.greatest * 2);
        if (spread.greatest / spread.least > 1000)
            return;
        fprintf(to, "set ytics (");
        for (double ten = pow(10, floor(log10(spread.least / 2))); ten < spread.greatest * 2;
             ten *= 10)
            fprintf(to, "%g, %g, %g, ", ten, 2 * ten, 5 * ten);
        fprintf(to, "%g)\n", 10 * spread.greatest);
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

/* ---- One metric --------------------------------------------------------------------------- */

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
    put_text(to, summary->x_pointer, false);
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
    put_y_axis(to, spread_of(summary, metric), plotting->options->log);
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
        put_text(to, summary->points[p].series, false);
        series++;
    }
    fprintf(to, "\n");
}

/* A bar for each point when nothing numeric is swept. */
static void put_bars(FILE *to, const struct plotting *plotting, const char *metric)
{
    const struct summary *summary = &plotting->summary;
    fprintf(to, "set nokey\nset style fill solid 0.85\nset boxwidth 0.6\n"
                "set offsets 0, 0, graph 0.12, 0\n"
                "set errorbars linecolor \"black\" linewidth 2\n");
    put_bar_axis(to, summary, 860);
    put_y_axis(to, spread_of(summary, metric), plotting->options->log);
    fprintf(to, "$bars << EOD\n");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        put_label(to, plotting, p, 860);
        fprintf(to, " %.10g %.10g\n", mean, isnan(half) ? 0 : half);
    }
    fprintf(to,
            "EOD\n"
            "plot $bars using 0:2:3:xtic(1) with boxerrorbars linecolor \"%s\", \\\n"
            "     $bars using 0:($2+$3):(sprintf(\"%%.3g\", $2)) with labels offset 0, %s\n",
            colours[0], is_text(plotting) ? "1" : "0.8");
}

static void put_metric(FILE *to, const struct plotting *plotting, const char *name,
                       const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    const char *unit, *title = metric_title(&arena, metric, &unit);
    bool overhead = strcmp(metric, "sched_overhead_percent") == 0;
    put_heading(to, plotting, name, 1000, 620);
    put_title(to, overhead ? "What scheduling costs" : title, &plotting->summary, false);
    fprintf(to, "set ylabel ");
    put_text(to,
             overhead ? "overhead: % of all time that is not idle"
                      : arena_printf(&arena, "%s, %s", metric, unit),
             false);
    putc('\n', to);
    if (plotting->summary.x_pointer != NULL)
        put_lines(to, plotting, metric);
    else
        put_bars(to, plotting, metric);
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
static double put_account_rows(FILE *to, const struct plotting *plotting, int pixels)
{
    const struct summary *summary = &plotting->summary;
    double greatest = 0;
    fprintf(to, "$accounts << EOD\n");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double middle = 0;
        put_label(to, plotting, p, pixels);
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

/* Above, everything; below, what is neither the processes' own work nor idleness, enlarged. */
static void put_accounts(FILE *to, const struct plotting *plotting, const char *name,
                         const char *metric)
{
    int width = bars_width(plotting);
    (void)metric;
    put_heading(to, plotting, name, width, 1000);
    fprintf(to, "set style data histograms\nset style histogram rowstacked\n"
                "set style fill solid 0.9\nset boxwidth 0.7\nset key invert\n"
                "set lmargin 11\nset rmargin 33\n");
    put_bar_axis(to, &plotting->summary, width - BARS_BESIDE);
    double greatest = put_account_rows(to, plotting, width - BARS_BESIDE);
    if (!is_text(plotting))
        fprintf(to, "set multiplot layout 2, 1\n");
    put_title(to, "Where the cores' time went", &plotting->summary, true);
    fprintf(to, "set ylabel \"%% of all core time\"\nset yrange [0:100]\n");
    put_stack(to, ACCOUNT_USER, ACCOUNT_IDLE, true);
    fprintf(to,
            "set title \"The same without own work and idleness, enlarged\"\n"
            "set yrange [0:%s]\n",
            greatest > 0 ? "*" : "1");
    put_stack(to, ACCOUNT_CACHE, ACCOUNT_IDLE_WORK, false);
    if (!is_text(plotting))
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
    put_heading(to, plotting, name, width, 620);
    put_title(to, "Wake-up latency: from the intended time to running", summary, true);
    for (int i = 0; i < 5; i++) {
        struct spread one = spread_of(summary, percentiles[i]);
        spread.least = fmin(spread.least, one.least / 1000);
        spread.greatest = fmax(spread.greatest, one.greatest / 1000);
    }
    put_y_axis(to, spread, true);
    fprintf(to, "set ylabel \"wake-up latency, ms\"\n"
                "set style data histograms\nset style histogram clustered gap 1.5\n"
                "set style fill solid 0.9\n");
    put_bar_axis(to, summary, width - BARS_BESIDE / 2);
    fprintf(to, "$latency << EOD\n");
    for (uint32_t p = 0; p < summary->point_count; p++) {
        put_label(to, plotting, p, width - BARS_BESIDE / 2);
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

/* Runs gnuplot in the directory of the script. */
static bool run_gnuplot(const struct plotting *plotting, const char *script, struct error *err)
{
    char program[] = "gnuplot", defaults[] = "-d"; /* nobody's ~/.gnuplot */
    char *arguments[] = { program, defaults, (char *)(uintptr_t)script, NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;
    fflush(NULL);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, plotting->directory);
    int failed = posix_spawnp(&child, "gnuplot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return error_set(err, "gnuplot", "cannot be run: %s; install it (Debian: gnuplot-nox)",
                         strerror(failed));
    if (waitpid(child, &status, 0) != child || status != 0)
        return error_set(err, script, "gnuplot did not draw it; its message is above");
    return true;
}

static bool draw(struct plotting *plotting, const char *name, const char *metric,
                 void (*put)(FILE *to, const struct plotting *plotting, const char *name,
                             const char *metric),
                 struct error *err)
{
    const char *script = arena_printf(&plotting->arena, "%s.gp", name);
    const char *path = arena_printf(&plotting->arena, "%s/%s", plotting->directory, script);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return error_set(err, path, "cannot be written: %s", strerror(errno));
    put(file, plotting, name, metric);
    bool failed = fflush(file) != 0 || ferror(file);
    int reason = errno;
    fclose(file);
    if (failed) {
        unlink(path);
        return error_set(err, path, "cannot be written: %s", strerror(reason));
    }
    if (!run_gnuplot(plotting, script, err))
        return false;
    if (!is_text(plotting))
        printf("%s/%s.%s\n", plotting->directory, name, plotting->options->format);
    return true;
}

/* It must be there, and defined somewhere. */
static bool check_metric(const struct plotting *plotting, const char *metric, struct error *err)
{
    for (uint32_t p = 0; p < plotting->summary.point_count; p++) {
        double mean, half;
        if (!summary_metric(&plotting->summary.points[p], metric, &mean, &half))
            continue;
        return spread_of(&plotting->summary, metric).defined ||
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
        void (*put)(FILE *to, const struct plotting *plotting, const char *name,
                    const char *metric);
    } plots[] = { { "overhead", "sched_overhead_percent", put_metric },
                  { "accounts", "account_user_percent", put_accounts },
                  { "latency", "wakeup_latency_us_max", put_latency } };
    uint32_t drawn = 0;
    for (int i = 0; i < 3; i++) {
        if (!spread_of(&plotting->summary, plots[i].metric).defined) {
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
