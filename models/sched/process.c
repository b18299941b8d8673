/* process.c -- the table of legal transitions; see process.h.
 *
 * Invariant: state is written here and nowhere else (tests/unit/process.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/process.h"

/* 1 + the next state, by state and event; 0: there is no such transition.  The last row is for a
 * byte that is no state. */
static const uint8_t next_state[PROCESS_STATES + 1][PROCESS_EVENTS] = {
    [PROCESS_FREE] = { [PROCESS_CREATE] = 1 + PROCESS_READY },
    [PROCESS_READY] = { [PROCESS_PICK] = 1 + PROCESS_RUNNING,
                        [PROCESS_REFUSE] = 1 + PROCESS_FREE,
                        [PROCESS_KILL] = 1 + PROCESS_ZOMBIE },
    [PROCESS_RUNNING] = { [PROCESS_PREEMPT] = 1 + PROCESS_READY,
                          [PROCESS_YIELD] = 1 + PROCESS_READY,
                          [PROCESS_BLOCK] = 1 + PROCESS_BLOCKED,
                          [PROCESS_EXIT] = 1 + PROCESS_ZOMBIE,
                          [PROCESS_KILL] = 1 + PROCESS_ZOMBIE },
    [PROCESS_BLOCKED] = { [PROCESS_WAKE] = 1 + PROCESS_READY,
                          [PROCESS_KILL] = 1 + PROCESS_ZOMBIE },
    [PROCESS_ZOMBIE] = { [PROCESS_REAP] = 1 + PROCESS_REAPED },
    [PROCESS_REAPED] = { [PROCESS_DESTROY] = 1 + PROCESS_FREE },
};

static uint8_t process_next(const struct process *process, enum process_event event)
{
    uint8_t state = process->state;
    return next_state[state < PROCESS_STATES ? state : PROCESS_STATES][event];
}

bool process_allows(const struct process *process, enum process_event event)
{
    return process_next(process, event) != 0;
}

enum process_result process_transition(struct process *process, enum process_event event)
{
    uint8_t next = process_next(process, event);
    if (next == 0)
        return PROCESS_ILLEGAL;
    process->state = (uint8_t)(next - 1);
    return PROCESS_OK;
}

enum process_result process_create(struct process *process, uint32_t id, uint16_t torus,
                                   const struct process_attributes *attributes)
{
    if (!process_allows(process, PROCESS_CREATE))
        return PROCESS_ILLEGAL;
    process->flags = PROCESS_COMING;
    process_belongs_to(process, torus); /* before it lives: nobody takes it for another's */
    process->id = id;
    process->parent = attributes->parent;
    process->weight = attributes->weight;
    process->priority = attributes->priority;
    process->inbox_next = 0;
    process->runtime_ns = 0;
    process->since_ns = 0;
    process->slice_ns = 0;
    for (unsigned i = 0; i < sizeof process->policy / sizeof process->policy[0]; i++)
        process->policy[i] = 0;
    return process_transition(process, PROCESS_CREATE);
}

enum process_result process_reap(struct process *process, uint32_t parent)
{
    if (process->state == PROCESS_ZOMBIE && process->parent != parent)
        return PROCESS_NOT_PARENT;
    return process_transition(process, PROCESS_REAP);
}

enum process_result process_destroy(struct process *process)
{
    if (process->state == PROCESS_ZOMBIE)
        return PROCESS_NOT_REAPED;
    return process_transition(process, PROCESS_DESTROY);
}
