/* simulator.c -- benchmark: the whole simulator, scheduling events per second of wall time.
 *
 * A scheduling event is an engine event that enters the scheduler; ticks of idle cores do not
 * count.  Processes run for 500 us and sleep, exponentially, so that the machine is half busy;
 * policy rr, one torus a core.  Each rate is the difference of a long and a short run, so that
 * set-up and the birth of the processes, which happen once, are left out; each figure is the median
 * of several.  Traced runs come without working sets, where the scheduler's own lines and code are
 * all there is to price, and with some as large as the first level, after which nothing is near.
 * Memory is the peak of a process that does nothing else, by process simulated.  An argument picks
 * the rows whose title has it in it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/host/host.h"

enum { ROUNDS = 3 };

struct job {
    const char *title;
    uint32_t processes, cores;
    bool traced;
    uint32_t working_set_kb; /* of each, where it is traced */
    double short_ms, long_ms;
    double wanted; /* million scheduling events a second; 0: no aim */
};

static struct distribution exponential(double mean_us)
{
    struct distribution d = { .kind = DISTRIBUTION_EXPONENTIAL };
    d.parameter[PARAMETER_MEAN] = mean_us;
    CHECK(distribution_prepare(&d) == NULL);
    return d;
}

static struct scenario scenario_of(const struct job *job, const struct profile *cpu,
                                   struct workload *workload, struct phase *phases,
                                   double duration_ms)
{
    const double run_us = 500, busy = 0.5;
    phases[0] = (struct phase){ PHASE_RUN, exponential(run_us) };
    phases[1] = (struct phase){ PHASE_SLEEP,
                                exponential(run_us * (job->processes / (busy * job->cores) - 1)) };
    *workload = (struct workload){ .name = "job",
                                   .instances = job->processes,
                                   .weight = 1024,
                                   .working_set_kb = job->working_set_kb,
                                   .phase_count = 2,
                                   .phases = phases };
    distribution_prepare(&workload->start);
    struct scenario scenario = {
        .name = "bench",
        .seed = 1,
        .duration_ps = (uint64_t)(duration_ms * 1e9),
        .cpu = cpu,
        .cores = job->cores,
        .threads = 1,
        .scheduler = { .tori = job->cores,
                       .policy = "rr",
                       .placement = "least_loaded",
                       .balancer = "threshold",
                       .lock = LOCK_TICKET,
                       .slice_ns = 10000000,
                       .tick_hz = 100,
                       .exchange_ns = 10000000,
                       .balance_ns = 100000000,
                       .threshold = 5,
                       .process_stride_bytes = 128 },
        .cost = job->traced ? COST_TRACED : COST_FLAT,
        .workload_count = 1,
        .workloads = workload,
    };
    for (int kind = 0; kind < ENTRY_KINDS; kind++)
        scenario.flat.entry_ps[kind] = 500000;
    return scenario;
}

/* In a process of its own, so that memory is its own. */
static struct run_result run_apart(const struct job *job, const struct profile *cpu,
                                   const struct scheduler *scheduler, double duration_ms)
{
    int ends[2];
    struct run_result result = { 0 };
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct workload workload;
        struct phase phases[2];
        struct arena arena = ARENA_EMPTY;
        struct scenario scenario = scenario_of(job, cpu, &workload, phases, duration_ms);
        host_run(&scenario, scheduler, 0, &result, &arena);
        _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
    }
    close(ends[1]);
    CHECK(read(ends[0], &result, sizeof result) == (ssize_t)sizeof result);
    close(ends[0]);
    waitpid(child, NULL, 0);
    CHECK(result.fault.kind == FAULT_NONE);
    return result;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct job *job, const struct profile *cpu,
                    const struct scheduler *scheduler)
{
    double rate[ROUNDS];
    uint64_t rss_kb = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct run_result few = run_apart(job, cpu, scheduler, job->short_ms);
        struct run_result many = run_apart(job, cpu, scheduler, job->long_ms);
        rate[round] = (double)(many.scheduling_events - few.scheduling_events) /
                      (many.wall_s - few.wall_s) / 1e6;
        rss_kb = many.peak_rss_kb > rss_kb ? many.peak_rss_kb : rss_kb;
    }
    qsort(rate, ROUNDS, sizeof rate[0], ascending);
    char wanted[16] = "-";
    if (job->wanted > 0)
        snprintf(wanted, sizeof wanted, "%.2f", job->wanted);
    printf("%-52s %8.2f %8s %10.0f %10.0f\n", job->title, rate[ROUNDS / 2], wanted,
           1e3 / rate[ROUNDS / 2], (double)rss_kb * 1024 / job->processes);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct job jobs[] = {
        { "1000 processes, 8 cores, flat", 1000, 8, false, 0, 5000, 105000, 10 },
        { "1000 processes, 8 cores, traced", 1000, 8, true, 0, 2000, 42000, 2 },
        { "1000 processes, 8 cores, traced, 16 KB each", 1000, 8, true, 16, 2000, 42000, 0 },
        { "1,000,000 processes, 64 cores, flat", 1000000, 64, false, 0, 4000, 124000, 5 },
        { "1,000,000 processes, 64 cores, traced", 1000000, 64, true, 0, 4000, 24000, 0 },
        { "1,000,000 processes, 64 cores, traced, 16 KB each", 1000000, 64, true, 16, 4000, 24000,
          0 },
    };
    static struct profile cpu;
    struct scheduler plain, traced;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    char data[4000], path[4096];
    if (!scheduler_load(&plain, NULL, false, &err) || !scheduler_load(&traced, NULL, true, &err) ||
        !data_directory(data, sizeof data, &err) ||
        snprintf(path, sizeof path, "%s/cpus/piii-xeon-700.json", data) < 0 ||
        !profile_read(&cpu, path, data, &arena, &err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.message);
        return EXIT_FAILURE;
    }
    printf("Whole simulator, million scheduling events per second of wall time (median of %d)\n",
           ROUNDS);
    printf("%-52s %8s %8s %10s %10s\n", "", "M/s", "wanted", "ns each", "bytes/proc");
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
        if (argc < 2 || strstr(jobs[i].title, argv[1]) != NULL)
            measure(&jobs[i], &cpu, jobs[i].traced ? &traced : &plain);
    arena_free(&arena);
    return EXIT_SUCCESS;
}
