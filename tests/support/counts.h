/* counts.h -- all processes counted anew, against what the tori count and a test's own record.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_SUPPORT_COUNTS_H
#define TESTS_SUPPORT_COUNTS_H

#include "tests/support/tori.h"

/* Every process is in at most one inbox, or counted by its torus; who runs is on one core, and on
 * none that is away; and the heart beats where a core is. */
void counts_check(const struct tori *tori, uint32_t processes);

enum record { GONE, READY, RUNNING, BLOCKED };

/* And every process does what the record says; core_of, of one that runs, is its torus times the
 * cores per torus + its slot. */
void counts_check_record(const struct tori *tori, uint32_t processes, const enum record record[],
                         const uint32_t core_of[]);

#endif
