/* burst_file.c -- see burst_file.h.
 *
 * Elements are gone through as a list, for there may be a million.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/burst_file.h"

#include <math.h>

static const double longest_us = 4.6e12;

/* Element index of node, as so many ps. */
static bool read_ps(const struct node *node, const cJSON *element, int index, uint64_t *ps,
                    struct error *err)
{
    double us = element->valuedouble;
    if (!cJSON_IsNumber(element) || !(us >= 0 && us <= longest_us)) {
        struct node wrong = node_element(node, index);
        return node_number(&wrong, 0, longest_us, &us, err);
    }
    *ps = (uint64_t)llround(us * 1e6);
    return true;
}

/* How many elements, which there must be, but not more than so many processes. */
static bool count_elements(const struct node *node, uint32_t instances, uint32_t *count,
                           struct error *err)
{
    *count = (uint32_t)cJSON_GetArraySize(node->json);
    return (*count >= 1 && *count <= instances) ||
           node_refuse(node, err,
                       "must have one element for each instance, of which there are %u, or fewer, "
                       "which are gone through again; has %u",
                       instances, *count);
}

static bool read_list(const struct node *node, struct burst_list *list,
                      struct reference_cache *cache, double *least_us, struct error *err)
{
    const cJSON *element;
    uint64_t total_ps = 0;
    uint32_t count = 0;
    if (!cJSON_IsArray(node->json))
        return node_refuse(node, err, "must be an array of numbers, run, sleep, run, ...; is %s",
                           node_type(node));
    struct arena scratch = ARENA_EMPTY;
    uint64_t *ps = arena_alloc(&scratch, (size_t)cJSON_GetArraySize(node->json) + 1, sizeof *ps);
    bool fine = true;
    cJSON_ArrayForEach(element, node->json)
    {
        fine = fine && read_ps(node, element, (int)count, &ps[count], err);
        total_ps += fine ? ps[count] : 0;
        count++;
    }
    if (fine && total_ps == 0)
        fine = node_refuse(node, err, "must have a number above 0");
    if (fine)
        *list = reference_bursts(cache, ps, count, node->document->arena);
    *least_us = fmin(*least_us, (double)total_ps / 1e6);
    arena_free(&scratch);
    return fine;
}

bool bursts_read(const struct node *node, const struct workload *workload,
                 const struct burst_list **bursts, struct reference_cache *cache, double *least_us,
                 struct error *err)
{
    uint32_t count, i = 0;
    if (workload->open)
        return node_refuse(node, err, "is for \"instances\" only, not for \"arrivals\"");
    if (!cJSON_IsArray(node->json))
        return node_refuse(node, err, "must be an array of arrays, is %s", node_type(node));
    if (!count_elements(node, workload->instances, &count, err))
        return false;
    struct burst_list *lists =
        arena_alloc(node->document->arena, workload->instances, sizeof *lists);
    *least_us = INFINITY;
    for (const cJSON *child = node->json->child; child != NULL; child = child->next, i++) {
        struct arena *arena = node->document->arena;
        struct node list = { node->document, child, NULL };
        list.pointer = arena_printf(arena, "%s/%u", node->pointer, i);
        if (!read_list(&list, &lists[i], cache, least_us, err))
            return false;
    }
    for (; i < workload->instances; i++)
        lists[i] = lists[i - count];
    *bursts = lists;
    return true;
}

bool starts_read(const struct node *node, struct workload *workload, struct error *err)
{
    uint32_t count, i = 0;
    const cJSON *element;
    if (workload->open)
        return node_refuse(node, err,
                           "must be a number or a distribution where there are \"arrivals\"");
    if (!count_elements(node, workload->instances, &count, err))
        return false;
    uint64_t *starts_ps =
        arena_alloc(node->document->arena, workload->instances, sizeof *starts_ps);
    cJSON_ArrayForEach(element, node->json)
    {
        if (!read_ps(node, element, (int)i, &starts_ps[i], err))
            return false;
        i++;
    }
    for (; i < workload->instances; i++)
        starts_ps[i] = starts_ps[i - count];
    workload->starts_ps = starts_ps;
    return true;
}
