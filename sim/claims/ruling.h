/* ruling.h -- from settings to a verdict, and to the conditions that it states.
 *
 * Rule: holds where every setting that has the figure holds; fails where none does; else it holds
 * under conditions, which are those settings.  tests/unit/claims.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CLAIMS_RULING_H
#define SIM_CLAIMS_RULING_H

#include "sim/claims/finding.h"

enum ruling { RULING_NONE, RULING_HOLDS, RULING_CONDITIONS, RULING_FAILS };

const char *ruling_name(enum ruling ruling); /* "not measured", "holds", ... */

/* Of so many that hold, of so many that were measured. */
enum ruling ruling_of(uint32_t holding, uint32_t measured);

struct finding_counts {
    uint32_t measured, holding, straddling;
};

struct finding_counts finding_count(const struct finding *finding);

enum ruling finding_ruling(const struct finding *finding);

/* Of two findings about the same claim on the same machine: is every setting judged alike? */
bool finding_agrees(const struct finding *finding, const struct finding *other);

/* The setting whose figure is farthest on the wrong side; if none holds, the one that comes
 * nearest.  NULL: none was measured. */
const struct claim_setting *finding_shown(const struct finding *finding, const struct claim *claim);

/* "where slice_us >= 10000": by one axis if that says it, else the settings one by one, those that
 * hold or those that do not, whichever are fewer.  "" if it holds, or fails, everywhere. */
const char *finding_conditions(const struct finding *finding, struct arena *arena);

#endif
