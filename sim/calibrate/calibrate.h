/* calibrate.h -- measures this host and fills a profile: `braidsim calibrate`.
 *
 * What each figure is measured by: docs/MODEL.md, "Calibration".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_CALIBRATE_H
#define SIM_CALIBRATE_CALIBRATE_H

#include "sim/calibrate/calibration.h"

/* Fills profile (its name excepted), in about so many seconds; notes say what could not be
 * measured.  Every required figure is there afterwards.  The caller's affinity is as before.
 * progress is called between the parts, and may take any time; may be NULL. */
void calibrate_host(struct calibration *calibration, struct profile *profile, double seconds,
                    void (*progress)(const char *what, double share_done), struct arena *arena);

#endif
