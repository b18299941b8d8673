/* port.c -- see port.h.
 *
 * Property: the scheduler is called as the simulator calls it, call by call (tests/unit/port.c), so
 * that what is priced there is what runs here.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port.h"

static void post(void *world, uint16_t target, struct process *process)
{
    struct kernel_port *kp = world;
    if (!kp->kernel->stands(process) &&
        kp->torus->inbox_push(&kp->cpus[target].torus->inbox, process))
        kp->kernel->interrupt(target);
}

static void ask(void *world, uint16_t victim, uint16_t thief, uint32_t count)
{
    struct kernel_port *kp = world;
    if (kp->torus->inbox_ask(&kp->cpus[victim].torus->inbox, thief, count))
        kp->kernel->interrupt(victim);
}

/* A torus has one CPU here, and kicks no other. */
static void kick(void *world, uint32_t cpu)
{
    struct kernel_port *kp = world;
    kp->cpus[cpu].requests |= TORUS_RESCHEDULE;
}

void port_init(struct kernel_port *kp, uint16_t cpus, uint32_t processes,
               const struct policy *policy, uint64_t slice_ns, uint32_t tick_ns)
{
    struct braid *braid = &kp->braid;
    kp->port.post = post, kp->port.ask = ask, kp->port.kick = kick, kp->port.world = kp;
    kp->processes = kp->kernel->memory((uint64_t)processes * sizeof *kp->processes);
    kp->cpus = kp->kernel->memory((uint64_t)cpus * sizeof *kp->cpus);
    braid->slots = kp->kernel->memory((uint64_t)cpus * sizeof *braid->slots);
    braid->tori = kp->kernel->memory((uint64_t)cpus * sizeof *braid->tori);
    braid->torus_count = cpus;
    for (uint16_t cpu = 0; cpu < cpus; cpu++) {
        struct torus_setup setup = { .policy = policy,
                                     .queue = kp->kernel->memory(policy->queue_bytes),
                                     .processes = kp->processes,
                                     .braid = braid,
                                     .port = &kp->port,
                                     .slice_ns = slice_ns,
                                     .slice_tick_ns = tick_ns,
                                     .random = cpu + 1u,
                                     .id = cpu,
                                     .core_count = 1,
                                     .first_core = cpu };
        struct torus *torus = kp->cpus[cpu].torus = kp->kernel->memory(kp->torus->bytes(1));
        kp->torus->init(torus, &setup);
        uint64_t phase_ns = (uint64_t)tick_ns * cpu; /* one torus a tick */
        kp->torus->join(braid, torus, phase_ns, braid->balance_ns + phase_ns);
    }
}

void port_tick(struct kernel_port *kp, uint32_t cpu, uint64_t now_ns)
{
    struct port_cpu *own = &kp->cpus[cpu];
    own->requests |= kp->torus->tick(own->torus, 0, now_ns);
    kp->kernel->events(cpu, now_ns);
    own->requests |= kp->torus->heartbeat(own->torus, 0, now_ns);
}

void port_leave(struct kernel_port *kp, uint32_t cpu, uint64_t now_ns)
{
    struct port_cpu *own = &kp->cpus[cpu];
    if (!inbox_is_empty(&own->torus->inbox))
        kp->torus->receive(own->torus, 0, now_ns);
    if (own->requests & TORUS_BALANCE)
        kp->torus->balance(&kp->braid, own->torus, now_ns);
    bool schedules = (own->requests & TORUS_RESCHEDULE) != 0;
    own->requests = 0;
    if (!schedules)
        return;
    struct process *next = kp->torus->schedule(own->torus, 0, now_ns);
    if (next == NULL)
        kp->torus->idle(&kp->braid, own->torus, now_ns);
    kp->kernel->run(cpu, next); /* last: where it switches contexts, it returns at another time */
}

void port_stop(struct kernel_port *kp, uint32_t cpu, enum process_event event, uint64_t now_ns)
{
    struct port_cpu *own = &kp->cpus[cpu];
    struct process *process = own->torus->cores[0].current;
    own->requests |= TORUS_RESCHEDULE;
    if (event == PROCESS_BLOCK) {
        kp->torus->block(own->torus, 0, now_ns);
    } else if (event == PROCESS_YIELD) {
        kp->torus->yield(own->torus, 0, now_ns);
    } else if (kp->torus->exit(own->torus, 0, now_ns) == PROCESS_OK) { /* it ran something */
        kp->torus->reap(own->torus, PROCESS_NO_PARENT, process); /* braid/family.h knows parents */
    }
}
