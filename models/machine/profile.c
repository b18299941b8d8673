/* profile.c -- see profile.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/profile.h"

#include <math.h>

const struct figure_description figure_descriptions[FIGURE_COUNT] = {
#define X(name, required, fallback, minimum, maximum, values, help)                                \
    { #name, required, fallback, minimum, maximum, FIGURE_VALUES_##values, help },
    PROFILE_FIGURES(X)
#undef X
};

const char *figure_values_wanted(enum figure_values values, double value)
{
    bool whole = value == floor(value), power = value > 0 && exp2(round(log2(value))) == value;
    switch (values) {
    case FIGURE_VALUES_WHOLE:
        return whole ? NULL : "a whole number";
    case FIGURE_VALUES_SWITCH:
        return value == 0 || value == 1 ? NULL : "0 (no) or 1 (yes)";
    case FIGURE_VALUES_POWER:
        return power ? NULL : "a power of two";
    case FIGURE_VALUES_HISTORY:
        return value == 4 || value == 16 || value == 64 ? NULL : "4, 16 or 64";
    default:
        return NULL;
    }
}

void profile_init(struct profile *profile)
{
    *profile = (struct profile){ 0 };
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        profile->figure[i].value = figure_descriptions[i].fallback;
}

double profile_published_share(const struct profile *profile)
{
    unsigned present = 0, published = 0;
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        present += profile->figure[i].kind != FIGURE_ABSENT;
        published += profile->figure[i].kind == FIGURE_PUBLISHED;
    }
    return present == 0 ? 0 : (double)published / present;
}

const char *figure_kind_name(enum figure_kind kind)
{
    static const char *const names[] = { "absent", "published", "measured", "derived", "assumed" };
    return names[kind];
}
