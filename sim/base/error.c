/* error.c -- see error.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

bool error_set(struct error *err, const char *place, const char *format, ...)
{
    if (err == NULL)
        return false;

    va_list args;
    va_start(args, format);
    (void)snprintf(err->place, sizeof err->place, "%s", place);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return false;
}
