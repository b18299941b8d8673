/* lock_model.c -- locks in virtual time.
 *
 * Goal: first come, first served; a free lock costs an atomic and a transfer; a hand-over costs
 * nothing (ideal), a constant (mcs), or grows with the waiters (ticket).
 * Method: three cores ask while a fourth holds; times against the formulas of lock_model.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/lock_model.h"

#include "tests/support/suite.h"

static struct profile cpu;
static struct arena arena;

static struct lock_model lock_of(enum lock_kind kind)
{
    struct lock_model lock;
    cpu = (struct profile){ .name = "test" };
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_atomic_cycles].value = 20;
    cpu.figure[FIGURE_transfer_ns].value = 100;
    cpu.figure[FIGURE_handover_ns].value = 300;
    lock_model_init(&lock, kind, &cpu, 4, &arena);
    return lock;
}

START_TEST(a_free_lock_is_taken_at_once)
{
    struct lock_model lock = lock_of(LOCK_TICKET);
    uint64_t cost;
    ck_assert(lock_model_request(&lock, 0, 5000, &cost));
    ck_assert_uint_eq(cost, 20000); /* the atomic */
    lock_model_hold(&lock, 0, 30000);
    ck_assert(lock_model_request(&lock, 0, 30000, &cost));
    ck_assert_uint_eq(cost, 20000);
    lock_model_hold(&lock, 0, 60000);
    ck_assert(lock_model_request(&lock, 1, 70000, &cost));
    ck_assert_uint_eq(cost, 120000); /* and the line, from core 0 */
}
END_TEST

/* The time from one release to the next grant, with three waiting. */
static const uint64_t handover_ps[LOCK_KINDS][3] = {
    [LOCK_IDEAL] = { 0, 0, 0 },
    [LOCK_TICKET] = { 600000, 450000, 300000 }, /* 300 ns x k / 2, k = 4, 3, 2 */
    [LOCK_MCS] = { 300000, 300000, 300000 },
};

START_TEST(waiters_are_served_in_order)
{
    struct lock_model lock = lock_of((enum lock_kind)_i);
    uint64_t cost, when, until = 1000000;
    uint32_t core;
    ck_assert(lock_model_request(&lock, 3, 0, &cost));
    lock_model_hold(&lock, 3, until);
    static const uint32_t order[3] = { 2, 0, 1 };
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(!lock_model_request(&lock, order[i], 10 + i, &cost));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(lock_model_promise(&lock, until, &core, &when));
        ck_assert(!lock_model_promise(&lock, until + 1, &core, &when)); /* on its way */
        ck_assert_uint_eq(core, order[i]);
        ck_assert_uint_eq(when, until + handover_ps[_i][i]);
        lock_model_granted(&lock, core);
        until = when + 1000000;
        lock_model_hold(&lock, core, until);
    }
    ck_assert(!lock_model_promise(&lock, until, &core, &when));
}
END_TEST

/* Who comes to wait during the hold counts at its end. */
START_TEST(late_waiters_count)
{
    struct lock_model lock = lock_of(LOCK_TICKET);
    uint64_t cost, when;
    uint32_t core;
    ck_assert(lock_model_request(&lock, 3, 0, &cost));
    lock_model_hold(&lock, 3, 1000000);
    ck_assert(!lock_model_request(&lock, 0, 100, &cost));
    ck_assert(lock_model_promise(&lock, 100, &core, &when));
    ck_assert_uint_eq(when, 1300000); /* k = 2 */
    ck_assert(!lock_model_request(&lock, 1, 900000, &cost));
    ck_assert(lock_model_promise(&lock, 900000, &core, &when));
    ck_assert_uint_eq(core, 0);
    ck_assert_uint_eq(when, 1450000); /* k = 3 */
    ck_assert(!lock_model_request(&lock, 2, 1100000, &cost));
    ck_assert(!lock_model_promise(&lock, 1100000, &core, &when)); /* too late */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("lock_model");
    tcase_add_test(tests, a_free_lock_is_taken_at_once);
    tcase_add_loop_test(tests, waiters_are_served_in_order, 0, LOCK_KINDS);
    tcase_add_test(tests, late_waiters_count);
    return suite_run("lock_model", tests);
}
