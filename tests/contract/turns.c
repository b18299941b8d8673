/* turns.c -- what becomes of a slice: when its process moves, when its core stops, when its torus
 * is another's; which core an arrival gets, when a torus balances, and what that sets in motion.
 *
 * Method: two tori of a core each in plain memory, rr, slices to the nanosecond; one process runs
 * for a part of its slice, and then it happens.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/takeover.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { SLICE_NS = 10000, RAN_NS = 4000 };

static struct tori tori;

/* Process 0 has run at torus 0 for a part of its slice. */
static void set_up(void)
{
    struct tori_setup setup = {
        .policy = &policy_rr, .slice_ns = SLICE_NS, .torus_count = 2, .cores_per_torus = 1
    };
    tori_init(&tori, &setup);
    ck_assert_int_eq(tori_create(&tori, 0, 0, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    torus_tick(tori.torus[0], 0, RAN_NS);
    ck_assert_uint_eq(tori.processes[0].slice_ns, SLICE_NS - RAN_NS);
}

static uint16_t one_choose(struct braid *braid, struct torus *torus, const struct process *process,
                           uint64_t now_ns)
{
    (void)braid, (void)torus, (void)process, (void)now_ns;
    return 1;
}

enum way { WAY_EXEC, WAY_GIVEN, WAY_RESTRICTED_RUNNING, WAY_RESTRICTED_QUEUED, WAY_RETIRED, WAYS };

/* Process 0 goes from torus 0 to torus 1. */
static void move(enum way way, uint64_t now_ns)
{
    static const struct placement to_one = { .name = "to one", .choose = one_choose };
    const uint32_t mask = 1 << 1;
    struct torus *from = tori.torus[0];
    struct process *process = &tori.processes[0];
    if (way == WAY_EXEC) {
        tori.braid.placement = &to_one;
        ck_assert_int_eq(torus_exec(from, 0, now_ns), PROCESS_OK);
        return;
    }
    if (way != WAY_RESTRICTED_RUNNING)
        torus_put(from, 0, now_ns);
    if (way == WAY_GIVEN)
        ck_assert(torus_give(from, 1));
    else if (way == WAY_RETIRED)
        ck_assert(torus_retire(from, now_ns));
    else
        ck_assert_int_eq(torus_restrict(from, 0, process, &mask, now_ns), PROCESS_OK);
}

/* Behind those that wait there, it has a whole slice. */
START_TEST(who_moves_begins_a_new_turn)
{
    set_up();
    struct torus *there = tori.torus[1];
    struct process *process = &tori.processes[0];
    for (uint32_t id = 1; id < 3; id++)
        ck_assert_int_eq(tori_create(&tori, 1, id, 0, RAN_NS), PROCESS_OK);
    ck_assert_ptr_eq(torus_pick(there, 0, RAN_NS), &tori.processes[1]);
    move((enum way)_i, RAN_NS);
    ck_assert_uint_eq(process->torus, 1);
    ck_assert_uint_eq(torus_receive(there, 0, RAN_NS), 1);
    torus_exit(there, 0, RAN_NS);
    ck_assert_ptr_eq(torus_pick(there, 0, RAN_NS), &tori.processes[2]);
    torus_exit(there, 0, RAN_NS);
    ck_assert_ptr_eq(torus_pick(there, 0, RAN_NS), process);
    ck_assert_uint_eq(process->slice_ns, SLICE_NS);
    ck_assert_uint_eq(process->runtime_ns, RAN_NS);
    tori_fini(&tori);
}
END_TEST

/* For a long time nobody calls: that is no time of the process, nor of its slice. */
START_TEST(a_stop_is_not_charged)
{
    const uint64_t resumes_ns = 50 * SLICE_NS;
    set_up();
    const struct process *process = &tori.processes[0];
    torus_resume(tori.torus[0], 0, resumes_ns);
    ck_assert_uint_eq(torus_tick(tori.torus[0], 0, resumes_ns + 1000), 0);
    ck_assert_uint_eq(process->runtime_ns, RAN_NS + 1000);
    ck_assert_uint_eq(process->slice_ns, SLICE_NS - RAN_NS - 1000);
    torus_put(tori.torus[0], 0, resumes_ns + 3000);
    ck_assert_uint_eq(process->runtime_ns, RAN_NS + 3000);
    ck_assert_uint_eq(process->slice_ns, SLICE_NS - RAN_NS - 3000);
    tori_fini(&tori);
}
END_TEST

/* While it is another's, nothing is picked from its queue, and nothing is put there. */
START_TEST(what_is_taken_is_left_as_it_is)
{
    set_up();
    struct torus *torus = tori.torus[0];
    ck_assert_int_eq(tori_create(&tori, 0, 1, 0, RAN_NS), PROCESS_OK);
    atomic_store(&torus->claim, TORUS_TAKEN | (1 + 1));
    torus_put(torus, 0, RAN_NS);
    ck_assert_ptr_eq(torus->cores[0].current, &tori.processes[0]);
    ck_assert_ptr_eq(torus_pick(torus, 0, RAN_NS), &tori.processes[0]);
    ck_assert_ptr_eq(torus_schedule(torus, 0, RAN_NS), &tori.processes[0]);
    atomic_store(&torus->claim, 0);
    torus_block(torus, 0, RAN_NS);
    atomic_store(&torus->claim, TORUS_TAKEN | (1 + 1));
    ck_assert_ptr_null(torus_pick(torus, 0, RAN_NS));
    ck_assert_ptr_null(torus_schedule(torus, 0, RAN_NS));
    ck_assert_uint_eq(torus->ready, 1);
    ck_assert_int_eq(tori.processes[1].state, PROCESS_READY);
    tori_fini(&tori);
}
END_TEST

/* Its kick may have been lost: the tick of an idle core looks. */
START_TEST(an_idle_core_sees_what_is_queued)
{
    set_up();
    ck_assert_uint_eq(torus_tick(tori.torus[1], 0, RAN_NS), 0);
    ck_assert_int_eq(tori_create(&tori, 1, 1, 0, RAN_NS), PROCESS_OK);
    ck_assert_uint_eq(torus_tick(tori.torus[1], 0, RAN_NS), TORUS_RESCHEDULE);
    tori_fini(&tori);
}
END_TEST

/* What comes in at a core goes to that one, if it idles. */
START_TEST(an_arrival_has_its_own_core_first)
{
    struct tori_setup setup = {
        .policy = &policy_rr, .slice_ns = SLICE_NS, .torus_count = 2, .cores_per_torus = 2
    };
    const struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    tori_init(&tori, &setup);
    ck_assert_int_eq(torus_create(tori.torus[1], 1, 0, &attributes, 0), PROCESS_OK);
    ck_assert(!tori.kicked[2] && tori.kicked[3]);
    ck_assert_int_eq(torus_create(tori.torus[1], 1, 1, &attributes, 0), PROCESS_OK);
    ck_assert(tori.kicked[2]);
    tori_fini(&tori);
}
END_TEST

/* Late, it keeps its phase; too late by an interval and more, it begins anew, and once. */
START_TEST(balancing_keeps_its_phase)
{
    static const struct {
        uint64_t now_ns;
        bool is_due;
    } beats[] = { { 0, true },      { 9999, false },  { 13000, true },
                  { 19999, false }, { 20000, true },  { 75000, true },
                  { 76000, false }, { 84999, false }, { 85000, true } };
    struct tori_setup setup = { .policy = &policy_rr,
                                .balancer = &balancer_steal,
                                .slice_ns = SLICE_NS,
                                .balance_ns = 10000,
                                .torus_count = 2,
                                .cores_per_torus = 1 };
    tori_init(&tori, &setup);
    for (size_t i = 0; i < sizeof beats / sizeof beats[0]; i++)
        ck_assert_uint_eq(torus_heartbeat(tori.torus[0], 0, beats[i].now_ns),
                          beats[i].is_due ? TORUS_BALANCE : 0);
    tori_fini(&tori);
}
END_TEST

/* Two come who displace what runs, before either core has looked: each has a core of its own. */
START_TEST(two_arrivals_displace_two)
{
    struct tori_setup setup = {
        .policy = &policy_priority, .slice_ns = SLICE_NS, .torus_count = 1, .cores_per_torus = 2
    };
    tori_init(&tori, &setup);
    for (uint32_t id = 0; id < 2; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    for (uint32_t id = 2; id < 4; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 1, RAN_NS), PROCESS_OK);
    tori_settle(&tori, RAN_NS);
    for (uint32_t id = 2; id < 4; id++)
        ck_assert_int_eq(tori.processes[id].state, PROCESS_RUNNING);
    tori_fini(&tori);
}
END_TEST

/* Whatever is due is due on one core of the torus: the first, until that leaves. */
START_TEST(one_core_beats)
{
    struct tori_setup setup = { .policy = &policy_rr,
                                .balancer = &balancer_steal,
                                .slice_ns = SLICE_NS,
                                .exchange_ns = 10000,
                                .balance_ns = 10000,
                                .torus_count = 2,
                                .cores_per_torus = 2 };
    tori_init(&tori, &setup);
    struct torus *torus = tori.torus[0];
    for (uint64_t now_ns = 0; now_ns < 30000; now_ns += 10000) {
        uint32_t beats = torus->beats, heartbeat = torus->heartbeat;
        ck_assert_uint_eq(torus_heartbeat(torus, !beats, now_ns), 0);
        ck_assert_uint_eq(torus->heartbeat, heartbeat);
        ck_assert_uint_eq(torus_heartbeat(torus, beats, now_ns), TORUS_BALANCE);
        ck_assert_uint_eq(torus->heartbeat, heartbeat + 1);
        if (now_ns == 10000)
            ck_assert(torus_core_leave(torus, beats));
    }
    tori_fini(&tori);
}
END_TEST

/* Its parent has collected it, and its slot is not free yet: it is nobody any more. */
START_TEST(what_is_reaped_is_left_alone)
{
    const uint32_t mask = 1 << 1;
    set_up();
    struct torus *torus = tori.torus[0];
    struct process *process = &tori.processes[0];
    ck_assert_int_eq(torus_exit(torus, 0, RAN_NS), PROCESS_OK);
    ck_assert_int_eq(process_reap(process, PROCESS_NO_PARENT), PROCESS_OK);
    ck_assert_int_eq(torus_kill(torus, 0, process, RAN_NS), PROCESS_ILLEGAL);
    ck_assert_int_eq(torus_restrict(torus, 0, process, &mask, RAN_NS), PROCESS_ILLEGAL);
    ck_assert_int_eq(torus_change(torus, process, 1, 1, RAN_NS), PROCESS_ILLEGAL);
    ck_assert_int_eq(process->state, PROCESS_REAPED);
    ck_assert_int_eq(process->flags & PROCESS_RESTRICTED, 0);
    ck_assert_uint_eq(process->weight, 1024);
    tori_fini(&tori);
}
END_TEST

/* The core that a process is killed from is not interrupted, another one is, to look for something
 * else; and so is that of one that is lowered, to queue it anew, but not where nothing has changed
 * or nobody preempts. */
START_TEST(no_core_is_kicked_for_nothing)
{
    bool preempts = _i == 0;
    struct tori_setup setup = { .policy = preempts ? &policy_priority : &policy_stride,
                                .slice_ns = SLICE_NS,
                                .torus_count = 1,
                                .cores_per_torus = 2 };
    tori_init(&tori, &setup);
    for (uint32_t id = 0; id < 2; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    struct torus *torus = tori.torus[0];
    uint32_t kicks = tori.kicks;
    struct process *own = torus->cores[0].current, *other = torus->cores[1].current;
    ck_assert_int_eq(torus_change(torus, other, 1024, 0, RAN_NS), PROCESS_OK);
    ck_assert_uint_eq(tori.kicks, kicks);
    ck_assert_int_eq(torus_change(torus, other, 1024, -1, RAN_NS), PROCESS_OK);
    ck_assert_uint_eq(tori.kicks, kicks + preempts);
    ck_assert(tori.kicked[1] == preempts);
    tori_settle(&tori, RAN_NS);
    kicks = tori.kicks;
    ck_assert_int_eq(torus_kill(torus, 0, own, RAN_NS), PROCESS_OK);
    ck_assert_uint_eq(tori.kicks, kicks);
    ck_assert_int_eq(torus_kill(torus, 0, other, RAN_NS), PROCESS_OK);
    ck_assert_uint_eq(tori.kicks, kicks + 1);
    ck_assert(tori.kicked[1]);
    tori_fini(&tori);
}
END_TEST

/* Who is lowered while it runs is what it is now to who comes, though nobody waited; and who is
 * raised while it waits takes the core. */
START_TEST(a_changed_priority_counts_at_once)
{
    static const struct policy *const policies[] = { &policy_priority, &policy_priority_aging,
                                                     &policy_priority_scan };
    struct tori_setup setup = {
        .policy = policies[_i], .slice_ns = SLICE_NS, .torus_count = 1, .cores_per_torus = 1
    };
    tori_init(&tori, &setup);
    struct torus *torus = tori.torus[0];
    struct process *first = &tori.processes[0], *second = &tori.processes[1];
    ck_assert_int_eq(tori_create(&tori, 0, 0, 39, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    ck_assert_int_eq(torus_change(torus, first, 1024, -62, 1), PROCESS_OK);
    tori_settle(&tori, 1);
    ck_assert_int_eq(tori_create(&tori, 0, 1, 10, 2), PROCESS_OK);
    tori_settle(&tori, 2);
    ck_assert(torus->cores[0].current == second);
    ck_assert_int_eq(torus_change(torus, first, 1024, 63, 3), PROCESS_OK);
    tori_settle(&tori, 3);
    ck_assert(torus->cores[0].current == first);
    tori_fini(&tori);
}
END_TEST

static struct projection_slot stale[2];
static struct port tori_port;

static void post_and_show_stale(void *world, uint16_t target, struct process *process)
{
    ck_assert_uint_lt(tori.posts, 10);
    memcpy(tori.braid.slots, stale, sizeof stale);
    tori_port.post(world, target, process);
}

/* Both tori are seen to idle though neither does, and moves cost nothing: one that comes moves one,
 * which moves nobody. */
START_TEST(what_is_moved_moves_nobody)
{
    struct tori_setup setup = { .policy = &policy_rr,
                                .slice_ns = SLICE_NS,
                                .torus_count = 2,
                                .cores_per_torus = 1,
                                .accepts = _i };
    uint32_t id = 0;
    tori_init(&tori, &setup);
    memcpy(stale, tori.braid.slots, sizeof stale);
    tori_port = tori.port;
    tori.port.post = post_and_show_stale;
    for (; id < 6; id++)
        ck_assert_int_eq(tori_create(&tori, id % 2, id, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    tori.braid.balancer = &balancer_braid;
    memcpy(tori.braid.slots, stale, sizeof stale);
    ck_assert_int_eq(tori_create(&tori, 0, id, 0, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    ck_assert_uint_eq(tori.posts, 1);
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("turns");
    tcase_add_loop_test(tests, who_moves_begins_a_new_turn, 0, WAYS);
    tcase_add_test(tests, a_stop_is_not_charged);
    tcase_add_test(tests, what_is_taken_is_left_as_it_is);
    tcase_add_test(tests, an_idle_core_sees_what_is_queued);
    tcase_add_test(tests, an_arrival_has_its_own_core_first);
    tcase_add_test(tests, balancing_keeps_its_phase);
    tcase_add_test(tests, two_arrivals_displace_two);
    tcase_add_test(tests, one_core_beats);
    tcase_add_test(tests, what_is_reaped_is_left_alone);
    tcase_add_loop_test(tests, no_core_is_kicked_for_nothing, 0, 2);
    tcase_add_loop_test(tests, a_changed_priority_counts_at_once, 0, 3);
    tcase_add_loop_test(tests, what_is_moved_moves_nobody, 0, 2);
    return suite_run("turns", tests);
}
