/* context.c -- benchmark: the context switch, beside swapcontext() and Boost.Context's.
 *
 * Stacks in a ring, each of which switches to the next; the figure is the time of one such step,
 * the loop around it included.  The three are timed in turn, pass by pass, each pass beginning with
 * another one, so that what disturbs the machine disturbs all; the figure is the median of the
 * passes, and the ratio that of the ratios within each pass.
 *
 * The rings differ in what a processor can predict:
 *   2 stacks           the cheapest case: all that is touched is in the first-level cache
 *   64 stacks          returns still go to the one place that all calls came from
 *   8 calls deep       below each switch lie calls that must return: a switch that does not return
 *                      itself puts the processor's stack of return addresses out of step
 *   2 call sites       two stacks that switch in different functions, apart by no multiple of 16
 *                      bytes: processors tell jumps apart by some bits of where they come from,
 *                      and compilers align such functions alike
 *   2 roundings        the control words change each time
 *
 * Boost's is jump_fcontext() of 1.74 (libboost-context-dev), which saves the same registers and
 * words; without it that column is left out.  swapcontext() saves the signal mask, too, by a system
 * call.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <fenv.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

#include "braid/context.h"
#include "sim/base/check.h"

#if PROCESS_HAS_CONTEXT

enum {
    STACKS_MAX = 64,
    STACK_BYTES = 16384 + 192,
    DEPTH = 8,
    DISTANCE = 37,
    PASSES = 25,
    METHODS = 3
};
enum { FAST_STEPS = 400000, SLOW_STEPS = 20000 };

/* Boost's header is C++; these are its two functions. */
struct transfer {
    void *from, *data;
};
#ifdef BENCH_BOOST
extern struct transfer jump_fcontext(void *to, void *data);
extern void *make_fcontext(void *stack_end, size_t bytes, void (*entry)(struct transfer));
enum { HAS_BOOST = 1 };
#else
enum { HAS_BOOST = 0 };
#endif

struct ring {
    const char *name;
    uint32_t stacks;
    uint32_t depth;     /* of calls below each switch */
    uint32_t sites;     /* 2: every other stack has a loop of its own */
    uint32_t roundings; /* 2: every other stack rounds up */
};

static const struct ring rings[] = {
    { "2 stacks", 2, 0, 1, 1 },         { "64 stacks", STACKS_MAX, 0, 1, 1 },
    { "8 calls deep", 2, DEPTH, 1, 1 }, { "2 call sites", 2, 0, 2, 1 },
    { "2 roundings", 2, 0, 1, 2 },
};
enum { RINGS = sizeof rings / sizeof rings[0] };

struct node {
    struct node *next;
    struct process_context ours;
    ucontext_t ucontext;
    void *boost;
};

static struct node nodes[STACKS_MAX], home;
static _Alignas(64) unsigned char stacks[STACKS_MAX][STACK_BYTES];
static uint64_t steps_left;
static const struct ring *ring;

/* Whom to switch to. */
static inline struct node *next_of(struct node *self)
{
    return steps_left-- > 0 ? self->next : &home;
}

static void begin(const struct node *self)
{
    if (ring->roundings == 2 && (self - nodes) % 2 == 1)
        fesetround(FE_UPWARD);
}

/* In the functions that make the second call site: so many bytes of code. */
static inline void move_on(void)
{
#ifdef __x86_64__
    __asm__ volatile(".skip %c0, 0x90" ::"i"(DISTANCE)); /* nop */
#endif
}

/* ---- Ours --------------------------------------------------------------------------------- */

static inline void step_ours(struct node *self)
{
    process_context_switch(&self->ours, &next_of(self)->ours);
}

__attribute__((noinline)) static void deep_ours(struct node *self, uint32_t depth)
{
    if (depth == 0)
        step_ours(self);
    else
        deep_ours(self, depth - 1);
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

__attribute__((noinline)) static void other_ours(struct node *self)
{
    for (;;) {
        step_ours(self);
        move_on();
    }
}

static void run_ours(void *argument)
{
    struct node *self = argument;
    begin(self);
    if (ring->sites == 2 && (self - nodes) % 2 == 1)
        other_ours(self);
    if (ring->depth > 0)
        for (;;)
            deep_ours(self, ring->depth);
    for (;;)
        step_ours(self);
}

static void make_ours(struct node *node, unsigned char *stack)
{
    process_context_init(&node->ours, stack, STACK_BYTES, run_ours, node);
}

static void start_ours(void)
{
    process_context_switch(&home.ours, &nodes[0].ours);
}

/* ---- swapcontext() ------------------------------------------------------------------------ */

static inline void step_ucontext(struct node *self)
{
    swapcontext(&self->ucontext, &next_of(self)->ucontext);
}

__attribute__((noinline)) static void deep_ucontext(struct node *self, uint32_t depth)
{
    if (depth == 0)
        step_ucontext(self);
    else
        deep_ucontext(self, depth - 1);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void other_ucontext(struct node *self)
{
    for (;;) {
        step_ucontext(self);
        move_on();
    }
}

static void run_ucontext(int index)
{
    struct node *self = &nodes[index];
    begin(self);
    if (ring->sites == 2 && index % 2 == 1)
        other_ucontext(self);
    if (ring->depth > 0)
        for (;;)
            deep_ucontext(self, ring->depth);
    for (;;)
        step_ucontext(self);
}

static void make_ucontext(struct node *node, unsigned char *stack)
{
    getcontext(&node->ucontext);
    node->ucontext.uc_stack.ss_sp = stack;
    node->ucontext.uc_stack.ss_size = STACK_BYTES;
    makecontext(&node->ucontext, (void (*)(void))run_ucontext, 1, (int)(node - nodes));
}

static void start_ucontext(void)
{
    swapcontext(&home.ucontext, &nodes[0].ucontext);
}

/* ---- Boost.Context: who is resumed is handed the context of whoever resumed it --------------- */

#ifdef BENCH_BOOST
static inline void step_boost(struct node *self)
{
    struct transfer transfer = jump_fcontext(next_of(self)->boost, self);
    ((struct node *)transfer.data)->boost = transfer.from;
}

__attribute__((noinline)) static void deep_boost(struct node *self, uint32_t depth)
{
    if (depth == 0)
        step_boost(self);
    else
        deep_boost(self, depth - 1);
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void other_boost(struct node *self)
{
    for (;;) {
        step_boost(self);
        move_on();
    }
}

static struct node *made; /* the ring is entered node by node, in order */

static void run_boost(struct transfer transfer)
{
    struct node *self = made++;
    ((struct node *)transfer.data)->boost = transfer.from;
    begin(self);
    if (ring->sites == 2 && (self - nodes) % 2 == 1)
        other_boost(self);
    if (ring->depth > 0)
        for (;;)
            deep_boost(self, ring->depth);
    for (;;)
        step_boost(self);
}

static void make_boost(struct node *node, unsigned char *stack)
{
    made = nodes;
    node->boost = make_fcontext(stack + STACK_BYTES, STACK_BYTES, run_boost);
}

static void start_boost(void)
{
    struct transfer transfer = jump_fcontext(nodes[0].boost, &home);
    ((struct node *)transfer.data)->boost = transfer.from;
}
#else
static void make_boost(struct node *node, unsigned char *stack)
{
    (void)node, (void)stack;
}

static void start_boost(void)
{
}
#endif

/* ---- Timing ------------------------------------------------------------------------------- */

static const struct method {
    void (*make)(struct node *node, unsigned char *stack);
    void (*start)(void);
    uint64_t steps;
} methods[METHODS] = {
    { make_ours, start_ours, FAST_STEPS },
    { make_boost, start_boost, FAST_STEPS },
    { make_ucontext, start_ucontext, SLOW_STEPS },
};
enum { OURS, BOOST, UCONTEXT };

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double step_ns(const struct method *method)
{
    for (uint32_t i = 0; i < ring->stacks; i++) {
        nodes[i].next = &nodes[(i + 1) % ring->stacks];
        method->make(&nodes[i], stacks[i]);
    }
    steps_left = 4 * ring->stacks; /* all have begun, and are warm */
    method->start();
    steps_left = method->steps;
    double began = now_ns();
    method->start();
    return (now_ns() - began) / (double)method->steps;
}

static double median(double *values)
{
    gsl_sort(values, 1, PASSES);
    return gsl_stats_median_from_sorted_data(values, 1, PASSES);
}

static void row(void)
{
    double ns[METHODS][PASSES], to_boost[PASSES], to_ucontext[PASSES];
    for (int pass = 0; pass < PASSES; pass++) {
        for (int i = 0; i < METHODS; i++) {
            int method = (pass + i) % METHODS;
            if (method != BOOST || HAS_BOOST)
                ns[method][pass] = step_ns(&methods[method]);
            else
                ns[method][pass] = 0;
        }
        to_boost[pass] = HAS_BOOST ? ns[OURS][pass] / ns[BOOST][pass] : 0;
        to_ucontext[pass] = ns[OURS][pass] / ns[UCONTEXT][pass];
    }
    printf("%-14s %10.2f", ring->name, median(ns[OURS]));
    if (HAS_BOOST)
        printf(" %14.2f %10.2f", median(ns[BOOST]), median(to_boost));
    else
        printf(" %14s %10s", "-", "-");
    printf(" %14.2f %10.3f\n", median(ns[UCONTEXT]), median(to_ucontext));
}

int main(void)
{
    if (!HAS_BOOST)
        fputs("bench_context: NO COMPARISON WITH BOOST: libboost_context was not found when this "
              "was configured (Debian: libboost-context-dev)\n",
              stderr);
    printf("Context switch, ns a step (medians of %d passes, also of their ratios; wanted: at most "
           "10, ratio to Boost at most 1)\n",
           PASSES);
    printf("%-14s %10s %14s %10s %14s %10s\n", "ring", "ours", "jump_fcontext", "ratio",
           "swapcontext", "ratio");
    for (ring = rings; ring < rings + RINGS; ring++)
        row();
    return EXIT_SUCCESS;
}

#else

int main(void)
{
    fputs("bench_context: no context switch for this machine\n", stderr);
    return EXIT_FAILURE;
}

#endif
