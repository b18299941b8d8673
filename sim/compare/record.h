/* record.h -- what was run and what came of it, run by run: from a results directory or a baseline.
 *
 * A baseline is one file that stands for a results directory: the scenario as resolved, what made
 * the results, and of the metrics that are gated the values of every run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMPARE_RECORD_H
#define SIM_COMPARE_RECORD_H

#include <stdint.h>

#include "sim/input/json.h"

struct record_point {
    const char *variant; /* NULL: there are none */
    const cJSON *sweep;  /* the swept values, by pointer */
    const char *key;     /* these as text: of a point's equals in another record the same */
    const char *title;   /* "tori, cores 4" */
    uint32_t run_count;
    double **values; /* [metric][run], by replication; NaN: undefined */
};

struct record {
    const char *path; /* as the user named it */
    const char *name; /* of the scenario */
    const cJSON *scenario;
    const char *scenario_file; /* for messages */
    double seed;
    const char *version;
    const cJSON *profiles;   /* name: hash, of the CPU profiles */
    const cJSON *schedulers; /* an array of who took part */
    uint32_t metric_count;
    const char **metrics;
    double *margins_percent; /* of a baseline, by metric; NULL: of none */
    uint32_t point_count;
    struct record_point *points;
    struct json_source sources[3];
    uint32_t source_count;
};

/* Reads the results directory or the baseline file at path.  What it has is in arena, and the JSON
 * until record_free(). */
bool record_read(struct record *record, const char *path, struct arena *arena, struct error *err);
void record_free(struct record *record);

/* Which of the record's metrics is called so; UINT32_MAX: none. */
uint32_t record_metric(const struct record *record, const char *name);

/* Writes the baseline file of a record: of these metrics, with their margins. */
bool record_save(const struct record *record, const char *path, const char *const *metrics,
                 const double *margins_percent, uint32_t metric_count, struct error *err);

#endif
