/* rows.c -- see rows.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/rows.h"

#include <math.h>
#include <string.h>

#include "sim/host/result.h"
#include "sim/output/plot.h"
#include "sim/output/script.h"

enum { COLUMNS = 60 }; /* of a bar */

/* ---- Titles ------------------------------------------------------------------------------- */

/* Characters of UTF-8. */
static int characters(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static int title_width(const struct summary *summary)
{
    int width = 8;
    for (uint32_t p = 0; p < summary->point_count; p++) {
        int length = characters(summary->points[p].title);
        width = length > width ? length : width;
    }
    return width;
}

static void put_title(FILE *to, const char *title, int width)
{
    fprintf(to, "%*s%s |", width - characters(title), "", title);
}

static void put_heading(FILE *to, const char *title, const struct summary *summary)
{
    fprintf(to, "\n%s\n%s", title, summary->name);
    if (summary->x_pointer != NULL)
        fprintf(to, ", by %s", summary->x_title);
    fprintf(to, "\n\n");
}

/* ---- Scales ------------------------------------------------------------------------------- */

/* From the first column to behind the last one. */
struct scale {
    double from, to;
    bool log;
};

/* Columns from the axis to value. */
static int column_of(const struct scale *scale, double value)
{
    double share = scale->log ? log(value / scale->from) / log(scale->to / scale->from)
                              : (value - scale->from) / (scale->to - scale->from);
    return (int)lround(fmin(fmax(share, 0), 1) * COLUMNS);
}

/* A linear scale at its ends and in the middle, a logarithmic one at its decades. */
static void put_scale(FILE *to, const struct scale *scale, const char *unit, int width)
{
    char line[COLUMNS + 64];
    int end = 0;
    memset(line, ' ', sizeof line);
    double value = scale->log ? pow(10, ceil(log10(scale->from))) : scale->from;
    while (value <= scale->to * (1 + 1e-9)) {
        char text[32];
        int length = snprintf(text, sizeof text, "%.3g", value), at = column_of(scale, value);
        if (at >= end) { /* else it would run into the one before */
            memcpy(line + at, text, (size_t)length);
            end = at + length + 1;
        }
        value = scale->log ? value * 10 : value + (scale->to - scale->from) / 2;
    }
    fprintf(to, "%*s  %.*s%s\n", width, "", end, line, unit);
}

/* ---- Accounts ----------------------------------------------------------------------------- */

static const char account_letters[ACCOUNT_COUNT + 1] = "ucslwtbi.";

static double share_of(const struct summary_point *point, uint32_t account)
{
    char name[64];
    double mean, half;
    snprintf(name, sizeof name, "account_%s_percent", account_names[account]);
    summary_metric(point, name, &mean, &half);
    return isnan(mean) ? 0 : mean;
}

/* Accounts from first to last, stacked; returns their sum. */
static double put_stack(FILE *to, const struct summary_point *point, const struct scale *scale,
                        uint32_t first, uint32_t last)
{
    double sum = 0;
    int column = 0;
    for (uint32_t a = first; a <= last; a++) {
        sum += share_of(point, a);
        for (; column < column_of(scale, sum); column++)
            putc(account_letters[a], to);
    }
    for (; column < COLUMNS; column++)
        putc(' ', to);
    return sum;
}

static void put_accounts_legend(FILE *to)
{
    for (uint32_t a = 0; a < ACCOUNT_COUNT; a++)
        fprintf(to, "%s%c %-25s", a % 3 == 0 ? "\n  " : "", account_letters[a], account_titles[a]);
    fprintf(to, "\n");
}

void rows_accounts(FILE *to, const struct summary *summary)
{
    const struct scale whole = { 0, 100, false };
    struct scale enlarged = { 0, 0, false };
    int width = title_width(summary);
    put_heading(to, "Where the cores' time went", summary);
    put_scale(to, &whole, "% of all core time", width);
    for (uint32_t p = 0; p < summary->point_count; p++) {
        const struct summary_point *point = &summary->points[p];
        double sum = 0;
        put_title(to, point->title, width);
        put_stack(to, point, &whole, ACCOUNT_USER, ACCOUNT_IDLE);
        fprintf(to, "|\n");
        for (uint32_t a = ACCOUNT_CACHE; a <= ACCOUNT_IDLE_WORK; a++)
            sum += share_of(point, a);
        enlarged.to = fmax(enlarged.to, sum);
    }
    put_accounts_legend(to);
    if (enlarged.to <= 0)
        return;
    fprintf(to, "\nThe same without own work and idleness, enlarged\n\n");
    put_scale(to, &enlarged, "% of all core time", width);
    for (uint32_t p = 0; p < summary->point_count; p++) {
        put_title(to, summary->points[p].title, width);
        double sum =
            put_stack(to, &summary->points[p], &enlarged, ACCOUNT_CACHE, ACCOUNT_IDLE_WORK);
        fprintf(to, "| %.3g\n", sum);
    }
}

/* ---- Latency ------------------------------------------------------------------------------ */

void rows_latency(FILE *to, const struct summary *summary)
{
    static const char marks[LATENCIES + 1] = "o+x#>";
    struct scale scale = { INFINITY, 0, true };
    int width = title_width(summary);
    double mean, half;
    for (int i = 0; i < LATENCIES; i++) {
        struct spread one = script_spread(summary, latency_metrics[i]);
        scale.from = fmin(scale.from, one.least / 1000);
        scale.to = fmax(scale.to, one.greatest / 1000);
    }
    if (scale.to <= 0)
        scale = (struct scale){ 0.5, 1, true }; /* all are 0 */
    scale = (struct scale){ scale.from / 2, scale.to * 1.2, true };
    put_heading(to, "Wake-up latency: from the intended time to running", summary);
    put_scale(to, &scale, "ms", width);
    for (uint32_t p = 0; p < summary->point_count; p++) {
        char line[COLUMNS + 2];
        memset(line, ' ', sizeof line);
        put_title(to, summary->points[p].title, width);
        for (int i = 0; i < LATENCIES; i++) {
            summary_metric(&summary->points[p], latency_metrics[i], &mean, &half);
            if (!isnan(mean))
                line[column_of(&scale, mean / 1000)] = marks[i];
        }
        fprintf(to, "%.*s|\n", COLUMNS + 1, line);
    }
    fprintf(to, "\n ");
    for (int i = 0; i < LATENCIES; i++)
        fprintf(to, " %c %s%s", marks[i], latency_titles[i], i + 1 < LATENCIES ? "  " : "");
    fprintf(to, "   (the greater one where two meet)\n");
}

/* ---- One metric --------------------------------------------------------------------------- */

void rows_metric(FILE *to, const struct summary *summary, const char *metric, const char *title,
                 bool log)
{
    struct spread spread = script_spread(summary, metric);
    struct scale scale = { 0, spread.greatest > 0 ? spread.greatest : 1, false };
    int width = title_width(summary);
    if (log && spread.greatest > 0)
        scale = (struct scale){ spread.least / 2, spread.greatest, true };
    put_heading(to, title, summary);
    put_scale(to, &scale, "", width);
    for (uint32_t p = 0; p < summary->point_count; p++) {
        double mean, half;
        summary_metric(&summary->points[p], metric, &mean, &half);
        put_title(to, summary->points[p].title, width);
        int columns = isnan(mean) ? 0 : column_of(&scale, mean);
        for (int i = 0; i < columns; i++)
            putc('=', to);
        if (isnan(mean))
            fprintf(to, " undefined\n");
        else if (isnan(half))
            fprintf(to, " %.4g\n", mean);
        else
            fprintf(to, " %.4g +- %.2g\n", mean, half);
    }
}
