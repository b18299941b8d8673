/* balancers.c -- what every balancer keeps to, and what each of them is for.
 *
 * Goal: balancing brings loads that differ no farther apart and comes to rest; projections that are
 * old, lost or damaged lose no process; an idle torus that may ask gets what waits elsewhere, also
 * where a core is lent; braid moves nothing that is warm before it has waited for its cost, and
 * rotates what cannot be divided.
 * Method: four tori in plain memory with loads given by hand, rr, one core each.  Rounds of
 * balancing by every torus in turn, with everything settled in between, and no process ever ending.
 * That nothing is lost under random calls is contract/torus.c's; under a simulated load,
 * contract/combinations.c's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>

#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { MS = 1000000, SLICE_NS = 10 * MS, COST_NS = MS, SEEDS = 24 };

static struct tori tori;
static uint64_t now_ns, random_state;

static void set_up_with(const struct policy *policy, const struct balancer *balancer,
                        uint64_t exchange_ns, uint32_t seed, uint16_t cores)
{
    struct tori_setup setup = { .policy = policy,
                                .balancer = balancer,
                                .slice_ns = SLICE_NS,
                                .exchange_ns = exchange_ns,
                                .balance_ns = 10 * MS,
                                .threshold = 1,
                                .cost_ns = COST_NS,
                                .random = 1 + seed,
                                .torus_count = TORI_MAX,
                                .cores_per_torus = cores };
    tori_init(&tori, &setup);
    random_state = seed + 1;
    now_ns = 0;
}

static void set_up(const struct balancer *balancer, uint64_t exchange_ns, uint32_t seed)
{
    set_up_with(&policy_rr, balancer, exchange_ns, seed, 1);
}

static uint32_t load(uint16_t k)
{
    return torus_load(tori.torus[k]);
}

static uint32_t load_total(void)
{
    uint32_t total = 0;
    for (uint16_t k = 0; k < TORI_MAX; k++)
        total += load(k);
    return total;
}

static uint32_t load_spread(void)
{
    uint32_t least = UINT32_MAX, most = 0;
    for (uint16_t k = 0; k < TORI_MAX; k++) {
        least = load(k) < least ? load(k) : least;
        most = load(k) > most ? load(k) : most;
    }
    return most - least;
}

/* Processes that have run before, on torus k, put there as a balancer would not see it. */
static void give_load(uint16_t k, uint32_t count, uint32_t *id)
{
    const struct balancer *balancer = tori.braid.balancer;
    tori.braid.balancer = &balancer_none;
    for (uint32_t i = 0; i < count; i++, ++*id) {
        ck_assert_int_eq(tori_create(&tori, k, *id, 0, now_ns), PROCESS_OK);
        tori.processes[*id].runtime_ns = 1;
    }
    tori_settle(&tori, now_ns);
    tori.braid.balancer = balancer;
}

static void publish_all(void)
{
    for (uint16_t k = 0; k < TORI_MAX; k++)
        braid_publish(&tori.braid, tori.torus[k]);
}

/* That is what others see of torus k. */
static void check_seen(uint16_t k, uint32_t expected)
{
    struct projection seen;
    ck_assert(braid_read(&tori.braid, k, &seen));
    ck_assert_uint_eq(seen.load, expected);
}

/* A round of every torus, each with a fresh slice of time; returns how many were moved. */
static uint32_t balance_all(void)
{
    uint32_t posts = tori.posts;
    for (uint16_t k = 0; k < TORI_MAX; k++) {
        now_ns += COST_NS;
        braid_balance(&tori.braid, tori.torus[k], now_ns);
        tori_settle(&tori, now_ns);
    }
    return tori.posts - posts;
}

/* ---- Every balancer ------------------------------------------------------------------------- */

/* With fresh projections the spread never grows.  Those that even loads out come to a spread of
 * one; then nothing moves any more, but for the rotation of braid.  steal fills idle tori only. */
START_TEST(loads_converge_and_rest)
{
    const struct balancer *balancer = balancer_list[_i / SEEDS];
    uint32_t id = 0, moved = 0, spread;
    set_up(balancer, 0, (uint32_t)_i % SEEDS);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        give_load(k, tori_random_below(&random_state, 9), &id);
    uint32_t total = load_total();
    spread = load_spread();
    for (int round = 0; round < 40; round++) {
        moved = balance_all();
        ck_assert_uint_eq(load_total(), total);
        bool at_rest = spread <= 1;
        ck_assert_uint_le(load_spread(), spread > 1 ? spread : 1);
        spread = load_spread();
        if (balancer == &balancer_braid)
            ck_assert_uint_le(moved, at_rest ? TORI_MAX : total);
        else if (at_rest && balancer != &balancer_steal)
            ck_assert_uint_eq(moved, 0);
    }
    if (balancer == &balancer_none)
        ck_assert_uint_eq(tori.posts, 0);
    else if (balancer != &balancer_steal)
        ck_assert_uint_le(spread, 1);
    else
        ck_assert_uint_eq(moved, 0);
    if (balancer != &balancer_none)
        for (uint16_t k = 0; k < TORI_MAX; k++)
            ck_assert_msg(load(k) > 0 || total < TORI_MAX, "%s lets torus %d idle", balancer->name,
                          k);
    tori_fini(&tori);
}
END_TEST

/* Projections of another time, or none at all: some decisions are bad, and none loses anything. */
START_TEST(bad_projections_lose_nothing)
{
    const struct balancer *balancer = balancer_list[_i / SEEDS];
    uint32_t id = 0;
    set_up(balancer, 7 * MS, (uint32_t)_i % SEEDS);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        give_load(k, tori_random_below(&random_state, 9), &id);
    uint32_t total = load_total();
    for (int round = 0; round < 60; round++) {
        struct projection_slot *slot = &tori.braid.slots[tori_random_below(&random_state, 4)];
        uint16_t k = (uint16_t)tori_random_below(&random_state, TORI_MAX);
        switch (tori_random_below(&random_state, 4)) {
        case 0: /* damaged */
            slot->load = (uint32_t)tori_random(&random_state);
            break;
        case 1: /* lost: a later publication mends it */
            slot->checksum = 0;
            break;
        case 2:
            braid_publish(&tori.braid, tori.torus[k]);
            break;
        default:
            braid_idle(&tori.braid, tori.torus[k], now_ns);
        }
        balance_all();
        ck_assert_uint_eq(load_total(), total);
    }
    tori_fini(&tori);
}
END_TEST

/* A torus whose projection is damaged is given nothing and asked for nothing by those who look. */
START_TEST(a_damaged_projection_is_not_believed)
{
    const struct balancer *balancer = balancer_list[_i];
    uint32_t id = 0;
    set_up(balancer, 7 * MS, 0);
    give_load(0, 5, &id);
    for (uint16_t k = 1; k < TORI_MAX; k++)
        give_load(k, k == 2 ? 0 : 5, &id);
    publish_all();
    tori.braid.slots[2].load ^= 1u << 7;
    for (uint16_t k = 0; k < TORI_MAX; k++) {
        now_ns += COST_NS;
        if (k != 2)
            braid_balance(&tori.braid, tori.torus[k], now_ns);
        tori_settle(&tori, now_ns);
    }
    ck_assert_uint_eq(load(2), 0);
    tori_fini(&tori);
}
END_TEST

/* Nor is it when it would say that a busy torus idles, to one that overflows. */
START_TEST(a_damaged_projection_attracts_nothing)
{
    uint32_t id = 0;
    set_up(balancer_list[_i], 7 * MS, 0);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        give_load(k, 5, &id);
    publish_all();
    tori.braid.slots[2].load = 0;
    now_ns += COST_NS;
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(tori.posts, 0);
    tori.braid.slots[2].load = 1000;
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.asks, 0);
    tori_fini(&tori);
}
END_TEST

/* ---- Those that pull ------------------------------------------------------------------------ */

/* The others are even or idle; one has three.  With locked queues the asking core answers. */
START_TEST(an_idle_torus_gets_what_waits)
{
    static const struct balancer *const pulling[] = { &balancer_steal, &balancer_braid };
    uint32_t id = 0;
    set_up(pulling[_i % 2], 0, 3);
    tori.accepts = _i / 2;
    give_load(0, 1, &id);
    give_load(2, 3, &id);
    now_ns += COST_NS;
    braid_idle(&tori.braid, tori.torus[1], now_ns);
    ck_assert_uint_eq(tori.asks, 1);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(1), 1);
    ck_assert_uint_ge(load(2), 1);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        ck_assert_uint_eq(tori.braid.tori[k]->inbox.asked, 0);
    braid_idle(&tori.braid, tori.torus[1], now_ns); /* it is idle no more */
    ck_assert_uint_eq(tori.asks, 1);
    tori_fini(&tori);
}
END_TEST

static void restrict_to(uint32_t from, uint32_t to, uint32_t mask)
{
    for (uint32_t id = from; id < to; id++) {
        struct torus *torus = tori.torus[tori.processes[id].torus];
        ck_assert_int_eq(torus_restrict(torus, 0, &tori.processes[id], &mask, now_ns), PROCESS_OK);
    }
}

/* Of two idle tori one may run what waits at torus 0; what waits at the fullest may go nowhere. */
START_TEST(who_may_be_where_leaves_no_torus_idle)
{
    static const struct balancer *const filling[] = { &balancer_steal, &balancer_periodic,
                                                      &balancer_braid };
    uint32_t id = 0;
    set_up(filling[_i / SEEDS], 0, (uint32_t)_i % SEEDS);
    give_load(0, 2, &id);
    give_load(3, 8, &id);
    restrict_to(0, 2, 1 << 0 | 1 << 1);
    restrict_to(2, id, 1 << 3);
    for (int round = 0; round < 4; round++) {
        balance_all();
        for (uint16_t k = 1; k < 3; k++)
            braid_idle(&tori.braid, tori.torus[k], now_ns);
        tori_settle(&tori, now_ns);
    }
    ck_assert_uint_eq(load(0), 1);
    ck_assert_uint_eq(load(1), 1);
    ck_assert_uint_eq(load(2), 0);
    ck_assert_uint_eq(load(3), 8);
    ck_assert_uint_eq(tori.torus[0]->owed, 0); /* to whom nothing may go nothing is owed */
    tori_fini(&tori);
}
END_TEST

/* While its core is lent a torus has none: it asks for nothing that it could not run, and what is
 * queued there waits, as others see, so that who idles gets it.  When the core is back it asks. */
START_TEST(a_torus_whose_core_is_lent_gives_and_does_not_ask)
{
    static const struct balancer *const pulling[] = { &balancer_steal, &balancer_braid };
    struct torus *lender;
    uint32_t id = 0;
    set_up(pulling[_i % 2], 0, 3);
    tori.accepts = _i / 2;
    lender = tori.torus[2];
    give_load(0, 3, &id);
    for (int twice = 0; twice < 2; twice++) /* the second time it is lent already */
        torus_lend(lender, 0, true);
    ck_assert_uint_eq(lender->idle, 0);
    braid_idle(&tori.braid, lender, now_ns);
    ck_assert_uint_eq(tori.asks, 0);
    uint32_t kicks = tori.kicks;
    give_load(2, 1, &id);
    give_load(3, 1, &id);
    ck_assert_uint_eq(lender->ready, 1);
    ck_assert_uint_eq(torus_waiting(lender), 1);
    ck_assert_uint_eq(tori.kicks, kicks + 1); /* torus 3's, and nobody else's */
    check_seen(2, 2);
    tori.braid.slots[0].checksum = 0; /* so that it is torus 2 that is asked */
    now_ns += COST_NS;
    braid_idle(&tori.braid, tori.torus[1], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(1), 1);
    ck_assert_uint_eq(lender->ready, 0);
    check_seen(2, 1);
    braid_publish(&tori.braid, tori.torus[0]);
    for (int twice = 0; twice < 2; twice++)
        torus_lend(lender, 0, false);
    ck_assert_uint_eq(lender->idle, 1);
    check_seen(2, 0);
    braid_idle(&tori.braid, lender, now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(2), 1);
    ck_assert_uint_eq(lender->idle, 0);
    tori_fini(&tori);
}
END_TEST

/* The one that seems most loaded has nothing left: the request goes on to where something waits. */
START_TEST(a_thief_tries_every_victim)
{
    static const struct balancer *const pulling[] = { &balancer_steal, &balancer_braid };
    uint32_t id = 0;
    set_up(pulling[_i % 2], 7 * MS, 0);
    tori.braid.prompt = false;
    tori.accepts = _i / 2;
    give_load(3, 3, &id);
    give_load(2, 2, &id);
    publish_all();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(torus_exit(tori.torus[3], 0, now_ns), PROCESS_OK);
        torus_schedule(tori.torus[3], 0, now_ns);
    }
    ck_assert_uint_eq(load(3), 1);
    now_ns += COST_NS;
    braid_idle(&tori.braid, tori.torus[1], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(1), 1);
    ck_assert_uint_eq(load(2), 1);
    tori_fini(&tori);
}
END_TEST

/* Of all, itself included: one in four requests is never made.  So it is among those that cannot be
 * read: what they have is not known. */
START_TEST(steal_draws_victims_evenly)
{
    enum { DRAWS = 4000 };
    uint32_t id = 0, count[TORI_MAX] = { 0 };
    set_up(&balancer_steal, 7 * MS, 5);
    tori.braid.victim = _i % 2 == 0 ? VICTIM_RANDOM : VICTIM_RANDOM_OR_SELF;
    for (uint16_t k = 0; k < TORI_MAX; k++)
        give_load(k, k == 1 ? 0 : 2, &id);
    publish_all();
    for (uint16_t k = 0; k < TORI_MAX; k++)
        tori.braid.slots[k].checksum ^= _i >= 2;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t asks = tori.asks;
        braid_idle(&tori.braid, tori.torus[1], now_ns);
        if (asks == tori.asks)
            count[1]++;
        for (uint16_t k = 0; k < TORI_MAX; k++) {
            count[k] += tori.torus[k]->inbox.asked != 0;
            tori.torus[k]->inbox.asked = 0;
        }
    }
    for (uint16_t k = 0; k < TORI_MAX; k++) {
        double expected = _i % 2 == 1 ? DRAWS / 4.0 : k == 1 ? 0 : DRAWS / 3.0;
        ck_assert_double_eq_tol(count[k], expected, 120);
    }
    tori_fini(&tori);
}
END_TEST

/* One that is half empty takes as many as bring it to the average, in one request. */
START_TEST(periodic_pulls_up_to_the_average)
{
    uint32_t id = 0;
    set_up(&balancer_periodic, 0, 0);
    give_load(0, 8, &id);
    give_load(2, 4, &id);
    give_load(3, 4, &id);
    braid_balance(&tori.braid, tori.torus[1], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(tori.asks, 1);
    ck_assert_uint_eq(load(0), 4);
    ck_assert_uint_eq(load(1), 4);
    tori_fini(&tori);
}
END_TEST

/* Just below the average it takes one, whatever the other has. */
START_TEST(periodic_stops_at_the_average)
{
    uint32_t id = 0;
    set_up(&balancer_periodic, 0, 0);
    give_load(0, 9, &id);
    give_load(1, 4, &id);
    give_load(2, 2, &id);
    give_load(3, 2, &id);
    braid_balance(&tori.braid, tori.torus[1], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(0), 8);
    ck_assert_uint_eq(load(1), 5);
    braid_balance(&tori.braid, tori.torus[1], now_ns); /* and above it, none */
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(1), 5);
    tori_fini(&tori);
}
END_TEST

/* In each interval the least loaded gets something as long as the most loaded has 2 more, and more
 * than it has cores; what runs stays, however little there is elsewhere. */
START_TEST(periodic_raises_the_least_loaded)
{
    uint32_t id = 0;
    uint16_t cores = (uint16_t)(1 + _i % 2);
    set_up_with(&policy_rr, &balancer_periodic, 0, (uint32_t)_i, cores);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        give_load(k, tori_random_below(&random_state, 12), &id);
    for (int interval = 0; interval < 12; interval++) {
        uint16_t least = 0, most = 0;
        for (uint16_t k = 1; k < TORI_MAX; k++) {
            least = load(k) < load(least) ? k : least;
            most = load(k) > load(most) ? k : most;
        }
        uint32_t before = load(least);
        bool gets = load(most) >= before + 2 && load(most) > cores;
        now_ns += COST_NS;
        braid_balance(&tori.braid, tori.torus[least], now_ns);
        tori_settle(&tori, now_ns);
        ck_assert_int_eq(load(least) > before, gets);
    }
    ck_assert(load_spread() < 2 || cores > 1);
    tori_fini(&tori);
}
END_TEST

/* ---- braid ---------------------------------------------------------------------------------- */

/* A new process has nothing to lose; one that has run waits for its cost and leaves at the tick. */
START_TEST(braid_spares_what_is_warm)
{
    bool is_warm = _i == 1;
    uint32_t id = 0;
    set_up(&balancer_braid, 0, 0);
    give_load(0, 1, &id);
    if (is_warm) { /* it has run, slept, and wakes behind the other */
        torus_block(tori.torus[0], 0, now_ns);
        give_load(0, 1, &id);
        torus_wake(tori.torus[0], 0, &tori.processes[0], now_ns);
    } else {
        tori_create(&tori, 0, id, 0, now_ns);
    }
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load(0), is_warm ? 2 : 1);
    if (is_warm) {
        now_ns += COST_NS - 1;
        ck_assert(torus_heartbeat(tori.torus[0], 0, now_ns) & TORUS_BALANCE);
        braid_balance(&tori.braid, tori.torus[0], now_ns);
        tori_settle(&tori, now_ns);
        ck_assert_uint_eq(load(0), 2);
        now_ns += 1;
        ck_assert(torus_heartbeat(tori.torus[0], 0, now_ns) & TORUS_BALANCE);
        braid_balance(&tori.braid, tori.torus[0], now_ns);
        tori_settle(&tori, now_ns);
        ck_assert_uint_eq(load(0), 1);
    }
    ck_assert_uint_eq(tori.posts, 1);
    ck_assert_uint_eq(load_total(), 2);
    ck_assert_uint_eq(load_spread(), 1);
    tori_fini(&tori);
}
END_TEST

/* All show idle, as they did long ago: new processes are moved at once, and not again. */
START_TEST(braid_gives_nothing_to_and_fro)
{
    uint32_t id = 0;
    set_up_with(&policy_lottery, &balancer_braid, UINT64_MAX / 4, (uint32_t)_i / 2, 1);
    tori.braid.prompt = false;
    tori.accepts = _i % 2;
    for (uint16_t k = 0; k < TORI_MAX; k++)
        for (int i = 0; i < 4; i++, id++) {
            ck_assert_int_eq(tori_create(&tori, k, id, 0, now_ns), PROCESS_OK);
            tori_settle(&tori, now_ns);
            ck_assert_uint_le(tori.posts, id + 1);
        }
    ck_assert_uint_gt(tori.posts, 0);
    tori_fini(&tori);
}
END_TEST

/* Five hogs on four tori: over many slices all receive alike, and no torus gives one away more
 * often than once in 128 costs. */
START_TEST(braid_rotates_what_cannot_be_divided)
{
    enum { ROUNDS = 40000 };
    uint32_t id = 0;
    set_up(&balancer_braid, 0, 0);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        give_load(k, k == 0 ? 2 : 1, &id);
    for (int round = 0; round < ROUNDS; round++) {
        now_ns += MS;
        for (uint16_t k = 0; k < TORI_MAX; k++) {
            uint32_t requests = torus_tick(tori.torus[k], 0, now_ns);
            requests |= torus_heartbeat(tori.torus[k], 0, now_ns);
            if (requests & TORUS_BALANCE)
                braid_balance(&tori.braid, tori.torus[k], now_ns);
            if (requests & TORUS_RESCHEDULE)
                torus_schedule(tori.torus[k], 0, now_ns);
        }
        tori_settle(&tori, now_ns);
        ck_assert_uint_le(load_spread(), 1);
    }
    ck_assert_uint_ge(tori.posts, ROUNDS / 400);
    ck_assert_uint_le(tori.posts, TORI_MAX * (ROUNDS / 128 + 1));
    for (uint32_t p = 0; p < id; p++)
        ck_assert_double_eq_tol((double)tori.processes[p].runtime_ns / MS, 0.8 * ROUNDS,
                                0.03 * ROUNDS);
    tori_fini(&tori);
}
END_TEST

/* What others need to know at once is published at once, and no more than that. */
START_TEST(braid_publishes_a_change_of_strain)
{
    uint32_t id = 0, average;
    set_up(&balancer_braid, UINT64_MAX / 4, 0);
    for (uint32_t i = 0; i < 4; i++) {
        average = tori.torus[0]->average_load; /* moves when it publishes */
        tori_create(&tori, 0, id++, 0, now_ns);
        tori_settle(&tori, now_ns);
        struct projection p;
        ck_assert(braid_read(&tori.braid, 0, &p));
        if (i < 1)
            ck_assert_uint_eq(p.load, 1);
        ck_assert_uint_ne(tori.torus[0]->average_load, average);
    }
    ck_assert_uint_eq(load_spread(), 0); /* each of the others was seen to idle, once */
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    int balancers = 0;
    while (balancer_list[balancers] != NULL)
        balancers++;
    TCase *tests = tcase_create("balancers");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, loads_converge_and_rest, 0, balancers * SEEDS);
    tcase_add_loop_test(tests, bad_projections_lose_nothing, 0, balancers * SEEDS);
    tcase_add_loop_test(tests, a_damaged_projection_is_not_believed, 0, balancers);
    tcase_add_loop_test(tests, a_damaged_projection_attracts_nothing, 0, balancers);
    tcase_add_loop_test(tests, an_idle_torus_gets_what_waits, 0, 4);
    tcase_add_loop_test(tests, who_may_be_where_leaves_no_torus_idle, 0, 3 * SEEDS);
    tcase_add_loop_test(tests, a_torus_whose_core_is_lent_gives_and_does_not_ask, 0, 4);
    tcase_add_loop_test(tests, a_thief_tries_every_victim, 0, 4);
    tcase_add_loop_test(tests, steal_draws_victims_evenly, 0, 4);
    tcase_add_test(tests, periodic_pulls_up_to_the_average);
    tcase_add_test(tests, periodic_stops_at_the_average);
    tcase_add_loop_test(tests, periodic_raises_the_least_loaded, 0, 2 * SEEDS);
    tcase_add_loop_test(tests, braid_spares_what_is_warm, 0, 2);
    tcase_add_loop_test(tests, braid_gives_nothing_to_and_fro, 0, 2 * SEEDS);
    tcase_add_test(tests, braid_rotates_what_cannot_be_divided);
    tcase_add_test(tests, braid_publishes_a_change_of_strain);
    return suite_run("balancers", tests);
}
