/* hash.h -- FNV-1a, 64 bits: tells files apart, guards against nobody who means harm.
 *
 * h = 0xCBF29CE484222325; for each byte b: h = (h xor b) x 0x100000001B3.
 * Source: G. Fowler, L. C. Noll, K.-P. Vo and D. Eastlake, "The FNV Non-Cryptographic Hash
 * Algorithm", IETF draft; of "a" it is AF63DC4C8601EC8C.  tests/unit/hash.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_BASE_HASH_H
#define SIM_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_FNV1A_START UINT64_C(0xCBF29CE484222325)

static inline uint64_t hash_fnv1a_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001B3);
}

static inline uint64_t hash_fnv1a(const void *bytes, size_t size)
{
    uint64_t hash = HASH_FNV1A_START;
    for (size_t i = 0; i < size; i++)
        hash = hash_fnv1a_byte(hash, ((const unsigned char *)bytes)[i]);
    return hash;
}

#endif
