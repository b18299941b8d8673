/* nice.h -- what Linux's nice levels are worth under its fair scheduler.
 *
 * Source: sched_prio_to_weight[] in kernel/sched/core.c of Linux 6.1: each level is some 1.25 times
 * the next.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef WORKLOADS_NICE_H
#define WORKLOADS_NICE_H

#include <stdint.h>

enum { NICE_LEAST = -20, NICE_MOST = 19 };

uint32_t nice_weight(int nice);

/* Whose weight is nearest, by ratio. */
int nice_of_weight(uint32_t weight);

#endif
