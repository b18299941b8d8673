/* placement_round_robin.c -- each torus deals its new processes out in turn, itself first.
 *
 * Property: each torus counts its own placements and starts with itself, so no counter is shared.
 * Bound: of the processes that one torus places, no two tori get numbers that differ by more than
 * 1; of those that k tori place, by more than k.
 * Source: the cyclic splitting of Y.-T. Wang and R. Morris, "Load sharing in distributed systems",
 * IEEE Transactions on Computers C-34(3), 1985.
 * Complexity: O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

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
