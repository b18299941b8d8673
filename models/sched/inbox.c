/* inbox.c -- see inbox.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/inbox.h"

bool inbox_push(struct inbox *inbox, struct process *process)
{
    uint32_t head = atomic_load_explicit(&inbox->head, memory_order_relaxed);
    do {
        process->inbox_next = head;
    } while (!atomic_compare_exchange_weak_explicit(&inbox->head, &head, process->id + 1,
                                                    memory_order_release, memory_order_relaxed));
    return head == 0;
}

uint32_t inbox_take(struct inbox *inbox, struct process *processes)
{
    uint32_t newest = atomic_exchange_explicit(&inbox->head, 0, memory_order_acquire);
    uint32_t oldest = 0;
    while (newest != 0) {
        struct process *process = &processes[newest - 1];
        uint32_t next = process->inbox_next;
        process->inbox_next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

bool inbox_ask(struct inbox *inbox, uint16_t thief, uint32_t count)
{
    uint32_t none = 0, request = count << INBOX_ASKER_BITS | (thief + 1u);
    return atomic_compare_exchange_strong_explicit(&inbox->asked, &none, request,
                                                   memory_order_relaxed, memory_order_relaxed);
}

bool inbox_take_request(struct inbox *inbox, uint16_t *thief, uint32_t *count)
{
    if (atomic_load_explicit(&inbox->asked, memory_order_relaxed) == 0)
        return false;
    uint32_t request = atomic_exchange_explicit(&inbox->asked, 0, memory_order_relaxed);
    *thief = (uint16_t)((request & ((1u << INBOX_ASKER_BITS) - 1)) - 1);
    *count = request >> INBOX_ASKER_BITS;
    return true;
}
