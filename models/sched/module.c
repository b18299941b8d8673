/* module.c -- the emergent scheduler as a module; see module.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/module.h"

static const struct torus_operations operations = {
    .bytes = torus_bytes,
    .init = torus_init,
    .join = braid_join,
    .create = torus_create,
    .schedule = torus_schedule,
    .put = torus_put,
    .pick = torus_pick,
    .yield = torus_yield,
    .block = torus_block,
    .exit = torus_exit,
    .wake = torus_wake,
    .receive = torus_receive,
    .accept = torus_accept,
    .fork = torus_fork,
    .exec = torus_exec,
    .kill = torus_kill,
    .restrict_to = torus_restrict,
    .change = torus_change,
    .reap = torus_reap,
    .tick = torus_tick,
    .heartbeat = torus_heartbeat,
    .balance = braid_balance,
    .idle = braid_idle,
    .answer = torus_answer,
    .regain = torus_regain,
    .resume = torus_resume,
    .take = torus_take,
    .tend = torus_tend,
    .adopt = torus_adopt,
    .lend = torus_lend,
    .core_leave = torus_core_leave,
    .retire = torus_retire,
    .inbox_push = inbox_push,
    .inbox_ask = inbox_ask,
};

const struct scheduler_module scheduler_module = {
    .abi = SCHEDULER_MODULE_ABI,
    .name = "braid",
    .policies = policy_list,
    .placements = placement_list,
    .balancers = balancer_list,
    .torus = &operations,
};
