/* folder.c -- see folder.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/output/file.h"

#define ELSEWHERE "choose another place for results"
enum { SUFFIX_MAX = 32 }; /* of temporary names */

/* ---- May we? ------------------------------------------------------------------------------ */

/* The begin of a file in path; false when it is not there. */
static bool read_begin(const char *path, const char *file_name, char *text, size_t size)
{
    char name[FOLDER_PATH_MAX + 32];
    snprintf(name, sizeof name, "%s/%s", path, file_name);
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return false;
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    return true;
}

static bool is_ours(const char *path)
{
    static const char begin[] = "braidsim journal";
    char text[256];
    if (read_begin(path, "manifest.json", text, sizeof text))
        return strstr(text, "\"program\": \"braidsim\"") != NULL;
    if (!read_begin(path, "runs.journal", text, sizeof begin))
        return false;
    return strncmp(begin, text, strlen(text)) == 0; /* or what there is of it */
}

bool folder_is_whole(const char *path, struct error *err)
{
    char text[2];
    if (read_begin(path, "summary.json", text, sizeof text))
        return true;
    if (read_begin(path, "runs.journal", text, sizeof text))
        return error_set(err, path,
                         "holds a study that is not finished; `braidsim run --resume` goes on with "
                         "it");
    return !read_begin(path, "shard.journal", text, sizeof text) ||
           error_set(err, path,
                     "holds one shard of a study, and no results yet; `braidsim merge DIR... --out "
                     "DIR` puts all shards together");
}

/* Does what we write into a folder, its plots included, bear such a name? */
static bool may_be_ours(const char *name)
{
    static const char *const endings[] = { ".csv", ".json", ".svg",    ".png",
                                           ".pdf", ".gp",   ".journal" };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(dot, endings[i]) == 0)
            return true;
    return false;
}

enum holding { HOLDS_NOTHING, HOLDS_OURS, HOLDS_MORE };

static enum holding holding_of(const char *path)
{
    char name[2 * FOLDER_PATH_MAX];
    struct stat status;
    DIR *directory = opendir(path);
    struct dirent *entry;
    enum holding holding = directory == NULL || is_ours(path) ? HOLDS_OURS : HOLDS_NOTHING;
    while (directory != NULL && holding != HOLDS_MORE && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (holding == HOLDS_NOTHING || !may_be_ours(entry->d_name) || lstat(name, &status) != 0 ||
            !S_ISREG(status.st_mode))
            holding = HOLDS_MORE;
    }
    if (directory != NULL)
        closedir(directory);
    return holding;
}

static void parent_of(const char *path, char *parent, size_t size)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    snprintf(parent, size, "%.*s", length == 0 ? 1 : (int)length, length == 0 ? "." : path);
}

/* The nearest folder above path that there is must take files. */
static bool check_parents(const char *path, struct error *err)
{
    char parent[FOLDER_PATH_MAX], above[FOLDER_PATH_MAX];
    struct stat status;
    parent_of(path, parent, sizeof parent);
    while (stat(parent, &status) != 0 && errno == ENOENT && strcmp(parent, "/") != 0 &&
           strcmp(parent, ".") != 0) {
        parent_of(parent, above, sizeof above);
        memcpy(parent, above, sizeof parent);
    }
    if (stat(parent, &status) != 0)
        return error_set(err, path, "cannot be made: %s: %s; " ELSEWHERE, parent, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return error_set(err, path, "cannot be made: %s is a file, not a folder; " ELSEWHERE,
                         parent);
    if (access(parent, W_OK | X_OK) != 0)
        return error_set(err, path, "cannot be written: %s: %s; " ELSEWHERE, parent,
                         strerror(errno));
    return true;
}

static bool make_parents(const char *path, struct error *err)
{
    char parent[FOLDER_PATH_MAX];
    struct stat status;
    parent_of(path, parent, sizeof parent);
    if (stat(parent, &status) == 0)
        return true;
    if (!make_parents(parent, err))
        return false;
    if (mkdir(parent, 0777) != 0 && errno != EEXIST)
        return error_set(err, path, "cannot be made: %s: %s; " ELSEWHERE, parent, strerror(errno));
    return true;
}

/* Is what path names up to here not there yet? */
static bool is_missing_before(const char *path, const char *end)
{
    char before[FOLDER_PATH_MAX];
    struct stat status;
    snprintf(before, sizeof before, "%.*s", (int)(end - path), path);
    return before[0] != '\0' && stat(before, &status) != 0;
}

/* The folder in which the program runs cannot be exchanged under it, nor can a mounted one. */
static bool check_movable(const char *path, const struct stat *status, struct error *err)
{
    char up[FOLDER_PATH_MAX + 4];
    struct stat here, above;
    if (stat(".", &here) == 0 && here.st_dev == status->st_dev && here.st_ino == status->st_ino)
        return error_set(err, path, "is the folder that you are in; give results one of their own");
    snprintf(up, sizeof up, "%s/..", path);
    if (stat(up, &above) == 0 && above.st_dev != status->st_dev)
        return error_set(err, path, "is a mounted file system; choose a folder in it");
    return true;
}

/* A folder that is to be made: its name, and with that the names of the temporary ones, must be
 * possible, and it must be where the path says, not where ".." leads once it is there. */
static bool check_new(const char *path, struct error *err)
{
    struct stat status;
    size_t end = strlen(path), from;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (from = end; from > 0 && path[from - 1] != '/';)
        from--;
    if (lstat(path, &status) == 0)
        return error_set(err, path, "is a link to nowhere; remove it, or " ELSEWHERE);
    if (end - from > NAME_MAX - SUFFIX_MAX)
        return error_set(err, path,
                         "is no usable path for results: its last name is longer than "
                         "%d characters; choose a shorter one",
                         NAME_MAX - SUFFIX_MAX);
    for (const char *at = strstr(path, ".."); at != NULL; at = strstr(at + 2, ".."))
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0') &&
            is_missing_before(path, at))
            return error_set(err, path,
                             "is no usable path for results: it leads back out of a "
                             "folder that is not there; write it without \"..\"");
    return true;
}

bool folder_check(const char *path, struct error *err)
{
    struct stat status;
    if (strlen(path) == 0)
        return error_set(err, path,
                         "is no usable path for results: it is empty; name a folder, "
                         "such as results/mine");
    if (strlen(path) >= FOLDER_PATH_MAX - SUFFIX_MAX)
        return error_set(err, path,
                         "is no usable path for results: it is longer than %d "
                         "characters; choose a shorter one",
                         FOLDER_PATH_MAX - SUFFIX_MAX);
    if (!check_parents(path, err))
        return false;
    if (stat(path, &status) != 0 && errno != ENOENT)
        return error_set(err, path, "cannot be used: %s; " ELSEWHERE, strerror(errno));
    if (stat(path, &status) != 0)
        return check_new(path, err);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, path, "is a file; a folder for results is wanted");
    if (!check_movable(path, &status, err))
        return false;
    if (holding_of(path) == HOLDS_MORE)
        return error_set(err, path,
                         "holds something other than results of braidsim, which would be lost; "
                         "choose another folder");
    return true;
}

/* ---- Writing ------------------------------------------------------------------------------ */

static void remove_folder(const char *path)
{
    char name[2 * FOLDER_PATH_MAX];
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(name);
    }
    if (directory != NULL)
        closedir(directory);
    rmdir(path);
}

bool folder_begin(struct folder *folder, const char *path, struct error *err)
{
    if (!folder_check(path, err) || !make_parents(path, err))
        return false;
    signal(SIGXFSZ, SIG_IGN);                  /* a file size limit becomes an error of write() */
    if (realpath(path, folder->final) == NULL) /* through a link to where it leads */
        snprintf(folder->final, sizeof folder->final, "%s", path);
    for (size_t end = strlen(folder->final); end > 1 && folder->final[end - 1] == '/'; end--)
        folder->final[end - 1] = '\0';
    snprintf(folder->temporary, sizeof folder->temporary, "%s.new-%ld", folder->final,
             (long)getpid());
    if (mkdir(folder->temporary, 0777) != 0)
        return error_set(err, path, "cannot be made: %s; " ELSEWHERE, strerror(errno));
    return true;
}

bool folder_write(const struct folder *folder, const char *name,
                  void (*fill)(FILE *to, const void *context), const void *context,
                  struct error *err)
{
    char path[2 * FOLDER_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder->temporary, name);
    int reason;
    return file_fill(path, fill, context, &reason) ||
           error_set(err, path, "cannot be written: %s; nothing was kept", strerror(reason));
}

static void sync_folder(const char *path)
{
    int directory = open(path, O_RDONLY);
    if (directory >= 0) {
        fsync(directory);
        close(directory);
    }
}

bool folder_commit(struct folder *folder, struct error *err)
{
    char old[FOLDER_PATH_MAX + 64];
    struct stat status;
    bool replaces = stat(folder->final, &status) == 0;
    snprintf(old, sizeof old, "%s.old-%ld", folder->final, (long)getpid());
    sync_folder(folder->temporary);
    if (replaces && renameat2(AT_FDCWD, folder->temporary, AT_FDCWD, folder->final,
                              RENAME_EXCHANGE) == 0) { /* at one instant */
        remove_folder(folder->temporary);
        return true;
    }
    bool fine = !replaces || rename(folder->final, old) == 0;
    if (fine && rename(folder->temporary, folder->final) != 0) {
        fine = false;
        if (replaces)
            rename(old, folder->final);
    }
    if (!fine) {
        error_set(err, folder->final, "cannot be put into place: %s", strerror(errno));
        folder_abandon(folder);
        return false;
    }
    if (replaces)
        remove_folder(old);
    return true;
}

void folder_abandon(struct folder *folder)
{
    remove_folder(folder->temporary);
}

/* ---- A folder that files are added to ----------------------------------------------------- */

bool folder_make(const char *path, int *levels, struct error *err)
{
    char at[FOLDER_PATH_MAX], above[FOLDER_PATH_MAX];
    struct stat status;
    *levels = 0;
    snprintf(at, sizeof at, "%s", path);
    while (stat(at, &status) != 0 && strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
        ++*levels;
        parent_of(at, above, sizeof above);
        memcpy(at, above, sizeof at);
    }
    if (make_parents(path, err) && (mkdir(path, 0777) == 0 || errno == EEXIST))
        return true;
    return error_set(err, path, "cannot be made: %s; " ELSEWHERE, strerror(errno));
}

void folder_unmake(const char *path, int levels)
{
    char at[FOLDER_PATH_MAX], above[FOLDER_PATH_MAX];
    snprintf(at, sizeof at, "%s", path);
    for (; levels > 0 && rmdir(at) == 0; levels--) {
        parent_of(at, above, sizeof above);
        memcpy(at, above, sizeof at);
    }
}

void folder_sweep(const char *path)
{
    char final[PATH_MAX], parent[FOLDER_PATH_MAX], name[2 * FOLDER_PATH_MAX], *end;
    struct dirent *entry;
    if (realpath(path, final) == NULL)
        return;
    parent_of(final, parent, sizeof parent);
    const char *last = strrchr(final, '/') + 1;
    size_t length = strlen(last);
    DIR *directory = opendir(parent);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        const char *rest = entry->d_name + length;
        if (strncmp(entry->d_name, last, length) != 0 || strncmp(rest, ".new-", 5) != 0 ||
            strtol(rest + 5, &end, 10) <= 0 || *end != '\0')
            continue;
        snprintf(name, sizeof name, "%s/%s", parent, entry->d_name);
        remove_folder(name);
    }
    if (directory != NULL)
        closedir(directory);
}
