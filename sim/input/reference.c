/* reference.c -- see reference.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE /* tdestroy() */
#include "sim/input/reference.h"

#include <dirent.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/input/rtapp_file.h"
#include "sim/input/trace_entries.h"

enum { NOTES_MAX = 8 };

enum { SCALE_MAX = 10000 };

/* What a reader makes of a file. */
struct reference_file {
    struct reference_file *next;
    const char *key, *path;
    struct json_source source; /* with the text, where that is JSON; the root is owned */
    struct document document;  /* of the root */
    const char *at;            /* where the array of entries is in it, */
    const char *const *places; /* and of what they were made; NULL: they stand there */
    const char *notes[NOTES_MAX];
    uint32_t note_count;
    const char *of_scenario; /* what the file says and the scenario decides; NULL: nothing */
};

struct reference_kind {
    const char *key; /* in the scenario */
    bool in_library; /* what it names is not a file, but comes with the program */
    /* Sets source, but for its name, at, and notes. */
    bool (*read)(struct reference_file *file, struct arena *arena, struct error *err);
};

/* ---- Library ------------------------------------------------------------------------------ */

/* The program does not read "load": tests/library/check.py compares it with what runs have. */
static bool read_library(struct reference_file *file, struct arena *arena, struct error *err)
{
    static const char *const keys[] = { "description", "scale", "load", "entries", NULL };
    struct node root, child;
    const char *text;
    if (!json_read(&file->source, file->path, arena, err))
        return false;
    struct layer layer = {
        .source = &file->source, .value = file->source.root, .at = "", .prefix = ""
    };
    struct document document = {
        .root = file->source.root, .layers = &layer, .layer_count = 1, .arena = arena
    };
    root = document_node(&document);
    file->at = "/entries";
    return node_object(&root, keys, err) && member_need(&root, "entries", &child, err) &&
           member_need(&root, "description", &child, err) && node_string(&child, &text, err) &&
           member_need(&root, "scale", &child, err) && node_string(&child, &text, err);
}

/* Beside the CPU profiles, or in the source tree. */
static const char *library_folder(const char *data_dir, struct arena *arena)
{
    const char *folder = arena_printf(arena, "%s/library", data_dir);
    return access(folder, F_OK) == 0 ? folder
                                     : arena_printf(arena, "%s/../workloads/library", data_dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *reference_library(const char *data_dir, struct arena *arena)
{
    enum { NAMES_MAX = 1000 };
    const char **names = arena_alloc(arena, NAMES_MAX + 1, sizeof *names);
    DIR *directory = opendir(library_folder(data_dir, arena));
    size_t count = 0;
    for (const struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (count < NAMES_MAX && length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0)
            names[count++] = arena_string_n(arena, entry->d_name, length - 5);
    }
    if (directory != NULL)
        closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    return names;
}

static double number_of(const cJSON *entry, const char *key)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(entry, key);
    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

/* How many processes there are at the beginning, and whether more come. */
static const char *count_processes(const cJSON *entries, struct arena *arena)
{
    double count = 0, per_core = 0;
    bool arrive = false, are_forked = false;
    for (const cJSON *entry = entries->child; entry != NULL; entry = entry->next) {
        double instances = number_of(entry, "instances");
        count += instances;
        per_core += number_of(entry, "instances_per_core");
        arrive = arrive || cJSON_HasObjectItem(entry, "arrivals");
        are_forked = are_forked || (cJSON_HasObjectItem(entry, "instances") && instances == 0);
    }
    const char *all = arena_printf(arena, "%.0f process%s", count, count == 1 ? "" : "es");
    if (per_core > 0)
        all = arena_printf(arena, "%s and %.0f a core", all, per_core);
    return arena_printf(arena, "%s%s%s", all, arrive ? ", and those that arrive" : "",
                        are_forked ? ", and those that are forked" : "");
}

const char *reference_summary(const char *name, const char *data_dir, struct arena *arena,
                              struct error *err)
{
    struct reference_file file = { .path = arena_printf(arena, "%s/%s.json",
                                                        library_folder(data_dir, arena), name) };
    const char *summary = NULL;
    if (read_library(&file, arena, err)) {
        const cJSON *root = file.source.root;
        summary =
            arena_printf(arena, "%s; scale: %s; at 1: %s",
                         cJSON_GetObjectItemCaseSensitive(root, "description")->valuestring,
                         cJSON_GetObjectItemCaseSensitive(root, "scale")->valuestring,
                         count_processes(cJSON_GetObjectItemCaseSensitive(root, "entries"), arena));
    }
    json_source_free(&file.source);
    return summary;
}

/* ---- Traces ------------------------------------------------------------------------------- */

static bool read_trace(struct reference_file *file, struct arena *arena, struct error *err)
{
    struct sched_trace trace;
    bool fine = sched_trace_read(&trace, file->path, arena, err);
    if (fine) {
        struct trace_entries all = trace_entries_group(&trace, arena);
        file->source.root = cJSON_CreateArray();
        for (uint32_t i = 0; i < all.count; i++)
            cJSON_AddItemToArray(file->source.root, trace_entry_json(&all.entries[i]));
        file->at = "";
        const char *notes = sched_trace_notes(&trace, arena);
        if (*notes != '\0')
            file->notes[file->note_count++] = notes;
    }
    sched_trace_free(&trace);
    return fine;
}

/* ---- rt-app ------------------------------------------------------------------------------- */

static bool read_rtapp(struct reference_file *file, struct arena *arena, struct error *err)
{
    struct rtapp rtapp;
    if (!rtapp_read(&rtapp, file->path, arena, err))
        return false;
    file->source.root = rtapp.entries;
    file->places = rtapp.places;
    file->at = "";
    for (uint32_t i = 0; i < rtapp.note_count; i++)
        file->notes[file->note_count++] = rtapp.notes[i];
    file->of_scenario = rtapp.of_scenario;
    return true;
}

/* ---- Kinds -------------------------------------------------------------------------------- */

static const struct reference_kind kinds[] = {
    { "library", true, read_library },
    { "trace", false, read_trace },
    { "rt-app", false, read_rtapp },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const struct reference_kind *kind_of(const struct node *element, struct node *name)
{
    for (uint32_t i = 0; i < KINDS; i++)
        if (node_get(element, kinds[i].key, name))
            return &kinds[i];
    return NULL;
}

bool reference_is(const struct node *element)
{
    struct node name;
    return kind_of(element, &name) != NULL;
}

bool reference_is_alike_written(const struct node *element)
{
    for (uint32_t i = 0; i < KINDS; i++)
        if (node_is_written(element, kinds[i].key) !=
            cJSON_HasObjectItem(element->json, kinds[i].key))
            return false;
    return true;
}

/* ---- Files -------------------------------------------------------------------------------- */

/* Where names of files lead from, with a slash at the end unless it is here: "folder", or that of
 * the file which names it.  NULL when refused. */
static const char *home_of(const struct reference_cache *cache, const struct node *element,
                           const struct node *name, struct error *err)
{
    struct arena *arena = element->document->arena;
    struct node node;
    bool is_given = node_get(element, "folder", &node);
    if (!is_given)
        node = *name;
    const char *file = document_file(node.document, node.pointer), *folder = "";
    if (file == NULL)
        file = cache->scenario_path;
    if (is_given)
        return node_string(&node, &folder, err)
                   ? arena_printf(arena, "%s/", json_beside(file, folder, arena))
                   : NULL;
    const char *slash = strrchr(file, '/');
    return slash != NULL ? arena_string_n(arena, file, (size_t)(slash - file) + 1) : "";
}

/* The path of what name, a string, calls so, from home; NULL when refused. */
static const char *find_file(const struct reference_cache *cache, const struct reference_kind *kind,
                             const struct node *name, const char *home, struct error *err)
{
    struct arena *arena = name->document->arena;
    const char *text = "";
    uint32_t index;
    if (kind->in_library) {
        const char *const *names = reference_library(cache->data_dir, arena);
        if (*names == NULL) {
            node_refuse(name, err, "unknown workload of the library %s: there is none in %s",
                        json_print_line(name->json, arena), library_folder(cache->data_dir, arena));
            return NULL;
        }
        if (!node_choice_of(name, "workload of the library", names,
                            "; `braidsim list workloads` names all", &index, err))
            return NULL;
        return arena_printf(arena, "%s/%s.json", library_folder(cache->data_dir, arena),
                            names[index]);
    }
    if (!node_string(name, &text, err))
        return NULL;
    const char *path = json_beside(home, text, arena);
    if (access(path, F_OK) == 0)
        return path;
    node_refuse(name, err, "there is no file %s; name one that there is", path);
    return NULL;
}

/* The file, read now or before; NULL when refused. */
static struct reference_file *open_file(struct reference_cache *cache,
                                        const struct reference_kind *kind, const char *path,
                                        struct arena *arena, struct error *err)
{
    struct reference_file *file;
    for (file = cache->files; file != NULL; file = file->next)
        if (strcmp(file->path, path) == 0 && strcmp(file->key, kind->key) == 0)
            return file;
    file = arena_alloc(arena, 1, sizeof *file);
    *file = (struct reference_file){ .next = cache->files, .key = kind->key, .path = path };
    cache->files = file; /* to be freed whatever happens */
    if (!kind->read(file, arena, err))
        return NULL;
    struct layer *layer = arena_alloc(arena, 1, sizeof *layer);
    bool is_json = file->source.text != NULL;
    *layer = (struct layer){ .source = is_json ? &file->source : NULL,
                             .value = file->source.root,
                             .at = "",
                             .prefix = is_json ? "" : arena_printf(arena, "%s: ", path),
                             .places = file->places };
    file->document = (struct document){
        .root = file->source.root, .layers = layer, .layer_count = 1, .arena = arena
    };
    return file;
}

/* ---- What is written ---------------------------------------------------------------------- */

/* The scenario to be written gets the entries, or, where only the name varies, the folder that
 * names lead from.  Returns the entries in it, as far as they are still to be completed. */
static cJSON *write_entries(const struct reference_cache *cache, const struct node *element,
                            const struct node *name, const char *home,
                            const struct reference_file *file)
{
    bool whole;
    struct arena *arena = name->document->arena;
    const char *pointer = document_origin(name->document, name->pointer, &whole);
    const cJSON *string = json_at(cache->written, pointer);
    if (!cJSON_IsString(string) || strcmp(string->valuestring, name->json->valuestring) != 0)
        return NULL;
    if (!whole) {
        char *folder = realpath(*home != '\0' ? home : ".", NULL);
        const char *around = document_origin(element->document, element->pointer, &whole);
        if (folder != NULL && cJSON_IsObject(json_at(cache->written, around)))
            json_put(cache->written, arena_printf(arena, "%s/folder", around),
                     cJSON_CreateString(folder));
        free(folder);
        return NULL;
    }
    const char *around = arena_string_n(arena, pointer, (size_t)(strrchr(pointer, '/') - pointer));
    cJSON *object = json_at(cache->written, around);
    if (!cJSON_IsObject(object) || cJSON_HasObjectItem(object, "entries"))
        return NULL;
    cJSON *entries = cJSON_Duplicate(json_at(file->source.root, file->at), true);
    cJSON_AddItemToObject(object, "entries", entries);
    return entries;
}

/* Entries that are written get their defaults there: a document of the entries alone, so that their
 * pointers are the same. */
static struct node entries_of(struct reference_file *file, cJSON *written)
{
    struct arena *arena = file->document.arena;
    struct document *document = arena_alloc(arena, 1, sizeof *document);
    *document = file->document;
    if (*file->at == '\0')
        document->written = written;
    return (struct node){ document, json_at(document->root, file->at), file->at };
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool read_prefix(const struct node *node, struct reference *reference, struct error *err)
{
    if (!node_string(node, &reference->prefix, err))
        return false;
    return strspn(reference->prefix, WORKLOAD_NAME_CHARACTERS) == strlen(reference->prefix) ||
           node_refuse(node, err, "must be of letters, digits, \"_\" and \"-\"");
}

bool reference_read(struct reference_cache *cache, const struct node *element,
                    struct reference *reference, struct error *err)
{
    struct node name, prefix, entries;
    const struct reference_kind *kind = kind_of(element, &name);
    CHECK(kind != NULL);
    const char *const keys[] = { kind->key, "prefix", kind->in_library ? "scale" : "entries",
                                 kind->in_library ? NULL : "folder", NULL };
    *reference = (struct reference){ .scale = 1, .prefix = "" };
    if (!node_object(element, keys, err) ||
        (node_get(element, "prefix", &prefix) && !read_prefix(&prefix, reference, err)) ||
        (kind->in_library && !member_count(element, "scale", 1, SCALE_MAX, &reference->scale, err)))
        return false;
    if (!kind->in_library && node_get(element, "entries", &entries)) {
        reference->entries = entries;
    } else {
        const char *home = home_of(cache, element, &name, err);
        const char *path = home != NULL ? find_file(cache, kind, &name, home, err) : NULL;
        struct reference_file *file =
            path != NULL ? open_file(cache, kind, path, element->document->arena, err) : NULL;
        if (file == NULL)
            return false;
        reference->entries = entries_of(
            file, kind->in_library ? NULL : write_entries(cache, element, &name, home, file));
    }
    reference->element = *element;
    return cJSON_IsArray(reference->entries.json) ||
           node_refuse(&reference->entries, err, "must be an array of entries, is %s",
                       node_type(&reference->entries));
}

/* ---- Bursts ------------------------------------------------------------------------------- */

static int compare_bursts(const void *a, const void *b)
{
    const struct burst_list *one = a, *other = b;
    if (one->count != other->count)
        return one->count < other->count ? -1 : 1;
    return one->count > 0 ? memcmp(one->ps, other->ps, one->count * sizeof *one->ps) : 0;
}

struct burst_list reference_bursts(struct reference_cache *cache, const uint64_t *ps,
                                   uint32_t count, struct arena *arena)
{
    struct burst_list wanted = { count, ps }, *const * found;
    found = tfind(&wanted, &cache->bursts, compare_bursts);
    if (found != NULL)
        return **found;
    uint64_t *copy = arena_alloc(arena, (size_t)count + 1, sizeof *copy);
    struct burst_list *list = arena_alloc(arena, 1, sizeof *list);
    memcpy(copy, ps, count * sizeof *copy);
    *list = (struct burst_list){ count, copy };
    CHECK(tsearch(list, &cache->bursts, compare_bursts) != NULL);
    return *list;
}

/* ---- Notes -------------------------------------------------------------------------------- */

const char **reference_notes(const struct reference_cache *cache, bool alone, uint32_t *count,
                             struct arena *arena)
{
    uint32_t room = 0;
    const struct reference_file *file;
    for (file = cache->files; file != NULL; file = file->next)
        room += file->note_count + 1;
    const char **notes = arena_alloc(arena, (size_t)room + 1, sizeof *notes);
    uint32_t at = room; /* files come the last one first, so notes are put from behind */
    for (file = cache->files; file != NULL; file = file->next) {
        if (file->of_scenario != NULL && !alone)
            notes[--at] = arena_printf(arena, "%s: note: %s", file->path, file->of_scenario);
        for (uint32_t i = file->note_count; i-- > 0;)
            notes[--at] = arena_printf(arena, "%s: note: %s", file->path, file->notes[i]);
    }
    *count = room - at;
    return notes + at;
}

static void keep(void *list)
{
    (void)list; /* the arena's */
}

void reference_cache_free(struct reference_cache *cache)
{
    for (struct reference_file *file = cache->files; file != NULL; file = file->next)
        json_source_free(&file->source);
    tdestroy(cache->bursts, keep);
}
