/* event_file.h -- reads a scenario's "events": tori that stop and return, projections that fail.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_EVENT_FILE_H
#define SIM_INPUT_EVENT_FILE_H

#include "sim/input/document.h"
#include "sim/input/scenario.h"

/* The array, in order of time afterwards; tori and cores of the scenario are known. */
bool events_read(const struct node *node, struct scenario *scenario, struct error *err);

#endif
