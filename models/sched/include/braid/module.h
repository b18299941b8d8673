/* module.h -- a scheduler as a module that a host loads.
 *
 * A shared object exports `const struct scheduler_module scheduler_module`.  NULL in a field means:
 * as in the library shipped with braidsim.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_MODULE_H
#define BRAID_MODULE_H

#include "braid/braid.h"
#include "braid/policy.h"
#include "braid/takeover.h"
#include "braid/torus.h"

enum { SCHEDULER_MODULE_ABI = 6 };

/* The operations of torus.h, braid.h and takeover.h, as a host calls them. */
struct torus_operations {
    uint32_t (*bytes)(uint16_t core_count);
    void (*init)(struct torus *torus, const struct torus_setup *setup);
    void (*join)(struct braid *braid, struct torus *torus, uint64_t exchange_phase_ns,
                 uint64_t balance_phase_ns);
    enum process_result (*create)(struct torus *torus, uint32_t slot, uint32_t id,
                                  const struct process_attributes *attributes, uint64_t now_ns);
    struct process *(*schedule)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    void (*put)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    struct process *(*pick)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    enum process_result (*yield)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    enum process_result (*block)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    enum process_result (*exit)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    enum process_result (*wake)(struct torus *torus, uint32_t slot, struct process *process,
                                uint64_t now_ns);
    uint32_t (*receive)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    void (*accept)(struct torus *torus, uint32_t slot, struct process *process, uint64_t now_ns);
    enum process_result (*fork)(struct torus *torus, uint32_t slot, uint32_t id, uint64_t now_ns);
    enum process_result (*exec)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    enum process_result (*kill)(struct torus *torus, uint32_t slot, struct process *process,
                                uint64_t now_ns);
    enum process_result (*restrict_to)(struct torus *torus, uint32_t slot, struct process *process,
                                       const uint32_t *mask, uint64_t now_ns);
    enum process_result (*change)(struct torus *torus, struct process *process, uint32_t weight,
                                  int32_t priority, uint64_t now_ns);
    enum process_result (*reap)(struct torus *torus, uint32_t parent, struct process *process);
    uint32_t (*tick)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    uint32_t (*heartbeat)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    void (*balance)(struct braid *braid, struct torus *torus, uint64_t now_ns);
    void (*idle)(struct braid *braid, struct torus *torus, uint64_t now_ns);
    void (*answer)(struct torus *torus, uint16_t thief, uint32_t count, uint64_t now_ns);
    bool (*regain)(struct torus *torus);
    void (*resume)(struct torus *torus, uint32_t slot, uint64_t now_ns);
    bool (*take)(struct torus *by, struct torus *taken, uint64_t now_ns);
    void (*tend)(struct torus *torus, uint64_t now_ns);
    enum process_result (*adopt)(struct torus *torus, struct process *process, uint64_t now_ns);
    void (*lend)(struct torus *torus, uint32_t slot, bool lent);
    bool (*core_leave)(struct torus *torus, uint32_t slot);
    bool (*retire)(struct torus *torus, uint64_t now_ns);
    bool (*inbox_push)(struct inbox *inbox, struct process *process);
    bool (*inbox_ask)(struct inbox *inbox, uint16_t thief, uint32_t count);
};

struct scheduler_module {
    uint32_t abi; /* SCHEDULER_MODULE_ABI */
    const char *name;
    const struct policy *const *policies;      /* ends with NULL */
    const struct placement *const *placements; /* ends with NULL */
    const struct balancer *const *balancers;   /* ends with NULL */
    const struct torus_operations *torus;
};

extern const struct scheduler_module scheduler_module;

#endif
