/* imported.c -- see imported.h.
 *
 * Tested by tests/unit/imported.c; tests/trace/import.py runs what this writes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/output/imported.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/input/json.h"
#include "workloads/fit.h"

enum { CORES_MAX = 1024, MS_MAX = 100000000 }; /* of a scenario */

#define LOAD_TOLERANCE 0.1

struct importing {
    FILE *to;
    const struct sched_trace *trace;
    const struct import_options *options;
    struct arena *arena;
};

/* As it is to stand in a comment. */
static void put_visibly(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        putc(*text >= ' ' && *text <= '~' ? *text : '?', to);
}

/* On one line, with a space behind each comma. */
static void put_json(FILE *to, cJSON *json, struct arena *arena)
{
    for (const char *at = json_print_line(json, arena); *at != '\0'; at++) {
        putc(*at, to);
        if (*at == ',')
            putc(' ', to);
    }
    cJSON_Delete(json);
}

/* ---- Fits --------------------------------------------------------------------------------- */

struct durations {
    double *us;
    size_t count, cut;
    double total_us;
};

static void add(struct durations *all, uint64_t ns)
{
    all->us[all->count] = (double)ns / 1000;
    all->total_us += all->us[all->count++];
}

/* The first run of who is there at the beginning, and the last of who is on its way at the end. */
static bool is_cut(const struct sched_process *process, uint32_t burst)
{
    bool goes_on = !process->exits && !process->sleeps && burst % 2 == 0;
    return (burst == 0 && process->start_ns == 0) || (goes_on && burst + 1 == process->count);
}

/* Is longer than all that are whole. */
static void add_cut(struct durations *all, uint64_t ns, uint64_t longest_ns)
{
    if (ns <= longest_ns)
        return;
    add(all, ns);
    all->cut++;
}

/* All runs of the entry, or all sleeps.  Of those that an end of the trace cuts off it is only
 * known that they last at least that long: they are left out, but for those that are longer than
 * whatever the process has whole. */
static struct durations collect(const struct trace_entry *entry, bool sleeps)
{
    struct durations all = { 0 };
    size_t room = 0;
    for (uint32_t i = 0; i < entry->count; i++)
        room += entry->processes[i]->count + 1; /* and the sleep in which it ends */
    all.us = malloc(room * sizeof *all.us);
    CHECK(all.us != NULL);
    for (uint32_t i = 0; i < entry->count; i++) {
        const struct sched_process *process = entry->processes[i];
        uint64_t longest_ns = 0;
        for (uint32_t j = sleeps; j < process->count; j += 2)
            if (!is_cut(process, j)) {
                add(&all, process->ns[j]);
                longest_ns = process->ns[j] > longest_ns ? process->ns[j] : longest_ns;
            }
        for (uint32_t j = sleeps; j < process->count; j += 2)
            if (is_cut(process, j))
                add_cut(&all, process->ns[j], longest_ns);
        if (sleeps && process->sleeps)
            add_cut(&all, process->slept_ns, longest_ns);
    }
    return all;
}

static cJSON *distribution_json(const struct distribution *d)
{
    const struct distribution_description *kind = &distribution_descriptions[d->kind];
    if (d->kind == DISTRIBUTION_CONSTANT)
        return cJSON_CreateNumber(d->parameter[PARAMETER_VALUE]);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "dist", kind->name);
    for (uint32_t p = 0; p < PARAMETER_COUNT; p++)
        if (kind->parameters & 1u << p) {
            char digits[32]; /* more would pretend that they are known */
            snprintf(digits, sizeof digits, "%.6g", d->parameter[p]);
            cJSON_AddNumberToObject(json, distribution_parameter_keys[p], strtod(digits, NULL));
        }
    return json;
}

static const char *fit_text(const struct importing *importing, const struct fit *fit)
{
    const char *kind = distribution_descriptions[fit->distribution.kind].name;
    if (fit->distribution.kind == DISTRIBUTION_CONSTANT)
        return "nearly constant";
    const char *most = fit->p * (FIT_TRIALS + 1) < 1.5 ? "at most " : "";
    return arena_printf(importing->arena, "%s, mean %.6g us, AIC %.1f, KS distance %.3f, p %s%.2g",
                        kind, distribution_mean_us(&fit->distribution), fit->aic, fit->distance,
                        most, fit->p);
}

/* What the fit does to the load, where that is much: else "". */
static const char *load_text(const struct importing *importing, const struct fit *fit,
                             double mean_us)
{
    double more = distribution_mean_us(&fit->distribution) / mean_us - 1;
    if (mean_us <= 0 || fabs(more) <= LOAD_TOLERANCE)
        return "";
    return arena_printf(importing->arena, "the fit's mean is %.0f %% %s than that recorded",
                        fabs(100 * more), more > 0 ? "longer" : "shorter");
}

/* In the file, on a line of its own, and for who reads warnings.  text: "" for nothing. */
static void put_warning(const struct importing *importing, const struct trace_entry *entry,
                        const char *what, const char *text)
{
    const struct import_options *options = importing->options;
    if (*text == '\0')
        return;
    fprintf(importing->to, "        // warning: %s\n", text);
    if (options->warnings != NULL)
        fprintf(options->warnings, "%s: warning: %s, %s: %s\n", options->path, entry->name, what,
                text);
}

static const char all_cut[] = "the ends of the trace cut all off, so they are too short";

/* A phase of the entry, after a comment on where it comes from. */
static void put_fit(const struct importing *importing, const struct trace_entry *entry, bool sleeps,
                    bool last)
{
    const struct import_options *options = importing->options;
    struct durations all = collect(entry, sleeps);
    double mean_us = all.total_us / fmax((double)all.count, 1);
    const char *what = sleeps ? "sleep" : "run", *found, *load = "";
    cJSON *json;
    if (all.count < options->least || all.count < 2) {
        found = "too few to fit, so their mean";
        json = cJSON_CreateNumber(fmax(round(mean_us * 1000), mean_us > 0) / 1000);
    } else {
        struct fit fit = fit_durations(all.us, all.count, importing->trace->is_fine ? 5e-4 : 0.5);
        found = fit_text(importing, &fit);
        load = load_text(importing, &fit, mean_us);
        json = distribution_json(&fit.distribution);
    }
    const char *text = arena_printf(importing->arena, "%zu %s%s of %.6g us in the mean: %s",
                                    all.count, what, all.count == 1 ? "" : "s", mean_us, found);
    fprintf(importing->to, "        // %s\n", text);
    put_warning(importing, entry, arena_printf(importing->arena, "%ss", what), load);
    if (all.cut == all.count)
        put_warning(importing, entry, arena_printf(importing->arena, "%ss", what), all_cut);
    fprintf(importing->to, "        { \"%s\": ", what);
    put_json(importing->to, json, importing->arena);
    fprintf(importing->to, " }%s\n", last ? "" : ",");
    if (options->report != NULL)
        fprintf(options->report, "%s: %s\n", entry->name, text);
    free(all.us);
}

static bool has_whole_sleeps(const struct trace_entry *entry)
{
    for (uint32_t i = 0; i < entry->count; i++)
        if (entry->processes[i]->count > 1)
            return true;
    return false;
}

/* How a process of this entry goes round. */
struct rounds {
    uint32_t count;  /* before it exits; 0: for ever */
    bool has_sleeps; /* between its runs */
    bool is_guessed; /* it sleeps at the end, for how long nothing tells */
};

static struct rounds rounds_of(const struct trace_entry *entry)
{
    bool whole = has_whole_sleeps(entry);
    uint32_t runs = 0, exits = 0, asleep = 0;
    for (uint32_t i = 0; i < entry->count; i++) {
        runs += (entry->processes[i]->count + 1) / 2;
        exits += entry->processes[i]->exits;
        asleep += entry->processes[i]->sleeps;
    }
    bool ends = 2 * exits > entry->count, is_done = !whole && 2 * (exits + asleep) > entry->count;
    return (struct rounds){ .count = ends || is_done ? (runs + entry->count / 2) / entry->count : 0,
                            .has_sleeps = whole || (asleep > 0 && !is_done),
                            .is_guessed = is_done && asleep > 0 };
}

/* ---- Entries ------------------------------------------------------------------------------ */

static void put_heading(const struct importing *importing, const struct trace_entry *entry)
{
    const struct sched_process *first = entry->processes[0];
    cJSON *heading = trace_entry_heading(entry), *member;
    uint64_t run_ns = 0;
    for (uint32_t i = 0; i < entry->count; i++)
        run_ns += entry->processes[i]->run_ns;
    fprintf(importing->to, "    // pid %" PRIu32 ", \"", first->pid);
    put_visibly(importing->to, first->comm);
    fputs(entry->count > 1 ? "\", and others like it" : "\"", importing->to);
    fprintf(importing->to, ": priority %d of the kernel, ran for %.6g ms in all\n    {",
            entry->prio, (double)run_ns / 1e6);
    if (importing->options->fit) {
        cJSON_DeleteItemFromObjectCaseSensitive(heading, "loop");
        if (rounds_of(entry).count > 0)
            cJSON_AddNumberToObject(heading, "loop", rounds_of(entry).count);
    }
    cJSON_ArrayForEach(member, heading)
    {
        fprintf(importing->to, "%s \"%s\": ", member == heading->child ? "" : ",", member->string);
        put_json(importing->to, cJSON_Duplicate(member, true), importing->arena);
    }
    cJSON_Delete(heading);
    fputs(",\n      \"phases\": [\n", importing->to);
}

static void put_bursts(const struct importing *importing, const struct trace_entry *entry)
{
    fputs("        { \"bursts_us\": [\n", importing->to);
    for (uint32_t i = 0; i < entry->count; i++) {
        fputs("          ", importing->to);
        put_json(importing->to, trace_process_bursts(entry->processes[i]), importing->arena);
        fputs(i + 1 < entry->count ? ",\n" : "\n", importing->to);
    }
    fputs("        ] }\n", importing->to);
}

static void put_entry(const struct importing *importing, const struct trace_entry *entry, bool last)
{
    put_heading(importing, entry);
    if (importing->options->fit) {
        struct rounds rounds = rounds_of(entry);
        if (rounds.is_guessed)
            put_warning(importing, entry, "sleeps",
                        "none comes to its end, so it does not go round again");
        put_fit(importing, entry, false, !rounds.has_sleeps);
        if (rounds.has_sleeps)
            put_fit(importing, entry, true, true);
    } else {
        put_bursts(importing, entry);
    }
    fprintf(importing->to, "      ] }%s\n", last ? "" : ",");
}

/* ---- The whole ---------------------------------------------------------------------------- */

/* From the beginning of the trace to where its last recorded burst ends, if it never waits. */
static uint64_t path_ns(const struct sched_process *process)
{
    uint64_t ns = process->start_ns;
    for (uint32_t i = 0; i < process->count; i++)
        if (process->exits || i + 1 < process->count || i % 2 == 0) /* else it sleeps for good */
            ns += process->ns[i];
    return ns;
}

/* What all run together, and then the longest path: as if on one core, one after another. */
static double replay_ns(const struct sched_trace *trace)
{
    double work_ns = 0, longest_ns = 0;
    for (uint32_t i = 0; i < trace->process_count; i++) {
        work_ns += (double)trace->processes[i]->run_ns;
        longest_ns = fmax(longest_ns, (double)path_ns(trace->processes[i]));
    }
    return work_ns + longest_ns;
}

static void put_top(const struct importing *importing)
{
    const struct sched_trace *trace = importing->trace;
    const struct import_options *options = importing->options;
    const char *notes = sched_trace_notes(trace, importing->arena);
    uint32_t cores = trace->cpus < CORES_MAX ? trace->cpus : CORES_MAX;
    double ms = (double)trace->duration_ns / 1e6;
    double lasts_ms = options->fit ? 1.1 * ms : 10 * fmax(ms, replay_ns(trace) / 1e6) + 10000;
    FILE *to = importing->to;
    fputs("// Imported from ", to);
    put_visibly(to, options->path);
    fprintf(to,
            ":\n// %" PRIu64 " switches of %" PRIu32 " processes on %" PRIu32
            " cpu%s in %.6g ms%s%s."
            "\n// Machine and scheduler are there to be replaced.  Times are in us.\n",
            trace->switches, trace->process_count, trace->cpus, trace->cpus == 1 ? "" : "s", ms,
            *notes != '\0' ? "; " : "", notes);
    if (options->fit)
        fputs("// Runs and sleeps are drawn from what fits those recorded best by Akaike's "
              "criterion; KS distance:\n// Kolmogorov and Smirnov's, p: how likely as much is of "
              "what is of the kind.\n",
              to);
    else
        fputs(
            "// bursts_us: run, sleep, run, ... of each process.  Who was alive at the end sleeps "
            "for good then.\n// The run ends when nobody has anything left to do, at "
            "duration_ms at the latest.\n",
            to);
    fprintf(to,
            "{\n  \"name\": \"%s\",\n  \"duration_ms\": %.0f,%s\n  \"replications\": %d,\n"
            "  \"machine\": { \"cpu\": \"zen4\", \"cores\": %" PRIu32 " },\n"
            "  \"scheduler\": { \"tori\": \"per_core\", \"policy\": \"fair\", "
            "\"balance\": { \"kind\": \"steal\" } },\n"
            "  \"workload\": [\n",
            options->name, fmin(ceil(lasts_ms), MS_MAX),
            options->fit ? "" : " \"until\": \"done\",", options->fit ? 10 : 1, cores);
}

void imported_print(FILE *to, const struct sched_trace *trace, const struct trace_entries *entries,
                    const struct import_options *options, struct arena *arena)
{
    struct importing importing = { to, trace, options, arena };
    put_top(&importing);
    for (uint32_t i = 0; i < entries->count; i++)
        put_entry(&importing, &entries->entries[i], i + 1 == entries->count);
    fputs("  ]\n}\n", to);
}
