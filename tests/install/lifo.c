/* lifo.c -- a scheduler of a user's own: last come, first served.  Everything but the policy is
 * braidsim's.  Built plain and traced by tests/install/run with the flags of braid-sched.pc.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <braid/module.h>

struct lifo {
    struct list_link ready;
};

static void lifo_init(void *queue, const struct policy_setup *setup)
{
    struct lifo *lifo = queue;
    (void)setup;
    list_init(&lifo->ready);
}

static void lifo_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct lifo *lifo = queue;
    (void)now_ns;
    list_push_back(&lifo->ready, &process->link);
}

static void lifo_dequeue(void *queue, struct process *process)
{
    (void)queue;
    list_remove(&process->link);
}

static struct process *lifo_pick(void *queue, uint64_t now_ns)
{
    struct lifo *lifo = queue;
    (void)now_ns;
    if (list_is_empty(&lifo->ready))
        return NULL;
    struct process *process = process_of_link(lifo->ready.prev);
    list_remove(&process->link);
    return process;
}

static struct process *lifo_migratable(void *queue)
{
    struct lifo *lifo = queue;
    return list_is_empty(&lifo->ready) ? NULL : process_of_link(lifo->ready.next);
}

static const struct policy policy_lifo = {
    .name = "lifo",
    .summary = "last come, first served; O(1)",
    .queue_bytes = sizeof(struct lifo),
    .init = lifo_init,
    .enqueue = lifo_enqueue,
    .dequeue = lifo_dequeue,
    .pick = lifo_pick,
    .migratable = lifo_migratable,
};

static const struct policy *const policies[] = { &policy_lifo, NULL };

const struct scheduler_module scheduler_module = {
    .abi = SCHEDULER_MODULE_ABI,
    .name = "lifo",
    .policies = policies,
};
