/* operations.c -- benchmark: the predicted time of every scheduler operation and this machine's.
 *
 * Each operation (tests/instructions/kinds.c) is done on two rigs: on the traced module, whose
 * tracer prices it on the profile given, and on the plain module, which is timed.  Both rigs go
 * through the same calls on the same data in the same order, from the creation of the first process
 * on, and the tracer watches all of it, so that the model's caches have seen what the machine's
 * have.  A batch (of eight, or of 64 where the queue does not matter) is timed and priced as a
 * whole, as one entry of the model's: from when all before it is over until it is; what makes its
 * start again in between is executed by both, but neither timed nor priced.  The figures are the
 * usual time of a batch, less what the clock itself takes, and the mean of the prices.  Clocks go
 * by steps of up to 10 ns, so that single batches of 20 ns are not known to the ns: means of many
 * in a row are, and of those the middle half counts.  That the host calls is in both: in the times
 * behind instructions_per_cycle, too.  Others on the machine can only lengthen a time, and do so
 * for seconds; and once in a while all that is done at one place in memory takes twice to four
 * times as long: the whole table is timed several times over, each time elsewhere, and a cell's
 * time is its least.
 *
 * The second part says what tracing costs in wall time: one callback of each kind, beside one that
 * does nothing, and a whole scheduling decision, traced and plain.
 *
 * usage: bench_operations [PROFILE [PROCESSES]]
 * PROFILE is a name in configs/cpus or a file of `braidsim calibrate`; PROCESSES the most to queue.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "sim/base/check.h"
#include "sim/calibrate/timing.h"
#include "sim/host/loader.h"
#include "sim/input/profile_file.h"
#include "sim/input/scenario.h"
#include "tests/instructions/operations.h"

enum {
    LENGTHS = 5,
    ROWS_MAX = 256,
    PASSES = 5,
    /* Left out of memory in each pass more than in the one before: pages, and a part of one. */
    GAP_PAGES = 3,
    GAP_BYTES = 10 * PROCESS_HOT_BYTES,
    BATCHES_MAX = 256,
    SAMPLES_MAX = 1 << 14,
    BATCHES_LEAST = 9,
    ROW_BATCHES = 16, /* batches in a row, whose mean is taken, */
    ROWS_LEAST = 16,  /* if there are so many of them */
    WARM_BATCHES = 4,
    PAGE_BYTES = 4096
};

static const uint32_t lengths[LENGTHS] = { 10, 100, 1000, 10000, 100000 };

/* A traced cell has this much, or BATCHES_MAX batches; a plain one repeats those for as long. */
#define PLAIN_SECONDS  0.02
#define TRACED_SECONDS 0.2

/* Predicted and timed agree if neither is more than this times the other. */
#define NEAR 1.5

struct bench {
    struct scheduler plain, traced;
    struct profile cpu;
    struct arena arena;
    gsl_rng *rng;
    double timer_ns; /* of no batch at all: the clock's own part */
};

/* One operation of one policy with one length of the queue, in ns. */
struct cell {
    struct operation plain, traced;
    uint32_t batches, passes; /* passes: timed so far */
    double predicted, timed;
};

struct row {
    char name[OPERATION_NAME];
    struct cell cell[LENGTHS];
};

struct table {
    uint32_t rows, lengths;
    struct row row[ROWS_MAX];
};

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Enough for uneven run times; O(n) picks of many processes would take minutes of it. */
static uint32_t rounds_of(uint32_t queued)
{
    return queued > 10000 ? 8 : 64;
}

/* What does not depend on the queue is done often in a batch, as far as there are processes. */
static uint32_t batch_of(const struct operation *operation)
{
    uint32_t most = operation->queued - 2;
    if (!operation->kind->any_queue)
        return operation->kind->batch;
    return most < RIG_BATCH_MAX ? most : RIG_BATCH_MAX;
}

/* Zeroed memory in small pages, as the model is told. */
struct pages {
    char *from;
    size_t bytes, gap; /* touched, and left out, so that addresses are others */
};

static void *pages_map(struct pages *pages, size_t bytes, uint32_t pass)
{
    *pages = (struct pages){ .gap = (size_t)pass * (GAP_PAGES * PAGE_BYTES + GAP_BYTES) };
    pages->bytes = pages->gap + bytes;
    pages->from =
        mmap(NULL, pages->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages->from != MAP_FAILED);
    madvise(pages->from, pages->bytes, MADV_NOHUGEPAGE);
    memset(pages->from, 1, pages->gap);
    return pages->from + pages->gap;
}

static void pages_unmap(struct pages *pages)
{
    munmap(pages->from, pages->bytes);
}

/* Makes the state in which a batch begins, without scans: while they went on, other guests of the
 * host would drive what else is cached out.  The scans share the queue of the first policy that
 * begins it as they do. */
static void prepare(struct rig *rig, const struct scheduler_module *module)
{
    const struct policy *policy = rig->operation->policy;
    const struct policy *const *first = module->policies;
    while ((*first)->init != policy->init)
        first++;
    rig->torus[rig->own]->policy = rig->torus[rig->other]->policy = *first;
    rig->operation->kind->prepare(rig);
    rig->torus[rig->own]->policy = rig->torus[rig->other]->policy = policy;
}

/* ---- Timing ------------------------------------------------------------------------------- */

/* Eight in a row without a branch, whose misprediction would count as the scheduler's. */
static void run_batch(struct rig *rig, void (*run)(struct rig *rig, uint32_t turn))
{
    uint32_t turn = 0;
    for (; turn + 8 <= rig->batch; turn += 8) {
        run(rig, turn), run(rig, turn + 1), run(rig, turn + 2), run(rig, turn + 3);
        run(rig, turn + 4), run(rig, turn + 5), run(rig, turn + 6), run(rig, turn + 7);
    }
    for (; turn < rig->batch; turn++)
        run(rig, turn);
}

static double timed_batch_ns(struct rig *rig, void (*run)(struct rig *rig, uint32_t turn))
{
    uint64_t from = ticks_start();
    if (run != NULL)
        run_batch(rig, run);
    return (double)(ticks_now() - from) / ticks_per_ns();
}

/* The mean of the middle half of means of so many in a row: interruptions are at one end, and means
 * are finer than the clock. */
static double middle(double *values, size_t count)
{
    size_t in_row = count >= ROW_BATCHES * ROWS_LEAST ? ROW_BATCHES : 1, rows = count / in_row;
    for (size_t i = 0; i < rows; i++)
        values[i] = gsl_stats_mean(values + i * in_row, 1, in_row);
    gsl_sort(values, 1, rows);
    return gsl_stats_mean(values + rows / 4, 1, rows - 2 * (rows / 4));
}

/* The usual time of a batch, in ns, when there are so many of them from the beginning; again and
 * again from the beginning until there has been time for a good mean. */
static double timed_ns(const struct operation *operation, const struct scheduler *plain,
                       void (*run)(struct rig *rig, uint32_t turn), uint32_t batches, uint32_t pass)
{
    static double batch_ns[SAMPLES_MAX];
    struct rig rig;
    size_t count = 0, bytes = rig_bytes(operation, plain->torus);
    double from = now_ns();
    do {
        struct pages pages;
        void *memory = pages_map(&pages, bytes, pass);
        rig_init(&rig, memory, operation, plain->torus, rounds_of(operation->queued));
        rig.batch = batch_of(operation);
        for (uint32_t i = 0; i < WARM_BATCHES + batches; i++) {
            prepare(&rig, plain->modules[0]);
            double ns = timed_batch_ns(&rig, run);
            if (i >= WARM_BATCHES)
                batch_ns[count++] = ns;
        }
        pages_unmap(&pages);
    } while (count + batches <= SAMPLES_MAX && now_ns() - from < PLAIN_SECONDS * 1e9);
    return middle(batch_ns, count);
}

/* ---- Predicting --------------------------------------------------------------------------- */

/* They are what a rig's memory ends with. */
static struct tracer_processes rig_processes(const struct operation *operation,
                                             const struct torus_operations *ops)
{
    uint32_t count = operation->queued * (operation->kind->tori > 1 ? 2 : 1);
    uint64_t from = rig_bytes(operation, ops) - (uint64_t)count * sizeof(struct process);
    return (struct tracer_processes){ from, sizeof(struct process), count };
}

/* A rig, watched. */
struct watched {
    struct arena arena;
    struct memory memory;
    struct tracer tracer;
    struct rig rig;
    sigjmp_buf escape;
    struct pages pages;
    uint64_t now_ps;
    struct tracer_counts counts;
};

static void watch_begin(struct watched *watched)
{
    tracer_begin(&watched->tracer, 0, TRACER_PACE, watched->now_ps, &watched->escape);
}

/* The price in fs. */
static uint64_t watch_end(struct watched *watched)
{
    uint64_t wait_fs, price_fs = tracer_end(&watched->tracer, &wait_fs);
    watched->now_ps += price_fs / 1000;
    watched->counts = watched->tracer.counts;
    return price_fs;
}

static void watched_init(struct watched *watched, const struct bench *bench,
                         const struct operation *operation)
{
    const struct scheduler *traced = &bench->traced;
    size_t bytes = rig_bytes(operation, traced->torus);
    watched->arena = ARENA_EMPTY;
    watched->now_ps = 0;
    void *memory = pages_map(&watched->pages, bytes, 0);
    random_seek(bench->rng, 1, 0, RANDOM_MEMORY, 0, 0);
    memory_init(&watched->memory,
                &(struct memory_setup){ .cpu = &bench->cpu,
                                        .core_count = 1,
                                        .page_bytes = PAGE_BYTES,
                                        .bytes = bytes + traced->mapped[0].bytes,
                                        .stride = sizeof(struct process),
                                        .stride_real = sizeof(struct process),
                                        .rng = bench->rng },
                &watched->arena);
    tracer_init(&watched->tracer,
                &(struct tracer_setup){ .cpu = &bench->cpu,
                                        .memory = &watched->memory,
                                        .core_count = 1,
                                        .scheduler_memory = memory,
                                        .scheduler_bytes = bytes,
                                        .processes = rig_processes(operation, traced->torus),
                                        .module = { traced->mapped[0] } },
                &watched->arena);
    watch_begin(watched);
    rig_init(&watched->rig, memory, operation, traced->torus, rounds_of(operation->queued));
    watched->rig.batch = batch_of(operation);
    watch_end(watched);
}

static void watched_fini(struct watched *watched)
{
    pages_unmap(&watched->pages);
    arena_free(&watched->arena);
}

/* The mean price of a batch, in ns, of as many as there is time for. */
static double predicted_ns(const struct bench *bench, const struct operation *operation,
                           uint32_t *batches)
{
    static struct watched watched;
    uint64_t sum_fs = 0;
    uint32_t count = 0;
    if (sigsetjmp(watched.escape, 0) != 0)
        CHECK(false && "the scheduler left its memory, or does not return");
    watched_init(&watched, bench, operation);
    double from = now_ns();
    for (uint32_t i = 0; count < BATCHES_MAX; i++) {
        watch_begin(&watched);
        prepare(&watched.rig, bench->traced.modules[0]);
        watch_end(&watched);
        watch_begin(&watched);
        run_batch(&watched.rig, operation->kind->run);
        uint64_t fs = watch_end(&watched);
        if (i >= WARM_BATCHES) {
            sum_fs += fs;
            count++;
        }
        if (count >= BATCHES_LEAST && now_ns() - from > TRACED_SECONDS * 1e9)
            break;
    }
    watched_fini(&watched);
    *batches = count;
    return (double)sum_fs / 1e6 / count;
}

/* ---- The table ---------------------------------------------------------------------------- */

static void row_make(const struct bench *bench, struct table *table,
                     const struct operation_kind *kind, uint32_t policy, uint32_t which)
{
    const struct scheduler_module *plain = bench->plain.modules[0];
    const struct scheduler_module *traced = bench->traced.modules[0];
    CHECK(table->rows < ROWS_MAX);
    struct row *row = &table->row[table->rows++];
    for (uint32_t i = 0; i < table->lengths; i++) {
        struct cell *cell = &row->cell[i];
        operation_make(&cell->plain, kind, plain, plain->policies[policy], which, lengths[i],
                       row->name);
        operation_make(&cell->traced, kind, traced, traced->policies[policy], which, lengths[i],
                       row->name);
        cell->timed = INFINITY;
    }
    *strrchr(row->name, ',') = '\0'; /* the number of processes is the column's */
}

static void table_make(const struct bench *bench, struct table *table, uint32_t longest)
{
    const struct scheduler_module *module = bench->plain.modules[0];
    while (table->lengths < LENGTHS && lengths[table->lengths] <= longest)
        table->lengths++;
    for (uint32_t policy = 0; module->policies[policy] != NULL; policy++)
        for (const struct operation_kind *kind = operation_kinds; kind->name != NULL; kind++) {
            struct operation operation;
            char name[OPERATION_NAME];
            for (uint32_t which = 0;
                 kind->repeats && operation_make(&operation, kind, module, module->policies[policy],
                                                 which, lengths[0], name);
                 which++)
                row_make(bench, table, kind, policy, which);
        }
}

static void cell_predict(const struct bench *bench, struct cell *cell)
{
    cell->predicted = predicted_ns(bench, &cell->traced, &cell->batches) / batch_of(&cell->traced);
}

static void cell_time(const struct bench *bench, struct cell *cell)
{
    double batch_ns =
        timed_ns(&cell->plain, &bench->plain, cell->plain.kind->run, cell->batches, cell->passes++);
    cell->timed = fmin(cell->timed, (batch_ns - bench->timer_ns) / batch_of(&cell->plain));
}

static void table_each(const struct bench *bench, struct table *table,
                       void (*work)(const struct bench *bench, struct cell *cell))
{
    for (uint32_t row = 0; row < table->rows; row++)
        for (uint32_t i = 0; i < table->lengths; i++)
            work(bench, &table->row[row].cell[i]);
}

static void print_table(const struct bench *bench, uint32_t longest)
{
    static struct table table;
    uint32_t near_cells = 0;
    table_make(bench, &table, longest);
    table_each(bench, &table, cell_predict);
    for (int pass = 0; pass < PASSES; pass++)
        table_each(bench, &table, cell_time);
    printf(
        "Predicted / timed ns of one operation, and predicted : timed; * beyond a factor of %.1f\n"
        "profile: %s\n%-40s",
        NEAR, bench->cpu.title, "processes");
    for (uint32_t i = 0; i < table.lengths; i++)
        printf(" %24u", lengths[i]);
    for (uint32_t row = 0; row < table.rows; row++) {
        printf("\n%-40s", table.row[row].name);
        for (uint32_t i = 0; i < table.lengths; i++) {
            const struct cell *cell = &table.row[row].cell[i];
            double ratio = cell->predicted / cell->timed;
            bool near = ratio <= NEAR && ratio >= 1 / NEAR;
            near_cells += near;
            printf(" %9.0f/%-8.0f%5.2f%c", cell->predicted, cell->timed, ratio, near ? ' ' : '*');
        }
    }
    uint32_t cells = table.rows * table.lengths;
    printf("\n%u of %u cells within a factor of %.1f: %.1f %%\n\n", near_cells, cells, NEAR,
           100.0 * near_cells / cells);
}

/* ---- What tracing costs ------------------------------------------------------------------- */

enum { CALLS = 1000000, LINES = 16 };

static void nothing(void *address)
{
    (void)address;
}

typedef void callback_function(void *address);

/* Those that the compiler does not know itself. */
callback_function __tsan_func_entry;
void __tsan_func_exit(void), __sanitizer_cov_trace_pc(void);

static callback_function *callback_named(const char *name)
{
    callback_function *callback;
    void *symbol = dlsym(RTLD_DEFAULT, name);
    CHECK(symbol != NULL);
    memcpy(&callback, &symbol, sizeof callback); /* ISO C has no cast for it */
    return callback;
}

/* ns of one call of callback with one of a few addresses in the scheduler's memory. */
static double callback_ns(void (*volatile callback)(void *address), char *memory)
{
    double best = INFINITY;
    for (int round = 0; round < 5; round++) {
        double from = now_ns();
        for (uint32_t i = 0; i < CALLS; i++)
            callback(memory + i % LINES * PROCESS_LINE_BYTES);
        best = fmin(best, (now_ns() - from) / CALLS);
    }
    return best;
}

/* ns of a function that begins and returns. */
static double function_ns(void)
{
    void (*volatile returns)(void) = __tsan_func_exit;
    callback_function *volatile begins = __tsan_func_entry;
    double best = INFINITY;
    for (int round = 0; round < 5; round++) {
        double from = now_ns();
        for (uint32_t i = 0; i < CALLS; i++) {
            begins(NULL);
            returns();
        }
        best = fmin(best, (now_ns() - from) / CALLS);
    }
    return best;
}

/* ns of a block, of LINES that follow one another in a ring; this function is taken for a module of
 * the scheduler's. */
__attribute__((noinline)) static double block_ns(struct tracer *tracer)
{
    enum { BYTES = 1024 }; /* of this function, at most */
    void (*volatile block)(void) = __sanitizer_cov_trace_pc;
    struct tracer_module was = tracer->module[0];
    double best = INFINITY;
    tracer->module[0].from = (uintptr_t)block_ns;
    tracer->module[0].bytes = BYTES;
    for (int round = 0; round < 5; round++) {
        double from = now_ns();
        for (uint32_t i = 0; i < CALLS / LINES; i++) {
            block(), block(), block(), block(), block(), block(), block(), block();
            block(), block(), block(), block(), block(), block(), block(), block();
        }
        best = fmin(best, (now_ns() - from) / CALLS);
    }
    tracer->module[0] = was;
    return best;
}

/* The usual wall time of a traced batch, in ns; its counts are left in watched. */
static double traced_batch_ns(struct watched *watched)
{
    static double batch_ns[BATCHES_MAX];
    for (uint32_t i = 0; i < BATCHES_MAX; i++) {
        const struct operation_kind *kind = watched->rig.operation->kind;
        watch_begin(watched);
        kind->prepare(&watched->rig);
        watch_end(watched);
        double from = now_ns();
        watch_begin(watched);
        run_batch(&watched->rig, kind->run);
        watch_end(watched);
        batch_ns[i] = now_ns() - from;
    }
    return middle(batch_ns, BATCHES_MAX);
}

static const struct operation_kind *kind_named(const char *name)
{
    const struct operation_kind *kind = operation_kinds;
    while (strcmp(kind->name, name) != 0)
        kind++;
    return kind;
}

/* A decision of rr (put and pick): wall times in ns, and what it executes. */
struct decision {
    double plain_ns, traced_ns, blocks, accesses, functions;
};

static struct decision decision_of(struct bench *bench, struct watched *watched, uint32_t queued)
{
    struct operation plain, traced;
    char name[OPERATION_NAME];
    const struct operation_kind *kind = kind_named("put and pick");
    const struct policy *rr_plain = scheduler_policy(&bench->plain, "rr");
    const struct policy *rr_traced = scheduler_policy(&bench->traced, "rr");
    operation_make(&plain, kind, bench->plain.modules[0], rr_plain, 0, queued, name);
    operation_make(&traced, kind, bench->traced.modules[0], rr_traced, 0, queued, name);
    struct decision decision = { 0 };
    decision.plain_ns =
        (timed_ns(&plain, &bench->plain, kind->run, BATCHES_MAX, 0) - bench->timer_ns) /
        kind->batch;
    if (sigsetjmp(watched->escape, 0) != 0)
        CHECK(false && "the scheduler left its memory, or does not return");
    watched_init(watched, bench, &traced);
    decision.traced_ns = (traced_batch_ns(watched) - bench->timer_ns) / kind->batch;
    const struct tracer_counts *counts = &watched->counts;
    decision.blocks = (double)counts->blocks / kind->batch;
    decision.accesses = (double)counts->accesses / kind->batch;
    decision.functions = (double)(counts->calls + counts->entries) / kind->batch;
    return decision;
}

static void print_tracing(struct bench *bench)
{
    static struct watched watched;
    struct decision many = decision_of(bench, &watched, 1000);
    watched_fini(&watched);
    struct decision few = decision_of(bench, &watched, 10); /* all in the first level */
    char *memory = (char *)watched.rig.processes;
    double floor_ns = callback_ns(nothing, memory);
    watch_begin(&watched);
    double read_ns = callback_ns(callback_named("__tsan_read8"), memory);
    double write_ns = callback_ns(callback_named("__tsan_write8"), memory);
    double call_ns = function_ns(), one_block_ns = block_ns(&watched.tracer);
    uint32_t told = TRACER_BLOCK_LIMIT - watched.tracer.blocks_left;
    CHECK(told == 5 * CALLS); /* they were blocks */
    watch_end(&watched);
    double parts_ns = few.blocks * one_block_ns + few.accesses * (read_ns + write_ns) / 2 +
                      few.functions * call_ns;
    printf("What tracing costs, in ns of wall time\n");
    printf("%-60s %6.1f\n", "a callback that does nothing", floor_ns);
    printf("%-60s %6.1f  (wanted: 10)\n", "a read in the first level", read_ns);
    printf("%-60s %6.1f  (wanted: 10)\n", "a write in the first level", write_ns);
    printf("%-60s %6.1f  (wanted: 4)\n", "a block, predicted and in the first level", one_block_ns);
    printf("%-60s %6.1f\n", "a function: that it begins, and that it returns", call_ns);
    printf("%-60s %6.1f\n", "a decision of rr (put and pick), 10 processes, plain", few.plain_ns);
    printf("%-60s %6.1f\n", "the same, traced", few.traced_ns);
    printf("%-60s %6.1f\n", "  of it by these callbacks; else beginning, end, spills", parts_ns);
    printf("%-60s %6.1f\n", "a decision of rr, 1000 processes, plain", many.plain_ns);
    printf("%-60s %6.1f  (wanted: 300)\n", "the same, traced", many.traced_ns);
    printf("Each decision is %.0f blocks, %.0f accesses and %.0f functions.\n", few.blocks,
           few.accesses, few.functions);
    watched_fini(&watched);
}

/* ---- The program -------------------------------------------------------------------------- */

static bool profile_load(struct bench *bench, const char *profile, struct error *err)
{
    char data[4000];
    return data_directory(data, sizeof data, err) &&
           profile_read(&bench->cpu, profile_path(profile, "", data, &bench->arena), data,
                        &bench->arena, err);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct error err;
    bench.arena = ARENA_EMPTY;
    if (!profile_load(&bench, argc > 1 ? argv[1] : "zen4", &err) ||
        !scheduler_load(&bench.plain, NULL, false, &err) ||
        !scheduler_load(&bench.traced, NULL, true, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    bench.rng = gsl_rng_alloc(random_philox);
    struct operation tick;
    char name[OPERATION_NAME];
    operation_make(&tick, kind_named("tick"), bench.plain.modules[0],
                   bench.plain.modules[0]->policies[0], 0, 10, name);
    bench.timer_ns = timed_ns(&tick, &bench.plain, NULL, BATCHES_MAX, 0);
    print_table(&bench, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : lengths[LENGTHS - 1]);
    print_tracing(&bench);
    gsl_rng_free(bench.rng);
    arena_free(&bench.arena);
    return EXIT_SUCCESS;
}
