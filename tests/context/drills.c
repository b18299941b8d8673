/* drills.c -- the context switch keeps what it must, wherever it is called.
 *
 * Method: 48 contexts switch to each other at random, thousands of times, at random depths of
 * recursion.  Before each switch a context fills every register that a call preserves with values
 * of its own, and after it compares them; so it does with its control words, which it changes now
 * and then, with how 1/10 is rounded, with a local array at every depth, and with the canaries at
 * both ends of its stack.  Besides: what a context starts with; that it traps if its entry returns;
 * that unwinding ends at its entry; that a signal handler may switch; that an interrupt's frame has
 * all registers, and gives them back; that vector registers survive a switch if they are saved.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _DEFAULT_SOURCE /* setitimer() */
#include "tests/context/drills.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include "tests/context/control.h"
#include "tests/context/fiber.h"
#include "tests/context/probe.h"

enum { FIBERS = 48, SWITCHES = 20000, DEPTH_MAX = 40 };

static struct fiber fibers[FIBERS];
static uint64_t random_state;
static const char *volatile failure; /* the first one */
static uint32_t switches_left;

static uint64_t draw(void) /* xorshift64: G. Marsaglia, J. Stat. Softw. 8(14), 2003 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void expect(bool holds, const char *what)
{
    if (!holds && failure == NULL)
        failure = what;
}

static void begin(uint32_t count, void (*body)(struct fiber *self))
{
    random_state = UINT64_C(0x9E3779B97F4A7C15);
    failure = NULL;
    for (uint32_t i = 0; i < count; i++)
        fiber_init(&fibers[i], i, body);
}

static const char *end(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        expect(fiber_canaries_are_whole(&fibers[i]), "a canary was overwritten");
        fiber_fini(&fibers[i]);
    }
    return failure;
}

/* For good: whoever comes here is not resumed. */
static void go_home(void)
{
    fiber_switch(&fiber_home);
    abort();
}

/* ---- What a context starts with ----------------------------------------------------------- */

static struct process_context starter, started;
static void *start_argument;

static void first_body(void *argument)
{
    start_argument = argument;
    expect(control_get() == CONTROL_INITIAL, "a new context has another's control words");
    void **frame = __builtin_frame_address(0); /* the caller's is saved there */
    expect((uintptr_t)frame % 16 == 0, "the stack of a new context is odd");
    expect(*frame == NULL, "the frames of a new context have no end");
    process_context_switch(&started, &starter);
}

/* Stacks that begin and end anywhere. */
static const char *first_entry(void)
{
    enum { BYTES = 32 * 1024, EDGE = 64, ALL = BYTES + 2 * EDGE };
    uint64_t mine = CONTROL_INITIAL | control_of_rounding(3);
    failure = NULL;
    for (uint32_t shift = 0; shift < 32; shift++) {
        unsigned char *memory = malloc(ALL);
        if (memory == NULL)
            return "no memory";
        memset(memory, 0xA5, ALL);
        unsigned char *stack = memory + EDGE + shift % 7;
        size_t bytes = BYTES - shift;
        unsigned id = fiber_watch(stack, bytes);
        process_context_init(&started, stack, bytes, first_body, memory);
        control_set(mine);
        process_context_switch(&starter, &started);
        expect(control_get() == mine, "the first switch lost the control words");
        control_set(CONTROL_INITIAL);
        fiber_unwatch(id);
        expect(start_argument == memory, "a new context got another argument");
        for (unsigned char *edge = memory; edge < stack; edge++)
            expect(*edge == 0xA5, "a new context wrote below its stack");
        for (unsigned char *edge = stack + bytes; edge < memory + ALL; edge++)
            expect(*edge == 0xA5, "a new context wrote above its stack");
        free(memory);
    }
    return failure;
}

/* ---- Thousands of switches ---------------------------------------------------------------- */

static uint64_t new_control(void)
{
    uint64_t others = fiber_in_valgrind() ? 0 : CONTROL_OTHERS;
    return (CONTROL_INITIAL ^ (draw() & others)) | control_of_rounding(draw() % ROUNDINGS);
}

/* One switch to anybody else, with all that is to survive it. */
static void wander(struct fiber *self, uint64_t *control)
{
    struct fiber *to = &fibers[draw() % FIBERS];
    if (switches_left-- == 0)
        to = &fiber_home;
    else if (to == self)
        return;
    uint64_t in[PROBE_PRESERVED], out[PROBE_PRESERVED];
    for (int i = 0; i < PROBE_PRESERVED; i++)
        in[i] = draw();
    if (draw() % 4 == 0) {
        *control = new_control();
        control_set(*control);
    }
    fiber_leave(to);
    probe_switch(&self->context, &to->context, in, out);
    fiber_arrive(self);
    expect(memcmp(in, out, sizeof in) == 0, "a switch lost a register");
    expect(control_get() == *control, "a switch lost a control word");
    expect(control_is_in_effect(*control) || fiber_in_valgrind(), "a switch lost the rounding");
    expect(fiber_owns(self, __builtin_frame_address(0)), "a switch went to another's stack");
    expect(fiber_canaries_are_whole(self), "a canary was overwritten");
}

__attribute__((noinline)) static void descend(struct fiber *self, uint64_t *control,
                                              uint32_t depth)
{
    volatile uint64_t local[24];
    uint64_t value = draw();
    for (int i = 0; i < 24; i++)
        local[i] = value + (uint64_t)i;
    wander(self, control);
    if (depth > 0)
        descend(self, control, depth - 1);
    wander(self, control);
    for (int i = 0; i < 24; i++)
        expect(local[i] == value + (uint64_t)i, "a switch lost a local variable");
}

static void wander_forever(struct fiber *self)
{
    uint64_t control = CONTROL_INITIAL;
    for (;;)
        descend(self, &control, (uint32_t)(draw() % DEPTH_MAX));
}

static const char *random_switches(void)
{
    begin(FIBERS, wander_forever);
    switches_left = SWITCHES;
    uint64_t mine = CONTROL_INITIAL | control_of_rounding(2);
    control_set(mine);
    fiber_switch(&fibers[0]);
    expect(control_get() == mine, "the way home lost a control word");
    control_set(CONTROL_INITIAL);
    return end(FIBERS);
}

/* ---- If the entry returns ----------------------------------------------------------------- */

static void return_at_once(void *argument)
{
    (void)argument;
}

static const char *a_return_traps(void)
{
    enum { BYTES = 32 * 1024 };
    static uint64_t memory[BYTES / sizeof(uint64_t)];
    pid_t child = fork();
    if (child == 0) {
        struct process_context here, there;
        signal(SIGILL, SIG_DFL);
        signal(SIGTRAP, SIG_DFL);
        process_context_init(&there, memory, BYTES, return_at_once, NULL);
        process_context_switch(&here, &there);
        _exit(0);
    }
    int status, expected = SIGILL;
#if defined(__aarch64__)
    expected = SIGTRAP;
#endif
    if (child < 0 || waitpid(child, &status, 0) != child)
        return "no child";
    return WIFSIGNALED(status) && WTERMSIG(status) == expected ? NULL
                                                               : "an entry returned to somewhere";
}

/* ---- Unwinding ---------------------------------------------------------------------------- */

enum { UNWIND_DEPTH = 10, UNWIND_MAX = 100 };
static uint32_t frames_seen;

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *unused)
{
    (void)context, (void)unused;
    return ++frames_seen < UNWIND_MAX ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

__attribute__((noinline)) static void unwind_below(uint32_t depth)
{
    if (depth > 0)
        unwind_below(depth - 1);
    else
        expect(_Unwind_Backtrace(count_frame, NULL) == _URC_END_OF_STACK,
               "unwinding did not end at the entry");
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static void unwind_body(struct fiber *self)
{
    (void)self;
    frames_seen = 0;
    unwind_below(UNWIND_DEPTH);
    go_home();
}

static const char *unwinding_ends(void)
{
    begin(1, unwind_body);
    fiber_switch(&fibers[0]);
    expect(frames_seen > UNWIND_DEPTH && frames_seen < UNWIND_DEPTH + 6,
           "unwinding saw too few frames, or too many");
    return end(1);
}

/* ---- A signal handler that switches -------------------------------------------------------- */

enum { SPINNERS = 4, PREEMPTIONS = 200, PREEMPT_US = 500 };
static volatile sig_atomic_t is_switching, preemptions;

static void preempt(int number)
{
    (void)number;
    if (is_switching || fiber_current == &fiber_home)
        return;
    is_switching = 1;
    preemptions++;
    struct fiber *to = &fibers[(fiber_current->id + 1) % SPINNERS];
    fiber_switch(preemptions > PREEMPTIONS ? &fiber_home : to);
    is_switching = 0;
}

/* A row of additions whose sum is known, in whole numbers and in floating point. */
static void spin_forever(struct fiber *self)
{
    is_switching = 0; /* by whoever switched here first */
    for (;;) {
        uint64_t sum = 0;
        double other = 0;
        for (uint32_t i = 0; i < 1000; i++) {
            sum += i + self->id;
            other += (double)(i + self->id);
            __asm__ volatile("" : "+r"(sum));
        }
        expect(sum == 499500 + 1000 * (uint64_t)self->id, "a signal's switch lost a sum");
        expect(other == (double)sum, "a signal's switch lost a floating-point sum");
    }
}

static const char *signals_may_switch(void)
{
    struct sigaction action = { .sa_handler = preempt, .sa_flags = SA_NODEFER | SA_RESTART };
    struct itimerval period = { { 0, PREEMPT_US }, { 0, PREEMPT_US } };
    struct itimerval none = { { 0, 0 }, { 0, 0 } };
    begin(SPINNERS, spin_forever);
    preemptions = 0;
    is_switching = 1;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &period, NULL);
    fiber_switch(&fibers[0]);
    is_switching = 1;
    setitimer(ITIMER_REAL, &none, NULL);
    signal(SIGALRM, SIG_IGN);
    expect(preemptions == PREEMPTIONS + 1, "too few preemptions");
    return end(SPINNERS);
}

/* ---- Interrupt frames ---------------------------------------------------------------------- */

enum { INTERRUPTED = 8, INTERRUPTS = 3000 };
static struct registers {
    uint64_t in[PROBE_GENERAL], out[PROBE_GENERAL];
} registers[INTERRUPTED];

#if defined(__x86_64__)
enum { FLAGS = PROBE_GENERAL - 1 };

static void make_registers(uint64_t *in)
{
    for (int i = 0; i < FLAGS; i++)
        in[i] = draw();
    in[FLAGS] = draw() & PROBE_FLAGS;
}

static bool frame_is(const struct process_frame *frame, const uint64_t *in)
{
    return memcmp(frame, in, FLAGS * sizeof *in) == 0 &&
           frame->rflags == (in[FLAGS] | PROBE_FLAGS_SET) && frame->error == 0;
}

static uint64_t *frame_register(struct process_frame *frame, uint64_t index)
{
    return (uint64_t *)frame + index;
}
#else
static void make_registers(uint64_t *in)
{
    for (int i = 0; i < PROBE_GENERAL; i++)
        in[i] = draw();
}

static bool frame_is(const struct process_frame *frame, const uint64_t *in)
{
    return memcmp(frame->x, in, PROBE_GENERAL * sizeof *in) == 0 &&
           frame->sp == (uintptr_t)(frame + 1);
}

static uint64_t *frame_register(struct process_frame *frame, uint64_t index)
{
    return &frame->x[index];
}
#endif

/* The scheduler's part: half of the interrupts preempt. */
void probe_handler(struct process_frame *frame)
{
    struct fiber *self = fiber_current;
    uint64_t *in = registers[self->id].in;
    expect((uintptr_t)__builtin_frame_address(0) % 16 == 0, "a handler has an odd stack");
    expect(frame_is(frame, in), "a frame is not what was interrupted");
    uint64_t changed = draw() % PROBE_CHANGEABLE; /* also what C code restores on its own */
    *frame_register(frame, changed) = in[changed] = draw();
    struct fiber *to = &fibers[draw() % INTERRUPTED];
    if (switches_left-- == 0)
        to = &fiber_home;
    else if (to == self || draw() % 2 == 0)
        return;
    fiber_switch(to);
    expect(frame_is(frame, in), "a frame changed while another process ran");
}

static void be_interrupted(struct fiber *self)
{
    struct registers *mine = &registers[self->id];
    for (;;) {
        make_registers(mine->in);
        probe_interrupt(mine->in, mine->out);
        expect(memcmp(mine->in, mine->out, sizeof mine->in) == 0, "an interrupt lost a register");
    }
}

static const char *frames_hold_everything(void)
{
    begin(INTERRUPTED, be_interrupted);
    switches_left = INTERRUPTS;
    fiber_switch(&fibers[0]);
    return end(INTERRUPTED);
}

/* ---- Vector registers ----------------------------------------------------------------------- */

enum { COMPUTING = 6, SAVES = 2000 };

static void compute_elsewhere(void)
{
    uint64_t control = new_control();
    control_set(control);
    status_set(draw());
    struct fiber *to = &fibers[draw() % COMPUTING];
    if (switches_left-- == 0)
        to = &fiber_home;
    if (to != fiber_current)
        fiber_switch(to);
    expect(control_get() == control, "a switch lost a control word");
}

static void compute_forever(struct fiber *self)
{
    struct process_floating area;
    uint64_t in[PROBE_VECTORS][2], out[PROBE_VECTORS][2];
    (void)self;
    for (;;) {
        for (int i = 0; i < PROBE_VECTORS; i++)
            in[i][0] = draw(), in[i][1] = draw();
        uint64_t control = new_control();
        control_set(control);
        uint64_t status = draw() & STATUS_FLAGS;
        status_set(status);
        probe_floating(&area, (const uint64_t(*)[2])in, out, compute_elsewhere);
        expect(status_get() == status || fiber_in_valgrind(), "exception flags were lost");
        expect(memcmp(in, out, sizeof in) == 0, "a vector register was lost");
        expect(control_get() == control, "a control word was not restored");
    }
}

static const char *vectors_survive(void)
{
    begin(COMPUTING, compute_forever);
    switches_left = SAVES;
    fiber_switch(&fibers[0]);
    return end(COMPUTING);
}

/* ---- Self ----------------------------------------------------------------------------------- */

static const char *to_itself(void)
{
    uint64_t in[PROBE_PRESERVED], out[PROBE_PRESERVED];
    struct process_context self = { NULL };
    failure = NULL;
    for (int i = 0; i < PROBE_PRESERVED; i++)
        in[i] = UINT64_C(0x0123456789ABCDEF) * (uint64_t)(i + 1);
    probe_switch(&self, &self, in, out);
    expect(memcmp(in, out, sizeof in) == 0, "a switch to itself lost a register");
    return failure;
}

const struct drill drills[DRILLS] = {
    { "first entry", first_entry },
    { "to itself", to_itself },
    { "random switches", random_switches },
    { "a return traps", a_return_traps },
    { "unwinding ends", unwinding_ends },
    { "signals may switch", signals_may_switch },
    { "frames hold everything", frames_hold_everything },
    { "vectors survive", vectors_survive },
};
