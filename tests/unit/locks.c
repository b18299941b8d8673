/* locks.c -- the real locks exclude, and a waiter gets its turn.
 *
 * Method: threads add to two plain counters under the lock, in two steps, and check before each
 * step that the counters agree; without mutual exclusion additions get lost and the counters
 * disagree.  Two threads contend hard, four less long.  A fair spin lock hands over to threads that
 * are not running when there are more threads than processors, and each then spins for as long as
 * the system lets it: there they take only a few turns.  The holder of an unfair lock lets others
 * run now and then in between, that of a fair one once, to be sure that they meet.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <check.h>
#include <pthread.h>
#include <sched.h>

#include "braid/lock.h"
#include "tests/support/suite.h"

enum { THREADS_MAX = 4, YIELD_EVERY = 20000 };

static struct lock_tas tas;
static struct lock_ticket ticket;
static struct lock_mcs mcs;
static volatile uint64_t first, second; /* equal whenever the lock is free */
static volatile uint64_t disagreements;
static uint64_t yield_every; /* turns */

static const struct contention {
    int threads, turns, turns_crowded; /* of each */
} contentions[] = { { 1, 1000, 1000 }, { 2, 50000, 100 }, { 4, 300, 30 } };
enum { CONTENTIONS = sizeof contentions / sizeof contentions[0] };

static void work(void)
{
    uint64_t seen = first;
    if (seen != second)
        disagreements++;
    first = seen + 1;
    for (volatile int i = 0; i < 20; i++)
        continue;
    if (seen % yield_every == 0)
        sched_yield(); /* so that others run meanwhile even where there is one processor */
    second = second + 1;
}

/* The ways to wait for a lock_tas; in the last, threads of all three ways meet at one lock. */
static void (*const acquires[])(struct lock_tas *lock) = { lock_tas_acquire, lock_ttas_acquire,
                                                           lock_ttas_backoff_acquire };
enum { WAYS = sizeof acquires / sizeof acquires[0] };
static uint32_t way; /* WAYS: all */
static _Atomic uint32_t mixed;

static void *with_tas(void *turns)
{
    uint32_t mine = way < WAYS ? way : atomic_fetch_add(&mixed, 1) % WAYS;
    for (int i = 0; i < *(const int *)turns; i++) {
        acquires[mine](&tas);
        work();
        lock_tas_release(&tas);
    }
    return NULL;
}

static void *with_ticket(void *turns)
{
    for (int i = 0; i < *(const int *)turns; i++) {
        lock_ticket_acquire(&ticket);
        work();
        lock_ticket_release(&ticket);
    }
    return NULL;
}

static void *with_mcs(void *turns)
{
    struct lock_mcs_node node;
    for (int i = 0; i < *(const int *)turns; i++) {
        lock_mcs_acquire(&mcs, &node);
        work();
        lock_mcs_release(&mcs, &node);
    }
    return NULL;
}

/* There are fewer processors for this program than threads, or nobody knows. */
static bool is_crowded(int threads)
{
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) != 0 ||
           CPU_COUNT(&processors) < threads;
}

static void contend(void *(*body)(void *), struct contention contention, bool fair)
{
    pthread_t threads[THREADS_MAX];
    if (fair && is_crowded(contention.threads))
        contention.turns = contention.turns_crowded;
    yield_every = fair ? UINT64_MAX : YIELD_EVERY;
    first = second = disagreements = 0;
    for (int i = 0; i < contention.threads; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, body, &contention.turns), 0);
    for (int i = 0; i < contention.threads; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    uint64_t turns = (uint64_t)contention.threads * (uint64_t)contention.turns;
    ck_assert_uint_eq(disagreements, 0);
    ck_assert_uint_eq(first, turns);
    ck_assert_uint_eq(second, turns);
}

START_TEST(tas_excludes)
{
    way = (uint32_t)_i / CONTENTIONS;
    contend(with_tas, contentions[_i % CONTENTIONS], false);
    ck_assert_uint_eq(tas.held, 0);
}
END_TEST

START_TEST(a_try_takes_it_or_leaves_it)
{
    ck_assert(lock_tas_try(&tas));
    ck_assert(!lock_tas_try(&tas));
    lock_tas_release(&tas);
    ck_assert(lock_tas_try(&tas));
    lock_tas_release(&tas);
}
END_TEST

START_TEST(ticket_excludes)
{
    ticket.next = ticket.served = UINT32_MAX - 100; /* numbers wrap while threads contend */
    contend(with_ticket, contentions[_i], true);
    ck_assert_uint_eq(ticket.next, ticket.served);
}
END_TEST

START_TEST(mcs_excludes)
{
    contend(with_mcs, contentions[_i], true);
    ck_assert_ptr_null(mcs.tail);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("locks");
    tcase_add_loop_test(tests, tas_excludes, 0, (WAYS + 1) * CONTENTIONS);
    tcase_add_test(tests, a_try_takes_it_or_leaves_it);
    tcase_add_loop_test(tests, ticket_excludes, 0, CONTENTIONS);
    tcase_add_loop_test(tests, mcs_excludes, 0, CONTENTIONS);
    return suite_run("locks", tests);
}
