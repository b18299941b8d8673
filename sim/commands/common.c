/* common.c -- see common.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/commands/common.h"

#include <string.h>
#include <unistd.h>

#include "sim/commands/commands.h"

enum { KEY_REPLICATIONS = 256, KEY_COST };

static const struct argp_option options[] = {
    { "set", 's', "PTR=VALUE", 0, "put VALUE at JSON pointer PTR of the scenario", 0 },
    { "seed", 'e', "N", 0, "the seed", 0 },
    { "replications", KEY_REPLICATIONS, "N", 0, "runs of each point", 0 },
    { "jobs", 'j', "N", 0, "runs at a time (default: the processors of this machine)", 0 },
    { "scheduler", 'S', "FILE.so", 0, "run this scheduler module", 0 },
    { "cost", KEY_COST, "traced|flat", 0, "how scheduler code is priced", 0 },
    { 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct common_options *common = state->input;
    struct scenario_options *scenario = &common->load.scenario;
    switch (key) {
    case ARGP_KEY_INIT:
        common->jobs = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
        scenario->sets = common->sets;
        return 0;
    case 's':
        if (scenario->set_count == COMMON_SETS_MAX)
            argp_error(state, "at most %d --set", COMMON_SETS_MAX);
        common->sets[scenario->set_count++] = argument;
        return 0;
    case 'e':
        scenario->has_seed = true;
        scenario->seed = command_count(state, "--seed", argument, 0, UINT64_C(9007199254740991));
        return 0;
    case KEY_REPLICATIONS:
        scenario->has_replications = true;
        scenario->replications = command_count(state, "--replications", argument, 1, 100000);
        return 0;
    case 'j':
        common->jobs = (uint32_t)command_count(state, "--jobs", argument, 1, 4096);
        return 0;
    case 'S':
        common->load.scheduler_file = argument;
        return 0;
    case KEY_COST:
        scenario->cost = argument;
        if (strcmp(argument, "traced") != 0 && strcmp(argument, "flat") != 0)
            argp_error(state, "--cost must be traced or flat, is \"%s\"", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp common_argp = { options, parse_option, NULL, NULL, NULL, NULL, NULL };
