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
 * for minutes; and once in a while all that is done at one place in memory takes twice to four
 * times as long: the whole table is timed several times over, each time elsewhere and in another
 * order, and a cell's time is its least.
 *
 * This host is calibrated in the same run, with the passes of the table between the parts of the
 * calibration, whose times are the least of its own passes likewise: what a spell of others slows
 * down, it slows down in both.  With a profile given, the table is of that.
 *
 * usage: bench_operations [PROCESSES [PROFILE]]
 * PROCESSES is the most to queue; PROFILE a name in configs/cpus or a file of `braidsim calibrate`.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/calibrate/calibrate.h"
#include "tests/bench/timed.h"

enum { LENGTHS = 5, ROWS_MAX = 256, PASSES = 5 };

static const uint32_t lengths[LENGTHS] = { 10, 100, 1000, 10000, 100000 };

/* So long a plain cell takes; a traced one executes the same, and a plain one repeats it. */
#define CELL_SECONDS 0.005

#define CALIBRATION_SECONDS 45.0

/* Predicted and timed agree if neither is more than this times the other. */
#define NEAR 1.5

/* One operation of one policy with one length of the queue, in ns. */
struct cell {
    struct operation plain, traced;
    uint32_t batches, passes; /* timed so far */
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

/* The mean price of a batch, in ns, of so many. */
static double predicted_ns(const struct bench *bench, const struct operation *operation,
                           uint32_t batches)
{
    static struct watched watched;
    if (sigsetjmp(watched.escape, 0) != 0)
        CHECK(false && "the scheduler left its memory, or does not return");
    uint64_t sum_fs = 0;
    watched_init(&watched, bench, operation);
    for (uint32_t i = 0; i < WARM_BATCHES + batches; i++) {
        watch_begin(&watched);
        prepare(&watched.rig, bench->traced.modules[0]);
        watch_end(&watched);
        watch_begin(&watched);
        run_batch(&watched.rig, operation->kind->run);
        uint64_t fs = watch_end(&watched);
        if (i >= WARM_BATCHES)
            sum_fs += fs;
    }
    watched_fini(&watched);
    return (double)sum_fs / 1e6 / batches;
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
    cell->predicted = predicted_ns(bench, &cell->traced, cell->batches) / batch_of(&cell->traced);
}

static void cell_time(const struct bench *bench, struct cell *cell)
{
    if (cell->passes == 0)
        cell->batches = batches_within(&cell->plain, &bench->plain, CELL_SECONDS);
    double batch_ns =
        timed_ns(&cell->plain, &bench->plain, cell->plain.kind->run, cell->batches, cell->passes++);
    cell->timed = fmin(cell->timed, batch_ns);
}

/* What the clock itself takes is no part of it. */
static void cell_finish(const struct bench *bench, struct cell *cell)
{
    cell->timed = (cell->timed - bench->timer_ns) / batch_of(&cell->plain);
}

static void table_each(const struct bench *bench, struct table *table,
                       void (*work)(const struct bench *bench, struct cell *cell))
{
    for (uint32_t row = 0; row < table->rows; row++)
        for (uint32_t i = 0; i < table->lengths; i++)
            work(bench, &table->row[row].cell[i]);
}

/* One more pass, in another order, so that what comes and goes beside it does not meet the same
 * cells in each. */
static void table_time(struct bench *bench, struct table *table)
{
    static struct cell *cells[ROWS_MAX * LENGTHS];
    uint32_t count = table->rows * table->lengths;
    for (uint32_t i = 0; i < count; i++)
        cells[i] = &table->row[i / table->lengths].cell[i % table->lengths];
    gsl_ran_shuffle(bench->rng, cells, count, sizeof cells[0]);
    time_the_timer(bench);
    for (uint32_t i = 0; i < count; i++)
        cell_time(bench, cells[i]);
}

static void print_table(const struct bench *bench, const struct table *table)
{
    uint32_t near_cells = 0;
    printf(
        "Predicted / timed ns of one operation, and predicted : timed; * beyond a factor of %.1f\n"
        "profile: %s\n%-40s",
        NEAR, bench->cpu.title, "processes");
    for (uint32_t i = 0; i < table->lengths; i++)
        printf(" %24u", lengths[i]);
    for (uint32_t row = 0; row < table->rows; row++) {
        printf("\n%-40s", table->row[row].name);
        for (uint32_t i = 0; i < table->lengths; i++) {
            const struct cell *cell = &table->row[row].cell[i];
            double ratio = cell->predicted / cell->timed;
            bool near = ratio <= NEAR && ratio >= 1 / NEAR;
            near_cells += near;
            printf(" %9.0f/%-8.0f%5.2f%c", cell->predicted, cell->timed, ratio, near ? ' ' : '*');
        }
    }
    uint32_t cells = table->rows * table->lengths;
    printf("\n%u of %u cells within a factor of %.1f: %.1f %%\n", near_cells, cells, NEAR,
           100.0 * near_cells / cells);
}

/* ---- The host ----------------------------------------------------------------------------- */

static struct bench bench;
static struct table table;

/* Between the parts of the calibration. */
static void between(const char *next, double share_done)
{
    if (share_done == 0)
        return; /* nothing is calibrated yet */
    fprintf(stderr, "bench_operations: timing; %.0f %% calibrated%s%s\n", 100 * share_done,
            next[0] != '\0' ? "; next: " : "", next);
    table_time(&bench, &table);
}

static void calibrate_and_time(void)
{
    static struct calibration calibration;
    calibrate_host(&calibration, &bench.cpu, CALIBRATION_SECONDS, between, &bench.arena);
    for (uint32_t i = 0; i < calibration.note_count; i++)
        fprintf(stderr, "bench_operations: %s\n", calibration.notes[i]);
    for (uint32_t i = 0; i < FIGURE_COUNT; i++)
        if (bench.cpu.figure[i].kind == FIGURE_MEASURED)
            fprintf(stderr, "%-24s %10.5g\n", figure_descriptions[i].name,
                    bench.cpu.figure[i].value);
}

int main(int argc, char **argv)
{
    const char *profile = argc > 2 ? argv[2] : NULL;
    unsigned long longest = argc > 1 ? strtoul(argv[1], NULL, 10) : lengths[LENGTHS - 1];
    if (longest < lengths[0]) {
        fprintf(stderr, "usage: bench_operations [PROCESSES [PROFILE]], PROCESSES at least %u\n",
                lengths[0]);
        return EXIT_FAILURE;
    }
    if (!bench_init(&bench, profile))
        return EXIT_FAILURE;
    table_make(&bench, &table, longest < UINT32_MAX ? (uint32_t)longest : UINT32_MAX);
    if (profile == NULL)
        calibrate_and_time();
    for (uint32_t pass = 0; profile != NULL && pass < PASSES; pass++)
        table_time(&bench, &table);
    table_each(&bench, &table, cell_finish);
    table_each(&bench, &table, cell_predict);
    print_table(&bench, &table);
    bench_fini(&bench);
    return EXIT_SUCCESS;
}
