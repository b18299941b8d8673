/* placement_random.c -- every torus with equal probability.
 *
 * Property: neither load nor projection is looked at, so nothing that is old can mislead it.
 * Bound: none on a load.  Of n processes on n tori the most that one gets is about
 * ln n / ln ln n, with high probability.
 * Source: the random splitting of Y.-T. Wang and R. Morris, "Load sharing in distributed systems",
 * IEEE Transactions on Computers C-34(3), 1985; the bound: G. Gonnet, "Expected length of the
 * longest probe sequence in hash code searching", JACM 28(2), 1981.
 * Complexity: O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

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
