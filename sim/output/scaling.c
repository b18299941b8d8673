/* scaling.c -- see scaling.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/scaling.h"

#include <math.h>
#include <string.h>

#include "sim/input/json.h"
#include "sim/output/line.h"
#include "sim/output/usl.h"

/* The points of one series, with one replication of each. */
struct series {
    const struct run_result **runs;
    double *cores,
        *throughput; /* of those that are defined and above 0, each number of cores once */
    size_t run_count, count;
};

static void series_add(struct series *series, double cores, const struct run_result *run)
{
    double throughput = run->metrics[METRIC_throughput_per_s];
    series->runs[series->run_count++] = run;
    for (size_t i = 0; i < series->count; i++)
        if (series->cores[i] == cores)
            return; /* swept twice */
    if (!(throughput > 0))
        return;
    series->cores[series->count] = cores;
    series->throughput[series->count++] = throughput;
}

/* Every run of a scenario that sweeps cores ends with these metrics. */
static void series_fill(const struct series *series, const struct experiment *experiment)
{
    size_t first = 0;
    double sigma = NAN, kappa = NAN;
    for (size_t i = 1; i < series->count; i++)
        if (series->cores[i] < series->cores[first])
            first = i;
    usl_fit(series->cores, series->throughput, NULL, series->count, &sigma, &kappa);
    for (size_t i = 0; i < series->run_count; i++) {
        const struct run_result *run = series->runs[i];
        double *scaling = run->metrics + run->metric_count - SCALING_COUNT;
        double cores = experiment->points[run->point].scenario.cores, speedup = NAN;
        if (series->count > 0)
            speedup = run->metrics[METRIC_throughput_per_s] / series->throughput[first] *
                      series->cores[first];
        scaling[SCALING_speedup] = speedup;
        scaling[SCALING_efficiency] = speedup / cores;
        scaling[SCALING_usl_sigma] = sigma;
        scaling[SCALING_usl_kappa] = kappa;
    }
}

/* How many replications all points have that are of a series with point p. */
static uint32_t series_replications(const struct results *results, uint32_t p)
{
    const struct point *points = results->experiment->points;
    uint32_t least = results->count[p];
    for (uint32_t q = 0; q < results->experiment->point_count; q++)
        if (line_has_both(&points[p], &points[q], SCALING_POINTER) && results->count[q] < least)
            least = results->count[q];
    return least;
}

static void leave_undefined(const struct run_result *run)
{
    for (uint32_t i = 0; i < SCALING_COUNT; i++)
        run->metrics[run->metric_count - SCALING_COUNT + i] = NAN;
}

static void fill_from(const struct results *results, uint32_t p, struct series *series, bool *done)
{
    const struct experiment *experiment = results->experiment;
    const struct point *point = &experiment->points[p];
    uint32_t replications = series_replications(results, p);
    for (uint32_t q = p; q < experiment->point_count; q++) {
        if (!line_has_both(point, &experiment->points[q], SCALING_POINTER))
            continue;
        done[q] = true;
        for (uint32_t r = replications; r < results->count[q]; r++)
            leave_undefined(&results->runs[results->first[q] + r]);
    }
    for (uint32_t r = 0; r < replications; r++) {
        series->run_count = series->count = 0;
        for (uint32_t q = p; q < experiment->point_count; q++)
            if (line_has_both(point, &experiment->points[q], SCALING_POINTER))
                series_add(series, experiment->points[q].scenario.cores,
                           &results->runs[results->first[q] + r]);
        series_fill(series, experiment);
    }
}

void scaling_fill(const struct results *results)
{
    struct arena arena = ARENA_EMPTY;
    uint32_t count = results->experiment->point_count;
    bool *done = arena_alloc(&arena, count, sizeof *done);
    struct series series = { .runs = arena_alloc(&arena, count, sizeof *series.runs),
                             .cores = arena_alloc(&arena, count, sizeof(double)),
                             .throughput = arena_alloc(&arena, count, sizeof(double)) };
    for (uint32_t p = 0; p < count; p++)
        if (!done[p] && results->experiment->points[p].scenario.sweeps_cores)
            fill_from(results, p, &series, done);
    arena_free(&arena);
}

/* ---- The law of each series --------------------------------------------------------------- */

/* The points of a series that have a throughput in every run, each number of cores once. */
struct members {
    struct usl_point *points;
    uint32_t *index;
    uint32_t count;
};

static bool has_cores(const struct members *members, double cores)
{
    for (uint32_t i = 0; i < members->count; i++)
        if (members->points[i].cores == cores)
            return true;
    return false;
}

static void members_add(struct members *members, const struct results *results, uint32_t p,
                        struct arena *arena)
{
    double cores = results->experiment->points[p].scenario.cores;
    double *values = arena_alloc(arena, results->count[p], sizeof *values);
    for (uint32_t r = 0; r < results->count[p]; r++) {
        values[r] = results->runs[results->first[p] + r].metrics[METRIC_throughput_per_s];
        if (!(values[r] > 0))
            return;
    }
    if (has_cores(members, cores))
        return;
    members->index[members->count] = p;
    members->points[members->count++] =
        (struct usl_point){ .cores = cores, .count = results->count[p], .values = values };
}

/* The series of point p; false when p is not the first of it, or the law wants more points. */
static bool members_find(struct members *members, const struct results *results, uint32_t p,
                         struct usl *usl, struct arena *arena)
{
    const struct experiment *experiment = results->experiment;
    const struct point *points = experiment->points;
    if (!points[p].scenario.sweeps_cores)
        return false;
    for (uint32_t q = 0; q < p; q++)
        if (line_has_both(&points[p], &points[q], SCALING_POINTER))
            return false;
    members->count = 0;
    members->points = arena_alloc(arena, experiment->point_count, sizeof *members->points);
    members->index = arena_alloc(arena, experiment->point_count, sizeof *members->index);
    for (uint32_t q = p; q < experiment->point_count; q++)
        if (line_has_both(&points[p], &points[q], SCALING_POINTER))
            members_add(members, results, q, arena);
    return usl_analyse(usl, members->points, members->count, experiment->seed);
}

static void put_number(FILE *to, const char *name, double value)
{
    fprintf(to, ",\n      \"%s\": ", name);
    json_write_number(to, value, "null");
}

static void put_range(FILE *to, const char *name, struct usl_range range)
{
    fprintf(to, ",\n      \"%s\": [", name);
    json_write_number(to, range.low, "null");
    fputs(", ", to);
    json_write_number(to, range.high, "null");
    fputc(']', to);
}

static void put_law(FILE *to, const struct members *members, const struct usl *usl)
{
    fprintf(to, ",\n      \"points\": [");
    for (uint32_t i = 0; i < members->count; i++)
        fprintf(to, "%s%u", i > 0 ? ", " : "", members->index[i]);
    fputc(']', to);
    put_number(to, "first_cores", usl->first_cores);
    put_number(to, "first_throughput_per_s", usl->first_throughput);
    put_number(to, "sigma", usl->sigma);
    put_range(to, "sigma_ci95", usl->sigma_95);
    put_number(to, "kappa", usl->kappa);
    put_range(to, "kappa_ci95", usl->kappa_95);
    put_number(to, "peak_cores", usl->peak);
    put_range(to, "peak_cores_ci95", usl->peak_95);
    put_number(to, "lack_of_fit_f", usl->f);
    put_number(to, "lack_of_fit_p", usl->p);
    put_number(to, "greatest_miss", usl->miss);
    put_number(to, "greatest_miss_cores", usl->miss_at);
    fprintf(to, ",\n      \"verdict\": \"%s\"", usl_verdict_names[usl->verdict]);
}

void scaling_put(FILE *to, const struct results *results)
{
    struct arena arena = ARENA_EMPTY;
    const char *before = "  \"scaling\": [\n";
    struct members members;
    struct usl usl = { .peak = NAN };
    for (uint32_t p = 0; p < results->experiment->point_count; p++) {
        if (!members_find(&members, results, p, &usl, &arena))
            continue;
        fprintf(to, "%s    {\n      ", before);
        line_put(to, &results->experiment->points[p], SCALING_POINTER);
        put_law(to, &members, &usl);
        fprintf(to, "\n    }");
        before = ",\n";
    }
    if (*before == ',')
        fprintf(to, "\n  ],\n");
    arena_free(&arena);
}

/* ---- For people --------------------------------------------------------------------------- */

static const char *range_text(struct usl_range range, const char *format, struct arena *arena)
{
    char low[32], high[32];
    if (isnan(range.low))
        return "";
    snprintf(low, sizeof low, format, range.low);
    snprintf(high, sizeof high, format, range.high);
    return isinf(range.high) ? arena_printf(arena, " (%s or more)", low)
                             : arena_printf(arena, " (%s to %s)", low, high);
}

static const char *peak_text(const struct usl *usl, struct arena *arena)
{
    const char *range = range_text(usl->peak_95, "%.3g", arena);
    if (isnan(usl->peak))
        return arena_printf(arena, "none%s", isinf(usl->peak_95.low) ? "" : range);
    return arena_printf(arena, "%.3g%s", usl->peak, range);
}

/* How wide the longest title of a line is, and a gap. */
static int title_width(const struct experiment *experiment, struct arena *arena)
{
    size_t longest = 20;
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        size_t length = strlen(line_title(&experiment->points[p], SCALING_POINTER, arena));
        longest = length > longest ? length : longest;
    }
    return (int)longest + 2;
}

static const char *verdict_text(const struct usl *usl, struct arena *arena)
{
    const char *miss = arena_printf(arena, "p = %.2g, off by %.0f %% on %g cores", usl->p,
                                    100 * fabs(usl->miss), usl->miss_at);
    switch (usl->verdict) {
    case USL_FITS:
        return arena_printf(arena, "fits (p = %.2g)", usl->p);
    case USL_NEARLY:
        return arena_printf(arena, "nearly (%s)", miss);
    case USL_MISSES:
        return arena_printf(arena, "DOES NOT FIT (%s)", miss);
    case USL_COLLAPSE:
        return arena_printf(arena,
                            "COLLAPSE that the law cannot fit: %.0f %% of the throughput of %g "
                            "cores is left on %g (%s)",
                            100 * usl->last / usl->most, usl->most_at, usl->last_at, miss);
    default:
        return "untested";
    }
}

void scaling_print(FILE *to, const struct results *results)
{
    struct arena arena = ARENA_EMPTY;
    const struct experiment *experiment = results->experiment;
    struct members members;
    struct usl usl = { .peak = NAN };
    bool any = false;
    int width = title_width(experiment, &arena);
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        if (!members_find(&members, results, p, &usl, &arena))
            continue;
        if (!any)
            fprintf(to,
                    "\nUniversal Scalability Law (95 %% intervals)\n"
                    "%-*s%-34s%-36s%-26s%-16s%s\n",
                    width, "", "sigma: contention", "kappa: coherence", "best cores, by the law",
                    "best measured", "the law");
        any = true;
        fprintf(to, "%-*s%-34s%-36s%-26s%-16g%s\n", width,
                line_title(&experiment->points[p], SCALING_POINTER, &arena),
                arena_printf(&arena, "%.4g%s", usl.sigma, range_text(usl.sigma_95, "%.3g", &arena)),
                arena_printf(&arena, "%.4g%s", usl.kappa, range_text(usl.kappa_95, "%.3g", &arena)),
                peak_text(&usl, &arena), usl.most_at, verdict_text(&usl, &arena));
    }
    arena_free(&arena);
}
