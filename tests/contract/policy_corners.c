/* policy_corners.c -- what single policies decide where their ranges end, call by call.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/share.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { SLICE_NS = 1000000, QUEUE_BYTES = 4096, MANY = 16, SEEDS = 12 };

static _Alignas(64) unsigned char queues[2][QUEUE_BYTES];
static struct process one[4];

/* Empty queues, and processes that they have never seen, of nominal weight. */
static void begin(const struct policy *policy)
{
    ck_assert_uint_le(policy->queue_bytes, QUEUE_BYTES);
    memset(one, 0, sizeof one);
    for (uint32_t id = 0; id < 4; id++)
        one[id].weight = 1024;
    for (uint32_t k = 0; k < 2; k++)
        policy->init(queues[k], &(struct policy_setup){ SLICE_NS, .random = 1 + k, .cores = 1 });
}

/* The policy gives out this process now. */
static void expect_pick(const struct policy *policy, const struct process *process, uint64_t now_ns)
{
    ck_assert_ptr_eq(policy->pick(queues[0], now_ns), process);
}

/* It, which was picked, has run for so long, and is queued again for another turn. */
static void run_on(const struct policy *policy, struct process *process, uint64_t ran_ns,
                   uint64_t now_ns)
{
    process->runtime_ns += ran_ns;
    policy->enqueue(queues[0], process, now_ns);
}

/* A weight of 0 counts as 1. */
START_TEST(every_policy_runs_a_process_without_weight)
{
    for (int p = 0; policy_list[p] != NULL; p++) {
        const struct policy *policy = policy_list[p];
        begin(policy);
        one[0].weight = 0;
        policy->enqueue(queues[0], &one[0], 0);
        expect_pick(policy, &one[0], 0);
        run_on(policy, &one[0], SLICE_NS, SLICE_NS);
        expect_pick(policy, &one[0], SLICE_NS);
    }
}
END_TEST

/* What is beyond a level counts as that level, and takes turns there: 63 is the highest, -64 the
 * lowest. */
START_TEST(priority_takes_what_is_beyond_its_levels)
{
    static const int32_t cases[2][4] = { { 62, INT32_MAX, 63, 64 }, { INT32_MIN, -64, -65, -63 } };
    static const int orders[2][4] = { { 1, 2, 3, 0 }, { 3, 0, 1, 2 } };
    const int32_t *priorities = cases[_i];
    const int *order = orders[_i];
    begin(&policy_priority);
    for (int id = 0; id < 4; id++) {
        one[id].priority = priorities[id];
        policy_priority.enqueue(queues[0], &one[id], 0);
    }
    for (int i = 0; i < 4; i++)
        expect_pick(&policy_priority, &one[order[i]], 0);
}
END_TEST

/* However many epochs pass at once, those that come then are in order. */
START_TEST(aging_catches_up_with_the_clock)
{
    static const int32_t priorities[] = { 0, 62, 63 };
    uint64_t late_ns = UINT64_C(1000) << 23;
    begin(&policy_priority_aging);
    for (int id = 0; id < 3; id++) {
        one[id].priority = priorities[id];
        policy_priority_aging.enqueue(queues[0], &one[id], id == 0 ? 0 : late_ns);
    }
    expect_pick(&policy_priority_aging, &one[0], late_ns); /* it is due */
    expect_pick(&policy_priority_aging, &one[2], late_ns);
    expect_pick(&policy_priority_aging, &one[1], late_ns);
}
END_TEST

/* What was used before a boost does not count after it. */
START_TEST(mlfq_forgets_what_was_used_before_a_boost)
{
    const struct policy *policy = &policy_mlfq;
    uint64_t boost_ns = UINT64_C(1) << 26; /* the least power of two that is 64 slices */
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    run_on(policy, &one[0], SLICE_NS * 3 / 4, boost_ns);
    expect_pick(policy, &one[0], boost_ns);
    run_on(policy, &one[0], SLICE_NS / 2, boost_ns);
    ck_assert_uint_eq(one[0].policy[0], 0); /* the first word is the level */
}
END_TEST

/* Process k is at level k.  All go to the top, those behind that were below. */
START_TEST(mlfq_boosts_in_the_order_of_levels)
{
    const struct policy *policy = &policy_mlfq;
    uint64_t boost_ns = UINT64_C(1) << 26;
    begin(policy);
    for (int id = 3; id >= 0; id--) { /* while the others are below it */
        policy->enqueue(queues[0], &one[id], 0);
        for (int level = 0; level < id; level++) {
            expect_pick(policy, &one[id], 0);
            run_on(policy, &one[id], (uint64_t)SLICE_NS << level, 0);
        }
    }
    for (int id = 0; id < 4; id++)
        expect_pick(policy, &one[id], boost_ns);
}
END_TEST

START_TEST(mlfq_has_eight_levels)
{
    const struct policy *policy = &policy_mlfq;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    for (unsigned level = 0; level < 10; level++) {
        ck_assert_uint_eq(one[0].policy[0], level < 7 ? level : 7);
        expect_pick(policy, &one[0], 0);
        run_on(policy, &one[0], (uint64_t)SLICE_NS << level, 0);
    }
}
END_TEST

/* Clocks of two cores may differ: who comes back before it was picked has not slept. */
START_TEST(io_aware_credits_no_time_that_ran_backwards)
{
    const struct policy *policy = &policy_io_aware;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 1);
    policy->enqueue(queues[0], &one[1], 0);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[1], 1);
}
END_TEST

/* Puts one[1], which has slept for that long and is interactive by that, into the first queue. */
static void sleeper_comes(uint64_t slept_ns)
{
    policy_io_aware.enqueue(queues[1], &one[1], 0);
    ck_assert_ptr_eq(policy_io_aware.pick(queues[1], 0), &one[1]);
    policy_io_aware.enqueue(queues[0], &one[1], slept_ns);
}

/* Nor is overdue who was queued later than it is now; after 16 slices it is, and comes first. */
START_TEST(io_aware_has_the_overdue_first)
{
    uint64_t queued_ns = 2 * SLICE_NS;
    uint64_t now_ns = _i == 0 ? queued_ns - 1 : queued_ns + 16 * UINT64_C(1000000);
    begin(&policy_io_aware);
    policy_io_aware.enqueue(queues[0], &one[0], queued_ns);
    sleeper_comes(now_ns);
    expect_pick(&policy_io_aware, &one[_i == 0 ? 1 : 0], now_ns);
}
END_TEST

/* With a slice to its credit, and not with less, a process goes before others. */
START_TEST(io_aware_prefers_from_a_slice_on)
{
    bool is_enough = _i == 1;
    uint64_t slept_ns = SLICE_NS - !is_enough;
    begin(&policy_io_aware);
    policy_io_aware.enqueue(queues[0], &one[0], 0);
    sleeper_comes(slept_ns);
    expect_pick(&policy_io_aware, &one[is_enough], slept_ns);
}
END_TEST

/* It sleeps, and wakes elsewhere. */
START_TEST(fair_keeps_the_distance_over_a_sleep)
{
    const struct policy *policy = &policy_fair;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    uint64_t floor = share_of(&one[0])->received;
    one[0].runtime_ns = SLICE_NS;
    policy->leave(queues[0], &one[0], SLICE_NS);
    uint64_t ahead = share_of(&one[0])->received - floor;
    one[0].torus = 1;
    policy->enqueue(queues[1], &one[0], SLICE_NS);
    ck_assert_uint_eq(share_of(&one[0])->received, ahead); /* of a floor of 0 */
}
END_TEST

/* The floor does not fall when one that has slept is picked: a new one begins ahead of it. */
START_TEST(fair_floor_never_falls)
{
    const struct policy *policy = &policy_fair;
    begin(policy);
    policy->enqueue(queues[0], &one[1], 0);
    expect_pick(policy, &one[1], 0);
    policy->leave(queues[0], &one[1], 0);
    policy->enqueue(queues[0], &one[0], 0);
    for (uint64_t turn = 0; turn < 10; turn++) {
        expect_pick(policy, &one[0], turn * SLICE_NS);
        run_on(policy, &one[0], SLICE_NS, (turn + 1) * SLICE_NS);
    }
    expect_pick(policy, &one[0], 10 * UINT64_C(1000000));
    uint64_t floor = share_of(&one[0])->received;
    policy->enqueue(queues[0], &one[1], 10 * UINT64_C(1000000));
    expect_pick(policy, &one[1], 10 * UINT64_C(1000000));
    ck_assert_uint_lt(share_of(&one[1])->received, floor);
    policy->enqueue(queues[0], &one[2], 10 * UINT64_C(1000000));
    ck_assert_uint_eq(share_of(&one[2])->received,
                      floor + share_scaled(share_of(&one[2]), SLICE_NS));
}
END_TEST

/* The quarter is of the woken one's slice: of half the weight, it is twice the virtual time. */
START_TEST(fair_preempts_by_the_weight_of_the_woken)
{
    const struct policy *policy = &policy_fair;
    begin(policy);
    one[1].weight = 512; /* so it begins a nominal slice behind the other */
    policy->enqueue(queues[0], &one[0], 0);
    policy->enqueue(queues[0], &one[1], 0);
    expect_pick(policy, &one[0], 0);
    one[0].runtime_ns = SLICE_NS * 3 / 2 - 1;
    ck_assert(!policy->preempts(queues[0], &one[0], &one[1], one[0].runtime_ns));
    one[0].runtime_ns += 2;
    ck_assert(policy->preempts(queues[0], &one[0], &one[1], one[0].runtime_ns));
}
END_TEST

/* What it has run counts by the weight that it had then, and from then on by the new one. */
START_TEST(fair_charges_by_the_weight_that_was)
{
    const struct policy *policy = &policy_fair;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    uint64_t due = share_of(&one[0])->received + share_scaled(share_of(&one[0]), SLICE_NS);
    one[0].weight = 4096;
    run_on(policy, &one[0], SLICE_NS, SLICE_NS);
    ck_assert_uint_eq(share_of(&one[0])->received, due);
    expect_pick(policy, &one[0], SLICE_NS);
    run_on(policy, &one[0], 4 * SLICE_NS, 5 * UINT64_C(1000000));
    ck_assert_uint_eq(share_of(&one[0])->received,
                      due + (UINT64_C(1000000) << SHARE_NOMINAL_SHIFT));
}
END_TEST

/* Who leaves with less than it was due comes back with as much less. */
START_TEST(stride_keeps_what_it_owes)
{
    const struct policy *policy = &policy_stride;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    policy->enqueue(queues[0], &one[1], 0);
    expect_pick(policy, &one[0], 0);
    run_on(policy, &one[0], 3 * SLICE_NS, 3 * SLICE_NS);
    uint64_t pass = share_of(&one[1])->node.key;
    policy->dequeue(queues[0], &one[1]);
    policy->enqueue(queues[0], &one[1], 3 * SLICE_NS);
    ck_assert_uint_eq(share_of(&one[1])->node.key, pass);
}
END_TEST

/* Else all tori would draw alike. */
START_TEST(lottery_draws_by_its_seed)
{
    const struct policy *policy = &policy_lottery;
    int differ = 0;
    begin(policy);
    for (uint32_t id = 0; id < 4; id++) {
        one[id].weight += id % 2; /* those of one weight take turns */
        policy->enqueue(queues[id / 2], &one[id], 0);
    }
    for (int i = 0; i < 64; i++) {
        struct process *here = policy->pick(queues[0], 0), *there = policy->pick(queues[1], 0);
        differ += here - one != there - one - 2;
        policy->enqueue(queues[0], here, 0);
        policy->enqueue(queues[1], there, 0);
    }
    ck_assert_int_gt(differ, 8);
}
END_TEST

/* It comes back with another weight than it went with, whether or not others have that one: it has
 * the tickets of the new one.  Balancers are offered those with the fewest first. */
START_TEST(lottery_counts_a_weight_that_changed_on_a_core)
{
    const struct policy *policy = &policy_lottery;
    bool others = _i == 1;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    if (others)
        policy->enqueue(queues[0], &one[2], 0);
    one[1].weight = 2048;
    expect_pick(policy, &one[0], 0);
    one[0].weight = 4096;
    run_on(policy, &one[0], SLICE_NS, SLICE_NS);
    policy->enqueue(queues[0], &one[1], SLICE_NS);
    struct process *process = policy->migratable(queues[0]);
    if (others) {
        ck_assert_ptr_eq(process, &one[2]);
        process = policy->next_migratable(queues[0], process);
    }
    ck_assert_ptr_eq(process, &one[1]);
    ck_assert_ptr_eq(policy->next_migratable(queues[0], process), &one[0]);
    ck_assert_ptr_null(policy->next_migratable(queues[0], &one[0]));
}
END_TEST

/* Of S = 5 x 2^30 tickets number floor(x S / 2^64) is drawn, x being the first number of the
 * generator.  The lighter of two has those from 0 on: it runs if it has that one, and does not if
 * it has one less. */
START_TEST(lottery_draws_the_very_ticket)
{
    const struct policy *policy = &policy_lottery;
    const uint64_t all = UINT64_C(5) << 30;
    int drawn = 0;
    for (uint32_t seed = 0; seed < 400; seed++) {
        uint64_t state = (seed + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15);
        uint64_t x = tori_random(&state);
        uint64_t ticket = (5 * (x >> 32) + (5 * (x & UINT32_MAX) >> 32)) >> 2;
        if (ticket <= all - UINT32_MAX || ticket + 1 >= all / 2)
            continue; /* no two weights are parted there */
        for (uint32_t has_it = 0; has_it < 2; has_it++, drawn++) {
            begin(policy);
            policy->init(queues[0], &(struct policy_setup){ SLICE_NS, .random = seed, .cores = 1 });
            one[0].weight = (uint32_t)ticket + has_it;
            one[1].weight = (uint32_t)(all - one[0].weight);
            policy->enqueue(queues[0], &one[0], 0);
            policy->enqueue(queues[0], &one[1], 0);
            expect_pick(policy, &one[!has_it], 0);
        }
    }
    ck_assert_int_gt(drawn, 100);
}
END_TEST

/* While all cores are away nothing is admitted, whatever was before. */
START_TEST(edf_admits_nothing_without_cores)
{
    const struct policy *policy = &policy_edf;
    const struct process_attributes half = { .budget_ns = 1000, .period_ns = 2000 };
    begin(policy);
    policy->serve(queues[0], 0);
    ck_assert(!policy->admit(queues[0], &one[0], &half, 0));
    policy->serve(queues[0], 1);
    ck_assert(policy->admit(queues[0], &one[0], &half, 0));
    policy->serve(queues[0], 0);
    ck_assert(!policy->admit(queues[0], &one[1], &half, 0));
}
END_TEST

/* All are picked, one after the other: when those that are eligible run, who has received least of
 * the others is next. */
START_TEST(eevdf_picks_who_has_received_least_if_none_is_eligible)
{
    static struct process process[MANY];
    const struct policy *policy = &policy_eevdf;
    unsigned char *queue = queues[0];
    uint64_t now_ns = 0, random = (uint64_t)_i + 1, without = 0;
    begin(policy);
    memset(process, 0, sizeof process);
    for (uint32_t id = 0; id < MANY; id++) {
        process[id].weight = 1 + tori_random_below(&random, 99);
        policy->enqueue(queue, &process[id], now_ns);
    }
    for (int round = 0; round < 200; round++, now_ns += SLICE_NS) {
        int64_t sum = 0, weights = 0; /* about the share of process 0; they all compete */
        uint64_t base = share_of(&process[0])->received;
        for (uint32_t id = 0; id < MANY; id++) {
            weights += process[id].weight;
            sum += (int64_t)(share_of(&process[id])->received - base) * process[id].weight;
        }
        for (uint32_t i = 0; i < MANY; i++) {
            struct process *picked = policy->pick(queue, now_ns);
            uint64_t least = share_of(picked)->received;
            for (uint32_t id = 0; id < MANY; id++)
                if (share_of(&process[id])->state == SHARE_QUEUED &&
                    tree_before(share_of(&process[id])->received, least))
                    least = share_of(&process[id])->received;
            if ((int64_t)(least - base) <= sum / weights + 2)
                continue; /* somebody was, or may have been */
            ck_assert_uint_eq(share_of(picked)->received, least);
            without++;
        }
        for (uint32_t id = 0; id < MANY; id++) {
            process[id].runtime_ns += tori_random_below(&random, SLICE_NS);
            policy->enqueue(queue, &process[id], now_ns + SLICE_NS);
        }
    }
    ck_assert_uint_gt(without, 200 * MANY / 4);
}
END_TEST

/* A request that has been received is over, even if there is some of the slice left. */
START_TEST(eevdf_requests_anew_what_it_has_received)
{
    const struct policy *policy = &policy_eevdf;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[0], 0);
    one[0].slice_ns = 1;
    run_on(policy, &one[0], SLICE_NS + 1, SLICE_NS + 1);
    struct share *share = share_of(&one[0]);
    ck_assert_uint_eq(share->node.key, share->received + share_scaled(share, SLICE_NS));
}
END_TEST

/* Both have one deadline.  The first goes on when it was preempted within its turn, and not when it
 * has yielded. */
START_TEST(edf_goes_on_with_whom_it_preempted)
{
    static const struct process_attributes asks = { .budget_ns = SLICE_NS,
                                                    .period_ns = 4 * SLICE_NS };
    const struct policy *policy = &policy_edf;
    begin(policy);
    for (int id = 0; id < 2; id++) {
        ck_assert(policy->admit(queues[0], &one[id], &asks, 0));
        policy->enqueue(queues[0], &one[id], 0);
    }
    expect_pick(policy, &one[0], 0);
    one[0].slice_ns = _i == 0 ? SLICE_NS / 2 : 0;
    run_on(policy, &one[0], SLICE_NS / 2, SLICE_NS / 2);
    expect_pick(policy, &one[_i], SLICE_NS / 2);
}
END_TEST

/* Who blocks just before the end of its slice has received what it ran. */
START_TEST(fair_charges_who_leaves)
{
    begin(&policy_fair);
    policy_fair.enqueue(queues[0], &one[0], 0);
    policy_fair.enqueue(queues[0], &one[1], 0);
    expect_pick(&policy_fair, &one[0], 0);
    one[0].runtime_ns += SLICE_NS;
    policy_fair.leave(queues[0], &one[0], SLICE_NS);
    policy_fair.enqueue(queues[0], &one[0], SLICE_NS);
    expect_pick(&policy_fair, &one[1], SLICE_NS);
    one[1].runtime_ns += SLICE_NS / 2;
    policy_fair.enqueue(queues[0], &one[1], 3 * SLICE_NS / 2);
    expect_pick(&policy_fair, &one[1], 3 * SLICE_NS / 2);
}
END_TEST

/* However long it slept: half a nominal slice behind the floor, which the picked one had. */
START_TEST(fair_places_sleepers_half_a_slice_behind)
{
    begin(&policy_fair);
    policy_fair.enqueue(queues[0], &one[1], 0);
    expect_pick(&policy_fair, &one[1], 0);
    policy_fair.leave(queues[0], &one[1], 0);
    for (int turn = 0; turn < 10; turn++) {
        policy_fair.enqueue(queues[0], &one[0], 0);
        expect_pick(&policy_fair, &one[0], 0);
        one[0].runtime_ns += SLICE_NS;
    }
    policy_fair.enqueue(queues[0], &one[1], 0);
    ck_assert_uint_eq(share_of(&one[1])->received,
                      share_of(&one[0])->received - (SLICE_NS / 2 << SHARE_NOMINAL_SHIFT));
}
END_TEST

/* A weight that changes while its process runs counts from then on, and makes a new request. */
START_TEST(a_changed_weight_counts_at_once)
{
    const struct policy *policy = _i < 2 ? &policy_eevdf : &policy_stride;
    begin(policy);
    policy->enqueue(queues[0], &one[0], 0);
    policy->enqueue(queues[0], &one[1], 0);
    expect_pick(policy, &one[0], 0);
    one[0].weight = _i % 2 == 0 ? 64 : 16384;
    one[0].slice_ns = SLICE_NS / 2;
    one[0].runtime_ns += SLICE_NS / 2;
    policy->enqueue(queues[0], &one[0], SLICE_NS / 2);
    const struct share *share = share_of(&one[0]);
    ck_assert_uint_eq(share_weight(share), one[0].weight);
    ck_assert_uint_eq(share->node.key - share->received, share_scaled(share, SLICE_NS));
}
END_TEST

/* The others keep their order when the last one of their weight is taken out. */
START_TEST(lottery_keeps_the_order_without_the_last)
{
    begin(&policy_lottery);
    for (uint32_t id = 0; id < 4; id++)
        policy_lottery.enqueue(queues[0], &one[id], 0);
    policy_lottery.dequeue(queues[0], &one[3]);
    for (uint32_t id = 0; id < 3; id++)
        expect_pick(&policy_lottery, &one[id], 0);
}
END_TEST

/* One that is moved goes behind those of its rank. */
START_TEST(who_is_moved_goes_behind_its_equals)
{
    const struct policy *policy = _i == 0 ? &policy_priority : &policy_priority_aging;
    begin(policy);
    policy->enqueue(queues[1], &one[0], 0);
    policy->enqueue(queues[0], &one[1], 0);
    policy->dequeue(queues[1], &one[0]);
    policy->enqueue(queues[0], &one[0], 0);
    expect_pick(policy, &one[1], 0);
    expect_pick(policy, &one[0], 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("policy_corners");
    tcase_add_test(tests, every_policy_runs_a_process_without_weight);
    tcase_add_loop_test(tests, priority_takes_what_is_beyond_its_levels, 0, 2);
    tcase_add_test(tests, aging_catches_up_with_the_clock);
    tcase_add_test(tests, mlfq_forgets_what_was_used_before_a_boost);
    tcase_add_test(tests, mlfq_has_eight_levels);
    tcase_add_test(tests, mlfq_boosts_in_the_order_of_levels);
    tcase_add_loop_test(tests, io_aware_prefers_from_a_slice_on, 0, 2);
    tcase_add_loop_test(tests, edf_goes_on_with_whom_it_preempted, 0, 2);
    tcase_add_test(tests, io_aware_credits_no_time_that_ran_backwards);
    tcase_add_loop_test(tests, io_aware_has_the_overdue_first, 0, 2);
    tcase_add_test(tests, fair_keeps_the_distance_over_a_sleep);
    tcase_add_test(tests, fair_floor_never_falls);
    tcase_add_test(tests, fair_preempts_by_the_weight_of_the_woken);
    tcase_add_test(tests, fair_charges_by_the_weight_that_was);
    tcase_add_test(tests, stride_keeps_what_it_owes);
    tcase_add_test(tests, lottery_draws_by_its_seed);
    tcase_add_loop_test(tests, lottery_counts_a_weight_that_changed_on_a_core, 0, 2);
    tcase_add_test(tests, lottery_draws_the_very_ticket);
    tcase_add_test(tests, edf_admits_nothing_without_cores);
    tcase_add_test(tests, eevdf_requests_anew_what_it_has_received);
    tcase_add_loop_test(tests, eevdf_picks_who_has_received_least_if_none_is_eligible, 0, SEEDS);
    tcase_add_test(tests, fair_charges_who_leaves);
    tcase_add_test(tests, fair_places_sleepers_half_a_slice_behind);
    tcase_add_loop_test(tests, a_changed_weight_counts_at_once, 0, 4);
    tcase_add_test(tests, lottery_keeps_the_order_without_the_last);
    tcase_add_loop_test(tests, who_is_moved_goes_behind_its_equals, 0, 2);
    return suite_run("policy_corners", tests);
}
