/* loader.c -- see loader.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/host/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Where things are --------------------------------------------------------------------- */

static bool program_directory(char *path, size_t size)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return false;
    self[length] = '\0';
    return snprintf(path, size, "%s", dirname(self)) < (int)size;
}

/* The first of base/tails[...] that exists. */
static bool find_beside(char *path, size_t size, const char *const *tails, const char *name)
{
    char base[PATH_MAX];
    if (!program_directory(base, sizeof base))
        return false;
    for (; *tails != NULL; tails++)
        if (snprintf(path, size, "%s/%s%s", base, *tails, name) < (int)size &&
            access(path, R_OK) == 0)
            return true;
    return false;
}

bool data_directory(char *path, size_t size, struct error *err)
{
    static const char *const tails[] = { "../share/braidsim", "../../configs", "../../../configs",
                                         NULL };
    const char *given = getenv("BRAIDSIM_DATA");
    if (given != NULL && snprintf(path, size, "%s", given) < (int)size)
        return true;
    if (find_beside(path, size, tails, "/cpus")) {
        *strrchr(path, '/') = '\0';
        return true;
    }
    return error_set(err, "",
                     "cannot find the CPU profiles beside the program; set BRAIDSIM_DATA "
                     "to the folder that holds cpus/");
}

static bool own_module(char *path, size_t size, bool traced, struct error *err)
{
    static const char *const tails[] = { "", "../lib/braidsim/", "../", "../../", NULL };
    const char *name = traced ? "libbraid_sched_traced.so" : "libbraid_sched.so";
    if (find_beside(path, size, tails, name))
        return true;
    return error_set(err, name, "is missing beside the program and in ../lib/braidsim");
}

/* ---- Loading ------------------------------------------------------------------------------ */

struct object_search {
    uintptr_t base, end;
};

static int object_extent(struct dl_phdr_info *info, size_t size, void *data)
{
    struct object_search *search = data;
    (void)size;
    if (info->dlpi_addr != search->base)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
        if (header->p_type == PT_LOAD && end > search->end)
            search->end = end;
    }
    return 1;
}

static uint64_t file_hash(const char *path)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    for (int byte; (byte = getc(file)) != EOF;)
        hash = (hash ^ (uint64_t)byte) * UINT64_C(0x100000001B3);
    fclose(file);
    return hash;
}

/* Does the file call back at basic blocks? */
static bool file_is_traced(const char *path)
{
    static const char callback[] = "__sanitizer_cov_trace_pc";
    FILE *file = fopen(path, "rb");
    size_t matched = 0;
    if (file == NULL)
        return false;
    for (int byte; matched < sizeof callback - 1 && (byte = getc(file)) != EOF;)
        matched = byte == callback[matched] ? matched + 1 : byte == callback[0];
    fclose(file);
    return matched == sizeof callback - 1;
}

static const struct scheduler_module *module_open(const char *path, struct tracer_module *mapped,
                                                  struct error *err)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        error_set(err, path, "cannot be loaded as a scheduler: %s", dlerror());
        return NULL;
    }
    const struct scheduler_module *module = dlsym(handle, "scheduler_module");
    if (module == NULL) {
        error_set(err, path, "exports no scheduler_module (see braid/module.h)");
        return NULL;
    }
    if (module->abi != SCHEDULER_MODULE_ABI) {
        error_set(err, path, "scheduler_module.abi must be %d, is %u", SCHEDULER_MODULE_ABI,
                  module->abi);
        return NULL;
    }
    struct link_map *map;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        error_set(err, path, "cannot tell where it is mapped: %s", dlerror());
        return NULL;
    }
    struct object_search search = { .base = map->l_addr };
    dl_iterate_phdr(object_extent, &search);
    mapped->from = search.base;
    mapped->bytes = search.end - search.base;
    return module;
}

bool scheduler_load(struct scheduler *scheduler, const char *file, bool traced, struct error *err)
{
    uint32_t count = 0;
    *scheduler = (struct scheduler){ .traced = traced };
    if (file != NULL) {
        char real[PATH_MAX];
        if (realpath(file, real) == NULL)
            return error_set(err, file, "cannot be loaded as a scheduler: %s", strerror(errno));
        if (traced && !file_is_traced(real))
            return error_set(err, file,
                             "is not traced, so its code would cost nothing: build it with "
                             "the traced_cflags of braid-sched.pc, or use --cost flat");
        scheduler->modules[count] = module_open(real, &scheduler->mapped[count], err);
        if (scheduler->modules[count++] == NULL)
            return false;
        snprintf(scheduler->path, sizeof scheduler->path, "%s", real);
    }
    char own[PATH_MAX];
    if (!own_module(own, sizeof own, traced, err))
        return false;
    scheduler->modules[count] = module_open(own, &scheduler->mapped[count], err);
    if (scheduler->modules[count++] == NULL)
        return false;
    if (file == NULL)
        snprintf(scheduler->path, sizeof scheduler->path, "%s", own);
    scheduler->hash = file_hash(scheduler->path);
    for (uint32_t i = 0; i < count && scheduler->torus == NULL; i++)
        scheduler->torus = scheduler->modules[i]->torus;
    return true;
}

/* ---- Names -------------------------------------------------------------------------------- */

/* Each kind of table starts with its name, so one finder serves all. */
#define DEFINE_FINDER(kind, field)                                                                 \
    const struct kind *scheduler_##kind(const struct scheduler *scheduler, const char *name)       \
    {                                                                                              \
        for (uint32_t i = 0; i < TRACER_MODULES && scheduler->modules[i] != NULL; i++)             \
            for (const struct kind *const *at = scheduler->modules[i]->field; at && *at; at++)     \
                if (strcmp((*at)->name, name) == 0)                                                \
                    return *at;                                                                    \
        return NULL;                                                                               \
    }                                                                                              \
    const char *const *scheduler_##kind##_names(const struct scheduler *scheduler,                 \
                                                struct arena *arena)                               \
    {                                                                                              \
        uint32_t count = 0;                                                                        \
        for (uint32_t i = 0; i < TRACER_MODULES && scheduler->modules[i] != NULL; i++)             \
            for (const struct kind *const *at = scheduler->modules[i]->field; at && *at; at++)     \
                count++;                                                                           \
        const char **names = arena_alloc(arena, count + 1, sizeof *names);                         \
        count = 0;                                                                                 \
        for (uint32_t i = 0; i < TRACER_MODULES && scheduler->modules[i] != NULL; i++)             \
            for (const struct kind *const *at = scheduler->modules[i]->field; at && *at; at++)     \
                names[count++] = (*at)->name;                                                      \
        return names;                                                                              \
    }

DEFINE_FINDER(policy, policies)
DEFINE_FINDER(placement, placements)
DEFINE_FINDER(balancer, balancers)
