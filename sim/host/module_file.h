/* module_file.h -- what the file of a scheduler says of itself, read without being loaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_HOST_MODULE_FILE_H
#define SIM_HOST_MODULE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/machine/tracer.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"

/* A file, and whole: of one that was cut short, pages would be missing when they are touched. */
bool module_file_check(const char *path, struct error *err);

/* Fills in module->block_bytes: how long each basic block is, from where its callback returns to
 * the next one, or to the end of the function, without calls of callbacks.  False: the file does
 * not tell, for it was linked without --emit-relocs. */
bool module_file_blocks(const char *path, struct tracer_module *module, struct arena *arena);

/* Does its code call back at basic blocks? */
bool module_file_is_traced(const char *path);

/* FNV-1a of its bytes; 0 when it cannot be read. */
uint64_t module_file_hash(const char *path);

/* The compilers that its section .comment names, as they wrote it there, "; " between them:
 * "GCC: (Debian 12.2.0-14) 12.2.0".  "unknown" when there is no such section. */
void module_file_compiler(const char *path, char *text, size_t size);

#endif
