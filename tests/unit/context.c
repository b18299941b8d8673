/* context.c -- the context switch: the drills of tests/context/drills.c, which says what they are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>

#include "tests/context/drills.h"
#include "tests/support/suite.h"

START_TEST(drill)
{
    const char *failure = drills[_i].run();
    if (failure != NULL)
        ck_abort_msg("%s: %s", drills[_i].name, failure);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("context");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, drill, 0, DRILLS);
    return suite_run("context", tests);
}
