/* fiber.c -- see fiber.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/context/fiber.h"

#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED_BY_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WATCHED_BY_ASAN 1
#endif

#ifdef WATCHED_BY_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else /* built where nobody watches */
#define VALGRIND_STACK_REGISTER(from, to) ((void)(from), (void)(to), 0U)
#define VALGRIND_STACK_DEREGISTER(id)     ((void)(id))
#define RUNNING_ON_VALGRIND               0
#endif

static const uint64_t canary = UINT64_C(0xC0FFEE5EED0F57AC);
enum { STACK_WORDS = FIBER_STACK_BYTES / sizeof(uint64_t) };

struct fiber fiber_home;
struct fiber *fiber_current = &fiber_home;
static struct fiber *fiber_before; /* who ran before the present one */

bool fiber_in_valgrind(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

unsigned fiber_watch(void *stack, size_t bytes)
{
    return VALGRIND_STACK_REGISTER(stack, (char *)stack + bytes);
}

void fiber_unwatch(unsigned id)
{
    VALGRIND_STACK_DEREGISTER(id);
}

static uint64_t *stack_of(const struct fiber *fiber)
{
    return fiber->memory + FIBER_CANARY_WORDS;
}

static void entry(void *argument)
{
    struct fiber *self = argument;
    fiber_arrive(self);
    self->body(self);
}

void fiber_init(struct fiber *fiber, uint32_t id, void (*body)(struct fiber *self))
{
    *fiber = (struct fiber){ .body = body, .id = id, .stack_bytes = FIBER_STACK_BYTES };
    fiber->memory = malloc((STACK_WORDS + 2 * FIBER_CANARY_WORDS) * sizeof(uint64_t));
    if (fiber->memory == NULL)
        abort();
    for (size_t i = 0; i < FIBER_CANARY_WORDS; i++)
        fiber->memory[i] = fiber->memory[FIBER_CANARY_WORDS + STACK_WORDS + i] = canary;
    fiber->stack = stack_of(fiber);
    fiber->valgrind_id = fiber_watch(stack_of(fiber), FIBER_STACK_BYTES);
    process_context_init(&fiber->context, stack_of(fiber), FIBER_STACK_BYTES, entry, fiber);
}

void fiber_fini(struct fiber *fiber)
{
    fiber_unwatch(fiber->valgrind_id);
    free(fiber->memory);
}

void fiber_leave(struct fiber *to)
{
#ifdef WATCHED_BY_ASAN
    __sanitizer_start_switch_fiber(&fiber_current->fake_stack, to->stack, to->stack_bytes);
#endif
    fiber_before = fiber_current;
    fiber_current = to;
}

void fiber_arrive(struct fiber *self)
{
#ifdef WATCHED_BY_ASAN
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &bytes);
    if (fiber_before == &fiber_home) { /* the only stack that is not ours */
        fiber_home.stack = bottom;
        fiber_home.stack_bytes = bytes;
    }
#else
    (void)self;
#endif
}

void fiber_switch(struct fiber *to)
{
    struct fiber *self = fiber_current;
    fiber_leave(to);
    process_context_switch(&self->context, &to->context);
    fiber_arrive(self);
}

bool fiber_canaries_are_whole(const struct fiber *fiber)
{
    for (size_t i = 0; i < FIBER_CANARY_WORDS; i++)
        if (fiber->memory[i] != canary ||
            fiber->memory[FIBER_CANARY_WORDS + STACK_WORDS + i] != canary)
            return false;
    return true;
}

bool fiber_owns(const struct fiber *fiber, const void *address)
{
    uintptr_t from = (uintptr_t)stack_of(fiber), at = (uintptr_t)address;
    return at >= from && at < from + FIBER_STACK_BYTES;
}
