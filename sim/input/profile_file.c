/* profile_file.c -- reads configs/cpus/NAME.json into a struct profile.
 *
 * A profile may extend another: a figure that it gives replaces the base's whole, so that no value
 * keeps the source of a value that it is not; null takes a figure away.  Its name and title are its
 * own.  What the scenario sets goes over all that (profile_override()).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "models/machine/profile_rules.h"
#include "sim/input/document.h"
#include "sim/input/profile_file.h"

enum { EXTENDS_MAX = 16 };

/* ---- Figures ------------------------------------------------------------------------------ */

static bool read_value(const struct node *node, enum profile_figure which, double *value,
                       struct error *err)
{
    const struct figure_description *description = &figure_descriptions[which];
    if (!node_number(node, description->minimum, description->maximum, value, err))
        return false;
    const char *wanted = figure_values_wanted(description->values, *value);
    return wanted == NULL || node_refuse(node, err, "must be %s, is %g", wanted, *value);
}

static bool read_figure(const struct node *node, enum profile_figure which, struct figure *figure,
                        struct error *err)
{
    static const char *const keys[] = { "value", "source", "kind", NULL };
    static const char *const kinds[] = { "published", "measured", "derived", "assumed", NULL };
    struct node value, source, kind;
    uint32_t index = 0;
    if (!node_object(node, keys, err) || !member_need(node, "value", &value, err) ||
        !member_need(node, "source", &source, err) || !member_need(node, "kind", &kind, err) ||
        !read_value(&value, which, &figure->value, err) ||
        !node_string(&source, &figure->source, err) ||
        !node_choice(&kind, "kind", kinds, &index, err))
        return false;
    if (strspn(figure->source, " \t\r\n") == strlen(figure->source))
        return node_refuse(&source, err,
                           "is empty; say where the value is from, or why it is assumed");
    figure->kind = FIGURE_PUBLISHED + index;
    return true;
}

/* keys must have room for all names and NULL. */
static void figure_names(const char **keys)
{
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        keys[i] = figure_descriptions[i].name;
    keys[FIGURE_COUNT] = NULL;
}

static bool read_figures(const struct node *node, struct profile *profile, struct error *err)
{
    const char *keys[FIGURE_COUNT + 1];
    figure_names(keys);
    if (!node_object(node, keys, err))
        return false;
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        struct node child;
        if (!node_get(node, keys[i], &child)) {
            if (figure_descriptions[i].required)
                return node_refuse(node, err, "the figure \"%s\" (%s) is missing; add it", keys[i],
                                   figure_descriptions[i].help);
            continue;
        }
        if (!read_figure(&child, (enum profile_figure)i, &profile->figure[i], err))
            return false;
    }
    return true;
}

/* By these others may contradict one another: as units, as bounds, as what allows it. */
static const enum profile_figure makers[] = { FIGURE_clock_mhz, FIGURE_line_bytes,
                                              FIGURE_transfer_socket_ns, FIGURE_l2_exclusive,
                                              FIGURE_l3_exclusive };

/* Refuses that one of two figures which came to the other; where a scenario sets neither, what it
 * sets that made them contradict one another. */
static bool refuse_one(const struct node *figures, enum profile_figure one,
                       enum profile_figure other, const char *message, struct error *err)
{
    const char *last = figure_descriptions[one].name;
    struct node at = node_later(figures, last, figure_descriptions[other].name), maker;
    bool stands = at.pointer != figures->pointer;
    for (size_t i = 0; !stands && i < sizeof makers / sizeof makers[0]; i++)
        if (node_get(figures, figure_descriptions[makers[i]].name, &maker)) {
            at = node_later(figures, figure_descriptions[makers[i]].name, last);
            last = strrchr(at.pointer, '/') + 1;
        }
    return node_refuse(&at, err, "%s", message);
}

/* Figures that describe one thing go together: all of them, or none. */
static bool check_group(const struct node *figures, const struct profile *p,
                        const enum profile_figure *group, uint32_t count, struct error *err)
{
    for (uint32_t i = 1; i < count; i++) {
        bool first = p->figure[group[0]].value > 0, other = p->figure[group[i]].value > 0;
        if (first != other)
            return refuse_one(figures, group[0], group[i],
                              arena_printf(figures->document->arena,
                                           "%s and %s go together; give both or neither",
                                           figure_descriptions[group[0]].name,
                                           figure_descriptions[group[i]].name),
                              err);
    }
    return true;
}

/* entries in so many ways must make a whole number of sets. */
static bool check_sets(const struct node *figures, const enum profile_figure *size, double entries,
                       double ways, struct error *err)
{
    double sets = ways > 0 ? entries / ways : 1;
    if (sets >= 1 && sets == floor(sets))
        return true;
    const char *message = arena_printf(
        figures->document->arena,
        "%g entries in %g ways make %g sets, which must be a whole number", entries, ways, sets);
    return refuse_one(figures, size[0], size[1], message, err);
}

static bool check_caches(const struct node *figures, const struct profile *p, struct error *err)
{
    static const enum profile_figure caches[][2] = { { FIGURE_l1_kb, FIGURE_l1_ways },
                                                     { FIGURE_l1i_kb, FIGURE_l1i_ways },
                                                     { FIGURE_l2_kb, FIGURE_l2_ways },
                                                     { FIGURE_l3_kb, FIGURE_l3_ways } };
    static const enum profile_figure tlbs[][2] = { { FIGURE_tlb_entries, FIGURE_tlb_ways },
                                                   { FIGURE_tlb2_entries, FIGURE_tlb2_ways } };
    double bytes = profile_value(p, line_bytes);
    for (unsigned i = 0; i < sizeof caches / sizeof caches[0]; i++)
        if (!check_sets(figures, caches[i], p->figure[caches[i][0]].value * 1024 / bytes,
                        p->figure[caches[i][1]].value, err))
            return false;
    for (unsigned i = 0; i < sizeof tlbs / sizeof tlbs[0]; i++)
        if (!check_sets(figures, tlbs[i], p->figure[tlbs[i][0]].value, p->figure[tlbs[i][1]].value,
                        err))
            return false;
    return true;
}

static bool check_rules(const struct node *figures, const struct profile *p, struct error *err)
{
    struct contradiction found;
    return !profile_contradicts(p, &found) ||
           refuse_one(figures, found.figure, found.other, found.message, err);
}

static bool check_figures(const struct node *figures, const struct profile *p, struct error *err)
{
    static const enum profile_figure l1i[] = { FIGURE_l1i_kb, FIGURE_l1i_ways },
                                     l2[] = { FIGURE_l2_kb, FIGURE_l2_ways,
                                              FIGURE_l2_latency_cycles, FIGURE_l2_cores },
                                     l3[] = { FIGURE_l3_kb, FIGURE_l3_ways,
                                              FIGURE_l3_latency_cycles, FIGURE_l3_cores },
                                     tlb[] = { FIGURE_tlb_entries, FIGURE_tlb_ways,
                                               FIGURE_page_walk_cycles },
                                     tlb2[] = { FIGURE_tlb2_entries, FIGURE_tlb2_ways,
                                                FIGURE_tlb2_cycles };
    return check_group(figures, p, l1i, 2, err) && check_group(figures, p, l2, 4, err) &&
           check_group(figures, p, l3, 4, err) && check_group(figures, p, tlb, 3, err) &&
           check_group(figures, p, tlb2, 3, err) && check_caches(figures, p, err) &&
           check_rules(figures, p, err);
}

/* transfer_line_ns, which no price uses, does not stand in the way of a smaller transfer_ns. */
static void leave_out_line(struct profile *profile, const struct node *figures)
{
    struct figure *line = &profile->figure[FIGURE_transfer_line_ns];
    struct node child;
    if (line->value > profile_value(profile, transfer_ns) &&
        !node_get(figures, figure_descriptions[FIGURE_transfer_line_ns].name, &child))
        *line = (struct figure){ 0, FIGURE_ABSENT, NULL };
}

bool profile_override(struct profile *profile, const struct node *figures, struct error *err)
{
    const char *keys[FIGURE_COUNT + 1];
    figure_names(keys);
    if (!node_object(figures, keys, err))
        return false;
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        struct figure *figure = &profile->figure[i];
        struct node child;
        if (!node_get(figures, keys[i], &child))
            continue;
        if (!read_value(&child, (enum profile_figure)i, &figure->value, err))
            return false;
        figure->kind = FIGURE_ASSUMED;
        figure->source = "set by the scenario";
    }
    leave_out_line(profile, figures);
    return check_figures(figures, profile, err);
}

/* ---- Files -------------------------------------------------------------------------------- */

struct chain {
    const char *data_dir;
    struct json_source sources[EXTENDS_MAX]; /* the profile asked for, then what it extends */
    struct stat files[EXTENDS_MAX];
    uint32_t count;
    struct document document; /* layers: the base first */
};

bool profile_is_path(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

const char *profile_path(const char *name, const char *file, const char *data_dir,
                         struct arena *arena)
{
    if (!profile_is_path(name))
        return arena_printf(arena, "%s/cpus/%s.json", data_dir, name);
    return json_beside(file, name, arena);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the files in data_dir/cpus, after those of own, ending with NULL. */
static const char *const *names_of(const char *data_dir, const char *const *own,
                                   struct arena *arena)
{
    DIR *directory = opendir(arena_printf(arena, "%s/cpus", data_dir));
    const char **names;
    size_t count = 0, room = 1;
    while (own[room - 1] != NULL)
        room++;
    while (directory != NULL && readdir(directory) != NULL)
        room++;
    names = arena_alloc(arena, room, sizeof *names);
    for (; own[count] != NULL; count++)
        names[count] = own[count];
    if (directory == NULL)
        return names;
    rewinddir(directory);
    for (struct dirent *entry; count + 1 < room && (entry = readdir(directory)) != NULL;)
        if (profile_is_path(entry->d_name))
            names[count++] =
                arena_string_n(arena, entry->d_name, strlen(entry->d_name) - strlen(".json"));
    closedir(directory);
    qsort(names, count, sizeof *names, by_name); /* so that of two as near always the same counts */
    return names;
}

bool profile_refuse(const char *place, const char *name, const char *path, const char *data_dir,
                    const char *const *own, struct arena *arena, struct error *err)
{
    if (profile_is_path(name) && strstr(name, "://") != NULL)
        return error_set(err, place,
                         "there is no CPU profile %s; name a file by its path, not by an address",
                         name);
    if (profile_is_path(name))
        return error_set(err, place,
                         "there is no CPU profile %s; name a file that there is, or one of "
                         "`braidsim list cpus`",
                         path);
    if (strchr(name, '/') != NULL)
        return error_set(err, place,
                         "there is no CPU profile \"%s\"; the path of one must end in .json, and "
                         "`braidsim list cpus` names those without a path",
                         document_shown(name, arena));
    const char *nearest = document_nearest(name, names_of(data_dir, own, arena), arena);
    return error_set(err, place,
                     "there is no CPU profile \"%s\"%s `braidsim list cpus` names those there are",
                     document_shown(name, arena), *nearest != '\0' ? nearest : ";");
}

/* The profile that source extends, in *path; NULL when none.  False when it cannot be. */
static bool find_base(const struct chain *chain, const struct json_source *source,
                      const char **path, struct error *err)
{
    struct arena *arena = chain->document.arena;
    const cJSON *extends = cJSON_GetObjectItemCaseSensitive(source->root, "extends");
    static const char *const none[] = { NULL };
    struct stat file;
    *path = NULL;
    if (extends == NULL)
        return true;
    const char *place = json_place(source, "/extends", false, arena);
    if (!cJSON_IsString(extends))
        return error_set(err, place,
                         "must be a string: the name of another profile, or the path of one, "
                         "ending in .json");
    *path = profile_path(extends->valuestring, source->name, chain->data_dir, arena);
    if (stat(*path, &file) != 0)
        return profile_refuse(place, extends->valuestring, *path, chain->data_dir, none, arena,
                              err);
    for (uint32_t i = 0; i < chain->count; i++)
        if (chain->files[i].st_dev == file.st_dev && chain->files[i].st_ino == file.st_ino)
            return error_set(err, place,
                             "goes round in a circle: %s extends this profile, or is it; extend "
                             "one that stands on its own",
                             *path);
    if (chain->count == EXTENDS_MAX)
        return error_set(err, place, "more than %d profiles extend one another; at most %d may",
                         EXTENDS_MAX, EXTENDS_MAX);
    return true;
}

/* A profile that is found by its name must have that name. */
static bool check_name(const struct chain *chain, const struct json_source *source,
                       const char *path, struct error *err)
{
    struct arena *arena = chain->document.arena;
    const char *folder = arena_printf(arena, "%s/cpus/", chain->data_dir);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(source->root, "name");
    if (!cJSON_IsString(name) || strncmp(path, folder, strlen(folder)) != 0 ||
        strchr(path + strlen(folder), '/') != NULL ||
        strcmp(path, profile_path(name->valuestring, path, chain->data_dir, arena)) == 0)
        return true;
    return error_set(err, json_place(source, "/name", false, arena),
                     "is \"%s\", but scenarios choose this profile by the name of its file; give "
                     "both the same",
                     document_shown(name->valuestring, arena));
}

static bool read_chain(struct chain *chain, const char *path, struct error *err)
{
    while (path != NULL) {
        struct json_source *source = &chain->sources[chain->count];
        if (!json_read(source, path, chain->document.arena, err))
            return false;
        if (stat(path, &chain->files[chain->count++]) != 0)
            return error_set(err, path, "has just gone; nothing can be said of it");
        if (!cJSON_IsObject(source->root))
            return error_set(err, json_place(source, "", false, chain->document.arena),
                             "a CPU profile must be an object, { ... }");
        if (!check_name(chain, source, path, err))
            return false;
        if (!find_base(chain, source, &path, err))
            return false;
    }
    return true;
}

/* Replaces the members of target that from has, or removes those that are null there. */
static void replace_members(cJSON *target, const cJSON *from)
{
    const cJSON *child;
    cJSON_ArrayForEach(child, from)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(target, child->string);
        if (!cJSON_IsNull(child))
            cJSON_AddItemToObject(target, child->string, cJSON_Duplicate(child, true));
    }
}

/* Lays a profile over what it extends. */
static void lay_over(struct document *document, const struct json_source *source)
{
    cJSON *figures = cJSON_DetachItemFromObjectCaseSensitive(document->root, "figures");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(source->root, "figures");
    document->layers[document->layer_count++] =
        (struct layer){ source, source->root, "", "", NULL, NULL, false };
    cJSON_Delete(document->root);
    document->root = cJSON_Duplicate(source->root, true);
    if (cJSON_IsObject(figures) && (own == NULL || cJSON_IsObject(own))) {
        replace_members(figures, own);
        cJSON_DeleteItemFromObjectCaseSensitive(document->root, "figures");
        cJSON_AddItemToObject(document->root, "figures", figures);
    } else {
        cJSON_Delete(figures);
    }
}

bool profile_read_node(struct profile *profile, const struct node *node, struct error *err)
{
    static const char *const keys[] = { "name", "title", "extends", "figures", NULL };
    struct node name, title, figures;
    profile_init(profile);
    return node_object(node, keys, err) && member_need(node, "name", &name, err) &&
           member_need(node, "title", &title, err) && member_need(node, "figures", &figures, err) &&
           node_string(&name, &profile->name, err) && node_string(&title, &profile->title, err) &&
           read_figures(&figures, profile, err) && check_figures(&figures, profile, err);
}

bool profile_read_whole(struct profile *profile, const char **text, const char *path,
                        const char *data_dir, struct arena *arena, struct error *err)
{
    struct layer layers[EXTENDS_MAX];
    struct chain chain = { .data_dir = data_dir, .document = { .layers = layers, .arena = arena } };
    bool fine = read_chain(&chain, path, err);
    if (fine) {
        for (uint32_t i = chain.count; i-- > 0;)
            lay_over(&chain.document, &chain.sources[i]);
        cJSON_DeleteItemFromObjectCaseSensitive(chain.document.root, "extends");
        struct node root = document_node(&chain.document);
        fine = profile_read_node(profile, &root, err);
        *text = json_print(chain.document.root, arena);
    }
    cJSON_Delete(chain.document.root);
    for (uint32_t i = 0; i < chain.count; i++)
        json_source_free(&chain.sources[i]);
    return fine;
}

bool profile_read(struct profile *profile, const char *path, const char *data_dir,
                  struct arena *arena, struct error *err)
{
    const char *text;
    return profile_read_whole(profile, &text, path, data_dir, arena, err);
}
