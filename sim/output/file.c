/* file.c -- see file.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void parent_of(const char *path, char *parent)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(parent, PATH_MAX, ".");
    else
        snprintf(parent, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* The nearest folder above that is there must be writable. */
static bool check_parents(const char *path, struct error *err)
{
    char parent[PATH_MAX], above[PATH_MAX];
    struct stat status;
    parent_of(path, parent);
    while (stat(parent, &status) != 0 && errno == ENOENT && strcmp(parent, ".") != 0) {
        parent_of(parent, above);
        memcpy(parent, above, sizeof parent);
    }
    if (stat(parent, &status) != 0)
        return error_set(err, path, "cannot be made: %s: %s", parent, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return error_set(err, path, "cannot be made: %s is a file, not a folder", parent);
    if (access(parent, W_OK | X_OK) != 0)
        return error_set(err, path, "cannot be written: %s: %s; a place that can is wanted", parent,
                         strerror(errno));
    return true;
}

static bool make_parents(const char *path, struct error *err)
{
    char parent[PATH_MAX];
    struct stat status;
    parent_of(path, parent);
    if (stat(parent, &status) == 0)
        return true;
    if (!make_parents(parent, err))
        return false;
    if (mkdir(parent, 0777) != 0 && errno != EEXIST)
        return error_set(err, path, "cannot be made: %s: %s", parent, strerror(errno));
    return true;
}

bool file_check(const char *path, struct error *err)
{
    struct stat status;
    size_t length = strlen(path);
    if (length == 0 || length >= PATH_MAX - 32 || path[length - 1] == '/')
        return error_set(err, path,
                         "is no usable path for a file: it %s; name one such as mine.json",
                         length == 0               ? "is empty"
                         : path[length - 1] == '/' ? "names a folder"
                                                   : "is too long");
    if (!check_parents(path, err))
        return false;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(err, path, "is no file, and will not be replaced; name another one");
    return true;
}

static void sync_parent(const char *path)
{
    char parent[PATH_MAX];
    parent_of(path, parent);
    int folder = open(parent, O_RDONLY);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

bool file_fill(const char *path, void (*fill)(FILE *to, const void *context), const void *context,
               int *reason)
{
    FILE *file = fopen(path, "wx");
    *reason = errno;
    if (file == NULL)
        return false;
    errno = 0;
    fill(file, context);
    bool fine = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    *reason = errno;
    if (fclose(file) != 0 && fine) {
        fine = false;
        *reason = errno;
    }
    return fine;
}

bool file_write(const char *path, void (*fill)(FILE *to, const void *context), const void *context,
                struct error *err)
{
    char final[PATH_MAX], temporary[PATH_MAX + 32];
    if (!file_check(path, err) || !make_parents(path, err))
        return false;
    signal(SIGXFSZ, SIG_IGN);          /* a file size limit becomes an error of write() */
    if (realpath(path, final) == NULL) /* through a link to where it leads */
        snprintf(final, sizeof final, "%s", path);
    snprintf(temporary, sizeof temporary, "%s.new-%ld", final, (long)getpid());
    int reason;
    bool fine = file_fill(temporary, fill, context, &reason);
    if (fine && rename(temporary, final) != 0) {
        fine = false;
        reason = errno;
    }
    if (!fine) {
        unlink(temporary);
        return error_set(err, path, "cannot be written: %s; nothing was kept", strerror(reason));
    }
    sync_parent(final);
    return true;
}

void file_put_cell(FILE *to, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, to);
        return;
    }
    putc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', to);
        putc(*text, to);
    }
    putc('"', to);
}
