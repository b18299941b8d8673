/* placements.c -- the list of placements.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

#include <stddef.h>

#define PLACEMENT_ADDRESS(name) &placement_##name,

const struct placement *const placement_list[] = { PLACEMENT_LIST(PLACEMENT_ADDRESS) NULL };
