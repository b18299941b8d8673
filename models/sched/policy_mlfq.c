/* policy_mlfq.c -- multi-level feedback: who has run much goes down, and time brings all up again.
 *
 * A process begins at the top of 8 levels.  When it has run for a level's allotment, 2^level slices
 * at level 0, 1, ..., however many turns and sleeps that took, it goes down by one.  Within a level
 * it is round robin by slices.  Whenever a boost is due (64 to 128 slices after the last one),
 * all go to the top with a new allotment: the queued ones at once, in their order, others when they
 * are queued next.  A woken process preempts one of a lower level.
 *
 * Property: no queued process is at a higher level than the one picked.
 * Proven bound, for n processes on one core, slice q and boost period b: who is queued runs within
 * b + n q, as the boost puts it to the top, before all who come later, and of those before it each
 * has at most one slice.  (The first call after a boost is due makes it, at most a slice late.)
 * Test: tests/contract/policy_bounds.c.
 *
 * All operations are O(1).  Weights and priorities play no part.
 * Source: F. Corbato et al., "An experimental time-sharing system", 1962; the rules are those of R.
 * and A. Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 8.
 * SPDX-License-Identifier: MIT
 */
#include "braid/bits.h"
#include "braid/policy.h"

enum { LEVELS = 8, BOOST_SLICES = 64, BOOST_BITS_MAX = 63 };

/* The words of process->policy.  BOOST is the number of the last boost that it took part in. */
enum { LEVEL, USED_NS, RUNTIME_NS, BOOST };

struct mlfq_queue {
    uint64_t boost; /* time / period of the last one */
    uint64_t slice_ns;
    uint32_t boost_bits; /* the period is 2^this ns */
    uint32_t used;       /* bit k: level k has processes */
    struct list_link level[LEVELS];
};

static void mlfq_init(void *queue, const struct policy_setup *setup)
{
    struct mlfq_queue *q = queue;
    q->boost = 0;
    q->slice_ns = setup->slice_ns < UINT64_MAX >> LEVELS ? setup->slice_ns : UINT64_MAX >> LEVELS;
    q->boost_bits = 0;
    while (q->boost_bits < BOOST_BITS_MAX &&
           (UINT64_C(1) << q->boost_bits) / BOOST_SLICES < setup->slice_ns)
        q->boost_bits++;
    q->used = 0;
    for (unsigned k = 0; k < LEVELS; k++)
        list_init(&q->level[k]);
}

/* Makes the boost if it is due.  O(levels). */
static void boost_all(struct mlfq_queue *q, uint64_t now_ns)
{
    uint64_t boost = now_ns >> q->boost_bits;
    if (boost <= q->boost)
        return;
    q->boost = boost;
    for (unsigned k = 1; k < LEVELS; k++)
        if (!list_is_empty(&q->level[k]))
            list_append(&q->level[0], &q->level[k]);
    q->used = q->used != 0;
}

/* Takes part in a boost that it has missed. */
static void catch_up(const struct mlfq_queue *q, struct process *process)
{
    if (process->policy[BOOST] == q->boost)
        return;
    process->policy[BOOST] = q->boost;
    process->policy[LEVEL] = process->policy[USED_NS] = 0;
}

static void mlfq_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct mlfq_queue *q = queue;
    boost_all(q, now_ns);
    process->policy[USED_NS] += process->runtime_ns - process->policy[RUNTIME_NS];
    process->policy[RUNTIME_NS] = process->runtime_ns;
    if (process->policy[USED_NS] >= q->slice_ns << process->policy[LEVEL]) {
        process->policy[USED_NS] = 0;
        if (process->policy[LEVEL] + 1 < LEVELS)
            process->policy[LEVEL]++;
    }
    catch_up(q, process);
    unsigned level = (unsigned)process->policy[LEVEL];
    q->used |= UINT32_C(1) << level;
    if (process->slice_ns > 0)
        list_push_front(&q->level[level], &process->link);
    else
        list_push_back(&q->level[level], &process->link);
}

/* If a boost moved it, its level's list at least is empty as its bit says. */
static void mlfq_dequeue(void *queue, struct process *process)
{
    struct mlfq_queue *q = queue;
    catch_up(q, process);
    unsigned level = (unsigned)process->policy[LEVEL];
    list_remove(&process->link);
    if (list_is_empty(&q->level[level]))
        q->used &= ~(UINT32_C(1) << level);
}

static struct process *mlfq_pick(void *queue, uint64_t now_ns)
{
    struct mlfq_queue *q = queue;
    boost_all(q, now_ns);
    if (q->used == 0)
        return NULL;
    struct process *process = process_of_link(q->level[bits_lowest(q->used)].next);
    mlfq_dequeue(queue, process);
    process->policy[RUNTIME_NS] = process->runtime_ns;
    return process;
}

/* The last one of the lowest level. */
static struct process *mlfq_migratable(void *queue)
{
    struct mlfq_queue *q = queue;
    return q->used != 0 ? process_of_link(q->level[bits_highest(q->used)].prev) : NULL;
}

static struct process *mlfq_next_migratable(void *queue, struct process *process)
{
    struct mlfq_queue *q = queue;
    struct list_link *before = process->link.prev;
    for (unsigned k = 0; k < LEVELS; k++) {
        if (before != &q->level[k])
            continue;
        uint32_t above = q->used & ((UINT32_C(1) << k) - 1);
        return above != 0 ? process_of_link(q->level[bits_highest(above)].prev) : NULL;
    }
    return process_of_link(before);
}

static bool mlfq_preempts(void *queue, const struct process *running, const struct process *woken,
                          uint64_t now_ns)
{
    const struct mlfq_queue *q = queue;
    (void)now_ns;
    return running->policy[BOOST] == q->boost && woken->policy[LEVEL] < running->policy[LEVEL];
}

const struct policy policy_mlfq = {
    .name = "mlfq",
    .summary = "multi-level feedback, 8 levels, all to the top every 64 to 128 slices; O(1)",
    .queue_bytes = sizeof(struct mlfq_queue),
    .init = mlfq_init,
    .enqueue = mlfq_enqueue,
    .dequeue = mlfq_dequeue,
    .pick = mlfq_pick,
    .migratable = mlfq_migratable,
    .next_migratable = mlfq_next_migratable,
    .preempts = mlfq_preempts,
};
