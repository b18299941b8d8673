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
    uint64_t last; /* of it: nothing else touches this */
};

/* pointer, so that the compiler cannot reason about it. */
static void *hidden(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

/* ---- What works --------------------------------------------------------------------------- */

static void fine_init(void *queue, const struct policy_setup *setup)
{
    struct queue *q = queue;
    (void)setup;
    list_init(&q->ready);
    q->first = NULL;
    q->enqueued = q->picked = 0;
    q->last = 1;
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

/* Overwrites the frames of all that called it. */
static struct process *smash_pick(void *queue, uint64_t now_ns)
{
    volatile char name[8];
    volatile char *at = hidden((void *)(uintptr_t)name);
    for (uint32_t i = 0; now_ns > 1000000 && i < 2000; i++)
        at[i] = 'A';
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

/* What is no process, at an address that is another one in every run. */
static struct process *queue_pick(void *queue, uint64_t now_ns)
{
    (void)now_ns;
    return (struct process *)hidden(queue);
}

static void null_init(void *queue, const struct policy_setup *setup)
{
    fine_init(queue, setup);
    ((struct queue *)hidden(NULL))->picked = 0;
}

static struct process *null_migratable(void *queue)
{
    (void)queue;
    return ((struct queue *)hidden(NULL))->first;
}

/* ---- What damages the memory that everything lives in ------------------------------------- */

enum { LATER = 20 }; /* so many processes queued: all are alive, and have run */

static void id_zero_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    if (((struct queue *)queue)->enqueued > LATER)
        process->id = 0;
}

static void id_large_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    if (((struct queue *)queue)->enqueued > LATER)
        process->id = INT32_MAX;
}

static void torus_large_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    if (((struct queue *)queue)->enqueued > LATER)
        process->torus = 999;
}

static void torus_other_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    if (((struct queue *)queue)->enqueued > LATER)
        process->torus = (uint16_t)(1 - process->torus);
}

/* The identity of one that has nothing to do with the present operation. */
static struct process *id_asleep_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    if (q->first != NULL && q->first->state == PROCESS_BLOCKED)
        q->first->id = 7;
    return fine_pick(queue, now_ns);
}

static struct process *torus_asleep_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    if (q->first != NULL && q->first->state == PROCESS_BLOCKED)
        q->first->torus = 999;
    return fine_pick(queue, now_ns);
}

static struct process *state_asleep_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    if (q->first != NULL && q->first->state == PROCESS_BLOCKED)
        q->first->state = PROCESS_FREE;
    return fine_pick(queue, now_ns);
}

/* The torus of this queue, which lies before it. */
static struct torus *torus_of(void *queue)
{
    char *at = queue;
    do
        at -= PROCESS_LINE_BYTES;
    while (((struct torus *)(void *)at)->queue != queue);
    return (struct torus *)(void *)at;
}

static void inbox_large_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    if (((struct queue *)queue)->enqueued > LATER)
        atomic_store(&torus_of(queue)->inbox.head, 12345);
}

static void inbox_foreign_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    fine_enqueue(queue, process, now_ns);
    if (((struct queue *)queue)->enqueued > LATER)
        atomic_store(&torus_of(queue)->inbox.head, process->id + 1);
}

/* Everything that the other torus has queued. */
static struct process *steal_pick(void *queue, uint64_t now_ns)
{
    struct queue *q = queue;
    struct torus *torus = torus_of(queue);
    struct queue *other = torus->braid->tori[1 - torus->id]->queue;
    return q->picked < 5 || list_is_empty(&other->ready) ? fine_pick(queue, now_ns)
                                                         : fine_pick(other, now_ns);
}

/* Gives away what the other torus has queued. */
static struct process *foreign_migratable(void *queue)
{
    struct torus *torus = torus_of(queue);
    struct process *other = fine_migratable(torus->braid->tori[1 - torus->id]->queue);
    return other != NULL ? other : fine_migratable(queue);
}

static void behind_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct queue *q = queue;
    fine_enqueue(queue, process, now_ns);
    (&q->last)[q->enqueued > LATER] = 2;
}

/* ---- All of them -------------------------------------------------------------------------- */

#define POLICY(title, init_, enqueue_, pick_, migratable_)                                         \
    POLICY_OF(title, sizeof(struct queue), init_, enqueue_, pick_, migratable_)
#define POLICY_OF(title, bytes, init_, enqueue_, pick_, migratable_)                               \
    static const struct policy policy_##title = {                                                  \
        .name = #title,                                                                            \
        .summary = "breaks the contract",                                                          \
        .queue_bytes = bytes,                                                                      \
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
POLICY(smash, fine_init, fine_enqueue, smash_pick, fine_migratable)
POLICY(outside, fine_init, outside_enqueue, fine_pick, fine_migratable)
POLICY(wild, fine_init, fine_enqueue, wild_pick, fine_migratable)
POLICY(queue, fine_init, fine_enqueue, queue_pick, fine_migratable)
POLICY(init_null, null_init, fine_enqueue, fine_pick, fine_migratable)
POLICY(migratable_null, fine_init, fine_enqueue, fine_pick, null_migratable)
POLICY(id_zero, fine_init, id_zero_enqueue, fine_pick, fine_migratable)
POLICY(id_large, fine_init, id_large_enqueue, fine_pick, fine_migratable)
POLICY(id_asleep, fine_init, fine_enqueue, id_asleep_pick, fine_migratable)
POLICY(torus_large, fine_init, torus_large_enqueue, fine_pick, fine_migratable)
POLICY(torus_other, fine_init, torus_other_enqueue, fine_pick, fine_migratable)
POLICY(torus_asleep, fine_init, fine_enqueue, torus_asleep_pick, fine_migratable)
POLICY(state_asleep, fine_init, fine_enqueue, state_asleep_pick, fine_migratable)
POLICY(inbox_large, fine_init, inbox_large_enqueue, fine_pick, fine_migratable)
POLICY(inbox_foreign, fine_init, inbox_foreign_enqueue, fine_pick, fine_migratable)
POLICY(steal, fine_init, fine_enqueue, steal_pick, fine_migratable)
POLICY(give_foreign, fine_init, fine_enqueue, fine_pick, foreign_migratable)
POLICY(behind, fine_init, behind_enqueue, fine_pick, fine_migratable)
POLICY_OF(no_queue, 0, fine_init, fine_enqueue, fine_pick, fine_migratable)
POLICY_OF(short_queue, 33, fine_init, fine_enqueue, fine_pick, fine_migratable)

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
    &policy_queue,
    &policy_divide,
    &policy_recurse,
    &policy_smash,
    &policy_outside,
    &policy_wild,
    &policy_init_null,
    &policy_migratable_null,
    &policy_id_zero,
    &policy_id_large,
    &policy_id_asleep,
    &policy_torus_large,
    &policy_torus_other,
    &policy_torus_asleep,
    &policy_state_asleep,
    &policy_inbox_large,
    &policy_inbox_foreign,
    &policy_steal,
    &policy_give_foreign,
    &policy_behind,
    &policy_no_queue,
    &policy_short_queue,
    NULL,
};

const struct scheduler_module scheduler_module = {
    .abi = SCHEDULER_MODULE_ABI,
    .name = "broken",
    .policies = policies,
};
