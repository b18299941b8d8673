/* loader.c -- see loader.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/host/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/host/module_file.h"

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

/* What a policy keeps per torus; more is taken for a mistake. */
enum { QUEUE_BYTES_MAX = 1 << 24 };

/* A row of a table, of whatever kind: it has a name, and what must not be NULL is not. */
static bool check_row(const char *path, const char *table, uint32_t index, const char *name,
                      bool complete, struct error *err)
{
    if (name == NULL || name[0] == '\0')
        return error_set(err, path, "%s %u of its table has no name", table, index);
    return complete ||
           error_set(err, path, "%s \"%.64s\" lacks a function that it must have (see braid/%s.h)",
                     table, name, strcmp(table, "policy") == 0 ? "policy" : "braid");
}

static bool check_tables(const char *path, const struct scheduler_module *module, struct error *err)
{
    uint32_t i;
    for (i = 0; module->policies != NULL && module->policies[i] != NULL; i++) {
        const struct policy *policy = module->policies[i];
        if (!check_row(path, "policy", i, policy->name,
                       policy->init != NULL && policy->enqueue != NULL && policy->dequeue != NULL &&
                           policy->pick != NULL && policy->migratable != NULL,
                       err))
            return false;
        if (policy->queue_bytes > QUEUE_BYTES_MAX)
            return error_set(err, path, "policy \"%.64s\" wants %u queue_bytes, at most %u",
                             policy->name, policy->queue_bytes, QUEUE_BYTES_MAX);
    }
    for (i = 0; module->placements != NULL && module->placements[i] != NULL; i++)
        if (!check_row(path, "placement", i, module->placements[i]->name,
                       module->placements[i]->choose != NULL, err))
            return false;
    for (i = 0; module->balancers != NULL && module->balancers[i] != NULL; i++)
        if (!check_row(path, "balancer", i, module->balancers[i]->name, true, err))
            return false;
    return true;
}

static const struct scheduler_module *module_open(const char *path, struct tracer_module *mapped,
                                                  struct error *err)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        error_set(err, path,
                  "cannot be loaded as a scheduler: %s; a shared object that exports "
                  "scheduler_module is wanted",
                  dlerror());
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
    if (!check_tables(path, module, err))
        return NULL;
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

/* Opens it in a child first, which a damaged file may kill or hold up. */
static bool module_probe(const char *path, struct error *err)
{
    enum { SECONDS = 10 };
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGALRM };
    struct error refusal;
    struct tracer_module mapped;
    int ends[2], status = 0;
    if (pipe(ends) != 0)
        return error_set(err, path, "cannot be tried: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
            signal(fatal[i], SIG_DFL);
        alarm(SECONDS);
        bool fine = module_open(path, &mapped, &refusal) != NULL;
        fine = fine || write(ends[1], &refusal, sizeof refusal) == (ssize_t)sizeof refusal;
        _exit(fine ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(ends[1]);
    bool refused = child > 0 && read(ends[0], &refusal, sizeof refusal) == (ssize_t)sizeof refusal;
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return error_set(err, path, "cannot be tried: %s", strerror(errno));
    if (refused)
        return error_set(err, refusal.place, "%s", refusal.message);
    if (WIFSIGNALED(status))
        return error_set(err, path,
                         "cannot be loaded as a scheduler: loading it ends with \"%s\"; is the "
                         "file whole? Build it anew",
                         strsignal(WTERMSIG(status)));
    return status == 0 || error_set(err, path,
                                    "cannot be loaded as a scheduler: loading it ends the program; "
                                    "a module has no code that runs by itself");
}

/* Of modules, which stay open. */
static struct arena loaded;

static bool module_add(struct scheduler *scheduler, const char *path, struct error *err)
{
    uint32_t i = scheduler->module_count;
    struct scheduler_file *file = &scheduler->files[i];
    scheduler->modules[i] = module_open(path, &scheduler->mapped[i], err);
    if (scheduler->modules[i] == NULL)
        return false;
    if (scheduler->traced && !module_file_blocks(path, &scheduler->mapped[i], &loaded))
        return error_set(err, path,
                         "does not tell how long its basic blocks are: link it with the "
                         "module_ldflags of braid-sched.pc");
    snprintf(file->path, sizeof file->path, "%s", path);
    file->hash = module_file_hash(path);
    module_file_compiler(path, file->compiler, sizeof file->compiler);
    scheduler->module_count++;
    return true;
}

/* The user's module, as the first. */
static bool load_given(struct scheduler *scheduler, const char *file, bool traced,
                       struct error *err)
{
    char real[PATH_MAX];
    if (realpath(file, real) == NULL)
        return error_set(err, file,
                         "cannot be loaded as a scheduler: %s; name a scheduler module, a shared "
                         "object (README.md tells how to build one)",
                         strerror(errno));
    if (!module_file_check(real, err))
        return false;
    if (traced && !module_file_is_traced(real))
        return error_set(err, file,
                         "is not traced, so its code would cost nothing: build it with "
                         "the traced_cflags of braid-sched.pc, or use --cost flat");
    if (!module_probe(real, err))
        return false;
    return module_add(scheduler, real, err);
}

bool scheduler_load(struct scheduler *scheduler, const char *file, bool traced, struct error *err)
{
    struct error refusal;
    *scheduler = (struct scheduler){ .traced = traced };
    if (file != NULL) {
        char place[sizeof refusal.place];
        if (!load_given(scheduler, file, traced, &refusal)) {
            snprintf(place, sizeof place, "--scheduler \"%s\"", file);
            return error_set(err, place, "%s", refusal.message);
        }
    }
    char own[PATH_MAX];
    if (!own_module(own, sizeof own, traced, err) || !module_add(scheduler, own, err))
        return false;
    for (uint32_t i = 0; i < scheduler->module_count && scheduler->torus == NULL; i++)
        scheduler->torus = scheduler->modules[i]->torus;
    return true;
}

/* ---- Names -------------------------------------------------------------------------------- */

/* A user's module may lay one of its own over ours, which has the same name. */
static void add_name(const char **names, const char *name)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return;
    *names = name;
}

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
        for (uint32_t i = 0; i < TRACER_MODULES && scheduler->modules[i] != NULL; i++)             \
            for (const struct kind *const *at = scheduler->modules[i]->field; at && *at; at++)     \
                add_name(names, (*at)->name);                                                      \
        return names;                                                                              \
    }

DEFINE_FINDER(policy, policies)
DEFINE_FINDER(placement, placements)
DEFINE_FINDER(balancer, balancers)
