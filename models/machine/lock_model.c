/* lock_model.c -- see lock_model.h.
 *
 * Sums over the waiters are kept as they come, and made anew when the holder changes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/lock_model.h"

#include <math.h>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "workloads/exponential.h"

const struct lock_description lock_descriptions[LOCK_KINDS] = {
    [LOCK_IDEAL] = { "ideal", "first come, first served; taking and passing it cost nothing" },
    [LOCK_TAS] = { "tas",
                   "test-and-set: waiters try without pause; unfair, slows its holder down" },
    [LOCK_TTAS] = { "ttas",
                    "test-and-test-and-set: waiters read, and race when it is free; unfair" },
    [LOCK_TTAS_BACKOFF] = { "ttas_backoff",
                            "the same with delays that double: no race; unfair to who waits long" },
    [LOCK_TICKET] = { "ticket", "first come, first served; a hand-over costs the more the more "
                                "cores wait" },
    [LOCK_MCS] = { "mcs",
                   "first come, first served; a hand-over costs the same however many wait" },
};

static const double bus_share_max = 0.9; /* keeps 1 / (1 - rho) finite */

/* ---- Set-up ------------------------------------------------------------------------------- */

/* Of lock_model.h: what a stall gets longer, as a share of it. */
static double drag_of(const struct profile *cpu, double transfer_ns, double period_ns)
{
    double line_ns = profile_value(cpu, memory_line_ns);
    if (line_ns == 0 && profile_value(cpu, memory_read_mb_s) > 0)
        line_ns = profile_value(cpu, line_bytes) / profile_value(cpu, memory_read_mb_s) * 1e3;
    if (profile_value(cpu, memory_cores) > 0 || transfer_ns <= 0)
        return 0;
    double share = fmin(line_ns / period_ns, bus_share_max);
    return line_ns / transfer_ns * share / (2 * (1 - share));
}

void lock_model_init(struct lock_model *lock, const struct lock_setup *setup, struct arena *arena)
{
    const struct profile *cpu = setup->cpu;
    const uint64_t *transfer_fs = setup->topology->transfer_fs;
    *lock = (struct lock_model){ .setup = *setup, .last_core = LOCK_NOBODY, .next = LOCK_NOBODY };
    lock->waiting = arena_alloc(arena, setup->cores, sizeof *lock->waiting);
    if (setup->kind == LOCK_IDEAL)
        return;
    double atomic_ns = profile_value(cpu, atomic_cycles) * 1e3 / profile_value(cpu, clock_mhz);
    double plain_fs = (double)transfer_fs[DISTANCE_SOCKET];
    lock->atomic_ps = (uint64_t)llround(atomic_ns * 1e3);
    lock->handover_ps = (uint64_t)llround(profile_value(cpu, handover_ns) * 1e3);
    for (int d = 0; d < DISTANCES; d++) {
        /* A core that lets go and asks again has lost the line to those who wait: as any other. */
        uint64_t line_fs = transfer_fs[d == DISTANCE_SELF ? DISTANCE_SOCKET : d];
        double place = plain_fs > 0 ? (double)line_fs / plain_fs : 1;
        double period_ps = (double)(line_fs / 1000 + lock->atomic_ps);
        lock->reread_ps[d] = (uint64_t)llround((double)lock->handover_ps * place);
        lock->rate[d] = 1 / fmax(period_ps, 1);
    }
    lock->drag = drag_of(cpu, plain_fs / 1e6, plain_fs / 1e6 + atomic_ns);
}

/* ---- Those who wait ----------------------------------------------------------------------- */

static bool is_drawn(const struct lock_model *lock)
{
    return lock->setup.kind == LOCK_TAS || lock->setup.kind == LOCK_TTAS;
}

static struct lock_waiter *waiter_at(const struct lock_model *lock, uint32_t i)
{
    return &lock->waiting[(lock->first + i) % lock->setup.cores];
}

/* The generator, at numbers of this lock's own that have not been used. */
static gsl_rng *fresh_numbers(struct lock_model *lock)
{
    const struct lock_setup *setup = &lock->setup;
    random_seek(setup->rng, setup->seed, setup->replication, RANDOM_LOCK, setup->id, lock->draws++);
    return setup->rng;
}

/* A waiter under back-off looks again within a delay about as long as it has waited. */
static void draw_look(struct lock_model *lock, const struct lock_waiter *waiter)
{
    uint64_t least = lock->handover_ps, most = LOCK_BACKOFF_LIMIT * lock->handover_ps;
    uint64_t delay_ps = lock->free_ps - waiter->asked_ps;
    delay_ps = delay_ps < least ? least : delay_ps > most ? most : delay_ps;
    double after_ps = random_uniform(fresh_numbers(lock)) * (double)delay_ps;
    uint64_t look_ps = lock->free_ps + (uint64_t)after_ps;
    if (lock->next == LOCK_NOBODY || look_ps < lock->look_ps) {
        lock->next = waiter->core;
        lock->look_ps = look_ps;
    }
}

/* Adds one waiter to the sums.  Drawing as they come is drawing among them all: each replaces the
 * one before with its share of the rates (reservoir sampling, A. Chao, Biometrika 69, 1982). */
static void count_waiter(struct lock_model *lock, const struct lock_waiter *waiter)
{
    enum distance d = topology_distance(lock->setup.topology, lock->last_core, waiter->core);
    lock->spread_ps += lock->reread_ps[d];
    if (lock->reread_ps[d] > lock->farthest_ps)
        lock->farthest_ps = lock->reread_ps[d];
    if (is_drawn(lock)) {
        lock->rates += lock->rate[d];
        bool first = lock->next == LOCK_NOBODY;
        if (first || random_uniform(fresh_numbers(lock)) * lock->rates < lock->rate[d])
            lock->next = waiter->core;
    } else if (lock->next == LOCK_NOBODY && lock->setup.kind != LOCK_TTAS_BACKOFF) {
        lock->next = waiter->core;
    }
}

/* The holder has changed: all sums are made anew. */
static void count_waiters(struct lock_model *lock)
{
    lock->spread_ps = lock->farthest_ps = 0;
    lock->rates = 0;
    lock->next = LOCK_NOBODY;
    bool in_order = !is_drawn(lock) && lock->setup.kind != LOCK_TTAS_BACKOFF;
    if (in_order && lock->setup.topology->uniform && lock->count > 0) {
        lock->spread_ps = lock->count * lock->handover_ps;
        lock->farthest_ps = lock->handover_ps;
        lock->next = waiter_at(lock, 0)->core;
        return;
    }
    for (uint32_t i = 0; i < lock->count; i++)
        count_waiter(lock, waiter_at(lock, i));
}

static void take(struct lock_model *lock, uint32_t core, uint64_t now_ps)
{
    lock->last_core = core;
    lock->promised = lock->overtaken = false;
    count_waiters(lock);
    lock->storm_ps = now_ps + 2 * lock->spread_ps;
}

/* Removes a core from the ring; those before it move up.  O(its place). */
static struct lock_waiter remove_waiter(struct lock_model *lock, uint32_t core)
{
    uint32_t at = 0;
    while (waiter_at(lock, at)->core != core)
        CHECK(++at < lock->count);
    struct lock_waiter waiter = *waiter_at(lock, at);
    for (; at > 0; at--)
        *waiter_at(lock, at) = *waiter_at(lock, at - 1);
    lock->first = (lock->first + 1) % lock->setup.cores;
    lock->count--;
    return waiter;
}

/* ---- Taking and passing ------------------------------------------------------------------- */

/* Is it free for a comer?  Under back-off also while all who wait are looking away. */
static bool is_free(const struct lock_model *lock, uint64_t now_ps)
{
    if (lock->setup.chain || lock->free_ps > now_ps)
        return false;
    return lock->count == 0 || (lock->setup.kind == LOCK_TTAS_BACKOFF && now_ps < lock->look_ps);
}

/* The release finds the line of a ttas lock at rest: no request of the last race is under way. */
static bool is_at_rest(const struct lock_model *lock)
{
    return lock->free_ps >= lock->storm_ps;
}

/* A comer swaps at once, the drawn waiter when it has reread.  While no swap can be before the
 * comer's, whose is served first is drawn. */
static void race(struct lock_model *lock, uint32_t core, uint64_t now_ps)
{
    const struct topology *topology = lock->setup.topology;
    enum distance own = topology_distance(topology, lock->last_core, core);
    enum distance rival = topology_distance(topology, lock->last_core, lock->next);
    uint64_t seen_ps = lock->free_ps + lock->farthest_ps;
    if (lock->overtaken || now_ps >= seen_ps + lock->reread_ps[rival])
        return;
    double mine = lock->rate[own], both = mine + lock->rate[rival] / 2; /* it reads, then swaps */
    if (random_uniform(fresh_numbers(lock)) * both >= mine)
        return;
    if (now_ps < seen_ps)
        lock->grant_ps = seen_ps + lock->reread_ps[own];
    lock->next = core;
    lock->overtaken = true;
}

/* Of a free lock. */
static uint64_t taking_ps(const struct lock_model *lock, uint32_t core)
{
    uint64_t cost_ps = lock->atomic_ps * (lock->setup.kind == LOCK_MCS ? 2 : 1);
    if (lock->last_core != LOCK_NOBODY && lock->setup.kind != LOCK_IDEAL)
        cost_ps += topology_transfer_fs(lock->setup.topology, lock->last_core, core) / 1000;
    return cost_ps;
}

uint64_t lock_model_pass(struct lock_model *lock, uint32_t core, uint64_t at_ps)
{
    uint64_t has_ps = at_ps + taking_ps(lock, core);
    if (lock->free_ps > at_ps) {
        enum distance d = topology_distance(lock->setup.topology, lock->last_core, core);
        has_ps = lock->free_ps + lock->reread_ps[d];
    }
    lock->last_core = core;
    return has_ps;
}

bool lock_model_request(struct lock_model *lock, uint32_t core, uint64_t now_ps, uint64_t *cost_ps)
{
    if (is_free(lock, now_ps)) {
        *cost_ps = taking_ps(lock, core);
        take(lock, core, now_ps);
        return true;
    }
    CHECK(lock->count < lock->setup.cores);
    struct lock_waiter waiter = { core, now_ps };
    *waiter_at(lock, lock->count++) = waiter;
    bool passing = lock->promised && now_ps > lock->free_ps;
    if (lock->setup.kind == LOCK_TTAS && passing && is_at_rest(lock)) {
        race(lock, core, now_ps);
        return false;
    }
    if (lock->last_core == LOCK_NOBODY)
        lock->last_core = core; /* of the chain, which nobody ever finds free */
    count_waiter(lock, &waiter);
    if (lock->setup.kind == LOCK_TTAS_BACKOFF && now_ps <= lock->free_ps)
        draw_look(lock, &waiter);
    return false;
}

void lock_model_hold(struct lock_model *lock, uint32_t core, uint64_t until_ps)
{
    CHECK(lock->last_core == core);
    lock->free_ps = until_ps;
    lock->next = lock->setup.kind == LOCK_TTAS_BACKOFF ? LOCK_NOBODY : lock->next;
    if (lock->setup.kind == LOCK_TTAS_BACKOFF)
        for (uint32_t i = 0; i < lock->count; i++)
            draw_look(lock, waiter_at(lock, i));
}

uint64_t lock_model_drag_ps(const struct lock_model *lock, uint64_t stall_ps)
{
    if (lock->setup.kind == LOCK_TAS && lock->count >= 2)
        return (uint64_t)((double)stall_ps * lock->drag);
    uint64_t storm_ps = 2 * lock->spread_ps;
    if (lock->setup.kind == LOCK_TTAS)
        return (uint64_t)((double)(stall_ps < storm_ps ? stall_ps : storm_ps) * lock->drag);
    return 0;
}

/* When the promised core has the lock that is free at free_ps. */
static uint64_t handed_over_ps(const struct lock_model *lock)
{
    uint64_t from_ps = lock->free_ps;
    switch (lock->setup.kind) {
    case LOCK_TICKET:
        return from_ps + (lock->spread_ps + lock->farthest_ps) / 2;
    case LOCK_MCS:
    case LOCK_TTAS_BACKOFF: {
        enum distance d = topology_distance(lock->setup.topology, lock->last_core, lock->next);
        bool looks = lock->setup.kind == LOCK_TTAS_BACKOFF;
        return (looks ? lock->look_ps : from_ps) + lock->reread_ps[d];
    }
    case LOCK_TAS:
    case LOCK_TTAS:
        return from_ps + lock->spread_ps + 2 * lock->farthest_ps;
    case LOCK_IDEAL:
    case LOCK_KINDS:
        break;
    }
    return from_ps;
}

bool lock_model_promise(struct lock_model *lock, uint64_t now_ps, uint32_t *core, uint64_t *when_ps)
{
    if (lock->count == 0)
        return false;
    bool passing = lock->promised && now_ps > lock->free_ps;
    if (lock->setup.chain) {
        double mean_ps =
            (double)lock->setup.chain_hold_ps + (double)lock->handover_ps * lock->count / 2;
        double drawn_ps = exponential_draw(fresh_numbers(lock)) * mean_ps;
        lock->grant_ps = now_ps + (uint64_t)llround(drawn_ps);
    } else if (!passing) {
        lock->grant_ps = handed_over_ps(lock);
    } else if (!is_drawn(lock)) {
        return false;
    }
    lock->promised = true;
    *core = lock->next;
    *when_ps = lock->grant_ps;
    return true;
}

bool lock_model_granted(struct lock_model *lock, uint32_t core, uint64_t now_ps)
{
    CHECK(lock->promised && lock->next == core && now_ps == lock->grant_ps);
    bool found_held = lock_model_found_held(lock, remove_waiter(lock, core).asked_ps);
    take(lock, core, now_ps);
    return found_held;
}

bool lock_model_found_held(const struct lock_model *lock, uint64_t asked_ps)
{
    return !is_drawn(lock) || asked_ps <= lock->free_ps;
}
