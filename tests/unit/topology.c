/* topology.c -- distances between cores, and what a line costs over each.
 *
 * Method: a machine of two sockets of four cores of two threads, each pair of cores with a second
 * level in common, by hand; then one with as few figures as a profile may have.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/topology.h"

#include "tests/support/suite.h"

START_TEST(distances_of_a_big_machine)
{
    struct topology topology;
    struct profile cpu = { .name = "test" };
    cpu.figure[FIGURE_smt_threads].value = 2;
    cpu.figure[FIGURE_l2_kb].value = 256;
    cpu.figure[FIGURE_l2_cores].value = 2;
    cpu.figure[FIGURE_socket_cores].value = 4;
    cpu.figure[FIGURE_transfer_smt_ns].value = 7;
    cpu.figure[FIGURE_transfer_shared_ns].value = 20;
    cpu.figure[FIGURE_transfer_ns].value = 60;
    cpu.figure[FIGURE_transfer_socket_ns].value = 130;
    topology_init(&topology, &cpu);
    ck_assert_uint_eq(topology_distance(&topology, 5, 5), DISTANCE_SELF);
    ck_assert_uint_eq(topology_distance(&topology, 4, 5), DISTANCE_SMT);
    ck_assert_uint_eq(topology_distance(&topology, 5, 6), DISTANCE_CACHE);
    ck_assert_uint_eq(topology_distance(&topology, 3, 4), DISTANCE_SOCKET);
    ck_assert_uint_eq(topology_distance(&topology, 7, 8), DISTANCE_REMOTE);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 5, 5), 0);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 4, 5), 7000000);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 5, 6), 20000000);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 4, 3), 60000000);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 15, 0), 130000000);
    ck_assert(!topology.uniform);
}
END_TEST

START_TEST(an_absent_figure_is_as_the_next)
{
    struct topology topology;
    struct profile cpu = { .name = "test" };
    cpu.figure[FIGURE_smt_threads].value = 2;
    cpu.figure[FIGURE_transfer_ns].value = 60;
    topology_init(&topology, &cpu);
    ck_assert(topology.uniform);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 0, 1), 60000000);
    ck_assert_uint_eq(topology_distance(&topology, 0, 1000), DISTANCE_SOCKET); /* one socket */
    cpu.figure[FIGURE_l3_kb].value = 4096;
    cpu.figure[FIGURE_l3_cores].value = 8;
    cpu.figure[FIGURE_transfer_shared_ns].value = 25;
    topology_init(&topology, &cpu);
    ck_assert(!topology.uniform);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 0, 1), 25000000); /* siblings share it too */
    ck_assert_uint_eq(topology_transfer_fs(&topology, 0, 15), 25000000);
    ck_assert_uint_eq(topology_transfer_fs(&topology, 15, 16), 60000000);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("topology");
    tcase_add_test(tests, distances_of_a_big_machine);
    tcase_add_test(tests, an_absent_figure_is_as_the_next);
    return suite_run("topology", tests);
}
