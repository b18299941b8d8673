/* finding.h -- what a study has shown of a claim, setting by setting.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CLAIMS_FINDING_H
#define SIM_CLAIMS_FINDING_H

#include "sim/claims/claim.h"
#include "sim/output/results.h"

enum { CLAIM_AXES = 4 };

/* What differs between settings. */
struct claim_axis {
    const char *title; /* "slice_us" */
    uint32_t count;
    const char **labels; /* [count] */
    double *numbers;     /* [count]; NaN: no number */
};

struct claim_value {
    struct interval interval; /* n is 0 where there are no such variants */
    const char *best;         /* of a figure of the best of several: which that is; else NULL */
    const char *variant, *other;
};

struct claim_setting {
    uint32_t at[CLAIM_AXES]; /* index of the value on each axis */
    struct claim_value figure;
    bool measured;  /* else the figure is not defined there, and it counts nowhere */
    bool holds;     /* the interval's far end is within the bound */
    bool straddles; /* it does not hold, but the mean would */
    struct claim_value besides[CLAIM_BESIDES];
};

struct finding {
    uint32_t axis_count;
    struct claim_axis axes[CLAIM_AXES];
    uint32_t setting_count;
    struct claim_setting *settings;
};

/* Everything is in arena, and refers to nothing of the results. */
void finding_make(struct finding *finding, const struct claim *claim, const struct results *results,
                  struct arena *arena);

/* Is the figure of any setting made of this variant? */
bool finding_needs(const struct finding *finding, const char *variant);

/* "slice_us 1000, 10-run+990-sleep" */
const char *finding_title(const struct finding *finding, const struct claim_setting *setting,
                          struct arena *arena);

#endif
