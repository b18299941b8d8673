/* drills.h -- the tests of the context switch, for whatever runs them: Check, or a bare main().
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_CONTEXT_DRILLS_H
#define TESTS_CONTEXT_DRILLS_H

/* NULL: passed; else what was wrong. */
struct drill {
    const char *name;
    const char *(*run)(void);
};

enum { DRILLS = 8 };
extern const struct drill drills[DRILLS];

#endif
