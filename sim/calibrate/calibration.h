/* calibration.h -- the profile of this host in the making.
 *
 * Each part of the measurement (caches, memory, core, threads, kernel, scheduler) writes figures
 * into it, each with how it was found; what could not be measured is a note, for the user.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_CALIBRATION_H
#define SIM_CALIBRATE_CALIBRATION_H

#include <gsl/gsl_rng.h>

#include "models/machine/profile.h"
#include "sim/base/arena.h"
#include "sim/calibrate/system.h"
#include "sim/calibrate/timing.h"

enum { CALIBRATION_NOTES_MAX = FIGURE_COUNT + 16 };

struct calibration {
    struct profile *profile;
    struct arena *arena; /* of sources and notes */
    struct system system;
    gsl_rng *rng;
    double seconds; /* for everything */
    double cycles_per_ns;
    const char *notes[CALIBRATION_NOTES_MAX];
    uint32_t note_count;
    bool can_pin;     /* threads may be bound to CPUs */
    bool provisional; /* a later pass writes the same figures anew: nothing is noted */
    void (*progress)(const char *what, double share_done);
};

/* A figure measured here.  how is completed by the spread, unless that is 0: not known.  Of a time
 * or a rate that is measured again the better value stays, as others can only slow this host down;
 * of what else is measured again, the later.  A measurement of no count, or outside the figure's
 * limits, is refused: false, and a note says so. */
__attribute__((format(printf, 4, 5))) bool calibration_measured(struct calibration *calibration,
                                                                enum profile_figure figure,
                                                                struct measurement measurement,
                                                                const char *how, ...);

/* A figure computed from others, or taken from what the kernel says. */
__attribute__((format(printf, 4, 5))) void calibration_derived(struct calibration *calibration,
                                                               enum profile_figure figure,
                                                               double value, const char *how, ...);

/* A figure that could not be measured in any pass, and why; noted for the user too. */
__attribute__((format(printf, 4, 5))) void calibration_assumed(struct calibration *calibration,
                                                               enum profile_figure figure,
                                                               double value, const char *why, ...);

/* Where figures contradict one another, since something else went on at one of the times: the one
 * becomes what fits the other, or is taken out where nothing does.  Noted. */
void calibration_settle(struct calibration *calibration);

__attribute__((format(printf, 2, 3))) void calibration_note(struct calibration *calibration,
                                                            const char *format, ...);

static inline double calibration_value(const struct calibration *calibration,
                                       enum profile_figure figure)
{
    return calibration->profile->figure[figure].value;
}

static inline bool calibration_has(const struct calibration *calibration,
                                   enum profile_figure figure)
{
    return calibration->profile->figure[figure].kind != FIGURE_ABSENT;
}

/* In cycles of this host. */
static inline struct measurement calibration_cycles(const struct calibration *calibration,
                                                    struct measurement ns)
{
    ns.value *= calibration->cycles_per_ns;
    return ns;
}

#endif
