/* commands.h -- the commands of the program; each returns an exit status.
 *
 * argv[0] is "braidsim COMMAND", for messages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_COMMANDS_COMMANDS_H
#define SIM_COMMANDS_COMMANDS_H

#include <stdint.h>

#include "sim/base/error.h"

int command_run(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_check(int argc, char **argv);
int command_list(int argc, char **argv);
int command_calibrate(int argc, char **argv);
int command_import(int argc, char **argv);
int command_claims(int argc, char **argv);
int command_sensitivity(int argc, char **argv);

/* Prints "PLACE: MESSAGE" on standard error; returns EXIT_BAD_INPUT. */
int command_refuse(const struct error *err);

struct argp_state;

/* The time in text, an argument of that option; a usage error if it is none. */
double command_ms(const struct argp_state *state, const char *option, const char *text);

/* The same of a whole number. */
uint64_t command_count(const struct argp_state *state, const char *option, const char *text,
                       uint64_t minimum, uint64_t maximum);

#endif
