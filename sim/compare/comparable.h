/* comparable.h -- may two records be compared, and what of their schedulers differs?
 *
 * What is compared is the scheduler: the section "scheduler" and the files may differ.  Workload,
 * machine, CPU profiles, cost source, warm-up and duration must not.  What only says how much was
 * run (seed, replications, what is swept and expected) may differ too: points are matched one by
 * one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMPARE_COMPARABLE_H
#define SIM_COMPARE_COMPARABLE_H

#include "sim/compare/record.h"

enum { COMPARABLE_NOTES = 8 };

struct comparable_notes {
    uint32_t count; /* of differences; of more than COMPARABLE_NOTES the first are kept */
    const char *note[COMPARABLE_NOTES]; /* "/scheduler/policy: "rr", then "fair"" */
};

/* Whether point a of one record has the workload, machine and cost source of point b of the other.
 * Refuses with the JSON pointer that differs and both values.  What differs of the scheduler
 * becomes a note, once. */
bool comparable_points(const struct record *a, const struct record_point *point_a,
                       const struct record *b, const struct record_point *point_b,
                       struct comparable_notes *notes, struct arena *arena, struct error *err);

/* Whether all CPU profiles that both have by name are the same. */
bool comparable_profiles(const struct record *a, const struct record *b, struct arena *arena,
                         struct error *err);

#endif
