/* balancer_braid.c -- the emergent balancer: tori that overflow and tori that idle find each other.
 *
 * Property: what waits at a torus goes to one that shows idle.  A process that has run, and may
 * have its caches warm, goes only after it has waited for as long as they are worth (cost_ns): if
 * they are worth that, wait and move cost at most twice the least that could have been, whatever
 * comes (ski rental), and what time passes until a tick.  One that never ran has nothing to lose,
 * and goes at once, the first time that it is moved.  Where nobody waits for so long, since slices
 * are short, a torus that has owed a process for DEBT_COSTS gives one all the same.
 *   - Who overflows at an arrival gives to a torus that idles; who idles asks the one that has most
 *     to give, and that passes the request on if it has nothing that may go there.  If the time has
 *     not come yet, the full torus remembers the other, and gives at a tick.
 *   - Projections are published at once when a torus comes to be idle, even or overloaded, so that
 *     both see each other as soon as the line can travel; placement gains as much from that.
 *   - Where nobody idles, who has two more than the least loaded gives it one.  Who has one more
 *     gives one away, too, once in ROTATION costs, so that hogs which cannot be divided evenly take
 *     turns: that costs no more than 1/ROTATION of a core's time.
 * No ping-pong: by fresh projections no move but the slow rotation makes the receiver the fuller of
 * the two; what has been moved waits for its cost before it is moved again, and moves nobody else.
 * Bound: while one torus has processes that wait and may run there, the first of k others that show
 * idle is served within cost + a tick + an interval + the age of the projections + the price of a
 * request and its answer, where slices are longer than cost (tests/theory/balance.c, A9).  Where
 * they are not, or for the k-th, it is k (2 cost + a tick) in place of cost + a tick, since what is
 * owed to the next counts from when the one before got its own.  A lost or damaged
 * projection makes its torus invisible until the next; nothing is lost with it
 * (tests/contract/balancers.c).
 * Source: A. Karlin, M. Manasse, L. Rudolph, D. Sleator, "Competitive snoopy caching", Algorithmica
 * 3, 1988 (ski rental); D. Eager, E. Lazowska, J. Zahorjan, "Adaptive load sharing in homogeneous
 * distributed systems", IEEE TSE 12(5), 1986 (giving at low load, asking at high load).
 * Complexity: O(tori) when a process would wait, a core idles or an interval ends; else nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

enum { ROTATION = 128, DEBT_COSTS = 2 };

/* Is it time to move process (NULL: there is none)? */
static bool braid_is_worth(const struct braid *braid, const struct process *process,
                           uint64_t now_ns)
{
    if (process == NULL)
        return false;
    bool is_new = process->runtime_ns == 0 && !(process->flags & PROCESS_MOVED);
    return is_new || now_ns - process->since_ns >= braid->cost_ns;
}

/* Does the other one idle, and may something that is queued here go there? */
static bool braid_can_serve(const struct braid *braid, struct torus *torus, uint16_t other)
{
    struct projection projection;
    return braid_read(braid, other, &projection) && projection.load < braid_cores(braid, other) &&
           torus_offer(torus, other) != NULL;
}

/* Begins anywhere, or all would choose the same. */
static bool braid_find_idle(const struct braid *braid, struct torus *torus, uint16_t *idle)
{
    uint16_t at = (uint16_t)torus_random_below(torus, braid->torus_count);
    for (uint32_t i = 0; i < braid->torus_count; i++) {
        at = (uint16_t)(at + 1u < braid->torus_count ? at + 1u : 0);
        if (at != torus->id && braid_can_serve(braid, torus, at)) {
            *idle = at;
            return true;
        }
    }
    return false;
}

/* Has it owed a process for so long that one goes, whoever waits? */
static bool braid_is_overdue(const struct braid *braid, const struct torus *torus, uint64_t now_ns)
{
    return torus->owed != 0 && now_ns - torus->owed_ns >= (uint64_t)DEBT_COSTS * braid->cost_ns;
}

/* Gives one to idle, now or when it is worth it; if more wait, another idle torus is next. */
static void braid_serve(const struct braid *braid, struct torus *torus, uint16_t idle,
                        uint64_t now_ns)
{
    uint16_t other = idle;
    if (braid_is_worth(braid, torus_offer(torus, idle), now_ns) ||
        braid_is_overdue(braid, torus, now_ns)) {
        torus->owed = 0;
        torus_give(torus, idle);
        if (torus_waiting(torus) == 0 || !braid_find_idle(braid, torus, &other))
            return;
    }
    if (torus->owed == 0)
        torus->owed_ns = now_ns;
    torus->owed = other + 1u;
}

static void braid_arrived(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t idle;
    if (braid_find_idle(braid, torus, &idle))
        braid_serve(braid, torus, idle, now_ns);
}

/* The count of the request is how many tori may still be tried. */
static void braid_asked(struct braid *braid, struct torus *torus, uint16_t thief, uint32_t tries,
                        uint64_t now_ns)
{
    uint16_t next;
    tries--;
    if (torus_waiting(torus) > 0 && torus_offer(torus, thief) != NULL)
        braid_serve(braid, torus, thief, now_ns);
    else if (braid_next_loaded(braid, torus, thief, &tries, &next))
        torus_ask(torus, next, thief, tries + 1);
}

static void braid_wants(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t most;
    uint32_t excess;
    (void)now_ns;
    if (torus->idle > torus->ready && braid_most_loaded(braid, torus, &most, &excess))
        torus_ask(torus, most, torus->id, braid->torus_count - 1u);
}

/* Nobody idles, as far as this torus knows. */
static void braid_even_out(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t least = torus->id;
    uint32_t load, own = torus_load(torus);
    uint64_t rested_ns = now_ns - torus->rotated_ns, cost_ns = braid->cost_ns;
    if (!braid_least_loaded(braid, torus, torus->id, &least, &load) || own <= load)
        return;
    const struct process *process = torus_offer(torus, least);
    if (process == NULL ||
        (rested_ns < DEBT_COSTS * cost_ns && !braid_is_worth(braid, process, now_ns)))
        return;
    bool rotates = rested_ns >= ROTATION * cost_ns &&
                   process->id + 1 != torus->guest; /* the hosts' turn to leave */
    if (own > load + 1 || rotates) {
        torus->rotated_ns = now_ns;
        torus_give(torus, least);
    }
}

static void braid_round(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t idle = (uint16_t)(torus->owed - 1u);
    bool waits = torus_waiting(torus) > 0;
    if (waits && ((torus->owed != 0 && braid_can_serve(braid, torus, idle)) ||
                  braid_find_idle(braid, torus, &idle))) {
        braid_serve(braid, torus, idle, now_ns);
        return;
    }
    torus->owed = 0;
    if (waits)
        braid_even_out(braid, torus, now_ns);
    else
        braid_wants(braid, torus, now_ns);
}

const struct balancer balancer_braid = {
    .name = "braid",
    .summary = "gives to idle tori, asks when idle, moves what is cold; O(tori)",
    .prompt = true,
    .balance = braid_round,
    .idle = braid_wants,
    .arrived = braid_arrived,
    .asked = braid_asked,
};
