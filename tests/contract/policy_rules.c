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

int main(void)
{
    TCase *tests = tcase_create("policy_rules");
    tcase_add_test(tests, io_aware_does_not_preempt_the_overdue);
    tcase_add_test(tests, a_preempted_process_keeps_its_age);
    tcase_add_loop_test(tests, eevdf_picks_the_earliest_eligible, 0, SEEDS);
    tcase_add_test(tests, eevdf_requests_anew_after_a_turn);
    return suite_run("policy_rules", tests);
}
