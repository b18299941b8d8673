/* family.h -- who is whose child: fork, exit, wait; orphans go to the first process.
 *
 * Invariants (tests/unit/family.c)
 *   - Every process that is alive, or a ZOMBIE that nobody has collected, is in one list of its
 *     parent's: the children, or the zombies.
 *   - A parent that is alive is the one that process->parent names; who has none belongs to the
 *     kernel itself (PROCESS_NO_PARENT).
 *
 * Families cross tori, so that all calls are under one lock of the port's, as in other kernels: a
 * process comes and goes seldom.  What a process needs for it is cold, and lies in an array of its
 * own, indexed by id; the caller owns it.  All is O(1), but an exit, which is O(own children).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_FAMILY_H
#define BRAID_FAMILY_H

#include "braid/process.h"

/* Zeroed: no relatives.  Lists are of id + 1; 0: end. */
struct family {
    uint32_t children, zombies; /* first of each */
    uint32_t next, previous;    /* of the same parent, in the same list */
    uint32_t waits;             /* it has asked for a zombie and got none since */
};

struct families {
    struct process *processes;
    struct family *family; /* like processes */
    /* Id of the process that adopts orphans.  PROCESS_NO_PARENT, as when it has exited: the kernel
     * does. */
    uint32_t first;
};

/* What the caller owes after an exit. */
enum family_request {
    FAMILY_WAKE_PARENT = 1, /* the parent that it had waits */
    FAMILY_WAKE_FIRST = 2   /* so does the first process, which has got a zombie */
};

/* process id was created, as the child that its attributes say. */
void family_join(struct families *families, uint32_t id);

/* process id has become a ZOMBIE: its own children go to the first process, or, when it is that
 * itself or that has exited, to the kernel, which collects those of them that are ZOMBIE without
 * being told.  Returns enum family_request bits. */
uint32_t family_exit(struct families *families, uint32_t id);

/* parent collects a zombie: *id is the one, which is FREE afterwards.  PROCESS_NONE: its children
 * are all alive, and it will be asked for when one exits; PROCESS_NO_CHILD: it has none.  Nor has
 * the kernel, PROCESS_NO_PARENT: its own it collects by torus_reap(). */
enum process_result family_wait(struct families *families, uint32_t parent, uint32_t *id);

#endif
