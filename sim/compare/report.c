/* report.c -- see report.h.  tests/compare/check.py
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/compare/report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sim/input/json.h"
#include "sim/output/file.h"
#include "sim/statistics/studentized.h"

static const char *const direction_names[] = {
    [LOWER_IS_BETTER] = "lower",
    [HIGHER_IS_BETTER] = "higher",
    [NO_DIRECTION] = "none",
};

bool report_fails(const struct comparison *comparison, bool strict)
{
    const uint32_t *count = comparison->verdict_count;
    bool missing = comparison->missing_a_count + comparison->missing_b_count > 0;
    return count[VERDICT_WORSE] + count[VERDICT_DIFFERENT] > 0 ||
           (strict && (count[VERDICT_UNDECIDED] > 0 || missing));
}

static const char *item_title(const struct comparison *comparison,
                              const struct comparison_item *item, struct arena *arena)
{
    if (comparison->variant_a == NULL)
        return item->a->title;
    return arena_printf(arena, "%s, then %s", item->a->title, item->b->variant);
}

/* ---- For people --------------------------------------------------------------------------- */

static const char *member_text(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(member) ? member->valuestring : "?";
}

static bool has_hash(const cJSON *schedulers, const cJSON *before, const char *hash)
{
    const cJSON *scheduler;
    cJSON_ArrayForEach(scheduler, schedulers)
    {
        if (scheduler == before)
            return false;
        if (strcmp(member_text(scheduler, "fnv1a"), hash) == 0)
            return true;
    }
    return false;
}

/* Files and the begin of their hashes: of one that lies under others, as ours does under a user's,
 * only when it is no copy of those and the other side has not the same. */
static const char *scheduler_text(const struct record *record, const struct record *other,
                                  struct arena *arena)
{
    const cJSON *scheduler;
    const char *text = "";
    cJSON_ArrayForEach(scheduler, record->schedulers)
    {
        const char *hash = member_text(scheduler, "fnv1a");
        if (*text != '\0' && (has_hash(record->schedulers, scheduler, hash) ||
                              has_hash(other->schedulers, NULL, hash)))
            continue;
        text = arena_printf(arena, "%s%s%s %.8s", text, *text != '\0' ? ", " : "",
                            member_text(scheduler, "file"), hash);
    }
    return text;
}

static void print_record(FILE *to, char letter, const struct record *record,
                         const struct record *other, const char *variant, struct arena *arena)
{
    uint32_t fewest = UINT32_MAX, most = 0;
    for (uint32_t p = 0; p < record->point_count; p++) {
        uint32_t count = record->points[p].run_count;
        fewest = count < fewest ? count : fewest;
        most = count > most ? count : most;
    }
    fprintf(to, "%c: %s%s%s, ", letter, record->path, variant != NULL ? ", variant " : "",
            variant != NULL ? variant : "");
    if (fewest != most)
        fprintf(to, "%u to ", fewest);
    fprintf(to, "%u replications, seed %.0f, %s\n", most, record->seed,
            scheduler_text(record, other, arena));
}

/* Has one side more replications of a point than the other? */
static bool has_rest(const struct comparison *comparison)
{
    for (uint32_t i = 0; i < comparison->item_count; i++)
        if (comparison->items[i].a->run_count != comparison->items[i].b->run_count)
            return true;
    return false;
}

/* Where percents of A would be less than matters to anybody, margins are in the unit. */
static void print_absolute(FILE *to, const struct comparison *comparison)
{
    const char *before = "Near zero instead: ";
    for (uint32_t g = 0; g < comparison->gate_count; g++) {
        const char *metric = comparison->gates[g].metric;
        const struct metric_description *description = metric_describe(metric);
        uint32_t count = 0;
        for (uint32_t i = 0; i < comparison->item_count; i++)
            count += strcmp(comparison->items[i].metric, metric) == 0 &&
                     comparison->items[i].judgement.margin <= description->near;
        if (count == 0)
            continue;
        fprintf(to, "%s%s %g %s at %u point%s", before, metric, description->near,
                strcmp(description->unit, "%") == 0 ? "points" : description->unit, count,
                count == 1 ? "" : "s");
        before = "; ";
    }
    if (*before == ';')
        fprintf(to, "\n");
}

static void print_head(FILE *to, const struct comparison *comparison, struct arena *arena)
{
    const struct record *a = comparison->a, *b = comparison->b;
    print_record(to, 'A', a, b, comparison->variant_a, arena);
    print_record(to, 'B', b, a, comparison->variant_b, arena);
    const struct comparable_notes *notes = &comparison->notes;
    for (uint32_t i = 0; i < notes->count && i < COMPARABLE_NOTES; i++)
        fprintf(to, "%s%s\n", i == 0 ? "Scheduler: " : "           ", notes->note[i]);
    if (notes->count > COMPARABLE_NOTES)
        fprintf(to, "           and %u more\n", notes->count - COMPARABLE_NOTES);
    if (strcmp(a->version, b->version) != 0)
        fprintf(to, "Note: A is of braidsim %s, B of %s\n", a->version, b->version);
    if (comparison->paired)
        fprintf(to, "Equal seeds: compared run by run, as pairs%s.",
                has_rest(comparison) ? "; what only one side has is left out" : "");
    else
        fprintf(to, "Seeds %.0f and %.0f: compared as independent samples.", a->seed, b->seed);
    if (comparison->bootstrap)
        fprintf(to, "  Intervals: bootstrap-t, %d resamples.", STUDENTIZED_RESAMPLES);
    bool equal = true;
    for (uint32_t i = 1; i < comparison->gate_count; i++)
        equal = equal && comparison->gates[i].margin_percent == comparison->gates[0].margin_percent;
    fprintf(to, "  Gated, with margins in %%:\n ");
    int column = 1;
    for (uint32_t i = 0; i < comparison->gate_count; i++) {
        const struct gate *gate = &comparison->gates[i];
        const char *text =
            equal ? gate->metric : arena_printf(arena, "%s=%g", gate->metric, gate->margin_percent);
        if (column + (int)strlen(text) > 96)
            column = fprintf(to, "\n ") - 1;
        column += fprintf(to, " %s", text);
    }
    if (equal)
        fprintf(to, ": %g", comparison->gates[0].margin_percent);
    fprintf(to, "\n");
    print_absolute(to, comparison);
}

/* Percent of A; in the unit where A is none. */
static const char *change_text(const struct comparison_item *item, double value, bool percent,
                               struct arena *arena)
{
    const char *unit = metric_describe(item->metric)->unit;
    if (isnan(value))
        return "-";
    if (!percent)
        return arena_printf(arena, "%+.3g %s", value, strcmp(unit, "%") == 0 ? "points" : unit);
    return arena_printf(arena, "%+.1f %%", 100 * value / fabs(item->judgement.difference.mean_a));
}

static const char *more_text(const struct judgement *judgement, struct arena *arena)
{
    if (judgement->verdict != VERDICT_UNDECIDED)
        return "";
    if (isnan(judgement->difference.standard_error))
        return isnan(judgement->difference.mean_a)   ? "  undefined in A"
               : isnan(judgement->difference.mean_b) ? "  undefined in B"
                                                     : "  too few replications";
    if (judgement->more >= VERDICT_MORE_MAX)
        return "  on the margin";
    return arena_printf(arena, "  %u more replications would decide", judgement->more);
}

struct row {
    const char *cells[7];
};

enum { COLUMNS = 7, NUMBERS_FROM = 3 };

static struct row item_row(const struct comparison *comparison, const struct comparison_item *item,
                           struct arena *arena)
{
    const struct judgement *judgement = &item->judgement;
    const struct difference *d = &judgement->difference;
    double low = judgement->low, high = judgement->high;
    /* Where A is nearly nothing percents of it say nothing. */
    bool percent = judgement->margin > metric_describe(item->metric)->near;
    const char *interval = "-";
    if (!isnan(low))
        interval = arena_printf(arena, "%s to %s", change_text(item, low, percent, arena),
                                change_text(item, high, percent, arena));
    const char *more = more_text(judgement, arena);
    return (struct row){ { verdict_names[judgement->verdict], item->metric,
                           item_title(comparison, item, arena),
                           isnan(d->mean_a) ? "-" : arena_printf(arena, "%.4g", d->mean_a),
                           isnan(d->mean_b) ? "-" : arena_printf(arena, "%.4g", d->mean_b),
                           change_text(item, d->estimate, percent, arena),
                           arena_printf(arena, "%s%s", interval, more) } };
}

/* Of items, sorted by verdict, at most so many of each verdict; 0 of those that are the same. */
static uint32_t choose_items(const struct comparison *comparison, uint32_t *chosen)
{
    static const uint32_t most[VERDICTS] = { [VERDICT_WORSE] = 24,
                                             [VERDICT_DIFFERENT] = 12,
                                             [VERDICT_UNDECIDED] = 8,
                                             [VERDICT_BETTER] = 12 };
    uint32_t count = 0, shown[VERDICTS] = { 0 };
    for (uint32_t i = 0; i < comparison->item_count; i++) {
        enum verdict verdict = comparison->items[i].judgement.verdict;
        if (shown[verdict]++ < most[verdict])
            chosen[count++] = i;
    }
    return count;
}

static void print_rows(FILE *to, const struct comparison *comparison, struct arena *arena)
{
    uint32_t *chosen = arena_alloc(arena, comparison->item_count, sizeof *chosen);
    uint32_t count = choose_items(comparison, chosen);
    struct row *rows = arena_alloc(arena, (size_t)count + 1, sizeof *rows);
    int width[COLUMNS] = { 0 };
    rows[0] =
        (struct row){ { "verdict", "metric", "point", "A", "B", "change", "interval (Holm)" } };
    for (uint32_t i = 0; i < count; i++)
        rows[i + 1] = item_row(comparison, &comparison->items[chosen[i]], arena);
    for (uint32_t i = 0; i <= count; i++)
        for (int c = 0; c < COLUMNS; c++) {
            int length = (int)strlen(rows[i].cells[c]);
            width[c] = length > width[c] ? length : width[c];
        }
    for (uint32_t i = 0; i <= count && count > 0; i++)
        for (int c = 0; c < COLUMNS; c++) {
            bool last = c == COLUMNS - 1;
            int pad = c >= NUMBERS_FROM && !last ? width[c] : last ? 0 : -width[c];
            fprintf(to, "%*s%s", pad, rows[i].cells[c], last ? "\n" : "  ");
        }
    uint32_t not_same = comparison->item_count - comparison->verdict_count[VERDICT_SAME];
    if (not_same > count)
        fprintf(to, "... and %u more (--json tells all)\n", not_same - count);
    if (not_same > 0)
        putc('\n', to);
}

static void print_missing(FILE *to, const char *where, const struct record_point *const *points,
                          uint32_t count)
{
    enum { SHOWN = 4 };
    if (count == 0)
        return;
    fprintf(to, "Only in %s, not compared: %u point%s (", where, count, count == 1 ? "" : "s");
    for (uint32_t i = 0; i < count && i < SHOWN; i++)
        fprintf(to, "%s%s", i > 0 ? "; " : "", points[i]->title);
    fprintf(to, "%s)\n", count > SHOWN ? "; ..." : "");
}

void report_table(FILE *to, const struct comparison *comparison)
{
    static const enum verdict order[] = { VERDICT_WORSE, VERDICT_DIFFERENT, VERDICT_UNDECIDED,
                                          VERDICT_BETTER, VERDICT_SAME };
    struct arena arena = ARENA_EMPTY;
    print_head(to, comparison, &arena);
    putc('\n', to);
    print_rows(to, comparison, &arena);
    print_missing(to, "A", comparison->missing_b, comparison->missing_b_count);
    print_missing(to, "B", comparison->missing_a, comparison->missing_a_count);
    fprintf(to, "%u metric%s at %u point%s: ", comparison->gate_count,
            comparison->gate_count == 1 ? "" : "s", comparison->point_count,
            comparison->point_count == 1 ? "" : "s");
    const char *before = "";
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (comparison->verdict_count[order[i]] > 0) {
            fprintf(to, "%s%u %s", before, comparison->verdict_count[order[i]],
                    verdict_names[order[i]]);
            before = ", ";
        }
    if (comparison->undefined_count > 0)
        fprintf(to, "%s%u undefined in both", before, comparison->undefined_count);
    fprintf(to, ".\nVerdict: %s\n", verdict_names[comparison->verdict]);
    arena_free(&arena);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static cJSON *record_json(const struct record *record, const char *variant)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "path", record->path);
    cJSON_AddStringToObject(object, "scenario", record->name);
    if (variant != NULL)
        cJSON_AddStringToObject(object, "variant", variant);
    cJSON_AddNumberToObject(object, "seed", record->seed);
    cJSON_AddItemToObject(object, "schedulers", cJSON_Duplicate(record->schedulers, true));
    return object;
}

static cJSON *points_json(const struct record_point *const *points, uint32_t count)
{
    cJSON *array = cJSON_CreateArray();
    for (uint32_t i = 0; i < count; i++) {
        cJSON *object = cJSON_CreateObject();
        if (points[i]->variant != NULL)
            cJSON_AddStringToObject(object, "variant", points[i]->variant);
        else
            cJSON_AddNullToObject(object, "variant");
        cJSON_AddItemToObject(object, "sweep", cJSON_Duplicate(points[i]->sweep, true));
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static cJSON *item_json(const struct comparison_item *item)
{
    const struct judgement *judgement = &item->judgement;
    const struct difference *d = &judgement->difference;
    const struct metric_description *description = metric_describe(item->metric);
    double low, high;
    difference_bounds(d, COMPARISON_CONFIDENCE, &low, &high);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "metric", item->metric);
    cJSON_AddStringToObject(object, "unit", description->unit);
    cJSON_AddStringToObject(object, "better", direction_names[description->direction]);
    if (item->a->variant != NULL)
        cJSON_AddStringToObject(object, "variant", item->a->variant);
    else
        cJSON_AddNullToObject(object, "variant");
    cJSON_AddItemToObject(object, "sweep", cJSON_Duplicate(item->a->sweep, true));
    cJSON_AddStringToObject(object, "verdict", verdict_names[judgement->verdict]);
    json_add_number(object, "mean_a", d->mean_a);
    json_add_number(object, "mean_b", d->mean_b);
    cJSON_AddNumberToObject(object, "n_a", d->count_a);
    cJSON_AddNumberToObject(object, "n_b", d->count_b);
    json_add_number(object, "difference", d->estimate);
    json_add_number(object, "ci95_low", low);
    json_add_number(object, "ci95_high", high);
    json_add_number(object, "margin", judgement->margin);
    json_add_number(object, "decisive_low", judgement->low);
    json_add_number(object, "decisive_high", judgement->high);
    json_add_number(object, "decisive_confidence", judgement->confidence);
    json_add_number(object, "p", judgement->p);
    cJSON_AddNumberToObject(object, "more_replications", judgement->more);
    return object;
}

static void fill_json(FILE *to, const void *context)
{
    const struct comparison *comparison = context;
    struct arena arena = ARENA_EMPTY;
    cJSON *root = cJSON_CreateObject(), *items = cJSON_CreateArray();
    cJSON *counts = cJSON_CreateObject(), *gates = cJSON_CreateObject(),
          *notes = cJSON_CreateArray();
    cJSON_AddStringToObject(root, "verdict", verdict_names[comparison->verdict]);
    cJSON_AddItemToObject(root, "counts", counts);
    for (int v = 0; v < VERDICTS; v++)
        cJSON_AddNumberToObject(counts, verdict_names[v], comparison->verdict_count[v]);
    cJSON_AddItemToObject(root, "a", record_json(comparison->a, comparison->variant_a));
    cJSON_AddItemToObject(root, "b", record_json(comparison->b, comparison->variant_b));
    cJSON_AddStringToObject(root, "samples", comparison->paired ? "paired" : "independent");
    cJSON_AddStringToObject(root, "interval", comparison->bootstrap ? "bootstrap" : "student");
    cJSON_AddNumberToObject(root, "confidence", COMPARISON_CONFIDENCE);
    cJSON_AddItemToObject(root, "margins_percent", gates);
    for (uint32_t i = 0; i < comparison->gate_count; i++)
        cJSON_AddNumberToObject(gates, comparison->gates[i].metric,
                                comparison->gates[i].margin_percent);
    cJSON_AddItemToObject(root, "scheduler_differences", notes);
    for (uint32_t i = 0; i < comparison->notes.count && i < COMPARABLE_NOTES; i++)
        cJSON_AddItemToArray(notes, cJSON_CreateString(comparison->notes.note[i]));
    cJSON_AddItemToObject(root, "only_in_a",
                          points_json(comparison->missing_b, comparison->missing_b_count));
    cJSON_AddItemToObject(root, "only_in_b",
                          points_json(comparison->missing_a, comparison->missing_a_count));
    for (uint32_t i = 0; i < comparison->item_count; i++)
        cJSON_AddItemToArray(items, item_json(&comparison->items[i]));
    cJSON_AddItemToObject(root, "metrics", items);
    fprintf(to, "%s\n", json_print(root, &arena));
    cJSON_Delete(root);
    arena_free(&arena);
}

bool report_json(const struct comparison *comparison, const char *path, struct error *err)
{
    return file_write(path, fill_json, comparison, err);
}
