/* list.h -- circular doubly linked list, intrusive: the link lives in the element.
 *
 * An empty list is a link that points at itself, so no operation has a special
 * case.  All operations are O(1).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_LIST_H
#define BRAID_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_link {
    struct list_link *prev, *next;
};

/* The struct of the given type whose member is *ptr. */
#define list_container_of(ptr, type, member)                                                       \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list_link *head)
{
    head->prev = head->next = head;
}

static inline bool list_is_empty(const struct list_link *head)
{
    return head->next == head;
}

static inline void list_push_back(struct list_link *head, struct list_link *link)
{
    struct list_link *tail = head->prev;
    link->prev = tail;
    link->next = head;
    tail->next = link;
    head->prev = link;
}

static inline void list_push_front(struct list_link *head, struct list_link *link)
{
    list_push_back(head->next, link);
}

/* Leaves the link NULL, so that a second removal fails at once. */
static inline void list_remove(struct list_link *link)
{
    struct list_link *prev = link->prev, *next = link->next;
    prev->next = next;
    next->prev = prev;
    link->prev = link->next = NULL;
}

/* Moves all of from, which is not empty, to the back of head. */
static inline void list_append(struct list_link *head, struct list_link *from)
{
    struct list_link *first = from->next, *last = from->prev, *tail = head->prev;
    tail->next = first;
    first->prev = tail;
    last->next = head;
    head->prev = last;
    list_init(from);
}

#endif
