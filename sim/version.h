/* version.h -- the version of the program, as CMakeLists.txt gives it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SIM_VERSION_H
#define SIM_VERSION_H

#ifndef BRAIDSIM_VERSION
#error "define BRAIDSIM_VERSION"
#endif

#endif
