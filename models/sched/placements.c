/* placements.c -- where a new process goes: round_robin, random, least_loaded, power_of_two,
 * affinity.
 *
 * Each decides from the deciding torus's own state and the projections of the others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

/* Each torus counts its own placements and starts with itself, so no counter is shared. */
static uint16_t round_robin_choose(struct braid *braid, struct torus *torus,
                                   const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    uint32_t target = torus->id + torus->placed;
    torus->placed = torus->placed + 1u < braid->torus_count ? torus->placed + 1u : 0;
    return (uint16_t)(target < braid->torus_count ? target : target - braid->torus_count);
}

const struct placement placement_round_robin = {
    .name = "round_robin",
    .summary = "each torus deals its new processes out in turn, itself first; O(1)",
    .choose = round_robin_choose,
};

static uint16_t random_choose(struct braid *braid, struct torus *torus,
                              const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    return (uint16_t)torus_random_below(torus, braid->torus_count);
}

const struct placement placement_random = {
    .name = "random",
    .summary = "every torus with equal probability; O(1)",
    .choose = random_choose,
};

/* Its own load is exact, the others' as projected; a tie keeps the process here.  Other ties go to
 * the next one behind where the last process went, or tori that place at one time would all choose
 * the same: each is at another place of the ring. */
static uint16_t least_loaded_choose(struct braid *braid, struct torus *torus,
                                    const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    uint16_t least;
    uint32_t load, id = torus->id, last = id + torus->placed, count = braid->torus_count;
    last = last < count ? last : last - count;
    if (!braid_least_loaded(braid, torus, (uint16_t)last, &least, &load) ||
        torus_load(torus) <= load)
        return torus->id;
    torus->placed = least > id ? least - id : least + count - id;
    return least;
}

const struct placement placement_least_loaded = {
    .name = "least_loaded",
    .summary = "the torus whose projection shows the least load; O(tori)",
    .choose = least_loaded_choose,
};

/* Of two tori drawn with replacement, the one with less load; the first of equals.  What cannot be
 * read counts as full.
 * Source: M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS
 * 12(10), 2001. */
static uint16_t power_of_two_choose(struct braid *braid, struct torus *torus,
                                    const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    uint32_t least = UINT32_MAX;
    uint16_t choice = torus->id;
    for (unsigned i = 0; i < 2; i++) {
        struct projection projection;
        uint16_t drawn = random_choose(braid, torus, process, now_ns);
        uint32_t load = UINT32_MAX;
        if (drawn == torus->id)
            load = torus_load(torus);
        else if (braid_read(braid, drawn, &projection))
            load = projection.load;
        if (load < least) {
            least = load;
            choice = drawn;
        }
    }
    return choice;
}

const struct placement placement_power_of_two = {
    .name = "power_of_two",
    .summary = "the less loaded of two tori drawn at random; O(1)",
    .choose = power_of_two_choose,
};

/* Where it ran last, if it did so within warm_ns and does not begin another program just now: what
 * it would lose elsewhere is taken to be worth more than a shorter queue.  Source: the idea of
 * sysctl_sched_migration_cost, Linux 2.6.23, 2007. */
static uint16_t affinity_choose(struct braid *braid, struct torus *torus,
                                const struct process *process, uint64_t now_ns)
{
    if (process->state != PROCESS_RUNNING && process->runtime_ns > 0 &&
        now_ns - process->since_ns < braid->warm_ns)
        return torus->id;
    return least_loaded_choose(braid, torus, process, now_ns);
}

const struct placement placement_affinity = {
    .name = "affinity",
    .summary = "the last torus while its cache is warm, else the least loaded; O(tori)",
    .choose = affinity_choose,
};

const struct placement *const placement_list[] = {
    &placement_round_robin,  &placement_random,   &placement_least_loaded,
    &placement_power_of_two, &placement_affinity, NULL,
};
