/* nice.c -- see nice.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "workloads/nice.h"

static const uint32_t weights[NICE_MOST - NICE_LEAST + 1] = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, /* -20 to -11 */
    9548,  7620,  6100,  4904,  3906,  3121,  2501,  1991,  1586,  1277,  /* -10 to -1 */
    1024,  820,   655,   526,   423,   335,   272,   215,   172,   137,   /* 0 to 9 */
    110,   87,    70,    56,    45,    36,    29,    23,    18,    15,    /* 10 to 19 */
};

uint32_t nice_weight(int nice)
{
    return weights[nice - NICE_LEAST];
}

int nice_of_weight(uint32_t weight)
{
    int nice = NICE_LEAST;
    while (nice < NICE_MOST &&
           (uint64_t)weight * weight <= (uint64_t)nice_weight(nice) * nice_weight(nice + 1))
        nice++; /* it is below the geometric mean of the two */
    return nice;
}
