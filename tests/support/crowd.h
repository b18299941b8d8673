/* crowd.h -- whether threads that wait for each other can all run at once.
 *
 * Where they cannot, each hand-over may last as long as a slice of the system's, and longer beside
 * other load: tests that spin make fewer of them there.  To be included after _GNU_SOURCE.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_SUPPORT_CROWD_H
#define TESTS_SUPPORT_CROWD_H

#include <sched.h>
#include <stdbool.h>

/* There are fewer processors for this program than that many threads, or nobody knows. */
static inline bool crowd_is(int threads)
{
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) != 0 ||
           CPU_COUNT(&processors) < threads;
}

#endif
