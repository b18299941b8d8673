/* policy_edf.c -- earliest deadline first, for processes with a reservation; others in the rest.
 *
 * A process that asks for a budget Q in every period T is served by a constant-bandwidth server: it
 * has a deadline and what is left of a budget.  When it wakes with more left than its share Q/T of
 * the time to its deadline, or after that, it gets a full budget and a deadline of T from now; when
 * it has used the budget up, it gets another, and its deadline moves on by T.  The earliest
 * deadline runs, and preempts later ones.  A process without a reservation is in the background:
 * first come, first served, by slices, while none with one is ready; it can starve.
 *
 * Admission: a torus of m cores admits reservations while their utilisations sum to at most m - (m
 * - 1) u, u being the greatest (so 1, for one core).  Each is rounded up to 1/1008000000, which
 * whole millionths, thirds, sevenths and ninths need not be.  What a process had is free again at
 * the deadline that it had at its end.  When a core leaves, what has been admitted stays, though it
 * may be too much for those that are left; nothing more is admitted than fits them.
 *
 * Properties (tests/contract/reservations.c)
 *   - Proven bound: with budgets enforced to the nanosecond (slices "exact"), and no price on
 *     scheduling, a process that needs at most Q in any T, asking for it at most once in T, gets
 *     it within T of asking, whatever the others do.  By ticks, a budget may be overrun by a tick.
 *   - While several with reservations want the cores all the time, none receives more than its
 *     utilisation but for one budget.  Who has had more before, while the others wanted less, has
 *     its deadline as far ahead, and the others go first until theirs are as late.
 *
 * pick, enqueue and dequeue are O(log n) in the reservations, O(1) in the background; the rest is
 * O(1).  A process with a reservation stays on its torus.
 *
 * Sources: L. Abeni and G. Buttazzo, "Integrating multimedia applications in hard real-time
 * systems", RTSS 1998 (the server); C. Liu and J. Layland, "Scheduling algorithms for
 * multiprogramming in a hard-real-time environment", JACM 20(1), 1973, theorem 7 (one core);
 * J. Goossens, S. Funk and S. Baruah, "Priority-driven scheduling of periodic task systems on
 * multiprocessors", Real-Time Systems 25, 2003 (several).
 * SPDX-License-Identifier: MIT
 */
#include "braid/policy.h"
#include "braid/share.h"

enum { WHOLE_CORE = 1008000000 }; /* 2^10 3^2 5^6 7: utilisations are in parts of it */

/* What the policy keeps of a process with a reservation.  node.key is its deadline, node.summary
 * what is left of its budget, node.user its utilisation. */
struct __attribute__((may_alias)) reservation {
    struct tree_node node;
    uint32_t budget_ns, period_ns; /* budget 0: it has none */
    uint32_t picked;
};

_Static_assert(sizeof(struct reservation) <= PROCESS_POLICY_BYTES, "it fits into a process");

enum { RUNTIME_NS }; /* in node.scratch of a process that was picked: what it had run by then */

struct edf_queue {
    struct policy_fifo background;
    struct tree tree;
    uint64_t slice_ns;
    uint64_t reserved;         /* sum of utilisations, */
    uint64_t leaving;          /* and what of it is free from */
    uint64_t leaving_until_ns; /* this time on */
    uint32_t greatest;         /* utilisation since reserved was 0 */
    uint32_t cores;
};

static struct reservation *reservation_of(const struct process *process)
{
    return (struct reservation *)(uintptr_t)process->policy;
}

static bool is_reserved(const struct process *process)
{
    return reservation_of(process)->budget_ns != 0;
}

static void edf_init(void *queue, const struct policy_setup *setup)
{
    struct edf_queue *q = queue;
    policy_fifo_init(&q->background, setup);
    q->tree.root = q->tree.first = NULL;
    q->slice_ns = setup->slice_ns;
    q->reserved = q->leaving = q->leaving_until_ns = 0;
    q->greatest = 0;
    q->cores = setup->cores;
}

/* ---- Admission ---------------------------------------------------------------------------- */

static void free_what_left(struct edf_queue *q, uint64_t now_ns)
{
    if (now_ns < q->leaving_until_ns)
        return;
    q->reserved -= q->leaving;
    q->leaving = 0;
    if (q->reserved == 0)
        q->greatest = 0;
}

static void edf_serve(void *queue, uint32_t cores)
{
    struct edf_queue *q = queue;
    q->cores = cores;
}

static bool edf_admit(void *queue, struct process *process,
                      const struct process_attributes *attributes, uint64_t now_ns)
{
    struct edf_queue *q = queue;
    struct reservation *reservation = reservation_of(process);
    uint64_t budget = attributes->budget_ns, period = attributes->period_ns;
    if (budget == 0 || budget > period)
        return false;
    free_what_left(q, now_ns);
    if (q->cores == 0)
        return false;
    uint64_t utilisation = share_divide(budget * WHOLE_CORE + period - 1, period);
    uint64_t greatest = utilisation > q->greatest ? utilisation : q->greatest;
    uint64_t most = (uint64_t)q->cores * WHOLE_CORE - (q->cores - 1) * greatest;
    if (q->reserved + utilisation > most)
        return false;
    q->reserved += utilisation;
    q->greatest = (uint32_t)greatest;
    reservation->node.user = (uint32_t)utilisation;
    reservation->budget_ns = attributes->budget_ns;
    reservation->period_ns = attributes->period_ns;
    return true;
}

static void edf_end(void *queue, struct process *process, uint64_t now_ns)
{
    struct edf_queue *q = queue;
    struct reservation *reservation = reservation_of(process);
    free_what_left(q, now_ns);
    q->leaving += reservation->node.user;
    if (q->leaving_until_ns < reservation->node.key)
        q->leaving_until_ns = reservation->node.key;
}

/* ---- The server --------------------------------------------------------------------------- */

static void server_wake(struct reservation *reservation, uint64_t now_ns)
{
    uint64_t budget = reservation->budget_ns, period = reservation->period_ns;
    uint64_t deadline = reservation->node.key;
    uint64_t left = reservation->node.summary; /* at most the budget */
    if (now_ns < deadline &&
        (deadline - now_ns > period || left * period < (deadline - now_ns) * budget))
        return;
    reservation->node.key = now_ns + period;
    reservation->node.summary = budget;
}

/* A budget that is used up is followed by the next. */
static void server_charge(struct reservation *reservation, const struct process *process)
{
    uint64_t ran_ns = process->runtime_ns - reservation->node.scratch[RUNTIME_NS];
    reservation->picked = false;
    if (ran_ns < reservation->node.summary) {
        reservation->node.summary -= ran_ns;
        return;
    }
    uint64_t over_ns = ran_ns - reservation->node.summary;
    uint64_t whole = share_divide(over_ns, reservation->budget_ns);
    reservation->node.key += (whole + 1) * reservation->period_ns;
    reservation->node.summary = (whole + 1) * reservation->budget_ns - over_ns;
}

/* ---- The operations ----------------------------------------------------------------------- */

static void edf_enqueue(void *queue, struct process *process, uint64_t now_ns)
{
    struct edf_queue *q = queue;
    struct reservation *reservation = reservation_of(process);
    if (!is_reserved(process)) {
        policy_fifo_enqueue(&q->background, process, now_ns);
        return;
    }
    if (reservation->picked)
        server_charge(reservation, process);
    else
        server_wake(reservation, now_ns);
    tree_insert(&q->tree, &reservation->node, process->slice_ns > 0, NULL);
}

static void edf_dequeue(void *queue, struct process *process)
{
    struct edf_queue *q = queue;
    if (is_reserved(process))
        tree_remove(&q->tree, &reservation_of(process)->node, NULL);
    else
        policy_fifo_dequeue(&q->background, process);
}

static struct process *edf_pick(void *queue, uint64_t now_ns)
{
    struct edf_queue *q = queue;
    (void)now_ns;
    if (q->tree.first == NULL) {
        if (list_is_empty(&q->background.ready))
            return NULL;
        struct process *head = process_of_link(q->background.ready.next);
        list_remove(&head->link);
        return head;
    }
    struct process *process = process_of_node(q->tree.first);
    struct reservation *reservation = reservation_of(process);
    tree_remove_first(&q->tree);
    reservation->picked = true;
    reservation->node.scratch[RUNTIME_NS] = process->runtime_ns;
    return process;
}

static void edf_leave(void *queue, struct process *process, uint64_t now_ns)
{
    (void)queue, (void)now_ns;
    if (is_reserved(process))
        server_charge(reservation_of(process), process);
}

static uint64_t edf_turn_ns(void *queue, const struct process *process)
{
    const struct edf_queue *q = queue;
    return is_reserved(process) ? reservation_of(process)->node.summary : q->slice_ns;
}

/* Of the background, as only that may leave. */
static struct process *edf_migratable(void *queue)
{
    struct edf_queue *q = queue;
    return policy_fifo_tail(&q->background);
}

static struct process *edf_next_migratable(void *queue, struct process *process)
{
    struct edf_queue *q = queue;
    return policy_fifo_before(&q->background, process);
}

static bool edf_preempts(void *queue, const struct process *running, const struct process *woken,
                         uint64_t now_ns)
{
    (void)queue, (void)now_ns;
    if (!is_reserved(woken) || !is_reserved(running))
        return is_reserved(woken) && !is_reserved(running);
    return tree_before(reservation_of(woken)->node.key, reservation_of(running)->node.key);
}

const struct policy policy_edf = {
    .name = "edf",
    .summary = "earliest deadline of reserved bandwidth first, others in the rest; O(log n)",
    .queue_bytes = sizeof(struct edf_queue),
    .init = edf_init,
    .enqueue = edf_enqueue,
    .dequeue = edf_dequeue,
    .pick = edf_pick,
    .migratable = edf_migratable,
    .next_migratable = edf_next_migratable,
    .preempts = edf_preempts,
    .leave = edf_leave,
    .turn_ns = edf_turn_ns,
    .serve = edf_serve,
    .admit = edf_admit,
    .end = edf_end,
};
