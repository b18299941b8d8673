/* ranks.h -- studies that are run by several processes, which mpirun has started.
 *
 * Rank 0 hands out runs, keeps the journal and writes results; every other rank has a process of
 * its own, forked before MPI begins, that runs what it is told as workers_run() does.  A rank that
 * is silent for too long is taken as dead: its runs are handed out again.  Every rank tells what
 * studies it has read; one with others gets no runs.
 *
 * The program is built with this only where Open MPI was found; nothing of MPI is called unless
 * mpirun has started more than one process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_RANKS_H
#define SIM_STUDY_RANKS_H

#include "sim/study/study.h"

struct ranks {
    int rank;
    /* Before anything of MPI: the studies, which this rank has read and which outlive it; none
     * where it could not. */
    void (*begin)(struct study *studies, uint32_t count, double silence_s);
    /* At rank 0, as workers_run(). */
    int (*run)(const struct work *work, const struct work_source *source, struct error *err);
    /* At the others: until rank 0 ends. */
    void (*serve)(void);
    /* Ends the program, here and at all others. */
    void (*end)(int status) __attribute__((noreturn));
};

/* NULL: the program is on its own. */
extern const struct ranks *ranks;

/* What is said of it after the program's version. */
extern const char *ranks_about;

#endif
