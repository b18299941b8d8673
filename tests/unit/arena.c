/* arena.c -- memory of an arena is 0, also where another arena has been before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/arena.h"

#include <stdint.h>
#include <string.h>

#include "tests/support/suite.h"

enum { PIECES = 200, PIECE_BYTES = 1000, LARGE_BYTES = 1 << 21 };

static void check_and_fill(struct arena *arena, size_t bytes)
{
    unsigned char *memory = arena_alloc(arena, bytes, 1);
    ck_assert_uint_eq((uintptr_t)memory % 64, 0);
    for (size_t i = 0; i < bytes; i++)
        ck_assert_uint_eq(memory[i], 0);
    memset(memory, 0xFF, bytes);
}

START_TEST(memory_is_zero_again)
{
    struct arena arenas[3] = { ARENA_EMPTY, ARENA_EMPTY, ARENA_EMPTY };
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 3 * PIECES; i++)
            check_and_fill(&arenas[i % 3], PIECE_BYTES + i);
        check_and_fill(&arenas[round % 3], LARGE_BYTES);
        for (int i = 0; i < 3; i++)
            arena_free(&arenas[(i + round) % 3]);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("arena");
    tcase_add_test(tests, memory_is_zero_again);
    return suite_run("arena", tests);
}
