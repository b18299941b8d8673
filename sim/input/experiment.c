/* experiment.c -- reads a scenario file with all that it extends, and spans its points.
 *
 * Order of merging: extends, file, command line, variant, sweep; see scenario.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/hash.h"
#include "sim/input/label.h"
#include "sim/input/precision_file.h"
#include "sim/input/rtapp_file.h"
#include "sim/input/scenario_file.h"
#include "sim/input/variation.h"

enum { EXTENDS_MAX = 16, EXPECTATIONS_MAX = 1000 };

struct reading {
    const struct scenario_options *options;
    struct arena *arena;
    struct json_source *sources; /* [EXTENDS_MAX], the base last */
    struct stat files[EXTENDS_MAX];
    struct document document; /* the merged base */
    cJSON *bare;              /* its root without what only spans points */
    cJSON *written;           /* the same, to be written */
    struct scenario_caches caches;
    struct sweep sweep; /* of the base */
};

/* ---- Files and the command line ----------------------------------------------------------- */

static void add_layer(struct document *document, struct layer layer)
{
    document->layers[document->layer_count++] = layer;
}

/* Null is the value of no key.  In a variant it takes away what the scenario has, and nowhere else,
 * as the schema says. */
static bool check_nulls(const struct json_source *source, struct arena *arena, struct error *err)
{
    const cJSON *member, *variant;
    const char *found = NULL;
    cJSON_ArrayForEach(member, source->root)
    {
        const char *pointer = json_pointer_add("", member->string, arena);
        if (strcmp(member->string, "variants") != 0 || !cJSON_IsObject(member))
            found = json_find_null(member, pointer, arena);
        else
            cJSON_ArrayForEach(variant, member)
            {
                if (cJSON_IsNull(variant))
                    found = json_pointer_add(pointer, variant->string, arena);
            }
        if (found != NULL)
            return error_set(err, json_place(source, found, false, arena),
                             "must have a value, is null; leave it out for what holds without it "
                             "(null takes away in variants only)");
    }
    return true;
}

/* The file that source number depth extends, in *path; NULL when none.  False when it cannot be. */
static bool find_base(const struct reading *reading, uint32_t depth, const char **path,
                      struct error *err)
{
    const struct json_source *source = &reading->sources[depth];
    const cJSON *extends = cJSON_GetObjectItemCaseSensitive(source->root, "extends");
    struct stat file;
    *path = NULL;
    if (extends == NULL)
        return true;
    const char *place = json_place(source, "/extends", false, reading->arena);
    if (!cJSON_IsString(extends))
        return error_set(err, place, "must be a string, the path of another scenario file");
    *path = json_beside(source->name, extends->valuestring, reading->arena);
    if (stat(*path, &file) != 0 && strstr(extends->valuestring, "://") != NULL)
        return error_set(err, place, "there is no file %s; name one by its path, not by an address",
                         extends->valuestring);
    if (stat(*path, &file) != 0)
        return error_set(err, place, "there is no file %s; name one that there is", *path);
    for (uint32_t i = 0; i <= depth; i++)
        if (reading->files[i].st_dev == file.st_dev && reading->files[i].st_ino == file.st_ino)
            return error_set(err, place,
                             "goes round in a circle: %s extends this scenario, or is it; extend "
                             "one that stands on its own",
                             *path);
    return depth + 1 < EXTENDS_MAX ||
           error_set(err, place, "more than %d files extend one another; at most %d may",
                     EXTENDS_MAX, EXTENDS_MAX);
}

/* Reads path and, before it, what it extends; merges in that order. */
static bool read_chain(struct reading *reading, const char *path, uint32_t depth, struct error *err)
{
    const char *base;
    struct json_source *source = &reading->sources[depth];
    if (!json_read(source, path, reading->arena, err))
        return false;
    if (stat(path, &reading->files[depth]) != 0)
        return error_set(err, path, "has just gone; nothing can be said of it");
    if (!cJSON_IsObject(source->root))
        return error_set(err, json_place(source, "", false, reading->arena),
                         "a scenario must be an object, { ... }");
    if (!check_nulls(source, reading->arena, err) || !find_base(reading, depth, &base, err) ||
        (base != NULL && !read_chain(reading, base, depth + 1, err)))
        return false;
    add_layer(&reading->document,
              (struct layer){ source, source->root, "", "", NULL, NULL, false });
    json_merge(reading->document.root, source->root, JSON_NULLS_STAY);
    return true;
}

/* A file of rt-app's is a scenario of its own: one that refers to it. */
static bool read_rtapp(struct reading *reading, const char *path, struct error *err)
{
    struct arena *arena = reading->arena;
    struct json_source *source = &reading->sources[0];
    struct rtapp rtapp;
    if (!rtapp_read(&rtapp, path, arena, err))
        return false;
    cJSON_Delete(rtapp.entries);
    const char *text = rtapp_scenario(&rtapp, path, arena);
    const char *name = arena_printf(arena, "%s, as a scenario", path);
    if (!json_parse(source, name, text, strlen(text), arena, err))
        return false;
    add_layer(&reading->document,
              (struct layer){ source, source->root, "", "", NULL, NULL, false });
    json_merge(reading->document.root, source->root, JSON_NULLS_STAY);
    return true;
}

static bool put_option(struct reading *reading, const char *pointer, cJSON *value,
                       const char *option, struct error *err)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    if (!json_put(reading->document.root, pointer, copy)) {
        cJSON_Delete(value);
        return error_set(err, option, "leads nowhere: the scenario has nothing at %s to set in",
                         pointer);
    }
    add_layer(&reading->document,
              (struct layer){ NULL, value, pointer, option, NULL, NULL, false });
    return true;
}

/* Not JSON, but a name without its quotes?  What looks like a number is none. */
static bool is_bare_word(const char *text)
{
    char *end;
    (void)strtod(text, &end);
    bool number = *end == '\0' && strchr("+-.0123456789", text[0]) != NULL;
    return text[0] != '\0' && !number && strpbrk(text, "{}[]\",:") == NULL &&
           json_utf8_length(text, strlen(text)) == strlen(text);
}

/* "PTR=VALUE": VALUE is JSON, or else a bare word. */
static bool put_set(struct reading *reading, const char *text, struct error *err)
{
    struct arena *arena = reading->arena;
    const char *equals = strchr(text, '=');
    if (text[0] != '/' || equals == NULL)
        return error_set(err, arena_printf(arena, "--set %s", text),
                         "must be PTR=VALUE, such as /machine/cores=4");
    const char *pointer = arena_string_n(arena, text, (size_t)(equals - text));
    const char *option = arena_printf(arena, "--set %s", pointer);
    struct json_source source;
    struct error refusal;
    cJSON *value;
    if (!json_pointer_is_valid(pointer))
        return error_set(err, option,
                         "is no JSON pointer: in a key, ~ is written ~0 and / is written ~1");
    if (strcmp(pointer, "/extends") == 0 || strncmp(pointer, "/extends/", 9) == 0)
        return error_set(err, option,
                         "cannot be set: a file is merged with what it extends before; write a "
                         "file that extends the other one");
    if (json_parse(&source, option, equals + 1, strlen(equals + 1), arena, &refusal))
        value = source.root;
    else if (is_bare_word(equals + 1))
        value = cJSON_CreateString(equals + 1);
    else
        return error_set(err, option, "%s", refusal.message);
    return put_option(reading, pointer, value, option, err);
}

static bool put_options(struct reading *reading, struct error *err)
{
    const struct scenario_options *options = reading->options;
    for (uint32_t i = 0; i < options->set_count; i++)
        if (!put_set(reading, options->sets[i], err))
            return false;
    if (options->has_seed &&
        !put_option(reading, "/seed", cJSON_CreateNumber((double)options->seed), "--seed", err))
        return false;
    if (options->has_replications &&
        !put_option(reading, "/replications", cJSON_CreateNumber((double)options->replications),
                    "--replications", err))
        return false;
    return options->cost == NULL ||
           put_option(reading, "/cost", cJSON_CreateString(options->cost), "--cost", err);
}

/* ---- Points ------------------------------------------------------------------------------- */

/* The file that defines the value at pointer; NULL when the command line does. */
static const struct json_source *source_of(const struct document *document, const char *pointer)
{
    for (uint32_t i = document->layer_count; i-- > 0;) {
        const struct layer *layer = &document->layers[i];
        if (layer->source != NULL && json_at(layer->source->root, pointer) != NULL)
            return layer->source;
    }
    return NULL;
}

/* A layer that a variant or a swept value makes; prefix is where it stands in the scenario. */
static struct layer layer_of(const struct document *base, const cJSON *value, const char *at,
                             const char *prefix)
{
    const struct json_source *source = source_of(base, prefix);
    const char *home = prefix;
    if (source == NULL) /* the option that it stands in */
        prefix = document_place(base, prefix, false);
    return (struct layer){ source, value, at, prefix, home, NULL, false };
}

/* Puts the value of one axis; index is its number among the axes. */
static bool put_axis(struct document *document, const struct sweep *sweep, uint32_t index,
                     uint32_t combination, const struct document *base, struct point *point,
                     struct error *err)
{
    struct arena *arena = document->arena;
    const struct sweep_axis *axis = &sweep->axes[index];
    int which = sweep_value_index(sweep, combination, index);
    const cJSON *value = cJSON_GetArrayItem(axis->values, which);
    const char *prefix =
        axis->is_list ? arena_printf(arena, "%s/%d", axis->place, which) : axis->place;
    if (!json_put(document->root, axis->pointer, cJSON_Duplicate(value, true)))
        return error_set(
            err, document_place(base, prefix, false),
            "leads nowhere: a variant, or a key swept before, put something else on the way");
    add_layer(document, layer_of(base, value, axis->pointer, prefix));
    document->layers[document->layer_count - 1].of_range = !axis->is_list;
    point->sweep[index] = (struct sweep_value){
        .pointer = arena_string(arena, axis->pointer),
        .text = label_text(axis->values, which, arena),
        .label = label_of(axis->values, which, arena),
        .number = cJSON_IsNumber(value) ? value->valuedouble : (double)NAN,
    };
    return true;
}

static bool put_sweep(struct document *document, const struct sweep *sweep, uint32_t combination,
                      const struct document *base, struct point *point, struct error *err)
{
    for (uint32_t i = 0; i < sweep->axis_count; i++)
        if (!put_axis(document, sweep, i, combination, base, point, err))
            return false;
    return true;
}

static bool resolve_point(struct reading *reading, const cJSON *variant, uint32_t combination,
                          struct point *point, struct error *err)
{
    const struct document *base = &reading->document;
    struct document document = { .root = cJSON_Duplicate(reading->bare, true),
                                 .layer_count = base->layer_count,
                                 .arena = reading->arena };
    point->sweep_count = reading->sweep.axis_count;
    point->sweep =
        arena_alloc(reading->arena, (size_t)point->sweep_count + 1, sizeof *point->sweep);
    document.layers = arena_alloc(reading->arena, base->layer_count + point->sweep_count + 1,
                                  sizeof *document.layers);
    memcpy(document.layers, base->layers, base->layer_count * sizeof *base->layers);
    if (variant != NULL) {
        const char *prefix = json_pointer_add("/variants", variant->string, reading->arena);
        point->variant = document.variant = arena_string(reading->arena, variant->string);
        json_merge(document.root, variant, JSON_NULLS_REMOVE);
        add_layer(&document, layer_of(base, variant, "", prefix));
    }
    if (combination == 0) /* what others lack beside, they lack in what is swept */
        document.written = reading->written;
    bool fine =
        put_sweep(&document, &reading->sweep, combination, base, point, err) &&
        scenario_resolve(&point->scenario, &document, reading->options, &reading->caches, err);
    for (uint32_t i = 0; fine && i < point->sweep_count; i++)
        if (strcmp(point->sweep[i].pointer, SCALING_POINTER) == 0)
            point->scenario.sweeps_cores = true;
    cJSON_Delete(document.root);
    return fine;
}

/* The points of a group, which differ in their variant alone, have one warm-up. */
static bool check_warmups(const struct reading *reading, const struct experiment *experiment,
                          uint32_t combinations, struct error *err)
{
    struct node root = document_node(&reading->document);
    for (uint32_t i = combinations; i < experiment->point_count; i++)
        if (experiment->points[i].scenario.warmup_auto !=
            experiment->points[i % combinations].scenario.warmup_auto)
            return node_refuse(&root, err,
                               "\"warmup_ms\" is \"auto\" in one variant and a number in another, "
                               "but one warm-up is found for all variants; set it at the top");
    return true;
}

static bool read_points(struct reading *reading, struct experiment *experiment, struct error *err)
{
    reading->document.written = reading->written; /* for the defaults of what spans points */
    struct node root = document_node(&reading->document), node;
    if (!sweep_read(&reading->sweep, &root, err) || !variation_check(&root, &reading->sweep, err))
        return false;
    uint64_t combinations = reading->sweep.combinations;
    const cJSON *variants = node_get(&root, "variants", &node) ? node.json : NULL, *variant;
    uint64_t count = combinations * (uint64_t)(variants ? cJSON_GetArraySize(variants) : 1);
    if (count > POINTS_MAX)
        return node_refuse(&root, err, "variants and sweep make %ju points; at most %d",
                           (uintmax_t)count, POINTS_MAX);
    experiment->points = arena_alloc(reading->arena, count, sizeof *experiment->points);
    reading->bare = cJSON_Duplicate(reading->document.root, true);
    cJSON_DeleteItemFromObjectCaseSensitive(reading->bare, "variants");
    cJSON_DeleteItemFromObjectCaseSensitive(reading->bare, "sweep");
    cJSON_DeleteItemFromObjectCaseSensitive(reading->bare, "expect");
    variant = variants != NULL ? variants->child : NULL;
    do {
        for (uint32_t i = 0; i < combinations; i++)
            if (!resolve_point(reading, variant, i, &experiment->points[experiment->point_count++],
                               err))
                return false;
        variant = variant != NULL ? variant->next : NULL;
    } while (variant != NULL);
    return check_warmups(reading, experiment, (uint32_t)combinations, err);
}

/* The scenario's own CPU profiles are no part of its points. */
static bool read_profiles(struct reading *reading, struct error *err)
{
    struct node root = document_node(&reading->document), profiles;
    bool fine = !node_get(&root, "profiles", &profiles) ||
                profile_cache_own(&reading->caches.profiles, &profiles, err);
    cJSON_DeleteItemFromObjectCaseSensitive(reading->document.root, "profiles");
    return fine;
}

static void note_profiles(const struct reading *reading, struct experiment *experiment)
{
    const struct profile_cached *at;
    uint32_t count = 0;
    for (at = reading->caches.profiles.first; at != NULL; at = at->next)
        count += at->used;
    experiment->profiles =
        arena_alloc(reading->arena, (size_t)count + 1, sizeof *experiment->profiles);
    for (at = reading->caches.profiles.first; at != NULL; at = at->next)
        if (at->used)
            experiment->profiles[experiment->profile_count++] =
                (struct profile_used){ at->name, hash_fnv1a(at->text, strlen(at->text)) };
}

/* ---- Expectations ------------------------------------------------------------------------- */

/* The names of all variants, ending with NULL. */
static const char *const *variant_names(const cJSON *variants, struct arena *arena)
{
    const char **names =
        arena_alloc(arena, (size_t)cJSON_GetArraySize(variants) + 1, sizeof *names);
    const cJSON *variant;
    size_t count = 0;
    cJSON_ArrayForEach(variant, variants) names[count++] = variant->string;
    return names;
}

/* The first point that an expectation speaks of. */
static bool expected_point(const struct node *node, const struct experiment *experiment,
                           struct expectation *expectation, const struct point **point,
                           struct error *err)
{
    struct node variant, root = document_node(node->document), all;
    uint32_t index = 0;
    *point = &experiment->points[0];
    if (!node_get(node, "variant", &variant))
        return true;
    if (!node_get(&root, "variants", &all))
        return node_refuse(&variant, err,
                           "the scenario has no variants; leave this out, or add some");
    if (!node_choice_of(&variant, "variant", variant_names(all.json, node->document->arena),
                        "; \"variants\" of the scenario names them", &index, err) ||
        !node_string(&variant, &expectation->variant, err))
        return false;
    uint32_t each = experiment->point_count / (uint32_t)cJSON_GetArraySize(all.json);
    *point = &experiment->points[index * each]; /* variants are outermost */
    return true;
}

static bool read_expectation(const struct reading *reading, const struct node *node,
                             const struct experiment *experiment, struct expectation *expectation,
                             struct error *err)
{
    static const char *const keys[] = { "variant", "metric", "at_most", "at_least", NULL };
    struct node metric, bound;
    const struct point *point;
    const char *name = "";
    uint32_t index;
    if (!node_object(node, keys, err) || !member_need(node, "metric", &metric, err) ||
        !expected_point(node, experiment, expectation, &point, err))
        return false;
    const char *const *metrics = reading->options->metrics(&point->scenario, reading->arena);
    if (!node_string(&metric, &name, err))
        return false;
    const char *wanting = reading->options->metric_wants(&point->scenario, name);
    if (wanting != NULL)
        return node_refuse(&metric, err, "\"%s\" is measured only where %s", name, wanting);
    if (!node_choice_of(&metric, "metric", metrics, "; `braidsim list metrics` names all", &index,
                        err))
        return false;
    expectation->metric = metrics[index];
    bool at_most = node_get(node, "at_most", &bound);
    if (at_most == node_get(node, "at_least", &bound))
        return node_refuse(node, err, "must have exactly one of \"at_most\" and \"at_least\"");
    expectation->bound = at_most ? EXPECT_AT_MOST : EXPECT_AT_LEAST;
    node_get(node, at_most ? "at_most" : "at_least", &bound);
    expectation->place = document_place(node->document, node->pointer, false);
    return node_number(&bound, -1e300, 1e300, &expectation->value, err);
}

static bool read_expectations(const struct reading *reading, struct experiment *experiment,
                              struct error *err)
{
    struct node root = document_node(&reading->document), list;
    if (!node_get(&root, "expect", &list))
        return true;
    if (!cJSON_IsArray(list.json))
        return node_refuse(&list, err, "must be an array of expectations, is %s", node_type(&list));
    if (cJSON_GetArraySize(list.json) > EXPECTATIONS_MAX)
        return node_refuse(&list, err, "are %d expectations; at most %d may be",
                           cJSON_GetArraySize(list.json), EXPECTATIONS_MAX);
    experiment->expectation_count = (uint32_t)cJSON_GetArraySize(list.json);
    experiment->expectations =
        arena_alloc(reading->arena, (size_t)experiment->expectation_count + 1,
                    sizeof *experiment->expectations);
    for (uint32_t i = 0; i < experiment->expectation_count; i++) {
        struct node node = node_element(&list, (int)i);
        if (!read_expectation(reading, &node, experiment, &experiment->expectations[i], err))
            return false;
    }
    return true;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool read_precision(struct reading *reading, struct experiment *experiment,
                           struct error *err)
{
    struct node root = document_node(&reading->document);
    experiment->replications = experiment->points[0].scenario.replications;
    return precision_read(&root, reading->options, experiment, err);
}

bool experiment_read(struct experiment *experiment, const char *path,
                     const struct scenario_options *options, struct arena *arena, struct error *err)
{
    struct reading reading = { .options = options, .arena = arena };
    uint32_t layers = EXTENDS_MAX + options->set_count + 3;
    reading.sources = arena_alloc(arena, EXTENDS_MAX, sizeof *reading.sources);
    reading.document =
        (struct document){ .root = cJSON_CreateObject(),
                           .layers = arena_alloc(arena, layers, sizeof(struct layer)),
                           .arena = arena };
    reading.caches = (struct scenario_caches){
        .profiles = { .data_dir = options->data_dir, .scenario_path = path },
        .references = { .data_dir = options->data_dir, .scenario_path = path },
    };
    *experiment = (struct experiment){ .path = arena_string(arena, path) };

    bool fine =
        options->is_rtapp ? read_rtapp(&reading, path, err) : read_chain(&reading, path, 0, err);
    fine = fine && put_options(&reading, err);
    if (fine) {
        cJSON_DeleteItemFromObjectCaseSensitive(reading.document.root, "extends");
        reading.written = cJSON_Duplicate(reading.document.root, true);
        reading.caches.references.written = reading.written;
        fine = read_profiles(&reading, err) && read_points(&reading, experiment, err) &&
               read_expectations(&reading, experiment, err) &&
               read_precision(&reading, experiment, err);
    }
    if (fine) {
        profile_cache_write(&reading.caches.profiles, reading.written);
        experiment->json = json_print(reading.written, arena);
        note_profiles(&reading, experiment);
        experiment->notes = reference_notes(&reading.caches.references, options->is_rtapp,
                                            &experiment->note_count, arena);
        experiment->name = experiment->points[0].scenario.name;
        experiment->seed = experiment->points[0].scenario.seed;
    }
    for (uint32_t i = 0; i < EXTENDS_MAX; i++)
        json_source_free(&reading.sources[i]);
    for (uint32_t i = 0; i < reading.document.layer_count; i++)
        if (reading.document.layers[i].source == NULL)
            cJSON_Delete((cJSON *)(uintptr_t)reading.document.layers[i].value);
    sweep_free(&reading.sweep);
    reference_cache_free(&reading.caches.references);
    cJSON_Delete(reading.document.root);
    cJSON_Delete(reading.bare);
    cJSON_Delete(reading.written);
    return fine;
}
