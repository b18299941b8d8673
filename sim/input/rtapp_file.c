/* rtapp_file.c -- see rtapp_file.h.
 *
 * Test: tests/unit/rtapp.c, tests/rtapp/.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/rtapp_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/relaxed.h"
#include "sim/input/rtapp_parts.h"
#include "workloads/workload.h"

enum {
    EVENTS_MAX = 4096 /* of a task */,
    NAME_MAX_LENGTH = 40,
    INSTANCES_MAX = 65536,
    LOOPS_MAX = 1000000000
};

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

bool rtapp_again(const struct node *object, const char *key, const char *const *keys,
                 struct error *err)
{
    struct arena *arena = object->document->arena;
    for (; *keys != NULL; keys++) {
        size_t length = strlen(*keys);
        if (strncmp(key, *keys, length) == 0 && key[length] != '\0' &&
            strspn(key + length, "0123456789") == strlen(key + length))
            return error_set(err,
                             document_place(object->document,
                                            json_pointer_add(object->pointer, key, arena), true),
                             "\"%s\" is there twice, or carries a number, which is for events; "
                             "keep one",
                             *keys);
    }
    return true;
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
    return rtapp_again(object, key, keys, err) &&
           error_set(err, place, "\"%s\" is neither an event nor a property%s",
                     document_shown(key, arena), rtapp_nearest(key, keys, arena));
}

/* ---- Phases ------------------------------------------------------------------------------- */

/* -1 or at least 1. */
static bool read_loop(const struct node *node, double *loop, struct error *err)
{
    struct node child;
    if (!node_get(node, "loop", &child))
        return true;
    if (!node_number(&child, -1, LOOPS_MAX, loop, err))
        return false;
    return (*loop == -1 || (*loop >= 1 && *loop == (double)(int)*loop)) ||
           node_refuse(&child, err, "must be a whole number of at least 1, or -1 (for ever), is %g",
                       *loop);
}

struct node rtapp_member(const struct node *object, const cJSON *child)
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
        struct node event = rtapp_member(node, child);
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

/* What so many rounds of it come to. */
static double times(double amount, double loop)
{
    return amount == 0 ? 0 : loop == -1 ? (double)INFINITY : loop * amount;
}

/* A phase is a group, but for one that goes through its events once, wherever the task may run. */
static bool read_phase(struct rtapp_program *program, const struct node *node, cJSON *phases,
                       struct error *err)
{
    double loop = 1, before_us = program->us, forks_before = program->forks;
    cJSON *group = cJSON_CreateObject();
    cJSON *events = cJSON_AddArrayToObject(group, "phases");
    CHECK(events != NULL);
    bool fine = read_events(program, node, phase_keys, events, err) &&
                read_loop(node, &loop, err) && rtapp_cpus(program->reading, node, group, err);
    program->us = before_us + times(program->us - before_us, loop);
    program->forks = forks_before + times(program->forks - forks_before, loop);
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
        struct node event = rtapp_member(node, child);
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
        struct node phase = rtapp_member(&node, child);
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
        struct node node = rtapp_member(&task->node, child);
        if (!is_among(child->string, old_keys))
            continue;
        return node_refuse(
            &node, err,
            "%sthe task \"%s\" is in the grammar of rt-app's first versions, of \"exec\", "
            "\"period\" and \"lock_order\", which rt-app 1.0 understands no longer; write what it "
            "does "
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
    program.is_forked = instances == 0;
    CHECK(phases != NULL && program.barriers != NULL);
    bool fine = read_phases(&program, phases, err);
    put_working_set(&program, entry);
    reading->rtapp->work_us += (double)delay_us;
    double us = times(program.us, loop);
    reading->rtapp->work_us += us * (double)(instances > 0 ? instances : 1);
    reading->longest_us = fmax(reading->longest_us, us);
    reading->forks += instances > 0 ? times(program.forks, loop) * (double)instances
                                    : times(program.forks, -1); /* nobody knows how often */
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
        task->node = rtapp_member(tasks, child);
        if (!cJSON_IsObject(child))
            return node_refuse(&task->node, err, "must be an object, a task, is %s",
                               node_type(&task->node));
        if (!check_old(reading, task, is_fragment, err) || !rtapp_policy(reading, task, err))
            return false;
    }
    rtapp_names(reading);
    for (uint32_t i = 0; i < reading->task_count; i++)
        reading->tasks[i].name = entry_name(reading, i);
    return true;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static void add_note(struct rtapp_reading *reading, const char *before, const char *list)
{
    struct rtapp *rtapp = reading->rtapp;
    if (*list != '\0')
        rtapp->notes[rtapp->note_count++] = arena_printf(reading->arena, "%s%s", before, list);
}

/* What the policy that the classes ask for does not do, which Linux has a policy each for. */
static const char *mixed_classes(const struct rtapp_reading *reading)
{
    const struct rtapp *rtapp = reading->rtapp;
    if (rtapp->has_deadline && (rtapp->has_realtime || reading->has_weights))
        return "edf, all but SCHED_DEADLINE take turns in what is left, whatever their priority";
    if (rtapp->has_realtime && reading->has_weights)
        return "priority, SCHED_OTHER's tasks take turns, whatever their nice value";
    return "";
}

static bool read_root(struct rtapp_reading *reading, const struct node *root, struct error *err)
{
    static const char *const keys[] = { "tasks", "global", "resources", NULL };
    struct node tasks, other;
    const cJSON *child;
    cJSON_ArrayForEach(child, root->json)
    {
        if (!rtapp_again(root, child->string, keys, err))
            return false;
    }
    if (!node_object(root, keys, err))
        return false;
    bool is_fragment = !node_get(root, "global", &other);
    if (!node_get(root, "tasks", &tasks))
        return node_refuse(root, err,
                           "there are no \"tasks\": this is a fragment for rt-app's merge.py, "
                           "which joins files of tasks, resources and global into one; run what it "
                           "writes");
    if (!rtapp_global(reading, root, err) || !list_tasks(reading, &tasks, is_fragment, err) ||
        !rtapp_resources(reading, root, err))
        return false;
    const char **places = arena_alloc(reading->arena, reading->task_count, sizeof *places);
    reading->rtapp->places = places;
    for (uint32_t i = 0; i < reading->task_count; i++) {
        cJSON *entry = cJSON_CreateObject();
        const struct node *task = &reading->tasks[i].node;
        places[i] = document_place(task->document, task->pointer, false);
        CHECK(entry != NULL && cJSON_AddItemToArray(reading->rtapp->entries, entry));
        if (!read_task(reading, &reading->tasks[i], entry, err))
            return false;
    }
    if (reading->forks > 0)
        reading->rtapp->work_us += reading->forks * reading->longest_us;
    add_note(reading, "without meaning in a simulation, and left out: ", reading->ignored);
    add_note(reading, "names are changed: ", reading->renamed);
    add_note(reading, "simulated alike: ", reading->policies);
    add_note(reading, "one policy serves all classes: under ", mixed_classes(reading));
    if (*reading->of_scenario != '\0')
        reading->rtapp->of_scenario =
            arena_printf(reading->arena, "left to the scenario: %s", reading->of_scenario);
    return true;
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
    struct layer layer = { .source = &source, .value = source.root, .at = "", .prefix = "" };
    struct document document = { source.root, &layer, 1, arena, NULL, NULL };
    struct node root = document_node(&document);
    rtapp->entries = cJSON_CreateArray();
    CHECK(rtapp->entries != NULL);
    bool fine = read_root(&reading, &root, err);
    rtapp_names_free(&reading);
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
