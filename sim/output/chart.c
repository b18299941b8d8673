/* chart.c -- see chart.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/chart.h"

#include <math.h>
#include <string.h>

enum {
    TOP = 84,     /* title and subtitle */
    BETWEEN = 92, /* panels, sideways: the axis of the next */
    ABOVE = 34,   /* a panel: its title */
    BELOW = 66,   /* its axis */
    WIDTH = 640,  /* of one panel */
    HEIGHT = 440,
    SMALL_WIDTH = 330, /* of one of many */
    SMALL_HEIGHT = 240,
    CHARACTER = 10,
    GAP = 20,      /* from label to label */
    NOTE = 17,     /* and so much more for a note */
    REACH = 26,    /* from the panel to its labels */
    SAMPLE = 48,   /* of a line, in a legend: two dashes */
    WIDEST = 1000, /* right margin: longer labels are cut */
    LABELS_MAX = 64
};

static const double LETTER = 8.6; /* how wide one is, in the mean */
static const char grey[] = "#808080";

const char *chart_colour(uint32_t colour)
{
    return colour == CHART_GREY ? grey : script_colours[colour % (SCRIPT_COLOURS - 1)];
}

/* Yellow, the last of the palette, is hard to see on white and left out. */
static uint32_t dashes_of(uint32_t colour)
{
    return colour == CHART_GREY ? 1 : 1 + colour / (SCRIPT_COLOURS - 1);
}

/* Open; the next is the same filled. */
static uint32_t shape_of(uint32_t colour)
{
    return 4 + 2 * (colour % 5);
}

/* ---- Where panels are --------------------------------------------------------------------- */

struct chart_grid chart_grid(uint32_t panels, int left, int right, int least_height)
{
    struct chart_grid grid = { .left = left, .right = right };
    grid.columns = panels <= 1 ? 1 : panels <= 4 ? 2 : panels <= 9 ? 3 : 4;
    grid.rows = (panels + grid.columns - 1) / grid.columns;
    grid.panel_width = panels > 1 ? SMALL_WIDTH : WIDTH;
    grid.panel_height = panels > 1 ? SMALL_HEIGHT : HEIGHT;
    int above = panels > 1 ? ABOVE : 0;
    grid.width = left + (int)grid.columns * (grid.panel_width + BETWEEN) - BETWEEN + right;
    grid.height = TOP + (int)grid.rows * (above + grid.panel_height + BELOW);
    if (grid.height < least_height)
        grid.height = least_height;
    return grid;
}

void chart_begin(FILE *to, const struct chart_grid *grid, const char *title, const char *subtitle)
{
    fprintf(to, "set multiplot\nset label 1 ");
    script_text(to, title);
    fprintf(to, " at screen %.4f, %.4f left font \",17\"\nset label 2 ", 24.0 / grid->width,
            1 - 26.0 / grid->height);
    script_text(to, subtitle);
    fprintf(to, " at screen %.4f, %.4f left textcolor rgb \"#444444\"\n", 24.0 / grid->width,
            1 - 50.0 / grid->height);
}

/* Pixels from the left and from above. */
static int panel_left(const struct chart_grid *grid, uint32_t panel)
{
    return grid->left + (int)(panel % grid->columns) * (grid->panel_width + BETWEEN);
}

static int panel_top(const struct chart_grid *grid, uint32_t panel)
{
    int above = grid->rows * grid->columns > 1 ? ABOVE : 0;
    return TOP + above + (int)(panel / grid->columns) * (above + grid->panel_height + BELOW);
}

void chart_panel_begin(FILE *to, const struct chart_grid *grid, uint32_t panel, const char *title)
{
    int left = panel_left(grid, panel), top = panel_top(grid, panel);
    fprintf(to, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n",
            (double)left / grid->width, (double)(left + grid->panel_width) / grid->width);
    fprintf(to, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
            1 - (double)top / grid->height, 1 - (double)(top + grid->panel_height) / grid->height);
    if (title == NULL)
        return;
    fprintf(to, "set label 3 ");
    script_text(to, title);
    fprintf(to, " at graph 0, 1.07 left font \",14\"\n");
}

void chart_panel_titles(FILE *to, const struct chart_grid *grid, uint32_t panel, uint32_t panels,
                        const char *x_title, const char *y_title)
{
    /* At the edge, as gnuplot would put it on tics that are wide; beside the middle of all panels,
     * unless it would run into the subtitle or out of the picture then. */
    double half = LETTER * (double)strlen(y_title) / 2;
    double middle = (TOP + panel_top(grid, panels - 1) + grid->panel_height) / 2.0;
    middle = fmin(fmax(middle, TOP - 20 + half), grid->height - 4 - half);
    fprintf(to, "set xlabel ");
    script_text(to, panel + grid->columns >= panels ? x_title : "");
    fprintf(to, "\n");
    if (panel > 0)
        return;
    fprintf(to, "set label 4 ");
    script_text(to, y_title);
    fprintf(to, " at screen %.4f, %.4f center rotate\n", 18.0 / grid->width,
            1 - middle / grid->height);
}

/* ---- Labels at the ends of lines ---------------------------------------------------------- */

struct end {
    const struct chart_line *line;
    double x, y;  /* of the last point */
    double pixel; /* from above, where the label's first line is */
};

/* The last point of each line of a single panel that has a name, from the highest down. */
static uint32_t find_ends(const struct chart *chart, struct end *ends)
{
    const struct chart_panel *panel = &chart->panels[0];
    uint32_t count = 0;
    for (uint32_t i = 0; i < panel->line_count && count < LABELS_MAX; i++) {
        const struct chart_line *line = &panel->lines[i];
        uint32_t last = line->count;
        while (last > 0 && isnan(line->rows[last - 1].y))
            last--;
        if (line->name == NULL || last == 0)
            continue;
        double y = fmin(fmax(line->rows[last - 1].y, chart->y_from), chart->y_to); /* to be seen */
        struct end end = { line, line->rows[last - 1].x, y, 0 };
        uint32_t at = count++;
        for (; at > 0 && ends[at - 1].y < end.y; at--)
            ends[at] = ends[at - 1];
        ends[at] = end;
    }
    return count;
}

static int label_height(const struct end *end)
{
    return GAP + (end->line->note != NULL ? NOTE : 0);
}

/* Down from where they should be until each has room, then up from the lower end. */
static void move_apart(const struct chart *chart, struct end *ends, uint32_t count, int height)
{
    double from = chart->y_from, to = chart->y_to, least = 0, most = height + GAP;
    for (uint32_t i = 0; i < count; i++) {
        double share = chart->y_log ? log(ends[i].y / from) / log(to / from)
                                    : (ends[i].y - from) / (to - from);
        ends[i].pixel = fmax(height * (1 - share), least);
        least = ends[i].pixel + label_height(&ends[i]);
    }
    for (uint32_t i = count; i-- > 0;) {
        most -= label_height(&ends[i]);
        ends[i].pixel = fmin(ends[i].pixel, most);
        most = ends[i].pixel;
    }
}

static void put_ends(FILE *to, const struct chart *chart, const struct chart_grid *grid)
{
    struct end ends[LABELS_MAX];
    uint32_t count = find_ends(chart, ends);
    double x = (double)(grid->left + grid->panel_width + REACH) / grid->width;
    move_apart(chart, ends, count, grid->panel_height);
    for (uint32_t i = 0; i < count; i++) {
        const struct chart_line *line = ends[i].line;
        double y = 1 - (panel_top(grid, 0) + ends[i].pixel) / grid->height;
        fprintf(to,
                "set arrow %u from first %.10g, first %.10g to screen %.4f, screen %.4f nohead "
                "linewidth 1 linecolor \"%s\"\n",
                i + 1, ends[i].x, ends[i].y, x, y, chart_colour(line->colour));
        fprintf(to, "set label %u ", 10 + 2 * i);
        script_text(to, line->name);
        fprintf(to, " at screen %.4f, screen %.4f left\n", x + 5.0 / grid->width, y);
        if (line->note == NULL)
            continue;
        fprintf(to, "set label %u ", 11 + 2 * i);
        script_text(to, line->note);
        fprintf(to, " at screen %.4f, screen %.4f left font \",11\" textcolor rgb \"#444444\"\n",
                x + 5.0 / grid->width, y - (double)NOTE / grid->height);
    }
}

/* ---- A legend ----------------------------------------------------------------------------- */

/* The lines that have a name, each name once, of all panels. */
static uint32_t find_names(const struct chart *chart, const struct chart_line **names)
{
    uint32_t count = 0;
    for (uint32_t p = 0; p < chart->panel_count; p++)
        for (uint32_t i = 0; i < chart->panels[p].line_count; i++) {
            const struct chart_line *line = &chart->panels[p].lines[i];
            bool is_new = line->name != NULL;
            for (uint32_t k = 0; is_new && k < count; k++)
                is_new = strcmp(names[k]->name, line->name) != 0;
            if (is_new && names != NULL)
                names[count] = line;
            count += is_new;
        }
    return count;
}

static void put_legend(FILE *to, const struct chart *chart, const struct chart_grid *grid,
                       const struct chart_line *const *names, uint32_t count)
{
    double left = grid->width - grid->right + 30;
    for (uint32_t i = 0; i < count; i++) {
        double y = 1 - (TOP + 6.0 + GAP * i) / grid->height;
        fprintf(to,
                "set arrow %u from screen %.4f, %.4f to screen %.4f, %.4f nohead linewidth 2 "
                "dashtype %u linecolor \"%s\"\n",
                i + 1, left / grid->width, y, (left + SAMPLE) / grid->width, y,
                dashes_of(names[i]->colour), chart_colour(names[i]->colour));
        fprintf(to, "set label %u ", 10 + i);
        script_text(to, names[i]->name);
        fprintf(to, " at screen %.4f, %.4f left\n", (left + SAMPLE + 8) / grid->width, y);
    }
    (void)chart;
}

/* ---- Panels ------------------------------------------------------------------------------- */

static void put_value(FILE *to, double value, char end)
{
    if (isnan(value))
        fprintf(to, "NaN%c", end);
    else
        fprintf(to, "%.10g%c", value, end);
}

static void put_data(FILE *to, const struct chart_panel *panel, uint32_t index)
{
    for (uint32_t i = 0; i < panel->line_count; i++) {
        const struct chart_line *line = &panel->lines[i];
        fprintf(to, "$p%u_%u << EOD\n", index, i);
        for (uint32_t r = 0; r < line->count; r++) {
            put_value(to, line->rows[r].x, ' ');
            put_value(to, line->rows[r].y, ' ');
            put_value(to, line->rows[r].low, ' ');
            put_value(to, line->rows[r].high, '\n');
        }
        fprintf(to, "EOD\n");
    }
}

static void put_style(FILE *to, const struct chart_line *line)
{
    static const char *const styles[] = {
        [CHART_BAND] = "using 1:2 with linespoints",
        [CHART_POINTS] = "using 1:2:3:4 with yerrorbars",
        [CHART_PLAIN] = "using 1:2 with lines",
        [CHART_DASHED] = "using 1:2 with lines",
        [CHART_STEPS] = "using 1:2 with steps",
    };
    fprintf(to, "%s linewidth %s dashtype %u linecolor \"%s\"", styles[line->kind],
            line->colour == CHART_GREY || line->kind == CHART_DASHED ? "1.2" : "2",
            line->kind == CHART_DASHED ? 2 : dashes_of(line->colour), chart_colour(line->colour));
    if (line->kind == CHART_BAND || line->kind == CHART_POINTS)
        fprintf(to, " pointtype %u pointsize %s",
                shape_of(line->colour) + (line->kind == CHART_BAND),
                line->kind == CHART_BAND ? "0.8" : "1.1");
}

/* Has the line something that the axes can show?  On a logarithmic axis 0 is nothing. */
static bool shows(const struct chart *chart, const struct chart_line *line)
{
    for (uint32_t r = 0; r < line->count; r++)
        if (!isnan(line->rows[r].y) && (line->rows[r].y > 0 || !chart->y_log))
            return true;
    return false;
}

static bool panel_shows(const struct chart *chart, const struct chart_panel *panel)
{
    for (uint32_t i = 0; i < panel->line_count; i++)
        if (shows(chart, &panel->lines[i]))
            return true;
    return false;
}

static void put_panel(FILE *to, const struct chart *chart, uint32_t index, bool text)
{
    const struct chart_panel *panel = &chart->panels[index];
    const char *before = "plot ";
    put_data(to, panel, index);
    if (!panel_shows(chart, panel)) {
        fprintf(to,
                "set label 9 \"%s\" at graph 0.5, graph 0.5 center\n"
                "plot %.10g with dots linecolor \"white\" notitle\nunset label 9\n",
                chart->y_log ? "nothing above 0" : "undefined", chart->y_log ? chart->y_to : 1);
        return;
    }
    for (uint32_t i = 0; !text && i < panel->line_count; i++) {
        if (panel->lines[i].kind != CHART_BAND || !shows(chart, &panel->lines[i]))
            continue;
        fprintf(to,
                "%s$p%u_%u using 1:3:4 with filledcurves fillstyle transparent solid 0.2 noborder "
                "linecolor \"%s\" notitle",
                before, index, i, chart_colour(panel->lines[i].colour));
        before = ", \\\n     ";
    }
    for (uint32_t i = 0; i < panel->line_count; i++) {
        if (!shows(chart, &panel->lines[i]))
            continue; /* gnuplot would warn of it */
        fprintf(to, "%s$p%u_%u ", before, index, i);
        put_style(to, &panel->lines[i]);
        if (text && panel->lines[i].name != NULL) {
            fprintf(to, " title ");
            script_text(to, panel->lines[i].name);
        } else {
            fprintf(to, " notitle");
        }
        before = ", \\\n     ";
    }
    fprintf(to, "\n");
}

/* One below the other; a key says which is which. */
static void put_text(FILE *to, const struct plotting *plotting, const char *name,
                     const struct chart *chart)
{
    struct arena arena = ARENA_EMPTY;
    script_heading(to, plotting, name, 0, 0);
    fprintf(to, "%s", chart->axes);
    for (uint32_t p = 0; p < chart->panel_count; p++) {
        const char *title = chart->panels[p].title;
        fprintf(to, "set title ");
        script_text(to, title == NULL ? chart->title
                                      : arena_printf(&arena, "%s: %s", chart->title, title));
        fprintf(to, ".\"\\n\".");
        script_text(to, chart->subtitle);
        fprintf(to, "\nset xlabel ");
        script_text(to, chart->x_title);
        fprintf(to, "\n");
        put_panel(to, chart, p, true);
    }
    arena_free(&arena);
}

/* Numbers of 100 000 and more are wide. */
static int left_of(const struct chart *chart)
{
    return chart->y_to >= 1e6 ? 165 : chart->y_to >= 1e5 || chart->wide_y ? 135 : 110;
}

static int right_of(const struct chart_line *const *names, uint32_t count, bool direct)
{
    size_t longest = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t length = CHARACTER * strlen(names[i]->name);
        size_t note = names[i]->note != NULL ? CHARACTER * strlen(names[i]->note) : 0;
        longest = length > longest ? length : longest;
        longest = direct && note > longest ? note : longest;
    }
    int right = (direct ? REACH + 24 : SAMPLE + 58) + (int)longest;
    return count == 0 ? 40 : right > WIDEST ? WIDEST : right;
}

/* Whether labels have room beside a single panel. */
static bool fit_beside(const struct chart *chart, const struct chart_line *const *names,
                       uint32_t count)
{
    int height = 0;
    for (uint32_t i = 0; i < count; i++)
        height += GAP + (names[i]->note != NULL ? NOTE : 0);
    return chart->panel_count == 1 && count <= LABELS_MAX && height <= HEIGHT;
}

void chart_put(FILE *to, const struct plotting *plotting, const char *name,
               const struct chart *chart)
{
    struct arena arena = ARENA_EMPTY;
    size_t lines = 0;
    if (script_is_text(plotting)) {
        put_text(to, plotting, name, chart);
        return;
    }
    for (uint32_t p = 0; p < chart->panel_count; p++)
        lines += chart->panels[p].line_count;
    const struct chart_line **names = arena_alloc(&arena, lines, sizeof *names);
    uint32_t count = find_names(chart, names);
    bool alone = count == 1 && names[0]->note == NULL && chart->panel_count == 1;
    bool direct = fit_beside(chart, names, count);
    struct chart_grid grid =
        chart_grid(chart->panel_count, left_of(chart), right_of(names, alone ? 0 : count, direct),
                   direct ? 0 : TOP + GAP * ((int)count + 1));
    script_heading(to, plotting, name, grid.width, grid.height);
    fprintf(to, "%sunset key\nset errorbars small\n", chart->axes);
    chart_begin(to, &grid, chart->title, chart->subtitle);
    if (direct && !alone)
        put_ends(to, chart, &grid);
    else if (!direct)
        put_legend(to, chart, &grid, names, count);
    for (uint32_t p = 0; p < chart->panel_count; p++) {
        chart_panel_begin(to, &grid, p, chart->panels[p].title);
        chart_panel_titles(to, &grid, p, chart->panel_count, chart->x_title, chart->y_title);
        put_panel(to, chart, p, false);
        if (p == 0)
            fprintf(to, "unset label 1\nunset label 2\nunset label 4\nunset arrow\n");
        for (uint32_t i = 0; p == 0 && !direct && i < count; i++)
            fprintf(to, "unset label %u\n", 10 + i);
    }
    fprintf(to, "unset multiplot\n");
    arena_free(&arena);
}
