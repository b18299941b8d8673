/* counts.c -- see counts.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/support/counts.h"

#include "tests/support/suite.h"

static void mark_inboxes(const struct tori *tori, uint32_t processes, bool in_inbox[])
{
    for (uint16_t k = 0; k < tori->torus_count; k++) {
        uint32_t at = tori->torus[k]->inbox.head;
        for (; at != 0; at = tori->processes[at - 1].inbox_next) {
            const struct process *process = &tori->processes[at - 1];
            EXPECT(at <= processes, "process %u is in an inbox", at - 1);
            EXPECT(!in_inbox[at - 1], "process %u is in two inboxes", at - 1);
            EXPECT(process->state == PROCESS_READY && process->torus == k,
                   "process %u is in the inbox of torus %u, and %u on torus %u", at - 1, k,
                   process->state, process->torus);
            in_inbox[at - 1] = true;
        }
    }
}

static void check_cores(const struct torus *torus)
{
    uint32_t idle = 0, away = 0;
    for (uint32_t slot = 0; slot < torus->core_count; slot++) {
        const struct process *current = torus->cores[slot].current;
        bool has_left = tori_core_is_away(torus, slot);
        idle += current == NULL && !has_left;
        away += has_left;
        if (current == NULL)
            continue;
        EXPECT(!has_left, "process %u is on a core that is away", current->id);
        EXPECT(current->state == PROCESS_RUNNING && current->torus == torus->id,
               "process %u is on a core of torus %u, and %u on torus %u", current->id, torus->id,
               current->state, current->torus);
        for (uint32_t other = 0; other < slot; other++)
            EXPECT(current != torus->cores[other].current, "process %u is on two cores",
                   current->id);
    }
    EXPECT(torus->idle == idle, "torus %u counts %u idle, has %u", torus->id, torus->idle, idle);
    EXPECT(torus->running + idle + away == torus->core_count, "torus %u runs %u on %u cores",
           torus->id, torus->running, torus->core_count - idle - away);
    EXPECT(torus_load(torus) == torus->ready + torus->running + away, "torus %u has load %u",
           torus->id, torus_load(torus));
    EXPECT(away == torus->core_count || !tori_core_is_away(torus, torus->beats),
           "the heart of torus %u beats on core %u, which is away", torus->id, torus->beats);
}

void counts_check(const struct tori *tori, uint32_t processes)
{
    uint32_t count[TORI_MAX][PROCESS_STATES] = { 0 };
    bool in_inbox[TORI_PROCESSES] = { false };
    mark_inboxes(tori, processes, in_inbox);
    for (uint32_t id = 0; id < processes; id++)
        if (!in_inbox[id]) /* belongs to nobody's count while it is under way */
            count[tori->processes[id].torus][tori->processes[id].state]++;
    for (uint16_t k = 0; k < tori->torus_count; k++) {
        const struct torus *torus = tori->torus[k];
        EXPECT(torus->ready == count[k][PROCESS_READY], "torus %u counts %u ready, has %u", k,
               torus->ready, count[k][PROCESS_READY]);
        EXPECT(torus->running == count[k][PROCESS_RUNNING], "torus %u counts %u running, has %u", k,
               torus->running, count[k][PROCESS_RUNNING]);
        EXPECT(torus->blocked == count[k][PROCESS_BLOCKED], "torus %u counts %u blocked, has %u", k,
               torus->blocked, count[k][PROCESS_BLOCKED]);
        check_cores(torus);
    }
}

void counts_check_record(const struct tori *tori, uint32_t processes, const enum record record[],
                         const uint32_t core_of[])
{
    static const enum process_state states[] = { PROCESS_FREE, PROCESS_READY, PROCESS_RUNNING,
                                                 PROCESS_BLOCKED };
    counts_check(tori, processes);
    for (uint32_t id = 0; id < processes; id++) {
        const struct process *process = &tori->processes[id];
        EXPECT(process->state == states[record[id]], "process %u is %u, not %u", id, process->state,
               states[record[id]]);
        if (record[id] != RUNNING)
            continue;
        const struct torus *torus = tori->torus[process->torus];
        EXPECT(torus->cores[core_of[id] % tori->cores_per_torus].current == process,
               "process %u is not on its core", id);
    }
}
