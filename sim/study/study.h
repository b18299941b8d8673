/* study.h -- runs an experiment from its first run to results that can be written.
 *
 * Finished runs go to a journal (journal.h) in the results directory, and stay there when the
 * process is killed; a study that resumes runs only what is missing.  In memory are metrics alone:
 * what else a run has yielded is read again when it is written.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_STUDY_H
#define SIM_STUDY_STUDY_H

#include "sim/output/results.h"
#include "sim/study/journal.h"
#include "sim/study/plan.h"
#include "sim/study/workers.h"

/* A run's place is its journal's index above so many bits, and the place in it below. */
enum { STUDY_PLACE_BITS = 44 };

enum study_start {
    STUDY_NEW,    /* refuses where an interrupted study is */
    STUDY_RESUME, /* goes on with it, if there is one and it is the same */
    STUDY_RESTART /* replaces it */
};

struct study_options {
    const struct experiment *experiment;
    struct scheduler *const *builds; /* [COSTS]; NULL where no point wants it */
    const char *directory;           /* NULL: results go nowhere, and nothing can be resumed */
    enum study_start start;
    uint32_t shard, shards; /* 1 of 1: everything */
    uint32_t jobs;
    uint32_t index; /* of several */
    struct trace_request trace;
    /* Who runs it; NULL: workers_run(). */
    int (*run)(const struct work *work, const struct work_source *source, struct error *err);
    /* Called after each run; total may grow; may be NULL. */
    void (*progress)(void *context, uint32_t done, uint32_t total);
    void *progress_context;
};

struct study {
    struct study_options options;
    struct plan plan;
    struct journal *journals; /* its own; or those of the shards that it is merged of */
    uint32_t journal_count;
    const char *identity;
    struct results results; /* when study_run() has come to its end; none of a shard's */
    uint32_t resumed;       /* runs that were finished before */
    int levels;             /* folders that were made for the journal */
    bool complete;          /* its results are there already, and nothing is to do */
    struct arena *arena;
};

/* May it be begun?  To be asked before anything runs; changes nothing.  arena outlives the study,
 * and the study stays where it is. */
bool study_init(struct study *study, const struct study_options *options, struct arena *arena,
                struct error *err);

/* What its workers are to know. */
struct work study_work(const struct study *study);

/* EXIT_FINE: study->results are whole.  EXIT_FAULT or EXIT_BAD_INPUT with study->plan.bad set: a
 * run ended the study, and its journal is gone.  Else err is set, as by workers_run(). */
int study_run(struct study *study, struct error *err);

/* Puts results, or what the shard has, into the directory, and removes the journal. */
bool study_write(struct study *study, bool met, struct error *err);

/* Takes the runs of the shards in directories, as if study_run() had yielded them.  Refuses where
 * one is missing, there twice, not finished, or of another study. */
bool study_merge(struct study *study, char *const *directories, uint32_t count, struct error *err);

void study_free(struct study *study);

#endif
