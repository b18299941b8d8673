/* journal.c -- see journal.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/study/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "sim/base/check.h"
#include "sim/host/result_io.h"

static const char magic[] = "braidsim journal 1\n";
enum { MAGIC_BYTES = sizeof magic - 1 };

struct record {
    uint32_t length, checksum; /* of the content behind it */
};

static uint32_t checksum_of(const void *bytes, size_t size, uint32_t before)
{
    return (uint32_t)crc32_z(before, bytes, size);
}

bool journal_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* ---- Reading ------------------------------------------------------------------------------ */

static bool read_all(int file, void *bytes, size_t size, uint64_t at)
{
    char *to = bytes;
    while (size > 0) {
        ssize_t got = pread(file, to, size, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        at += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

/* The content of the record at a place, to free(); NULL when it is not whole. */
static char *read_record(int file, uint64_t at, size_t *length)
{
    struct record record;
    struct stat status;
    if (!read_all(file, &record, sizeof record, at) || fstat(file, &status) != 0 ||
        at + sizeof record + record.length > (uint64_t)status.st_size)
        return NULL;
    char *content = malloc((size_t)record.length + 1);
    CHECK(content != NULL);
    *length = record.length;
    content[*length] = '\0';
    if (read_all(file, content, *length, at + sizeof record) &&
        checksum_of(content, *length, 0) == record.checksum)
        return content;
    free(content);
    return NULL;
}

static bool unpack(struct run_order *order, struct run_result *result, const char *content,
                   size_t length, struct arena *arena)
{
    if (length < sizeof *order)
        return false;
    memcpy(order, content, sizeof *order);
    return result_unpack(result, content + sizeof *order, length - sizeof *order, arena);
}

void journal_each(struct journal *journal,
                  void (*each)(void *context, const struct run_order *order,
                               const struct run_result *result, uint64_t where),
                  void *context)
{
    struct stat status;
    char *content;
    size_t length;
    CHECK(fstat(journal->file, &status) == 0);
    while ((content = read_record(journal->file, journal->end, &length)) != NULL) {
        struct arena arena = ARENA_EMPTY;
        struct run_order order;
        struct run_result result;
        bool fine = unpack(&order, &result, content, length, &arena);
        if (fine)
            each(context, &order, &result, journal->end);
        arena_free(&arena);
        free(content);
        if (!fine)
            break;
        journal->end += sizeof(struct record) + length;
    }
    journal->torn = (uint64_t)status.st_size - journal->end;
}

void journal_load(const struct journal *journal, uint64_t where, struct run_result *result,
                  struct arena *arena)
{
    struct run_order order;
    size_t length;
    char *content = read_record(journal->file, where, &length);
    CHECK(content != NULL && unpack(&order, result, content, length, arena));
    free(content);
}

/* ---- Writing ------------------------------------------------------------------------------ */

/* One record by one write; what went before stays whole if it fails. */
static bool append(struct journal *journal, struct iovec *parts, int count, struct error *err)
{
    struct record record = { 0, 0 };
    size_t size = 0;
    for (int i = 1; i < count; i++) {
        record.checksum = checksum_of(parts[i].iov_base, parts[i].iov_len, record.checksum);
        size += parts[i].iov_len;
    }
    CHECK(size < UINT32_MAX);
    record.length = (uint32_t)size;
    parts[0] = (struct iovec){ &record, sizeof record };
    ssize_t written = pwritev(journal->file, parts, count, (off_t)journal->end);
    if (written == (ssize_t)(sizeof record + size)) {
        journal->end += sizeof record + size;
        return true;
    }
    int reason = written < 0 ? errno : ENOSPC;
    CHECK(ftruncate(journal->file, (off_t)journal->end) == 0);
    return error_set(err, journal->path,
                     "cannot be written: %s; make room, and --resume goes on from here",
                     strerror(reason));
}

bool journal_append(struct journal *journal, const struct run_order *order, const void *bytes,
                    size_t size, uint64_t *where, struct error *err)
{
    struct run_order plain;
    memset(&plain, 0, sizeof plain); /* padding too */
    plain.point = order->point;
    plain.replication = order->replication;
    plain.warmup_ps = order->warmup_ps;
    plain.pilot = order->pilot;
    void *content = (void *)(uintptr_t)bytes; /* writev() changes nothing */
    struct iovec parts[] = { { NULL, 0 }, { &plain, sizeof plain }, { content, size } };
    if (journal->torn > 0)
        CHECK(ftruncate(journal->file, (off_t)journal->end) == 0);
    journal->torn = 0;
    *where = journal->end;
    return append(journal, parts, sizeof parts / sizeof parts[0], err);
}

/* ---- Opening ------------------------------------------------------------------------------ */

/* A lock that a child does not inherit, and that goes with the process. */
static bool lock(const struct journal *journal, struct error *err)
{
    struct flock wanted = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(journal->file, F_SETLK, &wanted) == 0 || (errno != EACCES && errno != EAGAIN))
        return true; /* or a file system without locks */
    if (fcntl(journal->file, F_GETLK, &wanted) != 0 || wanted.l_type == F_UNLCK)
        return true;
    return error_set(err, journal->path, "another braidsim (process %ld) is at work there",
                     (long)wanted.l_pid);
}

static bool read_header(struct journal *journal, struct arena *arena, struct error *err)
{
    char begin[MAGIC_BYTES] = "";
    size_t length;
    char *identity = NULL;
    struct stat status;
    bool whole = read_all(journal->file, begin, MAGIC_BYTES, 0);
    if (whole && memcmp(begin, magic, MAGIC_BYTES) != 0)
        return error_set(err, journal->path, "is no journal of this version of braidsim");
    if (fstat(journal->file, &status) != 0)
        return error_set(err, journal->path, "cannot be read: %s", strerror(errno));
    if (whole)
        identity = read_record(journal->file, MAGIC_BYTES, &length);
    if (identity == NULL) {
        journal->torn = (uint64_t)status.st_size;
        return true;
    }
    journal->identity = arena_string(arena, identity);
    journal->end = MAGIC_BYTES + sizeof(struct record) + length;
    free(identity);
    return true;
}

bool journal_open(struct journal *journal, const char *path, bool only_read, struct arena *arena,
                  struct error *err)
{
    *journal = (struct journal){ .path = arena_string(arena, path) };
    journal->file = open(path, (only_read ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (journal->file < 0)
        return error_set(err, path, "cannot be read: %s", strerror(errno));
    if ((only_read || lock(journal, err)) && read_header(journal, arena, err))
        return true;
    close(journal->file);
    return false;
}

static int temporary_file(void)
{
    FILE *file = tmpfile();
    int copy = file != NULL ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 0) : -1;
    if (file != NULL)
        fclose(file);
    return copy;
}

bool journal_create(struct journal *journal, const char *path, const char *identity,
                    struct arena *arena, struct error *err)
{
    bool hidden = identity == NULL;
    *journal = (struct journal){ .path = arena_string(arena, path), .identity = identity };
    journal->file = hidden ? temporary_file() : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->file < 0)
        return error_set(err, path, "cannot be written: %s", strerror(errno));
    if (hidden)
        return true;
    void *text = (void *)(uintptr_t)identity; /* writev() changes nothing */
    struct iovec parts[] = { { NULL, 0 }, { text, strlen(identity) } };
    if (!lock(journal, err)) {
        close(journal->file);
        return false;
    }
    if (ftruncate(journal->file, 0) == 0 &&
        pwrite(journal->file, magic, MAGIC_BYTES, 0) == MAGIC_BYTES) {
        journal->end = MAGIC_BYTES;
        if (append(journal, parts, 2, err))
            return true;
    } else {
        error_set(err, path, "cannot be written: %s", strerror(errno));
    }
    close(journal->file);
    unlink(path);
    return false;
}

void journal_close(struct journal *journal)
{
    close(journal->file);
}
