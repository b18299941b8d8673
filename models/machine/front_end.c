/* front_end.c -- see front_end.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/machine/front_end.h"

#include <string.h>

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
    struct code_use *uses = arena_alloc(arena, (size_t)lines * cores, sizeof *uses);
    for (uint32_t i = 0; i < cores; i++) {
        struct front_end_core *core = &front->cores[i];
        core->predictions = predictions + i;
        core->lines = uses + i;
        core->patterns = arena_alloc(arena, (size_t)front->histories * FRONT_END_PATTERNS,
                                     sizeof *core->patterns);
        core->code = memory_cache(memory, MEMORY_CODE, i);
        core->behind = memory_cache(memory, 1, i);
    }
}

void front_end_begin(struct front_end *front, uint32_t number, uint64_t branch_miss_fs)
{
    struct front_end_core *core = front->core = &front->cores[number];
    struct code_use now = { 0 };
    if (core->code != NULL)
        now = (struct code_use){ core->code->uses.now,
                                 core->behind != NULL ? core->behind->uses.now : 0 };
    if (now.near != core->now.near || now.far != core->now.far ||
        branch_miss_fs != core->branch_miss_fs) {
        core->now = now;
        core->branch_miss_fs = branch_miss_fs;
        if (++core->time == 0) { /* once in 2^32 */
            memset(core->fetch, 0xFF, sizeof core->fetch);
            memset(core->predict, 0xFF, sizeof core->predict);
        }
        core->fetch[now.near % FRONT_END_MEMOS] = (struct fetch_memo){ now, core->time, 0 };
        core->predict[now.near % FRONT_END_MEMOS] =
            (struct predict_memo){ now.near, core->time, 0 };
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

/* What a line of code costs that was last used then; a line never used comes from memory. */
static uint32_t fetch_fs(const struct front_end *front, struct code_use used)
{
    const struct front_end_core *core = front->core;
    uint64_t near = UINT32_MAX, far = UINT32_MAX;
    if (used.near != 0)
        near = left_since(core->code, used.near);
    if (used.near != 0 && core->behind != NULL)
        far = left_since(core->behind, used.far);
    uint64_t behind_fs =
        front->found_fs + ((front->memory_fs - front->found_fs) * (far >> 16) >> 16);
    return (uint32_t)(behind_fs * (near >> 16) >> 16);
}

/* What a right prediction costs that was last used then, since it may have left the predictor: a
 * table of one way, into which user code brings its branches. */
static uint32_t predict_fs(const struct front_end *front, uint32_t stamp)
{
    const struct front_end_core *core = front->core;
    double branches = cache_recall(core->code, stamp)->used * front->branches_per_line;
    return (uint32_t)((1 - cache_survival(branches, 1)) * (double)core->branch_miss_fs);
}

static uint32_t memo_of(const struct front_end_core *core, uint32_t stamp)
{
    uint32_t older = core->now.near - stamp < FRONT_END_MEMOS ? 0 : FRONT_END_MEMOS;
    return stamp % FRONT_END_MEMOS + older;
}

static uint32_t recall_fetch(struct front_end *front, struct code_use used)
{
    struct front_end_core *core = front->core;
    struct fetch_memo *memo = &core->fetch[memo_of(core, used.near)];
    if (memo->time != core->time || memo->used.near != used.near || memo->used.far != used.far)
        *memo = (struct fetch_memo){ used, core->time, fetch_fs(front, used) };
    return memo->fs;
}

static uint32_t recall_predict(struct front_end *front, uint32_t stamp)
{
    struct front_end_core *core = front->core;
    struct predict_memo *memo = &core->predict[memo_of(core, stamp)];
    if (memo->time != core->time || memo->stamp != stamp)
        *memo = (struct predict_memo){ stamp, core->time, predict_fs(front, stamp) };
    return memo->fs;
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
    struct code_use *used = front_end_line(front, line), now = front->core->now;
    struct prediction *last = front->last;
    bool wrong = false;
    if (used->near != now.near)
        *fs += recall_fetch(front, *used);
    *used = now;
    if (last != NULL) {
        bool expected = (last->successor ^ 2 * code) <= 1;
        wrong = !expected && !recall_successor(front, code);
        if (expected && last->stamp != now.near)
            *fs += recall_predict(front, last->stamp);
        if (wrong && last->successor != 0 && last->successor % 2 == 0)
            last->successor++;
        else if (wrong || expected)
            last->successor = 2 * code;
        last->stamp = now.near;
    }
    front_end_predict(front, code);
    return wrong;
}
