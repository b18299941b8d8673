/* error.h -- why an input was refused.
 *
 * Rules
 *   - A function that can refuse its input takes struct error *err last and
 *     returns bool (true: done) or a pointer (NULL: refused).
 *   - It writes *err only when it refuses, and never reads it; err may be NULL.
 *   - Detecting is the callee's job, reporting main()'s: nobody else prints.
 *   - A programmer's mistake is not an error: CHECK() stops the program.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_BASE_ERROR_H
#define SIM_BASE_ERROR_H

#include <stdbool.h>

struct error {
    char place[512];   /* "FILE:LINE:COL: /json/pointer", "FILE", "--set /seed" or "" */
    char message[512]; /* what is wrong, what would be right; one line, no full stop */
};

/* Fills *err and returns false, so that callers can write
 *     return error_set(err, place, "must be at least %d, is %d", min, value);
 * Texts too long for the buffers are cut. */
__attribute__((format(printf, 3, 4))) bool error_set(struct error *err, const char *place,
                                                     const char *format, ...);

#endif
