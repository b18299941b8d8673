/* check.h -- assertions that stay on: a failed one is a bug of ours, exit status 4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_BASE_CHECK_H
#define SIM_BASE_CHECK_H

enum exit_status {
    EXIT_FINE = 0,
    EXIT_EXPECTATION = 1, /* an expectation or a regression gate failed */
    EXIT_BAD_INPUT = 2,   /* bad usage or scenario */
    EXIT_FAULT = 3,       /* the scheduler under test broke its contract */
    EXIT_BUG = 4          /* a bug of ours, or out of memory */
};

/* Called, once, when a check fails and before that is reported; it need not return.  NULL: none. */
extern void (*check_failing)(void);

__attribute__((noreturn)) void check_failed(const char *file, int line, const char *condition);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

#endif
