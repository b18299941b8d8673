/* fates.h -- what becomes of projections on their way: they arrive, or are lost, late or damaged.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_SUPPORT_FATES_H
#define TESTS_SUPPORT_FATES_H

#include "tests/support/tori.h"

enum { FATE_WORDS = 5 };

enum fate { FATE_ARRIVES, FATE_LOST, FATE_LATE, FATE_DAMAGED, FATES };

struct fates {
    struct braid *braid;
    uint64_t late_ns_max;
    enum fate fate[TORI_MAX]; /* of what is published for that torus from now on */
    uint32_t shown[TORI_MAX][FATE_WORDS], late[TORI_MAX][FATE_WORDS];
    uint64_t due_ns[TORI_MAX]; /* of late; 0: nothing is under way */
};

/* From now on, when all arrive. */
void fates_init(struct fates *fates, struct braid *braid, uint64_t late_ns_max);

/* The scheduler has been called: what it has published meets its fate. */
void fates_pass(struct fates *fates, uint64_t *random_state, uint64_t now_ns);

/* What is late and due until then arrives. */
void fates_arrive(struct fates *fates, uint64_t until_ns);

#endif
