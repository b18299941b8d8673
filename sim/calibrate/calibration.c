/* calibration.c -- see calibration.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/calibrate/calibration.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "models/machine/profile_rules.h"

static const char MEASURED_HERE[] = "measured on this host by braidsim calibrate";

void calibration_note(struct calibration *calibration, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (calibration->provisional)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (calibration->note_count < CALIBRATION_NOTES_MAX)
        calibration->notes[calibration->note_count++] = arena_string(calibration->arena, text);
}

/* Whole numbers stay; of others more than four digits would be noise. */
static double round_figure(double value)
{
    if (value == floor(value))
        return value;
    double unit = pow(10, floor(log10(fabs(value))) - 3);
    return unit >= 1 ? round(value / unit) * unit : round(value / unit) / (1 / unit);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Is the value that the figure has the better one?  Units are in the names. */
static bool is_bettered(const struct calibration *calibration, enum profile_figure figure,
                        double value)
{
    const struct figure *known = &calibration->profile->figure[figure];
    const char *name = figure_descriptions[figure].name;
    if (known->kind != FIGURE_MEASURED)
        return false;
    if (ends_with(name, "_ns") || ends_with(name, "_cycles"))
        return known->value < value;
    if (ends_with(name, "_mhz") || ends_with(name, "_mb_s"))
        return known->value > value;
    return false;
}

static void put(struct calibration *calibration, enum profile_figure figure, double value,
                enum figure_kind kind, const char *source)
{
    calibration->profile->figure[figure] = (struct figure){ value, kind, source };
}

bool calibration_measured(struct calibration *calibration, enum profile_figure figure,
                          struct measurement measurement, const char *how, ...)
{
    const struct figure_description *d = &figure_descriptions[figure];
    char text[512];
    va_list arguments;
    va_start(arguments, how);
    vsnprintf(text, sizeof text, how, arguments);
    va_end(arguments);
    double value = round_figure(measurement.value);
    if (measurement.count == 0)
        return false;
    if (!(value > 0 && value >= d->minimum && value <= d->maximum) ||
        figure_values_wanted(d->values, value) != NULL) {
        calibration_note(calibration, "%s: measured as %g, which cannot be (%s)", d->name, value,
                         text);
        return false;
    }
    if (is_bettered(calibration, figure, value))
        return true;
    const char *source =
        measurement.spread > 0
            ? arena_printf(calibration->arena, "%s: %s; %u timings, half of them within %.1f %%",
                           MEASURED_HERE, text, measurement.count, 100 * measurement.spread)
            : arena_printf(calibration->arena, "%s: %s", MEASURED_HERE, text);
    put(calibration, figure, value, FIGURE_MEASURED, source);
    return true;
}

void calibration_derived(struct calibration *calibration, enum profile_figure figure, double value,
                         const char *how, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, how);
    vsnprintf(text, sizeof text, how, arguments);
    va_end(arguments);
    put(calibration, figure, round_figure(value), FIGURE_DERIVED,
        arena_string(calibration->arena, text));
}

void calibration_assumed(struct calibration *calibration, enum profile_figure figure, double value,
                         const char *why, ...)
{
    char text[512];
    va_list arguments;
    if (calibration->profile->figure[figure].kind == FIGURE_MEASURED)
        return; /* in an earlier pass */
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    put(calibration, figure, round_figure(value), FIGURE_ASSUMED,
        arena_string(calibration->arena, text));
    calibration_note(calibration, "%s: assumed %g: %s", figure_descriptions[figure].name,
                     round_figure(value), text);
}

void calibration_settle(struct calibration *calibration)
{
    struct contradiction found;
    for (uint32_t i = 0; i < FIGURE_COUNT && profile_contradicts(calibration->profile, &found);
         i++) {
        const char *name = figure_descriptions[found.figure].name;
        struct figure *figure = &calibration->profile->figure[found.figure];
        bool out = found.fitting == 0;
        if (out)
            *figure = (struct figure){ .value = figure_descriptions[found.figure].fallback };
        else
            *figure = (struct figure){ found.fitting, FIGURE_DERIVED,
                                       arena_printf(calibration->arena,
                                                    "%g was found, which cannot be, and this fits: "
                                                    "%s",
                                                    figure->value, found.message) };
        calibration_note(calibration, "%s: %s; %s", name, found.message,
                         out ? "left out" : "taken as what fits");
    }
}
