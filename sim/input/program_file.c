/* program_file.c -- see program_file.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/program_file.h"

#include <math.h>
#include <string.h>

#include "sim/input/burst_file.h"
#include "sim/input/workload_file.h"

enum { NAME_MAX_LENGTH = 100, MAX_ALIVE_DEFAULT = 65536, IO_MB_S_DEFAULT = 500 };

/* A place that forks an entry, or one that wants its entry to be forked. */
struct program_link {
    struct program_link *next;
    struct node node;
    uint32_t workload;  /* whose node this is */
    const char *target; /* that it forks; NULL: it wants to be forked itself */
};

/* While an entry is read. */
struct compiler {
    struct programs *programs;
    struct workload *workload;
    uint32_t index;
    const char *prefix;
    struct reference_cache *cache;
    const char **timers; /* the names of its own */
    bool has_cpus;       /* some group does, or the entry itself */
    uint32_t mask;       /* of cpus, that what has been read leaves in force; or UNKNOWN_MASK */
};

enum event_value { VALUE_US, VALUE_BYTES, VALUE_NAME, VALUE_OTHER };

static const struct event {
    const char *name;
    enum event_value value;
    enum step_kind step;
    enum resource_kind resource; /* of VALUE_NAME */
} events[] = {
    { "run", VALUE_US, STEP_RUN, 0 },
    { "runtime", VALUE_US, STEP_RUNTIME, 0 },
    { "sleep", VALUE_US, STEP_SLEEP, 0 },
    { "memrun", VALUE_US, STEP_RUN, 0 },
    { "mem", VALUE_BYTES, STEP_RUN, 0 },
    { "iorun", VALUE_BYTES, STEP_SLEEP, 0 },
    { "lock", VALUE_NAME, STEP_LOCK, RESOURCE_MUTEX },
    { "unlock", VALUE_NAME, STEP_UNLOCK, RESOURCE_MUTEX },
    { "signal", VALUE_NAME, STEP_SIGNAL, RESOURCE_CONDITION },
    { "broad", VALUE_NAME, STEP_BROADCAST, RESOURCE_CONDITION },
    { "barrier", VALUE_NAME, STEP_BARRIER, RESOURCE_BARRIER },
    { "suspend", VALUE_NAME, STEP_SUSPEND, RESOURCE_SUSPENSION },
    { "resume", VALUE_NAME, STEP_RESUME, RESOURCE_SUSPENSION },
    { "sem_post", VALUE_NAME, STEP_SEM_POST, RESOURCE_SEMAPHORE },
    { "sem_wait", VALUE_NAME, STEP_SEM_WAIT, RESOURCE_SEMAPHORE },
    { "wait", VALUE_OTHER, STEP_WAIT, 0 },
    { "sync", VALUE_OTHER, STEP_WAIT, 0 },
    { "timer", VALUE_OTHER, STEP_TIMER, 0 },
    { "fork", VALUE_OTHER, STEP_FORK, 0 },
    { "yield", VALUE_OTHER, STEP_YIELD, 0 },
    { "bursts_us", VALUE_OTHER, STEP_BURSTS, 0 },
};

enum { EVENTS = sizeof events / sizeof events[0] };

/* ---- What a scenario has ------------------------------------------------------------------ */

bool resources_read(struct programs *programs, const struct node *root, struct error *err)
{
    static const char *const keys[] = { "priority_inheritance", "io_mb_s", NULL };
    struct scenario *scenario = programs->scenario;
    struct node node;
    scenario->io_mb_s = IO_MB_S_DEFAULT;
    if (!node_get(root, "resources", &node))
        return true;
    return node_object(&node, keys, err) &&
           member_bool(&node, "priority_inheritance", &scenario->priority_inheritance, err) &&
           member_number(&node, "io_mb_s", 1e-3, 1e6, &scenario->io_mb_s, err);
}

void resources_write_default(const struct node *root)
{
    cJSON *resources = cJSON_CreateObject();
    cJSON_AddBoolToObject(resources, "priority_inheritance", false);
    cJSON_AddNumberToObject(resources, "io_mb_s", IO_MB_S_DEFAULT);
    node_default(root, "resources", resources);
}

/* A list of arena memory doubles. */
static void *grown(const struct node *node, const void *from, uint32_t count, uint32_t room,
                   size_t size)
{
    void *to = arena_alloc(node->document->arena, room, size);
    if (count > 0)
        memcpy(to, from, count * size);
    return to;
}

static uint32_t find_resource(struct programs *programs, const struct node *node,
                              enum resource_kind kind, const char *name)
{
    uint32_t count = programs->resource_count;
    for (uint32_t i = 0; i < count; i++)
        if (programs->resources[i].kind == kind && strcmp(programs->resources[i].name, name) == 0)
            return i;
    if (count == programs->resource_room) {
        uint32_t room = 2 * count + 16;
        programs->resources =
            grown(node, programs->resources, count, room, sizeof *programs->resources);
        programs->last_user =
            grown(node, programs->last_user, count, room, sizeof *programs->last_user);
        programs->resource_room = room;
    }
    programs->resources[count] = (struct resource){ kind, name, 0 };
    return programs->resource_count++;
}

/* ---- Masks of cpus ------------------------------------------------------------------------ */

static uint32_t find_mask(struct programs *programs, const struct node *node,
                          const struct cpu_mask *mask)
{
    uint32_t words = (programs->scenario->cores + 31) / 32, count = programs->mask_count;
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(programs->masks[i].cores, mask->cores, words * sizeof *mask->cores) == 0)
            return i;
    programs->masks = grown(node, programs->masks, count, count + 1, sizeof *programs->masks);
    programs->masks[programs->mask_count] = *mask;
    return programs->mask_count++;
}

/* Of all cores, which is the first. */
static void add_whole_mask(struct programs *programs, const struct node *node)
{
    uint32_t cores = programs->scenario->cores;
    struct cpu_mask whole = {
        arena_alloc(node->document->arena, (cores + 31) / 32, sizeof(uint32_t)), cores, 0
    };
    for (uint32_t c = 0; c < cores; c++)
        whole.cores[c / 32] |= UINT32_C(1) << c % 32;
    find_mask(programs, node, &whole);
}

static bool read_cpus(struct programs *programs, const struct node *node, uint32_t *index,
                      struct error *err)
{
    uint32_t cores = programs->scenario->cores;
    int count = cJSON_GetArraySize(node->json);
    struct cpu_mask mask = {
        arena_alloc(node->document->arena, (cores + 31) / 32, sizeof(uint32_t)), 0, 0
    };
    if (!cJSON_IsArray(node->json) || count == 0)
        return node_refuse(node, err, "must be an array of cores, from 0 on, is %s",
                           cJSON_IsArray(node->json) ? "empty" : node_type(node));
    for (int i = 0; i < count; i++) {
        struct node child = node_element(node, i);
        uint64_t core = 0;
        if (!node_count(&child, 0, 65535, &core, err))
            return false;
        if (core >= cores)
            return node_refuse(&child, err, "is no core of this machine, which has 0 to %u",
                               cores - 1);
        mask.cores[core / 32] |= UINT32_C(1) << core % 32;
    }
    for (uint32_t c = cores; c-- > 0;)
        if (mask.cores[c / 32] >> c % 32 & 1) {
            mask.count++;
            mask.first = c;
        }
    if (programs->mask_count == 0)
        add_whole_mask(programs, node);
    *index = find_mask(programs, node, &mask);
    return true;
}

/* ---- Events ------------------------------------------------------------------------------- */

static bool add_step(struct compiler *compiler, const struct node *node, const struct step *step,
                     struct error *err)
{
    struct workload *workload = compiler->workload;
    uint32_t count = workload->step_count;
    if (count == STEP_MAX)
        return node_refuse(node, err, "makes the program longer than %d steps", STEP_MAX);
    if ((count & (count - 1)) == 0)
        workload->steps =
            grown(node, workload->steps, count, count > 0 ? 2 * count : 1, sizeof *workload->steps);
    workload->steps[workload->step_count++] = *step;
    return true;
}

static bool read_name(const struct compiler *compiler, const struct node *node, bool may_be_empty,
                      const char **name, struct error *err)
{
    if (!node_string(node, name, err))
        return false;
    size_t length = strlen(*name);
    if ((length == 0 && !may_be_empty) || length > NAME_MAX_LENGTH || !json_is_printable(*name))
        return node_refuse(node, err, "must be a name of 1 to %d characters", NAME_MAX_LENGTH);
    *name = arena_printf(node->document->arena, "%s%s", compiler->prefix, *name);
    return true;
}

/* How many processes come to a barrier: all that there are of every entry that names it. */
static bool count_user(struct compiler *compiler, const struct node *node, uint32_t resource,
                       struct error *err)
{
    struct programs *programs = compiler->programs;
    const struct workload *workload = compiler->workload;
    if (workload->open || workload->instances == 0)
        return node_refuse(node, err,
                           "needs to know how many come: it is for \"instances\" above 0 only");
    if (programs->last_user[resource] != compiler->index + 1)
        programs->resources[resource].users += workload->instances;
    programs->last_user[resource] = compiler->index + 1;
    return true;
}

static bool read_named(struct compiler *compiler, const struct event *event,
                       const struct node *node, struct error *err)
{
    const char *name;
    if (!read_name(compiler, node, event->step == STEP_SUSPEND, &name, err))
        return false;
    if (node->json->valuestring[0] == '\0')
        name = compiler->workload->name;
    uint32_t resource = find_resource(compiler->programs, node, event->resource, name);
    if (event->step == STEP_BARRIER && !count_user(compiler, node, resource, err))
        return false;
    return add_step(compiler, node, &(struct step){ .kind = event->step, .resource = resource },
                    err);
}

/* "wait" gives its mutex up and takes it again; "sync" locks it, signals, waits, and unlocks it. */
static bool read_condition(struct compiler *compiler, const struct node *node, bool is_sync,
                           struct error *err)
{
    static const char *const keys[] = { "ref", "mutex", NULL };
    const char *name, *mutex_name;
    struct node ref, mutex;
    if (!node_object(node, keys, err) || !member_need(node, "ref", &ref, err) ||
        !read_name(compiler, &ref, false, &name, err) || !member_need(node, "mutex", &mutex, err) ||
        !read_name(compiler, &mutex, false, &mutex_name, err))
        return false;
    uint32_t condition = find_resource(compiler->programs, node, RESOURCE_CONDITION, name);
    uint32_t lock = find_resource(compiler->programs, node, RESOURCE_MUTEX, mutex_name);
    const struct step steps[] = {
        { .kind = STEP_LOCK, .resource = lock },
        { .kind = STEP_SIGNAL, .resource = condition },
        { .kind = STEP_WAIT, .resource = condition, .other = lock },
        { .kind = STEP_LOCK, .resource = lock },
        { .kind = STEP_UNLOCK, .resource = lock },
    };
    for (int i = is_sync ? 0 : 2; i < (is_sync ? 5 : 4); i++)
        if (!add_step(compiler, node, &steps[i], err))
            return false;
    return true;
}

static uint32_t find_own_timer(struct compiler *compiler, const struct node *node, const char *name)
{
    uint32_t count = compiler->workload->timers;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(compiler->timers[i], name) == 0)
            return i;
    compiler->timers = grown(node, compiler->timers, count, count + 1, sizeof *compiler->timers);
    compiler->timers[count] = name;
    return compiler->workload->timers++;
}

static bool read_timer(struct compiler *compiler, const struct node *node, struct error *err)
{
    static const char *const keys[] = { "ref", "period", "mode", NULL };
    static const char *const modes[] = { "relative", "absolute", NULL };
    struct step step = { .kind = STEP_TIMER };
    struct node ref, period;
    const char *name;
    uint32_t mode = 0;
    if (!node_object(node, keys, err) || !member_need(node, "ref", &ref, err) ||
        !read_name(compiler, &ref, false, &name, err) ||
        !member_need(node, "period", &period, err) ||
        !distribution_read(&period, &step.amount, err) ||
        !member_choice(node, "mode", modes, &mode, err))
        return false;
    step.is_absolute = mode == 1;
    step.is_own = strncmp(ref.json->valuestring, "unique", 6) == 0;
    step.resource = step.is_own ? find_own_timer(compiler, node, name)
                                : find_resource(compiler->programs, node, RESOURCE_TIMER, name);
    return add_step(compiler, node, &step, err);
}

static void add_link(struct programs *programs, const struct program_link *link)
{
    struct program_link *copy = arena_alloc(link->node.document->arena, 1, sizeof *copy);
    *copy = *link;
    copy->next = programs->links;
    programs->links = copy;
}

/* Who is forked is known when all entries are. */
static bool read_fork(struct compiler *compiler, const struct node *node, struct error *err)
{
    struct program_link link = { .node = *node, .workload = compiler->index };
    if (!read_name(compiler, node, false, &link.target, err))
        return false;
    add_link(compiler->programs, &link);
    return add_step(compiler, node, &(struct step){ .kind = STEP_FORK }, err);
}

static bool read_bursts(struct compiler *compiler, const struct node *node, struct error *err)
{
    const struct burst_list *bursts;
    double least_us;
    if (compiler->workload->instances == 0)
        return node_refuse(node, err, "is for \"instances\" above 0 only");
    compiler->workload->has_burst_steps = true;
    return bursts_read(node, compiler->workload, &bursts, compiler->cache, &least_us, err) &&
           add_step(compiler, node, &(struct step){ .kind = STEP_BURSTS, .bursts = bursts }, err);
}

static bool read_other(struct compiler *compiler, const struct event *event,
                       const struct node *node, struct error *err)
{
    switch (event->step) {
    case STEP_WAIT:
        return read_condition(compiler, node, strcmp(event->name, "sync") == 0, err);
    case STEP_TIMER:
        return read_timer(compiler, node, err);
    case STEP_FORK:
        return read_fork(compiler, node, err);
    case STEP_BURSTS:
        return read_bursts(compiler, node, err);
    default:
        if (!cJSON_IsTrue(node->json) &&
            !(cJSON_IsString(node->json) && node->json->valuestring[0] == '\0'))
            return node_refuse(node, err, "must be true");
        return add_step(compiler, node, &(struct step){ .kind = event->step }, err);
    }
}

static bool read_event(struct compiler *compiler, const struct event *event,
                       const struct node *node, struct error *err)
{
    const struct scenario *scenario = compiler->programs->scenario;
    struct step step = { .kind = event->step };
    double mb_s = event->step == STEP_SLEEP ? scenario->io_mb_s
                                            : profile_value(scenario->cpu, memory_read_mb_s);
    switch (event->value) {
    case VALUE_US:
        if (strcmp(event->name, "memrun") == 0 && compiler->workload->working_set_kb == 0)
            compiler->workload->working_set_kb = MEMRUN_KB;
        return distribution_read(node, &step.amount, err) && add_step(compiler, node, &step, err);
    case VALUE_BYTES:
        return distribution_read_bytes(node, mb_s, &step.amount, err) &&
               add_step(compiler, node, &step, err);
    case VALUE_NAME:
        return read_named(compiler, event, node, err);
    default:
        return read_other(compiler, event, node, err);
    }
}

/* ---- Groups ------------------------------------------------------------------------------- */

/* Something that takes time, or waits for others? */
static bool takes_time(const struct step *step)
{
    switch (step->kind) {
    case STEP_RUN:
    case STEP_RUNTIME:
    case STEP_SLEEP:
    case STEP_TIMER:
        return distribution_mean_us(&step->amount) > 0;
    case STEP_BURSTS:
    case STEP_WAIT:
    case STEP_BARRIER:
    case STEP_SUSPEND:
    case STEP_SEM_WAIT:
        return true;
    default:
        return false;
    }
}

static bool check_for_ever(const struct compiler *compiler, const struct node *node, uint32_t from,
                           struct error *err)
{
    const struct workload *workload = compiler->workload;
    for (uint32_t i = from; i < workload->step_count; i++)
        if (takes_time(&workload->steps[i]))
            return true;
    return node_refuse(node, err, NO_TIME_PASSES);
}

static bool read_phases(struct compiler *compiler, const struct node *node, uint32_t depth,
                        uint32_t mask, struct error *err);

#define UNKNOWN_MASK UINT32_MAX

/* What comes next is to happen under this mask: nothing is asked for before, so that a process goes
 * from one group's cpus to the next one's without being anywhere between. */
static bool need_cpus(struct compiler *compiler, const struct node *node, uint32_t mask,
                      struct error *err)
{
    if (!compiler->has_cpus || compiler->mask == mask)
        return true;
    compiler->mask = mask;
    return add_step(compiler, node, &(struct step){ .kind = STEP_CPUS, .other = mask }, err);
}

/* phases so often: count, -1 for ever, or as drawn, unless drawn is of no kind. */
static bool read_rounds(struct compiler *compiler, const struct node *node,
                        const struct node *phases, double count, const struct distribution *drawn,
                        uint32_t depth, uint32_t mask, struct error *err)
{
    bool is_drawn = drawn->kind != DISTRIBUTION_KINDS;
    uint32_t first = compiler->workload->step_count;
    struct step turns = { .kind = STEP_TURNS, .amount = *drawn, .depth = depth };
    struct step repeat = { .kind = STEP_REPEAT,
                           .other = first + is_drawn,
                           .count = count < 0 ? 0 : (uint32_t)count,
                           .depth = depth,
                           .is_drawn = is_drawn };
    if (is_drawn || count != 1)
        compiler->mask = UNKNOWN_MASK; /* in further rounds, that at the end */
    if ((is_drawn && !add_step(compiler, node, &turns, err)) ||
        !read_phases(compiler, phases, depth + 1, mask, err) ||
        (count < 0 && !check_for_ever(compiler, node, first, err)) ||
        ((is_drawn || count != 1) && !add_step(compiler, node, &repeat, err)))
        return false;
    if (is_drawn) {
        compiler->workload->steps[first].other = compiler->workload->step_count;
        compiler->mask = UNKNOWN_MASK; /* there may be no round */
    }
    return true;
}

static bool read_group(struct compiler *compiler, const struct node *node, uint32_t depth,
                       uint32_t mask, struct error *err)
{
    static const char *const keys[] = { "phases", "loop", "cpus", NULL };
    struct distribution drawn = { .kind = DISTRIBUTION_KINDS };
    struct node phases, cpus;
    double count = 1;
    if (depth == GROUP_DEPTH_MAX)
        return node_refuse(node, err, "is a group in %d others; at most %d may be nested", depth,
                           GROUP_DEPTH_MAX);
    return node_object(node, keys, err) && member_need(node, "phases", &phases, err) &&
           (!node_get(node, "cpus", &cpus) || read_cpus(compiler->programs, &cpus, &mask, err)) &&
           loop_read(node, &count, &drawn, err) &&
           read_rounds(compiler, node, &phases, count, &drawn, depth, mask, err);
}

static bool read_phase(struct compiler *compiler, const struct node *node, uint32_t depth,
                       uint32_t mask, struct error *err)
{
    const char *keys[EVENTS + 2] = { NULL };
    struct node child;
    if (node_get(node, "phases", &child))
        return read_group(compiler, node, depth, mask, err);
    for (uint32_t i = 0; i < EVENTS; i++)
        keys[i] = events[i].name;
    keys[EVENTS] = "phases";
    if (node_get(node, "cpus", &child) || node_get(node, "loop", &child))
        return node_refuse(&child, err, "is for a group, with the event in its own \"phases\"");
    if (!node_object(node, keys, err))
        return false;
    if (cJSON_GetArraySize(node->json) != 1)
        return node_refuse(node, err,
                           "must have exactly one event, such as \"run\" (`braidsim list "
                           "workloads` names all), or be a group of \"phases\"; has %d keys",
                           cJSON_GetArraySize(node->json));
    for (uint32_t i = 0; i < EVENTS; i++)
        if (node_get(node, events[i].name, &child))
            return need_cpus(compiler, node, mask, err) &&
                   read_event(compiler, &events[i], &child, err);
    return false; /* there is one, since node_object() knows them all */
}

static bool read_phases(struct compiler *compiler, const struct node *node, uint32_t depth,
                        uint32_t mask, struct error *err)
{
    int count = cJSON_GetArraySize(node->json);
    if (!cJSON_IsArray(node->json))
        return node_refuse(node, err, "must be an array of phases, is %s", node_type(node));
    if (count < 1 || count > STEP_MAX)
        return node_refuse(node, err, "must be an array of 1 to %d phases, has %d", STEP_MAX,
                           count);
    uint32_t i = 0;
    for (const cJSON *json = node->json->child; json != NULL; json = json->next, i++) {
        struct node phase = { node->document, json,
                              arena_printf(node->document->arena, "%s/%u", node->pointer, i) };
        if (!read_phase(compiler, &phase, depth, mask, err))
            return false;
    }
    return true;
}

/* ---- Entries ------------------------------------------------------------------------------ */

static bool mentions_cpus(const cJSON *phases)
{
    for (const cJSON *phase = phases != NULL ? phases->child : NULL; phase != NULL;
         phase = phase->next)
        if (cJSON_GetObjectItemCaseSensitive(phase, "cpus") != NULL ||
            mentions_cpus(cJSON_GetObjectItemCaseSensitive(phase, "phases")))
            return true;
    return false;
}

bool program_read(struct programs *programs, const struct node *entry, const struct node *phases,
                  struct workload *workload, uint32_t index, const char *prefix,
                  struct reference_cache *cache, struct error *err)
{
    struct compiler compiler = {
        .programs = programs, .workload = workload, .index = index, .prefix = prefix, .cache = cache
    };
    struct distribution drawn = { .kind = DISTRIBUTION_KINDS };
    struct node cpus, loop;
    double rounds = workload->open ? 1 : -1;
    if (!loop_read(entry, &rounds, &drawn, err))
        return false;
    bool is_drawn = drawn.kind != DISTRIBUTION_KINDS;
    rounds = is_drawn ? 1 : rounds; /* all drawn ones are one */
    if (rounds < 0 && workload->open && node_get(entry, "loop", &loop))
        return node_refuse(&loop, err, "must be 1 or more, as processes that arrive have to exit");
    workload->rounds = rounds < 0 ? 0 : (uint32_t)rounds;
    if (node_get(entry, "cpus", &cpus) && !read_cpus(programs, &cpus, &workload->mask, err))
        return false;
    compiler.has_cpus = workload->mask > 0 || mentions_cpus(phases->json);
    compiler.mask = UNKNOWN_MASK;
    programs->scenario->has_steps = true;
    if (is_drawn)
        return read_rounds(&compiler, entry, phases, 1, &drawn, 0, workload->mask, err);
    if (!read_phases(&compiler, phases, 0, workload->mask, err) ||
        (rounds <= 0 && !check_for_ever(&compiler, phases, 0, err)))
        return false;
    if (workload->steps[0].kind == STEP_CPUS)
        workload->mask = workload->steps[0].other; /* nothing happens before */
    return true;
}

void program_wants_fork(struct programs *programs, const struct node *node, uint32_t index)
{
    add_link(programs, &(struct program_link){ .node = *node, .workload = index });
}

static bool find_fork(const struct program_link *link, struct workload *workloads, uint32_t count,
                      struct error *err)
{
    for (uint32_t w = 0; w < count; w++)
        if (strcmp(workloads[w].name, link->target) == 0) {
            workloads[w].is_forked = true;
            if (workloads[w].max_alive == 0)
                workloads[w].max_alive = MAX_ALIVE_DEFAULT;
            return true;
        }
    return node_refuse(&link->node, err,
                       "there is no entry \"%s\" to fork; name one of \"workload\"",
                       document_shown(link->target, link->node.document->arena));
}

/* The steps that fork, in the order in which their links were made: the last first. */
static void set_forks(const struct programs *programs, struct workload *workloads, uint32_t count)
{
    const struct program_link *link = programs->links;
    for (uint32_t w = count; w-- > 0;)
        for (uint32_t i = workloads[w].step_count; i-- > 0;) {
            struct step *step = &workloads[w].steps[i];
            if (step->kind != STEP_FORK)
                continue;
            while (link->target == NULL)
                link = link->next;
            while (strcmp(workloads[step->other].name, link->target) != 0)
                step->other++;
            link = link->next;
        }
}

bool programs_finish(struct programs *programs, struct workload *workloads, uint32_t count,
                     struct error *err)
{
    for (const struct program_link *link = programs->links; link != NULL; link = link->next)
        if (link->target != NULL && !find_fork(link, workloads, count, err))
            return false;
    for (const struct program_link *link = programs->links; link != NULL; link = link->next)
        if (link->target == NULL && !workloads[link->workload].is_forked)
            return node_refuse(&link->node, err,
                               "is for entries that a \"fork\" names, and none names \"%s\"",
                               workloads[link->workload].name);
    set_forks(programs, workloads, count);
    programs->scenario->resource_count = programs->resource_count;
    programs->scenario->resources = programs->resources;
    programs->scenario->mask_count = programs->mask_count;
    programs->scenario->masks = programs->masks;
    return true;
}
