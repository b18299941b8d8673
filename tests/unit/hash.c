/* hash.c -- sim/base/hash.h against values that the authors of FNV-1a publish.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/hash.h"

#include "tests/support/suite.h"

START_TEST(hashes_are_fnv1a)
{
    ck_assert_uint_eq(hash_fnv1a("", 0), UINT64_C(0xCBF29CE484222325));
    ck_assert_uint_eq(hash_fnv1a("a", 1), UINT64_C(0xAF63DC4C8601EC8C));
    ck_assert_uint_eq(hash_fnv1a("foobar", 6), UINT64_C(0x85944171F73967E8));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("hash");
    tcase_add_test(tests, hashes_are_fnv1a);
    return suite_run("hash", tests);
}
