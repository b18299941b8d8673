/* share.h -- virtual time: what weighted processes have received, and what they are due.
 *
 * A process of weight w that runs for s ns receives s 2^20 / w of virtual time; 1024 is nominal, so
 * a unit is 1/1024 ns of a nominal process.  In an ideal system all that compete receive virtual
 * time at the same rate.
 *
 *     virtual time of the queue   V = sum of w v / sum of w     over those that compete
 *     lag of a process            w (V - v) / 2^20 ns           what it is owed; they sum to 0
 *
 * Those that compete are the queued and the running ones.  A running process receives a ns each ns,
 * whatever its weight, so the sum is known at any time without looking at it.
 *
 * On several cores a process can be due more than one, which it cannot have.  One that is picked
 * and due more than a core of those that are left runs apart: it does not compete meanwhile, nor
 * does its core, and keeps its lag, so that the others share what is left by their weights.
 *
 * Invariant: base = floor(V) and 0 <= rest < weight, rest / weight being what of V is left
 * (tests/unit/share.c).  All is O(1).
 *
 * Source: I. Stoica and H. Abdel-Wahab, "Earliest eligible virtual deadline first: a flexible and
 * accurate mechanism for proportional share resource allocation", TR 95-22, Old Dominion
 * University, 1995, section 2; what is due on several cores: A. Chandra, M. Adler, P. Goyal and
 * P. Shenoy, "Surplus fair scheduling: a proportional-share CPU scheduling algorithm for symmetric
 * multiprocessors", OSDI 2000 (feasible weights).
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_SHARE_H
#define BRAID_SHARE_H

#include "braid/process.h"
#include "braid/tree.h"

enum { SHARE_SHIFT = 20, SHARE_NOMINAL_SHIFT = 10 /* 2^20 / 1024 = 2^10 */ };

/* Longer times are taken for this, so that nothing overflows: 4.6 hours. */
#define SHARE_MOST_NS ((UINT64_C(1) << 44) - 1)

enum share_state { SHARE_AWAY, SHARE_QUEUED, SHARE_PICKED, SHARE_APART };

/* What a policy keeps of a process; node.user is its weight, 0 before it has one. */
struct __attribute__((may_alias)) share {
    struct tree_node node;
    uint64_t received; /* virtual time; while it is away, its lag in that */
    uint32_t inverse;  /* 2^(shift + 20) / weight, rounded down; more than 2^30 */
    uint8_t shift;
    uint8_t state; /* enum share_state */
    uint16_t torus;
};

_Static_assert(sizeof(struct share) <= PROCESS_POLICY_BYTES, "a share fits into a process");

/* What is in node.scratch of a process that was picked. */
enum { SHARE_PICKED_NS, SHARE_RUNTIME_NS };

struct virtual_time {
    uint64_t now_ns;
    uint64_t base;
    int64_t rest;
    uint64_t weight;  /* of all that compete */
    uint32_t running; /* processes that compete */
    uint32_t apart;   /* processes that do not, on cores of their own */
    uint32_t cores;   /* that serve all of them */
    uint64_t most_ns; /* of lag that is kept by who is away, either way */
};

static inline struct share *share_of(const struct process *process)
{
    return (struct share *)(uintptr_t)process->policy;
}

static inline struct process *process_of_node(struct tree_node *node)
{
    return list_container_of(node, struct process, policy);
}

static inline uint32_t share_weight(const struct share *share)
{
    return share->node.user;
}

/* policy->next_migratable of a policy with a tree of shares: the one before process. */
struct process *share_next_migratable(void *queue, struct process *process);

/* Gives share this weight; cheap when it has it already. */
void share_weigh(struct share *share, uint32_t weight);

/* The virtual time that ns are to this share: ns 2^20 / weight, within 2^-30 of it. */
static inline uint64_t share_scaled(const struct share *share, uint64_t ns)
{
    if (ns <= UINT32_MAX)
        return (ns * share->inverse) >> share->shift;
    ns = ns < SHARE_MOST_NS ? ns : SHARE_MOST_NS;
    return ((ns >> 11) * share->inverse) >> (share->shift - 11);
}

/* numerator / denominator, which is not 0: by instruction where a machine has one, else in a few
 * rounds of 32-bit divisions. */
uint64_t share_divide(uint64_t numerator, uint64_t denominator);
uint64_t share_divide_by_digits(uint64_t numerator, uint64_t denominator);

void virtual_time_init(struct virtual_time *time, uint32_t cores, uint64_t most_ns);

/* Goes on to now_ns, which is later: those that run have received their time since. */
void virtual_time_go(struct virtual_time *time, uint64_t now_ns);

static inline void virtual_time_advance(struct virtual_time *time, uint64_t now_ns)
{
    if (now_ns > time->now_ns)
        virtual_time_go(time, now_ns);
}

/* process comes: from elsewhere or from sleep, or from the core that it had and gives up at now_ns.
 * It competes from then on.  True: it has joined anew, with the lag that it has kept, or since its
 * weight is another one or it has run apart. */
bool share_enter(struct virtual_time *time, struct share *share, const struct process *process,
                 uint64_t now_ns);

/* Ceases to compete, and keeps its lag.  What it takes along, or brings when it joins again, those
 * that stay get or give, by weight. */
void share_part(struct virtual_time *time, struct share *share);

/* process gives up its core at now_ns, and does not come back at once. */
void share_leave(struct virtual_time *time, struct share *share, const struct process *process,
                 uint64_t now_ns);

/* share, which competes, gets a core at time->now_ns: apart, if it is due more than one core of
 * those that compete. */
static inline void share_start(struct virtual_time *time, struct share *share,
                               const struct process *process)
{
    int64_t cores = (int64_t)time->cores - time->apart;
    if (cores * share_weight(share) > (int64_t)time->weight) {
        share_part(time, share);
        share->state = SHARE_APART;
        time->apart++;
        return;
    }
    share->state = SHARE_PICKED;
    share->node.scratch[SHARE_PICKED_NS] = time->now_ns;
    share->node.scratch[SHARE_RUNTIME_NS] = process->runtime_ns;
    time->running++;
}

/* What process has run since share_start(), as it is accounted, up to now if it runs. */
static inline uint64_t share_ran_ns(const struct share *share, const struct process *process,
                                    uint64_t now_ns)
{
    uint64_t ran_ns = process->runtime_ns - share->node.scratch[SHARE_RUNTIME_NS];
    if (process->state == PROCESS_RUNNING && now_ns > process->since_ns)
        ran_ns += now_ns - process->since_ns;
    return ran_ns;
}

#endif
