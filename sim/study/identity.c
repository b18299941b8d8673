/* identity.c -- see identity.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/study/identity.h"

#include <gnu/libc-version.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/input/json.h"
#include "sim/output/trace.h"
#include "sim/version.h"

/* ---- The text ----------------------------------------------------------------------------- */

static uint32_t build_checksum(void)
{
    unsigned char bytes[65536];
    FILE *program = fopen("/proc/self/exe", "rb");
    uint32_t checksum = 0;
    for (size_t got; program != NULL && (got = fread(bytes, 1, sizeof bytes, program)) > 0;)
        checksum = (uint32_t)crc32_z(checksum, bytes, got);
    if (program != NULL)
        fclose(program);
    return checksum;
}

static void add_text(cJSON *to, const char *key, const char *text)
{
    cJSON_AddItemToObject(to, key, cJSON_CreateString(text));
}

static void add_hash(cJSON *to, const char *key, uint64_t hash)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    add_text(to, key, text);
}

static void add_schedulers(cJSON *root, const struct results *results, struct arena *arena)
{
    cJSON *all = cJSON_AddObjectToObject(root, "schedulers");
    for (uint32_t i = 0; i < results->scheduler_count; i++) {
        const struct results_scheduler *scheduler = &results->schedulers[i];
        const char *slash = strrchr(scheduler->path, '/');
        const char *name = slash != NULL ? slash + 1 : scheduler->path;
        add_hash(all, arena_printf(arena, "%s, %s", scheduler->cost, name), scheduler->hash);
    }
}

static void add_trace(cJSON *root, const struct trace_request *trace, struct arena *arena)
{
    if (trace == NULL || trace->path == NULL)
        return;
    add_text(root, "trace",
             arena_printf(arena, "%s, detail %d, from %g to %g ms", trace->path, (int)trace->detail,
                          trace->from_ms, trace->to_ms));
}

const char *identity_text(const struct identity *identity, struct arena *arena)
{
    const struct experiment *experiment = identity->results->experiment;
    cJSON *root = cJSON_CreateObject();
    bool fma = false;
#if defined(__x86_64__)
    fma = __builtin_cpu_supports("fma");
#endif
    add_text(root, "version", BRAIDSIM_VERSION);
    add_hash(root, "build", build_checksum());
    add_text(root, "layout",
             arena_printf(arena, "%zu bytes, %d metrics, order %d", sizeof(struct run_result),
                          METRIC_COUNT, *(const unsigned char *)&(const uint16_t){ 1 }));
    add_text(root, "glibc", gnu_get_libc_version());
    cJSON_AddBoolToObject(root, "cpu_has_fma", fma);
    add_schedulers(root, identity->results, arena);
    cJSON *profiles = cJSON_AddObjectToObject(root, "profiles");
    for (uint32_t i = 0; i < experiment->profile_count; i++)
        add_hash(profiles, experiment->profiles[i].name, experiment->profiles[i].hash);
    add_trace(root, identity->trace, arena);
    if (identity->shards > 1)
        add_text(root, "shard", arena_printf(arena, "%u/%u", identity->shard, identity->shards));
    cJSON_AddItemToObject(root, "scenario", cJSON_Parse(experiment->json));
    const char *text = json_print(root, arena);
    cJSON_Delete(root);
    return text;
}

const char *identity_member(const char *identity, const char *name, struct arena *arena)
{
    cJSON *root = cJSON_Parse(identity);
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(root, name);
    const char *text = cJSON_IsString(member) ? arena_string(arena, member->valuestring) : NULL;
    cJSON_Delete(root);
    return text;
}

uint64_t identity_hash(const char *text)
{
    return hash_fnv1a(text, strlen(text));
}

/* ---- Differences -------------------------------------------------------------------------- */

static bool is_one_of(const char *key, const char *const *except)
{
    for (; except != NULL && *except != NULL; except++)
        if (strcmp(*except, key) == 0)
            return true;
    return false;
}

/* A value in few characters. */
static const char *brief(const cJSON *value, struct arena *arena)
{
    if (value == NULL)
        return "absent";
    const char *text = json_print_line(value, arena);
    size_t length = json_utf8_length(text, strlen(text) < 60 ? strlen(text) : 60);
    return length == strlen(text) ? text : arena_printf(arena, "%.*s...", (int)length, text);
}

static const char *difference(const cJSON *there, const cJSON *here, const char *pointer,
                              const char *const *except, struct arena *arena);

static const char *of_members(const cJSON *there, const cJSON *here, const char *pointer,
                              const char *const *except, struct arena *arena)
{
    const char *found = NULL;
    const cJSON *member;
    cJSON_ArrayForEach(member, there)
    {
        const char *at = json_pointer_add(pointer, member->string, arena);
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(here, member->string);
        if (found == NULL && !is_one_of(member->string, except))
            found = difference(member, other, at, NULL, arena);
    }
    cJSON_ArrayForEach(member, here)
    {
        const char *at = json_pointer_add(pointer, member->string, arena);
        if (found == NULL && !is_one_of(member->string, except) &&
            !cJSON_HasObjectItem(there, member->string))
            found = difference(NULL, member, at, NULL, arena);
    }
    return found;
}

static const char *difference(const cJSON *there, const cJSON *here, const char *pointer,
                              const char *const *except, struct arena *arena)
{
    if (cJSON_IsObject(there) && cJSON_IsObject(here))
        return of_members(there, here, pointer, except, arena);
    if (there != NULL && here != NULL && cJSON_IsArray(there) && cJSON_IsArray(here) &&
        cJSON_GetArraySize(there) == cJSON_GetArraySize(here)) {
        const cJSON *other = here->child, *element;
        const char *found = NULL;
        int index = 0;
        cJSON_ArrayForEach(element, there)
        {
            const char *at = arena_printf(arena, "%s/%d", pointer, index++);
            found = found != NULL ? found : difference(element, other, at, NULL, arena);
            other = other->next;
        }
        return found;
    }
    if (there != NULL && here != NULL && cJSON_Compare(there, here, true))
        return NULL;
    return arena_printf(arena, "%s is %s there, and %s here", pointer, brief(there, arena),
                        brief(here, arena));
}

const char *identity_difference(const char *there, const char *here, const char *const *except,
                                struct arena *arena)
{
    cJSON *one = cJSON_Parse(there), *other = cJSON_Parse(here);
    const char *found = one == NULL || other == NULL ? "it cannot be read"
                                                     : difference(one, other, "", except, arena);
    cJSON_Delete(one);
    cJSON_Delete(other);
    return found;
}
