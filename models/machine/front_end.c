/* front_end.c -- see front_end.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/front_end.h"

#include "sim/base/check.h"

/* Blocks of the longer histories. */
static const uint32_t history_blocks[FRONT_END_HISTORIES] = { 16, 64 };

void front_end_init(struct front_end *front, const struct memory *memory, const struct profile *cpu,
                    uint32_t lines, struct arena *arena)
{
    *front = (struct front_end){ .found_fs = memory->level_count > 1 ? memory->hit_fs[1] : 0,
                                 .memory_fs = memory->memory_fs };
    while (front->histories < FRONT_END_HISTORIES &&
           history_blocks[front->histories] <= profile_value(cpu, branch_history))
        front->histories++;
    if (profile_value(cpu, branch_entries) > 0)
        front->branches_per_line = profile_value(cpu, line_bytes) / FRONT_END_BRANCH_BYTES /
                                   profile_value(cpu, branch_entries);
    uint32_t cores = front->core_count = memory->core_count;
    front->cores = arena_alloc(arena, cores, sizeof *front->cores);
    struct prediction *predictions =
        arena_alloc(arena, (size_t)FRONT_END_PREDICTIONS * cores, sizeof *predictions);
    uint32_t *uses = arena_alloc(arena, (size_t)lines * cores, sizeof *uses);
    for (uint32_t i = 0; i < cores; i++) {
        struct front_end_core *core = &front->cores[i];
        core->predictions = predictions + i;
        core->lines = uses + i;
        core->patterns = arena_alloc(arena, (size_t)front->histories * FRONT_END_PATTERNS,
                                     sizeof *core->patterns);
        core->past = arena_alloc(arena, FRONT_END_TIMES, sizeof *core->past);
        core->code = memory_cache(memory, MEMORY_CODE, i);
        core->behind = memory_cache(memory, 1, i);
    }
}

static uint32_t time_of(const struct front_end_core *core)
{
    return (uint32_t)(core->present >> 32);
}

static void time_goes_on(struct front_end_core *core, struct code_use now)
{
    uint32_t time = time_of(core) + 1;
    CHECK(time != 0); /* 2^32 switches on one core */
    core->present = (uint64_t)time << 32;
    core->past[time % FRONT_END_TIMES] = now;
    core->memo[time % FRONT_END_MEMOS] = (struct code_memo){ core->present | time, 0, 0 };
}

void front_end_begin(struct front_end *front, uint32_t number, uint64_t branch_miss_fs)
{
    struct front_end_core *core = front->core = &front->cores[number];
    struct code_use now = { core->code != NULL ? core->code->uses.now : 0,
                            core->behind != NULL ? core->behind->uses.now : 0 };
    const struct code_use *before = &core->past[time_of(core) % FRONT_END_TIMES];
    if (now.near != before->near || now.far != before->far ||
        branch_miss_fs != core->branch_miss_fs || core->present == 0) {
        core->branch_miss_fs = branch_miss_fs;
        time_goes_on(core, now);
    }
    front->last = NULL;
    front->depth = front->history = 0;
    front->path[0] = front->path[1] = 0;
}

/* How likely it is, in 2^-32, that a line has left a cache since the stamp. */
static uint64_t left_since(struct cache *cache, uint32_t stamp)
{
    return UINT32_MAX - cache_chance(cache, 0, cache_recall(cache, stamp)->step);
}

/* What a line of code costs that was last used then; NULL: it never was, and comes from memory. */
static uint32_t fetch_fs(const struct front_end *front, const struct code_use *then)
{
    const struct front_end_core *core = front->core;
    uint64_t near = UINT32_MAX, far = UINT32_MAX;
    if (core->code == NULL)
        return 0;
    if (then != NULL)
        near = left_since(core->code, then->near);
    if (then != NULL && core->behind != NULL)
        far = left_since(core->behind, then->far);
    uint64_t behind_fs =
        front->found_fs + ((front->memory_fs - front->found_fs) * (far >> 16) >> 16);
    return (uint32_t)(behind_fs * (near >> 16) >> 16);
}

/* What a right prediction costs that was last used then, since it may have left the predictor: a
 * table of one way, into which user code brings its branches. */
static uint32_t predict_fs(const struct front_end *front, const struct code_use *then)
{
    const struct front_end_core *core = front->core;
    if (core->code == NULL || then == NULL)
        return 0;
    double branches = cache_recall(core->code, then->near)->used * front->branches_per_line;
    return (uint32_t)((1 - cache_survival(branches, 1)) * (double)core->branch_miss_fs);
}

/* Both, of what was last used at that time; 0: never. */
static const struct code_memo *recall(struct front_end *front, uint32_t then)
{
    struct front_end_core *core = front->core;
    uint32_t age = time_of(core) - then;
    uint32_t place = then % FRONT_END_MEMOS + (age < FRONT_END_MEMOS ? 0 : FRONT_END_MEMOS);
    struct code_memo *memo = &core->memo[place];
    if (memo->times != (core->present | then)) {
        const struct code_use *use = NULL;
        if (then != 0)
            use = &core->past[(age < FRONT_END_TIMES ? then : time_of(core) + 1) % FRONT_END_TIMES];
        *memo = (struct code_memo){ core->present | then, fetch_fs(front, use),
                                    predict_fs(front, use) };
    }
    return memo;
}

/* Four blocks of history were not enough: does a longer one know the successor?  All of them learn
 * it. */
static bool recall_successor(struct front_end *front, uint32_t code)
{
    bool known = false;
    for (uint32_t i = 0; i < front->histories; i++) {
        uint64_t hash = (front->path[i] * UINT64_C(0x9E3779B97F4A7C15)) >> 52;
        uint32_t *successor = &front->core->patterns[i * FRONT_END_PATTERNS + hash];
        known |= *successor == code;
        *successor = code;
    }
    return known;
}

bool front_end_block(struct front_end *front, uint32_t code, uint32_t line, uint64_t *fs)
{
    uint32_t *used = front_end_line(front, line), time = time_of(front->core);
    struct prediction *last = front->last;
    bool wrong = false;
    if (*used != time)
        *fs += recall(front, *used)->fetch_fs;
    *used = time;
    if (last != NULL) {
        bool expected = (last->successor ^ 2 * code) <= 1;
        wrong = !expected && !recall_successor(front, code);
        if (expected && last->time != time)
            *fs += recall(front, last->time)->predict_fs;
        if (wrong && last->successor != 0 && last->successor % 2 == 0)
            last->successor++;
        else if (wrong || expected)
            last->successor = 2 * code;
        if (wrong || expected)
            last->time = time;
    }
    front_end_predict(front, code);
    return wrong;
}
