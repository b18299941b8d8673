/* workload_file.c -- reads the entries of a scenario's "workload".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/workload_file.h"

#include <math.h>
#include <string.h>

#include "sim/input/burst_file.h"
#include "sim/input/program_file.h"

/* What an entry is read with. */
struct entry_reading {
    struct programs *programs;
    uint64_t scale; /* so many times as many processes */
    const char *prefix;
    const struct node *element; /* the reference that the entry is of; NULL: it stands there */
    uint32_t first;             /* the number of the first entry of that */
    struct reference_cache *cache;
};

/* ---- Distributions ------------------------------------------------------------------------ */

static bool constant(struct distribution *distribution, double us)
{
    *distribution = (struct distribution){ .kind = DISTRIBUTION_CONSTANT };
    distribution->parameter[PARAMETER_VALUE] = us;
    return distribution_prepare(distribution) == NULL;
}

/* What a duration is given in: us, or bytes that are moved in 10^6 B/s, of which a us takes so
 * many; or turns, each of which counts as a us. */
struct unit {
    const char *suffix;
    double per_us;
};

static const struct unit unit_us = { "_us", 1 };

static bool is_duration(enum distribution_parameter parameter)
{
    return parameter != PARAMETER_CV2 && parameter != PARAMETER_SHAPE;
}

static const char *parameter_key(const struct node *node, enum distribution_parameter parameter,
                                 const struct unit *unit)
{
    const char *key = distribution_parameter_keys[parameter];
    if (unit == &unit_us || !is_duration(parameter))
        return key;
    return arena_printf(node->document->arena, "%.*s%s",
                        (int)(strlen(key) - strlen(unit_us.suffix)), key, unit->suffix);
}

/* What is wrong with a distribution, by the keys that it has in this unit. */
static const char *wrong_in_unit(const struct node *node, const char *wrong,
                                 const struct unit *unit)
{
    for (uint32_t p = 0; p < PARAMETER_COUNT && unit != &unit_us; p++) {
        const char *key = distribution_parameter_keys[p], *at = strstr(wrong, key);
        if (at != NULL && is_duration(p))
            wrong = arena_printf(node->document->arena, "%.*s%s%s", (int)(at - wrong), wrong,
                                 parameter_key(node, p, unit), at + strlen(key));
    }
    return wrong;
}

static bool read_parameters(const struct node *node, const struct unit *unit,
                            struct distribution *distribution, struct error *err)
{
    const struct distribution_description *kind = &distribution_descriptions[distribution->kind];
    const char *keys[PARAMETER_COUNT + 2] = { "dist" };
    uint32_t count = 1;
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        if (kind->parameters & 1u << p)
            keys[count++] = parameter_key(node, p, unit);
    if (!node_object(node, keys, err))
        return false;
    count = 1;
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++) {
        struct node child;
        if (!(kind->parameters & 1u << p))
            continue;
        if (!member_need(node, keys[count++], &child, err) ||
            !node_number(&child, 0, 4.6e12, &distribution->parameter[p], err))
            return false;
        if (is_duration(p))
            distribution->parameter[p] /= unit->per_us;
    }
    const char *wrong = distribution_prepare(distribution);
    return wrong == NULL || node_refuse(node, err, "%s", wrong_in_unit(node, wrong, unit));
}

static bool read_in_unit(const struct node *node, const struct unit *unit,
                         struct distribution *distribution, struct error *err)
{
    const char *names[DISTRIBUTION_KINDS + 1] = { NULL };
    struct node kind;
    uint32_t index = 0;
    double us = 0;
    if (!cJSON_IsObject(node->json))
        return node_number(node, 0, 4.6e12, &us, err) && constant(distribution, us / unit->per_us);
    for (uint32_t i = 0; i < DISTRIBUTION_KINDS; i++)
        names[i] = distribution_descriptions[i].name;
    if (!member_need(node, "dist", &kind, err) ||
        !node_choice(&kind, "distribution", names, &index, err))
        return false;
    *distribution = (struct distribution){ .kind = (enum distribution_kind)index };
    return read_parameters(node, unit, distribution, err);
}

bool distribution_read(const struct node *node, struct distribution *distribution,
                       struct error *err)
{
    return read_in_unit(node, &unit_us, distribution, err);
}

bool distribution_read_bytes(const struct node *node, double mb_s,
                             struct distribution *distribution, struct error *err)
{
    struct unit bytes = { "_bytes", mb_s };
    return read_in_unit(node, &bytes, distribution, err);
}

bool loop_read(const struct node *node, double *turns, struct distribution *drawn,
               struct error *err)
{
    static const struct unit unit_turns = { "", 1 };
    struct node child;
    if (!node_get(node, "loop", &child))
        return true;
    if (cJSON_IsObject(child.json))
        return read_in_unit(&child, &unit_turns, drawn, err);
    if (!node_number(&child, -1, 1e9, turns, err))
        return false;
    if (*turns != floor(*turns) || *turns == 0)
        return node_refuse(&child, err, "must be a whole number from 1 on, or -1: for ever; is %g",
                           *turns);
    return true;
}

/* "poisson" with a rate is the usual way to write exponential gaps. */
static bool read_gap(const struct node *node, struct distribution *gap, struct error *err)
{
    static const char *const keys[] = { "dist", "rate_per_s", NULL };
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(node->json, "dist");
    struct node rate;
    double per_s = 0;
    if (!cJSON_IsString(kind) || strcmp(kind->valuestring, "poisson") != 0) {
        if (!distribution_read(node, gap, err))
            return false;
        return distribution_mean_us(gap) > 0 ||
               node_refuse(node, err, "the mean gap must be above 0");
    }
    if (!node_object(node, keys, err) || !member_need(node, "rate_per_s", &rate, err) ||
        !node_number(&rate, 1e-6, 1e9, &per_s, err))
        return false;
    *gap = (struct distribution){ .kind = DISTRIBUTION_EXPONENTIAL };
    gap->parameter[PARAMETER_MEAN] = 1e6 / per_s;
    return distribution_prepare(gap) == NULL;
}

/* ---- Phases ------------------------------------------------------------------------------- */

static bool read_bursts(const struct node *node, struct workload *workload, size_t phase,
                        const struct entry_reading *reading, double *us, struct error *err)
{
    if (workload->bursts == NULL)
        workload->bursts =
            arena_alloc(node->document->arena, workload->phase_count, sizeof *workload->bursts);
    return bursts_read(node, workload, &workload->bursts[phase], reading->cache, us, err);
}

/* *us: what it takes, in the mean, or at least. */
static bool read_phase(const struct node *node, struct workload *workload, struct phase *phase,
                       const struct entry_reading *reading, double *us, struct error *err)
{
    static const char *const keys[] = { "run", "sleep", "yield", "bursts_us", NULL };
    struct node child;
    *us = 0;
    if (!node_object(node, keys, err))
        return false;
    if (cJSON_GetArraySize(node->json) != 1)
        return node_refuse(node, err,
                           "must have exactly one event, such as \"run\" (`braidsim list "
                           "workloads` names all), has %d keys",
                           cJSON_GetArraySize(node->json));
    if (node_get(node, "yield", &child)) {
        bool empty = cJSON_IsString(child.json) && child.json->valuestring[0] == '\0';
        phase->kind = PHASE_YIELD;
        return cJSON_IsTrue(child.json) || empty || node_refuse(&child, err, "must be true");
    }
    if (node_get(node, "bursts_us", &child)) {
        phase->kind = PHASE_BURSTS;
        return read_bursts(&child, workload, (size_t)(phase - workload->phases), reading, us, err);
    }
    phase->kind = node_get(node, "run", &child) ? PHASE_RUN : PHASE_SLEEP;
    if (phase->kind == PHASE_SLEEP)
        node_get(node, "sleep", &child);
    if (!distribution_read(&child, &phase->duration, err))
        return false;
    *us = distribution_mean_us(&phase->duration);
    return true;
}

static bool read_phases(const struct node *node, struct workload *workload,
                        const struct entry_reading *reading, struct error *err)
{
    int count = cJSON_GetArraySize(node->json);
    double total_us = 0;
    if (!cJSON_IsArray(node->json))
        return node_refuse(node, err, "must be an array of phases, is %s", node_type(node));
    if (count < 1 || count > PHASE_MAX)
        return node_refuse(node, err, "must be an array of 1 to %d phases, has %d", PHASE_MAX,
                           count);
    workload->phases = arena_alloc(node->document->arena, (size_t)count, sizeof(struct phase));
    workload->phase_count = (uint32_t)count;
    for (int i = 0; i < count; i++) {
        struct node phase = node_element(node, i);
        double us;
        if (!read_phase(&phase, workload, &workload->phases[i], reading, &us, err))
            return false;
        total_us += us;
    }
    if (!workload->open && !(total_us > 0))
        return node_refuse(node, err, NO_TIME_PASSES);
    return true;
}

/* ---- Entries ------------------------------------------------------------------------------ */

static bool read_name(const struct node *node, const char *prefix, struct workload *workload,
                      struct error *err)
{
    struct node name;
    if (!member_need(node, "name", &name, err) || !node_string(&name, &workload->name, err))
        return false;
    workload->name = arena_printf(node->document->arena, "%s%s", prefix, workload->name);
    size_t length = strlen(workload->name);
    if (length == 0 || length > 40 || strspn(workload->name, WORKLOAD_NAME_CHARACTERS) != length)
        return node_refuse(&name, err, "must be 1 to 40 of letters, digits, \"_\" and \"-\"");
    return true;
}

static uint64_t scaled(uint64_t count, uint64_t scale)
{
    return count > WORKLOAD_INSTANCES_MAX / scale ? WORKLOAD_INSTANCES_MAX + 1 : count * scale;
}

/* So many times as many arrive: each of the times is so much shorter. */
static void scale_gap(struct distribution *gap, uint64_t scale)
{
    static const enum distribution_parameter times[] = { PARAMETER_VALUE, PARAMETER_MIN,
                                                         PARAMETER_MAX, PARAMETER_MEAN };
    for (uint32_t i = 0; i < sizeof times / sizeof times[0]; i++)
        gap->parameter[times[i]] /= (double)scale;
    distribution_prepare(gap);
}

/* Of an entry that may turn out to be forked by others. */
static bool read_closed(const struct node *node, struct workload *workload, uint32_t index,
                        const struct entry_reading *reading, struct error *err)
{
    struct programs *programs = reading->programs;
    uint64_t count = 0, alive = 0;
    struct node child;
    bool all = node_get(node, "instances", &child);
    if (all ? !node_count(&child, 0, WORKLOAD_INSTANCES_MAX, &count, err)
            : !node_get(node, "instances_per_core", &child) ||
                  !node_count(&child, 1, WORKLOAD_INSTANCES_MAX / 1024, &count, err))
        return false;
    if (count == 0)
        program_wants_fork(programs, &child, index);
    if (!all)
        count *= programs->scenario->cores;
    workload->instances = (uint32_t)scaled(count, reading->scale);
    if (!node_get(node, "max_alive", &child))
        return true;
    program_wants_fork(programs, &child, index);
    workload->max_alive = 1;
    if (!node_count(&child, 1, WORKLOAD_INSTANCES_MAX, &alive, err))
        return false;
    workload->max_alive = (uint32_t)scaled(alive, reading->scale);
    return true;
}

static bool read_population(const struct node *node, struct workload *workload, uint32_t index,
                            const struct entry_reading *reading, struct error *err)
{
    uint64_t alive = 65536;
    struct node child, instances, per_core, most;
    bool all = node_get(node, "instances", &instances);
    bool each = node_get(node, "instances_per_core", &per_core);
    bool open = node_get(node, "arrivals", &child);
    if (all + each + open != 1)
        return node_refuse(node, err,
                           "must have exactly one of \"instances\", "
                           "\"instances_per_core\", \"arrivals\", has %d",
                           all + each + open);
    workload->open = open;
    if (open) {
        if (!read_gap(&child, &workload->gap, err))
            return false;
        if (node_get(node, "max_alive", &most)) {
            if (!node_count(&most, 1, WORKLOAD_INSTANCES_MAX, &alive, err))
                return false;
        } else if (node_is_written(node, "arrivals")) { /* not in a variant's place for it only */
            node_default(node, "max_alive", cJSON_CreateNumber((double)alive));
        }
        if (reading->scale != 1)
            scale_gap(&workload->gap, reading->scale);
        workload->max_alive = (uint32_t)scaled(alive, reading->scale);
        return true;
    }
    return read_closed(node, workload, index, reading, err);
}

/* Both in whole ns, of at most 32 bits. */
static bool read_reservation(const struct node *entry, struct workload *workload, struct error *err)
{
    static const char *const keys[] = { "budget_us", "period_us", NULL };
    struct node node, child;
    double budget_us = 0, period_us = 0;
    if (!node_get(entry, "reservation", &node))
        return true;
    if (!node_object(&node, keys, err) || !member_need(&node, "period_us", &child, err) ||
        !node_number(&child, 1, 4e6, &period_us, err) ||
        !member_need(&node, "budget_us", &child, err) ||
        !node_number(&child, 1e-3, 4e6, &budget_us, err))
        return false;
    if (budget_us > period_us)
        return node_refuse(&child, err, "must be at most period_us (%g), is %g", period_us,
                           budget_us);
    workload->budget_ns = (uint32_t)llround(budget_us * 1000);
    workload->period_ns = (uint32_t)llround(period_us * 1000);
    return true;
}

static bool read_start(const struct node *node, struct workload *workload, struct error *err)
{
    struct node child;
    constant(&workload->start, 0);
    if (!node_get(node, "start_us", &child)) {
        node_default(node, "start_us", cJSON_CreateNumber(0));
        return true;
    }
    return cJSON_IsArray(child.json) ? starts_read(&child, workload, err)
                                     : distribution_read(&child, &workload->start, err);
}

/* Can the entry do without steps? */
static bool is_plain(const struct node *entry, const struct node *phases)
{
    static const char *const plain[] = { "run", "sleep", "yield", "bursts_us" };
    static const char *const of_groups[] = { "loop", "cpus" };
    const cJSON *loop = cJSON_GetObjectItemCaseSensitive(entry->json, "loop");
    bool arrives = cJSON_GetObjectItemCaseSensitive(entry->json, "arrivals") != NULL;
    if (cJSON_GetObjectItemCaseSensitive(entry->json, "cpus") != NULL ||
        (loop != NULL && (arrives || loop->valuedouble != -1)))
        return false;
    if (cJSON_GetArraySize(phases->json) > PHASE_MAX)
        return false;
    for (const cJSON *phase = phases->json->child; phase != NULL; phase = phase->next) {
        bool known = !cJSON_IsObject(phase);
        for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
            known = known || cJSON_GetObjectItemCaseSensitive(phase, plain[i]) != NULL;
        for (size_t i = 0; i < sizeof of_groups / sizeof of_groups[0]; i++)
            known = known && cJSON_GetObjectItemCaseSensitive(phase, of_groups[i]) == NULL;
        if (!known)
            return false;
    }
    return true;
}

static bool read_program(const struct node *node, struct workload *workload, uint32_t index,
                         const struct entry_reading *reading, struct error *err)
{
    struct node phases;
    if (!member_need(node, "phases", &phases, err))
        return false;
    if (is_plain(node, &phases))
        return read_phases(&phases, workload, reading, err);
    return program_read(reading->programs, node, &phases, workload, index, reading->prefix,
                        reading->cache, err);
}

static bool read_entry(const struct node *node, struct workload *workload, uint32_t index,
                       const struct entry_reading *reading, struct error *err)
{
    static const char *const keys[] = { "name",
                                        "instances",
                                        "instances_per_core",
                                        "arrivals",
                                        "max_alive",
                                        "start_us",
                                        "working_set_kb",
                                        "code_kb",
                                        "weight",
                                        "priority",
                                        "reservation",
                                        "phases",
                                        "working_set_order",
                                        "loop",
                                        "cpus",
                                        NULL };
    static const char *const orders[] = { "sequential", "random", NULL };
    uint32_t order = 0;
    uint64_t working_set_kb = 0, code_kb = 8, weight = 1024;
    double priority = 0;
    struct node child;
    if (!node_object(node, keys, err) || !read_name(node, reading->prefix, workload, err) ||
        !read_population(node, workload, index, reading, err) ||
        !member_count(node, "working_set_kb", 0, 1048576, &working_set_kb, err) ||
        !member_choice(node, "working_set_order", orders, &order, err) ||
        !member_count(node, "code_kb", 0, 1048576, &code_kb, err) ||
        !member_count(node, "weight", 1, 100000, &weight, err) ||
        !member_number(node, "priority", -1000, 1000, &priority, err))
        return false;
    if (node_get(node, "priority", &child) && !node_whole(&child, priority, err))
        return false;
    workload->place = document_place(node->document, node->pointer, false);
    workload->working_set_kb = (uint32_t)working_set_kb;
    workload->random_order = order == 1;
    workload->code_kb = (uint32_t)code_kb;
    workload->weight = (uint32_t)weight;
    workload->priority = (int32_t)priority;
    return read_start(node, workload, err) && read_reservation(node, workload, err) &&
           read_program(node, workload, index, reading, err);
}

/* The entries that have been read so far. */
struct entries {
    struct workload *workloads; /* [WORKLOAD_MAX] */
    uint32_t count;
    uint64_t processes;
};

/* The name of an entry is that of entry j already. */
static bool refuse_name(const struct node *entry, const char *name, uint32_t j,
                        const struct entry_reading *reading, struct error *err)
{
    struct node node;
    bool is_own = reading->element == NULL || j >= reading->first;
    if (is_own && node_get(entry, "name", &node))
        return node_refuse(&node, err, "%s is the name of entry %u already; choose another", name,
                           j);
    if (*reading->prefix == '\0')
        return node_refuse(reading->element, err,
                           "%s is the name of entry %u already; add a \"prefix\" for its names, "
                           "such as \"b-\"",
                           name, j);
    return node_refuse(
        reading->element, err,
        "%s is the name of entry %u already; choose another \"prefix\" for its names "
        "than \"%s\"",
        name, j, reading->prefix);
}

static bool add_entry(const struct node *node, struct entries *entries,
                      const struct entry_reading *reading, struct error *err)
{
    if (entries->count == WORKLOAD_MAX)
        return node_refuse(node, err, "is one entry too many; at most %d may be", WORKLOAD_MAX);
    struct workload *workload = &entries->workloads[entries->count];
    if (!read_entry(node, workload, entries->count, reading, err))
        return false;
    entries->processes += workload_slots(workload);
    if (entries->processes > WORKLOAD_INSTANCES_MAX)
        return node_refuse(node, err, "makes %ju processes in all; at most %d",
                           (uintmax_t)entries->processes, WORKLOAD_INSTANCES_MAX);
    for (uint32_t j = 0; j < entries->count; j++)
        if (strcmp(entries->workloads[j].name, workload->name) == 0)
            return refuse_name(node, workload->name, j, reading, err);
    entries->count++;
    return true;
}

/* Adds the entries that one element of the array stands for. */
static bool add_element(const struct node *element, struct entries *entries,
                        const struct entry_reading *reading, struct error *err)
{
    struct reference reference;
    struct document apart = *element->document;
    struct node alone = { &apart, element->json, element->pointer };
    apart.written = NULL;
    if (!reference_is_alike_written(element))
        element = &alone;
    if (!reference_is(element))
        return add_entry(element, entries, reading, err);
    if (!reference_read(reading->cache, element, &reference, err))
        return false;
    struct entry_reading others = { reading->programs,  reference.scale, reference.prefix,
                                    &reference.element, entries->count,  reading->cache };
    int count = cJSON_GetArraySize(reference.entries.json);
    for (int i = 0; i < count; i++) {
        struct node entry = node_element(&reference.entries, i);
        if (!add_entry(&entry, entries, &others, err))
            return false;
    }
    return count > 0 || node_refuse(&reference.entries, err, "must have an entry, has none");
}

/* Those that are forked count, too, now that they are known. */
static bool check_total(const struct node *node, const struct entries *entries, struct error *err)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < entries->count; i++)
        total += workload_slots(&entries->workloads[i]);
    return total <= WORKLOAD_INSTANCES_MAX ||
           node_refuse(node, err,
                       "makes %ju processes in all, with max_alive of those that are forked; at "
                       "most %d",
                       (uintmax_t)total, WORKLOAD_INSTANCES_MAX);
}

bool workloads_read(const struct node *node, const struct node *root, struct scenario *scenario,
                    struct reference_cache *cache, struct error *err)
{
    int count = cJSON_GetArraySize(node->json);
    struct programs programs = { .scenario = scenario };
    struct entry_reading reading = { &programs, 1, "", NULL, 0, cache };
    struct entries entries = { 0 };
    if (!cJSON_IsArray(node->json))
        return node_refuse(node, err, "must be an array of entries, is %s", node_type(node));
    if (count < 1 || count > WORKLOAD_MAX)
        return node_refuse(node, err, "must be an array of 1 to %d entries, has %d", WORKLOAD_MAX,
                           count);
    if (!resources_read(&programs, root, err))
        return false;
    entries.workloads = arena_alloc(node->document->arena, WORKLOAD_MAX, sizeof *entries.workloads);
    for (int i = 0; i < count; i++) {
        struct node element = node_element(node, i);
        if (!add_element(&element, &entries, &reading, err))
            return false;
    }
    scenario->workloads = entries.workloads;
    scenario->workload_count = entries.count;
    if (scenario->has_steps)
        resources_write_default(root);
    return programs_finish(&programs, entries.workloads, entries.count, err) &&
           check_total(node, &entries, err);
}
