/* journal.h -- the file that keeps the runs of a study as they finish.
 *
 * A header, which says which study it is, and one record per run, appended by one write() each: a
 * process that is killed leaves at most one torn record, the last, and loses no run that it had
 * been told of.  Every record has its length and a checksum (CRC-32); what comes after the first
 * that is wrong is dropped.  Nothing is synced: a machine that loses power may lose runs, not mix
 * them up.  The writer holds a lock on the file.  tests/unit/journal.c
 *
 * Header: "braidsim journal 1\n", then a record whose content is the study's identity, as text.
 * Record: uint32_t length and CRC-32 of the content; content: struct run_order, then the bytes of
 * result_pack().  Byte order and layout are the machine's; the identity tells them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_JOURNAL_H
#define SIM_STUDY_JOURNAL_H

#include <stddef.h>

#include "sim/base/error.h"
#include "sim/host/result.h"

#define JOURNAL_NAME       "runs.journal"  /* of a study that is under way */
#define JOURNAL_SHARD_NAME "shard.journal" /* of a shard that is finished */

struct journal {
    int file;
    uint64_t end;         /* of what is whole */
    uint64_t torn;        /* bytes that were dropped behind it */
    const char *identity; /* NULL: there is no whole header */
    const char *path;
};

/* Is there one at path? */
bool journal_exists(const char *path);

/* A new one; one that is there is emptied.  identity NULL: it is a temporary file that nobody sees.
 * Texts and paths live in arena. */
bool journal_create(struct journal *journal, const char *path, const char *identity,
                    struct arena *arena, struct error *err);

/* To read, and to write unless only_read.  False when it is no journal, cannot be read, or another
 * process writes to it. */
bool journal_open(struct journal *journal, const char *path, bool only_read, struct arena *arena,
                  struct error *err);

/* Calls each for every run, in order, with its place for journal_load(); what is behind the last
 * whole record is dropped. */
void journal_each(struct journal *journal,
                  void (*each)(void *context, const struct run_order *order,
                               const struct run_result *result, uint64_t where),
                  void *context);

/* Appends a run; bytes as of result_pack().  On failure the journal is as before. */
bool journal_append(struct journal *journal, const struct run_order *order, const void *bytes,
                    size_t size, uint64_t *where, struct error *err);

/* The run at a place; its arrays are put into arena. */
void journal_load(const struct journal *journal, uint64_t where, struct run_result *result,
                  struct arena *arena);

void journal_close(struct journal *journal);

#endif
