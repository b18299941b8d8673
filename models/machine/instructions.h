/* instructions.h -- what the plain build executes, by what the traced build reports.
 *
 *     instructions = a blocks + b bytes of code + c accesses + d calls + e entries
 *
 * Written by tests/instructions/fit.c from counts of callgrind; to do so again:
 *     cmake --build --preset release --target instructions_header
 * Test: ctest -L instructions.  How: docs/MODEL.md, section 5.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_INSTRUCTIONS_H
#define MACHINE_INSTRUCTIONS_H

/* Per block, byte of its code, access, call and entry.  The program uses those of gcc. */

/* gcc: gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, -O3:
 * 99.5 % of 984 operations within 20 %, all within 30 %. */
#define INSTRUCTIONS_GCC 0.839, 0.1481, 0.000, 0.002, 0.259

/* clang: Debian clang version 14.0.6, -O3:
 * 94.3 % of 984 operations within 20 %, all within 32 %. */
#define INSTRUCTIONS_CLANG 1.340, 0.1104, 0.000, 3.309, 3.930

#endif
