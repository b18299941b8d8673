/* event_file.c -- see event_file.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/event_file.h"

#include <math.h>

enum { EVENTS_MAX = 10000 };

static const char *const kind_names[] = { "stop", "revive", "offline", "online",
                                          "drop", "delay",  "corrupt", NULL };

static bool read_fate(const struct node *node, struct scenario_event *event, struct error *err)
{
    struct node child;
    double for_ms = 0, by_us = 0, probability = 1;
    if (!member_need(node, "for_ms", &child, err) ||
        !node_number(&child, 1e-3, 1e8, &for_ms, err) ||
        !member_number(node, "probability", 0, 1, &probability, err))
        return false;
    if (event->kind == EVENT_DELAY &&
        (!member_need(node, "by_us", &child, err) || !node_number(&child, 1e-3, 1e9, &by_us, err)))
        return false;
    event->until_ps = event->at_ps + (uint64_t)llround(for_ms * 1e9);
    event->by_ps = (uint64_t)llround(by_us * 1e6);
    event->chance = (uint32_t)fmin(probability * 0x1p32, UINT32_MAX);
    return true;
}

/* A torus, or one core. */
static bool read_leaver(const struct node *node, const struct scenario *scenario,
                        struct scenario_event *event, struct error *err)
{
    static const char *const keys[] = { "torus", "core", NULL };
    struct node torus, core;
    uint64_t number = 0;
    if (!node_object(node, keys, err))
        return false;
    bool has_torus = node_get(node, "torus", &torus);
    event->is_core = node_get(node, "core", &core);
    if (has_torus == event->is_core)
        return node_refuse(node, err, "must have either \"torus\" or \"core\", has %s",
                           has_torus ? "both" : "neither");
    uint64_t most = event->is_core ? scenario->cores : scenario->scheduler.tori;
    if (!node_count(event->is_core ? &core : &torus, 0, most - 1, &number, err))
        return false;
    event->torus = (uint32_t)number;
    return true;
}

static bool read_what(const struct node *node, const struct scenario *scenario,
                      struct scenario_event *event, struct error *err)
{
    static const char *const plain[] = { "torus", NULL };
    static const char *const fate[] = { "torus", "for_ms", "probability", NULL };
    static const char *const delay[] = { "torus", "for_ms", "probability", "by_us", NULL };
    struct node child;
    uint64_t torus = 0;
    const char *const *keys = event->kind < EVENT_DROP     ? plain
                              : event->kind == EVENT_DELAY ? delay
                                                           : fate;
    if (event->kind == EVENT_OFFLINE || event->kind == EVENT_ONLINE)
        return read_leaver(node, scenario, event, err);
    if (!node_object(node, keys, err) || !member_need(node, "torus", &child, err) ||
        !node_count(&child, 0, scenario->scheduler.tori - 1, &torus, err))
        return false;
    event->torus = (uint32_t)torus;
    return event->kind < EVENT_DROP || read_fate(node, event, err);
}

static bool read_event(const struct node *node, const struct scenario *scenario,
                       struct scenario_event *event, struct error *err)
{
    static const char *const keys[] = { "at_ms", "stop",  "revive",  "offline", "online",
                                        "drop",  "delay", "corrupt", NULL };
    struct node child, what;
    double at_ms = 0;
    int found = 0;
    if (!node_object(node, keys, err) || !member_need(node, "at_ms", &child, err) ||
        !node_number(&child, 0, 1e8, &at_ms, err))
        return false;
    event->at_ps = (uint64_t)llround(at_ms * 1e9);
    for (int kind = 0; kind_names[kind] != NULL; kind++)
        if (node_get(node, kind_names[kind], &child)) {
            event->kind = (enum event_kind)kind;
            what = child;
            found++;
        }
    if (found != 1)
        return node_refuse(node, err,
                           "must have exactly one of \"stop\", \"revive\", \"offline\", "
                           "\"online\", \"drop\", \"delay\", \"corrupt\", has %d",
                           found);
    return read_what(&what, scenario, event, err);
}

bool events_read(const struct node *node, struct scenario *scenario, struct error *err)
{
    int count = cJSON_GetArraySize(node->json);
    if (!cJSON_IsArray(node->json))
        return node_refuse(node, err, "must be an array of events, is %s", node_type(node));
    if (count < 1 || count > EVENTS_MAX)
        return node_refuse(node, err, "must be an array of 1 to %d events, has %d", EVENTS_MAX,
                           count);
    if (scenario->scheduler.tori > scenario->cores)
        return node_refuse(node, err, "needs at most as many tori as cores (%u), there are %u",
                           scenario->cores, scenario->scheduler.tori);
    scenario->events = arena_alloc(node->document->arena, (size_t)count, sizeof *scenario->events);
    for (int i = 0; i < count; i++) {
        struct node child = node_element(node, i);
        struct scenario_event event = { 0 };
        if (!read_event(&child, scenario, &event, err))
            return false;
        uint32_t at = scenario->event_count++;
        for (; at > 0 && scenario->events[at - 1].at_ps > event.at_ps; at--)
            scenario->events[at] = scenario->events[at - 1];
        scenario->events[at] = event;
    }
    return true;
}
