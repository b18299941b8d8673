/* reference.h -- elements of "workload" that stand for several entries, which are kept elsewhere.
 *
 *     { "library": NAME, "scale": N }   of the library that comes with the program; N times as many
 *     { "trace": FILE }                 processes as recorded on a Linux machine
 *     { "rt-app": FILE }                tasks of a file that rt-app runs
 *
 * each optionally with "prefix", which goes before the names of its entries.  FILE is found from
 * the file that names it, as a CPU profile is, or from "folder".  Files are read once for all
 * points.
 *
 * What is read from a FILE is added to the scenario to be written, as "entries" of the reference;
 * a reference with "entries" has these, and FILE is not opened.  Where a sweep varies FILE alone,
 * the "folder" is added instead, so that the names stay as they are and lead there from anywhere.
 * tests/unit/reference.c, tests/trace/import.py
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_INPUT_REFERENCE_H
#define SIM_INPUT_REFERENCE_H

#include "sim/input/document.h"
#include "workloads/workload.h"

struct reference_file;

struct reference_cache {
    const char *data_dir, *scenario_path;
    cJSON *written;               /* the scenario to be written; NULL: nobody wants it */
    struct reference_file *files; /* that have been read */
    void *bursts;                 /* tsearch() tree of burst lists, each of which is there once */
};

struct reference {
    struct node element; /* of "workload" */
    struct node entries; /* an array */
    uint64_t scale;      /* so many times as many processes */
    const char *prefix;  /* of names */
};

/* Is the element of "workload" one? */
bool reference_is(const struct node *element);

/* Is what stands in its place in the scenario to be written of its kind, too?  Else a variant put
 * it there, and defaults are not to be written for it. */
bool reference_is_alike_written(const struct node *element);

/* Finds what it stands for. */
bool reference_read(struct reference_cache *cache, const struct node *element,
                    struct reference *reference, struct error *err);

/* The names of the library's workloads, sorted and ending with NULL. */
const char *const *reference_library(const char *data_dir, struct arena *arena);

/* One line: what it is, what its scale means, how many processes it has at 1; NULL: it cannot be
 * read, and err says why. */
const char *reference_summary(const char *name, const char *data_dir, struct arena *arena,
                              struct error *err);

/* A list of the same durations; those of ps are copied if there is none yet. */
struct burst_list reference_bursts(struct reference_cache *cache, const uint64_t *ps,
                                   uint32_t count, struct arena *arena);

/* What a user should know of the files that were read, "PATH: note: ...", in the order of reading;
 * alone: the scenario was made of its only one, and decides what the file says. */
const char **reference_notes(const struct reference_cache *cache, bool alone, uint32_t *count,
                             struct arena *arena);

void reference_cache_free(struct reference_cache *cache);

#endif
