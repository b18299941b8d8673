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

/* One letter a state; '.' is refused; lower case is a ZOMBIE that is reaped. */
static const char letters[PROCESS_STATES + 1] = "FYRBZ";
static const struct {
    enum process_event event;
    const char *next; /* from FREE, READY, RUNNING, BLOCKED, ZOMBIE, reaped ZOMBIE */
} drawing[PROCESS_EVENTS] = {
    { PROCESS_CREATE, "Y.....Y" }, { PROCESS_PICK, ".R....." },  { PROCESS_PREEMPT, "..Y...." },
    { PROCESS_YIELD, "..Y...." },  { PROCESS_BLOCK, "..B...." }, { PROCESS_WAKE, "...Y..." },
    { PROCESS_EXIT, "..Z...." },   { PROCESS_REAP, "....Z.." },  { PROCESS_DESTROY, ".....F." },
};
enum { COLUMNS = PROCESS_STATES + 1, DESTROYED = COLUMNS };

/* A process in the state of that column, every other byte set: after the states a reaped ZOMBIE,
 * and one that was destroyed by process_transition() alone, which leaves the flag. */
static struct process process_in(int column)
{
    struct process process;
    memset(&process, 0xA5, sizeof process);
    process.parent = 7;
    process.state = (uint8_t)(column < PROCESS_STATES ? column : PROCESS_ZOMBIE);
    if (column == DESTROYED)
        process.state = PROCESS_FREE;
    process.flags = column < PROCESS_STATES ? 0 : PROCESS_REAPED;
    return process;
}

START_TEST(every_state_with_every_event)
{
    for (int column = 0; column <= DESTROYED; column++) {
        struct process process = process_in(column);
        struct process before = process;
        char next = drawing[_i].next[column];
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
    for (int state = PROCESS_STATES; state <= UINT8_MAX; state++)
        for (unsigned flags = 0; flags <= UINT8_MAX; flags++) {
            struct process process = process_in(PROCESS_FREE);
            process.state = (uint8_t)state;
            process.flags = (uint8_t)flags;
            struct process before = process;
            ck_assert_int_eq(process_transition(&process, drawing[_i].event), PROCESS_ILLEGAL);
            ck_assert_mem_eq(&process, &before, sizeof process);
        }
}
END_TEST

START_TEST(create_clears_what_was_there)
{
    struct process_attributes attributes = { .parent = 3, .weight = 512, .priority = -4 };
    struct process process = process_in(PROCESS_FREE);
    ck_assert_int_eq(process_create(&process, 9, &attributes), PROCESS_OK);
    ck_assert_int_eq(process.state, PROCESS_READY);
    ck_assert_uint_eq(process.id, 9);
    ck_assert_uint_eq(process.parent, 3);
    ck_assert_uint_eq(process.weight, 512);
    ck_assert_int_eq(process.priority, -4);
    ck_assert_uint_eq(process.flags, 0);
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
    for (int column = PROCESS_READY; column < COLUMNS; column++) {
        struct process process = process_in(column), before = process;
        ck_assert_int_eq(process_create(&process, 9, &attributes), PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
}
END_TEST

/* Only the parent, only a ZOMBIE, only once. */
START_TEST(reap_is_the_parents)
{
    for (int column = 0; column < COLUMNS; column++) {
        bool zombie = column >= PROCESS_ZOMBIE;
        struct process process = process_in(column), before = process;
        ck_assert_int_eq(process_reap(&process, 8), zombie ? PROCESS_NOT_PARENT : PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
        if (column == PROCESS_ZOMBIE) {
            ck_assert_int_eq(process_reap(&process, 7), PROCESS_OK);
            ck_assert_int_eq(process.state, PROCESS_ZOMBIE);
            ck_assert_uint_eq(process.flags, PROCESS_REAPED);
            before = process;
        }
        ck_assert_int_eq(process_reap(&process, 7), PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
}
END_TEST

START_TEST(destroy_wants_it_reaped)
{
    for (int column = 0; column < PROCESS_STATES; column++) {
        bool zombie = column == PROCESS_ZOMBIE;
        struct process process = process_in(column), before = process;
        ck_assert_int_eq(process_destroy(&process), zombie ? PROCESS_NOT_REAPED : PROCESS_ILLEGAL);
        ck_assert_mem_eq(&process, &before, sizeof process);
    }
    struct process process = process_in(PROCESS_STATES);
    ck_assert_int_eq(process_destroy(&process), PROCESS_OK);
    ck_assert_int_eq(process.state, PROCESS_FREE);
    ck_assert_uint_eq(process.flags, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("process");
    tcase_add_loop_test(tests, every_state_with_every_event, 0, PROCESS_EVENTS);
    tcase_add_loop_test(tests, what_is_no_state_allows_nothing, 0, PROCESS_EVENTS);
    tcase_add_test(tests, create_clears_what_was_there);
    tcase_add_test(tests, create_refuses_a_slot_in_use);
    tcase_add_test(tests, reap_is_the_parents);
    tcase_add_test(tests, destroy_wants_it_reaped);
    return suite_run("process", tests);
}
