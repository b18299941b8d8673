/* sweep.c -- see sweep.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/sweep.h"

#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/random.h"
#include "sim/input/range.h"
#include "sim/input/variation.h"

/* ---- Parameters --------------------------------------------------------------------------- */

/* Refuses the key at pointer rather than its value. */
static bool refuse_key(const struct node *node, struct error *err, const char *message)
{
    return error_set(err, document_place(node->document, node->pointer, true), "%s", message);
}

/* Members may be added to an object; the one of figures is made where there is none. */
static bool has_object(const cJSON *root, const char *pointer)
{
    const cJSON *object = json_at((cJSON *)(uintptr_t)root, pointer);
    if (object == NULL && strcmp(pointer, "/machine/figures") == 0)
        object = json_at((cJSON *)(uintptr_t)root, "/machine");
    return cJSON_IsObject(object);
}

static bool check_pointer(const struct sweep *sweep, const struct node *axis, struct error *err)
{
    struct arena *arena = axis->document->arena;
    const cJSON *root = axis->document->root;
    const char *key = axis->json->string, *slash = strrchr(key, '/');
    char first[JSON_POINTER_MAX];
    if (key[0] != '/' || !json_pointer_is_valid(key))
        return refuse_key(axis, err,
                          arena_printf(arena,
                                       "\"%s\" cannot be swept; a JSON pointer such as "
                                       "\"/machine/cores\" is wanted",
                                       key));
    json_pointer_next(key, first, sizeof first);
    if (variation_is_shared(first))
        return refuse_key(axis, err,
                          arena_printf(arena,
                                       "\"%s\" cannot be swept: all points share it; sweep what "
                                       "differs, such as \"/machine/cores\"",
                                       key));
    const char *parent = arena_string_n(arena, key, (size_t)(slash - key));
    if (!has_object(root, parent) && json_at((cJSON *)(uintptr_t)root, key) == NULL)
        return node_refuse(axis, err, "the scenario has nothing at \"%s\" to sweep in", parent);
    for (uint32_t i = 0; i < sweep->axis_count; i++) {
        const char *other = sweep->axes[i].pointer;
        if (variation_leads_into(key, other) || variation_leads_into(other, key))
            return refuse_key(axis, err,
                              arena_printf(arena,
                                           "\"%s\" and \"%s\" overwrite each other; sweep one of "
                                           "them",
                                           key, other));
    }
    return true;
}

/* Values are counted as steps of the dimension by its last axis. */
static void add_axis(struct sweep *sweep, const struct node *node, const cJSON *values)
{
    sweep->axes[sweep->axis_count++] = (struct sweep_axis){ .pointer = node->json->string,
                                                            .values = values,
                                                            .place = node->pointer,
                                                            .is_list = values == node->json,
                                                            .dimension = sweep->dimension_count };
    sweep->steps[sweep->dimension_count] = (uint32_t)cJSON_GetArraySize(values);
}

/* A list, or a range. */
static bool read_axis(struct sweep *sweep, const struct node *node, struct error *err)
{
    int count = cJSON_GetArraySize(node->json);
    if (!check_pointer(sweep, node, err))
        return false;
    if (cJSON_IsObject(node->json)) {
        struct range range;
        cJSON *values = NULL;
        if (!range_read(node, &range, &values, err))
            return false;
        cJSON_AddItemToArray(sweep->made, values);
        add_axis(sweep, node, values);
        return true;
    }
    if (!cJSON_IsArray(node->json) || count == 0)
        return node_refuse(node, err,
                           "must be an array of at least one value, or a range { \"from\", \"to\", "
                           "\"count\" or \"step\" }, is %s",
                           cJSON_IsArray(node->json) ? "empty" : node_type(node));
    if (count > VALUES_MAX)
        return node_refuse(node, err, "are %d values; at most %d may be", count, VALUES_MAX);
    add_axis(sweep, node, node->json);
    return true;
}

/* ---- Dimensions --------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A later step of the last dimension that has the values of another, as text in *text; -1: none.
 * Nothing would tell their points apart.  O(n log n) prints, O(n^2) steps through lists. */
static int step_twice(const struct sweep *sweep, uint32_t first_axis, struct arena *arena,
                      const char **text)
{
    size_t count = sweep->steps[sweep->dimension_count];
    const char **texts = arena_alloc(arena, count, sizeof *texts),
               **sorted = arena_alloc(arena, count, sizeof *sorted);
    *text = NULL;
    for (uint32_t a = first_axis; a < sweep->axis_count; a++) {
        const cJSON *value = sweep->axes[a].values->child;
        for (size_t i = 0; i < count; i++, value = value->next) {
            const char *line = json_print_line(value, arena);
            texts[i] = a == first_axis ? line : arena_printf(arena, "%s and %s", texts[i], line);
        }
    }
    memcpy(sorted, texts, count * sizeof *texts);
    qsort(sorted, count, sizeof *sorted, by_text);
    for (size_t i = 1; i < count && *text == NULL; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            *text = sorted[i];
    if (*text == NULL)
        return -1;
    size_t index = count - 1;
    while (strcmp(texts[index], *text) != 0)
        index--;
    return (int)index;
}

/* The axes from first_axis on are a dimension; at: the node that they stand in. */
static bool end_dimension(struct sweep *sweep, uint32_t first_axis, const struct node *at,
                          struct error *err)
{
    struct arena *arena = at->document->arena;
    const struct sweep_axis *first = &sweep->axes[first_axis];
    const char *text;
    int twice = step_twice(sweep, first_axis, arena, &text);
    if (twice >= 0 && first->is_list)
        return error_set(
            err,
            document_place(at->document, arena_printf(arena, "%s/%d", first->place, twice), false),
            "%s is in the list already; leave it out", document_shown(text, arena));
    if (twice >= 0)
        return node_refuse(at, err, "makes %s twice; ask for fewer points, or for no rounding",
                           document_shown(text, arena));
    sweep->combinations *= sweep->steps[sweep->dimension_count++];
    return sweep->combinations <= POINTS_MAX ||
           node_refuse(at, err, "makes more than %d points; sweep less", POINTS_MAX);
}

static bool read_pairs(struct sweep *sweep, const struct node *pairs, struct error *err)
{
    const cJSON *member;
    uint32_t first = sweep->axis_count;
    if (!cJSON_IsObject(pairs->json) || pairs->json->child == NULL)
        return node_refuse(pairs, err,
                           "must be an object of JSON pointers, each with as many values; is %s",
                           cJSON_IsObject(pairs->json) ? "empty" : node_type(pairs));
    cJSON_ArrayForEach(member, pairs->json)
    {
        struct node node;
        node_get(pairs, member->string, &node);
        if (!read_axis(sweep, &node, err))
            return false;
        int count = cJSON_GetArraySize(sweep->axes[sweep->axis_count - 1].values);
        int wanted = cJSON_GetArraySize(sweep->axes[first].values);
        if (count != wanted)
            return node_refuse(&node, err, "must be %d values, as many as of \"%s\", are %d",
                               wanted, sweep->axes[first].pointer, count);
    }
    return end_dimension(sweep, first, pairs, err);
}

static bool read_paired(struct sweep *sweep, const struct node *paired, struct error *err)
{
    int count = cJSON_GetArraySize(paired->json);
    if (!cJSON_IsArray(paired->json) || count == 0)
        return node_refuse(paired, err,
                           "must be an array of objects, each of parameters that go together; is "
                           "%s",
                           cJSON_IsArray(paired->json) ? "empty" : node_type(paired));
    for (int i = 0; i < count; i++) {
        struct node pairs = node_element(paired, i);
        if (!read_pairs(sweep, &pairs, err))
            return false;
    }
    return true;
}

/* ---- Latin hypercube ---------------------------------------------------------------------- */

/* points values, one of each stratum, in random order. */
static cJSON *draw(const struct range *range, uint32_t points, uint64_t seed, uint32_t axis,
                   struct arena *arena)
{
    cJSON *values = cJSON_CreateArray();
    uint32_t *strata = arena_alloc(arena, points, sizeof *strata);
    gsl_rng *rng = gsl_rng_alloc(random_philox);
    random_seek(rng, seed, 0, RANDOM_SAMPLE, axis, 0);
    for (uint32_t i = 0; i < points; i++)
        strata[i] = i;
    gsl_ran_shuffle(rng, strata, points, sizeof *strata);
    for (uint32_t i = 0; i < points; i++) {
        double share = (strata[i] + random_uniform(rng)) / points;
        cJSON_AddItemToArray(values, cJSON_CreateNumber(range_at(range, share)));
    }
    gsl_rng_free(rng);
    return values;
}

static bool read_sample(struct sweep *sweep, const struct node *sample, struct error *err)
{
    static const char *const keys[] = { "points", "seed", "latin_hypercube", NULL };
    uint32_t first = sweep->axis_count;
    uint64_t points = 0, seed = 1;
    struct node node, cube;
    const cJSON *member;
    if (!node_object(sample, keys, err) || !member_need(sample, "points", &node, err) ||
        !node_count(&node, 2, VALUES_MAX, &points, err) ||
        !member_count(sample, "seed", 0, UINT32_MAX, &seed, err) ||
        !member_need(sample, "latin_hypercube", &cube, err))
        return false;
    if (!cJSON_IsObject(cube.json) || cube.json->child == NULL)
        return node_refuse(&cube, err,
                           "must be an object of JSON pointers, each with a range { \"from\", "
                           "\"to\" }; is %s",
                           cJSON_IsObject(cube.json) ? "empty" : node_type(&cube));
    cJSON_ArrayForEach(member, cube.json)
    {
        struct range range;
        node_get(&cube, member->string, &node);
        if (!check_pointer(sweep, &node, err) || !range_read(&node, &range, NULL, err))
            return false;
        cJSON *values = draw(&range, (uint32_t)points, seed, sweep->axis_count - first,
                             sample->document->arena);
        cJSON_AddItemToArray(sweep->made, values);
        add_axis(sweep, &node, values);
    }
    return end_dimension(sweep, first, sample, err);
}

/* ---- The whole ---------------------------------------------------------------------------- */

/* How many members objects in value have, however deep: as many axes are the most. */
static uint32_t count_members(const cJSON *value)
{
    const cJSON *child;
    uint32_t count = 0;
    cJSON_ArrayForEach(child, value) count += 1 + count_members(child);
    return count;
}

bool sweep_read(struct sweep *sweep, const struct node *root, struct error *err)
{
    struct node all, node;
    const cJSON *member;
    *sweep = (struct sweep){ .combinations = 1, .made = cJSON_CreateArray() };
    if (!node_get(root, "sweep", &all))
        return true;
    if (!cJSON_IsObject(all.json) || all.json->child == NULL)
        return node_refuse(&all, err,
                           "must be an object of JSON pointers, each with an array of values; is "
                           "%s",
                           cJSON_IsObject(all.json) ? "empty" : node_type(&all));
    uint32_t most = count_members(all.json);
    sweep->axes = arena_alloc(root->document->arena, most, sizeof *sweep->axes);
    sweep->steps = arena_alloc(root->document->arena, most, sizeof *sweep->steps);
    cJSON_ArrayForEach(member, all.json)
    {
        uint32_t first = sweep->axis_count;
        bool fine;
        node_get(&all, member->string, &node);
        if (strcmp(member->string, "paired") == 0)
            fine = read_paired(sweep, &node, err);
        else if (strcmp(member->string, "sample") == 0)
            fine = read_sample(sweep, &node, err);
        else
            fine = read_axis(sweep, &node, err) && end_dimension(sweep, first, &node, err);
        if (!fine)
            return false;
    }
    return true;
}

void sweep_free(struct sweep *sweep)
{
    cJSON_Delete(sweep->made);
    sweep->made = NULL;
}

int sweep_value_index(const struct sweep *sweep, uint32_t combination, uint32_t axis)
{
    uint32_t rest = combination, dimension = sweep->dimension_count;
    while (--dimension > sweep->axes[axis].dimension) /* the last varies fastest */
        rest /= sweep->steps[dimension];
    return (int)(rest % sweep->steps[dimension]);
}
