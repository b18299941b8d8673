/* precision.c -- see precision.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/precision.h"

#include <math.h>

uint32_t precision_more(const struct interval *intervals, uint32_t count, double percent,
                        uint32_t replications, uint32_t max_replications)
{
    double excess = 1; /* of the widest interval, over what is wanted */
    for (uint32_t i = 0; i < count; i++) {
        double wanted = percent / 100 * fabs(intervals[i].mean);
        if (intervals[i].half_width > wanted)
            excess = fmax(excess, intervals[i].half_width / wanted);
    }
    if (!(excess > 1) || replications >= max_replications)
        return 0;
    uint32_t most = replications / 2 + replications % 2, left = max_replications - replications;
    double missing = ceil(replications * (excess * excess - 1));
    if (left < most)
        most = left;
    return missing < most ? (uint32_t)fmax(1, missing) : most;
}
