/* balancer_none.c -- every process stays where placement put it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/braid.h"

const struct balancer balancer_none = {
    .name = "none",
    .summary = "nothing ever migrates; O(1)",
};
