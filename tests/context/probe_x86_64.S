/* probe_x86_64.S -- see probe.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/context/probe.h"

#if defined(__x86_64__)

    .text

    .globl  probe_switch
    .type   probe_switch, @function
probe_switch:
    endbr64
    pushq   %rbx
    pushq   %rbp
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    pushq   %rcx
    movq    0(%rdx), %rbx
    movq    8(%rdx), %rbp
    movq    16(%rdx), %r12
    movq    24(%rdx), %r13
    movq    32(%rdx), %r14
    movq    40(%rdx), %r15
    call    process_context_switch
    popq    %rcx
    movq    %rbx, 0(%rcx)
    movq    %rbp, 8(%rcx)
    movq    %r12, 16(%rcx)
    movq    %r13, 24(%rcx)
    movq    %r14, 32(%rcx)
    movq    %r15, 40(%rcx)
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbp
    popq    %rbx
    ret
    .size   probe_switch, . - probe_switch

    .globl  probe_interrupt
    .type   probe_interrupt, @function
probe_interrupt:
    endbr64
    pushq   %rbx
    pushq   %rbp
    pushq   %r12
    pushq   %r13
    pushq   %r14
    pushq   %r15
    pushq   %rsi
    movq    %rdi, %rsi
    movq    %rsp, %rax
    andq    $-16, %rsp /* as the processor does before it pushes */
    movl    %ss, %ecx
    pushq   %rcx
    pushq   %rax
    pushq   120(%rsi)
    orq     $PROBE_FLAGS_SET, (%rsp)
    movl    %cs, %ecx
    pushq   %rcx
    leaq    .Linterrupted(%rip), %rcx
    pushq   %rcx
    movq    0(%rsi), %r15
    movq    8(%rsi), %r14
    movq    16(%rsi), %r13
    movq    24(%rsi), %r12
    movq    32(%rsi), %r11
    movq    40(%rsi), %r10
    movq    48(%rsi), %r9
    movq    56(%rsi), %r8
    movq    64(%rsi), %rdi
    movq    80(%rsi), %rbp
    movq    88(%rsi), %rdx
    movq    96(%rsi), %rcx
    movq    104(%rsi), %rbx
    movq    112(%rsi), %rax
    movq    72(%rsi), %rsi
    jmp     interrupt_stub
.Linterrupted:
    pushfq
    pushq   %rax
    movq    16(%rsp), %rax
    movq    %r15, 0(%rax)
    movq    %r14, 8(%rax)
    movq    %r13, 16(%rax)
    movq    %r12, 24(%rax)
    movq    %r11, 32(%rax)
    movq    %r10, 40(%rax)
    movq    %r9, 48(%rax)
    movq    %r8, 56(%rax)
    movq    %rdi, 64(%rax)
    movq    %rsi, 72(%rax)
    movq    %rbp, 80(%rax)
    movq    %rdx, 88(%rax)
    movq    %rcx, 96(%rax)
    movq    %rbx, 104(%rax)
    popq    112(%rax)
    popq    120(%rax)
    andq    $PROBE_FLAGS, 120(%rax)
    cld
    popq    %rsi
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbp
    popq    %rbx
    ret
    .size   probe_interrupt, . - probe_interrupt

    .type   interrupt_stub, @function
interrupt_stub:
    cld
    pushq   $0
    call    process_frame_save
    movq    %rsp, %rdi
    subq    $8, %rsp
    call    probe_handler
    addq    $8, %rsp
    call    process_frame_restore
    addq    $8, %rsp
    iretq
    .size   interrupt_stub, . - interrupt_stub

    .globl  probe_floating
    .type   probe_floating, @function
probe_floating:
    endbr64
    pushq   %rdi
    pushq   %rdx
    pushq   %rcx
    movdqu  0(%rsi), %xmm0
    movdqu  16(%rsi), %xmm1
    movdqu  32(%rsi), %xmm2
    movdqu  48(%rsi), %xmm3
    movdqu  64(%rsi), %xmm4
    movdqu  80(%rsi), %xmm5
    movdqu  96(%rsi), %xmm6
    movdqu  112(%rsi), %xmm7
    movdqu  128(%rsi), %xmm8
    movdqu  144(%rsi), %xmm9
    movdqu  160(%rsi), %xmm10
    movdqu  176(%rsi), %xmm11
    movdqu  192(%rsi), %xmm12
    movdqu  208(%rsi), %xmm13
    movdqu  224(%rsi), %xmm14
    movdqu  240(%rsi), %xmm15
    call    process_floating_save
    popq    %rcx
    subq    $8, %rsp
    call    *%rcx
    movq    16(%rsp), %rdi
    call    process_floating_restore
    movq    8(%rsp), %rdx
    movdqu  %xmm0, 0(%rdx)
    movdqu  %xmm1, 16(%rdx)
    movdqu  %xmm2, 32(%rdx)
    movdqu  %xmm3, 48(%rdx)
    movdqu  %xmm4, 64(%rdx)
    movdqu  %xmm5, 80(%rdx)
    movdqu  %xmm6, 96(%rdx)
    movdqu  %xmm7, 112(%rdx)
    movdqu  %xmm8, 128(%rdx)
    movdqu  %xmm9, 144(%rdx)
    movdqu  %xmm10, 160(%rdx)
    movdqu  %xmm11, 176(%rdx)
    movdqu  %xmm12, 192(%rdx)
    movdqu  %xmm13, 208(%rdx)
    movdqu  %xmm14, 224(%rdx)
    movdqu  %xmm15, 240(%rdx)
    addq    $24, %rsp
    ret
    .size   probe_floating, . - probe_floating

#endif

    .section .note.GNU-stack, "", %progbits
