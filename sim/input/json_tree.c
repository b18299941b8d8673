/* json_tree.c -- pointers, merging and printing of parsed JSON; see json.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/json.h"

const char *json_pointer_add(const char *pointer, const char *key, struct arena *arena)
{
    char *sum = arena_alloc(arena, strlen(pointer) + 2 * strlen(key) + 2, 1);
    char *at = stpcpy(sum, pointer);
    *at++ = '/';
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/') {
            *at++ = '~';
            *at++ = *key == '~' ? '0' : '1';
        } else {
            *at++ = *key;
        }
    }
    return sum;
}

bool json_pointer_is_valid(const char *pointer)
{
    if (*pointer != '\0' && *pointer != '/')
        return false;
    for (; *pointer != '\0'; pointer++)
        if (*pointer == '~' && pointer[1] != '0' && pointer[1] != '1')
            return false;
    return true;
}

const char *json_pointer_next(const char *pointer, char *token, size_t size)
{
    size_t length = 0;
    if (*pointer != '/')
        return NULL;
    for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
        char c = *pointer;
        if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
            c = *++pointer == '1' ? '/' : '~';
        if (length + 1 < size)
            token[length++] = c;
    }
    token[length] = '\0';
    return pointer;
}

/* RFC 6901: digits without a leading zero. */
static bool array_index(const char *token, int *index)
{
    size_t length = strlen(token);
    if (length == 0 || length > 9 || strspn(token, "0123456789") != length ||
        (token[0] == '0' && length > 1))
        return false;
    *index = atoi(token);
    return true;
}

cJSON *json_child(const cJSON *value, const char *token)
{
    int index;
    if (cJSON_IsObject(value))
        return cJSON_GetObjectItemCaseSensitive(value, token);
    if (cJSON_IsArray(value) && array_index(token, &index))
        return cJSON_GetArrayItem(value, index);
    return NULL;
}

cJSON *json_at(cJSON *root, const char *pointer)
{
    char token[JSON_POINTER_MAX];
    while (root != NULL && *pointer != '\0') {
        pointer = json_pointer_next(pointer, token, sizeof token);
        root = pointer == NULL ? NULL : json_child(root, token);
        if (pointer == NULL)
            return NULL;
    }
    return root;
}

bool json_put(cJSON *root, const char *pointer, cJSON *value)
{
    char token[JSON_POINTER_MAX];
    for (;;) {
        int index;
        pointer = json_pointer_next(pointer, token, sizeof token);
        if (pointer == NULL)
            break;
        cJSON *child = json_child(root, token);
        bool last = *pointer == '\0';
        if (!last && child != NULL) {
            root = child;
        } else if (!last && cJSON_IsObject(root)) {
            child = cJSON_CreateObject();
            cJSON_AddItemToObject(root, token, child);
            root = child;
        } else if (last && cJSON_IsObject(root)) {
            if (child != NULL)
                cJSON_ReplaceItemInObjectCaseSensitive(root, token, value);
            else
                cJSON_AddItemToObject(root, token, value);
            return true;
        } else if (last && child != NULL && array_index(token, &index)) {
            cJSON_ReplaceItemInArray(root, index, value);
            return true;
        } else {
            break;
        }
    }
    cJSON_Delete(value);
    return false;
}

void json_merge(cJSON *target, const cJSON *patch, enum json_nulls nulls)
{
    const cJSON *change;
    bool empty = target->child == NULL; /* then so it is for each of the keys, which all differ */
    cJSON_ArrayForEach(change, patch)
    {
        cJSON *old = empty ? NULL : cJSON_GetObjectItemCaseSensitive(target, change->string);
        if (cJSON_IsNull(change) && nulls == JSON_NULLS_REMOVE) {
            cJSON_DeleteItemFromObjectCaseSensitive(target, change->string);
        } else if (cJSON_IsObject(change)) {
            if (!cJSON_IsObject(old)) {
                cJSON *object = cJSON_CreateObject();
                if (old != NULL)
                    cJSON_ReplaceItemInObjectCaseSensitive(target, change->string, object);
                else
                    cJSON_AddItemToObject(target, change->string, object);
                old = object;
            }
            json_merge(old, change, nulls);
        } else if (old != NULL) {
            cJSON_ReplaceItemInObjectCaseSensitive(target, change->string,
                                                   cJSON_Duplicate(change, true));
        } else {
            cJSON_AddItemToObject(target, change->string, cJSON_Duplicate(change, true));
        }
    }
}

const char *json_find_null(const cJSON *value, const char *pointer, struct arena *arena)
{
    const cJSON *child;
    char index[16];
    int count = 0;
    if (cJSON_IsNull(value))
        return pointer;
    cJSON_ArrayForEach(child, value)
    {
        snprintf(index, sizeof index, "%d", count++);
        if (child->child == NULL && !cJSON_IsNull(child))
            continue;
        const char *key = child->string != NULL ? child->string : index;
        const char *found = json_find_null(child, json_pointer_add(pointer, key, arena), arena);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* ---- Printing ----------------------------------------------------------------------------- */

void json_number(double value, char *buffer)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            return;
    }
}

void json_write_number(FILE *to, double value, const char *undefined)
{
    char text[32];
    if (isfinite(value)) {
        json_number(value, text);
        fputs(text, to);
    } else {
        fputs(undefined, to);
    }
}

void json_add_number(cJSON *object, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, name, value);
    else
        cJSON_AddNullToObject(object, name);
}

void json_write_string(FILE *to, const char *text)
{
    struct arena arena = ARENA_EMPTY;
    size_t length = strlen(text);
    char *clean = arena_string(&arena, text);
    for (size_t at = 0; (at += json_utf8_length(clean + at, length - at)) < length;)
        clean[at] = '?';
    cJSON *value = cJSON_CreateStringReference(clean);
    char *printed = cJSON_PrintUnformatted(value);
    fputs(printed, to);
    cJSON_free(printed);
    cJSON_Delete(value);
    arena_free(&arena);
}

/* level: how deep it is; negative: all on one line. */
static void print_value(FILE *to, const cJSON *value, int level)
{
    char number[32];
    const cJSON *child;
    bool object = cJSON_IsObject(value), lines = level >= 0;
    if (cJSON_IsNumber(value)) {
        json_number(value->valuedouble, number);
        fputs(number, to);
    } else if (!object && !cJSON_IsArray(value)) {
        char *text = cJSON_PrintUnformatted(value); /* strings, true, false, null */
        fputs(text, to);
        cJSON_free(text);
    } else if (value->child == NULL) {
        fputs(object ? "{}" : "[]", to);
    } else {
        fprintf(to, "%c%s", object ? '{' : '[', lines ? "\n" : "");
        cJSON_ArrayForEach(child, value)
        {
            fprintf(to, "%*s", lines ? 2 * level + 2 : 0, "");
            if (object) {
                cJSON *key = cJSON_CreateStringReference(child->string);
                print_value(to, key, 0);
                cJSON_Delete(key);
                fputs(lines ? ": " : ":", to);
            }
            print_value(to, child, lines ? level + 1 : level);
            fprintf(to, "%s%s", child->next != NULL ? "," : "", lines ? "\n" : "");
        }
        fprintf(to, "%*s%c", lines ? 2 * level : 0, "", object ? '}' : ']');
    }
}

static const char *print(const cJSON *value, int level, struct arena *arena)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    CHECK(to != NULL);
    print_value(to, value, level);
    CHECK(fclose(to) == 0);
    const char *copy = arena_string_n(arena, text, length);
    free(text);
    return copy;
}

const char *json_print(const cJSON *value, struct arena *arena)
{
    return print(value, 0, arena);
}

const char *json_print_line(const cJSON *value, struct arena *arena)
{
    return print(value, -1, arena);
}
