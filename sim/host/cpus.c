/* cpus.c -- which cores processes may be on, where some may not be on all.
 *
 * The scheduler knows masks of tori; a torus is in one when it serves one of the cpus.  A process
 * is created without a mask and placed by the scheduler as any other: it gets its own where it is
 * queued first, and goes on from there if it may not be there.  Later it asks for others itself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "sim/host/steps.h"

void cpus_init(struct host *host)
{
    const struct scenario *scenario = host->scenario;
    uint32_t words = braid_mask_words(host->braid);
    host->tori_of_mask =
        arena_alloc(host->arena, (size_t)scenario->mask_count * words, sizeof(uint32_t));
    for (uint32_t m = 0; m < scenario->mask_count; m++)
        for (uint32_t t = 0; t < host->torus_count; t++)
            for (uint32_t i = 0; i < host->tori[t].core_count; i++) {
                uint32_t core = host->tori[t].first_core + i;
                if (scenario->masks[m].cores[core / 32] >> core % 32 & 1)
                    host->tori_of_mask[m * words + t / 32] |= UINT32_C(1) << t % 32;
            }
}

uint16_t cpus_birthplace(const struct host *host, uint32_t mask, uint32_t entity)
{
    const struct cpu_mask *cpus = &host->scenario->masks[mask];
    uint32_t skip = entity % cpus->count, core = cpus->first;
    for (; skip > 0; skip -= cpus->cores[core / 32] >> core % 32 & 1)
        core++;
    return (uint16_t)core;
}

uint32_t cpus_stranger(struct host *host, uint32_t id, uint32_t others)
{
    struct program *program = &host->programs[id];
    if (program->mask == program->wanted_mask)
        return others;
    program->next = others; /* it has just been born, and waits for nobody */
    return id;
}

enum { MASK_WORDS_MAX = UINT16_MAX / 32 + 1 };

static const uint32_t *wanted_tori(const struct host *host, uint32_t id)
{
    uint32_t words = braid_mask_words(host->braid);
    return &host->tori_of_mask[host->programs[id].wanted_mask * words];
}

/* From now on the process, which is here, stays on the cpus that it wants. */
STEPS_ONLY static void confine(struct host *host, struct core *core, struct host_torus *torus,
                               uint32_t id)
{
    struct program *program = &host->programs[id];
    uint32_t mask[MASK_WORDS_MAX]; /* on the stack, where a system call has it */
    memcpy(mask, wanted_tori(host, id), braid_mask_words(host->braid) * sizeof mask[0]);
    host->acting_torus = torus;
    enum process_result result = host->ops->restrict_to(
        torus->torus, slot_of(torus, core), &host->processes[id], mask, host->now_ps / 1000);
    if (result == PROCESS_REFUSED && host->processes[id].flags & PROCESS_RESERVED)
        steps_refuse(host, id, "is to leave torus %u, where it has its reservation, for its cpus",
                     torus_number(host, torus));
    if (result != PROCESS_OK)
        host_fault(host, FAULT_REFUSED, id, "restrict was refused with result %d", (int)result);
    program->mask = program->wanted_mask;
}

void cpus_confine_all(struct host *host, struct core *core, struct host_torus *torus, uint32_t id)
{
    while (id != NO_TASK) {
        uint32_t next = host->programs[id].next;
        host->programs[id].next = NO_TASK;
        if (host->tasks[id].state == TASK_READY) /* else a balancer has sent it on: told there */
            confine(host, core, torus, id);
        id = next;
    }
}

/* The present process has asked for other cpus: it stays, or leaves for where it may be. */
STEPS_ONLY static void change(struct host *host, struct core *core)
{
    struct host_torus *torus = core->torus;
    uint32_t id = core->running, number = torus_number(host, torus);
    struct task *task = &host->tasks[id];
    bool stays = wanted_tori(host, id)[number / 32] >> number % 32 & 1;
    bool reserved = host->processes[id].flags & PROCESS_RESERVED; /* that is refused */
    if (!stays && !reserved) {
        core_leave(host, core);
        torus_count_change(host, torus, 0, -1);
        task->state = TASK_DUE;
        task->ready_ps = host->now_ps;
        core->operation.task = id;
    }
    confine(host, core, torus, id);
    if (!stays && !host->entering_posted)
        host_fault(host, FAULT_LOST, id, "it may not be on torus %u any more, and was not posted",
                   number);
}

void ranks_and_cpus(struct host *host, struct core *core)
{
    for (uint32_t i = 0; i < core->torus_count && host->rank_head != NO_TASK; i++)
        sync_tell_ranks(host, core_torus(host, core, i));
    if (core->running == NO_TASK)
        return;
    const struct program *program = &host->programs[core->running];
    if (program->mask != program->wanted_mask)
        change(host, core);
}
