/* document.h -- merged JSON that remembers which layer each value came from, and typed reading.
 *
 * A document is the merge of layers: files, --set options, a variant, swept values.  A node is a
 * value in it with its pointer.  Every reader checks type and range, and refuses with the place in
 * the layer that defined the value:
 *
 *     FILE:LINE:COL: /json/pointer: what is wrong, what would be right
 *     --set /json/pointer: ...
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_DOCUMENT_H
#define SIM_INPUT_DOCUMENT_H

#include <stdint.h>

#include "sim/input/json.h"

struct layer {
    const struct json_source *source; /* file to point into; NULL: the command line */
    const cJSON *value;               /* what the layer puts, */
    const char *at;                   /* at this pointer of the document ("": merged into it), */
    const char *prefix;               /* and where that stands in the source, or the option */
    const char *home; /* where its value stands in the document to write; NULL: merged into it */
    const char *const
        *places;   /* of what its elements were made of, which have no source; or NULL */
    bool of_range; /* its value is one of a range */
};

struct document {
    cJSON *root;
    struct layer *layers; /* earliest first */
    uint32_t layer_count;
    struct arena *arena;
    const char *variant; /* whose layer is among them; NULL: none */
    cJSON *written; /* a copy that gets the defaults of what is left out; NULL: nobody wants it */
};

struct node {
    const struct document *document;
    const cJSON *json;
    const char *pointer;
};

/* Where the value at pointer was defined, or the nearest that was. */
const char *document_place(const struct document *document, const char *pointer, bool key);

/* The file that defined the value at pointer; NULL: the command line. */
const char *document_file(const struct document *document, const char *pointer);

/* The pointer, in the document to write, of what made the value at pointer what it is; *whole: the
 * object or array around it comes from there too. */
const char *document_origin(const struct document *document, const char *pointer, bool *whole);

/* Of two members of an object the one that was defined, or taken away by null, later, and so made
 * them as they are; where no layer has either, the object. */
struct node node_later(const struct node *object, const char *one, const char *other);

/* ", did you mean "x"?" when one of names (ending with NULL) is near, in whatever case, else "". */
const char *document_nearest(const char *name, const char *const *names, struct arena *arena);

/* Name as messages show it: not more of it than can be read. */
const char *document_shown(const char *name, struct arena *arena);

/* Refuses node; returns false. */
__attribute__((format(printf, 3, 4))) bool node_refuse(const struct node *node, struct error *err,
                                                       const char *format, ...);

struct node document_node(const struct document *document);

/* True, with *child set, when the object has the key. */
bool node_get(const struct node *node, const char *key, struct node *child);
struct node node_element(const struct node *node, int index);

/* An object with no keys but these (ending with NULL). */
bool node_object(const struct node *node, const char *const *keys, struct error *err);

/* "a number", "a string", ... */
const char *node_type(const struct node *node);

/* Values of node itself. */
bool node_number(const struct node *node, double minimum, double maximum, double *value,
                 struct error *err);
bool node_count(const struct node *node, uint64_t minimum, uint64_t maximum, uint64_t *value,
                struct error *err);
/* Refuses a number that is not whole, of which node is. */
bool node_whole(const struct node *node, double number, struct error *err);
bool node_string(const struct node *node, const char **value, struct error *err);
/* One of names (ending with NULL); what is for the message: "policy". */
bool node_choice(const struct node *node, const char *what, const char *const *names,
                 uint32_t *index, struct error *err);
/* The same; more says where to find others, when none of these is near. */
bool node_choice_of(const struct node *node, const char *what, const char *const *names,
                    const char *more, uint32_t *index, struct error *err);

/* What the object has not, and nothing but itself decides: value (ownership passes) is written out
 * where the document to write has this object. */
void node_default(const struct node *node, const char *key, cJSON *value);
/* Has this object the key in the document to write, where it may be another one? */
bool node_is_written(const struct node *node, const char *key);

/* Members of an object.  When absent, *value keeps what it has, which is the default and written
 * out as such; or it is refused if required. */
bool member_need(const struct node *node, const char *key, struct node *child, struct error *err);
bool member_number(const struct node *node, const char *key, double minimum, double maximum,
                   double *value, struct error *err);
bool member_count(const struct node *node, const char *key, uint64_t minimum, uint64_t maximum,
                  uint64_t *value, struct error *err);
bool member_choice(const struct node *node, const char *key, const char *const *names,
                   uint32_t *index, struct error *err);
bool member_bool(const struct node *node, const char *key, bool *value, struct error *err);

#endif
