/* study.h -- compares the simulator with a closed form, by one rule.
 *
 * Rule: seeds are fixed beforehand; the known value lies inside the 99.9 % interval (Student's t
 * over replications), and half that interval is at most 3 % of the value (1 % in the full run:
 * the program is given the argument "full" and simulates ten times as long).  With the argument
 * "smoke" it simulates a tenth and judges nothing but that it runs: for sanitizers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_THEORY_STUDY_H
#define TESTS_THEORY_STUDY_H

#include "sim/host/host.h"

enum { STUDY_REPLICATIONS = 20 };

/* Set by study_main().  Under sanitizers it is they who judge: a tenth of the time, and no verdict
 * on any value. */
extern bool study_full, study_smoke;

/* A machine on which nothing costs anything. */
const struct profile *study_ideal_cpu(void);

/* Zero costs, flat, first come first served unless slices are set: to be changed as needed. */
struct scenario study_scenario(uint32_t cores, uint32_t tori, const char *policy,
                               struct workload *workloads, uint32_t workload_count, double seconds);

/* Seconds of the short run, and a tenth of those of the full one: as long as their intervals want,
 * 3 and 1 %. */
double study_seconds(double brief, double tenth);

struct distribution study_exponential(double mean_us);

/* Runs the scenario and holds the mean of metric ("response_us_mean.jobs") to the rule, against
 * known.  limit: the greatest half-width, as a share, or 0 for the rule's own. */
void study_expect(const char *title, const struct scenario *scenario, const char *metric,
                  double known, double limit);

/* The metric in one replication. */
double study_value(const char *title, const struct scenario *scenario, uint32_t replication,
                   const char *metric);

/* The longest time for which one core idled while one process was queued, in one replication. */
double study_vain_ms(const char *title, const struct scenario *scenario, uint32_t replication);

/* Judges by another rule: prints the text, counts a pass or a failure. */
__attribute__((format(printf, 2, 3))) void study_judge(bool fine, const char *format, ...);

/* Reads the arguments, loads the scheduler, runs the Check suite made of test cases. */
int study_main(int argc, char **argv, const char *name, void (*const *tests)(void), int count);

#endif
