/* gnuplot.h -- runs gnuplot.
 *
 * Script and picture pass through pipes, so that no full disk leaves half of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_GNUPLOT_H
#define SIM_OUTPUT_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"

/* What the script, which sets no output, draws; name is for messages. */
bool gnuplot_draw(const char *script, const char *name, const char **picture, size_t *size,
                  struct arena *arena, struct error *err);

#endif
