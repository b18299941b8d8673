/* arena.c -- see arena.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/base/check.h"

enum { ALIGNMENT = 64, BLOCK_BYTES = 1 << 16, LARGE_BYTES = 1 << 20, SPARE_BLOCKS = 16 };

struct arena_block {
    struct arena_block *next;
    size_t mapped; /* bytes of the whole mapping */
    size_t used;   /* bytes from the block's start */
};

/* Blocks of BLOCK_BYTES that were freed, and are 0 but for their head: many arenas live for a
 * moment, and a new mapping costs more than what they do. */
static _Thread_local struct arena_block *spare;
static _Thread_local uint32_t spare_count;

__attribute__((noreturn)) static void out_of_memory(size_t bytes)
{
    fprintf(stderr, "braidsim: out of memory: %zu bytes wanted\n", bytes);
    exit(EXIT_BUG);
}

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static struct arena_block *block_map(size_t bytes)
{
    struct arena_block *block =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        out_of_memory(bytes);
    if (bytes >= LARGE_BYTES)
        (void)madvise(block, bytes, MADV_HUGEPAGE);
    return block;
}

static struct arena_block *block_new(struct arena *arena, size_t bytes)
{
    struct arena_block *block = spare;
    if (bytes == BLOCK_BYTES && block != NULL) {
        spare = block->next;
        spare_count--;
    } else {
        block = block_map(bytes);
    }
    block->mapped = bytes;
    block->used = round_up(sizeof *block);
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

static void block_free(struct arena_block *block)
{
    if (block->mapped != BLOCK_BYTES || spare_count == SPARE_BLOCKS) {
        munmap(block, block->mapped);
        return;
    }
    memset(block + 1, 0, block->used - sizeof *block);
    block->next = spare;
    spare = block;
    spare_count++;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        out_of_memory(SIZE_MAX);
    bytes = round_up(bytes);
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->mapped - block->used < bytes) {
        size_t wanted = round_up(sizeof *block) + bytes;
        struct arena_block *current = block;
        block = block_new(arena, wanted > BLOCK_BYTES ? wanted : BLOCK_BYTES);
        if (wanted > BLOCK_BYTES && current != NULL) { /* keep filling the small one */
            arena->blocks = current;
            block->next = current->next;
            current->next = block;
        }
    }
    void *memory = (char *)block + block->used;
    block->used += bytes;
    return memory;
}

char *arena_string_n(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_string_n(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(length >= 0);
    char *text = arena_alloc(arena, (size_t)length + 1, 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void arena_drop(struct arena *arena, const void *memory)
{
    for (struct arena_block **at = &arena->blocks; *at != NULL; at = &(*at)->next) {
        struct arena_block *block = *at;
        if ((const char *)block + round_up(sizeof *block) != memory || block->mapped <= BLOCK_BYTES)
            continue;
        *at = block->next;
        munmap(block, block->mapped);
        return;
    }
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        block_free(block);
    }
}
