/* lock_model.c -- locks in virtual time.
 *
 * Goal: a free lock costs an atomic and a transfer by distance; hand-overs cost what the formulas
 * of lock_model.h say, by number and place of the waiters; ticket and mcs serve in order; tas and
 * ttas draw, near waiters and comers included; back-off lets a comer pass; no lock starves anybody;
 * spinning slows the holder; the chain's service is exponential with the mean of its state.
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

/* Inside an entry: in the order of the entries, whenever they ask. */
START_TEST(a_lock_is_passed_inside_entries)
{
    enum lock_kind kind = (enum lock_kind)_i;
    struct lock_model lock = lock_of(kind, true);
    uint64_t atomic = kind == LOCK_IDEAL ? 0 : kind == LOCK_MCS ? 40000 : 20000;
    uint64_t line = kind == LOCK_IDEAL ? 0 : 100000, c = 3 * line;
    ck_assert_uint_eq(lock_model_pass(&lock, 0, 5000), 5000 + atomic);
    lock_model_hold(&lock, 0, 50000);
    ck_assert_uint_eq(lock_model_pass(&lock, 2, 60000), 60000 + atomic + line);
    lock_model_hold(&lock, 2, 900000);
    ck_assert_uint_eq(lock_model_pass(&lock, 3, 300000), 900000 + c / 5); /* beside core 2 */
    lock_model_hold(&lock, 3, 1500000);
    ck_assert_uint_eq(lock_model_pass(&lock, 0, 250000), 1500000 + c);
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

/* Lets core 3 get the lock while 0, 1, 2 wait on, and let it go: with the line at rest, or while
 * the storm of 2 S = 6 c after the race is under way.  Returns when it lets go. */
static uint64_t released_by_3(struct lock_model *lock, bool in_storm)
{
    uint64_t got_ps, free_ps;
    uint32_t core;
    held_by(lock, 7, 0, 1000000);
    waits(lock, 3, 10);
    ck_assert(lock_model_promise(lock, 10, &core, &got_ps));
    for (uint32_t waiter = 0; waiter < 3; waiter++)
        waits(lock, waiter, 1000000 + 600000); /* too late to get it now */
    ck_assert(lock_model_granted(lock, core, got_ps));
    free_ps = got_ps + 6 * 300000 - in_storm;
    lock_model_hold(lock, core, free_ps);
    return free_ps;
}

/* Eight cores at the same distance, c = 300 ns; three wait when core 3 lets go, and 5 and then 6
 * come within the hand-over of 5 c.  At rest the write takes effect after c, and the first waiter
 * has reread after 2 c.  Until then a comer, trying twice as often, gets it before the drawn waiter
 * two times of three, and before c it has it after 2 c; 6 has the same chance if 5 had no luck.  In
 * the storm each of the five has the same chance at any time. */
START_TEST(comers_compete_under_ttas)
{
    static const struct {
        bool in_storm;
        uint64_t comes_ps;
        double chances[2];
    } cases[] = {
        { false, 299999, { 2 / 3., 2 / 9. } }, { false, 300000, { 2 / 3., 2 / 9. } },
        { false, 599999, { 2 / 3., 0 } },      { false, 600000, { 0, 0 } },
        { true, 1, { 1 / 5., 1 / 5. } },       { true, 1499998, { 1 / 5., 1 / 5. } },
    };
    uint32_t wins[CORES] = { 0 };
    struct lock_setup setup = setup_of(LOCK_TTAS, false);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct lock_model lock;
        uint64_t promised, when, free_ps, comes_ps;
        uint32_t core;
        setup.id = round;
        lock_model_init(&lock, &setup, &arena);
        free_ps = released_by_3(&lock, cases[_i].in_storm);
        comes_ps = free_ps + cases[_i].comes_ps;
        ck_assert(lock_model_promise(&lock, free_ps, &core, &promised));
        ck_assert_uint_eq(promised, free_ps + 5 * 300000);
        waits(&lock, 5, comes_ps);
        waits(&lock, 6, comes_ps + 1);
        ck_assert(lock_model_promise(&lock, comes_ps + 1, &core, &when));
        ck_assert_uint_eq(when, core == 5 && _i == 0 ? free_ps + 2 * 300000 : promised);
        wins[core]++;
        ck_assert(!lock_model_found_held(&lock, comes_ps));
        ck_assert(lock_model_granted(&lock, core, when) == (core < 5));
        lock_model_hold(&lock, core, when + 1);
        ck_assert(lock_model_found_held(&lock, comes_ps)); /* if it lost */
        arena_free(&arena);
    }
    for (int i = 0; i < 2; i++) {
        double p = cases[_i].chances[i], sd = sqrt(p * (1 - p) * ROUNDS);
        ck_assert_double_le(fabs(wins[5 + i] - p * ROUNDS), 4 * sd);
    }
}
END_TEST

/* All cores want the lock all the time: each asks again within the hand-over. */
struct contest {
    uint32_t cores;
    uint64_t hold_ps, think_ps;
};

enum { CONTEST_CORES = 48, CONTEST_GRANTS = 50000 };

/* Counts who gets it; returns how often the same core as before. */
static uint32_t play(struct lock_model *lock, const struct contest *contest, uint32_t *gets)
{
    uint64_t when_ps = 0, cost_ps;
    uint32_t holder = 0, core, again = 0;
    held_by(lock, 0, 0, contest->hold_ps);
    for (uint32_t other = 1; other < contest->cores; other++)
        waits(lock, other, 1);
    for (uint32_t grant = 0; grant < CONTEST_GRANTS; grant++) {
        uint64_t ask_ps = lock->free_ps + contest->think_ps;
        ck_assert(lock_model_promise(lock, lock->free_ps, &core, &when_ps));
        if (lock_model_request(lock, holder, ask_ps, &cost_ps)) {
            core = holder; /* under back-off nobody looked */
            when_ps = ask_ps + cost_ps;
        } else {
            lock_model_promise(lock, ask_ps, &core, &when_ps);
            lock_model_granted(lock, core, when_ps);
        }
        again += core == holder;
        gets[core]++;
        holder = core;
        lock_model_hold(lock, holder, when_ps + contest->hold_ps);
    }
    return again;
}

/* Who has let go gets it again with chance p: under ttas 2/3 if the line was at rest, and else 1/k
 * as any other.  If not, each of the others is as likely: a Markov chain whose counts have the
 * variance
 *     N (1/k) (1 - 1/k) (1 + r) / (1 - r),    r = p - (1 - p) / (k - 1)
 * (r: its second eigenvalue).  So all k get the lock equally often, within four deviations: of 48
 * cores none gets it 1.3 times as often as another, or at rest 1.75 times. */
START_TEST(nobody_starves)
{
    static const struct contest contests[] = {
        { CONTEST_CORES, 60000, 100000 },    /* in the storm of those who lost the race before */
        { CONTEST_CORES, 30000000, 100000 }, /* 2 S = 28.2 us: at rest */
        { CORES, 60000, 250000 },
        { CORES, 10000000, 100000 },
        { 2, 600000, 299999 }, /* as soon as it is at rest */
    };
    const struct contest *contest = &contests[_i / 2];
    enum lock_kind kind = _i % 2 == 0 ? LOCK_TAS : LOCK_TTAS;
    struct lock_setup setup = setup_of(kind, false);
    struct lock_model lock;
    uint32_t gets[CONTEST_CORES] = { 0 };
    setup.cores = contest->cores;
    lock_model_init(&lock, &setup, &arena);
    uint32_t again = play(&lock, contest, gets);
    double k = contest->cores;
    bool at_rest = kind == LOCK_TTAS && (double)contest->hold_ps >= 2 * (k - 1) * 300000;
    double p = at_rest ? 2 / 3. : 1 / k, r = p - (1 - p) / (k - 1);
    double deviation = sqrt(CONTEST_GRANTS / k * (1 - 1 / k) * (1 + r) / (1 - r));
    for (uint32_t core = 0; core < contest->cores; core++)
        ck_assert_double_eq_tol(gets[core], CONTEST_GRANTS / k, 4 * deviation);
    ck_assert_double_eq_tol(again, p * CONTEST_GRANTS, 4 * sqrt(p * (1 - p) * CONTEST_GRANTS));
    arena_free(&arena);
}
END_TEST

/* Under back-off every waiter may look before the next comer, if seldom. */
START_TEST(nobody_starves_under_back_off)
{
    static const struct contest contest = { CORES, 60000, 100000 };
    struct lock_setup setup = setup_of(LOCK_TTAS_BACKOFF, false);
    struct lock_model lock;
    uint32_t gets[CONTEST_CORES] = { 0 };
    lock_model_init(&lock, &setup, &arena);
    play(&lock, &contest, gets);
    for (uint32_t core = 0; core < CORES; core++)
        ck_assert_uint_gt(gets[core], CONTEST_GRANTS / CORES / 2);
    arena_free(&arena);
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
    tcase_set_timeout(tests, 60);
    rng = gsl_rng_alloc(random_philox);
    tcase_add_loop_test(tests, a_free_lock_is_taken_at_once, 0, LOCK_KINDS);
    tcase_add_loop_test(tests, a_lock_is_passed_inside_entries, 0, LOCK_KINDS);
    tcase_add_loop_test(tests, a_handover_costs_by_the_number_of_waiters, 0, LOCK_KINDS);
    tcase_add_loop_test(tests, a_handover_costs_by_the_place_of_waiters, 0, LOCK_KINDS);
    tcase_add_test(tests, late_waiters_count);
    tcase_add_loop_test(tests, chances_go_by_the_rate_of_trying, LOCK_TAS, LOCK_TTAS + 1);
    tcase_add_test(tests, spinning_slows_the_holder);
    tcase_add_loop_test(tests, comers_compete_under_ttas, 0, 6);
    tcase_add_loop_test(tests, nobody_starves, 0, 10);
    tcase_add_test(tests, nobody_starves_under_back_off);
    tcase_add_test(tests, back_off_lets_comers_pass);
    tcase_add_test(tests, the_chain_is_exponential);
    int status = suite_run("lock_model", tests);
    gsl_rng_free(rng);
    return status;
}
