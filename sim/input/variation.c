/* variation.c -- see variation.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/variation.h"

#include <stdlib.h>
#include <string.h>

#include "sim/input/precision_file.h"

/* ---- What cannot differ ------------------------------------------------------------------- */

/* Keys of the whole scenario: its points share them, or are made from them. */
static bool is_shared(const char *key)
{
    static const char *const keys[] = { "name",  "extends", "seed",     "replications", "variants",
                                        "sweep", "expect",  "profiles", PRECISION_KEYS };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Refuses the key at pointer rather than its value. */
static bool refuse_key(const struct document *document, const char *pointer, struct error *err,
                       const char *message)
{
    return error_set(err, document_place(document, pointer, true), "%s", message);
}

/* Is this pointer the other one, or does it lead into what that one names? */
static bool leads_into(const char *pointer, const char *other)
{
    size_t length = strlen(other);
    return strncmp(pointer, other, length) == 0 &&
           (pointer[length] == '/' || pointer[length] == '\0');
}

/* What a merge patch puts at pointer, or in place of what it would be in; NULL when it leaves that
 * as it is. */
static const cJSON *patched(const cJSON *patch, const char *pointer)
{
    while (*pointer != '\0' && cJSON_IsObject(patch)) {
        char token[JSON_POINTER_MAX];
        pointer = json_pointer_next(pointer, token, sizeof token);
        patch = cJSON_GetObjectItemCaseSensitive(patch, token);
        if (patch == NULL)
            return NULL;
    }
    return patch;
}

/* ---- Variants ----------------------------------------------------------------------------- */

static bool check_variant(const struct node *variant, const cJSON *sweep, struct error *err)
{
    const struct document *document = variant->document;
    struct arena *arena = document->arena;
    const cJSON *change, *axis;
    if (!cJSON_IsObject(variant->json))
        return node_refuse(variant, err, "must be an object with what the variant changes, is %s",
                           node_type(variant));
    cJSON_ArrayForEach(change, variant->json)
    {
        const char *key = change->string;
        if (is_shared(key))
            return refuse_key(document, json_pointer_add(variant->pointer, key, arena), err,
                              arena_printf(arena,
                                           "\"%s\" cannot differ between variants; put it at the "
                                           "top of the scenario, for all of them",
                                           key));
    }
    cJSON_ArrayForEach(axis, sweep)
    {
        /* Where an array is on the way, the variant must give it whole for the sweep to change. */
        const cJSON *value = patched(variant->json, axis->string);
        if (value == NULL || value != json_at((cJSON *)(uintptr_t)variant->json, axis->string))
            continue;
        return refuse_key(document, arena_printf(arena, "%s%s", variant->pointer, axis->string),
                          err,
                          arena_printf(arena,
                                       "has no effect: \"%s\" is swept, which comes after the "
                                       "variant; leave it out",
                                       axis->string));
    }
    return true;
}

static bool check_variants(const struct node *variants, const cJSON *sweep, struct error *err)
{
    const cJSON *patch;
    if (!cJSON_IsObject(variants->json) || variants->json->child == NULL)
        return node_refuse(variants, err,
                           "must be an object, a name for each variant and what it changes; is %s",
                           cJSON_IsObject(variants->json) ? "empty" : node_type(variants));
    if (cJSON_GetArraySize(variants->json) > VARIANTS_MAX)
        return node_refuse(variants, err, "are %d variants; at most %d may be",
                           cJSON_GetArraySize(variants->json), VARIANTS_MAX);
    cJSON_ArrayForEach(patch, variants->json)
    {
        struct node node;
        node = (struct node){ variants->document, patch,
                              json_pointer_add(variants->pointer, patch->string,
                                               variants->document->arena) };
        if (!json_is_printable(patch->string))
            return refuse_key(variants->document, node.pointer, err,
                              "no control character may be in the name of a variant, which tables "
                              "show; leave it out");
        if (patch->string[0] == '\0')
            return refuse_key(variants->document, node.pointer, err,
                              "a variant must have a name; give it one");
        if (!check_variant(&node, sweep, err))
            return false;
    }
    return true;
}

/* ---- Sweep -------------------------------------------------------------------------------- */

/* Members may be added to an object; the one of figures is made where there is none. */
static bool has_object(const cJSON *root, const char *pointer)
{
    const cJSON *object = json_at((cJSON *)(uintptr_t)root, pointer);
    if (object == NULL && strcmp(pointer, "/machine/figures") == 0)
        object = json_at((cJSON *)(uintptr_t)root, "/machine");
    return cJSON_IsObject(object);
}

static bool check_pointer(const struct node *axis, const cJSON *root, struct error *err)
{
    const struct document *document = axis->document;
    struct arena *arena = document->arena;
    const char *key = axis->json->string, *slash = strrchr(key, '/');
    char first[JSON_POINTER_MAX];
    if (key[0] != '/' || !json_pointer_is_valid(key))
        return refuse_key(document, axis->pointer, err,
                          arena_printf(arena,
                                       "\"%s\" cannot be swept; a JSON pointer such as "
                                       "\"/machine/cores\" is wanted",
                                       key));
    json_pointer_next(key, first, sizeof first);
    if (is_shared(first))
        return refuse_key(document, axis->pointer, err,
                          arena_printf(arena,
                                       "\"%s\" cannot be swept: all points share it; sweep what "
                                       "differs, such as \"/machine/cores\"",
                                       key));
    const char *parent = arena_string_n(arena, key, (size_t)(slash - key));
    if (!has_object(root, parent) && json_at((cJSON *)(uintptr_t)root, key) == NULL)
        return node_refuse(axis, err, "the scenario has nothing at \"%s\" to sweep in", parent);
    for (const cJSON *other = axis->json->prev; other->next != NULL; other = other->prev)
        if (leads_into(key, other->string) || leads_into(other->string, key))
            return refuse_key(document, axis->pointer, err,
                              arena_printf(arena,
                                           "\"%s\" and \"%s\" overwrite each other; sweep one of "
                                           "them",
                                           key, other->string));
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two equal values would make two points that nothing tells apart.  O(n log n). */
static bool check_values(const struct node *axis, struct error *err)
{
    struct arena *arena = axis->document->arena;
    size_t count = (size_t)cJSON_GetArraySize(axis->json), index = 0;
    const char **texts = arena_alloc(arena, count, sizeof *texts),
               **sorted = arena_alloc(arena, count, sizeof *sorted), *twice = NULL;
    const cJSON *value;
    cJSON_ArrayForEach(value, axis->json) texts[index++] = json_print_line(value, arena);
    memcpy(sorted, texts, count * sizeof *texts);
    qsort(sorted, count, sizeof *sorted, by_text);
    for (size_t i = 1; i < count && twice == NULL; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            twice = sorted[i];
    if (twice == NULL)
        return true;
    for (index = count - 1; strcmp(texts[index], twice) != 0;)
        index--;
    struct node node = node_element(axis, (int)index);
    return node_refuse(&node, err, "%s is in the list already; leave it out",
                       document_shown(twice, arena));
}

static bool check_sweep(const struct node *sweep, const cJSON *root, uint64_t *combinations,
                        struct error *err)
{
    const cJSON *values;
    if (!cJSON_IsObject(sweep->json) || sweep->json->child == NULL)
        return node_refuse(sweep, err,
                           "must be an object of JSON pointers, each with an array of values; is "
                           "%s",
                           cJSON_IsObject(sweep->json) ? "empty" : node_type(sweep));
    cJSON_ArrayForEach(values, sweep->json)
    {
        struct node node;
        int count = cJSON_GetArraySize(values);
        node_get(sweep, values->string, &node);
        if (!check_pointer(&node, root, err))
            return false;
        if (!cJSON_IsArray(values) || count == 0)
            return node_refuse(&node, err, "must be an array of at least one value, is %s",
                               cJSON_IsArray(values) ? "empty" : node_type(&node));
        if (count > VALUES_MAX)
            return node_refuse(&node, err, "are %d values; at most %d may be", count, VALUES_MAX);
        if (!check_values(&node, err))
            return false;
        *combinations *= (uint64_t)count;
        if (*combinations > POINTS_MAX)
            return node_refuse(sweep, err, "makes more than %d points; sweep less", POINTS_MAX);
    }
    return true;
}

/* ---- The command line --------------------------------------------------------------------- */

/* Do all variants put something else in the place of what this layer put? */
static bool all_overwrite(const cJSON *variants, const struct layer *layer)
{
    const cJSON *patch;
    if (variants == NULL)
        return false;
    cJSON_ArrayForEach(patch, variants)
    {
        const cJSON *value = patched(patch, layer->at);
        if (value == NULL || (cJSON_IsObject(value) && cJSON_IsObject(layer->value)))
            return false;
    }
    return true;
}

static bool check_option(const struct layer *layer, const cJSON *variants, const cJSON *sweep,
                         struct arena *arena, struct error *err)
{
    const cJSON *axis;
    cJSON_ArrayForEach(axis, sweep)
    {
        if (leads_into(layer->at, axis->string))
            return error_set(err, layer->prefix,
                             "has no effect: the scenario sweeps \"%s\"; set that, with --set "
                             "'%s=[...]'",
                             axis->string, json_pointer_add("/sweep", axis->string, arena));
    }
    if (all_overwrite(variants, layer))
        return error_set(err, layer->prefix,
                         "has no effect: every variant of the scenario sets it; change it there, "
                         "as with --set '%s%s=...'",
                         json_pointer_add("/variants", variants->child->string, arena), layer->at);
    return true;
}

/* ---- The whole ---------------------------------------------------------------------------- */

bool variation_check(const struct node *root, uint64_t *combinations, struct error *err)
{
    const struct document *document = root->document;
    struct node variants = { .json = NULL }, sweep = { .json = NULL };
    *combinations = 1;
    if (node_get(root, "sweep", &sweep) && !check_sweep(&sweep, root->json, combinations, err))
        return false;
    if (node_get(root, "variants", &variants) && !check_variants(&variants, sweep.json, err))
        return false;
    for (uint32_t i = 0; i < document->layer_count; i++)
        if (document->layers[i].source == NULL &&
            !check_option(&document->layers[i], variants.json, sweep.json, document->arena, err))
            return false;
    return true;
}
