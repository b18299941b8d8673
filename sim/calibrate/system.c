/* system.c -- see system.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/system.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

/* The first line of a file; false: it cannot be read. */
__attribute__((format(printf, 2, 3))) static bool read_line(char *text, const char *format, ...)
{
    char path[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    FILE *file = fopen(path, "r");
    bool fine = file != NULL && fgets(text, TEXT_MAX, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (fine)
        text[strcspn(text, "\n")] = '\0';
    return fine;
}

/* "0-3,8": the first CPU and how many; false: no such list. */
static bool parse_list(const char *text, int32_t *first, uint32_t *count)
{
    *count = 0;
    for (const char *at = text; *at != '\0';) {
        char *end;
        long from = strtol(at, &end, 10), to = from;
        if (end == at)
            return false;
        if (*end == '-')
            to = strtol(end + 1, &end, 10);
        if (*count == 0)
            *first = (int32_t)from;
        *count += (uint32_t)(to - from + 1);
        at = *end == ',' ? end + 1 : end;
        if (*end != ',' && *end != '\0')
            return false;
    }
    return *count > 0;
}

/* ---- CPUs --------------------------------------------------------------------------------- */

static uint32_t read_number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static bool read_cache(const char *sys, uint32_t cpu, uint32_t index, struct system_cache *cache,
                       int32_t *first)
{
    char text[TEXT_MAX];
    *cache = (struct system_cache){ 0 };
    *first = -1;
#define READ(name)                                                                                 \
    read_line(text, "%s/devices/system/cpu/cpu%u/cache/index%u/" name, sys, cpu, index)
    if (!READ("level"))
        return false;
    cache->level = read_number(text);
    if (READ("type"))
        cache->instructions = strcmp(text, "Instruction") == 0;
    if (READ("size"))
        cache->kb = read_number(text) * (strchr(text, 'M') != NULL ? 1024 : 1);
    if (READ("ways_of_associativity"))
        cache->ways = read_number(text);
    if (READ("coherency_line_size"))
        cache->line_bytes = read_number(text);
    if (READ("shared_cpu_list") && !parse_list(text, first, &cache->cpus))
        *first = -1;
#undef READ
    return true;
}

static void read_cpu(struct system *system, const char *sys, uint32_t id)
{
    struct system_cpu *cpu = &system->cpu[system->cpu_count];
    bool is_first = system->cpu_count++ == 0;
    char text[TEXT_MAX];
    uint32_t threads = 0, last_level = 1;
    *cpu = (struct system_cpu){ id, -1, -1, -1, -1 };
    if ((read_line(text, "%s/devices/system/cpu/cpu%u/topology/core_cpus_list", sys, id) ||
         read_line(text, "%s/devices/system/cpu/cpu%u/topology/thread_siblings_list", sys, id)) &&
        !parse_list(text, &cpu->core, &threads))
        cpu->core = -1;
    if (is_first)
        system->threads = threads;
    if (read_line(text, "%s/devices/system/cpu/cpu%u/topology/physical_package_id", sys, id))
        cpu->package = (int32_t)strtol(text, NULL, 10);
    if (read_line(text, "%s/devices/system/cpu/cpu%u/cpu_capacity", sys, id))
        cpu->capacity = (int32_t)strtol(text, NULL, 10);
    for (uint32_t index = 0; index < SYSTEM_CACHES_MAX; index++) {
        struct system_cache cache;
        int32_t first;
        if (!read_cache(sys, id, index, &cache, &first))
            break;
        if (is_first)
            system->cache[system->cache_count++] = cache;
        if (cache.level > last_level) {
            last_level = cache.level;
            cpu->shares = first;
        }
    }
}

static void read_packages(struct system *system, const char *sys)
{
    char text[TEXT_MAX];
    int32_t first;
    uint32_t threads = system->threads > 0 ? system->threads : 1, in_package;
    if (!read_line(text, "%s/devices/system/cpu/online", sys) ||
        !parse_list(text, &first, &system->online))
        system->online = 0;
    system->cores = system->online / threads;
    if (system->cpu_count > 0 &&
        (read_line(text, "%s/devices/system/cpu/cpu%u/topology/package_cpus_list", sys,
                   system->cpu[0].id) ||
         read_line(text, "%s/devices/system/cpu/cpu%u/topology/core_siblings_list", sys,
                   system->cpu[0].id)) &&
        parse_list(text, &first, &in_package))
        system->socket_cores = in_package / threads;
}

/* ---- /proc -------------------------------------------------------------------------------- */

static void read_cpuinfo(struct system *system, const char *proc)
{
    char line[TEXT_MAX];
    snprintf(line, sizeof line, "%s/cpuinfo", proc);
    FILE *file = fopen(line, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, ':');
        line[strcspn(line, "\n")] = '\0';
        if (value == NULL)
            continue;
        value += value[1] == ' ' ? 2 : 1;
        if (strncmp(line, "model name", 10) == 0 && system->model[0] == '\0')
            snprintf(system->model, sizeof system->model, "%s", value);
        if (strncmp(line, "flags", 5) == 0) {
            system->is_virtual |= strstr(value, " hypervisor") != NULL;
            system->has_tagged_tlb |= strstr(value, " pcid") != NULL;
        }
    }
    if (file != NULL)
        fclose(file);
}

static void read_meminfo(struct system *system, const char *proc)
{
    static const struct {
        const char *key;
        double page_kb;
    } maps[] = { { "DirectMap4k:", 4 },
                 { "DirectMap2M:", 2048 },
                 { "DirectMap4M:", 4096 },
                 { "DirectMap1G:", 1048576 } };
    char line[TEXT_MAX];
    double kb, most_kb = 0;
    snprintf(line, sizeof line, "%s/meminfo", proc);
    FILE *file = fopen(line, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "MemAvailable: %lf", &kb) == 1)
            system->free_mb = kb / 1024;
        for (uint32_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
            if (strncmp(line, maps[i].key, strlen(maps[i].key)) == 0 &&
                sscanf(line + strlen(maps[i].key), "%lf", &kb) == 1 && kb > most_kb) {
                most_kb = kb;
                system->kernel_page_kb = maps[i].page_kb;
            }
    }
    if (file != NULL)
        fclose(file);
}

void system_read(struct system *system, const char *sys, const char *proc, const uint32_t *cpus,
                 uint32_t count)
{
    *system = (struct system){ 0 };
    for (uint32_t i = 0; i < count && i < SYSTEM_CPUS_MAX; i++)
        read_cpu(system, sys, cpus[i]);
    read_packages(system, sys);
    read_cpuinfo(system, proc);
    read_meminfo(system, proc);
}

const struct system_cache *system_cache(const struct system *system, uint32_t level)
{
    for (uint32_t i = 0; i < system->cache_count; i++)
        if (system->cache[i].level == level && !system->cache[i].instructions)
            return &system->cache[i];
    return NULL;
}

const struct system_cache *system_instruction_cache(const struct system *system)
{
    for (uint32_t i = 0; i < system->cache_count; i++)
        if (system->cache[i].level == 1 && system->cache[i].instructions)
            return &system->cache[i];
    return NULL;
}

enum distance system_distance(const struct system *system, uint32_t cpu, uint32_t other)
{
    const struct system_cpu *a = &system->cpu[cpu], *b = &system->cpu[other];
    if (cpu == other)
        return DISTANCE_SELF;
    if (a->core >= 0 && a->core == b->core)
        return DISTANCE_SMT;
    if (a->shares >= 0 && a->shares == b->shares)
        return DISTANCE_CACHE;
    return a->package == b->package ? DISTANCE_SOCKET : DISTANCE_REMOTE;
}
