/* json.c -- see json.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/json.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/check.h"

/* ---- Positions ---------------------------------------------------------------------------- */

/* The root is written "/". */
const char *json_offset_place(const struct json_source *source, size_t offset, const char *pointer,
                              struct arena *arena)
{
    const struct json_added *added = source->added;
    size_t line = 1, column = 1, left = source->added_count;
    for (size_t i = 0; i < offset && i < source->length; i++) {
        if (left > 0 && i == added->at) {
            i += added->length;
            added++;
            left--;
            if (i >= offset)
                break;
        }
        column++;
        if (source->text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return arena_printf(arena, "%s:%zu:%zu: %s", source->name, line, column,
                        *pointer != '\0' ? pointer : "/");
}

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* at is on the opening quote; returns what follows the closing one. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"' && *at != '\0'; at++)
        if (*at == '\\' && at[1] != '\0')
            at++;
    return *at == '"' ? at + 1 : at;
}

/* The text is known to be valid JSON. */
static const char *skip_value(const char *at)
{
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        at++;
        if (depth == 0)
            while (*at != '\0' && strchr(",]} \t\r\n", *at) == NULL && at[-1] != ']' &&
                   at[-1] != '}')
                at++;
    } while (depth > 0 && *at != '\0');
    return at;
}

/* Is the raw string at (on its quote) this key, escapes undone? */
static bool is_key(const char *at, const char *key)
{
    size_t raw = (size_t)(skip_string(at) - at), length = strlen(key);
    if (memchr(at, '\\', raw) == NULL)
        return raw == length + 2 && memcmp(at + 1, key, length) == 0;
    cJSON *string = cJSON_ParseWithLength(at, raw);
    bool same = string != NULL && strcmp(string->valuestring, key) == 0;
    cJSON_Delete(string);
    return same;
}

/* The member or element of the value at; its key too.  The last of equal keys. */
static const char *find_child(const char *at, const char *token, const char **key)
{
    const char *found = NULL;
    unsigned long index = 0, wanted = strtoul(token, NULL, 10);
    bool object = *at == '{';
    if (!object && *at != '[')
        return NULL;
    at = skip_space(at + 1);
    while (*at != '}' && *at != ']' && *at != '\0') {
        const char *name = at;
        if (object)
            at = skip_space(skip_space(skip_string(at)) + 1); /* over the colon */
        if (object ? is_key(name, token) : index++ == wanted) {
            found = at;
            *key = name;
        }
        at = skip_space(skip_value(at));
        if (*at == ',')
            at = skip_space(at + 1);
    }
    return found;
}

const char *json_place(const struct json_source *source, const char *pointer, bool want_key,
                       struct arena *arena)
{
    const char *at = skip_space(source->text), *key = at;
    size_t room = strlen(pointer) + 1;
    char *token = arena_alloc(arena, room, 1);
    for (const char *rest = pointer; *rest != '\0';) {
        const char *name = key;
        rest = json_pointer_next(rest, token, room);
        const char *child = rest == NULL ? NULL : find_child(at, token, &name);
        if (child == NULL)
            break;
        at = child;
        key = name;
    }
    return json_offset_place(source, (size_t)((want_key ? key : at) - source->text), pointer,
                             arena);
}

/* ---- Reading ------------------------------------------------------------------------------ */

/* Replaces comments, and a byte order mark, by spaces.  False when a comment does not end; *at is
 * where it begins. */
static bool blank(char *text, size_t length, size_t *at)
{
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        memset(text, ' ', 3);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') {
            for (i++; i < length && text[i] != '"'; i++)
                i += text[i] == '\\';
        } else if (text[i] == '/' && i + 1 < length && text[i + 1] == '/') {
            for (; i < length && text[i] != '\n'; i++)
                text[i] = ' ';
        } else if (text[i] == '/' && i + 1 < length && text[i + 1] == '*') {
            *at = i;
            text[i] = text[i + 1] = ' ';
            for (i += 2; i + 1 < length && !(text[i] == '*' && text[i + 1] == '/'); i++)
                if (text[i] != '\n')
                    text[i] = ' ';
            if (i + 1 >= length)
                return false;
            text[i] = text[i + 1] = ' ';
            i++;
        }
    }
    return true;
}

/* JSON's own grammar of numbers, stricter than cJSON's.  Returns the first byte after it; NULL if
 * it is no number. */
static const char *number_end(const char *at)
{
    at += *at == '-';
    if (*at == '0')
        at++;
    else if (*at >= '1' && *at <= '9')
        while (isdigit((unsigned char)*at))
            at++;
    else
        return NULL;
    if (*at == '.') {
        if (!isdigit((unsigned char)*++at))
            return NULL;
        while (isdigit((unsigned char)*at))
            at++;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        if (!isdigit((unsigned char)*at))
            return NULL;
        while (isdigit((unsigned char)*at))
            at++;
    }
    return isalnum((unsigned char)*at) || *at == '_' || *at == '.' ? NULL : at;
}

size_t json_character(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    if (at[0] > 0xF4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    bool longer_than_needed = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool no_character = (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF4 && at[1] > 0x8F);
    return longer_than_needed || no_character ? 0 : size;
}

size_t json_utf8_length(const char *text, size_t length)
{
    size_t at = 0, size;
    while (at < length && (size = json_character(text + at, length - at)) > 0)
        at += size;
    return at;
}

bool json_is_control(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    return at[0] < ' ' || at[0] == 0x7F || (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0);
}

bool json_is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (json_is_control(text))
            return false;
    return true;
}

/* The value of \uXXXX; -1: that is not what stands here. */
static long unicode_escape(const char *at)
{
    if (at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++)
        if (!isxdigit((unsigned char)at[i]))
            return -1;
    char digits[5] = { at[2], at[3], at[4], at[5], '\0' };
    return strtol(digits, NULL, 16);
}

/* The escape at, on its backslash; *size: its bytes, both halves of a pair together. */
static const char *check_escape(const char *at, size_t *size)
{
    *size = 2;
    if (at[1] == '\0' || strchr("\"\\/bfnrtu", at[1]) == NULL)
        return "JSON has no such escape; a backslash itself is written \\\\";
    if (at[1] != 'u')
        return NULL;
    long code = unicode_escape(at);
    if (code < 0)
        return "\\u must be followed by four hexadecimal digits, as in \\u00e9";
    if (code == 0)
        return "\\u0000 in a string; leave it out";
    *size = 6;
    if (code < 0xD800 || code > 0xDFFF)
        return NULL;
    long second = unicode_escape(at + 6);
    if (code > 0xDBFF || second < 0xDC00 || second > 0xDFFF)
        return "half of a character: \\ud800 to \\udbff and \\udc00 to \\udfff come in pairs, "
               "as in \\ud83d\\ude00";
    *size = 12;
    return NULL;
}

/* A string from its quote on, of which what follows it is given; *offset: of what is wrong. */
static const char *check_string(const char *text, const char *from, const char *end, size_t *offset)
{
    for (const char *at = from + 1; at < end; at++) {
        *offset = (size_t)(at - text);
        if (*at == '\n') { /* more likely a quote is missing than a line break meant */
            *offset = (size_t)(from - text);
            return "a string begins here and does not end on its line; close it with \", or write "
                   "a "
                   "line break in it as \\n";
        }
        if ((unsigned char)*at < ' ')
            return "a control character in a string; write it as \\t or \\u00XX, or leave it out";
        if (*at == '\\') {
            size_t size;
            const char *wrong = check_escape(at, &size);
            if (wrong != NULL)
                return wrong;
            at += size - 1;
        }
    }
    if (end[-1] == '"' && end - from > 1)
        return NULL;
    *offset = (size_t)(from - text);
    return "a string begins here and does not end; close it with \"";
}

/* What cJSON would let pass, or fall over. */
static const char *check_text(const char *text, size_t length, size_t *offset)
{
    int depth = 0;
    const char *last = text; /* what is no space, before at */
    *offset = json_utf8_length(text, length);
    if (*offset < length)
        return "not UTF-8; save the file in that encoding";
    *offset = strlen(text);
    if (*offset < length)
        return "there is a NUL byte; JSON is text";
    for (const char *at = text; (size_t)(at - text) < length; at++) {
        *offset = (size_t)(at - text);
        if (*at == '"') {
            const char *end = skip_string(at), *wrong = check_string(text, at, end, offset);
            if (wrong != NULL)
                return wrong;
            at = end - 1;
        } else if (*at == '{' || *at == '[') {
            if (++depth > JSON_DEPTH_LIMIT)
                return "more than 1000 levels of nesting; a scenario needs a handful";
        } else if (*at == '}' || *at == ']') {
            depth--;
            *offset = (size_t)(last - text);
            if (*last == ',')
                return *at == '}' ? "a comma must not come before \"}\"; leave it out"
                                  : "a comma must not come before \"]\"; leave it out";
        } else if (*at == '-' || isdigit((unsigned char)*at)) {
            const char *end = number_end(at);
            if (end == NULL)
                return "not a number as JSON writes them (such as 0.5, 10, 1e6)";
            at = end - 1;
        }
        if (strchr(" \t\r\n", *at) == NULL)
            last = at;
    }
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

static bool is_infinite(const cJSON *value)
{
    return cJSON_IsNumber(value) && !isfinite(value->valuedouble);
}

/* Refuses duplicate keys and infinite numbers, here and below.  O(n log n). */
static bool check_tree(const struct json_source *source, const cJSON *value, const char *pointer,
                       struct arena *arena, struct error *err)
{
    size_t count = 0, index = 0;
    const cJSON *child;
    if (is_infinite(value))
        return error_set(err, json_place(source, pointer, false, arena),
                         "the number is too large; the greatest is about 1.8e308");
    cJSON_ArrayForEach(child, value) count++;
    if (cJSON_IsObject(value) && count > 1) {
        const cJSON **sorted = arena_alloc(arena, count, sizeof(cJSON *));
        cJSON_ArrayForEach(child, value) sorted[index++] = child;
        qsort(sorted, count, sizeof *sorted, by_key);
        for (size_t i = 1; i < count; i++) {
            if (strcmp(sorted[i - 1]->string, sorted[i]->string) != 0)
                continue;
            const char *at = json_pointer_add(pointer, sorted[i]->string, arena);
            return error_set(err, json_place(source, at, true, arena),
                             "the key \"%s\" is there twice; keep one", sorted[i]->string);
        }
    }
    index = 0;
    cJSON_ArrayForEach(child, value)
    {
        char number[32];
        snprintf(number, sizeof number, "%zu", index++);
        if (child->child == NULL && !is_infinite(child))
            continue;
        const char *at = json_pointer_add(pointer, child->string ? child->string : number, arena);
        if (!check_tree(source, child, at, arena, err))
            return false;
    }
    return true;
}

bool json_parse_text(struct json_source *source, struct arena *arena, struct error *err)
{
    const char *text = source->text;
    size_t length = source->length, offset = 0;
    const char *wrong = check_text(text, length, &offset);
    if (wrong != NULL)
        return error_set(err, json_offset_place(source, offset, "", arena), "%s", wrong);
    const char *end = NULL;
    source->root = cJSON_ParseWithLengthOpts(text, length + 1, &end, true);
    if (source->root == NULL) {
        offset = end != NULL ? (size_t)(end - text) : length;
        const char *place = json_offset_place(source, offset, "", arena);
        if (offset >= length || *skip_space(text + offset) == '\0')
            return error_set(err, place,
                             "the text ends too early; a value, \"}\" or \"]\" is "
                             "missing");
        while (offset > 0 && strchr(" \t\r\n", text[offset]) != NULL)
            offset--; /* what is wrong is before, */
        while (offset > 0 && strchr(" \t\r\n{}[],:\"", text[offset - 1]) == NULL)
            offset--; /* from the beginning of a word on */
        place = json_offset_place(source, offset, "", arena);
        return error_set(err, place,
                         "not JSON from \"%.*s\" on; look for a missing comma, quote or "
                         "bracket, or text after the end",
                         (int)strcspn(text + offset, "\r\n"), text + offset);
    }
    if (check_tree(source, source->root, "", arena, err))
        return true;
    json_source_free(source);
    return false;
}

char *json_begin(struct json_source *source, const char *name, const char *text, size_t length,
                 struct arena *arena, struct error *err)
{
    char *copy = arena_string_n(arena, text, length);
    size_t offset = 0;
    *source = (struct json_source){ .name = name, .text = copy, .length = length };
    if (blank(copy, length, &offset))
        return copy;
    error_set(err, json_offset_place(source, offset, "", arena),
              "a comment begins here and does not end; close it with */");
    return NULL;
}

bool json_parse(struct json_source *source, const char *name, const char *text, size_t length,
                struct arena *arena, struct error *err)
{
    return json_begin(source, name, text, length, arena, err) != NULL &&
           json_parse_text(source, arena, err);
}

/* A regular file, never waiting for what may not come. */
static FILE *open_file(const char *path, const char *place, struct error *err)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        error_set(err, place, "cannot be opened: %s; a JSON file is wanted", strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        error_set(err, place, "is a %s; a JSON file is wanted",
                  S_ISDIR(status.st_mode) ? "folder" : "pipe or a device");
    } else {
        FILE *stream = fdopen(file, "rb");
        CHECK(stream != NULL);
        return stream;
    }
    if (file >= 0)
        close(file);
    return NULL;
}

char *json_file(const char *path, size_t *length, struct arena *arena, struct error *err)
{
    const char *place = arena_printf(arena, "%s:1:1: /", path);
    FILE *file = open_file(path, place, err);
    if (file == NULL)
        return NULL;
    char *text = malloc(JSON_FILE_LIMIT + 1);
    CHECK(text != NULL);
    *length = fread(text, 1, JSON_FILE_LIMIT + 1, file);
    bool failed = ferror(file) != 0;
    int reason = errno;
    fclose(file);
    if (!failed && *length <= JSON_FILE_LIMIT)
        return text;
    free(text);
    if (failed)
        error_set(err, place, "cannot be read: %s; a file that can is wanted", strerror(reason));
    else
        error_set(err, place,
                  "the file is larger than 16 MiB, and no scenario or profile is; is it the right "
                  "one?");
    return NULL;
}

bool json_read(struct json_source *source, const char *path, struct arena *arena, struct error *err)
{
    size_t length;
    char *text = json_file(path, &length, arena, err);
    if (text == NULL)
        return false;
    bool fine = json_parse(source, arena_string(arena, path), text, length, arena, err);
    free(text);
    return fine;
}

const char *json_beside(const char *file, const char *name, struct arena *arena)
{
    const char *slash = name[0] != '/' ? strrchr(file, '/') : NULL;
    int folder = slash != NULL ? (int)(slash - file) + 1 : 0;
    char *path = arena_string(arena, arena_printf(arena, "%.*s%s", folder, file, name));
    char *to = path + (path[0] == '/');
    for (const char *at = to; *at != '\0';) {
        size_t length = strcspn(at, "/");
        bool nowhere = length == 0 || (length == 1 && *at == '.');
        if (!nowhere) {
            memmove(to, at, length + (at[length] == '/'));
            to += length + (at[length] == '/');
        }
        at += length + (at[length] == '/');
    }
    *to = '\0';
    return *path != '\0' ? path : ".";
}

void json_source_free(struct json_source *source)
{
    cJSON_Delete(source->root);
    source->root = NULL;
}
