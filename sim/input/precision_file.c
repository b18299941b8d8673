/* precision_file.c -- see precision_file.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/precision_file.h"

#include <string.h>

#include "sim/statistics/precision.h"

static const char usual_metric[] = "sched_overhead_percent";

/* A scenario of one point or more yields it; else refused, as by the last. */
static bool check_metric(const struct node *node, const char *name,
                         const struct scenario_options *options,
                         const struct experiment *experiment, struct error *err)
{
    struct arena *arena = node->document->arena;
    const char *wanting = NULL;
    const char *const *metrics = NULL;
    uint32_t index;
    for (uint32_t i = 0; i < experiment->point_count; i++) {
        const struct scenario *scenario = &experiment->points[i].scenario;
        if (i > 0 && experiment->points[i].variant == experiment->points[i - 1].variant)
            continue; /* variants differ in what they yield, swept values in nothing */
        metrics = options->metrics(scenario, arena);
        wanting = options->metric_wants(scenario, name);
        for (index = 0; wanting == NULL && metrics[index] != NULL; index++)
            if (strcmp(metrics[index], name) == 0)
                return true;
    }
    if (wanting != NULL)
        return node_refuse(node, err, "\"%s\" is measured only where %s", name, wanting);
    return node_choice_of(node, "metric", metrics, "; `braidsim list metrics` names all", &index,
                          err);
}

static bool is_among(const char *const *names, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool read_metrics(const struct node *list, const struct scenario_options *options,
                         struct experiment *experiment, struct error *err)
{
    struct precision *precision = &experiment->precision;
    int count = cJSON_GetArraySize(list->json);
    if (!cJSON_IsArray(list->json) || count == 0)
        return node_refuse(list, err, "must be an array of at least one metric, is %s",
                           cJSON_IsArray(list->json) ? "empty" : node_type(list));
    const char **names = arena_alloc(list->document->arena, (size_t)count, sizeof *names);
    for (int i = 0; i < count; i++) {
        struct node node = node_element(list, i);
        const char *name;
        if (!node_string(&node, &name, err) || !check_metric(&node, name, options, experiment, err))
            return false;
        if (is_among(names, precision->metric_count, name))
            return node_refuse(&node, err, "\"%s\" is in the list already; leave it out", name);
        names[precision->metric_count++] = arena_string(list->document->arena, name);
    }
    precision->metrics = names;
    return true;
}

static void default_metrics(struct experiment *experiment, struct arena *arena)
{
    struct precision *precision = &experiment->precision;
    const char **names =
        arena_alloc(arena, (size_t)experiment->expectation_count + 1, sizeof *names);
    for (uint32_t i = 0; i < experiment->expectation_count; i++)
        if (!is_among(names, precision->metric_count, experiment->expectations[i].metric))
            names[precision->metric_count++] = experiment->expectations[i].metric;
    if (precision->metric_count == 0)
        names[precision->metric_count++] = usual_metric;
    precision->metrics = names;
}

/* Without a precision the other keys have no effect. */
static bool check_alone(const struct node *root, struct error *err)
{
    static const char *const others[] = { "precision_metrics", "max_replications" };
    struct node node;
    for (int i = 0; i < 2; i++)
        if (node_get(root, others[i], &node))
            return node_refuse(&node, err,
                               "has no effect without \"precision_percent\"; add that, or leave "
                               "this out");
    return true;
}

bool precision_read(const struct node *root, const struct scenario_options *options,
                    struct experiment *experiment, struct error *err)
{
    struct precision *precision = &experiment->precision;
    struct node node, list;
    uint64_t most = PRECISION_REPLICATIONS_MAX;
    if (!node_get(root, "precision_percent", &node))
        return check_alone(root, err);
    if (!node_number(&node, 0.01, 100, &precision->percent, err))
        return false;
    if (experiment->replications < PRECISION_REPLICATIONS_MIN)
        return node_refuse(&node, err,
                           "wants \"replications\" of at least %d, for fewer do not say how many "
                           "more are needed; there are %u",
                           PRECISION_REPLICATIONS_MIN, experiment->replications);
    if (most < experiment->replications)
        most = experiment->replications;
    if (!member_count(root, "max_replications", experiment->replications, 100000, &most, err))
        return false;
    precision->max_replications = (uint32_t)most;
    if (node_get(root, "precision_metrics", &list))
        return read_metrics(&list, options, experiment, err);
    default_metrics(experiment, root->document->arena);
    return true;
}
