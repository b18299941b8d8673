/* record.c -- see record.h.  tests/compare/check.py
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/compare/record.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/output/file.h"
#include "sim/output/folder.h"

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool wrong(const struct json_source *source, const char *pointer, const char *what,
                  struct arena *arena, struct error *err)
{
    return error_set(err, json_place(source, pointer, false, arena),
                     "%s; was this written by braidsim?", what);
}

/* ---- Points ------------------------------------------------------------------------------- */

static const char *last_step(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');
    return slash != NULL ? slash + 1 : pointer;
}

static const char *swept_text(const cJSON *point, const cJSON *value, struct arena *arena)
{
    const cJSON *label = get(get(point, "labels"), value->string);
    if (cJSON_IsString(label))
        return label->valuestring;
    return cJSON_IsString(value) ? value->valuestring : json_print_line(value, arena);
}

static const char *point_title(const cJSON *point, struct arena *arena)
{
    const cJSON *variant = get(point, "variant"), *value;
    const char *title = cJSON_IsString(variant) ? variant->valuestring : "";
    cJSON_ArrayForEach(value, get(point, "sweep")) title =
        arena_printf(arena, "%s%s%s %s", title, *title != '\0' ? ", " : "",
                     last_step(value->string), swept_text(point, value, arena));
    return title;
}

static bool read_points(struct record *record, struct json_source *source, struct arena *arena,
                        struct error *err)
{
    const cJSON *points = get(source->root, "points"), *point;
    if (!cJSON_IsArray(points) || points->child == NULL)
        return wrong(source, "/points", "must be an array of points", arena, err);
    record->point_count = (uint32_t)cJSON_GetArraySize(points);
    record->points = arena_alloc(arena, record->point_count, sizeof *record->points);
    uint32_t p = 0;
    cJSON_ArrayForEach(point, points)
    {
        const cJSON *variant = get(point, "variant"), *sweep = get(point, "sweep");
        if (!cJSON_IsObject(sweep))
            return wrong(source, arena_printf(arena, "/points/%u", p), "must have \"sweep\"", arena,
                         err);
        record->points[p++] = (struct record_point){
            .variant = cJSON_IsString(variant) ? variant->valuestring : NULL,
            .sweep = sweep,
            .key = json_print_line(sweep, arena),
            .title = point_title(point, arena),
        };
    }
    return true;
}

/* ---- runs.csv (RFC 4180) ------------------------------------------------------------------ */

struct table {
    const char *path;
    char *at; /* what is not read yet */
    char **cells;
    uint32_t columns;
};

/* The cell at table->at, unquoted in place; *last: it ends a row. */
static char *next_cell(struct table *table, bool *last)
{
    char *cell = table->at, *from = table->at, *to = table->at;
    if (*from == '"') {
        for (from++; *from != '\0' && (*from != '"' || from[1] == '"'); from++) {
            from += *from == '"';
            *to++ = *from;
        }
        from += *from == '"';
    } else {
        from += strcspn(from, ",\n");
        to = from;
    }
    *last = *from != ',';
    table->at = *from != '\0' ? from + 1 : from;
    *to = '\0';
    return cell;
}

/* The next row into cells, which there are as many of as the heading has; false at the end. */
static bool next_row(struct table *table, bool *fits)
{
    bool last = false;
    uint32_t n = 0;
    if (*table->at == '\0')
        return false;
    while (!last) {
        char *cell = next_cell(table, &last);
        if (n < table->columns)
            table->cells[n] = cell;
        n++;
    }
    *fits = n == table->columns;
    return true;
}

static bool read_heading(struct table *table, uint32_t before, struct record *record,
                         struct arena *arena, struct error *err)
{
    bool last = false;
    uint32_t most = 1;
    for (const char *at = table->at; *at != '\0' && *at != '\n'; at++)
        most += *at == ',';
    table->cells = arena_alloc(arena, most, sizeof *table->cells);
    while (!last && *table->at != '\0' && table->columns < most)
        table->cells[table->columns++] = next_cell(table, &last);
    if (table->columns <= before || strcmp(table->cells[before - 1], "replication") != 0)
        return error_set(err, table->path,
                         "has no column \"replication\" behind the swept values; was this written "
                         "by braidsim?");
    record->metric_count = table->columns - before;
    record->metrics = arena_alloc(arena, record->metric_count, sizeof *record->metrics);
    for (uint32_t i = 0; i < record->metric_count; i++)
        record->metrics[i] = table->cells[before + i];
    return true;
}

static void count_runs(struct record *record, const char *text, uint32_t columns,
                       struct arena *arena)
{
    /* A first pass over a copy: cells are unquoted in place. */
    struct table table = { .at = arena_string(arena, text), .columns = columns };
    bool fits;
    table.cells = arena_alloc(arena, columns, sizeof *table.cells);
    while (next_row(&table, &fits)) {
        unsigned long point = strtoul(table.cells[0], NULL, 10);
        if (point < record->point_count)
            record->points[point].run_count++;
    }
    for (uint32_t p = 0; p < record->point_count; p++) {
        struct record_point *point = &record->points[p];
        point->values = arena_alloc(arena, record->metric_count, sizeof *point->values);
        for (uint32_t m = 0; m < record->metric_count; m++)
            point->values[m] = arena_alloc(arena, point->run_count, sizeof **point->values);
    }
}

static bool read_rows(struct table *table, uint32_t before, struct record *record,
                      struct error *err)
{
    bool fits;
    for (uint32_t row = 2; next_row(table, &fits); row++) {
        unsigned long point = fits ? strtoul(table->cells[0], NULL, 10) : ULONG_MAX;
        unsigned long run = fits ? strtoul(table->cells[before - 1], NULL, 10) : ULONG_MAX;
        if (point >= record->point_count || run >= record->points[point].run_count)
            return error_set(err, table->path,
                             "row %u is none of a run that summary.json knows; was one of them "
                             "changed?",
                             row);
        for (uint32_t m = 0; m < record->metric_count; m++) {
            const char *cell = table->cells[before + m];
            record->points[point].values[m][run] = *cell != '\0' ? strtod(cell, NULL) : (double)NAN;
        }
    }
    for (uint32_t p = 0; p < record->point_count; p++)
        if (record->points[p].run_count == 0)
            return error_set(err, table->path, "has no run of point %u of summary.json", p);
    return true;
}

static bool read_runs(struct record *record, struct arena *arena, struct error *err)
{
    struct table table = { .path = arena_printf(arena, "%s/runs.csv", record->path) };
    uint32_t before = (uint32_t)cJSON_GetArraySize(record->points[0].sweep) + 3;
    FILE *file = fopen(table.path, "r");
    char *text = NULL;
    size_t size;
    if (file == NULL || getdelim(&text, &size, '\0', file) < 0) {
        if (file != NULL)
            fclose(file);
        free(text);
        return error_set(err, table.path,
                         "cannot be read, or is empty; was this directory written "
                         "by braidsim run?");
    }
    fclose(file);
    table.at = arena_string(arena, text);
    free(text);
    if (!read_heading(&table, before, record, arena, err))
        return false;
    count_runs(record, table.at, table.columns, arena);
    return read_rows(&table, before, record, err);
}

/* ---- Both kinds --------------------------------------------------------------------------- */

static bool read_header(struct record *record, const struct json_source *source,
                        struct arena *arena, struct error *err)
{
    const cJSON *seed = get(source->root, "seed"), *version = get(source->root, "version");
    record->profiles = get(source->root, "profiles_fnv1a");
    record->schedulers = get(source->root, "schedulers");
    if (!cJSON_IsNumber(seed))
        return wrong(source, "/seed", "must be a number", arena, err);
    if (!cJSON_IsString(version))
        return wrong(source, "/version", "must be a string", arena, err);
    if (!cJSON_IsObject(record->profiles))
        return wrong(source, "/profiles_fnv1a", "must be an object", arena, err);
    if (!cJSON_IsArray(record->schedulers))
        return wrong(source, "/schedulers", "must be an array", arena, err);
    record->seed = seed->valuedouble;
    record->version = version->valuestring;
    return true;
}

static struct json_source *open_source(struct record *record, const char *path, struct arena *arena,
                                       struct error *err)
{
    struct json_source *source = &record->sources[record->source_count];
    if (!json_read(source, path, arena, err))
        return NULL;
    record->source_count++;
    return source;
}

static bool read_directory(struct record *record, struct arena *arena, struct error *err)
{
    const char *path = record->path;
    if (!folder_is_whole(path, err))
        return false;
    struct json_source *manifest =
        open_source(record, arena_printf(arena, "%s/manifest.json", path), arena, err);
    if (manifest == NULL)
        return false;
    struct json_source *summary =
        open_source(record, arena_printf(arena, "%s/summary.json", path), arena, err);
    if (summary == NULL)
        return false;
    record->scenario_file = arena_printf(arena, "%s/scenario.json", path);
    struct json_source *scenario = open_source(record, record->scenario_file, arena, err);
    if (scenario == NULL)
        return false;
    const cJSON *name = get(summary->root, "name");
    record->scenario = scenario->root;
    record->name = cJSON_IsString(name) ? name->valuestring : "";
    return read_header(record, manifest, arena, err) && read_points(record, summary, arena, err) &&
           read_runs(record, arena, err);
}

/* Squares of greater numbers, and sums of those, may be none. */
static bool is_result(const cJSON *value)
{
    return cJSON_IsNull(value) || (cJSON_IsNumber(value) && fabs(value->valuedouble) <= 1e100);
}

static bool read_values(struct record *record, const struct json_source *source,
                        struct arena *arena, struct error *err)
{
    const cJSON *point;
    uint32_t p = 0;
    cJSON_ArrayForEach(point, get(source->root, "points"))
    {
        struct record_point *to = &record->points[p];
        to->values = arena_alloc(arena, record->metric_count, sizeof *to->values);
        for (uint32_t m = 0; m < record->metric_count; m++) {
            const cJSON *values = get(get(point, "values"), record->metrics[m]), *value;
            uint32_t count = (uint32_t)cJSON_GetArraySize(values), r = 0;
            if (!cJSON_IsArray(values) || count == 0 || (m > 0 && count != to->run_count))
                return wrong(source, arena_printf(arena, "/points/%u/values", p),
                             "must have, of each metric that /margins_percent names, one value a "
                             "run",
                             arena, err);
            to->run_count = count;
            to->values[m] = arena_alloc(arena, count, sizeof **to->values);
            cJSON_ArrayForEach(value, values)
            {
                if (!is_result(value))
                    return wrong(source,
                                 arena_printf(arena, "/points/%u/values/%s/%u", p,
                                              record->metrics[m], r),
                                 "must be a number within +-1e100, or null: undefined in that run",
                                 arena, err);
                to->values[m][r++] = cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
            }
        }
        p++;
    }
    return true;
}

static bool read_baseline(struct record *record, struct arena *arena, struct error *err)
{
    struct json_source *source = open_source(record, record->path, arena, err);
    if (source == NULL)
        return false;
    const cJSON *name = get(source->root, "baseline"), *margin;
    const cJSON *margins = get(source->root, "margins_percent");
    record->scenario_file = record->path;
    record->scenario = get(source->root, "scenario");
    if (name == NULL && get(source->root, "workload") != NULL)
        return error_set(
            err, record->path,
            "is a scenario, which has no results yet; `braidsim run` it and name their "
            "directory, or compare two modules by --scheduler A.so --scheduler B.so");
    if (!cJSON_IsString(name))
        return error_set(err, json_place(source, "/baseline", false, arena),
                         "must be the name of a scenario: a results directory of braidsim is "
                         "wanted, or a baseline, as --save writes it");
    if (!cJSON_IsObject(record->scenario))
        return wrong(source, "/scenario", "must be an object", arena, err);
    if (!cJSON_IsObject(margins) || margins->child == NULL)
        return wrong(source, "/margins_percent", "must be an object with metrics", arena, err);
    uint32_t count = (uint32_t)cJSON_GetArraySize(margins);
    record->name = name->valuestring;
    record->metrics = arena_alloc(arena, count, sizeof *record->metrics);
    record->margins_percent = arena_alloc(arena, count, sizeof *record->margins_percent);
    cJSON_ArrayForEach(margin, margins)
    {
        record->margins_percent[record->metric_count] =
            cJSON_IsNumber(margin) ? margin->valuedouble : (double)NAN;
        record->metrics[record->metric_count++] = margin->string;
    }
    return read_header(record, source, arena, err) && read_points(record, source, arena, err) &&
           read_values(record, source, arena, err);
}

bool record_read(struct record *record, const char *path, struct arena *arena, struct error *err)
{
    struct stat status;
    *record = (struct record){ .path = path };
    if (stat(path, &status) != 0)
        return error_set(err, path,
                         "is not there; a results directory of braidsim or a baseline is wanted");
    bool read = S_ISDIR(status.st_mode) ? read_directory(record, arena, err)
                                        : read_baseline(record, arena, err);
    if (!read)
        record_free(record);
    return read;
}

void record_free(struct record *record)
{
    for (uint32_t i = 0; i < record->source_count; i++)
        json_source_free(&record->sources[i]);
    record->source_count = 0;
}

uint32_t record_metric(const struct record *record, const char *name)
{
    for (uint32_t i = 0; i < record->metric_count; i++)
        if (strcmp(record->metrics[i], name) == 0)
            return i;
    return UINT32_MAX;
}

/* ---- Saving ------------------------------------------------------------------------------- */

struct saving {
    const struct record *record;
    const char *const *metrics;
    const double *margins_percent;
    uint32_t metric_count;
};

static void put_values(FILE *to, const struct record_point *point, uint32_t metric)
{
    fputs("[", to);
    for (uint32_t r = 0; r < point->run_count; r++) {
        fputs(r > 0 ? ", " : "", to);
        json_write_number(to, point->values[metric][r], "null");
    }
    fputs("]", to);
}

static void put_point(FILE *to, const struct saving *saving, const struct record_point *point)
{
    fputs("    {\n      \"variant\": ", to);
    if (point->variant != NULL)
        json_write_string(to, point->variant);
    else
        fputs("null", to);
    fprintf(to, ",\n      \"sweep\": %s,\n      \"values\": {\n", point->key);
    for (uint32_t m = 0; m < saving->metric_count; m++) {
        uint32_t metric = record_metric(saving->record, saving->metrics[m]);
        fputs("        ", to);
        json_write_string(to, saving->metrics[m]);
        fputs(": ", to);
        put_values(to, point, metric);
        fputs(m + 1 < saving->metric_count ? ",\n" : "\n      }\n    }", to);
    }
}

static void fill_baseline(FILE *to, const void *context)
{
    const struct saving *saving = context;
    const struct record *record = saving->record;
    struct arena arena = ARENA_EMPTY;
    char text[32];
    json_number(record->seed, text);
    fputs("{\n  \"baseline\": ", to);
    json_write_string(to, record->name);
    fputs(",\n  \"version\": ", to);
    json_write_string(to, record->version);
    fprintf(to, ",\n  \"seed\": %s,\n  \"profiles_fnv1a\": %s,\n  \"schedulers\": %s,\n", text,
            json_print_line(record->profiles, &arena), json_print_line(record->schedulers, &arena));
    fputs("  \"margins_percent\": {\n", to);
    for (uint32_t m = 0; m < saving->metric_count; m++) {
        json_number(saving->margins_percent[m], text);
        fputs("    ", to);
        json_write_string(to, saving->metrics[m]);
        fprintf(to, ": %s%s\n", text, m + 1 < saving->metric_count ? "," : "");
    }
    fprintf(to, "  },\n  \"scenario\": %s,\n  \"points\": [\n",
            json_print_line(record->scenario, &arena));
    for (uint32_t p = 0; p < record->point_count; p++) {
        put_point(to, saving, &record->points[p]);
        fputs(p + 1 < record->point_count ? ",\n" : "\n", to);
    }
    fputs("  ]\n}\n", to);
    arena_free(&arena);
}

bool record_save(const struct record *record, const char *path, const char *const *metrics,
                 const double *margins_percent, uint32_t metric_count, struct error *err)
{
    struct saving saving = { record, metrics, margins_percent, metric_count };
    for (uint32_t m = 0; m < metric_count; m++)
        if (record_metric(record, metrics[m]) == UINT32_MAX)
            return error_set(err, path, "cannot have %s, which %s has not", metrics[m],
                             record->path);
    return file_write(path, fill_baseline, &saving, err);
}
