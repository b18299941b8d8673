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
 * 98.2 % of 282 operations within 20 %, all within 22 %. */
#define INSTRUCTIONS_GCC 0.500, 1.549, 6.922, 15.055

/* clang: Debian clang version 14.0.6, -O3:
 * 100.0 % of 282 operations within 20 %, all within 20 %. */
#define INSTRUCTIONS_CLANG 1.921, 1.047, 4.534, 11.396

#endif
