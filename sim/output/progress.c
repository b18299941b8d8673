/* progress.c -- see progress.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 40 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_show(void *context, uint32_t done, uint32_t total)
{
    static double began_s, shown_s;
    static uint32_t began_done, last; /* the first report comes after the first run */
    (void)context;
    if (!isatty(STDERR_FILENO) || total == 0)
        return;
    if (last == 0 || done <= last) { /* another scenario */
        began_s = now_s();
        began_done = done;
    }
    last = done >= total ? 0 : done;
    if (done >= total) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
        return;
    }
    if (done > began_done && now_s() - shown_s < 0.1)
        return; /* often enough */
    shown_s = now_s();
    int filled = (int)((uint64_t)done * BAR_WIDTH / total);
    fprintf(stderr, "\r\033[K[%.*s%*s] %u of %u runs", filled,
            "########################################", BAR_WIDTH - filled, "", done, total);
    if (done > began_done) {
        double left_s = (now_s() - began_s) * (total - done) / (done - began_done);
        if (left_s < 120)
            fprintf(stderr, ", about %.0f s left", left_s);
        else
            fprintf(stderr, ", about %.0f min left", left_s / 60);
    }
    fflush(stderr);
}
