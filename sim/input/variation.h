/* variation.h -- may "variants" and "sweep" of a scenario be so?
 *
 * What they change must be able to differ between points, and must not be overwritten by what is
 * merged later: command line, variant, sweep is the order.  A value without effect is refused, for
 * whoever wrote it expects one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_VARIATION_H
#define SIM_INPUT_VARIATION_H

#include "sim/input/document.h"

/* Where each is found again by its name or number, in a time that grows as the square. */
enum { POINTS_MAX = 100000, VARIANTS_MAX = 1000, VALUES_MAX = 10000 };

/* root is the merged scenario; *combinations is how many the sweep makes, 1 without one. */
bool variation_check(const struct node *root, uint64_t *combinations, struct error *err);

#endif
