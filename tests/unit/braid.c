/* braid.c -- projections that can be trusted, and the decisions made from them.
 *
 * Method: projections are torn by hand (every mixture of two publications, every single bit) and
 * must be refused; placements and the balancer are asked in situations whose answer is known; the
 * exchange is watched tick by tick, and each torus must publish in its own phase and no other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <check.h>
#include <string.h>

#include "braid/takeover.h"
#include "tests/support/suite.h"
#include "tests/support/tori.h"

enum { MS = 1000000, FIELDS = 5 };

static struct tori tori;

static struct tori_setup four_tori(void)
{
    return (struct tori_setup){ .policy = &policy_rr,
                                .slice_ns = 10 * MS,
                                .torus_count = 4,
                                .cores_per_torus = 1,
                                .random = 1 };
}

/* Gives tori 0 to 3 these loads, of processes that nobody runs, and lets all publish. */
static void load_tori(const uint32_t loads[TORI_MAX])
{
    uint32_t id = 0;
    for (uint16_t k = 0; k < tori.torus_count; k++) {
        for (uint32_t i = 0; i < loads[k]; i++)
            tori_create(&tori, k, id++, 0, 0);
        braid_publish(&tori.braid, tori.torus[k]);
    }
}

static _Atomic uint32_t *field(struct projection_slot *slot, int index)
{
    _Atomic uint32_t *const fields[FIELDS] = { &slot->load, &slot->blocked, &slot->average_load,
                                               &slot->heartbeat, &slot->checksum };
    return fields[index];
}

static void publish(uint32_t ready, uint32_t running, uint32_t blocked, uint32_t old[FIELDS])
{
    struct torus *torus = tori.torus[1];
    torus->ready = ready;
    torus->running = running;
    torus->idle = torus->core_count - running;
    torus->blocked = blocked;
    torus->heartbeat++;
    braid_publish(&tori.braid, torus);
    for (int i = 0; i < FIELDS; i++)
        old[i] = *field(&tori.braid.slots[1], i);
}

START_TEST(reads_what_was_published)
{
    struct tori_setup setup = four_tori();
    struct projection p;
    uint32_t words[FIELDS];
    tori_init(&tori, &setup);
    publish(30, 2, 11, words);
    ck_assert(braid_read(&tori.braid, 1, &p));
    ck_assert_uint_eq(p.load, 32);
    ck_assert_uint_eq(p.blocked, 11);
    ck_assert_uint_eq(p.average_load, 4 << 16); /* 0 + (32 - 0) / 8 */
    ck_assert_uint_eq(p.heartbeat, 1);
    for (int i = 0; i < 200; i++)
        publish(30, 2, 11, words);
    ck_assert(braid_read(&tori.braid, 1, &p));
    ck_assert_uint_eq(p.average_load >> 8, (32 << 8) - 1); /* converges from below, to 1/8 unit */
    uint32_t average = p.average_load;
    publish(70000, 0, 0, words); /* more than Q16.16 holds: it goes towards the most */
    ck_assert(braid_read(&tori.braid, 1, &p));
    ck_assert_uint_eq(p.load, 70000);
    ck_assert_uint_eq(p.average_load, average + (UINT32_MAX - average) / 8);
    average = p.average_load;
    publish(0, 0, 0, words);
    ck_assert(braid_read(&tori.braid, 1, &p));
    ck_assert_uint_eq(p.average_load, average - average / 8);
    tori_fini(&tori);
}
END_TEST

/* A reader that overlaps a publication sees some words old and some new. */
START_TEST(refuses_every_torn_mixture)
{
    struct tori_setup setup = four_tori();
    struct projection p;
    uint32_t old[FIELDS], new[FIELDS];
    tori_init(&tori, &setup);
    publish(3, 1, 2, old);
    publish(8, 0, 5, new);
    for (int mixture = 0; mixture < 1 << FIELDS; mixture++) {
        for (int i = 0; i < FIELDS; i++)
            *field(&tori.braid.slots[1], i) = mixture >> i & 1 ? new[i] : old[i];
        bool whole = mixture == 0 || mixture == (1 << FIELDS) - 1;
        ck_assert_msg(braid_read(&tori.braid, 1, &p) == whole, "mixture %#x", (unsigned)mixture);
    }
    tori_fini(&tori);
}
END_TEST

START_TEST(refuses_every_flipped_bit)
{
    struct tori_setup setup = four_tori();
    struct projection p;
    uint32_t words[FIELDS];
    tori_init(&tori, &setup);
    publish(3, 1, 2, words);
    for (int i = 0; i < FIELDS; i++) {
        for (int bit = 0; bit < 32; bit++) {
            *field(&tori.braid.slots[1], i) = words[i] ^ (uint32_t)1 << bit;
            ck_assert_msg(!braid_read(&tori.braid, 1, &p), "field %d bit %d", i, bit);
        }
        *field(&tori.braid.slots[1], i) = words[i];
    }
    ck_assert(braid_read(&tori.braid, 1, &p));
    for (int i = 0; i < FIELDS; i++) /* the right words in another torus's slot */
        *field(&tori.braid.slots[2], i) = words[i];
    ck_assert(!braid_read(&tori.braid, 2, &p));
    tori_fini(&tori);
}
END_TEST

/* Right words, of which two have changed places. */
START_TEST(refuses_exchanged_words)
{
    struct tori_setup setup = four_tori();
    struct projection p;
    uint32_t words[FIELDS];
    tori_init(&tori, &setup);
    publish(3, 1, 7, words); /* all different */
    for (int i = 0; i < FIELDS; i++)
        for (int j = 0; j < FIELDS; j++) {
            *field(&tori.braid.slots[1], i) = words[j];
            *field(&tori.braid.slots[1], j) = words[i];
            ck_assert_msg(braid_read(&tori.braid, 1, &p) == (i == j), "words %d and %d", i, j);
            *field(&tori.braid.slots[1], i) = words[i];
            *field(&tori.braid.slots[1], j) = words[j];
        }
    tori_fini(&tori);
}
END_TEST

/* A zeroed slot is not believed, whatever the torus. */
START_TEST(refuses_the_unpublished)
{
    static struct projection_slot slots[UINT16_MAX + 1];
    struct braid braid = { .slots = slots, .torus_count = UINT16_MAX };
    struct projection p;
    for (uint32_t id = 0; id <= UINT16_MAX; id++)
        ck_assert_msg(!braid_read(&braid, (uint16_t)id, &p), "torus %u", (unsigned)id);
}
END_TEST

START_TEST(least_loaded_breaks_ties_in_cyclic_order)
{
    struct tori_setup setup = four_tori();
    uint16_t least;
    uint32_t load;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 2, 2, 2, 2 });
    for (uint16_t k = 0; k < 4; k++) {
        for (uint16_t after = 0; after < 4; after++) {
            ck_assert(braid_least_loaded(&tori.braid, tori.torus[k], after, &least, &load));
            ck_assert_uint_eq(least, (after + 1u) % 4 == k ? (k + 1u) % 4 : (after + 1u) % 4);
            ck_assert_uint_eq(load, 2);
        }
    }
    tori_fini(&tori);
}
END_TEST

/* Likewise, of those that have more than cores; nobody else counts. */
START_TEST(most_loaded_breaks_ties_in_cyclic_order)
{
    struct tori_setup setup = four_tori();
    uint16_t most;
    uint32_t excess;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 1, 1, 0, 1 });
    ck_assert(!braid_most_loaded(&tori.braid, tori.torus[0], &most, &excess));
    tori_fini(&tori);
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 3, 3, 3, 3 });
    for (uint16_t k = 0; k < 4; k++) {
        ck_assert(braid_most_loaded(&tori.braid, tori.torus[k], &most, &excess));
        ck_assert_uint_eq(most, (k + 1u) % 4);
        ck_assert_uint_eq(excess, 2);
    }
    tori_fini(&tori);
}
END_TEST

START_TEST(least_loaded_skips_what_cannot_be_read)
{
    struct tori_setup setup = four_tori();
    uint16_t least;
    uint32_t load;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 0, 5, 1, 3 });
    struct {
        int damaged, least;
        uint32_t load;
    } steps[] = { { -1, 2, 1 }, { 2, 3, 3 }, { 3, 1, 5 } };
    for (int i = 0; i < 3; i++) {
        if (steps[i].damaged >= 0)
            tori.braid.slots[steps[i].damaged].checksum ^= 1;
        ck_assert(braid_least_loaded(&tori.braid, tori.torus[0], 0, &least, &load));
        ck_assert_int_eq(least, steps[i].least);
        ck_assert_uint_eq(load, steps[i].load);
    }
    tori.braid.slots[1].checksum ^= 1;
    ck_assert(!braid_least_loaded(&tori.braid, tori.torus[0], 0, &least, &load));
    tori_fini(&tori);
}
END_TEST

/* A new process, that is. */
static uint16_t place(struct torus *torus)
{
    return braid_place(&tori.braid, torus, &tori.processes[TORI_PROCESSES - 1], 0);
}

/* Where the placement would have it it may not be; of the others the first is away, or all are. */
START_TEST(placement_passes_those_that_are_away)
{
    struct tori_setup setup = four_tori();
    tori_init(&tori, &setup);
    struct process *process = &tori.processes[TORI_PROCESSES - 1];
    process->id = TORI_PROCESSES - 1;
    process->flags = PROCESS_RESTRICTED;
    tori.masks[process->id] = 1 << 1 | 1 << 2;
    ck_assert_uint_eq(place(tori.torus[0]), 1);
    braid_write(&tori.braid, 1, &(struct projection){ .load = PROJECTION_AWAY });
    ck_assert_uint_eq(place(tori.torus[0]), 2);
    braid_write(&tori.braid, 2, &(struct projection){ .load = PROJECTION_AWAY });
    ck_assert(braid_allows(&tori.braid, process, place(tori.torus[0])));
    process->flags = 0;
    braid_write(&tori.braid, 0, &(struct projection){ .load = PROJECTION_AWAY });
    ck_assert_uint_eq(place(tori.torus[0]), 3); /* wherever that is */
    tori_fini(&tori);
}
END_TEST

START_TEST(placement_round_robin_deals_out)
{
    struct tori_setup setup = four_tori();
    setup.placement = &placement_round_robin;
    tori_init(&tori, &setup);
    for (uint32_t i = 0; i < 11; i++) /* itself first, then in turn */
        ck_assert_uint_eq(place(tori.torus[2]), (2 + i) % 4);
    ck_assert_uint_eq(place(tori.torus[3]), 3); /* counts for itself */
    tori_fini(&tori);
}
END_TEST

/* Each torus is chosen 1000 +- 5 standard deviations (27.4) times of 4000. */
START_TEST(placement_random_reaches_all_alike)
{
    struct tori_setup setup = four_tori();
    uint32_t chosen[4] = { 0 };
    setup.placement = &placement_random;
    setup.random = 12345;
    tori_init(&tori, &setup);
    for (int i = 0; i < 4000; i++) {
        uint16_t torus = place(tori.torus[0]);
        ck_assert_uint_lt(torus, 4);
        chosen[torus]++;
    }
    for (int k = 0; k < 4; k++)
        ck_assert_msg(chosen[k] > 863 && chosen[k] < 1137, "torus %d: %u", k, (unsigned)chosen[k]);
    tori_fini(&tori);
}
END_TEST

/* A tie keeps the process; otherwise it goes to the least loaded, by post, never by touch. */
START_TEST(placement_least_loaded_keeps_on_a_tie)
{
    struct tori_setup setup = four_tori();
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 1, 2, 1, 3 });
    tori.braid.placement = &placement_least_loaded;
    ck_assert_uint_eq(place(tori.torus[0]), 0);
    ck_assert_uint_eq(place(tori.torus[2]), 2);
    ck_assert_uint_eq(place(tori.torus[1]), 2); /* next after it of 2 and 0 */
    ck_assert_uint_eq(place(tori.torus[1]), 0); /* and next after that */
    ck_assert_uint_eq(place(tori.torus[1]), 2);
    ck_assert_uint_eq(place(tori.torus[3]), 0);
    ck_assert_uint_eq(place(tori.torus[3]), 2);

    ck_assert_int_eq(tori_create(&tori, 3, 50, 0, 0), PROCESS_OK); /* to 0 again */
    ck_assert_uint_eq(tori.posts, 1);
    ck_assert_uint_eq(tori.processes[50].torus, 0);
    ck_assert_uint_eq(torus_load(tori.torus[0]), 1); /* not before it is received */
    ck_assert_uint_eq(torus_receive(tori.torus[0], 0, 0), 1);
    ck_assert_uint_eq(torus_load(tori.torus[0]), 2);
    ck_assert_uint_eq(torus_load(tori.torus[3]), 3);
    tori_fini(&tori);
}
END_TEST

/* With loads 0, 1, 2, 3 the torus with load k is chosen if both draws are k or more and one is k:
 * (7, 5, 3, 1) of 16.  4000 times, within 5 standard deviations (31.4 at most). */
START_TEST(placement_power_of_two_takes_the_lesser)
{
    static const uint32_t expected[4] = { 1750, 1250, 750, 250 };
    struct tori_setup setup = four_tori();
    uint32_t chosen[4] = { 0 };
    setup.placement = &placement_power_of_two;
    setup.random = 54321;
    tori_init(&tori, &setup);
    tori.braid.placement = &tori_keep;
    load_tori((const uint32_t[]){ 0, 1, 2, 3 });
    tori.braid.placement = &placement_power_of_two;
    for (int i = 0; i < 4000; i++)
        chosen[place(tori.torus[i % 4])]++;
    for (int k = 0; k < 4; k++)
        ck_assert_msg(chosen[k] > expected[k] - 157 && chosen[k] < expected[k] + 157,
                      "torus %d: %u, not about %u", k, (unsigned)chosen[k], (unsigned)expected[k]);
    tori_fini(&tori);
}
END_TEST

/* What it has shown of itself may be old: it knows better. */
START_TEST(placement_power_of_two_knows_its_own_load)
{
    struct tori_setup setup = four_tori();
    uint32_t stay = 0;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 3, 1, 1, 1 });
    braid_write(&tori.braid, 0, &(struct projection){ .load = 0 });
    tori.braid.placement = &placement_power_of_two;
    for (int i = 0; i < 1600; i++)
        stay += place(tori.torus[0]) == 0;
    ck_assert_uint_lt(stay, 200); /* only if both are itself: about 100, not 700 */
    tori_fini(&tori);
}
END_TEST

/* Of two that are alike it is the first that was drawn, and never one that cannot be read. */
START_TEST(placement_power_of_two_keeps_the_first_of_equals)
{
    struct tori_setup setup = four_tori();
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 2, 2, 2, 2 });
    tori.braid.placement = &placement_power_of_two;
    struct torus *torus = tori.torus[0];
    for (int i = 0; i < 100; i++) {
        uint32_t random = torus->random;
        uint16_t choice = place(torus), first;
        torus->random = random;
        first = (uint16_t)torus_random_below(torus, 4);
        torus_random_below(torus, 4);
        ck_assert_uint_eq(choice, first);
    }
    for (uint16_t k = 1; k < 4; k++)
        tori.braid.slots[k].checksum ^= 1;
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(place(torus), 0);
    tori_fini(&tori);
}
END_TEST

/* Who begins another program has nothing in the cache, however lately it has run. */
START_TEST(placement_affinity_places_another_program_anew)
{
    struct tori_setup setup = four_tori();
    setup.warm_ns = 1000 * MS;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 3, 3, 1, 3 });
    tori.braid.placement = &placement_affinity;
    struct process *process = torus_schedule(tori.torus[0], 0, 0);
    torus_tick(tori.torus[0], 0, MS);
    ck_assert_uint_gt(process->runtime_ns, 0);
    ck_assert_int_eq(torus_exec(tori.torus[0], 0, MS), PROCESS_OK);
    ck_assert_uint_eq(process->torus, 2);
    tori_fini(&tori);
}
END_TEST

/* Woken before warm_ns are over it stays, however long the queue; then it goes where there is
 * less, as a new one does at once. */
START_TEST(placement_affinity_stays_while_warm)
{
    struct tori_setup setup = four_tori();
    setup.warm_ns = 1000;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ 3, 3, 1, 3 });
    tori.braid.placement = &placement_affinity;
    tori.braid.place_woken = true;
    ck_assert_uint_eq(place(tori.torus[0]), 2);
    for (uint64_t slept_ns = 999; slept_ns <= 1000; slept_ns++) {
        struct process *process = torus_schedule(tori.torus[0], 0, slept_ns * 5000);
        uint64_t now_ns = slept_ns * 5000 + 2000; /* it has run for longer than it sleeps */
        ck_assert_int_eq(torus_block(tori.torus[0], 0, now_ns), PROCESS_OK);
        ck_assert_int_eq(torus_wake(tori.torus[0], 0, process, now_ns + slept_ns), PROCESS_OK);
        ck_assert_uint_eq(process->torus, slept_ns < 1000 ? 0 : 2);
    }
    tori_fini(&tori);
}
END_TEST

/* Gives exactly one, exactly when the difference exceeds the threshold and is at least 2. */
START_TEST(threshold_balancer_moves_one)
{
    static const struct {
        uint32_t own, other, threshold;
        bool moves;
    } cases[] = {
        { 7, 2, 5, false }, { 8, 2, 5, true }, { 2, 8, 5, false }, { 1, 0, 0, false },
        { 2, 0, 0, true },  { 2, 0, 1, true }, { 2, 0, 2, false }, { 3, 3, 0, false },
    };
    struct tori_setup setup = four_tori();
    setup.balancer = &balancer_threshold;
    setup.torus_count = 2;
    setup.threshold = cases[_i].threshold;
    tori_init(&tori, &setup);
    load_tori((const uint32_t[]){ cases[_i].own, cases[_i].other, 0, 0 });
    braid_balance(&tori.braid, tori.torus[0], MS);
    ck_assert_uint_eq(tori.posts, cases[_i].moves);
    ck_assert_uint_eq(torus_load(tori.torus[0]), cases[_i].own - cases[_i].moves);
    torus_receive(tori.torus[1], 0, MS);
    ck_assert_uint_eq(torus_load(tori.torus[1]), cases[_i].other + cases[_i].moves);
    tori_fini(&tori);
}
END_TEST

START_TEST(balances_once_per_interval)
{
    struct tori_setup setup = four_tori();
    setup.balancer = &balancer_threshold;
    setup.balance_ns = 20 * MS;
    tori_init(&tori, &setup);
    for (uint64_t ms = 1; ms <= 200; ms++)
        for (uint16_t k = 0; k < 4; k++) {
            bool asked = torus_heartbeat(tori.torus[k], 0, ms * MS) & TORUS_BALANCE;
            bool due = ms % 20 == 5u * k || (k == 0 && ms == 1); /* torus 0 was due at 0 */
            ck_assert_msg(asked == due, "torus %d at %d ms", k, (int)ms);
        }
    tori_fini(&tori);
}
END_TEST

/* With four tori and an interval of 20 ms, torus k publishes 5 k ms into each interval. */
START_TEST(publishes_in_its_own_phase)
{
    struct tori_setup setup = four_tori();
    uint32_t heartbeat[4];
    setup.exchange_ns = 20 * MS;
    tori_init(&tori, &setup);
    for (int k = 0; k < 4; k++)
        heartbeat[k] = tori.braid.slots[k].heartbeat;
    for (uint64_t ms = 0; ms < 200; ms++) {
        for (uint16_t k = 0; k < 4; k++)
            torus_heartbeat(tori.torus[k], 0, ms * MS);
        for (uint32_t k = 0; k < 4; k++) {
            uint32_t published = tori.braid.slots[k].heartbeat - heartbeat[k];
            ck_assert_msg(published == (ms % 20 == 5u * k), "torus %d at %d ms", (int)k, (int)ms);
            heartbeat[k] += published;
        }
    }
    tori_fini(&tori);
}
END_TEST

/* What a tick comes too late for is done at that tick, and the next is not later by that: with an
 * interval of two and a half ticks, torus 0 publishes at ticks 0, 3, 5, 8, 10 and so on. */
START_TEST(late_ticks_keep_the_phase)
{
    struct tori_setup setup = four_tori();
    setup.exchange_ns = 5 * MS / 2;
    tori_init(&tori, &setup);
    uint32_t heartbeat = tori.braid.slots[0].heartbeat;
    for (uint64_t ms = 0; ms < 200; ms++) {
        torus_heartbeat(tori.torus[0], 0, ms * MS);
        uint32_t published = tori.braid.slots[0].heartbeat - heartbeat;
        ck_assert_msg(published == (ms % 5 == 0 || ms % 5 == 3), "at %d ms", (int)ms);
        heartbeat += published;
    }
    tori_fini(&tori);
}
END_TEST

START_TEST(missed_phases_are_not_made_up_for)
{
    struct tori_setup setup = four_tori();
    setup.exchange_ns = 20 * MS;
    tori_init(&tori, &setup);
    uint32_t heartbeat = tori.braid.slots[1].heartbeat;
    torus_heartbeat(tori.torus[1], 0, 167 * MS);
    torus_heartbeat(tori.torus[1], 0, 168 * MS);
    ck_assert_uint_eq(tori.braid.slots[1].heartbeat, heartbeat + 1);
    tori_fini(&tori);
}
END_TEST

/* Interval 0: every change of load is published at once. */
START_TEST(publishes_every_change)
{
    struct tori_setup setup = four_tori();
    tori_init(&tori, &setup);
    struct torus *torus = tori.torus[0];
    struct projection_slot *slot = &tori.braid.slots[0];
    tori_create(&tori, 0, 0, 0, 0);
    ck_assert_uint_eq(slot->load, 1);
    tori_create(&tori, 0, 1, 0, 0);
    ck_assert_uint_eq(slot->load, 2);
    torus_schedule(torus, 0, 0);
    torus_block(torus, 0, 1);
    ck_assert_uint_eq(slot->load, 1);
    ck_assert_uint_eq(slot->blocked, 1);
    torus_wake(torus, 0, &tori.processes[0], 2);
    ck_assert_uint_eq(slot->load, 2);
    ck_assert_uint_eq(slot->blocked, 0);
    ck_assert(torus_give(torus, 3));
    ck_assert_uint_eq(slot->load, 1);
    torus_receive(tori.torus[3], 0, 2);
    ck_assert_uint_eq(tori.braid.slots[3].load, 1);
    torus_schedule(torus, 0, 3);
    torus_exit(torus, 0, 4);
    ck_assert_uint_eq(slot->load, 0);
    tori_fini(&tori);
}
END_TEST

/* A torus that has left says so, and nobody reads a load of it, until it has itself back. */
START_TEST(who_has_left_shows_it)
{
    struct tori_setup setup = four_tori();
    static const uint32_t loads[] = { 5, 0, 5, 5 };
    uint16_t least;
    uint32_t load;
    struct projection p;
    tori_init(&tori, &setup);
    load_tori(loads);
    ck_assert(braid_least_loaded(&tori.braid, tori.torus[0], 0, &least, &load));
    ck_assert_uint_eq(least, 1);
    ck_assert(torus_retire(tori.torus[1], 0));
    ck_assert(braid_is_away(&tori.braid, 1));
    ck_assert(!braid_read(&tori.braid, 1, &p));
    ck_assert(braid_least_loaded(&tori.braid, tori.torus[0], 0, &least, &load));
    ck_assert_uint_ne(least, 1);
    ck_assert(!torus_regain(tori.torus[1]));
    torus_tend(tori.torus[2], 0); /* the one that has it */
    ck_assert(torus_regain(tori.torus[1]));
    braid_publish(&tori.braid, tori.torus[1]);
    ck_assert(!braid_is_away(&tori.braid, 1));
    tori_fini(&tori);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("braid");
    tcase_add_test(tests, reads_what_was_published);
    tcase_add_test(tests, refuses_every_torn_mixture);
    tcase_add_test(tests, refuses_every_flipped_bit);
    tcase_add_test(tests, refuses_exchanged_words);
    tcase_add_test(tests, refuses_the_unpublished);
    tcase_add_test(tests, least_loaded_breaks_ties_in_cyclic_order);
    tcase_add_test(tests, most_loaded_breaks_ties_in_cyclic_order);
    tcase_add_test(tests, least_loaded_skips_what_cannot_be_read);
    tcase_add_test(tests, placement_passes_those_that_are_away);
    tcase_add_test(tests, placement_round_robin_deals_out);
    tcase_add_test(tests, placement_random_reaches_all_alike);
    tcase_add_test(tests, placement_least_loaded_keeps_on_a_tie);
    tcase_add_test(tests, placement_power_of_two_takes_the_lesser);
    tcase_add_test(tests, placement_power_of_two_knows_its_own_load);
    tcase_add_test(tests, placement_power_of_two_keeps_the_first_of_equals);
    tcase_add_test(tests, placement_affinity_places_another_program_anew);
    tcase_add_test(tests, placement_affinity_stays_while_warm);
    tcase_add_loop_test(tests, threshold_balancer_moves_one, 0, 8);
    tcase_add_test(tests, balances_once_per_interval);
    tcase_add_test(tests, publishes_in_its_own_phase);
    tcase_add_test(tests, late_ticks_keep_the_phase);
    tcase_add_test(tests, missed_phases_are_not_made_up_for);
    tcase_add_test(tests, publishes_every_change);
    tcase_add_test(tests, who_has_left_shows_it);
    return suite_run("braid", tests);
}
