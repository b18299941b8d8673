/* balancer_periodic.c -- every interval each torus pulls itself up to the average load.
 *
 * Property: a torus below the average asks the most loaded for as many processes as bring neither
 * beyond the average, and one if both are within one of it and the other has 2 more.  Who has
 * nothing that waits and may go there passes the request on to the next round the ring, as far as
 * to the one that asks.
 * Bound: with fresh projections, tori of as many cores each, and processes that may be anywhere,
 * the least loaded torus gets at least one in each of its intervals in which the most loaded has 2
 * more, and one that waits (tests/contract/balancers.c).  Tori of one core end within 1 of each
 * other; of several, one that has no more than its cores keeps them, though another has none.
 * Between intervals cores may idle.
 * Source: load_balance() of Linux (calculate_imbalance(), kernel/sched/fair.c), without domains,
 * weights and its locks of two queues.
 * Complexity: O(tori) per interval.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

/* What is known of all tori, this one included. */
struct periodic_view {
    uint32_t load, cores; /* sums over the tori that can be read */
    uint32_t most;        /* load of the busiest by load per core */
    uint16_t busiest;
    bool found;
};

static void periodic_look(const struct braid *braid, const struct torus *torus,
                          struct periodic_view *view)
{
    uint16_t at = torus->id;
    view->load = torus_load(torus);
    view->cores = torus->core_count;
    view->most = 0;
    view->busiest = 0;
    view->found = false;
    for (uint32_t i = 1; i < braid->torus_count; i++) {
        struct projection projection;
        at = (uint16_t)(at + 1u < braid->torus_count ? at + 1u : 0);
        if (!braid_read(braid, at, &projection))
            continue;
        uint32_t cores = braid_cores(braid, at);
        view->load += projection.load;
        view->cores += cores;
        if (view->found && (uint64_t)projection.load * braid_cores(braid, view->busiest) <=
                               (uint64_t)view->most * cores)
            continue;
        view->found = true;
        view->busiest = at;
        view->most = projection.load;
    }
}

static void periodic_balance(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    struct periodic_view view;
    (void)now_ns;
    periodic_look(braid, torus, &view);
    if (!view.found)
        return;
    /* Against load x cores / all cores, all times all cores: no division. */
    uint64_t own = (uint64_t)torus_load(torus) * view.cores;
    uint64_t fair = (uint64_t)view.load * torus->core_count;
    uint64_t most = (uint64_t)view.most * view.cores;
    uint64_t fair_there = (uint64_t)view.load * braid_cores(braid, view.busiest);
    uint32_t count = 0;
    while (count < INBOX_ASKED_MOST && own + view.cores <= fair &&
           most >= fair_there + view.cores) {
        own += view.cores;
        most -= view.cores;
        count++;
    }
    if (count == 0 && view.most > torus_load(torus) + 1 && own < fair && most > fair_there)
        count = 1;
    if (count > 0)
        torus_ask(torus, view.busiest, torus->id, count);
}

/* Who has nothing to give passes the request on, as far as to the one that asks. */
static void periodic_asked(struct braid *braid, struct torus *torus, uint16_t thief, uint32_t count,
                           uint64_t now_ns)
{
    uint32_t given = 0, steps = thief + (thief < torus->id ? braid->torus_count : 0u) - torus->id;
    uint16_t next;
    (void)now_ns;
    while (given < count && torus_waiting(torus) > 0 && torus_give(torus, thief))
        given++;
    steps--;
    if (given == 0 && braid_next_loaded(braid, torus, thief, &steps, &next))
        torus_ask(torus, next, thief, count);
}

const struct balancer balancer_periodic = {
    .name = "periodic",
    .summary = "every interval a torus pulls its load up to the average; O(tori)",
    .balance = periodic_balance,
    .asked = periodic_asked,
};
