/* memory.c -- caches, coherence and working sets of the machine model.
 *
 * Goal: an access costs what the level that holds the line says; a line written elsewhere costs a
 * transfer; lines conflict by set; working sets evict, and are evicted, as the formula says.
 * Method: a made-up machine with round figures, whose costs tell where a line came from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/memory.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "tests/support/suite.h"

/* 1 GHz, so a cycle is 1 ns = 10^6 fs.  L1: 4 KB, 2 ways, 32 sets.  L2: 32 KB, 4 ways, 128 sets. */
static struct profile cpu;
static struct memory memory;
static struct arena arena;
static gsl_rng *rng;

enum { FS = 1000000, L2_HIT = 9 * FS, MEMORY = 100 * FS, TRANSFER = 70 * FS, LINE = 64 };

static void machine_init(double l2_cores, uint32_t cores, uint32_t stride)
{
    arena_free(&arena);
    cpu = (struct profile){ .name = "test" };
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_instructions_per_cycle].value = 1;
    cpu.figure[FIGURE_line_bytes].value = LINE;
    cpu.figure[FIGURE_l1_kb].value = 4;
    cpu.figure[FIGURE_l1_ways].value = 2;
    cpu.figure[FIGURE_l1_latency_cycles].value = 3;
    cpu.figure[FIGURE_l2_kb].value = 32;
    cpu.figure[FIGURE_l2_ways].value = 4;
    cpu.figure[FIGURE_l2_latency_cycles].value = 12;
    cpu.figure[FIGURE_l2_cores].value = l2_cores;
    cpu.figure[FIGURE_memory_latency_ns].value = 100;
    cpu.figure[FIGURE_memory_read_mb_s].value = 1000; /* 64 ns a line */
    cpu.figure[FIGURE_transfer_ns].value = 70;
    cpu.figure[FIGURE_transfer_shared_ns].value = 20;
    random_seek(rng, 7, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&memory,
                &(struct memory_setup){ .cpu = &cpu,
                                        .core_count = cores,
                                        .bytes = 1 << 20,
                                        .stride_to = 1 << 20,
                                        .stride = stride,
                                        .stride_real = 128,
                                        .rng = rng },
                &arena);
}

static uint64_t read_line(uint32_t core, uint32_t line, uint64_t now_ps)
{
    return memory_access(&memory, core, line, false, now_ps);
}

static uint64_t write_line(uint32_t core, uint32_t line, uint64_t now_ps)
{
    return memory_access(&memory, core, line, true, now_ps);
}

START_TEST(levels_cost_what_they_should)
{
    machine_init(1, 1, 128);
    ck_assert_uint_eq(read_line(0, 0, 0), MEMORY);
    ck_assert_uint_eq(read_line(0, 0, 0), 0);
    for (uint32_t line = 1; line < 64; line++) /* a page holds every L1 set twice */
        read_line(0, line, 0);
    read_line(0, 64, 0);
    read_line(0, 96, 0); /* one of the next page's halves meets line 0's set twice */
    read_line(0, 128, 0);
    read_line(0, 160, 0);
    ck_assert_uint_eq(read_line(0, 0, 0), L2_HIT);
    ck_assert_uint_eq(write_line(0, 0, 0), 0);
}
END_TEST

START_TEST(a_written_line_is_transferred)
{
    machine_init(1, 3, 128);
    write_line(0, 5, 0);
    ck_assert_uint_eq(write_line(0, 5, 0), 0);
    ck_assert_uint_eq(read_line(1, 5, 1000000), TRANSFER); /* only core 0 has it */
    ck_assert_uint_eq(read_line(1, 5, 2000000), 0);        /* now both do */
    ck_assert_uint_eq(read_line(0, 5, 2000000), 0);
    ck_assert_uint_eq(write_line(1, 5, 3000000), TRANSFER); /* core 0's copy must go */
    ck_assert_uint_eq(write_line(1, 5, 4000000), 0);
    ck_assert_uint_eq(read_line(0, 5, 5000000), TRANSFER);
    ck_assert_uint_eq(read_line(2, 5, 6000000), MEMORY); /* clean by now */
}
END_TEST

START_TEST(a_shared_cache_is_nearer)
{
    machine_init(2, 4, 128);
    write_line(0, 5, 0);
    ck_assert_uint_eq(read_line(1, 5, 1000000), 20 * FS);
    ck_assert_uint_eq(read_line(2, 5, 2000000), MEMORY); /* clean, in the other cache */
    write_line(3, 6, 0);
    ck_assert_uint_eq(write_line(0, 6, 1000000), TRANSFER);
}
END_TEST

START_TEST(transfers_of_one_line_queue)
{
    machine_init(1, 3, 128);
    write_line(0, 9, 0);
    memory.wait_fs = 0;
    ck_assert_uint_eq(write_line(1, 9, 0), TRANSFER);
    ck_assert_uint_eq(write_line(2, 9, 0), 2 * (uint64_t)TRANSFER); /* waits for the first */
    ck_assert_uint_eq(memory.wait_fs, TRANSFER);
}
END_TEST

/* Entries execute in the order in which they begin: one may book a transfer for later before
 * another, which began after it, touches the line sooner. */
START_TEST(a_later_transfer_holds_nobody_up)
{
    machine_init(1, 4, 128);
    write_line(0, 9, 0);
    ck_assert_uint_eq(write_line(1, 9, 5000000), TRANSFER);
    ck_assert_uint_eq(write_line(2, 9, 1000000), TRANSFER);
    ck_assert_uint_eq(memory.wait_fs, 0);
    ck_assert_uint_eq(write_line(3, 9, 5000000), 2 * (uint64_t)TRANSFER); /* still booked */
}
END_TEST

/* A hundred process structures side by side, four pages, stay in a cache of eight pages whatever
 * their colours; 8 KB apart they all fall into the same set. */
START_TEST(aligned_structures_conflict)
{
    uint64_t misses[2] = { 0, 0 };
    static const uint32_t strides[2] = { 128, 8192 };
    for (int k = 0; k < 2; k++) {
        machine_init(1, 1, strides[k]);
        for (int round = 0; round < 4; round++)
            for (uint64_t i = 0; i < 100; i++)
                misses[k] +=
                    memory_access(&memory, 0, (uint32_t)(i * 128 / LINE), false, 0) == MEMORY &&
                    round > 0;
    }
    ck_assert_uint_eq(misses[0], 0);
    ck_assert_uint_eq(misses[1], 300);
}
END_TEST

START_TEST(survival_is_poisson)
{
    ck_assert_double_eq_tol(memory_survival(0, 1), 1, 1e-6);
    ck_assert_double_eq_tol(memory_survival(1, 1), exp(-1), 1e-3);
    ck_assert_double_eq_tol(memory_survival(2.385, 2), exp(-2.385) * 3.385, 1e-3);
    ck_assert_double_eq(memory_survival(2.385, 0), 0);
    ck_assert_double_eq(memory_survival(1000, 8), 0);
    for (double rate = 0.03; rate < 200; rate *= 1.3)
        for (unsigned ways = 1; ways <= 64; ways *= 2)
            ck_assert_double_eq_tol(memory_survival(rate, ways), gsl_cdf_poisson_P(ways - 1, rate),
                                    1e-3);
}
END_TEST

/* A process alone finds everything; after another of n lines it misses what that evicted; on
 * another core it misses all.  Refill streams: 64 ns a line from memory, 9 ns from the L2. */
START_TEST(working_sets_are_refilled)
{
    machine_init(1, 2, 128);
    struct footprint a = { .core = MEMORY_NO_CORE }, b = { .core = MEMORY_NO_CORE };
    const uint64_t long_run = UINT64_C(1000000000);
    ck_assert_uint_eq(memory_refill(&memory, 0, &a, 32, long_run), 0); /* its first run is free */
    memory_leave(&memory, 0, &a);
    ck_assert_uint_eq(memory_refill(&memory, 0, &a, 32, long_run), 0);
    memory_leave(&memory, 0, &a);
    memory_refill(&memory, 0, &b, 512, long_run); /* as many lines as the L2 has */
    memory_leave(&memory, 0, &b);
    /* a has a line in every fourth L2 set at depth 0, and 4 ways: lost with P[Poisson(4) >= 4]. */
    double lost = 1 - memory_survival(4, 4);
    double lost_nearby = 1 - memory_survival(2, 2); /* the L1 took 64 lines into 32 sets */
    uint64_t stall = memory_refill(&memory, 0, &a, 32, long_run);
    double known_ps = 32 * lost * 64000 + 32 * lost_nearby * 9000;
    ck_assert_double_eq_tol((double)stall, known_ps, known_ps * 0.05);
    memory_leave(&memory, 0, &a);
    stall = memory_refill(&memory, 1, &a, 32, long_run);
    ck_assert_uint_eq(stall, 32 * (64000 + 9000));
    /* A burst of half the time that it takes to touch all refills half. */
    a.core = 0;
    a.stamp[0] -= 1000000;
    a.stamp[1] -= 1000000;
    stall = memory_refill(&memory, 0, &a, 32, memory.touch_fs * 16 / 1000);
    ck_assert_uint_eq(stall, 16 * (64000 + 9000));
}
END_TEST

/* What a process streamed through the caches evicts the scheduler's lines. */
START_TEST(user_code_evicts_the_scheduler)
{
    uint32_t missed = 0;
    machine_init(1, 1, 128);
    for (uint32_t line = 0; line < 256; line++)
        read_line(0, line, 0);
    memory_ran(&memory, 0, 100000, UINT64_C(1000000000000));
    for (uint32_t line = 0; line < 256; line++)
        missed += read_line(0, line, 0) == MEMORY;
    ck_assert_uint_eq(missed, 256);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("memory");
    rng = gsl_rng_alloc(random_philox);
    tcase_add_test(tests, levels_cost_what_they_should);
    tcase_add_test(tests, a_written_line_is_transferred);
    tcase_add_test(tests, a_shared_cache_is_nearer);
    tcase_add_test(tests, transfers_of_one_line_queue);
    tcase_add_test(tests, a_later_transfer_holds_nobody_up);
    tcase_add_test(tests, aligned_structures_conflict);
    tcase_add_test(tests, survival_is_poisson);
    tcase_add_test(tests, working_sets_are_refilled);
    tcase_add_test(tests, user_code_evicts_the_scheduler);
    int status = suite_run("memory", tests);
    gsl_rng_free(rng);
    return status;
}
