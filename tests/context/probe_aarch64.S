/* probe_aarch64.S -- see probe.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "braid/context.h"

#if defined(__aarch64__)

    .text

/* The caller's registers, as everybody must keep them, and one word more. */
    .macro  keep_callers
    sub     sp, sp, #176
    stp     x19, x20, [sp, #0]
    stp     x21, x22, [sp, #16]
    stp     x23, x24, [sp, #32]
    stp     x25, x26, [sp, #48]
    stp     x27, x28, [sp, #64]
    stp     x29, x30, [sp, #80]
    stp     d8, d9, [sp, #96]
    stp     d10, d11, [sp, #112]
    stp     d12, d13, [sp, #128]
    stp     d14, d15, [sp, #144]
    .endm

    .macro  restore_callers
    ldp     x19, x20, [sp, #0]
    ldp     x21, x22, [sp, #16]
    ldp     x23, x24, [sp, #32]
    ldp     x25, x26, [sp, #48]
    ldp     x27, x28, [sp, #64]
    ldp     x29, x30, [sp, #80]
    ldp     d8, d9, [sp, #96]
    ldp     d10, d11, [sp, #112]
    ldp     d12, d13, [sp, #128]
    ldp     d14, d15, [sp, #144]
    add     sp, sp, #176
    .endm

    .globl  probe_switch
    .type   probe_switch, %function
probe_switch:
    hint    #34
    keep_callers
    str     x3, [sp, #160]
    ldr     x19, [x2, #0]
    ldr     x20, [x2, #8]
    ldr     x21, [x2, #16]
    ldr     x22, [x2, #24]
    ldr     x23, [x2, #32]
    ldr     x24, [x2, #40]
    ldr     x25, [x2, #48]
    ldr     x26, [x2, #56]
    ldr     x27, [x2, #64]
    ldr     x28, [x2, #72]
    ldr     x29, [x2, #80]
    ldr     d8, [x2, #88]
    ldr     d9, [x2, #96]
    ldr     d10, [x2, #104]
    ldr     d11, [x2, #112]
    ldr     d12, [x2, #120]
    ldr     d13, [x2, #128]
    ldr     d14, [x2, #136]
    ldr     d15, [x2, #144]
    bl      process_context_switch
    ldr     x3, [sp, #160]
    str     x19, [x3, #0]
    str     x20, [x3, #8]
    str     x21, [x3, #16]
    str     x22, [x3, #24]
    str     x23, [x3, #32]
    str     x24, [x3, #40]
    str     x25, [x3, #48]
    str     x26, [x3, #56]
    str     x27, [x3, #64]
    str     x28, [x3, #72]
    str     x29, [x3, #80]
    str     d8, [x3, #88]
    str     d9, [x3, #96]
    str     d10, [x3, #104]
    str     d11, [x3, #112]
    str     d12, [x3, #120]
    str     d13, [x3, #128]
    str     d14, [x3, #136]
    str     d15, [x3, #144]
    restore_callers
    ret
    .size   probe_switch, . - probe_switch

    .globl  probe_interrupt
    .type   probe_interrupt, %function
probe_interrupt:
    hint    #34
    keep_callers
    str     x1, [sp, #160]
    ldp     x2, x3, [x0, #16]
    ldp     x4, x5, [x0, #32]
    ldp     x6, x7, [x0, #48]
    ldp     x8, x9, [x0, #64]
    ldp     x10, x11, [x0, #80]
    ldp     x12, x13, [x0, #96]
    ldp     x14, x15, [x0, #112]
    ldp     x16, x17, [x0, #128]
    ldp     x18, x19, [x0, #144]
    ldp     x20, x21, [x0, #160]
    ldp     x22, x23, [x0, #176]
    ldp     x24, x25, [x0, #192]
    ldp     x26, x27, [x0, #208]
    ldp     x28, x29, [x0, #224]
    ldp     x0, x1, [x0]
    bl      interrupt_stub
    str     x0, [sp, #168]
    ldr     x0, [sp, #160]
    str     x1, [x0, #8]
    stp     x2, x3, [x0, #16]
    stp     x4, x5, [x0, #32]
    stp     x6, x7, [x0, #48]
    stp     x8, x9, [x0, #64]
    stp     x10, x11, [x0, #80]
    stp     x12, x13, [x0, #96]
    stp     x14, x15, [x0, #112]
    stp     x16, x17, [x0, #128]
    stp     x18, x19, [x0, #144]
    stp     x20, x21, [x0, #160]
    stp     x22, x23, [x0, #176]
    stp     x24, x25, [x0, #192]
    stp     x26, x27, [x0, #208]
    stp     x28, x29, [x0, #224]
    ldr     x1, [sp, #168]
    str     x1, [x0]
    restore_callers
    ret
    .size   probe_interrupt, . - probe_interrupt

    .type   interrupt_stub, %function
interrupt_stub:
    sub     sp, sp, #PROCESS_FRAME_BYTES
    str     x30, [sp, #PROCESS_FRAME_X30]
    bl      process_frame_save
    mov     x0, sp
    bl      probe_handler
    bl      process_frame_restore
    ldr     x30, [sp, #PROCESS_FRAME_X30]
    add     sp, sp, #PROCESS_FRAME_BYTES
    ret
    .size   interrupt_stub, . - interrupt_stub

    .globl  probe_floating
    .type   probe_floating, %function
probe_floating:
    hint    #34
    keep_callers
    mov     x19, x0
    mov     x20, x2
    mov     x21, x3
    ldp     q0, q1, [x1, #0]
    ldp     q2, q3, [x1, #32]
    ldp     q4, q5, [x1, #64]
    ldp     q6, q7, [x1, #96]
    ldp     q8, q9, [x1, #128]
    ldp     q10, q11, [x1, #160]
    ldp     q12, q13, [x1, #192]
    ldp     q14, q15, [x1, #224]
    ldp     q16, q17, [x1, #256]
    ldp     q18, q19, [x1, #288]
    ldp     q20, q21, [x1, #320]
    ldp     q22, q23, [x1, #352]
    ldp     q24, q25, [x1, #384]
    ldp     q26, q27, [x1, #416]
    ldp     q28, q29, [x1, #448]
    ldp     q30, q31, [x1, #480]
    bl      process_floating_save
    blr     x21
    mov     x0, x19
    bl      process_floating_restore
    stp     q0, q1, [x20, #0]
    stp     q2, q3, [x20, #32]
    stp     q4, q5, [x20, #64]
    stp     q6, q7, [x20, #96]
    stp     q8, q9, [x20, #128]
    stp     q10, q11, [x20, #160]
    stp     q12, q13, [x20, #192]
    stp     q14, q15, [x20, #224]
    stp     q16, q17, [x20, #256]
    stp     q18, q19, [x20, #288]
    stp     q20, q21, [x20, #320]
    stp     q22, q23, [x20, #352]
    stp     q24, q25, [x20, #384]
    stp     q26, q27, [x20, #416]
    stp     q28, q29, [x20, #448]
    stp     q30, q31, [x20, #480]
    restore_callers
    ret
    .size   probe_floating, . - probe_floating

#endif

    .section .note.GNU-stack, "", %progbits
