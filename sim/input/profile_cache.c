/* profile_cache.c -- see profile_cache.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/profile_cache.h"

#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/input/profile_file.h"

static struct profile_cached *add(struct profile_cache *cache, const char *name, const char *path,
                                  struct arena *arena)
{
    struct profile_cached **end = &cache->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = arena_alloc(arena, 1, sizeof **end);
    (*end)->name = arena_string(arena, name);
    (*end)->path = path;
    return *end;
}

bool profile_cache_own(struct profile_cache *cache, const struct node *profiles, struct error *err)
{
    struct arena *arena = profiles->document->arena;
    const cJSON *child;
    if (!cJSON_IsObject(profiles->json))
        return node_refuse(profiles, err,
                           "must be an object of CPU profiles, each with its name; is %s",
                           node_type(profiles));
    cJSON_ArrayForEach(child, profiles->json)
    {
        struct node node, extends;
        struct profile_cached *cached = add(cache, child->string, NULL, arena);
        node_get(profiles, child->string, &node);
        if (!json_is_printable(child->string))
            return error_set(err, document_place(node.document, node.pointer, true),
                             "no control character may be in the name of a CPU profile; leave it "
                             "out");
        if (node_get(&node, "extends", &extends))
            return node_refuse(&extends, err,
                               "is for a file of its own; give all figures here, or the path of "
                               "such a file as \"cpu\"");
        if (!profile_read_node(&cached->profile, &node, err))
            return false;
        cached->text = json_print(child, arena);
    }
    return true;
}

/* Of the profiles that stand in the scenario, ending with NULL. */
static const char *const *own_names(const struct profile_cache *cache, struct arena *arena)
{
    const struct profile_cached *at;
    size_t count = 0;
    for (at = cache->first; at != NULL; at = at->next)
        count++;
    const char **names = arena_alloc(arena, count + 1, sizeof *names);
    count = 0;
    for (at = cache->first; at != NULL; at = at->next)
        if (at->path == NULL)
            names[count++] = at->name;
    return names;
}

const struct profile *profile_cache_find(struct profile_cache *cache, const struct node *cpu,
                                         struct error *err)
{
    struct arena *arena = cpu->document->arena;
    struct profile_cached *cached;
    const char *name;
    if (!node_string(cpu, &name, err))
        return NULL;
    const char *file = document_file(cpu->document, cpu->pointer);
    const char *path =
        profile_path(name, file != NULL ? file : cache->scenario_path, cache->data_dir, arena);
    for (cached = cache->first; cached != NULL; cached = cached->next) {
        if (strcmp(cached->name, name) != 0)
            continue;
        if (cached->path != NULL && strcmp(cached->path, path) != 0) {
            node_refuse(cpu, err,
                        "means %s here, and %s elsewhere in the scenario, whose results could not "
                        "tell the two; call one of them by another path",
                        path, cached->path);
            return NULL;
        }
        cached->used = true;
        return &cached->profile;
    }
    if (access(path, F_OK) != 0) {
        profile_refuse(document_place(cpu->document, cpu->pointer, false), name, path,
                       cache->data_dir, own_names(cache, arena), arena, err);
        return NULL;
    }
    cached = add(cache, name, path, arena);
    cached->used = true;
    return profile_read_whole(&cached->profile, &cached->text, path, cache->data_dir, arena, err)
               ? &cached->profile
               : NULL;
}

void profile_cache_write(const struct profile_cache *cache, cJSON *scenario)
{
    for (const struct profile_cached *at = cache->first; at != NULL; at = at->next) {
        if (at->path == NULL || !at->used || !profile_is_path(at->name))
            continue;
        cJSON *profiles = cJSON_GetObjectItemCaseSensitive(scenario, "profiles");
        if (profiles == NULL)
            profiles = cJSON_AddObjectToObject(scenario, "profiles");
        CHECK(cJSON_AddItemToObject(profiles, at->name, cJSON_Parse(at->text)));
    }
}
