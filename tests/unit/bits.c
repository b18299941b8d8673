/* bits.c -- the lowest and the highest set bit of words with every pair of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>

#include "braid/bits.h"
#include "tests/support/suite.h"

START_TEST(finds_both_ends)
{
    for (unsigned low = 0; low < 32; low++)
        for (unsigned high = low; high < 32; high++) {
            uint32_t ends = UINT32_C(1) << low | UINT32_C(1) << high;
            uint32_t between = (UINT32_C(2) << high) - (UINT32_C(1) << low);
            ck_assert_uint_eq(bits_lowest(ends), low);
            ck_assert_uint_eq(bits_highest(ends), high);
            ck_assert_uint_eq(bits_lowest(between), low);
            ck_assert_uint_eq(bits_highest(between), high);
        }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bits");
    tcase_add_test(tests, finds_both_ends);
    return suite_run("bits", tests);
}
