/* balancer_threshold.c -- gives one process to the least loaded torus, if that has far fewer.
 *
 * Property: a torus gives only when its load exceeds the other's by more than the threshold and by
 * at least 2, or a process could go to and fro.
 * Bound: none on waiting.  A difference up to the threshold stays for ever.
 * Source: D. Eager, E. Lazowska, J. Zahorjan, "Adaptive load sharing in homogeneous distributed
 * systems", IEEE TSE 12(5), 1986 (who is above a threshold sends, and to the shortest); here the
 * threshold is on the difference, and is looked at once an interval.
 * Complexity: O(tori) per interval.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

static void threshold_balance(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t least;
    uint32_t load;
    (void)now_ns;
    if (!braid_least_loaded(braid, torus, torus->id, &least, &load))
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
