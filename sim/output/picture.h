/* picture.h -- a script for gnuplot and the picture that it draws, side by side.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_PICTURE_H
#define SIM_OUTPUT_PICTURE_H

#include "sim/output/script.h"

/* Writes the script of plotting as it is; context is the caller's. */
typedef void picture_script(FILE *to, const struct plotting *plotting, const void *context);

/* The script as text, in plotting's arena. */
const char *picture_text(struct plotting *plotting, picture_script *script, const void *context);

/* Writes STEM.gp, which anybody can run again, and STEM.svg, or what the format is. */
bool picture_write(struct plotting *plotting, const char *stem, picture_script *script,
                   const void *context, struct error *err);

#endif
