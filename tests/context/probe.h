/* probe.h -- what cannot be said in C: calls with every register known before and after.
 *
 * probe_x86_64.S and probe_aarch64.S define these.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef TESTS_CONTEXT_PROBE_H
#define TESTS_CONTEXT_PROBE_H

#include "braid/context.h"

#define PROBE_FLAGS     0xCD5 /* carry, parity, adjust, zero, sign, direction, overflow */
#define PROBE_FLAGS_SET 0x202 /* always 1, and interrupts on: as they are in a user's program */

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Of the PROBE_GENERAL, the first PROBE_CHANGEABLE may be changed in a frame. */
#if defined(__x86_64__)
enum {
    PROBE_PRESERVED = 6, /* rbx, rbp, r12 to r15 */
    PROBE_GENERAL = 16,  /* those of struct process_frame from r15 to rax, and PROBE_FLAGS */
    PROBE_CHANGEABLE = 15,
    PROBE_VECTORS = 16
};
#else
enum {
    PROBE_PRESERVED = 19, /* x19 to x29, d8 to d15 */
    PROBE_GENERAL = 30,   /* x0 to x29 */
    PROBE_CHANGEABLE = 30,
    PROBE_VECTORS = 32
};
#endif

/* process_context_switch() with in[PROBE_PRESERVED] in the registers that it must preserve; out is
 * what they are when it returns. */
void probe_switch(struct process_context *from, const struct process_context *to,
                  const uint64_t *in, uint64_t *out);

/* Is interrupted with in[PROBE_GENERAL] in all registers, by a stub as context.h has it, but that
 * there is neither a gate nor, on aarch64, another exception level.  The stub calls
 * probe_handler(); out is what the registers are afterwards. */
void probe_interrupt(const uint64_t *in, uint64_t *out);
void probe_handler(struct process_frame *frame); /* defined by the test */

/* Fills all vector registers from in, saves, calls between(), restores, stores them to out. */
void probe_floating(struct process_floating *area, const uint64_t (*in)[2], uint64_t (*out)[2],
                    void (*between)(void));

#endif
#endif
