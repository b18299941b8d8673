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
#include <stdlib.h>
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
    for (int byte; matched < sizeof callback - 1 && (byte = getc_unlocked(file)) != EOF;)
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
    for (int byte; (byte = getc_unlocked(file)) != EOF;)
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

/* ---- Blocks ------------------------------------------------------------------------------- */

/* A table of the file: relocations, symbols, or their names. */
static void *read_table(FILE *file, const ElfW(Shdr) * section, struct arena *arena)
{
    void *table = arena_alloc(arena, section->sh_size + 1, 1);
    bool fine = fseek(file, (long)section->sh_offset, SEEK_SET) == 0 &&
                fread(table, 1, section->sh_size, file) == section->sh_size;
    return fine ? table : NULL;
}

struct places {
    uint64_t *at;
    size_t count, most;
};

static void places_add(struct places *places, uint64_t at, struct arena *arena)
{
    if (places->count == places->most) {
        places->most = places->most > 0 ? 2 * places->most : 1024;
        uint64_t *more = arena_alloc(arena, places->most, sizeof *more);
        if (places->count > 0)
            memcpy(more, places->at, places->count * sizeof *more);
        places->at = more;
    }
    places->at[places->count++] = at;
}

static int compare_places(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* What the relocations of calls, which ends each of them, tell of the code. */
struct code {
    struct places blocks;    /* where callbacks at blocks return to, */
    struct places callbacks; /* all callbacks, these included, */
    struct places functions; /* and where functions begin */
};

static void find_callbacks(struct code *code, const ElfW(Rela) * relocation, size_t count,
                           const ElfW(Sym) * symbol, const char *names, struct arena *arena)
{
    enum { OPERAND_BYTES = 4 };
    for (size_t i = 0; i < count; i++) {
        const char *name = names + symbol[ELF64_R_SYM(relocation[i].r_info)].st_name;
        uint64_t after = relocation[i].r_offset + OPERAND_BYTES;
        bool is_block = strcmp(name, "__sanitizer_cov_trace_pc") == 0;
        if (is_block)
            places_add(&code->blocks, after, arena);
        if (is_block || strncmp(name, "__tsan_", sizeof "__tsan_" - 1) == 0)
            places_add(&code->callbacks, after, arena);
    }
}

static bool find_code(FILE *file, const ElfW(Ehdr) * head, struct code *code, struct arena *arena)
{
    ElfW(Shdr) relocations, symbols, names;
    for (uint32_t i = 0; i < head->e_shnum; i++) {
        if (!read_section(file, head, i, &relocations) || relocations.sh_type != SHT_RELA ||
            (relocations.sh_flags & SHF_ALLOC) ||
            !read_section(file, head, relocations.sh_link, &symbols) ||
            !read_section(file, head, symbols.sh_link, &names))
            continue;
        const ElfW(Rela) *relocation = read_table(file, &relocations, arena);
        const ElfW(Sym) *symbol = read_table(file, &symbols, arena);
        const char *text = read_table(file, &names, arena);
        if (relocation == NULL || symbol == NULL || text == NULL)
            return false;
        find_callbacks(code, relocation, relocations.sh_size / sizeof *relocation, symbol, text,
                       arena);
        bool first = code->functions.count == 0; /* all sections name the same symbols */
        for (size_t k = 0; k < symbols.sh_size / sizeof *symbol && first; k++)
            if (ELF64_ST_TYPE(symbol[k].st_info) == STT_FUNC && symbol[k].st_value != 0)
                places_add(&code->functions, symbol[k].st_value, arena);
    }
    return code->blocks.count > 0;
}

static void sort_places(struct places *places)
{
    if (places->count > 0)
        qsort(places->at, places->count, sizeof *places->at, compare_places);
}

/* The first of these places, from *next on, that lies beyond at; end: there is none. */
static uint64_t place_beyond(const struct places *places, size_t *next, uint64_t at, uint64_t end)
{
    while (*next < places->count && places->at[*next] <= at)
        ++*next;
    return *next < places->count && places->at[*next] < end ? places->at[*next] : end;
}

/* A block's bytes, less those of the calls to callbacks. */
static void measure_blocks(const struct code *code, uint64_t end, uint16_t *bytes)
{
    enum { CALL_BYTES = 6 };
    size_t function = 0, block = 0, callback = 0;
    for (size_t i = 0; i < code->blocks.count && code->blocks.at[i] < end; i++) {
        uint64_t from = code->blocks.at[i];
        uint64_t to = place_beyond(&code->blocks, &block, from, end), at = from;
        to = place_beyond(&code->functions, &function, from, to);
        uint64_t length = to - from;
        while ((at = place_beyond(&code->callbacks, &callback, at, to + 1)) <= to)
            length -= length < CALL_BYTES ? length : CALL_BYTES;
        bytes[from / TRACER_BLOCK_ALIGNMENT] =
            (uint16_t)(length < UINT16_MAX ? length : UINT16_MAX);
    }
}

bool module_file_blocks(const char *path, struct tracer_module *module, struct arena *arena)
{
    struct arena scratch = ARENA_EMPTY;
    struct code code = { 0 };
    ElfW(Ehdr) head;
    FILE *file = fopen(path, "rb");
    bool found = file != NULL && fread(&head, sizeof head, 1, file) == 1 &&
                 head.e_shentsize == sizeof(ElfW(Shdr)) && find_code(file, &head, &code, &scratch);
    if (file != NULL)
        fclose(file);
    if (found) {
        uint16_t *bytes =
            arena_alloc(arena, module->bytes / TRACER_BLOCK_ALIGNMENT + 1, sizeof *bytes);
        sort_places(&code.blocks);
        sort_places(&code.callbacks);
        sort_places(&code.functions);
        measure_blocks(&code, module->bytes, bytes);
        module->block_bytes = bytes;
    }
    arena_free(&scratch);
    return found;
}
