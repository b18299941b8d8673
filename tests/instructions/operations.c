/* operations.c -- see operations.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/instructions/operations.h"

enum { ROUNDS = 64 };

static size_t append(char *name, size_t at, const char *text)
{
    while (*text != '\0' && at + 1 < OPERATION_NAME)
        name[at++] = *text++;
    name[at] = '\0';
    return at;
}

static size_t append_number(char *name, size_t at, uint32_t number)
{
    if (number >= 10)
        at = append_number(name, at, number / 10);
    char digit[] = { (char)('0' + number % 10), '\0' };
    return append(name, at, digit);
}

/* The table that is number `which` of those that do something. */
static const char *choose(struct operation *operation, const struct operation_kind *kind,
                          const struct scheduler_module *module, uint32_t which)
{
    if (kind->each == EACH_PLACEMENT) {
        for (uint32_t i = 0; module->placements[i] != NULL; i++)
            if (which-- == 0)
                return (operation->placement = module->placements[i])->name;
    } else if (kind->each == EACH_BALANCER) {
        for (uint32_t i = 0; module->balancers[i] != NULL; i++)
            if (module->balancers[i]->balance != NULL && which-- == 0)
                return (operation->balancer = module->balancers[i])->name;
    } else if (which == 0) {
        return "";
    }
    return NULL;
}

bool operation_make(struct operation *operation, const struct operation_kind *kind,
                    const struct scheduler_module *module, const struct policy *policy,
                    uint32_t which, uint32_t queued, char *name)
{
    operation->placement = NULL;
    operation->balancer = NULL;
    if (kind->any_policy && policy != module->policies[0])
        return false;
    const char *chosen = choose(operation, kind, module, which);
    if (chosen == NULL)
        return false;
    size_t at = append(name, 0, policy->name);
    at = append(name, append(name, at, ": "), kind->name);
    if (*chosen != '\0')
        at = append(name, append(name, at, " "), chosen);
    append_number(name, append(name, at, ", "), queued);
    operation->name = name;
    operation->kind = kind;
    operation->policy = policy;
    operation->queued = queued;
    return true;
}

void operations_observe(const struct scheduler_module *module, void *memory, size_t bytes,
                        const struct operation_observer *observer)
{
    static const uint32_t lengths[] = { 10, 100, 1000 };
    for (const struct operation_kind *kind = operation_kinds; kind->name != NULL; kind++)
        for (uint32_t p = 0; module->policies[p] != NULL; p++)
            for (uint32_t l = 0; l < (kind->any_queue ? 1 : 3); l++) {
                struct operation operation;
                struct rig rig;
                char name[OPERATION_NAME];
                for (uint32_t which = 0; operation_make(
                         &operation, kind, module, module->policies[p], which, lengths[l], name);
                     which++) {
                    if (rig_bytes(&operation, module->torus) > bytes)
                        continue;
                    rig_init(&rig, memory, &operation, module->torus, ROUNDS);
                    kind->prepare(&rig);
                    observer->begin(observer->self, &operation);
                    for (uint32_t turn = 0; turn < kind->batch; turn++)
                        kind->run(&rig, turn);
                    observer->end(observer->self, &operation);
                }
            }
}
