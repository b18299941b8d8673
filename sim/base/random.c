/* random.c -- see random.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/base/random.h"

void random_next_block(struct random_state *state)
{
    state->block = philox4x32(state->counter, state->key);
    state->counter.v[0]++;
    state->used = 0;
}

static unsigned long philox_get(void *memory)
{
    gsl_rng rng = { .state = memory };
    return random_bits32(&rng);
}

static double philox_get_double(void *memory)
{
    return (double)philox_get(memory) * 0x1p-32;
}

/* GSL's seed is the key alone; random_seek() sets everything. */
static void philox_set(void *memory, unsigned long seed)
{
    struct random_state *state = memory;
    *state = (struct random_state){ .used = RANDOM_BLOCK_WORDS };
    state->key.v[0] = (uint32_t)seed;
    state->key.v[1] = (uint32_t)((uint64_t)seed >> 32);
}

static const gsl_rng_type philox = {
    .name = "philox4x32-10",
    .max = UINT32_MAX,
    .min = 0,
    .size = sizeof(struct random_state),
    .set = philox_set,
    .get = philox_get,
    .get_double = philox_get_double,
};

const gsl_rng_type *const random_philox = &philox;

void random_seek(gsl_rng *rng, uint64_t seed, uint32_t replication, uint32_t stream,
                 uint32_t entity, uint32_t draw)
{
    struct random_state *state = rng->state;
    state->key.v[0] = (uint32_t)seed;
    state->key.v[1] = (uint32_t)(seed >> 32);
    state->counter.v[0] = draw;
    state->counter.v[1] = entity;
    state->counter.v[2] = stream;
    state->counter.v[3] = replication;
    state->used = RANDOM_BLOCK_WORDS;
    state->bytes_left = 0;
}

bool random_chance(gsl_rng *rng, uint32_t chance)
{
    struct random_state *state = rng->state;
    for (;; chance <<= 8) {
        if (state->bytes_left == 0) {
            state->bytes = random_bits32(rng);
            state->bytes |= (uint64_t)random_bits32(rng) << 32;
            state->bytes_left = 8;
        }
        uint32_t byte = (uint32_t)state->bytes & 0xFF;
        state->bytes >>= 8;
        state->bytes_left--;
        if (byte != chance >> 24 || chance << 8 == 0)
            return byte < chance >> 24;
    }
}

uint32_t random_tell(const gsl_rng *rng)
{
    const struct random_state *state = rng->state;
    return state->counter.v[0];
}
