/* summary.c -- see summary.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/summary.h"

#include <math.h>
#include <string.h>

#include "sim/output/folder.h"

static bool wrong(const struct json_source *source, const char *pointer, const char *what,
                  struct arena *arena, struct error *err)
{
    return error_set(err, json_place(source, pointer, false, arena),
                     "%s; is this a summary.json of braidsim?", what);
}

/* What the file calls a swept pointer, "instances of hog"; else its last step. */
static const char *parameter_title(const cJSON *root, const char *pointer)
{
    const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(root, "parameters");
    const cJSON *title = cJSON_GetObjectItemCaseSensitive(parameters, pointer);
    const char *slash = strrchr(pointer, '/');
    if (cJSON_IsString(title))
        return title->valuestring;
    return slash != NULL ? slash + 1 : pointer;
}

/* A title for a reader: "phases 0 run mean_us of hog" is "phases 0 run mean of hog, us". */
static const char *reader_title(const char *title, struct arena *arena)
{
    static const char *const units[][2] = {
        { "_per_s", "1/s" }, { "_percent", "%" }, { "_cycles", "cycles" }, { "_bytes", "bytes" },
        { "_ps", "ps" },     { "_ns", "ns" },     { "_us", "us" },         { "_ms", "ms" },
        { "_kb", "KB" },     { "_mhz", "MHz" },   { "_hz", "Hz" }
    };
    const char *of = strstr(title, " of "), *unit = NULL;
    size_t length = of != NULL ? (size_t)(of - title) : strlen(title);
    for (size_t i = 0; i < sizeof units / sizeof units[0] && unit == NULL; i++) {
        size_t tail = strlen(units[i][0]);
        if (length <= tail || strncmp(title + length - tail, units[i][0], tail) != 0)
            continue;
        unit = units[i][1];
        length -= tail;
    }
    char *words = arena_string_n(arena, title, length);
    for (char *at = words; *at != '\0'; at++)
        *at = *at == '_' ? ' ' : *at;
    return arena_printf(arena, "%s%s%s%s", words, of != NULL ? of : "", unit != NULL ? ", " : "",
                        unit != NULL ? unit : "");
}

/* A swept value by its label; a name without its quotes. */
static const char *value_title(const cJSON *point, const cJSON *value, struct arena *arena)
{
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(point, "labels");
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(labels, value->string);
    if (cJSON_IsString(label))
        return label->valuestring;
    return cJSON_IsString(value) ? value->valuestring : json_print_line(value, arena);
}

static const char *join(const char *text, const char *more, struct arena *arena)
{
    if (*text == '\0' || *more == '\0')
        return *text == '\0' ? more : text;
    return arena_printf(arena, "%s, %s", text, more);
}

static bool is_pointer(const char *pointer, const char *axis)
{
    return axis != NULL && strcmp(pointer, axis) == 0;
}

static bool is_facet_variant(const struct summary_axes *axes)
{
    return is_pointer("variant", axes->facet);
}

static void add_point(struct summary *summary, const cJSON *root, const cJSON *json,
                      const struct summary_axes *axes, const char *directory, struct arena *arena)
{
    struct summary_point *point = &summary->points[summary->point_count++];
    const cJSON *variant = cJSON_GetObjectItemCaseSensitive(json, "variant"), *value;
    *point = (struct summary_point){
        .series = cJSON_IsString(variant) ? arena_string(arena, variant->valuestring) : "",
        .swept = "",
        .facet = "",
        .x = NAN,
        .y = NAN,
        .source = summary->source_count - 1,
        .metrics = cJSON_GetObjectItemCaseSensitive(json, "metrics"),
    };
    if (directory != NULL)
        point->series = join(arena_string(arena, directory), point->series, arena);
    point->what = point->series;
    if (is_facet_variant(axes)) {
        point->facet = point->series;
        point->series = "";
    }
    cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(json, "sweep"))
    {
        const char *pair = arena_printf(arena, "%s %s", parameter_title(root, value->string),
                                        value_title(json, value, arena));
        if (is_pointer(value->string, summary->x_pointer))
            point->x = value->valuedouble;
        else if (is_pointer(value->string, axes->y))
            point->y = value->valuedouble;
        else if (is_pointer(value->string, axes->facet))
            point->facet = pair;
        else
            point->series = join(point->series, pair, arena);
        point->swept = join(point->swept, value_title(json, value, arena), arena);
    }
    point->title = point->series;
    if (!isnan(point->x))
        point->title = join(point->series, arena_printf(arena, "%g", point->x), arena);
    if (*point->title == '\0')
        point->series = point->title = summary->name;
}

static bool numbers_everywhere(const cJSON *points, const char *pointer)
{
    const cJSON *point;
    cJSON_ArrayForEach(point, points)
    {
        const cJSON *sweep = cJSON_GetObjectItemCaseSensitive(point, "sweep");
        if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(sweep, pointer)))
            return false;
    }
    return true;
}

/* The swept pointers of the first point, for refusals. */
static const char *what_is_swept(const cJSON *sweep, struct arena *arena)
{
    const cJSON *value;
    const char *swept = "";
    cJSON_ArrayForEach(value, sweep) swept = join(swept, value->string, arena);
    return *swept != '\0' ? swept : "nothing";
}

static const cJSON *first_sweep(const cJSON *root)
{
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(root, "points");
    return cJSON_GetObjectItemCaseSensitive(points->child, "sweep");
}

static bool is_swept(const cJSON *root, const char *option, const char *pointer,
                     struct arena *arena, struct error *err)
{
    const cJSON *sweep = first_sweep(root);
    return cJSON_GetObjectItemCaseSensitive(sweep, pointer) != NULL ||
           error_set(err, option, "%s is not swept in these results; %s is", pointer,
                     what_is_swept(sweep, arena));
}

static bool is_axis(const cJSON *root, const char *option, const char *pointer, struct arena *arena,
                    struct error *err)
{
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(root, "points");
    if (!is_swept(root, option, pointer, arena, err))
        return false;
    return numbers_everywhere(points, pointer) ||
           error_set(err, option, "%s is not swept over numbers", pointer);
}

static bool check_facet(const cJSON *root, const struct summary_axes *axes, struct arena *arena,
                        struct error *err)
{
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(root, "points");
    const cJSON *variant = cJSON_GetObjectItemCaseSensitive(points->child, "variant");
    if (is_facet_variant(axes))
        return cJSON_IsString(variant) ||
               error_set(err, "--facet", "these results have no variants; swept is %s",
                         what_is_swept(first_sweep(root), arena));
    return is_swept(root, "--facet", axes->facet, arena, err);
}

/* The x axis that is asked for, or the first swept pointer with numbers only; the others must be
 * there. */
static bool choose_axes(struct summary *summary, const cJSON *root, const struct summary_axes *axes,
                        struct arena *arena, struct error *err)
{
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(root, "points"), *value;
    const char *x = axes->x;
    if ((x != NULL && !is_axis(root, "--x", x, arena, err)) ||
        (axes->y != NULL && !is_axis(root, "--y", axes->y, arena, err)) ||
        (axes->facet != NULL && !check_facet(root, axes, arena, err)))
        return false;
    if (x != NULL && (is_pointer(x, axes->y) || is_pointer(x, axes->facet)))
        return error_set(err, "--x", "%s is asked for twice", x);
    if (axes->y != NULL && is_pointer(axes->y, axes->facet))
        return error_set(err, "--facet", "%s is the y axis", axes->y);
    cJSON_ArrayForEach(value, first_sweep(root))
    {
        if (x == NULL && numbers_everywhere(points, value->string) &&
            !is_pointer(value->string, axes->y) && !is_pointer(value->string, axes->facet))
            x = value->string;
    }
    if (x == NULL && axes->y != NULL)
        return error_set(err, "--y", "nothing but %s is swept over numbers; a map wants two",
                         axes->y);
    if (axes->y != NULL)
        summary->y_title = reader_title(parameter_title(root, axes->y), arena);
    if (x == NULL)
        return true;
    summary->x_pointer = arena_string(arena, x);
    summary->x_title = reader_title(parameter_title(root, x), arena);
    return true;
}

static bool read_one(struct summary *summary, struct json_source *source, const char *directory,
                     const char *label, const struct summary_axes *axes, struct arena *arena,
                     struct error *err)
{
    const char *path = arena_printf(arena, "%s/summary.json", directory);
    if (!folder_is_whole(directory, err) || !json_read(source, path, arena, err))
        return false;
    summary->source_count++;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(source->root, "name");
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(source->root, "points"), *point;
    if (!cJSON_IsString(name))
        return wrong(source, "/name", "must be a string", arena, err);
    if (!cJSON_IsArray(points) || points->child == NULL)
        return wrong(source, "/points", "must be an array of points", arena, err);
    int index = 0;
    cJSON_ArrayForEach(point, points)
    {
        const char *at = arena_printf(arena, "/points/%d", index++);
        if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(point, "metrics")) ||
            !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(point, "sweep")))
            return wrong(source, at, "must have \"sweep\" and \"metrics\"", arena, err);
    }
    if (summary->name == NULL)
        summary->name = arena_string(arena, name->valuestring);
    if (summary->point_count == 0 && !choose_axes(summary, source->root, axes, arena, err))
        return false;
    if (summary->x_pointer != NULL && !numbers_everywhere(points, summary->x_pointer))
        return error_set(err, path, "does not sweep %s, which is the x axis: plot it by itself",
                         summary->x_pointer);
    struct summary_point *all =
        arena_alloc(arena, summary->point_count + (size_t)cJSON_GetArraySize(points), sizeof *all);
    if (summary->point_count > 0)
        memcpy(all, summary->points, summary->point_count * sizeof *all);
    summary->points = all;
    uint32_t before = summary->point_count;
    cJSON_ArrayForEach(point, points)
    {
        add_point(summary, source->root, point, axes, label, arena);
        summary->points[summary->point_count - 1].index = summary->point_count - 1 - before;
    }
    return true;
}

/* Are there variants, with names that fit below a bar, under swept values that are no numbers? */
static bool is_by_swept(const struct summary *summary)
{
    bool differ = false;
    for (uint32_t p = 0; p < summary->point_count; p++) {
        const struct summary_point *point = &summary->points[p];
        if (*point->what == '\0' || strlen(point->what) > SUMMARY_WHAT_MAX || *point->swept == '\0')
            return false;
        differ = differ || strcmp(point->what, summary->points[0].what) != 0;
    }
    return differ && summary->x_pointer == NULL;
}

bool summary_read(struct summary *summary, const char *const *directories, uint32_t count,
                  const struct summary_axes *axes, struct arena *arena, struct error *err)
{
    static const struct summary_axes none = { 0 };
    *summary = (struct summary){ 0 };
    summary->sources = arena_alloc(arena, count, sizeof *summary->sources);
    for (uint32_t i = 0; i < count; i++)
        if (!read_one(summary, &summary->sources[i], directories[i],
                      count > 1 ? directories[i] : NULL, axes != NULL ? axes : &none, arena, err)) {
            summary_free(summary);
            return false;
        }
    summary->by_swept = is_by_swept(summary);
    return true;
}

void summary_free(struct summary *summary)
{
    for (uint32_t i = 0; i < summary->source_count; i++)
        json_source_free(&summary->sources[i]);
}

bool summary_metric(const struct summary_point *point, const char *name, double *mean,
                    double *half_width)
{
    const cJSON *metric = cJSON_GetObjectItemCaseSensitive(point->metrics, name);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(metric, "mean");
    const cJSON *half = cJSON_GetObjectItemCaseSensitive(metric, "ci95");
    *mean = cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
    *half_width = cJSON_IsNumber(half) ? half->valuedouble : (double)NAN;
    return metric != NULL;
}
