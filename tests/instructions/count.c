/* count.c -- every operation of a plain module, one callgrind dump each.
 *
 * Collection is on while a batch runs; the dump is named after the operation and its batch.  The
 * driver's own instructions are told apart by their source files (fit.py).
 *
 * usage: valgrind --tool=callgrind --collect-atstart=no --combine-dumps=yes count MODULE.so
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/instructions/callgrind.h"

int main(int argc, char **argv)
{
    static _Alignas(64) char memory[COUNT_MEMORY];
    void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    const struct scheduler_module *module =
        handle != NULL ? dlsym(handle, "scheduler_module") : NULL;
    if (module == NULL) {
        fprintf(stderr, "usage: count MODULE.so (of a scheduler)\n");
        return EXIT_FAILURE;
    }
    operations_observe(module, memory, sizeof memory, &callgrind_observer);
    return EXIT_SUCCESS;
}
