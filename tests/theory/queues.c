/* queues.c -- A2, A3, A5, A6, A7: what queueing theory knows of global and local queues.
 *
 * Goal: with all costs zero, one global queue is M/M/c, tori with random placement are c
 * independent M/M/1 queues, tori that place by fresh loads join the shortest queue, or the shorter
 * of two, a small quantum is processor sharing (with its overhead if it has one), first come first
 * served is M/G/1, and priority_scan is preemptive-resume priority.
 * Method: an open Poisson stream with known service distributions; mean response or wait by the
 * rule of study.h.
 *
 * Source: L. Kleinrock, "Queueing Systems" 1 and 2, 1975 and 1976 (3.5, 4.4, 5.7; vol. 2, 3.4).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>

#include "sim/base/check.h"
#include "tests/theory/study.h"

static const double service_us = 1000;

static struct workload stream(const char *name, struct phase *phase, double rate_per_us,
                              struct distribution service)
{
    *phase = (struct phase){ PHASE_RUN, service };
    struct workload workload = { .name = name,
                                 .open = true,
                                 .max_alive = 20000,
                                 .weight = 1024,
                                 .gap = study_exponential(1 / rate_per_us),
                                 .phase_count = 1,
                                 .phases = phase };
    distribution_prepare(&workload.start);
    return workload;
}

static struct distribution service_with(double cv2)
{
    struct distribution service = { .kind = cv2 < 1   ? DISTRIBUTION_GAMMA
                                            : cv2 > 1 ? DISTRIBUTION_HYPEREXPONENTIAL
                                                      : DISTRIBUTION_EXPONENTIAL };
    service.parameter[PARAMETER_MEAN] = service_us;
    service.parameter[PARAMETER_CV2] = cv2;
    CHECK(distribution_prepare(&service) == NULL);
    return service;
}

/* Mean response of M/M/c, in mean service times: 1 + C(c, a) / (c (1 - rho)), Erlang's C. */
static double erlang_response(int servers, double rho)
{
    double offered = servers * rho, term = 1, sum = 0;
    for (int k = 0; k < servers; k++) {
        sum += term;
        term *= offered / (k + 1);
    }
    double waits = term / (1 - rho);
    return 1 + waits / (sum + waits) / (servers * (1 - rho));
}

/* ---- A2 ----------------------------------------------------------------------------------- */

static void one_queue_against_tori(void)
{
    static const double loads[] = { 0.8, 0.9, 0.95 };
    enum { CORES = 8 };
    for (int i = 0; i < 3; i++) {
        double rho = loads[i];
        struct phase phase;
        struct workload workload =
            stream("jobs", &phase, CORES * rho / service_us, service_with(1));
        char title[64];
        double seconds = rho > 0.92   ? study_seconds(140, 300)
                         : rho > 0.85 ? study_seconds(40, 60)
                                      : study_seconds(12, 30);
        struct scenario global = study_scenario(CORES, 1, "rr", &workload, 1, seconds);
        snprintf(title, sizeof title, "A2 M/M/8 response, rho %.2f", rho);
        study_expect(title, &global, "response_us_mean", erlang_response(CORES, rho) * service_us,
                     0);
        struct scenario tori = study_scenario(CORES, CORES, "rr", &workload, 1, seconds);
        snprintf(title, sizeof title, "A2 8 tori, random placement, rho %.2f", rho);
        /* At rho = .95 one per cent would take 2 x 10^8 customers: 3 % in both runs. */
        study_expect(title, &tori, "response_us_mean", service_us / (1 - rho),
                     rho > 0.92 ? 0.03 : 0);
    }
}

/* ---- A3 ----------------------------------------------------------------------------------- */

/* Two draws with replacement.  For infinitely many tori T = sum of rho^(2^i - 2) over i from 1
 * (M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10),
 * 2001); 1024 are 0.13 % above that, so that the full run is no longer for them.  For few there is
 * no closed form: those values come from a program of its own, which followed the Markov chain of
 * the queue lengths for 1.5 x 10^9 events (standard errors 0.0009; the targets say 3.27, 2.69). */
static void power_of_two_joins_the_shorter(void)
{
    const double rho = 0.9;
    double limit = 0;
    for (double power = 2; power < 1e4; power *= 2)
        limit += pow(rho, power - 2);
    const struct {
        int tori;
        double seconds, response;
    } cases[] = { { 8, study_seconds(11, 25), 3.2549 },
                  { 64, study_seconds(1, 3), 2.6843 },
                  { 1024, study_seconds(0.3, 0.15), limit } };
    for (int i = 0; i < 3; i++) {
        struct phase phase;
        struct workload workload =
            stream("jobs", &phase, cases[i].tori * rho / service_us, service_with(1));
        struct scenario scenario = study_scenario((uint32_t)cases[i].tori, (uint32_t)cases[i].tori,
                                                  "rr", &workload, 1, cases[i].seconds);
        scenario.scheduler.placement = "power_of_two";
        scenario.scheduler.exchange_ns = 0;
        char title[64];
        snprintf(title, sizeof title, "A3 the shorter of two queues, %d tori", cases[i].tori);
        study_expect(title, &scenario, "response_us_mean", cases[i].response * service_us, 0);
    }
}

/* ---- A5 ----------------------------------------------------------------------------------- */

/* Projections that are published at every change of load are exact loads.  How ties are broken
 * does not matter: the queues are alike.
 *
 * There is no closed form.  The values come from a program of its own that followed the Markov
 * chain of the sorted queue lengths for 1.5 x 10^9 events (standard errors 0.0008 and 0.00015);
 * those in the literature, 2.13 and 1.13, agree to the digits that they have. */
static void fresh_loads_join_the_shortest_queue(void)
{
    const struct {
        int tori;
        double seconds, response;
    } cases[] = { { 8, study_seconds(14, 120), 2.1333 }, { 64, study_seconds(1, 12), 1.1258 } };
    const double rho = 0.9;
    for (int i = 0; i < 2; i++) {
        struct phase phase;
        struct workload workload =
            stream("jobs", &phase, cases[i].tori * rho / service_us, service_with(1));
        struct scenario scenario = study_scenario((uint32_t)cases[i].tori, (uint32_t)cases[i].tori,
                                                  "rr", &workload, 1, cases[i].seconds);
        scenario.scheduler.placement = "least_loaded";
        scenario.scheduler.exchange_ns = 0;
        char title[64];
        snprintf(title, sizeof title, "A5 join the shortest queue, %d tori", cases[i].tori);
        study_expect(title, &scenario, "response_us_mean", cases[i].response * service_us, 0);
    }
}

/* ---- A6 ----------------------------------------------------------------------------------- */

static void round_robin_shares_the_processor(void)
{
    const struct {
        double cv2, seconds;
    } cases[] = { { 0.25, study_seconds(30, 70) },
                  { 1, study_seconds(45, 70) },
                  { 16, study_seconds(400, 300) } };
    const double rho = 0.7;
    for (int i = 0; i < 3; i++) {
        struct phase phase;
        struct workload workload =
            stream("jobs", &phase, rho / service_us, service_with(cases[i].cv2));
        char title[64];
        /* The theory is of quanta that go to 0: at 50 us the response is 1 % too long for cv2 16,
         * which the narrow interval of the full run would see. */
        double quantum_us = cases[i].cv2 > 1 && !study_full ? 50 : 20;
        struct scenario scenario =
            study_scenario(1, 1, "rr", &workload, 1, cases[i].seconds);
        scenario.scheduler.slice_ns = (uint64_t)(quantum_us * 1000);
        snprintf(title, sizeof title, "A6 processor sharing, cv2 %.2f", cases[i].cv2);
        study_expect(title, &scenario, "response_us_mean", service_us / (1 - rho), 0);
    }
}

/* Overhead d at every quantum q: rho' = rho (1 + d/q), T = E[S] (1 + d/q) / (1 - rho').  A job of
 * length x has ceil(x/q) quanta, so 1/q is E[ceil(S/q)]/E[S]. */
static void quanta_cost(void)
{
    const double rho = 0.6, quantum_us = 20, overhead_us = 2.385;
    struct phase phase;
    struct workload workload = stream("jobs", &phase, rho / service_us, service_with(1));
    struct scenario scenario = study_scenario(1, 1, "rr", &workload, 1, study_seconds(45, 70));
    scenario.scheduler.slice_ns = (uint64_t)(quantum_us * 1000);
    scenario.flat.entry_ps[ENTRY_SCHEDULE] = (uint64_t)(overhead_us * 1e6);
    double quanta = 1 / (1 - exp(-quantum_us / service_us));
    double stretch = 1 + overhead_us * quanta / service_us;
    study_expect("A6 processor sharing, 2.385 us a quantum", &scenario, "response_us_mean",
                 service_us * stretch / (1 - rho * stretch), 0);
}

/* ---- A7 ----------------------------------------------------------------------------------- */

static void first_come_first_served(void)
{
    static const double cv2s[] = { 0.25, 1, 4 };
    const double rho = 0.7;
    for (int i = 0; i < 3; i++) {
        struct phase phase;
        struct workload workload = stream("jobs", &phase, rho / service_us, service_with(cv2s[i]));
        struct scenario scenario =
            study_scenario(1, 1, "rr", &workload, 1,
                           cv2s[i] > 1 ? study_seconds(600, 1600) : study_seconds(120, 400));
        char title[64];
        double second_moment = service_us * service_us * (1 + cv2s[i]);
        snprintf(title, sizeof title, "A7 M/G/1 wait, cv2 %.2f", cv2s[i]);
        study_expect(title, &scenario, "wait_us_mean",
                     rho / service_us * second_moment / (2 * (1 - rho)), 0);
    }
}

static void priority_preempts(void)
{
    const double rho[2] = { 0.3, 0.4 };
    struct phase phases[2];
    struct workload workloads[2] = {
        stream("urgent", &phases[0], rho[0] / service_us, service_with(0.25)),
        stream("patient", &phases[1], rho[1] / service_us, service_with(4)),
    };
    workloads[0].priority = 10;
    workloads[1].priority = 5;
    struct scenario scenario =
        study_scenario(1, 1, "priority_scan", workloads, 2, study_seconds(500, 1600));
    double before = 0, residual = 0;
    static const double cv2s[2] = { 0.25, 4 };
    static const char *const metrics[] = { "response_us_mean.urgent", "response_us_mean.patient" };
    for (int k = 0; k < 2; k++) {
        double through = before + rho[k];
        residual += rho[k] / service_us * service_us * service_us * (1 + cv2s[k]) / 2;
        double known = service_us / (1 - before) + residual / ((1 - before) * (1 - through));
        char title[64];
        snprintf(title, sizeof title, "A7 preemptive priority, class %d", k + 1);
        study_expect(title, &scenario, metrics[k], known, 0);
        before = through;
    }
}

int main(int argc, char **argv)
{
    static void (*const tests[])(void) = { one_queue_against_tori,
                                           power_of_two_joins_the_shorter,
                                           fresh_loads_join_the_shortest_queue,
                                           round_robin_shares_the_processor,
                                           quanta_cost,
                                           first_come_first_served,
                                           priority_preempts };
    return study_main(argc, argv, "queues", tests, 7);
}
