/* messages.c -- the port: what the scheduler asks of the world, and how it gets there.
 *
 * A process that is posted to another torus is in a message until that torus has it: in its inbox
 * once the push has been paid for, or, with locked queues, on its way with the core that posted it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/host/internal.h"

/* The core of a torus that should hear of a message. */
static struct core *torus_listener(struct host *host, const struct host_torus *torus)
{
    for (uint32_t i = 0; i < torus->core_count; i++) {
        struct core *core = &host->cores[torus->first_core + i];
        if (core->is_idle && core->state != CORE_STOPPED)
            return core;
    }
    return failures_live(host, torus);
}

static bool listener_is_interrupted(const struct host *host, const struct core *core)
{
    if (core->is_idle)
        return !host->scenario->scheduler.polling_idle;
    return !host->scenario->scheduler.inbox_at_entry;
}

/* The push is executed and priced here and now, then taken back, for its effect falls due only
 * when it has been paid for. */
static void post_to_inbox(struct host *host, struct host_torus *torus, uint32_t id)
{
    struct process *process = &host->processes[id];
    uint32_t head = atomic_load_explicit(&torus->torus->inbox.head, memory_order_relaxed);
    host->ops->inbox_push(&torus->torus->inbox, process);
    atomic_store_explicit(&torus->torus->inbox.head, head, memory_order_relaxed);
    bool first = head == 0 && torus->posted_event != host->event_count;
    if (first && listener_is_interrupted(host, torus_listener(host, torus)))
        host->entering_extra_ps += host->cost.ipi_send_ps;
    torus->posted_event = host->event_count;
    timer_set(host, id, entry_paid_for_ps(host));
}

/* The posting core will queue it itself, under the other torus's lock, once this entry is over. */
static void post_for_later(struct host *host, struct core *core, uint32_t id)
{
    host->tasks[id].next = NO_TASK;
    if (core->posted_head == NO_TASK)
        core->posted_head = id;
    else
        host->tasks[core->posted_tail].next = id;
    core->posted_tail = id;
}

void host_post(void *world, uint16_t target, struct process *process)
{
    struct host *host = world;
    uint32_t id = audit_index(host, process, "it posted");
    if (host->entering == NULL || target >= host->torus_count || process->torus != target)
        host_fault(host, FAULT_LOST, id, "posted to torus %u of %u, it says torus %u", target,
                   host->torus_count, process->torus);
    struct task *task = &host->tasks[id];
    struct host_torus *owner = &host->tori[task->torus];
    bool has = owner == host->acting_torus || failures_taken(owner);
    bool queued = task->state == TASK_READY && has;
    bool sent_on = task->state == TASK_INBOX && has && failures_empties(host, owner);
    bool placed = task->state == TASK_DUE && id == host->entering->operation.task;
    if (queued)
        torus_count_change(host, owner, -1, 0);
    if (in_window(host) && (queued || (process->flags & PROCESS_MIGRATING))) {
        host->migration_count++;
        task->migrations++;
    }
    if (host->recording != NULL && (queued || (process->flags & PROCESS_MIGRATING)))
        recording_migration(host, id);
    if (!queued && !placed && !sent_on) {
        host_fault(host, FAULT_NOT_READY, id, "posted to torus %u in a state that cannot be",
                   target);
    }
    if (host->scenario->scheduler.locked_queues)
        post_for_later(host, host->entering, id);
    else
        post_to_inbox(host, &host->tori[target], id);
    task->state = TASK_POSTED;
    task->torus = target;
    host->entering_posted |= placed;
}

/* As a process does, a request reaches an inbox when it has been paid for; with locked queues the
 * asking core will take the other torus's lock and have it answered, once this entry is over. */
void host_ask(void *world, uint16_t victim, uint16_t thief, uint32_t count)
{
    struct host *host = world;
    if (host->entering == NULL || victim >= host->torus_count || thief >= host->torus_count ||
        victim == thief || count == 0)
        host_fault(host, FAULT_ADDRESS, NO_TASK, "torus %u asked torus %u of %u for %u processes",
                   thief, victim, host->torus_count, count);
    struct host_torus *asked = &host->tori[victim], *asker = &host->tori[thief];
    struct request request = { asked, count };
    if (host->scenario->scheduler.locked_queues) {
        host->entering->request = request;
        host->entering->asker = thief;
        return;
    }
    if (asker->request.victim != NULL)
        return; /* it has just asked */
    struct inbox *inbox = &asked->torus->inbox;
    uint32_t before = atomic_load_explicit(&inbox->asked, memory_order_relaxed);
    bool first = host->ops->inbox_ask(inbox, thief, count);
    atomic_store_explicit(&inbox->asked, before, memory_order_relaxed);
    if (!first)
        return; /* another torus waits for an answer there */
    if (listener_is_interrupted(host, torus_listener(host, asked)))
        host->entering_extra_ps += host->cost.ipi_send_ps;
    asker->request = request;
    timer_set(host, host->request_from + thief, entry_paid_for_ps(host));
}

/* Tells a core of the torus that something has come into its inbox. */
static void inbox_announce(struct host *host, const struct host_torus *torus)
{
    struct core *core = torus_listener(host, torus);
    if (listener_is_interrupted(host, core))
        core_interrupt(host, core, host->now_ps + host->cost.ipi_latency_ps, IPI_RECEIVE);
    else if (core->is_idle)
        core_interrupt(host, core, host->now_ps + host->cost.transfer_ps, IPI_RECEIVE);
}

void request_deliver(struct host *host, uint32_t thief)
{
    struct request request = host->tori[thief].request;
    host->tori[thief].request.victim = NULL;
    host->in_scheduler = true;
    bool asked =
        host->ops->inbox_ask(&request.victim->torus->inbox, (uint16_t)thief, request.count);
    host->in_scheduler = false;
    if (asked)
        inbox_announce(host, request.victim);
}

void message_deliver(struct host *host, uint32_t id)
{
    struct host_torus *torus = &host->tori[host->tasks[id].torus];
    host->tasks[id].state = TASK_INBOX;
    host->in_scheduler = true;
    bool was_empty = host->ops->inbox_push(&torus->torus->inbox, &host->processes[id]);
    host->in_scheduler = false;
    if (was_empty)
        inbox_announce(host, torus);
}

/* ---- Locks -------------------------------------------------------------------------------- */

/* The lock of that number, which the entry under way takes or lets go. */
static struct port_lock *port_lock(struct host *host, uint32_t lock, bool held)
{
    if (host->entering == NULL || lock > host->torus_count)
        host_fault(host, FAULT_ADDRESS, NO_TASK, "lock %u of the port's, which has %u", lock,
                   host->torus_count + 1);
    if (host->port_locks == NULL)
        host->port_locks =
            arena_alloc(host->arena, host->torus_count + 1, sizeof *host->port_locks);
    if (host->port_locks[lock].held != held)
        host_fault(host, FAULT_LOCK, NO_TASK,
                   held ? "it let go lock %u, which it does not hold"
                        : "it waits for lock %u, which it holds itself",
                   lock);
    return &host->port_locks[lock];
}

void host_lock(void *world, uint32_t lock)
{
    struct host *host = world;
    struct port_lock *own = port_lock(host, lock, false);
    if (own->model == NULL)
        own->model = host_make_lock(host, 1, host->torus_count + lock);
    uint64_t at_ps = entry_paid_for_ps(host), free_ps = own->model->free_ps;
    uint64_t spent_ps = lock_model_pass(own->model, host->entering->id, at_ps) - at_ps;
    host->entering_extra_ps += spent_ps;
    if (free_ps > at_ps)
        host->entering_wait_ps += spent_ps;
    own->held = true;
    host->entering_locks++;
}

void host_unlock(void *world, uint32_t lock)
{
    struct host *host = world;
    struct port_lock *own = port_lock(host, lock, true);
    lock_model_hold(own->model, host->entering->id, entry_paid_for_ps(host));
    own->held = false;
    host->entering_locks--;
}

void host_kick(void *world, uint32_t id)
{
    struct host *host = world;
    if (host->entering == NULL || id >= host->core_count)
        host_fault(host, FAULT_ADDRESS, NO_TASK, "kicked core %u of %u", id, host->core_count);
    struct core *core = &host->cores[id];
    if (core == host->entering) {
        if (core->torus == host->entering_torus || core->running == NO_TASK)
            core->needs |= NEED_RESCHEDULE;
        return;
    }
    bool polled = core->is_idle && host->scenario->scheduler.polling_idle;
    if (!polled)
        host->entering_extra_ps += host->cost.ipi_send_ps;
    uint64_t latency_ps = polled ? host->cost.transfer_ps : host->cost.ipi_latency_ps;
    core_interrupt(host, core, entry_paid_for_ps(host) + latency_ps, IPI_RESCHEDULE);
}
