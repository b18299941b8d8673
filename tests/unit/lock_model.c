/* lock_model.c -- locks in virtual time.
 *
 * Goal: a free lock costs an atomic and a transfer by distance; hand-overs cost what the formulas
 * of lock_model.h say, by number and place of the waiters; ticket and mcs serve in order; tas and
 * ttas draw, near waiters and comers included; back-off lets a comer pass; spinning slows the
 * holder; the chain's service is exponential with the mean of its state.
 * Method: a few cores ask while another holds; times against the formulas, chances against counts
 * of many hand-overs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/lock_model.h"

#include <math.h>

#include "sim/base/random.h"
#include "tests/support/suite.h"

static struct profile cpu;
static struct topology topology;
static struct arena arena;
static gsl_rng *rng;

enum { CORES = 8 };

/* 1 cycle = 1 ns; c = 300 ns; pairs of cores share a cache, and then c is a fifth of that. */
static struct lock_setup setup_of(enum lock_kind kind, bool pairs)
{
    cpu = (struct profile){ .name = "test" };
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_atomic_cycles].value = 20;
    cpu.figure[FIGURE_transfer_ns].value = 100;
    cpu.figure[FIGURE_transfer_shared_ns].value = 20;
    cpu.figure[FIGURE_l2_kb].value = pairs ? 256 : 0;
    cpu.figure[FIGURE_l2_cores].value = 2;
    cpu.figure[FIGURE_handover_ns].value = 300;
    cpu.figure[FIGURE_memory_line_ns].value = 30;
    topology_init(&topology, &cpu, 1);
    return (struct lock_setup){
        .kind = kind, .cpu = &cpu, .topology = &topology, .cores = CORES, .rng = rng, .seed = 7
    };
}

static struct lock_model lock_of(enum lock_kind kind, bool pairs)
{
    struct lock_model lock;
    struct lock_setup setup = setup_of(kind, pairs);
    lock_model_init(&lock, &setup, &arena);
    return lock;
}

static void held_by(struct lock_model *lock, uint32_t core, uint64_t now, uint64_t until)
{
    uint64_t cost;
    ck_assert(lock_model_request(lock, core, now, &cost));
    lock_model_hold(lock, core, until);
}

static void waits(struct lock_model *lock, uint32_t core, uint64_t now)
{
    uint64_t cost;
    ck_assert(!lock_model_request(lock, core, now, &cost));
}

/* ---- A free lock -------------------------------------------------------------------------- */

START_TEST(a_free_lock_is_taken_at_once)
{
    enum lock_kind kind = (enum lock_kind)_i;
    struct lock_model lock = lock_of(kind, true);
    uint64_t atomic = kind == LOCK_IDEAL ? 0 : kind == LOCK_MCS ? 40000 : 20000;
    uint64_t line = kind == LOCK_IDEAL ? 0 : 100000, near = line / 5, cost;
    ck_assert(lock_model_request(&lock, 0, 5000, &cost));
    ck_assert_uint_eq(cost, atomic);
    lock_model_hold(&lock, 0, 30000);
    ck_assert(lock_model_request(&lock, 0, 30000, &cost));
    ck_assert_uint_eq(cost, atomic);
    lock_model_hold(&lock, 0, 60000);
    ck_assert(lock_model_request(&lock, 1, 70000, &cost));
    ck_assert_uint_eq(cost, atomic + near); /* from core 0, beside it */
    lock_model_hold(&lock, 1, 80000);
    ck_assert(lock_model_request(&lock, 2, 80000, &cost));
    ck_assert_uint_eq(cost, atomic + line);
}
END_TEST

/* ---- Hand-overs --------------------------------------------------------------------------- */

/* From release to grant in units of c = 300 ns, doubled; k = 4, 3, 2. */
static const uint64_t handover_halves[LOCK_KINDS][3] = {
    [LOCK_IDEAL] = { 0, 0, 0 }, [LOCK_TAS] = { 10, 8, 6 },   /* k + 1 */
    [LOCK_TTAS] = { 10, 8, 6 }, [LOCK_TICKET] = { 4, 3, 2 }, /* k / 2 */
    [LOCK_MCS] = { 2, 2, 2 },
};

START_TEST(a_handover_costs_by_the_number_of_waiters)
{
    enum lock_kind kind = (enum lock_kind)_i;
    struct lock_model lock = lock_of(kind, false);
    uint64_t when, until = 5000000;
    uint32_t core, mask = 0;
    static const uint32_t order[3] = { 2, 0, 1 };
    if (kind == LOCK_TTAS_BACKOFF)
        return; /* its own test is below */
    held_by(&lock, 3, 0, until);
    for (uint32_t i = 0; i < 3; i++)
        waits(&lock, order[i], 10 + i);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(lock_model_promise(&lock, until, &core, &when));
        if (kind != LOCK_TAS && kind != LOCK_TTAS) {
            ck_assert(!lock_model_promise(&lock, until + 1, &core, &when)); /* on its way */
            ck_assert_uint_eq(core, order[i]);
        }
        ck_assert_uint_eq(when, until + handover_halves[kind][i] * 150000);
        ck_assert(lock_model_granted(&lock, core, when));
        mask |= 1u << core;
        until = when + 1000000;
        lock_model_hold(&lock, core, until);
    }
    ck_assert_uint_eq(mask, 7); /* everybody had it */
    ck_assert(!lock_model_promise(&lock, until, &core, &when));
}
END_TEST

/* Cores 1 and 0 share a cache: core 1 holds, 0 and 4 wait. S = 60 + 300 ns, F = 300 ns. */
START_TEST(a_handover_costs_by_the_place_of_waiters)
{
    static const uint64_t expected_ps[LOCK_KINDS] = {
        [LOCK_TAS] = 960000, [LOCK_TTAS] = 960000, [LOCK_TICKET] = 330000, [LOCK_MCS] = 60000
    };
    enum lock_kind kind = (enum lock_kind)_i;
    struct lock_model lock = lock_of(kind, true);
    uint64_t when;
    uint32_t core;
    if (kind == LOCK_TTAS_BACKOFF)
        return;
    held_by(&lock, 1, 0, 1000000);
    waits(&lock, 0, 10);
    waits(&lock, 4, 20);
    ck_assert(lock_model_promise(&lock, 20, &core, &when));
    ck_assert_uint_eq(when, 1000000 + expected_ps[kind]);
}
END_TEST

/* Who comes to wait during the hold counts at its end; during the hand-over it is too late. */
START_TEST(late_waiters_count)
{
    struct lock_model lock = lock_of(LOCK_TICKET, false);
    uint64_t when;
    uint32_t core;
    held_by(&lock, 3, 0, 1000000);
    waits(&lock, 0, 100);
    ck_assert(lock_model_promise(&lock, 100, &core, &when));
    ck_assert_uint_eq(when, 1300000); /* k = 2 */
    waits(&lock, 1, 900000);
    ck_assert(lock_model_promise(&lock, 900000, &core, &when));
    ck_assert_uint_eq(core, 0);
    ck_assert_uint_eq(when, 1450000); /* k = 3 */
    waits(&lock, 2, 1100000);
    ck_assert(!lock_model_promise(&lock, 1100000, &core, &when));
}
END_TEST

/* ---- Unfair locks ------------------------------------------------------------------------- */

enum { ROUNDS = 20000 };

/* Core 1 holds, 0 (beside it), 4 and 6 wait, and 5 comes late in the hand-over: how often does each
 * get it?  Rates of trying: 1/(20 + 20) and 1/(100 + 20).  Under ttas 5 is too late. */
START_TEST(chances_go_by_the_rate_of_trying)
{
    uint32_t wins[CORES] = { 0 }, uncontended = 0;
    struct lock_setup setup = setup_of((enum lock_kind)_i, true);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct lock_model lock;
        uint64_t when, late;
        uint32_t core;
        setup.id = round;
        lock_model_init(&lock, &setup, &arena);
        held_by(&lock, 1, 0, 1000000);
        waits(&lock, 4, 10);
        waits(&lock, 0, 20);
        waits(&lock, 6, 30);
        ck_assert(lock_model_promise(&lock, 30, &core, &when));
        waits(&lock, 5, when - 1);
        ck_assert(lock_model_promise(&lock, when - 1, &core, &late));
        ck_assert_uint_eq(late, when); /* the time stays, the winner may not */
        wins[core]++;
        uncontended += !lock_model_granted(&lock, core, when);
        arena_free(&arena);
    }
    bool is_ttas = _i == LOCK_TTAS;
    double all = 1 / 40.0 + (is_ttas ? 2 : 3) / 120.0;
    static const uint32_t cores[] = { 0, 4, 6, 5 };
    ck_assert(!is_ttas || wins[5] == 0);
    for (int i = 0; i < (is_ttas ? 3 : 4); i++) {
        double p = (i == 0 ? 1 / 40.0 : 1 / 120.0) / all, sd = sqrt(p * (1 - p) * ROUNDS);
        ck_assert_double_eq_tol(wins[cores[i]], p * ROUNDS, 4 * sd);
    }
    ck_assert_uint_eq(uncontended, wins[5]); /* it never saw the lock held */
}
END_TEST

/* Eight cores at the same distance, c = 300 ns; three wait, and one comes within the hand-over of
 * 5 c.  Within c of the release it is first of all, and has the lock after 2 c; within 2 c it is
 * before the swaps of those who wait, but behind their rereads; later, or second, it waits. */
START_TEST(comers_overtake_under_ttas)
{
    static const uint64_t comes_ps[] = { 299999, 300000, 599999, 600000 };
    for (int i = 0; i < 4; i++) {
        struct lock_model lock = lock_of(LOCK_TTAS, false);
        uint64_t promised, when, release_ps = 1000000;
        uint32_t core;
        held_by(&lock, 3, 0, release_ps);
        for (uint32_t waiter = 0; waiter < 3; waiter++)
            waits(&lock, waiter, 10);
        ck_assert(lock_model_promise(&lock, 10, &core, &promised));
        ck_assert_uint_eq(promised, release_ps + 5 * 300000);
        waits(&lock, 5, release_ps + comes_ps[i]);
        waits(&lock, 6, release_ps + comes_ps[i] + 1);
        ck_assert(lock_model_promise(&lock, release_ps + comes_ps[i] + 1, &core, &when));
        ck_assert_int_eq(core == 5, i < 3);
        ck_assert(core != 6);
        ck_assert_uint_eq(when, i == 0 ? release_ps + 2 * 300000 : promised);
        ck_assert(lock_model_granted(&lock, core, when) == (i == 3));
    }
}
END_TEST

/* rho = 30 / 120, so a miss of 100 ns waits for 30 / 6 = 5: stalls are longer by a twentieth, under
 * tas from two waiters on, under ttas only in the storm. */
START_TEST(spinning_slows_the_holder)
{
    for (uint32_t kind = 0; kind < LOCK_KINDS; kind++) {
        struct lock_model lock = lock_of((enum lock_kind)kind, false);
        uint64_t when;
        uint32_t core;
        held_by(&lock, 3, 0, 1000000);
        for (uint32_t i = 0; i < 3; i++)
            waits(&lock, i, 10);
        ck_assert(lock_model_promise(&lock, 10, &core, &when));
        lock_model_granted(&lock, core, when);
        double known_ps = kind == LOCK_TAS ? 450000 : kind == LOCK_TTAS ? 60000 : 0;
        ck_assert_double_eq_tol((double)lock_model_drag_ps(&lock, 9000000), known_ps, 2);
    }
    struct lock_model lock;
    struct lock_setup setup = setup_of(LOCK_TAS, false);
    cpu.figure[FIGURE_memory_cores].value = 4; /* the lock's line keeps off the memory */
    lock_model_init(&lock, &setup, &arena);
    ck_assert(lock.drag == 0);
}
END_TEST

/* A waiter looks within what it has waited; a comer that finds the lock free passes it. */
START_TEST(back_off_lets_comers_pass)
{
    double sum = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct lock_setup setup = setup_of(LOCK_TTAS_BACKOFF, false);
        struct lock_model lock;
        uint64_t when, cost;
        uint32_t core;
        setup.id = round;
        lock_model_init(&lock, &setup, &arena);
        held_by(&lock, 3, 0, 10000000);
        waits(&lock, 0, 2000000); /* 8 us before the release */
        ck_assert(lock_model_promise(&lock, 2000000, &core, &when));
        ck_assert(when >= 10300000 && when <= 18300000);
        sum += (double)(when - 10300000);
        if (when > 10300001) {
            ck_assert(lock_model_request(&lock, 5, 10000001, &cost));
            lock_model_hold(&lock, 5, 30000000);
            ck_assert(lock_model_promise(&lock, 10000001, &core, &when)); /* and it looks later */
            ck_assert(core == 0 && when >= 30300000 && when <= 49500000); /* at most 64 c */
        }
        arena_free(&arena);
    }
    ck_assert_double_eq_tol(sum / ROUNDS, 4e6, 4 * 8e6 / sqrt(12.0 * ROUNDS));
}
END_TEST

/* ---- The chain ---------------------------------------------------------------------------- */

START_TEST(the_chain_is_exponential)
{
    double sum = 0, squares = 0, mean = 500000 + 300000 * 3 / 2.0; /* s + c k / 2, k = 3 */
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct lock_setup setup = setup_of(LOCK_TICKET, false);
        struct lock_model lock;
        uint64_t when;
        uint32_t core;
        setup.chain = true;
        setup.chain_hold_ps = 500000;
        setup.id = round;
        lock_model_init(&lock, &setup, &arena);
        for (uint32_t i = 0; i < 3; i++) {
            waits(&lock, i, 1000);
            ck_assert(lock_model_promise(&lock, 1000, &core, &when));
            ck_assert_uint_eq(core, 0);
        }
        sum += (double)(when - 1000);
        squares += (double)(when - 1000) * (double)(when - 1000);
        arena_free(&arena);
    }
    ck_assert_double_eq_tol(sum / ROUNDS, mean, 4 * mean / sqrt(ROUNDS));
    ck_assert_double_eq_tol(squares / ROUNDS, 2 * mean * mean, 0.15 * 2 * mean * mean);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("lock_model");
    rng = gsl_rng_alloc(random_philox);
    tcase_add_loop_test(tests, a_free_lock_is_taken_at_once, 0, LOCK_KINDS);
    tcase_add_loop_test(tests, a_handover_costs_by_the_number_of_waiters, 0, LOCK_KINDS);
    tcase_add_loop_test(tests, a_handover_costs_by_the_place_of_waiters, 0, LOCK_KINDS);
    tcase_add_test(tests, late_waiters_count);
    tcase_add_loop_test(tests, chances_go_by_the_rate_of_trying, LOCK_TAS, LOCK_TTAS + 1);
    tcase_add_test(tests, spinning_slows_the_holder);
    tcase_add_test(tests, comers_overtake_under_ttas);
    tcase_add_test(tests, back_off_lets_comers_pass);
    tcase_add_test(tests, the_chain_is_exponential);
    int status = suite_run("lock_model", tests);
    gsl_rng_free(rng);
    return status;
}
