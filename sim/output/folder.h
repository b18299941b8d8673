/* folder.h -- a results directory that appears whole or not at all.
 *
 * Files are written into a temporary folder beside it and synced; the last step renames that
 * folder into place.  Whatever fails before, a full disk included, leaves what was there before
 * untouched, and nothing of the new.
 *
 * A directory is replaced only if it is empty, or ours (its manifest.json says so, or the journal
 * of an interrupted study) and holds nothing but results and plots.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_OUTPUT_FOLDER_H
#define SIM_OUTPUT_FOLDER_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/base/error.h"

enum { FOLDER_PATH_MAX = 4096 };

struct folder {
    char final[FOLDER_PATH_MAX];
    char temporary[FOLDER_PATH_MAX + 64];
};

/* May results be put there?  Changes nothing. */
bool folder_check(const char *path, struct error *err);

/* Are whole results there, to be read?  Refuses only a shard, and what was interrupted: whatever
 * else is amiss shows when it is read. */
bool folder_is_whole(const char *path, struct error *err);

bool folder_begin(struct folder *folder, const char *path, struct error *err);

/* fill writes the file. */
bool folder_write(const struct folder *folder, const char *name,
                  void (*fill)(FILE *to, const void *context), const void *context,
                  struct error *err);

/* Puts it into place; on failure it is gone. */
bool folder_commit(struct folder *folder, struct error *err);

/* Removes what was written so far. */
void folder_abandon(struct folder *folder);

/* Makes the folder, and those on the way; *levels is how many were not there. */
bool folder_make(const char *path, int *levels, struct error *err);

/* Removes the last levels of path, as far as they are empty. */
void folder_unmake(const char *path, int levels);

/* Removes what processes that were killed while writing to path have left beside it.  Nobody else
 * may be writing there. */
void folder_sweep(const char *path);

#endif
