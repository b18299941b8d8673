/* document.c -- see document.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/document.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Places ------------------------------------------------------------------------------- */

enum found { FOUND, FOUND_PARENT, FOUND_NOTHING };

/* Does this layer define the value at pointer?  FOUND_PARENT: not it, but the array or scalar that
 * it would be in. */
static enum found layer_find(const struct layer *layer, const char *pointer)
{
    size_t length = strlen(layer->at);
    if (strncmp(pointer, layer->at, length) != 0 ||
        (pointer[length] != '/' && pointer[length] != '\0'))
        return FOUND_NOTHING;
    const char *rest = pointer + length;
    const cJSON *value = layer->value;
    while (*rest != '\0') {
        char token[JSON_POINTER_MAX];
        rest = json_pointer_next(rest, token, sizeof token);
        const cJSON *child = rest == NULL ? NULL : json_child(value, token);
        if (child == NULL)
            return cJSON_IsObject(value) ? FOUND_NOTHING : FOUND_PARENT;
        value = child;
    }
    return FOUND;
}

static const char *layer_place(const struct document *document, const struct layer *layer,
                               const char *pointer, bool key)
{
    const char *element = pointer + strlen(layer->at);
    if (layer->places != NULL && *element == '/') {
        char *rest;
        unsigned long index = strtoul(element + 1, &rest, 10);
        return arena_printf(document->arena, *rest == '\0' ? "%s" : "%s (%s of its entry)",
                            layer->places[index], rest);
    }
    if (layer->source == NULL)
        return arena_printf(document->arena, "%s%s", layer->prefix, pointer + strlen(layer->at));
    const char *in_source =
        arena_printf(document->arena, "%s%s", layer->prefix, pointer + strlen(layer->at));
    return json_place(layer->source, in_source, key, document->arena);
}

/* Does this layer put something else in the place of what those before it put at pointer?  What is
 * put at a pointer does, and in a merge what is no object. */
static bool layer_replaces(const struct layer *layer, const char *pointer)
{
    size_t length = strlen(layer->at);
    const cJSON *value = layer->value;
    if (length > 0)
        return strncmp(pointer, layer->at, length) == 0 &&
               (pointer[length] == '/' || pointer[length] == '\0');
    while (*pointer != '\0' && cJSON_IsObject(value)) {
        char token[JSON_POINTER_MAX];
        pointer = json_pointer_next(pointer, token, sizeof token);
        value = pointer == NULL ? NULL : json_child(value, token);
        if (value == NULL)
            return false;
    }
    return !cJSON_IsObject(value);
}

/* The layer that defined the value at nearest, or else that one of its ancestors that there is;
 * nearest is cut to what was found, and *found says how.  NULL: none.
 *
 * An object is put together from all layers since the last that replaced it; then the file is
 * meant, not what varies it, unless that alone has it. */
static const struct layer *defining_layer(const struct document *document, char *nearest,
                                          enum found *found)
{
    for (;;) {
        bool whole = cJSON_IsObject(json_at(document->root, nearest));
        for (uint32_t i = 2 * document->layer_count; i-- > 0;) { /* the second time, any layer */
            const struct layer *layer = &document->layers[i % document->layer_count];
            bool varies = *layer->prefix != '\0' && i != document->layer_count;
            bool replaces = layer_replaces(layer, nearest);
            if (whole && varies && !replaces && i >= document->layer_count)
                continue;
            if ((*found = layer_find(layer, nearest)) != FOUND_NOTHING)
                return layer;
            if (replaces) /* what it put has not that */
                break;
        }
        char *slash = strrchr(nearest, '/');
        if (slash == NULL)
            return NULL;
        *slash = '\0';
    }
}

const char *document_place(const struct document *document, const char *pointer, bool key)
{
    char *nearest = arena_string(document->arena, pointer);
    enum found found;
    const struct layer *layer = defining_layer(document, nearest, &found);
    if (layer == NULL)
        return pointer;
    bool whole = found == FOUND && strcmp(nearest, pointer) == 0;
    return layer_place(document, layer, pointer, key && whole);
}

const char *document_file(const struct document *document, const char *pointer)
{
    enum found found;
    const struct layer *layer =
        defining_layer(document, arena_string(document->arena, pointer), &found);
    return layer != NULL && layer->source != NULL ? layer->source->name : NULL;
}

const char *document_origin(const struct document *document, const char *pointer, bool *whole)
{
    for (uint32_t i = document->layer_count; i-- > 0;) {
        const struct layer *layer = &document->layers[i];
        if (layer->home == NULL || layer_find(layer, pointer) != FOUND)
            continue;
        *whole = strlen(layer->at) < strlen(pointer);
        return arena_printf(document->arena, "%s%s", layer->home, pointer + strlen(layer->at));
    }
    *whole = true;
    return pointer;
}

struct node node_later(const struct node *object, const char *one, const char *other)
{
    const struct document *document = object->document;
    const char *const pointers[] = { json_pointer_add(object->pointer, one, document->arena),
                                     json_pointer_add(object->pointer, other, document->arena) };
    for (uint32_t i = document->layer_count; i-- > 0;)
        for (uint32_t k = 0; k < 2; k++)
            if (layer_find(&document->layers[i], pointers[k]) == FOUND)
                return (struct node){ document, NULL, pointers[k] };
    return *object;
}

bool node_refuse(const struct node *node, struct error *err, const char *format, ...)
{
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_set(err, document_place(node->document, node->pointer, false), "%s", message);
}

/* ---- Ways through ------------------------------------------------------------------------- */

struct node document_node(const struct document *document)
{
    return (struct node){ document, document->root, "" };
}

bool node_get(const struct node *node, const char *key, struct node *child)
{
    const cJSON *json = cJSON_GetObjectItemCaseSensitive(node->json, key);
    if (json == NULL)
        return false;
    *child = (struct node){ node->document, json,
                            json_pointer_add(node->pointer, key, node->document->arena) };
    return true;
}

struct node node_element(const struct node *node, int index)
{
    return (struct node){ node->document, cJSON_GetArrayItem(node->json, index),
                          arena_printf(node->document->arena, "%s/%d", node->pointer, index) };
}

/* ---- Suggestions -------------------------------------------------------------------------- */

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool differ(char a, char b)
{
    return tolower((unsigned char)a) != tolower((unsigned char)b);
}

/* V. Levenshtein's edit distance, in whatever case; SIZE_MAX for names longer than the table. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1], length = strlen(b);
    if (length > LONGEST || strlen(a) > LONGEST)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j];
            row[j] = least_of(above + 1, row[j - 1] + 1, diagonal + differ(a[i - 1], b[j - 1]));
            diagonal = above;
        }
    }
    return row[length];
}

const char *document_nearest(const char *name, const char *const *names, struct arena *arena)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 2;
    for (const char *const *at = names; *at != NULL; at++) {
        bool begins = strlen(name) >= 3 && strncasecmp(name, *at, strlen(name)) == 0;
        size_t distance = begins ? 1 : edit_distance(name, *at);
        if (distance < least) {
            least = distance;
            nearest = *at;
        }
    }
    return nearest != NULL ? arena_printf(arena, ", did you mean \"%s\"?", nearest) : "";
}

const char *document_shown(const char *name, struct arena *arena)
{
    enum { SHOWN = 64 };
    if (strlen(name) <= SHOWN)
        return name;
    return arena_printf(arena, "%.*s...", (int)json_utf8_length(name, SHOWN), name);
}

/* The nearest; then the list of all, unless it is long; more: where to find others. */
static const char *suggestion(const char *name, const char *const *names, const char *more,
                              struct arena *arena)
{
    enum { LISTED = 24 };
    const char *nearest = document_nearest(name, names, arena), *list = "";
    size_t count = 0;
    for (const char *const *at = names; *at != NULL; at++)
        if (count++ < LISTED)
            list = arena_printf(arena, "%s%s%s", list, at == names ? "" : ", ", *at);
    if (*nearest != '\0')
        more = "";
    if (count > LISTED)
        return *nearest != '\0' ? nearest
               : *more != '\0'  ? more
                                : "; `braidsim list` tells what there is";
    return arena_printf(arena, "%s%s%s%s", nearest, *nearest != '\0' ? " There is " : "; there is ",
                        list, more);
}

/* ---- Typed values ------------------------------------------------------------------------- */

const char *node_type(const struct node *node)
{
    const cJSON *json = node->json;
    if (cJSON_IsNumber(json))
        return "a number";
    if (cJSON_IsString(json))
        return "a string";
    if (cJSON_IsBool(json))
        return "true or false";
    if (cJSON_IsNull(json))
        return "null";
    return cJSON_IsArray(json) ? "an array" : "an object";
}

bool node_object(const struct node *node, const char *const *keys, struct error *err)
{
    const cJSON *child;
    if (!cJSON_IsObject(node->json))
        return node_refuse(node, err, "must be an object, is %s", node_type(node));
    cJSON_ArrayForEach(child, node->json)
    {
        const char *const *at = keys;
        while (*at != NULL && strcmp(*at, child->string) != 0)
            at++;
        if (*at != NULL)
            continue;
        struct arena *arena = node->document->arena;
        const char *pointer = json_pointer_add(node->pointer, child->string, arena);
        return error_set(err, document_place(node->document, pointer, true), "unknown key \"%s\"%s",
                         document_shown(child->string, arena),
                         suggestion(child->string, keys, "", arena));
    }
    return true;
}

bool node_number(const struct node *node, double minimum, double maximum, double *value,
                 struct error *err)
{
    char low[32], high[32], is[32];
    json_number(minimum, low);
    json_number(maximum, high);
    if (!cJSON_IsNumber(node->json))
        return node_refuse(node, err, "must be a number from %s to %s, is %s", low, high,
                           node_type(node));
    json_number(node->json->valuedouble, is);
    if (!(node->json->valuedouble >= minimum && node->json->valuedouble <= maximum))
        return node_refuse(node, err, "must be from %s to %s, is %s", low, high, is);
    *value = node->json->valuedouble;
    return true;
}

bool node_count(const struct node *node, uint64_t minimum, uint64_t maximum, uint64_t *value,
                struct error *err)
{
    double number = 0;
    if (!node_number(node, (double)minimum, (double)maximum, &number, err))
        return false;
    *value = (uint64_t)number;
    return node_whole(node, number, err);
}

bool node_whole(const struct node *node, double number, struct error *err)
{
    enum found found;
    if (number == floor(number))
        return true;
    const struct layer *layer =
        defining_layer(node->document, arena_string(node->document->arena, node->pointer), &found);
    return node_refuse(node, err, "must be a whole number, is %g%s", number,
                       layer != NULL && layer->of_range ? "; give the range \"round\": true" : "");
}

bool node_string(const struct node *node, const char **value, struct error *err)
{
    if (!cJSON_IsString(node->json))
        return node_refuse(node, err, "must be a string, is %s", node_type(node));
    *value = arena_string(node->document->arena, node->json->valuestring);
    return true;
}

bool node_choice_of(const struct node *node, const char *what, const char *const *names,
                    const char *more, uint32_t *index, struct error *err)
{
    struct arena *arena = node->document->arena;
    const char *name = "";
    if (!node_string(node, &name, err))
        return false;
    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            *index = i;
            return true;
        }
    }
    return node_refuse(node, err, "unknown %s \"%s\"%s", what, document_shown(name, arena),
                       suggestion(name, names, more, arena));
}

bool node_choice(const struct node *node, const char *what, const char *const *names,
                 uint32_t *index, struct error *err)
{
    return node_choice_of(node, what, names, "", index, err);
}

/* ---- Members ------------------------------------------------------------------------------ */

/* Has value a null at pointer, or on the way there? */
static bool has_null(const cJSON *value, const char *pointer)
{
    char token[JSON_POINTER_MAX];
    while (value != NULL && !cJSON_IsNull(value) && *pointer != '\0') {
        pointer = json_pointer_next(pointer, token, sizeof token);
        value = json_child(value, token);
    }
    return cJSON_IsNull(value);
}

/* The layer that takes the value at pointer away; NULL when none does. */
static const struct layer *removing_layer(const struct document *document, const char *pointer)
{
    for (uint32_t i = document->layer_count; i-- > 0;) {
        const struct layer *layer = &document->layers[i];
        if (layer->at[0] == '\0' && has_null(layer->value, pointer))
            return layer;
    }
    return NULL;
}

bool member_need(const struct node *node, const char *key, struct node *child, struct error *err)
{
    const struct document *document = node->document;
    if (node_get(node, key, child))
        return true;
    const char *pointer = json_pointer_add(node->pointer, key, document->arena);
    const struct layer *layer = removing_layer(document, pointer);
    if (layer != NULL && document->variant != NULL)
        return error_set(
            err, layer_place(document, layer, pointer, false),
            "the variant \"%s\" takes \"%s\" away, which there must be; leave the null "
            "out, or give a value",
            document_shown(document->variant, document->arena), key);
    return node_refuse(node, err, "the key \"%s\" is missing; add it", key);
}

static cJSON *written_object(const struct node *node)
{
    cJSON *object = json_at(node->document->written, node->pointer);
    return cJSON_IsObject(object) ? object : NULL;
}

void node_default(const struct node *node, const char *key, cJSON *value)
{
    cJSON *object = written_object(node);
    if (object != NULL && cJSON_GetObjectItemCaseSensitive(object, key) == NULL)
        cJSON_AddItemToObject(object, key, value);
    else
        cJSON_Delete(value);
}

bool node_is_written(const struct node *node, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(written_object(node), key) != NULL;
}

bool member_number(const struct node *node, const char *key, double minimum, double maximum,
                   double *value, struct error *err)
{
    struct node child;
    if (node_get(node, key, &child))
        return node_number(&child, minimum, maximum, value, err);
    node_default(node, key, cJSON_CreateNumber(*value));
    return true;
}

bool member_count(const struct node *node, const char *key, uint64_t minimum, uint64_t maximum,
                  uint64_t *value, struct error *err)
{
    struct node child;
    if (node_get(node, key, &child))
        return node_count(&child, minimum, maximum, value, err);
    node_default(node, key, cJSON_CreateNumber((double)*value));
    return true;
}

bool member_choice(const struct node *node, const char *key, const char *const *names,
                   uint32_t *index, struct error *err)
{
    struct node child;
    if (node_get(node, key, &child))
        return node_choice(&child, key, names, index, err);
    node_default(node, key, cJSON_CreateString(names[*index]));
    return true;
}

bool member_bool(const struct node *node, const char *key, bool *value, struct error *err)
{
    struct node child;
    if (!node_get(node, key, &child)) {
        node_default(node, key, cJSON_CreateBool(*value));
        return true;
    }
    if (!cJSON_IsBool(child.json))
        return node_refuse(&child, err, "must be true or false, is %s", node_type(&child));
    *value = cJSON_IsTrue(child.json);
    return true;
}
