/* profile.c -- see profile.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/profile.h"

const struct figure_description figure_descriptions[FIGURE_COUNT] = {
#define X(name, required, fallback, minimum, maximum, help)                                        \
    { #name, required, fallback, minimum, maximum, help },
    PROFILE_FIGURES(X)
#undef X
};

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
