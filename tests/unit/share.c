/* share.c -- virtual time against the same sums kept the long way.
 *
 * Method: processes join, run, stop and part at random; what the queue's time should be is worked
 * out anew from every process, in whole units, after each step.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "braid/share.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { PROCESSES = 12, STEPS = 5000, SEEDS = 6 };

START_TEST(scales_by_the_weight)
{
    static const uint32_t weights[] = { 1, 2, 3, 7, 1000, 1024, 1025, 10000, 65535, UINT32_MAX };
    static const uint64_t times[] = { 0, 1, 999, 10000000, UINT32_MAX, UINT64_C(1) << 40 };
    for (size_t w = 0; w < sizeof weights / sizeof weights[0]; w++)
        for (size_t t = 0; t < sizeof times / sizeof times[0]; t++) {
            struct share share = { .state = SHARE_AWAY };
            share_weigh(&share, weights[w]);
            double exact = (double)times[t] * 1048576 / weights[w];
            double scaled = (double)share_scaled(&share, times[t]);
            double coarse = times[t] > UINT32_MAX ? 2048.0 * 1048576 / weights[w] : 0;
            ck_assert_double_le(scaled, exact);
            ck_assert_double_ge(scaled, exact * (1 - 1 / 1073741824.0) - 1 - coarse);
        }
    struct share nominal = { .state = SHARE_AWAY };
    share_weigh(&nominal, 1024);
    ck_assert_uint_eq(share_scaled(&nominal, 12345), UINT64_C(12345) << SHARE_NOMINAL_SHIFT);
}
END_TEST

/* Nobody's weight is 0: it counts as 1, also of one that had another. */
START_TEST(no_weight_counts_as_one)
{
    struct share share = { .state = SHARE_AWAY };
    for (int i = 0; i < 2; i++) {
        share_weigh(&share, 0);
        ck_assert_uint_eq(share_weight(&share), 1);
        ck_assert_uint_eq(share_scaled(&share, 1000), UINT64_C(1000) << SHARE_SHIFT);
        share_weigh(&share, 1024);
    }
}
END_TEST

START_TEST(divides_by_digits_as_by_instruction)
{
    uint64_t random = 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t a = tori_random(&random) >> tori_random_below(&random, 64);
        uint64_t b = tori_random(&random) >> tori_random_below(&random, 63);
        b += b == 0;
        ck_assert_uint_eq(share_divide_by_digits(a, b), a / b);
        ck_assert_uint_eq(share_divide(a, b), a / b);
    }
    ck_assert_uint_eq(share_divide_by_digits(UINT64_MAX, 1), UINT64_MAX);
    ck_assert_uint_eq(share_divide_by_digits(UINT64_MAX, UINT64_MAX), 1);
    ck_assert_uint_eq(share_divide_by_digits(0, 3), 0);
}
END_TEST

static struct process process[PROCESSES];
static uint64_t started_ns[PROCESSES];

/* base is the floor of the weighted mean, taken relative to base. */
static void check_time(const struct virtual_time *time)
{
    uint64_t sum = 0, weight = 0; /* signed, but parts of it may wrap */
    uint32_t running = 0, apart = 0;
    for (uint32_t i = 0; i < PROCESSES; i++) {
        const struct share *share = share_of(&process[i]);
        running += share->state == SHARE_PICKED;
        apart += share->state == SHARE_APART;
        if (share->state != SHARE_QUEUED && share->state != SHARE_PICKED)
            continue;
        weight += share_weight(share);
        sum += (share->received - time->base) * share_weight(share);
        if (share->state == SHARE_PICKED)
            sum += (time->now_ns - started_ns[i]) << SHARE_SHIFT;
    }
    ck_assert_uint_eq(time->running, running);
    ck_assert_uint_eq(time->apart, apart);
    ck_assert_uint_eq(time->weight, weight);
    ck_assert((int64_t)sum == time->rest);
    ck_assert_int_ge(time->rest, 0);
    ck_assert(weight == 0 ? time->rest == 0 : (uint64_t)time->rest < weight);
}

static uint32_t steps_apart; /* at which somebody ran apart */

static void step(struct virtual_time *time, uint32_t i, uint64_t *random)
{
    struct share *share = share_of(&process[i]);
    if (tori_random_below(random, 4) == 0) /* and it counts when it is queued next */
        process[i].weight = 1 + tori_random_below(random, 10000);
    if (share->state == SHARE_AWAY) {
        share->received = (uint64_t)((int64_t)tori_random_below(random, 1000000) - 500000);
        ck_assert(share_enter(time, share, &process[i], time->now_ns));
    } else if (share->state == SHARE_QUEUED) {
        if (tori_random_below(random, 2) == 0)
            share_part(time, share);
        else
            share_start(time, share, &process[i]);
        started_ns[i] = time->now_ns;
    } else { /* it did not get all of the time, as where there are interrupts */
        uint64_t passed_ns = time->now_ns - started_ns[i];
        process[i].runtime_ns += passed_ns - passed_ns / 8;
        if (tori_random_below(random, 2) == 0)
            share_enter(time, share, &process[i], time->now_ns);
        else
            share_leave(time, share, &process[i], time->now_ns);
    }
    steps_apart += time->apart > 0;
}

START_TEST(virtual_time_is_the_mean)
{
    uint64_t random = (uint64_t)_i + 1;
    struct virtual_time time;
    memset(process, 0, sizeof process);
    steps_apart = 0;
    virtual_time_init(&time, 1 + (uint32_t)_i % 4, 1000000);
    for (int i = 0; i < STEPS; i++) {
        virtual_time_advance(&time, time.now_ns + tori_random_below(&random, 100000));
        check_time(&time);
        step(&time, tori_random_below(&random, PROCESSES), &random);
        check_time(&time);
    }
    ck_assert((steps_apart > 0) == (time.cores > 1));
}
END_TEST

/* Who is owed much joins one of little weight: before it has moved the virtual time, that is ever
 * so much more. */
START_TEST(a_lag_beside_little_weight_has_room)
{
    static const uint32_t weights[] = { 1, 15, 1024, 9548, 88761, UINT32_MAX };
    enum { WEIGHTS = sizeof weights / sizeof weights[0] };
    const double lag_ns = 0x1p34, most_ns = 0x1p42;
    for (int k = 0; k < 2 * WEIGHTS * WEIGHTS; k++) {
        struct process stays = { .weight = weights[k / 2 % WEIGHTS] };
        struct process comes = { .weight = weights[k / 2 / WEIGHTS] };
        struct share *share = share_of(&comes);
        struct virtual_time time;
        virtual_time_init(&time, 1, UINT64_C(1) << 34);
        share_enter(&time, share_of(&stays), &stays, 0);
        share_weigh(share, comes.weight);
        uint64_t lag = share_scaled(share, UINT64_C(1) << 34);
        share->received = k % 2 == 0 ? lag : -lag;
        share_enter(&time, share, &comes, 0);
        double before_ns = lag_ns * ((double)comes.weight / stays.weight + 1);
        double kept_ns = lag_ns * fmin(1, most_ns / before_ns);
        double owed_ns = (double)(int64_t)(time.base - share->received) * comes.weight / 0x1p20;
        double others_ns = (double)(int64_t)(time.base - share_of(&stays)->received) *
                           stays.weight / 0x1p20;
        double unit_ns = ((double)comes.weight + stays.weight) / 0x1p20 + 2048;
        ck_assert_double_eq_tol(owed_ns, k % 2 == 0 ? kept_ns : -kept_ns, 2 * unit_ns);
        ck_assert_double_eq_tol(owed_ns + others_ns, 0, 2 * unit_ns);
        ck_assert(time.rest >= 0 && (uint64_t)time.rest < time.weight);
    }
}
END_TEST

/* Many cores have stood still for hours: time went on by hours for each, which is more ns than 64
 * bits hold in the units of virtual time, and is taken back.  That is seen before they stop, or
 * only then; or they have run for longer than it was thought. */
START_TEST(hours_of_many_cores_do_not_overflow)
{
    enum { CORES = 48 };
    const uint64_t hour_ns = UINT64_C(3600000000000), hours_ns = (_i < 2 ? 5 : 1) * hour_ns;
    const uint64_t ran_ns = _i < 2 ? 2048 : 2 * hour_ns;
    static struct process stopped[CORES];
    struct virtual_time time;
    memset(stopped, 0, sizeof stopped);
    virtual_time_init(&time, CORES, 1000000);
    for (int i = 0; i < CORES; i++) {
        stopped[i].weight = 1024;
        share_enter(&time, share_of(&stopped[i]), &stopped[i], 0);
    }
    for (int i = 0; i < CORES; i++)
        share_start(&time, share_of(&stopped[i]), &stopped[i]);
    ck_assert_uint_eq(time.running, CORES);
    if (_i != 1) {
        virtual_time_advance(&time, hours_ns);
        ck_assert_uint_eq(time.base, hours_ns << SHARE_NOMINAL_SHIFT);
    }
    for (int i = 0; i < CORES; i++) {
        stopped[i].runtime_ns = ran_ns;
        share_enter(&time, share_of(&stopped[i]), &stopped[i], hours_ns);
    }
    ck_assert_uint_eq(time.base, ran_ns << SHARE_NOMINAL_SHIFT);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("share");
    tcase_add_test(tests, scales_by_the_weight);
    tcase_add_test(tests, no_weight_counts_as_one);
    tcase_add_test(tests, divides_by_digits_as_by_instruction);
    tcase_add_loop_test(tests, virtual_time_is_the_mean, 0, SEEDS);
    tcase_add_test(tests, a_lag_beside_little_weight_has_room);
    tcase_add_loop_test(tests, hours_of_many_cores_do_not_overflow, 0, 3);
    return suite_run("share", tests);
}
