/* torus_give.c -- giving processes away, and asking for more; see torus.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"
#include "braid/takeover.h"

struct process *torus_offer(struct torus *torus, uint16_t target)
{
    const struct policy *policy = torus->policy;
    struct process *process = policy->migratable(torus->queue);
    while (process != NULL && !braid_allows(torus->braid, process, target))
        process =
            policy->next_migratable != NULL ? policy->next_migratable(torus->queue, process) : NULL;
    return process;
}

bool torus_give(struct torus *torus, uint16_t target)
{
    struct process *process = torus_offer(torus, target);
    if (process == NULL)
        return false;
    torus->policy->dequeue(torus->queue, process);
    torus->ready--;
    process->flags |= PROCESS_MIGRATING | PROCESS_MOVED;
    process->slice_ns = 0; /* a new turn there */
    torus_post(torus, target, process);
    braid_changed(torus->braid, torus);
    return true;
}

void torus_ask(struct torus *torus, uint16_t victim, uint16_t thief, uint32_t count)
{
    if (count > INBOX_ASKED_MOST)
        count = INBOX_ASKED_MOST;
    torus->port->ask(torus->port->world, victim, thief, count);
}

void torus_answer(struct torus *torus, uint16_t thief, uint32_t count, uint64_t now_ns)
{
    struct braid *braid = torus->braid;
    if (thief >= braid->torus_count || thief == torus->id || count == 0)
        return; /* damaged */
    if (torus_is_taken(torus))
        return; /* it has nothing */
    if (braid->balancer->asked != NULL) {
        braid->balancer->asked(braid, torus, thief, count, now_ns);
        return;
    }
    while (count > 0 && torus_waiting(torus) > 0 && torus_give(torus, thief))
        count--;
}
