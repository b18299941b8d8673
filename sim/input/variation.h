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

#include "sim/input/sweep.h"

enum { VARIANTS_MAX = 1000 };

/* Is this a key of the whole scenario?  Its points share it, or are made from it. */
bool variation_is_shared(const char *key);

/* Is this pointer the other one, or does it lead into what that one names? */
bool variation_leads_into(const char *pointer, const char *other);

/* root is the merged scenario, sweep what was read of it. */
bool variation_check(const struct node *root, const struct sweep *sweep, struct error *err);

#endif
