/* lock_model.h -- locks in virtual time: who holds, who waits, what a hand-over costs.
 *
 * All kinds are first come, first served.  Passing the lock to a waiting core takes
 *     ideal    nothing
 *     ticket   c k / 2 with k cores holding or waiting when the holder lets go: every waiter
 *              rereads the same line
 *     mcs      c, whoever else waits
 * where c is the profile's handover_ns.  Taking a free lock costs one atomic, and a line transfer
 * when another core held it last.
 *
 * Source: S. Boyd-Wickizer et al., "Non-scalable locks are dangerous", Linux Symposium 2012.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_LOCK_MODEL_H
#define MACHINE_LOCK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "models/machine/profile.h"
#include "sim/base/arena.h"

enum lock_kind { LOCK_IDEAL, LOCK_TICKET, LOCK_MCS, LOCK_KINDS };

extern const char *const lock_names[LOCK_KINDS];

struct lock_model {
    enum lock_kind kind;
    uint64_t atomic_ps, transfer_ps, handover_ps;
    uint64_t free_ps;   /* when its present holder lets go */
    uint32_t last_core; /* who held it last; UINT32_MAX: nobody yet */
    uint32_t *waiting;  /* [capacity] cores in order of arrival: a ring */
    uint32_t capacity, first, count;
    bool promised; /* the first waiter has been told when it gets it, as far as is known */
};

void lock_model_init(struct lock_model *lock, enum lock_kind kind, const struct profile *cpu,
                     uint32_t cores, struct arena *arena);

/* Core asks at now_ps.  True: it holds the lock once *cost_ps has passed; call
 * lock_model_hold() then.  False: it waits its turn. */
bool lock_model_request(struct lock_model *lock, uint32_t core, uint64_t now_ps, uint64_t *cost_ps);

/* The holder lets go at until_ps. */
void lock_model_hold(struct lock_model *lock, uint32_t core, uint64_t until_ps);

/* The next waiter and when it gets the lock; a later answer replaces an earlier one.  False when
 * nobody waits, or the lock is being handed over already: then who comes too late to count. */
bool lock_model_promise(struct lock_model *lock, uint64_t now_ps, uint32_t *core,
                        uint64_t *when_ps);

/* The promised waiter takes the lock. */
void lock_model_granted(struct lock_model *lock, uint32_t core);

#endif
