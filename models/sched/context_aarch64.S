/* context_aarch64.S -- the context switch for the AAPCS64; see context.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/context.h"

#if PROCESS_HAS_CONTEXT && defined(__aarch64__)

    .arch_extension fp /* though the C code around is compiled -mgeneral-regs-only */
    .arch_extension simd
    .text

#define LANDING_PAD hint #34 /* bti c: a nop on processors that do not know it */

/* void process_context_switch(struct process_context *from, const struct process_context *to)
 *
 * Both stacks have the same layout (struct saved in context.c), so that the CFI holds before and
 * after the change of stacks.  FPCR is written only if it differs: a write may wait for all
 * floating point that is under way. */
    .globl  process_context_switch
    .type   process_context_switch, %function
    .p2align 4
process_context_switch:
    .cfi_startproc
    LANDING_PAD
    sub     sp, sp, #PROCESS_CONTEXT_BYTES
    .cfi_def_cfa_offset PROCESS_CONTEXT_BYTES
    stp     d8, d9, [sp]
    stp     d10, d11, [sp, #16]
    stp     d12, d13, [sp, #32]
    stp     d14, d15, [sp, #48]
    stp     x19, x20, [sp, #64]
    stp     x21, x22, [sp, #80]
    stp     x23, x24, [sp, #96]
    stp     x25, x26, [sp, #112]
    stp     x27, x28, [sp, #128]
    stp     x29, x30, [sp, #144]
    .cfi_rel_offset d8, 0
    .cfi_rel_offset d9, 8
    .cfi_rel_offset d10, 16
    .cfi_rel_offset d11, 24
    .cfi_rel_offset d12, 32
    .cfi_rel_offset d13, 40
    .cfi_rel_offset d14, 48
    .cfi_rel_offset d15, 56
    .cfi_rel_offset x19, 64
    .cfi_rel_offset x20, 72
    .cfi_rel_offset x21, 80
    .cfi_rel_offset x22, 88
    .cfi_rel_offset x23, 96
    .cfi_rel_offset x24, 104
    .cfi_rel_offset x25, 112
    .cfi_rel_offset x26, 120
    .cfi_rel_offset x27, 128
    .cfi_rel_offset x28, 136
    .cfi_rel_offset x29, 144
    .cfi_rel_offset x30, 152
    mrs     x9, fpcr
    str     x9, [sp, #160]
    mov     x10, sp
    str     x10, [x0]
    ldr     x11, [x1]
    mov     sp, x11
    ldr     x12, [sp, #160]
    cmp     x12, x9
    b.ne    .Lload_fpcr
.Lfpcr_is_right:
    ldp     d8, d9, [sp]
    ldp     d10, d11, [sp, #16]
    ldp     d12, d13, [sp, #32]
    ldp     d14, d15, [sp, #48]
    ldp     x19, x20, [sp, #64]
    ldp     x21, x22, [sp, #80]
    ldp     x23, x24, [sp, #96]
    ldp     x25, x26, [sp, #112]
    ldp     x27, x28, [sp, #128]
    ldp     x29, x30, [sp, #144]
    add     sp, sp, #PROCESS_CONTEXT_BYTES
    .cfi_remember_state
    .cfi_def_cfa_offset 0
    .cfi_restore d8
    .cfi_restore d9
    .cfi_restore d10
    .cfi_restore d11
    .cfi_restore d12
    .cfi_restore d13
    .cfi_restore d14
    .cfi_restore d15
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    ret

.Lload_fpcr:
    .cfi_restore_state
    msr     fpcr, x12
    b       .Lfpcr_is_right
    .cfi_endproc
    .size   process_context_switch, . - process_context_switch

/* Where a new context's first switch returns to: x19 is its entry, x20 the argument.  There is no
 * caller, which is what an undefined return address tells an unwinder, and the zero that a new
 * context has in x29 one that follows frame records.  The nop makes the address before the label,
 * where unwinders look for the caller of a context that has not run, part of this function. */
    .globl  process_context_entry
    .hidden process_context_entry
    .type   process_context_entry, %function
    .p2align 4
    .cfi_startproc
    .cfi_undefined x30
    nop
process_context_entry:
    mov     x0, x20
    blr     x19
    brk     #1
    .cfi_endproc
    .size   process_context_entry, . - process_context_entry

/* Called by a stub that has made room for the frame and stored x30. */
    .globl  process_frame_save
    .type   process_frame_save, %function
    .p2align 4
process_frame_save:
    .cfi_startproc
    LANDING_PAD
    stp     x0, x1, [sp]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    add     x16, sp, #PROCESS_FRAME_BYTES
    str     x16, [sp, #PROCESS_FRAME_SP]
    ret
    .cfi_endproc
    .size   process_frame_save, . - process_frame_save

    .globl  process_frame_restore
    .type   process_frame_restore, %function
    .p2align 4
process_frame_restore:
    .cfi_startproc
    LANDING_PAD
    ldp     x0, x1, [sp]
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x19, [sp, #144]
    ldp     x20, x21, [sp, #160]
    ldp     x22, x23, [sp, #176]
    ldp     x24, x25, [sp, #192]
    ldp     x26, x27, [sp, #208]
    ldp     x28, x29, [sp, #224]
    ret
    .cfi_endproc
    .size   process_frame_restore, . - process_frame_restore

/* void process_floating_save(struct process_floating *floating) */
    .globl  process_floating_save
    .type   process_floating_save, %function
    .p2align 4
process_floating_save:
    .cfi_startproc
    LANDING_PAD
    stp     q0, q1, [x0]
    stp     q2, q3, [x0, #32]
    stp     q4, q5, [x0, #64]
    stp     q6, q7, [x0, #96]
    stp     q8, q9, [x0, #128]
    stp     q10, q11, [x0, #160]
    stp     q12, q13, [x0, #192]
    stp     q14, q15, [x0, #224]
    stp     q16, q17, [x0, #256]
    stp     q18, q19, [x0, #288]
    stp     q20, q21, [x0, #320]
    stp     q22, q23, [x0, #352]
    stp     q24, q25, [x0, #384]
    stp     q26, q27, [x0, #416]
    stp     q28, q29, [x0, #448]
    stp     q30, q31, [x0, #480]
    mrs     x9, fpcr
    mrs     x10, fpsr
    add     x11, x0, #512
    stp     x9, x10, [x11]
    ret
    .cfi_endproc
    .size   process_floating_save, . - process_floating_save

/* void process_floating_restore(const struct process_floating *floating) */
    .globl  process_floating_restore
    .type   process_floating_restore, %function
    .p2align 4
process_floating_restore:
    .cfi_startproc
    LANDING_PAD
    ldp     q0, q1, [x0]
    ldp     q2, q3, [x0, #32]
    ldp     q4, q5, [x0, #64]
    ldp     q6, q7, [x0, #96]
    ldp     q8, q9, [x0, #128]
    ldp     q10, q11, [x0, #160]
    ldp     q12, q13, [x0, #192]
    ldp     q14, q15, [x0, #224]
    ldp     q16, q17, [x0, #256]
    ldp     q18, q19, [x0, #288]
    ldp     q20, q21, [x0, #320]
    ldp     q22, q23, [x0, #352]
    ldp     q24, q25, [x0, #384]
    ldp     q26, q27, [x0, #416]
    ldp     q28, q29, [x0, #448]
    ldp     q30, q31, [x0, #480]
    add     x11, x0, #512
    ldp     x9, x10, [x11]
    msr     fpcr, x9
    msr     fpsr, x10
    ret
    .cfi_endproc
    .size   process_floating_restore, . - process_floating_restore

/* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI (1) and PAC (2). */
    .section .note.gnu.property, "a"
    .p2align 3
    .long   4, 16, 5
    .asciz  "GNU"
    .long   0xc0000000, 4, 3, 0

#endif

    .section .note.GNU-stack, "", %progbits
