/* progress.h -- a progress bar on a terminal; silence otherwise.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_PROGRESS_H
#define SIM_OUTPUT_PROGRESS_H

#include <stdint.h>

/* done of total runs are finished.  Draws on standard error; clears the bar when all are. */
void progress_show(void *context, uint32_t done, uint32_t total);

#endif
