/* policies.c -- benchmark: a decision of each policy, a pick and an enqueue, by how many are ready.
 *
 * All processes are READY.  The one that is picked runs for a slice, or for a random part of it,
 * and is queued again; weights are from 512 to 2047, priorities from 0 to 7, and with edf all have
 * reservations.  It is the plain module as a kernel would call it.  Time is that of the processor;
 * scans at great lengths are timed on few decisions.
 *
 * The whole table is timed in several passes, spread over the run, and a figure is the least of
 * its passes: the work is the same in each, and what others do to a shared processor, above all on
 * the other thread of its core, only adds to it, for seconds at a time.  How much it added as a
 * rule is in the last column: the median of the passes at the length that is asked about.
 *
 * Before the policies stands what a visit to a process costs in random order, as in a queue that
 * has been in use for long: so much of a decision is the caches', and what a policy adds to it
 * should not grow.  Arguments pick the policies whose name has the first in it, and the length.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/host/loader.h"

enum {
    PASSES = 5,
    ROUNDS = 2, /* of a pass; the first warms up */
    LENGTHS = 4,
    ASKED = 1, /* the length that figures are wanted of */
    POLICIES_MAX = 64,
    SLICE_NS = 10000000,
    CHUNK = 64,
    DRAWS = 4096
};

#define ROUND_S 0.03

static const uint32_t lengths[LENGTHS] = { 10, 1000, 100000, 1000000 };

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct bench {
    struct process *processes; /* [greatest length] */
    void *queue;
    const struct policy *policy;
    uint64_t now_ns;
    uint32_t drawn, draws[DRAWS]; /* times that processes run */
};

static void *allocate(size_t size)
{
    void *memory = aligned_alloc(PROCESS_LINE_BYTES, (size + 63) / 64 * 64);
    CHECK(memory != NULL);
    return memset(memory, 0, size);
}

/* Where there are reservations every process has one: 1 us in a bit more than 2 n us. */
static void reserve(struct bench *bench, struct process *process, uint32_t n, gsl_rng *rng)
{
    struct process_attributes attributes = { .budget_ns = 1000 };
    attributes.period_ns = 2000 * (n + random_bits32(rng) % n);
    if (bench->policy->admit == NULL)
        return;
    CHECK(bench->policy->admit(bench->queue, process, &attributes, 0));
    process->flags |= PROCESS_RESERVED;
}

static void fill(struct bench *bench, const struct policy *policy, uint32_t n, gsl_rng *rng)
{
    struct policy_setup setup = { .slice_ns = SLICE_NS, .random = 1, .cores = 1 };
    free(bench->queue);
    bench->queue = allocate(policy->queue_bytes);
    bench->policy = policy;
    bench->now_ns = 0;
    policy->init(bench->queue, &setup);
    memset(bench->processes, 0, n * sizeof *bench->processes);
    for (uint32_t id = 0; id < n; id++) {
        struct process *process = &bench->processes[id];
        process->id = id;
        process->state = PROCESS_READY;
        process->weight = 512 + random_bits32(rng) % 1536;
        process->priority = (int32_t)(random_bits32(rng) % 8);
        reserve(bench, process, n, rng);
        policy->enqueue(bench->queue, process, 0);
    }
}

static void decide(struct bench *bench, uint32_t times)
{
    const struct policy *policy = bench->policy;
    for (uint32_t i = 0; i < times; i++) {
        struct process *process = policy->pick(bench->queue, bench->now_ns);
        uint64_t ran_ns = bench->draws[bench->drawn++ % DRAWS];
        bench->now_ns += ran_ns;
        process->runtime_ns += ran_ns;
        policy->enqueue(bench->queue, process, bench->now_ns);
    }
}

/* ns per decision in a round. */
static double round_ns(struct bench *bench)
{
    double began = seconds_now(), passed;
    uint64_t decisions = 0;
    uint32_t chunk = 1;
    do { /* ever more at once: the clock itself takes as long as many a decision */
        decide(bench, chunk);
        decisions += chunk;
        chunk *= 2;
        passed = seconds_now() - began;
    } while (passed < ROUND_S);
    return passed * 1e9 / (double)decisions;
}

/* ns per visit to a process, in random order, each known from the one before only: it is read and
 * written, as by a pick. */
static double visit_ns(struct process *processes, uint32_t n, gsl_rng *rng)
{
    for (uint32_t i = 0; i < n; i++)
        processes[i].id = i;
    for (uint32_t i = n - 1; i > 0; i--) { /* one cycle through all (S. Sattolo, 1986) */
        uint32_t other = (uint32_t)gsl_rng_uniform_int(rng, i), was = processes[i].id;
        processes[i].id = processes[other].id;
        processes[other].id = was;
    }
    double began = seconds_now(), passed = 0;
    uint64_t visits = 0;
    for (uint32_t at = 0; passed < ROUND_S; passed = seconds_now() - began)
        for (uint32_t i = 0; i < 1 << 14; i++, visits++) {
            processes[at].runtime_ns++;
            at = processes[at].id;
        }
    return passed * 1e9 / (double)visits;
}

/* Until the order is that of a system which has run for long; a scan finds that by itself. */
static void settle(struct bench *bench, uint32_t n)
{
    double began = seconds_now();
    for (uint32_t i = 0; i < 4 * n && seconds_now() - began < 1; i += CHUNK)
        decide(bench, CHUNK);
}

/* What argv picks; of nothing, all. */
static bool is_picked(int argc, char **argv, const struct policy *policy, uint32_t n)
{
    return (argc <= 1 || strstr(policy->name, argv[1]) != NULL) &&
           (argc <= 2 || n == strtoul(argv[2], NULL, 10));
}

/* Row 0: the visits; row 1 + p: policy p.  0: not picked. */
static double figures[1 + POLICIES_MAX][LENGTHS][PASSES];

static void time_pass(struct bench *bench, const struct policy *const *policies, gsl_rng *rng,
                      int pass, int argc, char **argv)
{
    for (int i = 0; i < LENGTHS; i++)
        figures[0][i][pass] = visit_ns(bench->processes, lengths[i], rng);
    for (int p = 0; policies[p] != NULL; p++) {
        CHECK(p < POLICIES_MAX);
        for (int i = 0; i < LENGTHS; i++) {
            if (!is_picked(argc, argv, policies[p], lengths[i]))
                continue;
            fill(bench, policies[p], lengths[i], rng);
            settle(bench, lengths[i]);
            for (int round = 0; round < ROUNDS; round++)
                figures[1 + p][i][pass] = round_ns(bench);
        }
    }
}

static void print_row(const char *name, double (*row)[PASSES])
{
    printf("%-16s", name);
    for (int i = 0; i < LENGTHS; i++) {
        gsl_sort(row[i], 1, PASSES);
        if (row[i][0] > 0)
            printf(" %10.1f", row[i][0]);
        else
            printf(" %10s", "-");
    }
    if (row[ASKED][0] > 0)
        printf(" %12.1f", gsl_stats_median_from_sorted_data(row[ASKED], 1, PASSES));
    printf("\n");
}

static void print_table(const struct policy *const *policies)
{
    char median[32];
    snprintf(median, sizeof median, "%u, median", lengths[ASKED]);
    printf("A pick and an enqueue, ns (least of %d).  Wanted at %u: 25 where O(1), 100 where "
           "O(log n)\n%-16s",
           PASSES, lengths[ASKED], "READY");
    for (int i = 0; i < LENGTHS; i++)
        printf(" %10u", lengths[i]);
    printf(" %12s\n", median);
    print_row("(a visit)", figures[0]);
    for (int p = 0; policies[p] != NULL; p++) {
        double sum = 0;
        for (int i = 0; i < LENGTHS; i++)
            sum += figures[1 + p][i][0];
        if (sum > 0)
            print_row(policies[p]->name, figures[1 + p]);
    }
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct scheduler plain;
    struct error err;
    if (!scheduler_load(&plain, NULL, false, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 1, 0, 0, 0, 0);
    bench.processes = allocate(lengths[LENGTHS - 1] * sizeof *bench.processes);
    for (int i = 0; i < DRAWS; i++)
        bench.draws[i] = i % 2 == 0 ? SLICE_NS : 1 + random_bits32(rng) % SLICE_NS;
    const struct policy *const *policies = plain.modules[0]->policies;
    for (int pass = 0; pass < PASSES; pass++) {
        fprintf(stderr, "bench_policies: pass %d of %d\n", pass + 1, PASSES);
        time_pass(&bench, policies, rng, pass, argc, argv);
    }
    print_table(policies);
    free(bench.queue);
    free(bench.processes);
    gsl_rng_free(rng);
    return EXIT_SUCCESS;
}
