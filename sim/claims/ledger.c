/* ledger.c -- see ledger.h.  What is for people: at most 100 columns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/claims/ledger.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 100, CPU_WIDTH = 16, HOLDS_WIDTH = 9, FIGURE_WIDTH = 30 };

enum ruling ledger_ruling(const struct ledger *ledger, const struct ledger_entry *entry,
                          enum ipc ipc)
{
    uint32_t holding = 0, measured = 0;
    bool some = false;
    for (uint32_t m = 0; m < ledger->machine_count; m++) {
        bool varied = ipc == IPC_AS_IS || ledger->machines[m].varied;
        enum ruling ruling = finding_ruling(&entry->findings[m][varied ? ipc : IPC_AS_IS]);
        measured += ruling != RULING_NONE;
        holding += ruling == RULING_HOLDS;
        some = some || ruling == RULING_CONDITIONS;
    }
    enum ruling ruling = ruling_of(holding, measured);
    return ruling == RULING_FAILS && some ? RULING_CONDITIONS : ruling;
}

bool ledger_survives(const struct ledger *ledger, const struct ledger_entry *entry,
                     uint32_t machine)
{
    const struct finding *findings = entry->findings[machine];
    if (!ledger->machines[machine].varied)
        return true;
    return finding_ruling(&findings[IPC_HALVED]) == finding_ruling(&findings[IPC_AS_IS]) &&
           finding_ruling(&findings[IPC_DOUBLED]) == finding_ruling(&findings[IPC_AS_IS]);
}

/* As many digits as three figures of the greater of mean and width want. */
static int digits_of(struct interval interval)
{
    double size = fabs(interval.mean);
    if (!isnan(interval.half_width) && interval.half_width > size)
        size = interval.half_width;
    return size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= .1 ? 3 : 4;
}

const char *ledger_interval(struct interval interval, struct arena *arena)
{
    int digits = digits_of(interval);
    if (interval.n == 0)
        return "-";
    if (isnan(interval.half_width))
        return arena_printf(arena, "%.*f", digits, interval.mean);
    return arena_printf(arena, "%.*f [%.*f, %.*f]", digits, interval.mean, digits,
                        interval.mean - interval.half_width, digits,
                        interval.mean + interval.half_width);
}

const char *ledger_bound(const struct claim *claim, struct arena *arena)
{
    bool has_unit = claim->figure.unit[0] != '\0' && strcmp(claim->figure.unit, "ratio") != 0;
    return arena_printf(arena, "%s %g%s%s", claim->at_least ? "at least" : "at most", claim->bound,
                        has_unit ? " " : "", has_unit ? claim->figure.unit : "");
}

/* Claims of several cores are not asked on machines of one. */
static const char *unmeasured_text(const struct ledger *ledger, const struct ledger_entry *entry,
                                   struct arena *arena)
{
    const char *text = "";
    for (uint32_t m = 0; m < ledger->machine_count; m++) {
        const char *cpu = ledger->machines[m].cpu, *before = text[0] != '\0' ? "; " : "";
        if (entry->findings[m][IPC_AS_IS].setting_count == 0)
            text = arena_printf(arena, "%s%s%s has one core, and the claim is of several", text,
                                before, cpu);
        else
            text = arena_printf(arena, "%s%sin no run on %s is %s defined", text, before, cpu,
                                entry->claim->figure.quantity);
    }
    return text;
}

const char *ledger_where(const struct ledger *ledger, const struct ledger_entry *entry,
                         struct arena *arena)
{
    static const char *const words[] = { "", "holds on", "in part on", "fails on" };
    const char *text = "";
    for (enum ruling ruling = RULING_HOLDS; ruling <= RULING_FAILS; ruling++) {
        const char *list = "";
        for (uint32_t m = 0; m < ledger->machine_count; m++)
            if (finding_ruling(&entry->findings[m][IPC_AS_IS]) == ruling)
                list = arena_printf(arena, "%s%s%s", list, list[0] != '\0' ? ", " : "",
                                    ledger->machines[m].cpu);
        if (list[0] != '\0')
            text = arena_printf(arena, "%s%s%s %s", text, text[0] != '\0' ? "; " : "",
                                words[ruling], list);
    }
    return text[0] != '\0' ? text : unmeasured_text(ledger, entry, arena);
}

const char *ledger_inputs(const struct ledger_machine *machine, struct arena *arena)
{
    const struct figure *figures = machine->profile->figure;
    const struct figure *direct = &figures[FIGURE_switch_ns];
    const struct figure *timer = &figures[FIGURE_timer_interrupt_ns];
    return arena_printf(arena,
                        "%g instructions per cycle (%s), switch_ns %g (%s), timer_interrupt_ns %g "
                        "(%s)",
                        machine->ipc, machine->ipc_kind, direct->value,
                        figure_kind_name(direct->kind), timer->value,
                        figure_kind_name(timer->kind));
}

/* ---- For people --------------------------------------------------------------------------- */

/* Words of text, after what already stands on the line, each line begun at indent. */
static void print_wrapped(FILE *to, int column, int indent, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column > indent && column + 1 + (int)length > COLUMNS) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putc(' ', to);
            column++;
        }
        fwrite(text, 1, length, to);
        column += (int)length;
        text += length;
        text += strspn(text, " ");
    }
    putc('\n', to);
}

static void print_paragraph(FILE *to, int indent, const char *text)
{
    fprintf(to, "%*s", indent, "");
    print_wrapped(to, indent, indent, text);
}

static const char *counts_text(const struct finding *finding, struct arena *arena)
{
    struct finding_counts counts = finding_count(finding);
    return arena_printf(arena, "%u of %u", counts.holding, counts.measured);
}

/* "; best global queue (rr-mcs) 1.06 %" */
static const char *besides_text(const struct claim *claim, const struct claim_setting *setting,
                                struct arena *arena)
{
    const char *text = "";
    for (uint32_t b = 0; b < CLAIM_BESIDES && claim->besides[b].name != NULL; b++) {
        const struct claim_figure *figure = &claim->besides[b];
        const struct claim_value *value = &setting->besides[b];
        if (value->interval.n == 0)
            continue;
        bool has_unit = figure->unit[0] != '\0' && strcmp(figure->unit, "ratio") != 0;
        text = arena_printf(arena, "%s%s%s%s%s%s = %.*f%s%s", text, text[0] != '\0' ? "; " : "",
                            figure->name, value->best != NULL ? " (" : "",
                            value->best != NULL ? value->best : "", value->best != NULL ? ")" : "",
                            digits_of(value->interval), value->interval.mean, has_unit ? " " : "",
                            has_unit ? figure->unit : "");
    }
    return text;
}

static void print_machine(FILE *to, const struct ledger *ledger, const struct ledger_entry *entry,
                          uint32_t m, struct arena *arena)
{
    const struct ledger_machine *machine = &ledger->machines[m];
    const struct finding *findings = entry->findings[m];
    const struct claim_setting *shown = finding_shown(&findings[IPC_AS_IS], entry->claim);
    if (shown == NULL)
        return;
    int column = fprintf(to, "    %-*s %-*s %-*s ", CPU_WIDTH, machine->cpu, HOLDS_WIDTH,
                         counts_text(&findings[IPC_AS_IS], arena), FIGURE_WIDTH,
                         ledger_interval(shown->figure.interval, arena));
    const char *where = finding_title(&findings[IPC_AS_IS], shown, arena);
    if (shown->figure.best != NULL)
        where = arena_printf(arena, "%s (best: %s)", where, shown->figure.best);
    print_wrapped(to, column, column, where);
    const char *conditions = finding_conditions(&findings[IPC_AS_IS], arena);
    if (conditions[0] != '\0')
        print_paragraph(to, 8, arena_printf(arena, "holds %s", conditions));
    if (machine->varied && !finding_agrees(&findings[IPC_AS_IS], &findings[IPC_HALVED]))
        print_paragraph(to, 8,
                        arena_printf(arena, "IPC halved: %s %s",
                                     counts_text(&findings[IPC_HALVED], arena),
                                     finding_conditions(&findings[IPC_HALVED], arena)));
    if (machine->varied && !finding_agrees(&findings[IPC_AS_IS], &findings[IPC_DOUBLED]))
        print_paragraph(to, 8,
                        arena_printf(arena, "IPC doubled: %s %s",
                                     counts_text(&findings[IPC_DOUBLED], arena),
                                     finding_conditions(&findings[IPC_DOUBLED], arena)));
    const char *besides = besides_text(entry->claim, shown, arena);
    if (besides[0] != '\0')
        print_paragraph(to, 8, arena_printf(arena, "there: %s", besides));
}

static const char *survival_text(const struct ledger *ledger, const struct ledger_entry *entry,
                                 struct arena *arena)
{
    const char *lost = "";
    for (uint32_t m = 0; m < ledger->machine_count; m++)
        if (!ledger_survives(ledger, entry, m))
            lost = arena_printf(arena, "%s%s%s", lost, lost[0] != '\0' ? ", " : "",
                                ledger->machines[m].cpu);
    if (lost[0] == '\0')
        return "the same with every assumed IPC halved and doubled";
    return arena_printf(arena, "another verdict with the IPC halved or doubled on %s", lost);
}

static void print_entry(FILE *to, const struct ledger *ledger, const struct ledger_entry *entry,
                        struct arena *arena)
{
    const struct claim *claim = entry->claim;
    enum ruling ruling = ledger_ruling(ledger, entry, IPC_AS_IS);
    const char *name = ruling_name(ruling), *where = ledger_where(ledger, entry, arena);
    bool measured = ruling != RULING_NONE;
    fprintf(to, "\n%s: \"%s\"\n", claim->id, claim->says);
    print_paragraph(to, 2,
                    measured ? arena_printf(arena, "VERDICT: %s (%s); %s", name, where,
                                            survival_text(ledger, entry, arena))
                             : arena_printf(arena, "VERDICT: %s: %s", name, where));
    print_paragraph(to, 2,
                    arena_printf(arena, "Figure: %s, %s (%s)", claim->figure.name,
                                 ledger_bound(claim, arena), claim->why));
    if (!measured)
        return;
    fprintf(to, "    %-*s %-*s %-*s %s\n", CPU_WIDTH, "machine", HOLDS_WIDTH, "holds at",
            FIGURE_WIDTH, "shown: mean [95 % interval]", "where");
    for (uint32_t m = 0; m < ledger->machine_count; m++)
        print_machine(to, ledger, entry, m, arena);
}

void ledger_print(FILE *to, const struct ledger *ledger, struct arena *arena)
{
    const char *group = "";
    print_paragraph(
        to, 0,
        "The design's claims, as measured. A claim holds in a setting where the far end "
        "of the figure's 95 % interval is within the bound; on a machine, where it "
        "holds in all settings; under conditions, where it holds in some. \"holds "
        "at\" counts them. Shown is the setting where the figure is worst or, where the "
        "claim fails in all, comes nearest; \"there\" is what else was measured in "
        "that one, and \"best\" which of the global queues the best is.");
    putc('\n', to);
    for (uint32_t m = 0; m < ledger->machine_count; m++) {
        const struct ledger_machine *machine = &ledger->machines[m];
        print_paragraph(to, 2,
                        arena_printf(arena, "%s: %s; %s; %s", machine->cpu, machine->title,
                                     machine->note, ledger_inputs(machine, arena)));
    }
    for (uint32_t e = 0; e < ledger->entry_count; e++) {
        const struct ledger_entry *entry = &ledger->entries[e];
        if (strcmp(group, entry->claim->group) != 0)
            fprintf(to, "\n---- %s ----\n", entry->claim->group);
        group = entry->claim->group;
        print_entry(to, ledger, entry, arena);
    }
}
