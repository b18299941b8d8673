/* balancers.c -- the list of balancers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/balancer.h"

#include <stddef.h>

#define BALANCER_ADDRESS(name) &balancer_##name,

const struct balancer *const balancer_list[] = { BALANCER_LIST(BALANCER_ADDRESS) NULL };
