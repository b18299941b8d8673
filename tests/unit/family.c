/* family.c -- fork, exit and wait against a record of who is whose child.
 *
 * Random births, deaths and waits; after each, every list is walked: each process is in the one
 * list of its parent where it belongs, and nobody else is.  Of a wait in vain, the next exit of a
 * child, or the orphaned zombies that the first process gets, must say that somebody is to be
 * woken, once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/family.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { PROCESSES = 20, STEPS = 5000, SEEDS = 10, FIRST = 0 };

static struct process process[PROCESSES];
static struct family family[PROCESSES];
static struct families families = { process, family, FIRST };
static bool waits[PROCESSES];
static uint64_t random_state;

static uint32_t below(uint32_t bound)
{
    return tori_random_below(&random_state, bound);
}

static bool is_alive(uint32_t id)
{
    return process[id].state != PROCESS_FREE && process[id].state != PROCESS_ZOMBIE;
}

static void check_list(uint32_t parent, uint32_t at, bool zombies, uint32_t found[PROCESSES])
{
    uint32_t before = 0;
    for (; at != 0; before = at, at = family[at - 1].next) {
        ck_assert_uint_le(at, PROCESSES);
        ck_assert_uint_eq(family[at - 1].previous, before);
        ck_assert_uint_eq(process[at - 1].parent, parent);
        ck_assert_int_eq(process[at - 1].state == PROCESS_ZOMBIE, zombies);
        ck_assert_uint_eq(found[at - 1]++, 0);
    }
}

static void check_all(void)
{
    uint32_t found[PROCESSES] = { 0 };
    for (uint32_t id = 0; id < PROCESSES; id++) {
        if (process[id].state == PROCESS_FREE)
            continue;
        check_list(id, family[id].children, false, found);
        check_list(id, family[id].zombies, true, found);
        if (!is_alive(id)) /* all were orphaned */
            ck_assert(family[id].children == 0 && family[id].zombies == 0);
    }
    for (uint32_t id = 0; id < PROCESSES; id++) {
        bool has_parent =
            process[id].state != PROCESS_FREE && process[id].parent != PROCESS_NO_PARENT;
        ck_assert_uint_eq(found[id], has_parent);
        if (has_parent)
            ck_assert(is_alive(process[id].parent));
    }
}

static void be_born(uint32_t id, uint32_t parent)
{
    struct process_attributes attributes = { .parent = parent, .weight = 1024 };
    ck_assert_int_eq(process_create(&process[id], id, 0, &attributes), PROCESS_OK);
    waits[id] = false;
    family_join(&families, id);
}

static void die(uint32_t id)
{
    uint32_t parent = process[id].parent, expected = 0;
    if (waits[FIRST] && family[id].zombies != 0)
        expected |= FAMILY_WAKE_FIRST;
    if (parent == FIRST && expected != 0)
        waits[FIRST] = false; /* told once */
    if (parent != PROCESS_NO_PARENT && waits[parent])
        expected |= FAMILY_WAKE_PARENT;
    ck_assert_int_eq(process_transition(&process[id], PROCESS_KILL), PROCESS_OK);
    ck_assert_uint_eq(family_exit(&families, id), expected);
    if (expected & FAMILY_WAKE_FIRST)
        waits[FIRST] = false;
    if (expected & FAMILY_WAKE_PARENT)
        waits[parent] = false;
}

static void wait_for_child(uint32_t parent)
{
    uint32_t child = PROCESSES, children = 0, zombies = 0;
    for (uint32_t id = 0; id < PROCESSES; id++)
        if (process[id].state != PROCESS_FREE && process[id].parent == parent) {
            children++;
            zombies += process[id].state == PROCESS_ZOMBIE;
        }
    enum process_result result = family_wait(&families, parent, &child);
    if (children == 0) {
        ck_assert_int_eq(result, PROCESS_NO_CHILD);
    } else if (zombies == 0) {
        ck_assert_int_eq(result, PROCESS_NONE);
        waits[parent] = true;
    } else {
        ck_assert_int_eq(result, PROCESS_OK);
        ck_assert_uint_lt(child, PROCESSES);
        ck_assert_int_eq(process[child].state, PROCESS_FREE);
    }
}

START_TEST(families_are_kept)
{
    memset(process, 0, sizeof process);
    memset(family, 0, sizeof family);
    memset(waits, 0, sizeof waits);
    families.first = FIRST;
    random_state = (uint64_t)_i + 1;
    be_born(FIRST, PROCESS_NO_PARENT);
    ck_assert_int_eq(family_wait(&families, PROCESS_NO_PARENT, &(uint32_t){ 0 }), PROCESS_NO_CHILD);
    for (int step = 0; step < STEPS; step++) {
        uint32_t id = below(PROCESSES), parent = below(PROCESSES);
        if (process[id].state == PROCESS_FREE && is_alive(parent) && below(2) == 0)
            be_born(id, parent);
        else if (is_alive(id) && id != FIRST && below(3) == 0)
            die(id);
        else if (is_alive(id) && !waits[id])
            wait_for_child(id);
        check_all();
    }
}
END_TEST

/* Then there is nobody to adopt. */
START_TEST(the_first_process_leaves_its_children_to_the_kernel)
{
    memset(process, 0, sizeof process);
    memset(family, 0, sizeof family);
    memset(waits, 0, sizeof waits);
    families.first = FIRST;
    be_born(FIRST, PROCESS_NO_PARENT);
    be_born(1, FIRST);
    be_born(2, FIRST);
    die(2);
    die(FIRST);
    ck_assert_uint_eq(process[1].parent, PROCESS_NO_PARENT);
    ck_assert_uint_eq(process[2].parent, PROCESS_NO_PARENT);
    check_all();
}
END_TEST

/* It stays so when others leave children after it, and when its slot is another's. */
START_TEST(nobody_is_first_after_the_first)
{
    memset(process, 0, sizeof process);
    memset(family, 0, sizeof family);
    memset(waits, 0, sizeof waits);
    families.first = FIRST;
    be_born(FIRST, PROCESS_NO_PARENT);
    for (uint32_t id = 1; id < 5; id++)
        be_born(id, id - 1);
    die(FIRST);
    die(4); /* a zombie, which is an orphan in a moment */
    die(3);
    ck_assert_uint_eq(process[4].parent, PROCESS_NO_PARENT);
    check_all();
    ck_assert_int_eq(process_reap(&process[FIRST], PROCESS_NO_PARENT), PROCESS_OK);
    ck_assert_int_eq(process_destroy(&process[FIRST]), PROCESS_OK);
    be_born(FIRST, 1);
    die(1);
    ck_assert_uint_eq(process[2].parent, PROCESS_NO_PARENT);
    ck_assert_uint_eq(process[FIRST].parent, PROCESS_NO_PARENT);
    check_all();
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("family");
    tcase_add_loop_test(tests, families_are_kept, 0, SEEDS);
    tcase_add_test(tests, the_first_process_leaves_its_children_to_the_kernel);
    tcase_add_test(tests, nobody_is_first_after_the_first);
    return suite_run("family", tests);
}
