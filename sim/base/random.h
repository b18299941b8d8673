/* random.h -- counter-based random numbers: Philox 4x32-10 as a gsl_rng_type.
 *
 * key = seed; counter = (draw, entity, stream, replication).  A stream belongs to one purpose of
 * one workload entry, an entity is an instance or arrival of it, so that no change of algorithm
 * shifts anybody's numbers: variants are compared under common random numbers.
 *
 * Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC11; the implementation is Random123's, checked against its known answers
 * (tests/unit/random.c).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_BASE_RANDOM_H
#define SIM_BASE_RANDOM_H

#include <Random123/philox.h>
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

extern const gsl_rng_type *const random_philox;

/* The state of such a generator; visible so that drawing can be inlined. */
struct random_state {
    philox4x32_key_t key;
    philox4x32_ctr_t counter; /* of the next block */
    philox4x32_ctr_t block;
    uint32_t used;       /* words of block already given out */
    uint32_t bytes_left; /* of two words that are given out by bytes, lowest first */
    uint64_t bytes;
};

/* Purposes; a stream number is purpose | workload entry << 8. */
enum random_purpose {
    RANDOM_PHASES,   /* durations that a process draws */
    RANDOM_START,    /* when it starts */
    RANDOM_ARRIVALS, /* gaps of an open stream */
    RANDOM_HOLD,     /* lock hold times under flat cost */
    RANDOM_SCHEDULER,
    RANDOM_MEMORY, /* page colours, and which single lines survive in a cache */
    RANDOM_LOCK,   /* who gets a lock that is not first come, first served */
    RANDOM_FATE,   /* which projections are lost, late or damaged */
    RANDOM_BOOTSTRAP,
    RANDOM_SAMPLE /* points of a Latin hypercube */
};

enum { RANDOM_BLOCK_WORDS = 4 };

void random_next_block(struct random_state *state);

/* What gsl_rng_get() gives. */
static inline uint32_t random_bits32(gsl_rng *rng)
{
    struct random_state *state = rng->state;
    if (state->used == RANDOM_BLOCK_WORDS)
        random_next_block(state);
    return state->block.v[state->used++];
}

/* True with probability chance / 2^32.  Draws bytes, from the highest down, only until they decide:
 * the first one does in 255 of 256 cases. */
bool random_chance(gsl_rng *rng, uint32_t chance);

/* The same where that is short: one byte that is there and decides.  False: *came is not known, and
 * random_chance() must be asked. */
static inline bool random_chance_at_once(gsl_rng *rng, uint32_t chance, bool *came)
{
    struct random_state *state = rng->state;
    uint32_t byte = (uint32_t)state->bytes & 0xFF, top = chance >> 24;
    if (state->bytes_left == 0 || byte == top)
        return false;
    state->bytes >>= 8;
    state->bytes_left--;
    *came = byte < top;
    return true;
}

/* Uniform in [0, 1), 53 bits. */
static inline double random_uniform(gsl_rng *rng)
{
    uint64_t high = random_bits32(rng), low = random_bits32(rng);
    return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

/* rng, of type random_philox, next gives the numbers of draw, draw + 1, ... of this entity. */
void random_seek(gsl_rng *rng, uint64_t seed, uint32_t replication, uint32_t stream,
                 uint32_t entity, uint32_t draw);

/* The draw that a later random_seek() must name to go on with fresh numbers. */
uint32_t random_tell(const gsl_rng *rng);

/* Where an entity's numbers go on: with what is left of a block, the last two words at most, and
 * then with a draw.  All zero is the beginning. */
struct random_place {
    uint32_t draw_and_left; /* 4 draw + words left */
    uint32_t words[2];
};

/* Where rng goes on. */
static inline struct random_place random_place(const gsl_rng *rng)
{
    const struct random_state *state = rng->state;
    uint32_t left = state->used < 2 ? 2 : RANDOM_BLOCK_WORDS - state->used;
    return (struct random_place){ state->counter.v[0] << 2 | left,
                                  { state->block.v[2], state->block.v[3] } };
}

/* rng goes on at that place of the same entity: as random_seek(). */
static inline void random_resume(gsl_rng *rng, uint64_t seed, uint32_t replication, uint32_t stream,
                                 uint32_t entity, struct random_place place)
{
    struct random_state *state = rng->state;
    random_seek(rng, seed, replication, stream, entity, place.draw_and_left >> 2);
    state->block.v[2] = place.words[0];
    state->block.v[3] = place.words[1];
    state->used = RANDOM_BLOCK_WORDS - place.draw_and_left % 4;
}

#endif
