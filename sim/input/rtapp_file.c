/* rtapp_file.c -- see rtapp_file.h.
 *
 * Test: tests/unit/rtapp.c, tests/rtapp/.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/rtapp_file.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/relaxed.h"
#include "sim/input/rtapp_parts.h"
#include "workloads/workload.h"

enum { EVENTS_MAX = 4096 /* of a task */, NAME_MAX_LENGTH = 40, INSTANCES_MAX = 1000000 };

void rtapp_note(struct rtapp_reading *reading, const char **list, const char *name)
{
    if (strstr(*list, name) == NULL)
        *list = arena_printf(reading->arena, "%s%s%s", *list, **list != '\0' ? ", " : "", name);
}

/* ---- What is not read --------------------------------------------------------------------- */

struct unsupported {
    const char *key, *why;
};

static const struct unsupported task_unsupported[] = {
    { "nodes_membind", "memory nodes are not simulated; leave it out" },
    { "taskgroup", "task groups are not simulated; leave it out" },
    { "util_min", "clamps of utilisation are not simulated; leave it out" },
    { "util_max", "clamps of utilisation are not simulated; leave it out" },
    { NULL, NULL },
};

static const struct unsupported phase_unsupported[] = {
    { "policy", "a change of policy from phase to phase is not simulated; give the task one" },
    { "priority", "a change of priority from phase to phase is not simulated; give the task one" },
    { "dl-runtime", "a change of policy from phase to phase is not simulated; give the task one" },
    { "dl-period", "a change of policy from phase to phase is not simulated; give the task one" },
    { "dl-deadline", "a change of policy from phase to phase is not simulated; give the task one" },
    { NULL, NULL },
};

static const char *const task_keys[] = { "instance",  "delay",       "loop", "phases",
                                         "policy",    "priority",    "cpus", "dl-runtime",
                                         "dl-period", "dl-deadline", NULL };
/* Of a task of SCHED_DEADLINE; its "runtime" may be a property too, but is an event's name. */
static const char *const deadline_keys[] = { "period", "deadline", NULL };
static const char *const phase_keys[] = { "loop", "cpus", NULL };

/* A task as rt-app had them before events: "exec" at times "period". */
static const char *const old_keys[] = { "exec", "lock_order", "resources", NULL };

static bool is_among(const char *key, const char *const *keys)
{
    while (*keys != NULL && strcmp(*keys, key) != 0)
        keys++;
    return *keys != NULL;
}

static bool is_property(const struct rtapp_task *task, const char *key, const char *const *keys)
{
    bool is_old = keys == task_keys && task->policy == RTAPP_DEADLINE;
    return is_among(key, keys) || (is_old && is_among(key, deadline_keys));
}

static const char *why_not(const char *key, const struct unsupported *list)
{
    while (list->key != NULL && strcmp(list->key, key) != 0)
        list++;
    return list->why;
}

static bool refuse_key(const struct node *object, const char *key, const char *const *keys,
                       const struct unsupported *others, struct error *err)
{
    struct arena *arena = object->document->arena;
    const char *place =
        document_place(object->document, json_pointer_add(object->pointer, key, arena), true);
    const char *why = why_not(key, task_unsupported);
    why = why != NULL || others == NULL ? why : why_not(key, others);
    if (why != NULL)
        return error_set(err, place, "%s", why);
    for (; *keys != NULL; keys++) {
        size_t length = strlen(*keys);
        if (strncmp(key, *keys, length) == 0 &&
            strspn(key + length, "0123456789") == strlen(key + length))
            return error_set(err, place,
                             "\"%s\" is there twice, or carries a number, which is for events; "
                             "keep one",
                             *keys);
    }
    return error_set(err, place,
                     "\"%s\" is neither an event nor a property; the events are run, runtime, "
                     "sleep, timer, lock, unlock, wait, signal, broad, sync, barrier, suspend, "
                     "resume, sem_post, sem_wait, mem, memrun, iorun, yield, fork",
                     document_shown(key, arena));
}

/* ---- Phases ------------------------------------------------------------------------------- */

/* -1 or at least 1. */
static bool read_loop(const struct node *node, double *loop, struct error *err)
{
    struct node child;
    if (!node_get(node, "loop", &child))
        return true;
    if (!node_number(&child, -1, RTAPP_INT_MAX, loop, err))
        return false;
    return (*loop == -1 || (*loop >= 1 && *loop == (double)(int)*loop)) ||
           node_refuse(&child, err, "must be a whole number of at least 1, or -1 (for ever), is %g",
                       *loop);
}

static struct node member_of(const struct node *object, const cJSON *child)
{
    return (
        struct node){ object->document, child,
                      json_pointer_add(object->pointer, child->string, object->document->arena) };
}

/* All events of a phase, or of a task without phases, in order. */
static bool read_events(struct rtapp_program *program, const struct node *node,
                        const char *const *keys, cJSON *events, struct error *err)
{
    const struct unsupported *others = keys == phase_keys ? phase_unsupported : NULL;
    const cJSON *child;
    if (!cJSON_IsObject(node->json))
        return node_refuse(node, err, "must be an object, is %s", node_type(node));
    if (cJSON_GetArraySize(node->json) > EVENTS_MAX)
        return node_refuse(node, err, "has %d members; at most %d may be",
                           cJSON_GetArraySize(node->json), EVENTS_MAX);
    cJSON_ArrayForEach(child, node->json)
    {
        struct node event = member_of(node, child);
        if (is_property(program->task, child->string, keys))
            continue;
        if (!rtapp_is_event(child->string))
            return refuse_key(node, child->string, keys, others, err);
        if (!rtapp_event(program, &event, child->string, events, err))
            return false;
    }
    return cJSON_GetArraySize(events) > 0 ||
           node_refuse(node, err, "has no events; add some, such as \"run\": 1000");
}

/* Moves all elements of from, which is deleted. */
static void splice(cJSON *to, cJSON *from)
{
    while (from->child != NULL)
        CHECK(cJSON_AddItemToArray(to, cJSON_DetachItemViaPointer(from, from->child)));
    cJSON_Delete(from);
}

/* A phase is a group, but for one that goes through its events once, wherever the task may run. */
static bool read_phase(struct rtapp_program *program, const struct node *node, cJSON *phases,
                       struct error *err)
{
    double loop = 1;
    cJSON *group = cJSON_CreateObject();
    cJSON *events = cJSON_AddArrayToObject(group, "phases");
    CHECK(events != NULL);
    bool fine = read_events(program, node, phase_keys, events, err) &&
                read_loop(node, &loop, err) && rtapp_cpus(program->reading, node, group, err);
    if (!fine) {
        cJSON_Delete(group);
    } else if (loop == 1 && cJSON_GetObjectItemCaseSensitive(group, "cpus") == NULL) {
        splice(phases, cJSON_DetachItemViaPointer(group, events));
        cJSON_Delete(group);
    } else {
        CHECK(cJSON_AddNumberToObject(group, "loop", loop) != NULL);
        CHECK(cJSON_AddItemToArray(phases, group));
    }
    return fine;
}

/* Beside phases a task has no events of its own: rt-app would never run them. */
static bool check_members(const struct rtapp_task *task, struct error *err)
{
    const struct node *node = &task->node;
    const cJSON *child;
    cJSON_ArrayForEach(child, node->json)
    {
        bool is_budget = task->policy == RTAPP_DEADLINE && strcmp(child->string, "runtime") == 0;
        struct node event = member_of(node, child);
        if (is_property(task, child->string, task_keys) || is_budget)
            continue;
        if (!rtapp_is_event(child->string))
            return refuse_key(node, child->string, task_keys, NULL, err);
        return node_refuse(&event, err,
                           "is an event beside \"phases\", where it would never run; put it into a "
                           "phase");
    }
    return true;
}

static bool read_phases(struct rtapp_program *program, cJSON *phases, struct error *err)
{
    const struct rtapp_task *task = program->task;
    struct node node;
    const cJSON *child;
    if (!node_get(&task->node, "phases", &node))
        return read_events(program, &task->node, task_keys, phases, err);
    if (!check_members(task, err))
        return false;
    if (!cJSON_IsObject(node.json) || cJSON_GetArraySize(node.json) == 0)
        return node_refuse(&node, err, "must be an object of at least one phase, is %s",
                           cJSON_IsObject(node.json) ? "empty" : node_type(&node));
    if (cJSON_GetArraySize(node.json) > EVENTS_MAX)
        return node_refuse(&node, err, "has %d phases; at most %d may be",
                           cJSON_GetArraySize(node.json), EVENTS_MAX);
    cJSON_ArrayForEach(child, node.json)
    {
        struct node phase = member_of(&node, child);
        if (!read_phase(program, &phase, phases, err))
            return false;
        if (cJSON_GetArraySize(phases) > EVENTS_MAX)
            return node_refuse(&phase, err, "the task has more than %d events", EVENTS_MAX);
    }
    return true;
}

/* ---- Tasks -------------------------------------------------------------------------------- */

static bool check_old(const struct rtapp_reading *reading, const struct rtapp_task *task,
                      bool is_fragment, struct error *err)
{
    const cJSON *child;
    cJSON_ArrayForEach(child, task->node.json)
    {
        struct node node = member_of(&task->node, child);
        if (!is_among(child->string, old_keys))
            continue;
        return node_refuse(
            &node, err,
            "%sthe task \"%s\" is in the grammar of rt-app's first versions, of \"exec\", "
            "\"period\" and \"lock_order\", which rt-app 1.0 understands no longer; write what it does "
            "as events (run, lock, unlock, wait, signal, timer)",
            is_fragment ? "is of a fragment for rt-app's merge.py, which joins files of tasks, "
                          "resources and global into one; and "
                        : "",
            document_shown(task->key, reading->arena));
    }
    return true;
}

/* Names of entries are letters, digits, "_" and "-". */
static const char *entry_name(struct rtapp_reading *reading, uint32_t index)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *key = reading->tasks[index].key;
    size_t length = strlen(key);
    if (length > 0 && length <= NAME_MAX_LENGTH && strspn(key, allowed) == length)
        return key;
    char *name = arena_string_n(reading->arena, key, length < 32 ? length : 32);
    for (char *at = name; *at != '\0'; at++)
        if (strchr(allowed, *at) == NULL)
            *at = '_';
    if (*name == '\0')
        name = arena_string(reading->arena, "_");
    const char *unique = name;
    uint32_t number = 1, i = 0;
    while (i < reading->task_count) {
        const struct rtapp_task *other = &reading->tasks[i++];
        if (strcmp(i <= index ? other->name : other->key, unique) == 0 && i - 1 != index) {
            unique = arena_printf(reading->arena, "%s-%u", name, number++);
            i = 0;
        }
    }
    rtapp_note(
        reading, &reading->renamed,
        arena_printf(reading->arena, "\"%s\" is %s", document_shown(key, reading->arena), unique));
    return unique;
}

static void put_working_set(const struct rtapp_program *program, cJSON *entry)
{
    uint64_t bytes = program->mem_bytes, buffer = program->reading->mem_buffer_bytes;
    bytes = bytes < buffer ? bytes : buffer; /* rt-app writes to it again and again */
    if (bytes > 0)
        CHECK(cJSON_AddNumberToObject(entry, "working_set_kb", (double)((bytes + 1023) / 1024)) !=
              NULL);
}

static bool read_task(struct rtapp_reading *reading, const struct rtapp_task *task, cJSON *entry,
                      struct error *err)
{
    struct rtapp_program program = { .reading = reading, .task = task };
    const struct node *node = &task->node;
    struct node child;
    uint64_t instances = 1, delay_us = 0;
    double loop = -1;
    if ((node_get(node, "instance", &child) &&
         !node_count(&child, 0, INSTANCES_MAX, &instances, err)) ||
        (node_get(node, "delay", &child) &&
         !node_count(&child, 0, RTAPP_INT_MAX, &delay_us, err)) ||
        !read_loop(node, &loop, err))
        return false;
    CHECK(cJSON_AddStringToObject(entry, "name", task->name) != NULL);
    CHECK(cJSON_AddNumberToObject(entry, "instances", (double)instances) != NULL);
    if (delay_us > 0)
        CHECK(cJSON_AddNumberToObject(entry, "start_us", (double)delay_us) != NULL);
    if (!rtapp_attributes(reading, task, entry, err) || !rtapp_cpus(reading, node, entry, err))
        return false;
    if (loop != -1)
        CHECK(cJSON_AddNumberToObject(entry, "loop", loop) != NULL);
    cJSON *phases = cJSON_CreateArray();
    program.barriers = cJSON_CreateObject();
    CHECK(phases != NULL && program.barriers != NULL);
    bool fine = read_phases(&program, phases, err);
    put_working_set(&program, entry);
    CHECK(cJSON_AddItemToObject(entry, "phases", phases));
    cJSON_Delete(program.barriers);
    return fine;
}

static bool list_tasks(struct rtapp_reading *reading, const struct node *tasks, bool is_fragment,
                       struct error *err)
{
    const cJSON *child;
    uint32_t count = 0;
    if (!cJSON_IsObject(tasks->json) || cJSON_GetArraySize(tasks->json) == 0)
        return node_refuse(tasks, err, "must be an object of at least one task, is %s",
                           cJSON_IsObject(tasks->json) ? "empty" : node_type(tasks));
    if (cJSON_GetArraySize(tasks->json) > WORKLOAD_MAX)
        return node_refuse(tasks, err, "are %d tasks; at most %d may be",
                           cJSON_GetArraySize(tasks->json), WORKLOAD_MAX);
    reading->task_count = (uint32_t)cJSON_GetArraySize(tasks->json);
    reading->tasks = arena_alloc(reading->arena, reading->task_count, sizeof *reading->tasks);
    cJSON_ArrayForEach(child, tasks->json)
    {
        struct rtapp_task *task = &reading->tasks[count++];
        task->key = arena_string(reading->arena, child->string);
        task->node = member_of(tasks, child);
        if (!cJSON_IsObject(child))
            return node_refuse(&task->node, err, "must be an object, a task, is %s",
                               node_type(&task->node));
        if (!check_old(reading, task, is_fragment, err) || !rtapp_policy(reading, task, err))
            return false;
    }
    for (uint32_t i = 0; i < reading->task_count; i++)
        reading->tasks[i].name = entry_name(reading, i);
    return true;
}

/* ---- The other objects -------------------------------------------------------------------- */

enum global_type { INTEGER, STRING, BOOLEAN, INTEGER_OR_STRING, BOOLEAN_OR_STRING };

static const char *const type_names[] = { "a number", "a string", "true or false",
                                          "a number or a string", "true, false or a string" };

struct global_description {
    const char *key;
    enum global_type type;
    bool matters;
};

static const struct global_description globals[] = {
    { "duration", INTEGER, true },
    { "default_policy", STRING, true },
    { "pi_enabled", BOOLEAN, true },
    { "mem_buffer_size", INTEGER, true },
    { "calibration", INTEGER_OR_STRING, false },
    { "lock_pages", BOOLEAN, false },
    { "logdir", STRING, false },
    { "log_basename", STRING, false },
    { "log_size", INTEGER_OR_STRING, false },
    { "ftrace", BOOLEAN_OR_STRING, false },
    { "gnuplot", BOOLEAN, false },
    { "io_device", STRING, false },
    { "cumulative_slack", BOOLEAN, false },
    { "frag", INTEGER, false },
};

enum { GLOBALS = sizeof globals / sizeof *globals };

static bool check_global(struct rtapp_reading *reading, const struct node *node,
                         const struct global_description *global, struct error *err)
{
    const cJSON *json = node->json;
    bool or_string = global->type >= INTEGER_OR_STRING;
    bool fine = global->type == STRING || (or_string && cJSON_IsString(json)) ? cJSON_IsString(json)
                : global->type == BOOLEAN || global->type == BOOLEAN_OR_STRING
                    ? cJSON_IsBool(json)
                    : cJSON_IsNumber(json);
    if (!fine)
        return node_refuse(node, err, "must be %s, is %s", type_names[global->type],
                           node_type(node));
    if (!global->matters)
        rtapp_note(reading, &reading->ignored, arena_printf(reading->arena, "\"%s\"", global->key));
    return true;
}

static bool read_duration(struct rtapp_reading *reading, const struct node *node, struct error *err)
{
    double duration_s;
    if (!node_number(node, -1, 100000, &duration_s, err))
        return false;
    if (duration_s != (double)(int)duration_s)
        return node_refuse(node, err, "must be a whole number of seconds, or -1, is %g",
                           duration_s);
    reading->rtapp->duration_s = duration_s > 0 ? duration_s : 0;
    return true;
}

static bool read_global(struct rtapp_reading *reading, const struct node *root, struct error *err)
{
    const char *keys[GLOBALS + 1] = { NULL };
    struct node global, node;
    uint32_t policy = RTAPP_OTHER;
    for (uint32_t i = 0; i < GLOBALS; i++)
        keys[i] = globals[i].key;
    if (!node_get(root, "global", &global))
        return true;
    if (!node_object(&global, keys, err))
        return false;
    for (uint32_t i = 0; i < GLOBALS; i++)
        if (node_get(&global, globals[i].key, &node) &&
            !check_global(reading, &node, &globals[i], err))
            return false;
    if ((node_get(&global, "duration", &node) && !read_duration(reading, &node, err)) ||
        (node_get(&global, "default_policy", &node) &&
         !node_choice(&node, "policy", rtapp_policy_names, &policy, err)) ||
        (node_get(&global, "mem_buffer_size", &node) &&
         !node_count(&node, 1, RTAPP_INT_MAX, &reading->mem_buffer_bytes, err)))
        return false;
    reading->default_policy = (enum rtapp_policy)policy;
    if (node_get(&global, "duration", &node))
        rtapp_note(reading, &reading->of_scenario, "\"duration\" (by duration_ms)");
    reading->rtapp->inherits = node_get(&global, "pi_enabled", &node) && cJSON_IsTrue(node.json);
    if (reading->rtapp->inherits)
        rtapp_note(reading, &reading->of_scenario,
                   "\"pi_enabled\" (by priority_inheritance in resources)");
    return true;
}

/* They come to be where they are named, so this says nothing; rt-app keeps it for old files. */
static bool read_resources(struct rtapp_reading *reading, const struct node *root,
                           struct error *err)
{
    static const char *const types[] = { "mutex", "wait",  "signal",  "broadcast", "sync",
                                         "timer", "sleep", "run",     "suspend",   "resume",
                                         "mem",   "iorun", "barrier", NULL };
    struct node resources, type;
    const cJSON *child;
    uint32_t index;
    if (!node_get(root, "resources", &resources))
        return true;
    if (!cJSON_IsObject(resources.json))
        return node_refuse(&resources, err, "must be an object, is %s", node_type(&resources));
    cJSON_ArrayForEach(child, resources.json)
    {
        struct node resource = member_of(&resources, child);
        if (!cJSON_IsObject(child))
            return node_refuse(&resource, err, "must be an object, a resource, is %s",
                               node_type(&resource));
        if (node_get(&resource, "type", &type) &&
            !node_choice(&type, "type of resource", types, &index, err))
            return false;
    }
    rtapp_note(reading, &reading->ignored, "\"resources\"");
    return true;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static void add_note(struct rtapp_reading *reading, const char *before, const char *list)
{
    struct rtapp *rtapp = reading->rtapp;
    if (*list != '\0')
        rtapp->notes[rtapp->note_count++] = arena_printf(reading->arena, "%s%s", before, list);
}

static bool read_root(struct rtapp_reading *reading, const struct node *root, struct error *err)
{
    static const char *const keys[] = { "tasks", "global", "resources", NULL };
    struct node tasks, other;
    if (!node_object(root, keys, err))
        return false;
    bool is_fragment = !node_get(root, "global", &other);
    if (!node_get(root, "tasks", &tasks))
        return node_refuse(root, err,
                           "there are no \"tasks\": this is a fragment for rt-app's merge.py, "
                           "which joins files of tasks, resources and global into one; run what it "
                           "writes");
    if (!read_global(reading, root, err) || !list_tasks(reading, &tasks, is_fragment, err) ||
        !read_resources(reading, root, err))
        return false;
    for (uint32_t i = 0; i < reading->task_count; i++) {
        cJSON *entry = cJSON_CreateObject();
        CHECK(entry != NULL && cJSON_AddItemToArray(reading->rtapp->entries, entry));
        if (!read_task(reading, &reading->tasks[i], entry, err))
            return false;
    }
    add_note(reading, "without meaning in a simulation, and left out: ", reading->ignored);
    add_note(reading, "names are changed: ", reading->renamed);
    add_note(reading, "simulated alike: ", reading->policies);
    if (*reading->of_scenario != '\0')
        reading->rtapp->of_scenario =
            arena_printf(reading->arena, "left to the scenario: %s", reading->of_scenario);
    return true;
}

const char *rtapp_scenario(const struct rtapp *rtapp, const char *path, struct arena *arena)
{
    enum { CORES_LEAST = 2, DURATION_S = 10 };
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    const char *policy = rtapp->has_deadline ? "edf" : rtapp->has_realtime ? "priority" : "fair";
    const char *suffix = strrchr(file, '.');
    char *name = arena_string(arena, file);
    if (suffix != NULL && suffix > file)
        name[suffix - file] = '\0';
    cJSON *scenario = cJSON_CreateObject();
    cJSON_AddStringToObject(scenario, "name", name);
    cJSON_AddNumberToObject(scenario, "replications", 1);
    cJSON_AddNumberToObject(scenario, "duration_ms",
                            1000 * (rtapp->duration_s > 0 ? rtapp->duration_s : DURATION_S));
    cJSON *machine = cJSON_AddObjectToObject(scenario, "machine");
    cJSON_AddStringToObject(machine, "cpu", "skylake-i7-6700");
    cJSON_AddNumberToObject(machine, "cores",
                            rtapp->cores > CORES_LEAST ? rtapp->cores : CORES_LEAST);
    cJSON *scheduler = cJSON_AddObjectToObject(scenario, "scheduler");
    cJSON_AddStringToObject(scheduler, "policy", policy);
    cJSON_AddStringToObject(scheduler, "tori", "per_core");
    if (rtapp->inherits)
        cJSON_AddTrueToObject(cJSON_AddObjectToObject(scenario, "resources"),
                              "priority_inheritance");
    cJSON *reference = cJSON_CreateObject();
    cJSON_AddStringToObject(reference, "rt-app", file);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(scenario, "workload"), reference);
    const char *text = json_print(scenario, arena);
    cJSON_Delete(scenario);
    return text;
}

bool rtapp_parse(struct rtapp *rtapp, const char *name, const char *text, size_t length,
                 struct arena *arena, struct error *err)
{
    struct rtapp_reading reading = { .arena = arena,
                                     .rtapp = rtapp,
                                     .mem_buffer_bytes = 4194304,
                                     .ignored = "",
                                     .renamed = "",
                                     .policies = "",
                                     .of_scenario = "" };
    struct json_source source;
    *rtapp = (struct rtapp){ 0 };
    if (!relaxed_parse(&source, name, text, length, arena, err))
        return false;
    struct layer layer = { &source, source.root, "", "", NULL };
    struct document document = { source.root, &layer, 1, arena, NULL, NULL };
    struct node root = document_node(&document);
    rtapp->entries = cJSON_CreateArray();
    CHECK(rtapp->entries != NULL);
    bool fine = read_root(&reading, &root, err);
    json_source_free(&source);
    if (fine)
        return true;
    cJSON_Delete(rtapp->entries);
    rtapp->entries = NULL;
    return false;
}

bool rtapp_read(struct rtapp *rtapp, const char *path, struct arena *arena, struct error *err)
{
    size_t length;
    char *text = json_file(path, &length, arena, err);
    if (text == NULL)
        return false;
    bool fine = rtapp_parse(rtapp, arena_string(arena, path), text, length, arena, err);
    free(text);
    return fine;
}
