/* claims.c -- the table; see claim.h.
 *
 * Bounds are those of the design where it gives one; where it gives a word ("rare"), the bound is
 * ours, and why says so.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/claims/claim.h"

#include <stddef.h>

const struct study_description claim_studies[STUDIES] = {
    [STUDY_THOUSAND] = { "thousand.json", true, false },
    [STUDY_GROWTH] = { "growth.json", true, false },
    [STUDY_SCALING] = { "scaling.json", false, true },
    [STUDY_FAIR] = { "fair.json", true, false },
    [STUDY_BALANCE] = { "balance.json", false, false },
    [STUDY_LOCALITY] = { "locality.json", false, false },
    [STUDY_AGAINST] = { "against.json", false, false },
};

const struct claim_machine claim_machines[] = {
    { "piii-xeon-700", 8, "[1, 2, 4, 8]", "2000, one bus for eight processors" },
    { "core2-quad", 4, "[1, 2, 4]", "2007; where eight cores are asked for, two of them" },
    { "zen4", 32, "[1, 8, 32]",
      "2022; as a server of that core, where more than 16 are asked for" },
    { "raspberry-pi-1", 1, NULL, "2012, one core: only what one core can show" },
};
const uint32_t claim_machine_count = sizeof claim_machines / sizeof claim_machines[0];

#define VALUE(name, unit, quantity, variant)                                                       \
    {                                                                                              \
        name, unit, HOW_VALUE, quantity, variant, NULL, false                                      \
    }
#define DIFFERENCE(name, unit, quantity, variant, other)                                           \
    {                                                                                              \
        name, unit, HOW_DIFFERENCE, quantity, variant, other, false                                \
    }
#define SLOPE(name, quantity, variant)                                                             \
    {                                                                                              \
        name, "", HOW_SLOPE, quantity, variant, NULL, false                                        \
    }

#define OVERHEAD "sched_overhead_percent"
#define CACHE    "account_cache_percent"
#define SWITCH   "context_switch_ns_mean"
#define WAKEUP   "sleepers_wakeup_p99_ms"

/* From the global queue that the design argues against to tori, step by step. */
#define STEPS                                                                                      \
    DIFFERENCE("scan: global fair_scan - global fair", "points", OVERHEAD,                         \
               "global-fair_scan-ticket", "global-fair-ticket"),                                   \
        DIFFERENCE("lock: global fair - the same with an ideal lock", "points", OVERHEAD,          \
                   "global-fair-ticket", "no-lock"),                                               \
        DIFFERENCE("one queue: the latter - tori", "points", OVERHEAD, "no-lock", "tori"),         \
        DIFFERENCE("locality: cache stalls of processes, global fair - tori", "points", CACHE,     \
                   "global-fair-ticket", "tori")

const struct claim claims[] = {
    { .id = "overhead-torus",
      .group = "Overhead",
      .says = "scheduling overhead < 1 % per torus, at 1000 processes",
      .study = STUDY_THOUSAND,
      .figure = VALUE("overhead of the torus where it is highest", "%",
                      "sched_overhead_percent_max_torus", "tori"),
      .bound = 1,
      .why = "the design's figure: sched + lock_wait + switch + tick + balance, of the time that "
             "is not idle",
      .besides = { VALUE("best global queue", "%", OVERHEAD, "global-*"),
                   VALUE("per-core locked queues", "%", OVERHEAD, "locked"), STEPS } },
    { .id = "overhead-global",
      .group = "Overhead",
      .says = "... where a global scheduler pays 10 %",
      .study = STUDY_THOUSAND,
      .figure = VALUE("overhead of the best global queue", "%", OVERHEAD, "global-*"),
      .at_least = true,
      .bound = 10,
      .why = "the design's figure, of the best global queue that there is: a worse one is no "
             "argument",
      .besides = { VALUE("global fair_scan, ticket: what the design argues against", "%", OVERHEAD,
                         "global-fair_scan-ticket"),
                   VALUE("tori", "%", OVERHEAD, "tori") } },
    { .id = "switch",
      .group = "Context switch",
      .says = "context switch < 1 us",
      .study = STUDY_THOUSAND,
      .figure = VALUE("context switch, scheduler included", "ns", SWITCH, "tori"),
      .bound = 1000,
      .why = "the design's figure: the entry that changes the running process, and the switch "
             "itself; what caches lose is apart",
      .besides = { VALUE("code: the scheduler's entry", "ns", "switch_code_ns", "tori"),
                   VALUE("registers: 29 instructions at the IPC", "ns", "switch_registers_ns",
                         "tori"),
                   VALUE("address space and the rest of switch_ns", "ns", "switch_rest_ns", "tori"),
                   VALUE("caches afterwards: stalls per switch", "ns", "switch_cache_ns", "tori"),
                   VALUE("best global queue", "ns", SWITCH, "global-*") } },
    { .id = "growth-blocks",
      .group = "Growth",
      .says = "overhead that does not grow with the number of processes",
      .study = STUDY_GROWTH,
      .figure = SLOPE("log-log slope of basic blocks an entry", "blocks_per_entry", "tori-*"),
      .variants = { "tori-fair", "tori-rr", "tori-priority" },
      .bound = .05,
      .why = "0 is constant, 1 is linear; .05 is less than a fifth more from 100 processes to "
             "3000. Entries are all but ticks",
      .besides = { SLOPE("global fair_scan", "blocks_per_entry", "global-fair_scan") } },
    { .id = "growth-accesses",
      .group = "Growth",
      .says = "overhead that does not grow with the number of processes",
      .study = STUDY_GROWTH,
      .figure = SLOPE("log-log slope of memory accesses an entry", "accesses_per_entry", "tori-*"),
      .variants = { "tori-fair", "tori-rr", "tori-priority" },
      .bound = .05,
      .why = "0 is constant, 1 is linear; .05 is less than a fifth more from 100 processes to "
             "3000. Entries are all but ticks",
      .besides = { SLOPE("global fair_scan", "accesses_per_entry", "global-fair_scan") } },
    { .id = "growth-price",
      .group = "Growth",
      .says = "overhead that does not grow with the number of processes",
      .study = STUDY_GROWTH,
      .figure = SLOPE("log-log slope of the price of an entry", "price_ns_per_entry", "tori-*"),
      .variants = { "tori-fair", "tori-rr", "tori-priority" },
      .bound = .05,
      .why = "the same of time: what is touched may be constant in number and yet be missed more",
      .besides = { SLOPE("global fair_scan", "price_ns_per_entry", "global-fair_scan") } },
    { .id = "scaling",
      .group = "Scaling",
      .says = "throughput linear in cores",
      .study = STUDY_SCALING,
      .figure = { "useful time of tori / of a scheduler that costs nothing", "ratio", HOW_RATIO,
                  "useful_cores", "tori", "ideal", true },
      .at_least = true,
      .bound = .95,
      .why = "what costs nothing is one queue for all cores, which none ever waits for: so the "
             "tori's own imbalance counts, too",
      .besides = { { "best global queue / the same", "ratio", HOW_RATIO, "useful_cores", "global-*",
                     "ideal", true },
                   { "per-core locked queues / the same", "ratio", HOW_RATIO, "useful_cores",
                     "locked", "ideal", true } } },
    { .id = "contention",
      .group = "Scaling",
      .says = "no global contention",
      .study = STUDY_SCALING,
      .figure = VALUE("lock_wait of tori, of core time", "%", "account_lock_wait_percent", "tori"),
      .bound = .1,
      .why = "the bound is ours: a thousandth. Waiting for lines that are in flight counts, too",
      .besides = { VALUE("best global queue", "%", "account_lock_wait_percent", "global-*"),
                   VALUE("global fair_scan, ticket", "%", "account_lock_wait_percent",
                         "global-fair_scan-ticket"),
                   VALUE("per-core locked queues", "%", "account_lock_wait_percent", "locked") } },
    { .id = "three-global3",
      .group = "Three times faster",
      .many_cores = true,
      .says = "three tori are 3x faster than one global queue on the same three cores",
      .study = STUDY_THOUSAND,
      .figure = { "useful time of three tori / of the best global queue on three cores", "ratio",
                  HOW_RATIO, "useful_cores", "tori", "global-*", true },
      .at_least = true,
      .bound = 2.85,
      .why = "3 x .95, as throughput counts as linear from .95 on" },
    { .id = "three-torus1",
      .group = "Three times faster",
      .many_cores = true,
      .says = "three tori are 3x faster than one torus on one core",
      .study = STUDY_THOUSAND,
      .figure = { "useful time of three tori / of one torus on one core", "ratio", HOW_RATIO,
                  "useful_cores", "tori", "one-torus", true },
      .at_least = true,
      .bound = 2.85,
      .why = "3 x .95, as throughput counts as linear from .95 on" },
    { .id = "three-global1",
      .group = "Three times faster",
      .many_cores = true,
      .says = "three tori are 3x faster than a global queue on one core",
      .study = STUDY_THOUSAND,
      .figure = { "useful time of three tori / of the best global queue on one core", "ratio",
                  HOW_RATIO, "useful_cores", "tori", "one-global-*", true },
      .at_least = true,
      .bound = 2.85,
      .why = "3 x .95, as throughput counts as linear from .95 on" },
    { .id = "fair-jain",
      .group = "Fairness",
      .says = "fair picks",
      .study = STUDY_FAIR,
      .figure = { "Jain's index of user time by weight", "", HOW_VALUE, "jain", "tori", NULL,
                  true },
      .at_least = true,
      .bound = .95,
      .why = "the bound is ours. It is over processes that never sleep; 1 is an even share",
      .besides = { { "best global queue", "", HOW_VALUE, "jain", "global-*", NULL, true },
                   { "per-core locked queues", "", HOW_VALUE, "jain", "locked", NULL, true } } },
    { .id = "fair-lag",
      .group = "Fairness",
      .says = "fair picks",
      .study = STUDY_FAIR,
      .figure = VALUE("greatest lag, in turns of all processes", "turns", "lag_turns", "tori"),
      .bound = 2,
      .why =
          "the bound is ours. What a process is owed at most, over what a turn lasts: a slice for "
          "each process of a core",
      .besides = { VALUE("best global queue", "turns", "lag_turns", "global-*"),
                   VALUE("per-core locked queues", "turns", "lag_turns", "locked") } },
    { .id = "balance-even",
      .group = "Balance",
      .says = "load balanced across tori",
      .study = STUDY_BALANCE,
      .figure = VALUE("greatest - least load of a torus, in the mean", "processes",
                      "imbalance_mean", "tori"),
      .bound = 2,
      .why = "the bound is ours: one is left where tori do not divide the processes, and another "
             "comes and goes",
      .besides = { VALUE("per-core locked queues", "processes", "imbalance_mean", "locked") } },
    { .id = "balance-waste",
      .group = "Balance",
      .says = "load balanced across tori",
      .study = STUDY_BALANCE,
      .figure = VALUE("cores that idle while processes wait, of core time", "%", "wasted_percent",
                      "tori"),
      .bound = 1,
      .why = "the bound is ours: it is what imbalance costs",
      .besides = { VALUE("best global queue", "%", "wasted_percent", "global-*"),
                   VALUE("per-core locked queues", "%", "wasted_percent", "locked") } },
    { .id = "migration-rare",
      .group = "Balance",
      .says = "rare migrations",
      .study = STUDY_BALANCE,
      .figure =
          VALUE("migrations per 100 context switches", "", "migrations_per_100_switches", "tori"),
      .bound = 1,
      .why = "the bound is ours: one dispatch of a hundred",
      .besides = { VALUE("migrations", "1/s", "migrations_per_s", "tori"),
                   VALUE("per-core locked queues", "1/s", "migrations_per_s", "locked") } },
    { .id = "migration-cost",
      .group = "Balance",
      .says = "rare migrations",
      .study = STUDY_BALANCE,
      .figure = VALUE("balance account, of core time", "%", "account_balance_percent", "tori"),
      .bound = .1,
      .why = "the bound is ours: a thousandth. What is moved with its caches cold is in the cache "
             "account",
      .besides = { DIFFERENCE("cache stalls, tori - per-core locked queues", "points", CACHE,
                              "tori", "locked") } },
    { .id = "locality",
      .group = "Locality",
      .says = "processes keep their caches: a torus's processes stay on its core",
      .study = STUDY_LOCALITY,
      .figure = { "cache stalls of tori / of the best global queue", "ratio", HOW_RATIO, CACHE,
                  "tori", "global-*", false },
      .bound = 1,
      .why = "the best by the cache account. A part of little may be large: see how much it is",
      .besides = { VALUE("cache stalls of tori, of core time", "%", CACHE, "tori"),
                   VALUE("of the best global queue", "%", CACHE, "global-*"),
                   VALUE("of per-core locked queues", "%", CACHE, "locked"),
                   VALUE("migrations of tori", "1/s", "migrations_per_s", "tori") } },
    { .id = "responsive",
      .group = "Responsiveness",
      .says = "old hardware feels responsive",
      .study = STUDY_THOUSAND,
      .figure =
          VALUE("99th percentile of wake-up latency of those that sleep", "ms", WAKEUP, "tori"),
      .bound = 50,
      .why = "what people hardly notice, with 1000 processes",
      .besides = { VALUE("best global queue", "ms", WAKEUP, "global-*"),
                   VALUE("per-core locked queues", "ms", WAKEUP, "locked") } },
    { .id = "against-hogs",
      .group = "Where a global queue should win",
      .says = "(against the design) nine hogs on eight cores",
      .study = STUDY_AGAINST,
      .figure = { "Jain's index, tori / best global queue", "ratio", HOW_RATIO, "jain", "tori",
                  "global-*", true },
      .only = "hogs",
      .at_least = true,
      .bound = .95,
      .why = "the tori are as good within 5 %",
      .besides = { { "tori", "", HOW_VALUE, "jain", "tori", NULL, true },
                   { "per-core locked queues", "", HOW_VALUE, "jain", "locked", NULL, true } } },
    { .id = "against-tails",
      .group = "Where a global queue should win",
      .says = "(against the design) jobs with a heavy tail at low load",
      .study = STUDY_AGAINST,
      .figure = { "mean slowdown, tori / best global queue", "ratio", HOW_RATIO, "slowdown_mean",
                  "tori", "global-*", false },
      .only = "tails",
      .bound = 1.05,
      .why = "the tori are as good within 5 %",
      .besides = { VALUE("tori", "", "slowdown_mean", "tori"),
                   VALUE("best global queue", "", "slowdown_mean", "global-*"),
                   VALUE("per-core locked queues", "", "slowdown_mean", "locked") } },
    { .id = "against-urgent",
      .group = "Where a global queue should win",
      .says = "(against the design) an urgent process wakes on a busy torus",
      .study = STUDY_AGAINST,
      .figure = { "99th percentile of its wake-up latency, tori / best global queue", "ratio",
                  HOW_RATIO, "wakeup_latency_us_p99.urgent", "tori", "global-*", false },
      .only = "urgent+hog",
      .bound = 1.05,
      .why = "the tori are as good within 5 %",
      .besides = { VALUE("tori", "us", "wakeup_latency_us_p99.urgent", "tori"),
                   VALUE("best global queue", "us", "wakeup_latency_us_p99.urgent", "global-*"),
                   VALUE("per-core locked queues", "us", "wakeup_latency_us_p99.urgent",
                         "locked") } },
};
const uint32_t claim_count = sizeof claims / sizeof claims[0];
