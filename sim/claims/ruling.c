/* ruling.c -- see ruling.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/claims/ruling.h"

#include <math.h>

const char *ruling_name(enum ruling ruling)
{
    static const char *const names[] = { "not measured", "holds", "holds under conditions",
                                         "fails" };
    return names[ruling];
}

enum ruling ruling_of(uint32_t holding, uint32_t measured)
{
    if (measured == 0)
        return RULING_NONE;
    if (holding == measured)
        return RULING_HOLDS;
    return holding == 0 ? RULING_FAILS : RULING_CONDITIONS;
}

struct finding_counts finding_count(const struct finding *finding)
{
    struct finding_counts counts = { 0, 0, 0 };
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *setting = &finding->settings[i];
        counts.measured += setting->measured;
        counts.holding += setting->measured && setting->holds;
        counts.straddling += setting->measured && setting->straddles;
    }
    return counts;
}

enum ruling finding_ruling(const struct finding *finding)
{
    struct finding_counts counts = finding_count(finding);
    return ruling_of(counts.holding, counts.measured);
}

bool finding_agrees(const struct finding *finding, const struct finding *other)
{
    if (finding->setting_count != other->setting_count)
        return false;
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *a = &finding->settings[i], *b = &other->settings[i];
        if (a->measured != b->measured || (a->measured && a->holds != b->holds))
            return false;
    }
    return true;
}

const struct claim_setting *finding_shown(const struct finding *finding, const struct claim *claim)
{
    const struct claim_setting *shown = NULL;
    bool nearest = finding_ruling(finding) == RULING_FAILS;
    double shown_end = NAN;
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *setting = &finding->settings[i];
        struct interval interval = setting->figure.interval;
        if (!setting->measured)
            continue;
        double end = claim->at_least ? interval.half_width - interval.mean
                                     : interval.half_width + interval.mean;
        if (shown != NULL && !(nearest ? end < shown_end : end > shown_end))
            continue;
        shown = setting;
        shown_end = end;
    }
    return shown;
}

/* ---- Conditions --------------------------------------------------------------------------- */

/* Does every measured setting with this value hold?  False if there is none. */
static bool value_holds(const struct finding *finding, uint32_t axis, uint32_t value)
{
    bool any = false;
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *setting = &finding->settings[i];
        if (setting->at[axis] != value || !setting->measured)
            continue;
        if (!setting->holds)
            return false;
        any = true;
    }
    return any;
}

/* Do exactly the settings hold that have such a value? */
static bool axis_explains(const struct finding *finding, uint32_t axis)
{
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *setting = &finding->settings[i];
        if (setting->measured && setting->holds && !value_holds(finding, axis, setting->at[axis]))
            return false;
    }
    return true;
}

/* "slice_us >= 10000", "cores <= 8", "10-run or 100-run" */
static const char *axis_condition(const struct finding *finding, uint32_t which,
                                  struct arena *arena)
{
    const struct claim_axis *axis = &finding->axes[which];
    uint32_t first = axis->count, last = 0, count = 0;
    const char *list = "";
    for (uint32_t value = 0; value < axis->count; value++) {
        if (!value_holds(finding, which, value))
            continue;
        first = count == 0 ? value : first;
        last = value;
        list = arena_printf(arena, "%s%s%s", list, count > 0 ? " or " : "", axis->labels[value]);
        count++;
    }
    bool ordered = !isnan(axis->numbers[0]) && last - first + 1 == count;
    for (uint32_t value = 1; value < axis->count; value++)
        ordered = ordered && axis->numbers[value] > axis->numbers[value - 1];
    if (ordered && last + 1 == axis->count)
        return arena_printf(arena, "where %s >= %s", axis->title, axis->labels[first]);
    if (ordered && first == 0)
        return arena_printf(arena, "where %s <= %s", axis->title, axis->labels[last]);
    return arena_printf(arena, "where %s = %s", axis->title, list);
}

static const char *list_settings(const struct finding *finding, bool holding, struct arena *arena)
{
    const char *list = "";
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_setting *setting = &finding->settings[i];
        if (setting->measured && setting->holds == holding)
            list = arena_printf(arena, "%s%s%s", list, list[0] != '\0' ? "; " : "",
                                finding_title(finding, setting, arena));
    }
    return arena_printf(arena, "%s %s", holding ? "at" : "except at", list);
}

const char *finding_conditions(const struct finding *finding, struct arena *arena)
{
    struct finding_counts counts = finding_count(finding);
    if (ruling_of(counts.holding, counts.measured) != RULING_CONDITIONS)
        return "";
    for (uint32_t axis = 0; axis < finding->axis_count; axis++)
        if (axis_explains(finding, axis))
            return axis_condition(finding, axis, arena);
    return list_settings(finding, 2 * counts.holding <= counts.measured, arena);
}
