/* bare.c -- count.c without a libc, for a scheduler that is linked in: how -m32 is counted.
 *
 * A static program needs no 32-bit libc on the machine, and valgrind none to understand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/instructions/callgrind.h"

/* What a freestanding compiler may still call. */
void *memset(void *at, int byte, size_t bytes);
void *memset(void *at, int byte, size_t bytes)
{
    volatile char *to = at;
    for (size_t i = 0; i < bytes; i++)
        to[i] = (char)byte;
    return at;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    volatile char *at = to;
    for (size_t i = 0; i < bytes; i++)
        at[i] = ((const char *)from)[i];
    return to;
}

static _Alignas(64) char memory[COUNT_MEMORY];

/* valgrind reads the symbols only of programs that have data to map. */
char *volatile bare_memory = memory;

__attribute__((noreturn, force_align_arg_pointer)) void _start(void);
__attribute__((noreturn, force_align_arg_pointer)) void _start(void)
{
    operations_observe(&scheduler_module, bare_memory, sizeof memory, &callgrind_observer);
#ifdef __x86_64__
    __asm__ volatile("syscall" : : "a"(60), "D"(0)); /* exit(0) */
#else
    __asm__ volatile("int $0x80" : : "a"(1), "b"(0));
#endif
    __builtin_unreachable();
}
