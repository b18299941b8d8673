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
    static const char *const kinds[] = { "published", "measured", "derived", "assumed", NULL };
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

/* Figures that describe one thing go together: all of them, or none. */
static bool check_group(const struct node *figures, const struct profile *p,
                        const enum profile_figure *group, uint32_t count, struct error *err)
{
    for (uint32_t i = 1; i < count; i++) {
        bool first = p->figure[group[0]].value > 0, other = p->figure[group[i]].value > 0;
        if (first != other)
            return node_refuse(figures, err, "%s and %s go together; give both or neither",
                               figure_descriptions[group[0]].name,
                               figure_descriptions[group[i]].name);
    }
    return true;
}

/* entries in so many ways must make a whole number of sets. */
static bool check_sets(const struct node *figures, enum profile_figure size, double entries,
                       double ways, struct error *err)
{
    struct node node;
    double sets = ways > 0 ? entries / ways : 1;
    if (sets >= 1 && sets == floor(sets))
        return true;
    const char *name = figure_descriptions[size].name;
    return node_refuse(node_get(figures, name, &node) ? &node : figures, err,
                       "%g entries in %g ways make %g sets, which must be a whole number", entries,
                       ways, sets);
}

static bool check_caches(const struct node *figures, const struct profile *p, struct error *err)
{
    static const enum profile_figure caches[][2] = { { FIGURE_l1_kb, FIGURE_l1_ways },
                                                     { FIGURE_l1i_kb, FIGURE_l1i_ways },
                                                     { FIGURE_l2_kb, FIGURE_l2_ways },
                                                     { FIGURE_l3_kb, FIGURE_l3_ways } };
    static const enum profile_figure tlbs[][2] = { { FIGURE_tlb_entries, FIGURE_tlb_ways },
                                                   { FIGURE_tlb2_entries, FIGURE_tlb2_ways } };
    double bytes = profile_value(p, line_bytes);
    for (unsigned i = 0; i < sizeof caches / sizeof caches[0]; i++)
        if (!check_sets(figures, caches[i][0], p->figure[caches[i][0]].value * 1024 / bytes,
                        p->figure[caches[i][1]].value, err))
            return false;
    for (unsigned i = 0; i < sizeof tlbs / sizeof tlbs[0]; i++)
        if (!check_sets(figures, tlbs[i][0], p->figure[tlbs[i][0]].value,
                        p->figure[tlbs[i][1]].value, err))
            return false;
    return true;
}

static bool check_figures(const struct node *figures, const struct profile *p, struct error *err)
{
    static const enum profile_figure l1i[] = { FIGURE_l1i_kb, FIGURE_l1i_ways },
                                     l2[] = { FIGURE_l2_kb, FIGURE_l2_ways,
                                              FIGURE_l2_latency_cycles, FIGURE_l2_cores },
                                     l3[] = { FIGURE_l3_kb, FIGURE_l3_ways,
                                              FIGURE_l3_latency_cycles, FIGURE_l3_cores },
                                     tlb[] = { FIGURE_tlb_entries, FIGURE_tlb_ways,
                                               FIGURE_page_walk_cycles },
                                     tlb2[] = { FIGURE_tlb2_entries, FIGURE_tlb2_ways,
                                                FIGURE_tlb2_cycles };
    struct node node;
    double bytes = profile_value(p, line_bytes);
    if (node_get(figures, "line_bytes", &node) && exp2(round(log2(bytes))) != bytes)
        return node_refuse(&node, err, "must be a power of two, is %g", bytes);
    if (profile_value(p, l3_kb) > 0 && profile_value(p, l2_kb) == 0)
        return node_refuse(node_get(figures, "l3_kb", &node) ? &node : figures, err,
                           "needs a second level: give l2_kb, or call this one the second");
    return check_group(figures, p, l1i, 2, err) && check_group(figures, p, l2, 4, err) &&
           check_group(figures, p, l3, 4, err) && check_group(figures, p, tlb, 3, err) &&
           check_group(figures, p, tlb2, 3, err) && check_caches(figures, p, err);
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
    profile_init(profile);
    bool fine =
        node_object(&root, keys, err) && member_need(&root, "name", &name, err) &&
        member_need(&root, "title", &title, err) && member_need(&root, "figures", &figures, err) &&
        node_string(&name, &profile->name, err) && node_string(&title, &profile->title, err) &&
        read_figures(&figures, profile, err) && check_figures(&figures, profile, err);
    json_source_free(&source);
    return fine;
}
