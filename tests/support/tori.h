/* tori.h -- a braid of tori in plain memory, for tests: a world whose port only takes notes.
 *
 * post() pushes into the inbox at once and notes that its owner must be told; kick() notes the
 * core.  Nothing is acted on before tori_settle(), so a test can look in between.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_SUPPORT_TORI_H
#define TESTS_SUPPORT_TORI_H

#include "braid/braid.h"
#include "braid/policy.h"
#include "braid/torus.h"

enum { TORI_MAX = 4, TORI_CORES_MAX = 4, TORI_PROCESSES = 64 };

struct tori_setup {
    const struct policy *policy;
    const struct placement *placement; /* NULL: tori_keep, every process stays where it is */
    const struct balancer *balancer;   /* NULL: balancer_none */
    uint64_t slice_ns, exchange_ns, balance_ns, warm_ns;
    uint32_t slice_tick_ns, threshold, random, cost_ns;
    uint8_t victim;
    uint16_t torus_count, cores_per_torus, patience;
    bool place_woken;
    bool accepts; /* what is posted is queued by the poster, as where tori have locks */
};

struct tori {
    struct braid braid;
    struct port port;
    uint16_t torus_count, cores_per_torus;
    struct torus *torus[TORI_MAX];
    void *queue[TORI_MAX];
    struct process *processes; /* [TORI_PROCESSES] */
    bool told[TORI_MAX];       /* its inbox has become non-empty */
    bool kicked[TORI_MAX * TORI_CORES_MAX];
    uint32_t masks[TORI_PROCESSES]; /* braid.allowed: of up to 32 tori */
    uint32_t posts, asks, kicks;
    struct tori_request {
        uint16_t victim;
        uint32_t count;  /* 0: none */
    } request[TORI_MAX]; /* accepts: by the asking torus */
    bool accepts;
    uint64_t now_ns; /* for torus_accept(): the caller's, where it matters */
};

extern const struct placement tori_keep;

void tori_init(struct tori *tori, const struct tori_setup *setup);
void tori_fini(struct tori *tori);

/* Receives and schedules until no core is told or kicked. */
void tori_settle(struct tori *tori, uint64_t now_ns);

/* A process of nominal weight with this priority, on that torus and left to its placement. */
enum process_result tori_create(struct tori *tori, uint16_t torus, uint32_t id, int32_t priority,
                                uint64_t now_ns);

static inline bool tori_core_is_away(const struct torus *torus, uint32_t slot)
{
    return torus->cores[slot].kicked == TORUS_CORE_AWAY;
}

/* The first core from this one on that is there and is not `but`, which it is if there is none. */
uint32_t tori_slot_there(const struct torus *torus, uint32_t slot, uint32_t but);

/* Of policy_list and its like, which end with NULL. */
uint32_t tori_list_length(const void *const *list);

bool tori_in_inbox(const struct tori *tori, uint32_t id);

/* xorshift64 (G. Marsaglia, 2003); *state is never 0. */
uint64_t tori_random(uint64_t *state);
uint32_t tori_random_below(uint64_t *state, uint32_t bound);

#endif
