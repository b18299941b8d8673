/* share.c -- see share.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "braid/share.h"

#include "braid/bits.h"

enum { INVERSE_BITS = 30, WORD_BITS = 32, DIGIT_BITS = 16 };

static unsigned bit_length(uint64_t number)
{
    uint32_t high = (uint32_t)(number >> WORD_BITS), low = (uint32_t)number;
    if (high != 0)
        return WORD_BITS + 1 + bits_highest(high);
    return low != 0 ? 1 + bits_highest(low) : 0;
}

/* Once in the life of most processes. */
void share_weigh(struct share *share, uint32_t weight)
{
    weight = weight != 0 ? weight : 1;
    if (share_weight(share) == weight)
        return;
    unsigned bits = bit_length(weight);
    share->node.user = weight;
    share->inverse = (uint32_t)share_divide(UINT64_C(1) << (INVERSE_BITS + bits), weight);
    share->shift = (uint8_t)(INVERSE_BITS + bits - SHARE_SHIFT);
}

struct process *share_next_migratable(void *queue, struct process *process)
{
    struct tree_node *before = tree_previous(&share_of(process)->node);
    (void)queue;
    return before != NULL ? process_of_node(before) : NULL;
}

/* ---- Division ----------------------------------------------------------------------------- */

/* Each round takes some 15 bits of the quotient at once, and never too much: the upper 32 bits of
 * what is left are divided by the upper 16 of the denominator, rounded up. */
uint64_t share_divide_by_digits(uint64_t numerator, uint64_t denominator)
{
    uint64_t quotient = 0;
    unsigned length = bit_length(denominator);
    unsigned below = length > DIGIT_BITS ? length - DIGIT_BITS : 0;
    uint32_t digit = (uint32_t)(denominator >> below) + (below > 0);
    while (numerator >= denominator) {
        length = bit_length(numerator);
        unsigned rest = length > WORD_BITS ? length - WORD_BITS : 0;
        uint64_t part = (uint32_t)(numerator >> rest) / digit;
        part = rest >= below ? part << (rest - below) : part >> (below - rest);
        part += part == 0;
        numerator -= part * denominator;
        quotient += part;
    }
    return quotient;
}

#if UINTPTR_MAX > UINT32_MAX
uint64_t share_divide(uint64_t numerator, uint64_t denominator)
{
    return numerator / denominator;
}
#else /* there it would be a call into the compiler's library */
uint64_t share_divide(uint64_t numerator, uint64_t denominator)
{
    return share_divide_by_digits(numerator, denominator);
}
#endif

/* ---- Virtual time ------------------------------------------------------------------------- */

void virtual_time_init(struct virtual_time *time, uint32_t cores, uint64_t most_ns)
{
    time->now_ns = time->base = time->weight = 0;
    time->rest = 0;
    time->running = time->apart = 0;
    time->cores = cores;
    time->most_ns = most_ns;
}

/* Moves what is whole of rest / weight into base. */
static void virtual_time_settle(struct virtual_time *time)
{
    if (time->weight == 0) {
        time->rest = 0;
    } else if (time->rest < 0) {
        uint64_t missing = (uint64_t)-time->rest;
        uint64_t steps = share_divide(missing + time->weight - 1, time->weight);
        time->base -= steps;
        time->rest += (int64_t)(steps * time->weight);
    } else if ((uint64_t)time->rest >= time->weight) {
        uint64_t steps = share_divide((uint64_t)time->rest, time->weight);
        time->base += steps;
        time->rest -= (int64_t)(steps * time->weight);
    }
}

/* Without settling, unless 64 bits would overflow: after an hour and more. */
static void virtual_time_receive(struct virtual_time *time, uint64_t ns, int64_t sign)
{
    const uint64_t most_ns = UINT64_C(1) << 42;
    for (; ns > most_ns; ns -= most_ns) {
        time->rest += sign * (int64_t)(most_ns << SHARE_SHIFT);
        virtual_time_settle(time);
    }
    time->rest += sign * (int64_t)(ns << SHARE_SHIFT);
}

static void virtual_time_pass(struct virtual_time *time, uint64_t now_ns)
{
    virtual_time_receive(time, (now_ns - time->now_ns) * time->running, 1);
    time->now_ns = now_ns;
}

void virtual_time_go(struct virtual_time *time, uint64_t now_ns)
{
    virtual_time_pass(time, now_ns);
    virtual_time_settle(time);
}

/* share begins or ceases to compete, with what it has received. */
static void virtual_time_count(struct virtual_time *time, const struct share *share, bool competes)
{
    int64_t part = (int64_t)((share->received - time->base) * share_weight(share));
    time->weight += competes ? share_weight(share) : -(uint64_t)share_weight(share);
    time->rest += competes ? part : -part;
    virtual_time_settle(time);
}

/* ---- Shares ------------------------------------------------------------------------------- */

/* The lag of who is away as it is in virtual time at another weight: the same service. */
static int64_t share_lag_at(struct share *share, uint32_t weight)
{
    int64_t lag = (int64_t)share->received;
    uint64_t service = (uint64_t)(lag < 0 ? -lag : lag) * share_weight(share);
    if (share_weight(share) == weight)
        return lag;
    share_weigh(share, weight);
    service = share_divide(service, share_weight(share));
    return lag < 0 ? -(int64_t)service : (int64_t)service;
}

/* With the others' weight W, a lag l that joins moves the virtual time by -l w / (W + w), so it has
 * to be l (W + w) / W before.  Of that no more than 2^42 ns are brought along, so that the sum has
 * room: of a lag beside others of a thousandth of its weight, four seconds. */
static void share_join(struct virtual_time *time, struct share *share, uint32_t weight)
{
    int64_t lag = share_lag_at(share, weight);
    uint64_t others = time->weight, size = (uint64_t)(lag < 0 ? -lag : lag);
    uint64_t most = share_scaled(share, UINT64_C(1) << 42);
    size = others != 0 ? size + share_divide(size * share_weight(share), others) : 0;
    size = size < most ? size : most;
    share->received = lag < 0 ? time->base + size : time->base - size;
    virtual_time_count(time, share, true);
}

void share_part(struct virtual_time *time, struct share *share)
{
    int64_t lag = (int64_t)(time->base - share->received);
    int64_t most = (int64_t)share_scaled(share, time->most_ns);
    virtual_time_count(time, share, false);
    lag = lag < most ? lag : most;
    share->received = (uint64_t)(lag > -most ? lag : -most);
    share->state = SHARE_AWAY;
}

/* As share_stop() counts, by parts. */
__attribute__((noinline)) static void count_long(struct virtual_time *time,
                                                 const struct share *share, uint64_t passed_ns,
                                                 uint64_t taken_ns, uint64_t ran_ns,
                                                 uint64_t received)
{
    virtual_time_receive(time, passed_ns, 1);
    time->rest += (int64_t)(received * share_weight(share) - (ran_ns << SHARE_SHIFT));
    if (taken_ns > ran_ns)
        virtual_time_receive(time, taken_ns - ran_ns, -1);
    else
        virtual_time_receive(time, ran_ns - taken_ns, 1);
}

/* The sum takes it that the process has run since it was picked, and has to be told what it
 * received instead: much less if its core stood still. */
static void share_stop(struct virtual_time *time, struct share *share,
                       const struct process *process, uint64_t now_ns)
{
    const uint64_t most_ns = UINT64_C(1) << 41;
    uint64_t since_ns = now_ns > time->now_ns ? now_ns - time->now_ns : 0;
    uint64_t passed_ns = since_ns * time->running;
    uint64_t ran_ns = process->runtime_ns - share->node.scratch[SHARE_RUNTIME_NS];
    uint64_t received = share_scaled(share, ran_ns);
    time->now_ns += since_ns;
    uint64_t taken_ns = time->now_ns - share->node.scratch[SHARE_PICKED_NS];
    share->received += received;
    time->running--;
    if ((passed_ns | taken_ns | ran_ns) < most_ns)
        time->rest += (int64_t)(((passed_ns - taken_ns) << SHARE_SHIFT) +
                                received * share_weight(share));
    else
        count_long(time, share, passed_ns, taken_ns, ran_ns, received);
    virtual_time_settle(time);
}

bool share_enter(struct virtual_time *time, struct share *share, const struct process *process,
                 uint64_t now_ns)
{
    uint32_t weight = process->weight != 0 ? process->weight : 1;
    bool joins = true;
    if (share->state == SHARE_PICKED) {
        share_stop(time, share, process, now_ns);
        joins = share_weight(share) != weight;
        if (joins)
            share_part(time, share);
    } else {
        virtual_time_advance(time, now_ns);
        time->apart -= share->state == SHARE_APART;
    }
    if (joins)
        share_join(time, share, weight);
    share->state = SHARE_QUEUED;
    return joins;
}

void share_leave(struct virtual_time *time, struct share *share, const struct process *process,
                 uint64_t now_ns)
{
    if (share->state == SHARE_APART) {
        virtual_time_advance(time, now_ns);
        time->apart--;
        share->state = SHARE_AWAY;
        return;
    }
    share_stop(time, share, process, now_ns);
    share_part(time, share);
}
