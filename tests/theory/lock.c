/* lock.c -- A1: the closed lock model (machine repairman), random and deterministic.
 *
 * Goal: cores that compute for Z and then hold one ideal lock for S, both exponential, use the lock
 * as theory says; with constant Z and S the bound min(N/(Z+S), 1/S) is reached exactly.
 * Method: one process a core runs and yields; one torus serves all cores; flat cost with a `hold`
 * distribution, all other costs zero.
 *
 *     p0 = 1 / sum_{k=0..N} N!/(N-k)! (S/Z)^k,   utilisation U = 1 - p0
 *
 * Source: the M/M/1//N queue; L. Kleinrock, "Queueing Systems" 1, 1975, 3.8.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "tests/theory/study.h"

static const double hold_us = 8.8, think_us = 39.7;

static double utilisation(int cores)
{
    double term = 1, sum = 1;
    for (int k = 1; k <= cores; k++) {
        term *= (cores - k + 1) * hold_us / think_us;
        sum += term;
    }
    return 1 - 1 / sum;
}

static struct scenario repairman(uint32_t cores, struct workload *workload, struct phase *phases,
                                 struct distribution think, struct distribution hold)
{
    phases[0] = (struct phase){ PHASE_RUN, think };
    phases[1] = (struct phase){ .kind = PHASE_YIELD };
    *workload = (struct workload){
        .name = "core", .instances = cores, .weight = 1024, .phase_count = 2, .phases = phases
    };
    distribution_prepare(&workload->start); /* constant 0 */
    struct scenario scenario = study_scenario(cores, 1, "rr", workload, 1, study_seconds(0.7, 2));
    scenario.flat.has_hold = true;
    scenario.flat.hold = hold;
    return scenario;
}

static void exponential_matches_theory(void)
{
    for (uint32_t cores = 1; cores <= 8; cores++) {
        struct phase phases[2];
        struct workload workload;
        struct scenario scenario = repairman(cores, &workload, phases, study_exponential(think_us),
                                             study_exponential(hold_us));
        char title[64];
        snprintf(title, sizeof title, "A1 lock utilisation, %u cores", cores);
        study_expect(title, &scenario, "lock_utilisation", utilisation((int)cores), 0);
    }
}

static struct distribution constant(double us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_CONSTANT };
    distribution.parameter[PARAMETER_VALUE] = us;
    distribution_prepare(&distribution);
    return distribution;
}

/* Once the cores have fallen into step, throughput is min(N/(Z+S), 1/S) loops per us. */
static void deterministic_reaches_the_bound(void)
{
    for (uint32_t cores = 1; cores <= 8; cores++) {
        struct phase phases[2];
        struct workload workload;
        struct scenario scenario =
            repairman(cores, &workload, phases, constant(think_us), constant(hold_us));
        double bound = cores / (think_us + hold_us);
        char title[64];
        if (bound > 1 / hold_us)
            bound = 1 / hold_us;
        snprintf(title, sizeof title, "A1 deterministic loops per s, %u cores", cores);
        /* Nothing is random: all replications agree, up to the loop cut off at either end. */
        scenario.duration_ps =
            scenario.warmup_ps + (uint64_t)(1000000 * (think_us + hold_us)) * 10000 * cores;
        study_expect(title, &scenario, "lock_utilisation", bound * hold_us, 1e-4);
    }
}

int main(int argc, char **argv)
{
    static void (*const tests[])(void) = { exponential_matches_theory,
                                           deterministic_reaches_the_bound };
    return study_main(argc, argv, "lock", tests, 2);
}
