/* policy_rules.c -- what single policies decide, call by call, without a torus.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/share.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

/* The least power of two that is at least 8 slices is 2^23 ns. */
enum { MOST = 16, SEEDS = 12, SLICE_NS = 1000000 };

/* Else its slice could be had in ever so many pieces, and who is behind it would wait for all. */
START_TEST(io_aware_does_not_preempt_the_overdue)
{
    static _Alignas(64) unsigned char queue[4096];
    static struct process process[2];
    const struct policy *policy = &policy_io_aware;
    struct policy_setup setup = { .slice_ns = SLICE_NS };
    ck_assert_uint_le(policy->queue_bytes, sizeof queue);
    policy->init(queue, &setup);
    memset(process, 0, sizeof process);
    policy->enqueue(queue, &process[1], 0);
    policy->pick(queue, 0); /* and it sleeps, for two slices and then for twenty */
    for (uint64_t now_ns = 2 * SLICE_NS; now_ns <= 22 * SLICE_NS; now_ns += 20 * SLICE_NS) {
        bool is_overdue = now_ns > 16 * SLICE_NS;
        policy->enqueue(queue, &process[0], is_overdue ? 2 * SLICE_NS : now_ns);
        ck_assert_ptr_eq(policy->pick(queue, now_ns), &process[0]);
        policy->enqueue(queue, &process[1], now_ns);
        ck_assert_int_eq(policy->preempts(queue, &process[0], &process[1], now_ns), !is_overdue);
        ck_assert_ptr_eq(policy->pick(queue, now_ns), &process[1]);
    }
}
END_TEST

/* An aged process that is preempted goes on before those who came when it was old already. */
START_TEST(a_preempted_process_keeps_its_age)
{
    static _Alignas(64) unsigned char queue[4096];
    static struct process process[2];
    const struct policy *policy = &policy_priority_aging;
    struct policy_setup setup = { .slice_ns = SLICE_NS };
    ck_assert_uint_le(policy->queue_bytes, sizeof queue);
    policy->init(queue, &setup);
    memset(process, 0, sizeof process);
    process[1].priority = 2;
    policy->enqueue(queue, &process[0], 0);
    uint64_t later_ns = UINT64_C(3) << 23;
    ck_assert_ptr_eq(policy->pick(queue, later_ns), &process[0]);
    process[0].slice_ns = SLICE_NS / 2;
    policy->enqueue(queue, &process[0], later_ns);
    policy->enqueue(queue, &process[1], later_ns);
    ck_assert_ptr_eq(policy->pick(queue, later_ns), &process[0]);
    process[0].slice_ns = 0; /* another turn */
    policy->enqueue(queue, &process[0], later_ns);
    ck_assert_ptr_eq(policy->pick(queue, later_ns), &process[1]);
}
END_TEST

/* Against all queued ones, at every pick, while processes come with lags, run and leave.  Within
 * two units of virtual time, somebody may count as eligible or not. */
START_TEST(eevdf_picks_the_earliest_eligible)
{
    static _Alignas(64) unsigned char queue[4096];
    static struct process process[MOST];
    const struct policy *policy = &policy_eevdf;
    struct policy_setup setup = { .slice_ns = SLICE_NS };
    uint64_t now_ns = 0;
    policy->init(queue, &setup);
    memset(process, 0, sizeof process);
    uint64_t random = (uint64_t)_i + 1;
    for (int step = 0; step < 3000; step++) {
        for (uint32_t id = 0; id < MOST; id++)
            if (share_of(&process[id])->state != SHARE_QUEUED &&
                tori_random_below(&random, 4) == 0) {
                process[id].weight = process[id].weight != 0 ? process[id].weight
                                                             : 1 + tori_random_below(&random, 9999);
                policy->enqueue(queue, &process[id], now_ns);
            }
        int64_t sum = 0, weights = 0; /* about the share of process 0 */
        uint64_t base = share_of(&process[0])->received;
        bool has[MOST];
        for (uint32_t id = 0; id < MOST; id++) {
            const struct share *share = share_of(&process[id]);
            has[id] = share->state == SHARE_QUEUED;
            weights += has[id] ? process[id].weight : 0;
            sum += has[id] ? (int64_t)(share->received - base) * process[id].weight : 0;
        }
        struct process *picked = policy->pick(queue, now_ns);
        if (picked == NULL)
            continue;
        int64_t mean = sum / weights;
        ck_assert_int_le((int64_t)(share_of(picked)->received - base), mean + 2);
        for (uint32_t id = 0; id < MOST; id++) {
            const struct share *share = share_of(&process[id]);
            if (has[id] && (int64_t)(share->received - base) <= mean - 2)
                ck_assert(!tree_before(share->node.key, share_of(picked)->node.key));
        }
        uint64_t ran_ns = 1 + tori_random_below(&random, SLICE_NS);
        now_ns += ran_ns;
        picked->runtime_ns += ran_ns;
        if (tori_random_below(&random, 2) == 0)
            policy->leave(queue, picked, now_ns);
        else
            policy->enqueue(queue, picked, now_ns);
    }
}
END_TEST

/* One that is interrupted goes on with its request; one that yields makes the next. */
START_TEST(eevdf_requests_anew_after_a_turn)
{
    static _Alignas(64) unsigned char queue[4096];
    static struct process process;
    const struct policy *policy = &policy_eevdf;
    struct policy_setup setup = { .slice_ns = SLICE_NS };
    policy->init(queue, &setup);
    memset(&process, 0, sizeof process);
    process.weight = 1024;
    policy->enqueue(queue, &process, 0);
    uint64_t began = share_of(&process)->received, due = share_of(&process)->node.key;
    for (int turn = 0; turn < 2; turn++) {
        ck_assert_ptr_eq(policy->pick(queue, process.runtime_ns), &process);
        process.runtime_ns += SLICE_NS / 4;
        process.slice_ns = turn == 0 ? SLICE_NS * 3 / 4 : 0;
        policy->enqueue(queue, &process, process.runtime_ns);
        due += turn == 0 ? 0 : share_of(&process)->received - began;
        ck_assert_uint_eq(share_of(&process)->node.key, due);
    }
}
END_TEST

/* ---- Corners of single policies ------------------------------------------------------------- */

enum { QUEUE_BYTES = 4096 };

static _Alignas(64) unsigned char queues[2][QUEUE_BYTES];
static struct process one[4];

/* An empty queue, and processes that it has never seen, of nominal weight. */
static void begin(const struct policy *policy, uint32_t cores)
{
    struct policy_setup setup = { .slice_ns = SLICE_NS, .random = 1, .cores = cores };
    ck_assert_uint_le(policy->queue_bytes, QUEUE_BYTES);
    memset(one, 0, sizeof one);
    for (uint32_t id = 0; id < 4; id++)
        one[id].weight = 1024;
    for (int k = 0; k < 2; k++)
        policy->init(queues[k], &setup);
}

/* The policy gives out this process now. */
static void expect_pick(const struct policy *policy, const struct process *process, uint64_t now_ns)
{
    ck_assert_ptr_eq(policy->pick(queues[0], now_ns), process);
}

/* It, which was picked, has run for so long, and is queued again with that left of its slice. */
static void run_on(const struct policy *policy, struct process *process, uint64_t ran_ns,
                   uint64_t left_ns, uint64_t now_ns)
{
    process->runtime_ns += ran_ns;
    process->slice_ns = left_ns;
    policy->enqueue(queues[0], process, now_ns);
}

/* With an allotment of 2^k slices at level k it has come to level k after 2^k - 1 slices. */
START_TEST(mlfq_gives_a_whole_allotment_at_each_level)
{
    const struct policy *policy = &policy_mlfq;
    begin(policy, 1);
    policy->enqueue(queues[0], &one[0], 0);
    for (uint64_t slices = 1; slices < 60; slices++) {
        uint64_t level = 0;
        expect_pick(policy, &one[0], (slices - 1) * SLICE_NS);
        run_on(policy, &one[0], SLICE_NS, 0, slices * SLICE_NS);
        while ((UINT64_C(2) << level) - 1 <= slices)
            level++;
        ck_assert_uint_eq(one[0].policy[0], level); /* the first word is the level */
    }
}
END_TEST

/* Who runs since before the boost is at the top, like who wakes after it. */
START_TEST(mlfq_preempts_nobody_that_a_boost_has_raised)
{
    const struct policy *policy = &policy_mlfq;
    uint64_t boost_ns = UINT64_C(1) << 26; /* the least power of two that is 64 slices */
    begin(policy, 1);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    run_on(policy, &one[0], SLICE_NS, 0, SLICE_NS);
    expect_pick(policy, &one[0], SLICE_NS);
    policy->enqueue(queues[0], &one[1], boost_ns - 1);
    ck_assert(policy->preempts(queues[0], &one[0], &one[1], boost_ns - 1));
    policy->enqueue(queues[0], &one[2], boost_ns);
    ck_assert(!policy->preempts(queues[0], &one[0], &one[2], boost_ns));
}
END_TEST

/* Time in the queue is no sleep: who has waited for 20 slices is not interactive. */
START_TEST(io_aware_credits_no_wait)
{
    const struct policy *policy = &policy_io_aware;
    uint64_t now_ns = 20 * SLICE_NS;
    begin(policy, 1);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], now_ns);
    run_on(policy, &one[0], SLICE_NS, 0, now_ns + SLICE_NS);
    policy->enqueue(queues[0], &one[1], now_ns + SLICE_NS);
    expect_pick(policy, &one[0], now_ns + SLICE_NS);
    run_on(policy, &one[0], SLICE_NS, 0, now_ns + 2 * SLICE_NS);
    expect_pick(policy, &one[1], now_ns + 2 * SLICE_NS); /* which came before */
}
END_TEST

/* However long it has slept: after ten slices it is like the others. */
START_TEST(io_aware_credits_ten_slices_at_most)
{
    const struct policy *policy = &policy_io_aware;
    uint64_t now_ns = 1000 * SLICE_NS;
    begin(policy, 1);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    policy->enqueue(queues[0], &one[0], now_ns);
    policy->enqueue(queues[0], &one[1], now_ns);
    for (int slice = 0; slice < 10; slice++, now_ns += SLICE_NS) {
        expect_pick(policy, &one[0], now_ns);
        run_on(policy, &one[0], SLICE_NS, 0, now_ns + SLICE_NS);
    }
    expect_pick(policy, &one[1], now_ns);
}
END_TEST

/* Who is preempted within its slice waits since it was queued for it, and is overdue by that. */
START_TEST(io_aware_forgets_no_wait_when_it_preempts)
{
    const struct policy *policy = &policy_io_aware;
    uint64_t from_ns = SLICE_NS, now_ns = from_ns + 10 * SLICE_NS;
    begin(policy, 1);
    for (int id = 1; id < 3; id++) { /* they sleep, and are interactive by that */
        policy->enqueue(queues[0], &one[id], 0);
        expect_pick(policy, &one[id], 0);
    }
    policy->enqueue(queues[0], &one[0], from_ns);
    expect_pick(policy, &one[0], now_ns);
    run_on(policy, &one[0], SLICE_NS / 4, SLICE_NS * 3 / 4, now_ns + SLICE_NS / 4);
    now_ns = from_ns + 16 * SLICE_NS;
    for (int id = 1; id < 3; id++)
        policy->enqueue(queues[0], &one[id], now_ns);
    expect_pick(policy, &one[1], now_ns);
    expect_pick(policy, &one[0], now_ns); /* in turn */
}
END_TEST

/* After so long that all levels have risen beyond the top they are served as they came, also the
 * lowest, and those behind a level where nobody is. */
START_TEST(aging_raises_all_levels_to_the_top)
{
    static const int32_t priorities[] = { -64, -63, 0 };
    const struct policy *policy = &policy_priority_aging;
    uint64_t late_ns = (UINT64_C(128) + (uint64_t)_i) << 23;
    begin(policy, 1);
    for (int id = 0; id < 3; id++) {
        one[id].priority = priorities[id];
        policy->enqueue(queues[0], &one[id], 0);
    }
    one[3].priority = 63;
    policy->enqueue(queues[0], &one[3], late_ns);
    for (int id = 2; id >= 0; id--) /* those that came to the top first */
        expect_pick(policy, &one[id], late_ns);
    expect_pick(policy, &one[3], late_ns);
}
END_TEST

/* From one queue to another a process takes along how far it is from the floor. */
START_TEST(fair_keeps_the_distance_from_the_floor)
{
    const struct policy *policy = &policy_fair;
    begin(policy, 1);
    for (int id = 0; id < 3; id++) { /* the second queue's has run for a hundred slices */
        unsigned char *queue = queues[id == 0 ? 1 : 0];
        one[id].torus = id == 0;
        policy->enqueue(queue, &one[id], 0);
    }
    ck_assert_ptr_eq(policy->pick(queues[1], 0), &one[0]);
    one[0].runtime_ns = 100 * SLICE_NS;
    policy->enqueue(queues[1], &one[0], 0);
    ck_assert_ptr_eq(policy->pick(queues[1], 0), &one[0]);
    uint64_t floor_there = share_of(&one[0])->received;

    uint64_t floor_here = share_of(&one[1])->received; /* of a new one, which is picked */
    expect_pick(policy, &one[1], 0);
    run_on(policy, &one[1], SLICE_NS / 2, 0, 0);
    uint64_t ahead = share_of(&one[1])->received - floor_here;
    policy->dequeue(queues[0], &one[1]);
    one[1].torus = 1;
    policy->enqueue(queues[1], &one[1], 0);
    ck_assert_uint_eq(share_of(&one[1])->received, floor_there + ahead);
}
END_TEST

/* A quarter of a slice ahead is not enough. */
START_TEST(fair_preempts_beyond_a_quarter_slice)
{
    const struct policy *policy = &policy_fair;
    begin(policy, 1);
    policy->enqueue(queues[0], &one[0], 0);
    policy->enqueue(queues[0], &one[1], 0);
    expect_pick(policy, &one[0], 0);
    one[0].runtime_ns = SLICE_NS / 4;
    ck_assert(!policy->preempts(queues[0], &one[0], &one[1], SLICE_NS / 4));
    one[0].runtime_ns++;
    ck_assert(policy->preempts(queues[0], &one[0], &one[1], SLICE_NS / 4 + 1));
}
END_TEST

/* One that no core stops for 20 slices, and one that waits for as long, have lags beyond a slice:
 * of what they leave with a slice is kept, either way. */
START_TEST(eevdf_keeps_a_slice_of_lag)
{
    const struct policy *policy = &policy_eevdf;
    uint64_t now_ns = 20 * SLICE_NS;
    begin(policy, 1);
    one[0].weight = 1000;
    one[1].weight = 9000;
    for (int id = 0; id < 2; id++)
        policy->enqueue(queues[0], &one[id], 0);
    expect_pick(policy, &one[1], 0);
    one[1].runtime_ns = now_ns;
    bool waited_leaves = _i == 1;
    if (waited_leaves) {
        policy->enqueue(queues[0], &one[1], now_ns);
        policy->dequeue(queues[0], &one[0]);
    } else {
        policy->leave(queues[0], &one[1], now_ns);
    }
    const struct share *share = share_of(&one[waited_leaves ? 0 : 1]);
    int64_t slice = (int64_t)share_scaled(share, SLICE_NS);
    ck_assert_int_eq((int64_t)share->received, waited_leaves ? slice : -slice);
}
END_TEST

static struct process *slice_of(const struct policy *policy, uint64_t *now_ns)
{
    struct process *process = policy->pick(queues[0], *now_ns);
    *now_ns += SLICE_NS;
    process->runtime_ns += SLICE_NS;
    process->slice_ns = 0;
    return process;
}

/* Visitors that leave after a slice have had more than their share: those that stay are not behind
 * by that when another one comes. */
START_TEST(who_comes_after_many_have_left_does_not_wait_for_them)
{
    enum { VISITORS = 50 };
    static struct process visitors[VISITORS];
    const struct policy *policy = _i == 0 ? &policy_eevdf : &policy_stride;
    uint64_t now_ns = 0, random = 1;
    uint32_t left = 0, waits = 0;
    begin(policy, 1);
    memset(visitors, 0, sizeof visitors);
    policy->enqueue(queues[0], &one[0], now_ns);
    policy->enqueue(queues[0], &one[1], now_ns);
    for (int id = 0; id < VISITORS; id++) {
        visitors[id].weight = 1 + tori_random_below(&random, 2048);
        policy->enqueue(queues[0], &visitors[id], now_ns);
    }
    while (left < VISITORS) {
        struct process *process = slice_of(policy, &now_ns);
        if (process == &one[0] || process == &one[1]) {
            policy->enqueue(queues[0], process, now_ns);
        } else {
            policy->leave(queues[0], process, now_ns);
            left++;
        }
    }
    policy->enqueue(queues[0], &one[2], now_ns);
    for (struct process *process; (process = slice_of(policy, &now_ns)) != &one[2]; waits++)
        policy->enqueue(queues[0], process, now_ns);
    ck_assert_uint_le(waits, 3);
}
END_TEST

/* One that has waited at another torus goes before those that have waited for less, and is due when
 * it would have been there; also where all are due. */
START_TEST(who_is_moved_has_waited)
{
    enum { FIRST, SECOND, HIGH };
    bool ages = _i % 2 == 0;
    const struct policy *policy = ages ? &policy_priority_aging : &policy_io_aware;
    uint64_t due_ns = (ages ? 128 * 16 : 16) * (uint64_t)SLICE_NS;
    uint64_t moved_ns = _i < 2 ? due_ns / 2 : 2 * due_ns;
    begin(policy, 1);
    one[FIRST].priority = one[SECOND].priority = -64;
    one[HIGH].priority = 63;
    policy->enqueue(queues[1], &one[FIRST], 0);
    policy->enqueue(queues[0], &one[SECOND], due_ns / 4);
    policy->dequeue(queues[1], &one[FIRST]);
    policy->enqueue(queues[0], &one[FIRST], moved_ns);
    policy->enqueue(queues[0], &one[HIGH], moved_ns + due_ns);
    expect_pick(policy, &one[FIRST], moved_ns + due_ns);
}
END_TEST

/* What is queued has received so much more than the first of them, in the mean by weight. */
static double mean_beside_first(int count)
{
    double sum = 0, weights = 0;
    for (int id = 0; id < count; id++) {
        const struct share *share = share_of(&one[id]);
        int64_t beside = (int64_t)(share->received - share_of(&one[0])->received);
        sum += (double)beside * one[id].weight;
        weights += one[id].weight;
    }
    return sum / weights;
}

/* A lag is service: with three times the weight it is a third in virtual time. */
START_TEST(eevdf_keeps_the_lag_at_another_weight)
{
    const struct policy *policy = &policy_eevdf;
    begin(policy, 1);
    for (int id = 0; id < 4; id++)
        policy->enqueue(queues[0], &one[id], 0);
    expect_pick(policy, &one[0], 0); /* the others wait for it, or it for one of them */
    struct process *runs = &one[0];
    if (_i == 1) {
        run_on(policy, &one[0], 0, 0, 0);
        runs = policy->pick(queues[0], 0);
        ck_assert_ptr_ne(runs, &one[0]);
    }
    run_on(policy, runs, SLICE_NS / 2, 0, SLICE_NS / 2);
    double lag = mean_beside_first(4) * one[0].weight;
    ck_assert(_i == 1 ? lag > 0 : lag < 0);
    policy->dequeue(queues[0], &one[0]);
    one[0].weight *= 3;
    policy->enqueue(queues[0], &one[0], SLICE_NS / 2);
    ck_assert_double_eq_tol(mean_beside_first(4) * one[0].weight, lag, 4.0 * one[0].weight);
}
END_TEST

/* A heavy process that has received more than its share is due before a light one, and preempts it
 * as soon as it is eligible, not before. */
START_TEST(eevdf_preempts_for_the_eligible)
{
    const struct policy *policy = &policy_eevdf;
    begin(policy, 1);
    one[0].weight = 9000;
    one[1].weight = 1000;
    for (int id = 0; id < 2; id++)
        policy->enqueue(queues[0], &one[id], 0);
    expect_pick(policy, &one[0], 0);
    one[0].runtime_ns = SLICE_NS;
    policy->leave(queues[0], &one[0], SLICE_NS);
    expect_pick(policy, &one[1], SLICE_NS);
    policy->enqueue(queues[0], &one[0], SLICE_NS); /* owes a tenth of a slice */
    ck_assert(tree_before(share_of(&one[0])->node.key, share_of(&one[1])->node.key));
    ck_assert(!policy->preempts(queues[0], &one[1], &one[0], SLICE_NS + SLICE_NS / 20));
    ck_assert(policy->preempts(queues[0], &one[1], &one[0], SLICE_NS + SLICE_NS / 5));
}
END_TEST

static bool admit(struct process *process, uint32_t budget_ns, uint32_t period_ns, uint64_t now_ns)
{
    struct process_attributes attributes = { .budget_ns = budget_ns, .period_ns = period_ns };
    return policy_edf.admit(queues[0], process, &attributes, now_ns);
}

/* Who has run for three and a half budgets at once, as where ticks are long, has half a one left,
 * which is due at the fourth deadline. */
START_TEST(edf_charges_every_budget_that_was_overrun)
{
    const struct policy *policy = &policy_edf;
    uint32_t budget_ns = SLICE_NS, period_ns = 10 * SLICE_NS;
    uint32_t other_ns = (_i == 0 ? 39 : 41) * SLICE_NS;
    begin(policy, 1);
    ck_assert(admit(&one[0], budget_ns, period_ns, 0));
    ck_assert(admit(&one[1], 1, other_ns, 0));
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    run_on(policy, &one[0], 3 * budget_ns + budget_ns / 2, 0, 4 * budget_ns);
    policy->enqueue(queues[0], &one[1], 0); /* due at 39, or 41 */
    expect_pick(policy, _i == 0 ? &one[1] : &one[0], 4 * budget_ns);
    if (_i == 0)
        expect_pick(policy, &one[0], 4 * budget_ns);
    ck_assert_uint_eq(policy->turn_ns(queues[0], &one[0]), budget_ns / 2);
}
END_TEST

/* Ten elevenths are reserved, and a part too much is asked for. */
START_TEST(edf_rounds_utilisations_up)
{
    const uint32_t parts = 1008000000;
    begin(&policy_edf, 1);
    for (int i = 0; i < 10; i++)
        ck_assert(admit(&one[0], 1, 11, 0));
    ck_assert(!admit(&one[1], parts / 11 + 7, parts, 0)); /* the sum is over 1 by 6e-9 */
    ck_assert(admit(&one[1], parts / 11 - 10, parts, 0));
}
END_TEST

/* A whole core was reserved, and is no more: what fits two cores is admitted. */
START_TEST(edf_forgets_the_greatest_utilisation)
{
    begin(&policy_edf, 2);
    ck_assert(admit(&one[0], SLICE_NS, SLICE_NS, 0));
    policy_edf.enqueue(queues[0], &one[0], 0);
    policy_edf.dequeue(queues[0], &one[0]);
    policy_edf.end(queues[0], &one[0], 0);
    for (int id = 1; id < 4; id++)
        ck_assert(admit(&one[id], SLICE_NS / 2, SLICE_NS, SLICE_NS));
}
END_TEST

/* Of more than 2^32 tickets each is drawn as often: 1000 times +- 5 standard deviations (25.8). */
START_TEST(lottery_draws_from_many_tickets)
{
    const struct policy *policy = &policy_lottery;
    uint32_t drawn[3] = { 0 };
    begin(policy, 1);
    for (uint32_t id = 0; id < 3; id++) {
        one[id].weight = UINT32_MAX - id;
        policy->enqueue(queues[0], &one[id], 0);
    }
    for (int i = 0; i < 3000; i++) {
        struct process *process = policy->pick(queues[0], 0);
        drawn[process - one]++;
        policy->enqueue(queues[0], process, 0);
    }
    for (int id = 0; id < 3; id++)
        ck_assert_msg(drawn[id] > 870 && drawn[id] < 1130, "process %d: %u", id, drawn[id]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("policy_rules");
    tcase_add_test(tests, io_aware_does_not_preempt_the_overdue);
    tcase_add_test(tests, a_preempted_process_keeps_its_age);
    tcase_add_loop_test(tests, eevdf_picks_the_earliest_eligible, 0, SEEDS);
    tcase_add_test(tests, eevdf_requests_anew_after_a_turn);
    tcase_add_test(tests, mlfq_gives_a_whole_allotment_at_each_level);
    tcase_add_test(tests, mlfq_preempts_nobody_that_a_boost_has_raised);
    tcase_add_test(tests, io_aware_credits_no_wait);
    tcase_add_test(tests, io_aware_credits_ten_slices_at_most);
    tcase_add_test(tests, io_aware_forgets_no_wait_when_it_preempts);
    tcase_add_loop_test(tests, aging_raises_all_levels_to_the_top, 0, 2);
    tcase_add_test(tests, fair_keeps_the_distance_from_the_floor);
    tcase_add_test(tests, fair_preempts_beyond_a_quarter_slice);
    tcase_add_loop_test(tests, eevdf_keeps_a_slice_of_lag, 0, 2);
    tcase_add_loop_test(tests, who_is_moved_has_waited, 0, 4);
    tcase_add_loop_test(tests, who_comes_after_many_have_left_does_not_wait_for_them, 0, 2);
    tcase_add_loop_test(tests, eevdf_keeps_the_lag_at_another_weight, 0, 2);
    tcase_add_test(tests, eevdf_preempts_for_the_eligible);
    tcase_add_loop_test(tests, edf_charges_every_budget_that_was_overrun, 0, 2);
    tcase_add_test(tests, edf_rounds_utilisations_up);
    tcase_add_test(tests, edf_forgets_the_greatest_utilisation);
    tcase_add_test(tests, lottery_draws_from_many_tickets);
    return suite_run("policy_rules", tests);
}
