/* result_io.h -- one run's result as bytes, and back: for pipes, journals and messages.
 *
 * The bytes are those of the struct, pointers cleared, and its arrays behind it in the order of the
 * struct: for the same build of the program on the same kind of machine.  Who carries them sees to
 * that, and to their being whole.  tests/unit/result_io.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_RESULT_IO_H
#define SIM_HOST_RESULT_IO_H

#include "sim/host/result.h"

/* *size bytes, in arena. */
void *result_pack(const struct run_result *result, size_t *size, struct arena *arena);

/* Arrays are copied to arena.  False when the bytes are too few or too many for a result. */
bool result_unpack(struct run_result *result, const void *bytes, size_t size, struct arena *arena);

#endif
