/* rtapp_policy.c -- who runs first, how much, and where: "policy", "priority", "dl-*", "cpus".
 *
 * Nice values are weights as in Linux (workloads/nice.h), and so is SCHED_IDLE: WEIGHT_IDLEPRIO in
 * kernel/sched/sched.h.
 * Priorities 1 to 99 of SCHED_RR and SCHED_FIFO keep their order on the levels -35 to 63 that our
 * priority policies have at the top, and what is below in Linux is below here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/rtapp_parts.h"
#include "workloads/nice.h"

enum { IDLE_WEIGHT = 3 };
enum { REALTIME_MOST = 99, REALTIME_DEFAULT = 10, LEVEL_MOST = 63 };
enum { OTHER_LEVEL = -63, IDLE_LEVEL = -64 };

const char *const rtapp_policy_names[] = { "SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE",
                                           "SCHED_RR",    "SCHED_FIFO",  "SCHED_DEADLINE",
                                           NULL };

static void put_number(cJSON *object, const char *key, double number)
{
    CHECK(cJSON_AddNumberToObject(object, key, number) != NULL);
}

bool rtapp_policy(struct rtapp_reading *reading, struct rtapp_task *task, struct error *err)
{
    struct node node;
    uint32_t index = reading->default_policy;
    if (node_get(&task->node, "policy", &node) &&
        !node_choice(&node, "policy", rtapp_policy_names, &index, err))
        return false;
    task->policy = (enum rtapp_policy)index;
    reading->rtapp->has_realtime |= task->policy == RTAPP_RR || task->policy == RTAPP_FIFO;
    reading->rtapp->has_deadline |= task->policy == RTAPP_DEADLINE;
    if (task->policy == RTAPP_BATCH)
        rtapp_note(reading, &reading->policies, "SCHED_BATCH as SCHED_OTHER");
    if (task->policy == RTAPP_FIFO)
        rtapp_note(reading, &reading->policies, "SCHED_FIFO as SCHED_RR, by time slices");
    return true;
}

/* ---- Reservations ------------------------------------------------------------------------- */

/* "dl-runtime" and so on, or without "dl-" as before. */
static bool read_us(const struct node *task, const char *key, uint64_t fallback_us, uint64_t *us,
                    struct node *node, struct error *err)
{
    *us = fallback_us;
    *node = *task;
    if (!node_get(task, key, node) && !node_get(task, key + strlen("dl-"), node))
        return true;
    return node_count(node, 1, RTAPP_INT_MAX, us, err);
}

static bool put_reservation(const struct rtapp_task *task, cJSON *entry, struct error *err)
{
    enum { PERIOD_MOST = 4000000 };
    const struct node *node = &task->node;
    struct node runtime, period, deadline;
    uint64_t runtime_us, period_us, deadline_us;
    if (!read_us(node, "dl-runtime", 0, &runtime_us, &runtime, err) ||
        !read_us(node, "dl-period", runtime_us, &period_us, &period, err) ||
        !read_us(node, "dl-deadline", period_us, &deadline_us, &deadline, err))
        return false;
    if (runtime_us == 0)
        return node_refuse(&runtime, err,
                           "is of SCHED_DEADLINE without \"dl-runtime\"; add it, in us");
    if (period_us > PERIOD_MOST)
        return node_refuse(&period, err,
                           "a period of %ju us is more than can be simulated, which is %d",
                           (uintmax_t)period_us, PERIOD_MOST);
    if (runtime_us > period_us)
        return node_refuse(&runtime, err, "must be at most the period (%ju us), is %ju",
                           (uintmax_t)period_us, (uintmax_t)runtime_us);
    if (deadline_us != period_us)
        return node_refuse(&deadline, err,
                           "a deadline other than the period (%ju us) is not simulated; leave it "
                           "out, or make them equal",
                           (uintmax_t)period_us);
    cJSON *reservation = cJSON_AddObjectToObject(entry, "reservation");
    CHECK(reservation != NULL);
    put_number(reservation, "budget_us", (double)runtime_us);
    put_number(reservation, "period_us", (double)period_us);
    return true;
}

static bool refuse_dl(const struct node *node, struct error *err)
{
    static const char *const keys[] = { "dl-runtime", "dl-period", "dl-deadline", NULL };
    struct node child;
    for (uint32_t i = 0; keys[i] != NULL; i++)
        if (node_get(node, keys[i], &child))
            return node_refuse(&child, err,
                               "is for tasks of SCHED_DEADLINE only: slices of a task's own are "
                               "not simulated; leave it out");
    return true;
}

/* ---- Priorities --------------------------------------------------------------------------- */

/* A whole number; json gives no sign to counts. */
static bool read_priority(const struct node *node, int minimum, int maximum, int *priority,
                          struct error *err)
{
    double number;
    if (!node_number(node, minimum, maximum, &number, err))
        return false;
    *priority = (int)number;
    return *priority == number || node_refuse(node, err, "must be a whole number, is %g", number);
}

static bool read_nice(const struct rtapp_task *task, int *nice, struct error *err)
{
    struct node node;
    *nice = 0;
    return !node_get(&task->node, "priority", &node) ||
           read_priority(&node, NICE_LEAST, NICE_MOST, nice, err);
}

static bool put_realtime(const struct rtapp_task *task, cJSON *entry, struct error *err)
{
    struct node node;
    int priority = REALTIME_DEFAULT;
    if (node_get(&task->node, "priority", &node) &&
        !read_priority(&node, 1, REALTIME_MOST, &priority, err))
        return false;
    put_number(entry, "priority", priority - REALTIME_MOST + LEVEL_MOST);
    return true;
}

bool rtapp_attributes(struct rtapp_reading *reading, const struct rtapp_task *task, cJSON *entry,
                      struct error *err)
{
    struct node node;
    int nice;
    bool idle = task->policy == RTAPP_IDLE;
    if (task->policy == RTAPP_DEADLINE) {
        if (node_get(&task->node, "priority", &node))
            rtapp_note(reading, &reading->ignored, "\"priority\" of SCHED_DEADLINE");
        return put_reservation(task, entry, err);
    }
    if (!refuse_dl(&task->node, err))
        return false;
    if (task->policy == RTAPP_RR || task->policy == RTAPP_FIFO)
        return put_realtime(task, entry, err);
    if (!read_nice(task, &nice, err))
        return false;
    if (idle && node_get(&task->node, "priority", &node))
        rtapp_note(reading, &reading->ignored, "\"priority\" of SCHED_IDLE");
    reading->has_weights |= idle || nice != 0;
    put_number(entry, "weight", idle ? IDLE_WEIGHT : nice_weight(nice));
    if (reading->rtapp->has_realtime)
        put_number(entry, "priority", idle ? IDLE_LEVEL : OTHER_LEVEL);
    return true;
}

/* ---- CPUs --------------------------------------------------------------------------------- */

bool rtapp_cpus(struct rtapp_reading *reading, const struct node *node, cJSON *object,
                struct error *err)
{
    enum { CPU_MOST = 1023 };
    struct node list;
    if (!node_get(node, "cpus", &list))
        return true;
    int count = cJSON_GetArraySize(list.json);
    if (!cJSON_IsArray(list.json))
        return node_refuse(&list, err, "must be an array of CPUs such as [0, 1], is %s",
                           node_type(&list));
    if (count < 1 || count > CPU_MOST + 1)
        return node_refuse(&list, err, "must be an array of 1 to %d CPUs, has %d", CPU_MOST + 1,
                           count);
    cJSON *cpus = cJSON_AddArrayToObject(object, "cpus");
    CHECK(cpus != NULL);
    for (int i = 0; i < count; i++) {
        struct node cpu = node_element(&list, i);
        uint64_t number = 0;
        if (!node_count(&cpu, 0, CPU_MOST, &number, err))
            return false;
        if (number >= reading->rtapp->cores)
            reading->rtapp->cores = (uint32_t)number + 1;
        CHECK(cJSON_AddItemToArray(cpus, cJSON_CreateNumber((double)number)));
    }
    return true;
}
