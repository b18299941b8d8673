/* rtapp_events.c -- the events of an rt-app task, one by one.
 *
 * A key is an event's when it begins with the event's name, whatever follows: run, run0, run_b.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/rtapp_parts.h"

enum { NAME_LENGTH_MOST = 100 };

enum value_kind {
    VALUE_US,
    VALUE_BYTES,
    VALUE_NAME,
    VALUE_TASK,
    VALUE_TIMER,
    VALUE_CONDITION,
    VALUE_OWN_NAME, /* of the task, when it is left out */
    VALUE_ANY
};

struct event_description {
    const char *name; /* there and here */
    enum value_kind value;
};

static const struct event_description events[] = {
    { "run", VALUE_US },         { "runtime", VALUE_US },    { "sleep", VALUE_US },
    { "timer", VALUE_TIMER },    { "lock", VALUE_NAME },     { "unlock", VALUE_NAME },
    { "wait", VALUE_CONDITION }, { "signal", VALUE_NAME },   { "broad", VALUE_NAME },
    { "sync", VALUE_CONDITION }, { "barrier", VALUE_NAME },  { "suspend", VALUE_OWN_NAME },
    { "resume", VALUE_NAME },    { "sem_post", VALUE_NAME }, { "sem_wait", VALUE_NAME },
    { "mem", VALUE_BYTES },      { "memrun", VALUE_US },     { "iorun", VALUE_BYTES },
    { "yield", VALUE_ANY },      { "fork", VALUE_TASK },
};

static const struct event_description *find_event(const char *key)
{
    const struct event_description *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        size_t length = strlen(events[i].name);
        if (length > longest && strncmp(key, events[i].name, length) == 0) {
            found = &events[i];
            longest = length;
        }
    }
    return found;
}

bool rtapp_is_event(const char *key)
{
    return find_event(key) != NULL;
}

const char *rtapp_nearest(const char *key, const char *const *properties, struct arena *arena)
{
    enum { EVENTS = sizeof events / sizeof *events };
    const char *list = "; the events are", *names[EVENTS + 1] = { NULL };
    for (size_t i = 0; i < EVENTS; i++) {
        names[i] = events[i].name;
        list = arena_printf(arena, "%s%s %s", list, i > 0 ? "," : "", events[i].name);
    }
    const char *nearest = document_nearest(key, properties, arena);
    if (*nearest == '\0')
        nearest = document_nearest(key, names, arena);
    if (*nearest != '\0')
        return nearest;
    list = arena_printf(arena, "%s, the properties", list);
    for (size_t i = 0; properties[i] != NULL; i++)
        list = arena_printf(arena, "%s%s %s", list, i > 0 ? "," : "", properties[i]);
    return list;
}

static bool is(const struct event_description *event, const char *name)
{
    return strcmp(event->name, name) == 0;
}

/* ---- Values ------------------------------------------------------------------------------- */

static bool refuse_empty(const struct node *node, const char *wanted, struct error *err)
{
    return node_refuse(node, err, "has no value; give it %s", wanted);
}

static bool read_int(const struct node *node, const char *wanted, uint64_t *value,
                     struct error *err)
{
    if (cJSON_IsNull(node->json))
        return refuse_empty(node, wanted, err);
    return node_count(node, 0, RTAPP_INT_MAX, value, err);
}

static bool read_name(const struct node *node, const char **name, struct error *err)
{
    if (cJSON_IsNull(node->json))
        return refuse_empty(node, "a name, in quotes", err);
    if (!node_string(node, name, err))
        return false;
    size_t length = strlen(*name);
    return (length > 0 && length <= NAME_LENGTH_MOST && json_is_printable(*name)) ||
           node_refuse(node, err, "must be a name of 1 to %d characters", NAME_LENGTH_MOST);
}

/* A member that has a default. */
static bool read_member(const struct node *node, const char *key, const char **name,
                        struct error *err)
{
    struct node child;
    *name = "unknown"; /* as rt-app has it */
    return !node_get(node, key, &child) || read_name(&child, name, err);
}

static void put(cJSON *phases, const char *event, cJSON *value)
{
    cJSON *phase = cJSON_CreateObject();
    CHECK(phase != NULL && value != NULL && cJSON_AddItemToObject(phase, event, value));
    CHECK(cJSON_AddItemToArray(phases, phase));
}

/* ---- Mutexes and conditions --------------------------------------------------------------- */

static bool is_held(const struct rtapp_program *program, const char *mutex)
{
    for (size_t i = program->held_count; i-- > 0;)
        if (strcmp(program->held[i], mutex) == 0)
            return true;
    return false;
}

static void note_lock(struct rtapp_program *program, const char *mutex)
{
    if (program->held_count == program->held_size) {
        size_t size = 2 * program->held_size + 8;
        const char **held = arena_alloc(program->reading->arena, size, sizeof *held);
        for (size_t i = 0; i < program->held_count; i++)
            held[i] = program->held[i];
        program->held = held;
        program->held_size = size;
    }
    program->held[program->held_count++] = mutex;
}

static void note_unlock(struct rtapp_program *program, const char *mutex)
{
    for (size_t i = program->held_count; i-- > 0;)
        if (strcmp(program->held[i], mutex) == 0) {
            program->held[i] = program->held[--program->held_count];
            return;
        }
}

static cJSON *condition_value(const char *condition, const char *mutex)
{
    cJSON *value = cJSON_CreateObject();
    CHECK(value != NULL && cJSON_AddStringToObject(value, "ref", condition) != NULL &&
          cJSON_AddStringToObject(value, "mutex", mutex) != NULL);
    return value;
}

/* rt-app's tutorial says that sync locks and unlocks the mutex; its source leaves that to the task,
 * as the examples do.  Where the mutex is held already, it is theirs. */
static bool put_condition(struct rtapp_program *program, const struct event_description *event,
                          const struct node *node, cJSON *phases, struct error *err)
{
    static const char *const keys[] = { "ref", "mutex", NULL };
    const char *condition, *mutex;
    if (cJSON_IsNull(node->json))
        return refuse_empty(node, "{ \"ref\": CONDITION, \"mutex\": MUTEX }", err);
    if (!node_object(node, keys, err) || !read_member(node, "ref", &condition, err) ||
        !read_member(node, "mutex", &mutex, err))
        return false;
    bool held = is_held(program, mutex);
    if (is(event, "wait") && !held)
        return node_refuse(node, err,
                           "waits without holding the mutex \"%s\"; have a \"lock\" of it before",
                           document_shown(mutex, program->reading->arena));
    if (is(event, "sync") && held)
        put(phases, "signal", cJSON_CreateString(condition));
    put(phases, held ? "wait" : "sync", condition_value(condition, mutex));
    return true;
}

/* ---- Others ------------------------------------------------------------------------------- */

static bool put_timer(struct rtapp_program *program, const struct node *node, cJSON *phases,
                      struct error *err)
{
    static const char *const keys[] = { "ref", "period", "mode", NULL };
    static const char *const modes[] = { "relative", "absolute", NULL };
    const char *name;
    struct node period, mode;
    uint64_t period_us = 0;
    uint32_t index = 0;
    if (cJSON_IsNull(node->json))
        return refuse_empty(node, "{ \"ref\": NAME, \"period\": US }", err);
    if (!node_object(node, keys, err) || !read_member(node, "ref", &name, err) ||
        (node_get(node, "period", &period) &&
         !read_int(&period, "a period in us", &period_us, err)) ||
        (node_get(node, "mode", &mode) && !node_choice(&mode, "mode", modes, &index, err)))
        return false;
    index = rtapp_is_absolute(program->reading, program->task, name);
    cJSON *value = cJSON_CreateObject();
    CHECK(value != NULL && cJSON_AddStringToObject(value, "ref", name) != NULL &&
          cJSON_AddNumberToObject(value, "period", (double)period_us) != NULL &&
          cJSON_AddStringToObject(value, "mode", modes[index]) != NULL);
    put(phases, "timer", value);
    program->us += (double)period_us;
    return true;
}

/* The file counts its users by the places that name it. */
static bool note_barrier(struct rtapp_program *program, const struct node *node, const char *name,
                         struct error *err)
{
    if (program->is_forked)
        return node_refuse(
            node, err,
            "needs to know how many come: it is for tasks of an \"instance\" above 0 "
            "only");
    if (cJSON_GetObjectItemCaseSensitive(program->barriers, name) != NULL)
        return node_refuse(node, err,
                           "this task has the barrier \"%s\" at another place already, and rt-app "
                           "waits for as many tasks as there are places; give each place a name",
                           document_shown(name, program->reading->arena));
    CHECK(cJSON_AddTrueToObject(program->barriers, name) != NULL);
    return true;
}

static bool put_fork(struct rtapp_program *program, const struct node *node, cJSON *phases,
                     struct error *err)
{
    const struct rtapp_reading *reading = program->reading;
    const char *name;
    if (!read_name(node, &name, err))
        return false;
    for (uint32_t i = 0; i < reading->task_count; i++)
        if (strcmp(reading->tasks[i].key, name) == 0) {
            put(phases, "fork", cJSON_CreateString(reading->tasks[i].name));
            program->forks++;
            return true;
        }
    return node_refuse(node, err, "there is no task \"%s\" to fork; name one of \"tasks\"",
                       document_shown(name, reading->arena));
}

/* The least for which a duration is to suffice: the rate of "iorun", which the scenario may set,
 * and one below that of every profile's memory.  And what is reckoned for any event: who goes round
 * for ever does so, whatever its events are. */
enum { IO_BYTES_PER_US = 1, MEM_BYTES_PER_US = 25, EVENT_US = 10 };

static bool put_number(struct rtapp_program *program, const struct event_description *event,
                       const struct node *node, cJSON *phases, struct error *err)
{
    bool bytes = event->value == VALUE_BYTES;
    uint64_t number = 0;
    if (!read_int(node, bytes ? "a number of bytes" : "a number of us", &number, err))
        return false;
    uint64_t touched = is(event, "mem")      ? number
                       : is(event, "memrun") ? program->reading->mem_buffer_bytes
                                             : 0;
    program->us += (double)number / (!bytes             ? 1
                                     : is(event, "mem") ? MEM_BYTES_PER_US
                                                        : IO_BYTES_PER_US);
    if (touched > program->mem_bytes)
        program->mem_bytes = touched;
    put(phases, event->name, cJSON_CreateNumber((double)number));
    return true;
}

/* rt-app's suspend waits at the condition of that name with the mutex of that name, and its resume
 * wakes all who do.  Where the file has others use these too, that is to be seen. */
static void put_suspension(const struct rtapp_program *program,
                           const struct event_description *event, const char *name, cJSON *phases)
{
    if (!rtapp_is_pthread(program->reading, name)) {
        put(phases, event->name, cJSON_CreateString(name));
        return;
    }
    put(phases, "lock", cJSON_CreateString(name));
    if (is(event, "suspend"))
        put(phases, "wait", condition_value(name, name));
    else
        put(phases, "broad", cJSON_CreateString(name));
    put(phases, "unlock", cJSON_CreateString(name));
}

static bool put_name(struct rtapp_program *program, const struct event_description *event,
                     const struct node *node, cJSON *phases, struct error *err)
{
    const char *name;
    if (!read_name(node, &name, err))
        return false;
    if (is(event, "barrier") && !note_barrier(program, node, name, err))
        return false;
    if (is(event, "lock"))
        note_lock(program, name);
    if (is(event, "unlock"))
        note_unlock(program, name);
    if (is(event, "resume"))
        put_suspension(program, event, name, phases);
    else
        put(phases, event->name, cJSON_CreateString(name));
    return true;
}

bool rtapp_event(struct rtapp_program *program, const struct node *node, const char *key,
                 cJSON *phases, struct error *err)
{
    const struct event_description *event = find_event(key);
    const char *name = program->task->key;
    bool is_empty = cJSON_IsNull(node->json) ||
                    (cJSON_IsString(node->json) && node->json->valuestring[0] == '\0');
    CHECK(event != NULL);
    program->us += EVENT_US;
    switch (event->value) {
    case VALUE_US:
    case VALUE_BYTES:
        return put_number(program, event, node, phases, err);
    case VALUE_NAME:
        return put_name(program, event, node, phases, err);
    case VALUE_TASK:
        return put_fork(program, node, phases, err);
    case VALUE_TIMER:
        return put_timer(program, node, phases, err);
    case VALUE_CONDITION:
        return put_condition(program, event, node, phases, err);
    case VALUE_OWN_NAME:
        if (!is_empty && !read_name(node, &name, err))
            return false;
        put_suspension(program, event, name, phases);
        return true;
    case VALUE_ANY:
        break;
    }
    put(phases, event->name, cJSON_CreateTrue());
    return true;
}
