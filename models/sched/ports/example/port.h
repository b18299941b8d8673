/* port.h -- the emergent scheduler in a kernel: one torus per CPU.  An example to copy.
 *
 * The kernel calls with interrupts off, on the CPU that it names, with a time in nanoseconds that
 * never goes back.  Whatever it did, it ends with port_leave(), the way back to user code.
 *     timer interrupt    port_tick(), which calls kernel->events() for the kernel's own part
 *     IPI                nothing more: port_leave() reads what other CPUs have sent
 *     others             torus->wake() for whoever waits on this CPU, torus->create()
 *     system calls       port_stop() when the current process sleeps, yields or exits
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_PORT_H
#define BRAID_PORT_H

#include "braid/module.h"

/* What the port asks of the kernel. */
struct port_kernel {
    void *(*memory)(uint64_t bytes);                    /* zeroed, on a line of its own, for good */
    void (*interrupt)(uint32_t cpu);                    /* sends cpu an IPI */
    void (*events)(uint32_t cpu, uint64_t now_ns);      /* what is due on cpu: torus->wake() */
    /* What cpu returns to; NULL: it halts.  May switch contexts: port_leave() ends with it. */
    void (*run)(uint32_t cpu, struct process *process);
    /* Does a CPU stand on its stack?  Then that calls port.post() again, from the next stack.  (To
     * ask so, and to tell it, is one step to its switch.) */
    bool (*stands)(const struct process *process);
};

struct port_cpu {
    _Alignas(PROCESS_LINE_BYTES) struct torus *torus;
    uint32_t requests; /* enum torus_request, until port_leave() */
};

struct kernel_port {
    const struct torus_operations *torus; /* these two are the caller's to set, */
    const struct port_kernel *kernel;
    struct braid braid; /* and here placement, balancer and what they need */
    struct port port;
    struct process *processes;
    struct port_cpu *cpus;
};

void port_init(struct kernel_port *kp, uint16_t cpus, uint32_t processes,
               const struct policy *policy, uint64_t slice_ns, uint32_t tick_ns);
void port_tick(struct kernel_port *kp, uint32_t cpu, uint64_t now_ns);
void port_leave(struct kernel_port *kp, uint32_t cpu, uint64_t now_ns);

/* The current process leaves by PROCESS_BLOCK, PROCESS_YIELD or PROCESS_EXIT. */
void port_stop(struct kernel_port *kp, uint32_t cpu, enum process_event event, uint64_t now_ns);

#endif
