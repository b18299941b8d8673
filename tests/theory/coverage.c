/* coverage.c -- how often the 95 % interval covers the true mean.
 *
 * Goal: 95 % intervals of replications cover the known mean in 93 to 97 % of independent
 * experiments, with a fixed number of replications, and where replications are added until the
 * interval is tight.
 * Method: M/M/1, costs zero, each experiment with a seed of its own; the mean response is
 * 1 / (1 - rho) service times.  Ten replications; and as many as precision_more() asks for, from
 * the least that a scenario may have then.  The full run: 1000 experiments at rho 0.9 of 10^5
 * customers in each replication, precision 3 %.  Else: 200 at rho 0.5 of 1000 customers, precision
 * 5 %, and a wider rule, since the standard error of such a share is 1.5 %.
 *
 * Source: L. Kleinrock, "Queueing Systems" 1, 1975, 3.2; sim/statistics/precision.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/check.h"
#include "sim/statistics/precision.h"
#include "tests/theory/study.h"

enum { REPLICATIONS = 10, MOST = 1000 };

static const double service_us = 1000;
static double precision_percent = 5;

struct shares {
    uint32_t covered, added, covered_added; /* experiments; those with more replications */
    double replications;
};

static struct interval add_replications(const struct scenario *scenario, double *values,
                                        uint32_t *count, uint32_t more)
{
    for (uint32_t end = *count + more; *count < end; (*count)++)
        values[*count] = study_value("coverage", scenario, *count, "response_us_mean");
    return statistics_interval(values, *count);
}

/* One experiment: mean responses of replications, as many as are wanted. */
static void experiment(const struct scenario *scenario, double known, struct shares *fixed,
                       struct shares *tight)
{
    double values[MOST];
    uint32_t count = 0, wanted = PRECISION_REPLICATIONS_MIN - REPLICATIONS;
    struct interval interval = add_replications(scenario, values, &count, REPLICATIONS);
    fixed->covered += fabs(interval.mean - known) <= interval.half_width;
    while (wanted > 0) {
        interval = add_replications(scenario, values, &count, wanted);
        wanted = precision_more(&interval, 1, precision_percent, count, MOST);
    }
    bool covers = fabs(interval.mean - known) <= interval.half_width;
    bool added = count > PRECISION_REPLICATIONS_MIN;
    tight->covered += covers;
    tight->added += added;
    tight->covered_added += added && covers;
    tight->replications += count;
}

static void intervals_cover(void)
{
    const double rho = study_full ? 0.9 : 0.5, customers = study_full ? 1e5 : 1000;
    const double known = service_us / (1 - rho);
    const double least = study_full ? 0.93 : 0.9, most = study_full ? 0.97 : 0.99;
    const uint32_t experiments = study_full ? 1000 : study_smoke ? 10 : 200;
    if (study_full)
        precision_percent = 3;
    struct phase phase = { PHASE_RUN, study_exponential(service_us) };
    struct workload workload = { .name = "jobs",
                                 .open = true,
                                 .max_alive = 3000,
                                 .weight = 1024,
                                 .gap = study_exponential(service_us / rho),
                                 .phase_count = 1,
                                 .phases = &phase };
    distribution_prepare(&workload.start);
    struct scenario scenario = study_scenario(1, 1, "rr", &workload, 1, 1);
    uint64_t window_ps = (uint64_t)(customers * service_us / rho * 1e6);
    struct shares fixed = { 0 }, tight = { 0 };
    scenario.warmup_ps = window_ps / 20;
    scenario.duration_ps = scenario.warmup_ps + window_ps;
    for (uint32_t e = 1; e <= experiments; e++) {
        scenario.seed = 6000000 + e;
        experiment(&scenario, known, &fixed, &tight);
        if (study_full && e % 100 == 0) {
            printf("%u experiments: %u covered; tight: %u covered, %.1f replications\n", e,
                   fixed.covered, tight.covered, tight.replications / e);
            fflush(stdout);
        }
    }
    double share = (double)fixed.covered / experiments;
    study_judge(share >= least && share <= most, "%u x %u replications: %.1f %% covered",
                experiments, REPLICATIONS, 100 * share);
    share = (double)tight.covered / experiments;
    study_judge(share >= least && share <= most,
                "until +- %g %%: %.1f %% covered, by %.1f replications on average; of %u that "
                "wanted more, %.1f %%",
                precision_percent, 100 * share, tight.replications / experiments, tight.added,
                100.0 * tight.covered_added / (tight.added > 0 ? tight.added : 1));
}

int main(int argc, char **argv)
{
    static void (*const tests[])(void) = { intervals_cover };
    return study_main(argc, argv, "coverage", tests, 1);
}
