/* rtapp_names.c -- what an rt-app file as a whole says of a name.
 *
 * A name may be used for several things at once, and where it is used first does not matter, so the
 * file is gone through before it is read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE /* tdestroy() */
#include <search.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/rtapp_parts.h"

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add(struct rtapp_reading *reading, const char *what, const char *task,
                const cJSON *name)
{
    if (cJSON_IsString(name))
        CHECK(tsearch(arena_printf(reading->arena, "%s/%s/%s", what, task, name->valuestring),
                      &reading->names, compare) != NULL);
}

static bool has(const struct rtapp_reading *reading, const char *what, const char *task,
                const char *name)
{
    const char *wanted = arena_printf(reading->arena, "%s/%s/%s", what, task, name);
    return tfind(wanted, &reading->names, compare) != NULL;
}

/* The timers whose name begins so are each thread's own. */
static const char *owner_of(const char *timer, const struct rtapp_task *task)
{
    static const char own[] = "unique";
    return strncmp(timer, own, strlen(own)) == 0 ? task->key : "";
}

static void note_event(struct rtapp_reading *reading, const struct rtapp_task *task,
                       const cJSON *event)
{
    static const char *const pthread[] = { "lock", "unlock", "signal", "broad", NULL };
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(event, "ref");
    const cJSON *mode = cJSON_GetObjectItemCaseSensitive(event, "mode");
    for (uint32_t i = 0; pthread[i] != NULL; i++)
        if (strncmp(event->string, pthread[i], strlen(pthread[i])) == 0)
            add(reading, "pthread", "", event);
    if (!cJSON_IsObject(event))
        return;
    add(reading, "pthread", "", name);
    add(reading, "pthread", "", cJSON_GetObjectItemCaseSensitive(event, "mutex"));
    if (cJSON_IsString(name) && cJSON_IsString(mode) && strcmp(mode->valuestring, "absolute") == 0)
        add(reading, "absolute", owner_of(name->valuestring, task), name);
}

void rtapp_names(struct rtapp_reading *reading)
{
    for (uint32_t i = 0; i < reading->task_count; i++) {
        const struct rtapp_task *task = &reading->tasks[i];
        const cJSON *member, *event, *phases;
        cJSON_ArrayForEach(member, task->node.json) note_event(reading, task, member);
        phases = cJSON_GetObjectItemCaseSensitive(task->node.json, "phases");
        cJSON_ArrayForEach(member, phases) cJSON_ArrayForEach(event, member)
        {
            if (event->string != NULL)
                note_event(reading, task, event);
        }
    }
}

bool rtapp_is_pthread(const struct rtapp_reading *reading, const char *name)
{
    return has(reading, "pthread", "", name);
}

bool rtapp_is_absolute(const struct rtapp_reading *reading, const struct rtapp_task *task,
                       const char *timer)
{
    return has(reading, "absolute", owner_of(timer, task), timer);
}

static void keep(void *name)
{
    (void)name; /* the arena's */
}

void rtapp_names_free(struct rtapp_reading *reading)
{
    tdestroy(reading->names, keep);
    reading->names = NULL;
}
