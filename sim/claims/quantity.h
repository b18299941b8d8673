/* quantity.h -- what a figure of a claim is made of: one number of one run.
 *
 * A quantity is a metric, or one of these, which follow from several:
 *
 *     blocks_per_entry, accesses_per_entry, price_ns_per_entry    of all entries but ticks
 *     useful_cores                 cores' worth of user time
 *     lag_turns                    lag_ms_max / (slice x processes per core)
 *     migrations_per_100_switches
 *     sleepers_wakeup_p99_ms       wakeup_latency_us_p99 of the entry that is called *-sleep
 *     switch_code_ns               context_switch_ns_mean - switch_ns of the profile
 *     switch_registers_ns          SWITCH_INSTRUCTIONS at the profile's IPC
 *     switch_rest_ns               switch_ns - that
 *     switch_cache_ns              cache account / switches
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CLAIMS_QUANTITY_H
#define SIM_CLAIMS_QUANTITY_H

#include "sim/output/results.h"

/* Of process_context_switch() on x86-64; tests/claims counts them. */
enum { SWITCH_INSTRUCTIONS = 29 };

/* Of one run of the results; * in the name stands for anything.  NaN: the run has no such thing. */
double quantity_of(const struct results *results, uint32_t run, const char *quantity);

#endif
