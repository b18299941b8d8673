/* bars.c -- see bars.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/bars.h"

#include <math.h>
#include <string.h>

#include "sim/output/script.h"

enum {
    LEFT = 140,
    NARROWEST = 1100,
    WIDEST = 2400,
    PITCH = 90,          /* of few bars */
    CHARACTER = 10,      /* pixels, rather too many */
    ROW = 20,            /* pixels of a line of text */
    LEVEL = 34,          /* pixels that a line of text takes below an axis */
    SLANTED = 28,        /* pixels from one slanted text to the next */
    TITLE_MAX = 32,      /* characters of a slanted text */
    ROWS_MAX = 100,      /* of the list */
    LIST_FIRST = 1000000 /* what gnuplot calls the labels of the list; captions begin at 1 */
};

/* ---- Where bars stand --------------------------------------------------------------------- */

static bool is_grouped(const struct summary *summary)
{
    return summary->x_pointer != NULL || summary->by_swept;
}

/* What bars have in common that stand together. */
static const char *group_of(const struct summary *summary, uint32_t point)
{
    return summary->by_swept ? summary->points[point].swept : summary->points[point].series;
}

/* O(points x series). */
static void group(struct bars *bars, struct arena *arena)
{
    const struct summary *summary = bars->summary;
    uint32_t count = summary->point_count, placed = 0;
    bool *taken = arena_alloc(arena, count, sizeof *taken);
    bars->order = arena_alloc(arena, count, sizeof *bars->order);
    bars->at = arena_alloc(arena, count, sizeof *bars->at);
    bars->groups = arena_alloc(arena, count, sizeof *bars->groups);
    for (uint32_t p = 0; p < count; p++) {
        if (taken[p])
            continue;
        struct bar_group *new = &bars->groups[bars->group_count++];
        const char *series = group_of(summary, p);
        new->title = is_grouped(summary) ? series : summary->points[p].title;
        new->first = placed;
        for (uint32_t q = p; q < count; q++) {
            if (taken[q] || strcmp(group_of(summary, q), series) != 0)
                continue;
            taken[q] = true;
            bars->order[placed] = q;
            bars->at[placed] = placed + (is_grouped(summary) ? bars->group_count - 1 : 0);
            placed++;
            if (!is_grouped(summary))
                break;
        }
        new->count = placed - new->first;
    }
    bars->end = bars->at[count - 1] + 1;
}

static void set_width(struct bars *bars)
{
    double pitch = fmin(PITCH, (WIDEST - LEFT - bars->right) / bars->end);
    bars->width = LEFT + bars->right + (int)ceil(pitch * bars->end);
    if (bars->width < NARROWEST)
        bars->width = NARROWEST;
    bars->pitch = (bars->width - LEFT - bars->right) / bars->end;
    /* Gaps of a pixel or less would make a moire, and so would edges that only just meet. */
    bars->box = bars->pitch < 6 ? 1.1 : fmin(0.72, PITCH / bars->pitch);
}

/* ---- What is written below ---------------------------------------------------------------- */

static int slanted_pixels(size_t length)
{
    return 12 + (int)(0.6 * CHARACTER * (double)length);
}

/* How many bars of so many pixels a text takes; 1, 2, 5, 10, 20 ... */
static uint32_t steps(double needed, double pixels)
{
    uint32_t step = 1, next[] = { 2, 5, 10 }, power = 1;
    for (uint32_t i = 0; step * pixels < needed; i++) {
        if (i > 0 && i % 3 == 0)
            power *= 10;
        step = next[i % 3] * power;
    }
    return step;
}

static void bar_label(const struct bars *bars, uint32_t bar, char *label, size_t size)
{
    const struct summary_point *point = &bars->summary->points[bars->order[bar]];
    if (bars->summary->by_swept)
        snprintf(label, size, "%s", point->what);
    else
        snprintf(label, size, "%g", point->x);
}

static void set_labels(struct bars *bars)
{
    size_t longest = 0;
    char label[SUMMARY_WHAT_MAX + 1];
    bars->labelled = is_grouped(bars->summary);
    for (uint32_t i = 0; bars->labelled && i < bars->summary->point_count; i++) {
        bar_label(bars, i, label, sizeof label);
        longest = strlen(label) > longest ? strlen(label) : longest;
    }
    double level = CHARACTER * ((double)longest + 1);
    bars->slanted = level > bars->pitch && bars->pitch >= SLANTED;
    bars->label_step = bars->slanted ? 1 : steps(level, bars->pitch);
    bars->label_pixels = !bars->labelled ? 0 : bars->slanted ? slanted_pixels(longest) : LEVEL;
}

/* How wide the group is, or, the last, might be. */
static double group_pixels(const struct bars *bars, const struct bar_group *group)
{
    return bars->pitch * (group->count + (bars->labelled ? 1 : 0));
}

static void set_captions(struct bars *bars)
{
    size_t longest = 0;
    bool level = true;
    double narrowest = INFINITY;
    for (uint32_t g = 0; g < bars->group_count; g++) {
        const struct bar_group *group = &bars->groups[g];
        double pixels = group_pixels(bars, group);
        size_t length = strlen(group->title);
        level = level && CHARACTER * (double)(length + 1) <= pixels;
        narrowest = fmin(narrowest, pixels);
        longest = length > longest ? length : longest;
    }
    bars->caption_step = 1;
    bars->caption_pixels = LEVEL;
    if (longest == 0) {
        bars->captions = CAPTIONS_NONE;
        bars->caption_pixels = 0;
    } else if (level) {
        bars->captions = CAPTIONS_LEVEL;
    } else if (longest <= TITLE_MAX && narrowest >= SLANTED) {
        bars->captions = CAPTIONS_SLANTED;
        bars->caption_pixels = slanted_pixels(longest);
    } else {
        bars->captions = CAPTIONS_NUMBERED;
        bars->caption_step = steps(CHARACTER * (floor(log10(bars->group_count)) + 2), narrowest);
        bars->columns = (uint32_t)((bars->width - ROW) / (CHARACTER * ((int)longest + 6)));
        bars->columns = bars->columns < 1 ? 1 : bars->columns;
        bars->rows = (bars->group_count + bars->columns - 1) / bars->columns;
        bars->rows = bars->rows > ROWS_MAX ? ROWS_MAX : bars->rows;
        bars->list_pixels = ((int)bars->rows + 1) * ROW;
    }
}

void bars_lay_out(struct bars *bars, const struct summary *summary, int right, struct arena *arena)
{
    *bars = (struct bars){ .summary = summary, .right = right };
    group(bars, arena);
    set_width(bars);
    set_labels(bars);
    set_captions(bars);
}

int bars_below(const struct bars *bars)
{
    return bars->label_pixels + bars->caption_pixels;
}

/* ---- Scripts ------------------------------------------------------------------------------ */

static void put_labels(FILE *to, const struct bars *bars)
{
    const char *comma = "";
    char label[SUMMARY_WHAT_MAX + 1];
    if (!bars->labelled) {
        fprintf(to, "unset xtics\n");
        return;
    }
    fprintf(to, "set xtics nomirror scale 0 %s (",
            bars->slanted ? "rotate by 35 right" : "norotate");
    for (uint32_t g = 0; g < bars->group_count; g++)
        for (uint32_t i = 0; i < bars->groups[g].count; i += bars->label_step) {
            uint32_t bar = bars->groups[g].first + i;
            bar_label(bars, bar, label, sizeof label);
            fprintf(to, "%s", comma);
            script_text(to, label);
            fprintf(to, " %g", bars->at[bar]);
            comma = ", ";
        }
    fprintf(to, ")\n");
}

/* y: where on the screen. */
static void put_captions(FILE *to, const struct bars *bars, double y)
{
    fprintf(to, "unset label\n");
    if (bars->captions == CAPTIONS_NONE)
        return;
    for (uint32_t g = 0; g < bars->group_count; g += bars->caption_step) {
        const struct bar_group *group = &bars->groups[g];
        double middle = bars->at[group->first] + (group->count - 1) / 2.0;
        fprintf(to, "set label %u ", g + 1);
        if (bars->captions == CAPTIONS_NUMBERED)
            fprintf(to, "\"%u\"", g + 1);
        else
            script_text(to, group->title);
        fprintf(to, " at first %g, screen %.4f %s\n", middle, y,
                bars->captions == CAPTIONS_SLANTED ? "right rotate by 35" : "center");
    }
}

void bars_panel(FILE *to, const struct bars *bars, int top, int bottom, int height)
{
    double below = bottom + bars->label_pixels + (bars->captions == CAPTIONS_SLANTED ? 8 : 18);
    fprintf(to, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n",
            (double)LEFT / bars->width, 1 - (double)bars->right / bars->width);
    fprintf(to, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
            1 - (double)top / height, 1 - (double)bottom / height);
    fprintf(to, "set key at screen %.4f, screen %.4f left top\n",
            1 - (double)(bars->right - ROW) / bars->width, 1 - (double)top / height);
    fprintf(to, "set xrange [-0.7:%g]\nset boxwidth %g absolute\n", bars->end - 0.3, bars->box);
    put_labels(to, bars);
    put_captions(to, bars, 1 - below / height);
}

void bars_list(FILE *to, const struct bars *bars, int height)
{
    struct arena arena = ARENA_EMPTY;
    uint32_t room = bars->rows * bars->columns, rest = bars->group_count;
    for (uint32_t g = 0; g < room && rest > 0; g++, rest--) {
        uint32_t column = g / bars->rows, row = g % bars->rows;
        const char *text = g + 1 == room && rest > 1
                               ? arena_printf(&arena, "... %u more, in summary.json", rest)
                               : arena_printf(&arena, "%u  %s", g + 1, bars->groups[g].title);
        fprintf(to, "set label %u ", LIST_FIRST + g);
        script_text(to, text);
        fprintf(to, " at screen %.4f, %.4f left\n",
                (double)ROW / bars->width + (double)column / bars->columns,
                (bars->list_pixels - ROW * (row + 0.5)) / height);
    }
    arena_free(&arena);
}
