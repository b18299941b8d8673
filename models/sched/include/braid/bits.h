/* bits.h -- which bits of a word are set, without an instruction that not all machines have.
 *
 * Source: C. Leiserson, H. Prokop and K. Randall, "Using de Bruijn sequences to index a 1 in a
 * computer word", MIT, 1998.
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_BITS_H
#define BRAID_BITS_H

#include <stdint.h>

/* The number of the only bit that is set.  O(1). */
static inline unsigned bits_index(uint32_t bit)
{
    static const uint8_t index[32] = {
        0,  1,  28, 2,  29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4,  8,
        31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6,  11, 5,  10, 9
    };
    return index[(bit * 0x077CB531u) >> 27];
}

/* word is not 0. */
static inline unsigned bits_lowest(uint32_t word)
{
    return bits_index(word & -word);
}

static inline unsigned bits_highest(uint32_t word)
{
    word |= word >> 1;
    word |= word >> 2;
    word |= word >> 4;
    word |= word >> 8;
    word |= word >> 16;
    return bits_index(word - (word >> 1));
}

#endif
