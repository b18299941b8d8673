/* file.h -- one file that appears whole or not at all: written beside, synced, renamed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_FILE_H
#define SIM_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/base/error.h"

/* May a file be put there, and is what is there a plain file, if anything?  Changes nothing. */
bool file_check(const char *path, struct error *err);

/* fill writes a new file, which is on the disk then.  On failure *reason is the errno, and what
 * there is of the file is the caller's to remove. */
bool file_fill(const char *path, void (*fill)(FILE *to, const void *context), const void *context,
               int *reason);

/* fill writes it; folders on the way are made.  What was there is replaced; on failure it stays as
 * it was. */
bool file_write(const char *path, void (*fill)(FILE *to, const void *context), const void *context,
                struct error *err);

/* A cell of CSV (RFC 4180): quotes around what needs them, doubled inside. */
void file_put_cell(FILE *to, const char *text);

#endif
