/* finding.c -- see finding.h.
 *
 * Points are ordered by variant and then by the sweep, whose last key is fastest, so the swept
 * combination g of variant v is point v x groups + g.  What a slope is taken over is the last key.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/claims/finding.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <string.h>

#include "sim/base/check.h"
#include "sim/claims/quantity.h"
#include "sim/study/plan.h"

struct measured {
    const struct results *results;
    uint32_t groups; /* swept combinations */
    uint32_t variants;
    uint32_t along;      /* combinations that a slope is taken over, 1 for others */
    struct arena *arena; /* for what passes */
};

static const char *variant_name(const struct measured *study, uint32_t variant)
{
    const char *name = study->results->experiment->points[variant * study->groups].variant;
    return name != NULL ? name : "";
}

static bool fits(const char *name, const char *wanted)
{
    size_t length = strlen(wanted);
    if (length > 0 && wanted[length - 1] == '*')
        return strncmp(name, wanted, length - 1) == 0;
    return strcmp(name, wanted) == 0;
}

static double quantity(const struct measured *study, uint32_t variant, uint32_t group,
                       uint32_t replication, const char *name)
{
    uint32_t point = variant * study->groups + group;
    return quantity_of(study->results, study->results->first[point] + replication, name);
}

static uint32_t replications(const struct measured *study)
{
    return study->results->count[0];
}

static double mean(const struct measured *study, uint32_t variant, uint32_t group, const char *name)
{
    double sum = 0;
    for (uint32_t r = 0; r < replications(study); r++)
        sum += quantity(study, variant, group, r, name);
    return sum / replications(study);
}

/* The variant of this name, or the best of those that it stands for; UINT32_MAX: there is none. */
static uint32_t choose(const struct measured *study, const struct claim_figure *figure,
                       const char *wanted, uint32_t group)
{
    uint32_t best = UINT32_MAX;
    double best_mean = NAN;
    for (uint32_t v = 0; v < study->variants; v++) {
        if (!fits(variant_name(study, v), wanted))
            continue;
        double own = mean(study, v, group, figure->quantity);
        if (best != UINT32_MAX && !(figure->most ? own > best_mean : own < best_mean))
            continue;
        best = v;
        best_mean = own;
    }
    return best;
}

/* Of log quantity over log of what is swept last. */
static double slope(const struct measured *study, uint32_t variant, uint32_t group,
                    uint32_t replication, const char *name)
{
    double *x = arena_alloc(study->arena, study->along, sizeof *x);
    double *y = arena_alloc(study->arena, study->along, sizeof *y);
    double intercept, rise, c00, c01, c11, sum;
    for (uint32_t i = 0; i < study->along; i++) {
        const struct point *point = &study->results->experiment->points[group + i];
        x[i] = log(point->sweep[point->sweep_count - 1].number);
        y[i] = log(quantity(study, variant, group + i, replication, name));
    }
    gsl_fit_linear(x, 1, y, 1, study->along, &intercept, &rise, &c00, &c01, &c11, &sum);
    return rise;
}

static double figure_value(const struct measured *study, const struct claim_figure *figure,
                           uint32_t variant, uint32_t other, uint32_t group, uint32_t replication)
{
    if (figure->how == HOW_SLOPE)
        return slope(study, variant, group, replication, figure->quantity);
    double value = quantity(study, variant, group, replication, figure->quantity);
    if (figure->how == HOW_VALUE)
        return value;
    double beside = quantity(study, other, group, replication, figure->quantity);
    return figure->how == HOW_RATIO ? value / beside : value - beside;
}

/* What * stands for. */
static const char *best_name(const char *wanted, const char *variant)
{
    size_t length = strlen(wanted);
    return wanted[length - 1] == '*' ? variant + length - 1 : NULL;
}

static struct claim_value measure(const struct measured *study, const struct claim_figure *figure,
                                  const char *wanted, uint32_t group, struct arena *arena)
{
    double *values = arena_alloc(study->arena, replications(study), sizeof *values);
    struct claim_value result = { .interval = { NAN, NAN, 0 } };
    uint32_t variant = choose(study, figure, wanted, group), other = 0;
    if (figure->other != NULL)
        other = choose(study, figure, figure->other, group);
    if (variant == UINT32_MAX || other == UINT32_MAX)
        return result;
    result.variant = arena_string(arena, variant_name(study, variant));
    result.best = best_name(wanted, result.variant);
    if (figure->other != NULL) {
        result.other = arena_string(arena, variant_name(study, other));
        if (result.best == NULL)
            result.best = best_name(figure->other, result.other);
    }
    for (uint32_t r = 0; r < replications(study); r++)
        values[r] = figure_value(study, figure, variant, other, group, r);
    result.interval = statistics_interval(values, replications(study));
    return result;
}

static void judge(struct claim_setting *setting, const struct claim *claim)
{
    struct interval interval = setting->figure.interval;
    double half = interval.half_width;
    setting->measured = interval.n > 1;
    if (claim->at_least) {
        setting->holds = interval.mean - half >= claim->bound;
        setting->straddles = !setting->holds && interval.mean >= claim->bound;
    } else {
        setting->holds = interval.mean + half <= claim->bound;
        setting->straddles = !setting->holds && interval.mean <= claim->bound;
    }
}

/* ---- Axes --------------------------------------------------------------------------------- */

static uint32_t variant_count(const struct claim *claim)
{
    uint32_t count = 0;
    while (count < CLAIM_VARIANTS && claim->variants[count] != NULL)
        count++;
    return count;
}

static void add_variants(struct finding *finding, const struct claim *claim, struct arena *arena)
{
    struct claim_axis *axis = &finding->axes[finding->axis_count++];
    axis->title = "variant";
    axis->count = variant_count(claim);
    axis->labels = arena_alloc(arena, axis->count, sizeof *axis->labels);
    axis->numbers = arena_alloc(arena, axis->count, sizeof *axis->numbers);
    for (uint32_t i = 0; i < axis->count; i++) {
        axis->labels[i] = claim->variants[i];
        axis->numbers[i] = NAN;
    }
}

/* Swept parameter i, whose values each stay for step combinations. */
static void add_sweep(struct finding *finding, const struct measured *study, uint32_t i,
                      uint32_t step, uint32_t count, struct arena *arena)
{
    const struct point *points = study->results->experiment->points;
    CHECK(finding->axis_count < CLAIM_AXES);
    struct claim_axis *axis = &finding->axes[finding->axis_count++];
    axis->title = arena_string(arena, results_sweep_title(&points[0], i));
    axis->count = count;
    axis->labels = arena_alloc(arena, count, sizeof *axis->labels);
    axis->numbers = arena_alloc(arena, count, sizeof *axis->numbers);
    for (uint32_t value = 0; value < count; value++) {
        const struct sweep_value *swept = &points[value * step].sweep[i];
        axis->labels[value] = arena_string(arena, swept->label);
        axis->numbers[value] = swept->number;
    }
}

/* How many values swept parameter i has: the combinations before the first value comes again with
 * others the same, over how long each stays. */
static uint32_t sweep_values(const struct measured *study, uint32_t i, uint32_t step)
{
    const struct point *points = study->results->experiment->points;
    uint32_t count = 1;
    while (count * step < study->groups &&
           strcmp(points[count * step].sweep[i].text, points[0].sweep[i].text) != 0)
        count++;
    return count;
}

static void find_axes(struct finding *finding, struct measured *study, const struct claim *claim,
                      struct arena *arena)
{
    const struct point *first = &study->results->experiment->points[0];
    uint32_t steps[CLAIM_AXES], counts[CLAIM_AXES], step = 1, swept = first->sweep_count;
    CHECK(swept <= CLAIM_AXES);
    for (uint32_t i = swept; i-- > 0; step *= counts[i]) {
        steps[i] = step;
        counts[i] = sweep_values(study, i, step);
    }
    CHECK(step == study->groups);
    if (claim->variants[0] != NULL)
        add_variants(finding, claim, arena);
    if (claim->figure.how == HOW_SLOPE)
        study->along = counts[--swept];
    for (uint32_t i = 0; i < swept; i++)
        add_sweep(finding, study, i, steps[i], counts[i], arena);
}

static bool is_wanted(const struct measured *study, const struct claim *claim, uint32_t group)
{
    const struct point *point = &study->results->experiment->points[group];
    for (uint32_t i = 0; i < point->sweep_count; i++)
        if (claim->only != NULL && strcmp(point->sweep[i].label, claim->only) == 0)
            return true;
    return claim->only == NULL;
}

/* Axis by axis, the last one fastest, as the combinations are. */
static void place(const struct finding *finding, struct claim_setting *setting, uint32_t variant,
                  uint32_t combination, bool has_variants)
{
    uint32_t first = has_variants ? 1 : 0;
    if (has_variants)
        setting->at[0] = variant;
    for (uint32_t i = finding->axis_count; i-- > first;) {
        setting->at[i] = combination % finding->axes[i].count;
        combination /= finding->axes[i].count;
    }
}

void finding_make(struct finding *finding, const struct claim *claim, const struct results *results,
                  struct arena *arena)
{
    const struct experiment *experiment = results->experiment;
    struct arena passing = ARENA_EMPTY;
    struct measured study = {
        .results = results, .groups = plan_group_count(experiment), .along = 1, .arena = &passing
    };
    study.variants = experiment->point_count / study.groups;
    *finding = (struct finding){ .axis_count = 0 };
    find_axes(finding, &study, claim, arena);
    uint32_t combinations = study.groups / study.along, variants = variant_count(claim);
    bool has_variants = variants > 0;
    variants = has_variants ? variants : 1;
    finding->settings =
        arena_alloc(arena, (size_t)combinations * variants, sizeof *finding->settings);
    for (uint32_t v = 0; v < variants; v++)
        for (uint32_t c = 0; c < combinations; c++) {
            uint32_t group = c * study.along;
            if (!is_wanted(&study, claim, group))
                continue;
            struct claim_setting *setting = &finding->settings[finding->setting_count++];
            place(finding, setting, v, c, has_variants);
            const char *wanted = has_variants ? claim->variants[v] : claim->figure.variant;
            setting->figure = measure(&study, &claim->figure, wanted, group, arena);
            judge(setting, claim);
            for (uint32_t b = 0; b < CLAIM_BESIDES && claim->besides[b].name != NULL; b++)
                setting->besides[b] =
                    measure(&study, &claim->besides[b], claim->besides[b].variant, group, arena);
        }
    arena_free(&passing);
}

static bool is_called(const char *name, const char *variant)
{
    return name != NULL && strcmp(name, variant) == 0;
}

bool finding_needs(const struct finding *finding, const char *variant)
{
    for (uint32_t i = 0; i < finding->setting_count; i++) {
        const struct claim_value *figure = &finding->settings[i].figure;
        if (is_called(figure->variant, variant) || is_called(figure->other, variant))
            return true;
    }
    return false;
}

const char *finding_title(const struct finding *finding, const struct claim_setting *setting,
                          struct arena *arena)
{
    const char *text = "";
    for (uint32_t i = 0; i < finding->axis_count; i++) {
        const struct claim_axis *axis = &finding->axes[i];
        const char *label = axis->labels[setting->at[i]];
        bool bare = isnan(axis->numbers[setting->at[i]]); /* it says what it is */
        text = arena_printf(arena, "%s%s%s%s%s", text, text[0] != '\0' ? ", " : "",
                            bare ? "" : axis->title, bare ? "" : " ", label);
    }
    return text;
}
