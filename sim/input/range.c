/* range.c -- see range.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/range.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/input/sweep.h"

/* Powers differ in their last places from one library to the next. */
static double without_last_places(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.12g", value);
    return strtod(text, NULL);
}

double range_at(const struct range *range, double share)
{
    double value = range->scale == RANGE_LOG ? range->from * pow(range->to / range->from, share)
                                             : range->from + share * (range->to - range->from);
    return without_last_places(range->round ? round(value) : value);
}

/* Equal neighbours once, as rounding makes them. */
static void add_value(cJSON *values, double value)
{
    int count = cJSON_GetArraySize(values);
    if (count == 0 || cJSON_GetArrayItem(values, count - 1)->valuedouble < value)
        cJSON_AddItemToArray(values, cJSON_CreateNumber(value));
}

static bool by_count(const struct node *node, const struct range *range, cJSON *values,
                     struct error *err)
{
    uint64_t count = 0;
    if (!member_count(node, "count", 2, VALUES_MAX, &count, err))
        return false;
    for (uint64_t i = 0; i < count; i++)
        add_value(values, range_at(range, (double)i / (double)(count - 1)));
    return true;
}

static bool by_step(const struct node *node, const struct range *range, cJSON *values,
                    struct error *err)
{
    double step = 0;
    struct node child;
    node_get(node, "step", &child);
    if (range->scale == RANGE_LOG)
        return node_refuse(&child, err,
                           "has no meaning on a logarithmic scale; give \"count\" instead");
    if (!node_number(&child, 1e-12, 1e15, &step, err))
        return false;
    double steps = floor((range->to - range->from) / step + 1e-9); /* the end, as steps add up */
    if (steps >= VALUES_MAX)
        return node_refuse(&child, err, "makes more than %d values; at most so many may be",
                           VALUES_MAX);
    for (double i = 0; i <= steps; i++) {
        double value = range->from + i * step;
        add_value(values, without_last_places(range->round ? round(value) : value));
    }
    return true;
}

static bool read_ends(const struct node *node, struct range *range, struct error *err)
{
    static const char *const scales[] = { "linear", "log", NULL };
    struct node from, to;
    uint32_t scale = RANGE_LINEAR;
    *range = (struct range){ 0 };
    if (!member_need(node, "from", &from, err) ||
        !node_number(&from, -1e15, 1e15, &range->from, err) || !member_need(node, "to", &to, err) ||
        !node_number(&to, -1e15, 1e15, &range->to, err) ||
        !member_choice(node, "scale", scales, &scale, err) ||
        !member_bool(node, "round", &range->round, err))
        return false;
    range->scale = (enum range_scale)scale;
    if (range->from >= range->to)
        return node_refuse(&to, err, "must be above \"from\" (%g), is %g", range->from, range->to);
    if (range->scale == RANGE_LOG && range->from <= 0)
        return node_refuse(&from, err, "must be above 0 on a logarithmic scale, is %g",
                           range->from);
    return true;
}

bool range_read(const struct node *node, struct range *range, cJSON **values, struct error *err)
{
    static const char *const keys[] = { "from", "to", "scale", "round", NULL };
    static const char *const keys_of_values[] = { "from",  "to",    "count", "step",
                                                  "scale", "round", NULL };
    struct node count, step;
    if (!node_object(node, values != NULL ? keys_of_values : keys, err) ||
        !read_ends(node, range, err))
        return false;
    if (values == NULL)
        return true;
    bool counted = node_get(node, "count", &count);
    if (counted == node_get(node, "step", &step))
        return node_refuse(node, err, "must have exactly one of \"count\" and \"step\"");
    *values = cJSON_CreateArray();
    if (counted ? by_count(node, range, *values, err) : by_step(node, range, *values, err))
        return true;
    cJSON_Delete(*values);
    return false;
}
