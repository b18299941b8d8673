/* core.c -- one core alone: its clock, locked instructions, branches; and how many there are.
 * Compiled with optimisation and without sanitizers in every preset.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "braid/tree.h"
#include "sim/calibrate/parts.h"

enum { HISTORY_ASSUMED = 64, ADDS = 1 << 15, ATOMICS = 1 << 11, BRANCHES = 1 << 13 };

/* Records like processes, linked by number + 1, few enough for any first level. */
enum { RECORDS = 16, RECORD_WORDS = 32, LINK_WORD = 5, LINKS = 1 << 13 };

struct records {
    uint32_t word[RECORDS][RECORD_WORDS];
    uint32_t at; /* number + 1 */
};

static uint64_t number_chain(void *context)
{
    struct records *records = context;
    uint32_t at = records->at;
    for (uint32_t i = 0; i < LINKS; i++) {
        const uint32_t *record = records->word[at - 1];
        __asm__ volatile("" : "+r"(record)); /* an address, as where more of it is accessed */
        at = record[LINK_WORD];
    }
    records->at = at;
    return LINKS;
}

/* Nodes in which every way down goes on for ever, few enough for any first level. */
enum { NODES = 16, STEPS = 1 << 12 };

struct descent {
    struct tree_node node[NODES], *at;
    uint64_t key;
};

/* The way down of tree_insert(). */
static uint64_t descend(void *context)
{
    struct descent *descent = context;
    struct tree_node *at = descent->at;
    for (uint32_t i = 0; i < STEPS; i++)
        at = tree_side(descent->key, at->key, at->child[0], at->child[1]);
    descent->at = at;
    return STEPS;
}

/* Adds that depend on one another take a cycle each on every processor that one would simulate. */
static uint64_t add_chain(void *context)
{
    uint64_t sum = *(uint64_t *)context, step = sum | 1;
#define ADD                                                                                        \
    sum += step;                                                                                   \
    __asm__ volatile("" : "+r"(sum), "+r"(step));
#define FOUR_ADDS ADD ADD ADD ADD
    for (uint32_t i = 0; i < ADDS; i += 16) {
        FOUR_ADDS FOUR_ADDS FOUR_ADDS FOUR_ADDS
    }
    *(uint64_t *)context = sum;
    return ADDS;
}

static uint64_t atomic_chain(void *context)
{
    uint64_t *counter = context;
    for (uint32_t i = 0; i < ATOMICS; i++)
        __atomic_fetch_add(counter, i, __ATOMIC_SEQ_CST);
    return ATOMICS;
}

/* Branches on one bit of random numbers that never repeat; the bits that count are in a mask, so
 * that the same code branches always, never, or at random. */
struct branches {
    uint64_t state, mask, flip;
};

static uint64_t branch_walk(void *context)
{
    struct branches *branches = context;
    uint64_t x = branches->state, mask = branches->mask, flip = branches->flip, taken = 0;
    for (uint32_t i = 0; i < BRANCHES; i++) {
        x ^= x << 13; /* xorshift64 (G. Marsaglia, 2003) */
        x ^= x >> 7;
        x ^= x << 17;
        if (((x >> 32) & mask) != flip) {
            taken++;
            __asm__ volatile("" : "+r"(taken)); /* keeps it a branch */
        } else {
            taken += 3;
            __asm__ volatile("" : "+r"(taken));
        }
    }
    branches->state = x + taken % 2;
    return BRANCHES;
}

static struct measurement branch_ns(uint64_t mask, uint64_t flip, double seconds)
{
    struct branches branches = { UINT64_C(0x9e3779b97f4a7c15), mask, flip };
    return timing_measure(branch_walk, &branches, seconds);
}

void calibrate_clock(struct calibration *c, double seconds)
{
    uint64_t sum = 1;
    struct measurement ns = timing_measure(add_chain, &sum, seconds);
    struct measurement mhz = { 1000 / ns.value, ns.spread, ns.count };
    c->cycles_per_ns = fmax(c->cycles_per_ns, 1 / ns.value);
    calibration_measured(c, FIGURE_clock_mhz, mhz,
                         "a chain of dependent additions, one a cycle; the time-stamp counter runs "
                         "at %.0f MHz",
                         ticks_per_ns() * 1000);
}

static void put_counts(struct calibration *c)
{
    const struct system *system = &c->system;
    const char *made_up = system->is_virtual ? "; the hypervisor may make that up" : "";
    double cores = system->cores > 0 ? system->cores : system->cpu_count;
    calibration_derived(c, FIGURE_max_cores, fmax(1, cores), "cores of this host%s", made_up);
    if (system->socket_cores > 0 && system->socket_cores < cores)
        calibration_derived(c, FIGURE_socket_cores, system->socket_cores, "as the kernel says%s",
                            made_up);
    if (system->threads > 1)
        calibration_derived(c, FIGURE_smt_threads, system->threads, "as the kernel says%s",
                            made_up);
    else if (system->is_virtual || system->threads == 0)
        calibration_note(c, "smt_threads: which CPUs are threads of one core %s; taken as none",
                         system->is_virtual ? "is the hypervisor's secret" : "the kernel hides");
    int32_t most = 0, least = INT32_MAX;
    for (uint32_t i = 0; i < system->cpu_count; i++) {
        most = system->cpu[i].capacity > most ? system->cpu[i].capacity : most;
        least = system->cpu[i].capacity < least ? system->cpu[i].capacity : least;
    }
    if (least <= 0 || least == most)
        return;
    uint32_t small = 0;
    for (uint32_t i = 0; i < system->cpu_count; i++)
        small += system->cpu[i].capacity == least;
    calibration_derived(c, FIGURE_small_cores, small, "CPUs of the least cpu_capacity (%d)", least);
    calibration_derived(c, FIGURE_small_rate, (double)least / most,
                        "cpu_capacity of the slowest CPUs, %d, by that of the fastest, %d", least,
                        most);
}

/* What takes so long and begins with a load from the first level, beyond that load. */
static struct measurement beyond_load(const struct calibration *c, struct measurement ns)
{
    struct measurement cycles = calibration_cycles(c, ns);
    cycles.value -= calibration_value(c, FIGURE_l1_latency_cycles);
    return cycles;
}

/* What a link by number takes more than one by address. */
static void put_index(struct calibration *c, double seconds)
{
    struct records records = { .at = 1 };
    for (uint32_t i = 0; i < RECORDS; i++)
        records.word[i][LINK_WORD] = (i + 1) % RECORDS + 1;
    struct measurement ns = timing_measure(number_chain, &records, seconds);
    calibration_measured(c, FIGURE_index_cycles, beyond_load(c, ns),
                         "records of %zu bytes linked by their numbers + 1 take %.2f ns each, of "
                         "which the first level's latency is not counted",
                         RECORD_WORDS * sizeof(uint32_t), ns.value);
}

/* What a step down a tree takes more than a link by address. */
static void put_choice(struct calibration *c, double seconds)
{
    struct descent descent = { .at = descent.node, .key = NODES / 2 };
    for (uint32_t i = 0; i < NODES; i++) {
        descent.node[i].key = i;
        for (uint32_t side = 0; side < 2; side++)
            descent.node[i].child[side] = &descent.node[(2 * i + side) % NODES];
    }
    struct measurement ns = timing_measure(descend, &descent, seconds);
    calibration_measured(c, FIGURE_choice_cycles, beyond_load(c, ns),
                         "a step of the scheduler's own way down a tree takes %.2f ns, of which "
                         "the first level's latency is not counted",
                         ns.value);
}

void calibrate_core(struct calibration *c, double seconds)
{
    static uint64_t counter;
    put_counts(c);
    put_index(c, seconds / 8);
    put_choice(c, seconds / 8);
    struct measurement atomic = timing_measure(atomic_chain, &counter, seconds / 4);
    calibration_measured(c, FIGURE_atomic_cycles, calibration_cycles(c, atomic),
                         "locked additions to one word, %.2f ns each", atomic.value);
    struct measurement random = branch_ns(1, 0, seconds / 4);
    struct measurement taken = branch_ns(0, 1, seconds / 4);
    struct measurement not_taken = branch_ns(0, 0, seconds / 4);
    struct measurement predicted = measurement_sum(0.5, taken, 0.5, not_taken);
    struct measurement miss = measurement_sum(2, random, -2, predicted); /* every second one */
    calibration_measured(c, FIGURE_branch_miss_cycles, calibration_cycles(c, miss),
                         "branches on random bits take %.2f ns, the same always one way %.2f; "
                         "every second one of the former is taken as missed",
                         random.value, predicted.value);
    calibration_assumed(c, FIGURE_branch_history, HISTORY_ASSUMED,
                        "not measured; predictors of the last decade tell long histories apart");
    calibration_note(c, "branch_entries: how many branches the predictor remembers is not "
                        "measured; user code evicts none");
}
