/* context.h -- the context switch: leave one stack, go on where another was left.
 *
 * There are three parts, each of use alone:
 *
 *   process_context_switch()   from one process to another, by a call.  It saves what a call must
 *                              preserve and nothing more, on the stack that is left.
 *   process_frame_save()       what an interrupt adds: every general register, since nobody asked
 *                              the process that was interrupted.
 *   process_floating_save()    floating-point and vector registers.  A switch by a call need not
 *                              keep them; one out of an interrupt must, if processes compute in
 *                              them.
 *
 * What process_context_switch() saves and restores
 *   x86-64    rbx, rbp, r12 to r15, rsp; MXCSR and the x87 control word
 *   aarch64   x19 to x30, sp, d8 to d15; FPCR
 *   The control words (rounding, masked exceptions) thus belong to each context.  Exception flags
 *   are as after any call: MXCSR's come with its word, x87's and FPSR's are left as they are.
 *   Neither thread pointer nor address space nor interrupt mask is changed: that is the port's.
 *
 * Rules
 *   - A context is a stack pointer; what it saves lies on its own stack, below what is in use
 *     there.  A switch takes PROCESS_CONTEXT_BYTES of the stack it leaves.  Nothing is allocated.
 *   - The stack pointer is a multiple of 16 wherever the ABI wants it.
 *   - Stacks are not checked: whoever wants overflows seen puts a guard page below each.
 *   - Processes may move between cores.  A context may be resumed once the switch that saved it has
 *     returned, to whoever runs next: whatever makes it visible to other cores (a lock that is held
 *     across the switch, say) must be released by that one, after.
 *   - Code that is compiled to keep the address of a thread-local variable across a call does so
 *     across a switch, too.
 *   - Floating point must be enabled (CR0.EM and CR0.TS clear, CR4.OSFXSR set; CPACR_EL1.FPEN),
 *     even where the scheduler itself, which does not use it, is all that runs.
 *   - Branches are protected: entries are landing pads (endbr64, bti c), and the object says so.
 *     Return addresses that were signed (pac-ret) stay valid, since they are so for their place on
 *     their stack.  Shadow stacks are not supported: a return to another stack is what they are
 *     there to refuse.  The object does not claim them, so that the linker leaves them off.
 *   - Unwinders find the caller of a switch, and stop below the entry of a context.
 *
 * PROCESS_HAS_CONTEXT says whether there is one: on ELF with 64-bit pointers, for x86-64 and
 * aarch64.  Elsewhere (riscv64, ARMv7-M) nothing of it is declared, so that its use does not
 * compile, and its source files compile to nothing.
 *
 * tests/context/drills.c switches at random among stacks with every register checked.
 *
 * Sources: System V Application Binary Interface, AMD64 Architecture Processor Supplement, 3.2.1
 * (registers, control bits preserved), 3.2.2 (stack frame), 3.4.1 (initial MXCSR and x87 control
 * word); Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), 6.1.1 and 6.1.2
 * (registers), 6.4.5.1 (stack); Intel 64 and IA-32 Architectures SDM 3A, 6.14.2 (stack frame of an
 * interrupt), 1, 10.5 (FXSAVE).
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_CONTEXT_H
#define BRAID_CONTEXT_H

#if defined(__ELF__) && defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__))
#define PROCESS_HAS_CONTEXT 1
#else
#define PROCESS_HAS_CONTEXT 0
#endif

/* Sizes and offsets that assembly needs, too; context.c checks them against the types. */
#if PROCESS_HAS_CONTEXT && defined(__x86_64__)
#define PROCESS_CONTEXT_BYTES 64
#define PROCESS_FRAME_BYTES   168
#elif PROCESS_HAS_CONTEXT
#define PROCESS_CONTEXT_BYTES 176
#define PROCESS_FRAME_BYTES   272
#define PROCESS_FRAME_X30     240
#define PROCESS_FRAME_SP      248
#define PROCESS_FRAME_PC      256
#endif

#if PROCESS_HAS_CONTEXT && !defined(__ASSEMBLER__)

#include <stddef.h>
#include <stdint.h>

/* ---- Switch by a call --------------------------------------------------------------------- */

struct process_context {
    void *stack_pointer; /* of the context while it does not run */
};

/* The context, when first switched to, calls entry(argument) on that stack, with the control words
 * of a new program (round to nearest, no exceptions; on x86-64 extended precision).  The stack may
 * begin and end anywhere; it must have room for PROCESS_CONTEXT_BYTES + 16 and for what entry
 * needs, and is the context's until nobody will switch to it again.
 * entry must not return, as there is nowhere to return to: if it does, the trap that follows
 * (ud2, brk #1) says so. */
void process_context_init(struct process_context *context, void *stack, size_t stack_bytes,
                          void (*entry)(void *argument), void *argument);

/* Saves the caller as *from and goes on with *to.  Returns when somebody switches to *from.  *from
 * need not be initialised.  The two may be the same. */
void process_context_switch(struct process_context *from, const struct process_context *to);

/* ---- Switch by an interrupt --------------------------------------------------------------- */

/* All general registers of what was interrupted, as process_frame_save() leaves them at the stack
 * pointer.  A handler may read and change them; to preempt, it calls process_context_switch() and
 * returns when the process is resumed: the frame stays where it is meanwhile. */
struct process_frame {
#if defined(__x86_64__)
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rdx, rcx, rbx, rax;
    uint64_t error;                     /* the port's: error code, or a word in its place */
    uint64_t rip, cs, rflags, rsp, ss;  /* pushed by the processor */
#else
    uint64_t x[31];    /* x[30] is the port's to save and restore */
    uint64_t sp;       /* of what was interrupted, if on the same stack; to read only */
    uint64_t pc, pstate; /* the port's: ELR_EL1, SPSR_EL1 */
#endif
};

/* These two are called by the port's interrupt stub, not from C; only the port knows how its
 * machine enters and leaves an interrupt, and which stack it is on.
 *
 *   x86-64: the processor has pushed      aarch64:
 *   five words on an aligned stack          sub  sp, sp, #PROCESS_FRAME_BYTES
 *     cld                                   str  x30, [sp, #PROCESS_FRAME_X30]
 *     pushq $0     (if no error code)       bl   process_frame_save
 *     call  process_frame_save              mrs  x0, elr_el1
 *     movq  %rsp, %rdi                      mrs  x1, spsr_el1
 *     subq  $8, %rsp  (the ABI's 16)        stp  x0, x1, [sp, #PROCESS_FRAME_PC]
 *     call  handler                         mov  x0, sp
 *     addq  $8, %rsp                        bl   handler
 *     call  process_frame_restore           ldp  x0, x1, [sp, #PROCESS_FRAME_PC]
 *     addq  $8, %rsp                        msr  elr_el1, x0
 *     iretq                                 msr  spsr_el1, x1
 *                                           bl   process_frame_restore
 *                                           ldr  x30, [sp, #PROCESS_FRAME_X30]
 *                                           add  sp, sp, #PROCESS_FRAME_BYTES
 *                                           eret
 *
 * process_frame_save() leaves the stack pointer at a struct process_frame, and every register but
 * rax (x16) as it was.  process_frame_restore() takes it from there.  Interrupts must be off in
 * both and until the return from the interrupt.  The interrupted code's red zone below its stack
 * pointer is lost if the interrupt is taken on its stack: x86-64 kernels are compiled
 * -mno-red-zone. */
void process_frame_save(void);
void process_frame_restore(void);

/* Registers and control and status words of floating point: x87, MMX and SSE on x86-64 (FXSAVE:
 * neither the upper halves of AVX registers nor AVX-512's, which a port whose processes use them
 * saves by XSAVE); v0 to v31, FPCR and FPSR on aarch64 (not SVE's). */
struct process_floating {
#if defined(__x86_64__)
    _Alignas(16) unsigned char image[512];
#else
    _Alignas(16) unsigned char v[32][16];
    uint64_t fpcr, fpsr;
#endif
};

/* save changes no register; restore leaves what save has saved in that place.  Both may be called
 * from C that is compiled to use none of those registers (-mgeneral-regs-only). */
void process_floating_save(struct process_floating *floating);
void process_floating_restore(const struct process_floating *floating);

#endif /* PROCESS_HAS_CONTEXT && !__ASSEMBLER__ */
#endif
