/* check.c -- see check.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/check.h"

#include <stdio.h>
#include <unistd.h>

void (*check_failing)(void);

void check_failed(const char *file, int line, const char *condition)
{
    void (*failing)(void) = check_failing;
    check_failing = NULL;
    if (failing != NULL)
        failing();
    fprintf(stderr, "braidsim: bug: %s:%d: %s does not hold\n", file, line, condition);
    fflush(NULL);
    _exit(EXIT_BUG); /* nothing more is to run: what it relies on does not hold */
}
