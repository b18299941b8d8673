/* masks.c -- where a process may be, among more tori than one word of a mask has bits.
 *
 * Goal: every word of a mask counts: what may be where, whether anything is left at all, what a
 * child inherits.
 * Method: seventy tori in plain memory, of a core each; what is posted goes into the inbox, and is
 * received by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { TORI = 70, WORDS = 3, PROCESSES = 4, HOME = 1, SLICE_NS = 1000 };

/* For each a torus with its core. */
static _Alignas(
    PROCESS_LINE_BYTES) unsigned char room[TORI][sizeof(struct torus) + sizeof(struct torus_core)];
static _Alignas(PROCESS_LINE_BYTES) unsigned char queue[TORI][PROCESS_LINE_BYTES];
static struct projection_slot slots[TORI];
static struct process process[PROCESSES];
static struct torus *tori[TORI];
static uint32_t masks[PROCESSES][WORDS];
static struct braid braid;
static struct port port;

static void post(void *world, uint16_t target, struct process *posted)
{
    (void)world;
    inbox_push(&tori[target]->inbox, posted);
}

static void kick(void *world, uint32_t core)
{
    (void)world, (void)core;
}

static void set_up(void)
{
    memset(room, 0, sizeof room);
    memset(process, 0, sizeof process);
    memset(masks, 0, sizeof masks);
    port = (struct port){ .post = post, .kick = kick };
    braid = (struct braid){ .slots = slots,
                            .balancer = &balancer_none,
                            .placement = &tori_keep,
                            .torus_count = TORI,
                            .tori = tori,
                            .allowed = masks[0] };
    ck_assert_uint_eq(braid_mask_words(&braid), WORDS);
    ck_assert_uint_le(policy_rr.queue_bytes, sizeof queue[0]);
    for (uint16_t id = 0; id < TORI; id++) {
        tori[id] = (struct torus *)room[id];
        ck_assert_uint_eq(torus_bytes(1), sizeof room[id]);
        torus_init(tori[id], &(struct torus_setup){ .policy = &policy_rr,
                                                    .queue = queue[id],
                                                    .processes = process,
                                                    .braid = &braid,
                                                    .port = &port,
                                                    .slice_ns = SLICE_NS,
                                                    .id = id,
                                                    .core_count = 1,
                                                    .first_core = id });
        braid_join(&braid, tori[id], 0, 0);
    }
    struct process_attributes attributes = { .parent = PROCESS_NO_PARENT, .weight = 1024 };
    ck_assert_int_eq(torus_create(tori[HOME], 0, 0, &attributes, 0), PROCESS_OK);
    ck_assert_ptr_eq(torus_schedule(tori[HOME], 0, 0), &process[0]);
}

static void only(uint32_t mask[WORDS], uint32_t torus)
{
    memset(mask, 0, WORDS * sizeof mask[0]);
    mask[torus / 32] = UINT32_C(1) << torus % 32;
}

/* Wherever it may be, there it goes, and it may be nowhere else. */
START_TEST(a_process_goes_where_it_may_be)
{
    uint32_t mask[WORDS], target = (uint32_t)_i;
    set_up();
    only(mask, target);
    ck_assert_int_eq(torus_restrict(tori[HOME], 0, &process[0], mask, 0), PROCESS_OK);
    for (uint16_t k = 0; k < TORI; k++)
        ck_assert_int_eq(braid_allows(&braid, &process[0], k), k == target);
    ck_assert_uint_eq(process[0].torus, target);
    if (target != HOME)
        ck_assert_uint_eq(torus_receive(tori[target], 0, 0), 1);
    ck_assert_ptr_eq(torus_schedule(tori[target], 0, 0), &process[0]);
}
END_TEST

/* Its child may be where it may be, and goes there when it is forked. */
START_TEST(a_child_inherits_the_whole_mask)
{
    uint32_t mask[WORDS], other = (uint32_t)_i;
    set_up();
    only(mask, HOME);
    mask[other / 32] |= UINT32_C(1) << other % 32;
    ck_assert_int_eq(torus_restrict(tori[HOME], 0, &process[0], mask, 0), PROCESS_OK);
    ck_assert_int_eq(torus_fork(tori[HOME], 0, 1, 0), PROCESS_OK);
    for (uint16_t k = 0; k < TORI; k++)
        ck_assert_int_eq(braid_allows(&braid, &process[1], k), k == HOME || k == other);
    if (other != HOME)
        ck_assert(torus_give(tori[HOME], (uint16_t)other));
}
END_TEST

/* Bits beyond the last torus are none. */
START_TEST(a_mask_of_nothing_is_refused)
{
    uint32_t mask[WORDS] = { 0, 0, UINT32_MAX << TORI % 32 };
    set_up();
    ck_assert_int_eq(torus_restrict(tori[HOME], 0, &process[0], mask, 0), PROCESS_REFUSED);
    ck_assert_int_eq(process[0].flags & PROCESS_RESTRICTED, 0);
    ck_assert_ptr_eq(tori[HOME]->cores[0].current, &process[0]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("masks");
    tcase_add_loop_test(tests, a_process_goes_where_it_may_be, 0, TORI);
    tcase_add_loop_test(tests, a_child_inherits_the_whole_mask, 0, TORI);
    tcase_add_test(tests, a_mask_of_nothing_is_refused);
    return suite_run("masks", tests);
}
