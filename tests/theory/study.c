/* study.c -- see study.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/theory/study.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"

bool study_full, study_smoke;

static struct scheduler scheduler;
static int failures, passes;

const struct profile *study_ideal_cpu(void)
{
    static struct profile ideal = { .name = "ideal", .title = "every cost is zero" };
    ideal.figure[FIGURE_clock_mhz].value = 1000;
    ideal.figure[FIGURE_line_bytes].value = 64;
    return &ideal;
}

struct distribution study_exponential(double mean_us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_EXPONENTIAL };
    distribution.parameter[PARAMETER_MEAN] = mean_us;
    CHECK(distribution_prepare(&distribution) == NULL);
    return distribution;
}

double study_seconds(double brief, double tenth)
{
    return study_full ? tenth : brief;
}

struct scenario study_scenario(uint32_t cores, uint32_t tori, const char *policy,
                               struct workload *workloads, uint32_t workload_count, double seconds)
{
    return (struct scenario){
        .name = "study",
        .seed = 20261124,
        .duration_ps = (uint64_t)(seconds * 1e12 *
                                  (study_full    ? 10
                                   : study_smoke ? 0.12
                                                 : 1)),
        .warmup_ps = (uint64_t)(seconds * 1e11),
        .cpu = study_ideal_cpu(),
        .cores = cores,
        .threads = 1,
        .scheduler = { .tori = tori,
                       .policy = policy,
                       .placement = "random",
                       .balancer = "none",
                       .lock = LOCK_IDEAL,
                       .slice_ns = UINT64_C(1000000000000000),
                       .exact_slices = true,
                       .process_stride_bytes = 128 },
        .cost = COST_FLAT,
        .workload_count = workload_count,
        .workloads = workloads,
    };
}

static double find_metric(const struct scenario *scenario, const struct run_result *result,
                          const char *name, struct arena *arena)
{
    for (uint32_t i = 0; i < result->metric_count; i++)
        if (strcmp(metric_name(scenario, i, arena), name) == 0)
            return result->metrics[i];
    CHECK(!*name); /* the metric exists */
    return NAN;
}

/* The caller frees the arena. */
static struct run_result study_run(const char *title, const struct scenario *scenario,
                                   uint32_t replication, struct arena *arena)
{
    struct run_result result = { 0 };
    host_run(scenario, &scheduler, replication, &result, arena);
    if (result.fault.kind != FAULT_NONE)
        printf("%s: fault: %s, %s\n", title, fault_names[result.fault.kind], result.fault.detail);
    CHECK(result.fault.kind == FAULT_NONE && !result.overrun.happened);
    return result;
}

double study_value(const char *title, const struct scenario *scenario, uint32_t replication,
                   const char *metric)
{
    struct arena arena = ARENA_EMPTY;
    struct run_result result = study_run(title, scenario, replication, &arena);
    double value = find_metric(scenario, &result, metric, &arena);
    arena_free(&arena);
    return value;
}

double study_vain_ms(const char *title, const struct scenario *scenario, uint32_t replication)
{
    struct arena arena = ARENA_EMPTY;
    struct scenario measured = *scenario;
    measured.vain = true;
    struct run_result result = study_run(title, &measured, replication, &arena);
    arena_free(&arena);
    return (double)result.vain_ps_max / 1e9;
}

void study_judge(bool fine, const char *format, ...)
{
    va_list args;
    fine = fine || study_smoke;
    printf("%s ", fine ? "ok  " : "FAIL");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    if (fine)
        passes++;
    else
        failures++;
}

void study_expect(const char *title, const struct scenario *scenario, const char *metric,
                  double known, double limit)
{
    double value[STUDY_REPLICATIONS];
    for (uint32_t r = 0; r < STUDY_REPLICATIONS; r++)
        value[r] = study_value(title, scenario, r, metric);
    double mean = gsl_stats_mean(value, 1, STUDY_REPLICATIONS);
    double sd = gsl_stats_sd_m(value, 1, STUDY_REPLICATIONS, mean);
    double t = gsl_cdf_tdist_Pinv(0.9995, STUDY_REPLICATIONS - 1);
    double half = t * sd / sqrt(STUDY_REPLICATIONS);
    if (limit == 0)
        limit = study_full ? 0.01 : 0.03;
    bool inside = fabs(mean - known) <= half + 1e-9 * fabs(known);
    bool narrow = half <= limit * fabs(known);
    if (study_smoke)
        inside = narrow = isfinite(mean);
    study_judge(inside && narrow, "%-44s known %10.5g, simulated %10.5g +- %.2g %% (%+.2f %%)",
                title, known, mean, 100 * half / known, 100 * (mean - known) / known);
}

int study_main(int argc, char **argv, const char *name, void (*const *tests)(void), int count)
{
    struct error err;
    study_full = argc > 1 && strcmp(argv[1], "full") == 0;
    study_smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    if (!scheduler_load(&scheduler, NULL, false, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    printf("%s: %s run\n", name, study_full ? "full" : study_smoke ? "smoke" : "short");
    for (int i = 0; i < count; i++)
        tests[i]();
    printf("%d passed, %d failed\n", passes, failures);
    return failures == 0 && passes > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
