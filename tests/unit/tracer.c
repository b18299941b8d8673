/* tracer.c -- the price of real scheduler code, watched as it executes.
 *
 * Goal: a pick of rr executes the same blocks and accesses however many processes are queued, and
 * costs no more than if every access missed; what repeats itself is predicted; a pick of fair_scan
 * grows with the queue, costs more per process once the queue has outgrown a cache, and never less
 * than the latency of a link; prices do not depend on where things are mapped; touching memory that
 * is not the scheduler's is caught.
 * Method: the traced module, loaded as the program loads it, on a Pentium III's caches.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/tracer.h"

#include <limits.h>
#include <stdio.h>

#include "sim/host/loader.h"
#include "sim/input/scenario.h"
#include "tests/support/suite.h"

/* The callbacks of a read and of a write, which a traced module makes. */
void __tsan_read8(void *address), __tsan_write8(void *address);

static struct scheduler scheduler;
static struct profile cpu;
static struct arena files;
static gsl_rng *rng;

/* One torus with count READY processes, on one core; everything in one piece of memory. */
struct rig {
    struct arena arena;
    struct memory memory;
    struct tracer tracer;
    struct torus *torus;
    struct braid *braid;
    sigjmp_buf escape;
};

struct layout {
    struct braid braid;
    struct projection_slot slot;
    struct torus *table[8];
    struct port port;
    uint64_t queue[8];
    _Alignas(64) char torus[sizeof(struct torus) + sizeof(struct torus_core)];
    struct process processes[];
};

static void no_post(void *world, uint16_t target, struct process *process)
{
    (void)world, (void)target, (void)process;
}

static void no_kick(void *world, uint32_t core)
{
    (void)world, (void)core;
}

static void rig_init(struct rig *rig, const char *policy, uint32_t count, size_t shift)
{
    *rig = (struct rig){ .arena = ARENA_EMPTY };
    size_t bytes = sizeof(struct layout) + count * sizeof(struct process);
    struct layout *at =
        (struct layout *)(void *)((char *)arena_alloc(&rig->arena, bytes + shift, 1) + shift);
    at->port = (struct port){ .post = no_post, .kick = no_kick };
    at->braid = (struct braid){ .slots = &at->slot,
                                .tori = at->table,
                                .placement = scheduler_placement(&scheduler, "random"),
                                .balancer = scheduler_balancer(&scheduler, "none"),
                                .exchange_ns = 1,
                                .torus_count = 1 };
    rig->torus = (struct torus *)(void *)at->torus;
    rig->braid = &at->braid;
    struct torus_setup setup = { .policy = scheduler_policy(&scheduler, policy),
                                 .queue = at->queue,
                                 .processes = at->processes,
                                 .braid = &at->braid,
                                 .port = &at->port,
                                 .slice_ns = 1,
                                 .core_count = 1 };
    scheduler.torus->init(rig->torus, &setup);
    scheduler.torus->join(rig->braid, rig->torus, 0, 0);
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    for (uint32_t id = 0; id < count; id++)
        ck_assert_int_eq(scheduler.torus->create(rig->torus, 0, id, &attributes, 0), PROCESS_OK);
    random_seek(rng, 1, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&rig->memory,
                &(struct memory_setup){ .cpu = &cpu,
                                        .core_count = 1,
                                        .bytes = bytes + scheduler.mapped[0].bytes,
                                        .stride = sizeof(struct process),
                                        .stride_real = sizeof(struct process),
                                        .rng = rng },
                &rig->arena);
    struct tracer_setup traced = { .cpu = &cpu,
                                   .memory = &rig->memory,
                                   .core_count = 1,
                                   .scheduler_memory = at,
                                   .scheduler_bytes = bytes,
                                   .processes = { (uint64_t)((char *)at->processes - (char *)at),
                                                  sizeof(struct process), count },
                                   .module = { scheduler.mapped[0] } };
    tracer_init(&rig->tracer, &traced, &rig->arena);
}

/* The price in fs of one schedule; counts are left in the tracer. */
static uint64_t schedule(struct rig *rig, uint64_t now_ns)
{
    uint64_t wait_fs;
    tracer_begin(&rig->tracer, 0, TRACER_PACE, now_ns * 1000, &rig->escape);
    struct process *next = scheduler.torus->schedule(rig->torus, 0, now_ns);
    uint64_t price = tracer_end(&rig->tracer, &wait_fs);
    ck_assert_ptr_nonnull(next);
    ck_assert_int_eq(rig->tracer.fault, TRACER_FINE);
    return price;
}

/* The mean price in fs of a schedule once caches are warm and predictions made. */
static uint64_t warm_price(struct rig *rig, uint32_t count)
{
    enum { MEASURED = 16 };
    uint64_t now_ns = 1, sum = 0;
    for (uint32_t i = 0; i < 2 * count; i++)
        schedule(rig, now_ns++);
    for (uint32_t i = 0; i < MEASURED; i++)
        sum += schedule(rig, now_ns++);
    return sum / MEASURED;
}

START_TEST(a_pick_of_rr_is_constant)
{
    static const uint32_t sizes[] = { 4, 100, 3000 };
    struct tracer_counts first = { 0 };
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        rig_init(&rig, "rr", sizes[i], 0);
        uint64_t price = warm_price(&rig, sizes[i]);
        const struct tracer_counts *counts = &rig.tracer.counts;
        ck_assert_uint_gt(counts->blocks, 0);
        if (i == 0)
            first = *counts;
        ck_assert_uint_eq(counts->blocks, first.blocks);
        ck_assert_uint_eq(counts->code_bytes, first.code_bytes);
        ck_assert_uint_eq(counts->accesses, first.accesses);
        uint64_t all_miss = counts->blocks * (rig.tracer.block_fs + rig.tracer.branch_miss_fs) +
                            counts->code_bytes * rig.tracer.byte_fs +
                            counts->accesses * (rig.tracer.access_fs + rig.memory.memory_fs) +
                            counts->calls * rig.tracer.call_fs +
                            counts->entries * rig.tracer.entry_fs;
        ck_assert_uint_le(price, all_miss);
        arena_free(&rig.arena);
    }
}
END_TEST

/* Blocks do not overlap, those that execute have a length that a few instructions have, and every
 * process that a scan looks at adds the same. */
START_TEST(blocks_have_lengths)
{
    enum { COUNTS = 3 };
    const struct tracer_module *module = &scheduler.mapped[0];
    uint64_t end = 0;
    for (uint64_t i = 0; i <= module->bytes / TRACER_BLOCK_ALIGNMENT; i++) {
        if (module->block_bytes[i] == 0)
            continue;
        ck_assert_uint_ge((i + 1) * TRACER_BLOCK_ALIGNMENT, end);
        end = i * TRACER_BLOCK_ALIGNMENT + module->block_bytes[i];
    }
    ck_assert_uint_gt(end, 0);
    ck_assert_uint_le(end, module->bytes);
    uint32_t bytes[COUNTS];
    for (uint32_t i = 0; i < COUNTS; i++) {
        struct rig rig;
        rig_init(&rig, "fair_scan", 20 * (i + 1), 0);
        warm_price(&rig, 20 * (i + 1));
        bytes[i] = rig.tracer.counts.code_bytes;
        ck_assert_uint_gt(bytes[i], 2 * rig.tracer.counts.blocks);
        ck_assert_uint_lt(bytes[i], 40 * rig.tracer.counts.blocks);
        arena_free(&rig.arena);
    }
    ck_assert_uint_gt(bytes[1], bytes[0] + 20 * 4);
    ck_assert_uint_eq(bytes[2] - bytes[1], bytes[1] - bytes[0]);
}
END_TEST

/* Branch misses of a yield, after a schedule and before another. */
static uint32_t yield_misses(struct rig *rig, uint64_t now_ns)
{
    uint64_t wait_fs;
    schedule(rig, now_ns);
    tracer_begin(&rig->tracer, 0, TRACER_PACE, now_ns * 1000, &rig->escape);
    scheduler.torus->yield(rig->torus, 0, now_ns);
    scheduler.torus->schedule(rig->torus, 0, now_ns);
    tracer_end(&rig->tracer, &wait_fs);
    uint32_t misses = rig->tracer.counts.branch_misses;
    schedule(rig, now_ns);
    return misses + rig->tracer.counts.branch_misses;
}

/* Of all yields of 1 to QUEUES processes, each when it has been made often. */
enum { QUEUES = 8 };

static uint32_t yields_misses(void)
{
    uint32_t sum = 0;
    for (uint32_t count = 1; count <= QUEUES; count++) {
        struct rig rig;
        uint32_t misses = 0;
        rig_init(&rig, "rr", count, 0);
        schedule(&rig, 1);
        for (uint64_t now_ns = 2; now_ns < 100; now_ns++)
            misses = yield_misses(&rig, now_ns);
        sum += misses;
        arena_free(&rig.arena);
    }
    return sum;
}

/* Functions that are called from several places, and go different ways by who called: that takes a
 * return stack and a history: with neither seven of 90 blocks miss, with one of them four.  In the
 * mean, as two paths may share a prediction, by where the code happens to lie. */
START_TEST(decisions_that_repeat_are_predicted)
{
    ck_assert_uint_le(yields_misses(), 3 * QUEUES);

    /* Longer histories know it all. */
    struct figure *history = &cpu.figure[FIGURE_branch_history], before = *history;
    history->value = 64;
    uint32_t misses = yields_misses();
    *history = before;
    ck_assert_uint_eq(misses, 0);
}
END_TEST

START_TEST(instructions_are_those_of_the_processor)
{
    struct rig rig, longer;
    struct figure *ratio = &cpu.figure[FIGURE_instruction_ratio];
    double before = ratio->value;
    rig_init(&rig, "rr", 4, 0);
    ratio->value = 2 * before;
    rig_init(&longer, "rr", 4, 0);
    ratio->value = before;
    ck_assert_double_eq_tol((double)longer.tracer.access_fs, 2 * (double)rig.tracer.access_fs, 2);
    ck_assert_double_eq_tol((double)longer.tracer.entry_fs, 2 * (double)rig.tracer.entry_fs, 2);
    ck_assert_uint_eq(longer.tracer.atomic_fs, rig.tracer.atomic_fs);
    arena_free(&rig.arena);
    arena_free(&longer.arena);
}
END_TEST

START_TEST(a_pick_of_fair_scan_grows_and_has_a_knee)
{
    /* 128 bytes each, of which a scan reads one line of 32: the L1 has 512 lines, in 128 sets of
     * which the scan uses every fourth, so that 128 processes fit and 256 do not.  In order, as
     * out of it the instructions hide most of a second level's latency. */
    struct rig small, large;
    double window = cpu.figure[FIGURE_window_instructions].value;
    cpu.figure[FIGURE_window_instructions].value = 0;
    rig_init(&small, "fair_scan", 64, 0);
    rig_init(&large, "fair_scan", 1024, 0);
    uint64_t small_fs = warm_price(&small, 64), large_fs = warm_price(&large, 1024);
    ck_assert_uint_gt(large.tracer.counts.blocks, 12 * small.tracer.counts.blocks);
    double per_small = (double)small_fs / 64, per_large = (double)large_fs / 1024;
    ck_assert_double_gt(per_large, per_small + (double)large.memory.hit_fs[1] * 0.9);
    cpu.figure[FIGURE_window_instructions].value = window;
    arena_free(&small.arena);
    arena_free(&large.arena);
}
END_TEST

/* Each link of the queue is loaded by way of the one before: out of order or not, a walk takes the
 * latency of the first level for each, however cheap instructions are; and out of order no more
 * than in order. */
START_TEST(a_walk_takes_the_latency_of_its_links)
{
    enum { COUNT = 64 };
    static const double windows[] = { 0, 40 };
    struct profile kept = cpu;
    uint64_t price[2][2], latency_fs = 0;
    for (int slow = 0; slow < 2; slow++)
        for (int i = 0; i < 2; i++) {
            struct rig rig;
            cpu.figure[FIGURE_window_instructions].value = windows[i];
            cpu.figure[FIGURE_instructions_per_cycle].value = slow ? 1 : 8;
            rig_init(&rig, "fair_scan", COUNT, 0);
            price[slow][i] = warm_price(&rig, COUNT);
            latency_fs = rig.tracer.pipeline.latency_fs;
            if (!slow)
                ck_assert_uint_ge(price[slow][i], (COUNT - 1) * latency_fs);
            arena_free(&rig.arena);
        }
    /* The end waits for the last load. */
    ck_assert_uint_le(price[0][1], price[0][0] + latency_fs);
    ck_assert_uint_le(price[1][1], price[1][0] + latency_fs);
    cpu = kept;
}
END_TEST

/* The price of receiving count messages, which the inbox links by number. */
static uint64_t receive_price(uint32_t count)
{
    struct rig rig;
    uint64_t wait_fs;
    rig_init(&rig, "rr", count, 0);
    for (uint32_t i = 0; i < count; i++) {
        struct process *process = scheduler.torus->schedule(rig.torus, 0, i);
        scheduler.torus->block(rig.torus, 0, i);
        process->state = PROCESS_READY; /* woken */
        scheduler.torus->inbox_push(&rig.torus->inbox, process);
    }
    tracer_begin(&rig.tracer, 0, TRACER_PACE, 0, &rig.escape);
    ck_assert_uint_eq(scheduler.torus->receive(rig.torus, 0, count), count);
    uint64_t price_fs = tracer_end(&rig.tracer, &wait_fs);
    ck_assert_int_eq(rig.tracer.fault, TRACER_FINE);
    arena_free(&rig.arena);
    return price_fs;
}

/* The inbox is turned round link by link: each is computed from the one before. */
START_TEST(links_by_number_take_their_time)
{
    enum { COUNT = 30, CYCLES = 50 };
    struct profile kept = cpu;
    cpu.figure[FIGURE_window_instructions].value = 4000;
    uint64_t free_fs = receive_price(COUNT);
    cpu.figure[FIGURE_index_cycles].value = CYCLES;
    double dear_fs = (double)receive_price(COUNT), cycle_fs = 1e9 / profile_value(&cpu, clock_mhz);
    ck_assert_double_ge(dear_fs, (COUNT - 1) * CYCLES * cycle_fs);
    ck_assert_double_ge(dear_fs, (double)free_fs + COUNT / 2 * CYCLES * cycle_fs);
    cpu = kept;
}
END_TEST

/* The price of a load by way of one of two pointers, so many words apart and blocks apart; the
 * other may be loaded by the entry before. */
static uint64_t choice_price(uint32_t words, uint32_t blocks, bool before)
{
    struct rig rig;
    uint64_t price_fs = 0, wait_fs;
    rig_init(&rig, "rr", 3, 0);
    struct process *from = rig.torus->processes, *to = from + 1;
    uint64_t *pointer = from->policy;
    for (uint32_t i = 0; i < 2; i++)
        pointer[i * words] = (uint64_t)(uintptr_t)(to + i);
    for (int warm = 0; warm < 3; warm++) {
        tracer_begin(&rig.tracer, 0, TRACER_PACE, 0, &rig.escape);
        __tsan_read8(&pointer[0]);
        rig.tracer.blocks_left -= blocks;
        if (before) {
            tracer_end(&rig.tracer, &wait_fs);
            tracer_begin(&rig.tracer, 0, TRACER_PACE, 0, &rig.escape);
        }
        __tsan_read8(&pointer[words]);
        __tsan_read8(to);
        price_fs = tracer_end(&rig.tracer, &wait_fs);
    }
    arena_free(&rig.arena);
    return price_fs;
}

/* Either of two pointers side by side, which one block loads, has to be chosen first. */
START_TEST(a_choice_takes_its_time)
{
    enum { CYCLES = 5 };
    struct profile kept = cpu;
    cpu.figure[FIGURE_window_instructions].value = 4000;
    double cycle_fs = 1e9 / profile_value(&cpu, clock_mhz);
    cpu.figure[FIGURE_choice_cycles].value = CYCLES;
    double known_fs = (double)choice_price(2, 0, false);
    ck_assert_double_eq_tol((double)choice_price(1, 0, false) - known_fs, CYCLES * cycle_fs, 1);
    ck_assert_double_eq_tol((double)choice_price(1, 1, false), known_fs, 1);
    ck_assert_uint_eq(choice_price(1, 0, true), choice_price(2, 0, true));
    cpu = kept;
}
END_TEST

/* The last instructions are waited for, while the last loads come. */
START_TEST(an_entry_ends_with_a_drain)
{
    enum { COUNT = 5, CYCLES = 100 };
    struct profile kept = cpu;
    double cycle_fs = 1e9 / profile_value(&cpu, clock_mhz);
    double price_fs[3];
    for (int drains = 0; drains < 3; drains++) {
        cpu.figure[FIGURE_drain_cycles].value = drains * CYCLES;
        price_fs[drains] = (double)receive_price(COUNT);
    }
    cpu = kept;
    ck_assert_double_eq_tol((price_fs[2] - price_fs[1]) / cycle_fs, CYCLES, 0.01);
    ck_assert_double_le((price_fs[1] - price_fs[0]) / cycle_fs, CYCLES + 0.01);
    ck_assert_double_gt(price_fs[1], price_fs[0]);
}
END_TEST

/* A lock is let go behind the stores of its entry: these are over when the entry is, or as much
 * later as is left of them. */
START_TEST(stores_outlast_the_entry)
{
    const uint64_t miss_fs = 100000000;
    struct profile kept = cpu;
    for (int buffered = 0; buffered < 2; buffered++) {
        struct rig rig;
        uint64_t wait_fs;
        cpu.figure[FIGURE_store_buffer].value = 4 * buffered;
        rig_init(&rig, "rr", 1, 0);
        tracer_begin(&rig.tracer, 0, TRACER_PACE, 0, &rig.escape);
        pipeline_store_miss(&rig.tracer.pipeline, pipeline_now(&rig.tracer.pipeline), miss_fs);
        uint64_t price_fs = tracer_end(&rig.tracer, &wait_fs);
        ck_assert_uint_eq(price_fs, buffered ? 0 : miss_fs);
        ck_assert_uint_eq(tracer_stores_fs(&rig.tracer), buffered ? miss_fs : 0);
        arena_free(&rig.arena);
    }
    cpu = kept;
}
END_TEST

/* The same work in memory mapped elsewhere has the same price, to the femtosecond. */
/* The stalls in fs of one entry that reads, or writes, a line. */
static uint64_t stalls_of(struct tracer *tracer, uint32_t core, char *line, bool write)
{
    static uint64_t now_ps;
    sigjmp_buf escape;
    uint64_t wait_fs;
    tracer_begin(tracer, core, TRACER_PACE, now_ps += 1000000, &escape);
    (write ? __tsan_write8 : __tsan_read8)(line);
    tracer_end(tracer, &wait_fs);
    return tracer_stalls_fs(tracer);
}

/* What an entry has touched is near in the next one, until another core writes it, a process runs,
 * or as many lines have come as the first level holds. */
START_TEST(lines_stay_near_until_something_happens)
{
    enum { LINE = 32, LINES = 1024 };
    static _Alignas(64) char bytes[LINES * LINE];
    struct profile kept = cpu;
    struct arena arena = ARENA_EMPTY;
    struct memory memory;
    struct tracer tracer;
    cpu.figure[FIGURE_window_instructions].value = 0; /* every stall shows */
    cpu.figure[FIGURE_l1_latency_cycles].value = 0;
    random_seek(rng, 1, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&memory,
                &(struct memory_setup){ .cpu = &cpu,
                                        .core_count = 2,
                                        .bytes = sizeof bytes,
                                        .stride = LINE,
                                        .stride_real = LINE,
                                        .rng = rng },
                &arena);
    tracer_init(&tracer,
                &(struct tracer_setup){ .cpu = &cpu,
                                        .memory = &memory,
                                        .core_count = 2,
                                        .scheduler_memory = bytes,
                                        .scheduler_bytes = sizeof bytes },
                &arena);
    ck_assert_uint_gt(stalls_of(&tracer, 0, bytes, false), memory.hit_fs[1]);
    ck_assert_uint_eq(stalls_of(&tracer, 0, bytes, false), 0);
    stalls_of(&tracer, 1, bytes, true);
    ck_assert_uint_ge(stalls_of(&tracer, 0, bytes, false),
                      topology_transfer_fs(&memory.topology, 0, 1));
    ck_assert_uint_eq(stalls_of(&tracer, 0, bytes, false), 0);

    struct cache *first = memory_cache(&memory, 0, 0);
    cache_use(first, 0, first->enough);
    ck_assert_uint_ge(stalls_of(&tracer, 0, bytes, false), memory.hit_fs[1]);
    ck_assert_uint_eq(stalls_of(&tracer, 0, bytes, false), 0);

    for (uint32_t i = 1; i < LINES; i++)
        stalls_of(&tracer, 0, bytes + i * LINE, false);
    ck_assert_uint_ge(stalls_of(&tracer, 0, bytes, false), memory.hit_fs[1]);
    cpu = kept;
    arena_free(&arena);
}
END_TEST

START_TEST(addresses_do_not_matter)
{
    struct rig here, there;
    rig_init(&here, "fair_scan", 300, 0);
    rig_init(&there, "fair_scan", 300, 64 * 37);
    for (uint64_t now_ns = 1; now_ns < 500; now_ns++)
        ck_assert_uint_eq(schedule(&here, now_ns), schedule(&there, now_ns));
    arena_free(&here.arena);
    arena_free(&there.arena);
}
END_TEST

START_TEST(foreign_memory_is_caught)
{
    static struct process stranger;
    struct rig rig;
    rig_init(&rig, "rr", 4, 0);
    rig.torus->cores[0].current = &stranger;
    stranger.state = PROCESS_RUNNING;
    if (sigsetjmp(rig.escape, 1) == 0) {
        tracer_begin(&rig.tracer, 0, TRACER_PACE, 0, &rig.escape);
        scheduler.torus->schedule(rig.torus, 0, 1);
        ck_abort_msg("the entry went on");
    }
    ck_assert_int_eq(rig.tracer.fault, TRACER_ADDRESS);
    ck_assert_uint_ge(rig.tracer.fault_address, (uintptr_t)&stranger);
    ck_assert_uint_lt(rig.tracer.fault_address, (uintptr_t)(&stranger + 1));
    arena_free(&rig.arena);
}
END_TEST

int main(void)
{
    struct error err;
    char data[PATH_MAX - 64], path[PATH_MAX];
    if (!scheduler_load(&scheduler, NULL, true, &err) || !data_directory(data, sizeof data, &err) ||
        snprintf(path, sizeof path, "%s/cpus/piii-xeon-700.json", data) < 0 ||
        !profile_read(&cpu, path, data, &files, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    TCase *tests = tcase_create("tracer");
    rng = gsl_rng_alloc(random_philox);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_pick_of_rr_is_constant);
    tcase_add_test(tests, blocks_have_lengths);
    tcase_add_test(tests, decisions_that_repeat_are_predicted);
    tcase_add_test(tests, instructions_are_those_of_the_processor);
    tcase_add_test(tests, a_pick_of_fair_scan_grows_and_has_a_knee);
    tcase_add_test(tests, a_walk_takes_the_latency_of_its_links);
    tcase_add_test(tests, links_by_number_take_their_time);
    tcase_add_test(tests, a_choice_takes_its_time);
    tcase_add_test(tests, an_entry_ends_with_a_drain);
    tcase_add_test(tests, lines_stay_near_until_something_happens);
    tcase_add_test(tests, addresses_do_not_matter);
    tcase_add_test(tests, stores_outlast_the_entry);
    tcase_add_test(tests, foreign_memory_is_caught);
    int status = suite_run("tracer", tests);
    gsl_rng_free(rng);
    arena_free(&files);
    return status;
}
