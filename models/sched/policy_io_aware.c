/* policy_io_aware.c -- who sleeps more than it runs goes before the others, but not for ever.
 *
 * A process earns the time that it sleeps, up to 10 slices, and pays for the time that it runs.
 * With a slice or more to its credit it counts as interactive; a new process has nothing.  Both
 * kinds are served first come, first served; interactive ones first, and when woken they preempt
 * others.  But when the first of the others has waited for 16 slices it is overdue, and while that
 * is so the two kinds take turns.  Who was picked while overdue is not preempted.
 *
 * Proven bound, on one core with slice q: of m others, none waits for longer than 16 q + 2 m q.  At
 * 16 q at most m - 1 of its kind are before it, all of them overdue, since they came earlier; each
 * second slice is one's of them, whole, and who comes later queues behind it.  Of k interactive
 * ones, none waits for longer than 2 k q, as k - 1 of its kind may be before it, and one of the
 * others before each.  Test: tests/contract/policy_bounds.c.  One that a balancer moves has
 * waited as long elsewhere, and goes before those that have waited for less (policy_rules.c).
 *
 * All operations are O(1).  Weights and priorities play no part.
 * Source: sleep average and starvation limit as in I. Molnar's O(1) scheduler, Linux 2.6.0, 2003,
 * kernel/sched.c (effective_prio, EXPIRED_STARVING), in their simplest form.
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"

enum { CREDIT_MAX_SLICES = 10, OVERDUE_SLICES = 16 };

/* The words of process->policy.  Times of the last pick: WHEN_NS and what it had run by then. */
enum { CREDIT_NS, WHEN_NS, RUNTIME_NS, QUEUED_NS, FLAGS };
enum { WAS_PICKED = 1, IS_INTERACTIVE = 2, IS_OVERDUE = 4, IS_QUEUED = 8 };

struct io_aware_queue {
    struct list_link interactive, others;
    uint64_t slice_ns;
    bool others_turn; /* if one is overdue */
};

static void io_aware_init(void *queue, const struct policy_setup *setup)
{
    struct io_aware_queue *q = queue;
    uint64_t most_ns = UINT64_MAX / OVERDUE_SLICES;
    list_init(&q->interactive);
    list_init(&q->others);
    q->slice_ns = setup->slice_ns < most_ns ? setup->slice_ns : most_ns;
    q->others_turn = true;
}

/* Since it was picked it ran, and what was not running was sleep, or the way from another torus. */
static void update_credit(const struct io_aware_queue *q, struct process *process, uint64_t now_ns)
{
    uint64_t *words = process->policy;
    uint64_t ran_ns = process->runtime_ns - words[RUNTIME_NS];
    uint64_t passed_ns = now_ns > words[WHEN_NS] ? now_ns - words[WHEN_NS] : 0;
    uint64_t slept_ns = passed_ns > ran_ns ? passed_ns - ran_ns : 0;
    uint64_t most_ns = CREDIT_MAX_SLICES * q->slice_ns;
    uint64_t credit_ns = words[CREDIT_NS] > ran_ns ? words[CREDIT_NS] - ran_ns : 0;
    words[CREDIT_NS] = slept_ns < most_ns - credit_ns ? credit_ns + slept_ns : most_ns;
}

static bool has_waited_longest(const struct list_link *list, const struct process *process)
{
    return list_is_empty(list) ||
           process->policy[QUEUED_NS] < process_of_link(list->next)->policy[QUEUED_NS];
}

/* One that is QUEUED still was taken out of a queue, not picked: it comes from another torus, and
 * has waited there. */
static void io_aware_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct io_aware_queue *q = queue;
    uint64_t *words = process->policy;
    if (words[FLAGS] & WAS_PICKED)
        update_credit(q, process, now_ns);
    bool goes_on = process->slice_ns > 0 && words[FLAGS] & WAS_PICKED;
    bool is_interactive =
        goes_on ? (words[FLAGS] & IS_INTERACTIVE) != 0 : words[CREDIT_NS] >= q->slice_ns;
    struct list_link *list = is_interactive ? &q->interactive : &q->others;
    bool is_moved = (words[FLAGS] & IS_QUEUED) != 0;
    if (!goes_on && !is_moved)
        words[QUEUED_NS] = now_ns;
    words[FLAGS] = IS_QUEUED | (is_interactive ? IS_INTERACTIVE : 0);
    if (process->slice_ns > 0 || (is_moved && has_waited_longest(list, process)))
        list_push_front(list, &process->link);
    else
        list_push_back(list, &process->link);
}

static void io_aware_dequeue(void *queue, struct process *process)
{
    (void)queue;
    list_remove(&process->link);
}

static bool is_overdue(const struct io_aware_queue *q, uint64_t now_ns)
{
    if (list_is_empty(&q->others))
        return false;
    uint64_t since_ns = process_of_link(q->others.next)->policy[QUEUED_NS];
    return now_ns > since_ns && now_ns - since_ns >= OVERDUE_SLICES * q->slice_ns;
}

static struct process *io_aware_pick(void *queue, uint64_t now_ns)
{
    struct io_aware_queue *q = queue;
    bool overdue = is_overdue(q, now_ns);
    struct list_link *list = &q->interactive;
    if (list_is_empty(&q->interactive) || (overdue && q->others_turn))
        list = &q->others;
    if (list_is_empty(list))
        return NULL;
    struct process *process = process_of_link(list->next);
    list_remove(&process->link);
    q->others_turn = list == &q->interactive;
    process->policy[FLAGS] &= ~(uint64_t)IS_QUEUED;
    process->policy[FLAGS] |= WAS_PICKED | (list == &q->others && overdue ? IS_OVERDUE : 0u);
    process->policy[WHEN_NS] = now_ns;
    process->policy[RUNTIME_NS] = process->runtime_ns;
    return process;
}

static struct process *io_aware_migratable(void *queue)
{
    struct io_aware_queue *q = queue;
    struct list_link *list = list_is_empty(&q->others) ? &q->interactive : &q->others;
    return list_is_empty(list) ? NULL : process_of_link(list->prev);
}

static struct process *io_aware_next_migratable(void *queue, struct process *process)
{
    struct io_aware_queue *q = queue;
    struct list_link *before = process->link.prev;
    if (before == &q->others)
        before = q->interactive.prev;
    return before != &q->interactive ? process_of_link(before) : NULL;
}

static bool io_aware_preempts(void *queue, const struct process *running,
                              const struct process *woken, uint64_t now_ns)
{
    (void)queue, (void)now_ns;
    return woken->policy[FLAGS] & IS_INTERACTIVE &&
           !(running->policy[FLAGS] & (IS_INTERACTIVE | IS_OVERDUE));
}

const struct policy policy_io_aware = {
    .name = "io_aware",
    .summary = "who sleeps more than it runs first, others overdue after 16 slices; O(1)",
    .queue_bytes = sizeof(struct io_aware_queue),
    .init = io_aware_init,
    .enqueue = io_aware_enqueue,
    .dequeue = io_aware_dequeue,
    .pick = io_aware_pick,
    .migratable = io_aware_migratable,
    .next_migratable = io_aware_next_migratable,
    .preempts = io_aware_preempts,
};
