/* context.c -- what a context starts with; see context.h.  The rest is in context_*.S.
 *
 * Invariant: a new context looks exactly like one that was left by process_context_switch(), as if
 * called by context_entry, which finds entry and argument in registers that a switch restores.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/context.h"

#include <stddef.h>
#include <stdint.h>

#if PROCESS_HAS_CONTEXT && defined(__x86_64__)

enum { MXCSR_INITIAL = 0x1F80, X87_CONTROL_INITIAL = 0x037F };

/* From the saved stack pointer up, as context_x86_64.S pushes it. */
struct saved {
    uint32_t mxcsr, x87_control;
    uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

_Static_assert(offsetof(struct process_frame, rax) == 14 * 8, "as context_x86_64.S pushes them");

/* All else is zero. */
static void first_fill(struct saved *first, uintptr_t resume, uintptr_t entry, uintptr_t argument)
{
    first->mxcsr = MXCSR_INITIAL;
    first->x87_control = X87_CONTROL_INITIAL;
    first->r12 = entry;
    first->r13 = argument;
    first->rip = resume;
}

#elif PROCESS_HAS_CONTEXT

/* From the saved stack pointer up, as context_aarch64.S stores it. */
struct saved {
    uint64_t d[8];  /* d8 to d15 */
    uint64_t x[12]; /* x19 to x30 */
    uint64_t fpcr, unused;
};

_Static_assert(offsetof(struct process_frame, x[30]) == PROCESS_FRAME_X30, "told to assembly");
_Static_assert(offsetof(struct process_frame, sp) == PROCESS_FRAME_SP, "told to assembly");
_Static_assert(offsetof(struct process_frame, pc) == PROCESS_FRAME_PC, "told to assembly");

static void first_fill(struct saved *first, uintptr_t resume, uintptr_t entry, uintptr_t argument)
{
    first->x[0] = entry;
    first->x[1] = argument;
    first->x[11] = resume;
}

#endif

#if PROCESS_HAS_CONTEXT

enum { STACK_ALIGNMENT = 16 };

_Static_assert(sizeof(struct saved) == PROCESS_CONTEXT_BYTES, "told to users");
_Static_assert(sizeof(struct saved) % STACK_ALIGNMENT == 0, "the ABI's alignment at the entry");
_Static_assert(sizeof(struct process_frame) == PROCESS_FRAME_BYTES, "told to assembly");

/* context_*.S: not called, but returned to.  Hidden, or its address would be looked up in a table
 * that only a linker for shared objects makes. */
__attribute__((visibility("hidden"))) void process_context_entry(void);

/* Volatile, since compilers make calls of memset of other ways to do it. */
static void clear(volatile uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        words[i] = 0;
}

void process_context_init(struct process_context *context, void *stack, size_t stack_bytes,
                          void (*entry)(void *argument), void *argument)
{
    uintptr_t end = ((uintptr_t)stack + stack_bytes) / STACK_ALIGNMENT * STACK_ALIGNMENT;
    struct saved *first = (struct saved *)(end - sizeof *first);
    clear((uint64_t *)first, sizeof *first / sizeof(uint64_t));
    first_fill(first, (uintptr_t)process_context_entry, (uintptr_t)entry, (uintptr_t)argument);
    context->stack_pointer = first;
}

#endif
