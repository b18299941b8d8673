/* relaxed.c -- see relaxed.h.
 *
 * A scanner finds the keys of every object, and what is to be mended; what it does not understand
 * it passes by, since the text is then parsed strictly.
 * Test: tests/unit/rtapp.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/relaxed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char no_value[] = ":null";

/* A key, quotes included. */
struct key {
    const char *text;
    size_t length;
    size_t object; /* which it is a member of */
    size_t number; /* what it gets, if it is there twice; 0: nothing */
    bool lacks_value;
};

enum expected { EXPECT_KEY, EXPECT_COLON, EXPECT_OTHER };

struct level {
    size_t object; /* 0: an array */
    enum expected expected;
};

struct scan {
    struct level levels[JSON_DEPTH_LIMIT + 1];
    size_t depth;
    struct key *keys;
    size_t key_count, object_count;
};

/* ---- Keys --------------------------------------------------------------------------------- */

static const char *string_end(const char *at)
{
    for (at++; *at != '"' && *at != '\0'; at++)
        at += *at == '\\' && at[1] != '\0';
    return at + (*at == '"');
}

static void scan_string(struct scan *scan, const char *at, size_t length)
{
    struct level *level = &scan->levels[scan->depth];
    if (level->object == 0 || level->expected != EXPECT_KEY)
        return;
    scan->keys[scan->key_count++] = (struct key){ at, length, level->object, 0, false };
    level->expected = EXPECT_COLON;
}

/* A comma or a bracket follows the last string: was it a key? */
static void scan_end(struct scan *scan)
{
    const struct level *level = &scan->levels[scan->depth];
    if (level->object != 0 && level->expected == EXPECT_COLON)
        scan->keys[scan->key_count - 1].lacks_value = true;
}

static void scan_open(struct scan *scan, bool object)
{
    scan->levels[scan->depth].expected = EXPECT_OTHER;
    scan->object_count += object;
    if (scan->depth < JSON_DEPTH_LIMIT)
        scan->levels[++scan->depth] = (struct level){ object ? scan->object_count : 0, EXPECT_KEY };
}

/* Notes all keys, and makes spaces of commas before a bracket. */
static void scan_text(struct scan *scan, char *text)
{
    char *comma = NULL; /* nothing but space since */
    for (char *at = text; *at != '\0'; at++) {
        struct level *level = &scan->levels[scan->depth];
        if (strchr(" \t\r\n", *at) != NULL)
            continue;
        if (*at == '"') {
            size_t length = (size_t)(string_end(at) - at);
            scan_string(scan, at, length);
            at += length - 1;
        } else if (*at == '{' || *at == '[') {
            scan_open(scan, *at == '{');
        } else if (*at == ':') {
            level->expected = EXPECT_OTHER;
        } else if (*at == ',') {
            scan_end(scan);
            level->expected = EXPECT_KEY;
            comma = at;
            continue;
        } else if (*at == '}' || *at == ']') {
            scan_end(scan);
            if (comma != NULL)
                *comma = ' ';
            scan->depth -= scan->depth > 0;
        }
        comma = NULL;
    }
}

/* ---- Equal keys --------------------------------------------------------------------------- */

static int compare_text(const struct key *a, const char *text, size_t length)
{
    int order = memcmp(a->text, text, a->length < length ? a->length : length);
    return order != 0 ? order : (a->length > length) - (a->length < length);
}

/* By object, then by name, then by place. */
static int by_name(const void *left, const void *right)
{
    const struct key *a = *(struct key *const *)left, *b = *(struct key *const *)right;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    int order = compare_text(a, b->text, b->length);
    return order != 0 ? order : (a->text > b->text) - (a->text < b->text);
}

/* Is there the key called name among those from first to end, sorted, of one object? */
static bool has_name(struct key *const *first, struct key *const *end, const char *name)
{
    size_t length = strlen(name);
    while (first < end) {
        struct key *const *middle = first + (end - first) / 2;
        int order = compare_text(*middle, name, length);
        if (order == 0)
            return true;
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return false;
}

/* Of one object, sorted: numbers those that are not the first of their name. */
static void number_object(struct key **first, struct key **end, char *name, size_t size)
{
    size_t number = 0;
    for (struct key **at = first + 1; at < end; at++) {
        const struct key *before = at[-1];
        if (compare_text(before, (*at)->text, (*at)->length) != 0) {
            number = 0;
            continue;
        }
        do
            snprintf(name, size, "%.*s%zu\"", (int)(*at)->length - 1, (*at)->text, ++number);
        while (has_name(first, end, name));
        (*at)->number = number;
    }
}

static void number_keys(const struct scan *scan, size_t text_length, struct arena *arena)
{
    struct key **sorted = arena_alloc(arena, scan->key_count + 1, sizeof *sorted);
    size_t size = text_length + 32;
    char *name = arena_alloc(arena, size, 1);
    for (size_t i = 0; i < scan->key_count; i++)
        sorted[i] = &scan->keys[i];
    qsort(sorted, scan->key_count, sizeof *sorted, by_name);
    for (size_t first = 0, end; first < scan->key_count; first = end) {
        for (end = first; end < scan->key_count; end++)
            if (sorted[end]->object != sorted[first]->object)
                break;
        number_object(sorted + first, sorted + end, name, size);
    }
    arena_drop(arena, sorted);
    arena_drop(arena, name);
}

/* ---- The text ----------------------------------------------------------------------------- */

/* Puts text at place *to, and notes that the file has it not. */
static void add(struct json_source *source, struct json_added *added, char **to, const char *text)
{
    size_t length = strlen(text);
    added[source->added_count++] = (struct json_added){ (size_t)(*to - source->text), length };
    memcpy(*to, text, length);
    *to += length;
}

static void copy_until(const char **from, const char *until, char **to)
{
    size_t length = (size_t)(until - *from);
    memcpy(*to, *from, length);
    *to += length;
    *from = until;
}

/* The text with what the keys get. */
static void mend(struct json_source *source, const char *text, const struct scan *scan,
                 struct arena *arena)
{
    enum { ADDED_MOST = 32 }; /* to a key */
    const char *from = text, *end = text + source->length;
    char *to = arena_alloc(arena, source->length + scan->key_count * ADDED_MOST + 1, 1);
    struct json_added *added = arena_alloc(arena, 2 * scan->key_count + 1, sizeof *added);
    source->text = to;
    source->added = added;
    for (size_t i = 0; i < scan->key_count; i++) {
        const struct key *key = &scan->keys[i];
        char number[ADDED_MOST];
        if (key->number > 0) {
            snprintf(number, sizeof number, "%zu", key->number);
            copy_until(&from, key->text + key->length - 1, &to);
            add(source, added, &to, number);
        }
        if (key->lacks_value) {
            copy_until(&from, key->text + key->length, &to);
            add(source, added, &to, no_value);
        }
    }
    copy_until(&from, end, &to);
    source->length = (size_t)(to - source->text);
}

bool relaxed_parse(struct json_source *source, const char *name, const char *text, size_t length,
                   struct arena *arena, struct error *err)
{
    char *copy = json_begin(source, name, text, length, arena, err);
    if (copy == NULL)
        return false;
    if (strlen(copy) < length) /* a NUL byte, which is refused */
        return json_parse_text(source, arena, err);
    struct scan *scan = arena_alloc(arena, 1, sizeof *scan);
    size_t quotes = 0;
    for (const char *at = copy; *at != '\0'; at++)
        quotes += *at == '"';
    scan->keys = arena_alloc(arena, quotes / 2 + 1, sizeof *scan->keys);
    scan_text(scan, copy);
    number_keys(scan, length, arena);
    mend(source, copy, scan, arena);
    return json_parse_text(source, arena, err);
}
