/* rtapp_parts.h -- what the readers of an rt-app file share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_RTAPP_PARTS_H
#define SIM_INPUT_RTAPP_PARTS_H

#include "sim/input/document.h"
#include "sim/input/rtapp_file.h"

enum { RTAPP_INT_MAX = 2147483647 }; /* rt-app's numbers are of type int */

enum rtapp_policy { RTAPP_OTHER, RTAPP_BATCH, RTAPP_IDLE, RTAPP_RR, RTAPP_FIFO, RTAPP_DEADLINE };

extern const char *const rtapp_policy_names[]; /* of enum rtapp_policy; ends with NULL */

struct rtapp_task {
    const char *key;  /* its name in the file */
    const char *name; /* of the entry */
    enum rtapp_policy policy;
    struct node node;
};

struct rtapp_reading {
    struct arena *arena;
    struct rtapp *rtapp;
    uint64_t mem_buffer_bytes;
    enum rtapp_policy default_policy;
    struct rtapp_task *tasks;
    uint32_t task_count;
    void *names;              /* tsearch() tree of strings: rtapp_names() */
    bool has_weights;         /* some task is more or less than nominal */
    double forks, longest_us; /* of all tasks: how often they fork, and the most that one takes */
    const char *ignored, *renamed, *policies, *of_scenario; /* for notes; "" when nothing */
};

/* Adds name to a list as notes show it, unless it is there. */
void rtapp_note(struct rtapp_reading *reading, const char **list, const char *name);

/* Goes through all tasks, to know of a name, wherever it is asked for, */
void rtapp_names(struct rtapp_reading *reading);
void rtapp_names_free(struct rtapp_reading *reading);
/* is it a mutex's or a condition's too?  What suspends and resumes is both, of that name. */
bool rtapp_is_pthread(const struct rtapp_reading *reading, const char *name);
/* Is the timer absolute?  It is if any of its uses says so. */
bool rtapp_is_absolute(const struct rtapp_reading *reading, const struct rtapp_task *task,
                       const char *timer);

struct node rtapp_member(const struct node *object, const cJSON *child);

/* A key that is there again comes with a number, as those of events may.  True: it is none of keys,
 * which end with NULL. */
bool rtapp_again(const struct node *object, const char *key, const char *const *keys,
                 struct error *err);

/* The other objects beside "tasks". */
bool rtapp_global(struct rtapp_reading *reading, const struct node *root, struct error *err);
bool rtapp_resources(struct rtapp_reading *reading, const struct node *root, struct error *err);

/* Is the key an event's?  An event is what the longest of the known names is that its key begins
 * with. */
bool rtapp_is_event(const char *key);
/* Of an unknown key: ", did you mean \"run\"?", or, where it is like no event and none of the
 * properties, the names of all. */
const char *rtapp_nearest(const char *key, const char *const *properties, struct arena *arena);

/* What the events of a task need to know of those before them. */
struct rtapp_program {
    struct rtapp_reading *reading;
    const struct rtapp_task *task;
    const char **held; /* mutexes that are held at this place, with repetition */
    size_t held_count, held_size;
    bool is_forked;     /* no instance of it is there from the beginning */
    cJSON *barriers;    /* an object: a member for each that was named */
    uint64_t mem_bytes; /* the most of memory that an event touches */
    double us;          /* run and slept in all; infinite where it never ends */
    double forks;       /* how often it forks, likewise */
};

/* Appends the event of node, a member with this key, to phases. */
bool rtapp_event(struct rtapp_program *program, const struct node *node, const char *key,
                 cJSON *phases, struct error *err);

/* "cpus" of a task or a phase goes into object. */
bool rtapp_cpus(struct rtapp_reading *reading, const struct node *node, cJSON *object,
                struct error *err);

/* Policy, priority and reservation of a task: into its entry.  The policy itself is read before. */
bool rtapp_policy(struct rtapp_reading *reading, struct rtapp_task *task, struct error *err);
bool rtapp_attributes(struct rtapp_reading *reading, const struct rtapp_task *task, cJSON *entry,
                      struct error *err);

#endif
