/* study.c -- see study.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/study/study.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/host/result_io.h"
#include "sim/input/json.h"
#include "sim/output/folder.h"
#include "sim/output/scaling.h"
#include "sim/study/identity.h"

/* ---- What it is --------------------------------------------------------------------------- */

static bool wants(const struct experiment *experiment, enum cost_kind cost)
{
    for (uint32_t i = 0; i < experiment->point_count; i++)
        if (experiment->points[i].scenario.cost == cost)
            return true;
    return false;
}

/* All files of the builds that the study wants. */
static void note_schedulers(struct results *results, struct scheduler *const *builds,
                            struct arena *arena)
{
    struct results_scheduler *schedulers =
        arena_alloc(arena, (size_t)COSTS * TRACER_MODULES, sizeof *schedulers);
    results->schedulers = schedulers;
    for (uint32_t cost = 0; cost < COSTS; cost++) {
        if (!wants(results->experiment, (enum cost_kind)cost))
            continue;
        for (uint32_t i = 0; i < builds[cost]->module_count; i++) {
            const struct scheduler_file *file = &builds[cost]->files[i];
            schedulers[results->scheduler_count++] =
                (struct results_scheduler){ cost == COST_TRACED ? "traced" : "flat", file->path,
                                            file->compiler, file->hash };
        }
    }
}

static const char *journal_path(const struct study *study)
{
    return arena_printf(study->arena, "%s/" JOURNAL_NAME, study->options.directory);
}

/* ---- May it be begun? --------------------------------------------------------------------- */

static bool check_journal(const struct study *study, const struct journal *journal,
                          struct error *err)
{
    const char *directory = study->options.directory, *difference = NULL;
    if (journal->identity == NULL || study->options.start == STUDY_RESTART)
        return true; /* it ended before it began */
    if (study->options.start == STUDY_NEW)
        return error_set(err, directory,
                         "holds a study that was interrupted: --resume goes on with it, --restart "
                         "replaces it");
    difference = identity_difference(journal->identity, study->identity, NULL, study->arena);
    return difference == NULL ||
           error_set(err, directory,
                     "holds an interrupted study, but another one: %s; --restart replaces it",
                     difference);
}

/* Has the directory whole results of this very study? */
static bool is_complete(const struct study *study, bool *met)
{
    const char *path = arena_printf(study->arena, "%s/manifest.json", study->options.directory);
    char hash[17];
    struct json_source source;
    if (!json_read(&source, path, study->arena, NULL))
        return false;
    snprintf(hash, sizeof hash, "%016jx", (uintmax_t)study->results.study);
    const cJSON *there = cJSON_GetObjectItemCaseSensitive(source.root, "study");
    bool complete = cJSON_IsString(there) && strcmp(there->valuestring, hash) == 0;
    *met = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(source.root, "expectations_met"));
    json_source_free(&source);
    return complete;
}

bool study_init(struct study *study, const struct study_options *options, struct arena *arena,
                struct error *err)
{
    *study = (struct study){ .options = *options, .arena = arena };
    const struct experiment *experiment = options->experiment;
    struct identity identity = { .results = &study->results,
                                 .trace = &options->trace,
                                 .shard = options->shard,
                                 .shards = options->shards };
    study->results.experiment = experiment;
    note_schedulers(&study->results, options->builds, arena);
    study->identity = identity_text(&identity, arena);
    study->results.study = identity_hash(study->identity);
    if (options->shards > 1) {
        study->results.shard = options->shard;
        study->results.shards = options->shards;
    }
    study->journals = arena_alloc(arena, 1, sizeof *study->journals);
    plan_init(&study->plan, experiment, options->shard, options->shards, arena);
    if (options->directory == NULL)
        return true;
    if (!folder_check(options->directory, err))
        return false;
    if (journal_exists(journal_path(study))) {
        struct journal journal;
        if (!journal_open(&journal, journal_path(study), false, arena, err))
            return false;
        bool fine = check_journal(study, &journal, err);
        journal_close(&journal);
        return fine;
    }
    study->complete = options->start == STUDY_RESUME && is_complete(study, &study->results.met);
    return true;
}

/* ---- Running ------------------------------------------------------------------------------ */

static void load_run(const void *context, uint32_t run, struct run_result *result,
                     struct arena *arena)
{
    const struct study *study = context;
    const struct run_result *known = &study->results.runs[run];
    const struct plan_run *kept = plan_run(&study->plan, known->point, known->replication);
    journal_load(&study->journals[kept->where >> STUDY_PLACE_BITS],
                 kept->where & ((UINT64_C(1) << STUDY_PLACE_BITS) - 1), result, arena);
    result->metrics = known->metrics;
}

/* As they were found. */
static const uint64_t *warmups(const struct study *study)
{
    uint32_t count = study->options.experiment->point_count;
    uint64_t *warmup_ps = arena_alloc(study->arena, count, sizeof *warmup_ps);
    for (uint32_t p = 0; p < count; p++)
        warmup_ps[p] = plan_warmup_ps(&study->plan, p);
    return warmup_ps;
}

static void fill_results(struct study *study)
{
    struct results *results = &study->results;
    const struct experiment *experiment = results->experiment;
    struct arena *arena = study->arena;
    uint32_t *first = arena_alloc(arena, experiment->point_count, sizeof *first);
    uint32_t *count = arena_alloc(arena, experiment->point_count, sizeof *count);
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        first[p] = results->run_count;
        count[p] = plan_count(&study->plan, p);
        results->run_count += count[p];
    }
    struct run_result *runs = arena_alloc(arena, results->run_count, sizeof *runs);
    for (uint32_t p = 0; p < experiment->point_count; p++)
        for (uint32_t r = 0; r < count[p]; r++)
            runs[first[p] + r] =
                (struct run_result){ .point = p,
                                     .replication = r,
                                     .metric_count =
                                         metric_name_count(&experiment->points[p].scenario),
                                     .metrics = plan_run(&study->plan, p, r)->metrics };
    if (experiment->points[0].scenario.warmup_auto)
        results->warmup_ps = warmups(study);
    results->runs = runs;
    results->first = first;
    results->count = count;
    results->load = load_run;
    results->load_context = study;
    scaling_fill(results);
}

static void take_before(void *context, const struct run_order *order,
                        const struct run_result *result, uint64_t where)
{
    struct study *study = context;
    if (plan_finished(&study->plan, order, result, where))
        study->resumed++;
}

static bool open_journal(struct study *study, struct error *err)
{
    const char *directory = study->options.directory;
    struct journal *journal = &study->journals[0];
    study->journal_count = 1;
    if (directory == NULL)
        return journal_create(journal, "a temporary file", NULL, study->arena, err);
    if (!folder_make(directory, &study->levels, err))
        return false;
    const char *path = journal_path(study);
    if (study->options.start == STUDY_RESUME && journal_exists(path)) {
        if (!journal_open(journal, path, false, study->arena, err))
            return false;
        if (journal->identity != NULL) {
            if (!check_journal(study, journal, err))
                return false;
            folder_sweep(directory);
            journal_each(journal, take_before, study);
            return true;
        }
        journal_close(journal);
    }
    if (!journal_create(journal, path, study->identity, study->arena, err)) {
        folder_unmake(directory, study->levels);
        return false;
    }
    folder_sweep(directory);
    return true;
}

static bool source_next(void *context, struct run_order *order)
{
    struct study *study = context;
    return plan_next(&study->plan, order);
}

static bool source_finished(void *context, const struct run_order *order, const void *bytes,
                            size_t size, struct error *err)
{
    struct study *study = context;
    struct plan *plan = &study->plan;
    struct arena arena = ARENA_EMPTY;
    struct run_result result;
    uint64_t where = 0;
    CHECK(result_unpack(&result, bytes, size, &arena));
    bool fine = true;
    if (plan_wants(plan, order)) {
        fine = plan_is_bad(&result) ||
               journal_append(&study->journals[0], order, bytes, size, &where, err);
        if (fine)
            plan_finished(plan, order, &result, where);
    }
    arena_free(&arena);
    if (fine && study->options.progress != NULL)
        study->options.progress(study->options.progress_context, plan->done, plan->total);
    return fine;
}

static void source_again(void *context, const struct run_order *order)
{
    struct study *study = context;
    plan_again(&study->plan, order);
}

/* Leaves nothing of a study that cannot come to its end. */
static void drop_journal(struct study *study)
{
    if (study->options.directory == NULL)
        return;
    unlink(study->journals[0].path);
    folder_unmake(study->options.directory, study->levels);
}

struct work study_work(const struct study *study)
{
    const struct study_options *options = &study->options;
    return (struct work){ .index = options->index,
                          .experiment = options->experiment,
                          .traced = options->builds[COST_TRACED],
                          .plain = options->builds[COST_FLAT],
                          .jobs = options->jobs,
                          .trace = options->trace };
}

int study_run(struct study *study, struct error *err)
{
    const struct study_options *options = &study->options;
    struct work work = study_work(study);
    struct work_source source = { study, source_next, source_finished, source_again };
    signal(SIGXFSZ, SIG_IGN); /* a file size limit becomes an error of write() */
    if (!open_journal(study, err))
        return EXIT_BAD_INPUT;
    plan_begin(&study->plan);
    work.trace.many = study->plan.total > 1;
    int status = (options->run != NULL ? options->run : workers_run)(&work, &source, err);
    if (study->plan.bad != NULL)
        status = study->plan.bad->fault.kind != FAULT_NONE ? EXIT_FAULT : EXIT_BAD_INPUT;
    bool has_runs = study->plan.done > 0;
    if (study->plan.bad != NULL || status == EXIT_FAULT || (status != EXIT_FINE && !has_runs))
        drop_journal(study);
    if (status != EXIT_FINE)
        return status;
    CHECK(plan_is_complete(&study->plan));
    if (options->shards == 1)
        fill_results(study);
    return EXIT_FINE;
}

/* ---- Shards ------------------------------------------------------------------------------- */

static bool open_shard(struct study *study, const char *directory, struct error *err)
{
    struct arena *arena = study->arena;
    struct journal *journal = &study->journals[study->journal_count];
    const char *path = arena_printf(arena, "%s/" JOURNAL_SHARD_NAME, directory);
    if (journal_exists(arena_printf(arena, "%s/" JOURNAL_NAME, directory)))
        return error_set(err, directory, "is not finished; run it with --resume first");
    if (!journal_exists(path))
        return error_set(err, directory, "holds no shard, as `braidsim run --shard I/N` leaves it");
    if (!journal_open(journal, path, true, arena, err))
        return false;
    study->journal_count++;
    return journal->identity != NULL || error_set(err, path, "is damaged");
}

/* Is it of this study, and which shard is it? */
static bool identify_shard(const struct study *study, const struct journal *journal,
                           const char *directory, uint32_t *shard, uint32_t *shards,
                           struct error *err)
{
    static const char *const except[] = { "shard", NULL };
    const char *text,
        *difference = identity_difference(journal->identity, study->identity, except, study->arena);
    if (difference != NULL)
        return error_set(err, directory, "is of another study: %s", difference);
    text = identity_member(journal->identity, "shard", study->arena);
    if (text == NULL || sscanf(text, "%u/%u", shard, shards) != 2)
        return error_set(err, directory, "holds no shard, but a whole study");
    return true;
}

static void take_from_shard(void *context, const struct run_order *order,
                            const struct run_result *result, uint64_t where)
{
    struct study *study = context;
    uint64_t journal = study->journal_count - 1;
    plan_finished(&study->plan, order, result, journal << STUDY_PLACE_BITS | where);
}

/* Each of N once. */
static bool check_shards(const struct study *study, char *const *directories, uint32_t count,
                         const uint32_t *shard, const uint32_t *shards, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (shards[i] != shards[0])
            return error_set(err, directories[i], "is shard %u of %u, but %s is of %u", shard[i],
                             shards[i], directories[0], shards[0]);
        for (uint32_t j = 0; j < i; j++)
            if (shard[i] == shard[j])
                return error_set(err, directories[i], "is shard %u of %u, and so is %s", shard[i],
                                 shards[i], directories[j]);
    }
    bool *there = arena_alloc(study->arena, (size_t)shards[0] + 1, sizeof *there);
    for (uint32_t i = 0; i < count; i++)
        there[shard[i]] = true;
    for (uint32_t s = 1; s <= shards[0]; s++)
        if (!there[s])
            return error_set(err, "", "shard %u of %u is missing", s, shards[0]);
    return true;
}

bool study_merge(struct study *study, char *const *directories, uint32_t count, struct error *err)
{
    struct arena *arena = study->arena;
    uint32_t *shard = arena_alloc(arena, count, sizeof *shard);
    uint32_t *shards = arena_alloc(arena, count, sizeof *shards);
    struct run_order order;
    study->journals = arena_alloc(arena, count, sizeof *study->journals);
    for (uint32_t i = 0; i < count; i++)
        if (!open_shard(study, directories[i], err) ||
            !identify_shard(study, &study->journals[i], directories[i], &shard[i], &shards[i], err))
            return false;
    if (!check_shards(study, directories, count, shard, shards, err))
        return false;
    study->journal_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        study->journal_count++;
        journal_each(&study->journals[i], take_from_shard, study);
    }
    plan_begin(&study->plan);
    if (plan_next(&study->plan, &order)) {
        uint32_t which = order.point % study->plan.groups % shards[0], i = 0;
        while (shard[i] != which + 1)
            i++;
        return error_set(err, directories[i],
                         "is damaged: replication %u of point %u is missing; run it with --restart",
                         order.replication, order.point);
    }
    fill_results(study);
    return true;
}

bool study_write(struct study *study, bool met, struct error *err)
{
    study->results.met = met;
    if (study->options.shards > 1)
        return results_write_shard(&study->results, study->options.directory,
                                   study->journals[0].path, err);
    return results_write(&study->results, study->options.directory, err);
}

void study_free(struct study *study)
{
    for (uint32_t i = 0; i < study->journal_count; i++)
        journal_close(&study->journals[i]);
    study->journal_count = 0;
}
