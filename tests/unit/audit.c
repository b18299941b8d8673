/* audit.c -- whose fault it is when the host crashes.
 *
 * Goal: a crash of the host, by a signal or a failed check, is the scheduler's fault if the memory
 * that the scheduler must keep is damaged, and else a bug of ours.
 * Method: a policy does harm where the host trips over it later, outside the scheduler's code: to
 * the workload that the host reads.  It does or does not write behind the queue of another torus
 * before, which nobody looks at in between.  What leads to no crash is in tests/faults.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/host/host.h"
#include "tests/support/suite.h"

static struct scheduler ours;
static struct profile cpu;
static struct arena arena;
static struct workload victim;
static struct policy harm;
static const struct policy *rr;
static char *first_queue; /* of torus 0 */
static bool damages, fails_check;

static struct distribution constant(double us)
{
    struct distribution distribution = { .kind = DISTRIBUTION_CONSTANT };
    distribution.parameter[PARAMETER_VALUE] = us;
    CHECK(distribution_prepare(&distribution) == NULL);
    return distribution;
}

static void harm_init(void *queue, const struct policy_setup *setup)
{
    if (first_queue == NULL)
        first_queue = queue;
    rr->init(queue, setup);
}

static struct process *harm_pick(void *queue, uint64_t now_ns)
{
    if (now_ns > 2000000 && queue != first_queue) {
        if (damages)
            first_queue[rr->queue_bytes] = 1;
        if (fails_check)
            check_failed("here", 1, "what was damaged");
        victim.phases = (struct phase *)(uintptr_t)64;
    }
    return rr->pick(queue, now_ns);
}

/* The kind of fault that a run of it ends with; it may end this process. */
static uint32_t run_harm(void)
{
    static const struct policy *const policies[] = { &harm, NULL };
    static const struct scheduler_module module = { .policies = policies };
    struct phase phases[] = { { PHASE_RUN, constant(1000) } };
    struct scheduler scheduler = ours;
    struct run_result result = { 0 };
    victim = (struct workload){ .name = "w",
                                .instances = 4,
                                .start = constant(0),
                                .weight = 1024,
                                .phases = phases,
                                .phase_count = 1 };
    profile_init(&cpu);
    cpu.figure[FIGURE_line_bytes].value = 64;
    struct scenario scenario = { .name = "test",
                                 .duration_ps = UINT64_C(100000000000),
                                 .cpu = &cpu,
                                 .cores = 2,
                                 .threads = 1,
                                 .scheduler = { .tori = 2,
                                                .policy = "harm",
                                                .placement = "round_robin",
                                                .balancer = "none",
                                                .slice_ns = 1000000,
                                                .exact_slices = true,
                                                .process_stride_bytes = 128 },
                                 .cost = COST_FLAT,
                                 .workload_count = 1,
                                 .workloads = &victim };
    harm = *rr;
    harm.name = "harm";
    harm.init = harm_init;
    harm.pick = harm_pick;
    scheduler.modules[1] = scheduler.modules[0];
    scheduler.modules[0] = &module;
    first_queue = NULL;
    host_run(&scenario, &scheduler, 0, &result, &arena);
    arena_free(&arena);
    return result.fault.kind;
}

START_TEST(a_crash_over_damage_is_the_schedulers)
{
    damages = true;
    fails_check = _i == 1;
    ck_assert_uint_eq(run_harm(), FAULT_DAMAGED);
}
END_TEST

START_TEST(a_crash_without_damage_is_ours)
{
    int status;
    damages = false;
    fails_check = _i == 1;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        CHECK(freopen("/dev/null", "w", stderr) != NULL);
        run_harm();
        _exit(EXIT_FAULT); /* a fault was reported */
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (fails_check)
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUG);
    else
        ck_assert(WIFSIGNALED(status));
}
END_TEST

int main(void)
{
    struct error err;
    CHECK(scheduler_load(&ours, NULL, false, &err));
    rr = scheduler_policy(&ours, "rr");
    TCase *tests = tcase_create("audit");
    tcase_add_loop_test(tests, a_crash_over_damage_is_the_schedulers, 0, 2);
    tcase_add_loop_test(tests, a_crash_without_damage_is_ours, 0, 2);
    return suite_run("audit", tests);
}
