/* interrupts.c -- timer interrupts, the way out of the halted state, inter-processor interrupts.
 *
 * User code sees an interrupt as a gap between two readings of the time-stamp counter.
 *   - Timer: a timer is set that nobody waits for, and a loop of readings sees the gap; it contains
 *     no scheduler's tick, unless one falls due at that moment, which the lower quartile leaves
 *     out.
 *   - Idle exit: how late a sleeper wakes on its CPU when that was halted, less when a thread of
 *     the lowest class kept it from halting.  The interrupt, Linux's scheduler and the switch
 *     cancel.
 *   - Inter-processor: membarrier() interrupts every CPU on which this process runs, and returns
 *     when all have answered.  The interrupted thread, a loop of readings, sees when and how long.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sim/calibrate/crew.h"
#include "sim/calibrate/parts.h"

enum {
    TIMER_NS = 20000,
    WATCH_NS = 60000,   /* for a gap after a timer was set */
    SLEEP_NS = 1500000, /* long enough for the kernel to stop polling and halt */
    ROUNDS_LEAST = 9,
    ROUNDS_MOST = 4096
};

static const double TIMER_ASSUMED_NS = 1000, IDLE_EXIT_ASSUMED_NS = 1000;

static double ns_between(uint64_t from, uint64_t to)
{
    return (double)(to - from) / ticks_per_ns();
}

/* ---- Timer -------------------------------------------------------------------------------- */

/* The widest gap between readings of the counter within so many ns; less what a reading takes. */
static double widest_gap_ns(double watch_ns)
{
    uint64_t began = ticks_now(), last = began, widest = 0, narrowest = UINT64_MAX;
    uint64_t until = began + (uint64_t)(watch_ns * ticks_per_ns());
    while (last < until) {
        uint64_t now = ticks_now();
        widest = now - last > widest ? now - last : widest;
        narrowest = now - last < narrowest ? now - last : narrowest;
        last = now;
    }
    return ns_between(narrowest, widest);
}

static void put_timer(struct calibration *c, double seconds)
{
    struct itimerspec soon = { .it_value = { .tv_nsec = TIMER_NS } };
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    struct sample sample;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    sample_init(&sample, ROUNDS_MOST);
    while (timer >= 0 && budget_next(&budget)) {
        uint64_t expirations;
        if (timerfd_settime(timer, 0, &soon, NULL) != 0)
            break;
        double gap_ns = widest_gap_ns(WATCH_NS);
        if (read(timer, &expirations, sizeof expirations) == sizeof expirations)
            sample_add(&sample, gap_ns);
    }
    if (timer >= 0)
        close(timer);
    struct measurement m = sample_low(&sample);
    sample_fini(&sample);
    if (!calibration_measured(c, FIGURE_timer_interrupt_ns, m,
                              "the gap that a loop sees when a timer expires that nobody waits "
                              "for; no tick of Linux's scheduler is in it, its timer queue is%s",
                              c->system.is_virtual ? ", and so are exits to the hypervisor" : ""))
        calibration_assumed(c, FIGURE_timer_interrupt_ns, TIMER_ASSUMED_NS,
                            "no timer could be set, or no gap was seen; of the order of what a "
                            "timer interrupt takes on recent processors");
}

/* ---- Idle exit ---------------------------------------------------------------------------- */

/* How often a CPU has halted; false: the kernel does not say. */
static bool halts_so_far(uint32_t cpu, uint64_t *halts)
{
    char path[128], name[64];
    unsigned long long usage;
    bool known = false;
    *halts = 0;
    for (int state = 0; state < 16; state++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpuidle/state%d/name", cpu,
                 state);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            break;
        bool polls = fgets(name, sizeof name, file) == NULL || strncmp(name, "POLL", 4) == 0;
        fclose(file);
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpuidle/state%d/usage", cpu,
                 state);
        file = polls ? NULL : fopen(path, "r");
        if (file != NULL && fscanf(file, "%llu", &usage) == 1) {
            *halts += usage;
            known = true;
        }
        if (file != NULL)
            fclose(file);
    }
    return known;
}

/* By how many ns sleeps end late; halted: only those in which the CPU was. */
static struct measurement lateness(uint32_t cpu, bool halted, double seconds)
{
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    struct sample sample;
    sample_init(&sample, ROUNDS_MOST);
    while (budget_next(&budget)) {
        struct timespec until, now;
        uint64_t before, after;
        bool known = halts_so_far(cpu, &before);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += SLEEP_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        known = halts_so_far(cpu, &after) && known;
        if (!halted || !known || after > before)
            sample_add(&sample, (double)(now.tv_sec - until.tv_sec) * 1e9 +
                                    (double)(now.tv_nsec - until.tv_nsec));
    }
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}

static void *spin(void *over)
{
    while (!atomic_load_explicit((_Atomic bool *)over, memory_order_relaxed))
        ;
    return NULL;
}

static void put_idle_exit(struct calibration *c, double seconds)
{
    _Atomic bool over = false;
    uint32_t cpu = c->system.cpu[0].id;
    struct partner spinner = { 0, spin, &over, cpu, true };
    prctl(PR_SET_TIMERSLACK, 1UL);
    struct measurement halted = lateness(cpu, true, seconds / 2), awake = MEASURED_NOT;
    if (c->can_pin && partner_start(&spinner)) {
        awake = lateness(cpu, false, seconds / 2);
        atomic_store(&over, true);
        partner_join(&spinner);
    }
    if (!calibration_measured(c, FIGURE_idle_exit_ns, measurement_sum(1, halted, -1, awake),
                              "sleeps end %.0f ns late on a halted CPU, less %.0f ns on one kept "
                              "awake by a thread of the lowest class",
                              halted.value, awake.value))
        calibration_assumed(c, FIGURE_idle_exit_ns, IDLE_EXIT_ASSUMED_NS,
                            halted.count == 0 ? "the CPU never halted, being busy with others; "
                                                "what firmware tables commonly state of the C1 "
                                                "state"
                                              : "sleeps end no later on a halted CPU; what "
                                                "firmware tables commonly state of the C1 state");
}

/* ---- Inter-processor interrupts -------------------------------------------------------------- */

/* A loop of readings on the other CPU, and the gap that it saw last. */
struct watch {
    _Alignas(CREW_LINE_BYTES) _Atomic bool over;
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t armed; /* round that is to be watched, */
    _Atomic uint32_t seen;                            /* and that has been */
    uint64_t from, to;                                /* its widest gap */
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t ended; /* round in which the call has returned */
};

static void *watch_run(void *context)
{
    struct watch *watch = context;
    for (uint32_t round = 1;; round++) {
        uint64_t last = ticks_now(), from = last, to = last;
        atomic_store_explicit(&watch->armed, round, memory_order_release);
        while (atomic_load_explicit(&watch->ended, memory_order_acquire) != round) {
            uint64_t now = ticks_now();
            if (now - last > to - from) {
                from = last;
                to = now;
            }
            last = now;
            if (atomic_load_explicit(&watch->over, memory_order_relaxed))
                return NULL;
        }
        watch->from = from;
        watch->to = to;
        atomic_store_explicit(&watch->seen, round, memory_order_release);
    }
}

static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

/* ns from the call to the gap on the other CPU, and how long that is. */
static void interrupt_other(struct watch *watch, double seconds, struct measurement *until_gap,
                            struct measurement *gap)
{
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    struct sample before, width;
    uint32_t round = 0;
    sample_init(&before, ROUNDS_MOST);
    sample_init(&width, ROUNDS_MOST);
    while (budget_next(&budget)) {
        round++;
        while (atomic_load_explicit(&watch->armed, memory_order_acquire) != round)
            ;
        for (uint64_t from = ticks_now(); ns_between(from, ticks_now()) < 2000;)
            ; /* the other is well in its loop */
        uint64_t began = ticks_now();
        membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        uint64_t returned = ticks_now();
        atomic_store_explicit(&watch->ended, round, memory_order_release);
        while (atomic_load_explicit(&watch->seen, memory_order_acquire) != round)
            ;
        if (watch->from > began && watch->from < returned) {
            sample_add(&before, ns_between(began, watch->from));
            sample_add(&width, ns_between(watch->from, watch->to));
        }
    }
    *until_gap = sample_low(&before);
    *gap = sample_low(&width);
    sample_fini(&before);
    sample_fini(&width);
}

/* What stands for the figures where they cannot be had, as in the profiles that are shipped. */
static const char SKYLOFT[] = "Skyloft artifact README, section 4.6, inter-processor interrupt "
                              "from the kernel on a Xeon: 437 "
                              "cycles to send, 1582 to deliver, 2.5 GHz assumed";
enum { SEND_CYCLES = 437, DELIVER_CYCLES = 1582 };

static void assume_interrupts(struct calibration *c, const char *why)
{
    calibration_assumed(c, FIGURE_ipi_send_ns, SEND_CYCLES / 2.5, "not measured: %s; %s", why,
                        SKYLOFT);
    calibration_assumed(c, FIGURE_ipi_latency_ns, DELIVER_CYCLES / 2.5, "not measured: %s; %s", why,
                        SKYLOFT);
    calibration_assumed(c, FIGURE_ipi_handle_ns, calibration_value(c, FIGURE_timer_interrupt_ns),
                        "not measured: %s; as a timer interrupt", why);
}

static void put_interrupts(struct calibration *c, double seconds)
{
    static struct watch watch;
    uint32_t other = 1;
    for (uint32_t i = 1; i < c->system.cpu_count; i++) /* rather another core than a sibling */
        if (system_distance(&c->system, 0, i) != DISTANCE_SMT) {
            other = i;
            break;
        }
    if (c->system.cpu_count < 2 || !c->can_pin) {
        assume_interrupts(c, c->can_pin ? "there is one CPU to run on"
                                        : "threads may not be bound to CPUs");
        return;
    }
    if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0) {
        assume_interrupts(c, "the kernel has no membarrier()");
        return;
    }
    struct partner partner = { 0, watch_run, &watch, c->system.cpu[other].id, false };
    struct measurement until_gap = MEASURED_NOT, gap = MEASURED_NOT;
    memset(&watch, 0, sizeof watch);
    if (partner_start(&partner)) {
        interrupt_other(&watch, seconds, &until_gap, &gap);
        atomic_store(&watch.over, true);
        partner_join(&partner);
    }
    double entry_ns = calibration_value(c, FIGURE_syscall_ns) / 2;
    double sent_ns = until_gap.value - entry_ns;
    if (until_gap.count == 0 || sent_ns <= 0 ||
        !calibration_measured(c, FIGURE_ipi_handle_ns, gap,
                              "the gap that a loop sees on the CPU that membarrier() interrupts; "
                              "from the last reading before to the first after")) {
        assume_interrupts(c, "membarrier() makes no gap in a loop on another CPU");
        return;
    }
    double share = (double)SEND_CYCLES / (SEND_CYCLES + DELIVER_CYCLES);
    const char *how = "measured on this host, an upper bound: %.0f ns from calling membarrier() to "
                      "the gap on the other CPU, less half a system call; %s of it, in proportion "
                      "to %s";
    calibration_derived(c, FIGURE_ipi_send_ns, share * sent_ns, how, until_gap.value, "the sending",
                        SKYLOFT);
    calibration_derived(c, FIGURE_ipi_latency_ns, (1 - share) * sent_ns, how, until_gap.value,
                        "the rest", SKYLOFT);
}

void calibrate_interrupts(struct calibration *c, double seconds)
{
    put_timer(c, seconds * 0.3);
    put_idle_exit(c, seconds * 0.4);
    put_interrupts(c, seconds * 0.3);
}
