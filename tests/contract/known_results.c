/* known_results.c -- small machines whose outcome can be worked out by hand.
 *
 * Method: torus_* is driven by a loop of ticks, with no price on anything, and the run times,
 * switches and loads must come out to the tick.
 *
 * A switch is a change from one process to another: neither the first dispatch nor the end of the
 * run is one.  n slices thus have n - 1 switches.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>

#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { TICK_NS = 1000000, SLICE_TICKS = 100 };

static struct tori tori;

static void set_up(const struct policy *policy, uint16_t torus_count)
{
    struct tori_setup setup = { .policy = policy,
                                .slice_ns = (uint64_t)SLICE_TICKS * TICK_NS,
                                .slice_tick_ns = TICK_NS,
                                .torus_count = torus_count,
                                .cores_per_torus = 1 };
    tori_init(&tori, &setup);
}

/* Runs all tori for ticks first + 1 .. last; returns the switches before the last one. */
static uint32_t run_ticks(uint32_t first, uint32_t last)
{
    uint32_t switches = 0;
    for (uint32_t tick = first + 1; tick <= last; tick++) {
        uint64_t now_ns = (uint64_t)tick * TICK_NS;
        for (uint16_t k = 0; k < tori.torus_count; k++) {
            struct process *before = tori.torus[k]->cores[0].current;
            ck_assert_ptr_nonnull(before);
            uint32_t requests = torus_tick(tori.torus[k], 0, now_ns);
            torus_heartbeat(tori.torus[k], 0, now_ns);
            if (!(requests & TORUS_RESCHEDULE) || tick == last)
                continue;
            struct process *after = torus_schedule(tori.torus[k], 0, now_ns);
            if (after != NULL && after != before)
                switches++;
        }
    }
    return switches;
}

static uint64_t ticks_run(uint32_t id)
{
    ck_assert_uint_eq(tori.processes[id].runtime_ns % TICK_NS, 0);
    return tori.processes[id].runtime_ns / TICK_NS;
}

/* 1000 ticks are 10 slices of 100: two for each of 5 processes. */
START_TEST(round_robin_shares_equally)
{
    set_up(&policy_rr, 1);
    for (uint32_t id = 0; id < 5; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    ck_assert_uint_eq(run_ticks(0, 1000), 9);
    for (uint32_t id = 0; id < 5; id++)
        ck_assert_uint_eq(ticks_run(id), 200);
    tori_fini(&tori);
}
END_TEST

/* 5000 ticks are 50 slices; fair_scan is blind to priorities, so each of 5 gets ten. */
START_TEST(fair_scan_ignores_priorities)
{
    set_up(&policy_fair_scan, 1);
    for (uint32_t id = 0; id < 5; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 50 * ((int32_t)id + 1), 0), PROCESS_OK);
    tori_settle(&tori, 0);
    ck_assert_uint_eq(run_ticks(0, 5000), 49);
    for (uint32_t id = 0; id < 5; id++)
        ck_assert_uint_eq(ticks_run(id), 1000);
    tori_fini(&tori);
}
END_TEST

/* Tori with 10, 2 and 0 processes: three moves from the first to the third give 7, 2 and 3. */
START_TEST(three_moves_feed_an_idle_torus)
{
    static const uint32_t before[] = { 10, 2, 0 }, after[] = { 7, 2, 3 };
    uint32_t id = 0;
    set_up(&policy_rr, 3);
    for (uint16_t k = 0; k < 3; k++)
        for (uint32_t i = 0; i < before[k]; i++)
            ck_assert_int_eq(tori_create(&tori, k, id++, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    for (uint16_t k = 0; k < 3; k++)
        ck_assert_uint_eq(torus_load(tori.torus[k]), before[k]);
    ck_assert_ptr_null(tori.torus[2]->cores[0].current);

    for (int move = 0; move < 3; move++) {
        ck_assert(torus_give(tori.torus[0], 2));
        ck_assert_uint_eq(torus_receive(tori.torus[2], 0, 0), 1);
    }
    tori_settle(&tori, 0);
    for (uint16_t k = 0; k < 3; k++)
        ck_assert_uint_eq(torus_load(tori.torus[k]), after[k]);

    run_ticks(0, 500); /* finds every torus busy at every tick */
    uint64_t served[3] = { 0 };
    for (uint32_t i = 0; i < id; i++)
        served[tori.processes[i].torus] += ticks_run(i);
    for (uint16_t k = 0; k < 3; k++) {
        ck_assert_uint_eq(torus_load(tori.torus[k]), after[k]);
        ck_assert_uint_eq(served[k], 500);
    }
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("known_results");
    tcase_add_test(tests, round_robin_shares_equally);
    tcase_add_test(tests, fair_scan_ignores_priorities);
    tcase_add_test(tests, three_moves_feed_an_idle_torus);
    return suite_run("known_results", tests);
}
