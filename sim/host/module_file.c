/* module_file.c -- see module_file.h.
 *
 * Source: System V Application Binary Interface, chapters 4 and 5 (ELF headers, sections, program
 * headers); elf(5).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/host/module_file.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/hash.h"

/* How many bytes the file must have for what it wants mapped; 0 where that is not for us to say,
 * since dlopen() will. */
static uint64_t bytes_mapped(int file, uint64_t size)
{
    ElfW(Ehdr) head;
    uint64_t end = 0;
    if (pread(file, &head, sizeof head, 0) != (ssize_t)sizeof head ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(ElfW(Phdr)))
        return 0;
    for (uint32_t i = 0; i < head.e_phnum; i++) {
        ElfW(Phdr) part;
        uint64_t at = head.e_phoff + i * sizeof part;
        if (at + sizeof part > size)
            return at + sizeof part;
        if (pread(file, &part, sizeof part, (off_t)at) == (ssize_t)sizeof part &&
            part.p_type == PT_LOAD && part.p_offset + part.p_filesz > end)
            end = part.p_offset + part.p_filesz;
    }
    return end;
}

bool module_file_check(const char *path, struct error *err)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        int reason = errno;
        bool opened = file >= 0;
        if (opened)
            close(file);
        return error_set(err, path, "cannot be loaded as a scheduler: %s",
                         opened ? "it is no file; a shared object is wanted" : strerror(reason));
    }
    uint64_t size = (uint64_t)status.st_size, wanted = bytes_mapped(file, size);
    close(file);
    return wanted <= size ||
           error_set(err, path,
                     "cannot be loaded as a scheduler: it is cut short, %ju bytes of %ju; build it "
                     "or copy it anew",
                     (uintmax_t)size, (uintmax_t)wanted);
}

bool module_file_is_traced(const char *path)
{
    static const char callback[] = "__sanitizer_cov_trace_pc";
    FILE *file = fopen(path, "rb");
    size_t matched = 0;
    if (file == NULL)
        return false;
    for (int byte; matched < sizeof callback - 1 && (byte = getc(file)) != EOF;)
        matched = byte == callback[matched] ? matched + 1 : byte == callback[0];
    fclose(file);
    return matched == sizeof callback - 1;
}

uint64_t module_file_hash(const char *path)
{
    uint64_t hash = HASH_FNV1A_START;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    for (int byte; (byte = getc(file)) != EOF;)
        hash = hash_fnv1a_byte(hash, (unsigned char)byte);
    fclose(file);
    return hash;
}

/* ---- Compilers ---------------------------------------------------------------------------- */

static bool read_section(FILE *file, const ElfW(Ehdr) * head, uint32_t index, ElfW(Shdr) * section)
{
    return fseek(file, (long)(head->e_shoff + index * sizeof *section), SEEK_SET) == 0 &&
           fread(section, sizeof *section, 1, file) == 1;
}

/* Does the section, whose name is so far into the section of names, have this one? */
static bool is_named(FILE *file, const ElfW(Shdr) * names, const ElfW(Shdr) * section,
                     const char *name)
{
    char found[16] = "";
    size_t length = strlen(name) + 1;
    return length <= sizeof found &&
           fseek(file, (long)(names->sh_offset + section->sh_name), SEEK_SET) == 0 &&
           fread(found, 1, length, file) == length && memcmp(found, name, length) == 0;
}

static bool find_section(FILE *file, const char *name, ElfW(Shdr) * section)
{
    ElfW(Ehdr) head;
    ElfW(Shdr) names;
    if (fread(&head, sizeof head, 1, file) != 1 || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_shentsize != sizeof *section || !read_section(file, &head, head.e_shstrndx, &names))
        return false;
    for (uint32_t i = 0; i < head.e_shnum; i++)
        if (read_section(file, &head, i, section) && is_named(file, &names, section, name))
            return true;
    return false;
}

void module_file_compiler(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    ElfW(Shdr) comment;
    size_t length = 0;
    if (file != NULL && find_section(file, ".comment", &comment) &&
        fseek(file, (long)comment.sh_offset, SEEK_SET) == 0) {
        char bytes[256], last = '\0'; /* strings, each with its NUL */
        size_t count = comment.sh_size < sizeof bytes ? comment.sh_size : sizeof bytes;
        count = fread(bytes, 1, count, file);
        for (size_t i = 0; i < count && length + 3 < size; last = bytes[i++]) {
            if (bytes[i] != '\0' && last == '\0' && length > 0) {
                text[length++] = ';';
                text[length++] = ' ';
            }
            if (bytes[i] != '\0')
                text[length++] = bytes[i];
        }
    }
    if (file != NULL)
        fclose(file);
    text[length] = '\0';
    if (length == 0)
        snprintf(text, size, "unknown");
}
