/* ranks.c -- see ranks.h; main() puts in what there is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/study/ranks.h"

const struct ranks *ranks;
const char *ranks_about = "without Open MPI";
