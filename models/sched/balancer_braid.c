/* balancer_braid.c -- the emergent balancer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

static bool braid_find_idle(const struct braid *braid, struct torus *torus, uint16_t *idle)
{
    uint16_t at = (uint16_t)torus_random_below(torus, braid->torus_count);
    for (uint32_t i = 0; i < braid->torus_count; i++) {
        struct projection projection;
        at = (uint16_t)(at + 1u < braid->torus_count ? at + 1u : 0);
        if (at == torus->id || !braid_read(braid, at, &projection) ||
            projection.load >= braid_cores(braid, at))
            continue;
        *idle = at;
        return true;
    }
    return false;
}

static void braid_arrived(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t idle;
    (void)now_ns;
    if (braid_find_idle(braid, torus, &idle))
        torus_give(torus, idle);
}

static void braid_pull(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    uint16_t most;
    uint32_t excess;
    (void)now_ns;
    if (torus->idle > torus->ready && braid_most_loaded(braid, torus, &most, &excess))
        torus_ask(torus, most, 1);
}

static void braid_round(struct braid *braid, struct torus *torus, uint64_t now_ns)
{
    braid_pull(braid, torus, now_ns);
}

const struct balancer balancer_braid = {
    .name = "braid",
    .summary = "gives to idle tori, asks when idle; O(tori)",
    .prompt = true,
    .balance = braid_round,
    .idle = braid_pull,
    .arrived = braid_arrived,
};
