/* takeover_rules.c -- what single calls of takeover.h decide: who adopts, what a process takes
 * along, who tends whom.
 *
 * Method: four tori in plain memory that stop and leave as they are told; contract/takeover.c has
 * the random schedules.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>

#include "braid/takeover.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { SLICE_NS = 10000, BUDGET_NS = 6000, PERIOD_NS = 10000 };

static struct tori tori;

static void set_up(const struct policy *policy)
{
    struct tori_setup setup = {
        .policy = policy, .slice_ns = SLICE_NS, .torus_count = TORI_MAX, .cores_per_torus = 1
    };
    tori_init(&tori, &setup);
}

/* It belongs to the next torus that is there. */
static void leave(uint16_t k)
{
    torus_put(tori.torus[k], 0, 0);
    ck_assert(!torus_core_leave(tori.torus[k], 0));
    ck_assert(torus_retire(tori.torus[k], 0));
    ck_assert(torus_is_taken(tori.torus[k]));
}

/* Process id is BLOCKED on torus 0; with a reservation if it asks for one. */
static struct process *blocked(uint32_t id, uint32_t budget_ns)
{
    struct process_attributes attributes = {
        .parent = PROCESS_NO_PARENT, .weight = 1024, .budget_ns = budget_ns, .period_ns = PERIOD_NS
    };
    ck_assert_int_eq(torus_create(tori.torus[0], 0, id, &attributes, 0), PROCESS_OK);
    tori_settle(&tori, 0);
    ck_assert_ptr_eq(tori.torus[0]->cores[0].current, &tori.processes[id]);
    ck_assert_int_eq(torus_block(tori.torus[0], 0, 0), PROCESS_OK);
    return &tori.processes[id];
}

/* Nobody adopts what is not lost, and of what is only the taker does. */
START_TEST(only_the_taker_adopts)
{
    set_up(&policy_rr);
    struct process *process = blocked(0, 0);
    for (uint16_t k = 0; k < TORI_MAX; k++)
        ck_assert_int_eq(torus_adopt(tori.torus[k], process, 0), PROCESS_ELSEWHERE);
    leave(0);
    ck_assert_uint_eq(torus_taker(tori.torus[0]), 1);
    for (uint16_t k = 2; k < TORI_MAX; k++)
        ck_assert_int_eq(torus_adopt(tori.torus[k], process, 0), PROCESS_ELSEWHERE);
    ck_assert_uint_eq(process->torus, 0);
    ck_assert_uint_eq(tori.torus[0]->blocked, 1);
    ck_assert_int_eq(torus_adopt(tori.torus[1], process, 0), PROCESS_OK);
    ck_assert_uint_eq(process->torus, 1);
    ck_assert_uint_eq(tori.torus[0]->blocked, 0);
    ck_assert_uint_eq(tori.torus[1]->blocked, 1);
    tori_fini(&tori);
}
END_TEST

/* A reservation ends with its torus, for one that sleeps and is adopted and for one that is queued
 * and sent on: elsewhere it is in the background and may be given away, and where it was there is
 * room for another, when the deadline that it had has come. */
START_TEST(a_reservation_ends_with_its_torus)
{
    bool sleeps = _i == 0;
    set_up(&policy_edf);
    struct process *process = blocked(0, BUDGET_NS);
    ck_assert(process->flags & PROCESS_RESERVED);
    if (!sleeps)
        ck_assert_int_eq(torus_wake(tori.torus[0], 0, process, 0), PROCESS_OK);
    leave(0);
    if (sleeps) {
        ck_assert_int_eq(torus_adopt(tori.torus[1], process, 0), PROCESS_OK);
        ck_assert_int_eq(torus_wake(tori.torus[1], 0, process, 0), PROCESS_OK);
    } else {
        ck_assert_uint_eq(torus_receive(tori.torus[1], 0, 0), 1);
    }
    ck_assert_uint_eq(process->torus, 1);
    ck_assert(!(process->flags & PROCESS_RESERVED));
    ck_assert_ptr_eq(torus_offer(tori.torus[1], 2), process);

    ck_assert(!torus_regain(tori.torus[0]));
    torus_tend(tori.torus[1], PERIOD_NS);
    ck_assert(torus_regain(tori.torus[0]));
    torus_resume(tori.torus[0], 0, PERIOD_NS);
    struct process_attributes another = { .weight = 1024,
                                          .budget_ns = BUDGET_NS,
                                          .period_ns = PERIOD_NS };
    ck_assert_int_eq(torus_create(tori.torus[0], 0, 1, &another, PERIOD_NS), PROCESS_OK);
    tori_fini(&tori);
}
END_TEST

/* Torus 1 has left before torus 0, so that torus 2 has both.  When torus 1 is back it is the next
 * after torus 0, and gets that, with whatever comes there. */
START_TEST(who_is_nearer_tends)
{
    set_up(&policy_rr);
    leave(1);
    leave(0);
    ck_assert_uint_eq(torus_taker(tori.torus[0]), 2);
    ck_assert_uint_eq(torus_taker(tori.torus[1]), 2);
    ck_assert(!torus_regain(tori.torus[1]));
    torus_tend(tori.torus[2], 0);
    ck_assert(torus_regain(tori.torus[1]));
    torus_resume(tori.torus[1], 0, 0);
    torus_tend(tori.torus[2], 0);
    ck_assert(torus_is_taken(tori.torus[0]));
    ck_assert_uint_eq(torus_taker(tori.torus[0]), 1);
    ck_assert_uint_eq(torus_watch(tori.torus[1]), TORUS_TEND);
    ck_assert(!torus_regain(tori.torus[0]));
    torus_tend(tori.torus[1], 0);
    ck_assert(torus_regain(tori.torus[0]));
    tori_fini(&tori);
}
END_TEST

/* What is under way to a torus that leaves, and may be nowhere else, waits there: it has arrived,
 * and a wake-up later on is nothing that a balancer has moved. */
START_TEST(what_can_go_nowhere_has_arrived)
{
    const uint32_t mask = 1 << 0;
    set_up(&policy_rr);
    struct process *process = &tori.processes[0];
    ck_assert_int_eq(tori_create(&tori, 1, 0, 0, 0), PROCESS_OK);
    ck_assert_int_eq(torus_restrict(tori.torus[1], 0, process, &mask, 0), PROCESS_OK);
    ck_assert(process->flags & PROCESS_MIGRATING);
    ck_assert(tori_in_inbox(&tori, 0));
    leave(0);
    ck_assert_uint_eq(process->torus, 0);
    ck_assert_uint_eq(tori.torus[0]->ready, 1);
    ck_assert(!tori_in_inbox(&tori, 0));
    ck_assert(!(process->flags & (PROCESS_MIGRATING | PROCESS_COMING)));
    tori_fini(&tori);
}
END_TEST

/* A request that is under way to a torus that leaves is lost with it: whoever asked asks anew. */
START_TEST(what_left_answers_no_request)
{
    uint16_t thief;
    uint32_t count;
    set_up(&policy_rr);
    ck_assert(inbox_ask(&tori.torus[0]->inbox, 2, 1));
    leave(0);
    ck_assert(!inbox_take_request(&tori.torus[0]->inbox, &thief, &count));
    tori_fini(&tori);
}
END_TEST

/* To the others in turn. */
START_TEST(what_is_queued_is_dealt_out)
{
    set_up(&policy_rr);
    for (uint32_t id = 0; id < 6; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 0, 0), PROCESS_OK);
    leave(0);
    for (uint32_t id = 0; id < 6; id++) {
        ck_assert_uint_eq(tori.processes[id].torus, 1 + id % 3);
        ck_assert(tori.processes[id].flags & PROCESS_MIGRATING);
    }
    tori_fini(&tori);
}
END_TEST

/* A torus that is another's tends nobody, balances nothing, cannot leave, and is not shown as one
 * to be counted on, though a core of it is back. */
START_TEST(what_is_taken_acts_for_nobody)
{
    struct projection seen;
    set_up(&policy_rr);
    tori.braid.balancer = &balancer_threshold;
    leave(0);
    ck_assert_int_eq(tori_create(&tori, 1, 0, 0, 0), PROCESS_OK);
    ck_assert_int_eq(tori_create(&tori, 1, 1, 0, 0), PROCESS_OK);
    tori.torus[1]->claim = TORUS_TAKEN | (2 + 1); /* it is alive, and has not seen it yet */
    torus_tend(tori.torus[1], 0);
    ck_assert_uint_eq(torus_taker(tori.torus[0]), 1);
    braid_balance(&tori.braid, tori.torus[1], 0);
    ck_assert(!torus_retire(tori.torus[1], 0));
    ck_assert_uint_eq(tori.torus[1]->ready, 2);
    ck_assert_uint_eq(tori.posts, 0);
    torus_resume(tori.torus[0], 0, 0);
    ck_assert(!braid_read(&tori.braid, 0, &seen));
    tori_fini(&tori);
}
END_TEST

/* Nor one that comes later, when locks are taken to answer it: it is not the torus's own business
 * any more, though it would have gone on to another. */
START_TEST(what_is_taken_passes_no_request_on)
{
    set_up(&policy_rr);
    tori.braid.balancer = &balancer_steal;
    for (uint32_t id = 0; id < 3; id++)
        ck_assert_int_eq(tori_create(&tori, 2, id, 0, 0), PROCESS_OK);
    torus_answer(tori.torus[0], 3, TORI_MAX - 1, 0);
    ck_assert_uint_eq(tori.asks, 1);
    leave(0);
    torus_answer(tori.torus[0], 3, TORI_MAX - 1, 0);
    ck_assert_uint_eq(tori.asks, 1);
    ck_assert_uint_eq(tori.posts, 0);
    tori_fini(&tori);
}
END_TEST

/* Torus 1 watches torus 0, claims it after so many exchanges without a heartbeat, and takes it
 * after as many again: no sooner when it has had it before. */
START_TEST(patience_begins_anew)
{
    enum { PATIENCE = 3 };
    struct tori_setup setup = { .policy = &policy_rr,
                                .slice_ns = SLICE_NS,
                                .torus_count = 2,
                                .cores_per_torus = 1,
                                .patience = PATIENCE };
    tori_init(&tori, &setup);
    struct torus *dead = tori.torus[0], *taker = tori.torus[1];
    ck_assert_int_eq(tori_create(&tori, 0, 0, 0, 0), PROCESS_OK);
    ck_assert_uint_eq(torus_watch(taker), 0); /* the heartbeat that it knows from now on */
    for (int again = 0; again < 2; again++) {
        for (uint32_t missed = 1; missed <= 2 * PATIENCE; missed++) {
            ck_assert_uint_eq(torus_watch(taker) & TORUS_TAKE,
                              missed == 2 * PATIENCE ? TORUS_TAKE : 0u);
            ck_assert_uint_eq(atomic_load(&dead->claim), missed < PATIENCE ? 0 : taker->id + 1u);
        }
        ck_assert_uint_eq(dead->ready, again ? 0 : 1);
        ck_assert(torus_take(taker, dead, 0));
        ck_assert_uint_eq(dead->ready, 0); /* what waits goes elsewhere at once */
        ck_assert_uint_eq(tori.processes[0].torus, taker->id);
        ck_assert(!torus_regain(dead));
        torus_tend(taker, 0);
        ck_assert(torus_regain(dead)); /* and it stops again before it has shown itself */
    }
    tori_fini(&tori);
}
END_TEST

/* Nobody takes so long over it that he is taken himself: the rest goes at each tick, whenever the
 * next exchange is. */
START_TEST(what_is_taken_is_dealt_out_in_parts)
{
    enum { MANY = 60 };
    struct tori_setup setup = { .policy = &policy_rr,
                                .slice_ns = SLICE_NS,
                                .exchange_ns = UINT64_MAX / 4,
                                .torus_count = 2,
                                .cores_per_torus = 1,
                                .patience = 1 };
    tori_init(&tori, &setup);
    struct torus *dead = tori.torus[0], *taker = tori.torus[1];
    for (uint32_t id = 0; id < MANY; id++)
        ck_assert_int_eq(tori_create(&tori, 0, id, 0, 0), PROCESS_OK);
    for (int exchange = 0; exchange < 3; exchange++)
        torus_watch(taker);
    uint64_t now_ns = 1; /* no exchange is due */
    ck_assert(torus_take(taker, dead, now_ns));
    ck_assert_uint_gt(dead->ready, 0);
    ck_assert_uint_gt(tori.posts, 0);
    ck_assert_uint_eq(torus_heartbeat(taker, 0, now_ns), TORUS_TEND);
    torus_tend(taker, now_ns);
    ck_assert_uint_eq(dead->ready, 0);
    ck_assert_uint_eq(tori.posts, MANY);
    ck_assert_uint_eq(torus_heartbeat(taker, 0, now_ns), 0);
    tori_fini(&tori);
}
END_TEST

/* Where tori have locks others queue at a torus that has stopped, and have it publish: it is found
 * dead all the same. */
START_TEST(no_heart_beats_by_what_others_do)
{
    enum { PATIENCE = 3 };
    struct tori_setup setup = { .policy = &policy_rr,
                                .balancer = &balancer_braid,
                                .slice_ns = SLICE_NS,
                                .torus_count = 2,
                                .cores_per_torus = 1,
                                .patience = PATIENCE,
                                .accepts = true };
    tori_init(&tori, &setup);
    struct torus *dead = tori.torus[0], *taker = tori.torus[1];
    ck_assert_uint_eq(torus_watch(taker), 0); /* the heartbeat that it knows from now on */
    for (uint32_t missed = 1; missed <= 2 * PATIENCE; missed++) {
        uint32_t average = dead->average_load;
        ck_assert_int_eq(tori_create(&tori, 1, missed, 0, 0), PROCESS_OK);
        ck_assert(torus_give(taker, 0));
        ck_assert_uint_ne(dead->average_load, average); /* it has published */
        ck_assert_uint_eq(torus_watch(taker) & TORUS_TAKE,
                          missed == 2 * PATIENCE ? TORUS_TAKE : 0u);
    }
    ck_assert(torus_take(taker, dead, 0));
    tori_fini(&tori);
}
END_TEST

/* Torus 2 has claimed torus 0 and stopped: torus 1 respects that for four times the patience, lays
 * a claim of its own, and takes it when that has stood for as long as any. */
START_TEST(a_claim_that_comes_to_nothing_is_void)
{
    enum { PATIENCE = 3, GIVES_UP = 4 * PATIENCE };
    struct tori_setup setup = { .policy = &policy_rr,
                                .slice_ns = SLICE_NS,
                                .torus_count = TORI_MAX,
                                .cores_per_torus = 1,
                                .patience = PATIENCE };
    tori_init(&tori, &setup);
    struct torus *dead = tori.torus[0], *taker = tori.torus[1];
    const uint32_t others = tori.torus[2]->id + 1u;
    dead->claim = others;
    ck_assert_uint_eq(torus_watch(taker), 0); /* the heartbeat that it knows from now on */
    for (uint32_t missed = 1; missed <= GIVES_UP + PATIENCE; missed++) {
        ck_assert_uint_eq(torus_watch(taker) & TORUS_TAKE,
                          missed == GIVES_UP + PATIENCE ? TORUS_TAKE : 0u);
        ck_assert_uint_eq(dead->claim, missed < GIVES_UP ? others : taker->id + 1u);
    }
    ck_assert(torus_take(taker, dead, 0));
    ck_assert_uint_eq(torus_taker(dead), taker->id);
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("takeover_rules");
    tcase_add_test(tests, only_the_taker_adopts);
    tcase_add_loop_test(tests, a_reservation_ends_with_its_torus, 0, 2);
    tcase_add_test(tests, who_is_nearer_tends);
    tcase_add_test(tests, what_can_go_nowhere_has_arrived);
    tcase_add_test(tests, what_left_answers_no_request);
    tcase_add_test(tests, what_is_queued_is_dealt_out);
    tcase_add_test(tests, what_is_taken_acts_for_nobody);
    tcase_add_test(tests, what_is_taken_passes_no_request_on);
    tcase_add_test(tests, patience_begins_anew);
    tcase_add_test(tests, what_is_taken_is_dealt_out_in_parts);
    tcase_add_test(tests, no_heart_beats_by_what_others_do);
    tcase_add_test(tests, a_claim_that_comes_to_nothing_is_void);
    return suite_run("takeover_rules", tests);
}
