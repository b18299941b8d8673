/* balancer.h -- what a balancer is: when and what migrates between tori.
 *
 * A balancer decides for one torus at a time, which the caller holds, from that torus's own state
 * and the projections of the others.  It moves a process in two ways:
 *   push  torus_give() takes a queued process of this torus and posts it to another.
 *   pull  torus_ask() leaves a request in another torus's inbox.  That torus reads it when it next
 *         receives, and gives what its own balancer sees fit: no torus touches another's queue.
 *
 * Contract (tests/contract/balancers.c holds every balancer to it)
 *   State   None of its own: all is in the torus, the projections and the settings of struct braid.
 *   Trust   A projection may be old, missing or damaged (braid_read() says so), and a request or
 *           its answer may find things changed.  Nothing is ever lost by that.
 *   Code    Freestanding C11, as for policies.
 *
 * Adding a balancer is one file, balancer_NAME.c, and one line in BALANCER_LIST.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BRAID_BALANCER_H
#define BRAID_BALANCER_H

#include <stdbool.h>
#include <stdint.h>

struct braid;
struct torus;

/* Whom an idle torus asks. */
enum balancer_victim {
    VICTIM_MOST_LOADED,    /* by the projections */
    VICTIM_RANDOM,         /* one of the others */
    VICTIM_RANDOM_OR_SELF, /* one of all: if it is the torus itself, nobody is asked */
    BALANCER_VICTIMS
};

struct balancer {
    const char *name;    /* as in scenarios: "threshold" */
    const char *summary; /* one line: what it does, and its complexity */

    /* A torus also publishes, at once, when it comes to be idle, in balance or overloaded
     * (torus_strain()), and not only when its phase of the exchange has come. */
    bool prompt;

    /* ---- All optional; NULL means what is said here ---------------------- */

    /* Once per balance interval of each torus, idle ones too.  NULL: nothing. */
    void (*balance)(struct braid *braid, struct torus *torus, uint64_t now_ns);

    /* A core of torus has found nothing to run.  NULL: it waits until something comes. */
    void (*idle)(struct braid *braid, struct torus *torus, uint64_t now_ns);

    /* A process that has been created, has woken or begun another program is queued here, and no
     * core of torus is free for all that wait.  NULL: they wait.  What a balancer has sent here
     * (torus->guest names the last one) moves nobody else, or two tori that take each other to be
     * idle could go on for ever. */
    void (*arrived)(struct braid *braid, struct torus *torus, uint64_t now_ns);

    /* Torus thief has asked for up to count processes.  NULL: it gets those that wait, and for
     * which no core of torus is free. */
    void (*asked)(struct braid *braid, struct torus *torus, uint16_t thief, uint32_t count,
                  uint64_t now_ns);
};

/* All of them, one line each, in the order of `braidsim list balancers`: balancer_NAME.c defines
 * balancer_NAME. */
#define BALANCER_LIST(BALANCER)                                                                    \
    BALANCER(none)                                                                                 \
    BALANCER(threshold)                                                                            \
    BALANCER(steal)                                                                                \
    BALANCER(periodic)                                                                             \
    BALANCER(braid)

#define BALANCER_DECLARE(name) extern const struct balancer balancer_##name;
BALANCER_LIST(BALANCER_DECLARE)

extern const struct balancer *const balancer_list[]; /* ends with NULL */

#endif
