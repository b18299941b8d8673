/* policies.c -- the laws of policy.h, for every policy of policy_list, on random schedules.
 *
 * Method: a host makes random legal calls and keeps its own record of who is queued and in which
 * order they came.  The policy must agree with that record.  Laws that name no policy hold for
 * all, so that a new policy is held to them without a line here; the others are what a policy
 * promises in its banner.  What torus_change() is to a queued process is seen on a torus of one
 * core, from who runs when.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/policy.h"
#include "braid/torus.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { PROCESSES = 12, STEPS = 4000, SEEDS = 25, SLICE_NS = 4000 };

struct host {
    const struct policy *policy;
    _Alignas(64) unsigned char queue[4096];
    struct process process[PROCESSES];
    uint64_t queued_at[PROCESSES]; /* 0: not queued; else a number that grows */
    uint32_t queued;
    uint64_t calls, random, now_ns;
};

static void host_init(struct host *host, const struct policy *policy, uint64_t seed)
{
    memset(host, 0, sizeof *host);
    ck_assert_uint_le(policy->queue_bytes, sizeof host->queue);
    host->policy = policy;
    host->random = seed * 0x9E3779B97F4A7C15u + 1;
    struct policy_setup setup = { .slice_ns = SLICE_NS, .random = (uint32_t)seed };
    policy->init(host->queue, &setup);
    for (uint32_t id = 0; id < PROCESSES; id++) {
        struct process *process = &host->process[id];
        struct process_attributes attributes = {
            .parent = PROCESS_NO_PARENT,
            .weight = 512u << tori_random_below(&host->random, 3),
            .priority = (int32_t)tori_random_below(&host->random, 4) - 2,
        };
        ck_assert_int_eq(process_create(process, id, 0, &attributes), PROCESS_OK);
    }
}

static void host_enqueue(struct host *host, struct process *process)
{
    host->policy->enqueue(host->queue, process, host->now_ns);
    host->queued_at[process->id] = ++host->calls;
    host->queued++;
}

static void host_forget(struct host *host, const struct process *process)
{
    ck_assert_msg(host->queued_at[process->id] != 0, "process %u was not queued",
                  (unsigned)process->id);
    host->queued_at[process->id] = 0;
    host->queued--;
}

/* A picked process comes from the queue, and NULL means that the queue is empty. */
static struct process *host_pick(struct host *host)
{
    struct process *process = host->policy->pick(host->queue, host->now_ns);
    ck_assert_int_eq(process == NULL, host->queued == 0);
    if (process != NULL) {
        ck_assert(process >= host->process && process < host->process + PROCESSES);
        host_forget(host, process);
    }
    return process;
}

/* What a torus does to a process that has run, for a slice at most. */
static void host_run(struct host *host, struct process *process)
{
    uint64_t ran_ns = tori_random_below(&host->random, 5) * 1000;
    host->now_ns += ran_ns;
    process->runtime_ns += ran_ns;
}

/* process, which was picked, blocks; other weights and priorities may come at any time. */
static void host_block(struct host *host, struct process *process)
{
    if (host->policy->leave != NULL)
        host->policy->leave(host->queue, process, host->now_ns);
}

static void host_change(struct host *host, struct process *process)
{
    bool moves = host->queued_at[process->id] != 0 && host->policy->ordered_by != 0;
    if (moves)
        host->policy->dequeue(host->queue, process);
    process->weight = 1 + tori_random_below(&host->random, 10000);
    process->priority = (int32_t)tori_random_below(&host->random, 200) - 100;
    if (moves)
        host->policy->enqueue(host->queue, process, host->now_ns);
}

/* ---- Laws of all policies ------------------------------------------------------------------ */

/* Those that are offered, one after the other, are all that are queued, each once. */
static void check_offers(struct host *host)
{
    bool offered[PROCESSES] = { false };
    uint32_t count = 0;
    struct process *process = host->policy->migratable(host->queue);
    for (; process != NULL && host->policy->next_migratable != NULL; count++) {
        ck_assert_uint_ne(host->queued_at[process->id], 0);
        ck_assert(!offered[process->id]);
        offered[process->id] = true;
        process = host->policy->next_migratable(host->queue, process);
    }
    if (host->policy->next_migratable != NULL)
        ck_assert_uint_eq(count, host->queued);
}

/* Nothing is lost, nothing comes out twice, and migratable() names a queued process. */
static void law_keeps_every_process(struct host *host)
{
    for (int step = 0; step < STEPS; step++) {
        struct process *process = &host->process[tori_random_below(&host->random, PROCESSES)];
        struct process *leaver = host->policy->migratable(host->queue);
        ck_assert_int_eq(leaver == NULL, host->queued == 0);
        if (leaver != NULL)
            ck_assert_uint_ne(host->queued_at[leaver->id], 0);
        check_offers(host);
        switch (tori_random_below(&host->random, 5)) {
        case 0:
        case 1:
            if (host->queued_at[process->id] == 0)
                host_enqueue(host, process);
            break;
        case 2:
            process = tori_random_below(&host->random, 2) == 0 ? leaver : process;
            if (process != NULL && host->queued_at[process->id] != 0) {
                host->policy->dequeue(host->queue, process);
                host_forget(host, process);
            }
            break;
        case 3:
            host_change(host, process);
            break;
        default:
            process = host_pick(host);
            if (process != NULL) {
                host_run(host, process);
                if (tori_random_below(&host->random, 2) == 0)
                    host_block(host, process);
            }
        }
    }
    while (host_pick(host) != NULL)
        continue;
    ck_assert_uint_eq(host->queued, 0);
}

/* All of them, equal in everything, in a random order of queueing. */
static void enqueue_equals(struct host *host, uint32_t order[PROCESSES])
{
    for (uint32_t i = 0; i < PROCESSES; i++) { /* a random order of queueing */
        uint32_t j = tori_random_below(&host->random, i + 1);
        order[i] = order[j];
        order[j] = i;
        host->process[i].weight = 1024;
        host->process[i].priority = 3;
        host->process[i].runtime_ns = 5000;
    }
    for (uint32_t i = 0; i < PROCESSES; i++)
        host_enqueue(host, &host->process[order[i]]);
}

/* Between equals, who queued first goes first. */
static void law_ties_are_fifo(struct host *host)
{
    uint32_t order[PROCESSES];
    enqueue_equals(host, order);
    for (uint32_t i = 0; i < PROCESSES; i++) {
        struct process *process = host_pick(host);
        ck_assert_ptr_nonnull(process);
        ck_assert_uint_eq(process->id, order[i]);
    }
}

/* One that is preempted at once, within its slice, goes before its equals. */
static void law_preempted_goes_first(struct host *host)
{
    uint32_t order[PROCESSES];
    enqueue_equals(host, order);
    for (uint32_t i = 0; i < PROCESSES; i++) {
        struct process *process = host_pick(host);
        ck_assert_uint_eq(process->id, order[i]);
        process->slice_ns = 1;
        host_enqueue(host, process);
        ck_assert_ptr_eq(host_pick(host), process);
    }
}

/* No process preempts its equal: two of them would take turns for ever. */
static void law_equals_do_not_preempt(struct host *host)
{
    if (host->policy->preempts == NULL)
        return;
    for (uint32_t i = 0; i < PROCESSES; i++) {
        struct process twin;
        memcpy(&twin, &host->process[i], sizeof twin);
        twin.id = PROCESSES;
        ck_assert(!host->policy->preempts(host->queue, &host->process[i], &twin, host->now_ns));
    }
}

/* ---- Promises of single policies ----------------------------------------------------------- */

/* Is a to be picked before b? */
typedef bool before_function(const struct process *a, const struct process *b);

static bool higher_priority(const struct process *a, const struct process *b)
{
    return a->priority > b->priority;
}

static bool less_runtime(const struct process *a, const struct process *b)
{
    return a->runtime_ns < b->runtime_ns;
}

/* Of the queued processes that no other is before, the one that queued first. */
static const struct process *first_of(const struct host *host, before_function *before)
{
    const struct process *best = NULL;
    for (uint32_t id = 0; id < PROCESSES; id++) {
        const struct process *process = &host->process[id];
        if (host->queued_at[id] == 0)
            continue;
        if (best == NULL || before(process, best) ||
            (!before(best, process) && host->queued_at[id] < host->queued_at[best->id]))
            best = process;
    }
    return best;
}

static void picks_in_order(struct host *host, before_function *before)
{
    for (int step = 0; step < STEPS; step++) {
        struct process *process = &host->process[tori_random_below(&host->random, PROCESSES)];
        if (tori_random_below(&host->random, 3) > 0) {
            if (host->queued_at[process->id] == 0)
                host_enqueue(host, process);
            continue;
        }
        const struct process *expected = first_of(host, before);
        process = host_pick(host);
        ck_assert_ptr_eq(process, expected);
        if (process != NULL)
            host_run(host, process);
    }
}

static void law_priority_picks_the_highest(struct host *host)
{
    picks_in_order(host, higher_priority);
}

static void law_priority_preempts(struct host *host)
{
    ck_assert(host->policy->preempts != NULL);
    for (uint32_t a = 0; a < PROCESSES; a++)
        for (uint32_t b = 0; b < PROCESSES; b++) {
            struct process *running = &host->process[a], *woken = &host->process[b];
            if (a == b)
                continue;
            host_enqueue(host, running);
            ck_assert_ptr_eq(host_pick(host), running);
            host_enqueue(host, woken);
            ck_assert_int_eq(host->policy->preempts(host->queue, running, woken, host->now_ns),
                             woken->priority > running->priority);
            ck_assert_ptr_eq(host_pick(host), woken);
        }
}

static void law_fair_picks_the_least_served(struct host *host)
{
    picks_in_order(host, less_runtime);
}

/* With n processes, READY or RUNNING, nobody waits more than n - 1 slices. */
static void law_rr_bounds_the_wait(struct host *host)
{
    uint32_t turns_waited[PROCESSES] = { 0 };
    uint32_t n = 1 + tori_random_below(&host->random, PROCESSES);
    for (uint32_t id = 0; id < n; id++)
        host_enqueue(host, &host->process[id]);
    for (int step = 0; step < STEPS; step++) {
        struct process *process = host_pick(host);
        turns_waited[process->id] = 0;
        for (uint32_t id = 0; id < n; id++)
            if (id != process->id)
                ck_assert_uint_le(++turns_waited[id], n - 1);
        host_run(host, process);
        host_enqueue(host, process);
    }
}

/* The same of those of one priority, where none is above them. */
static void law_equals_bound_the_wait(struct host *host)
{
    for (uint32_t id = 0; id < PROCESSES; id++)
        host->process[id].priority = 7;
    law_rr_bounds_the_wait(host);
}

/* All have been there from the beginning, and stay: nobody is a slice ahead of another. */
static void law_fair_keeps_all_close(struct host *host)
{
    for (uint32_t id = 0; id < PROCESSES; id++)
        host_enqueue(host, &host->process[id]);
    for (int step = 0; step < STEPS; step++) {
        struct process *process = host_pick(host);
        host_run(host, process);
        host_enqueue(host, process);
        for (uint32_t id = 0; id < PROCESSES; id++)
            ck_assert_uint_le(process->runtime_ns, host->process[id].runtime_ns + SLICE_NS);
    }
}

static const struct law {
    const char *name, *policy; /* NULL: all of them */
    void (*holds)(struct host *host);
} laws[] = {
    { "keeps every process", NULL, law_keeps_every_process },
    { "ties are FIFO", NULL, law_ties_are_fifo },
    { "a preempted one goes first", NULL, law_preempted_goes_first },
    { "equals do not preempt", NULL, law_equals_do_not_preempt },
    { "picks the highest priority", "priority_scan", law_priority_picks_the_highest },
    { "preempts for a higher priority", "priority_scan", law_priority_preempts },
    { "picks the highest priority", "priority", law_priority_picks_the_highest },
    { "preempts for a higher priority", "priority", law_priority_preempts },
    { "picks the least served", "fair_scan", law_fair_picks_the_least_served },
    { "keeps all within a slice", "fair_scan", law_fair_keeps_all_close },
    { "bounds the wait", "rr", law_rr_bounds_the_wait },
    { "bounds the wait of equals", "priority_scan", law_equals_bound_the_wait },
    { "bounds the wait of equals", "priority", law_equals_bound_the_wait },
};
enum { LAWS = sizeof laws / sizeof laws[0] };

START_TEST(every_policy_keeps_every_law)
{
    const struct policy *policy = policy_list[_i / (LAWS * SEEDS)];
    const struct law *law = &laws[_i / SEEDS % LAWS];
    static struct host host;
    if (law->policy != NULL && strcmp(law->policy, policy->name) != 0)
        return;
    mark_point();
    host_init(&host, policy, 1 + (uint64_t)_i % SEEDS);
    law->holds(&host);
}
END_TEST

/* ---- Changes of a queued process ----------------------------------------------------------- */

static struct tori tori;

/* All are queued in the order of their numbers, and equal. */
static void queue_all(const struct policy *policy, uint32_t count, uint32_t weight, uint32_t seed)
{
    struct tori_setup setup = { .policy = policy,
                                .slice_ns = SLICE_NS,
                                .random = seed,
                                .torus_count = 1,
                                .cores_per_torus = 1 };
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = weight };
    tori_init(&tori, &setup);
    for (uint32_t id = 0; id < count; id++)
        ck_assert_int_eq(torus_create(tori.torus[0], 0, id, &attributes, 0), PROCESS_OK);
}

static void change(uint32_t id, uint32_t weight, int32_t priority)
{
    ck_assert_int_eq(torus_change(tori.torus[0], &tori.processes[id], weight, priority, 0),
                     PROCESS_OK);
}

/* Who runs next, for a whole slice; whoever ran before has used up his. */
static uint32_t next_turn(uint64_t *now_ns)
{
    const struct process *process = torus_schedule(tori.torus[0], 0, *now_ns);
    ck_assert_ptr_nonnull(process);
    *now_ns += SLICE_NS;
    return process->id;
}

static const struct policy *const by_priority[] = { &policy_priority_scan, &policy_priority,
                                                    &policy_priority_aging };
enum { BY_PRIORITY = sizeof by_priority / sizeof by_priority[0] };

/* At one instant, so that nobody ages: whatever they were before, they run in order. */
START_TEST(changed_priorities_order_what_is_queued)
{
    static const int32_t priorities[PROCESSES] = { 7, -3, 63, 0, -64, 12, 31, -32, 1, 32, -31, 40 };
    uint64_t random = 1 + (uint64_t)_i;
    int32_t last = INT32_MAX;
    queue_all(by_priority[_i / SEEDS], PROCESSES, 1024, 1);
    for (int i = 0; i < 3 * PROCESSES; i++)
        change(tori_random_below(&random, PROCESSES), 1024, (int32_t)tori_random_below(&random, 9));
    for (uint32_t id = 0; id < PROCESSES; id++)
        change(id, 1024, priorities[id]);
    for (uint32_t i = 0; i < PROCESSES; i++) {
        const struct process *process = torus_pick(tori.torus[0], 0, 0);
        ck_assert_int_lt(process->priority, last);
        last = process->priority;
        torus_exit(tori.torus[0], 0, 0);
    }
    tori_fini(&tori);
}
END_TEST

/* Turns until a raised process has its first one, and how far the number of its turns may be off
 * from then on.  What it asks for is due first by its new weight; but fair goes by what it has been
 * given by its old one: it waits until the others have as much, and has its new share from then on.
 */
enum { LIGHT = 64, HEAVY = 3 * 1024, HOGS = 3, TURNS = 96 };
static const struct by_weight {
    const struct policy *policy;
    uint32_t wait, error;
} by_weight[] = {
    { &policy_stride, 0, 2 },
    { &policy_eevdf, 0, 2 },
    { &policy_lottery, 20, 25 }, /* 1 in 10^6, and 5 standard deviations */
    { &policy_fair, HOGS * 1024 / LIGHT + HOGS, 2 },
};
enum { BY_WEIGHT = sizeof by_weight / sizeof by_weight[0] };

/* Process 0 is as heavy as the others together, so it gets half of the turns. */
START_TEST(a_raised_weight_counts_at_once)
{
    const struct by_weight *by = &by_weight[_i / SEEDS];
    uint32_t seed = (uint32_t)_i % SEEDS, waited = 0, turns = 1;
    uint64_t now_ns = 0;
    queue_all(by->policy, 1, LIGHT + 4 * seed, 1 + seed);
    for (uint32_t id = 1; id <= HOGS; id++)
        tori_create(&tori, 0, id, 0, 0);
    change(0, HEAVY, 0);
    while (next_turn(&now_ns) != 0)
        ck_assert_uint_le(++waited, by->wait);
    for (uint32_t i = 1; i < TURNS; i++)
        turns += next_turn(&now_ns) == 0;
    ck_assert_uint_le(turns, TURNS / 2 + by->error);
    ck_assert_uint_ge(turns, TURNS / 2 - by->error);
    tori_fini(&tori);
}
END_TEST

static bool goes_by_priority(const struct policy *policy)
{
    bool found = false;
    for (int i = 0; i < BY_PRIORITY; i++)
        found = found || by_priority[i] == policy;
    return found;
}

static bool goes_by_weight(const struct policy *policy)
{
    bool found = false;
    for (int i = 0; i < BY_WEIGHT; i++)
        found = found || by_weight[i].policy == policy;
    return found;
}

/* What a policy does not go by does not cost a process its place; and what it is ordered by it is
 * held to above. */
START_TEST(other_changes_keep_the_place)
{
    const struct policy *policy = policy_list[_i];
    bool for_priority = goes_by_priority(policy), for_weight = goes_by_weight(policy);
    ck_assert(for_priority || !(policy->ordered_by & POLICY_BY_PRIORITY));
    ck_assert(for_weight || !(policy->ordered_by & POLICY_BY_WEIGHT));
    queue_all(policy, PROCESSES, 1024, 1);
    for (uint32_t id = 0; id < PROCESSES; id += 2)
        change(id, for_weight ? 1024 : 1 + id, for_priority ? 0 : (int32_t)id);
    for (uint32_t id = 0; id < PROCESSES; id++) {
        ck_assert_ptr_eq(torus_pick(tori.torus[0], 0, 0), &tori.processes[id]);
        torus_exit(tori.torus[0], 0, 0);
    }
    tori_fini(&tori);
}
END_TEST

/* ---- The tables ----------------------------------------------------------------------------- */

START_TEST(every_policy_describes_itself)
{
    const struct policy *policy = policy_list[_i];
    ck_assert_str_ne(policy->name, "");
    for (int other = 0; other < _i; other++)
        ck_assert_str_ne(policy->name, policy_list[other]->name);
}
END_TEST

/* A law for a policy that does not exist would hold for nothing. */
START_TEST(every_law_is_somebodys)
{
    for (int i = 0; i < LAWS; i++) {
        bool found = laws[i].policy == NULL;
        for (int k = 0; policy_list[k] != NULL; k++)
            found = found || strcmp(policy_list[k]->name, laws[i].policy) == 0;
        ck_assert_msg(found, "%s: no policy %s", laws[i].name, laws[i].policy);
    }
}
END_TEST

int main(void)
{
    int policies = (int)tori_list_length((const void *const *)policy_list);
    TCase *tests = tcase_create("policies");
    tcase_add_loop_test(tests, every_policy_keeps_every_law, 0, policies * LAWS * SEEDS);
    tcase_add_loop_test(tests, changed_priorities_order_what_is_queued, 0, BY_PRIORITY * SEEDS);
    tcase_add_loop_test(tests, a_raised_weight_counts_at_once, 0, BY_WEIGHT * SEEDS);
    tcase_add_loop_test(tests, other_changes_keep_the_place, 0, policies);
    tcase_add_loop_test(tests, every_policy_describes_itself, 0, policies);
    tcase_add_test(tests, every_law_is_somebodys);
    return suite_run("policies", tests);
}
