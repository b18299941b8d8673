/* main.c -- the drills without Check, for a machine that is emulated (tests/context/run).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/context/drills.h"

int main(void)
{
    int failed = 0;
    for (int i = 0; i < DRILLS; i++) {
        const char *failure = drills[i].run();
        printf("%s: %s\n", drills[i].name, failure == NULL ? "passed" : failure);
        fflush(stdout);
        failed += failure != NULL;
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
