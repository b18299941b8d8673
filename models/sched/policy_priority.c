/* policy_priority.c -- the highest priority runs: a list for each level, and a bitmap of levels.
 *
 * There are 128 levels, of priorities -64 to 63; others count as the nearest of these.  A woken
 * process that would be picked before the running one preempts it.  All operations are O(1).
 *
 * `priority`: no queued process has a higher level than the one picked.  A low one can starve.
 *
 * `priority_aging`: a queued process rises by a level with each epoch, of 8 to 16 slices.  Its rank
 * is the epoch in which it will have risen to the top, so that nothing has to be moved: the lists
 * form a ring that turns by one with each epoch.  What has risen beyond the top is served first
 * come, first served, before all others.  Proven bound, for n processes on one core, slice q and
 * epoch a: a process of level p that is queued runs within (128 - p) a + n q, as by then it is
 * due, and of those before it each has at most the rest of one slice: whoever queues after using
 * up his slice gets a later rank.
 *
 * Test: tests/contract/policy_bounds.c.
 * Source: bitmap of levels: I. Molnar, "Ultra-scalable O(1) SMP and UP scheduler", LKML, January
 * 2002; rising with time waited: J. Peterson and A. Silberschatz, "Operating System Concepts",
 * 1983, section 4.3.3.
 * SPDX-License-Identifier: MIT
 */
#include "braid/bits.h"
#include "braid/policy.h"

enum { LEVELS = 128, WORD_BITS = 32, WORDS = LEVELS / WORD_BITS, TOP = LEVELS / 2 - 1 };

enum { EPOCH_SLICES = 8, EPOCH_BITS_MAX = 63 /* epoch 0 for ever */ };

/* The words of process->policy. */
enum { RANK, QUEUED_PRIORITY };

struct priority_queue {
    uint64_t epoch;
    uint32_t epoch_bits;           /* an epoch is 2^this ns */
    uint32_t used[WORDS];          /* bit r % 128: there are processes of rank r */
    struct list_link due;          /* rank < epoch */
    struct list_link ring[LEVELS]; /* by rank % 128; epoch <= rank < epoch + 128 */
};

static void priority_init(void *queue, const struct policy_setup *setup)
{
    struct priority_queue *q = queue;
    (void)setup;
    q->epoch = 0;
    q->epoch_bits = EPOCH_BITS_MAX;
    for (unsigned i = 0; i < WORDS; i++)
        q->used[i] = 0;
    list_init(&q->due);
    for (unsigned i = 0; i < LEVELS; i++)
        list_init(&q->ring[i]);
}

static void aging_init(void *queue, const struct policy_setup *setup)
{
    struct priority_queue *q = queue;
    priority_init(queue, setup);
    q->epoch_bits = 0;
    while (q->epoch_bits < EPOCH_BITS_MAX && UINT64_C(1) << q->epoch_bits >> 3 < setup->slice_ns)
        q->epoch_bits++;
}

/* ---- Epochs ------------------------------------------------------------------------------- */

static void mark_used(struct priority_queue *q, unsigned at)
{
    q->used[at / WORD_BITS] |= UINT32_C(1) << at % WORD_BITS;
}

static void mark_unused(struct priority_queue *q, unsigned at)
{
    q->used[at / WORD_BITS] &= ~(UINT32_C(1) << at % WORD_BITS);
}

/* What did not run in its epoch is due.  O(epochs passed), at most 128. */
static void turn_ring(struct priority_queue *q, uint64_t now_ns)
{
    uint64_t epoch = now_ns >> q->epoch_bits;
    if (epoch <= q->epoch)
        return;
    uint64_t until = epoch - q->epoch < LEVELS ? epoch : q->epoch + LEVELS;
    for (uint64_t rank = q->epoch; rank < until; rank++) {
        unsigned at = (unsigned)(rank % LEVELS);
        if (!list_is_empty(&q->ring[at])) {
            list_append(&q->due, &q->ring[at]);
            mark_unused(q, at);
        }
    }
    q->epoch = epoch;
}

static unsigned steps_to_top(int32_t priority)
{
    if (priority > TOP)
        return 0;
    return priority < TOP - LEVELS + 1 ? LEVELS - 1 : (unsigned)(TOP - priority);
}

/* ---- The operations ----------------------------------------------------------------------- */

static void priority_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct priority_queue *q = queue;
    bool goes_on =
        process->slice_ns > 0 && process->policy[QUEUED_PRIORITY] == (uint32_t)process->priority;
    turn_ring(q, now_ns);
    if (!goes_on) {
        process->policy[RANK] = q->epoch + steps_to_top(process->priority);
        process->policy[QUEUED_PRIORITY] = (uint32_t)process->priority;
    }
    struct list_link *list = &q->due;
    if (process->policy[RANK] >= q->epoch) {
        unsigned at = (unsigned)(process->policy[RANK] % LEVELS);
        list = &q->ring[at];
        mark_used(q, at);
    }
    if (process->slice_ns > 0)
        list_push_front(list, &process->link);
    else
        list_push_back(list, &process->link);
}

static void priority_dequeue(void *queue, struct process *process)
{
    struct priority_queue *q = queue;
    unsigned at = (unsigned)(process->policy[RANK] % LEVELS);
    list_remove(&process->link);
    if (list_is_empty(&q->ring[at]))
        mark_unused(q, at);
}

/* The list of the least rank in the ring, or NULL. */
static struct list_link *first_list(struct priority_queue *q)
{
    unsigned from = (unsigned)(q->epoch % LEVELS), word = from / WORD_BITS;
    uint32_t used = q->used[word] >> from % WORD_BITS << from % WORD_BITS;
    for (unsigned i = 0; i <= WORDS; i++) {
        if (used != 0)
            return &q->ring[word * WORD_BITS + bits_lowest(used)];
        word = word + 1 < WORDS ? word + 1 : 0;
        used = q->used[word];
    }
    return NULL;
}

/* The list of the greatest rank in the ring before ring[from], which may be where it begins, or
 * NULL. */
static struct list_link *last_list_before(struct priority_queue *q, unsigned from)
{
    unsigned epoch = (unsigned)(q->epoch % LEVELS), word = from / WORD_BITS;
    unsigned ranks = from == epoch ? LEVELS : (from - epoch) % LEVELS;
    uint32_t used = q->used[word] & ~(UINT32_MAX << from % WORD_BITS);
    for (unsigned i = 0; i <= WORDS; i++) {
        unsigned at = used != 0 ? word * WORD_BITS + bits_highest(used) : 0;
        if (used != 0)
            return (at - epoch) % LEVELS < ranks ? &q->ring[at] : NULL;
        word = word > 0 ? word - 1 : WORDS - 1;
        used = q->used[word];
    }
    return NULL;
}

static struct process *priority_pick(void *queue, uint64_t now_ns)
{
    struct priority_queue *q = queue;
    turn_ring(q, now_ns);
    struct list_link *list = list_is_empty(&q->due) ? first_list(q) : &q->due;
    if (list == NULL)
        return NULL;
    struct process *process = process_of_link(list->next);
    priority_dequeue(queue, process);
    return process;
}

/* The last one of the lowest level. */
static struct process *priority_migratable(void *queue)
{
    struct priority_queue *q = queue;
    struct list_link *list = last_list_before(q, (unsigned)(q->epoch % LEVELS));
    if (list == NULL)
        list = &q->due;
    return list_is_empty(list) ? NULL : process_of_link(list->prev);
}

static struct process *priority_next_migratable(void *queue, struct process *process)
{
    struct priority_queue *q = queue;
    struct list_link *before = process->link.prev;
    unsigned at = (unsigned)(process->policy[RANK] % LEVELS);
    if (before == &q->ring[at]) {
        struct list_link *list = at != q->epoch % LEVELS ? last_list_before(q, at) : NULL;
        before = list != NULL ? list->prev : q->due.prev;
    }
    return before != &q->due ? process_of_link(before) : NULL;
}

static bool priority_preempts(void *queue, const struct process *running,
                              const struct process *woken, uint64_t now_ns)
{
    (void)queue, (void)now_ns;
    return woken->policy[RANK] < running->policy[RANK];
}

const struct policy policy_priority = {
    .name = "priority",
    .summary = "highest of 128 levels first, preempts on wake-up, low ones can starve; O(1)",
    .queue_bytes = sizeof(struct priority_queue),
    .init = priority_init,
    .enqueue = priority_enqueue,
    .dequeue = priority_dequeue,
    .pick = priority_pick,
    .ordered_by = POLICY_BY_PRIORITY,
    .migratable = priority_migratable,
    .next_migratable = priority_next_migratable,
    .preempts = priority_preempts,
};

const struct policy policy_priority_aging = {
    .name = "priority_aging",
    .summary = "priority, but who waits rises by a level every 8 to 16 slices; O(1)",
    .queue_bytes = sizeof(struct priority_queue),
    .init = aging_init,
    .enqueue = priority_enqueue,
    .dequeue = priority_dequeue,
    .pick = priority_pick,
    .ordered_by = POLICY_BY_PRIORITY,
    .migratable = priority_migratable,
    .next_migratable = priority_next_migratable,
    .preempts = priority_preempts,
};
