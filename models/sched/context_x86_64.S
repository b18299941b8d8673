/* context_x86_64.S -- the context switch for the System V ABI of AMD64; see context.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/context.h"

#if PROCESS_HAS_CONTEXT && defined(__x86_64__)

    .text

/* void process_context_switch(struct process_context *from, const struct process_context *to)
 *
 * Both stacks have the same layout (struct saved in context.c), so that the CFI holds before and
 * after the change of stacks.
 *
 * A context that was left where this one is left, as a kernel's are, is returned to by a ret: every
 * call has its return then, and the processor's stack of return addresses keeps step, so that the
 * callers' returns are predicted.  For one that was left elsewhere that prediction is wrong in any
 * case, and a jump has one of its own.
 *
 * The order is that of the least time (tests/bench/context.c): the new stack is asked for before
 * the control words are stored, which takes long, but after *from is written, as the two may be the
 * same; MXCSR is loaded without asking whether it differs, which costs no more than to ask; the x87
 * control word hardly ever differs, and to load it costs more than to compare it. */
    .globl  process_context_switch
    .type   process_context_switch, @function
    .p2align 5
process_context_switch:
    .cfi_startproc
    endbr64
    leaq    -56(%rsp), %rsp
    .cfi_adjust_cfa_offset 56
    movq    %rsp, (%rdi)
    movq    %rbp, 48(%rsp)
    movq    %rbx, 40(%rsp)
    movq    %r12, 32(%rsp)
    movq    %r13, 24(%rsp)
    movq    %r14, 16(%rsp)
    movq    %r15, 8(%rsp)
    .cfi_rel_offset rbp, 48
    .cfi_rel_offset rbx, 40
    .cfi_rel_offset r12, 32
    .cfi_rel_offset r13, 24
    .cfi_rel_offset r14, 16
    .cfi_rel_offset r15, 8
    movq    (%rsi), %rdx
    stmxcsr (%rsp)
    fnstcw  4(%rsp)
    movq    %rsp, %rax
    movq    %rdx, %rsp
    ldmxcsr (%rsp)
    movzwl  4(%rax), %ecx
    cmpw    %cx, 4(%rsp)
    je      .Lx87_control_is_right
    fldcw   4(%rsp)
.Lx87_control_is_right:
    movq    40(%rsp), %rbx
    movq    48(%rsp), %rbp
    movq    32(%rsp), %r12
    movq    24(%rsp), %r13
    movq    16(%rsp), %r14
    movq    8(%rsp), %r15
    .cfi_restore r15
    .cfi_restore r14
    .cfi_restore r13
    .cfi_restore r12
    .cfi_restore rbx
    .cfi_restore rbp
    movq    56(%rsp), %rcx
    cmpq    %rcx, 56(%rax)
    jne     .Lreturn_elsewhere
    .cfi_remember_state
    leaq    56(%rsp), %rsp
    .cfi_adjust_cfa_offset -56
    ret
    .cfi_restore_state

.Lreturn_elsewhere:
    .cfi_remember_state
    leaq    64(%rsp), %rsp
    .cfi_adjust_cfa_offset -64
    .cfi_register rip, rcx
    notrack jmp *%rcx
    .cfi_restore_state
    .cfi_endproc
    .size   process_context_switch, . - process_context_switch

/* Where a new context's first switch returns to: r12 is its entry, r13 the argument.  There is no
 * caller, which is what an undefined return address tells an unwinder, and the zero that a new
 * context has in rbp one that follows frame pointers.  The nop makes the address before the label,
 * where unwinders look for the caller of a context that has not run, part of this function. */
    .globl  process_context_entry
    .hidden process_context_entry
    .type   process_context_entry, @function
    .p2align 4
    .cfi_startproc
    .cfi_undefined rip
    nop
process_context_entry:
    movq    %r13, %rdi
    call    *%r12
    ud2
    .cfi_endproc
    .size   process_context_entry, . - process_context_entry

/* The word on top is the return address, and where rax belongs in the frame. */
    .globl  process_frame_save
    .type   process_frame_save, @function
    .p2align 4
process_frame_save:
    .cfi_startproc
    endbr64
    xchgq   %rax, (%rsp)
    .cfi_register rip, rax
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    pushq   %rcx
    .cfi_adjust_cfa_offset 8
    pushq   %rdx
    .cfi_adjust_cfa_offset 8
    pushq   %rbp
    .cfi_adjust_cfa_offset 8
    pushq   %rsi
    .cfi_adjust_cfa_offset 8
    pushq   %rdi
    .cfi_adjust_cfa_offset 8
    pushq   %r8
    .cfi_adjust_cfa_offset 8
    pushq   %r9
    .cfi_adjust_cfa_offset 8
    pushq   %r10
    .cfi_adjust_cfa_offset 8
    pushq   %r11
    .cfi_adjust_cfa_offset 8
    pushq   %r12
    .cfi_adjust_cfa_offset 8
    pushq   %r13
    .cfi_adjust_cfa_offset 8
    pushq   %r14
    .cfi_adjust_cfa_offset 8
    pushq   %r15
    .cfi_adjust_cfa_offset 8
    pushq   %rax
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rip, 0
    ret     /* as called, so that the processor's stack of return addresses keeps step */
    .cfi_endproc
    .size   process_frame_save, . - process_frame_save

    .globl  process_frame_restore
    .type   process_frame_restore, @function
    .p2align 4
process_frame_restore:
    .cfi_startproc
    endbr64
    popq    %rax
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rax
    popq    %r15
    .cfi_adjust_cfa_offset -8
    popq    %r14
    .cfi_adjust_cfa_offset -8
    popq    %r13
    .cfi_adjust_cfa_offset -8
    popq    %r12
    .cfi_adjust_cfa_offset -8
    popq    %r11
    .cfi_adjust_cfa_offset -8
    popq    %r10
    .cfi_adjust_cfa_offset -8
    popq    %r9
    .cfi_adjust_cfa_offset -8
    popq    %r8
    .cfi_adjust_cfa_offset -8
    popq    %rdi
    .cfi_adjust_cfa_offset -8
    popq    %rsi
    .cfi_adjust_cfa_offset -8
    popq    %rbp
    .cfi_adjust_cfa_offset -8
    popq    %rdx
    .cfi_adjust_cfa_offset -8
    popq    %rcx
    .cfi_adjust_cfa_offset -8
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    xchgq   %rax, (%rsp)
    .cfi_rel_offset rip, 0
    ret
    .cfi_endproc
    .size   process_frame_restore, . - process_frame_restore

/* void process_floating_save(struct process_floating *floating) */
    .globl  process_floating_save
    .type   process_floating_save, @function
    .p2align 4
process_floating_save:
    .cfi_startproc
    endbr64
    fxsave64 (%rdi)
    ret
    .cfi_endproc
    .size   process_floating_save, . - process_floating_save

/* void process_floating_restore(const struct process_floating *floating) */
    .globl  process_floating_restore
    .type   process_floating_restore, @function
    .p2align 4
process_floating_restore:
    .cfi_startproc
    endbr64
    fxrstor64 (%rdi)
    ret
    .cfi_endproc
    .size   process_floating_restore, . - process_floating_restore

/* GNU_PROPERTY_X86_FEATURE_1_AND: IBT (1), and not SHSTK (2). */
    .section .note.gnu.property, "a"
    .p2align 3
    .long   4, 16, 5
    .asciz  "GNU"
    .long   0xc0000002, 4, 1, 0

#endif

    .section .note.GNU-stack, "", %progbits
