/* timeline.c -- see timeline.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/timeline.h"

#include <math.h>
#include <string.h>

#include "sim/output/picture.h"
#include "sim/output/trace_read.h"

enum {
    STRETCHES_MAX = 50000, /* that a viewer still shows without waiting */
    WIDTH = 1400,
    LEFT = 90,
    RIGHT = 300, /* legend */
    ROW = 64,    /* pixels of a core */
    ABOVE = 80,
    BELOW = 70,
    CHARACTER = 8,
    LEGEND_MOST = 19, /* characters of a name in the legend, which has room for no more */
    LEGEND_END = 8,   /* of these, from its end */
    CORES_MAX = 256
};

/* A colour, and whose it is. */
struct timeline_group {
    const char *name;
    size_t length; /* of the name, as far as it counts */
};

struct timeline {
    const char *title;
    const struct trace_read *trace;
    double from_ms, to_ms;
    uint32_t cores;
    struct timeline_group groups[SCRIPT_COLOURS];
    uint32_t group_count;
    bool by_workload, more; /* more groups than colours */
};

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static bool is_within(const struct timeline *timeline, const struct trace_stretch *stretch)
{
    return ms(stretch->to_ns) > timeline->from_ms && ms(stretch->from_ns) < timeline->to_ms;
}

/* ---- Colours ------------------------------------------------------------------------------ */

static size_t group_length(const struct timeline *timeline, const char *name)
{
    return timeline->by_workload ? strcspn(name, "/") : strlen(name);
}

/* The group of this name; group_count if there is none. */
static uint32_t group_of(const struct timeline *timeline, const char *name)
{
    size_t length = group_length(timeline, name);
    uint32_t g = 0;
    while (g < timeline->group_count && (timeline->groups[g].length != length ||
                                         memcmp(timeline->groups[g].name, name, length) != 0))
        g++;
    return g;
}

/* True: each has a colour. */
static bool give_colours(struct timeline *timeline)
{
    const struct trace_stretches *runs = &timeline->trace->runs;
    timeline->group_count = 0;
    for (size_t i = 0; i < runs->count; i++) {
        const char *name = runs->stretches[i].name;
        uint32_t g = group_of(timeline, name);
        if (!is_within(timeline, &runs->stretches[i]) || g < timeline->group_count)
            continue;
        if (g == SCRIPT_COLOURS)
            return false;
        timeline->groups[timeline->group_count++] =
            (struct timeline_group){ name, group_length(timeline, name) };
    }
    return true;
}

static const char *colour_of(const struct timeline *timeline, const char *name)
{
    uint32_t g = group_of(timeline, name);
    return g < timeline->group_count ? script_colours[g] : "#999999";
}

/* ---- The script --------------------------------------------------------------------------- */

/* Returns how many there are: gnuplot warns of blocks without any. */
static size_t put_stretches(FILE *to, const struct timeline *timeline,
                            const struct trace_stretches *list, const char *block)
{
    size_t count = 0;
    fprintf(to, "$%s << EOD\n", block);
    for (size_t i = 0; i < list->count; i++) {
        const struct trace_stretch *stretch = &list->stretches[i];
        if (!is_within(timeline, stretch))
            continue;
        fprintf(to, "%.6f %.6f %u 0x%s \"%s\"\n", fmax(ms(stretch->from_ns), timeline->from_ms),
                fmin(ms(stretch->to_ns), timeline->to_ms), stretch->core,
                colour_of(timeline, stretch->name) + 1, stretch->name);
        count++;
    }
    fprintf(to, "EOD\n");
    return count;
}

/* In boxes that are wide enough, who it is; returns how many there are. */
static size_t put_labels(FILE *to, const struct timeline *timeline)
{
    size_t count = 0;
    const struct trace_stretches *runs = &timeline->trace->runs;
    double per_ms = (WIDTH - LEFT - RIGHT) / (timeline->to_ms - timeline->from_ms);
    fprintf(to, "$labels << EOD\n");
    for (size_t i = 0; i < runs->count; i++) {
        const struct trace_stretch *stretch = &runs->stretches[i];
        double from_ms = fmax(ms(stretch->from_ns), timeline->from_ms);
        double to_ms = fmin(ms(stretch->to_ns), timeline->to_ms);
        if ((to_ms - from_ms) * per_ms <= CHARACTER * (double)(strlen(stretch->name) + 1))
            continue;
        fprintf(to, "%.6f %u \"%s\"\n", (from_ms + to_ms) / 2, stretch->core, stretch->name);
        count++;
    }
    fprintf(to, "EOD\n");
    return count;
}

static void put_axes(FILE *to, const struct timeline *timeline, int height)
{
    fprintf(to,
            "set lmargin at screen %g\nset rmargin at screen %g\nset tmargin at screen %g\n"
            "set bmargin at screen %g\n",
            (double)LEFT / WIDTH, 1 - (double)RIGHT / WIDTH, 1 - (double)ABOVE / height,
            (double)BELOW / height);
    fprintf(to,
            "set xlabel \"time, ms\"\nset xrange [%.6f:%.6f]\nset yrange [%g:-0.5]\n"
            "set key at screen %g,%g left top\nunset grid\nset border 1\nset ytics scale 0 (",
            timeline->from_ms, timeline->to_ms, timeline->cores - 0.5,
            1 - (double)(RIGHT - CHARACTER) / WIDTH, 1 - (double)ABOVE / height);
    for (uint32_t c = 0; c < timeline->cores; c++)
        fprintf(to, "%s\"core %u\" %u", c > 0 ? ", " : "", c, c);
    fprintf(to, ")\n");
}

/* Of a name that is too long, the begin and the end. */
static void put_legend(FILE *to, const struct timeline *timeline)
{
    for (uint32_t g = 0; g < timeline->group_count; g++) {
        const struct timeline_group *group = &timeline->groups[g];
        bool fits = group->length <= LEGEND_MOST;
        size_t begin = fits ? group->length : LEGEND_MOST - LEGEND_END - strlen("...");
        fprintf(to,
                ", \\\n     keyentry with boxes fillstyle solid 1 linecolor \"%s\" title "
                "\"%.*s%s%.*s\"",
                script_colours[g], (int)begin, group->name, fits ? "" : "...",
                fits ? 0 : LEGEND_END, group->name + group->length - (fits ? 0 : LEGEND_END));
    }
    if (timeline->more)
        fprintf(to, ", \\\n     keyentry with boxes fillstyle solid 1 linecolor \"#999999\" title "
                    "\"others\"");
    if (timeline->trace->overhead.count > 0)
        fprintf(to, ", \\\n     keyentry with boxes linecolor \"black\" fillstyle pattern 4 "
                    "title \"overhead\"");
    fprintf(to, "\n");
}

/* The boxes are from row to row; the hatching lies over who has to bear it.  Something is within
 * the window. */
static void put_timeline(FILE *to, const struct plotting *plotting, const void *context)
{
    const struct timeline *timeline = context;
    int height = ABOVE + BELOW + ROW * (int)(timeline->cores > 2 ? timeline->cores : 2);
    const char *slash = strrchr(timeline->title, '/');
    script_heading(to, plotting, slash != NULL ? slash + 1 : timeline->title, WIDTH, height);
    fprintf(to, "set title \"Who runs where\".\"\\n\".");
    script_text(to, slash != NULL ? slash + 1 : timeline->title);
    fprintf(to, "\n");
    put_axes(to, timeline, height);
    size_t runs = put_stretches(to, timeline, &timeline->trace->runs, "runs");
    size_t overhead = put_stretches(to, timeline, &timeline->trace->overhead, "overhead");
    size_t labels = put_labels(to, timeline);
    fprintf(to, "set style fill solid 1 border linecolor \"white\"\nplot ");
    if (runs > 0)
        fprintf(to, "$runs using (($1+$2)/2):3:1:2:($3-0.38):($3+0.38):4 with boxxyerror "
                    "linecolor rgb variable linewidth 0.3");
    if (overhead > 0)
        fprintf(to,
                "%s$overhead using (($1+$2)/2):3:1:2:($3-0.38):($3+0.38) with "
                "boxxyerror linecolor \"black\" fillstyle transparent pattern 4 noborder",
                runs > 0 ? ", \\\n     " : "");
    if (labels > 0)
        fprintf(to, ", \\\n     $labels using 1:2:3 with labels font \",11\" textcolor \"white\"");
    put_legend(to, timeline);
}

/* ---- Drawing ------------------------------------------------------------------------------ */

static bool check_window(struct timeline *timeline, struct error *err)
{
    const struct trace_read *trace = timeline->trace;
    double from_ms = ms(trace->from_ns), to_ms = ms(trace->to_ns);
    size_t count = 0;
    timeline->from_ms = isnan(timeline->from_ms) ? from_ms : timeline->from_ms;
    timeline->to_ms = isnan(timeline->to_ms) ? to_ms : timeline->to_ms;
    for (size_t i = 0; i < trace->runs.count; i++)
        count += is_within(timeline, &trace->runs.stretches[i]);
    for (size_t i = 0; i < trace->overhead.count; i++)
        count += is_within(timeline, &trace->overhead.stretches[i]);
    if (count == 0)
        return error_set(err, timeline->title,
                         "nothing runs from %g to %g ms; the trace is from %g to %g ms",
                         timeline->from_ms, timeline->to_ms, from_ms, to_ms);
    if (count > STRETCHES_MAX)
        return error_set(err, timeline->title,
                         "has %zu stretches from %g to %g ms, more than can be told apart; at most "
                         "%d are drawn: take a shorter time (--from, --to)",
                         count, timeline->from_ms, timeline->to_ms, STRETCHES_MAX);
    if (trace->core_count > CORES_MAX)
        return error_set(err, timeline->title, "has %u cores; at most %d are drawn",
                         trace->core_count, CORES_MAX);
    return true;
}

bool timeline_draw(const char *path, double from_ms, double to_ms,
                   const struct plot_options *options, struct error *err)
{
    struct plotting plotting = { .options = options };
    struct trace_read trace;
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".gz") == 0)
        length -= 3;
    if (length > 8 && memcmp(path + length - 8, ".pftrace", 8) == 0)
        length -= 8;
    bool fine = trace_read(&trace, path, err);
    if (fine) {
        struct timeline timeline = { .title = arena_string_n(&plotting.arena, path, length),
                                     .trace = &trace,
                                     .from_ms = from_ms,
                                     .to_ms = to_ms,
                                     .cores = trace.core_count };
        fine = check_window(&timeline, err);
        if (fine && !give_colours(&timeline)) {
            timeline.by_workload = true;
            timeline.more = !give_colours(&timeline);
        }
        fine = fine && picture_write(&plotting, timeline.title, put_timeline, &timeline, err);
    }
    trace_read_free(&trace);
    arena_free(&plotting.arena);
    return fine;
}
