/* lock_model.h -- locks in virtual time: who holds, who waits, what a hand-over costs.
 *
 * Symbols: c = handover_ns, the time for one core to get the lock's line from another and go on;
 * c_i = c x (transfer from the holder to waiter i) / transfer_ns, so that near waiters are cheaper;
 * S = sum of c_i over the waiters, F = the greatest of them, and k the cores that hold or wait.
 * With all cores equally far apart S = (k - 1) c and F = c.
 *
 * Taking a free lock costs one atomic, and a line transfer when another core held it last; an mcs
 * lock swaps twice, since letting go is an atomic too.  From letting go to the next holder:
 *     ideal         0
 *     ticket        (S + F)/2 = c k/2: all waiters reread one line, the next is on average in the
 *                   middle of them
 *     mcs           c_i of the next: it alone rereads a line of its own
 *     tas           S + 2 F = c (k + 1): the holder's write queues behind an atomic of every
 *                   waiter, takes effect, and the winner's atomic comes after it
 *     ttas          the same: the write, a reread by every waiter, and the winner's atomic behind
 *                   them.  Then the losers' atomics and rereads are still under way for 2 S, a
 *                   storm; a holder that lets go within it finds the line as under tas
 *     ttas_backoff  until the first waiter looks again, and its c_i.  A waiter that has waited for
 *                   x looks again within a delay of about x, at least c and at most 64 c
 *
 * ticket and mcs are first come, first served.  tas and ttas draw the next holder among those who
 * wait, with chances in proportion to their rates of trying, 1 / (transfer + atomic); under
 * ttas_backoff whoever looks first has it, and a comer who finds the lock free takes it though
 * others wait.  Who comes during a hand-over is drawn with the rest under tas, and under ttas if
 * the holder has let go within the storm, since it is as under tas then.  Else he swaps at once,
 * while the drawn one has to reread first.  Served strictly in order he would have the lock if he
 * comes before that reread is served, and who always comes back sooner would keep it for ever.  So
 * the two race for the line, with chances in proportion to their rates of trying; a waiter's is
 * half of the above, since it reads and swaps.  If the comer wins he has the lock after F + c_i if
 * he came before F, when the holder's write takes effect, and else when it was due.  Who comes
 * after F + c_i of the drawn one, when it has reread, or when another comer has won, waits.
 *
 * Spinning harms the holder.  Under tas the line of the lock goes round two or more waiters all the
 * time, one transfer per transfer_ns + atomic, and each occupies a bus that all cores share for
 * memory_line_ns: it is busy for rho = memory_line_ns / (transfer_ns + atomic), at most 0.9.  Each
 * of the holder's misses, one per transfer_ns of its memory stalls, waits for it as in a queue of
 * constant service, rho / (2 (1 - rho)) x memory_line_ns (Pollaczek and Khinchine), as beside
 * streams.  Under ttas so do those that fall into the storm.
 * Where memory_cores is given the lock's line does not use the memory's channels: no harm.
 *
 * The Markov chain of the literature, where hold and hand-over are together one exponential time
 * of mean s + c k/2 that is drawn anew whenever k changes, is here for tests against theory.
 *
 * Sources: S. Boyd-Wickizer, M. F. Kaashoek, R. Morris, N. Zeldovich, "Non-scalable locks are
 * dangerous", Linux Symposium 2012 (ticket, mcs, the chain); T. Anderson, "The performance of spin
 * lock alternatives for shared-memory multiprocessors", IEEE TPDS 1(1), 1990 (tas, ttas, back-off);
 * Z. Radovic and E. Hagersten, "Hierarchical backoff locks for nonuniform communication
 * architectures", HPCA 2003 (near cores win).  Counts of transactions, chances and the limit of the
 * back-off are assumed: docs/MODEL.md says why.  That real locks are unfair to those who wait,
 * though not for ever: N. Piggin, "x86: FIFO ticket spinlocks", Linux 2.6.25, 2008.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_LOCK_MODEL_H
#define MACHINE_LOCK_MODEL_H

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

#include "models/machine/profile.h"
#include "models/machine/topology.h"
#include "sim/base/arena.h"

enum lock_kind {
    LOCK_IDEAL,
    LOCK_TAS,
    LOCK_TTAS,
    LOCK_TTAS_BACKOFF,
    LOCK_TICKET,
    LOCK_MCS,
    LOCK_KINDS
};

enum { LOCK_BACKOFF_LIMIT = 64 }; /* greatest delay between two looks, in units of c */

struct lock_description {
    const char *name, *summary;
};

extern const struct lock_description lock_descriptions[LOCK_KINDS];

#define LOCK_NOBODY UINT32_MAX

struct lock_setup {
    enum lock_kind kind;
    const struct profile *cpu;
    const struct topology *topology;
    uint32_t cores; /* that may wait at once */
    /* Where draws come from: of type random_philox, shared with others. */
    gsl_rng *rng;
    uint64_t seed;
    uint32_t replication, id;
    bool chain;             /* the Markov chain, with */
    uint64_t chain_hold_ps; /* s; every hold must then last for no time */
};

struct lock_waiter {
    uint32_t core;
    uint64_t asked_ps;
};

struct lock_model {
    struct lock_setup setup;
    uint64_t atomic_ps, handover_ps;
    uint64_t reread_ps[DISTANCES]; /* c_i */
    double rate[DISTANCES];        /* of trying */
    double drag;                   /* what a stall gets longer, as a share of it */
    uint32_t draws;

    uint64_t free_ps;            /* when its present holder lets go, or its last one did */
    uint32_t last_core;          /* who holds it, or held it last */
    struct lock_waiter *waiting; /* [setup.cores] in order of arrival: a ring */
    uint32_t first, count;

    /* Of those who wait now, as seen from last_core. */
    uint64_t spread_ps, farthest_ps; /* S, F */
    double rates;                    /* sum of their rates of trying */
    uint32_t next;                   /* who gets it, as far as is known */
    uint64_t look_ps;                /* under back-off, when it looks */
    uint64_t grant_ps;               /* when next gets it, as promised */
    uint64_t storm_ps;               /* under ttas, until when its last race goes on */
    bool promised, overtaken;        /* under ttas, by a comer, in this hand-over */
};

void lock_model_init(struct lock_model *lock, const struct lock_setup *setup, struct arena *arena);

/* Core asks at now_ps.  True: it holds the lock once *cost_ps has passed; call lock_model_hold()
 * then, at the same now_ps.  False: it waits. */
bool lock_model_request(struct lock_model *lock, uint32_t core, uint64_t now_ps, uint64_t *cost_ps);

/* The same for a lock that is asked for inside an entry, which executes at one instant: in the
 * order of the entries, and nobody waits elsewhere.  Core wants it at at_ps: returns when it has
 * it, at the price of a free lock or, if that is later, one hand-over after it is let go;
 * lock_model_hold() comes next. */
uint64_t lock_model_pass(struct lock_model *lock, uint32_t core, uint64_t at_ps);

/* The holder lets go at until_ps.  O(waiters) but for locks that are served in order on machines
 * whose cores are equally far apart. */
void lock_model_hold(struct lock_model *lock, uint32_t core, uint64_t until_ps);

/* What a hold with stall_ps of memory stalls lasts longer because others spin. */
uint64_t lock_model_drag_ps(const struct lock_model *lock, uint64_t stall_ps);

/* The next holder and when it gets the lock; a later answer replaces an earlier one, which may have
 * named somebody else.  False when there is nothing new to say: nobody waits, or the lock is being
 * handed over and stays promised as it was. */
bool lock_model_promise(struct lock_model *lock, uint64_t now_ps, uint32_t *core,
                        uint64_t *when_ps);

/* The promised waiter takes the lock, now.  False: it came while the lock was free, so it never saw
 * it held. */
bool lock_model_granted(struct lock_model *lock, uint32_t core, uint64_t now_ps);

/* Has a waiter that asked at asked_ps seen the lock held, so far? */
bool lock_model_found_held(const struct lock_model *lock, uint64_t asked_ps);

#endif
