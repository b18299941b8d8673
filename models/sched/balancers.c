/* balancers.c -- when and what migrates: none, threshold.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

const struct balancer balancer_none = {
    .name = "none",
    .summary = "nothing ever migrates; O(1)",
    .balance = NULL,
};

/* Gives one process to the least loaded other torus when the loads differ by more than the
 * threshold.  A difference of at least 2 is asked for, or a process could go to and fro. */
static void threshold_balance(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t least;
    uint32_t load;
    (void)now_ns;
    if (!braid_least_loaded(braid, torus, &least, &load))
        return;
    uint32_t own = torus_load(torus);
    if (own > load && own - load > braid->threshold && own - load > 1)
        torus_give(torus, least);
}

const struct balancer balancer_threshold = {
    .name = "threshold",
    .summary = "gives one process away when the load exceeds another's by the threshold; O(tori)",
    .balance = threshold_balance,
};

const struct balancer *const balancer_list[] = {
    &balancer_none,
    &balancer_threshold,
    NULL,
};
