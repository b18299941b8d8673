/* control.h -- control and status words of floating point, and what rounding is in effect.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_CONTEXT_CONTROL_H
#define TESTS_CONTEXT_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ROUNDINGS = 4 }; /* to nearest, down, up, to zero: both architectures' modes, x86's order */

#if defined(__x86_64__)

/* MXCSR without its exception flags, and the x87 control word above it. */
#define CONTROL_INITIAL UINT64_C(0x037F00001F80)

/* Bits that may differ between contexts: flush to zero, denormals are zero, division by zero
 * unmasked; x87's precision. */
#define CONTROL_OTHERS UINT64_C(0x030000008240)

static inline uint64_t control_get(void)
{
    uint32_t mxcsr;
    uint16_t x87;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
    return (uint64_t)x87 << 32 | (mxcsr & 0xFFC0);
}

static inline void control_set(uint64_t control)
{
    uint32_t mxcsr = (uint32_t)control;
    uint16_t x87 = (uint16_t)(control >> 32);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(x87));
}

/* Exception flags, without division by zero, which may be unmasked. */
#define STATUS_FLAGS UINT64_C(0x3B)

static inline uint64_t status_get(void)
{
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return mxcsr & STATUS_FLAGS;
}

static inline void status_set(uint64_t status)
{
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    mxcsr = (mxcsr & 0xFFC0) | (uint32_t)(status & STATUS_FLAGS);
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

static inline uint64_t control_of_rounding(uint64_t rounding)
{
    return rounding << 13 | rounding << (32 + 10);
}

static inline uint64_t control_rounding(uint64_t control)
{
    return control >> 13 & 3;
}

#else

#define CONTROL_INITIAL UINT64_C(0)
#define CONTROL_OTHERS  UINT64_C(0x03000000) /* flush to zero, default NaN */

static inline uint64_t control_get(void)
{
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return fpcr;
}

static inline void control_set(uint64_t control)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
}

#define STATUS_FLAGS UINT64_C(0x9F)

static inline uint64_t status_get(void)
{
    uint64_t fpsr;
    __asm__ volatile("mrs %0, fpsr" : "=r"(fpsr));
    return fpsr & STATUS_FLAGS;
}

static inline void status_set(uint64_t status)
{
    __asm__ volatile("msr fpsr, %0" : : "r"(status & STATUS_FLAGS));
}

/* Here 1 is up and 2 is down. */
static inline uint64_t control_of_rounding(uint64_t rounding)
{
    return (rounding >> 1 | (rounding & 1) << 1) << 22;
}

static inline uint64_t control_rounding(uint64_t control)
{
    uint64_t rounding = control >> 22 & 3;
    return rounding >> 1 | (rounding & 1) << 1;
}

#endif

/* Do 1/10 and -1/10 come out as this control word rounds them? */
static inline bool control_is_in_effect(uint64_t control)
{
    static const uint8_t last[ROUNDINGS][2] = { { 0x9A, 0x9A },
                                                { 0x99, 0x9A },
                                                { 0x9A, 0x99 },
                                                { 0x99, 0x99 } };
    volatile double one = 1, ten = 10;
    double plus = one / ten, minus = -one / ten;
    uint64_t bits[2];
    memcpy(&bits[0], &plus, sizeof plus);
    memcpy(&bits[1], &minus, sizeof minus);
    const uint8_t *expected = last[control_rounding(control)];
    return (bits[0] & 0xFF) == expected[0] && (bits[1] & 0xFF) == expected[1];
}

#endif
