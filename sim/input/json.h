/* json.h -- JSON text with comments, read strictly, and where each value stands in it.
 *
 * Parsing is cJSON's; what it lets pass (duplicate keys, trailing text, NUL bytes, bytes that are
 * no UTF-8, numbers such as 01 or 1e400) is refused here, and so is what would hurt it (huge files,
 * deep nesting, pipes and devices that never end).
 * Positions are found again by a scanner when there is something to complain about.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_JSON_H
#define SIM_INPUT_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"

enum { JSON_FILE_LIMIT = 16 << 20, JSON_DEPTH_LIMIT = 1000, JSON_POINTER_MAX = 1024 };

/* What the text has and the file has not. */
struct json_added {
    size_t at, length; /* in the text */
};

struct json_source {
    const char *name; /* as in messages */
    const char *text; /* comments blanked, so that offsets are those of the file, */
    size_t length;
    const struct json_added *added; /* but for this, by place */
    size_t added_count;
    cJSON *root; /* owned: json_source_free() */
};

bool json_read(struct json_source *source, const char *path, struct arena *arena,
               struct error *err);

/* The path of what file calls so: as it is if absolute, else from the folder of file.  Steps that
 * lead nowhere (./, //) are left out; ../ stays, since links may be on the way. */
const char *json_beside(const char *file, const char *name, struct arena *arena);

/* The content of the file at path, to free(); NULL when it cannot be read. */
char *json_file(const char *path, size_t *length, struct arena *arena, struct error *err);

/* Copies text, comments and a byte order mark blanked, to source->text, which is returned, so that
 * the caller may change it.  NULL, with err set, when a comment does not end. */
char *json_begin(struct json_source *source, const char *name, const char *text, size_t length,
                 struct arena *arena, struct error *err);

/* "NAME:LINE:COL: POINTER" of an offset in source->text. */
const char *json_offset_place(const struct json_source *source, size_t offset, const char *pointer,
                              struct arena *arena);

/* Parses source->text, in which nothing is to be blanked and which has a NUL after it. */
bool json_parse_text(struct json_source *source, struct arena *arena, struct error *err);

/* text becomes source->text's content; it is copied. */
bool json_parse(struct json_source *source, const char *name, const char *text, size_t length,
                struct arena *arena, struct error *err);

void json_source_free(struct json_source *source);

/* "NAME:LINE:COL: POINTER" of the value at pointer (RFC 6901), or of its nearest ancestor that
 * there is; with key, of the key rather than the value. */
const char *json_place(const struct json_source *source, const char *pointer, bool key,
                       struct arena *arena);

/* The member or element that token names; NULL when there is none. */
cJSON *json_child(const cJSON *value, const char *token);

/* The value at pointer; NULL when there is none.  "" is root itself. */
cJSON *json_at(cJSON *root, const char *pointer);

/* Puts value (ownership passes) at pointer: replaces a member or an element, or adds a member to an
 * object, making objects on the way.  False when the way leads through something else, or to an
 * element that is not there; value is deleted then. */
bool json_put(cJSON *root, const char *pointer, cJSON *value);

enum json_nulls { JSON_NULLS_REMOVE, JSON_NULLS_STAY };

/* RFC 7396: objects merge, null removes, anything else replaces.  Where target will be a patch
 * itself, nulls stay, to remove later.  O(members of target x those of patch), O(patch) into an
 * empty target. */
void json_merge(cJSON *target, const cJSON *patch, enum json_nulls nulls);

/* The pointer of the first null in value, which is at pointer; NULL when there is none. */
const char *json_find_null(const cJSON *value, const char *pointer, struct arena *arena);

/* The first token of pointer, ~1 and ~0 undone, goes into token; returns what follows it.  NULL
 * when pointer does not begin with "/". */
const char *json_pointer_next(const char *pointer, char *token, size_t size);

/* Is it "" or tokens with "/" before each, and in them ~ only as ~0 or ~1? */
bool json_pointer_is_valid(const char *pointer);

/* How many bytes of text, from its begin, are whole characters in UTF-8 (RFC 3629). */
size_t json_utf8_length(const char *text, size_t length);

/* Bytes of the character at text, of which so many bytes are there; 0: it is none. */
size_t json_character(const char *text, size_t left);

/* Is the character at text a control character (U+0000 to U+001F, U+007F to U+009F)? */
bool json_is_control(const char *text);

/* Is there none in text? */
bool json_is_printable(const char *text);

/* pointer + "/" + key, escaped. */
const char *json_pointer_add(const char *pointer, const char *key, struct arena *arena);

/* As text: two spaces a level, keys in order, numbers exact. */
const char *json_print(const cJSON *value, struct arena *arena);

/* The same on one line, without spaces. */
const char *json_print_line(const cJSON *value, struct arena *arena);

/* The shortest of %.15g, %.16g and %.17g that reads back as value; buffer of 32. */
void json_number(double value, char *buffer);

/* Writes the number, or, if it is none or infinite, the word for it. */
void json_write_number(FILE *to, double value, const char *undefined);

/* The same into an object: null if it is none or infinite. */
void json_add_number(cJSON *object, const char *name, double value);

/* Writes a string, quoted.  Names of files and hosts may be of any bytes: what is no character
 * becomes a question mark. */
void json_write_string(FILE *to, const char *text);

#endif
