/* fiber.h -- a context with a stack between canaries, made known to whoever watches.
 *
 * AddressSanitizer and valgrind take a stack pointer that jumps for a mistake unless they are told;
 * an unannotated process_context_switch() works under neither.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_CONTEXT_FIBER_H
#define TESTS_CONTEXT_FIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "braid/context.h"

enum { FIBER_STACK_BYTES = 64 * 1024, FIBER_CANARY_WORDS = 32 };

struct fiber {
    struct process_context context;
    void (*body)(struct fiber *self);
    uint32_t id;
    uint64_t *memory;  /* canary, stack, canary */
    const void *stack; /* as AddressSanitizer wants to know it */
    size_t stack_bytes;
    void *fake_stack; /* AddressSanitizer's */
    unsigned valgrind_id;
};

extern struct fiber fiber_home;     /* the stack that the program was started on */
extern struct fiber *fiber_current; /* who runs */

/* body(fiber) runs when it is first switched to, and must not return. */
void fiber_init(struct fiber *fiber, uint32_t id, void (*body)(struct fiber *self));
void fiber_fini(struct fiber *fiber);

/* Around every switch: leave() just before it, arrive() as the first thing after. */
void fiber_leave(struct fiber *to);
void fiber_arrive(struct fiber *self);

/* The three in one. */
void fiber_switch(struct fiber *to);

bool fiber_canaries_are_whole(const struct fiber *fiber);
bool fiber_owns(const struct fiber *fiber, const void *address);

/* Tells valgrind of a stack, or that it is one no longer. */
unsigned fiber_watch(void *stack, size_t bytes);
void fiber_unwatch(unsigned id);

/* Under valgrind, which keeps of the control words only the rounding, and rounds to nearest
 * whatever they say. */
bool fiber_in_valgrind(void);

#endif
