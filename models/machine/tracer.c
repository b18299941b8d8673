/* tracer.c -- the callbacks that the traced build makes; see tracer.h.
 *
 * Callbacks outside an entry (set-up, checks) cost nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/tracer.h"

#include <math.h>
#include <string.h>

/* A period ends when this share of the first level's lines has come. */
enum { PERIOD_SHARE = 8 };

/* Where callbacks outside an entry go: it knows neither memory nor code. */
static struct tracer nobody;

/* The tracer of the entry under way; callbacks carry no argument of ours. */
static struct tracer *active = &nobody;

/* What the instructions take that are counted, at a pace. */
static void set_pace(struct tracer *tracer, uint32_t pace)
{
    /* Of a block, a byte of its code, an access, a call, an entry. */
    static const double instructions[] = { INSTRUCTIONS_GCC };
    double instruction_fs = tracer->instruction_fs * pace / TRACER_PACE;
    tracer->pace = pace;
    tracer->block_fs = (uint64_t)llround(instructions[0] * instruction_fs);
    tracer->byte_fs = (uint64_t)llround(instructions[1] * instruction_fs);
    tracer->access_fs = (uint64_t)llround(instructions[2] * instruction_fs);
    tracer->call_fs = (uint64_t)llround(instructions[3] * instruction_fs);
    tracer->entry_fs = (uint64_t)llround(instructions[4] * instruction_fs);
    tracer->branch_miss_fs = (uint64_t)llround(tracer->branch_miss * pace / TRACER_PACE);
    tracer->drain_fs = (uint64_t)llround(tracer->drain * pace / TRACER_PACE);
}

void tracer_init(struct tracer *tracer, const struct tracer_setup *setup, struct arena *arena)
{
    const struct profile *cpu = setup->cpu;
    double cycle_fs = 1e9 / profile_value(cpu, clock_mhz);
    *tracer = (struct tracer){
        .memory = setup->memory,
        .memory_from = (uintptr_t)setup->scheduler_memory,
        .memory_bytes = setup->scheduler_bytes,
        .line_shift = setup->memory->line_shift,
        .instruction_fs = profile_value(cpu, instruction_ratio) * cycle_fs /
                          profile_value(cpu, instructions_per_cycle),
        .branch_miss = profile_value(cpu, branch_miss_cycles) * cycle_fs,
        .drain = profile_value(cpu, drain_cycles) * cycle_fs,
        .atomic_fs = (uint64_t)llround(profile_value(cpu, atomic_cycles) * cycle_fs),
        .choice_fs = (uint64_t)llround(profile_value(cpu, choice_cycles) * cycle_fs),
        .index_fs = (uint64_t)llround(profile_value(cpu, index_cycles) * cycle_fs),
    };
    if (tracer->index_fs > 0)
        tracer->processes = setup->processes;
    set_pace(tracer, TRACER_PACE);
    pipeline_init(&tracer->pipeline, cpu, tracer->instruction_fs);
    uint64_t offset = setup->scheduler_bytes;
    for (uint32_t i = 0; i < TRACER_MODULES; i++) {
        tracer->module[i] = setup->module[i];
        tracer->module[i].offset = offset;
        tracer->module[i].code_line =
            (uint32_t)((offset - setup->scheduler_bytes) >> setup->memory->line_shift);
        offset += setup->module[i].bytes;
    }
    uint32_t shift = setup->memory->line_shift;
    tracer->line = setup->memory->line;
    tracer->periods = arena_alloc(arena, setup->memory->core_count, sizeof *tracer->periods);
    tracer->period_lines = memory_cache(setup->memory, 0, 0)->lines / PERIOD_SHARE;
    tracer->code_shift = shift + 10;
    front_end_init(&tracer->front_end, setup->memory, cpu,
                   (uint32_t)((offset - setup->scheduler_bytes) >> shift) + 1, arena);
}

__attribute__((noinline)) static void period_begin(struct tracer *tracer)
{
    struct tracer_period *period = &tracer->periods[tracer->core];
    const struct memory *memory = tracer->memory;
    tracer->last_period += 2;
    if (tracer->last_period == 0) { /* once in 2^31: all are over */
        for (uint32_t i = 0; i < memory->line_count; i++)
            memory->line[i].touched = 0;
        for (uint32_t i = 0; i < memory->core_count; i++)
            tracer->periods[i] = (struct tracer_period){ 0 };
        tracer->last_period = 2;
    }
    *period = (struct tracer_period){ tracer->last_period, tracer->first->uses.now,
                                      tracer->first->insertions };
    tracer->period = period->number;
    tracer->period_insertions = period->insertions;
}

/* Have too many lines come in the period?  Others use the first level between entries only. */
static inline bool period_is_full(const struct tracer *tracer)
{
    return tracer->first->insertions - tracer->period_insertions > tracer->period_lines;
}

/* Goes on with the core's period, if that is not over. */
static inline void period_go_on(struct tracer *tracer)
{
    const struct tracer_period *period = &tracer->periods[tracer->core];
    tracer->period = period->number;
    tracer->period_insertions = period->insertions;
    if (period->uses != tracer->first->uses.now || period_is_full(tracer))
        period_begin(tracer);
}

__attribute__((noinline)) void tracer_begin(struct tracer *tracer, uint32_t core, uint32_t pace,
                                            uint64_t now_ps, sigjmp_buf *escape)
{
    struct memory *memory = tracer->memory;
    tracer->core = core;
    if (pace != tracer->pace)
        set_pace(tracer, pace);
    pipeline_finish(&tracer->pipeline); /* the stores of the entry before */
    tracer->now_ps = now_ps;
    tracer->from_fs = pipeline_now(&tracer->pipeline);
    tracer->from_stalled_fs = tracer->pipeline.stalled_fs;
    tracer->first = memory_cache(memory, 0, core);
    front_end_begin(&tracer->front_end, core, tracer->branch_miss_fs);
    period_go_on(tracer);
    memory->wait_fs = 0;
    memory->early_line = CACHE_NO_LINE;
    tracer->counts = (struct tracer_counts){ 0 };
    tracer->blocks_left = TRACER_BLOCK_LIMIT;
    tracer->pointer_at = 0; /* none goes with one of the entry before */
    tracer->fault = TRACER_FINE;
    tracer->escape = escape;
    /* The caller's frames, with what it passes by address, lie just above this one. */
    tracer->stack_top = (uintptr_t)__builtin_frame_address(0) + TRACER_STACK_BYTES / 16;
    active = tracer;
}

uint64_t tracer_so_far(const struct tracer *tracer)
{
    return pipeline_now(&tracer->pipeline) - tracer->from_fs;
}

uint64_t tracer_stalls_fs(const struct tracer *tracer)
{
    const struct tracer_counts *counts = &tracer->counts;
    uint64_t stalled_fs = tracer->pipeline.stalled_fs - tracer->from_stalled_fs;
    uint64_t others_fs =
        counts->atomics * tracer->atomic_fs + counts->branch_misses * tracer->branch_miss_fs;
    return stalled_fs > others_fs ? stalled_fs - others_fs : 0;
}

/* The last instructions, dispatched at from_fs, are over: that is work, not a stall. */
static void drain(struct tracer *tracer, uint64_t from_fs)
{
    uint64_t now_fs = pipeline_now(&tracer->pipeline), over_fs = from_fs + tracer->drain_fs;
    if (over_fs > now_fs)
        tracer->pipeline.work_fs += over_fs - now_fs;
}

uint64_t tracer_end(struct tracer *tracer, uint64_t *wait_fs)
{
    uint64_t dispatched_fs = pipeline_now(&tracer->pipeline);
    active = &nobody;
    pipeline_finish_loads(&tracer->pipeline);
    drain(tracer, dispatched_fs);
    uint64_t stalls_fs = tracer_stalls_fs(tracer), waited_fs = tracer->memory->wait_fs;
    *wait_fs = waited_fs < stalls_fs ? waited_fs : stalls_fs; /* the rest was overlapped */
    tracer->counts.blocks = TRACER_BLOCK_LIMIT - tracer->blocks_left;
    if (tracer->fault == TRACER_FINE && tracer->counts.blocks == 0)
        tracer->fault = TRACER_SILENT;
    return tracer_so_far(tracer);
}

uint64_t tracer_stores_fs(const struct tracer *tracer)
{
    uint64_t now_fs = pipeline_now(&tracer->pipeline), stored_fs = tracer->pipeline.stored_fs;
    return stored_fs > now_fs ? stored_fs - now_fs : 0;
}

__attribute__((noreturn)) static void tracer_stop(struct tracer *tracer, enum tracer_fault fault)
{
    active = &nobody;
    tracer->fault = fault;
    siglongjmp(*tracer->escape, 1);
}

/* Where code or a constant lies in the modelled memory; it must be in a module. */
static uint64_t module_offset(struct tracer *tracer, uintptr_t at)
{
    for (uint32_t i = 0; i < TRACER_MODULES; i++)
        if (at - tracer->module[i].from < tracer->module[i].bytes)
            return at - tracer->module[i].from + tracer->module[i].offset;
    tracer->fault_address = at;
    tracer_stop(tracer, TRACER_ADDRESS);
}

/* A line that is not known to be near, or whose writing others must learn of.  Returns when what is
 * loaded is there. */
static inline uint64_t trace_far(struct tracer *tracer, struct memory_line *line, bool write)
{
    struct memory *memory = tracer->memory;
    struct pipeline *pipeline = &tracer->pipeline;
    uint32_t number = (uint32_t)(line - memory->line);
    uint64_t from_fs = pipeline_miss_from(pipeline, line->ready_fs);
    uint64_t from_ps = tracer->now_ps + (from_fs - tracer->from_fs) / 1000;
    uint64_t cost_fs = memory_access(memory, tracer->core, number, write, from_ps), over_fs;
    if (cost_fs > 0 && period_is_full(tracer))
        period_begin(tracer);
    if (memory->early_line != number) /* else it may become another by the next time */
        line->touched = tracer->period + memory_may_write(line, tracer->core);
    if (cost_fs == 0)
        return pipeline_near(pipeline, line->ready_fs, write);
    if (write)
        over_fs = pipeline_store_miss(pipeline, from_fs, cost_fs);
    else
        over_fs = pipeline_load_miss(pipeline, from_fs, cost_fs);
    if (from_fs + cost_fs > line->ready_fs)
        line->ready_fs = from_fs + cost_fs;
    return over_fs;
}

/* A pointer into the scheduler's memory has been loaded at over_fs: what it points to is not
 * accessed before. */
static inline void trace_pointer(struct tracer *tracer, const void *address, uint64_t over_fs)
{
    uintptr_t pointer;
    memcpy(&pointer, address, sizeof pointer);
    uint64_t offset = pointer - tracer->memory_from;
    if (offset >= tracer->memory_bytes)
        return;
    struct memory_line *line = &tracer->line[offset >> tracer->line_shift];
    uintptr_t apart = (uintptr_t)address - tracer->pointer_at;
    if ((apart == sizeof pointer || apart == -sizeof pointer) &&
        tracer->pointer_block == tracer->blocks_left) {
        over_fs += tracer->choice_fs;
        if (tracer->pointed->ready_fs < over_fs)
            tracer->pointed->ready_fs = over_fs;
    }
    tracer->pointer_at = (uintptr_t)address;
    tracer->pointer_block = tracer->blocks_left;
    tracer->pointed = line;
    if (line->ready_fs < over_fs)
        line->ready_fs = over_fs;
}

static inline bool is_near(const struct tracer *tracer, const struct memory_line *line, bool write)
{
    uint32_t touched = line->touched - tracer->period;
    return touched <= 1 && touched >= write;
}

/* An access of what is not known to be near. */
__attribute__((noinline)) static void trace_absent(struct tracer *tracer, struct memory_line *line,
                                                   bool write, const void *pointer)
{
    uint64_t over_fs = trace_far(tracer, line, write);
    if (pointer != NULL)
        trace_pointer(tracer, pointer, over_fs);
}

/* An access at this offset in the modelled memory; pointer: where it loads one, or NULL.  The
 * common case is short, and calls nothing. */
static inline void trace_offset(struct tracer *tracer, uint64_t offset, bool write,
                                const void *pointer)
{
    struct memory_line *line = &tracer->line[offset >> tracer->line_shift];
    struct pipeline *pipeline = &tracer->pipeline;
    if (!is_near(tracer, line, write)) {
        trace_absent(tracer, line, write, pointer);
        return;
    }
    uint64_t over_fs = pipeline_near(pipeline, line->ready_fs, write);
    if (pointer != NULL)
        trace_pointer(tracer, pointer, over_fs);
}

/* An access outside the scheduler's memory: to the stack, always near, or to a constant. */
__attribute__((noinline)) static void trace_elsewhere(struct tracer *tracer, uintptr_t at,
                                                      bool write, const void *pointer)
{
    if (tracer->stack_top - at >= TRACER_STACK_BYTES && tracer != &nobody)
        trace_offset(tracer, module_offset(tracer, at), write, pointer);
}

/* One access of at most 64 bytes, priced where it begins; pointer: it may load one. */
static inline void trace_access(const void *address, bool write, bool pointer)
{
    struct tracer *tracer = active;
    uint64_t offset = (uintptr_t)address - tracer->memory_from;
    tracer->counts.accesses++;
    tracer->pipeline.work_fs += tracer->access_fs;
    if (offset < tracer->memory_bytes)
        trace_offset(tracer, offset, write, pointer ? address : NULL);
    else
        trace_elsewhere(tracer, (uintptr_t)address, write, pointer ? address : NULL);
}

/* The number that has just been loaded may be the link to a process, + 1: what its line is accessed
 * by is computed from it. */
static inline void trace_number(const void *address)
{
    struct tracer *tracer = active;
    uint32_t number;
    if (tracer->processes.count == 0)
        return;
    memcpy(&number, address, sizeof number);
    if (--number >= tracer->processes.count)
        return;
    uint64_t offset = tracer->processes.from + (uint64_t)number * tracer->processes.bytes;
    struct memory_line *line = &tracer->line[offset >> tracer->line_shift];
    uint64_t known_fs = tracer->pipeline.loaded_fs + tracer->index_fs;
    if (line->ready_fs < known_fs)
        line->ready_fs = known_fs;
}

/* Everything before it is over before it begins. */
static inline void trace_fence(struct tracer *tracer)
{
    pipeline_finish(&tracer->pipeline);
    tracer->pipeline.stalled_fs += tracer->atomic_fs;
}

static inline void trace_atomic(const volatile void *address)
{
    struct tracer *tracer = active;
    tracer->counts.atomics++;
    trace_fence(tracer);
    trace_access((const void *)(uintptr_t)address, true, false);
    pipeline_finish(&tracer->pipeline);
}

/* An entry executes at one instant, so its compare-and-swap does not really fail.  It would have if
 * it read the line before another core's write fell due, and comes to write it after that: then it
 * goes round once more. */
static inline void trace_exchange_if(const volatile void *address)
{
    struct tracer *tracer = active;
    if (tracer == &nobody)
        return;
    uint64_t offset = (uintptr_t)address - tracer->memory_from;
    uint32_t early = tracer->memory->early_line;
    trace_atomic(address);
    if (early != CACHE_NO_LINE && offset >> tracer->line_shift == early) {
        tracer->memory->early_line = CACHE_NO_LINE;
        tracer->counts.retries++;
        tracer->counts.branch_misses++;
        tracer->pipeline.stalled_fs += tracer->branch_miss_fs + tracer->atomic_fs;
    }
}

static void trace_range(const void *address, unsigned long bytes, bool write)
{
    for (unsigned long i = 0; i < bytes; i += 8)
        trace_access((const char *)address + i, write, false);
}

/* A block begins at code, in this line of it, and not as it did last time. */
__attribute__((noinline)) static void trace_block(struct tracer *tracer, uint32_t code,
                                                  uint32_t line)
{
    struct pipeline *pipeline = &tracer->pipeline;
    if (front_end_known_block(&tracer->front_end, code, line, &pipeline->stalled_fs))
        return;
    if (front_end_block(&tracer->front_end, code, line, &pipeline->stalled_fs)) {
        tracer->counts.branch_misses++;
        pipeline_mispredict(pipeline, tracer->branch_miss_fs);
    }
}

/* ---- gcc's interface: names and shapes are its own ---------------------------------------- */

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    struct tracer *tracer = active;
    const struct tracer_module *module = tracer->module;
    uintptr_t pc = (uintptr_t)__builtin_return_address(0), offset = pc - module->from;
    if (__builtin_expect(offset >= module->bytes, 0)) {
        module++;
        offset = pc - module->from;
        if (offset >= module->bytes)
            return; /* no code of the scheduler's */
    }
    uint32_t bytes = module->block_bytes[offset / TRACER_BLOCK_ALIGNMENT];
    tracer->counts.code_bytes += bytes;
    tracer->pipeline.work_fs += tracer->block_fs + bytes * tracer->byte_fs;
    if (--tracer->blocks_left == 0)
        tracer_stop(tracer, TRACER_BLOCKS);
    uint32_t code = (uint32_t)(offset + module->offset);
    uint32_t line =
        module->code_line + (uint32_t)(offset * TRACER_PLAIN_PER_1024 >> tracer->code_shift);
    pipeline_advance(&tracer->pipeline);
    if (!front_end_same_block(&tracer->front_end, code, line))
        trace_block(tracer, code, line);
}

#define PLAIN_ACCESS(bytes)                                                                        \
    void __tsan_read##bytes(void *address);                                                        \
    void __tsan_read##bytes(void *address)                                                         \
    {                                                                                              \
        trace_access(address, false, (bytes) == sizeof(void *));                                   \
        if ((bytes) == sizeof(uint32_t))                                                           \
            trace_number(address);                                                                 \
    }                                                                                              \
    void __tsan_write##bytes(void *address);                                                       \
    void __tsan_write##bytes(void *address)                                                        \
    {                                                                                              \
        trace_access(address, true, false);                                                        \
    }                                                                                              \
    void __tsan_unaligned_read##bytes(void *address);                                              \
    void __tsan_unaligned_read##bytes(void *address)                                               \
    {                                                                                              \
        trace_access(address, false, (bytes) == sizeof(void *));                                   \
    }                                                                                              \
    void __tsan_unaligned_write##bytes(void *address);                                             \
    void __tsan_unaligned_write##bytes(void *address)                                              \
    {                                                                                              \
        trace_access(address, true, false);                                                        \
    }

PLAIN_ACCESS(1)
PLAIN_ACCESS(2)
PLAIN_ACCESS(4)
PLAIN_ACCESS(8)
PLAIN_ACCESS(16)

void __tsan_read_range(void *address, unsigned long bytes);
void __tsan_read_range(void *address, unsigned long bytes)
{
    trace_range(address, bytes, false);
}

void __tsan_write_range(void *address, unsigned long bytes);
void __tsan_write_range(void *address, unsigned long bytes)
{
    trace_range(address, bytes, true);
}

void __tsan_vptr_update(void **vptr, void *value);
void __tsan_vptr_update(void **vptr, void *value)
{
    (void)value;
    trace_access(vptr, true, false);
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
    if (active->front_end.depth == 0) {
        active->counts.entries++;
        active->pipeline.work_fs += active->entry_fs;
    } else {
        active->counts.calls++;
        active->pipeline.work_fs += active->call_fs;
    }
    front_end_call(&active->front_end);
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
    front_end_return(&active->front_end);
}

/* Atomic loads and stores are plain accesses on the machines modelled; the rest lock the line. */
#define ATOMIC_OPERATION(type, bits, name, builtin)                                                \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order);              \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order)               \
    {                                                                                              \
        (void)order;                                                                               \
        trace_atomic(address);                                                                     \
        return builtin(address, value, __ATOMIC_SEQ_CST);                                          \
    }

#define ATOMIC_EXCHANGE_IF(type, bits, name)                                                       \
    int __tsan_atomic##bits##_##name(volatile type *address, type *expected, type desired,         \
                                     int order, int failure);                                      \
    int __tsan_atomic##bits##_##name(volatile type *address, type *expected, type desired,         \
                                     int order, int failure)                                       \
    {                                                                                              \
        (void)order;                                                                               \
        (void)failure;                                                                             \
        trace_exchange_if(address);                                                                \
        return __atomic_compare_exchange_n(address, expected, desired, 0, __ATOMIC_SEQ_CST,        \
                                           __ATOMIC_SEQ_CST);                                      \
    }

#define ATOMICS(type, bits)                                                                        \
    type __tsan_atomic##bits##_load(const volatile type *address, int order);                      \
    type __tsan_atomic##bits##_load(const volatile type *address, int order)                       \
    {                                                                                              \
        (void)order;                                                                               \
        trace_access((const void *)(uintptr_t)address, false, (bits) == 8 * sizeof(void *));       \
        return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order);               \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order)                \
    {                                                                                              \
        (void)order;                                                                               \
        trace_access((const void *)(uintptr_t)address, true, false);                               \
        __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                        \
    }                                                                                              \
    ATOMIC_OPERATION(type, bits, exchange, __atomic_exchange_n)                                    \
    ATOMIC_OPERATION(type, bits, fetch_add, __atomic_fetch_add)                                    \
    ATOMIC_OPERATION(type, bits, fetch_sub, __atomic_fetch_sub)                                    \
    ATOMIC_OPERATION(type, bits, fetch_and, __atomic_fetch_and)                                    \
    ATOMIC_OPERATION(type, bits, fetch_or, __atomic_fetch_or)                                      \
    ATOMIC_OPERATION(type, bits, fetch_xor, __atomic_fetch_xor)                                    \
    ATOMIC_EXCHANGE_IF(type, bits, compare_exchange_strong)                                        \
    ATOMIC_EXCHANGE_IF(type, bits, compare_exchange_weak)

ATOMICS(uint8_t, 8)
ATOMICS(uint16_t, 16)
ATOMICS(uint32_t, 32)
ATOMICS(uint64_t, 64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    (void)order;
    trace_fence(active);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}
