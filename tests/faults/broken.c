/* broken.c -- a scheduler whose every policy breaks the contract in one way of its own, else is
 * first in, first out.  Built plain and traced by tests/faults/run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <braid/module.h>

struct queue {
    struct list_link ready;
    struct process *first; /* that was ever queued */
    uint32_t enqueued, picked;
};

/* pointer, so that the compiler cannot reason about it. */
static void *hidden(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

/* ---- What works --------------------------------------------------------------------------- */

static void fine_init(void *queue)
{
    struct queue *q = queue;
    list_init(&q->ready);
    q->first = NULL;
    q->enqueued = q->picked = 0;
}

static void fine_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct queue *q = queue;
    (void)now_ns;
    if (q->first == NULL)
        q->first = process;
    q->enqueued++;
    list_push_back(&q->ready, &process->link);
}

static void fine_dequeue(void *queue, struct process *process)
{
    (void)queue;
    list_remove(&process->link);
}

static struct process *fine_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    (void)now_ns;
    if (list_is_empty(&q->ready))
        return NULL;
    struct process *process = process_of_link(q->ready.next);
    list_remove(&process->link);
    q->picked++;
    return process;
}

static struct process *fine_migratable(void *queue)
{
    struct queue *q = queue;
    return list_is_empty(&q->ready) ? NULL : process_of_link(q->ready.prev);
}

/* ---- What does not ------------------------------------------------------------------------ */

static void lose_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct queue *q = queue;
    if (q->enqueued == 3)
        q->enqueued++;
    else
        fine_enqueue(queue, process, now_ns);
}

static struct process *twice_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    (void)now_ns;
    return list_is_empty(&q->ready) ? NULL : process_of_link(q->ready.next); /* stays queued */
}

static struct process *blocked_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    if (q->first != NULL && q->first->state == PROCESS_BLOCKED)
        return q->first;
    return fine_pick(queue, now_ns);
}

static struct process *refuse_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    return q->picked < 5 ? fine_pick(queue, now_ns) : NULL;
}

static void state_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    process->state = PROCESS_BLOCKED;
}

static struct process *loop_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    volatile uint32_t *picked = &q->picked;
    while (*picked >= 5)
        ;
    return fine_pick(queue, now_ns);
}

/* One basic block, so that only the watchdog ends it. */
static struct process *endless_pick(void *queue, uint64_t now_ns)
{
    (void)queue;
    (void)now_ns;
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("1: jmp 1b");
#elif defined(__aarch64__)
    __asm__ volatile("1: b 1b");
#else
    for (;;)
        ;
#endif
    return NULL;
}

static void nothing_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    ((struct process *)hidden(NULL))->weight = 1;
}

static struct process *divide_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    volatile uint32_t zero = 0;
    q->picked = q->enqueued / zero;
    return fine_pick(queue, now_ns);
}

/* Deep enough to leave any stack; the array keeps it from becoming a loop. */
static uint32_t recurse(uint32_t depth)
{
    volatile uint8_t frame[4096];
    frame[depth % sizeof frame] = 1;
    return depth == UINT32_MAX ? 0 : recurse(depth + 1) + frame[0];
}

static struct process *recurse_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    q->picked += recurse(0);
    return fine_pick(queue, now_ns);
}

/* Far beyond everything that the host gave. */
static void outside_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    ((char *)hidden(queue))[(ptrdiff_t)1 << 40] = 1;
}

static struct process *wild_pick(void *queue, uint64_t now_ns)
{
    (void)queue;
    (void)now_ns;
    return (struct process *)hidden((void *)(uintptr_t)64);
}

static void null_init(void *queue)
{
    fine_init(queue);
    ((struct queue *)hidden(NULL))->picked = 0;
}

static struct process *null_migratable(void *queue)
{
    (void)queue;
    return ((struct queue *)hidden(NULL))->first;
}

/* ---- All of them -------------------------------------------------------------------------- */

#define POLICY(title, init_, enqueue_, pick_, migratable_)                                         \
    static const struct policy policy_##title = {                                                  \
        .name = #title,                                                                            \
        .summary = "breaks the contract",                                                          \
        .queue_bytes = sizeof(struct queue),                                                       \
        .init = init_,                                                                             \
        .enqueue = enqueue_,                                                                       \
        .dequeue = fine_dequeue,                                                                   \
        .pick = pick_,                                                                             \
        .migratable = migratable_,                                                                 \
    };

POLICY(fine, fine_init, fine_enqueue, fine_pick, fine_migratable)
POLICY(lose, fine_init, lose_enqueue, fine_pick, fine_migratable)
POLICY(twice, fine_init, fine_enqueue, twice_pick, fine_migratable)
POLICY(blocked, fine_init, fine_enqueue, blocked_pick, fine_migratable)
POLICY(refuse, fine_init, fine_enqueue, refuse_pick, fine_migratable)
POLICY(state, fine_init, state_enqueue, fine_pick, fine_migratable)
POLICY(loop, fine_init, fine_enqueue, loop_pick, fine_migratable)
POLICY(endless, fine_init, fine_enqueue, endless_pick, fine_migratable)
POLICY(nothing, fine_init, nothing_enqueue, fine_pick, fine_migratable)
POLICY(divide, fine_init, fine_enqueue, divide_pick, fine_migratable)
POLICY(recurse, fine_init, fine_enqueue, recurse_pick, fine_migratable)
POLICY(outside, fine_init, outside_enqueue, fine_pick, fine_migratable)
POLICY(wild, fine_init, fine_enqueue, wild_pick, fine_migratable)
POLICY(init_null, null_init, fine_enqueue, fine_pick, fine_migratable)
POLICY(migratable_null, fine_init, fine_enqueue, fine_pick, null_migratable)

static const struct policy *const policies[] = {
    &policy_fine,
    &policy_lose,
    &policy_twice,
    &policy_blocked,
    &policy_refuse,
    &policy_state,
    &policy_loop,
    &policy_endless,
    &policy_nothing,
    &policy_divide,
    &policy_recurse,
    &policy_outside,
    &policy_wild,
    &policy_init_null,
    &policy_migratable_null,
    NULL,
};

const struct scheduler_module scheduler_module = {
    .abi = SCHEDULER_MODULE_ABI,
    .name = "broken",
    .policies = policies,
};
