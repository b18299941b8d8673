/* front_end.h -- what it costs a core to fetch code and to predict its branches.
 *
 * Branch misses: each core predicts that a block is followed by the successor it had when it last
 * came after the same three blocks, and gives a prediction up after it failed twice running (path
 * history: R. Nair, MICRO-28, 1995; one-bit hysteresis on a branch target buffer: J. Lee and
 * A. Smith, IEEE Computer 17(1), 1984).  Longer histories, of the processors that have them, are
 * asked when that fails, and learn it.  Calls are known, and returns come from a stack.  What user
 * code evicts from the instruction cache it evicts from the predictor too, a branch every
 * FRONT_END_BRANCH_BYTES; what that costs is added as an expectation.
 *
 * Instruction fetch: a line costs what it may have to come from: an expectation, by what user code
 * has used of the caches since.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_FRONT_END_H
#define MACHINE_FRONT_END_H

#include "models/machine/memory.h"

enum {
    FRONT_END_PREDICTIONS = 4096, /* without tags: some paths share one */
    FRONT_END_PATTERNS = 4096,
    FRONT_END_HISTORIES = 2,     /* longer than four blocks */
    FRONT_END_RETURNS = 16,      /* of the return stack; what lies deeper is mispredicted */
    FRONT_END_BRANCH_BYTES = 16, /* of code to a branch; assumed: four instructions of four bytes */
    FRONT_END_TIMES = 1024, /* of the past that are known: what is older counts as the oldest */
    FRONT_END_MEMOS = 16
};

struct prediction {
    uint32_t successor; /* 2 x code offset of the block that followed last time, + 1 if it did not,
                           once, since; 0: none yet */
    uint32_t time;      /* when it was last right, or learnt */
};

/* Stamps of the caches at one of a core's times: of instructions, and second level. */
struct code_use {
    uint32_t near, far;
};

/* What a line of code costs, and a right prediction, that were last used at one time: many ask
 * alike. */
struct code_memo {
    uint64_t times; /* the present one << 32 | that */
    uint32_t fetch_fs, predict_fs;
};

/* A core's time goes on when others have used its caches, or a misprediction costs something else:
 * what was used at the present one is here. */
struct front_end_core {
    /* Its own among those of all cores, which lie core by core, since they are used alike: */
    struct prediction *predictions; /* [FRONT_END_PREDICTIONS][cores] */
    uint32_t *lines;                /* [lines of code][cores] when each was last used; 0: never */
    uint32_t *patterns;             /* [histories][FRONT_END_PATTERNS] successors */
    struct cache *code, *behind;    /* of instructions, second level; NULL: none */
    uint64_t branch_miss_fs;
    struct code_use *past; /* [FRONT_END_TIMES] by time */
    uint64_t present;      /* time, from 1 on, << 32 */
    /* By time: of the latest, then of older ones. */
    struct code_memo memo[2 * FRONT_END_MEMOS];
};

struct front_end {
    struct front_end_core *cores;
    uint32_t core_count;
    uint64_t found_fs, memory_fs; /* a line of code from the second level, and from memory */
    double branches_per_line;     /* that leave the predictor with a line of code, of its size */
    uint32_t histories;           /* longer ones that the processor has */
    /* The entry under way. */
    struct front_end_core *core;
    struct prediction *last;                      /* that the block before left; NULL: a call */
    struct prediction *caller[FRONT_END_RETURNS]; /* last of the functions that wait for a return */
    uint32_t depth, history;                      /* of them; the last blocks, newest lowest */
    uint64_t path[FRONT_END_HISTORIES];           /* longer histories, folded */
};

/* lines: of code, all modules together. */
void front_end_init(struct front_end *front, const struct memory *memory, const struct profile *cpu,
                    uint32_t lines, struct arena *arena);

/* An entry begins on core; a branch that is predicted wrong costs so much. */
void front_end_begin(struct front_end *front, uint32_t core, uint64_t branch_miss_fs);

/* A block begins at the offset code, in this line of it.  Adds to *fs what is expected for lines
 * and predictions that have left the core since; true: its beginning was predicted wrong. */
bool front_end_block(struct front_end *front, uint32_t code, uint32_t line, uint64_t *fs);

/* A function is called, by a block of this one, and returns to it. */
static inline void front_end_call(struct front_end *front)
{
    front->caller[front->depth++ % FRONT_END_RETURNS] = front->last;
    front->last = NULL;
}

static inline void front_end_return(struct front_end *front)
{
    front->last = front->caller[--front->depth % FRONT_END_RETURNS];
}

static inline uint32_t *front_end_line(const struct front_end *front, uint32_t line)
{
    return &front->core->lines[(size_t)line * front->core_count];
}

/* The next block is predicted by this one and those before it. */
static inline void front_end_predict(struct front_end *front, uint32_t code)
{
    /* The block and the three before it, each eight bits further up, select a slot; the factor is
     * 2^32 / golden ratio (D. Knuth, The Art of Computer Programming 3, 6.4). */
    front->history = front->history << 8 ^ code >> 2;
    size_t slot = front->history * 0x9E3779B1u / (UINT32_MAX / FRONT_END_PREDICTIONS + 1);
    front->last = &front->core->predictions[slot * front->core_count];
    if (front->histories == 0)
        return;
    /* Of longer ones a block leaves the 64 bits after 16 and 64 others. */
    front->path[0] = front->path[0] << 4 ^ code >> 2;
    front->path[1] = front->path[1] << 1 ^ code >> 2;
}

/* front_end_block() in the most common case: the block before was followed by this one at the
 * present time, so that the line is here as well; or a call, whose line was used then.  False: it
 * is not so, and nothing has been done. */
static inline bool front_end_same_block(struct front_end *front, uint32_t code, uint32_t line)
{
    const struct prediction *last = front->last;
    uint64_t present = front->core->present;
    if (last == NULL) {
        if (*front_end_line(front, line) != present >> 32)
            return false;
    } else if ((last->successor | (uint64_t)last->time << 32) != (present | 2 * code)) {
        return false;
    }
    front_end_predict(front, code);
    return true;
}

/* The same where the block is the predicted one and what it costs is remembered, as it is after the
 * time has gone on. */
static inline bool front_end_known_block(struct front_end *front, uint32_t code, uint32_t line,
                                         uint64_t *fs)
{
    struct front_end_core *core = front->core;
    struct prediction *last = front->last;
    uint64_t present = core->present;
    if (last != NULL && last->successor != 2 * code)
        return false;
    uint32_t *used = front_end_line(front, line);
    const struct code_memo *memo = &core->memo[*used % FRONT_END_MEMOS];
    uint64_t cost_fs = memo->fetch_fs;
    if (memo->times != (present | *used))
        return false;
    if (last != NULL) {
        memo = &core->memo[last->time % FRONT_END_MEMOS];
        if (memo->times != (present | last->time))
            return false;
        cost_fs += memo->predict_fs;
        last->time = (uint32_t)(present >> 32);
    }
    *used = (uint32_t)(present >> 32);
    *fs += cost_fs;
    front_end_predict(front, code);
    return true;
}

#endif
