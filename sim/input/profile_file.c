/* profile_file.c -- reads configs/cpus/NAME.json into a struct profile.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "sim/input/document.h"
#include "sim/input/scenario.h"

static bool read_figure(const struct node *node, enum profile_figure which, struct figure *figure,
                        struct error *err)
{
    static const char *const keys[] = { "value", "source", "kind", NULL };
    static const char *const kinds[] = { "published", "derived", "assumed", NULL };
    const struct figure_description *description = &figure_descriptions[which];
    struct node value, source, kind;
    uint32_t index = 0;
    if (!node_object(node, keys, err) || !member_need(node, "value", &value, err) ||
        !member_need(node, "source", &source, err) || !member_need(node, "kind", &kind, err) ||
        !node_number(&value, description->minimum, description->maximum, &figure->value, err) ||
        !node_string(&source, &figure->source, err) ||
        !node_choice(&kind, "kind", kinds, &index, err))
        return false;
    figure->kind = FIGURE_PUBLISHED + index;
    return true;
}

static bool read_figures(const struct node *node, struct profile *profile, struct error *err)
{
    const char *keys[FIGURE_COUNT + 1] = { NULL };
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        keys[i] = figure_descriptions[i].name;
    if (!node_object(node, keys, err))
        return false;
    for (unsigned i = 0; i < FIGURE_COUNT; i++) {
        struct node child;
        if (!node_get(node, keys[i], &child)) {
            if (figure_descriptions[i].required)
                return node_refuse(node, err, "the figure \"%s\" (%s) is missing; add it", keys[i],
                                   figure_descriptions[i].help);
            continue;
        }
        if (!read_figure(&child, (enum profile_figure)i, &profile->figure[i], err))
            return false;
    }
    return true;
}

static bool check_cache(const struct node *figures, const char *key, double kb, double ways,
                        double line, struct error *err)
{
    struct node size;
    double sets = kb * 1024 / (ways * line);
    if (sets >= 1 && sets == floor(sets))
        return true;
    return node_refuse(node_get(figures, key, &size) ? &size : figures, err,
                       "%g KB in %g ways of %g-byte lines make %g sets, which must be a whole "
                       "number",
                       kb, ways, line, sets);
}

static bool check_figures(const struct node *figures, const struct profile *p, struct error *err)
{
    struct node line;
    double bytes = profile_value(p, line_bytes);
    if (node_get(figures, "line_bytes", &line) && exp2(round(log2(bytes))) != bytes)
        return node_refuse(&line, err, "must be a power of two, is %g", bytes);
    bool size = profile_value(p, l3_kb) > 0, ways = profile_value(p, l3_ways) > 0,
         latency = profile_value(p, l3_latency_cycles) > 0, cores = profile_value(p, l3_cores) > 0;
    if (size != ways || size != latency || size != cores)
        return node_refuse(figures, err,
                           "l3_kb, l3_ways, l3_latency_cycles and l3_cores go "
                           "together; give all four or none");
    return check_cache(figures, "l1_kb", profile_value(p, l1_kb), profile_value(p, l1_ways), bytes,
                       err) &&
           check_cache(figures, "l2_kb", profile_value(p, l2_kb), profile_value(p, l2_ways), bytes,
                       err) &&
           (!size || check_cache(figures, "l3_kb", profile_value(p, l3_kb),
                                 profile_value(p, l3_ways), bytes, err));
}

bool profile_read(struct profile *profile, const char *path, struct arena *arena, struct error *err)
{
    static const char *const keys[] = { "name", "title", "figures", NULL };
    struct json_source source;
    if (!json_read(&source, path, arena, err))
        return false;
    struct layer layer = { &source, source.root, "", "" };
    struct document document = { source.root, &layer, 1, arena };
    struct node root = document_node(&document), name, title, figures;
    *profile = (struct profile){ 0 };
    bool fine =
        node_object(&root, keys, err) && member_need(&root, "name", &name, err) &&
        member_need(&root, "title", &title, err) && member_need(&root, "figures", &figures, err) &&
        node_string(&name, &profile->name, err) && node_string(&title, &profile->title, err) &&
        read_figures(&figures, profile, err) && check_figures(&figures, profile, err);
    json_source_free(&source);
    return fine;
}
