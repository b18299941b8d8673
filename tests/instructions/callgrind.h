/* callgrind.h -- an observer that makes one callgrind dump of each operation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_INSTRUCTIONS_CALLGRIND_H
#define TESTS_INSTRUCTIONS_CALLGRIND_H

#include <valgrind/callgrind.h>

#include "tests/instructions/operations.h"

enum { COUNT_MEMORY = 1 << 20 };

static void callgrind_begin(void *self, const struct operation *operation)
{
    (void)self, (void)operation;
    CALLGRIND_TOGGLE_COLLECT;
}

static void callgrind_end(void *self, const struct operation *operation)
{
    (void)self;
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(operation->name);
}

static const struct operation_observer callgrind_observer = { callgrind_begin, callgrind_end,
                                                              NULL };

#endif
