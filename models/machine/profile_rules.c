/* profile_rules.c -- see profile_rules.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/profile_rules.h"

#include <math.h>
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
    RULE(socket_cores, AT_MOST, max_cores, "a socket has no more cores than the machine"),
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

/* Two threads that together do less than one alone would be left unused. */
static bool threads_slow_down(const struct profile *profile, struct contradiction *found)
{
    double threads = profile_value(profile, smt_threads), rate = profile_value(profile, smt_rate);
    if (threads <= 1 || threads * rate >= 1 - 1e-9)
        return false;
    *found = (struct contradiction){ FIGURE_smt_rate, FIGURE_smt_threads, 1 / threads, "" };
    snprintf(found->message, sizeof found->message,
             "smt_rate, %g, must be at least 1 / smt_threads, %.4g: all threads of a core together "
             "do no less than one alone",
             rate, 1 / threads);
    return true;
}

static bool is_there(const struct figure *figure)
{
    return figure->kind != FIGURE_ABSENT && figure->value > 0;
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
    };
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        enum profile_figure figure = wants[i][0], other = wants[i][1];
        if (!is_there(&profile->figure[figure]) || is_there(&profile->figure[other]))
            continue;
        *found = (struct contradiction){ figure, other, 0, "" };
        snprintf(found->message, sizeof found->message,
                 "%s is %g where there is no %s; give that too, or leave this out",
                 figure_descriptions[figure].name, profile->figure[figure].value,
                 figure_descriptions[other].name);
        return true;
    }
    return false;
}

bool profile_contradicts(const struct profile *profile, struct contradiction *found)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (breaks(profile, &rules[i], found))
            return true;
    return threads_slow_down(profile, found) || lacks(profile, found);
}
