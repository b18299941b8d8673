/* process.c -- the life of a process: every state with every event.
 *
 * Method: the table of process.h is written down here a second time, by hand, as a drawing; each
 * pair of state and event is tried and must do what the drawing says.  A refused event must leave
 * every byte of the process as it was.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/process.h"
#include "tests/support/suite.h"

/* One letter a state; '.' is refused. */
static const char letters[PROCESS_STATES + 1] = "FYRBZC";
static const struct {
    enum process_event event;
    const char *next; /* from FREE, READY, RUNNING, BLOCKED, ZOMBIE, REAPED */
} drawing[PROCESS_EVENTS] = {
    { PROCESS_CREATE, "Y....." }, { PROCESS_PICK, ".R...." },  { PROCESS_PREEMPT, "..Y..." },
    { PROCESS_YIELD, "..Y..." },  { PROCESS_BLOCK, "..B..." }, { PROCESS_WAKE, "...Y.." },
    { PROCESS_EXIT, "..Z..." },   { PROCESS_REAP, "....C." },  { PROCESS_DESTROY, ".....F" },
    { PROCESS_REFUSE, ".F...." },
    { PROCESS_KILL, ".ZZZ.." },
};

/* A process in that state, every other byte set. */
static struct process process_in(int state)
{
    struct process process;
    memset(&process, 0xA5, sizeof process);
    process.parent = 7;
    process.state = (uint8_t)state;
    return process;
}

START_TEST(every_state_with_every_event)
{
    for (int state = 0; state < PROCESS_STATES; state++) {
        struct process process = process_in(state), before = process;
        char next = drawing[_i].next[state];
        bool allowed = process_allows(&process, drawing[_i].event);
        ck_assert_int_eq(allowed, next != '.');
        ck_assert_mem_eq(&process, &before, sizeof process);

        enum process_result result = process_transition(&process, drawing[_i].event);
        if (next == '.') {
            ck_assert_int_eq(result, PROCESS_ILLEGAL);
            ck_assert_mem_eq(&process, &before, sizeof process);
        } else {
            ck_assert_int_eq(result, PROCESS_OK);
            ck_assert_int_eq(letters[process.state], next);
            before.state = process.state;
            ck_assert_mem_eq(&process, &before, sizeof process);
        }
    }
}
END_TEST

/* A byte that is no state at all: the table has no row for it, so that nothing may follow. */
START_TEST(what_is_no_state_allows_nothing)
{
    for (int state = PROCESS_STATES; state <= UINT8_MAX; state++) {
        struct process process = process_in(state), before = process;
        ck_assert_int_eq(process_transition(&process, drawing[_i].event), PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
}
END_TEST

/* By process_transition() alone a slot can be used again and again. */
START_TEST(a_whole_life_and_another)
{
    static const enum process_event life[] = { PROCESS_CREATE, PROCESS_PICK,  PROCESS_PREEMPT,
                                               PROCESS_PICK,   PROCESS_YIELD, PROCESS_PICK,
                                               PROCESS_BLOCK,  PROCESS_WAKE,  PROCESS_PICK,
                                               PROCESS_EXIT,   PROCESS_REAP,  PROCESS_DESTROY };
    struct process process = process_in(PROCESS_FREE);
    for (size_t i = 0; i < 2 * sizeof life / sizeof *life; i++)
        ck_assert_int_eq(process_transition(&process, life[i % (sizeof life / sizeof *life)]),
                         PROCESS_OK);
    ck_assert_int_eq(process.state, PROCESS_FREE);
}
END_TEST

START_TEST(create_clears_what_was_there)
{
    struct process_attributes attributes = { .parent = 3, .weight = 512, .priority = -4 };
    struct process process = process_in(PROCESS_FREE);
    ck_assert_int_eq(process_create(&process, 9, 7, &attributes), PROCESS_OK);
    ck_assert_int_eq(process.state, PROCESS_READY);
    ck_assert_uint_eq(process.id, 9);
    ck_assert_uint_eq(process.torus, 7);
    ck_assert_uint_eq(process.parent, 3);
    ck_assert_uint_eq(process.weight, 512);
    ck_assert_int_eq(process.priority, -4);
    ck_assert_uint_eq(process.flags, PROCESS_COMING); /* in no queue yet */
    ck_assert_uint_eq(process.inbox_next, 0);
    ck_assert_uint_eq(process.runtime_ns, 0);
    ck_assert_uint_eq(process.slice_ns, 0);
    for (size_t i = 0; i < sizeof process.policy / sizeof process.policy[0]; i++)
        ck_assert_uint_eq(process.policy[i], 0);
}
END_TEST

START_TEST(create_refuses_a_slot_in_use)
{
    struct process_attributes attributes = { .parent = 3, .weight = 512, .priority = -4 };
    for (int state = PROCESS_READY; state < PROCESS_STATES; state++) {
        struct process process = process_in(state), before = process;
        ck_assert_int_eq(process_create(&process, 9, 0, &attributes), PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
}
END_TEST

/* Only the parent, only a ZOMBIE, only once. */
START_TEST(reap_is_the_parents)
{
    for (int state = 0; state < PROCESS_STATES; state++) {
        bool zombie = state == PROCESS_ZOMBIE;
        struct process process = process_in(state), before = process;
        ck_assert_int_eq(process_reap(&process, 8), zombie ? PROCESS_NOT_PARENT : PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
        if (zombie) {
            ck_assert_int_eq(process_reap(&process, 7), PROCESS_OK);
            ck_assert_int_eq(process.state, PROCESS_REAPED);
            before = process;
        }
        ck_assert_int_eq(process_reap(&process, 7), PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
}
END_TEST

START_TEST(destroy_wants_it_reaped)
{
    for (int state = 0; state < PROCESS_REAPED; state++) {
        bool zombie = state == PROCESS_ZOMBIE;
        struct process process = process_in(state), before = process;
        ck_assert_int_eq(process_destroy(&process), zombie ? PROCESS_NOT_REAPED : PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
    struct process process = process_in(PROCESS_REAPED);
    ck_assert_int_eq(process_destroy(&process), PROCESS_OK);
    ck_assert_int_eq(process.state, PROCESS_FREE);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("process");
    tcase_add_loop_test(tests, every_state_with_every_event, 0, PROCESS_EVENTS);
    tcase_add_loop_test(tests, what_is_no_state_allows_nothing, 0, PROCESS_EVENTS);
    tcase_add_test(tests, a_whole_life_and_another);
    tcase_add_test(tests, create_clears_what_was_there);
    tcase_add_test(tests, create_refuses_a_slot_in_use);
    tcase_add_test(tests, reap_is_the_parents);
    tcase_add_test(tests, destroy_wants_it_reaped);
    return suite_run("process", tests);
}
