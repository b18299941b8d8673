/* comparable.c -- see comparable.h.  tests/compare/check.py
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/compare/comparable.h"

#include <string.h>

enum { SHOWN_MAX = 60 };

/* Keys of a scenario that say how much is run, not what. */
static const char *const loose[] = { "name",      "seed",     "replications",
                                     "expect",    "variants", "sweep",
                                     "sample",    "paired",   "precision_percent",
                                     "scheduler", "plots",    "precision_metrics",
                                     "lag",       "vain",     "max_replications" };

/* Called with each difference; returns whether to go on. */
struct walk {
    bool (*differs)(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b);
    struct arena *arena;
    struct comparable_notes *notes;
    const char *pointer; /* of the first difference, and both values */
    const cJSON *a, *b;
};

static bool compare_values(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b);

static bool compare_members(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b)
{
    const cJSON *child;
    cJSON_ArrayForEach(child, a)
    {
        const char *at = json_pointer_add(pointer, child->string, walk->arena);
        if (!compare_values(walk, at, child, cJSON_GetObjectItemCaseSensitive(b, child->string)))
            return false;
    }
    cJSON_ArrayForEach(child, b)
    {
        const char *at = json_pointer_add(pointer, child->string, walk->arena);
        if (cJSON_GetObjectItemCaseSensitive(a, child->string) == NULL &&
            !compare_values(walk, at, NULL, child))
            return false;
    }
    return true;
}

static bool compare_elements(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b)
{
    uint32_t i = 0;
    for (a = a->child, b = b->child; a != NULL || b != NULL; i++) {
        if (!compare_values(walk, arena_printf(walk->arena, "%s/%u", pointer, i), a, b))
            return false;
        a = a != NULL ? a->next : NULL;
        b = b != NULL ? b->next : NULL;
    }
    return true;
}

/* Either may be NULL: there is none. */
static bool compare_values(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b)
{
    if (a != NULL && b != NULL && cJSON_IsObject(a) && cJSON_IsObject(b))
        return compare_members(walk, pointer, a, b);
    if (a != NULL && b != NULL && cJSON_IsArray(a) && cJSON_IsArray(b))
        return compare_elements(walk, pointer, a, b);
    return (a != NULL && b != NULL && cJSON_Compare(a, b, true)) ||
           walk->differs(walk, pointer, a, b);
}

static const char *shown(const cJSON *value, struct arena *arena)
{
    if (value == NULL)
        return "absent";
    const char *text = json_print_line(value, arena);
    if (strlen(text) <= SHOWN_MAX)
        return text;
    return arena_printf(arena, "%.*s...", (int)json_utf8_length(text, SHOWN_MAX), text);
}

static bool keep_first(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b)
{
    walk->pointer = pointer;
    walk->a = a;
    walk->b = b;
    return false;
}

static bool note_it(struct walk *walk, const char *pointer, const cJSON *a, const cJSON *b)
{
    struct comparable_notes *notes = walk->notes;
    const char *note = arena_printf(walk->arena, "%s: %s, then %s", pointer, shown(a, walk->arena),
                                    shown(b, walk->arena));
    for (uint32_t i = 0; i < notes->count && i < COMPARABLE_NOTES; i++)
        if (strcmp(notes->note[i], note) == 0)
            return true;
    if (notes->count < COMPARABLE_NOTES)
        notes->note[notes->count] = note;
    notes->count++;
    return true;
}

/* The scenario of one point, merged as a run merges it. */
static cJSON *merged(const struct record *record, const struct record_point *point)
{
    cJSON *scenario = cJSON_Duplicate(record->scenario, true);
    const cJSON *variants = cJSON_GetObjectItemCaseSensitive(record->scenario, "variants"), *value;
    if (point->variant != NULL) {
        const cJSON *variant = cJSON_GetObjectItemCaseSensitive(variants, point->variant);
        if (variant != NULL)
            json_merge(scenario, variant, JSON_NULLS_REMOVE);
    }
    cJSON_ArrayForEach(value, point->sweep)
        json_put(scenario, value->string, cJSON_Duplicate(value, true));
    return scenario;
}

bool comparable_points(const struct record *a, const struct record_point *point_a,
                       const struct record *b, const struct record_point *point_b,
                       struct comparable_notes *notes, struct arena *arena, struct error *err)
{
    cJSON *one = merged(a, point_a), *other = merged(b, point_b);
    struct walk walk = { .differs = note_it, .arena = arena, .notes = notes };
    compare_values(&walk, "/scheduler", cJSON_GetObjectItemCaseSensitive(one, "scheduler"),
                   cJSON_GetObjectItemCaseSensitive(other, "scheduler"));
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(one, loose[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(other, loose[i]);
    }
    walk.differs = keep_first;
    bool same = compare_values(&walk, "", one, other);
    if (!same)
        error_set(err, b->scenario_file,
                  "cannot be compared with %s: %s is %s there and %s here; only the scheduler may "
                  "differ",
                  a->scenario_file, walk.pointer, shown(walk.a, arena), shown(walk.b, arena));
    cJSON_Delete(one);
    cJSON_Delete(other);
    return same;
}

bool comparable_profiles(const struct record *a, const struct record *b, struct arena *arena,
                         struct error *err)
{
    const cJSON *profile;
    cJSON_ArrayForEach(profile, a->profiles)
    {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(b->profiles, profile->string);
        if (other != NULL && !cJSON_Compare(profile, other, true))
            return error_set(err, b->path,
                             "cannot be compared with %s: /profiles_fnv1a/%s, what the CPU profile "
                             "says, is %s there and %s here; run both with one profile",
                             a->path, profile->string, shown(profile, arena), shown(other, arena));
    }
    return true;
}
