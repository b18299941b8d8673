/* profile_rules.c -- figures that cannot be of one CPU.
 *
 * Goal: every contradiction that profile_rules.h knows is found, names the two figures, and is gone
 * when the one has the value that fits; what is equal, or not there, contradicts nothing.
 * Method: a profile with two levels more than it needs, changed in one or two figures at a time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/profile_rules.h"

#include <string.h>

#include "tests/support/suite.h"

static struct profile profile;

static void set(enum profile_figure figure, double value)
{
    profile.figure[figure] = (struct figure){ value, FIGURE_ASSUMED, "a test" };
}

#define SET(name, value) set(FIGURE_##name, value)

/* A cycle is 2 ns. */
static void make_profile(void)
{
    profile_init(&profile);
    SET(clock_mhz, 500), SET(max_cores, 16), SET(socket_cores, 8);
    SET(smt_threads, 2), SET(smt_rate, 0.6), SET(small_cores, 4), SET(small_rate, 0.5);
    SET(line_bytes, 64), SET(prefetch_stride_bytes, 128);
    SET(l1_kb, 32), SET(l1_latency_cycles, 4), SET(l1i_kb, 64);
    SET(l2_kb, 512), SET(l2_latency_cycles, 14), SET(l2_cores, 2);
    SET(l2_stream_cycles, 5), SET(l2_stride_cycles, 6);
    SET(l3_kb, 8192), SET(l3_latency_cycles, 40), SET(l3_cores, 4);
    SET(l3_stream_cycles, 8), SET(l3_stride_cycles, 9);
    SET(memory_latency_ns, 200), SET(memory_page_ns, 160), SET(memory_stride_ns, 10);
    SET(memory_read_mb_s, 4000), SET(memory_line_ns, 8);
    SET(tlb_entries, 64), SET(tlb2_entries, 512), SET(tlb2_cycles, 7), SET(page_walk_cycles, 30);
    SET(transfer_smt_ns, 10), SET(transfer_shared_ns, 20), SET(transfer_ns, 50);
    SET(transfer_socket_ns, 90), SET(transfer_line_ns, 30);
    SET(atomic_cycles, 20), SET(handover_ns, 100);
}

static const struct change {
    enum profile_figure figure; /* set so, */
    double value;
    enum profile_figure other; /* contradicts this one, */
    double limit;              /* and does not where it is so instead */
    const char *message;
} changes[] = {
#define CHANGE(figure, value, other, limit, message)                                               \
    {                                                                                              \
        FIGURE_##figure, value, FIGURE_##other, limit, message                                     \
    }
#define AT_RANDOM "no longer than one at random"
    CHANGE(l1_latency_cycles, 15, l2_latency_cycles, 14,
           "l1_latency_cycles, 15, must be at most l2_latency_cycles, 14: what is farther"),
    CHANGE(l2_latency_cycles, 41, l3_latency_cycles, 40, "answers no sooner"),
    CHANGE(l3_latency_cycles, 81, memory_page_ns, 80,
           "l3_latency_cycles, 81 (162 ns), must be at most memory_page_ns, 160"),
    CHANGE(memory_latency_ns, 159, memory_page_ns, 160, "in the page used last"),
    CHANGE(l2_stream_cycles, 15, l2_latency_cycles, 14, AT_RANDOM),
    CHANGE(l2_stride_cycles, 15, l2_latency_cycles, 14, AT_RANDOM),
    CHANGE(l3_stream_cycles, 41, l3_latency_cycles, 40, AT_RANDOM),
    CHANGE(l3_stride_cycles, 41, l3_latency_cycles, 40, AT_RANDOM),
    CHANGE(memory_stride_ns, 201, memory_latency_ns, 200, AT_RANDOM),
    CHANGE(memory_read_mb_s, 19, memory_latency_ns, 20,
           "memory_read_mb_s, 19, must be at least 20 beside memory_latency_ns, 200"),
    CHANGE(memory_line_ns, 201, memory_latency_ns, 200, "done with a line when it has come"),
    CHANGE(memory_line_ns, 0.0063, line_bytes, 0.0064, "no channel gives more than 10^7 MB/s"),
    CHANGE(l1_kb, 513, l2_kb, 512,
           "l1_kb, 513, must be at most l2_kb, 512: a farther cache holds no less, unless it is"),
    CHANGE(l1i_kb, 513, l2_kb, 512, "unless it is exclusive"),
    CHANGE(l2_kb, 8193, l3_kb, 8192, "unless it is exclusive"),
    CHANGE(tlb_entries, 513, tlb2_entries, 512, "the second buffer holds no less"),
    CHANGE(tlb2_cycles, 31, page_walk_cycles, 30, "no longer than a walk"),
    CHANGE(transfer_smt_ns, 21, transfer_shared_ns, 20, "a line from nearer"),
    CHANGE(transfer_shared_ns, 51, transfer_ns, 50, "a line from nearer"),
    CHANGE(transfer_ns, 91, transfer_socket_ns, 90, "a line from nearer"),
    CHANGE(transfer_line_ns, 51, transfer_ns, 50, AT_RANDOM),
    CHANGE(atomic_cycles, 3.9, l1_latency_cycles, 4, "atomic_cycles, 3.9, must be at least l1_lat"),
    CHANGE(handover_ns, 39, atomic_cycles, 40, "at least atomic_cycles, 20 (40 ns), since a lock"),
    CHANGE(handover_ns, 0, atomic_cycles, 40, "since a lock is taken when it is passed"),
    CHANGE(handover_ns, 2881, transfer_ns, 2880, "at most 32 times the farthest transfer, 90"),
    CHANGE(small_cores, 16, max_cores, 15, "small_cores, 16, must be less than max_cores, 16"),
    CHANGE(socket_cores, 20, max_cores, 16, "socket_cores, 20, must divide max_cores, 16"),
    CHANGE(socket_cores, 12, max_cores, 4, "all sockets have as many cores"),
    CHANGE(l2_cores, 3, l3_cores, 2, "l2_cores, 3, must divide l3_cores, 4"),
    CHANGE(l3_cores, 6, socket_cores, 4, "l3_cores, 6, must divide socket_cores, 8"),
    CHANGE(smt_rate, 0.4, smt_threads, 0.5,
           "smt_rate, 0.4, must be at least 1 / smt_threads, 0.5: all threads of a core together"),
    CHANGE(prefetch_stride_bytes, 32, line_bytes, 64, "the shortest stride is a line; 0: none"),
};

enum { CHANGES = sizeof changes / sizeof changes[0] };

static void expect(enum profile_figure figure, enum profile_figure other, const char *message)
{
    struct contradiction found;
    ck_assert_msg(profile_contradicts(&profile, &found), "%s: nothing is found", message);
    bool either = (found.figure == figure && found.other == other) ||
                  (found.figure == other && found.other == figure);
    ck_assert_msg(either, "%s contradicts %s: %s", figure_descriptions[found.figure].name,
                  figure_descriptions[found.other].name, found.message);
    ck_assert_msg(strstr(found.message, message) != NULL, "\"%s\" is not in \"%s\"", message,
                  found.message);
}

static void expect_nothing(void)
{
    struct contradiction found;
    ck_assert_msg(!profile_contradicts(&profile, &found), "%s", found.message);
}

START_TEST(a_contradiction_is_found)
{
    const struct change *change = &changes[_i];
    struct contradiction found;
    make_profile();
    expect_nothing();
    set(change->figure, change->value);
    expect(change->figure, change->other, change->message);
    ck_assert(profile_contradicts(&profile, &found));
    set(found.figure, found.fitting);
    expect_nothing();
    make_profile();
    set(change->figure, change->limit);
    expect_nothing();
}
END_TEST

START_TEST(only_what_is_there_contradicts)
{
    make_profile();
    SET(clock_mhz, 10000); /* 40 cycles are 4 ns */
    SET(memory_page_ns, 3.9);
    expect(FIGURE_l3_latency_cycles, FIGURE_memory_page_ns, "l3_latency_cycles, 40 (4 ns)");
    profile.figure[FIGURE_memory_page_ns].value = 0;
    expect_nothing();
    SET(l2_kb, 16), SET(l2_exclusive, 1), SET(l1_kb, 64);
    expect_nothing();
    SET(l2_inclusive, 1);
    expect(FIGURE_l2_exclusive, FIGURE_l2_inclusive, "a cache is one of them, or neither");
    make_profile();
    SET(l3_exclusive, 1), SET(l3_inclusive, 1);
    expect(FIGURE_l3_exclusive, FIGURE_l3_inclusive, "a cache is one of them, or neither");
    make_profile();
    profile.figure[FIGURE_transfer_shared_ns].value = 0;
    SET(transfer_smt_ns, 51);
    expect(FIGURE_transfer_smt_ns, FIGURE_transfer_ns, "a line from nearer");
}
END_TEST

static void absent(enum profile_figure figure)
{
    profile.figure[figure] =
        (struct figure){ figure_descriptions[figure].fallback, FIGURE_ABSENT, NULL };
}

START_TEST(what_is_said_of_nothing_is_found)
{
    static const enum profile_figure pairs[][2] = {
        { FIGURE_l2_stream_cycles, FIGURE_l2_kb },   { FIGURE_l3_stride_cycles, FIGURE_l3_kb },
        { FIGURE_tlb2_entries, FIGURE_tlb_entries }, { FIGURE_small_cores, FIGURE_small_rate },
        { FIGURE_small_rate, FIGURE_small_cores },   { FIGURE_smt_threads, FIGURE_smt_rate },
        { FIGURE_smt_rate, FIGURE_smt_threads },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        make_profile();
        absent(FIGURE_l3_stream_cycles);
        absent(pairs[i][1]);
        expect(pairs[i][0], pairs[i][1], "; give that too, or leave this out");
    }
    make_profile();
    absent(FIGURE_tlb_entries), absent(FIGURE_tlb2_entries);
    SET(tlb_tagged, 1);
    expect(FIGURE_tlb_tagged, FIGURE_tlb_entries, "tlb_tagged is 1 where there is no tlb_entries");
    make_profile();
    SET(smt_threads, 1);
    expect(FIGURE_smt_rate, FIGURE_smt_threads, "smt_rate is 0.6 where there is no second of smt");
    SET(smt_rate, 1); /* says nothing */
    expect_nothing();
    SET(smt_threads, 2); /* each as fast as alone, as in a barrel processor */
    expect_nothing();
    SET(atomic_cycles, 0), SET(handover_ns, 0); /* locks that cost nothing */
    expect_nothing();
    SET(handover_ns, 9999); /* but a hand-over of what a theory says */
    expect_nothing();
}
END_TEST

START_TEST(a_value_is_one_of_those_allowed)
{
    ck_assert_ptr_null(figure_values_wanted(FIGURE_VALUES_ANY, 0.3));
    ck_assert_ptr_null(figure_values_wanted(FIGURE_VALUES_WHOLE, 3));
    ck_assert_str_eq(figure_values_wanted(FIGURE_VALUES_WHOLE, 3.5), "a whole number");
    ck_assert_ptr_null(figure_values_wanted(FIGURE_VALUES_SWITCH, 1));
    ck_assert_str_eq(figure_values_wanted(FIGURE_VALUES_SWITCH, 0.5), "0 (no) or 1 (yes)");
    ck_assert_ptr_null(figure_values_wanted(FIGURE_VALUES_POWER, 1048576));
    ck_assert_str_eq(figure_values_wanted(FIGURE_VALUES_POWER, 48), "a power of two");
    for (double value = 4; value <= 64; value++)
        ck_assert_int_eq(figure_values_wanted(FIGURE_VALUES_HISTORY, value) == NULL,
                         value == 4 || value == 16 || value == 64);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("profile_rules");
    tcase_add_loop_test(tests, a_contradiction_is_found, 0, CHANGES);
    tcase_add_test(tests, only_what_is_there_contradicts);
    tcase_add_test(tests, what_is_said_of_nothing_is_found);
    tcase_add_test(tests, a_value_is_one_of_those_allowed);
    return suite_run("profile_rules", tests);
}
