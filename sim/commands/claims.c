/* claims.c -- `braidsim claims`: measures what the design claims, and prints the verdicts.
 *
 * A claim that fails is a finding, not an error: the exit status tells whether the ledger was made.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <argp.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/claims/ledger.h"
#include "sim/commands/commands.h"
#include "sim/commands/load.h"
#include "sim/commands/outcome.h"
#include "sim/input/json.h"
#include "sim/input/profile_file.h"
#include "sim/output/file.h"

enum {
    NAMES_MAX = 64,
    SETS_MAX = 5,
    KEY_JSON = 256,
    KEY_MARKDOWN,
    KEY_CLAIM,
    KEY_MACHINE,
    KEY_REPLICATIONS,
    KEY_SHAPE,
    KEY_QUIET
};

struct arguments {
    const char *json, *markdown;
    const char *ids[NAMES_MAX], *cpus[NAMES_MAX];
    uint32_t id_count, cpu_count;
    uint32_t jobs, replications; /* 0: as the studies say */
    bool shape, quiet;
};

struct work_shop {
    const struct arguments *arguments;
    struct scheduler *builds[COSTS];
    struct claim_machine *machines;
    struct ledger ledger;
    char data[PATH_MAX];
    uint32_t done, total; /* studies */
    struct arena arena;
};

/* ---- Options ------------------------------------------------------------------------------ */

static const struct claim *find_claim(const char *id)
{
    for (uint32_t i = 0; i < claim_count; i++)
        if (strcmp(claims[i].id, id) == 0)
            return &claims[i];
    return NULL;
}

static uint32_t parse_number(struct argp_state *state, const char *option, const char *text,
                             uint32_t minimum)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < minimum || value > 4096)
        argp_error(state, "%s must be a whole number from %u to 4096, is \"%s\"", option, minimum,
                   text);
    return (uint32_t)value;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'j':
        arguments->jobs = parse_number(state, "--jobs", argument, 1);
        return 0;
    case KEY_REPLICATIONS:
        arguments->replications = parse_number(state, "--replications", argument, 2);
        return 0;
    case KEY_JSON:
        arguments->json = argument;
        return 0;
    case KEY_MARKDOWN:
        arguments->markdown = argument;
        return 0;
    case KEY_CLAIM:
        if (find_claim(argument) == NULL)
            argp_error(state, "no claim is called \"%s\"", argument);
        if (arguments->id_count == NAMES_MAX)
            argp_error(state, "at most %d --claim", NAMES_MAX);
        arguments->ids[arguments->id_count++] = argument;
        return 0;
    case KEY_MACHINE:
        if (arguments->cpu_count == NAMES_MAX)
            argp_error(state, "at most %d --machine", NAMES_MAX);
        arguments->cpus[arguments->cpu_count++] = argument;
        return 0;
    case KEY_SHAPE:
        arguments->shape = true;
        return 0;
    case KEY_QUIET:
        arguments->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "takes no arguments, there is \"%s\"", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "jobs", 'j', "N", 0, "runs at a time (default: the processors of this machine)", 0 },
    { "claim", KEY_CLAIM, "ID", 0, "this claim alone; may be repeated", 0 },
    { "machine", KEY_MACHINE, "CPU", 0, "on this machine, or FILE.json; may be repeated", 0 },
    { "replications", KEY_REPLICATIONS, "N", 0, "runs of each point, 2 at least", 0 },
    { "json", KEY_JSON, "FILE", 0, "write the ledger for programs", 0 },
    { "markdown", KEY_MARKDOWN, "FILE", 0, "write it as docs/CLAIMS.md is", 0 },
    { "shape", KEY_SHAPE, NULL, 0, "print the hash of what is claimed and measured, run nothing",
      0 },
    { "quiet", KEY_QUIET, NULL, 0, "no table and no progress", 0 },
    { 0 },
};

static const struct argp argp = {
    options, parse_option,
    NULL,    "Measures each claim of the design, on several machines, and prints the verdicts.",
    NULL,    NULL,
    NULL,
};

/* ---- One study on one machine ------------------------------------------------------------- */

static bool is_wanted(const struct arguments *arguments, const struct claim *claim)
{
    for (uint32_t i = 0; i < arguments->id_count; i++)
        if (strcmp(arguments->ids[i], claim->id) == 0)
            return true;
    return arguments->id_count == 0;
}

static bool is_sensible(const struct claim *claim, const struct claim_machine *machine)
{
    return machine->cores > 1 || !claim->many_cores;
}

static bool study_is_wanted(const struct arguments *arguments, enum claim_study study,
                            const struct claim_machine *machine)
{
    bool wanted = false;
    for (uint32_t i = 0; i < claim_count; i++)
        wanted = wanted || (claims[i].study == study && is_wanted(arguments, &claims[i]) &&
                            (machine == NULL || is_sensible(&claims[i], machine)));
    return wanted && (machine == NULL || machine->cores > 1 || claim_studies[study].one_core);
}

/* Reads the study as it is on that machine; with its own IPC if that is NaN. */
static bool read_study(struct work_shop *shop, enum claim_study which,
                       const struct claim_machine *machine, double ipc,
                       struct experiment *experiment, struct arena *arena, struct error *err)
{
    const struct study_description *study = &claim_studies[which];
    const char *sets[SETS_MAX], *path;
    struct load_options load = { .scenario = { .sets = sets } };
    uint32_t *count = &load.scenario.set_count;
    path = arena_printf(arena, "%s/claims/%s", shop->data, study->file);
    sets[(*count)++] = arena_printf(arena, "/machine/cpu=\"%s\"", machine->cpu);
    if (!isnan(ipc))
        sets[(*count)++] =
            arena_printf(arena, "/machine/figures/instructions_per_cycle=%.17g", ipc);
    if (machine->cores == 1)
        sets[(*count)++] = "/machine/cores=1";
    if (study->scales) { /* strong: as many processes as load all cores, but not quite */
        sets[(*count)++] = arena_printf(arena, "/sweep/~1machine~1cores=%s", machine->scales);
        sets[(*count)++] =
            arena_printf(arena, "/sweep/~1workload/1/0/instances=%u", 8 * machine->cores);
    }
    load.scenario.has_replications = shop->arguments->replications > 0;
    load.scenario.replications = shop->arguments->replications;
    return load_experiment(experiment, path, &load, arena, err);
}

static int run_study(const struct work_shop *shop, struct study *study,
                     const struct experiment *experiment, struct arena *arena)
{
    struct study_options wanted = { .experiment = experiment,
                                    .builds = shop->builds,
                                    .shard = 1,
                                    .shards = 1,
                                    .jobs = shop->arguments->jobs };
    struct error err;
    if (!study_init(study, &wanted, arena, &err))
        return command_refuse(&err);
    int status = study_run(study, &err);
    if (study->plan.bad != NULL)
        return outcome_bad(study);
    if (status != EXIT_FINE)
        command_refuse(&err);
    return status;
}

static void progress(struct work_shop *shop, const char *what, const char *cpu)
{
    if (shop->arguments->quiet || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    if (what != NULL)
        fprintf(stderr, "study %u of %u: %s on %s", shop->done + 1, shop->total, what, cpu);
    fflush(stderr);
}

static void note_replications(struct ledger *ledger, uint32_t replications)
{
    if (ledger->fewest == 0 || replications < ledger->fewest)
        ledger->fewest = replications;
    if (replications > ledger->most)
        ledger->most = replications;
}

/* With another IPC, only what figures are made of as it is: so the opponent is the best of those
 * who were the best somewhere. */
static void leave_out(const struct work_shop *shop, struct experiment *experiment,
                      enum claim_study which, uint32_t m)
{
    uint32_t kept = 0;
    for (uint32_t p = 0; p < experiment->point_count; p++) {
        bool needed = false;
        for (uint32_t e = 0; e < shop->ledger.entry_count; e++) {
            const struct ledger_entry *entry = &shop->ledger.entries[e];
            needed = needed ||
                     (entry->claim->study == which &&
                      finding_needs(&entry->findings[m][IPC_AS_IS], experiment->points[p].variant));
        }
        if (needed)
            experiment->points[kept++] = experiment->points[p];
    }
    experiment->point_count = kept;
}

static int measure(struct work_shop *shop, enum claim_study which, uint32_t m, enum ipc ipc)
{
    static const double factors[IPCS] = { NAN, .5, 2 };
    struct ledger_machine *machine = &shop->ledger.machines[m];
    struct arena arena = ARENA_EMPTY;
    struct experiment experiment;
    struct study study;
    struct error err;
    progress(shop, claim_studies[which].file, machine->cpu);
    if (!read_study(shop, which, &shop->machines[m], machine->ipc * factors[ipc], &experiment,
                    &arena, &err))
        return command_refuse(&err);
    if (ipc != IPC_AS_IS)
        leave_out(shop, &experiment, which, m);
    int status = run_study(shop, &study, &experiment, &arena);
    note_replications(&shop->ledger, experiment.replications);
    for (uint32_t e = 0; e < shop->ledger.entry_count && status == EXIT_FINE; e++) {
        struct ledger_entry *entry = &shop->ledger.entries[e];
        if (entry->claim->study == which && is_sensible(entry->claim, &shop->machines[m]))
            finding_make(&entry->findings[m][ipc], entry->claim, &study.results, &shop->arena);
    }
    study_free(&study);
    arena_free(&arena);
    shop->done++;
    return status;
}

static int measure_all(struct work_shop *shop)
{
    for (uint32_t study = 0; study < STUDIES; study++)
        for (uint32_t m = 0; m < shop->ledger.machine_count; m++)
            for (uint32_t ipc = 0; ipc < IPCS; ipc++) {
                if (!study_is_wanted(shop->arguments, study, &shop->machines[m]) ||
                    (ipc != IPC_AS_IS && !shop->ledger.machines[m].varied))
                    continue;
                int status = measure(shop, study, m, ipc);
                if (status != EXIT_FINE)
                    return status;
            }
    progress(shop, NULL, NULL);
    return EXIT_FINE;
}

/* ---- The whole ---------------------------------------------------------------------------- */

/* A machine by name: one of ours, or any profile, looked at up to all its cores. */
static bool make_machine(struct work_shop *shop, struct claim_machine *machine, const char *cpu,
                         const struct profile *profile)
{
    uint32_t cores = (uint32_t)profile_value(profile, max_cores);
    for (uint32_t i = 0; i < claim_machine_count; i++)
        if (strcmp(claim_machines[i].cpu, cpu) == 0) {
            *machine = claim_machines[i];
            return true;
        }
    *machine = (struct claim_machine){ .cpu = cpu,
                                       .cores = cores,
                                       .scales = arena_printf(&shop->arena, "[1, %u]", cores),
                                       .note = "up to all its cores" };
    return true;
}

static bool add_machine(struct work_shop *shop, const char *name, struct error *err)
{
    struct ledger *ledger = &shop->ledger;
    struct profile *profile = arena_alloc(&shop->arena, 1, sizeof *profile);
    const char *cpu = name;
    static const char *const none[] = { NULL };
    char here[PATH_MAX]; /* a study would look for it beside itself */
    if (profile_is_path(name) && name[0] != '/' && getcwd(here, sizeof here) != NULL)
        cpu = arena_printf(&shop->arena, "%s/%s", here, name);
    const char *path = profile_path(cpu, "", shop->data, &shop->arena);
    if (access(path, F_OK) != 0)
        return profile_refuse("--machine", name, path, shop->data, none, &shop->arena, err);
    if (!profile_read(profile, path, shop->data, &shop->arena, err))
        return false;
    uint32_t m = ledger->machine_count++;
    make_machine(shop, &shop->machines[m], cpu, profile);
    const struct figure *ipc = &profile->figure[FIGURE_instructions_per_cycle];
    ledger->machines[m] = (struct ledger_machine){
        .cpu = profile->name,
        .title = profile->title,
        .note = shop->machines[m].note,
        .ipc = ipc->value,
        .ipc_kind = figure_kind_name(ipc->kind),
        .profile = profile,
        .varied = ipc->kind == FIGURE_ASSUMED,
    };
    return true;
}

static bool load_build(struct work_shop *shop, enum cost_kind cost, struct error *err)
{
    shop->builds[cost] = arena_alloc(&shop->arena, 1, sizeof *shop->builds[cost]);
    return scheduler_load(shop->builds[cost], NULL, cost == COST_TRACED, err);
}

static bool prepare(struct work_shop *shop, struct error *err)
{
    const struct arguments *arguments = shop->arguments;
    struct ledger *ledger = &shop->ledger;
    if (!data_directory(shop->data, sizeof shop->data, err) ||
        !load_build(shop, COST_TRACED, err) || !load_build(shop, COST_FLAT, err) ||
        (arguments->json != NULL && !file_check(arguments->json, err)) ||
        (arguments->markdown != NULL && !file_check(arguments->markdown, err)))
        return false;
    uint32_t machines = arguments->cpu_count > 0 ? arguments->cpu_count : claim_machine_count;
    shop->machines = arena_alloc(&shop->arena, machines, sizeof *shop->machines);
    ledger->machines = arena_alloc(&shop->arena, machines, sizeof *ledger->machines);
    for (uint32_t m = 0; m < machines; m++)
        if (!add_machine(
                shop, arguments->cpu_count > 0 ? arguments->cpus[m] : claim_machines[m].cpu, err))
            return false;
    ledger->entries = arena_alloc(&shop->arena, claim_count, sizeof *ledger->entries);
    for (uint32_t i = 0; i < claim_count; i++) {
        if (!is_wanted(arguments, &claims[i]))
            continue;
        ledger->entries[ledger->entry_count++] =
            (struct ledger_entry){ &claims[i], arena_alloc(&shop->arena, machines,
                                                           sizeof(struct finding[IPCS])) };
    }
    for (uint32_t study = 0; study < STUDIES; study++)
        for (uint32_t m = 0; m < machines; m++)
            if (study_is_wanted(arguments, study, &shop->machines[m]))
                shop->total += ledger->machines[m].varied ? IPCS : 1;
    return true;
}

static void add_text(uint64_t *hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        *hash = hash_fnv1a_byte(*hash, (unsigned char)*text);
    *hash = hash_fnv1a_byte(*hash, 0);
}

static void add_figure(uint64_t *hash, const struct claim_figure *figure)
{
    add_text(hash, figure->name);
    add_text(hash, figure->unit);
    add_text(hash, figure->quantity);
    add_text(hash, figure->variant);
    add_text(hash, figure->other);
    *hash = hash_fnv1a_byte(*hash, (unsigned char)figure->how);
}

/* Of a file of configs/claims, as it is. */
static bool add_file(uint64_t *hash, const struct work_shop *shop, const char *name,
                     struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    size_t length;
    char *text =
        json_file(arena_printf(&arena, "%s/claims/%s", shop->data, name), &length, &arena, err);
    for (size_t i = 0; text != NULL && i < length; i++)
        *hash = hash_fnv1a_byte(*hash, (unsigned char)text[i]);
    free(text);
    arena_free(&arena);
    return text != NULL;
}

/* Of all that is claimed, of the machines, and of the studies with what they extend. */
static bool find_shape(struct work_shop *shop, struct error *err)
{
    uint64_t hash = HASH_FNV1A_START;
    for (uint32_t m = 0; m < shop->ledger.machine_count; m++)
        add_text(&hash, shop->machines[m].cpu);
    for (uint32_t e = 0; e < shop->ledger.entry_count; e++) {
        const struct claim *claim = shop->ledger.entries[e].claim;
        add_text(&hash, claim->id);
        add_text(&hash, claim->says);
        add_text(&hash, claim->why);
        add_text(&hash, ledger_bound(claim, &shop->arena));
        add_figure(&hash, &claim->figure);
        for (uint32_t b = 0; b < CLAIM_BESIDES && claim->besides[b].name != NULL; b++)
            add_figure(&hash, &claim->besides[b]);
    }
    if (!add_file(&hash, shop, "base.json", err) || !add_file(&hash, shop, "opponents.json", err))
        return false;
    for (uint32_t study = 0; study < STUDIES; study++)
        if (study_is_wanted(shop->arguments, study, NULL) &&
            !add_file(&hash, shop, claim_studies[study].file, err))
            return false;
    shop->ledger.shape = hash;
    return true;
}

static void print_cost(const struct work_shop *shop)
{
    struct rusage used;
    if (shop->arguments->quiet || getrusage(RUSAGE_CHILDREN, &used) != 0)
        return;
    fprintf(stderr, "%u studies took %ld s of processor time\n", shop->done,
            (long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec));
}

static int make_ledger(struct work_shop *shop)
{
    const struct arguments *arguments = shop->arguments;
    struct error err;
    if (!prepare(shop, &err) || !find_shape(shop, &err))
        return command_refuse(&err);
    if (arguments->shape) {
        printf("%016" PRIx64 "\n", shop->ledger.shape);
        return EXIT_FINE;
    }
    int status = measure_all(shop);
    if (status != EXIT_FINE)
        return status;
    if (!arguments->quiet)
        ledger_print(stdout, &shop->ledger, &shop->arena);
    if ((arguments->json != NULL &&
         !file_write(arguments->json, ledger_json, &shop->ledger, &err)) ||
        (arguments->markdown != NULL &&
         !file_write(arguments->markdown, ledger_markdown, &shop->ledger, &err)))
        return command_refuse(&err);
    print_cost(shop);
    return EXIT_FINE;
}

int command_claims(int argc, char **argv)
{
    struct arguments arguments = { .jobs = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) };
    struct work_shop shop = { .arguments = &arguments };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int status = make_ledger(&shop);
    arena_free(&shop.arena);
    return status;
}
