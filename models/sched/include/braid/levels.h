/* levels.h -- a queue by priority: a list for each level, a bitmap of levels, a ring that turns.
 *
 * There are 128 levels, of priorities -64 to 63; others count as the nearest of these.  With each
 * epoch a queued process rises by a level.  Its rank is the epoch in which it will have risen to
 * the top, so that nothing has to be moved: the lists form a ring that turns by one with each
 * epoch.  What has risen beyond the top is due: it is served first come, first served, before all
 * others.  In a queue whose epoch never ends nobody rises.
 *
 * Invariants, of who is queued with rank r in epoch e
 *   - r < e: it is in due.  Else r < e + 128, and it is in ring[r % 128].
 *   - Bit r % 128 is set if and only if ring[r % 128] holds one.
 *
 * The functions are a policy's operations (policy.h), but for the one that makes the queue: what
 * policy_priority.c and policy_priority_aging.c have in common.  All are O(1).
 *
 * Source: bitmap of levels: I. Molnar, "Ultra-scalable O(1) SMP and UP scheduler", LKML, January
 * 2002; rising with time waited: J. Peterson and A. Silberschatz, "Operating System Concepts",
 * 1983, section 4.3.3.
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_LEVELS_H
#define BRAID_LEVELS_H

#include <stdbool.h>
#include <stdint.h>

#include "braid/process.h"

enum { LEVELS_COUNT = 128, LEVELS_WORD_BITS = 32, LEVELS_WORDS = LEVELS_COUNT / LEVELS_WORD_BITS };

enum { LEVELS_EPOCH_BITS_MAX = 63 /* epoch 0 for ever */ };

struct level_queue {
    uint64_t epoch;
    uint32_t epoch_bits;                 /* an epoch is 2^this ns */
    uint32_t used[LEVELS_WORDS];         /* bit r % 128: there are processes of rank r */
    struct list_link due;                /* rank < epoch */
    struct list_link ring[LEVELS_COUNT]; /* by rank % 128; epoch <= rank < epoch + 128 */
};

/* Makes queue, a struct level_queue, empty.  Its epochs last 2^epoch_bits ns. */
void levels_init(void *queue, uint32_t epoch_bits);

void levels_enqueue(void *queue, struct process *process, uint64_t now_ns);
void levels_dequeue(void *queue, struct process *process);
struct process *levels_pick(void *queue, uint64_t now_ns);
struct process *levels_migratable(void *queue);
struct process *levels_next_migratable(void *queue, struct process *process);
bool levels_preempts(void *queue, const struct process *running, const struct process *woken,
                     uint64_t now_ns);

#endif
