/* profile_rules.c -- see profile_rules.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/profile_rules.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum relation {
    AT_MOST, /* figure <= other */
    BELOW,   /* figure < other */
    DIVIDES, /* other is a multiple of figure */
    EXCLUDES /* not both */
};

static const struct rule {
    enum profile_figure figure;
    enum relation relation;
    enum profile_figure other, unless; /* FIGURE_COUNT: always */
    const char *why;
} rules[] = {
#define RULE(figure, relation, other, why)                                                         \
    {                                                                                              \
        FIGURE_##figure, relation, FIGURE_##other, FIGURE_COUNT, why                               \
    }
#define RULE_UNLESS(figure, relation, other, unless, why)                                          \
    {                                                                                              \
        FIGURE_##figure, relation, FIGURE_##other, FIGURE_##unless, why                            \
    }
#define FARTHER     "what is farther away answers no sooner"
#define IN_SEQUENCE "a line that was foreseen takes no longer than one at random"
#define HOLDS_MORE  "a farther cache holds no less, unless it is exclusive"
#define EITHER      "a cache is one of them, or neither"
#define NEARER      "a line from nearer takes no longer"
#define ONE_SOCKET  "those that share a cache are in one socket"
#define WHOLE_LINE  "a channel is done with a line when it has come"
    RULE(l1_latency_cycles, AT_MOST, l2_latency_cycles, FARTHER),
    RULE(l2_latency_cycles, AT_MOST, l3_latency_cycles, FARTHER),
    RULE(l3_latency_cycles, AT_MOST, memory_page_ns, FARTHER),
    RULE(l2_latency_cycles, AT_MOST, memory_page_ns, FARTHER),
    RULE(l1_latency_cycles, AT_MOST, memory_page_ns, FARTHER),
    RULE(l3_latency_cycles, AT_MOST, memory_latency_ns, FARTHER),
    RULE(l2_latency_cycles, AT_MOST, memory_latency_ns, FARTHER),
    RULE(l1_latency_cycles, AT_MOST, memory_latency_ns, FARTHER),
    RULE(memory_page_ns, AT_MOST, memory_latency_ns,
         "memory answers no later in the page used last than in any other"),
    RULE(l2_stream_cycles, AT_MOST, l2_latency_cycles, IN_SEQUENCE),
    RULE(l2_stride_cycles, AT_MOST, l2_latency_cycles, IN_SEQUENCE),
    RULE(l3_stream_cycles, AT_MOST, l3_latency_cycles, IN_SEQUENCE),
    RULE(l3_stride_cycles, AT_MOST, l3_latency_cycles, IN_SEQUENCE),
    RULE(memory_stride_ns, AT_MOST, memory_latency_ns, IN_SEQUENCE),
    RULE(memory_line_ns, AT_MOST, memory_latency_ns, WHOLE_LINE),
    RULE(transfer_line_ns, AT_MOST, transfer_ns, IN_SEQUENCE),
    RULE_UNLESS(l1_kb, AT_MOST, l2_kb, l2_exclusive, HOLDS_MORE),
    RULE_UNLESS(l1i_kb, AT_MOST, l2_kb, l2_exclusive, HOLDS_MORE),
    RULE_UNLESS(l2_kb, AT_MOST, l3_kb, l3_exclusive, HOLDS_MORE),
    RULE(l2_exclusive, EXCLUDES, l2_inclusive, EITHER),
    RULE(l3_exclusive, EXCLUDES, l3_inclusive, EITHER),
    RULE(tlb_entries, AT_MOST, tlb2_entries, "the second buffer holds no less than the first"),
    RULE(tlb2_cycles, AT_MOST, page_walk_cycles,
         "what is found in a buffer takes no longer than a walk of page tables"),
    RULE(transfer_smt_ns, AT_MOST, transfer_shared_ns, NEARER),
    RULE(transfer_smt_ns, AT_MOST, transfer_ns, NEARER),
    RULE(transfer_shared_ns, AT_MOST, transfer_ns, NEARER),
    RULE(transfer_ns, AT_MOST, transfer_socket_ns, NEARER),
    RULE(small_cores, BELOW, max_cores, "they are the slower ones, so some are faster"),
    RULE(socket_cores, DIVIDES, max_cores, "all sockets have as many cores"),
    RULE(l2_cores, DIVIDES, l3_cores, "those that share a second level share one third level"),
    RULE(l2_cores, DIVIDES, socket_cores, ONE_SOCKET),
    RULE(l3_cores, DIVIDES, socket_cores, ONE_SOCKET),
    RULE(line_bytes, AT_MOST, prefetch_stride_bytes, "the shortest stride is a line; 0: none"),
};

static bool ends_with(enum profile_figure figure, const char *end)
{
    const char *name = figure_descriptions[figure].name;
    size_t length = strlen(name), end_length = strlen(end);
    return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

/* So many of the unit of `unit` are one of that of `figure`: of ns in a cycle, else 1. */
static double unit_of(const struct profile *profile, enum profile_figure figure,
                      enum profile_figure unit)
{
    bool differ = ends_with(figure, "_cycles") && ends_with(unit, "_ns");
    return differ ? 1e3 / profile_value(profile, clock_mhz) : 1;
}

static bool is_kept(enum relation relation, double figure, double other)
{
    switch (relation) {
    case AT_MOST:
        return figure <= other * (1 + 1e-9); /* cycles are turned into ns and back */
    case BELOW:
        return figure < other;
    case DIVIDES:
        return fmod(other, figure) == 0;
    default:
        return false; /* both are there */
    }
}

static double fitting(enum relation relation, double figure, double other)
{
    if (relation == AT_MOST)
        return other;
    if (relation == BELOW)
        return other - 1;
    while (relation == DIVIDES && figure > 1 && fmod(other, figure) != 0)
        figure--;
    return relation == DIVIDES ? figure : 0;
}

static bool breaks(const struct profile *profile, const struct rule *rule,
                   struct contradiction *found)
{
    static const char *const must[] = { "must be at most", "must be less than", "must divide",
                                        "must be 0 beside" };
    double figure = profile->figure[rule->figure].value, other = profile->figure[rule->other].value;
    double unit = unit_of(profile, rule->figure, rule->other);
    char in_ns[48] = "";
    if (figure == 0 || other == 0 ||
        (rule->unless != FIGURE_COUNT && profile->figure[rule->unless].value > 0) ||
        is_kept(rule->relation, figure * unit, other))
        return false;
    if (unit != 1)
        snprintf(in_ns, sizeof in_ns, " (%.4g ns)", figure * unit);
    *found = (struct contradiction){ rule->figure, rule->other,
                                     fitting(rule->relation, figure * unit, other) / unit, "" };
    snprintf(found->message, sizeof found->message, "%s, %g%s, %s %s, %g: %s",
             figure_descriptions[rule->figure].name, figure, in_ns, must[rule->relation],
             figure_descriptions[rule->other].name, other, rule->why);
    return true;
}

__attribute__((format(printf, 5, 6))) static bool
contradiction_set(struct contradiction *found, enum profile_figure figure,
                  enum profile_figure other, double fitting, const char *format, ...)
{
    va_list arguments;
    *found = (struct contradiction){ figure, other, fitting, "" };
    va_start(arguments, format);
    vsnprintf(found->message, sizeof found->message, format, arguments);
    va_end(arguments);
    return true;
}

/* Two threads that together do less than one alone would be left unused. */
static bool threads_slow_down(const struct profile *profile, struct contradiction *found)
{
    double threads = profile_value(profile, smt_threads), rate = profile_value(profile, smt_rate);
    if (threads <= 1 || threads * rate >= 1 - 1e-9)
        return false;
    return contradiction_set(found, FIGURE_smt_rate, FIGURE_smt_threads, 1 / threads,
                             "smt_rate, %g, must be at least 1 / smt_threads, %.4g: all threads of "
                             "a core together do no less than one alone",
                             rate, 1 / threads);
}

/* Walks in order use what a line brings: they never take a random load for every word. */
static bool reads_too_slowly(const struct profile *profile, struct contradiction *found)
{
    static const double WORD_BYTES = 4;
    double mb_s = profile_value(profile, memory_read_mb_s);
    double latency_ns = profile_value(profile, memory_latency_ns);
    double least_mb_s = latency_ns > 0 ? WORD_BYTES / latency_ns * 1e3 : 0;
    if (mb_s == 0 || mb_s >= least_mb_s * (1 - 1e-9))
        return false;
    return contradiction_set(
        found, FIGURE_memory_read_mb_s, FIGURE_memory_latency_ns, least_mb_s,
        "memory_read_mb_s, %g, must be at least %.4g beside memory_latency_ns, "
        "%g: in sequence no word of %g bytes takes as long as one at random",
        mb_s, least_mb_s, latency_ns, WORD_BYTES);
}

static bool channel_is_too_fast(const struct profile *profile, struct contradiction *found)
{
    static const double MOST_MB_S = 1e7; /* ten times what one core may read */
    double line_ns = profile_value(profile, memory_line_ns);
    double bytes = profile_value(profile, line_bytes), least_ns = bytes / MOST_MB_S * 1e3;
    if (line_ns == 0 || line_ns >= least_ns * (1 - 1e-9))
        return false;
    return contradiction_set(found, FIGURE_memory_line_ns, FIGURE_line_bytes, least_ns,
                             "memory_line_ns, %g, must be at least %.4g for a line_bytes of %g: no "
                             "channel gives more than 10^7 MB/s",
                             line_ns, least_ns, bytes);
}

/* Where atomics cost anything, one takes as long as a load, and passing a lock as long as taking it
 * or longer, up to a transfer and a restart as long as some tens of those.  That it takes one
 * transfer at least is not asked for: transfer_ns may be varied alone. */
static bool lock_costs_contradict(const struct profile *profile, struct contradiction *found)
{
    static const double TRANSFERS_MOST = 32;
    double atomic_cycles = profile_value(profile, atomic_cycles);
    double load_cycles = profile_value(profile, l1_latency_cycles);
    double atomic_ns = atomic_cycles * 1e3 / profile_value(profile, clock_mhz);
    double handover_ns = profile_value(profile, handover_ns);
    double farthest_ns =
        fmax(profile_value(profile, transfer_ns), profile_value(profile, transfer_socket_ns));
    double most_ns = fmax(TRANSFERS_MOST * farthest_ns, atomic_ns);
    if (atomic_cycles == 0)
        return false;
    if (atomic_cycles < load_cycles * (1 - 1e-9))
        return contradiction_set(found, FIGURE_atomic_cycles, FIGURE_l1_latency_cycles, load_cycles,
                                 "atomic_cycles, %g, must be at least l1_latency_cycles, %g, since "
                                 "it loads the line; or 0: atomics cost nothing",
                                 atomic_cycles, load_cycles);
    if (handover_ns < atomic_ns * (1 - 1e-9))
        return contradiction_set(found, FIGURE_handover_ns, FIGURE_atomic_cycles, atomic_ns,
                                 "handover_ns, %g, must be at least atomic_cycles, %g (%.4g ns), "
                                 "since a lock is taken when it is passed",
                                 handover_ns, atomic_cycles, atomic_ns);
    if (farthest_ns == 0 || handover_ns <= most_ns * (1 + 1e-9))
        return false;
    return contradiction_set(found, FIGURE_handover_ns, FIGURE_transfer_ns, most_ns,
                             "handover_ns, %g, must be at most %g times the farthest transfer, %g: "
                             "it is one transfer and a restart",
                             handover_ns, TRANSFERS_MOST, farthest_ns);
}

/* Does the figure say that there is something?  One thread of a core is no thread beside. */
static bool is_there(const struct profile *profile, enum profile_figure figure)
{
    const struct figure *at = &profile->figure[figure];
    return at->kind != FIGURE_ABSENT && at->value > (figure == FIGURE_smt_threads ? 1 : 0);
}

/* Does it say more than its absence would? */
static bool says_more(const struct profile *profile, enum profile_figure figure)
{
    const struct figure *at = &profile->figure[figure];
    return at->kind != FIGURE_ABSENT && at->value != figure_descriptions[figure].fallback;
}

/* A figure that says more of something that there is not. */
static bool lacks(const struct profile *profile, struct contradiction *found)
{
    static const enum profile_figure wants[][2] = {
        { FIGURE_l2_stream_cycles, FIGURE_l2_kb },
        { FIGURE_l2_stride_cycles, FIGURE_l2_kb },
        { FIGURE_l2_exclusive, FIGURE_l2_kb },
        { FIGURE_l2_inclusive, FIGURE_l2_kb },
        { FIGURE_l3_kb, FIGURE_l2_kb },
        { FIGURE_l3_stream_cycles, FIGURE_l3_kb },
        { FIGURE_l3_stride_cycles, FIGURE_l3_kb },
        { FIGURE_l3_exclusive, FIGURE_l3_kb },
        { FIGURE_l3_inclusive, FIGURE_l3_kb },
        { FIGURE_tlb2_entries, FIGURE_tlb_entries },
        { FIGURE_tlb_tagged, FIGURE_tlb_entries },
        { FIGURE_small_cores, FIGURE_small_rate },
        { FIGURE_small_rate, FIGURE_small_cores },
        { FIGURE_smt_threads, FIGURE_smt_rate },
        { FIGURE_smt_rate, FIGURE_smt_threads },
    };
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        enum profile_figure figure = wants[i][0], other = wants[i][1];
        if (says_more(profile, figure) && !is_there(profile, other))
            return contradiction_set(found, figure, other, 0,
                                     "%s is %g where there is no %s; give that too, or leave this "
                                     "out",
                                     figure_descriptions[figure].name,
                                     profile->figure[figure].value,
                                     other == FIGURE_smt_threads ? "second of smt_threads"
                                                                 : figure_descriptions[other].name);
    }
    return false;
}

bool profile_contradicts(const struct profile *profile, struct contradiction *found)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (breaks(profile, &rules[i], found))
            return true;
    return threads_slow_down(profile, found) || reads_too_slowly(profile, found) ||
           channel_is_too_fast(profile, found) || lock_costs_contradict(profile, found) ||
           lacks(profile, found);
}
