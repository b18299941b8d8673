/* fates.c -- see fates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/support/fates.h"

#include <string.h>

static void slot_read(const struct fates *fates, uint16_t k, uint32_t words[FATE_WORDS])
{
    const struct projection_slot *slot = &fates->braid->slots[k];
    words[0] = slot->load;
    words[1] = slot->blocked;
    words[2] = slot->average_load;
    words[3] = slot->heartbeat;
    words[4] = slot->checksum;
}

static void slot_write(struct fates *fates, uint16_t k, const uint32_t words[FATE_WORDS])
{
    struct projection_slot *slot = &fates->braid->slots[k];
    slot->load = words[0];
    slot->blocked = words[1];
    slot->average_load = words[2];
    slot->heartbeat = words[3];
    slot->checksum = words[4];
    memcpy(fates->shown[k], words, sizeof fates->shown[k]);
}

void fates_init(struct fates *fates, struct braid *braid, uint64_t late_ns_max)
{
    memset(fates, 0, sizeof *fates);
    fates->braid = braid;
    fates->late_ns_max = late_ns_max;
    for (uint16_t k = 0; k < braid->torus_count; k++)
        slot_read(fates, k, fates->shown[k]);
}

void fates_pass(struct fates *fates, uint64_t *random_state, uint64_t now_ns)
{
    for (uint16_t k = 0; k < fates->braid->torus_count; k++) {
        uint32_t words[FATE_WORDS];
        enum fate fate = fates->fate[k];
        slot_read(fates, k, words);
        if (memcmp(words, fates->shown[k], sizeof words) == 0)
            continue;
        if (fate == FATE_LATE) {
            memcpy(fates->late[k], words, sizeof words);
            fates->due_ns[k] =
                now_ns + 1 + tori_random_below(random_state, (uint32_t)fates->late_ns_max);
        }
        if (fate == FATE_LOST || fate == FATE_LATE)
            memcpy(words, fates->shown[k], sizeof words);
        else if (fate == FATE_DAMAGED)
            words[tori_random_below(random_state, FATE_WORDS)] ^=
                1u << tori_random_below(random_state, 32);
        slot_write(fates, k, words);
    }
}

void fates_arrive(struct fates *fates, uint64_t until_ns)
{
    for (uint16_t k = 0; k < fates->braid->torus_count; k++)
        if (fates->due_ns[k] != 0 && fates->due_ns[k] <= until_ns) {
            fates->due_ns[k] = 0;
            slot_write(fates, k, fates->late[k]);
        }
}
