/* range.h -- ranges of values of a swept parameter; see sweep.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_RANGE_H
#define SIM_INPUT_RANGE_H

#include "sim/input/document.h"

enum range_scale { RANGE_LINEAR, RANGE_LOG };

struct range {
    double from, to;
    enum range_scale scale;
    bool round;
};

/* "from", "to", "scale", "round"; and, where values are wanted, the values of "count" or "step", an
 * array (ownership passes).  values NULL: those two may not be there. */
bool range_read(const struct node *node, struct range *range, cJSON **values, struct error *err);

/* The value at share (0 to 1) of the way, rounded as the range says. */
double range_at(const struct range *range, double share);

#endif
