/* placement_least_loaded.c -- the torus whose projection shows the least load.
 *
 * Property: its own load is exact, the others' as projected; a tie keeps the process here.  Other
 * ties go to the next one behind where the last process went, or tori that place at one time would
 * all choose the same: each is at another place of the ring.
 * Bound: none on a load.  No torus is less loaded by what this one knows, but that is as old as the
 * projections: all that tori place within one exchange may go to one.
 * Source: join the shortest queue: W. Winston, "Optimality of the shortest line discipline",
 * Journal of Applied Probability 14(1), 1977; with old information: M. Mitzenmacher, "How useful is
 * old information?", IEEE TPDS 11(1), 2000.
 * Complexity: O(tori).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

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
