/* balancer_none.c -- every process stays where placement put it.
 *
 * Property: a torus gives nothing and asks for nothing.  What leaves it has been restricted, begins
 * another program, or is placed anew when it wakes; or the torus stops or leaves.
 * Bound: none on waiting: one torus may idle for ever while processes wait at another.  With random
 * placement each is a queueing system by itself: what the others are measured against.
 * Source: "no load sharing" of D. Eager, E. Lazowska, J. Zahorjan, "Adaptive load sharing in
 * homogeneous distributed systems", IEEE TSE 12(5), 1986.
 * Complexity: O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

const struct balancer balancer_none = {
    .name = "none",
    .summary = "nothing ever migrates; O(1)",
};
