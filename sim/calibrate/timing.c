/* timing.c -- see timing.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/timing.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/check.h"

enum { ROUNDS_LEAST = 25, ROUNDS_MOST = 8192 };

void sample_init(struct sample *sample, uint32_t capacity)
{
    *sample = (struct sample){ malloc(capacity * sizeof(double)), 0, capacity };
    CHECK(sample->value != NULL);
}

void sample_fini(struct sample *sample)
{
    free(sample->value);
    *sample = (struct sample){ NULL, 0, 0 };
}

void sample_add(struct sample *sample, double value)
{
    if (sample->count < sample->capacity)
        sample->value[sample->count++] = value;
}

struct measurement sample_quantile(struct sample *sample, double share)
{
    if (sample->count == 0)
        return MEASURED_NOT;
    gsl_sort(sample->value, 1, sample->count);
    double value = gsl_stats_quantile_from_sorted_data(sample->value, 1, sample->count, share);
    double low = gsl_stats_quantile_from_sorted_data(sample->value, 1, sample->count, 0.25);
    double high = gsl_stats_quantile_from_sorted_data(sample->value, 1, sample->count, 0.75);
    return (struct measurement){ value, value != 0 ? fabs((high - low) / 2 / value) : 0,
                                 sample->count };
}

struct measurement sample_low(struct sample *sample)
{
    return sample_quantile(sample, 0.25);
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct budget budget_of(double seconds, uint32_t least, uint32_t most)
{
    return (struct budget){ seconds_now() + seconds, 0, least, most };
}

bool budget_next(struct budget *budget)
{
    if (budget->rounds >= budget->most ||
        (budget->rounds >= budget->least && seconds_now() >= budget->until_s))
        return false;
    budget->rounds++;
    return true;
}

struct measurement timing_measure(uint64_t (*work)(void *context), void *context, double seconds)
{
    struct sample sample;
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    double per_ns = ticks_per_ns();
    sample_init(&sample, ROUNDS_MOST);
    work(context); /* warms caches and predictions up */
    while (budget_next(&budget)) {
        uint64_t began = ticks_now();
        uint64_t operations = work(context);
        sample_add(&sample, (double)(ticks_now() - began) / per_ns / (double)operations);
    }
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}

/* A reading of both clocks at one moment: the tightest of several. */
static void read_both(uint64_t *ticks, double *ns)
{
    uint64_t tightest = UINT64_MAX;
    for (int i = 0; i < 50; i++) {
        uint64_t before = ticks_now();
        double now_ns = seconds_now() * 1e9;
        uint64_t after = ticks_now();
        if (after - before < tightest) {
            tightest = after - before;
            *ticks = before + (after - before) / 2;
            *ns = now_ns;
        }
    }
}

double ticks_per_ns(void)
{
    static double known;
    if (known == 0) {
        uint64_t from_ticks = 0, to_ticks = 0;
        double from_ns = 0, to_ns = 0;
        struct timespec pause = { .tv_nsec = 20000000 };
        read_both(&from_ticks, &from_ns);
        nanosleep(&pause, NULL);
        read_both(&to_ticks, &to_ns);
        CHECK(to_ticks > from_ticks && to_ns > from_ns);
        known = (double)(to_ticks - from_ticks) / (to_ns - from_ns);
    }
    return known;
}

struct measurement measurement_sum(double a, struct measurement value, double b,
                                   struct measurement other)
{
    if (value.count == 0 || other.count == 0)
        return MEASURED_NOT;
    double sum = a * value.value + b * other.value;
    double deviation = hypot(a * value.value * value.spread, b * other.value * other.spread);
    return (struct measurement){ sum, sum != 0 ? fabs(deviation / sum) : 0,
                                 value.count < other.count ? value.count : other.count };
}
