/* student.c -- see student.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/statistics/student.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

struct interval statistics_interval(const double *values, uint32_t count)
{
    struct interval interval = { NAN, NAN, 0 };
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (isnan(values[i]))
            continue;
        sum += values[i];
        interval.n++;
    }
    if (interval.n == 0)
        return interval;
    interval.mean = sum / interval.n;
    for (uint32_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            squares += (values[i] - interval.mean) * (values[i] - interval.mean);
    if (interval.n < 2)
        return interval;
    double t = gsl_cdf_tdist_Pinv(0.975, interval.n - 1);
    interval.half_width = t * sqrt(squares / (interval.n - 1) / interval.n);
    return interval;
}
