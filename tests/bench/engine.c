/* engine.c -- benchmark: the event queue alone, under the hold model.
 *
 * Hold model: pop the earliest of N pending events, push it back later by a random increment.
 * Increments are exponential, or bimodal as slices and sleeps are (90 % x 1, 10 % x 1000).
 * The random number is part of the figure.
 *
 * Source: D. Jones, "An empirical comparison of priority-queue and event-set implementations",
 * CACM 29(4), 1986.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <time.h>

#include "sim/base/random.h"
#include "sim/engine/event_tree.h"
#include "workloads/exponential.h"

enum { ROUNDS = 5 };

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint64_t exponential_ps(gsl_rng *rng)
{
    return (uint64_t)(exponential_draw(rng) * 1e9);
}

static uint64_t bimodal_ps(gsl_rng *rng)
{
    return random_bits32(rng) % 10 == 0 ? UINT64_C(1000000000) : UINT64_C(1000000);
}

/* ns per hold, the median of ROUNDS. */
static double hold_ns(uint32_t pending, uint64_t (*draw)(gsl_rng *rng), gsl_rng *rng)
{
    const uint64_t holds = pending > 100000 ? 4000000 : 8000000;
    double round_ns[ROUNDS];
    struct arena arena = ARENA_EMPTY;
    struct event_tree tree;
    event_tree_init(&tree, pending, &arena);
    for (uint32_t id = 0; id < pending; id++)
        event_tree_set(&tree, id, draw(rng));
    for (int round = -1; round < ROUNDS; round++) { /* the first one warms up */
        double began = seconds_now();
        for (uint64_t i = 0; i < holds; i++) {
            uint64_t now = event_tree_first_time(&tree);
            int64_t id = event_tree_first_id(&tree);
            if (id == EVENT_NONE)
                continue;
            int64_t near = event_tree_set(&tree, (uint32_t)id, now + draw(rng));
            if (near != EVENT_NONE)
                event_tree_prefetch(&tree, (uint32_t)near);
        }
        if (round >= 0)
            round_ns[round] = (seconds_now() - began) * 1e9 / (double)holds;
    }
    arena_free(&arena);
    for (int i = 1; i < ROUNDS; i++)
        for (int j = i; j > 0 && round_ns[j] < round_ns[j - 1]; j--) {
            double swap = round_ns[j];
            round_ns[j] = round_ns[j - 1];
            round_ns[j - 1] = swap;
        }
    return round_ns[ROUNDS / 2];
}

int main(void)
{
    static const uint32_t sizes[] = { 16, 1024, 65536, 1048576 };
    static const double wanted_ns[] = { 16, 22, 50, 150 };
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, 1, 0, 0, 0, 0);
    printf("Event queue, hold model, random number included (median of %d)\n", ROUNDS);
    printf("%10s %16s %16s %10s %20s\n", "pending", "exponential ns", "bimodal ns", "wanted ns",
           "bytes per pending");
    for (int i = 0; i < 4; i++) {
        double exponential = hold_ns(sizes[i], exponential_ps, rng);
        double bimodal = hold_ns(sizes[i], bimodal_ps, rng);
        printf("%10u %16.1f %16.1f %10.0f %20.1f\n", sizes[i], exponential, bimodal, wanted_ns[i],
               (double)event_tree_bytes(sizes[i]) / sizes[i]);
    }
    gsl_rng_free(rng);
    return 0;
}
