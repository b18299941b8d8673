/* combinations.c -- every policy x balancer x placement x mapping keeps the laws under a load.
 *
 * Goal: no process is lost, duplicated, run twice or run while it is blocked; every process that is
 * ready is run, but by policies that say that low priorities starve; accounts are exact.
 * Method: short runs of the simulator, whose audit ends a run with a fault at the first breach, and
 * whose accounts are checked in every run; closed processes that never sleep and others that do, of
 * two priorities and weights, and a stream of short-lived ones.  Each combination has several seeds
 * of its own, one if the argument is "smoke" (for sanitizers and other compilers), and with each go
 * settings of balancing and a kind of lock.  Balancers that move processes must have moved some in
 * all runs together.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sim/host/host.h"
#include "tests/support/suite.h"

static const struct mapping {
    uint32_t cores, tori;
    bool locked;
} mappings[] = { { 4, 1, false }, { 5, 2, false }, { 4, 4, false }, { 2, 6, false },
                 { 5, 2, true },  { 4, 4, true },  { 2, 6, true } };

enum { MAPPINGS = sizeof mappings / sizeof mappings[0], ENTRIES = 4, MS = 1000000 };

static uint32_t seeds = 3; /* of each combination */
static struct scheduler scheduler;
static struct profile cpu = { .name = "small", .title = "some costs" };

static struct distribution exponential(double mean_us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_EXPONENTIAL };
    distribution.parameter[PARAMETER_MEAN] = mean_us;
    ck_assert_ptr_null(distribution_prepare(&distribution));
    return distribution;
}

static struct workload closed(const char *name, uint32_t instances, uint32_t weight,
                              int32_t priority, struct phase *phases, uint32_t phase_count)
{
    struct workload workload = { .name = name,
                                 .instances = instances,
                                 .weight = weight,
                                 .priority = priority,
                                 .phases = phases,
                                 .phase_count = phase_count };
    distribution_prepare(&workload.start);
    return workload;
}

/* May somebody be left unserved for a whole run?  By priority_aging, as its bound is 64 levels of 8
 * to 16 slices. */
static bool starves(const char *policy)
{
    return strcmp(policy, "priority") == 0 || strcmp(policy, "priority_scan") == 0 ||
           strcmp(policy, "priority_aging") == 0;
}

static struct scenario scenario_of(const char *policy, const char *balancer, const char *placement,
                                   const struct mapping *mapping, uint32_t seed,
                                   struct workload workloads[ENTRIES])
{
    struct scenario scenario = {
        .name = "combination",
        .seed = seed,
        .duration_ps = UINT64_C(300) * MS * 1000,
        .cpu = &cpu,
        .cores = mapping->cores,
        .threads = 1,
        .scheduler = { .tori = mapping->tori,
                       .policy = policy,
                       .placement = placement,
                       .balancer = balancer,
                       .lock = (enum lock_kind)(seed % LOCK_KINDS),
                       .slice_ns = 2 * MS,
                       .tick_hz = 1000,
                       .exact_slices = seed % 2 == 0,
                       .locked_queues = mapping->locked,
                       .inbox_at_entry = seed % 3 == 0,
                       .polling_idle = seed % 5 == 0,
                       .place_woken = seed % 4 == 0,
                       .exchange_ns = seed % 3 * MS,
                       .balance_ns = 2 * MS,
                       .threshold = seed % 2,
                       .victim = seed % BALANCER_VICTIMS,
                       .migration_cost_ns = seed % 3 * MS / 4,
                       .process_stride_bytes = 128 },
        .cost = COST_FLAT,
        .workload_count = ENTRIES,
        .workloads = workloads,
    };
    for (int kind = 0; kind < ENTRY_KINDS; kind++)
        scenario.flat.entry_ps[kind] = 300000 + 100000 * (uint64_t)kind;
    return scenario;
}

static double metric(const struct scenario *scenario, const struct run_result *result,
                     const char *name, struct arena *arena)
{
    for (uint32_t i = 0; i < result->metric_count; i++)
        if (strcmp(metric_name(scenario, i, arena), name) == 0)
            return result->metrics[i];
    ck_abort_msg("no metric %s", name);
    return 0;
}

/* Returns how many processes a second were moved. */
static double run_one(const char *policy, const char *balancer, const char *placement,
                      const struct mapping *mapping, uint32_t seed)
{
    struct phase hog = { PHASE_RUN, exponential(1e5) };
    struct phase sleeper[] = { { PHASE_RUN, exponential(400) }, { PHASE_SLEEP, exponential(900) } };
    struct phase yielder[] = { { PHASE_RUN, exponential(300) }, { .kind = PHASE_YIELD } };
    struct phase job = { PHASE_RUN, exponential(500) };
    struct workload workloads[ENTRIES] = {
        closed("hog", 5, 1024, 1, &hog, 1),
        closed("sleeper", 9, 2048, 2, sleeper, 2),
        closed("yielder", 2, 512, 0, yielder, 2),
        { .name = "job",
          .open = true,
          .max_alive = 500,
          .weight = 1024,
          .priority = 2,
          .gap = exponential(1500),
          .phases = &job,
          .phase_count = 1 },
    };
    distribution_prepare(&workloads[3].start);
    struct scenario scenario = scenario_of(policy, balancer, placement, mapping, seed, workloads);
    char what[160];
    snprintf(what, sizeof what, "%s, %s, %s, %u tori on %u cores%s, seed %u", policy, balancer,
             placement, mapping->tori, mapping->cores, mapping->locked ? ", locked" : "", seed);
    struct arena arena = ARENA_EMPTY;
    struct run_result result = { 0 };
    host_run(&scenario, &scheduler, 0, &result, &arena);
    ck_assert_msg(result.fault.kind == FAULT_NONE, "%s: %s (process %u, %s)", what,
                  fault_names[result.fault.kind], result.fault.process, result.fault.detail);
    ck_assert_msg(!result.overrun.happened, "%s: too many alive", what);
    for (uint32_t i = 0; i < result.process_count && !starves(policy); i++)
        ck_assert_msg(result.processes[i].user_ps > 0, "%s: process %u of entry %u never ran", what,
                      result.processes[i].instance, result.processes[i].workload);
    double moved = metric(&scenario, &result, "migrations_per_s", &arena);
    arena_free(&arena);
    return moved;
}

START_TEST(every_combination_keeps_the_laws)
{
    struct arena arena = ARENA_EMPTY;
    const char *balancer = scheduler_balancer_names(&scheduler, &arena)[_i];
    const char *const *policies = scheduler_policy_names(&scheduler, &arena);
    const char *const *placements = scheduler_placement_names(&scheduler, &arena);
    double moved = 0;
    uint32_t first = 10000 * (uint32_t)_i, seed = first;
    for (uint32_t p = 0; policies[p] != NULL; p++)
        for (uint32_t q = 0; placements[q] != NULL; q++)
            for (uint32_t m = 0; m < MAPPINGS * seeds; m++)
                moved +=
                    run_one(policies[p], balancer, placements[q], &mappings[m / seeds], seed++);
    printf("%s: %u runs, %u of each combination\n", balancer, seed - first, seeds);
    ck_assert_msg((moved > 0) == (strcmp(balancer, "none") != 0), "%s moved %g a second", balancer,
                  moved);
    arena_free(&arena);
}
END_TEST

int main(int argc, char **argv)
{
    struct error err;
    struct arena arena = ARENA_EMPTY;
    int balancers = 0;
    if (argc > 1 && strcmp(argv[1], "smoke") == 0)
        seeds = 1;
    if (!scheduler_load(&scheduler, NULL, false, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    cpu.figure[FIGURE_clock_mhz].value = 1000;
    cpu.figure[FIGURE_line_bytes].value = 64;
    cpu.figure[FIGURE_timer_interrupt_ns].value = 400;
    cpu.figure[FIGURE_ipi_send_ns].value = 200;
    cpu.figure[FIGURE_ipi_latency_ns].value = 700;
    cpu.figure[FIGURE_ipi_handle_ns].value = 300;
    cpu.figure[FIGURE_syscall_ns].value = 100;
    cpu.figure[FIGURE_switch_ns].value = 500;
    cpu.figure[FIGURE_transfer_ns].value = 90;
    while (scheduler_balancer_names(&scheduler, &arena)[balancers] != NULL)
        balancers++;
    arena_free(&arena);
    TCase *tests = tcase_create("combinations");
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, every_combination_keeps_the_laws, 0, balancers);
    return suite_run("combinations", tests);
}
