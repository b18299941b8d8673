/* operations.h -- every operation of the scheduler, on a rig that repeats it.
 *
 * The same sequence of calls runs on the traced module (which predicts) and on a plain one (which
 * is counted or timed), so the two may be compared call by call.  The rig is deterministic: no
 * clock, no address and no library decides anything, so that it also runs without a libc.
 *
 * A rig is a braid of tori.  The first two are populated: `own`, where operations happen, and
 * `other`, to which processes go; they change places after processes have gone over.  All that the
 * scheduler may touch lies in one piece of memory, as in the simulator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_INSTRUCTIONS_OPERATIONS_H
#define TESTS_INSTRUCTIONS_OPERATIONS_H

#include "braid/module.h"

enum {
    RIG_BATCH_MAX = 64,
    RIG_TORI_MAX = 64,
    RIG_TICK_NS = 10000000, /* a slice, too */
    OPERATION_NAME = 96
};

struct rig;
struct world;

/* A kind of operation, of which each policy (or placement, balancer) makes one. */
struct operation_kind {
    const char *name;
    enum operation_each { EACH_POLICY, EACH_PLACEMENT, EACH_BALANCER } each;
    uint16_t tori, cores; /* cores of each torus */
    uint32_t batch;       /* how often it is done before its start is made again */
    bool elsewhere;       /* placed on the other torus, by a placement that costs nothing */
    bool any_queue;       /* the length of the queue is nothing to it */
    bool any_policy;      /* nor is the policy: made with the module's first one alone */
    bool repeats;         /* prepare() makes its start again from what a batch has left */
    bool exact;           /* slices to the ns, not by ticks */
    bool published;       /* projections at every change of load */
    bool locked;          /* what is posted is queued at once, as under the other's lock */
    /* Makes the state in which a batch begins. */
    void (*prepare)(struct rig *rig);
    /* Does it once: calls of the scheduler, and hardly anything else. */
    void (*run)(struct rig *rig, uint32_t turn);
};

extern const struct operation_kind operation_kinds[]; /* ends with a NULL name */

struct operation {
    const char *name;
    const struct operation_kind *kind;
    const struct policy *policy;
    const struct placement *placement; /* NULL: processes stay, or go to the other torus */
    const struct balancer *balancer;   /* NULL: none */
    uint32_t queued; /* processes of own, and as many of other, those that run included */
};

struct rig {
    const struct operation *operation;
    const struct torus_operations *ops;
    struct braid *braid;
    struct world *world;          /* its port, and what else it gives the scheduler to read */
    const struct placement *keep; /* there: every process stays where it is */
    struct process *processes;
    struct torus *torus[RIG_TORI_MAX];
    uint32_t own, other;
    uint32_t batch;
    uint64_t now_ns;
    uint32_t random;
    /* Processes that are not queued, by what was done to them last. */
    uint32_t blocked[RIG_BATCH_MAX], blocked_count;
    uint32_t freed[RIG_BATCH_MAX], freed_count;
    uint32_t exited; /* id of the process that exited last */
    bool posted;     /* since own and other changed places */
};

/* Fills in the operation that `kind` makes with this policy, and the placement or balancer that
 * is number `which`; false when there is no such number, or none with this policy.  name has
 * OPERATION_NAME bytes. */
bool operation_make(struct operation *operation, const struct operation_kind *kind,
                    const struct scheduler_module *module, const struct policy *policy,
                    uint32_t which, uint32_t queued, char *name);

/* ---- The rig (rig.c) ----------------------------------------------------------------------- */

/* Bytes of memory that a rig for this operation needs. */
size_t rig_bytes(const struct operation *operation, const struct torus_operations *ops);

/* memory is aligned to 64 bytes; the rig zeroes it.  Afterwards every process exists, every core of
 * own and of other runs one, and they have had `rounds` turns of uneven length. */
void rig_init(struct rig *rig, void *memory, const struct operation *operation,
              const struct torus_operations *ops, uint32_t rounds);

/* ---- What kinds of operation are made of (kinds.c) ---------------------------------------- */

void rig_pass_time(struct rig *rig);
void rig_create(struct rig *rig, uint32_t torus, uint32_t id);
struct process *rig_schedule(struct rig *rig, uint32_t torus, uint32_t slot);

/* ---- All of them, once (operations.c) ------------------------------------------------------ */

/* Told of every operation, once each; between begin and end a batch of it runs. */
struct operation_observer {
    void (*begin)(void *self, const struct operation *operation);
    void (*end)(void *self, const struct operation *operation);
    void *self;
};

/* Every kind x policy x placement or balancer that it depends on x 10, 100 and 1000 processes, as
 * far as that fits into memory of so many bytes. */
void operations_observe(const struct scheduler_module *module, void *memory, size_t bytes,
                        const struct operation_observer *observer);

#endif
