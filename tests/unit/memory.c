/* memory.c -- caches, coherence and memory of the machine model.
 *
 * Goal: an access costs what the level that holds the line says, less in a stream or an open page,
 * more with a translation; a line written elsewhere costs a transfer, unless it went back to
 * memory; exclusive and inclusive levels hold what they should; lines conflict by set; memory and
 * transfers queue, and nobody waits for, or sees, what falls due later.
 * Method: a made-up machine with round figures, whose costs tell where a line came from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/memory.h"

#include "tests/support/suite.h"

/* 1 GHz, so a cycle is 1 ns = 10^6 fs.  L1: 4 KB, 2 ways, 32 sets.  L2: 32 KB, 4 ways, 128 sets. */
static struct profile cpu;
static struct memory memory;
static struct arena arena;
static gsl_rng *rng;

enum { FS = 1000000, L2_HIT = 9 * FS, MEMORY = 100 * FS, TRANSFER = 70 * FS, LINE = 64 };

static void profile_make(double l2_cores)
{
    profile_init(&cpu);
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
}

static void machine_make(uint32_t cores, uint32_t stride)
{
    arena_free(&arena);
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

static void machine_init(double l2_cores, uint32_t cores, uint32_t stride)
{
    profile_make(l2_cores);
    machine_make(cores, stride);
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
        uint64_t now_ps = 0;
        for (int round = 0; round < 4; round++)
            for (uint32_t i = 0; i < 100; i++)
                misses[k] += read_line(0, i * 128 / LINE, now_ps += MEMORY) == MEMORY && round > 0;
    }
    ck_assert_uint_eq(misses[0], 0);
    ck_assert_uint_eq(misses[1], 300);
}
END_TEST

/* ---- Memory ------------------------------------------------------------------------------- */

/* The page that was used last is open; a line at twice the distance of the last one continues a
 * stream, up to the prefetcher's reach. */
START_TEST(pages_and_streams)
{
    profile_make(1);
    cpu.figure[FIGURE_memory_page_ns].value = 80;
    cpu.figure[FIGURE_prefetch_stride_bytes].value = 256;
    machine_make(1, 128);
    ck_assert_uint_eq(read_line(0, 0, 0), MEMORY);
    ck_assert_uint_eq(read_line(0, 2, 1000000), 80 * FS);  /* open, no stream yet */
    ck_assert_uint_eq(read_line(0, 4, 2000000), 64 * FS);  /* streams, */
    ck_assert_uint_eq(read_line(0, 6, 3000000), 64 * FS);  /* and goes on */
    ck_assert_uint_eq(read_line(0, 30, 4000000), 80 * FS); /* open, but too far away */
    ck_assert_uint_eq(read_line(0, 64 * 9, 5000000), MEMORY);
    ck_assert_uint_eq(read_line(0, 1, 6000000), MEMORY); /* another page has been used */
}
END_TEST

/* A walk of two lines a step costs what strides do, and still does when it leaves steps out; in
 * sequence it costs less. */
START_TEST(walks_with_gaps)
{
    profile_make(1);
    cpu.figure[FIGURE_memory_stride_ns].value = 70;
    cpu.figure[FIGURE_prefetch_stride_bytes].value = 1024;
    machine_make(1, 128);
    read_line(0, 0, 0);
    read_line(0, 2, 1000000);
    ck_assert_uint_eq(read_line(0, 4, 2000000), 70 * FS);
    ck_assert_uint_eq(read_line(0, 8, 3000000), 70 * FS);
    ck_assert_uint_eq(read_line(0, 16, 4000000), 70 * FS);
    ck_assert_uint_eq(read_line(0, 19, 5000000), MEMORY); /* no whole step */
    read_line(0, 20, 6000000);
    ck_assert_uint_eq(read_line(0, 21, 7000000), 64 * FS);
}
END_TEST

START_TEST(the_other_line_of_a_pair_comes_too)
{
    profile_make(1);
    cpu.figure[FIGURE_adjacent_line].value = 1;
    machine_make(1, 128);
    ck_assert_uint_eq(read_line(0, 7, 0), MEMORY);
    ck_assert_uint_eq(read_line(0, 6, 1000000), L2_HIT);
    ck_assert_uint_eq(read_line(0, 8, 2000000), MEMORY);
}
END_TEST

/* A line takes 40 ns of the channel: of three cores that ask at once the last waits for two. */
START_TEST(memory_is_a_queue)
{
    profile_make(1);
    cpu.figure[FIGURE_memory_line_ns].value = 40;
    machine_make(3, 128);
    ck_assert_uint_eq(read_line(0, 0, 5000000), MEMORY);
    ck_assert_uint_eq(read_line(1, 100, 5000000), MEMORY + 40 * FS);
    ck_assert_uint_eq(read_line(2, 200, 5000000), MEMORY + 80 * FS);
    ck_assert_uint_eq(read_line(2, 300, 1000000), MEMORY); /* before all that was booked */
    ck_assert_uint_eq(memory.wait_fs, 0);                  /* that is memory's price, no lock's */

    cpu.figure[FIGURE_memory_channels].value = 2;
    cpu.figure[FIGURE_memory_cores].value = 1;
    machine_make(2, 128);
    ck_assert_uint_eq(read_line(0, 0, 5000000), MEMORY);
    ck_assert_uint_eq(read_line(0, 1, 5000000), MEMORY); /* the other channel */
    ck_assert_uint_eq(read_line(1, 2, 5000000), MEMORY); /* the other core's memory */
    ck_assert_uint_eq(read_line(0, 2, 5000000), MEMORY + 40 * FS);
}
END_TEST

/* Two ways of two entries, then four of eight, and 20 or 50 cycles; one line of each page. */
START_TEST(translations_cost)
{
    profile_make(1);
    cpu.figure[FIGURE_tlb_entries].value = 2;
    cpu.figure[FIGURE_tlb_ways].value = 2;
    cpu.figure[FIGURE_tlb2_entries].value = 8;
    cpu.figure[FIGURE_tlb2_ways].value = 4;
    cpu.figure[FIGURE_tlb2_cycles].value = 20;
    cpu.figure[FIGURE_page_walk_cycles].value = 50;
    cpu.figure[FIGURE_kernel_page_kb].value = 4;
    machine_make(1, 128);
    uint64_t now_ps = 0;
    ck_assert_uint_eq(read_line(0, 0, now_ps += MEMORY), MEMORY + 50 * FS);
    ck_assert_uint_eq(read_line(0, 1, now_ps += MEMORY), MEMORY); /* the same page */
    for (uint32_t page = 1; page < 3; page++)
        ck_assert_uint_eq(read_line(0, page * 64 + 2, now_ps += MEMORY), MEMORY + 50 * FS);
    ck_assert_uint_eq(read_line(0, 3, now_ps += MEMORY), MEMORY + 20 * FS);
    ck_assert_uint_eq(read_line(0, 3, now_ps += MEMORY), 0);
    cpu.figure[FIGURE_kernel_page_kb].value = 4096; /* all in one page */
    machine_make(1, 128);
    ck_assert_uint_eq(read_line(0, 0, now_ps), MEMORY + 50 * FS);
    ck_assert_uint_eq(read_line(0, 5 * 64, now_ps += MEMORY), MEMORY);
}
END_TEST

/* ---- Levels that exclude or include ------------------------------------------------------- */

/* Ways of one set: 2 in the first level and 4 in the second, 8 KB apart.  Six lines fit if the
 * second level excludes what the first holds, four if not. */
START_TEST(exclusive_levels_add_up)
{
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        uint64_t misses = 0, now_ps = 0;
        profile_make(1);
        cpu.figure[FIGURE_l2_exclusive].value = exclusive;
        machine_make(1, 8192);
        for (int round = 0; round < 5; round++)
            for (uint32_t i = 0; i < 6; i++)
                misses += read_line(0, i * 2, now_ps += MEMORY) == MEMORY && round > 0;
        ck_assert_uint_eq(misses, exclusive ? 0 : 24);
    }
}
END_TEST

/* What others age out of the first level goes to an exclusive second one: after 200 lines of theirs
 * nearly nothing is left in 64, and nearly all is in 512 more. */
START_TEST(aged_lines_go_to_an_exclusive_level)
{
    enum { LINES = 30 };
    uint64_t now_ps = 0;
    uint32_t found = 0;
    profile_make(1);
    cpu.figure[FIGURE_l2_exclusive].value = 1;
    machine_make(1, 128);
    for (uint32_t line = 0; line < LINES; line++)
        read_line(0, line, now_ps += MEMORY);
    cache_use(memory_cache(&memory, 0, 0), 0, 200);
    for (uint32_t line = 0; line < LINES; line++)
        found += read_line(0, line, now_ps += MEMORY) == L2_HIT;
    ck_assert_uint_ge(found, LINES - 4);
}
END_TEST

/* A line that is used all the time from the first level grows old in the second.  When it has to
 * leave that, an inclusive one takes it from the first as well. */
START_TEST(inclusive_levels_take_away)
{
    for (int inclusive = 0; inclusive < 2; inclusive++) {
        uint64_t now_ps = 0;
        profile_make(1);
        cpu.figure[FIGURE_l2_inclusive].value = inclusive;
        machine_make(1, 8192);
        read_line(0, 0, now_ps);
        for (uint32_t i = 1; i < 5; i++) {
            ck_assert_uint_eq(read_line(0, 0, now_ps += MEMORY), 0);
            read_line(0, i * 2, now_ps += MEMORY);
        }
        ck_assert_uint_eq(read_line(0, 0, now_ps += MEMORY), inclusive ? MEMORY : 0);
    }
}
END_TEST

/* ---- Time --------------------------------------------------------------------------------- */

/* Core 0 writes at 5 us.  Core 1, whose entry began later but reads at 3 us, sees its old copy; at
 * 6 us it needs the new one.  A core without a copy takes the old one from where it is. */
START_TEST(a_write_is_seen_when_it_falls_due)
{
    profile_make(1);
    machine_make(3, 128);
    write_line(0, 4, 0);
    read_line(1, 4, 1000000);
    write_line(0, 4, 5000000);
    memory.early_line = CACHE_NO_LINE;
    ck_assert_uint_eq(read_line(1, 4, 3000000), 0);
    ck_assert_uint_eq(memory.early_line, 4);
    ck_assert_uint_eq(read_line(1, 4, 4000000), 0);
    ck_assert_uint_eq(read_line(1, 4, 6000000), TRANSFER);
    ck_assert_uint_eq(read_line(1, 4, 7000000), 0);
}
END_TEST

/* A line that its writer's caches have put out is in memory again. */
START_TEST(an_evicted_line_comes_from_memory)
{
    profile_make(1);
    machine_make(2, 8192);
    write_line(0, 0, 0);
    for (uint32_t i = 1; i < 5; i++)
        read_line(0, i * 2, i * 1000000);
    ck_assert_uint_eq(read_line(1, 0, 10000000), MEMORY);
    write_line(0, 2, 11000000);
    ck_assert_uint_eq(read_line(1, 2, 20000000), TRANSFER);
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
    tcase_add_test(tests, pages_and_streams);
    tcase_add_test(tests, walks_with_gaps);
    tcase_add_test(tests, the_other_line_of_a_pair_comes_too);
    tcase_add_test(tests, memory_is_a_queue);
    tcase_add_test(tests, translations_cost);
    tcase_add_test(tests, exclusive_levels_add_up);
    tcase_add_test(tests, aged_lines_go_to_an_exclusive_level);
    tcase_add_test(tests, inclusive_levels_take_away);
    tcase_add_test(tests, a_write_is_seen_when_it_falls_due);
    tcase_add_test(tests, an_evicted_line_comes_from_memory);
    int status = suite_run("memory", tests);
    gsl_rng_free(rng);
    return status;
}
