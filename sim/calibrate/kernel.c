/* kernel.c -- system calls and switches between processes.
 *
 * A switch is seen by two processes, bound to one CPU, that yield to one another: a yield that
 * switches less a yield that finds nobody else.  Both run the kernel's scheduler, so most of it
 * cancels; what stays in is what the scheduler does more when its choice is another process, and
 * the address space's and the vector registers' change.  Under the real-time policy, if it is
 * permitted, a yield goes to the other at once and nobody else gets between.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/calibrate/crew.h"
#include "sim/calibrate/parts.h"

enum { CALLS = 256, YIELDS = 64, ROUNDS_LEAST = 9, ROUNDS_MOST = 4096 };

static const double SYSCALL_ASSUMED_NS = 100, SWITCH_ASSUMED_NS = 500;

static uint64_t call_kernel(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < CALLS; i++)
        syscall(SYS_getppid); /* reads one number; the C library does not remember it */
    return CALLS;
}

static uint64_t yield_alone(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < YIELDS; i++)
        sched_yield();
    return YIELDS;
}

static long switches_so_far(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* The other process: yields until told to end, or orphaned. */
static void yield_for_ever(_Atomic bool *over)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!atomic_load_explicit(over, memory_order_relaxed))
        sched_yield();
    _exit(0);
}

/* ns per yield while another process yields too, of timings in which each yield switched. */
static struct measurement yield_together(double seconds)
{
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    struct sample sample;
    _Atomic bool *over =
        mmap(NULL, sizeof *over, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (over == MAP_FAILED)
        return MEASURED_NOT;
    pid_t child = fork();
    if (child == 0)
        yield_for_ever(over);
    sample_init(&sample, ROUNDS_MOST);
    while (child > 0 && budget_next(&budget)) {
        long switches = switches_so_far();
        uint64_t began = ticks_now();
        yield_alone(NULL);
        double ns = (double)(ticks_now() - began) / ticks_per_ns();
        if (switches_so_far() - switches >= YIELDS * 9 / 10)
            sample_add(&sample, ns / YIELDS);
    }
    atomic_store(over, true);
    if (child > 0) {
        sched_yield();
        waitpid(child, NULL, 0);
    }
    munmap(over, sizeof *over);
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}

static void put_switch(struct calibration *c, double seconds)
{
    struct sched_param urgent = { .sched_priority = 1 }, normal = { 0 };
    bool real_time = sched_setscheduler(0, SCHED_FIFO, &urgent) == 0;
    struct measurement alone = timing_measure(yield_alone, NULL, seconds / 3);
    struct measurement together = yield_together(seconds / 3);
    sched_setscheduler(0, SCHED_OTHER, &normal);
    struct measurement one =
        measurement_sum(0.5, together, -1, alone); /* a yield there, one back */
    if (!calibration_measured(c, FIGURE_switch_ns, one,
                              "two processes on one CPU yielding to one another%s, %.0f ns there "
                              "and back, less two yields that switch nothing, %.0f ns each; what "
                              "Linux's scheduler does more for another process is still in it",
                              real_time ? " under the real-time policy" : "", together.value,
                              alone.value))
        calibration_assumed(c, FIGURE_switch_ns, SWITCH_ASSUMED_NS,
                            "processes that yield to one another were not switched, or not to be "
                            "bound to one CPU; of the order of what Linux takes");
}

void calibrate_kernel(struct calibration *c, double seconds)
{
    struct measurement call = timing_measure(call_kernel, NULL, seconds / 3);
    if (!calibration_measured(c, FIGURE_syscall_ns, call,
                              "getppid, which does next to nothing in the kernel; its guards "
                              "against speculation are in it"))
        calibration_assumed(c, FIGURE_syscall_ns, SYSCALL_ASSUMED_NS, "could not be measured");
    put_switch(c, seconds * 2 / 3);
}
