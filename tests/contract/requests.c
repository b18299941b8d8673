/* requests.c -- who asks whom, and who gives: the corners of balancing, one by one.
 *
 * Goal: all that overflows goes on, anywhere; nobody gives what its own cores are about to run, or
 * asks for more; a request goes round the ring, past those that are away and not past those that
 * cannot be read; braid remembers what it owes, and for how long, and gives in the end though
 * nobody has waited for long; a torus that leaves owes nothing, and one that comes back is seen; a
 * core that leaves makes all others look, and so does a priority that changes.
 * Method: four tori in plain memory, loads given by hand; see contract/balancers.c for the laws.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>

#include "braid/takeover.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { MS = 1000000, COST_NS = 2 * MS, MANY = 7 };

static struct tori tori;
static uint64_t now_ns;
static uint32_t ids;

static const struct balancer *const answering[] = { &balancer_steal, &balancer_periodic,
                                                    &balancer_braid, &balancer_none };

static void set_up(const struct balancer *balancer, uint64_t exchange_ns, uint16_t cores)
{
    struct tori_setup setup = { .policy = &policy_rr,
                                .balancer = balancer,
                                .slice_ns = MS,
                                .exchange_ns = exchange_ns,
                                .balance_ns = 1000 * (uint64_t)MS,
                                .cost_ns = COST_NS,
                                .random = 1,
                                .torus_count = TORI_MAX,
                                .cores_per_torus = cores };
    tori_init(&tori, &setup);
    now_ns = 100 * COST_NS;
    ids = 0;
}

/* Processes that have run, queued at torus k as its balancer would not see it. */
static void queue(uint16_t k, uint32_t count)
{
    const struct balancer *balancer = tori.braid.balancer;
    tori.braid.balancer = &balancer_none;
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(tori_create(&tori, k, ids, 0, now_ns), PROCESS_OK);
        tori.processes[ids++].runtime_ns = 1;
    }
    tori.braid.balancer = balancer;
}

/* The same, and its cores run what they may. */
static void load(uint16_t k, uint32_t count)
{
    queue(k, count);
    const struct balancer *balancer = tori.braid.balancer;
    tori.braid.balancer = &balancer_none;
    tori_settle(&tori, now_ns);
    tori.braid.balancer = balancer;
}

static uint32_t load_of(uint16_t k)
{
    return torus_load(tori.torus[k]);
}

static bool is_asked(uint16_t k)
{
    return tori.torus[k]->inbox.asked != 0;
}

/* Others see that load of it. */
static void show(uint16_t k, uint32_t seen)
{
    braid_write(&tori.braid, k, &(struct projection){ .load = seen });
}

/* ---- Giving ------------------------------------------------------------------------------- */

/* As many are queued as cores idle, which have been kicked and not come to it yet. */
START_TEST(nobody_gives_what_its_cores_will_run)
{
    set_up(answering[_i], 0, 2);
    queue(0, 2);
    ck_assert_uint_eq(torus_waiting(tori.torus[0]), 0);
    now_ns += 10 * COST_NS;
    torus_answer(tori.torus[0], 2, MANY, now_ns);
    ck_assert_uint_eq(tori.posts, 0);
    ck_assert_uint_eq(tori.torus[0]->owed, 0);
    queue(0, 1);
    now_ns += 10 * COST_NS;
    torus_answer(tori.torus[0], 2, MANY, now_ns);
    ck_assert_uint_eq(tori.posts, 1);
    tori_fini(&tori);
}
END_TEST

/* For nothing, for itself, or for a torus that there is not. */
START_TEST(damaged_requests_have_no_answer)
{
    set_up(answering[_i], 0, 1);
    load(0, 3);
    load(1, 3);
    now_ns += 10 * COST_NS;
    torus_answer(tori.torus[0], 2, 0, now_ns);
    torus_answer(tori.torus[0], 0, MANY, now_ns);
    torus_answer(tori.torus[0], TORI_MAX, MANY, now_ns);
    ck_assert_uint_eq(tori.posts + tori.asks, 0);
    tori_fini(&tori);
}
END_TEST

/* Of more than a request can hold, it holds the most. */
START_TEST(a_request_holds_the_most)
{
    uint16_t thief;
    uint32_t count;
    set_up(&balancer_steal, 0, 1);
    torus_ask(tori.torus[0], 1, 0, INBOX_ASKED_MOST + 1u);
    ck_assert(inbox_take_request(&tori.torus[1]->inbox, &thief, &count));
    ck_assert_uint_eq(thief, 0);
    ck_assert_uint_eq(count, INBOX_ASKED_MOST);
    tori_fini(&tori);
}
END_TEST

/* What overflows may not go where idleness shows: then nothing is owed there. */
START_TEST(nothing_is_owed_to_whom_nothing_may_go)
{
    const uint32_t mask = 1 << 0 | 1 << 3;
    set_up(&balancer_braid, 0, 1);
    load(0, 2);
    load(3, 2);
    for (uint32_t id = 0; id < 2; id++)
        ck_assert_int_eq(torus_restrict(tori.torus[0], 0, &tori.processes[id], &mask, now_ns),
                         PROCESS_OK);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.torus[0]->owed, 0);
    torus_answer(tori.torus[0], 2, 1, now_ns);
    ck_assert_uint_eq(tori.torus[0]->owed, 0);
    tori_fini(&tori);
}
END_TEST

/* A new process that somebody sends to torus 0. */
static struct process *new_process(void)
{
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    ck_assert_int_eq(process_create(&tori.processes[ids], ids, 0, &attributes), PROCESS_OK);
    return &tori.processes[ids++];
}

/* Torus 0 is busy and the others idle: of new processes that come, each goes on, whether they come
 * at once or one by one. */
START_TEST(all_that_arrive_overflow)
{
    enum { COME = 3 };
    set_up(&balancer_braid, 0, 1);
    load(0, 1);
    for (int i = 0; i < COME; i++) {
        struct process *process = new_process();
        if (_i == 0)
            inbox_push(&tori.torus[0]->inbox, process);
        else
            torus_accept(tori.torus[0], 0, process, now_ns);
    }
    if (_i == 0)
        ck_assert_uint_eq(torus_receive(tori.torus[0], 0, now_ns), COME);
    ck_assert_uint_eq(tori.posts, COME);
    ck_assert_uint_eq(load_of(0), 1);
    tori_fini(&tori);
}
END_TEST

/* Torus 1 has nothing.  The one that gives must not come below the average by that, which is two;
 * nor torus 1 above it, where it is one and a half. */
START_TEST(periodic_goes_as_far_as_the_average)
{
    static const uint32_t before[][TORI_MAX] = { { 3, 0, 3, 2 }, { 1, 0, 5, 0 } };
    static const uint32_t after[][TORI_MAX] = { { 3, 1, 2, 2 }, { 1, 1, 4, 0 } };
    set_up(&balancer_periodic, 0, 1);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        load(k, before[_i][k]);
    braid_balance(&tori.braid, tori.torus[1], now_ns);
    tori_settle(&tori, now_ns);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        ck_assert_uint_eq(load_of(k), after[_i][k]);
    tori_fini(&tori);
}
END_TEST

/* Five processes on four cores are less than four on one. */
START_TEST(periodic_asks_who_has_most_for_its_cores)
{
    set_up(&balancer_periodic, MS, 4);
    tori.torus[2]->core_count = 1;
    show(1, 5);
    show(2, 4);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert(is_asked(2) && !is_asked(1));
    tori_fini(&tori);
}
END_TEST

/* Its core has been kicked for what is queued, and not come to it yet. */
START_TEST(nobody_asks_who_has_something_to_run)
{
    set_up(_i == 0 ? &balancer_steal : &balancer_braid, 0, 1);
    load(2, 3);
    queue(0, 1);
    braid_idle(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.asks, 0);
    tori_fini(&tori);
}
END_TEST

/* Not always the first of those that show idle, or all tori would choose the same. */
START_TEST(what_overflows_goes_anywhere)
{
    uint32_t sent[TORI_MAX] = { 0 };
    set_up(&balancer_braid, UINT64_MAX / 4, 1);
    load(0, 1);
    for (int i = 0; i < 60; i++) {
        const struct process *process = new_process();
        torus_accept(tori.torus[0], 0, &tori.processes[process->id], now_ns);
        sent[process->torus]++;
    }
    for (uint16_t k = 0; k < TORI_MAX; k++)
        ck_assert_int_eq(sent[k] > 5, k != 0);
    tori_fini(&tori);
}
END_TEST

/* ---- Passing on ---------------------------------------------------------------------------- */

/* Torus 0 has nothing; 1 is away, damaged, or not loaded. */
START_TEST(a_request_goes_past_those_that_are_away)
{
    enum { AWAY, UNREADABLE, EVEN };
    int what = _i / 3;
    set_up(answering[_i % 3], UINT64_MAX / 4, 1);
    load(2, 3);
    show(1, what == AWAY ? PROJECTION_AWAY : 1);
    show(2, 3);
    if (what == UNREADABLE)
        tori.braid.slots[1].checksum ^= 1;
    torus_answer(tori.torus[0], 3, MANY, now_ns);
    ck_assert_uint_eq(tori.asks, 1);
    ck_assert_int_eq(is_asked(1), what == UNREADABLE);
    ck_assert_int_eq(is_asked(2), what != UNREADABLE);
    now_ns += 10 * COST_NS;
    tori_settle(&tori, now_ns); /* 1 has nothing either, and passes it on */
    ck_assert_uint_ge(load_of(3), 1);
    tori_fini(&tori);
}
END_TEST

/* Whomever a thief draws: nobody is asked who is away. */
START_TEST(steal_asks_nobody_that_is_away)
{
    set_up(&balancer_steal, UINT64_MAX / 4, 1);
    tori.braid.victim = VICTIM_RANDOM;
    for (uint16_t k = 1; k < TORI_MAX; k++)
        show(k, k == 2 ? 5 : PROJECTION_AWAY);
    for (int i = 0; i < 100; i++)
        braid_idle(&tori.braid, tori.torus[0], now_ns);
    ck_assert(is_asked(2));
    ck_assert(!is_asked(1));
    ck_assert(!is_asked(3));
    tori_fini(&tori);
}
END_TEST

/* periodic: as far as to the one that asks, with the count that it asks for, and no farther. */
START_TEST(a_request_ends_where_it_began)
{
    set_up(&balancer_periodic, UINT64_MAX / 4, 1);
    load(2, 4);
    show(0, 5);
    show(1, 5);
    show(2, 5);
    show(3, 5);
    torus_answer(tori.torus[3], 1, 2, now_ns);
    ck_assert(is_asked(0));
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(tori.asks, 1); /* 0 has nothing, and after it comes 1 */
    ck_assert_uint_eq(tori.posts, 0);
    torus_answer(tori.torus[0], 3, 2, now_ns);
    tori_settle(&tori, now_ns); /* 1 has nothing, 2 gives */
    ck_assert_uint_eq(tori.posts, 2);
    ck_assert_uint_eq(load_of(3), 2);
    tori_fini(&tori);
}
END_TEST

/* ---- Owing ---------------------------------------------------------------------------------- */

/* Two wait and two idle: after the one the other is served, without another interval. */
START_TEST(who_gives_one_owes_the_next)
{
    set_up(&balancer_braid, 0, 1);
    load(0, 3);
    load(3, 1);
    now_ns += COST_NS;
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load_of(0), 2);
    ck_assert_uint_ne(tori.torus[0]->owed, 0);
    ck_assert(torus_heartbeat(tori.torus[0], 0, now_ns) & TORUS_BALANCE);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    tori_settle(&tori, now_ns);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        ck_assert_uint_eq(load_of(k), 1);
    tori_fini(&tori);
}
END_TEST

/* Who is owed something idles no more: the debt is forgotten.  That the torus itself idled, as its
 * own projection still says, is not looked at. */
START_TEST(a_debt_ends_when_nobody_idles)
{
    set_up(&balancer_braid, UINT64_MAX / 4, 1);
    load(0, 2);
    show(0, 0);
    for (uint16_t k = 1; k < TORI_MAX; k++)
        show(k, k < 3);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.torus[0]->owed, 3 + 1);
    show(3, 1);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.torus[0]->owed, 0);
    tori_fini(&tori);
}
END_TEST

/* Slices are half as long as the cost, so that nobody waits for that: after two costs one goes. */
START_TEST(a_debt_is_paid_though_nobody_has_waited)
{
    set_up(&balancer_braid, 0, 1);
    load(0, 2);
    load(1, 1);
    load(2, 1);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.torus[0]->owed, 3 + 1);
    uint64_t from_ns = now_ns;
    while (load_of(0) == 2) {
        ck_assert_uint_lt(now_ns - from_ns, 2 * COST_NS);
        now_ns += MS;
        torus_schedule(tori.torus[0], 0, now_ns);
        ck_assert(torus_heartbeat(tori.torus[0], 0, now_ns) & TORUS_BALANCE);
        braid_balance(&tori.braid, tori.torus[0], now_ns);
    }
    ck_assert_uint_eq(now_ns - from_ns, 2 * COST_NS);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load_of(3), 1);
    ck_assert_uint_eq(tori.torus[0]->owed, 0);
    tori_fini(&tori);
}
END_TEST

/* Nobody idles, and it has four: it gives to the least loaded at a round, though nobody has waited,
 * but only if it has given none for two costs. */
START_TEST(loads_are_evened_out_though_nobody_has_waited)
{
    set_up(&balancer_braid, 0, 1);
    load(0, 4);
    for (uint16_t k = 1; k < TORI_MAX; k++)
        load(k, 1);
    for (int i = 0; i < 2; i++) {
        braid_balance(&tori.braid, tori.torus[0], now_ns);
        tori_settle(&tori, now_ns);
        ck_assert_uint_eq(load_of(0), 3);
    }
    now_ns += COST_NS;
    torus_schedule(tori.torus[0], 0, now_ns);
    now_ns += COST_NS - 1;
    torus_schedule(tori.torus[0], 0, now_ns);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load_of(0), 3);
    now_ns += 1;
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load_of(0), 2);
    tori_fini(&tori);
}
END_TEST

/* It has just given one, and what is left has waited for its cost: another goes, too. */
START_TEST(what_has_waited_is_evened_out_at_once)
{
    set_up(&balancer_braid, 0, 1);
    load(0, 4);
    for (uint16_t k = 1; k < TORI_MAX; k++)
        load(k, 1);
    now_ns += COST_NS;
    for (uint32_t left = 3; left > 1; left--) {
        braid_balance(&tori.braid, tori.torus[0], now_ns);
        tori_settle(&tori, now_ns);
        ck_assert_uint_eq(load_of(0), left);
    }
    tori_fini(&tori);
}
END_TEST

/* Others have come to idle meanwhile: who was owed first is served first. */
START_TEST(a_debt_is_paid_to_whom_it_is_owed)
{
    set_up(&balancer_braid, UINT64_MAX / 4, 1);
    tori.torus[0]->random = 1 + (uint32_t)_i;
    load(0, 2);
    for (uint16_t k = 1; k < TORI_MAX; k++)
        show(k, k < 3);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.torus[0]->owed, 3 + 1);
    show(1, 0);
    show(2, 0);
    now_ns += COST_NS;
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_uint_eq(load_of(3), 1);
    tori_fini(&tori);
}
END_TEST

/* Rotation spares the guest, whom a balancer has sent: not who was queued here last. */
START_TEST(a_host_is_no_guest)
{
    set_up(&balancer_braid, 0, 1);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        load(k, k == 0 ? 2 : 1);
    now_ns += 100 * COST_NS; /* it has been long since the last rotation */
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_eq(tori.posts, 1);
    tori_fini(&tori);
}
END_TEST

/* ---- Leaving and coming back ----------------------------------------------------------------- */

static void leave(uint16_t k)
{
    torus_put(tori.torus[k], 0, now_ns);
    ck_assert(!torus_core_leave(tori.torus[k], 0));
    ck_assert(torus_retire(tori.torus[k], now_ns));
}

/* With projections at every change, and with those in their phase: it is seen to be there. */
START_TEST(who_comes_back_is_seen)
{
    struct projection seen;
    set_up(&balancer_braid, _i == 0 ? 0 : MS, 1);
    load(0, 2);
    braid_balance(&tori.braid, tori.torus[0], now_ns);
    ck_assert_uint_ne(tori.torus[0]->owed, 0);
    leave(0);
    ck_assert_uint_eq(tori.torus[0]->owed, 0);
    ck_assert(braid_is_away(&tori.braid, 0));
    tori_settle(&tori, now_ns);
    torus_resume(tori.torus[0], 0, now_ns);
    ck_assert(!torus_regain(tori.torus[0]));
    torus_tend(tori.torus[1], now_ns);
    ck_assert(torus_regain(tori.torus[0]));
    now_ns += 2 * MS;
    torus_heartbeat(tori.torus[0], 0, now_ns);
    ck_assert(braid_read(&tori.braid, 0, &seen));
    ck_assert_uint_eq(seen.load, 0);
    tori_fini(&tori);
}
END_TEST

/* Under a policy that preempts all that are there are to look again, under one that does not those
 * that idle: here none. */
START_TEST(when_a_core_leaves_the_others_look_again)
{
    enum { CORES = 4 };
    bool preempts = _i == 1;
    struct tori_setup setup = { .policy = preempts ? &policy_priority : &policy_rr,
                                .slice_ns = MS,
                                .torus_count = 1,
                                .cores_per_torus = CORES };
    tori_init(&tori, &setup);
    ids = 0;
    load(0, CORES);
    uint32_t kicks = tori.kicks;
    torus_put(tori.torus[0], 1, now_ns);
    ck_assert(torus_core_leave(tori.torus[0], 1));
    ck_assert_uint_eq(tori.kicks - kicks, preempts ? CORES - 1 : 0);
    for (uint32_t slot = 0; slot < CORES; slot++)
        ck_assert_int_eq(tori.kicked[slot], preempts && slot != 1);
    tori_fini(&tori);
}
END_TEST

/* Something has waited for a core that was lent: that shows once, though it has the core now.
 * What shows as waiting anyway does not show as more or less. */
START_TEST(who_has_waited_for_a_lent_core_is_seen)
{
    struct projection seen;
    uint32_t queued = _i < 2 ? 1 : 10;
    set_up(&balancer_none, _i % 2 == 0 ? MS : 0, 1);
    for (int again = 0; again < 2; again++)
        torus_lend(tori.torus[0], 0, true);
    ck_assert_uint_eq(tori.torus[0]->idle, 0);
    queue(0, queued);
    for (int again = 0; again < 2; again++)
        torus_lend(tori.torus[0], 0, false);
    ck_assert_uint_eq(tori.torus[0]->idle, 1);
    for (int again = 0; again < 2; again++) {
        if (tori.braid.exchange_ns > 0 || again)
            braid_publish(&tori.braid, tori.torus[0]);
        ck_assert(braid_read(&tori.braid, 0, &seen));
        ck_assert_uint_eq(seen.load, queued == 1 && !again ? 2 : queued);
    }
    tori_fini(&tori);
}
END_TEST

/* ---- Change ---------------------------------------------------------------------------------- */

/* Of two cores one runs the least urgent: a process that is made more urgent while it waits takes
 * that one; so does a running one that is made less urgent than what waits. */
START_TEST(a_change_of_priority_is_heard)
{
    struct tori_setup setup = {
        .policy = &policy_priority, .slice_ns = MS, .torus_count = 1, .cores_per_torus = 2
    };
    static const int32_t priorities[] = { 5, 7, 3 };
    tori_init(&tori, &setup);
    struct torus *torus = tori.torus[0];
    for (uint32_t id = 0; id < 3; id++) {
        ck_assert_int_eq(tori_create(&tori, 0, id, priorities[id], now_ns), PROCESS_OK);
        tori_settle(&tori, now_ns);
    }
    ck_assert_int_eq(tori.processes[2].state, PROCESS_READY);
    uint32_t kicks = tori.kicks;
    torus_change(torus, &tori.processes[2], 1024, 4, now_ns); /* still less than both */
    ck_assert_uint_eq(tori.kicks, kicks);
    torus_change(torus, &tori.processes[2], 1024, 6, now_ns);
    ck_assert_uint_eq(tori.kicks, kicks + 1);
    tori_settle(&tori, now_ns);
    ck_assert_int_eq(tori.processes[0].state, PROCESS_READY);
    ck_assert_int_eq(tori.processes[2].state, PROCESS_RUNNING);
    torus_change(torus, &tori.processes[1], 1024, 4, now_ns);
    tori_settle(&tori, now_ns);
    ck_assert_int_eq(tori.processes[0].state, PROCESS_RUNNING);
    ck_assert_int_eq(tori.processes[1].state, PROCESS_READY);
    kicks = tori.kicks;
    torus_change(torus, &tori.processes[0], 1024, 5, now_ns); /* nothing has changed */
    ck_assert_uint_eq(tori.kicks, kicks);
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("requests");
    tcase_add_loop_test(tests, damaged_requests_have_no_answer, 0, 4);
    tcase_add_test(tests, a_request_holds_the_most);
    tcase_add_loop_test(tests, nobody_gives_what_its_cores_will_run, 0, 4);
    tcase_add_test(tests, nothing_is_owed_to_whom_nothing_may_go);
    tcase_add_loop_test(tests, all_that_arrive_overflow, 0, 2);
    tcase_add_loop_test(tests, periodic_goes_as_far_as_the_average, 0, 2);
    tcase_add_test(tests, periodic_asks_who_has_most_for_its_cores);
    tcase_add_loop_test(tests, nobody_asks_who_has_something_to_run, 0, 2);
    tcase_add_test(tests, what_overflows_goes_anywhere);
    tcase_add_loop_test(tests, a_request_goes_past_those_that_are_away, 0, 9);
    tcase_add_test(tests, steal_asks_nobody_that_is_away);
    tcase_add_test(tests, a_request_ends_where_it_began);
    tcase_add_test(tests, who_gives_one_owes_the_next);
    tcase_add_test(tests, a_debt_ends_when_nobody_idles);
    tcase_add_test(tests, a_debt_is_paid_though_nobody_has_waited);
    tcase_add_test(tests, loads_are_evened_out_though_nobody_has_waited);
    tcase_add_test(tests, what_has_waited_is_evened_out_at_once);
    tcase_add_loop_test(tests, a_debt_is_paid_to_whom_it_is_owed, 0, 12);
    tcase_add_test(tests, a_host_is_no_guest);
    tcase_add_loop_test(tests, who_comes_back_is_seen, 0, 2);
    tcase_add_loop_test(tests, when_a_core_leaves_the_others_look_again, 0, 2);
    tcase_add_loop_test(tests, who_has_waited_for_a_lent_core_is_seen, 0, 4);
    tcase_add_test(tests, a_change_of_priority_is_heard);
    return suite_run("requests", tests);
}
