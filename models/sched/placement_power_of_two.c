/* placement_power_of_two.c -- the less loaded of two tori drawn at random.
 *
 * Property: the two are drawn with replacement; of equals it is the first.  What cannot be read
 * counts as full.
 * Bound: of n processes on n tori the most that one gets is ln ln n / ln 2 + O(1) with high
 * probability, when loads are known exactly.
 * Source: M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS
 * 12(10), 2001; the bound: Y. Azar, A. Broder, A. Karlin, E. Upfal, "Balanced allocations", SIAM
 * Journal on Computing 29(1), 1999.
 * Complexity: O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

static uint16_t power_of_two_choose(struct braid *braid, struct torus *torus,
                                    const struct process *process, uint64_t now_ns)
{
    (void)process, (void)now_ns;
    uint32_t least = UINT32_MAX;
    uint16_t choice = torus->id;
    for (unsigned i = 0; i < 2; i++) {
        struct projection projection;
        uint16_t drawn = (uint16_t)torus_random_below(torus, braid->torus_count);
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
