/* variation.c -- see variation.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/variation.h"

#include <stdlib.h>
#include <string.h>

#include "sim/input/precision_file.h"

/* ---- What cannot differ ------------------------------------------------------------------- */

bool variation_is_shared(const char *key)
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

bool variation_leads_into(const char *pointer, const char *other)
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

static bool check_variant(const struct node *variant, const struct sweep *sweep, struct error *err)
{
    const struct document *document = variant->document;
    struct arena *arena = document->arena;
    const cJSON *change;
    if (!cJSON_IsObject(variant->json))
        return node_refuse(variant, err, "must be an object with what the variant changes, is %s",
                           node_type(variant));
    cJSON_ArrayForEach(change, variant->json)
    {
        const char *key = change->string;
        if (variation_is_shared(key))
            return refuse_key(document, json_pointer_add(variant->pointer, key, arena), err,
                              arena_printf(arena,
                                           "\"%s\" cannot differ between variants; put it at the "
                                           "top of the scenario, for all of them",
                                           key));
    }
    for (uint32_t i = 0; i < sweep->axis_count; i++) {
        /* Where an array is on the way, the variant must give it whole for the sweep to change. */
        const char *axis = sweep->axes[i].pointer;
        const cJSON *value = patched(variant->json, axis);
        if (value == NULL || value != json_at((cJSON *)(uintptr_t)variant->json, axis))
            continue;
        return refuse_key(document, arena_printf(arena, "%s%s", variant->pointer, axis), err,
                          arena_printf(arena,
                                       "has no effect: \"%s\" is swept, which comes after the "
                                       "variant; leave it out",
                                       axis));
    }
    return true;
}

static bool check_variants(const struct node *variants, const struct sweep *sweep,
                           struct error *err)
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

static bool check_option(const struct layer *layer, const cJSON *variants,
                         const struct sweep *sweep, struct arena *arena, struct error *err)
{
    for (uint32_t i = 0; i < sweep->axis_count; i++) {
        const struct sweep_axis *axis = &sweep->axes[i];
        if (variation_leads_into(layer->at, axis->pointer))
            return error_set(err, layer->prefix,
                             "has no effect: the scenario sweeps \"%s\"; set that, with --set "
                             "'%s=[...]'",
                             axis->pointer, axis->place);
    }
    if (all_overwrite(variants, layer))
        return error_set(err, layer->prefix,
                         "has no effect: every variant of the scenario sets it; change it there, "
                         "as with --set '%s%s=...'",
                         json_pointer_add("/variants", variants->child->string, arena), layer->at);
    return true;
}

/* ---- The whole ---------------------------------------------------------------------------- */

bool variation_check(const struct node *root, const struct sweep *sweep, struct error *err)
{
    const struct document *document = root->document;
    struct node variants = { .json = NULL };
    if (node_get(root, "variants", &variants) && !check_variants(&variants, sweep, err))
        return false;
    for (uint32_t i = 0; i < document->layer_count; i++)
        if (document->layers[i].source == NULL &&
            !check_option(&document->layers[i], variants.json, sweep, document->arena, err))
            return false;
    return true;
}
