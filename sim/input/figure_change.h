/* figure_change.h -- an assumed figure of a CPU profile, halved, doubled, or turned over.
 *
 * What is assumed may be wrong by a factor of two, or the other way round where it says yes or no.
 * A changed figure obeys what all figures do: it stays within its range, a count stays whole and at
 * least 1, a history goes to the next one that the model knows.  A figure of 0 says that there is
 * no such thing, and is not changed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_FIGURE_CHANGE_H
#define SIM_INPUT_FIGURE_CHANGE_H

#include "models/machine/profile.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"

enum figure_way { FIGURE_HALVED, FIGURE_DOUBLED, FIGURE_FLIPPED, FIGURE_WAYS };

extern const char *const figure_way_names[FIGURE_WAYS]; /* "halved", "doubled", "flipped" */

struct figure_change {
    enum profile_figure figure;
    enum figure_way way;
};

/* Is there such a change of a figure with that value? */
bool figure_change_is(const struct figure_change *change, double value);

/* What the value becomes, and *wanted what half or twice of it is. */
double figure_changed(const struct figure_change *change, double value, double *wanted);

/* Where the profile has the figure as assumed, and other than 0 unless it is flipped: *profile is
 * replaced by a copy with it changed.  False when what comes out contradicts other figures. */
bool figure_change_apply(const struct figure_change *change, const struct profile **profile,
                         struct arena *arena, struct error *err);

#endif
