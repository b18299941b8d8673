/* ledger_markdown.c -- the ledger as docs/CLAIMS.md.
 *
 * Its last line has a hash of what comes before it, and one of what it was made from, so that a
 * test can tell a page that was edited, or that is of other claims, studies or machines.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/claims/ledger.h"

/* No sign in a cell may end it. */
static void put_cell(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        fprintf(to, *text == '|' ? "\\|" : "%c", *text);
}

static void put_head(FILE *to, const struct ledger *ledger, struct arena *arena)
{
    fprintf(
        to,
        "# The design's claims, measured\n\n"
        "This file is generated, verdicts included, by\n\n"
        "    braidsim claims --markdown docs/CLAIMS.md\n\n"
        "A claim has one figure, with a 95 %% interval over %u to %u replications (Student), in "
        "each setting of\na study in `configs/claims`. It **holds** in a setting where the "
        "interval's far end, not the mean, is\nwithin the bound. On a machine it *holds* if it "
        "does in every setting, *fails* if it does in none, and\n*holds under conditions* "
        "otherwise: where it does. The same rule goes over machines. What a setting\nhas no "
        "figure for does not count. The global opponent is the best, by the figure's own "
        "quantity and in\nthat setting, of `fair_scan`, `rr`, `priority` and `fair` with "
        "`ticket` and with `mcs` locks; the name\nof the best is in brackets. All is what "
        "the model says of machines, of which\n[VALIDATION.md](VALIDATION.md) and "
        "[CAVEATS.md](CAVEATS.md) tell how far to believe it.\n\n",
        ledger->fewest, ledger->most);
    fprintf(to, "| machine | | inputs | |\n| --- | --- | --- | --- |\n");
    for (uint32_t m = 0; m < ledger->machine_count; m++) {
        const struct ledger_machine *machine = &ledger->machines[m];
        fprintf(to, "| `%s` | %s | %s | %s |\n", machine->cpu, machine->title,
                ledger_inputs(machine, arena), machine->note);
    }
}

/* "holds at 6 of 9" */
static void put_summary_cell(FILE *to, const struct ledger *ledger,
                             const struct ledger_entry *entry, uint32_t m)
{
    const struct finding *finding = &entry->findings[m][IPC_AS_IS];
    struct finding_counts counts = finding_count(finding);
    enum ruling ruling = finding_ruling(finding);
    if (ruling == RULING_NONE)
        fprintf(to, " |");
    else if (ruling == RULING_CONDITIONS)
        fprintf(to, " %u of %u%s |", counts.holding, counts.measured,
                ledger_survives(ledger, entry, m) ? "" : " *");
    else
        fprintf(to, " %s%s |", ruling_name(ruling), ledger_survives(ledger, entry, m) ? "" : " *");
}

static void put_summary(FILE *to, const struct ledger *ledger, struct arena *arena)
{
    fprintf(to, "\n## The ledger\n\n*k of n*: it holds in so many settings, which are below. "
                "**\\***: another verdict with the machine's\ninstructions per cycle halved or "
                "doubled, which are assumed.\n\n| claim | bound | verdict |");
    for (uint32_t m = 0; m < ledger->machine_count; m++)
        fprintf(to, " %s |", ledger->machines[m].cpu);
    fprintf(to, "\n| --- | --- | --- |");
    for (uint32_t m = 0; m < ledger->machine_count; m++)
        fprintf(to, " --- |");
    for (uint32_t e = 0; e < ledger->entry_count; e++) {
        const struct ledger_entry *entry = &ledger->entries[e];
        fprintf(to, "\n| [%s](#%s): %s | %s | **%s** |", entry->claim->id, entry->claim->id,
                entry->claim->says, ledger_bound(entry->claim, arena),
                ruling_name(ledger_ruling(ledger, entry, IPC_AS_IS)));
        for (uint32_t m = 0; m < ledger->machine_count; m++)
            put_summary_cell(to, ledger, entry, m);
    }
    putc('\n', to);
}

static void put_value(FILE *to, const struct claim_value *value, struct arena *arena)
{
    fprintf(to, " %s", ledger_interval(value->interval, arena));
    if (value->best != NULL && value->interval.n > 0)
        fprintf(to, " (%s)", value->best);
    fprintf(to, " |");
}

static void put_settings(FILE *to, const struct finding *finding, const struct claim *claim,
                         struct arena *arena)
{
    uint32_t besides = 0;
    fprintf(to, "\n| setting | figure | holds |");
    for (; besides < CLAIM_BESIDES && claim->besides[besides].name != NULL; besides++) {
        const struct claim_figure *figure = &claim->besides[besides];
        putc(' ', to);
        put_cell(to, figure->name);
        fprintf(to, figure->unit[0] != '\0' ? ", %s |" : "%s |", figure->unit);
    }
    fprintf(to, "\n| --- | --- | --- |");
    for (uint32_t b = 0; b < besides; b++)
        fprintf(to, " --- |");
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *setting = &finding->settings[i];
        fprintf(to, "\n| ");
        put_cell(to, finding_title(finding, setting, arena));
        fprintf(to, " |");
        put_value(to, &setting->figure, arena);
        fprintf(to, " %s |",
                !setting->measured   ? "no figure"
                : setting->holds     ? "yes"
                : setting->straddles ? "not shown: the bound is within the interval"
                                     : "no");
        for (uint32_t b = 0; b < besides; b++)
            put_value(to, &setting->besides[b], arena);
    }
    putc('\n', to);
}

static void put_ipc(FILE *to, const struct finding *findings, enum ipc ipc, const char *name,
                    struct arena *arena)
{
    struct finding_counts counts = finding_count(&findings[ipc]);
    const char *conditions = finding_conditions(&findings[ipc], arena);
    fprintf(to, "%s: %u of %u%s%s", name, counts.holding, counts.measured,
            conditions[0] != '\0' ? ", " : "", conditions);
}

static void put_machine(FILE *to, const struct ledger *ledger, const struct ledger_entry *entry,
                        uint32_t m, struct arena *arena)
{
    const struct finding *findings = entry->findings[m];
    enum ruling ruling = finding_ruling(&findings[IPC_AS_IS]);
    const char *conditions = finding_conditions(&findings[IPC_AS_IS], arena);
    if (ruling == RULING_NONE)
        return;
    fprintf(to, "\n**%s: %s**%s%s.", ledger->machines[m].cpu, ruling_name(ruling),
            conditions[0] != '\0' ? ": " : "", conditions);
    if (ledger->machines[m].varied) {
        fprintf(to, " It %s. ",
                ledger_survives(ledger, entry, m) ? "survives the IPC halved and doubled"
                                                  : "does not survive the IPC halved and doubled");
        put_ipc(to, findings, IPC_HALVED, "Halved", arena);
        put_ipc(to, findings, IPC_DOUBLED, "; doubled", arena);
        putc('.', to);
    }
    putc('\n', to);
    put_settings(to, &findings[IPC_AS_IS], entry->claim, arena);
}

static void put_entry(FILE *to, const struct ledger *ledger, const struct ledger_entry *entry,
                      struct arena *arena)
{
    const struct claim *claim = entry->claim;
    fprintf(to, "\n### <a id=\"%s\"></a>%s: %s\n\n", claim->id, claim->id, claim->says);
    fprintf(to, "**%s**: %s. Figure: %s, %s. Why so: %s. Study: `configs/claims/%s`.\n",
            ruling_name(ledger_ruling(ledger, entry, IPC_AS_IS)),
            ledger_where(ledger, entry, arena), claim->figure.name, ledger_bound(claim, arena),
            claim->why, claim_studies[claim->study].file);
    for (uint32_t m = 0; m < ledger->machine_count; m++)
        put_machine(to, ledger, entry, m, arena);
}

void ledger_markdown(FILE *to, const void *context)
{
    const struct ledger *ledger = context;
    struct arena arena = ARENA_EMPTY;
    const char *group = "";
    char *text = NULL;
    size_t size = 0;
    FILE *page = open_memstream(&text, &size);
    CHECK(page != NULL);
    put_head(page, ledger, &arena);
    put_summary(page, ledger, &arena);
    for (uint32_t e = 0; e < ledger->entry_count; e++) {
        const struct ledger_entry *entry = &ledger->entries[e];
        if (strcmp(group, entry->claim->group) != 0)
            fprintf(page, "\n## %s\n", entry->claim->group);
        group = entry->claim->group;
        put_entry(page, ledger, entry, &arena);
    }
    CHECK(fclose(page) == 0);
    fwrite(text, 1, size, to);
    fprintf(to, "\n<!-- shape %016" PRIx64 ", text %016" PRIx64 " -->\n", ledger->shape,
            hash_fnv1a(text, size));
    free(text);
    arena_free(&arena);
}
