/* balancer_steal.c -- a torus that has nothing to run asks one other for a process.
 *
 * Property: it asks when a core becomes idle, and again every balance interval while one is.  Whom
 * it asks is the braid's choice of victim; none whose projection can be read and shows no more
 * processes than cores.  If the most loaded one has none waiting any more that may go there, it
 * passes the request on round the ring, so that every victim is tried; of random ones only one is.
 * Bound: with the most loaded as victim, no core idles longer than an interval plus the age of the
 * projections plus the price of a request and its answer while another torus has a waiting process
 * that may run there (tests/theory/balance.c, A9).  With a random victim, nothing but a
 * probability: drawn from all, itself included, the mean response is A4's.
 * Source: D. Eager, E. Lazowska, J. Zahorjan, "A comparison of receiver-initiated and
 * sender-initiated adaptive load sharing", Performance Evaluation 6(1), 1986; R. Blumofe and
 * C. Leiserson, "Scheduling multithreaded computations by work stealing", JACM 46(5), 1999.
 * Complexity: O(tori) to find the most loaded, else O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

/* False: nobody this time. */
static bool steal_draw(const struct braid *braid, struct torus *torus, uint16_t *victim)
{
    struct projection projection;
    bool with_self = braid->victim == VICTIM_RANDOM_OR_SELF;
    uint32_t drawn = torus_random_below(torus, braid->torus_count - !with_self);
    if (!with_self && drawn >= torus->id)
        drawn++;
    *victim = (uint16_t)drawn;
    if (drawn == torus->id || braid_is_away(braid, *victim))
        return false;
    return !braid_read(braid, *victim, &projection) ||
           projection.load > braid_cores(braid, *victim);
}

static void steal_idle(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t victim;
    uint32_t excess;
    (void)now_ns;
    if (torus->idle <= torus->ready || braid->torus_count == 1)
        return;
    if (braid->victim != VICTIM_MOST_LOADED) {
        if (steal_draw(braid, torus, &victim))
            torus_ask(torus, victim, torus->id, 1);
    } else if (braid_most_loaded(braid, torus, &victim, &excess)) {
        torus_ask(torus, victim, torus->id, braid->torus_count - 1u);
    }
}

/* The count of the request is how many tori may still be tried. */
static void steal_asked(struct braid *braid, struct torus *torus, uint16_t thief, uint32_t tries,
                        uint64_t now_ns)
{
    uint16_t next;
    (void)now_ns;
    tries--;
    if (torus_waiting(torus) > 0 && torus_give(torus, thief))
        return;
    if (braid_next_loaded(braid, torus, thief, &tries, &next))
        torus_ask(torus, next, thief, tries + 1);
}

const struct balancer balancer_steal = {
    .name = "steal",
    .summary = "a torus with nothing to run asks another for a process; O(tori) or O(1)",
    .balance = steal_idle,
    .idle = steal_idle,
    .asked = steal_asked,
};
