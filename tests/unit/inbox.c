/* inbox.c -- an inbox loses nothing, doubles nothing, and keeps the order of each producer.
 *
 * Method: first alone, against the order that was pushed.  Then several producer threads push
 * their own processes, each numbered by its producer, again and again; the consumer must see every
 * producer's numbers without a gap or a repeat, which a loss, a double or a swap would break.  (A
 * loss of the newest leaves its producer waiting: the time limit of ctest ends that.)  Each has
 * thousands to push before it waits: where processors are few and loaded, each wait is long, and
 * two that wait meet nowhere.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "braid/inbox.h"
#include "tests/support/suite.h"

enum { PRODUCERS = 3, OWN = 16384, PROCESSES = PRODUCERS * OWN, PUSHES = 8000000 };

static struct process processes[PROCESSES];
static struct inbox inbox;
static _Atomic bool away[PROCESSES]; /* pushed and not yet received */
static pthread_barrier_t start;
static _Atomic uint32_t found_empty; /* pushes that said the inbox was empty */

static void set_up(void)
{
    memset(processes, 0, sizeof processes);
    for (uint32_t id = 0; id < PROCESSES; id++)
        processes[id].id = id;
}

START_TEST(comes_out_as_it_went_in)
{
    static const uint32_t order[] = { 5, 0, 23, 7, 1 };
    enum { COUNT = sizeof order / sizeof order[0] };
    set_up();
    ck_assert(inbox_is_empty(&inbox));
    ck_assert_uint_eq(inbox_take(&inbox, processes), 0);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < COUNT; i++)
            ck_assert_int_eq(inbox_push(&inbox, &processes[order[i]]), i == 0);
        ck_assert(!inbox_is_empty(&inbox));
        uint32_t next = inbox_take(&inbox, processes);
        ck_assert(inbox_is_empty(&inbox));
        for (uint32_t i = 0; i < COUNT; i++) {
            ck_assert_uint_eq(next, order[i] + 1);
            next = processes[next - 1].inbox_next;
        }
        ck_assert_uint_eq(next, 0);
    }
}
END_TEST

static void *producer(void *argument)
{
    uint32_t first = *(const uint32_t *)argument * OWN;
    pthread_barrier_wait(&start);
    for (uint64_t pushed = 0; pushed < PUSHES; pushed++) {
        struct process *process = &processes[first + pushed % OWN];
        while (atomic_load(&away[process->id]))
            sched_yield();
        atomic_store(&away[process->id], true);
        process->policy[0] = pushed;
        if (inbox_push(&inbox, process))
            atomic_fetch_add(&found_empty, 1);
    }
    return NULL;
}

START_TEST(loses_nothing_under_threads)
{
    pthread_t threads[PRODUCERS];
    uint32_t number[PRODUCERS];
    uint64_t expected[PRODUCERS] = { 0 };
    uint32_t takes = 0;
    set_up();
    pthread_barrier_init(&start, NULL, PRODUCERS);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        number[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, producer, &number[i]), 0);
    }
    for (uint32_t received = 0; received < PRODUCERS * PUSHES;) {
        uint32_t next = inbox_take(&inbox, processes);
        if (next == 0)
            sched_yield();
        else
            takes++;
        while (next != 0) {
            struct process *process = &processes[next - 1];
            next = process->inbox_next;
            if (process->policy[0] != expected[process->id / OWN]) /* an assertion each is slow */
                ck_abort_msg("a process of producer %u was lost, doubled or overtaken",
                             (unsigned)process->id / OWN);
            expected[process->id / OWN]++;
            atomic_store(&away[process->id], false);
            received++;
        }
    }
    for (uint32_t i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    ck_assert(inbox_is_empty(&inbox));
    /* The owner is told once for each time that it finds something. */
    ck_assert_uint_eq(atomic_load(&found_empty), takes);
}
END_TEST

/* There is place for one request; it makes an inbox that is not empty, and is taken once. */
START_TEST(a_request_waits_for_its_owner)
{
    uint16_t thief = 7;
    uint32_t count = 7;
    set_up();
    ck_assert(!inbox_take_request(&inbox, &thief, &count));
    ck_assert(inbox_ask(&inbox, UINT16_MAX, INBOX_ASKED_MOST));
    ck_assert(!inbox_ask(&inbox, 3, 1));
    ck_assert(!inbox_is_empty(&inbox));
    ck_assert_uint_eq(inbox_take(&inbox, processes), 0);
    ck_assert(inbox_take_request(&inbox, &thief, &count));
    ck_assert_uint_eq(thief, UINT16_MAX);
    ck_assert_uint_eq(count, INBOX_ASKED_MOST);
    ck_assert(inbox_is_empty(&inbox));
    ck_assert(inbox_ask(&inbox, 0, 1));
    ck_assert(inbox_take_request(&inbox, &thief, &count));
    ck_assert_uint_eq(thief, 0);
    ck_assert_uint_eq(count, 1);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("inbox");
    tcase_add_test(tests, comes_out_as_it_went_in);
    tcase_add_test(tests, a_request_waits_for_its_owner);
    tcase_add_test(tests, loses_nothing_under_threads);
    return suite_run("inbox", tests);
}
