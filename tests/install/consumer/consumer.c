/* consumer.c -- the smallest complete host of the scheduler: one torus, one core, three processes.
 *
 * It prints whom the scheduler picks, and when: each for a slice of 10 ns in turn, then process 0
 * again, which blocks 5 ns later; process 1 exits at 20, so process 2 follows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include <braid/braid.h>
#include <braid/policy.h>
#include <braid/torus.h>

enum { PROCESSES = 3, SLICE_NS = 10 };

static struct process processes[PROCESSES];
static struct projection_slot slots[1];
static struct torus *tori[1];
static struct policy_fifo queue;

/* There is no other torus to post to, and the core polls instead of being kicked. */
static void port_post(void *world, uint16_t target, struct process *process)
{
    (void)world, (void)target, (void)process;
    abort();
}

static void port_kick(void *world, uint32_t core)
{
    (void)world, (void)core;
}

static const struct port port = { .post = port_post, .kick = port_kick };

static void schedule(uint64_t now_ns)
{
    const struct process *next = torus_schedule(tori[0], 0, now_ns);
    if (next != NULL)
        printf("pick %u at %u\n", (unsigned)next->id, (unsigned)now_ns);
}

int main(void)
{
    struct braid braid = { .slots = slots,
                           .tori = tori,
                           .placement = &placement_least_loaded,
                           .balancer = &balancer_none,
                           .torus_count = 1 };
    struct torus_setup setup = { .policy = &policy_rr,
                                 .queue = &queue,
                                 .processes = processes,
                                 .braid = &braid,
                                 .port = &port,
                                 .slice_ns = SLICE_NS,
                                 .core_count = 1 };
    size_t bytes = (torus_bytes(1) + PROCESS_LINE_BYTES - 1) / PROCESS_LINE_BYTES;
    struct torus *torus = aligned_alloc(PROCESS_LINE_BYTES, bytes * PROCESS_LINE_BYTES);
    if (torus == NULL)
        return EXIT_FAILURE;
    *torus = (struct torus){ 0 };
    torus_init(torus, &setup);
    braid_join(&braid, torus, 0, 0);

    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    for (uint32_t id = 0; id < PROCESSES; id++)
        if (torus_create(torus, 0, id, &attributes, 0) != PROCESS_OK)
            return EXIT_FAILURE;

    schedule(0);
    for (uint64_t now_ns = 10; now_ns <= 30; now_ns += SLICE_NS) {
        uint32_t requests = torus_tick(torus, 0, now_ns);
        if (now_ns == 20)
            torus_exit(torus, 0, now_ns);
        requests |= torus_heartbeat(torus, 0, now_ns);
        if (requests & TORUS_RESCHEDULE)
            schedule(now_ns);
    }
    torus_block(torus, 0, 35);
    schedule(35);
    free(torus);
    return EXIT_SUCCESS;
}
