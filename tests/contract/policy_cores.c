/* policy_cores.c -- shares by weight on a torus of several cores, of which a process can have one
 * at most.
 *
 * Method: the ideal gives all who compete their shares of the cores by weight, but nobody more than
 * one, and what is over to the others by weight (feasible weights: A. Chandra, M. Adler, P. Goyal
 * and P. Shenoy, "Surplus fair scheduling", OSDI 2000).  It is worked out here from who is there,
 * and compared with what everybody ran.  Slices end to the nanosecond, and nothing has a price.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <math.h>

#include "braid/takeover.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { MOST = 16, SEEDS = 200, SLICE_NS = 1000000 };

static const uint64_t NEVER = UINT64_MAX;

static struct machine {
    struct tori tori;
    uint32_t count;
    uint32_t weight[MOST];
    uint64_t comes_ns[MOST];
    double ideal_ns[MOST];
    double lag_ns; /* the greatest of anybody, either way */
    uint64_t now_ns, random;
} machine;

static struct torus *torus(void)
{
    return machine.tori.torus[0];
}

static bool competes(uint32_t id)
{
    return machine.tori.processes[id].state != PROCESS_FREE;
}

static double ran_ns(uint32_t id)
{
    const struct process *process = &machine.tori.processes[id];
    double ran = (double)process->runtime_ns;
    if (process->state == PROCESS_RUNNING)
        ran += (double)(machine.now_ns - process->since_ns);
    return ran;
}

static uint32_t cores_there(void)
{
    uint32_t there = 0;
    for (uint32_t slot = 0; slot < torus()->core_count; slot++)
        there += !tori_core_is_away(torus(), slot);
    return there;
}

/* ---- The ideal ---------------------------------------------------------------------------- */

/* What share of a core each has: whose weight asks for more than one has one. */
static void ideal_shares(double shares[MOST])
{
    double cores = cores_there(), weights = 0;
    bool has_changed = true, fills[MOST] = { false };
    for (uint32_t id = 0; id < machine.count; id++)
        weights += competes(id) ? machine.weight[id] : 0;
    while (has_changed) {
        has_changed = false;
        for (uint32_t id = 0; id < machine.count; id++) {
            if (!competes(id) || fills[id] || machine.weight[id] * cores < weights)
                continue;
            fills[id] = has_changed = true;
            cores--;
            weights -= machine.weight[id];
        }
    }
    for (uint32_t id = 0; id < machine.count; id++)
        shares[id] = fills[id] ? 1 : competes(id) ? machine.weight[id] * cores / weights : 0;
}

static void pass(uint64_t until_ns)
{
    double shares[MOST];
    ideal_shares(shares);
    for (uint32_t id = 0; id < machine.count; id++)
        machine.ideal_ns[id] += shares[id] * (double)(until_ns - machine.now_ns);
    machine.now_ns = until_ns;
    for (uint32_t id = 0; id < machine.count; id++)
        machine.lag_ns = fmax(machine.lag_ns, fabs(machine.ideal_ns[id] - ran_ns(id)));
}

/* ---- The machine -------------------------------------------------------------------------- */

static void settle(void)
{
    for (uint32_t slot = 0; slot < torus()->core_count; slot++) {
        if (machine.tori.kicked[slot])
            torus_schedule(torus(), slot, machine.now_ns);
        machine.tori.kicked[slot] = false;
    }
}

static uint64_t slice_ends_ns(uint32_t slot)
{
    const struct torus_core *core = &torus()->cores[slot];
    return core->current != NULL ? core->slice_from_ns + core->current->slice_ns : NEVER;
}

static void machine_come(uint32_t id)
{
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT,
                                             .weight = machine.weight[id] };
    torus_create(torus(), 0, id, &attributes, machine.now_ns);
    settle();
}

static void machine_start(const struct policy *policy, uint32_t cores)
{
    struct tori_setup setup = { .policy = policy,
                                .slice_ns = SLICE_NS,
                                .torus_count = 1,
                                .cores_per_torus = (uint16_t)cores,
                                .random = 1 };
    tori_init(&machine.tori, &setup);
    machine.now_ns = 0;
    machine.lag_ns = 0;
    for (uint32_t id = 0; id < machine.count; id++) {
        machine.ideal_ns[id] = 0;
        if (machine.comes_ns[id] == 0)
            machine_come(id);
    }
}

static void machine_run(uint64_t until_ns)
{
    while (machine.now_ns < until_ns) {
        uint64_t next_ns = until_ns;
        for (uint32_t slot = 0; slot < torus()->core_count; slot++)
            if (slice_ends_ns(slot) < next_ns)
                next_ns = slice_ends_ns(slot);
        for (uint32_t id = 0; id < machine.count; id++)
            if (machine.comes_ns[id] > machine.now_ns && machine.comes_ns[id] < next_ns)
                next_ns = machine.comes_ns[id];
        pass(next_ns);
        for (uint32_t slot = 0; slot < torus()->core_count; slot++)
            if (slice_ends_ns(slot) == next_ns)
                torus_schedule(torus(), slot, next_ns);
        for (uint32_t id = 0; id < machine.count; id++)
            if (machine.comes_ns[id] == next_ns)
                machine_come(id);
    }
}

/* `first` at once, some as heavy as all others together; `later` at odd times around comes_ns. */
static void machine_people(uint32_t first, uint32_t later, uint64_t comes_ns)
{
    machine.count = first + later;
    for (uint32_t id = 0; id < machine.count; id++) {
        uint32_t heavier = tori_random_below(&machine.random, 4) == 0 ? 30 : 1;
        machine.weight[id] = heavier * (1 + tori_random_below(&machine.random, 10000));
        machine.comes_ns[id] = 0;
        if (id >= first)
            machine.comes_ns[id] = comes_ns + tori_random_below(&machine.random, 5 * SLICE_NS);
    }
}

/* ---- The bounds --------------------------------------------------------------------------- */

/* In slices.  Stride's own error is of the order of the number of processes. */
static const struct bound {
    const struct policy *policy;
    double slices;
} bounds[] = { { &policy_eevdf, 3 }, { &policy_stride, 6 } };

/* Processes that have had cores to themselves for 1000 slices share them with others from then on,
 * and one that comes then does not wait for theirs, nor they for its. */
START_TEST(lag_stays_within_slices_on_several_cores)
{
    for (uint32_t cores = 1; cores <= TORI_CORES_MAX; cores++)
        for (uint32_t first = 1; first <= 6; first++)
            for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                machine.random = seed;
                machine_people(first, tori_random_below(&machine.random, MOST - 6),
                               1000 * (uint64_t)SLICE_NS);
                machine_start(bounds[_i].policy, cores);
                machine_run(1500 * (uint64_t)SLICE_NS);
                EXPECT(machine.lag_ns <= bounds[_i].slices * SLICE_NS,
                       "%s, %u cores, %u and %u more, seed %u: a lag of %.2f slices",
                       bounds[_i].policy->name, cores, first, machine.count - first, (unsigned)seed,
                       machine.lag_ns / SLICE_NS);
                tori_fini(&machine.tori);
            }
}
END_TEST

/* What is more than a core can serve depends on how many there are. */
START_TEST(lag_stays_within_slices_when_cores_leave_and_return)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        machine.random = seed;
        machine_people(8, 0, 0);
        machine_start(bounds[_i].policy, TORI_CORES_MAX);
        for (uint64_t slices = 300; slices <= 1800; slices += 300) {
            machine_run(slices * (uint64_t)SLICE_NS);
            for (uint32_t slot = 1; slot < TORI_CORES_MAX; slot++) {
                if (tori_core_is_away(torus(), slot)) {
                    torus_resume(torus(), slot, machine.now_ns);
                    torus_schedule(torus(), slot, machine.now_ns);
                } else if (tori_random_below(&machine.random, 2) == 0) {
                    torus_put(torus(), slot, machine.now_ns);
                    torus_core_leave(torus(), slot);
                    settle();
                }
            }
        }
        EXPECT(machine.lag_ns <= (bounds[_i].slices + TORI_CORES_MAX) * SLICE_NS,
               "%s, seed %u: a lag of %.2f slices", bounds[_i].policy->name, (unsigned)seed,
               machine.lag_ns / SLICE_NS);
        tori_fini(&machine.tori);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("cores");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, lag_stays_within_slices_on_several_cores, 0, 2);
    tcase_add_loop_test(tests, lag_stays_within_slices_when_cores_leave_and_return, 0, 2);
    return suite_run("policy_cores", tests);
}
