/* table.c -- see table.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/table.h"

#include <math.h>
#include <string.h>

/* "4.60 +- 0.12"; digits after the point so that three figures show. */
static const char *spread_text(struct interval interval, struct arena *arena)
{
    if (interval.n == 0)
        return "-";
    int digits = fabs(interval.mean) >= 100 ? 0 : fabs(interval.mean) >= 10 ? 1 : 2;
    if (isnan(interval.half_width))
        return arena_printf(arena, "%.*f", digits, interval.mean);
    return arena_printf(arena, "%.*f +- %.*f", digits, interval.mean, digits, interval.half_width);
}

static const char *plain_text(struct interval interval, int digits, struct arena *arena)
{
    return interval.n == 0 ? "-" : arena_printf(arena, "%.*f", digits, interval.mean);
}

/* us in the unit that reads best. */
static const char *time_text(struct interval interval, struct arena *arena)
{
    double us = interval.mean;
    if (interval.n == 0)
        return "-";
    if (us < 1)
        return arena_printf(arena, "%.0f ns", us * 1000);
    if (us < 1000)
        return arena_printf(arena, "%.1f us", us);
    if (us < 1e6)
        return arena_printf(arena, "%.1f ms", us / 1000);
    return arena_printf(arena, "%.2f s", us / 1e6);
}

static int title_width(const struct results *results, struct arena *arena)
{
    size_t width = 10;
    for (uint32_t p = 0; p < results->experiment->point_count; p++) {
        size_t length = strlen(results_point_title(&results->experiment->points[p], arena));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_accounts(FILE *to, const struct results *results, int width, struct arena *arena)
{
    static const char *const headings[ACCOUNT_COUNT] = { "user",    "cache",  "sched",
                                                         "lock",    "switch", "tick",
                                                         "balance", "idle+",  "idle" };
    fprintf(to, "Where the cores' time went, %%\n%-*s", width, "");
    for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
        fprintf(to, "%9s", headings[a]);
    for (uint32_t p = 0; p < results->experiment->point_count; p++) {
        fprintf(to, "\n%-*s", width, results_point_title(&results->experiment->points[p], arena));
        for (uint32_t a = 0; a < ACCOUNT_COUNT; a++) {
            const char *name = arena_printf(arena, "account_%s_percent", account_names[a]);
            fprintf(to, "%9s", plain_text(results_metric(results, p, name), 2, arena));
        }
    }
    fprintf(to, "\n\n");
}

/* "47.1 to 50.4 ms": where the median of a time in us lies. */
static const char *bounds_text(struct bounds bounds, struct arena *arena)
{
    if (isnan(bounds.low))
        return "-";
    const char *high = time_text((struct interval){ bounds.high, NAN, 1 }, arena);
    const char *low = time_text((struct interval){ bounds.low, NAN, 1 }, arena);
    const char *unit = strrchr(high, ' '), *low_unit = strrchr(low, ' ');
    int length = strcmp(unit, low_unit) == 0 ? (int)(low_unit - low) : (int)strlen(low);
    return arena_printf(arena, "%.*s to %s", length, low, high);
}

/* Has any point enough runs for bounds of a median? */
static bool has_medians(const struct results *results)
{
    for (uint32_t p = 0; p < results->experiment->point_count; p++)
        if (!isnan(results_median(results, p, "wakeup_latency_us_p99").low))
            return true;
    return false;
}

static void print_measures(FILE *to, const struct results *results, int width, struct arena *arena)
{
    bool medians = has_medians(results);
    fprintf(to, "%-*s%20s%16s", width, "", "sched overhead, %", "p99 wake-up");
    if (medians)
        fprintf(to, "%22s", "its median, 95 %");
    fprintf(to, "%14s%9s%14s\n", "longest wait", "Jain", "migrations/s");
    for (uint32_t p = 0; p < results->experiment->point_count; p++) {
        struct interval wait = results_metric(results, p, "wait_ms_max");
        wait.mean *= 1000;
        fprintf(to, "%-*s%20s%16s", width,
                results_point_title(&results->experiment->points[p], arena),
                spread_text(results_metric(results, p, "sched_overhead_percent"), arena),
                time_text(results_metric(results, p, "wakeup_latency_us_p99"), arena));
        if (medians)
            fprintf(to, "%22s",
                    bounds_text(results_median(results, p, "wakeup_latency_us_p99"), arena));
        fprintf(to, "%14s%9s%14s\n", time_text(wait, arena),
                plain_text(results_metric(results, p, "jain"), 3, arena),
                plain_text(results_metric(results, p, "migrations_per_s"), 1, arena));
    }
}

/* Is this the first point that has its i-th swept value? */
static bool is_first_with(const struct experiment *experiment, uint32_t point, uint32_t i)
{
    for (uint32_t p = 0; p < point; p++)
        if (strcmp(experiment->points[p].sweep[i].label,
                   experiment->points[point].sweep[i].label) == 0)
            return false;
    return true;
}

/* Does a label lack something of the text but quotes? */
static bool says_less(const struct sweep_value *value)
{
    const char *text = value->text, *label = value->label;
    for (; *text != '\0'; text++) {
        if (*text == *label)
            label++;
        else if (*text != '"')
            return true;
    }
    return *label != '\0';
}

/* What shortened labels stand for. */
static void print_legend(FILE *to, const struct experiment *experiment)
{
    const char *before = "\n";
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        const struct point *point = &experiment->points[p];
        for (uint32_t i = 0; i < point->sweep_count; i++) {
            const struct sweep_value *value = &point->sweep[i];
            if (!says_less(value) || !is_first_with(experiment, p, i))
                continue;
            fprintf(to, "%s%s: %s is %s\n", before, results_sweep_title(point, i), value->label,
                    value->text);
            before = "";
        }
    }
}

/* Of all points, or that they differ. */
static const char *machine_title(const struct experiment *experiment)
{
    const struct profile *first = experiment->points[0].scenario.cpu;
    for (uint32_t p = 1; p < experiment->point_count; p++)
        if (experiment->points[p].scenario.cpu != first)
            return "several CPUs";
    return first->title;
}

/* "10 runs", or "10 to 40 runs" where points differ. */
static const char *runs_text(const struct results *results, struct arena *arena)
{
    uint32_t fewest, most;
    results_counts(results, &fewest, &most);
    if (fewest < most)
        return arena_printf(arena, "%u to %u runs", fewest, most);
    return arena_printf(arena, "%u run%s", most, most == 1 ? "" : "s");
}

void table_print(FILE *to, const struct results *results, struct arena *arena)
{
    const struct experiment *experiment = results->experiment;
    const struct scenario *first = &experiment->points[0].scenario;
    int width = title_width(results, arena) + 1;
    const char *runs = runs_text(results, arena);
    double duration_s = (double)first->duration_ps / 1e12;
    double warmup_s =
        (double)(results->warmup_ps != NULL ? results->warmup_ps[0] : first->warmup_ps) / 1e12;
    fprintf(to, "%s: %s, %s of each point, ", experiment->name, machine_title(experiment), runs);
    if (first->until_done)
        fprintf(to, "measured until all is done, %g s at most\n\n", duration_s);
    else
        fprintf(to, "%g s measured after %g s of warm-up\n\n", duration_s - warmup_s, warmup_s);
    print_accounts(to, results, width, arena);
    print_measures(to, results, width, arena);
    print_legend(to, experiment);
    fprintf(to, "\nuser: processes' own work.  cache: their stalls beyond running alone.  "
                "lock: waiting for it.\nidle+: ticks and balancing of idle cores.  Overhead: sched "
                "+ lock + "
                "switch + tick + balance, of all time not idle.\n"
                "Jain: how evenly processes that never slept were served for their weight; 1 is "
                "even, 1/n is one of n served.\n");
    if (strcmp(runs, "1 run") != 0)
        fprintf(to, "+-: 95 %% confidence over %s (Student's t).\n", runs);
    if (has_medians(results))
        fprintf(to, "Its median, 95 %%: where the median of the runs' p99 lies, whatever their "
                    "distribution.\n");
}

/* ---- Expectations ------------------------------------------------------------------------- */

static const char *verdict_of(const struct expectation *expectation, struct interval interval)
{
    bool at_most = expectation->bound == EXPECT_AT_MOST;
    if (interval.n == 0)
        return "FAIL";
    if (!isnan(interval.half_width) &&
        fabs(interval.mean - expectation->value) < interval.half_width)
        return "undecided";
    bool met = at_most ? interval.mean <= expectation->value : interval.mean >= expectation->value;
    return met ? "pass" : "FAIL";
}

bool table_expectations(FILE *to, const struct results *results, struct arena *arena)
{
    const struct experiment *experiment = results->experiment;
    bool met = true;
    for (uint32_t e = 0; e < experiment->expectation_count; e++) {
        const struct expectation *expectation = &experiment->expectations[e];
        for (uint32_t p = 0; p < experiment->point_count; p++) {
            const struct point *point = &experiment->points[p];
            if (expectation->variant != NULL &&
                (point->variant == NULL || strcmp(point->variant, expectation->variant) != 0))
                continue;
            struct interval interval = results_metric(results, p, expectation->metric);
            const char *verdict = verdict_of(expectation, interval);
            met = met && strcmp(verdict, "FAIL") != 0;
            fprintf(to, "%s: %s: %s %s %g%s%s: it is %s\n", verdict, expectation->place,
                    expectation->metric,
                    expectation->bound == EXPECT_AT_MOST ? "at most" : "at least",
                    expectation->value, *results_point_title(point, arena) != '\0' ? ", " : "",
                    results_point_title(point, arena),
                    interval.n == 0 ? "undefined" : spread_text(interval, arena));
        }
    }
    return met;
}
