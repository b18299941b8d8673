/* ledger.h -- all claims on all machines, and the ways to show them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_CLAIMS_LEDGER_H
#define SIM_CLAIMS_LEDGER_H

#include <stdio.h>

#include "sim/claims/ruling.h"

/* Each study is run with the profile's instructions per cycle as they are, and, where they are
 * assumed, with half and with twice as many. */
enum ipc { IPC_AS_IS, IPC_HALVED, IPC_DOUBLED, IPCS };

struct ledger_machine {
    const char *cpu, *title, *note;
    double ipc;
    const char *ipc_kind; /* "assumed" */
    const struct profile *profile;
    bool varied; /* the ipc is assumed */
};

struct ledger_entry {
    const struct claim *claim;
    struct finding (*findings)[IPCS]; /* [machine_count]; no settings: not asked on that machine */
};

struct ledger {
    uint32_t machine_count, entry_count;
    uint32_t fewest, most; /* replications of a study */
    struct ledger_machine *machines;
    struct ledger_entry *entries;
    uint64_t shape; /* of the claims, their studies and the machines, as a hash */
};

/* Over all machines, by the rule of ruling.h. */
enum ruling ledger_ruling(const struct ledger *ledger, const struct ledger_entry *entry,
                          enum ipc ipc);

/* Does no verdict on this machine change with the ipc? */
bool ledger_survives(const struct ledger *ledger, const struct ledger_entry *entry,
                     uint32_t machine);

/* "holds on zen4; in part on piii-xeon-700; fails on core2-quad"; or why none has it. */
const char *ledger_where(const struct ledger *ledger, const struct ledger_entry *entry,
                         struct arena *arena);

/* "1 instructions per cycle (assumed), ...": figures that much hangs on, and their kinds. */
const char *ledger_inputs(const struct ledger_machine *machine, struct arena *arena);

/* "1.26 [1.25, 1.27]" */
const char *ledger_interval(struct interval interval, struct arena *arena);

/* "at most 1 %" */
const char *ledger_bound(const struct claim *claim, struct arena *arena);

void ledger_print(FILE *to, const struct ledger *ledger, struct arena *arena);

/* For file_write(); context is the ledger. */
void ledger_json(FILE *to, const void *context);
void ledger_markdown(FILE *to, const void *context);

#endif
