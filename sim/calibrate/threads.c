/* threads.c -- what cores do to one another: lines, locks, bandwidth, siblings.
 * Compiled with optimisation and without sanitizers in every preset.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "sim/calibrate/crew.h"
#include "sim/calibrate/parts.h"

enum {
    TRIPS = 64,            /* round trips in a timing */
    STREAMED_BYTES = 8192, /* fit into any first level */
    PASSES = 64,           /* acquisitions in a timing */
    PAIRS_MOST = 3,        /* pairs of CPUs tried for each distance */
    SLICE_BYTES = 2 << 20,
    ROUNDS_LEAST = 9,
    ROUNDS_MOST = 8192,
    PATIENCE = 10 /* times the seconds given, for a partner who does not get a CPU */
};

/* A lock is held for so many transfers, and at least so many cycles: the other is there by then. */
static const double HELD_TRANSFERS = 6, HELD_LEAST = 500;

/* A transfer through a shared cache takes 1 to 4 of its latencies. */
static const double TOO_FAR = 6;

/* ---- Ping-pong, and a stream --------------------------------------------------------------- */

/* The main thread makes turn odd, the partner makes it even again; 0 ends it. */
struct court {
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t turn;
    _Alignas(CREW_LINE_BYTES) size_t line; /* > 0: the partner first writes the lines below */
    _Alignas(CREW_LINE_BYTES) volatile char streamed[STREAMED_BYTES];
};

#define COURT_OVER UINT32_MAX

static void *return_balls(void *context)
{
    struct court *court = context;
    for (uint32_t turn = 1;; turn += 2) {
        uint32_t seen;
        do
            seen = atomic_load_explicit(&court->turn, memory_order_acquire);
        while (seen != turn && seen != COURT_OVER);
        if (seen == COURT_OVER)
            return NULL;
        for (size_t at = 0; court->line > 0 && at < STREAMED_BYTES; at += court->line)
            court->streamed[at] = (char)turn;
        atomic_store_explicit(&court->turn, turn + 1, memory_order_release);
    }
}

/* One trip there and back; turn is the last one seen. */
static uint32_t serve(struct court *court, uint32_t turn)
{
    atomic_store_explicit(&court->turn, turn + 1, memory_order_release);
    while (atomic_load_explicit(&court->turn, memory_order_acquire) != turn + 2)
        ;
    return turn + 2;
}

static void read_lines(const struct court *court)
{
    const volatile char *at = court->streamed, *end = at + STREAMED_BYTES;
    for (; at < end; at += court->line)
        (void)*at;
}

/* line 0: ns of a line's way to the other CPU; else: ns per line read in order there. */
static struct measurement play(uint32_t cpu, size_t line, double seconds)
{
    static struct court court;
    struct partner partner = { 0, return_balls, &court, cpu, false };
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    struct sample sample;
    uint32_t turn = 0;
    atomic_store(&court.turn, 0);
    court.line = line;
    if (!partner_start(&partner))
        return MEASURED_NOT;
    sample_init(&sample, ROUNDS_MOST);
    while (budget_next(&budget)) {
        uint64_t began = ticks_now();
        for (uint32_t trip = 0; line == 0 && trip < TRIPS; trip++)
            turn = serve(&court, turn);
        double operations = 2 * TRIPS;
        if (line > 0) {
            turn = serve(&court, turn);
            began = ticks_now();
            read_lines(&court);
            operations = (double)STREAMED_BYTES / (double)line;
        }
        sample_add(&sample, (double)(ticks_now() - began) / ticks_per_ns() / operations);
    }
    atomic_store(&court.turn, COURT_OVER);
    partner_join(&partner);
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}

/* ---- A lock that two threads want ---------------------------------------------------------- */

/* It is held for so long that the other one waits for it, and reads its line again and again, when
 * it is let go: else both lines are under way at once, and a hand-over seems to cost less than a
 * transfer. */
struct contended {
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t next;
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t serving;
    _Alignas(CREW_LINE_BYTES) uint32_t holder; /* who had it last */
    uint32_t passes;                           /* how often it went from one to the other */
    _Alignas(CREW_LINE_BYTES) _Atomic bool over;
    uint32_t additions; /* that it is held for */
};

static void hold(const struct contended *lock)
{
    uint32_t sum = 1;
    for (uint32_t i = 0; i < lock->additions; i++) {
        sum += sum;
        __asm__ volatile("" : "+r"(sum));
    }
}

static uint64_t hold_nothing(void *context)
{
    for (uint32_t i = 0; i < PASSES; i++)
        hold(context);
    return PASSES;
}

static void pass_through(struct contended *lock, uint32_t who)
{
    uint32_t ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
    while (atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket)
        ;
    lock->passes += lock->holder != who;
    lock->holder = who;
    hold(lock);
    atomic_store_explicit(&lock->serving, ticket + 1, memory_order_release);
}

static void *contend(void *context)
{
    struct contended *lock = context;
    while (!atomic_load_explicit(&lock->over, memory_order_relaxed))
        pass_through(lock, 1);
    return NULL;
}

/* ns from one who lets go to the other who goes on, where each holds the lock for so many
 * additions; timings in which they did not take turns do not count, and the other may be long in
 * coming. */
static struct measurement handover(uint32_t cpu, double additions, double seconds)
{
    static struct contended lock;
    struct partner partner = { 0, contend, &lock, cpu, false };
    struct sample sample;
    memset(&lock, 0, sizeof lock);
    lock.additions = (uint32_t)additions;
    struct measurement held = timing_measure(hold_nothing, &lock, seconds / 4);
    double began_s = seconds_now(), so_far_s = 0;
    if (!partner_start(&partner))
        return MEASURED_NOT;
    sample_init(&sample, ROUNDS_MOST);
    while (so_far_s < seconds ||
           (sample.count < ROUNDS_LEAST && so_far_s < PATIENCE * (seconds + 0.1))) {
        pass_through(&lock, 0);
        uint64_t began = ticks_now();
        uint32_t passes = lock.passes; /* read without the lock: one off, at most */
        for (uint32_t i = 0; i < PASSES; i++)
            pass_through(&lock, 0);
        double ns = (double)(ticks_now() - began) / ticks_per_ns();
        passes = lock.passes - passes;
        if (passes > 2 * PASSES * 9 / 10)
            sample_add(&sample, ns / passes - held.value);
        so_far_s = seconds_now() - began_s;
    }
    atomic_store(&lock.over, true);
    partner_join(&partner);
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}

/* ---- Figures ------------------------------------------------------------------------------ */

/* The best of a few pairs with the first CPU at this distance; *cpus counts those that there are,
 * *partner is one of them. */
static struct measurement best_between(struct calibration *c, enum distance distance,
                                       double seconds, uint32_t *cpus, uint32_t *partner)
{
    struct measurement best = MEASURED_NOT;
    *cpus = 0;
    for (uint32_t i = 1; i < c->system.cpu_count; i++) {
        if (system_distance(&c->system, 0, i) != distance || ++*cpus > PAIRS_MOST)
            continue;
        struct measurement m = play(c->system.cpu[i].id, 0, seconds / PAIRS_MOST);
        *partner = c->system.cpu[i].id;
        if (best.count == 0 || m.value < best.value)
            best = m;
    }
    return best;
}

static const struct {
    enum distance distance;
    enum profile_figure figure;
    const char *words;
} distances[] = {
    { DISTANCE_SMT, FIGURE_transfer_smt_ns, "threads of one core" },
    { DISTANCE_CACHE, FIGURE_transfer_shared_ns, "cores that share a cache" },
    { DISTANCE_SOCKET, FIGURE_transfer_ns, "cores of one socket with no common cache" },
    { DISTANCE_REMOTE, FIGURE_transfer_socket_ns, "cores of two sockets" },
};

enum { DISTANCE_KINDS = sizeof distances / sizeof distances[0] };

/* Returns a CPU of the nearest core that is not the same: the one to contend with; else a sibling;
 * UINT32_MAX: there is none.  *between: the figure of the way there. */
static uint32_t put_transfers(struct calibration *c, double seconds, enum profile_figure *between)
{
    uint32_t other = UINT32_MAX;
    for (uint32_t i = 0; i < DISTANCE_KINDS; i++) {
        uint32_t cpus, partner = UINT32_MAX;
        struct measurement m = best_between(c, distances[i].distance, seconds / 2, &cpus, &partner);
        if (cpus == 0)
            continue;
        if (other == UINT32_MAX || i == 1) {
            other = partner;
            *between = distances[i].figure;
        }
        calibration_measured(c, distances[i].figure, m,
                             "a line thrown to and fro between %s, half of the way there and back; "
                             "the best of %u pairs",
                             distances[i].words, cpus < PAIRS_MOST ? cpus : PAIRS_MOST);
    }
    double shared_ns = calibration_value(c, FIGURE_transfer_shared_ns);
    double l3_ns = calibration_value(c, FIGURE_l3_latency_cycles) / c->cycles_per_ns;
    if (l3_ns > 0 && shared_ns > TOO_FAR * l3_ns)
        calibration_note(c,
                         "transfer_shared_ns: %.0f ns is far for cores that share a cache whose "
                         "latency is %.0f ns; perhaps they do not, whatever is stated",
                         shared_ns, l3_ns);
    return other;
}

/* transfer_ns is required, so something stands for what this host has not. */
static void complete_transfers(struct calibration *c)
{
    if (c->profile->figure[FIGURE_transfer_ns].kind == FIGURE_MEASURED)
        return;
    if (calibration_has(c, FIGURE_transfer_socket_ns))
        calibration_assumed(c, FIGURE_transfer_ns, calibration_value(c, FIGURE_transfer_socket_ns),
                            "all cores of a socket share a cache here; as between sockets");
    else if (calibration_has(c, FIGURE_transfer_shared_ns))
        calibration_assumed(c, FIGURE_transfer_ns, calibration_value(c, FIGURE_transfer_shared_ns),
                            "all cores to be had here share a cache; as between those");
    else
        calibration_assumed(c, FIGURE_transfer_ns, calibration_value(c, FIGURE_memory_latency_ns),
                            "no two cores to be had here; as far as memory");
}

static void put_bandwidth(struct calibration *c, struct field *field, double seconds)
{
    static struct stream_walk stream[CREW_MAX];
    static struct crew_member member[CREW_MAX];
    uint32_t count = c->system.cpu_count < CREW_MAX ? c->system.cpu_count : CREW_MAX;
    double line = calibration_value(c, FIGURE_line_bytes);
    size_t share = field->bytes / count / SLICE_BYTES * SLICE_BYTES;
    while (share < 2 * SLICE_BYTES && count > 1)
        share = field->bytes / --count / SLICE_BYTES * SLICE_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        stream[i] =
            (struct stream_walk){ field->memory + i * share, share, (size_t)line, SLICE_BYTES, 0 };
        member[i] = (struct crew_member){ c->system.cpu[i].id, stream_read, &stream[i] };
    }
    struct measurement round_ns = crew_measure(member, count, seconds);
    struct measurement ns = { round_ns.value * line / SLICE_BYTES / count, round_ns.spread,
                              round_ns.count };
    calibration_measured(
        c, FIGURE_memory_line_ns, ns,
        "%u CPUs reading memory of their own in order at once: %.0f MB/s together%s", count,
        line / ns.value * 1000,
        c->system.is_virtual || count < c->system.online
            ? "; the host's other cores might draw more"
            : "");
}

void calibrate_threads(struct calibration *c, struct field *field, double seconds)
{
    uint32_t other = UINT32_MAX;
    enum profile_figure between = FIGURE_transfer_ns;
    if (c->system.cpu_count > 1 && c->can_pin)
        other = put_transfers(c, seconds / 2, &between);
    complete_transfers(c);
    if (other == UINT32_MAX) {
        const char *why =
            c->can_pin ? "there is one CPU to run on" : "threads may not be bound to CPUs";
        calibration_note(c, "transfer_*_ns: not measured: %s", why);
        calibration_assumed(c, FIGURE_handover_ns, 2 * calibration_value(c, FIGURE_transfer_ns),
                            "%s; taken as two transfers", why);
        calibration_note(c,
                         "memory_line_ns: not measured: %s; left at line_bytes / "
                         "memory_read_mb_s",
                         why);
        return;
    }
    size_t line = (size_t)calibration_value(c, FIGURE_line_bytes);
    calibration_measured(c, FIGURE_transfer_line_ns, play(other, line, seconds / 6),
                         "reading in order %d bytes that another core has just written, per line",
                         STREAMED_BYTES);
    double additions = fmax(HELD_LEAST, HELD_TRANSFERS * calibration_value(c, FIGURE_transfer_ns) *
                                            c->cycles_per_ns);
    struct measurement turn = handover(other, additions, seconds / 6);
    if (calibration_has(c, between)) /* handover_ns is that of two cores transfer_ns apart */
        turn.value *= calibration_value(c, FIGURE_transfer_ns) / calibration_value(c, between);
    if (!calibration_measured(c, FIGURE_handover_ns, turn,
                              "two cores take turns at one ticket lock, which each holds for %.0f "
                              "additions: what a turn takes more, times transfer_ns / %s",
                              additions, figure_descriptions[between].name))
        calibration_assumed(c, FIGURE_handover_ns, 2 * calibration_value(c, FIGURE_transfer_ns),
                            "two threads at one lock never took turns, so it is taken as two "
                            "transfers");
    put_bandwidth(c, field, seconds / 6);
}
