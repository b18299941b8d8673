/* parallel.c -- each torus on a thread of its own, as on a machine: nothing is lost, or runs twice.
 *
 * Goal: the rules of torus.h where operations of different tori really overlap, as the simulator,
 * which makes entries whole, cannot show.  Above all: a core of a torus may change, kill and
 * restrict any process at any time, also one that another torus is sending there and that is in no
 * inbox yet.
 * Method: for each policy and balancer as many threads as tori, of one core each, call their own
 * torus at random, and all that names a process for any process.  The port gives way before it
 * pushes, now and then, so that processes are on their way for long.  Who runs is marked by the
 * core that runs it.  When all have come to rest every process is counted, and then each must exit.
 * (Built with -fsanitize=thread it is also a test of what is ordered by what.)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/counts.h"
#include "tests/support/suite.h"

enum { THREADS = 3, PROCESSES = 24, STEPS = 40000, NO_CORE = THREADS, TICK_NS = 1000 };

static struct tori tori;
static _Atomic uint32_t core_of[PROCESSES]; /* NO_CORE: it does not run */
static _Atomic uint32_t needs[THREADS];     /* enum torus_request, by kicks */
static pthread_barrier_t begin;

/* What a thread has, and what has happened to it. */
static _Thread_local struct thread {
    uint64_t random_state, now_ns;
    uint32_t late;                         /* told of a process that was still on its way */
    uint32_t kills, changes, restrictions; /* done */
} thread;
static struct thread threads[THREADS], total;

/* As EXPECT(), which is for the main thread. */
#define MUST(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static uint32_t below(uint32_t bound)
{
    return tori_random_below(&thread.random_state, bound);
}

/* ---- The port ------------------------------------------------------------------------------- */

static void post(void *world, uint16_t target, struct process *process)
{
    (void)world;
    if (below(4) == 0)
        sched_yield();
    inbox_push(&tori.torus[target]->inbox, process);
}

static void ask(void *world, uint16_t victim, uint16_t thief, uint32_t count)
{
    (void)world;
    inbox_ask(&tori.torus[victim]->inbox, thief, count);
}

static void kick(void *world, uint32_t core)
{
    (void)world;
    atomic_fetch_or(&needs[core], TORUS_RESCHEDULE);
}

/* ---- What a core does ----------------------------------------------------------------------- */

static void runs_no_more(uint16_t k, const struct process *process)
{
    uint32_t core = atomic_exchange(&core_of[process->id], NO_CORE);
    MUST(core == k, "process %u ran on core %u, not %u\n", process->id, core, k);
}

static void schedules(uint16_t k)
{
    const struct process *current = tori.torus[k]->cores[0].current;
    atomic_fetch_and(&needs[k], ~(uint32_t)TORUS_RESCHEDULE);
    if (current != NULL)
        runs_no_more(k, current);
    current = torus_schedule(tori.torus[k], 0, thread.now_ns);
    if (current == NULL) {
        braid_idle(&tori.braid, tori.torus[k], thread.now_ns);
        return;
    }
    uint32_t core = atomic_exchange(&core_of[current->id], k);
    MUST(core == NO_CORE, "process %u runs on cores %u and %u\n", current->id, core, k);
}

static void stops_running(uint16_t k)
{
    struct torus *torus = tori.torus[k];
    struct process *current = torus->cores[0].current;
    if (current == NULL)
        return;
    runs_no_more(k, current);
    uint32_t what = below(4);
    if (what == 0) {
        torus_block(torus, 0, thread.now_ns);
    } else if (what == 1) {
        torus_exit(torus, 0, thread.now_ns);
        torus_reap(torus, PROCESS_NO_PARENT, current);
    } else if (what == 2) {
        torus_exec(torus, 0, thread.now_ns);
        if (torus->cores[0].current == current)
            atomic_store(&core_of[current->id], k);
    } else {
        torus_yield(torus, 0, thread.now_ns);
    }
    if (torus->cores[0].current == NULL)
        schedules(k);
}

/* Only who has a process may look at its state; a slot is used again by the torus that freed it. */
static void wakes_or_creates(uint16_t k, struct process *process)
{
    enum process_result result = PROCESS_OK;
    if (process_torus(process) != k)
        return;
    if (process->state == PROCESS_BLOCKED)
        result = torus_wake(tori.torus[k], 0, process, thread.now_ns);
    else if (process->state == PROCESS_FREE)
        result = tori_create(&tori, k, process->id, (int32_t)below(4), thread.now_ns);
    MUST(result == PROCESS_OK, "process %u was refused with %d\n", process->id, (int)result);
}

static void tell(uint16_t k, struct process *process)
{
    struct torus *torus = tori.torus[k];
    const struct process *current = torus->cores[0].current;
    uint32_t what = below(5), mask = 1 + below((1u << THREADS) - 1);
    bool is_own = process_torus(process) == k, ran = current == process;
    enum process_result result;
    if (ran)
        runs_no_more(k, process); /* or it might run elsewhere before that is noted */
    if (what == 0) {
        result = torus_kill(torus, 0, process, thread.now_ns);
        thread.kills += result == PROCESS_OK;
    } else if (what == 1) {
        result = torus_restrict(torus, 0, process, &mask, thread.now_ns);
        thread.restrictions += result == PROCESS_OK;
    } else {
        result = torus_change(torus, process, 1 + below(3000), (int32_t)below(4), thread.now_ns);
        thread.changes += result == PROCESS_OK;
    }
    thread.late += is_own && result == PROCESS_ELSEWHERE;
    if (what == 0 && result == PROCESS_OK)
        torus_reap(torus, PROCESS_NO_PARENT, process);
    if (ran && torus->cores[0].current == current)
        atomic_store(&core_of[process->id], k);
    else if (ran)
        schedules(k);
}

static void ticks(uint16_t k)
{
    struct torus *torus = tori.torus[k];
    thread.now_ns += below(2 * TICK_NS);
    uint32_t requests =
        torus_tick(torus, 0, thread.now_ns) | torus_heartbeat(torus, 0, thread.now_ns);
    if (requests & TORUS_BALANCE)
        braid_balance(&tori.braid, torus, thread.now_ns);
    atomic_fetch_or(&needs[k], requests & TORUS_RESCHEDULE);
}

static void *run(void *argument)
{
    const uint16_t k = *(const uint16_t *)argument;
    thread = threads[k];
    pthread_barrier_wait(&begin);
    for (uint32_t step = 0; step < STEPS; step++) {
        struct process *process = &tori.processes[below(PROCESSES)];
        thread.now_ns += below(100);
        if (step % 64 == 0)
            sched_yield(); /* where processors are few, too */
        if (!inbox_is_empty(&tori.torus[k]->inbox))
            torus_receive(tori.torus[k], 0, thread.now_ns);
        if (atomic_load(&needs[k]) & TORUS_RESCHEDULE)
            schedules(k);
        switch (below(5)) {
        case 0:
            ticks(k);
            break;
        case 1:
            stops_running(k);
            break;
        case 2:
            wakes_or_creates(k, process);
            break;
        case 3:
            tell(k, process);
            break;
        default:
            torus_give(tori.torus[k], (uint16_t)((k + 1u + below(THREADS - 1)) % THREADS));
        }
    }
    threads[k] = thread;
    return NULL;
}

/* ---- A run ---------------------------------------------------------------------------------- */

static void set_up(uint32_t seed)
{
    uint32_t balancers = tori_list_length((const void *const *)balancer_list);
    uint32_t placements = tori_list_length((const void *const *)placement_list);
    struct tori_setup setup = { .policy = policy_list[seed / balancers],
                                .balancer = balancer_list[seed % balancers],
                                .placement = placement_list[seed % placements],
                                .slice_ns = 3 * TICK_NS,
                                .exchange_ns = TICK_NS,
                                .balance_ns = 2 * TICK_NS,
                                .cost_ns = TICK_NS / 2,
                                .threshold = 1,
                                .random = seed + 1,
                                .torus_count = THREADS,
                                .cores_per_torus = 1,
                                .place_woken = seed % 2 };
    tori_init(&tori, &setup);
    tori.port.post = post, tori.port.ask = ask, tori.port.kick = kick;
    for (uint32_t id = 0; id < PROCESSES; id++) {
        tori.processes[id].id = id;
        process_belongs_to(&tori.processes[id], (uint16_t)(id % THREADS));
        atomic_store(&core_of[id], NO_CORE);
    }
    for (uint32_t k = 0; k < THREADS; k++) {
        threads[k] = (struct thread){ .random_state =
                                          (seed * THREADS + k + 1) * UINT64_C(0x9E3779B97F4A7C15) };
        atomic_store(&needs[k], 0);
    }
}

/* By one thread: whatever runs exits, whatever is blocked is killed, until none is left. */
static void run_to_the_end(uint64_t now_ns)
{
    for (uint32_t round = 0; round < 100 * PROCESSES; round++, now_ns += TICK_NS)
        for (uint16_t k = 0; k < THREADS; k++) {
            struct torus *torus = tori.torus[k];
            struct process *process = &tori.processes[round % PROCESSES];
            torus_receive(torus, 0, now_ns);
            if (torus->cores[0].current != NULL || torus_schedule(torus, 0, now_ns) != NULL) {
                struct process *current = torus->cores[0].current;
                torus_exit(torus, 0, now_ns);
                torus_reap(torus, PROCESS_NO_PARENT, current);
            }
            if (process->torus == k && process->state == PROCESS_BLOCKED) {
                torus_kill(torus, 0, process, now_ns);
                torus_reap(torus, PROCESS_NO_PARENT, process);
            }
        }
    for (uint32_t id = 0; id < PROCESSES; id++)
        EXPECT(tori.processes[id].state == PROCESS_FREE, "process %u is left, %u on torus %u", id,
               tori.processes[id].state, tori.processes[id].torus);
}

START_TEST(nothing_is_lost)
{
    static uint16_t numbers[THREADS] = { 0, 1, 2 };
    pthread_t handles[THREADS];
    set_up((uint32_t)_i);
    ck_assert_int_eq(pthread_barrier_init(&begin, NULL, THREADS), 0);
    for (uint32_t k = 0; k < THREADS; k++)
        ck_assert_int_eq(pthread_create(&handles[k], NULL, run, &numbers[k]), 0);
    uint64_t now_ns = 0;
    for (uint32_t k = 0; k < THREADS; k++) {
        pthread_join(handles[k], NULL);
        total.late += threads[k].late;
        total.kills += threads[k].kills;
        total.changes += threads[k].changes;
        total.restrictions += threads[k].restrictions;
        now_ns = threads[k].now_ns > now_ns ? threads[k].now_ns : now_ns;
    }
    pthread_barrier_destroy(&begin);
    counts_check(&tori, PROCESSES);
    run_to_the_end(now_ns);
    counts_check(&tori, PROCESSES);
    tori_fini(&tori);
}
END_TEST

/* Runs last. */
START_TEST(all_of_it_has_happened)
{
    ck_assert_uint_gt(total.late, 100);
    ck_assert_uint_gt(total.kills, 1000);
    ck_assert_uint_gt(total.changes, 1000);
    ck_assert_uint_gt(total.restrictions, 1000);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("parallel");
    int runs = (int)(tori_list_length((const void *const *)policy_list) *
                     tori_list_length((const void *const *)balancer_list));
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, nothing_is_lost, 0, runs);
    tcase_add_test(tests, all_of_it_has_happened);
    return suite_run("parallel", tests);
}
