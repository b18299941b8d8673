/* ledger_json.c -- the ledger for programs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <cjson/cJSON.h>
#include <math.h>

#include "sim/claims/ledger.h"
#include "sim/input/json.h"
#include "sim/version.h"

static cJSON *value_json(const struct claim_value *value)
{
    cJSON *json = cJSON_CreateObject();
    struct interval interval = value->interval;
    json_add_number(json, "mean", interval.mean);
    json_add_number(json, "low", interval.mean - interval.half_width);
    json_add_number(json, "high", interval.mean + interval.half_width);
    cJSON_AddNumberToObject(json, "n", interval.n);
    if (value->best != NULL)
        cJSON_AddStringToObject(json, "best", value->best);
    return json;
}

static cJSON *setting_json(const struct finding *finding, const struct claim_setting *setting,
                           const struct claim *claim)
{
    cJSON *json = cJSON_CreateObject(), *at = cJSON_AddObjectToObject(json, "at");
    for (uint32_t i = 0; i < finding->axis_count; i++) {
        const struct claim_axis *axis = &finding->axes[i];
        if (isnan(axis->numbers[setting->at[i]]))
            cJSON_AddStringToObject(at, axis->title, axis->labels[setting->at[i]]);
        else
            cJSON_AddNumberToObject(at, axis->title, axis->numbers[setting->at[i]]);
    }
    cJSON_AddItemToObject(json, "figure", value_json(&setting->figure));
    cJSON_AddBoolToObject(json, "measured", setting->measured);
    cJSON_AddBoolToObject(json, "holds", setting->measured && setting->holds);
    cJSON_AddBoolToObject(json, "straddles", setting->measured && setting->straddles);
    cJSON *besides = cJSON_AddObjectToObject(json, "besides");
    for (uint32_t b = 0; b < CLAIM_BESIDES && claim->besides[b].name != NULL; b++)
        cJSON_AddItemToObject(besides, claim->besides[b].name, value_json(&setting->besides[b]));
    return json;
}

static cJSON *finding_json(const struct finding *finding, const struct claim *claim,
                           struct arena *arena)
{
    cJSON *json = cJSON_CreateObject();
    struct finding_counts counts = finding_count(finding);
    cJSON_AddStringToObject(json, "verdict", ruling_name(finding_ruling(finding)));
    cJSON_AddStringToObject(json, "conditions", finding_conditions(finding, arena));
    cJSON_AddNumberToObject(json, "measured", counts.measured);
    cJSON_AddNumberToObject(json, "holding", counts.holding);
    cJSON *settings = cJSON_AddArrayToObject(json, "settings");
    for (uint32_t i = 0; i < finding->setting_count; i++)
        cJSON_AddItemToArray(settings, setting_json(finding, &finding->settings[i], claim));
    return json;
}

static cJSON *machine_json(const struct ledger *ledger, const struct ledger_entry *entry,
                           uint32_t m, struct arena *arena)
{
    const struct ledger_machine *machine = &ledger->machines[m];
    const struct finding *findings = entry->findings[m];
    cJSON *json = finding_json(&findings[IPC_AS_IS], entry->claim, arena);
    cJSON_AddStringToObject(json, "cpu", machine->cpu);
    cJSON_AddNumberToObject(json, "instructions_per_cycle", machine->ipc);
    cJSON_AddStringToObject(json, "instructions_per_cycle_kind", machine->ipc_kind);
    if (!machine->varied)
        return json;
    cJSON_AddBoolToObject(json, "survives_ipc", ledger_survives(ledger, entry, m));
    cJSON_AddItemToObject(json, "ipc_halved",
                          finding_json(&findings[IPC_HALVED], entry->claim, arena));
    cJSON_AddItemToObject(json, "ipc_doubled",
                          finding_json(&findings[IPC_DOUBLED], entry->claim, arena));
    return json;
}

void ledger_json(FILE *to, const void *context)
{
    const struct ledger *ledger = context;
    struct arena arena = ARENA_EMPTY;
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "braidsim", BRAIDSIM_VERSION);
    cJSON *list = cJSON_AddArrayToObject(root, "claims");
    for (uint32_t e = 0; e < ledger->entry_count; e++) {
        const struct ledger_entry *entry = &ledger->entries[e];
        const struct claim *claim = entry->claim;
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", claim->id);
        cJSON_AddStringToObject(json, "says", claim->says);
        cJSON_AddStringToObject(json, "figure", claim->figure.name);
        cJSON_AddStringToObject(json, "unit", claim->figure.unit);
        cJSON_AddNumberToObject(json, claim->at_least ? "at_least" : "at_most", claim->bound);
        cJSON_AddStringToObject(json, "verdict",
                                ruling_name(ledger_ruling(ledger, entry, IPC_AS_IS)));
        if (ledger_ruling(ledger, entry, IPC_AS_IS) == RULING_NONE)
            cJSON_AddStringToObject(json, "reason", ledger_where(ledger, entry, &arena));
        cJSON *machines = cJSON_AddArrayToObject(json, "machines");
        for (uint32_t m = 0; m < ledger->machine_count; m++)
            if (entry->findings[m][IPC_AS_IS].setting_count > 0)
                cJSON_AddItemToArray(machines, machine_json(ledger, entry, m, &arena));
        cJSON_AddItemToArray(list, json);
    }
    fprintf(to, "%s\n", json_print(root, &arena));
    cJSON_Delete(root);
    arena_free(&arena);
}
