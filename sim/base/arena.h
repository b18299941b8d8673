/* arena.h -- memory by lifetime: many allocations, one release.
 *
 * Arenas live for a scenario or a run.  Out of memory ends the program in one place, with
 * EXIT_BUG and a message, so that no caller checks.  Nothing is freed alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_BASE_ARENA_H
#define SIM_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

#define ARENA_EMPTY ((struct arena){ NULL })

/* count * size zeroed bytes, aligned to 64.  Large requests are page aligned and huge-page
 * advised, and cost no memory before they are touched. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of text, or of its first length bytes, with a NUL. */
char *arena_string(struct arena *arena, const char *text);
char *arena_string_n(struct arena *arena, const char *text, size_t length);

__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format,
                                                         ...);

/* Frees memory at once, where it is a large request's; else it stays until everything is freed. */
void arena_drop(struct arena *arena, const void *memory);

/* Frees everything; the arena is empty and usable again. */
void arena_free(struct arena *arena);

#endif
