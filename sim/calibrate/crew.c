/* crew.c -- see crew.h.  Compiled with optimisation and without sanitizers in every preset.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/calibrate/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/base/check.h"

enum { ROUNDS_LEAST = 9, ROUNDS_MOST = 4096, CPUS_MAX = 4096 };

uint32_t crew_allowed(uint32_t *cpus, uint32_t most)
{
    uint32_t count = 0;
    size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
    CHECK(set != NULL);
    if (sched_getaffinity(0, bytes, set) == 0)
        for (uint32_t cpu = 0; cpu < CPUS_MAX && count < most; cpu++)
            if (CPU_ISSET_S(cpu, bytes, set))
                cpus[count++] = cpu;
    CPU_FREE(set);
    return count;
}

bool crew_unpin(const uint32_t *cpus, uint32_t count)
{
    size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
    CHECK(set != NULL);
    CPU_ZERO_S(bytes, set);
    for (uint32_t i = 0; i < count; i++)
        CPU_SET_S(cpus[i], bytes, set);
    bool fine = sched_setaffinity(0, bytes, set) == 0;
    CPU_FREE(set);
    return fine;
}

bool crew_pin(uint32_t cpu)
{
    return crew_unpin(&cpu, 1);
}

static void *partner_run(void *argument)
{
    struct partner *partner = argument;
    struct sched_param none = { 0 };
    crew_pin(partner->cpu); /* known to be permitted; were it not, nobody must wait in vain */
    if (partner->background)
        sched_setscheduler(0, SCHED_IDLE, &none);
    return partner->run(partner->context);
}

bool partner_start(struct partner *partner)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, partner_run, partner) != 0)
        return false;
    partner->thread = thread;
    return true;
}

void partner_join(struct partner *partner)
{
    pthread_join(partner->thread, NULL);
}

/* ---- All at once -------------------------------------------------------------------------- */

struct gate {
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t round; /* members begin round n when it is n */
    _Alignas(CREW_LINE_BYTES) _Atomic uint32_t done;  /* members that have finished it */
    _Alignas(CREW_LINE_BYTES) _Atomic bool over;
};

struct post {
    struct gate *gate;
    const struct crew_member *member;
};

static void *member_run(void *context)
{
    struct post *post = context;
    struct gate *gate = post->gate;
    for (uint32_t round = 1;; round++) {
        while (atomic_load_explicit(&gate->round, memory_order_acquire) != round)
            if (atomic_load_explicit(&gate->over, memory_order_relaxed))
                return NULL;
        post->member->work(post->member->context);
        atomic_fetch_add_explicit(&gate->done, 1, memory_order_release);
    }
}

struct measurement crew_measure(const struct crew_member *members, uint32_t count, double seconds)
{
    struct partner partner[CREW_MAX];
    struct post post[CREW_MAX];
    struct gate gate = { 0, 0, false };
    struct sample sample;
    struct budget budget = budget_of(seconds, ROUNDS_LEAST, ROUNDS_MOST);
    uint32_t started = 1;
    CHECK(count >= 1 && count <= CREW_MAX);
    for (; started < count; started++) {
        post[started] = (struct post){ &gate, &members[started] };
        partner[started] =
            (struct partner){ 0, member_run, &post[started], members[started].cpu, false };
        if (!partner_start(&partner[started]))
            break;
    }
    sample_init(&sample, ROUNDS_MOST);
    while (started == count && budget_next(&budget)) {
        atomic_store_explicit(&gate.done, 0, memory_order_relaxed);
        uint64_t began = ticks_now();
        atomic_fetch_add_explicit(&gate.round, 1, memory_order_release);
        members[0].work(members[0].context);
        while (atomic_load_explicit(&gate.done, memory_order_acquire) != count - 1)
            ;
        sample_add(&sample, (double)(ticks_now() - began) / ticks_per_ns());
    }
    atomic_store(&gate.over, true);
    for (uint32_t i = 1; i < started; i++)
        partner_join(&partner[i]);
    struct measurement result = sample_low(&sample);
    sample_fini(&sample);
    return result;
}
