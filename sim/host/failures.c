/* failures.c -- plays a scenario's events: tori that stop, leave and return, projections that fail.
 *
 * A core stops between two entries: when it is in none, holds no lock and owes no other torus
 * anything.  What it runs stays on it and gets no time; its timers wait, until its torus is taken:
 * then they are the taker's.  A core that returns asks for its torus before its first entry.
 *
 * A projection is published at one instant; what becomes of it is done right after the entry, on
 * the memory that all read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "sim/base/check.h"
#include "sim/base/random.h"
#include "sim/host/internal.h"

/* What becomes of what is published for a torus. */
struct fate {
    const struct scenario_event *event; /* NULL: it arrives */
    struct projection_slot shown, late;
};

struct failures {
    uint32_t next; /* event */
    uint32_t draws;
    struct fate *fates; /* [torus] */
};

void failures_init(struct host *host)
{
    struct failures *failures = arena_alloc(host->arena, 1, sizeof *failures);
    size_t slots = (size_t)host->torus_count * sizeof(struct fate);
    char *memory = arena_alloc(host->arena, slots + PROCESS_LINE_BYTES, 1);
    memory += PROCESS_LINE_BYTES - (uintptr_t)memory % PROCESS_LINE_BYTES;
    failures->fates = (struct fate *)(void *)memory;
    for (uint32_t t = 0; t < host->torus_count; t++)
        memcpy(&failures->fates[t].shown, &host->braid->slots[t], sizeof host->braid->slots[t]);
    host->failures = failures;
    timer_set(host, host->failure_from, host->scenario->events[0].at_ps);
}

/* ---- Projections -------------------------------------------------------------------------- */

static void show(struct host *host, uint32_t t, const struct projection_slot *slot)
{
    memcpy(&host->failures->fates[t].shown, slot, sizeof *slot);
    memcpy(&host->braid->slots[t], slot, sizeof *slot);
}

static bool is_drawn(struct host *host, const struct scenario_event *event, uint32_t *bit)
{
    random_seek(host->rng, host->scenario->seed, host->replication, RANDOM_FATE, 0,
                host->failures->draws);
    uint32_t drawn = (uint32_t)gsl_rng_get(host->rng);
    *bit = (uint32_t)gsl_rng_get(host->rng) % 160; /* of five words */
    host->failures->draws = random_tell(host->rng);
    return event->chance == UINT32_MAX || drawn < event->chance;
}

static void meet_fate(struct host *host, uint32_t t)
{
    uint32_t bit;
    struct fate *fate = &host->failures->fates[t];
    struct projection_slot slot;
    memcpy(&slot, &host->braid->slots[t], sizeof slot);
    if (fate->event != NULL && host->now_ps >= fate->event->until_ps)
        fate->event = NULL;
    if (fate->event == NULL || !is_drawn(host, fate->event, &bit)) {
        memcpy(&fate->shown, &slot, sizeof slot);
        return;
    }
    if (fate->event->kind == EVENT_CORRUPT) {
        uint32_t words[5];
        memcpy(words, &slot, sizeof words);
        words[bit / 32] ^= 1u << bit % 32;
        memcpy(&slot, words, sizeof words);
        show(host, t, &slot);
        return;
    }
    if (fate->event->kind == EVENT_DELAY) {
        memcpy(&fate->late, &slot, sizeof slot);
        timer_set(host, host->failure_from + 1 + t, host->now_ps + fate->event->by_ps);
    }
    memcpy(&host->braid->slots[t], &fate->shown, sizeof fate->shown);
}

void failures_pass(struct host *host)
{
    for (uint32_t t = 0; t < host->torus_count; t++)
        if (memcmp(&host->braid->slots[t], &host->failures->fates[t].shown,
                   sizeof host->braid->slots[t]) != 0)
            meet_fate(host, t);
}

/* ---- Events ------------------------------------------------------------------------------- */

static void revive(struct host *host, struct core *core)
{
    core->halt = core->halt >= HALT_LEFT ? HALT_BACK : HALT_NONE;
    if (core->state != CORE_STOPPED)
        return;
    core_resume(host, core);
    host->ops->resume(core->torus->torus, core->id - core->torus->first_core, host->now_ps / 1000);
}

static void play_on(struct host *host, struct core *core, enum event_kind kind)
{
    if (kind == EVENT_REVIVE || kind == EVENT_ONLINE) {
        revive(host, core);
    } else if (core->halt >= HALT_LEFT) {
        core->halt = HALT_LEFT;
    } else if (core->state != CORE_STOPPED) {
        core->halt = kind == EVENT_STOP ? HALT_STOP : HALT_LEAVE;
        core_arm(host, core);
    }
}

static void play(struct host *host, const struct scenario_event *event)
{
    if (event->kind >= EVENT_DROP) {
        host->failures->fates[event->torus].event = event;
    } else if (event->is_core) {
        play_on(host, &host->cores[event->torus], event->kind);
    } else {
        const struct host_torus *torus = &host->tori[event->torus];
        for (uint32_t i = 0; i < torus->core_count; i++)
            play_on(host, &host->cores[torus->first_core + i], event->kind);
    }
}

void failures_event(struct host *host, uint32_t timer)
{
    struct failures *failures = host->failures;
    const struct scenario *scenario = host->scenario;
    if (timer > 0) {
        show(host, timer - 1, &failures->fates[timer - 1].late);
        return;
    }
    while (failures->next < scenario->event_count &&
           scenario->events[failures->next].at_ps <= host->now_ps)
        play(host, &scenario->events[failures->next++]);
    if (failures->next < scenario->event_count)
        timer_set(host, host->failure_from, scenario->events[failures->next].at_ps);
}

/* Timers that core has not looked at expire once more, elsewhere. */
static void pass_timers(struct host *host, struct core *core)
{
    while (core->due_head != NO_TASK) {
        uint32_t id = core->due_head;
        core->due_head = host->tasks[id].next;
        timer_set(host, id, host->now_ps);
    }
}

struct core *failures_live(struct host *host, const struct host_torus *torus)
{
    for (uint32_t i = 0; i < torus->core_count; i++)
        if (host->cores[torus->first_core + i].state != CORE_STOPPED)
            return &host->cores[torus->first_core + i];
    return &host->cores[torus->first_core];
}

/* Core has left: what it was to do another core of its torus does, if one is there. */
static void hand_on(struct host *host, struct core *core)
{
    struct core *heir = failures_live(host, core->torus);
    pass_timers(host, core);
    if (heir->state == CORE_STOPPED)
        return;
    heir->needs |= core->needs & (NEED_BALANCE | NEED_TAKE | NEED_TEND);
    heir->needs |= NEED_RECEIVE;
    core->needs = 0;
    core_arm(host, heir);
}

bool failures_halt(struct host *host, struct core *core)
{
    if (core->state != CORE_IDLE && core->state != CORE_RUNNING)
        return false;
    if (core->refused.torus != NULL || core->posted_head != NO_TASK ||
        core->waking_head != NO_TASK || core->request.victim != NULL)
        return false;
    if (core->halt != HALT_LEAVE) {
        enum core_halt halt = core->halt;
        core_stop(host, core);
        if (halt != HALT_STOP)
            hand_on(host, core);
        if (halt == HALT_BACK)
            revive(host, core);
        return true;
    }
    core->halt = HALT_LEFT; /* when the entry is over */
    core->balance_call = BALANCE_LEAVE;
    core_begin(host, core, ENTRY_BALANCE, NO_TASK, core->torus, 0, ACCOUNT_BALANCE);
    return true;
}

/* ---- Entries ------------------------------------------------------------------------------ */

/* The taker's cores look at the timers of a taken torus. */
static void pass_all_timers(struct host *host, const struct host_torus *taken)
{
    for (uint32_t i = 0; i < taken->core_count; i++)
        pass_timers(host, &host->cores[taken->first_core + i]);
}

static void leave(struct host *host, struct core *core)
{
    struct host_torus *torus = core->torus;
    uint32_t id = core->running, slot = core->id - torus->first_core;
    if (id != NO_TASK) {
        core_leave(host, core);
        host->ops->put(torus->torus, slot, host->now_ps / 1000);
        host->tasks[id].ready_ps = host->now_ps;
        host->tasks[id].state = TASK_READY;
        torus_count_change(host, torus, 1, -1);
    }
    if (!host->ops->core_leave(torus->torus, slot))
        host->ops->retire(torus->torus, host->now_ps / 1000);
}

/* Who was in an inbox and is in none any more, as he may be nowhere else, has been queued there. */
__attribute__((noinline, cold)) static void settle_stranded(struct host *host)
{
    if (host->tori_of_mask == NULL)
        return; /* everybody may be anywhere */
    for (uint32_t t = 0; t < host->torus_count; t++) {
        uint32_t at = atomic_load_explicit(&host->tori[t].torus->inbox.head, memory_order_relaxed);
        for (; at != 0; at = host->processes[at - 1].inbox_next)
            host->tasks[at - 1].flags |= TASK_IN_INBOX;
    }
    for (uint32_t id = 0; id < host->task_count; id++) {
        struct task *task = &host->tasks[id];
        if (task->state == TASK_INBOX && !(task->flags & TASK_IN_INBOX)) {
            task->state = TASK_READY;
            torus_count_change(host, &host->tori[task->torus], 1, 0);
        }
        task->flags &= (uint8_t)~TASK_IN_INBOX;
    }
}

void failures_balance(struct host *host, struct core *core, struct host_torus *torus)
{
    if (core->balance_call == BALANCE_LEAVE)
        leave(host, core);
    else if (core->balance_call == BALANCE_TEND)
        host->ops->tend(core->torus->torus, host->now_ps / 1000);
    else if (host->ops->take(core->torus->torus, torus->torus, host->now_ps / 1000))
        pass_all_timers(host, torus);
    settle_stranded(host);
}

/* ---- Timers ------------------------------------------------------------------------------- */

/* The torus that has this one, or itself. */
static struct host_torus *keeper_of(struct host *host, struct host_torus *torus)
{
    for (uint32_t i = 0; i < host->torus_count && failures_taken(torus); i++)
        torus = &host->tori[torus_taker(torus->torus)];
    return torus;
}

struct core *failures_core(struct host *host, struct core *core)
{
    if (core->state != CORE_STOPPED)
        return core;
    struct core *live = failures_live(host, keeper_of(host, core->torus));
    return live->state != CORE_STOPPED ? live : core;
}

bool failures_own(struct host *host, struct core *core, uint32_t id)
{
    struct task *task = &host->tasks[id];
    struct host_torus *torus = &host->tori[task->torus];
    if (torus == core->torus || host->torus_count > host->core_count)
        return true;
    if (failures_taken(torus) && &host->tori[torus_taker(torus->torus)] == core->torus)
        return true;
    struct host_torus *keeper = keeper_of(host, torus);
    if (keeper == core->torus)
        keeper = torus; /* it will have it soon, and nobody else can now */
    task->core = (uint16_t)failures_live(host, keeper)->id;
    timer_set(host, id, host->now_ps + 1000000);
    return false;
}
