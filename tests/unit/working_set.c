/* working_set.c -- what processes lose in the caches and pay to get back.
 *
 * Goal: a set that stayed is free; one that was evicted, or left on another core, is paid for as
 * the formula says, but for what it would not have kept alone; short bursts refill in part;
 * translations are lost with a switch; sets larger than the caches stream, evict the scheduler,
 * slow its misses down and one another.
 * Method: a made-up machine with round figures, whose costs tell where a line came from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/working_set.h"

#include "tests/support/suite.h"

/* 1 GHz.  L1: 4 KB, 2 ways, 32 sets.  L2: 32 KB, 4 ways, 128 sets.  Lines of 64 bytes: 9 ns from
 * the L2, 64 ns from memory; one is touched every 24 ns. */
static struct profile cpu;
static struct memory memory;
static struct working_sets sets;
static struct arena arena;
static gsl_rng *rng;

enum { A, B, PROCESSES = 8 };

static const uint64_t long_run = UINT64_C(1000000000);

static void profile_make(void)
{
    profile_init(&cpu);
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_instructions_per_cycle].value = 1;
    cpu.figure[FIGURE_line_bytes].value = 64;
    cpu.figure[FIGURE_l1_kb].value = 4;
    cpu.figure[FIGURE_l1_ways].value = 2;
    cpu.figure[FIGURE_l1_latency_cycles].value = 3;
    cpu.figure[FIGURE_l2_kb].value = 32;
    cpu.figure[FIGURE_l2_ways].value = 4;
    cpu.figure[FIGURE_l2_latency_cycles].value = 12;
    cpu.figure[FIGURE_l2_cores].value = 1;
    cpu.figure[FIGURE_memory_latency_ns].value = 100;
    cpu.figure[FIGURE_memory_read_mb_s].value = 1000;
    cpu.figure[FIGURE_transfer_ns].value = 70;
}

static void machine_init(uint32_t cores)
{
    arena_free(&arena);
    random_seek(rng, 7, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&memory,
                &(struct memory_setup){ .cpu = &cpu,
                                        .core_count = cores,
                                        .users = PROCESSES,
                                        .bytes = 1 << 16,
                                        .stride = 128,
                                        .stride_real = 128,
                                        .rng = rng },
                &arena);
    working_sets_init(&sets, &memory, PROCESSES, 1, &arena);
}

static bool random_order;

static struct working_set sequential(uint32_t lines)
{
    return (struct working_set){ lines, false };
}

/* A process comes back, runs for run_ps, and leaves.  Returns its stall. */
static uint64_t turn(uint32_t core, uint32_t process, uint32_t lines, uint64_t run_ps)
{
    static uint64_t now_ps;
    now_ps += long_run; /* nothing is left in a queue */
    struct working_set set = { lines, random_order };
    uint64_t stall = working_set_refill(&sets, core, process, set, true, run_ps, 0, now_ps);
    working_set_ran(&sets, core, process, set, 0, 0, run_ps);
    working_set_leave(&sets, core, process);
    return stall;
}

/* A refill that would outlast the slice is as far as the work when that ends: the two go on side by
 * side, so there is work in every slice, however short. */
START_TEST(a_short_slice_refills_its_share)
{
    enum { LINES = 512 };
    machine_init(1);
    const uint64_t now_ps = 100 * long_run;
    turn(0, A, LINES, long_run);
    uint64_t gone = 4 * memory_cache(&memory, 1, 0)->lines;
    for (uint32_t level = 0; level < memory.level_count; level++)
        cache_use(memory_cache(&memory, level, 0), 0, (uint32_t)gone);
    struct footprint before = sets.footprint[A];
    uint64_t whole_ps =
        working_set_refill(&sets, 0, A, sequential(LINES), true, long_run, 0, now_ps);
    uint64_t work_ps = LINES * memory.touch_fs / 1000;
    ck_assert_uint_gt(whole_ps, 0);
    for (uint64_t share = 2; share <= 64; share *= 2) {
        sets.footprint[A] = before;
        uint64_t slice_ps = (work_ps + whole_ps) / share;
        uint64_t stall_ps = working_set_refill(&sets, 0, A, sequential(LINES), true, long_run,
                                               slice_ps, now_ps + share * long_run);
        ck_assert_double_eq_tol((double)stall_ps, (double)whole_ps / (double)share, 4);
        ck_assert_uint_lt(stall_ps, slice_ps);
    }
}
END_TEST

START_TEST(sets_are_refilled)
{
    profile_make();
    machine_init(2);
    ck_assert_uint_eq(turn(0, A, 32, long_run), 0); /* its first run is free */
    ck_assert_uint_eq(turn(0, A, 32, long_run), 0);
    turn(0, B, 512, long_run); /* as many lines as the L2 has */
    /* A has a line in every fourth L2 set at depth 0, and 4 ways: lost with P[Poisson(4) >= 4]; in
     * every L1 set at depth 0, and 2 ways: P[Poisson(16) >= 2]. */
    double lost = 1 - cache_survival(4, 4), lost_nearby = 1 - cache_survival(16, 2);
    double known_ps = 32 * lost * (64000 - 9000) + 32 * lost_nearby * 9000;
    ck_assert_double_eq_tol((double)turn(0, A, 32, long_run), known_ps, 2);
    ck_assert_uint_eq(turn(1, A, 32, long_run), 32 * 64000); /* nothing there */
}
END_TEST

/* Six processes of 200 lines take turns: together 1200 in a cache of 512.  Each finds as much as
 * survives the use of 1000 others, however often they go round; three of 100 lose little. */
START_TEST(sets_that_do_not_fit_are_not_kept)
{
    static const uint32_t counts[] = { 6, 3 }, sizes[] = { 200, 100 };
    for (int i = 0; i < 2; i++) {
        profile_make();
        machine_init(1);
        double stall_ps = 0;
        for (int round = 0; round < 100; round++)
            for (uint32_t process = 0; process < counts[i]; process++)
                stall_ps = (double)turn(0, process, sizes[i], long_run);
        double rate = (counts[i] - 1) * sizes[i] / 128.0, depths = sizes[i] / 128.0;
        double kept = cache_survival(rate, 4) * (depths < 1 ? depths : 1);
        kept += cache_survival(rate, 3) * (depths > 1 ? depths - 1 : 0);
        /* From the L2 they would come alone, too. */
        double known_ps = sizes[i] * (1 - kept / depths) * (64000 - 9000);
        ck_assert_double_eq_tol(stall_ps, known_ps, 0.02 * known_ps);
    }
}
END_TEST

/* Of 64 + 16 lines swept in order, 16 of the 32 L1 sets have three lines for two ways and keep
 * none: 32 lines stay there alone, and are gone when others have come; of 512 + 128, none in the
 * L2. */
START_TEST(sweeps_lose_what_they_lose_alone)
{
    static const uint32_t sizes[] = { 64, 64 + 16, 64 + 32, 512 + 128 };
    static const double known_lines[] = { 64, 32, 0, 0 };
    for (int i = 0; i < 4; i++) {
        profile_make();
        cpu.figure[FIGURE_l2_ways].value = 8; /* so many that B takes next to nothing from it */
        machine_init(1);
        turn(0, A, sizes[i], long_run);
        turn(0, B, 64, long_run); /* two a set of the L1 */
        double lost = 1 - (cache_survival(2, 2) + cache_survival(2, 1)) / 2;
        ck_assert_double_eq_tol((double)turn(0, A, sizes[i], long_run),
                                known_lines[i] * lost * 9000, 1000);
    }
}
END_TEST

/* At random nothing streams: 100 ns a line from memory, of which 9 - 3 were paid alone, too, for
 * what the L1 does not hold; and a set larger than the L2 loses the 512 lines that are there. */
START_TEST(random_lines_take_their_latency)
{
    random_order = true;
    profile_make();
    cpu.figure[FIGURE_l2_stream_cycles].value = 5; /* of no account here */
    machine_init(1);
    for (uint32_t lines = 32; lines <= 2048; lines *= 4) {
        turn(0, A, lines, long_run);
        turn(0, B, 100000, UINT64_C(1000) * long_run);
        uint32_t in_l1 = lines < 64 ? lines : 64, in_l2 = lines < 512 ? lines : 512;
        ck_assert_double_eq_tol((double)turn(0, A, lines, long_run),
                                in_l1 * 9000.0 + in_l2 * (100000.0 - 9000), 2);
        working_set_forget(&sets, A);
    }
    random_order = false;
}
END_TEST

/* Bursts that touch a quarter bring a quarter back, and leave the rest as it is: of a set that is
 * gone they miss all, 3/4, (3/4)^2 ... of what they touch. */
START_TEST(short_bursts_refill_in_part)
{
    profile_make();
    machine_init(1);
    turn(0, A, 32, long_run);
    turn(0, B, 100000, UINT64_C(1000) * long_run);
    for (double gone = 1; gone > 0.1; gone *= 0.75)
        ck_assert_double_eq_tol((double)turn(0, A, 32, memory.touch_fs * 8 / 1000),
                                gone * 8 * 64000, 20);
}
END_TEST

/* An exclusive second level holds what the first does not: 576 lines stay in 64 + 512. */
START_TEST(exclusive_levels_add_up)
{
    for (int exclusive = 0; exclusive < 2; exclusive++) {
        profile_make();
        cpu.figure[FIGURE_l2_exclusive].value = exclusive;
        machine_init(1);
        working_set_stream(&memory, 0, sequential(576));
        ck_assert_int_eq(memory.core_streaming[0] == 0, exclusive);
    }
}
END_TEST

/* Two pages of 64 lines, 30 cycles each to translate, are lost with a switch of page tables. */
START_TEST(translations_are_lost)
{
    for (int tagged = 0; tagged < 2; tagged++) {
        profile_make();
        cpu.figure[FIGURE_tlb_entries].value = 16;
        cpu.figure[FIGURE_tlb_ways].value = 4;
        cpu.figure[FIGURE_page_walk_cycles].value = 30;
        cpu.figure[FIGURE_tlb_tagged].value = tagged;
        machine_init(1);
        turn(0, A, 64, long_run);
        ck_assert_uint_eq(turn(0, A, 64, long_run), tagged ? 0 : 2 * 30000);
        ck_assert_uint_eq(working_set_refill(&sets, 0, A, sequential(64), false, long_run, 0, 0),
                          0);
    }
}
END_TEST

/* What a process streamed through the caches evicts the scheduler's lines and its code. */
START_TEST(user_code_evicts_the_scheduler)
{
    uint32_t missed = 0;
    profile_make();
    cpu.figure[FIGURE_l1i_kb].value = 4;
    cpu.figure[FIGURE_l1i_ways].value = 2;
    machine_init(1);
    for (uint32_t line = 0; line < 256; line++)
        memory_access(&memory, 0, line, false, 0);
    const struct cache *code = memory_cache(&memory, MEMORY_CODE, 0);
    uint32_t stamp = code->uses.now;
    working_set_ran(&sets, 0, A, sequential(100000), 0, 100000, UINT64_C(1000000000000));
    for (uint32_t line = 0; line < 256; line++)
        missed += memory_access(&memory, 0, line, false, long_run + line * 1000000) == 100000000;
    ck_assert_uint_eq(missed, 256);
    ck_assert_uint_ge(cache_used_since(code, stamp), code->lines);
}
END_TEST

/* Two refills at once share one channel: the second waits for the first. */
START_TEST(refills_queue)
{
    profile_make();
    machine_init(2);
    turn(0, A, 32, long_run);
    turn(1, B, 32, long_run);
    uint64_t now_ps = UINT64_C(1) << 60;
    uint64_t first = working_set_refill(&sets, 1, A, sequential(32), true, long_run, 0, now_ps);
    uint64_t second = working_set_refill(&sets, 0, B, sequential(32), true, long_run, 0, now_ps);
    ck_assert_uint_eq(first, 32 * 64000);
    ck_assert_uint_eq(second, first + 32 * 64000);
}
END_TEST

/* Three cores that stream a line per 64 ns, where one takes 40 ns of the channel: they want 15/8
 * of it, so each goes on at 8/15; an access beside two of them (5/4, taken as 15/16) waits. */
START_TEST(streams_share_the_channel)
{
    profile_make();
    cpu.figure[FIGURE_memory_line_ns].value = 40;
    machine_init(4);
    ck_assert(!working_set_stream(&memory, 0, sequential(100))); /* fits: no stream */
    ck_assert_uint_eq(working_set_rate(&memory, 0), UINT64_C(1) << 32);
    ck_assert(!working_set_stream(&memory, 0, sequential(1000))); /* 5/8: enough for all */
    ck_assert(working_set_stream(&memory, 1, sequential(1000)));
    ck_assert(working_set_stream(&memory, 2, sequential(1000)));
    for (uint32_t core = 0; core < 3; core++)
        ck_assert_double_eq_tol((double)working_set_rate(&memory, core) * 0x1p-32, 8.0 / 15, 1e-6);
    ck_assert_uint_eq(working_set_rate(&memory, 3), UINT64_C(1) << 32);
    uint64_t alone_fs = 100000000, wait_fs = 40000000 * UINT64_C(15) / 2;
    ck_assert_uint_eq(memory_access(&memory, 3, 7, false, 0), alone_fs + wait_fs);
    ck_assert(working_set_stream(&memory, 1, sequential(0)));
    ck_assert(working_set_stream(&memory, 2, sequential(0)));
    ck_assert_uint_eq(working_set_rate(&memory, 0), UINT64_C(1) << 32);
    ck_assert_uint_eq(memory_access(&memory, 0, 200, false, 1000000000), alone_fs);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("working_set");
    rng = gsl_rng_alloc(random_philox);
    tcase_add_test(tests, sets_are_refilled);
    tcase_add_test(tests, a_short_slice_refills_its_share);
    tcase_add_test(tests, sets_that_do_not_fit_are_not_kept);
    tcase_add_test(tests, sweeps_lose_what_they_lose_alone);
    tcase_add_test(tests, random_lines_take_their_latency);
    tcase_add_test(tests, short_bursts_refill_in_part);
    tcase_add_test(tests, exclusive_levels_add_up);
    tcase_add_test(tests, translations_are_lost);
    tcase_add_test(tests, user_code_evicts_the_scheduler);
    tcase_add_test(tests, refills_queue);
    tcase_add_test(tests, streams_share_the_channel);
    int status = suite_run("working_set", tests);
    gsl_rng_free(rng);
    return status;
}
