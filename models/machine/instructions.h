/* instructions.h -- what the plain build executes, by what the traced build reports.
 *
 *     instructions = a blocks + b accesses + c calls + d entries
 *
 * Written by tests/instructions/fit.c from counts of callgrind; to do so again:
 *     cmake --build --preset release --target instructions_header
 * Test: ctest -L instructions.  How: docs/MODEL.md, section 5.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef MACHINE_INSTRUCTIONS_H
#define MACHINE_INSTRUCTIONS_H

/* Per block, access, call and entry.  The program uses those of gcc. */

/* gcc: gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, -O3:
 * 92.3 % of 273 operations within 20 %, all within 25 %. */
#define INSTRUCTIONS_GCC { 0.447, 1.552, 6.107, 14.433 }

/* clang: Debian clang version 14.0.6, -O3:
 * 95.6 % of 273 operations within 20 %, all within 22 %. */
#define INSTRUCTIONS_CLANG { 1.843, 1.085, 3.739, 11.394 }

#endif
