/* timing.h -- how long things take on this host, in the presence of others.
 *
 * A figure is taken from many short timings, each of 10 to 100 us.  Interruptions, other programs
 * and the hypervisor can only lengthen a timing, so the lower quartile is taken, and not the mean;
 * the spread is half the distance between the quartiles, relative to it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CALIBRATE_TIMING_H
#define SIM_CALIBRATE_TIMING_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct measurement {
    double value;
    double spread;  /* half the distance of the quartiles, of value */
    uint32_t count; /* timings behind it; 0: it could not be measured */
};

#define MEASURED_NOT ((struct measurement){ 0, 0, 0 })

/* Timings, in any unit. */
struct sample {
    double *value;
    uint32_t count, capacity;
};

void sample_init(struct sample *sample, uint32_t capacity);
void sample_fini(struct sample *sample);
/* What does not fit is left out. */
void sample_add(struct sample *sample, double value);
/* The value below which share of the timings lie; reorders them. */
struct measurement sample_quantile(struct sample *sample, double share);
/* The lower quartile. */
struct measurement sample_low(struct sample *sample);

/* A time by which to be ready; at least a few rounds are always made. */
struct budget {
    double until_s;
    uint32_t rounds, least, most;
};

double seconds_now(void);
struct budget budget_of(double seconds, uint32_t least, uint32_t most);
/* Another round? */
bool budget_next(struct budget *budget);

/* Times work again and again for about so many seconds.  Each call does something for 10 to 100 us
 * and returns how many operations it did.  The figure is ns per operation. */
struct measurement timing_measure(uint64_t (*work)(void *context), void *context, double seconds);

/* The fastest clock there is, in ticks of unknown length, once all loads before it have come. */
static inline uint64_t ticks_now(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("lfence" ::: "memory");
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

/* The same, and nothing after it begins before it has been read. */
static inline uint64_t ticks_start(void)
{
    uint64_t ticks = ticks_now();
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
    return ticks;
}

/* Ticks in a ns; compares them with CLOCK_MONOTONIC for 20 ms at the first call. */
double ticks_per_ns(void);

/* a * value + b * other of two measurements, e.g. a difference; not measured if either is not. */
struct measurement measurement_sum(double a, struct measurement value, double b,
                                   struct measurement other);

#endif
