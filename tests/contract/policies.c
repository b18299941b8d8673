/* policies.c -- the laws of policy.h, for every policy of policy_list, on random schedules.
 *
 * Method: a host makes random legal calls and keeps its own record of who is queued and in which
 * order they came.  The policy must agree with that record.  Laws that name no policy hold for
 * all, so that a new policy is held to them without a line here; the others are what a policy
 * promises in its banner.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/policy.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { PROCESSES = 12, STEPS = 4000, SEEDS = 25 };

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
    struct policy_setup setup = { .slice_ns = 4000, .random = (uint32_t)seed };
    policy->init(host->queue, &setup);
    for (uint32_t id = 0; id < PROCESSES; id++) {
        struct process *process = &host->process[id];
        struct process_attributes attributes = {
            .parent = PROCESS_NO_PARENT,
            .weight = 512u << tori_random_below(&host->random, 3),
            .priority = (int32_t)tori_random_below(&host->random, 4) - 2,
        };
        ck_assert_int_eq(process_create(process, id, &attributes), PROCESS_OK);
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

/* What a torus does to a process that has run. */
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
    { "bounds the wait", "rr", law_rr_bounds_the_wait },
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
    int policies = 0;
    while (policy_list[policies] != NULL)
        policies++;
    TCase *tests = tcase_create("policies");
    tcase_add_loop_test(tests, every_policy_keeps_every_law, 0, policies * LAWS * SEEDS);
    tcase_add_loop_test(tests, every_policy_describes_itself, 0, policies);
    tcase_add_test(tests, every_law_is_somebodys);
    return suite_run("policies", tests);
}
