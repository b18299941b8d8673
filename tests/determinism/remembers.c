/* remembers.c -- a scheduler that keeps in its own memory what it has done since it was loaded:
 * each run must find it new.  Built by tests/determinism/run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <braid/module.h>

static uint32_t picked;

static void remembers_init(void *queue, const struct policy_setup *setup)
{
    (void)setup;
    list_init(queue);
}

static void remembers_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    (void)now_ns;
    list_push_back(queue, &process->link);
}

static void remembers_dequeue(void *queue, struct process *process)
{
    (void)queue;
    list_remove(&process->link);
}

/* The first few are first in, first out; whoever comes later may wait for long. */
static struct process *remembers_pick(void *queue, uint64_t now_ns)
{
    struct list_link *ready = queue;
    (void)now_ns;
    if (list_is_empty(ready))
        return NULL;
    struct process *process = process_of_link(picked++ < 20 ? ready->next : ready->prev);
    list_remove(&process->link);
    return process;
}

static struct process *remembers_migratable(void *queue)
{
    struct list_link *ready = queue;
    return list_is_empty(ready) ? NULL : process_of_link(ready->next);
}

static const struct policy remembers = {
    .name = "remembers",
    .summary = "keeps something beside its queue",
    .queue_bytes = sizeof(struct list_link),
    .init = remembers_init,
    .enqueue = remembers_enqueue,
    .dequeue = remembers_dequeue,
    .pick = remembers_pick,
    .migratable = remembers_migratable,
};

static const struct policy *const policies[] = { &remembers, NULL };

const struct scheduler_module scheduler_module = {
    .abi = SCHEDULER_MODULE_ABI,
    .name = "remembers",
    .policies = policies,
};
