/* family.c -- see family.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/family.h"

static uint32_t *list_of(struct families *families, uint32_t id)
{
    uint32_t parent = families->processes[id].parent;
    if (parent == PROCESS_NO_PARENT)
        return NULL;
    struct family *family = &families->family[parent];
    return families->processes[id].state == PROCESS_ZOMBIE ? &family->zombies : &family->children;
}

static void list_add(struct families *families, uint32_t *list, uint32_t id)
{
    struct family *family = &families->family[id];
    family->previous = 0;
    family->next = 0;
    if (list == NULL)
        return;
    family->next = *list;
    if (*list != 0)
        families->family[*list - 1].previous = id + 1;
    *list = id + 1;
}

static void list_take(struct families *families, uint32_t *list, uint32_t id)
{
    const struct family *family = &families->family[id];
    if (family->next != 0)
        families->family[family->next - 1].previous = family->previous;
    if (family->previous != 0)
        families->family[family->previous - 1].next = family->next;
    else if (list != NULL)
        *list = family->next;
}

void family_join(struct families *families, uint32_t id)
{
    struct family *family = &families->family[id];
    family->children = family->zombies = family->waits = 0;
    list_add(families, list_of(families, id), id);
}

/* All of a list gets another parent.  Returns whether there was any. */
static bool adopt_all(struct families *families, uint32_t *list, uint32_t parent)
{
    bool any = *list != 0;
    while (*list != 0) {
        uint32_t child = *list - 1;
        list_take(families, list, child);
        families->processes[child].parent = parent;
        list_add(families, list_of(families, child), child);
    }
    return any;
}

/* Takes the note that a parent waits. */
static bool family_waits(struct families *families, uint32_t parent)
{
    if (parent == PROCESS_NO_PARENT || !families->family[parent].waits)
        return false;
    families->family[parent].waits = 0;
    return true;
}

uint32_t family_exit(struct families *families, uint32_t id)
{
    struct family *family = &families->family[id];
    uint32_t requests = 0, parent = families->processes[id].parent;
    if (id == families->first)
        families->first = PROCESS_NO_PARENT;
    uint32_t adopts = families->first;
    adopt_all(families, &family->children, adopts);
    if (adopt_all(families, &family->zombies, adopts) && family_waits(families, adopts))
        requests |= FAMILY_WAKE_FIRST;
    if (parent == PROCESS_NO_PARENT)
        return requests;
    list_take(families, &families->family[parent].children, id);
    list_add(families, list_of(families, id), id);
    if (family_waits(families, parent))
        requests |= FAMILY_WAKE_PARENT;
    return requests;
}

enum process_result family_wait(struct families *families, uint32_t parent, uint32_t *id)
{
    if (parent == PROCESS_NO_PARENT)
        return PROCESS_NO_CHILD;
    struct family *family = &families->family[parent];
    if (family->zombies == 0) {
        if (family->children == 0)
            return PROCESS_NO_CHILD;
        family->waits = 1;
        return PROCESS_NONE;
    }
    *id = family->zombies - 1;
    struct process *process = &families->processes[*id];
    list_take(families, &family->zombies, *id);
    enum process_result result = process_reap(process, parent);
    return result == PROCESS_OK ? process_destroy(process) : result;
}
