/* audit.c -- is what the scheduler's memory says still true?  See internal.h.
 *
 * The scheduler may write all of its memory, so whatever the host reads back from there is compared
 * with the host's own record before it is used: a process is where its id says and belongs to the
 * torus that it is on, an inbox leads to processes that are in it, and nothing has been written
 * behind a queue.  What does not agree is the scheduler's fault, not a crash of the host
 * (tests/faults).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "sim/host/internal.h"

/* ---- Guards ------------------------------------------------------------------------------- */

/* A byte that no pointer, count or state of ours is made of. */
enum { GUARD_BYTE = 0xA5 };

size_t audit_guard_bytes(size_t bytes)
{
    return (bytes + GUARD_LEAST + 63) / 64 * 64 - bytes;
}

void audit_guard_set(struct guard *guard, void *from, size_t bytes)
{
    *guard = (struct guard){ from, bytes };
    memset(from, GUARD_BYTE, bytes);
}

bool audit_guard_holds(const struct guard *guard)
{
    static unsigned char whole[GUARD_MOST];
    if (whole[0] == 0)
        memset(whole, GUARD_BYTE, sizeof whole);
    return memcmp(guard->from, whole, guard->bytes) == 0;
}

/* The first damaged guard, or NULL, with how far behind what it guards the damage begins. */
static const struct guard *damaged_guard(const struct host *host, uint32_t *torus)
{
    for (*torus = 0; *torus < host->torus_count; ++*torus)
        if (host->tori[*torus].guard.from != NULL && !audit_guard_holds(&host->tori[*torus].guard))
            return &host->tori[*torus].guard;
    if (host->end_guard.from != NULL && !audit_guard_holds(&host->end_guard))
        return &host->end_guard;
    return NULL;
}

void audit_guards(struct host *host)
{
    uint32_t torus;
    if (host->entering_locks > 0)
        host_fault(host, FAULT_LOCK, NO_TASK, "it returned with %u of them held",
                   host->entering_locks);
    const struct guard *guard = damaged_guard(host, &torus);
    if (guard == &host->end_guard)
        host_fault(host, FAULT_DAMAGED, NO_TASK, "it wrote behind the last process");
    if (guard != NULL)
        host_fault(host, FAULT_DAMAGED, NO_TASK,
                   "it wrote behind the queue of torus %u; the policy has queue_bytes %u", torus,
                   host->policy->queue_bytes);
}

/* ---- Addresses ---------------------------------------------------------------------------- */

void audit_where(const struct host *host, uintptr_t address, char *text, size_t size)
{
    uintptr_t from = (uintptr_t)host->port, processes = (uintptr_t)host->processes;
    uintptr_t end = processes + host->task_count * sizeof *host->processes;
    for (uint32_t i = 0; i < TRACER_MODULES; i++) {
        const struct tracer_module *module = &host->scheduler->mapped[i];
        if (address - module->from < module->bytes) {
            snprintf(text, size, "byte 0x%jx of module %u", (uintmax_t)(address - module->from), i);
            return;
        }
    }
    if (address >= processes && address < end)
        snprintf(text, size, "byte %ju of process %ju",
                 (uintmax_t)((address - processes) % sizeof *host->processes),
                 (uintmax_t)((address - processes) / sizeof *host->processes));
    else if (address >= from && address < processes)
        snprintf(text, size, "byte 0x%jx of the scheduler's memory", (uintmax_t)(address - from));
    else if (address >= end && address - end < UINT64_C(1) << 20)
        snprintf(text, size, "byte %ju behind the last process", (uintmax_t)(address - end));
    else if (address <= UINT32_MAX) /* nothing is ever mapped there, so it is a number */
        snprintf(text, size, "address 0x%jx", (uintmax_t)address);
    else
        snprintf(text, size, "an address that is not the scheduler's");
}

/* ---- Processes ---------------------------------------------------------------------------- */

__attribute__((noreturn)) static void
refuse_pointer(struct host *host, const struct process *process, const char *what)
{
    char where[80];
    audit_where(host, (uintptr_t)process, where, sizeof where);
    host_fault(host, FAULT_NOT_READY, NO_TASK, "%s %s, which is no process", what, where);
}

uint32_t audit_index(struct host *host, const struct process *process, const char *what)
{
    uint64_t offset = (uint64_t)((uintptr_t)process - (uintptr_t)host->processes);
    if (offset >= (uint64_t)host->task_count * sizeof *process || offset % sizeof *process != 0)
        refuse_pointer(host, process, what);
    uint32_t id = (uint32_t)(offset / sizeof *process);
    if (process->id != id)
        host_fault(host, FAULT_DAMAGED, id, "%s it, and it says that its id is %u", what,
                   process->id);
    return id;
}

void audit_identity_failed(struct host *host, uint32_t id)
{
    const struct process *process = &host->processes[id];
    if (process->id != id)
        host_fault(host, FAULT_DAMAGED, id, "it says that its id is %u", process->id);
    host_fault(host, FAULT_DAMAGED, id, "it says that it belongs to torus %u, of %u; it is on %u",
               process->torus, host->torus_count, host->tasks[id].torus);
}

/* ---- Inboxes ------------------------------------------------------------------------------ */

uint32_t audit_inbox(struct host *host, const struct host_torus *torus)
{
    const struct inbox *inbox = &torus->torus->inbox;
    uint32_t number = torus_number(host, torus), sent = 0;
    for (uint32_t next = atomic_load_explicit(&inbox->head, memory_order_relaxed); next != 0;
         next = host->processes[next - 1].inbox_next, sent++) {
        if (next > host->task_count)
            host_fault(host, FAULT_DAMAGED, NO_TASK,
                       "the inbox of torus %u leads to process %u; the last is %u", number,
                       next - 1, host->task_count - 1);
        if (host->tasks[next - 1].state != TASK_INBOX || host->tasks[next - 1].torus != number)
            host_fault(host, FAULT_DAMAGED, next - 1,
                       "the inbox of torus %u leads to it, and it was not put there", number);
        if (sent == host->task_count)
            host_fault(host, FAULT_DAMAGED, next - 1, "the inbox of torus %u goes round in circles",
                       number);
        audit_identity(host, next - 1);
    }
    return sent;
}

/* ---- At the end --------------------------------------------------------------------------- */

static uint32_t count_in_state(const struct host *host, enum task_state state)
{
    uint32_t count = 0;
    for (uint32_t id = 0; id < host->task_count; id++)
        count += host->tasks[id].state == state;
    return count;
}

/* Takes one out of a queue: those with a reservation do not migrate. */
static struct process *take_out(struct host *host, void *queue)
{
    struct process *process = host->policy->migratable(queue);
    if (process == NULL)
        return host->policy->pick(queue, host->now_ps / 1000);
    audit_index(host, process, "migratable returned");
    host->policy->dequeue(queue, process);
    return process;
}

static void audit_queue(struct host *host, uint32_t t)
{
    const struct host_torus *torus = &host->tori[t];
    struct process *process;
    uint32_t found = 0;
    while ((process = take_out(host, torus->queue)) != NULL) {
        uint32_t id = audit_index(host, process, "pick returned");
        struct task *task = &host->tasks[id];
        if (task->state != TASK_READY || task->torus != t)
            host_fault(host, FAULT_NOT_READY, id, "found in the queue of torus %u", t);
        audit_identity(host, id);
        task->state = TASK_DUE; /* seen */
        found++;
    }
    for (uint32_t id = 0; id < host->task_count && found < torus->ready; id++)
        if (host->tasks[id].state == TASK_READY && host->tasks[id].torus == t)
            host_fault(host, FAULT_LOST, id, "torus %u should hold %u READY, holds %u", t,
                       torus->ready, found);
}

void audit_end(struct host *host)
{
    uint32_t sent = 0;
    audit_guards(host);
    for (uint32_t t = 0; t < host->torus_count; t++)
        sent += audit_inbox(host, &host->tori[t]);
    if (sent != count_in_state(host, TASK_INBOX))
        host_fault(host, FAULT_LOST, NO_TASK, "%u of %u in inboxes are left", sent,
                   count_in_state(host, TASK_INBOX));
    for (uint32_t t = 0; t < host->torus_count; t++)
        audit_queue(host, t);
}

/* ---- After a crash ------------------------------------------------------------------------ */

/* Ends with a fault if anything is found; nothing but memory of the run is touched, and no code of
 * the scheduler is called. */
void audit_wreck(struct host *host)
{
    if (host->processes == NULL || host->end_guard.from == NULL)
        return;
    audit_guards(host);
    if (host->port->post != host_post || host->port->ask != host_ask ||
        host->port->kick != host_kick || host->port->world != host)
        host_fault(host, FAULT_DAMAGED, NO_TASK, "it overwrote the port");
    for (uint32_t id = 0; id < host->task_count; id++)
        if (host->tasks[id].flags & TASK_ALIVE)
            audit_identity(host, id);
    for (uint32_t t = 0; t < host->torus_count && host->tori[t].torus != NULL; t++)
        audit_inbox(host, &host->tori[t]);
}
