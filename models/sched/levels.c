/* levels.c -- see levels.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/levels.h"

#include "braid/bits.h"

enum { TOP = LEVELS_COUNT / 2 - 1 };

/* The words of process->policy.  KEEPS: it was taken out of a queue, not picked, and keeps its rank
 * in the next one. */
enum { RANK, QUEUED_PRIORITY, KEEPS };

void levels_init(void *queue, uint32_t epoch_bits)
{
    struct level_queue *q = queue;
    q->epoch = 0;
    q->epoch_bits = epoch_bits;
    for (unsigned i = 0; i < LEVELS_WORDS; i++)
        q->used[i] = 0;
    list_init(&q->due);
    for (unsigned i = 0; i < LEVELS_COUNT; i++)
        list_init(&q->ring[i]);
}

/* ---- Epochs ------------------------------------------------------------------------------- */

static void mark_used(struct level_queue *q, unsigned at)
{
    q->used[at / LEVELS_WORD_BITS] |= UINT32_C(1) << at % LEVELS_WORD_BITS;
}

static void mark_unused(struct level_queue *q, unsigned at)
{
    q->used[at / LEVELS_WORD_BITS] &= ~(UINT32_C(1) << at % LEVELS_WORD_BITS);
}

/* What did not run in its epoch is due.  O(epochs passed), at most 128. */
static void turn_ring(struct level_queue *q, uint64_t now_ns)
{
    uint64_t epoch = now_ns >> q->epoch_bits;
    if (epoch <= q->epoch)
        return;
    uint64_t until = epoch - q->epoch < LEVELS_COUNT ? epoch : q->epoch + LEVELS_COUNT;
    for (uint64_t rank = q->epoch; rank < until; rank++) {
        unsigned at = (unsigned)(rank % LEVELS_COUNT);
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
    return priority < TOP - LEVELS_COUNT + 1 ? LEVELS_COUNT - 1 : (unsigned)(TOP - priority);
}

/* ---- The operations ----------------------------------------------------------------------- */

static bool is_before_all(const struct list_link *list, const struct process *process)
{
    return list_is_empty(list) || process->policy[RANK] < process_of_link(list->next)->policy[RANK];
}

void levels_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct level_queue *q = queue;
    bool is_moved = process->policy[KEEPS];
    turn_ring(q, now_ns);
    bool goes_on = (process->slice_ns > 0 || is_moved) &&
                   process->policy[QUEUED_PRIORITY] == (uint32_t)process->priority &&
                   process->policy[RANK] < q->epoch + LEVELS_COUNT;
    process->policy[KEEPS] = false;
    if (!goes_on) {
        process->policy[RANK] = q->epoch + steps_to_top(process->priority);
        process->policy[QUEUED_PRIORITY] = (uint32_t)process->priority;
    }
    struct list_link *list = &q->due;
    if (process->policy[RANK] >= q->epoch) {
        unsigned at = (unsigned)(process->policy[RANK] % LEVELS_COUNT);
        list = &q->ring[at];
        mark_used(q, at);
    }
    if (process->slice_ns > 0 || (is_moved && is_before_all(list, process)))
        list_push_front(list, &process->link);
    else
        list_push_back(list, &process->link);
}

static void take_out(struct level_queue *q, struct process *process)
{
    unsigned at = (unsigned)(process->policy[RANK] % LEVELS_COUNT);
    list_remove(&process->link);
    if (list_is_empty(&q->ring[at]))
        mark_unused(q, at);
}

void levels_dequeue(void *queue, struct process *process)
{
    take_out(queue, process);
    process->policy[KEEPS] = true;
}

/* The list of the least rank in the ring, or NULL. */
static struct list_link *first_list(struct level_queue *q)
{
    unsigned from = (unsigned)(q->epoch % LEVELS_COUNT), word = from / LEVELS_WORD_BITS;
    uint32_t used = q->used[word] >> from % LEVELS_WORD_BITS << from % LEVELS_WORD_BITS;
    for (unsigned i = 0; i <= LEVELS_WORDS; i++) {
        if (used != 0)
            return &q->ring[word * LEVELS_WORD_BITS + bits_lowest(used)];
        word = word + 1 < LEVELS_WORDS ? word + 1 : 0;
        used = q->used[word];
    }
    return NULL;
}

/* The list of the greatest rank in the ring before ring[from], which may be where it begins, or
 * NULL. */
static struct list_link *last_list_before(struct level_queue *q, unsigned from)
{
    unsigned epoch = (unsigned)(q->epoch % LEVELS_COUNT), word = from / LEVELS_WORD_BITS;
    unsigned ranks = from == epoch ? LEVELS_COUNT : (from - epoch) % LEVELS_COUNT;
    uint32_t used = q->used[word] & ~(UINT32_MAX << from % LEVELS_WORD_BITS);
    for (unsigned i = 0; i <= LEVELS_WORDS; i++) {
        unsigned at = used != 0 ? word * LEVELS_WORD_BITS + bits_highest(used) : 0;
        if (used != 0)
            return (at - epoch) % LEVELS_COUNT < ranks ? &q->ring[at] : NULL;
        word = word > 0 ? word - 1 : LEVELS_WORDS - 1;
        used = q->used[word];
    }
    return NULL;
}

struct process *levels_pick(void *queue, uint64_t now_ns)
{
    struct level_queue *q = queue;
    turn_ring(q, now_ns);
    struct list_link *list = list_is_empty(&q->due) ? first_list(q) : &q->due;
    if (list == NULL)
        return NULL;
    struct process *process = process_of_link(list->next);
    take_out(q, process);
    return process;
}

/* The last one of the lowest level. */
struct process *levels_migratable(void *queue)
{
    struct level_queue *q = queue;
    struct list_link *list = last_list_before(q, (unsigned)(q->epoch % LEVELS_COUNT));
    if (list == NULL)
        list = &q->due;
    return list_is_empty(list) ? NULL : process_of_link(list->prev);
}

struct process *levels_next_migratable(void *queue, struct process *process)
{
    struct level_queue *q = queue;
    struct list_link *before = process->link.prev;
    unsigned at = (unsigned)(process->policy[RANK] % LEVELS_COUNT);
    if (before == &q->ring[at]) {
        struct list_link *list = at != q->epoch % LEVELS_COUNT ? last_list_before(q, at) : NULL;
        before = list != NULL ? list->prev : q->due.prev;
    }
    return before != &q->due ? process_of_link(before) : NULL;
}

bool levels_preempts(void *queue, const struct process *running, const struct process *woken,
                     uint64_t now_ns)
{
    (void)queue, (void)now_ns;
    return woken->policy[RANK] < running->policy[RANK];
}
