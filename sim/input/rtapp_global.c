/* rtapp_global.c -- what an rt-app file says of the whole: "global", "resources", and the scenario
 * that both make of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/rtapp_parts.h"

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

bool rtapp_global(struct rtapp_reading *reading, const struct node *root, struct error *err)
{
    const char *keys[GLOBALS + 1] = { NULL };
    struct node global, node;
    const cJSON *child;
    uint32_t policy = RTAPP_OTHER;
    for (uint32_t i = 0; i < GLOBALS; i++)
        keys[i] = globals[i].key;
    if (!node_get(root, "global", &global))
        return true;
    cJSON_ArrayForEach(child, global.json)
    {
        if (!rtapp_again(&global, child->string, keys, err))
            return false;
    }
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
bool rtapp_resources(struct rtapp_reading *reading, const struct node *root, struct error *err)
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
        struct node resource = rtapp_member(&resources, child);
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

const char *rtapp_scenario(const struct rtapp *rtapp, const char *path, struct arena *arena)
{
    enum { CORES_LEAST = 2, DURATION_S = 10, DURATION_S_MOST = 100000, SLOWER = 10 };
    /* A bound alone, beyond what overhead and slow cores make of the work. */
    double until_end_s = fmin(ceil(SLOWER * rtapp->work_us / 1e6) + DURATION_S, DURATION_S_MOST);
    double duration_s = rtapp->duration_s > 0      ? rtapp->duration_s
                        : isfinite(rtapp->work_us) ? until_end_s
                                                   : DURATION_S;
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    const char *policy = rtapp->has_deadline ? "edf" : rtapp->has_realtime ? "priority" : "fair";
    const char *suffix = strrchr(file, '.');
    char *name = arena_string(arena, file);
    if (suffix != NULL && suffix > file)
        name[suffix - file] = '\0';
    cJSON *scenario = cJSON_CreateObject();
    cJSON_AddStringToObject(scenario, "name", name);
    cJSON_AddNumberToObject(scenario, "replications", 1);
    cJSON_AddNumberToObject(scenario, "duration_ms", 1000 * duration_s);
    if (rtapp->duration_s == 0 && isfinite(rtapp->work_us))
        cJSON_AddStringToObject(scenario, "until", "done");
    cJSON *machine = cJSON_AddObjectToObject(scenario, "machine");
    cJSON_AddStringToObject(machine, "cpu", "skylake-i7-6700");
    cJSON_AddNumberToObject(machine, "cores",
                            rtapp->cores > CORES_LEAST ? rtapp->cores : CORES_LEAST);
    cJSON *scheduler = cJSON_AddObjectToObject(scenario, "scheduler");
    cJSON_AddStringToObject(scheduler, "policy", policy);
    cJSON_AddStringToObject(scheduler, "tori", "per_core");
    cJSON_AddTrueToObject(scheduler, "place_woken"); /* as mainstream kernels do, */
    cJSON_AddStringToObject(cJSON_AddObjectToObject(scheduler, "balance"), "kind", "periodic");
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
