/* identity.h -- what results of a study depend on, as a text, and how two of them differ.
 *
 * JSON: the program's version and build (CRC-32 of its file), the C library's version and the CPU's
 * class, which figures depend on, the schedulers' files and CPU profiles by their hashes, the trace
 * that is asked for, the shard, and the resolved scenario.  Runs of studies with equal identities
 * may be put together.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_STUDY_IDENTITY_H
#define SIM_STUDY_IDENTITY_H

#include "sim/output/results.h"
#include "sim/study/workers.h"

struct identity {
    const struct results *results; /* its experiment and schedulers count */
    const struct trace_request *trace;
    uint32_t shard, shards;
};

const char *identity_text(const struct identity *identity, struct arena *arena);

/* "/scenario/seed is 3 there, and 4 here": the first difference; NULL: there is none.  Members in
 * except, which ends with NULL, do not count. */
const char *identity_difference(const char *there, const char *here, const char *const *except,
                                struct arena *arena);

/* The text of a member; NULL: it has none. */
const char *identity_member(const char *identity, const char *name, struct arena *arena);

/* A number that equal texts share. */
uint64_t identity_hash(const char *text);

#endif
