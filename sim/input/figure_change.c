/* figure_change.c -- see figure_change.h.  tests/unit/sensitivity.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/figure_change.h"

#include <math.h>

#include "sim/input/profile_file.h"

const char *const figure_way_names[FIGURE_WAYS] = { "halved", "doubled", "flipped" };

bool figure_change_is(const struct figure_change *change, double value)
{
    if (figure_descriptions[change->figure].values == FIGURE_VALUES_SWITCH)
        return change->way == FIGURE_FLIPPED;
    return change->way != FIGURE_FLIPPED && value > 0;
}

double figure_changed(const struct figure_change *change, double value, double *wanted)
{
    const struct figure_description *description = &figure_descriptions[change->figure];
    if (change->way == FIGURE_FLIPPED)
        return *wanted = 1 - value;
    double factor = description->values == FIGURE_VALUES_HISTORY ? 4 : 2;
    *wanted = change->way == FIGURE_HALVED ? value / factor : value * factor;
    double given = fmin(fmax(*wanted, description->minimum), description->maximum);
    if (description->values == FIGURE_VALUES_WHOLE)
        given = fmax(1, nearbyint(given));
    return given;
}

bool figure_change_apply(const struct figure_change *change, const struct profile **profile,
                         struct arena *arena, struct error *err)
{
    const struct figure *figure = &(*profile)->figure[change->figure];
    const char *name = figure_descriptions[change->figure].name;
    double wanted;
    if (figure->kind != FIGURE_ASSUMED || !figure_change_is(change, figure->value))
        return true;
    double value = figure_changed(change, figure->value, &wanted);
    struct profile *changed = arena_alloc(arena, 1, sizeof *changed);
    *changed = **profile;
    *profile = changed;
    cJSON *figures = cJSON_CreateObject();
    cJSON_AddNumberToObject(figures, name, value);
    struct layer layer = { .value = figures, .at = "", .prefix = "" };
    struct document document = {
        .root = figures, .layers = &layer, .layer_count = 1, .arena = arena
    };
    struct node node = document_node(&document);
    bool fine = profile_override(changed, &node, err);
    cJSON_Delete(figures);
    return fine;
}
