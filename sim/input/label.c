/* label.c -- see label.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/label.h"

#include <string.h>

/* Is this byte the first of a character? */
static bool begins(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += begins(*text);
    return count;
}

/* What follows so many characters. */
static const char *skip(const char *text, size_t count)
{
    while (*text != '\0' && (count > 0 || !begins(*text)))
        count -= begins(*text++);
    return text;
}

static const char *shorten(const char *text, struct arena *arena)
{
    static const char gap[] = "...";
    const size_t keep = LABEL_MAX - (sizeof gap - 1), tail = keep / 2;
    size_t length = characters(text);
    if (length <= LABEL_MAX)
        return text;
    return arena_printf(arena, "%.*s%s%s", (int)(skip(text, keep - tail) - text), text, gap,
                        skip(text, length - tail));
}

static const char *name_of(const cJSON *value)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(value, "name"));
}

/* NULL unless all have names. */
static const char *names_of(const cJSON *value, struct arena *arena)
{
    const char *names = cJSON_IsObject(value) ? name_of(value) : NULL;
    const cJSON *item;
    for (item = cJSON_IsArray(value) ? value->child : NULL; item != NULL; item = item->next) {
        if (name_of(item) == NULL)
            return NULL;
        names = names == NULL ? name_of(item) : arena_printf(arena, "%s+%s", names, name_of(item));
    }
    return names;
}

/* Results have the entries of a file beside its name, which says enough.  sim/input/reference.h */
static void leave_out_entries(cJSON *value)
{
    cJSON *child;
    if (cJSON_HasObjectItem(value, "trace") || cJSON_HasObjectItem(value, "rt-app"))
        cJSON_DeleteItemFromObjectCaseSensitive(value, "entries");
    cJSON_ArrayForEach(child, value) leave_out_entries(child);
}

static const char *text_of(const cJSON *value, struct arena *arena)
{
    if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
        return json_print_line(value, arena);
    cJSON *copy = cJSON_Duplicate(value, true);
    leave_out_entries(copy);
    const char *text = json_print_line(copy, arena);
    cJSON_Delete(copy);
    return text;
}

const char *label_text(const cJSON *values, int which, struct arena *arena)
{
    const cJSON *value = cJSON_GetArrayItem(values, which), *other;
    const char *whole = json_print_line(value, arena), *text = text_of(value, arena);
    if (strcmp(text, whole) == 0)
        return whole;
    cJSON_ArrayForEach(other, values)
    {
        if (other != value && strcmp(text_of(other, arena), text) == 0)
            return whole;
    }
    return text;
}

/* Before numbers are put behind it. */
static const char *short_text(const cJSON *value, struct arena *arena)
{
    const char *line = text_of(value, arena), *names = names_of(value, arena);
    if (names != NULL)
        return shorten(arena_string(arena, names), arena);
    if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
        return shorten(line, arena);
    char *plain = arena_alloc(arena, strlen(line) + 1, 1), *to = plain;
    for (; *line != '\0'; line++)
        if (*line != '"')
            *to++ = *line;
    return shorten(plain, arena);
}

const char *label_of(const cJSON *values, int which, struct arena *arena)
{
    const cJSON *value = cJSON_GetArrayItem(values, which), *other;
    const char *label = short_text(value, arena);
    if (strcmp(label, json_print_line(value, arena)) == 0)
        return label; /* its text itself, which no other can have */
    cJSON_ArrayForEach(other, values)
    {
        if (other != value && strcmp(short_text(other, arena), label) == 0)
            return arena_printf(arena, "%s #%d", label, which + 1);
    }
    return label;
}
