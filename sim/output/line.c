/* line.c -- see line.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/line.h"

#include <string.h>

#include "sim/input/json.h"
#include "sim/output/results.h"

bool line_has_both(const struct point *a, const struct point *b, const char *pointer)
{
    if ((a->variant != NULL) != (b->variant != NULL) ||
        (a->variant != NULL && strcmp(a->variant, b->variant) != 0))
        return false;
    for (uint32_t i = 0; i < a->sweep_count; i++)
        if (strcmp(a->sweep[i].pointer, pointer) != 0 &&
            strcmp(a->sweep[i].text, b->sweep[i].text) != 0)
            return false;
    return true;
}

void line_put(FILE *to, const struct point *point, const char *pointer)
{
    const char *before = " ";
    fputs("\"variant\": ", to);
    if (point->variant != NULL)
        json_write_string(to, point->variant);
    else
        fputs("null", to);
    fputs(", \"sweep\": {", to);
    for (uint32_t i = 0; i < point->sweep_count; i++) {
        if (strcmp(point->sweep[i].pointer, pointer) == 0)
            continue;
        fputs(before, to);
        json_write_string(to, point->sweep[i].pointer);
        fprintf(to, ": %s", point->sweep[i].text);
        before = ", ";
    }
    fputs(*before == ',' ? " }" : "}", to);
}

const char *line_title(const struct point *point, const char *pointer, struct arena *arena)
{
    const char *title = point->variant != NULL ? point->variant : "";
    for (uint32_t i = 0; i < point->sweep_count; i++)
        if (strcmp(point->sweep[i].pointer, pointer) != 0)
            title = arena_printf(arena, "%s%s%s = %s", title, *title != '\0' ? ", " : "",
                                 results_sweep_title(point, i), point->sweep[i].label);
    return *title != '\0' ? title : "all";
}
